"""The word to end that an operator, the system or a parent gives a process: SIGTERM, SIGINT, on Windows SIGBREAK.

Python runs a handler between any two steps of the main thread, so also while that thread holds the lock of what it
waits for. A ``threading.Event`` asks for the same lock in ``set`` and stands still for good; ``put`` of a
``queue.SimpleQueue`` may be called from a handler (Python's library reference, "SimpleQueue objects").
"""

from __future__ import annotations

import signal
from queue import Empty, SimpleQueue

_BLICK_S = 1.0
"""Windows hears no Strg-C in a wait without end."""


class Haltesignal:
    """Whether this process is to end; once said it stays so."""

    def __init__(self) -> None:
        self._worte: SimpleQueue[None] = SimpleQueue()
        self._gesagt = False

    @classmethod
    def horche(cls) -> Haltesignal:
        """From now on the signals are heard here; only the main thread can ask for that."""
        ende = cls()
        for zeichen in {signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGBREAK", signal.SIGINT)}:
            signal.signal(zeichen, ende.gib)
        return ende

    def gib(self, *_: object) -> None:
        """Say it; also as a handler, at any moment."""
        self._worte.put(None)

    def warte_darauf(self) -> None:
        """Until it is said."""
        while not self.warte(_BLICK_S):
            pass

    def warte(self, sekunden: float) -> bool:
        """Whether it is said, at the latest after ``sekunden``."""
        if not self._gesagt:
            try:
                self._worte.get(timeout=sekunden)
            except Empty:
                return False
            self._gesagt = True
        return True
