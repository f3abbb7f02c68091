"""The mirror: each Eingang, still encrypted, on a second volume before the mailbox may delete it.

A backup cannot bring back what came after it, because ``close`` deletes in the mailbox; the mirror can. One file
per case: a JSON head line, then the encrypted chunks, each behind its length (4 bytes, big endian). The case key
in the head is wrapped by the site key, so the mirror alone is as unreadable as the database.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from fachwerk.errors import RetryableError
from fachwerk.store import Store
from fachwerk.tabellen import eingang, fallschluessel, inhalt, schritt, teil


class Spiegel:
    """Writes to ``ordner``; a file that is there is complete."""

    def __init__(self, ordner: Path) -> None:
        self.ordner = ordner

    def pfad(self, vorgang_id: str) -> Path:
        """Where the mirror of a case lies."""
        return self.ordner / vorgang_id[:2] / f"{vorgang_id}.eingang"

    def schreibe(self, store: Store, vorgang_id: str) -> None:
        """Mirror a case unless that has happened; fsynced when this returns."""
        ziel = self.pfad(vorgang_id)
        if ziel.exists():
            return
        vorlaeufig = ziel.with_suffix(".neu")
        try:
            ziel.parent.mkdir(parents=True, exist_ok=True)
            with store.lesend() as verbindung, vorlaeufig.open("wb") as datei:
                _schreibe_inhalt(verbindung, vorgang_id, datei)
                datei.flush()
                os.fsync(datei.fileno())
            vorlaeufig.replace(ziel)
            _sichere_ordner(ziel.parent)
        except OSError as fehler:
            raise RetryableError(
                "spiegel_nicht_beschreibbar",
                f"Der Spiegel {self.ordner} ist nicht beschreibbar ({fehler.strerror}). Nachrichten bleiben im "
                "Postfach, bis er es wieder ist: bitte Datenträger, Platz und Rechte prüfen ([sicherung].spiegel).",
            ) from None

    def entferne(self, vorgang_id: str) -> None:
        """Delete the mirror of a case whose content was shredded."""
        self.pfad(vorgang_id).unlink(missing_ok=True)


def _schreibe_inhalt(verbindung: sa.Connection, vorgang_id: str, datei: IO[bytes]) -> None:
    teile = _teile(verbindung, vorgang_id)
    datei.write(json.dumps(_kopf(verbindung, vorgang_id, teile), separators=(",", ":")).encode() + b"\n")
    for zeile in teile:
        for nr in range(zeile.stuecke):
            daten = verbindung.execute(
                sa.select(inhalt.c.daten).where(inhalt.c.teil_id == zeile.id, inhalt.c.nr == nr)
            ).scalar_one()
            datei.write(len(daten).to_bytes(4, "big"))
            datei.write(daten)


def _teile(verbindung: sa.Connection, vorgang_id: str) -> list[Any]:
    """The received parts and the journalled Eingang; not what the line made of them later."""
    ausgaben = sa.select(schritt.c.ausgabe).where(
        schritt.c.vorgang_id == vorgang_id, schritt.c.ausgabe.is_not(None), schritt.c.name != "receive"
    )
    frage = sa.select(teil).where(teil.c.vorgang_id == vorgang_id, teil.c.beansprucht.is_(True))
    return list(verbindung.execute(frage.where(teil.c.id.not_in(ausgaben)).order_by(teil.c.angelegt, teil.c.id)))


def _kopf(verbindung: sa.Connection, vorgang_id: str, teile: list[Any]) -> dict[str, Any]:
    zeile = verbindung.execute(sa.select(eingang).where(eingang.c.vorgang_id == vorgang_id)).one()
    schluessel = verbindung.execute(
        sa.select(fallschluessel.c.schluessel).where(fallschluessel.c.vorgang_id == vorgang_id)
    ).scalar_one()
    wert = verbindung.execute(
        sa.select(schritt.c.ausgabe).where(schritt.c.vorgang_id == vorgang_id, schritt.c.name == "receive")
    ).scalar_one()
    return {
        "schema": 1,
        "vorgang_id": vorgang_id,
        "kanal": zeile.kanal,
        "nachricht_id": zeile.nachricht_id,
        "sha256": zeile.sha256,
        "empfangen": zeile.empfangen.isoformat(),
        "schluessel": base64.b64encode(schluessel).decode(),
        "eingang": wert,
        "teile": [{"id": t.id, "laenge": t.laenge, "sha256": t.sha256, "stuecke": t.stuecke} for t in teile],
    }


def _sichere_ordner(ordner: Path) -> None:
    """Make the new name itself durable; Windows does this with the file."""
    if sys.platform != "win32":
        griff = os.open(ordner, os.O_RDONLY)
        try:
            os.fsync(griff)
        finally:
            os.close(griff)
