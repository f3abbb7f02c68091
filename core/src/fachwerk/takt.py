"""How often the queues are looked at: where work piles up often, where there is some less, the others seldom.

Each look costs the engine a few milliseconds, work or not, and every node looks at every queue. With forty Ziele looked
at ten times a second a process does nothing else; with nine, three nodes spent about a third of two cores so.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fachwerk.betrieb import zielschlange
from fachwerk.engine import ARBEITSTAKT
from fachwerk.tabellen import zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

GILT_S = 60.0
"""So long a process trusts that the queues rest as it has told them to; to ask each of them would cost more."""

NACHLAUF_S = 15.0
"""So long after its last work a queue is looked at often."""

STAU = 3
"""From so many deliveries on they pile up at a Ziel."""

LAENGSTER_TAKT_S = 0.5
"""Where there is work, it is looked for at least so often."""

_BLICK_S = 0.5
"""At most so often a process looks which Ziele have got work meanwhile."""

_BLICKE_JE_S = 10
"""So many looks a second at Ziele with a little work, and twice as many where it piles up."""

_LINIE = frozenset({"linie"})
_RUNDE = frozenset({"linie", "abruf"})
"""In a single round; a service polls by the clock, and a look at the resting queue of the polls comes soon enough."""

_Z = zustellung.c
_ANZAHL = sa.func.count()
_BESCHAEFTIGTE = sa.union_all(
    sa.select(_Z.ziel, _ANZAHL).where(_Z.status.in_(["offen", "absicht"])).group_by(_Z.ziel),
    sa.select(_Z.ziel, _ANZAHL)
    .where(_Z.status == "wartet", _Z.naechster <= sa.bindparam("jetzt", type_=_Z.naechster.type))
    .group_by(_Z.ziel),
)


def verteile(schnelle: Collection[str], gestaute: Collection[str]) -> dict[str, float]:
    """Seconds between two looks at each queue of ``schnelle``; ``gestaute`` are those of them where work piles up."""
    ziele = frozenset(schnelle) - _RUNDE
    eilige = ziele & frozenset(gestaute)
    takte = dict.fromkeys(schnelle, ARBEITSTAKT)
    takte |= dict.fromkeys(ziele, min(_gerundet(len(ziele) / _BLICKE_JE_S), LAENGSTER_TAKT_S))
    return takte | dict.fromkeys(eilige, min(_gerundet(len(eilige) / (2 * _BLICKE_JE_S)), LAENGSTER_TAKT_S))


def _gerundet(sekunden: float) -> float:
    """Up to whole tenths: a little more or less work changes nothing."""
    return round(max(math.ceil(sekunden / ARBEITSTAKT), 1) * ARBEITSTAKT, 3)


class Takt:
    """The pace of one process; the queues themselves are shared by all nodes, which decide by the same tables."""

    def __init__(self, betrieb: Betrieb, ist_faellig: Callable[[], bool]) -> None:
        """``ist_faellig``: whether anything could go on right now."""
        self._betrieb = betrieb
        self._ist_faellig = ist_faellig
        self.darf_ruhen = False
        """Whether this process may find nothing to do for long; in a single round what comes next comes soon."""
        self._schloss = threading.Lock()
        self._zuletzt: dict[str, float] = {}
        self._gestaut: dict[str, float] = {}
        self._takte: Mapping[str, float] | None = None
        self._gilt_bis = 0.0
        self._naechster_blick = 0.0

    @property
    def ruht(self) -> bool:
        """Whether this process lets all queues rest."""
        return self._takte == {}

    def beginne(self) -> None:
        """At a start: what a predecessor left may be anywhere."""
        with self._schloss:
            self._takte = None
            self._betrieb.auftraege.setze_takt()

    def stelle(self) -> None:
        """Set the pace of every queue, now and then."""
        with self._schloss:
            jetzt = time.monotonic()
            immer = _LINIE if self.darf_ruhen else _RUNDE
            if self._ist_faellig():
                self._merke(jetzt, immer)
            else:
                self._zuletzt = {} if self.darf_ruhen else dict.fromkeys(immer, jetzt)
            self._setze(jetzt)

    def nach_linie(self) -> None:
        """A case was rendered: its Ziele need not wait for the next look of the watch."""
        jetzt = time.monotonic()
        if self._takte is None or jetzt < self._naechster_blick or not self._schloss.acquire(blocking=False):
            return
        try:
            self._naechster_blick = jetzt + _BLICK_S
            self._merke(jetzt)
            self._setze(jetzt)
        finally:
            self._schloss.release()

    def _merke(self, jetzt: float, immer: Collection[str] = ()) -> None:
        """Which Ziele have something handed over to them, and where it piles up."""
        with self._betrieb.store.lesend() as verbindung:
            wo = [(zielschlange(z), n) for z, n in verbindung.execute(_BESCHAEFTIGTE, {"jetzt": datetime.now(UTC)})]
        self._zuletzt |= dict.fromkeys((*immer, *(name for name, _ in wo)), jetzt)
        self._gestaut |= {name: jetzt for name, anzahl in wo if anzahl >= STAU}

    def _setze(self, jetzt: float) -> None:
        takte = verteile(_seit_kurzem(self._zuletzt, jetzt), _seit_kurzem(self._gestaut, jetzt))
        if takte != self._takte or jetzt >= self._gilt_bis:
            self._takte, self._gilt_bis = takte, jetzt + GILT_S
            self._betrieb.auftraege.setze_takt(takte)


def _seit_kurzem(wann: Mapping[str, float], jetzt: float) -> frozenset[str]:
    return frozenset(name for name, zeit in wann.items() if jetzt - zeit < NACHLAUF_S)
