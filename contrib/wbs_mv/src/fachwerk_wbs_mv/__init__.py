"""Wohnberechtigungsschein in Mecklenburg-Vorpommern: dated parameters and deviations, computed by fachwerk_wbs."""

from __future__ import annotations

from datetime import date

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Manifest, Votum
from fachwerk_wbs import Land, entscheide

LAND = Land("mv", "fachwerk_wbs_mv")


@hookimpl
def manifest() -> Manifest:
    """Rules for the Leistung wbs in this Land."""
    return Manifest(
        name="wbs_mv",
        version="2026.11.0",
        arten=frozenset({Art.REGELN}),
        titel="Wohnberechtigungsschein Mecklenburg-Vorpommern",
        leistungen=frozenset({"wbs"}),
        laender=frozenset({"mv"}),
    )


@hookimpl
def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
    """Recommend by the law of this Land on ``stichtag``."""
    return entscheide(antrag, befunde, stichtag, LAND)
