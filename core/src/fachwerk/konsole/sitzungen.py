"""Sessions of the console, kept in the database: any node serves any of them, and removing an account ends its own.

The cookie holds a random token, the table only its hash. A session ends after a time without a request, and after a
longer one in any case. The clock is that of the database, so that no node with a clock of its own ends sessions.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fachwerk.datenbank import datenbankzeit
from fachwerk.modell import utc
from fachwerk.tabellen import sitzung

if TYPE_CHECKING:
    from fachwerk.store import Store

_GENAU = timedelta(minutes=1)
"""The time of the latest request is written at most so often."""


@dataclass(frozen=True)
class Sitzung:
    """A running session: whose it is, and what every form of it must bring along."""

    id: str
    konto: str
    csrf: str


class Sitzungen:
    """Begin, find and end sessions; ``ruhe`` and ``hoechstens`` are the two times after which one ends."""

    def __init__(self, store: Store, ruhe: timedelta, hoechstens: timedelta) -> None:
        self._store = store
        self._ruhe = ruhe
        self._hoechstens = hoechstens

    def beginne(self, konto: str) -> tuple[str, Sitzung]:
        """A new session; returns the token for the cookie. What ended long ago is swept on the way."""
        token = secrets.token_urlsafe(32)
        neue = Sitzung(_kennung(token), konto, secrets.token_urlsafe(32))
        with self._store.transaktion("sitzung") as verbindung:
            jetzt = datenbankzeit(verbindung)
            verbindung.execute(sitzung.delete().where(self._abgelaufen(jetzt)))
            werte = {"id": neue.id, "konto": konto, "csrf": neue.csrf, "angelegt": jetzt, "zuletzt": jetzt}
            verbindung.execute(sitzung.insert().values(**werte))
        return token, neue

    def finde(self, token: str) -> Sitzung | None:
        """The running session of a token; a request keeps it alive."""
        hier = sitzung.c.id == _kennung(token)
        with self._store.lesend() as verbindung:
            jetzt = datenbankzeit(verbindung)
            zeile = verbindung.execute(sa.select(sitzung).where(hier, ~self._abgelaufen(jetzt))).one_or_none()
        if zeile is None:
            return None
        if jetzt - utc(zeile.zuletzt) > _GENAU:
            with self._store.transaktion("sitzung") as verbindung:
                verbindung.execute(sitzung.update().where(hier).values(zuletzt=jetzt))
        return Sitzung(zeile.id, zeile.konto, zeile.csrf)

    def beende(self, kennung: str) -> None:
        """End one session."""
        with self._store.transaktion("sitzung") as verbindung:
            verbindung.execute(sitzung.delete().where(sitzung.c.id == kennung))

    def _abgelaufen(self, jetzt: datetime) -> sa.ColumnElement[bool]:
        return (sitzung.c.zuletzt <= jetzt - self._ruhe) | (sitzung.c.angelegt <= jetzt - self._hoechstens)


def _kennung(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
