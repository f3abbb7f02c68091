"""From an application to a Votum: read its case, compute, and keep every limit on what a machine may recommend."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from pydantic import ValidationError

from fachwerk.modell import Antrag, Befund, Empfehlung, OffenerPunkt, Schwere, Votum
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.ergebnis import Ergebnis
from fachwerk_wbs.fall import Fall, maengel_von
from fachwerk_wbs.land import Land
from fachwerk_wbs.nachweise import fehlende
from fachwerk_wbs.voraussetzungen import staaten_von

ENTSCHEIDEND = (Empfehlung.BEWILLIGEN, Empfehlung.ABLEHNEN)


def entscheide(antrag: Antrag, befunde: Iterable[Befund], stichtag: date, land: Land) -> Votum:
    """The recommendation for ``antrag`` by the law of ``land`` on ``stichtag``; pure.

    Without readable case data, on unconfirmed mappings or after a grave Befund it never decides.
    """
    if antrag.fall is None:
        return _vorlage(_ohne_fall(antrag), land)
    try:
        fall = _fall(antrag.fall, antrag, land)
    except ValidationError as fehler:
        return _vorlage([_unlesbar(ort, text) for ort, text in maengel_von(fehler)], land)
    if fall.land != land.code:
        return _vorlage([_punkt("land_widerspruch", f"Die Angaben nennen das Land {fall.land!r}.")], land)
    return _votum(antrag, fall, berechne(fall, land, stichtag), tuple(befunde), land)


def _vorlage(offen: list[OffenerPunkt], land: Land) -> Votum:
    return Votum(empfehlung=Empfehlung.VORLEGEN, offen=tuple(offen), quelle=f"wbs_{land.code}")


def _ohne_fall(antrag: Antrag) -> list[OffenerPunkt]:
    text = "Die Nachricht enthält keine auswertbaren Angaben zu Haushalt und Einkommen; maßgeblich sind die Dokumente."
    return [_punkt("keine_falldaten", text)]


def _unlesbar(ort: str, text: str) -> OffenerPunkt:
    return _punkt("fall_unlesbar", f"Die Angaben sind so nicht auswertbar – {ort}: {text}.")


def _punkt(code: str, text: str, fundstelle: str = "") -> OffenerPunkt:
    return OffenerPunkt(code=f"wbs.{code}", text=text, fundstelle=fundstelle)


def _fall(roh: dict[str, Any], antrag: Antrag, land: Land) -> Fall:
    """The case as sent; land and citizenship are filled in where the message states them elsewhere."""
    fall = Fall.model_validate({"land": antrag.land or land.code, **roh})
    if staaten_von(fall) is None:
        staaten = next((p.staatsangehoerigkeit for p in antrag.personen if p.antragsteller), ())
        return fall.model_copy(update={"staatsangehoerigkeit": staaten or None})
    return fall


def _votum(antrag: Antrag, fall: Fall, ergebnis: Ergebnis, befunde: tuple[Befund, ...], land: Land) -> Votum:
    dokumente = _dokumente(antrag)
    fehlen = fehlende(ergebnis.nachweise, land, dokumente)
    empfehlung, offen = ergebnis.empfehlung, list(ergebnis.offen)
    if staaten_von(fall) is None and (frage := _staatsangehoerigkeit(fehlen, land)):
        offen.append(frage)
        empfehlung = Empfehlung.NACHFORDERN if empfehlung in ENTSCHEIDEND else empfehlung
    if vorbehalte := _annahmen(antrag) + _befunde(befunde):
        offen += vorbehalte
        empfehlung = Empfehlung.VORLEGEN if empfehlung in ENTSCHEIDEND else empfehlung
    return Votum(
        empfehlung=empfehlung,
        begruendung=ergebnis.begruendung + ergebnis.hinweise,
        offen=tuple(offen),
        nachweise=fehlen,
        ergebnis={**ergebnis.als_json(), "empfehlung": empfehlung.value, "offen": [_json(p) for p in offen]},
        quelle=f"wbs_{land.code}",
    )


def _json(punkt: OffenerPunkt) -> dict[str, str]:
    return {"code": punkt.code, "text": punkt.text, "fundstelle": punkt.fundstelle}


def _dokumente(antrag: Antrag) -> tuple[str, ...]:
    """Everything by which a document may be recognised: name, type, description; never its content."""
    namen = [f"{d.name} {d.typ} {d.teil.beschreibung if d.teil else ''}" for d in antrag.dokumente]
    return tuple(namen + [f"{t.name} {t.beschreibung}" for t in antrag.anlagen])


def _staatsangehoerigkeit(fehlen: tuple[str, ...], land: Land) -> OffenerPunkt | None:
    """Unknown citizenship matters as long as no identity document seems to be enclosed."""
    if land.nachweise["ausweis"].titel not in fehlen:
        return None
    text = "Staatsangehörigkeit der antragstellenden Person unbekannt, ein Ausweis ist nicht erkennbar beigefügt."
    return _punkt("staatsangehoerigkeit", text, land.kopf.fundstellen.get("wbs", "§ 27 Abs. 2 Satz 2 WoFG"))


def _annahmen(antrag: Antrag) -> list[OffenerPunkt]:
    if not antrag.fall_annahmen:
        return []
    namen = ", ".join(antrag.fall_annahmen)
    text = (
        f"Die Angaben beruhen auf einer Zuordnung, die diese Stelle noch nicht bestätigt hat ({namen}). "
        "Bitte mit dem Original vergleichen; das Ergebnis ist vorläufig."
    )
    return [_punkt("annahme_unbestaetigt", text)]


def _befunde(befunde: tuple[Befund, ...]) -> list[OffenerPunkt]:
    schwere = [b for b in befunde if b.schwere in (Schwere.FEHLER, Schwere.SPERRE)]
    return [_punkt("befund", f"Befund {b.code}: {b.text}") for b in schwere]
