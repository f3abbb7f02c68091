"""Notes of a plugin about its deliveries: ids it must know again after a crash, such as the message id of XTA.

A note is an id or a code, never content, so it is not shredded with the case: it stays as long as the case's own ids
and times do (``[aufbewahrung].nachweis_jahre``), because it is the proof under which id something was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fachwerk.datenbank import benenne_stoerung, fuege_neu_ein
from fachwerk.errors import ContractError
from fachwerk.tabellen import notiz

if TYPE_CHECKING:
    from fachwerk.store import Store

LAENGSTE = 300
"""Characters of a note at most."""

LAENGSTER_NAME = 200


class Notizen:
    """The notes of all plugins; each plugin reaches its own only."""

    def __init__(self, store: Store, darf: Callable[[sa.Connection], None] | None = None) -> None:
        """``darf`` raises in the transaction of a note that must not be kept any more."""
        self._store = store
        self._darf = darf

    def solange(self, darf: Callable[[sa.Connection], None]) -> Notizen:
        """The same notes; ``darf`` is asked before each one is kept."""
        return Notizen(self._store, darf)

    @benenne_stoerung()
    def lies(self, plugin: str, schluessel: str, name: str) -> str:
        """The note, empty if there is none."""
        frage = sa.select(notiz.c.wert).where(*_hier(plugin, schluessel, name))
        with self._store.lesend() as verbindung:
            return verbindung.execute(frage).scalar_one_or_none() or ""

    @benenne_stoerung()
    def schreibe(self, plugin: str, schluessel: str, name: str, wert: str) -> None:
        """Keep ``wert``; it is committed when this returns. Raises ``ContractError`` for what is no id."""
        _pruefe(plugin, name, wert)
        werte = {"wert": wert, "zeit": datetime.now(UTC)}
        with self._store.transaktion("notiz") as verbindung:
            if self._darf is not None:
                self._darf(verbindung)
            if not fuege_neu_ein(verbindung, notiz, plugin=plugin, schluessel=schluessel, name=name, **werte):
                verbindung.execute(notiz.update().where(*_hier(plugin, schluessel, name)).values(**werte))


def _hier(plugin: str, schluessel: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return notiz.c.plugin == plugin, notiz.c.schluessel == schluessel, notiz.c.name == name


def _pruefe(plugin: str, name: str, wert: str) -> None:
    """A database would cut what is too long, or refuse a NUL: neither may depend on which one it is."""
    if len(wert) > LAENGSTE or len(name) > LAENGSTER_NAME or "\x00" in wert + name:
        text = (
            f"Das Plugin „{plugin}“ will zu einer Zustellung etwas notieren, das keine Kennung ist (mehr als "
            f"{LAENGSTE} Zeichen, oder mit dem Zeichen NUL); an dessen Pflege melden."
        )
        raise ContractError("notiz_unzulaessig", text, {"plugin": plugin})
