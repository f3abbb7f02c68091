"""What the certificate would say: size of the flat, reserved groups, validity, fee; with hints for the office."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fachwerk.modell import Rechenschritt, dezimal_text
from fachwerk.parameter import Fassung, Parameter
from fachwerk.regeln import Gewertet, Rechnung, Schritt, Unbekannt, summiere, wende_an, wert_text
from fachwerk_wbs.bedingungen import erfuellt
from fachwerk_wbs.ergebnis import Verbindung
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.haushalt import Haushalt, merkmale_von
from fachwerk_wbs.land import Hinweis, Land
from fachwerk_wbs.regelwerk import NULL
from fachwerk_wbs.zeitraum import passt
from fachwerk_wbs.zellen import lies_tabelle


@dataclass(frozen=True, slots=True)
class Bescheinigung:
    """Values for the draft; None is unknown or set by the office."""

    wohnflaeche_m2: str | None
    raeume: str | None
    verbindung: Verbindung | None
    gueltig_monate: int | None
    gebuehr: str | None
    personengruppen: tuple[str, ...]
    hinweise: tuple[Rechenschritt, ...]


def bescheinige(fall: Fall, haushalt: Haushalt, land: Land, rechnung: Rechnung) -> Bescheinigung:
    """Size, groups, validity and fee on the day of ``rechnung``."""
    monate = _bekannt("gueltig_monate", rechnung)
    lagen = [merkmale_von(p, haushalt, rechnung.stichtag) for p in haushalt.mitglieder]
    flaeche, raeume = (_nach_groesse(name, haushalt.personen, rechnung) for name in ("wohnflaeche", "raeume"))
    return Bescheinigung(
        wohnflaeche_m2=flaeche,
        raeume=raeume,
        verbindung=_verbindung(land) if flaeche and raeume else None,
        gueltig_monate=None if monate is None else int(monate),
        gebuehr=_gebuehr(fall, rechnung),
        personengruppen=tuple(_gruppen(land, lagen, rechnung)),
        hinweise=tuple(_hinweise(fall, land, lagen, rechnung)),
    )


def _bekannt(name: str, rechnung: Rechnung) -> Any:
    wert = rechnung.hole(name) if rechnung.gilt(name) else None
    return None if isinstance(wert, Unbekannt) else wert


def _nach_groesse(name: str, personen: int, rechnung: Rechnung) -> str | None:
    """A value per household size: rows up to some size, then ``weitere`` for each further person."""
    tabelle = lies_tabelle(name, rechnung)
    zeilen = sorted(int(k) for k in tabelle.werte if str(k).isdigit()) if tabelle else []
    if tabelle is None or not zeilen or personen < zeilen[0]:
        return None
    zeile = max(z for z in zeilen if z <= personen)
    if personen > zeile != zeilen[-1]:
        return None
    mehr = (
        wende_an(lambda je: je * (personen - zeile), tabelle.zelle("weitere")) if personen > zeile else Gewertet(NULL)
    )
    groesse = summiere((tabelle.zelle(str(zeile)), mehr))
    if isinstance(groesse.wert, Unbekannt):
        return None
    kopf = (name, groesse.wert, tabelle.fundstelle, groesse.beleg)
    rechnung.merke(Schritt(*kopf, tabelle.parameter.titel, tabelle.parameter.einheit))
    return wert_text(groesse.wert)


def _verbindung(land: Land) -> Verbindung:
    """Whether the flat may have this area *or* so many rooms, or must keep within both."""
    wort: Verbindung = land.parameter["raeume"].merkmale.get("verbindung", "oder")
    return wort


def _gebuehr(fall: Fall, rechnung: Rechnung) -> str | None:
    if not rechnung.gilt("gebuehr"):
        return None
    bezug = fall.antragsteller.leistungsbezug or fall.leistungsbezug
    if bezug is not None and bezug.value in rechnung.regelwerk.parameter["gebuehr"].merkmale.get("befreit", ()):
        return dezimal_text(Decimal(0))
    betrag = _bekannt("gebuehr", rechnung)
    return None if betrag is None else dezimal_text(betrag)


def _gruppen(land: Land, lagen: list[dict[str, Any]], rechnung: Rechnung) -> Iterator[str]:
    """Groups flats are reserved for, as far as somebody certainly belongs to one."""
    for parameter in _zutreffende("personengruppe_", land, lagen, rechnung):
        if _bekannt(parameter.name, rechnung) is True:
            yield parameter.titel


def _zutreffende(vorsatz: str, land: Land, lagen: list[dict[str, Any]], rechnung: Rechnung) -> Iterator[Parameter]:
    """Parameters of a family in force whose condition holds for a member."""
    for name, parameter in land.parameter.items():
        if name.startswith(vorsatz) and rechnung.gilt(name) and _trifft(parameter.merkmale["wenn"], lagen):
            yield parameter


def _trifft(wenn: Any, lagen: list[dict[str, Any]]) -> bool:
    return any(erfuellt(wenn, lage) for lage in lagen)


def _hinweise(fall: Fall, land: Land, lagen: list[dict[str, Any]], rechnung: Rechnung) -> Iterator[Rechenschritt]:
    yield from _zur_gebuehr(fall, rechnung)
    yield from _zur_groesse(land, lagen, rechnung)
    yield from _zum_zeitraum(fall, rechnung)
    yield _text(land.kopf.zustaendig)
    yield from (_text(h) for h in land.kopf.hinweise if not h.wenn or _trifft(h.wenn, lagen))


def _zur_gebuehr(fall: Fall, rechnung: Rechnung) -> Iterator[Rechenschritt]:
    if not rechnung.gilt("gebuehr") or _gebuehr(fall, rechnung) == dezimal_text(Decimal(0)):
        return
    merkmale: Mapping[str, Any] = rechnung.regelwerk.parameter["gebuehr"].merkmale
    if "rahmen" in merkmale:
        von, bis = (f"{betrag:f}".replace(".", ",") for betrag in merkmale["rahmen"])
        yield _zeile("Gebühr", f"Rahmengebühr von {von} bis {bis} EUR, die Stelle setzt sie fest.", "gebuehr", rechnung)
    if "hinweis" in merkmale:
        yield _zeile("Gebühr", merkmale["hinweis"], "gebuehr", rechnung)


def _zur_groesse(land: Land, lagen: list[dict[str, Any]], rechnung: Rechnung) -> Iterator[Rechenschritt]:
    for parameter in _zutreffende("mehrbedarf_", land, lagen, rechnung):
        yield _zeile("Mehrbedarf an Wohnraum möglich", parameter.titel, parameter.name, rechnung)
    if (toleranz := _bekannt("wohnflaeche_toleranz", rechnung)) is not None:
        text = f"Die Fläche darf um bis zu {wert_text(toleranz)} m² überschritten werden."
        yield _zeile("Wohnfläche", text, "wohnflaeche_toleranz", rechnung)


def _zum_zeitraum(fall: Fall, rechnung: Rechnung) -> Iterator[Rechenschritt]:
    """The period of the law is part of the reason; a stated one that is another is pointed out."""
    name = "einkommenszeitraum"
    massgeblich = _bekannt(name, rechnung)
    art = rechnung.regelwerk.parameter[name].merkmale.get("art") if massgeblich is not None else None
    if art is None or fall.einkommenszeitraum is None or passt(fall.einkommenszeitraum, art, rechnung.stichtag):
        return
    text = f"Die Angaben gehören zu einem anderen Zeitraum als dem maßgeblichen: {massgeblich}."
    yield _zeile("Zeitraum des Einkommens", text, name, rechnung)


def _text(hinweis: Hinweis) -> Rechenschritt:
    return Rechenschritt(name="Hinweis", wert=hinweis.text, fundstelle=hinweis.fundstelle, beleg=hinweis.beleg)


def _zeile(name: str, text: str, parameter: str, rechnung: Rechnung) -> Rechenschritt:
    fassung = rechnung.stand(parameter)
    beleg = fassung.beleg if isinstance(fassung, Fassung) else ""
    return Rechenschritt(name=name, wert=text, fundstelle=rechnung.fundstelle(parameter), beleg=beleg)
