"""The hooks of a Land package: the same for every Land, so that a package is nothing but data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Manifest, Votum
from fachwerk_wbs.votum import entscheide

if TYPE_CHECKING:
    from fachwerk_wbs.land import Land

Hooks = tuple[Callable[[], Manifest], Callable[[Antrag, tuple[Befund, ...], date], Votum | None]]


def hooks_fuer(land: Land, version: str) -> Hooks:
    """``manifest`` and ``decide`` for ``land``; ``version`` is the calendar version of its package."""

    @hookimpl
    def manifest() -> Manifest:
        """Rules for the Leistung wbs in one Land."""
        return Manifest(
            name=f"wbs_{land.code}",
            version=version,
            arten=frozenset({Art.REGELN}),
            titel=f"Wohnberechtigungsschein {land.kopf.name}",
            leistungen=frozenset({"wbs"}),
            laender=frozenset({land.code}),
        )

    @hookimpl
    def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
        """Recommend by the law of the Land on ``stichtag``."""
        return entscheide(antrag, befunde, stichtag, land)

    return manifest, decide
