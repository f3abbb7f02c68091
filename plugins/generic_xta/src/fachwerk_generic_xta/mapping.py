"""From the mailbox's values to the line's. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from fachwerk.modell import Eingang, Kanal, Teil
from fachwerk_generic_xta.nachricht import (
    Abholung,
    Eigenschaft,
    Listenwert,
    Metadaten,
    Partei,
    Teilangaben,
    Vorgangsbezug,
)

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
    """All the head says, except what an Eingang has a field for; several of a kind are joined by line breaks."""
    angaben = {
        **_partei("absender", kopf.autor),
        **_partei("leser", kopf.leser),
        **_partei("sender", kopf.sender),
        **_partei("antwort_an", kopf.antwort_an),
        "weitere_leser": _zeilen(leser.kennung for leser in kopf.weitere_leser),
        "kopie_an": _zeilen(leser.kennung for leser in kopf.kopie_an),
        "dienst": kopf.dienst,
        "dienstguete": kopf.dienstguete,
        "szenario": kopf.szenario.code,
        "szenario_name": kopf.szenario.name,
        "szenario_liste": _liste(kopf.szenario),
        "nachrichtentyp": kopf.nachrichtentyp.code,
        "nachrichtentyp_name": kopf.nachrichtentyp.name,
        "nachrichtentyp_liste": _liste(kopf.nachrichtentyp),
        "payload_schema": kopf.payload_schema,
        "betreff": kopf.betreff,
        "antwort_auf": _zeilen(kopf.antwort_auf),
        **_vorgang("vorgang_autor", kopf.vorgang_autor),
        **_vorgang("vorgang_leser", kopf.vorgang_leser),
        "eigenschaften": _zeilen(_eigenschaft(eigenschaft) for eigenschaft in kopf.eigenschaften),
        "groesse": "" if kopf.groesse is None else str(kopf.groesse),
        **_zeitangaben(kopf),
    }
    return {f"xta.{name}": wert for name, wert in angaben.items() if wert}


def _zeitangaben(kopf: Metadaten) -> dict[str, str]:
    return {
        "erstellt": _zeit(kopf.erstellt),
        "gesendet": _zeit(kopf.gesendet),
        "nicht_vor": _zeit(kopf.nicht_vor),
        "gueltig_bis": _zeit(kopf.gueltig_bis),
        "zuerst_abgeholt": _zeit(kopf.zuerst_abgeholt),
        "angenommen": _zeit(kopf.angenommen),
        "quittungen": _zeilen(sorted(art.value for art in kopf.quittungen)),
        "quittung_an": kopf.quittung_an,
    }


def _partei(rolle: str, partei: Partei | None) -> dict[str, str]:
    if partei is None:
        return {}
    return {
        rolle: partei.kennung,
        f"{rolle}_name": partei.name,
        f"{rolle}_typ": partei.typ,
        f"{rolle}_kategorie": partei.kategorie,
    }


def _vorgang(rolle: str, bezug: Vorgangsbezug | None) -> dict[str, str]:
    return {} if bezug is None else {rolle: bezug.kennung, f"{rolle}_name": bezug.name}


def _eigenschaft(eigenschaft: Eigenschaft) -> str:
    """``liste#version#code=wert``."""
    return f"{_liste(eigenschaft.schluessel)}#{eigenschaft.schluessel.code}={eigenschaft.wert}"


def _zeilen(werte: Iterable[str]) -> str:
    return "\n".join(werte)


def _liste(wert: Listenwert) -> str:
    """``liste#version``, empty for free text."""
    return f"{wert.liste}#{wert.version}" if wert.liste else ""


def _zeit(zeit: date | None) -> str:
    return "" if zeit is None else zeit.isoformat()
