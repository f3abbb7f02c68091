"""Pause a Kanal or a Ziel on purpose, and let it go on: an override in the database that every node keeps.

A paused Kanal is not polled: what is in the mailbox stays there. A paused Ziel gets nothing and is asked nothing; its
cases wait visibly and go on at once when it does. Nothing ends a pause by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk.datenbank import fuege_neu_ein
from fachwerk.errors import FachwerkError
from fachwerk.modell import utc
from fachwerk.store import BETRIEB, Store
from fachwerk.tabellen import pause as tabelle
from fachwerk.tabellen import vorgang, zustellung
from fachwerk.zustellstand import setze_stand

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

CODE = "ziel_pausiert"
HINWEIS = (
    "Dieses Ziel ist angehalten; warum, sagt „fachwerk check“. Es geht weiter, wenn jemand es mit „fachwerk ziel "
    "resume“ fortsetzt."
)
NACH_WIEDERHERSTELLUNG = "fachwerk restore"
"""Begins ``wer`` of the pauses a restore makes; behind it the person."""
NACHSEHEN = timedelta(hours=1)
"""A waiting delivery looks again after so long, although the end of the pause wakes it."""

_AUF_EINMAL = 100
_PAUSE = sa.select(tabelle.c.gegenstand).where(tabelle.c.gegenstand == sa.bindparam("gesucht"))


class PauseError(FachwerkError):
    """There is no such Kanal or Ziel, or it is in that state already."""


@dataclass(frozen=True)
class Pause:
    """What is paused, since when, by whom."""

    gegenstand: str
    seit: datetime
    wer: str

    @property
    def warum(self) -> str:
        """For people: what has happened and what to do."""
        if not self.wer.startswith(NACH_WIEDERHERSTELLUNG):
            return f"von Hand angehalten, durch {self.wer}. Fortsetzen: resume."
        return (
            f"angehalten, weil die Datenbank aus einer Sicherung wiederhergestellt wurde ({self.wer}). Was danach "
            "übergeben wurde, weiß sie nicht: Beim Fortsetzen wird jedes Ziel gefragt, oder der Vorgang gehalten. "
            "Bitte zuerst prüfen, ob das Ziel erreichbar und vollständig ist, dann fortsetzen: resume."
        )


def halte_an(betrieb: Betrieb, gegenstand: str, wer: str, grund: str) -> None:
    """Pause ``kanal:NAME`` or ``ziel:NAME``; what is under way ends as it would."""
    _pruefe(betrieb, gegenstand)
    store = betrieb.store
    with store.transaktion("pausiert") as verbindung:
        if not fuege_neu_ein(verbindung, tabelle, gegenstand=gegenstand, seit=datetime.now(UTC), wer=wer):
            raise PauseError("schon_pausiert", f"{_titel(gegenstand)} ist schon angehalten.")
        store.vermerke(verbindung, BETRIEB, wer, "pausiert", gegenstand, grund or None)


def setze_fort(betrieb: Betrieb, gegenstand: str, wer: str, grund: str = "") -> int:
    """End the pause; returns how many deliveries it wakes."""
    _pruefe(betrieb, gegenstand, auch_verschwundene=True)
    store = betrieb.store
    with store.transaktion("fortgesetzt") as verbindung:
        if not verbindung.execute(tabelle.delete().where(tabelle.c.gegenstand == gegenstand)).rowcount:
            raise PauseError("nicht_pausiert", f"{_titel(gegenstand)} ist nicht angehalten.")
        store.vermerke(verbindung, BETRIEB, wer, "fortgesetzt", gegenstand, grund or None)
    art, _, name = gegenstand.partition(":")
    return wecke(betrieb, name) if art == "ziel" else 0


def wecke(betrieb: Betrieb, ziel: str) -> int:
    """New jobs for the deliveries that waited for the end of the pause, some per commit; safe to repeat."""
    z = zustellung.c
    wartet = z.ziel == ziel, z.status == "wartet", z.code == CODE
    anzahl = 0
    while True:
        with betrieb.store.lesend() as verbindung:
            zeilen = list(verbindung.execute(sa.select(zustellung).where(*wartet).limit(_AUF_EINMAL)))
        for zeile in zeilen:
            anzahl += _wecke_eine(betrieb, zeile)
        if len(zeilen) < _AUF_EINMAL:
            return anzahl


def ist_pausiert(store: Store, gegenstand: str) -> bool:
    """Whether ``kanal:NAME`` or ``ziel:NAME`` is paused."""
    with store.lesend() as verbindung:
        return verbindung.execute(_PAUSE, {"gesucht": gegenstand}).first() is not None


def haelt(verbindung: sa.Connection, gegenstand: str) -> bool:
    """The same inside a transaction: an end of the pause waits for it, so that none is missed."""
    frage = sa.select(tabelle.c.gegenstand).where(tabelle.c.gegenstand == gegenstand)
    return verbindung.execute(frage.with_for_update(read=True)).first() is not None


def alle(datenbank: sa.Engine) -> list[Pause]:
    """The pauses of now, by subject."""
    with datenbank.connect() as verbindung:
        zeilen = verbindung.execute(sa.select(tabelle).order_by(tabelle.c.gegenstand))
        return [Pause(zeile.gegenstand, utc(zeile.seit), zeile.wer) for zeile in zeilen]


def _wecke_eine(betrieb: Betrieb, zeile: Any) -> bool:
    """Unless it went on meanwhile."""
    z, store = zustellung.c, betrieb.store
    with store.transaktion("geweckt") as verbindung:
        store.sperre(verbindung, zeile.vorgang_id)
        hier = z.vorgang_id == zeile.vorgang_id, z.ziel == zeile.ziel, z.fassung == zeile.fassung
        noch = verbindung.execute(
            sa.select(zustellung).where(*hier, z.status == "wartet", z.code == CODE)
        ).one_or_none()
        if noch is None:
            return False
        jetzt = datetime.now(UTC)
        verbindung.execute(zustellung.update().where(*hier).values(naechster=jetzt, code="", hinweis=""))
        marke = f"f{int(jetzt.timestamp())}"
        betrieb.reihe_zustellung_ein(
            verbindung, zeile.vorgang_id, zeile.ziel, zeile.fassung, noch.versuch + 1, marke=marke
        )
        fassung = verbindung.execute(sa.select(vorgang.c.fassung).where(vorgang.c.id == zeile.vorgang_id)).scalar_one()
        if fassung == zeile.fassung:
            setze_stand(betrieb, verbindung, zeile.vorgang_id, zeile.fassung)
    return True


def _pruefe(betrieb: Betrieb, gegenstand: str, *, auch_verschwundene: bool = False) -> None:
    art, _, name = gegenstand.partition(":")
    bekannt = name in betrieb.kanaele if art == "kanal" else name in betrieb.ziele
    if not bekannt and not (auch_verschwundene and ist_pausiert(betrieb.store, gegenstand)):
        code = "kanal_unbekannt" if art == "kanal" else "ziel_unbekannt"
        raise PauseError(code, f"{_titel(gegenstand)} steht nicht in fachwerk.toml.")


def _titel(gegenstand: str) -> str:
    art, _, name = gegenstand.partition(":")
    return f"Der Kanal „{name}“" if art == "kanal" else f"Das Ziel „{name}“"
