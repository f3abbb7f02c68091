"""Jobs at the new place for everything that was under way at the old one, under the ids it would have there anyway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import klaerung, rueckfrage
from fachwerk.abruf import auftrag_id
from fachwerk.modell import GehaltenFuer, Vorgangstand, utc
from fachwerk.tabellen import vorgang, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

_AUF_EINMAL = 200


def reihe_alles_ein(betrieb: Betrieb) -> int:
    """Cases that are ready, deliveries that are due or wait, questions, and what is held for an office; how many.

    Safe to repeat: the same id twice is one job.
    """
    return sum(
        _in_gruppen(betrieb, frage, reihe)
        for frage, reihe in (
            (_faelle(), _reihe_fall_ein),
            (_zustellungen(), _reihe_zustellung_ein),
            (_fragen(), rueckfrage.nimm_wieder_auf),
        )
    )


def _in_gruppen(betrieb: Betrieb, frage: sa.Select[Any], reihe: Any) -> int:
    anzahl = 0
    for zeilen in _gruppen(betrieb, frage):
        with betrieb.store.datenbank.begin() as verbindung:
            anzahl += sum(bool(reihe(betrieb, verbindung, zeile)) for zeile in zeilen)
    return anzahl


def _gruppen(betrieb: Betrieb, frage: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    with betrieb.store.lesend() as verbindung:
        zeilen = verbindung.execute(frage).all()
    for von in range(0, len(zeilen), _AUF_EINMAL):
        yield zeilen[von : von + _AUF_EINMAL]


def _faelle() -> sa.Select[Any]:
    v = vorgang.c
    staende = [Vorgangstand.READY.value, Vorgangstand.HELD.value]
    return sa.select(v.id, v.status, v.lauf, v.gehalten_fuer).where(v.status.in_(staende)).order_by(v.angelegt, v.id)


def _reihe_fall_ein(betrieb: Betrieb, verbindung: sa.Connection, zeile: Any) -> bool:
    if zeile.status == Vorgangstand.READY.value:
        betrieb.auftraege.reihe_ein(verbindung, "bearbeite", "linie", auftrag_id(zeile.id, zeile.lauf), zeile.id)
        return True
    if zeile.gehalten_fuer:
        klaerung.kuendige_an(betrieb, verbindung, zeile.id, GehaltenFuer(zeile.gehalten_fuer), "umgezogen")
    return False


def _zustellungen() -> sa.Select[Any]:
    z = zustellung.c
    offen = z.status.in_(["offen", "absicht", "wartet"])
    return sa.select(z.vorgang_id, z.ziel, z.fassung, z.status, z.versuch, z.naechster).where(offen).order_by(z.seit)


def _reihe_zustellung_ein(betrieb: Betrieb, verbindung: sa.Connection, zeile: Any) -> bool:
    """An announced attempt is cleared up under its own number, any other is the next one."""
    versuch = zeile.versuch + (zeile.status != "absicht")
    rest = (utc(zeile.naechster) - datetime.now(UTC)).total_seconds() if zeile.status == "wartet" else 0.0
    betrieb.reihe_zustellung_ein(verbindung, zeile.vorgang_id, zeile.ziel, zeile.fassung, versuch, max(rest, 0.0))
    return True


def _fragen() -> sa.Select[Any]:
    z = zustellung.c
    return sa.select(z.vorgang_id, z.ziel, z.fassung, z.frage, z.frage_faellig).where(z.frage_faellig.is_not(None))
