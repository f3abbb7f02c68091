"""What an exchange may cost at most: bytes and time. Light to import, because the settings need it at every start."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Groessen:
    """Limits in bytes: an ordinary envelope, one with content inside, a whole answer."""

    umschlag: int = 10 * MIB
    inline: int = 64 * MIB
    antwort: int = 4096 * MIB


@dataclass(frozen=True)
class Zeiten:
    """What one exchange may cost in waiting for the network, beyond the time limits of each single operation.

    A body that took longer than ``anlauf_s`` seconds must have come with ``mindestens`` bytes per second since: a
    server that drips a byte before every time limit is no server. Time spent on this side does not count.
    """

    anlauf_s: float = 120.0
    mindestens: int = 1024
    uhr: Callable[[], float] = time.monotonic
