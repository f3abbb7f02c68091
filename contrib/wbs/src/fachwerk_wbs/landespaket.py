"""The hooks of a Land package: the same for every Land, so that a package is nothing but data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Empfehlung, Manifest, OffenerPunkt, Votum
from fachwerk_wbs.votum import entscheide

if TYPE_CHECKING:
    from fachwerk_wbs.land import Land

Hooks = tuple[Callable[[], Manifest], Callable[[Antrag, tuple[Befund, ...], date], Votum | None]]


def hooks_fuer(land: Land, version: str, name: str) -> Hooks:
    """``manifest`` and ``decide`` of the plugin ``name``; ``version`` is the calendar version of its package."""

    @hookimpl
    def manifest() -> Manifest:
        """Rules for the Leistung wbs in one Land."""
        return Manifest(
            name=name,
            version=version,
            arten=frozenset({Art.REGELN}),
            titel=f"Wohnberechtigungsschein {land.kopf.name}",
            leistungen=frozenset({"wbs"}),
            laender=frozenset({land.code}),
        )

    @hookimpl
    def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
        """Recommend by the law of the Land on ``stichtag``."""
        votum = entscheide(antrag, befunde, stichtag, land)
        return _nur_muster(votum) if land.kopf.erfunden else votum

    return manifest, decide


def _nur_muster(votum: Votum) -> Votum:
    """Invented law shows what it computes, and never recommends anything."""
    text = "Dieses Regelpaket ist ein Muster: Sein Recht ist erfunden. Es entscheidet über keinen Antrag."
    punkt = OffenerPunkt(code="wbs.erfunden", text=text)
    ergebnis = None if votum.ergebnis is None else {**votum.ergebnis, "empfehlung": Empfehlung.VORLEGEN.value}
    neu = {"empfehlung": Empfehlung.VORLEGEN, "offen": (punkt, *votum.offen), "ergebnis": ergebnis}
    return votum.model_copy(update=neu)
