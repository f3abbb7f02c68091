"""What the schedule of a process cannot know by itself: that its clock was set back, and that the database is away.

APScheduler counts by the clock of the machine. Set back by an hour, it would do nothing for an hour: no poll, no
heartbeat, and the other nodes would take this one for dead. While the database is away every job of the schedule fails
every few seconds; that is one fact, worth one line now and then and not a traceback each time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import structlog
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger

from fachwerk.datenbank import STOERUNGEN, stoerungsgrund

log = structlog.get_logger("fachwerk.uhrwerk")

BLICK_S = 1.0
"""Seconds between two looks at the clock."""

RUECK_S = 1.0
"""A clock set back by more than this is followed; less is the ordinary business of NTP."""

ERINNERUNG_S = 600.0
"""While the database is away, one line in so many seconds."""


class Uhrenwache:
    """Follows the clock of the machine when it is set back. Forward the schedule follows by itself."""

    def __init__(
        self,
        plan: BaseScheduler,
        uhr: Callable[[], float] = time.time,
        stoppuhr: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan, self._uhr, self._stoppuhr = plan, uhr, stoppuhr
        self._versatz = uhr() - stoppuhr()
        self._ende = threading.Event()
        self._faden = threading.Thread(target=self._wache, name="uhrenwache", daemon=True)

    def starte(self) -> None:
        """Begin to look."""
        self._faden.start()

    def stoppe(self) -> None:
        """Look no more."""
        self._ende.set()
        if self._faden.is_alive():
            self._faden.join()

    def _wache(self) -> None:
        while not self._ende.wait(BLICK_S):
            self.sieh_nach()

    def sieh_nach(self) -> float:
        """By how many seconds the clock was set since the last look; the jobs of the schedule go back with it."""
        versatz = self._uhr() - self._stoppuhr()
        sprung, self._versatz = versatz - self._versatz, versatz
        if sprung < -RUECK_S:
            log.warning("uhr_zurueckgestellt", sekunden=round(-sprung, 1))
            self._ruecke_alle(timedelta(seconds=sprung))
        return sprung

    def _ruecke_alle(self, um: timedelta) -> None:
        for auftrag in self._plan.get_jobs():
            if isinstance(auftrag.trigger, CronTrigger):  # its times are those of the clock, whatever it says
                auftrag.reschedule(auftrag.trigger)
            elif auftrag.next_run_time is not None:
                auftrag.modify(next_run_time=auftrag.next_run_time + um)


class Stoerungsbuch:
    """One line when the database goes, one now and then while it is away, one when it is back."""

    def __init__(self, stoppuhr: Callable[[], float] = time.monotonic) -> None:
        self._stoppuhr = stoppuhr
        self._schloss = threading.Lock()
        self._seit: float | None = None
        self._gesagt = 0.0

    def still(self, aufgabe: Callable[..., Any]) -> Callable[..., None]:
        """``aufgabe``, which leaves no more than these lines while the database is away. Other errors pass."""

        @wraps(aufgabe)
        def in_ruhe(*argumente: Any) -> None:
            try:
                aufgabe(*argumente)
            except STOERUNGEN as fehler:
                self._ist_weg(fehler)
            else:
                self._ist_da()

        return in_ruhe

    def _ist_weg(self, fehler: Exception) -> None:
        with self._schloss:
            jetzt = self._stoppuhr()
            self._seit = jetzt if self._seit is None else self._seit
            if self._seit != jetzt and jetzt - self._gesagt < ERINNERUNG_S:
                return
            self._gesagt = jetzt
            seit_s, klasse = round(jetzt - self._seit), type(fehler).__name__
            log.error("datenbank_weg", seit_s=seit_s, klasse=klasse, grund=stoerungsgrund(fehler))

    def _ist_da(self) -> None:
        with self._schloss:
            if self._seit is not None:
                log.warning("datenbank_wieder_da", nach_s=round(self._stoppuhr() - self._seit))
            self._seit = None
