"""The schedule of a process survives a clock that is set, and says once that the database is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from fachwerk.uhrwerk import ERINNERUNG_S, RUECK_S, Stoerungsbuch, Uhrenwache

WEG = sa.exc.OperationalError("SELECT 1", None, Exception("weg"))


class Uhr:
    """A clock and a stopwatch in the hand of the test."""

    def __init__(self) -> None:
        self.uhr, self.stoppuhr = 1_790_000_000.0, 50.0

    def vergehe(self, sekunden: float, sprung: float = 0) -> None:
        self.uhr += sekunden + sprung
        self.stoppuhr += sekunden


def plan(beginn: datetime) -> BackgroundScheduler:
    """A schedule that nobody started, with one job of each kind."""
    neuer = BackgroundScheduler(timezone="UTC")
    neuer.start(paused=True)
    neuer.add_job(print, IntervalTrigger(seconds=300), id="takt", next_run_time=beginn)
    neuer.add_job(print, CronTrigger(minute=0, timezone="UTC"), id="cron", next_run_time=beginn)
    return neuer


@pytest.fixture
def uhr() -> Uhr:
    return Uhr()


def naechste(scheduler: BackgroundScheduler, kennung: str) -> datetime:
    zeit = scheduler.get_job(kennung).next_run_time
    assert isinstance(zeit, datetime)
    return zeit


# -- the clock --------------------------------------------------------------------------------------------------------


@given(sprung=st.floats(-90_000, 90_000), dauer=st.floats(0.5, 5))
def test_what_was_due_in_five_minutes_is_due_in_five_minutes_however_far_the_clock_was_set_back(
    sprung: float, dauer: float
) -> None:
    uhr = Uhr()
    beginn = datetime.fromtimestamp(uhr.uhr, UTC)
    scheduler = plan(beginn + timedelta(minutes=5))
    try:
        wache = Uhrenwache(scheduler, lambda: uhr.uhr, lambda: uhr.stoppuhr)
        uhr.vergehe(dauer, sprung)
        with capture_logs() as zeilen:
            gesprungen = wache.sieh_nach()
        verschoben = naechste(scheduler, "takt") - (beginn + timedelta(minutes=5))
    finally:
        scheduler.shutdown()
    zurueck = sprung < -RUECK_S - 0.001
    assert gesprungen == pytest.approx(sprung, abs=0.001)
    if abs(sprung + RUECK_S) > 0.001:
        assert verschoben.total_seconds() == pytest.approx(sprung if zurueck else 0, abs=0.001)
        assert [zeile["event"] for zeile in zeilen] == (["uhr_zurueckgestellt"] if zurueck else [])


def test_a_cron_time_is_what_the_clock_says_after_it_was_set_back(uhr: Uhr) -> None:
    weit_weg = datetime.now(UTC) + timedelta(days=3)
    scheduler = plan(weit_weg)
    try:
        wache = Uhrenwache(scheduler, lambda: uhr.uhr, lambda: uhr.stoppuhr)
        uhr.vergehe(1, -7200)
        wache.sieh_nach()
        assert naechste(scheduler, "cron") <= datetime.now(UTC) + timedelta(hours=1)
    finally:
        scheduler.shutdown()


def test_an_ordinary_correction_by_ntp_moves_nothing(uhr: Uhr) -> None:
    beginn = datetime.fromtimestamp(uhr.uhr, UTC)
    scheduler = plan(beginn)
    try:
        wache = Uhrenwache(scheduler, lambda: uhr.uhr, lambda: uhr.stoppuhr)
        for _ in range(100):
            uhr.vergehe(1, -0.02)
            wache.sieh_nach()
        assert naechste(scheduler, "takt") == beginn
    finally:
        scheduler.shutdown()


# -- the database -----------------------------------------------------------------------------------------------------


def still(buch: Stoerungsbuch, geht: list[bool], fehler: Exception = WEG) -> Callable[..., Any]:
    def aufgabe() -> None:
        if not geht[0]:
            raise fehler

    return buch.still(aufgabe)


def test_an_outage_of_a_day_leaves_a_line_every_ten_minutes_and_one_when_it_is_over(uhr: Uhr) -> None:
    geht = [True]
    aufgabe = still(Stoerungsbuch(lambda: uhr.stoppuhr), geht)
    with capture_logs() as zeilen:
        aufgabe()
        geht[0] = False
        for _ in range(86_400 // 3):
            uhr.vergehe(3)
            aufgabe()
        geht[0] = True
        aufgabe()
        aufgabe()
    gesagt = [zeile["event"] for zeile in zeilen]
    assert gesagt == ["datenbank_weg"] * round(86_400 / ERINNERUNG_S) + ["datenbank_wieder_da"]
    assert zeilen[0]["seit_s"] == 0
    assert zeilen[-1]["nach_s"] == pytest.approx(86_400, abs=4)


def test_a_second_outage_is_said_again(uhr: Uhr) -> None:
    geht = [False]
    aufgabe = still(Stoerungsbuch(lambda: uhr.stoppuhr), geht)
    with capture_logs() as zeilen:
        for da in (False, True, False, True):
            geht[0] = da
            uhr.vergehe(1)
            aufgabe()
    assert [zeile["event"] for zeile in zeilen] == ["datenbank_weg", "datenbank_wieder_da"] * 2


def test_any_other_error_passes_on(uhr: Uhr) -> None:
    aufgabe = still(Stoerungsbuch(lambda: uhr.stoppuhr), [False], ZeroDivisionError("unser Fehler"))
    with pytest.raises(ZeroDivisionError):
        aufgabe()
