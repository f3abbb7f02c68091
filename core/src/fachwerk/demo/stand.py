"""How far the work is, read from the database of the demo while others write it: conditions to wait for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fachwerk.sqlite import sqlite_treiber

ERREICHBAR = {
    "akte": "uebergeben",  # a folder confirms nothing
    "prosoz-nw": "uebernommen",
    "prosoz-mv": "uebernommen",
    "laemmkom": "uebernommen",
    "laemmkom-post": "technisch_bestaetigt",  # the Laufzettel speaks of the transport, not of LÄMMkom
    "landkreis": "technisch_bestaetigt",  # XTA can say no more
}
"""The highest receipt that each Ziel of the demo gives."""

_BEENDET = (
    "SELECT count(*) FROM vorgang v JOIN eingang e ON e.vorgang_id = v.id WHERE e.bestaetigt IS NOT NULL"
    " AND v.status IN ('done', 'held')"
)
_ZUGESTELLT = "SELECT vorgang_id, ziel FROM zustellung WHERE status = 'zugestellt'"
_QUITTIERT = "SELECT vorgang_id, ziel, stufe FROM quittung"


def beendete(datenbank: Path) -> int:
    """How many cases have come to their end: delivered or held, and their message closed."""
    return int(_frage(datenbank, _BEENDET)[0][0]) if datenbank.exists() else 0


def ausstehende(datenbank: Path) -> list[str]:
    """The Ziele of which a receipt is still missing that they give, one entry per case."""
    quittiert = {tuple(zeile) for zeile in _frage(datenbank, _QUITTIERT)}
    zugestellt = [(str(fall), str(ziel)) for fall, ziel in _frage(datenbank, _ZUGESTELLT)]
    return sorted(
        ziel for fall, ziel in zugestellt if ziel in ERREICHBAR and (fall, ziel, ERREICHBAR[ziel]) not in quittiert
    )


def _frage(datenbank: Path, sql: str) -> list[tuple[Any, ...]]:
    verbindung = sqlite_treiber().connect(f"{datenbank.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
    try:
        return list(verbindung.execute(sql))
    finally:
        verbindung.close()
