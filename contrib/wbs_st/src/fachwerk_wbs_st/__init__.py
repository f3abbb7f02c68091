"""Wohnberechtigungsschein in Sachsen-Anhalt: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from datetime import date

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Manifest, Votum
from fachwerk_wbs import Land, entscheide

LAND = Land("st", "fachwerk_wbs_st")


@hookimpl
def manifest() -> Manifest:
    """Rules for the Leistung wbs in this Land."""
    return Manifest(
        name="wbs_st",
        version="2026.11.0",
        arten=frozenset({Art.REGELN}),
        titel="Wohnberechtigungsschein Sachsen-Anhalt",
        leistungen=frozenset({"wbs"}),
        laender=frozenset({"st"}),
    )


@hookimpl
def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
    """Recommend by the law of this Land on ``stichtag``."""
    return entscheide(antrag, befunde, stichtag, LAND)
