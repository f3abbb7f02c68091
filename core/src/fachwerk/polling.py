"""APScheduler drives the clockwork: the polls of every Kanal, the watch, the sweeping.

With several nodes exactly one polls a Kanal per tick: the engine job of a tick is named after Kanal and tick by the
clock of the database, and a poll that still runs makes the next tick a no-op. Every process fires at a place of its own
inside the tick, never near its edges: there a little delay would make two polls of one tick and none of the next.

The schedule itself goes by the clock of the machine; :mod:`fachwerk.uhrwerk` makes up for it when that is set back, and
keeps quiet while the database is away.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

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
from fachwerk.uhrwerk import Stoerungsbuch, Uhrenwache

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

MITTE = (0.25, 0.75)
"""Where in the tick a process may have its place; which one is left to chance, so that sites do not poll together."""

SPIEL = 0.1
"""By so much of a tick a process may miss its place until it is put right."""

CRON_STREUUNG_S = 5
"""Cron polls are delayed by up to so much, or all sites would knock at the full minute."""


def takt_kennung(kanal: str, jetzt: datetime, takt_s: float) -> str:
    """Engine id of a tick: the Kanal and the number of the interval that ``jetzt`` lies in."""
    return f"abruf:{kanal}:{int(jetzt.timestamp() // takt_s)}"


def cron_kennung(kanal: str, jetzt: datetime) -> str:
    """Engine id of a cron time: the full minute nearest to ``jetzt``, for the clocks of nodes differ a little."""
    minute = (jetzt + timedelta(seconds=30)).replace(second=0, microsecond=0)
    return f"abruf:{kanal}:{minute.isoformat()}"


def cron_ausloeser(text: str, streuung_s: int = 0) -> CronTrigger:
    """The times of a crontab line in German time; weekdays as in every crontab (0 and 7: Sunday).

    APScheduler 3 counts from Monday and takes the time zone of the machine. Each time is late by ``streuung_s`` at
    most.
    """
    *felder, tage = text.split()
    namen = ",".join(_wochentage(teil) for teil in tage.split(","))
    ausloeser = CronTrigger.from_crontab(" ".join([*felder, namen]), timezone=ZEITZONE)
    ausloeser.jitter = streuung_s or None
    return ausloeser


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
        ohne_frist = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}  # better late than left out
        self._uhr = BackgroundScheduler(timezone=ZEITZONE, job_defaults=ohne_frist)
        self._uhrenwache = Uhrenwache(self._uhr)
        self._stoerungen = Stoerungsbuch()
        self._ort = random.uniform(*MITTE)  # noqa: S311  spreads load, no secret

    def starte(self, wache: Callable[[], None], *, takte: bool) -> None:
        """Start the watch and, with ``takte``, the polls (the first at once)."""
        self._plane(wache, IntervalTrigger(seconds=WACHTAKT_S), "wache")
        if takte:
            bald = datetime.now().astimezone() + timedelta(seconds=ERSTES_FEGEN_S)
            betrieb = self._betrieb
            self._plane(raeume_auf, IntervalTrigger(seconds=FEGETAKT_S), "aufraeumen", betrieb, next_run_time=bald)
            self._plane(mahne, IntervalTrigger(seconds=MAHNTAKT_S), "mahnen", betrieb)
            if betrieb.einstellungen.sicherung.ordner:
                nachsehen = IntervalTrigger(seconds=SICHERUNGSTAKT_S)
                self._plane(sichere_faellige, nachsehen, "sicherung", betrieb, next_run_time=bald)
            self._plane(alarmwache.gehe, IntervalTrigger(seconds=alarmwache.TAKT_S), "alarmwache", betrieb)
            morgens = CronTrigger(hour=5, minute=40, timezone=ZEITZONE, jitter=600)
            self._plane(abgleich.melde_gestern, morgens, "bilanz", betrieb)
            for name, angaben in betrieb.einstellungen.kanal.items():
                self._plane_kanal(name, angaben)
        self._uhr.start()
        self._uhrenwache.starte()

    def _plane(self, aufgabe: Callable[..., Any], wann: Any, kennung: str, *argumente: Any, **weiteres: Any) -> None:
        self._uhr.add_job(self._stoerungen.still(aufgabe), wann, argumente, id=kennung, **weiteres)

    def _plane_kanal(self, kanal: str, angaben: KanalEinstellungen) -> None:
        if angaben.cron:
            self._plane(self._nach_cron, cron_ausloeser(angaben.cron, CRON_STREUUNG_S), f"kanal:{kanal}", kanal)
            return
        sekunden = angaben.takt_s
        sofort = datetime.now().astimezone() + timedelta(milliseconds=100)
        takt = IntervalTrigger(seconds=sekunden)
        self._plane(self._nach_takt, takt, f"kanal:{kanal}", kanal, sekunden, next_run_time=sofort)

    def _nach_takt(self, kanal: str, takt_s: float) -> None:
        jetzt = self._jetzt()
        self._ruecke_zurecht(kanal, jetzt, takt_s)
        self._reihe_ein(kanal, takt_kennung(kanal, jetzt, takt_s))

    def _ruecke_zurecht(self, kanal: str, jetzt: datetime, takt_s: float) -> None:
        """Fire in the next tick at the place of this process, unless it goes there by itself."""
        ort = jetzt.timestamp() / takt_s % 1
        auftrag = self._uhr.get_job(f"kanal:{kanal}")
        if auftrag is not None and abs(ort - self._ort) > SPIEL:
            bis_dahin = timedelta(seconds=takt_s * (1 - ort + self._ort))
            auftrag.modify(next_run_time=datetime.now().astimezone() + bis_dahin)

    def _nach_cron(self, kanal: str) -> None:
        self._reihe_ein(kanal, cron_kennung(kanal, self._jetzt()))

    def _jetzt(self) -> datetime:
        with self._betrieb.store.lesend() as verbindung:
            return datenbankzeit(verbindung)

    def _reihe_ein(self, kanal: str, kennung: str) -> None:
        neu = self._betrieb.auftraege.reihe_einmal_ein("rufe_ab", "abruf", kennung, kanal, kanal, TAKT)
        log.debug("takt", kanal=kanal, neu=neu)

    def beginne_nichts_mehr(self) -> None:
        """No further polls and no sweeping; the watch goes on, so that a process that drains is not taken for dead."""
        for auftrag in self._uhr.get_jobs():
            if auftrag.id != "wache":
                auftrag.remove()

    def stoppe(self) -> None:
        """No further ticks; a job of the schedule that runs right now ends first."""
        self._uhrenwache.stoppe()
        self._uhr.shutdown(wait=True)
