"""Row by row from a SQLite file to PostgreSQL, in pages ordered by key, and the proof that both hold the same.

Each page and how far it goes are one commit of the server, so that a move that was killed goes on behind the last
page. Content stays as it is, encrypted under the key of its case; at most a few chunks are in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fachwerk import abzug
from fachwerk.datenbank import UMZUG_TABELLE
from fachwerk.modell import utc
from fachwerk.tabellen import METADATA, inhalt, knoten, sitzung

BLEIBT = frozenset({knoten.name, sitzung.name})
"""Living processes and open sessions of the console do not move."""

_ZEILEN = 1000
_STUECKE = 4
"""Rows of a page; chunks of content have up to 1 MiB each."""

_INT4 = 2**31 - 1
_GRENZE = 1 << 256

FORTSCHRITT = sa.Table(
    UMZUG_TABELLE,
    sa.MetaData(),
    sa.Column("tabelle", sa.String(100), primary_key=True, comment="empty: the row that names the move"),
    sa.Column("stand", sa.Text, nullable=False, comment="JSON of the key of the last row; of the move its id"),
    sa.Column("fertig", sa.Boolean, nullable=False),
)


@dataclass(frozen=True)
class Tabellensumme:
    """How many rows a table has, and one number over all of them, in whatever order they come."""

    zeilen: int
    summe: str


def tabellen() -> list[sa.Table]:
    """What moves, each table behind those it refers to."""
    return [tabelle for tabelle in METADATA.sorted_tables if tabelle.name not in BLEIBT]


def unpassende(quelle: sa.Engine) -> Iterator[tuple[str, int]]:
    """Columns with values that SQLite keeps and PostgreSQL refuses: (``table.column``, number of rows)."""
    with quelle.connect() as verbindung:
        for tabelle in tabellen():
            faelle = {spalte.name: wann for spalte in tabelle.columns if (wann := _passt_nicht(spalte)) is not None}
            if not faelle:
                continue
            zahlen = [sa.func.count(sa.case((wann, 1))).label(name) for name, wann in faelle.items()]
            gezaehlt = verbindung.execute(sa.select(*zahlen)).one()
            yield from ((f"{tabelle.name}.{name}", anzahl) for name, anzahl in gezaehlt._mapping.items() if anzahl)


def _passt_nicht(spalte: sa.Column[Any]) -> sa.ColumnElement[bool] | None:
    if isinstance(spalte.type, sa.String):  # also Text
        null = sa.func.instr(spalte, sa.func.char(0)) > 0
        return null if spalte.type.length is None else sa.or_(null, sa.func.length(spalte) > spalte.type.length)
    if isinstance(spalte.type, sa.Integer):
        return sa.or_(spalte > _INT4, spalte < -_INT4)
    return None


# -- copying ----------------------------------------------------------------------------------------------------------


def kopiere(quelle: sa.Engine, ziel: sa.Engine, fortschritt: Callable[[int], object]) -> None:
    """All tables, each from where an earlier attempt ended; ``fortschritt`` gets the rows of this attempt."""
    bisher = 0
    for tabelle in tabellen():
        stand = _stand(ziel, tabelle.name)
        while stand is None or not stand.fertig:
            anzahl = _kopiere_seite(quelle, ziel, tabelle, None if stand is None else json.loads(stand.stand))
            stand, bisher = _stand(ziel, tabelle.name), bisher + anzahl
            fortschritt(bisher)


def _stand(ziel: sa.Engine, name: str) -> Any:
    with ziel.connect() as verbindung:
        return verbindung.execute(sa.select(FORTSCHRITT).where(FORTSCHRITT.c.tabelle == name)).one_or_none()


def _kopiere_seite(quelle: sa.Engine, ziel: sa.Engine, tabelle: sa.Table, nach: list[Any] | None) -> int:
    """The next page, and the note how far it goes, in one commit; the last one also sets the counters."""
    groesse = _groesse(tabelle)
    zeilen = _lies_seite(quelle, tabelle, nach, groesse)
    letzter = [getattr(zeilen[-1], spalte.name) for spalte in tabelle.primary_key.columns] if zeilen else nach or []
    fertig = len(zeilen) < groesse
    with ziel.begin() as verbindung:
        verbindung.execute(FORTSCHRITT.delete().where(FORTSCHRITT.c.tabelle == tabelle.name))
        verbindung.execute(FORTSCHRITT.insert().values(tabelle=tabelle.name, stand=json.dumps(letzter), fertig=fertig))
        _schreibe_seite(verbindung, tabelle, zeilen)
        if fertig:
            abzug.setze_zaehler(verbindung, tabelle.name)
    return len(zeilen)


def _lies_seite(quelle: sa.Engine, tabelle: sa.Table, nach: list[Any] | None, groesse: int) -> list[Any]:
    schluessel = list(tabelle.primary_key.columns)
    frage = sa.select(tabelle).order_by(*schluessel).limit(groesse)
    if nach:
        werte = [sa.literal(wert, spalte.type) for wert, spalte in zip(nach, schluessel, strict=True)]
        frage = frage.where(sa.tuple_(*schluessel) > sa.tuple_(*werte))
    with quelle.connect() as verbindung:
        return list(verbindung.execute(frage))


def _schreibe_seite(verbindung: sa.Connection, tabelle: sa.Table, zeilen: list[Any]) -> None:
    roh: Any = verbindung.connection.driver_connection
    spalten = ", ".join(f'"{spalte.name}"' for spalte in tabelle.columns)
    with roh.cursor() as zeiger, zeiger.copy(f'COPY "{tabelle.name}" ({spalten}) FROM STDIN') as strom:
        for zeile in zeilen:
            strom.write_row([_mit_zone(wert) for wert in zeile])


def _groesse(tabelle: sa.Table) -> int:
    return _STUECKE if tabelle is inhalt else _ZEILEN


def _mit_zone(wert: Any) -> Any:
    """SQLite keeps times without their zone, which is always UTC."""
    return utc(wert) if isinstance(wert, datetime) else wert


# -- comparing --------------------------------------------------------------------------------------------------------


def summe(datenbank: sa.Engine, tabelle: sa.Table) -> Tabellensumme:
    """Read a whole table and add up the digests of its rows: two databases that sort differently can be compared."""
    anzahl = gesamt = 0
    with datenbank.connect() as verbindung:
        strom = verbindung.execution_options(yield_per=_groesse(tabelle))
        for zeile in strom.execute(sa.select(tabelle)):
            gesamt = (gesamt + _abdruck(zeile)) % _GRENZE
            anzahl += 1
    return Tabellensumme(anzahl, f"{gesamt:064x}")


def _abdruck(zeile: Any) -> int:
    rechnung = hashlib.sha256()
    for wert in zeile:
        art, daten = _als_bytes(wert)
        rechnung.update(b"%s%d:" % (art, len(daten)))
        rechnung.update(daten)
    return int.from_bytes(rechnung.digest(), "big")


def _als_bytes(wert: Any) -> tuple[bytes, bytes]:
    if wert is None:
        return b"n", b""
    if isinstance(wert, bytes):
        return b"b", wert
    if isinstance(wert, datetime):
        return b"z", utc(wert).isoformat().encode()
    if isinstance(wert, date):
        return b"d", wert.isoformat().encode()
    return (b"w" if isinstance(wert, bool) else b"t"), str(wert).encode()
