"""Wohnberechtigungsschein: federal law, and the calculation that all Länder share.

A Land package calls :func:`entscheide` with its :class:`Land`; commands find Länder by the entry-point group
``fachwerk.wbs_land``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Art, Manifest
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.ergebnis import Ergebnis
from fachwerk_wbs.fall import Fall, lies_fall
from fachwerk_wbs.land import Land, finde_land, laender
from fachwerk_wbs.votum import entscheide

if TYPE_CHECKING:
    import click

__all__ = ["Ergebnis", "Fall", "Land", "berechne", "entscheide", "finde_land", "laender", "lies_fall"]


@hookimpl
def manifest() -> Manifest:
    """Rules without a Land of their own; claims the command word ``wbs``."""
    return Manifest(
        name="wbs",
        version="2026.11.0",
        arten=frozenset({Art.REGELN}),
        titel="Wohnberechtigungsschein: Bundesrecht und gemeinsame Berechnung",
        leistungen=frozenset({"wbs"}),
        gruppe="wbs",
    )


@hookimpl
def register_commands(cli: click.Group) -> None:
    """``fachwerk wbs pruefe`` and ``fachwerk wbs grenzen``."""
    from fachwerk_wbs.befehle import BEFEHLE

    for befehl in BEFEHLE:
        cli.add_command(befehl)
