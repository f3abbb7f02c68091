"""The delivery of a case as such: its key, its row, who works on it, whose turn it is, and the state that follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm
from fachwerk.errors import FachwerkError, NeedsHumanError
from fachwerk.modell import GehaltenFuer, Vorgangstand, utc
from fachwerk.tabellen import schritt, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

ABGABE = "abgabe"
"""Step of the journal that gives a case away; its ``ziel`` is that of the delivery, with the Fassung behind it."""

ERSETZT = "ersetzt"
"""State of a delivery that will not be made any more, because the case goes another way."""

NACHSENDUNG = "nachsendung"
"""Step of the journal by which a person has a delivery repeated; also its sign in ``zustellung.absicht_von`` as long as
the target is only to be asked, because nothing has been sent since."""

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


def ersetze_offene(verbindung: sa.Connection, vorgang_id: str) -> None:
    """Deliveries of the case that certainly did not arrive are not made any more."""
    offen = zustellung.c.fassung > 0, zustellung.c.status != "zugestellt"
    hier = zustellung.update().where(zustellung.c.vorgang_id == vorgang_id, *offen)
    verbindung.execute(hier.values(status=ERSETZT, naechster=None, code="", hinweis="", gehalten_fuer=""))


def _ist_abgabe(verbindung: sa.Connection, zeilen: Sequence[Any]) -> bool:
    """Whether these deliveries give the case to another body."""
    s = schritt.c
    orte = [f"{zeile.ziel}:{zeile.fassung}" for zeile in zeilen]
    frage = sa.select(s.id).where(s.vorgang_id == zeilen[0].vorgang_id, s.name == ABGABE, s.ziel.in_(orte))
    return verbindung.execute(frage).first() is not None


def setze_stand(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str, fassung: int) -> None:
    """The state of a case follows from its deliveries: held, waiting, running, done or given away when all arrived."""
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
        abgegeben = bool(zeilen) and _ist_abgabe(verbindung, zeilen)
        werte["status"] = (Vorgangstand.FORWARDED if abgegeben else Vorgangstand.DONE).value
    betrieb.store.aendere(verbindung, vorgang_id, **werte)
