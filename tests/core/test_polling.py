"""The clockwork: one poll per tick however many nodes, none while one runs, cron as people mean it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fachwerk import polling
from fachwerk.polling import Polling, cron_ausloeser, cron_kennung, takt_kennung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]

ANFANG = datetime(2026, 3, 2, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Buch:
    """Takes jobs like the engine: an id is taken once, for ever."""

    def __init__(self) -> None:
        self.auftraege: list[str] = []

    def reihe_einmal_ein(
        self, aufgabe: str, schlange: str, kennung: str, einzig: str, *argumente: str, **_: Any
    ) -> bool:
        neu = kennung not in self.auftraege
        self.auftraege += [kennung] if neu else []
        return neu


def knoten(buch: Any, jetzt: Callable[[], datetime]) -> Polling:
    """The schedule of one node, its clock in the hand of the test."""
    neuer = Polling(SimpleNamespace(auftraege=buch))  # type: ignore[arg-type]
    neuer._jetzt = jetzt  # type: ignore[method-assign]
    return neuer


# -- ticks ------------------------------------------------------------------------------------------------------------


@given(
    takt=st.integers(1, 86_400),
    phasen=st.lists(st.floats(0, 0.999), min_size=1, max_size=6),
    takte=st.integers(1, 12),
)
def test_any_number_of_nodes_make_one_job_per_tick(takt: int, phasen: list[float], takte: int) -> None:
    buch, zeit = Buch(), [ANFANG]
    polls = [(nr + phase, knoten(buch, lambda: zeit[0])) for nr in range(takte) for phase in phasen]
    for wann, node in sorted(polls, key=lambda eintrag: eintrag[0]):
        beginn = ANFANG.timestamp() // takt * takt
        zeit[0] = datetime.fromtimestamp(beginn + wann * takt, UTC)
        node._nach_takt("postfach", takt)
    assert len(buch.auftraege) == takte


@given(sekunde=st.integers(0, 10**6), takt=st.integers(1, 86_400))
def test_a_tick_has_one_id_from_its_first_to_its_last_moment(sekunde: int, takt: int) -> None:
    erste = ANFANG.timestamp() // takt * takt + (sekunde // takt) * takt
    kennungen = {takt_kennung("k", datetime.fromtimestamp(erste + teil * takt, UTC), takt) for teil in (0, 0.5, 0.999)}
    danach = takt_kennung("k", datetime.fromtimestamp(erste + takt, UTC), takt)
    assert len(kennungen) == 1
    assert danach not in kennungen


def test_two_mailboxes_have_ticks_of_their_own() -> None:
    assert takt_kennung("a", ANFANG, 300) != takt_kennung("b", ANFANG, 300)


class Auftrag:
    """A job of the schedule, as far as the clockwork moves it."""

    next_run_time: datetime | None = None

    def modify(self, next_run_time: datetime) -> None:
        self.next_run_time = next_run_time


@given(
    takt=st.integers(5, 3600),
    beginn=st.floats(0, 0.999),
    verspaetungen=st.lists(st.floats(0, 0.14), min_size=3, max_size=12),
    drift=st.floats(-0.002, 0.002),
)
@example(takt=10, beginn=0.9999, verspaetungen=[0.0, 0.0, 0.0002, 0.0, 0.0002, 0.0], drift=0.0)
def test_a_single_node_polls_once_in_each_tick_however_late_its_threads_are(
    takt: int, beginn: float, verspaetungen: list[float], drift: float
) -> None:
    """Times in ticks; ``drift`` is what the clock of the node loses or gains per tick against the database."""
    buch, zeit, auftrag = Buch(), [ANFANG], Auftrag()
    node = knoten(buch, lambda: zeit[0])
    node._uhr = SimpleNamespace(get_job=lambda _: auftrag)  # type: ignore[assignment]
    basis, geplant = ANFANG.timestamp() // takt, beginn
    for verspaetung in verspaetungen:
        zeit[0] = datetime.fromtimestamp((basis + geplant + verspaetung) * takt, UTC)
        auftrag.next_run_time, vorher = None, datetime.now().astimezone()
        node._nach_takt("postfach", takt)
        if auftrag.next_run_time is None:
            geplant += 1 + drift
        else:
            geplant += verspaetung + (auftrag.next_run_time - vorher).total_seconds() / takt + drift
    nummern = [int(kennung.rpartition(":")[2]) for kennung in buch.auftraege]
    assert nummern == list(range(nummern[0], nummern[0] + len(verspaetungen)))


def test_nodes_and_sites_have_different_places_in_the_tick() -> None:
    orte = {knoten(Buch(), lambda: ANFANG)._ort for _ in range(5)}
    assert len(orte) == 5
    assert all(polling.MITTE[0] <= ort <= polling.MITTE[1] for ort in orte)


# -- no overlap -------------------------------------------------------------------------------------------------------


def test_while_a_poll_runs_the_next_tick_does_nothing(welt: Welt) -> None:
    zeit = [datetime.now(UTC)]
    uhr = Polling(welt.betrieb)
    uhr._jetzt = lambda: zeit[0]  # type: ignore[method-assign]
    uhr._nach_takt("postfach", 60)
    for _ in range(5):
        zeit[0] += timedelta(minutes=1)
        uhr._nach_takt("postfach", 60)
    assert len(welt.auftraege.alle()) == 1
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.vergehe(minutes=1)
    welt.arbeite()
    assert welt.der_vorgang().status == "done"
    zeit[0] += timedelta(minutes=1)
    uhr._nach_takt("postfach", 60)
    assert [auftrag.aufgabe for auftrag in welt.auftraege.alle() if not auftrag.erledigt] == ["rufe_ab"]


def test_the_clock_is_that_of_the_database(welt: Welt) -> None:
    davor = datetime.now(UTC) - timedelta(seconds=2)
    assert davor < Polling(welt.betrieb)._jetzt() < datetime.now(UTC) + timedelta(seconds=2)


# -- cron -------------------------------------------------------------------------------------------------------------


def naechste(cron: str, von: datetime, anzahl: int) -> list[str]:
    """The next times as German clocks show them."""
    ausloeser, zeiten, vorher = cron_ausloeser(cron), [], None
    for _ in range(anzahl):
        vorher = ausloeser.get_next_fire_time(vorher, vorher or von)
        assert vorher is not None
        zeiten.append(f"{vorher.astimezone(BERLIN):%a %H:%M}")
    return zeiten


def test_cron_means_german_time_whatever_the_machine_is_set_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    assert naechste("30 6 * * *", datetime(2026, 7, 1, tzinfo=UTC), 2) == ["Wed 06:30", "Thu 06:30"]
    assert naechste("30 6 * * *", datetime(2026, 1, 1, tzinfo=UTC), 1) == ["Thu 06:30"]


@pytest.mark.parametrize("tage", ["mon-fri", "1-5", "1,2,3,4,5"])
def test_one_to_five_are_monday_to_friday_as_in_every_crontab(tage: str) -> None:
    sonntag = datetime(2026, 3, 1, 12, tzinfo=UTC)
    zeiten = naechste(f"0 8 * * {tage}", sonntag, 6)
    assert [zeit[:3] for zeit in zeiten] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Mon"]


@pytest.mark.parametrize(
    ("tage", "erwartet"),
    [
        ("0-2", "Sun Mon Tue"),
        ("5-7", "Fri Sat Sun"),
        ("1-5/2", "Mon Wed Fri"),
        ("0,6", "Sat Sun"),
        ("*/3", "Mon Thu Sun"),
    ],
)
def test_ranges_and_steps_of_weekdays_are_those_of_a_crontab(tage: str, erwartet: str) -> None:
    montag = datetime(2026, 3, 2, tzinfo=UTC)
    zeiten = naechste(f"0 8 * * {tage}", montag, len(erwartet.split()))
    assert sorted(zeit[:3] for zeit in zeiten) == sorted(erwartet.split())


@pytest.mark.parametrize(("tage", "tag"), [("0", "Sun"), ("7", "Sun"), ("6", "Sat"), ("sun", "Sun")])
def test_zero_and_seven_are_sunday(tage: str, tag: str) -> None:
    assert naechste(f"0 8 * * {tage}", datetime(2026, 3, 4, tzinfo=UTC), 1) == [f"{tag} 08:00"]


@pytest.mark.parametrize("sekunden", [-20, -0.1, 0, 0.1, 20])
def test_nodes_whose_clocks_differ_a_little_name_the_same_cron_time(sekunden: float) -> None:
    gemeint = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
    assert cron_kennung("k", gemeint + timedelta(seconds=sekunden)) == f"abruf:k:{gemeint.isoformat()}"


def test_a_cron_time_makes_one_job_over_all_nodes() -> None:
    buch = Buch()
    for versatz in (-0.4, 0.2, 1.5):
        zeit = datetime(2026, 3, 2, 6, 30, tzinfo=UTC) + timedelta(seconds=versatz)
        knoten(buch, lambda zeit=zeit: zeit)._nach_cron("postfach")  # type: ignore[misc]
    assert len(buch.auftraege) == 1


# -- the schedule -----------------------------------------------------------------------------------------------------


def test_every_mailbox_is_polled_by_its_own_rhythm_the_first_time_at_once(baue_welt: Bau) -> None:
    welt = baue_welt(
        kanal={"schnell": {"plugin": "postfach", "takt": "1h"}, "nachts": {"plugin": "postfach", "cron": "0 3 * * *"}}
    )
    uhr = Polling(welt.betrieb)
    begonnen = threading.Event()
    roh = uhr._nach_takt
    uhr._nach_takt = lambda *argumente: (roh(*argumente), begonnen.set())  # type: ignore[method-assign,assignment]
    uhr.starte(lambda: None, takte=True)
    try:
        assert begonnen.wait(30)
        jobs = {job.id: job for job in uhr._uhr.get_jobs()}
        assert {"wache", "aufraeumen", "kanal:schnell", "kanal:nachts"} <= set(jobs)
        assert [auftrag.argumente for auftrag in welt.auftraege.alle()] == ["schnell\ntakt"]
    finally:
        uhr.stoppe()


def test_a_command_that_only_works_plans_no_polls(welt: Welt) -> None:
    uhr = Polling(welt.betrieb)
    uhr.starte(lambda: None, takte=False)
    try:
        assert [job.id for job in uhr._uhr.get_jobs()] == ["wache"]
    finally:
        uhr.stoppe()
