"""An accepted message as the mailbox remembers it, and its form on disk."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fachwerk_generic_xta.simulator.annahme import Teildatei

_ID = re.compile(r"urn:de:xta:messageid:[^:]{1,41}:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
NACHRICHT = "nachricht.json"
METADATEN = "metadaten.xml"
BEHAELTER = "behaelter.xml"
GESCHLOSSEN = "geschlossen.json"
ENTFERNT = "entfernt.json"
ABGERUFEN = "abgerufen"

STORNIERT = "storniert"
VERFALLEN = "verfallen"

Platz = tuple[datetime, str]
"""Where a message stands in its mailbox: when it was put there, and its key."""


@dataclass(frozen=True)
class Nachricht:
    """An accepted message; times are aware, sizes in bytes, ``konto`` is the account that sent it.

    ``verfaellt`` is the last day on which it is of use. ``entfernt`` says why it was taken away unread.
    """

    id: str
    konto: str
    autor: str
    leser: str
    gesendet: datetime
    zugestellt: datetime
    test: bool
    bezug: tuple[str, ...]
    groesse: int
    teile: tuple[Teildatei, ...]
    nicht_vor: datetime | None = None
    verfaellt: date | None = None
    geschlossen: datetime | None = None
    entfernt: str = ""
    entfernt_am: datetime | None = None

    @property
    def schluessel(self) -> str:
        """Ids compare without regard to case."""
        return self.id.lower()

    @property
    def platz(self) -> Platz:
        """Its place in the order of the mailbox."""
        return self.zugestellt, self.schluessel

    @property
    def wartet(self) -> bool:
        """Whether it still lies in the mailbox (perhaps held back until its time)."""
        return self.geschlossen is None and not self.entfernt


def kern(kennung: str) -> str:
    """The UUID of a message id of this server, or an empty text."""
    treffer = _ID.fullmatch(kennung.lower())
    return treffer.group(1) if treffer else ""


def als_werte(nachricht: Nachricht) -> dict[str, Any]:
    """What is kept of a message when it is accepted; what happens later are files of their own."""
    spaeteres = ("geschlossen", "entfernt", "entfernt_am")
    werte = {feld.name: getattr(nachricht, feld.name) for feld in fields(nachricht) if feld.name not in spaeteres}
    werte["teile"] = [asdict(teil) for teil in nachricht.teile]
    for name in ("gesendet", "zugestellt", "nicht_vor", "verfaellt"):
        werte[name] = werte[name] and werte[name].isoformat()
    return werte


def lies_nachricht(ordner: Path) -> Nachricht:
    """Read a message and what became of it."""
    werte = json.loads((ordner / NACHRICHT).read_bytes())
    werte["teile"] = tuple(Teildatei(**teil) for teil in werte["teile"])
    werte["bezug"] = tuple(werte["bezug"])
    for name in ("gesendet", "zugestellt", "nicht_vor"):
        werte[name] = _zeit(werte.get(name))
    werte["verfaellt"] = date.fromisoformat(werte["verfaellt"]) if werte.get("verfaellt") else None
    geschlossen, entfernt = _lies(ordner / GESCHLOSSEN), _lies(ordner / ENTFERNT)
    return Nachricht(
        **werte,
        geschlossen=_zeit(geschlossen.get("zeit")),
        entfernt=entfernt.get("grund", ""),
        entfernt_am=_zeit(entfernt.get("zeit")),
    )


def _zeit(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _lies(pfad: Path) -> dict[str, str]:
    try:
        werte: dict[str, str] = json.loads(pfad.read_bytes())
    except FileNotFoundError:
        return {}
    return werte
