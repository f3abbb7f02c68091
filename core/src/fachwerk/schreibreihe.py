"""The writers of one process take turns at a SQLite file.

SQLite knows no queue: who finds the file locked sleeps and tries again, up to 100 ms later, however often others pass
it meanwhile. Here a writer waits for the one before it and goes on the moment that one has committed. Other processes
are still waited for by SQLite's own means (``busy_timeout``); so nothing depends on a turn but how soon it comes.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

GEDULD_S = 30.0
"""So long a writer waits for its turn; then it asks SQLite itself, which will name what is wrong."""

_SCHREIBEND = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN IMMEDIATE")
"""How statements begin that make a transaction a writer: those that ``sqlite3`` begins one for, and our own."""


@cache
def verbindungsklasse(treiber: Any) -> Any:
    """The ``Connection`` class of a SQLite module, with turns; give each one its ``reihe``, a lock they share."""

    class Zeiger(treiber.Cursor):  # type: ignore[misc]
        def execute(self, sql: str, *werte: Any) -> Any:
            self.connection.stelle_dich_an(sql)
            return super().execute(sql, *werte)

        def executemany(self, sql: str, *werte: Any) -> Any:
            self.connection.stelle_dich_an(sql)
            return super().executemany(sql, *werte)

    class Verbindung(treiber.Connection):  # type: ignore[misc]
        reihe: threading.Lock | None = None
        _ist_dran = False

        def cursor(self, klasse: Any = Zeiger) -> Any:
            return super().cursor(klasse)

        def stelle_dich_an(self, sql: str) -> None:
            """Wait for the turn if ``sql`` makes this connection a writer."""
            if self.reihe is None or self._ist_dran or self.in_transaction:
                return
            if sql.lstrip()[:15].upper().startswith(_SCHREIBEND):
                self._ist_dran = self.reihe.acquire(timeout=GEDULD_S)

        def commit(self) -> None:
            super().commit()
            self._tritt_ab()

        def rollback(self) -> None:
            try:
                super().rollback()
            finally:
                self._tritt_ab()

        def close(self) -> None:
            try:
                super().close()
            finally:
                self._tritt_ab()

        def __del__(self) -> None:
            self._tritt_ab()

        def _tritt_ab(self) -> None:
            if self._ist_dran and self.reihe is not None:
                self._ist_dran = False
                self.reihe.release()

    return Verbindung
