"""What this machine can do with nothing of ours in between: the limits all other figures are read against.

fsync and commits on the disk of the temporary folder, one row a commit, SQLite as the line opens it (WAL, FULL) and
PostgreSQL with fsync on; SHA-256 and AES-256-GCM on one core over chunks of 1 MiB. No bound: nothing here is ours.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from blatt import Zeile, halte_fest, zahl
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from feld import MIB, fsyncs, hash_durchsatz, schreiben
from umfeld import last, maschine, postgres

from fachwerk.datenbank import oeffne_datenbank

COMMITS = 400


def commits(datenbank: sa.Engine) -> float:
    """Commits of one row a second, one after the other."""
    zeile = sa.text("INSERT INTO probe (wert) VALUES (:wert)")
    with datenbank.begin() as verbindung:
        verbindung.exec_driver_sql("CREATE TABLE probe (wert TEXT)")
    beginn = time.perf_counter()
    for nummer in range(COMMITS):
        with datenbank.begin() as verbindung:
            verbindung.execute(zeile, {"wert": str(nummer)})
    return COMMITS / (time.perf_counter() - beginn)


def verschluesseln(mib: int = 100) -> float:
    """MiB a second of AES-256-GCM."""
    schloss, stueck, beginn = AESGCM(os.urandom(32)), bytes(MIB), time.perf_counter()
    for nummer in range(mib):
        schloss.encrypt(nummer.to_bytes(12, "big"), stueck, None)
    return mib / (time.perf_counter() - beginn)


def auf_sqlite(ordner: Path) -> float:
    """Commits a second on a file in ``ordner``."""
    datenbank = oeffne_datenbank(f"sqlite:///{ordner}/probe.db")
    try:
        return commits(datenbank)
    finally:
        datenbank.dispose()


def auf_postgres() -> float | None:
    """Commits a second on a throw-away server; None, loudly, where there is none."""
    with postgres() as server:
        if server is None:
            return None
        datenbank = oeffne_datenbank(server.neue_datenbank())
        ergebnis = commits(datenbank)
        datenbank.dispose()
        return ergebnis


def main() -> int:
    """Print and hold fast."""
    print(maschine(f"SQLite {sqlite3.sqlite_version}", last(alle=True)))
    with tempfile.TemporaryDirectory() as name:
        ordner = Path(name)
        werte: dict[str, tuple[Callable[[], float | None], str]] = {
            "fsync zu 4 KiB": (lambda: fsyncs(ordner), "/s"),
            "Schreiben mit fsync am Ende": (lambda: schreiben(ordner), "MiB/s"),
            "COMMIT einer Zeile, SQLite (WAL, FULL)": (lambda: auf_sqlite(ordner), "/s"),
            "COMMIT einer Zeile, PostgreSQL (fsync)": (auf_postgres, "/s"),
            "SHA-256": (hash_durchsatz, "MiB/s"),
            "AES-256-GCM": (verschluesseln, "MiB/s"),
        }
        for was, (miss, einheit) in werte.items():
            if (wert := miss()) is not None:
                print(f"{was:<42}{zahl(wert):>9} {einheit}")
                halte_fest(Zeile("maschine", was, wert, einheit))
    return 0


if __name__ == "__main__":
    sys.exit(main())
