"""The pages of the console, one module per subject; each has ``ROUTEN``."""

from __future__ import annotations

from importlib import import_module

from starlette.routing import Route

MODULE = (
    "anmeldung",
    "uebersicht",
    "vorgaenge",
    "vorgang",
    "taten",
    "ergaenzen",
    "vergleich",
    "schritte",
    "wege",
    "routen",
    "regeln",
    "erweiterungen",
    "bilanz",
    "protokoll",
)
"""The modules with pages, in the order in which their paths are tried."""


def alle_routen() -> list[Route]:
    """The routes of all pages."""
    return [route for name in MODULE for route in import_module(f"{__name__}.{name}").ROUTEN]
