"""APScheduler drives the clockwork: the polls of every Kanal, the watch, the sweeping.

With several nodes exactly one polls a Kanal per tick: the engine job of a tick is named after Kanal and tick, and a
poll that still runs makes the next tick a no-op. Jitter only delays the start, never moves the tick.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from fachwerk import abgleich, alarmwache
from fachwerk.aufbewahrung import loesche_faellige, loesche_nachweise
from fachwerk.datenbank import datenbankzeit
from fachwerk.entfernung import merke_faellige, raeume
from fachwerk.erwartung import TAKT_S as MAHNTAKT_S
from fachwerk.erwartung import mahne
from fachwerk.kanalprobe import TAKT
from fachwerk.sicherungslauf import TAKT_S as SICHERUNGSTAKT_S
from fachwerk.sicherungslauf import sichere_faellige

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.settings import KanalEinstellungen

log = structlog.get_logger("fachwerk.polling")

ZEITZONE = "Europe/Berlin"
_TAGE = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

WACHTAKT_S = 3
FEGETAKT_S = 3600
ERSTES_FEGEN_S = 60
AUFTRAEGE_BEHALTEN = timedelta(days=7)
"""Finished jobs stay in the engine's tables for so long, for people who look; the journal stays in ours."""

STREUUNG = 0.1
"""The start of a poll is delayed by up to this part of the interval, at most 30 s."""


def takt_kennung(kanal: str, jetzt: datetime, takt_s: float) -> str:
    """Engine id of a tick: the Kanal and the number of the interval that ``jetzt`` lies in."""
    return f"abruf:{kanal}:{int(jetzt.timestamp() // takt_s)}"


def cron_kennung(kanal: str, jetzt: datetime) -> str:
    """Engine id of a cron time: the full minute nearest to ``jetzt``, for the clocks of nodes differ a little."""
    minute = (jetzt + timedelta(seconds=30)).replace(second=0, microsecond=0)
    return f"abruf:{kanal}:{minute.isoformat()}"


def cron_ausloeser(text: str) -> CronTrigger:
    """The times of a crontab line in German time; weekdays as in every crontab (0 and 7: Sunday).

    APScheduler 3 counts from Monday and takes the time zone of the machine.
    """
    *felder, tage = text.split()
    namen = ",".join(_wochentage(teil) for teil in tage.split(","))
    return CronTrigger.from_crontab(" ".join([*felder, namen]), timezone=ZEITZONE)


def _wochentage(teil: str) -> str:
    """``1-5/2`` as ``mon,wed,fri``; what names no number stays as it is."""
    treffer = re.fullmatch(r"(\d)(?:-(\d))?(?:/(\d))?", teil)
    if treffer is None:
        return teil
    von, bis, schritt = int(treffer[1]), int(treffer[2] or treffer[1]), int(treffer[3] or 1)
    return ",".join(_TAGE[tag % 7] for tag in range(von, bis + 1, schritt))


def raeume_auf(betrieb: Betrieb) -> None:
    """Shred content and delete folders whose time is over, sweep what nobody claimed, erase rows of finished jobs."""
    with betrieb.store.lesend() as verbindung:
        jetzt = datenbankzeit(verbindung)
    loesche_faellige(betrieb, jetzt)
    loesche_nachweise(betrieb, jetzt)
    merke_faellige(betrieb, jetzt)
    raeume(betrieb, jetzt)
    betrieb.store.inhalt.fege()
    betrieb.auftraege.raeume_auf(jetzt - AUFTRAEGE_BEHALTEN)


class Polling:
    """The schedule of this process."""

    def __init__(self, betrieb: Betrieb) -> None:
        self._betrieb = betrieb
        self._uhr = BackgroundScheduler(timezone=ZEITZONE, job_defaults={"coalesce": True, "max_instances": 1})

    def starte(self, wache: Callable[[], None], *, takte: bool) -> None:
        """Start the watch and, with ``takte``, the polls (the first at once)."""
        self._uhr.add_job(wache, IntervalTrigger(seconds=WACHTAKT_S), id="wache")
        if takte:
            bald = datetime.now().astimezone() + timedelta(seconds=ERSTES_FEGEN_S)
            takt = IntervalTrigger(seconds=FEGETAKT_S)
            self._uhr.add_job(raeume_auf, takt, [self._betrieb], id="aufraeumen", next_run_time=bald)
            self._uhr.add_job(mahne, IntervalTrigger(seconds=MAHNTAKT_S), [self._betrieb], id="mahnen")
            if self._betrieb.einstellungen.sicherung.ordner:
                nachsehen = IntervalTrigger(seconds=SICHERUNGSTAKT_S)
                self._uhr.add_job(sichere_faellige, nachsehen, [self._betrieb], id="sicherung", next_run_time=bald)
            wachtakt = IntervalTrigger(seconds=alarmwache.TAKT_S)
            self._uhr.add_job(alarmwache.gehe, wachtakt, [self._betrieb], id="alarmwache")
            morgens = CronTrigger(hour=5, minute=40, timezone=ZEITZONE, jitter=600)
            self._uhr.add_job(abgleich.melde_gestern, morgens, [self._betrieb], id="bilanz", misfire_grace_time=None)
            for name, angaben in self._betrieb.einstellungen.kanal.items():
                self._plane(name, angaben)
        self._uhr.start()

    def _plane(self, kanal: str, angaben: KanalEinstellungen) -> None:
        if angaben.cron:
            self._uhr.add_job(self._nach_cron, cron_ausloeser(angaben.cron), [kanal], id=f"kanal:{kanal}")
            return
        sekunden = angaben.takt_s
        ausloeser = IntervalTrigger(seconds=sekunden)
        sofort = datetime.now().astimezone() + timedelta(milliseconds=100)
        self._uhr.add_job(self._nach_takt, ausloeser, [kanal, sekunden], id=f"kanal:{kanal}", next_run_time=sofort)

    def _nach_takt(self, kanal: str, takt_s: float) -> None:
        self._reihe_ein(kanal, takt_kennung(kanal, self._jetzt(), takt_s), min(takt_s * STREUUNG, 30))

    def _nach_cron(self, kanal: str) -> None:
        self._reihe_ein(kanal, cron_kennung(kanal, self._jetzt()), 5)

    def _jetzt(self) -> datetime:
        with self._betrieb.store.lesend() as verbindung:
            return datenbankzeit(verbindung)

    def _reihe_ein(self, kanal: str, kennung: str, streuung: float) -> None:
        verzoegerung = random.uniform(0, streuung)  # noqa: S311  spreads load, no secret
        neu = self._betrieb.auftraege.reihe_einmal_ein(
            "rufe_ab", "abruf", kennung, kanal, kanal, TAKT, verzoegerung=verzoegerung
        )
        log.debug("takt", kanal=kanal, neu=neu)

    def beginne_nichts_mehr(self) -> None:
        """No further polls and no sweeping; the watch goes on, so that a process that drains is not taken for dead."""
        for auftrag in self._uhr.get_jobs():
            if auftrag.id != "wache":
                auftrag.remove()

    def stoppe(self) -> None:
        """No further ticks; a job of the schedule that runs right now ends first."""
        self._uhr.shutdown(wait=True)
