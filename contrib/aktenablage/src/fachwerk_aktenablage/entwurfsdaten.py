"""What a draft of the Wohnberechtigungsschein would say, as data; only where granting is recommended, undisputed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fachwerk.modell import Antrag, Empfehlung, Entscheidung, Votum
from fachwerk_aktenablage.fallblatt import LAENDER
from fachwerk_aktenablage.vermerkrechnung import abbildungen

GRENZE, _EINGEHALTEN = "Grenze", ": eingehalten"
"""The group of the short calculation that ends with the tier, and what is said of one that is kept."""


def massgeblich(antrag: Antrag, entscheidung: Entscheidung) -> Votum | None:
    """The one Votum a draft is made from."""
    voten = [votum for votum in entscheidung.voten if votum.ergebnis and votum.ergebnis.get("stufe")]
    if antrag.leistung != "wbs" or entscheidung.empfehlung != Empfehlung.BEWILLIGEN or len(voten) != 1:
        return None
    return voten[0]


def mitglieder(fall: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The persons of the household as the case file has them."""
    return abbildungen((fall or {}).get("haushalt"))


def entwurf(antrag: Antrag, entscheidung: Entscheidung) -> dict[str, Any] | None:
    """Plain JSON values; what the office decides (number, days, signature) is not in it."""
    votum = massgeblich(antrag, entscheidung)
    if votum is None:
        return None
    ergebnis = votum.ergebnis or {}
    felder = ("wohnflaeche_m2", "raeume", "gueltig_monate", "gebuehr")
    return {
        "art": "Entwurf nach einer maschinellen Empfehlung, keine Bescheinigung",
        "land": antrag.land or ergebnis.get("land"),
        "gilt_in": geltungsgebiet(antrag, ergebnis),
        "personen": [{f: wer.get(f) for f in ("name", "rolle", "geburtsdatum")} for wer in mitglieder(antrag.fall)],
        "stufe": ergebnis["stufe"],
        "stufe_titel": stufentitel(ergebnis),
        "grenze": grenze(ergebnis),
        "gesamteinkommen": ergebnis.get("gesamteinkommen"),
        **{feld: ergebnis.get(feld) for feld in felder},
        "personengruppen": ergebnis.get("personengruppen") or [],
        "stichtag": entscheidung.stichtag.isoformat(),
    }


def geltungsgebiet(antrag: Antrag, ergebnis: Mapping[str, Any]) -> str:
    """A certificate holds in its Land only (§ 27 Abs. 1 WoFG and the acts of the Länder)."""
    land = str(antrag.land or ergebnis.get("land") or "")
    return LAENDER.get(land, land)


def grenze(ergebnis: Mapping[str, Any]) -> str | None:
    """The limit of the tier that is kept, as decimal text."""
    for stufe in abbildungen(ergebnis.get("stufen")):
        if stufe.get("id") == ergebnis.get("stufe"):
            return None if stufe.get("grenze") is None else str(stufe["grenze"])
    return None


def stufentitel(ergebnis: Mapping[str, Any]) -> str | None:
    """What the tier that is kept is called in the calculation."""
    for gruppe in abbildungen(ergebnis.get("rechenweg")):
        for zeile in abbildungen(gruppe.get("zeilen")) if gruppe.get("gruppe") == GRENZE else ():
            if str(zeile.get("name", "")).endswith(_EINGEHALTEN):
                return str(zeile["name"]).removesuffix(_EINGEHALTEN)
    return None
