"""A brake on requests: so many at once, then so many a minute, per key (an address, or an address at the login)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

_MERKT = 10_000
"""So many keys are remembered; the longest unused are forgotten first."""


class Drossel:
    """A bucket per key that holds ``vorrat`` requests and is refilled with ``je_minute``."""

    def __init__(self, vorrat: int, je_minute: float, uhr: Callable[[], float] = time.monotonic) -> None:
        self._vorrat = vorrat
        self._je_sekunde = je_minute / 60
        self._uhr = uhr
        self._eimer: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._schloss = Lock()

    def laesst_durch(self, schluessel: str) -> bool:
        """Take one from the bucket of ``schluessel``; False if it is empty."""
        jetzt = self._uhr()
        with self._schloss:
            rest, seit = self._eimer.pop(schluessel, (float(self._vorrat), jetzt))
            rest = min(self._vorrat, rest + (jetzt - seit) * self._je_sekunde)
            frei = rest >= 1
            self._eimer[schluessel] = (rest - 1 if frei else rest, jetzt)
            if len(self._eimer) > _MERKT:
                self._eimer.popitem(last=False)
        return frei
