"""How often the queues are looked at: those with work often, the others seldom, all seldom while nothing is due.

Each look costs the engine a few milliseconds, work or not. With forty Ziele looked at ten times a second a process does
nothing else; so only those that something is to be handed over to are looked at so often.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fachwerk.betrieb import zielschlange
from fachwerk.tabellen import zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

GILT_S = 60.0
"""So long a process trusts that the queues rest as it has told them to; to ask each of them would cost more."""

NACHLAUF_S = 15.0
"""So long after its last work a queue is looked at often."""

_BLICK_S = 0.5
"""At most so often a process looks which Ziele have got work meanwhile."""

_LINIE = frozenset({"linie"})
_RUNDE = frozenset({"linie", "abruf"})
"""In a single round; a service polls by the clock, and a look at the resting queue of the polls comes soon enough."""

_Z = zustellung.c
_BESCHAEFTIGTE = sa.union(
    sa.select(_Z.ziel).where(_Z.status.in_(["offen", "absicht"])),
    sa.select(_Z.ziel).where(_Z.status == "wartet", _Z.naechster <= sa.bindparam("jetzt", type_=_Z.naechster.type)),
)


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
        self._schnelle: frozenset[str] | None = None
        self._gilt_bis = 0.0
        self._naechster_blick = 0.0

    @property
    def ruht(self) -> bool:
        """Whether this process lets all queues rest."""
        return self._schnelle == frozenset()

    def beginne(self) -> None:
        """At a start: what a predecessor left may be anywhere."""
        with self._schloss:
            self._schnelle = None
            self._betrieb.auftraege.setze_takt()

    def stelle(self) -> None:
        """Set the pace of every queue, now and then."""
        with self._schloss:
            jetzt = time.monotonic()
            immer = _LINIE if self.darf_ruhen else _RUNDE
            if self._ist_faellig():
                self._zuletzt |= dict.fromkeys(immer | self._beschaeftigte(), jetzt)
            else:
                self._zuletzt = {} if self.darf_ruhen else dict.fromkeys(immer, jetzt)
            self._setze(frozenset(name for name, wann in self._zuletzt.items() if jetzt - wann < NACHLAUF_S), jetzt)

    def nach_linie(self) -> None:
        """A case was rendered: its Ziele need not wait for the next look of the watch."""
        jetzt = time.monotonic()
        if self._schnelle is None or jetzt < self._naechster_blick or not self._schloss.acquire(blocking=False):
            return
        try:
            self._naechster_blick = jetzt + _BLICK_S
            if neue := self._beschaeftigte() - self._schnelle:
                self._zuletzt |= dict.fromkeys(neue, jetzt)
                self._setze(self._schnelle | neue, jetzt)
        finally:
            self._schloss.release()

    def _setze(self, schnelle: frozenset[str], jetzt: float) -> None:
        if schnelle != self._schnelle or jetzt >= self._gilt_bis:
            self._schnelle, self._gilt_bis = schnelle, jetzt + GILT_S
            self._betrieb.auftraege.setze_takt(schnelle)

    def _beschaeftigte(self) -> frozenset[str]:
        """The queues of the Ziele that something is to be handed over to."""
        with self._betrieb.store.lesend() as verbindung:
            ziele = verbindung.execute(_BESCHAEFTIGTE, {"jetzt": datetime.now(UTC)}).scalars()
            return frozenset(map(zielschlange, ziele))
