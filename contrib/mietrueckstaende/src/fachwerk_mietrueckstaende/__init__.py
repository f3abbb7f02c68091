"""Übernahme von Mietrückständen: a pre-check that never decides the substance. Hooks only."""

from __future__ import annotations

from datetime import date

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Manifest, Votum
from fachwerk_mietrueckstaende.fall import Fall
from fachwerk_mietrueckstaende.vorpruefung import Vorpruefung, pruefe
from fachwerk_mietrueckstaende.votum import entscheide

__all__ = ["Fall", "Vorpruefung", "entscheide", "pruefe"]


@hookimpl
def manifest() -> Manifest:
    """Rules for the Leistung mietrueckstaende in every Land: federal law only."""
    return Manifest(
        name="mietrueckstaende",
        version="2026.11.0",
        arten=frozenset({Art.REGELN}),
        titel="Übernahme von Mietrückständen: Vorprüfung",
        leistungen=frozenset({"mietrueckstaende"}),
    )


@hookimpl
def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
    """Which office, which law, how urgent, what is missing."""
    return entscheide(antrag, befunde, stichtag)
