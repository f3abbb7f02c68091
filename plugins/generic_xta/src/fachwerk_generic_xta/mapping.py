"""From the mailbox's values to the line's. Pure."""

from __future__ import annotations

from datetime import datetime

from fachwerk.modell import Eingang, Kanal, Teil
from fachwerk_generic_xta.nachricht import Abholung, Listenwert, Metadaten, Teilangaben

ANFRAGE_ID = "xta.anfrage_id"


def eingang(kanal: Kanal, eintrag: Metadaten, abholung: Abholung, anfrage_id: str, empfangen: datetime) -> Eingang:
    """A fetched message as an Eingang. The fetched head counts; what it leaves out, the list entry says.

    A message is a test if either of them says so. ``anfrage_id`` is the request id of the list.
    """
    kopf = abholung.metadaten or eintrag
    return Eingang(
        kanal=kanal.name,
        nachricht_id=eintrag.nachricht_id,
        empfangen=empfangen,
        zugestellt=kopf.zugestellt or eintrag.zugestellt,
        teile=_teile(abholung),
        test=kopf.test or eintrag.test,
        metadaten=_metadaten(kopf) | {ANFRAGE_ID: abholung.anfrage_id or anfrage_id},
        kanal_kennung=kanal.kennung,
        kanal_leistung=kanal.leistung,
        kanal_land=kanal.land,
        verschluesselt=abholung.verschluesselt,
    )


def _teile(abholung: Abholung) -> tuple[Teil, ...]:
    """The parts, each with what its container said of it besides, so that it can be passed on as it came."""
    if not abholung.angaben:
        return abholung.teile
    paare = zip(abholung.teile, abholung.angaben, strict=True)
    return tuple(teil.model_copy(update={"transport": _transport(angaben)}) for teil, angaben in paare)


def _transport(angaben: Teilangaben) -> dict[str, str]:
    werte = {"kodierung": angaben.kodierung, "kennung": angaben.kennung, "sprache": angaben.sprache}
    return {name: wert for name, wert in werte.items() if wert}


def _metadaten(kopf: Metadaten) -> dict[str, str]:
    angaben = {
        "xta.absender": kopf.autor.kennung,
        "xta.absender_name": kopf.autor.name,
        "xta.leser": kopf.leser.kennung,
        "xta.dienst": kopf.dienst,
        "xta.szenario": kopf.szenario.code,
        "xta.szenario_liste": _liste(kopf.szenario),
        "xta.nachrichtentyp": kopf.nachrichtentyp.code,
        "xta.nachrichtentyp_liste": _liste(kopf.nachrichtentyp),
        "xta.payload_schema": kopf.payload_schema,
        "xta.betreff": kopf.betreff,
        "xta.groesse": "" if kopf.groesse is None else str(kopf.groesse),
        "xta.erstellt": _zeit(kopf.erstellt),
        "xta.gesendet": _zeit(kopf.gesendet),
        "xta.zuerst_abgeholt": _zeit(kopf.zuerst_abgeholt),
    }
    return {name: wert for name, wert in angaben.items() if wert}


def _liste(wert: Listenwert) -> str:
    """``liste#version``, empty for free text."""
    return f"{wert.liste}#{wert.version}" if wert.liste else ""


def _zeit(zeit: datetime | None) -> str:
    return "" if zeit is None else zeit.isoformat()
