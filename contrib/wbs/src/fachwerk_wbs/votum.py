"""From an application to a Votum: read its case, compute, and keep every limit on what a machine may recommend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from pydantic import ValidationError

from fachwerk.modell import Antrag, Befund, Empfehlung, OffenerPunkt, Rechenschritt, Schwere, Votum
from fachwerk_wbs.angaben import Nachfrage, mitglieder_in, nachfragen
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.ergebnis import Ergebnis
from fachwerk_wbs.fall import Fall, Rolle, maengel_von
from fachwerk_wbs.land import Land
from fachwerk_wbs.nachweise import Beleg, belege, fehlende, unterlagen_von
from fachwerk_wbs.rechenweg import rechenweg
from fachwerk_wbs.voraussetzungen import staaten_von

ENTSCHEIDEND = (Empfehlung.BEWILLIGEN, Empfehlung.ABLEHNEN)
_HOECHSTENS_FELDER = 8


def entscheide(antrag: Antrag, befunde: Iterable[Befund], stichtag: date, land: Land) -> Votum:
    """The recommendation for ``antrag`` by the law of ``land`` on ``stichtag``; pure.

    Without readable case data, on unconfirmed mappings or after a grave Befund it never decides.
    """
    if antrag.fall is None:
        return _vorlage([_ohne_fall()], land)
    roh = {"land": antrag.land or land.code, **_mit_antragsteller(antrag.fall, antrag)}
    try:
        fall = _mit_staat(Fall.model_validate(roh), antrag)
    except ValidationError as fehler:
        return _unvollstaendig(antrag, roh, fehler, stichtag, land)
    if fall.land != land.code:
        return _vorlage([_punkt("land_widerspruch", f"Die Angaben nennen das Land {fall.land!r}.")], land)
    return _votum(antrag, fall, berechne(fall, land, stichtag), tuple(befunde), land)


def _vorlage(offen: list[OffenerPunkt], land: Land) -> Votum:
    return Votum(empfehlung=Empfehlung.VORLEGEN, offen=tuple(offen), quelle=f"wbs_{land.code}")


def _ohne_fall() -> OffenerPunkt:
    text = "Die Nachricht enthält keine auswertbaren Angaben zu Haushalt und Einkommen; maßgeblich sind die Dokumente."
    return _punkt("keine_falldaten", text)


def _unvollstaendig(antrag: Antrag, roh: dict[str, Any], fehler: ValidationError, stichtag: date, land: Land) -> Votum:
    """Not to be computed with: what is only missing is asked for, anything else is left to a person."""
    maengel = maengel_von(fehler)
    if not roh.get("haushalt") and all(ort == "haushalt" for ort, _ in maengel):
        return _vorlage([_ohne_fall()], land)
    if not _nur_luecken(roh, fehler):
        return _vorlage([_unlesbar(ort, text) for ort, text in maengel], land)
    fehlt = nachfragen(roh, stichtag)
    immer = [land.nachweise[name].titel for name in ("ausweis", "einkommen")]
    gefunden = belege(immer, land, unterlagen_von(antrag))
    return Votum(
        empfehlung=Empfehlung.NACHFORDERN,
        offen=tuple(_nachfrage(frage) for frage in fehlt),
        nachweise=fehlende(gefunden),
        ergebnis=_nachforderung(fehlt, gefunden),
        quelle=f"wbs_{land.code}",
    )


def _nachforderung(fehlt: Iterable[Nachfrage], gefunden: Iterable[Beleg]) -> dict[str, Any]:
    return {
        "empfehlung": Empfehlung.NACHFORDERN.value,
        "nachfragen": [frage.als_json() for frage in fehlt],
        "nachweise": [{"titel": beleg.titel, "vermutlich": list(beleg.vermutlich)} for beleg in gefunden],
    }


def _nur_luecken(roh: dict[str, Any], fehler: ValidationError) -> bool:
    """Whether nothing is wrong but that something is missing, be it who applies."""
    arten = {mangel["type"] for mangel in fehler.errors(include_url=False)} - {"too_short"}
    rollen = [wer.get("rolle") for wer in mitglieder_in(roh)]
    return arten == {"missing"} or (arten <= {"missing", "value_error"} and Rolle.ANTRAGSTELLER not in rollen)


def _nachfrage(frage: Nachfrage) -> OffenerPunkt:
    text = f"Aus der Nachricht nicht zu lesen: {'; '.join(frage.angaben)}."
    return OffenerPunkt(code="wbs.angabe_offen", text=text, person=frage.person, fundstelle="§§ 18, 21 WoFG")


def _unlesbar(ort: str, text: str) -> OffenerPunkt:
    return _punkt("fall_unlesbar", f"Die Angaben sind so nicht auswertbar – {ort}: {text}.")


def _punkt(code: str, text: str, fundstelle: str = "") -> OffenerPunkt:
    return OffenerPunkt(code=f"wbs.{code}", text=text, fundstelle=fundstelle)


def _mit_antragsteller(roh: dict[str, Any], antrag: Antrag) -> dict[str, Any]:
    """The role of the member whom the message itself marks as applicant, where the case file gives none."""
    mitglieder = mitglieder_in(roh)
    namen = [" ".join((p.name.vorname, p.name.familienname)).strip() for p in antrag.personen if p.antragsteller]
    treffer = [i for i, wer in enumerate(mitglieder) if namen and wer.get("name") == namen[0]]
    rollen = [wer.get("rolle") for wer in mitglieder]
    if len(namen) != 1 or len(treffer) != 1 or "rolle" in mitglieder[treffer[0]] or Rolle.ANTRAGSTELLER in rollen:
        return roh
    mitglieder[treffer[0]] = {**mitglieder[treffer[0]], "rolle": Rolle.ANTRAGSTELLER.value}
    return {**roh, "haushalt": mitglieder}


def _mit_staat(fall: Fall, antrag: Antrag) -> Fall:
    """Citizenship is filled in where the message states it elsewhere."""
    if staaten_von(fall) is None:
        staaten = next((p.staatsangehoerigkeit for p in antrag.personen if p.antragsteller), ())
        return fall.model_copy(update={"staatsangehoerigkeit": staaten or None})
    return fall


def _votum(antrag: Antrag, fall: Fall, ergebnis: Ergebnis, befunde: tuple[Befund, ...], land: Land) -> Votum:
    gefunden = belege(ergebnis.nachweise, land, unterlagen_von(antrag))
    fehlen = fehlende(gefunden)
    empfehlung, offen = ergebnis.empfehlung, list(ergebnis.offen)
    if staaten_von(fall) is None and (frage := _staatsangehoerigkeit(fehlen, land)):
        offen.append(frage)
        empfehlung = Empfehlung.NACHFORDERN if empfehlung in ENTSCHEIDEND else empfehlung
    if vorbehalte := _annahmen(antrag) + _befunde(befunde):
        offen += vorbehalte
        empfehlung = Empfehlung.VORLEGEN if empfehlung in ENTSCHEIDEND else empfehlung
    punkte = [_mit_person(punkt, fall) for punkt in offen]
    return Votum(
        empfehlung=empfehlung,
        begruendung=ergebnis.begruendung + ergebnis.hinweise,
        offen=tuple(punkte),
        nachweise=fehlen,
        ergebnis=ergebnis.als_json()
        | _zum_votum(antrag, empfehlung, punkte, gefunden, ergebnis.stichtag)
        | {"rechenweg": rechenweg(fall, ergebnis, land), "hinweise": [_hinweis(h) for h in ergebnis.hinweise]},
        quelle=f"wbs_{land.code}",
    )


def _zum_votum(
    antrag: Antrag, empfehlung: Empfehlung, punkte: list[OffenerPunkt], gefunden: Iterable[Beleg], stichtag: date
) -> dict[str, Any]:
    """What the result says besides the calculation: what to ask the citizen, and which proofs may be there."""
    fragt = empfehlung is Empfehlung.NACHFORDERN
    roh = _mit_antragsteller(antrag.fall or {}, antrag)
    fragen = nachfragen(roh, stichtag, tuple(_weitere(punkte))) if fragt else ()
    return {
        "empfehlung": empfehlung.value,
        "offen": [_json(punkt) for punkt in punkte],
        "nachfragen": [frage.als_json() for frage in fragen],
        "nachweise": [{"titel": beleg.titel, "vermutlich": list(beleg.vermutlich)} for beleg in gefunden],
    }


_NUR_WO_VERLANGT = ("Vermögen", "Aufenthaltstitel", "Staatsangehörigkeit")


def _weitere(punkte: Iterable[OffenerPunkt]) -> Iterator[str]:
    """What only some Länder or some households are asked for: the calculation says so, in its own words."""
    for punkt in punkte:
        fragt = punkt.code in ("wbs.angabe_offen", "wbs.staatsangehoerigkeit") and not punkt.person
        if fragt and any(wort in punkt.text for wort in _NUR_WO_VERLANGT):
            yield punkt.text.rstrip(".")


def _hinweis(hinweis: Rechenschritt) -> dict[str, str]:
    return {"name": hinweis.name, "text": hinweis.wert, "fundstelle": hinweis.fundstelle}


def _mit_person(punkt: OffenerPunkt, fall: Fall) -> OffenerPunkt:
    """The member an open point is about, for grouping."""
    namen = [wer.name for wer in fall.haushalt if punkt.text.startswith(f"{wer.name}: ")]
    return punkt.model_copy(update={"person": namen[0]}) if namen and not punkt.person else punkt


def _json(punkt: OffenerPunkt) -> dict[str, str]:
    return {"code": punkt.code, "text": punkt.text, "fundstelle": punkt.fundstelle}


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
    if antrag.ergaenzungen:
        text += f" Noch von keiner Person angegeben oder verglichen: {_felder(antrag)}."
    return [_punkt("annahme_unbestaetigt", text)]


def _felder(antrag: Antrag) -> str:
    """The facts that still rest on an assumption, the first few by name."""
    namen = [str(wer.get("name") or f"{nr}. Person") for nr, wer in enumerate(mitglieder_in(antrag.fall or {}), 1)]
    pfade = [pfad.split(".") for pfad, annahme in antrag.fall_herkunft.items() if annahme in antrag.fall_annahmen]
    felder = [_feld(teile, namen) for teile in pfade]
    weitere = f" und {len(felder) - _HOECHSTENS_FELDER} weitere" if len(felder) > _HOECHSTENS_FELDER else ""
    return ("; ".join(felder[:_HOECHSTENS_FELDER]) or "alle gelesenen Angaben") + weitere


def _feld(teile: list[str], namen: list[str]) -> str:
    if teile[0] == "haushalt" and len(teile) > 2 and teile[1].isdecimal() and int(teile[1]) < len(namen):
        return f"{namen[int(teile[1])]}: {'.'.join(teile[2:])}"
    return ".".join(teile)


def _befunde(befunde: tuple[Befund, ...]) -> list[OffenerPunkt]:
    schwere = [b for b in befunde if b.schwere in (Schwere.FEHLER, Schwere.SPERRE)]
    return [_punkt("befund", f"Befund {b.code}: {b.text}") for b in schwere]
