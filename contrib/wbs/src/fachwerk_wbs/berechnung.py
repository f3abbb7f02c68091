"""The calculation from case file to result; the same for every Land, which differs only in its data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from fachwerk.modell import Empfehlung, OffenerPunkt, Rechenschritt, dezimal_text
from fachwerk.regeln import Luecke, Rechnung, Schritt, Unbekannt, summiere
from fachwerk_wbs.bescheinigung import Bescheinigung, bescheinige
from fachwerk_wbs.einkommen import Personeneinkommen, berechne_person
from fachwerk_wbs.empfehlung import Lage, Zeile, empfehle
from fachwerk_wbs.ergebnis import Ergebnis, Stufenergebnis
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.fiktion import als_eingehalten
from fachwerk_wbs.freibetraege import Abzuege, ermittle
from fachwerk_wbs.grenzen import Stufengrenze, stufengrenzen
from fachwerk_wbs.haushalt import Haushalt, zaehle
from fachwerk_wbs.haushaltsgrenze import offene_behinderung
from fachwerk_wbs.land import Land
from fachwerk_wbs.nachweise import verlangte
from fachwerk_wbs.regelwerk import TITEL
from fachwerk_wbs.vermoegen import pruefe_vermoegen
from fachwerk_wbs.voraussetzungen import pruefe


def berechne(fall: Fall, land: Land, stichtag: date | None = None) -> Ergebnis:
    """Compute the case by the law of ``land``.

    ``stichtag`` (else the one of the case) is the day whose law counts. Raises ``ValueError`` without any day.
    """
    tag = stichtag or fall.stichtag
    if tag is None:
        raise ValueError("a case without stichtag needs one")
    rechnung = Rechnung(land.regelwerk, {}, tag)
    haushalt = zaehle(fall, rechnung)
    neben = Rechnung(land.regelwerk, {}, tag)
    lage = _lage(fall, haushalt, land, rechnung, neben)
    schein = bescheinige(fall, haushalt, land, neben)
    return _ergebnis(lage, land, tag, schein, neben.schritte, verlangte(fall, haushalt, land, tag))


def _lage(fall: Fall, haushalt: Haushalt, land: Land, rechnung: Rechnung, neben: Rechnung) -> Lage:
    """Incomes, allowances, limits and what holds up a decision; ``neben`` takes the lines no refusal rests on."""
    personen = [berechne_person(p, haushalt, land, rechnung) for p in haushalt.mitglieder]
    abzuege = ermittle(fall, haushalt, personen, land, rechnung)
    einkommen = _gesamteinkommen(personen, abzuege, land, rechnung)
    stufen = stufengrenzen(haushalt, land, rechnung)
    stufen, zur_fiktion = als_eingehalten(fall, haushalt, stufen, rechnung)
    sperrend = haushalt.sperrend + pruefe(fall, Rechnung(land.regelwerk, {}, rechnung.stichtag))
    sperrend += pruefe_vermoegen(fall, haushalt.personen, neben)
    guenstig = _guenstige(haushalt, personen, abzuege) + zur_fiktion + offene_behinderung(haushalt, rechnung)
    return Lage(fall, einkommen, stufen, sperrend, guenstig, _schritte(personen, rechnung), land.titel)


def _gesamteinkommen(personen: list[Personeneinkommen], abzuege: Abzuege, land: Land, rechnung: Rechnung) -> Any:
    eingaben = {"summe_jahreseinkommen": summiere(p.betrag for p in personen), **abzuege.summen()}
    eigene = Rechnung(land.regelwerk, eingaben, rechnung.stichtag)
    wert = eigene.hole("gesamteinkommen")
    rechnung.merke(eigene.schritte[-1])
    return wert


def _guenstige(haushalt: Haushalt, personen: list[Personeneinkommen], abzuege: Abzuege) -> tuple[Luecke, ...]:
    je_person = (luecke for person in personen for luecke in person.guenstig)
    return tuple(dict.fromkeys((*haushalt.guenstig, *je_person, *abzuege.guenstig)))


def _schritte(personen: list[Personeneinkommen], rechnung: Rechnung) -> list[Zeile]:
    """The reason in reading order: persons, then the household; each line with whose it is."""
    je_person = [(f"{p.person.name}: ", s) for p in personen for s in p.schritte]
    return [*je_person, *(("", s) for s in rechnung.schritte)]


def _je_stufe(stufen: Sequence[Stufengrenze]) -> list[Zeile]:
    return [(_vor(stufe, s), s) for stufe in stufen for s in stufe.schritte]


def _vor(stufe: Stufengrenze, schritt: Schritt) -> str:
    return "" if schritt.name.startswith("stufe_") else f"{stufe.titel}: "


def _ergebnis(
    lage: Lage,
    land: Land,
    tag: date,
    schein: Bescheinigung,
    neben: Sequence[Schritt],
    nachweise: tuple[str, ...],
) -> Ergebnis:
    empfehlung, luecken = empfehle(lage)
    gewaehlt = lage.gewaehlt
    hinweise = schein.hinweise + _zur_stufe(gewaehlt)
    return Ergebnis(
        land=land.code,
        stichtag=tag,
        gesamteinkommen=_geld(lage.einkommen),
        stufen=tuple(_stufe(s, lage.einkommen) for s in lage.stufen),
        stufe=gewaehlt.id if gewaehlt else None,
        empfehlung=empfehlung,
        wohnflaeche_m2=schein.wohnflaeche_m2,
        raeume=schein.raeume,
        gueltig_monate=schein.gueltig_monate,
        gebuehr=schein.gebuehr,
        begruendung=_begruendung(lage, empfehlung, neben),
        offen=tuple(offener_punkt(luecke) for luecke in luecken),
        personengruppen=schein.personengruppen,
        verbindung=schein.verbindung,
        nachweise=nachweise,
        hinweise=hinweise,
    )


def _begruendung(lage: Lage, empfehlung: Empfehlung, neben: Sequence[Schritt]) -> tuple[Rechenschritt, ...]:
    """Every line of the reason; a refusal shows nothing but what it rests on."""
    if empfehlung is Empfehlung.ABLEHNEN:
        zeilen = [*lage.schritte, *_je_stufe(lage.tragende)]
    else:
        zeilen = [*lage.schritte, *_je_stufe(lage.stufen), *(("", schritt) for schritt in neben)]
    return tuple(schritt.zeile(vor, TITEL.get(schritt.name, ""), "EUR") for vor, schritt in zeilen)


def _zur_stufe(stufe: Stufengrenze | None) -> tuple[Rechenschritt, ...]:
    if stufe is None or not (fuer := stufe.parameter.merkmale.get("fuer")):
        return ()
    schritt = stufe.schritte[0]
    return (Rechenschritt(name=stufe.titel, wert=fuer, fundstelle=schritt.fundstelle, beleg=schritt.beleg),)


def _stufe(stufe: Stufengrenze, einkommen: Any) -> Stufenergebnis:
    ansicht = stufe.zur_ansicht
    return Stufenergebnis(
        id=stufe.id,
        grenze=None if ansicht is None else dezimal_text(ansicht),
        eingehalten=stufe.eingehalten(einkommen),
        ermessen=stufe.merkmal("ermessen"),
    )


def _geld(wert: Any) -> str | None:
    ansicht = wert.vorlaeufig if isinstance(wert, Unbekannt) else wert
    return None if ansicht is None else dezimal_text(ansicht)


def offener_punkt(luecke: Luecke) -> OffenerPunkt:
    """A gap as a point for people; its code says whether a fact or the law is missing."""
    return OffenerPunkt(code=f"wbs.{luecke.art}_offen", text=luecke.text, fundstelle=luecke.fundstelle)
