"""How many deliveries at a time a Ziel bears, over all nodes together, by the intents in our own table.

Each node begins as many jobs as the Ziel bears; the intents of all are counted when one is announced, one node after
the other. Who finds the Ziel taken waits with its job in hand, which keeps the engine from giving it more of them, and
after a while lets go of it.
"""

from __future__ import annotations

import random
import time
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

_BLICK_S = 0.4
"""At most so long between two looks whether it is its turn."""

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


def warte(betrieb: Betrieb, versuche: Callable[[], None]) -> bool:
    """``versuche`` until there was room for it; False: it took too long, or the process stops."""
    bis = time.monotonic() + GEDULD_S
    while True:
        try:
            versuche()
            return True
        except Belegt as belegt:
            if not _wird_frei(betrieb, belegt.bitte, bis):
                return False


def _wird_frei(betrieb: Betrieb, bitte: Bitte, bis: float) -> bool:
    """Wait until it looks as if there was room; False: not before ``bis``, by the monotonic clock, or the end."""
    while time.monotonic() < bis:
        if betrieb.hoert_auf.wait(_BLICK_S * random.uniform(0.5, 1.0)):  # noqa: S311  no secret
            return False
        with betrieb.store.lesend() as verbindung:
            if bitte.ist_frei(verbindung):
                return True
    return False


def wieder_ab() -> tuple[float, str]:
    """In how many seconds to come back, and a sign for the job; by chance, so that two do not meet again and again."""
    return WIEDER_NACH_S * random.uniform(0.2, 1.0), f"b{time.time_ns() // 1_000_000}"  # noqa: S311  no secret
