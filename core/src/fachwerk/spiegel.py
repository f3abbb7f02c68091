"""The mirror: each Eingang, still encrypted, on a second volume before the mailbox may delete it.

A backup cannot bring back what came after it, because ``close`` deletes in the mailbox; the mirror can. One file
per case: a JSON head line, then the encrypted chunks, each behind its length (4 bytes, big endian). The case key
in the head is wrapped by the site key, so the mirror alone is as unreadable as the database.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import secrets
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from fachwerk import ablage
from fachwerk.errors import RetryableError
from fachwerk.modell import Eingang, utc
from fachwerk.store import Store
from fachwerk.tabellen import eingang, fallschluessel, inhalt, schritt, teil

_UNFERTIG = ".neu"
VERGESSEN = "vergessen"
"""Folder with an empty file per case whose content was deleted on purpose."""


class Spiegel:
    """Writes to ``ordner``; a file that is there is complete."""

    def __init__(self, ordner: Path) -> None:
        self.ordner = ordner

    def pfad(self, vorgang_id: str) -> Path:
        """Where the mirror of a case lies."""
        return self.ordner / vorgang_id[:2] / f"{vorgang_id}.eingang"

    def schreibe(self, store: Store, vorgang_id: str) -> None:
        """Mirror a case unless that has happened or its content is shredded; fsynced when this returns."""
        self.sichere(store, vorgang_id)

    def sichere(self, store: Store, vorgang_id: str) -> None:
        """The same before a hand-over: what is at a Ziel must be found in the mirror after a loss of the database.

        Else the mailbox, which still has it, would give it once more, as a case nobody knows.
        """
        ziel = self.pfad(vorgang_id)
        if ziel.exists():
            return
        entwurf = ziel.with_name(f"{vorgang_id}.{secrets.token_hex(8)}{_UNFERTIG}")
        try:
            with store.lesend() as verbindung:
                schluessel = _fallschluessel(verbindung, vorgang_id)
                if schluessel is None:
                    return
                ablage.lege_ordner_an(ziel.parent)
                with ablage.im_ganzen(ziel, entwurf) as datei:
                    _schreibe_inhalt(store, verbindung, vorgang_id, schluessel, datei)
        except OSError as fehler:
            raise RetryableError(
                "spiegel_nicht_beschreibbar",
                f"Der Spiegel {self.ordner} ist nicht beschreibbar ({fehler.strerror}). Nachrichten bleiben im "
                "Postfach, bis er es wieder ist: bitte Datenträger, Platz und Rechte prüfen ([sicherung].spiegel).",
            ) from None

    def vermerke_vergessen(self, vorgang_id: str) -> None:
        """Leave an empty file that tells a later restore of an older backup what was deleted on purpose."""
        ziel = self.ordner / VERGESSEN / vorgang_id
        try:
            if not ziel.exists():
                ablage.lege_ordner_an(ziel.parent)
                with ablage.im_ganzen(ziel):
                    pass
        except OSError as fehler:
            raise RetryableError(
                "spiegel_nicht_beschreibbar",
                f"Im Spiegel {self.ordner} lässt sich nicht vermerken, dass der Inhalt gelöscht ist "
                f"({fehler.strerror}). Er ist es; bitte Datenträger und Rechte prüfen und den Befehl wiederholen.",
            ) from None

    def vergessene(self) -> frozenset[str]:
        """Ids of the cases whose content was deleted on purpose."""
        ordner = self.ordner / VERGESSEN
        namen = os.listdir(ordner) if ordner.is_dir() else []
        return frozenset(name for name in namen if not name.startswith("."))

    def entferne(self, vorgang_id: str) -> None:
        """Delete the mirror of a case whose content was shredded, and what an interrupted write left of it.

        Raises ``RetryableError`` where that cannot be done, or where the volume seems not to be there.
        """
        ordner = self.pfad(vorgang_id).parent
        try:
            if not os.listdir(self.ordner):
                raise FileNotFoundError(errno.ENOENT, "leer, vielleicht nicht verbunden")
            for name in os.listdir(ordner) if ordner.exists() else []:
                if name.startswith(f"{vorgang_id}."):
                    os.unlink(ordner / name)
                    ablage.sichere_ordner(ordner)
        except OSError as fehler:
            raise RetryableError(
                "spiegel_nicht_loeschbar",
                f"Im Spiegel {self.ordner} lässt sich nichts löschen ({fehler.strerror}). Die Kopien gelöschter "
                "Vorgänge bleiben dort, bis es geht: bitte Datenträger und Rechte prüfen ([sicherung].spiegel).",
            ) from None


def _fallschluessel(verbindung: sa.Connection, vorgang_id: str) -> bytes | None:
    """The wrapped key of a case, None where its content is shredded."""
    frage = sa.select(fallschluessel.c.schluessel).where(fallschluessel.c.vorgang_id == vorgang_id)
    return verbindung.execute(frage).scalar_one_or_none()


def _schreibe_inhalt(
    store: Store, verbindung: sa.Connection, vorgang_id: str, schluessel: bytes, datei: IO[bytes]
) -> None:
    zeile = verbindung.execute(sa.select(eingang).where(eingang.c.vorgang_id == vorgang_id)).one()
    wert = verbindung.execute(
        sa.select(schritt.c.ausgabe).where(schritt.c.vorgang_id == vorgang_id, schritt.c.name == "receive")
    ).scalar_one()
    teile = _teile(store, verbindung, wert)
    datei.write(json.dumps(_kopf(zeile, schluessel, wert, teile), separators=(",", ":")).encode() + b"\n")
    for eintrag in teile:
        for nr in range(eintrag.stuecke):
            daten = verbindung.execute(
                sa.select(inhalt.c.daten).where(inhalt.c.teil_id == eintrag.id, inhalt.c.nr == nr)
            ).scalar_one()
            datei.write(len(daten).to_bytes(4, "big"))
            datei.write(daten)


def _teile(store: Store, verbindung: sa.Connection, wert: str) -> list[Any]:
    """The journalled Eingang and the parts it names, in their order; not what the line made of them later."""
    ids = [wert, *(stueck.id for stueck in store.lies_wert(Eingang, wert).teile)]
    zeilen = {zeile.id: zeile for zeile in verbindung.execute(sa.select(teil).where(teil.c.id.in_(ids)))}
    return [zeilen[kennung] for kennung in ids]


def _kopf(zeile: Any, schluessel: bytes, wert: str, teile: list[Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "vorgang_id": zeile.vorgang_id,
        "kanal": zeile.kanal,
        "nachricht_id": zeile.nachricht_id,
        "sha256": zeile.sha256,
        "empfangen": utc(zeile.empfangen).isoformat(),
        "schluessel": base64.b64encode(schluessel).decode(),
        "eingang": wert,
        "teile": [{"id": t.id, "laenge": t.laenge, "sha256": t.sha256, "stuecke": t.stuecke} for t in teile],
    }
