"""With what a new Fassung begins: the Antrag of the message as journalled, and what people have added since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fachwerk import pipeline
from fachwerk.modell import Antrag, Befund, Ergaenzung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.store import Store

SCHRITT = "ergaenze"
"""Step of the journal whose output is the Ergaenzung; a branch that begins with it runs on from ``decide``."""


def grundlage(betrieb: Betrieb, vorgang_id: str) -> tuple[Antrag, tuple[Befund, ...]] | None:
    """The Antrag of the original message and its Befunde, as journalled last, with today's confirmations.

    None where the message was never read so far that a Land and Befunde are known.
    """
    gelesen = {s.name: s for s in betrieb.store.schritte(vorgang_id) if s.ausgabe is not None and not s.code}
    if "map" not in gelesen or "validate" not in gelesen:
        return None
    antrag = betrieb.store.lies_wert(Antrag, gelesen["map"].ausgabe)
    befunde = betrieb.store.lies_liste(Befund, gelesen["validate"].ausgabe)
    return pipeline.bestaetige(antrag, betrieb.bestaetigt(gelesen["map"].plugin)), befunde


def gespeicherte(store: Store, vorgang_id: str) -> tuple[Ergaenzung, ...]:
    """What people have added so far, oldest first."""
    schritte = [schritt for schritt in store.schritte(vorgang_id) if schritt.name == SCHRITT and schritt.ausgabe]
    return tuple(store.lies_wert(Ergaenzung, schritt.ausgabe) for schritt in schritte)
