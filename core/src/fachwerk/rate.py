"""``je_minute`` of a Ziel, as the engine keeps it: so many in so many seconds, in small helpings.

A whole minute's worth at once would flood a target and then leave it idle; and where deliveries wait for each other,
the time they take would blur the rate the target sees. The engine counts in the time of the database, over all nodes.
"""

from __future__ import annotations

import math

FENSTER_S = 10.0
"""Shortest window: against it, the tenth of a second between two looks of a node is one part in a hundred."""

FENSTER_SQLITE_S = 30.0
"""On SQLite before Python 3.12 the engine knows whole seconds only."""


def begrenzung(je_minute: int, dialekt: str) -> dict[str, float]:
    """``limit`` jobs in ``period`` seconds, exactly ``je_minute`` in the long run; at least a window's length."""
    fenster = FENSTER_SQLITE_S if dialekt == "sqlite" else FENSTER_S
    limit = math.ceil(je_minute * fenster / 60)
    return {"limit": limit, "period": 60.0 * limit / je_minute}
