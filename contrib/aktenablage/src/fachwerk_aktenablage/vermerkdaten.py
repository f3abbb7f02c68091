"""The Prüfvermerk as data: everything the page shows, and every single step with parameter and citation.

``pruefvermerk.json`` is content of the case like the PDF beside it; ``schema`` is the version of this shape.
"""

from __future__ import annotations

from typing import Any

from fachwerk.modell import Antrag, Entscheidung, Votum, Wert
from fachwerk_aktenablage.entwurfsdaten import entwurf
from fachwerk_aktenablage.vermerkangaben import offene_punkte


def vermerkdaten(antrag: Antrag, entscheidung: Entscheidung) -> dict[str, Any]:
    """Plain JSON values; a recommendation, never an administrative act."""
    return {
        "schema": 1,
        "art": "Empfehlung einer Maschine, kein Verwaltungsakt",
        "leistung": antrag.leistung,
        "land": antrag.land,
        "nachrichten_uuid": antrag.nachrichten_uuid,
        "stichtag": entscheidung.stichtag.isoformat(),
        "empfehlung": entscheidung.empfehlung.value,
        "einig": entscheidung.einig,
        "dringlichkeit": entscheidung.dringlichkeit.value,
        "frist": entscheidung.frist.isoformat() if entscheidung.frist else None,
        "offen": _alle(offene_punkte(entscheidung)),
        "annahmen": list(antrag.fall_annahmen),
        "ergaenzungen": _alle(antrag.ergaenzungen),
        "voten": [_votum(votum) for votum in entscheidung.voten],
        "befunde": _alle(tuple(dict.fromkeys((*entscheidung.befunde, *antrag.befunde)))),
        "entwurf": entwurf(antrag, entscheidung),
    }


def _votum(votum: Votum) -> dict[str, Any]:
    felder = votum.model_dump(mode="json", include={"quelle", "empfehlung", "begruendung", "offen", "nachweise"})
    return {**felder, "weiterleiten_an": votum.weiterleiten_an or None, "ergebnis": votum.ergebnis}


def _alle(werte: tuple[Wert, ...]) -> list[dict[str, Any]]:
    return [wert.model_dump(mode="json") for wert in werte]
