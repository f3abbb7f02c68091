"""How this package names what a person has to clear up, and what it remarks."""

from __future__ import annotations

from fachwerk.modell import OffenerPunkt, Rechenschritt

HINWEIS = "Hinweis"
"""Name of every remark in the trace."""


def punkt(code: str, text: str, fundstelle: str = "") -> OffenerPunkt:
    """An open point with a code of this package."""
    return OffenerPunkt(code=f"mietrueckstaende.{code}", text=text, fundstelle=fundstelle)


def hinweis(text: str, fundstelle: str, beleg: str = "A") -> Rechenschritt:
    """A remark in the trace."""
    return Rechenschritt(name=HINWEIS, wert=text, fundstelle=fundstelle, beleg=beleg)
