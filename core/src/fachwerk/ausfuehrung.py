"""The jobs this process works on: each is kept at until it is done, and none is forgotten.

A job outlives the loss of the database: it waits and begins again, and so does the report of a surprise. When the
process stops meanwhile the job stays what it was, as after a crash, and whoever has the slot next takes it up.

The engine notes when a job ends, and can fail in that, too: then its tables go on saying that this process runs it,
nobody takes it up, and it keeps its place in the queue from others. :meth:`Ausfuehrungen.verlassene` finds such jobs.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import structlog

from fachwerk.datenbank import STOERUNGEN, stoerungsgrund

LAENGSTE_PAUSE_S = 5.0
"""Seconds between two attempts of a job while the database is away."""

Aufgabe = Callable[..., None]

log = structlog.get_logger("fachwerk.engine")


class Angehalten(BaseException):
    """The process stops while a job waits for the database. No error of the job: it is not to be noted as ended."""


class Ausfuehrungen:
    """``kennung`` names the job of the calling thread; ``bei_fehler`` is told of jobs that raised something else."""

    def __init__(self, kennung: Callable[[], str], bei_fehler: Callable[[str, tuple[str, ...], str], None]) -> None:
        self._kennung, self._bei_fehler = kennung, bei_fehler
        self._halt = threading.Event()
        self._schloss = threading.Lock()
        self._laufende: Counter[str] = Counter()
        self._verlassene: frozenset[str] = frozenset()

    def halte_an(self) -> None:
        """Wait for the database no longer."""
        self._halt.set()

    def anzahl(self) -> int:
        """How many jobs are being worked on."""
        with self._schloss:
            return self._laufende.total()

    def verlassene(self, angebliche: Collection[str]) -> frozenset[str]:
        """Those of the jobs ``angebliche`` on which nobody worked, neither now nor at the question before.

        One that was just begun or has just ended can look like this once.
        """
        with self._schloss:
            verlassene = frozenset(angebliche) - set(self._laufende)
            beide, self._verlassene = verlassene & self._verlassene, verlassene
        return beide

    def als_auftrag(self, name: str, aufgabe: Aufgabe) -> Aufgabe:
        """``aufgabe`` as the engine runs it."""

        def auftrag(*argumente: str) -> None:
            with self._gezaehlt(self._kennung()):
                try:
                    self._beharrlich(name, lambda: aufgabe(*argumente))
                except Exception as fehler:
                    klasse = type(fehler).__name__
                    log.error("auftrag_fehlgeschlagen", auftrag=name, kennung=argumente[0], klasse=klasse)
                    self._beharrlich(name, lambda: self._bei_fehler(name, argumente, klasse))

        auftrag.__qualname__ = auftrag.__name__ = name
        return auftrag

    @contextmanager
    def _gezaehlt(self, kennung: str) -> Iterator[None]:
        with self._schloss:
            self._laufende[kennung] += 1
        try:
            yield
        finally:
            with self._schloss:
                self._laufende[kennung] -= 1
                self._laufende += Counter()  # forgets who is at nothing any more

    def _beharrlich(self, name: str, tu: Callable[[], None]) -> None:
        """Do it, as often as the database goes away under it."""
        pause = 0.2
        while True:
            try:
                return tu()
            except STOERUNGEN as fehler:
                if pause < LAENGSTE_PAUSE_S:  # in a long outage the watch says now and then that it lasts
                    log.warning(
                        "datenbank_gestoert", auftrag=name, klasse=type(fehler).__name__, grund=stoerungsgrund(fehler)
                    )
                if self._halt.wait(pause):
                    raise Angehalten from None
                pause = min(pause * 2, LAENGSTE_PAUSE_S)
