"""How many deliveries at a time a Ziel bears, over all nodes together, by the intents in our own table.

Each node begins as many jobs as the Ziel bears and a few more; the intents of all nodes are counted when one is
announced, one node after the other. Who finds the Ziel taken waits with its job in hand, which keeps the engine from
giving it more of them, and after a while lets go of it. In one process who is done wakes the next; what other nodes
have done is looked for.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk.datenbank import datenbankzeit
from fachwerk.modell import utc
from fachwerk.tabellen import knoten, zustellung
from fachwerk.vertraeglichkeit import KNOTEN_TOT_NACH

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

GEDULD_S = 30.0
"""Seconds that a job waits for its turn; the next one would cost a share of what the Ziel takes in a minute."""

WIEDER_NACH_S = 1.0
"""Seconds, at most, until a job comes back that has waited in vain."""

VORRAT = 2
"""So many jobs more than a Ziel bears a process holds: the next one need not wait until the engine looks again."""

_BLICK_S = 0.4
"""At most so long between two looks of a process whether a Ziel has room."""

_Z = zustellung.c
_SCHLAG = sa.select(knoten.c.herzschlag).where(knoten.c.prozess == sa.bindparam("von"))
_ALLEIN = sa.text("SELECT pg_advisory_xact_lock(722011924, hashtext(:am_ziel))")
_ANDERE = (
    sa.select(sa.func.count())
    .select_from(zustellung.join(knoten, knoten.c.prozess == _Z.absicht_von))
    .where(
        _Z.ziel == sa.bindparam("am_ziel"),
        _Z.status == "absicht",
        sa.or_(_Z.vorgang_id != sa.bindparam("im_fall"), _Z.fassung != sa.bindparam("in_fassung")),
        knoten.c.herzschlag > sa.bindparam("lebt_seit", type_=knoten.c.herzschlag.type),
    )
)


def lebt(verbindung: sa.Connection, prozess: str) -> bool:
    """Whether the process that announced a delivery was heard of just now."""
    schlag = verbindung.execute(_SCHLAG, {"von": prozess}).scalar_one_or_none()
    return schlag is not None and utc(schlag) > _lebt_seit(verbindung)


def andere_lebende(verbindung: sa.Connection, prozess: str) -> sa.Select[tuple[str]]:
    """The processes that were heard of just now, without ``prozess``."""
    return sa.select(knoten.c.prozess).where(knoten.c.prozess != prozess, knoten.c.herzschlag > _lebt_seit(verbindung))


def _lebt_seit(verbindung: sa.Connection) -> datetime:
    """Who was heard of after this moment, lives."""
    return datenbankzeit(verbindung) - KNOTEN_TOT_NACH


@dataclass(frozen=True)
class Bitte:
    """For a place at the Ziel of the delivery :func:`fachwerk.zustellstand.hier`, which bears so many.

    What dead nodes had announced takes no place: who clears it up needs one as everybody does.
    """

    hier: Mapping[str, Any]
    gleichzeitig: int

    def ist_frei(self, verbindung: sa.Connection) -> bool:
        """Whether there is room, as far as can be seen."""
        angaben = {**self.hier, "lebt_seit": _lebt_seit(verbindung)}
        return bool(verbindung.execute(_ANDERE, angaben).scalar_one() < self.gleichzeitig)


class Wartende:
    """Those of one process who wait for a place, and the end of all waiting when it stops."""

    def __init__(self) -> None:
        self._etwas = threading.Condition()
        self._frei: Counter[str] = Counter()
        self._anzahl: Counter[str] = Counter()
        self.hoert_auf = False

    def hoere_auf(self) -> None:
        """The process stops: nobody waits for his turn any more."""
        with self._etwas:
            self.hoert_auf = True
            self._etwas.notify_all()

    def wecke(self, ziel: str) -> None:
        """There may be room at ``ziel`` for one who waits, or who is just about to."""
        with self._etwas:
            self._frei[ziel] = min(self._frei[ziel] + 1, max(self._anzahl[ziel], 1))
            if self._anzahl[ziel]:
                self._etwas.notify_all()

    def warte(self, ziel: str) -> None:
        """Until it is worth a look. The more wait, the less often each of them looks unless it is woken."""
        with self._etwas:
            self._anzahl[ziel] += 1
            frist = _BLICK_S * self._anzahl[ziel] * random.uniform(0.5, 1.0)  # noqa: S311  no secret
            if self._etwas.wait_for(lambda: self.hoert_auf or self._frei[ziel], frist) and self._frei[ziel]:
                self._frei[ziel] -= 1
            self._anzahl[ziel] -= 1


class Belegt(Exception):
    """There is no room for ``bitte``; nothing was done."""

    def __init__(self, bitte: Bitte) -> None:
        super().__init__()
        self.bitte = bitte


def nimm_platz(verbindung: sa.Connection, bitte: Bitte) -> None:
    """Nobody else gets a place at the Ziel before this transaction ends; :class:`Belegt` if there is none.

    On SQLite writers take turns anyway.
    """
    if verbindung.dialect.name == "postgresql":
        verbindung.execute(_ALLEIN, {"am_ziel": bitte.hier["am_ziel"]})
    if not bitte.ist_frei(verbindung):
        raise Belegt(bitte)


def je_knoten(gleichzeitig: int, je_minute: int) -> int:
    """How many jobs of a Ziel one process holds. Where a begun job counts as one of the minute, none is begun early."""
    return gleichzeitig if je_minute else gleichzeitig + VORRAT


def warte(betrieb: Betrieb, ziel: str, versuche: Callable[[], None]) -> bool:
    """``versuche`` until there was room for it at ``ziel``; False: it took too long, or the process stops."""
    bis = time.monotonic() + GEDULD_S
    while True:
        try:
            versuche()
            betrieb.wartende.wecke(ziel)
            return True
        except Belegt as belegt:
            if not _wird_frei(betrieb, belegt.bitte, bis):
                return False


def _wird_frei(betrieb: Betrieb, bitte: Bitte, bis: float) -> bool:
    """Wait until it looks as if there was room; False: not before ``bis``, by the monotonic clock, or the end."""
    while time.monotonic() < bis:
        betrieb.wartende.warte(bitte.hier["am_ziel"])
        if betrieb.wartende.hoert_auf:
            return False
        with betrieb.store.lesend() as verbindung:
            if bitte.ist_frei(verbindung):
                return True
    return False


def wieder_ab() -> tuple[float, str]:
    """In how many seconds to come back, and a sign for the job; by chance, so that two do not meet again and again."""
    return WIEDER_NACH_S * random.uniform(0.2, 1.0), f"b{time.time_ns() // 1_000_000}"  # noqa: S311  no secret
