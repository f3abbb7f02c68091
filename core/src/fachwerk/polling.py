"""APScheduler drives the clockwork: the polls of every Kanal, the watch, the sweeping.

With several nodes exactly one polls a Kanal per tick: the engine job of a tick is named after Kanal and tick, and a
poll that still runs makes the next tick a no-op. Jitter only delays the start, never moves the tick.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from fachwerk.aufbewahrung import loesche_faellige
from fachwerk.datenbank import datenbankzeit

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.settings import KanalEinstellungen

log = structlog.get_logger("fachwerk.polling")

WACHTAKT_S = 3
FEGETAKT_S = 3600
AUFTRAEGE_BEHALTEN = timedelta(days=7)
"""Finished jobs stay in the engine's tables for so long, for people who look; the journal stays in ours."""

STREUUNG = 0.1
"""The start of a poll is delayed by up to this part of the interval, at most 30 s."""


def takt_kennung(kanal: str, jetzt: datetime, takt_s: float) -> str:
    """Engine id of a tick: the Kanal and the number of the interval that ``jetzt`` lies in."""
    return f"abruf:{kanal}:{int(jetzt.timestamp() // takt_s)}"


class Polling:
    """The schedule of this process."""

    def __init__(self, betrieb: Betrieb) -> None:
        self._betrieb = betrieb
        self._uhr = BackgroundScheduler(timezone="Europe/Berlin", job_defaults={"coalesce": True, "max_instances": 1})

    def starte(self, wache: Callable[[], None], *, takte: bool) -> None:
        """Start the watch and, with ``takte``, the polls (the first at once)."""
        self._uhr.add_job(wache, IntervalTrigger(seconds=WACHTAKT_S), id="wache")
        if takte:
            self._uhr.add_job(self._raeume_auf, IntervalTrigger(seconds=FEGETAKT_S), id="aufraeumen")
            for name, angaben in self._betrieb.einstellungen.kanal.items():
                self._plane(name, angaben)
        self._uhr.start()

    def _raeume_auf(self) -> None:
        """Shred content whose time is over, sweep what nobody claimed, erase the engine rows of finished jobs."""
        loesche_faellige(self._betrieb, self._jetzt())
        self._betrieb.store.inhalt.fege()
        self._betrieb.auftraege.raeume_auf(self._jetzt() - AUFTRAEGE_BEHALTEN)

    def _plane(self, kanal: str, angaben: KanalEinstellungen) -> None:
        if angaben.cron:
            self._uhr.add_job(self._nach_cron, CronTrigger.from_crontab(angaben.cron), [kanal], id=f"kanal:{kanal}")
            return
        sekunden = angaben.takt_s
        ausloeser = IntervalTrigger(seconds=sekunden)
        sofort = datetime.now().astimezone() + timedelta(milliseconds=100)
        self._uhr.add_job(self._nach_takt, ausloeser, [kanal, sekunden], id=f"kanal:{kanal}", next_run_time=sofort)

    def _nach_takt(self, kanal: str, takt_s: float) -> None:
        self._reihe_ein(kanal, takt_kennung(kanal, self._jetzt(), takt_s), min(takt_s * STREUUNG, 30))

    def _nach_cron(self, kanal: str) -> None:
        minute = self._jetzt().replace(second=0, microsecond=0)
        self._reihe_ein(kanal, f"abruf:{kanal}:{minute.isoformat()}", 5)

    def _jetzt(self) -> datetime:
        with self._betrieb.store.lesend() as verbindung:
            return datenbankzeit(verbindung)

    def _reihe_ein(self, kanal: str, kennung: str, streuung: float) -> None:
        verzoegerung = random.uniform(0, streuung)  # noqa: S311  spreads load, no secret
        neu = self._betrieb.auftraege.reihe_einmal_ein(
            "rufe_ab", "abruf", kennung, kanal, kanal, verzoegerung=verzoegerung
        )
        log.debug("takt", kanal=kanal, neu=neu)

    def stoppe(self) -> None:
        """No further ticks; a job of the schedule that runs right now ends first."""
        self._uhr.shutdown(wait=True)
