"""How many deliveries at a time a Ziel bears holds over all nodes together.

The engine counts the running jobs of a queue before it begins more, but two nodes that count in the same moment can
begin different jobs, each of them within the limit. So announced deliveries are counted once more when one is
announced, one node after the other; who finds the Ziel taken comes back a moment later and has done nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fachwerk.datenbank import datenbankzeit
from fachwerk.modell import utc
from fachwerk.tabellen import knoten
from fachwerk.vertraeglichkeit import KNOTEN_TOT_NACH

WIEDER_NACH_S = 1.0
"""Seconds, at most, until a delivery comes back that found its Ziel taken."""

_SCHLAG = sa.select(knoten.c.herzschlag).where(knoten.c.prozess == sa.bindparam("von"))
_SPERRE = sa.text("SELECT pg_advisory_xact_lock(722011924, hashtext(:am_ziel))")
_ANDERE = sa.text(
    "SELECT count(*) FROM zustellung z JOIN knoten k ON k.prozess = z.absicht_von"
    " WHERE z.ziel = :am_ziel AND z.status = 'absicht' AND (z.vorgang_id, z.fassung) <> (:im_fall, :in_fassung)"
    " AND k.herzschlag > clock_timestamp() - make_interval(secs => :tot_nach)"
)


def lebt(verbindung: sa.Connection, prozess: str) -> bool:
    """Whether the process that announced a delivery was heard of just now."""
    schlag = verbindung.execute(_SCHLAG, {"von": prozess}).scalar_one_or_none()
    return schlag is not None and datenbankzeit(verbindung) - utc(schlag) < KNOTEN_TOT_NACH


def ist_frei(verbindung: sa.Connection, hier: Mapping[str, Any], gleichzeitig: int) -> bool:
    """Whether the delivery :func:`fachwerk.zustellstand.hier` may be announced in this transaction, which ends soon.

    Deliveries of dead nodes do not count. On SQLite, where writers take turns, the engine counts without a gap.
    """
    if verbindung.dialect.name != "postgresql":
        return True
    verbindung.execute(_SPERRE, {"am_ziel": hier["am_ziel"]})
    andere = verbindung.execute(_ANDERE, {**hier, "tot_nach": KNOTEN_TOT_NACH.total_seconds()}).scalar_one()
    return bool(andere < gleichzeitig)


def wieder_ab() -> tuple[datetime, str]:
    """When to come back, and a sign for the job; by chance, so that two do not meet again and again."""
    bis = datetime.now(UTC) + timedelta(seconds=WIEDER_NACH_S * random.uniform(0.2, 1.0))  # noqa: S311  no secret
    return bis, f"b{int(bis.timestamp() * 1000)}"
