"""The delivery of a case as such: its key, its row, who works on it, whose turn it is, and the state that follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm
from fachwerk.errors import FachwerkError, NeedsHumanError
from fachwerk.modell import GehaltenFuer, Vorgangstand, utc
from fachwerk.tabellen import zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb


_LAUFENDE: set[tuple[str, str]] = set()
_SCHLOSS = Lock()


def schluessel(vorgang_id: str, ziel: str, fassung: int) -> str:
    """The delivery key: the same on every attempt, new with every Fassung."""
    return f"{vorgang_id}:{ziel}:{fassung}"


def diese(vorgang_id: str, ziel: str, fassung: int) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition that names the row of a delivery."""
    z = zustellung.c
    return z.vorgang_id == vorgang_id, z.ziel == ziel, z.fassung == fassung


@contextmanager
def allein(prozess: str, schluessel: str) -> Iterator[bool]:
    """True for one thread of this process at a time; another process sees the intent and its heartbeat."""
    with _SCHLOSS:
        frei = (prozess, schluessel) not in _LAUFENDE
        if frei:
            _LAUFENDE.add((prozess, schluessel))
    try:
        yield frei
    finally:
        if frei:
            _LAUFENDE.discard((prozess, schluessel))


def fuer_wen(fehler: FachwerkError) -> GehaltenFuer:
    """Who has to act; a broken route is never the Sachbearbeitung's."""
    if not isinstance(fehler, NeedsHumanError):
        return GehaltenFuer.TECHNIK
    return GehaltenFuer.BETRIEB if fehler.routenfehler else fehler.fuer


def setze_stand(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str, fassung: int) -> None:
    """The state of a case follows from its deliveries: held, waiting, running, or done when all arrived."""
    zeilen = list(
        verbindung.execute(
            sa.select(zustellung).where(zustellung.c.vorgang_id == vorgang_id, zustellung.c.fassung == fassung)
        )
    )
    werte: dict[str, Any] = {"grund": "", "hinweis": "", "wartet_bis": None, "gehalten_fuer": ""}
    staende = {zeile.status for zeile in zeilen}
    if gehaltene := [zeile for zeile in zeilen if zeile.status == "gehalten"]:
        erste = gehaltene[0]
        werte |= {"grund": erste.code, "hinweis": erste.hinweis, "gehalten_fuer": erste.gehalten_fuer}
        werte["status"] = Vorgangstand.HELD.value
        alarm.melde_dringend(verbindung, vorgang_id, erste.code, erste.hinweis)
    elif staende & {"offen", "absicht"}:
        werte["status"] = Vorgangstand.RUNNING.value
    elif wartende := [zeile for zeile in zeilen if zeile.status == "wartet"]:
        naechste = min(wartende, key=lambda zeile: utc(zeile.naechster))
        werte |= {"grund": naechste.code, "hinweis": naechste.hinweis, "wartet_bis": naechste.naechster}
        werte["status"] = Vorgangstand.WAITING.value
    else:
        werte["status"] = Vorgangstand.DONE.value
    betrieb.store.aendere(verbindung, vorgang_id, **werte)
