"""What the mailbox folder says, read without the server and without any of its code: the basis of a balance."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Bestandszeile:
    """One accepted message. ``sha256`` (hex) are its parts in order, the message first, then the attachments."""

    id: str
    autor: str
    leser: str
    gesendet: datetime
    zugestellt: datetime
    geschlossen: datetime | None
    test: bool
    groesse: int
    sha256: tuple[str, ...]
    unversehrt: bool = True
    """False: a part that must still be there is missing or has other content than was accepted."""
    entfernt: str = ""
    """Why the message was taken away unread: ``storniert`` or ``verfallen``; else empty."""


def bestand(ordner: Path | str) -> list[Bestandszeile]:
    """Every message ever accepted, in the order of acceptance; content still there is hashed anew."""
    nachrichten = Path(ordner) / "nachrichten"
    zeilen = [_zeile(pfad.parent) for pfad in nachrichten.glob("*/nachricht.json")]
    return sorted(zeilen, key=lambda zeile: (zeile.gesendet, zeile.id))


def _zeile(ordner: Path) -> Bestandszeile:
    werte = json.loads((ordner / "nachricht.json").read_text(encoding="utf-8"))
    vorhanden = [_pruefsumme(ordner / teil["datei"]) for teil in werte["teile"]]
    # after the content, which a close may just be removing
    geschlossen = _zeit(_lies(ordner / "geschlossen.json"))
    entfernt = _lies(ordner / "entfernt.json").get("grund", "")
    angenommen = [teil["sha256"] for teil in werte["teile"]]
    return Bestandszeile(
        id=werte["id"],
        autor=werte["autor"],
        leser=werte["leser"],
        gesendet=datetime.fromisoformat(werte["gesendet"]),
        zugestellt=datetime.fromisoformat(werte["zugestellt"]),
        geschlossen=geschlossen,
        test=werte["test"],
        groesse=werte["groesse"],
        sha256=tuple(angenommen),
        unversehrt=all(
            summe == soll or (summe is None and (geschlossen is not None or bool(entfernt)))
            for summe, soll in zip(vorhanden, angenommen, strict=True)
        ),
        entfernt=entfernt,
    )


def _lies(pfad: Path) -> dict[str, str]:
    try:
        werte: dict[str, str] = json.loads(pfad.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return werte


def _zeit(werte: dict[str, str]) -> datetime | None:
    return datetime.fromisoformat(werte["zeit"]) if werte else None


def _pruefsumme(pfad: Path) -> str | None:
    try:
        with pfad.open("rb") as datei:
            return hashlib.file_digest(datei, "sha256").hexdigest()
    except FileNotFoundError:
        return None
