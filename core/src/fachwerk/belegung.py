"""How many deliveries at a time a Ziel bears, over all nodes together, by the intents in our own table.

Each node begins as many jobs as the Ziel bears; the intents of all are counted when one is announced, one node after
the other. Who finds the Ziel taken waits a moment with its job in hand, which keeps the engine from giving it more of
them, and then lets go of it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk.datenbank import datenbankzeit
from fachwerk.modell import utc
from fachwerk.tabellen import knoten, zustellung
from fachwerk.vertraeglichkeit import KNOTEN_TOT_NACH

if TYPE_CHECKING:
    from fachwerk.store import Store

GEDULD_S = 2.0
"""Seconds that a job waits for its turn; a service that is told to stop waits for it."""

WIEDER_NACH_S = 1.0
"""Seconds, at most, until a job comes back that has waited in vain."""

_BLICK_S = 0.2

_Z = zustellung.c
_SCHLAG = sa.select(knoten.c.herzschlag).where(knoten.c.prozess == sa.bindparam("von"))
_ALLEIN = sa.text("SELECT pg_advisory_xact_lock(722011924, hashtext(:am_ziel))")
_ANDERE = (
    sa.select(sa.func.count())
    .select_from(zustellung)
    .where(
        _Z.ziel == sa.bindparam("am_ziel"),
        _Z.status == "absicht",
        sa.or_(_Z.vorgang_id != sa.bindparam("im_fall"), _Z.fassung != sa.bindparam("in_fassung")),
    )
)
_ANDERE_LEBENDE = _ANDERE.join(knoten, knoten.c.prozess == _Z.absicht_von).where(
    knoten.c.herzschlag > sa.bindparam("lebt_seit", type_=knoten.c.herzschlag.type)
)


def lebt(verbindung: sa.Connection, prozess: str) -> bool:
    """Whether the process that announced a delivery was heard of just now."""
    schlag = verbindung.execute(_SCHLAG, {"von": prozess}).scalar_one_or_none()
    return schlag is not None and datenbankzeit(verbindung) - utc(schlag) < KNOTEN_TOT_NACH


def andere_lebende(verbindung: sa.Connection, prozess: str) -> sa.Select[tuple[str]]:
    """The processes that were heard of just now, without ``prozess``."""
    seit = datenbankzeit(verbindung) - KNOTEN_TOT_NACH
    return sa.select(knoten.c.prozess).where(knoten.c.prozess != prozess, knoten.c.herzschlag > seit)


def ist_frei(verbindung: sa.Connection, hier: Mapping[str, Any], gleichzeitig: int, *, angekuendigt: bool) -> bool:
    """Whether the delivery :func:`fachwerk.zustellstand.hier` may be announced in this transaction, which ends soon.

    A new one comes after those of dead nodes, too, at which the Ziel may still be busy. One that was ``angekuendigt``
    before is to be cleared up, and only living nodes keep it waiting. On SQLite writers take turns anyway.
    """
    if verbindung.dialect.name == "postgresql":
        verbindung.execute(_ALLEIN, {"am_ziel": hier["am_ziel"]})
    return _zaehle_andere(verbindung, hier, angekuendigt) < gleichzeitig


def warte(store: Store, hier: Mapping[str, Any], gleichzeitig: int, bis: float, *, angekuendigt: bool) -> None:
    """Until it looks as if the delivery had its turn, or the monotonic clock says ``bis``."""
    while time.monotonic() < bis:
        time.sleep(_BLICK_S * random.uniform(0.5, 1.0))  # noqa: S311  no secret
        with store.lesend() as verbindung:
            if _zaehle_andere(verbindung, hier, angekuendigt) < gleichzeitig:
                return


def wieder_ab() -> tuple[datetime, str]:
    """When to come back, and a sign for the job; by chance, so that two do not meet again and again."""
    bis = datetime.now(UTC) + timedelta(seconds=WIEDER_NACH_S * random.uniform(0.2, 1.0))  # noqa: S311  no secret
    return bis, f"b{int(bis.timestamp() * 1000)}"


def _zaehle_andere(verbindung: sa.Connection, hier: Mapping[str, Any], angekuendigt: bool) -> int:
    if not angekuendigt:
        return int(verbindung.execute(_ANDERE, hier).scalar_one())
    angaben = {**hier, "lebt_seit": datenbankzeit(verbindung) - KNOTEN_TOT_NACH}
    return int(verbindung.execute(_ANDERE_LEBENDE, angaben).scalar_one())
