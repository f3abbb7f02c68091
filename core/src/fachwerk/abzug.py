"""A copy of the whole database as of one moment, taken while others write, and how it becomes a database again.

SQLite copies itself (``VACUUM INTO``), never page by page. PostgreSQL gives our tables by ``COPY`` from one snapshot;
no program beside the driver is needed, and the copy fits every later version of the server. The engine's tables are
no part of it: its jobs follow from ours.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from fachwerk.ablage import sichere_datei
from fachwerk.sqlite import sqlite_treiber
from fachwerk.tabellen import METADATA

DATEI = "fachwerk.db"
"""The copy of a SQLite database."""

SCHEMATABELLE = "fachwerk_schema"
_ENDUNG = ".copy.gz"
_BLOCK = 1 << 20
_PACKEN = 1
"""Level of compression: content is encrypted, only its notation shrinks."""


def sqlite_datei(datenbank: sa.Engine) -> Path | None:
    """The file of a SQLite database, None for PostgreSQL."""
    return Path(str(datenbank.url.database)) if datenbank.dialect.name == "sqlite" else None


def ziehe(datenbank: sa.Engine, ordner: Path) -> dict[str, int]:
    """Write the copy into ``ordner``, durable; the numbers of rows it holds, by table."""
    quelle = sqlite_datei(datenbank)
    return _ziehe_postgresql(datenbank, ordner) if quelle is None else _ziehe_sqlite(quelle, ordner / DATEI)


def lade(verbindung: sa.Connection, ordner: Path, tabellen: Sequence[str]) -> None:
    """Fill the empty tables of a PostgreSQL database in the caller's transaction."""
    vorhandene = [datei for datei in tabellen if (ordner / f"{datei}{_ENDUNG}").exists()]
    for tabelle in vorhandene:
        _lade_tabelle(verbindung, tabelle, ordner / f"{tabelle}{_ENDUNG}")
    for tabelle in vorhandene:
        setze_zaehler(verbindung, tabelle)


# -- SQLite -----------------------------------------------------------------------------------------------------------


def _ziehe_sqlite(quelle: Path, ziel: Path) -> dict[str, int]:
    treiber = sqlite_treiber()
    with closing(treiber.connect(quelle, timeout=60, isolation_level=None)) as verbindung:
        verbindung.execute("VACUUM INTO ?", (str(ziel),))
    with open(ziel, "r+b") as datei:
        sichere_datei(datei)
    with closing(treiber.connect(f"file:{ziel.as_posix()}?mode=ro", uri=True)) as kopie:
        return {
            tabelle: int(kopie.execute(f'SELECT count(*) FROM "{tabelle}"').fetchone()[0])  # noqa: S608  our names
            for tabelle in METADATA.tables
        }


def entferne_auftraege(datenbank: sa.Engine) -> None:
    """Drop what is none of our tables in a SQLite copy: the jobs of then, which would run into those of now."""
    with datenbank.connect() as verbindung:
        fremde = set(sa.inspect(verbindung).get_table_names()) - set(METADATA.tables) - {SCHEMATABELLE}
        verbindung.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for tabelle in sorted(name for name in fremde if not name.startswith("sqlite_")):
            verbindung.exec_driver_sql(f'DROP TABLE "{tabelle}"')
        verbindung.commit()
        verbindung.exec_driver_sql("PRAGMA foreign_keys=ON")


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


def _ziehe_postgresql(datenbank: sa.Engine, ordner: Path) -> dict[str, int]:
    anzahlen: dict[str, int] = {}
    with _ein_augenblick(datenbank) as verbindung:
        for tabelle in METADATA.sorted_tables:
            spalten = ", ".join(f'"{spalte.name}"' for spalte in tabelle.columns)
            pfad = ordner / f"{tabelle.name}{_ENDUNG}"
            with verbindung.cursor() as zeiger, _gepackt(pfad, spalten) as datei:
                with zeiger.copy(f'COPY "{tabelle.name}" ({spalten}) TO STDOUT') as strom:
                    for stueck in strom:
                        datei.write(stueck)
                anzahlen[tabelle.name] = zeiger.rowcount
    return anzahlen


@contextmanager
def _ein_augenblick(datenbank: sa.Engine) -> Iterator[Any]:
    """The driver's connection in a transaction that sees one state and writes nothing."""
    with datenbank.connect() as verbindung:
        verbindung.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        verbindung.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield verbindung.connection.driver_connection
        verbindung.rollback()


@contextmanager
def _gepackt(pfad: Path, spalten: str) -> Iterator[Any]:
    """A packed file whose first line names the columns; on the disk at the end."""
    with open(pfad, "xb") as roh:
        with gzip.GzipFile("", "wb", _PACKEN, roh, mtime=0) as datei:
            datei.write(f"{spalten}\n".encode())
            yield datei
        sichere_datei(roh)


def _lade_tabelle(verbindung: sa.Connection, tabelle: str, pfad: Path) -> None:
    roh: Any = verbindung.connection.driver_connection
    with gzip.open(pfad, "rb") as datei, roh.cursor() as zeiger:
        spalten = datei.readline().decode().strip()
        with zeiger.copy(f'COPY "{tabelle}" ({spalten}) FROM STDIN') as strom:
            while stueck := datei.read(_BLOCK):
                strom.write(stueck)


def setze_zaehler(verbindung: sa.Connection, tabelle: str) -> None:
    """Numbers given by the database go on behind the highest that is there."""
    for spalte in METADATA.tables[tabelle].primary_key.columns if tabelle in METADATA.tables else ():
        reihe = sa.func.pg_get_serial_sequence(tabelle, spalte.name)
        if (name := verbindung.execute(sa.select(reihe)).scalar_one()) is not None:
            hoechste = sa.select(sa.func.coalesce(sa.func.max(spalte), 0) + 1).scalar_subquery()
            verbindung.execute(sa.select(sa.func.setval(name, hoechste, sa.false())))


def groesse(pfad: Path) -> int:
    """Bytes of a file."""
    return os.stat(pfad).st_size
