"""What the certificate would say: size of the flat, validity, fee; with hints for the office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fachwerk.modell import Rechenschritt, dezimal_text
from fachwerk.regeln import Parameter, Rechnung, Unbekannt, wert_text
from fachwerk_wbs.bedingungen import erfuellt
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.haushalt import Haushalt, merkmale_von
from fachwerk_wbs.land import Land


@dataclass(slots=True)
class Bescheinigung:
    """Values for the draft; None is unknown or set by the office."""

    wohnflaeche_m2: str | None = None
    raeume: str | None = None
    gueltig_monate: int | None = None
    gebuehr: str | None = None
    hinweise: list[Rechenschritt] = field(default_factory=list)


def bescheinige(fall: Fall, haushalt: Haushalt, land: Land, rechnung: Rechnung) -> Bescheinigung:
    """Size, validity and fee on the day of ``rechnung``."""
    schein = Bescheinigung(
        wohnflaeche_m2=_nach_groesse("wohnflaeche", haushalt.personen, rechnung),
        raeume=_nach_groesse("raeume", haushalt.personen, rechnung),
    )
    monate = _bekannt("gueltig_monate", rechnung)
    schein.gueltig_monate = None if monate is None else int(monate)
    schein.gebuehr = _gebuehr(fall, land, rechnung, schein)
    schein.hinweise += _mehrbedarf(haushalt, land, rechnung)
    _bekannt("einkommenszeitraum", rechnung)
    schein.hinweise += _texte(land)
    return schein


def _bekannt(name: str, rechnung: Rechnung) -> Any:
    wert = rechnung.hole(name) if rechnung.gilt(name) else None
    return None if isinstance(wert, Unbekannt) else wert


def _nach_groesse(name: str, personen: int, rechnung: Rechnung) -> str | None:
    """A value per household size: rows up to some size, then ``weitere`` for each further person."""
    tabelle = _bekannt(name, rechnung)
    if not isinstance(tabelle, Mapping):
        return None
    zeilen = {int(k): v for k, v in tabelle.items() if str(k).isdigit()}
    if personen in zeilen:
        return None if zeilen[personen] is None else wert_text(zeilen[personen])
    groesste = max(zeilen)
    weitere = tabelle.get("weitere")
    if personen < groesste or weitere is None or zeilen[groesste] is None:
        return None
    return wert_text(zeilen[groesste] + weitere * (personen - groesste))


def _gebuehr(fall: Fall, land: Land, rechnung: Rechnung, schein: Bescheinigung) -> str | None:
    parameter = land.parameter.get("gebuehr")
    if parameter is None:
        return None
    befreit = parameter.merkmale.get("befreit", ())
    if fall.leistungsbezug is not None and fall.leistungsbezug.value in befreit and rechnung.gilt("gebuehr"):
        return dezimal_text(Decimal(0))
    if (hinweis := parameter.merkmale.get("hinweis")) is not None:
        schein.hinweise.append(_zeile("Gebühr", hinweis, parameter))
    betrag = _bekannt("gebuehr", rechnung)
    return None if betrag is None else dezimal_text(betrag)


def _mehrbedarf(haushalt: Haushalt, land: Land, rechnung: Rechnung) -> list[Rechenschritt]:
    zeilen = []
    for parameter in (p for name, p in land.parameter.items() if name.startswith("mehrbedarf_")):
        gilt = rechnung.gilt(parameter.name) and any(
            erfuellt(parameter.merkmale["wenn"], merkmale_von(p, haushalt, rechnung.stichtag))
            for p in haushalt.mitglieder
        )
        if gilt:
            zeilen.append(_zeile("Mehrbedarf an Wohnraum möglich", parameter.titel, parameter))
    return zeilen


def _texte(land: Land) -> list[Rechenschritt]:
    return [
        Rechenschritt(name="Hinweis", wert=hinweis.text, fundstelle=hinweis.fundstelle, beleg=hinweis.beleg)
        for hinweis in (land.kopf.zustaendig, *land.kopf.hinweise)
    ]


def _zeile(name: str, text: str, parameter: Parameter) -> Rechenschritt:
    fassung = parameter.fassungen[-1]
    return Rechenschritt(name=name, wert=text, fundstelle=fassung.fundstelle, beleg=fassung.beleg)
