"""A job is kept at until it is done, and one that the engine only believes to be running is found."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from dbos import _sys_db

from fachwerk.ausfuehrung import Angehalten, Ausfuehrungen
from fachwerk.engine import Engine, Schlange

WEG = sa.exc.OperationalError("SELECT 1", None, Exception("weg"))
NUR_LESEND = sa.exc.InternalError("UPDATE", None, Exception("read-only transaction"))


class Meldung:
    """Takes the report of a surprise, at first in vain while the database is away."""

    def __init__(self, vergeblich: int = 0) -> None:
        self.vergeblich, self.gemeldet = vergeblich, list[tuple[str, tuple[str, ...], str]]()

    def __call__(self, name: str, argumente: tuple[str, ...], klasse: str) -> None:
        if self.vergeblich:
            self.vergeblich -= 1
            raise WEG
        self.gemeldet.append((name, argumente, klasse))


def immer(fehler: Exception) -> Callable[[str], None]:
    def tu(_: str) -> None:
        raise fehler

    return tu


def test_the_report_of_a_surprise_waits_for_the_database_like_the_job_itself() -> None:
    meldung = Meldung(vergeblich=1)
    Ausfuehrungen(lambda: "a", meldung).als_auftrag("tu", immer(ZeroDivisionError()))("v1")
    assert meldung.gemeldet == [("tu", ("v1",), "ZeroDivisionError")]


def test_a_job_that_waits_for_the_database_when_the_process_stops_is_not_ended_by_an_error() -> None:
    meldung = Meldung()
    ausfuehrungen = Ausfuehrungen(lambda: "a", meldung)
    ausfuehrungen.halte_an()
    with pytest.raises(Angehalten):
        ausfuehrungen.als_auftrag("tu", immer(WEG))("v1")
    assert not issubclass(Angehalten, Exception), "or the engine would note it as the end of the job"
    assert meldung.gemeldet == []


def test_only_who_was_at_nothing_twice_in_a_row_counts_as_deserted() -> None:
    ausfuehrungen = Ausfuehrungen(lambda: "laeuft", Meldung())
    gefragt: list[frozenset[str]] = []

    def frage(*_: str) -> None:
        gefragt.append(ausfuehrungen.verlassene(["laeuft", "liegt", "neu"]))
        gefragt.append(ausfuehrungen.verlassene(["laeuft", "liegt"]))

    ausfuehrungen.als_auftrag("tu", frage)("v1")
    gefragt.append(ausfuehrungen.verlassene(["laeuft", "neu"]))
    gefragt.append(ausfuehrungen.verlassene(["laeuft"]))
    assert gefragt == [frozenset(), {"liegt"}, frozenset(), {"laeuft"}]


class Bank:
    """An engine whose jobs tell what they were given; the first does what the test wants."""

    def __init__(self, datenbank: sa.Engine, tu: Callable[[str], None] = lambda _: None) -> None:
        self._datenbank, self._tu = datenbank, tu
        self.getan: list[str] = []
        self._bewegung = threading.Condition()
        self.engine = Engine(datenbank, "test-1", {"tu": self._merke}, [Schlange("linie", 1)], Meldung())
        self.engine.starte()

    def _merke(self, kennung: str) -> None:
        with self._bewegung:
            self.getan.append(kennung)
            self._bewegung.notify_all()
        self._tu(kennung)

    def reihe_ein(self, *kennungen: str) -> None:
        for kennung in kennungen:
            with self._datenbank.begin() as verbindung:
                self.engine.auftraege.reihe_ein(verbindung, "tu", "linie", kennung, kennung)

    def warte(self, *getan: str) -> None:
        with self._bewegung:
            assert self._bewegung.wait_for(lambda: self.getan == list(getan), timeout=30), self.getan


def test_a_job_whose_end_could_not_be_noted_does_not_keep_its_place_for_ever(
    datenbank: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a change of servers in just this moment: the old one takes no more writes, and the engine gives up."""
    echt, gescheitert = _sys_db.SystemDatabase.update_workflow_outcome, threading.Event()

    def vermerke(*angaben: object, **weitere: object) -> bool:
        if not gescheitert.is_set():
            gescheitert.set()
            raise NUR_LESEND
        return echt(*angaben, **weitere)  # type: ignore[arg-type]

    monkeypatch.setattr(_sys_db.SystemDatabase, "update_workflow_outcome", vermerke)
    bank = Bank(datenbank)
    try:
        bank.reihe_ein("a", "b")
        assert gescheitert.wait(30)
        while not bank.engine.auftraege.nimm_auf("test-1", bank.engine.verlassene):
            assert bank.getan == ["a"], "its place is the only one"
        bank.warte("a", "a", "b")
    finally:
        bank.engine.stoppe(5)


def test_a_job_that_waited_for_the_database_when_its_process_was_stopped_goes_on_at_the_next_start(
    datenbank: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fachwerk.engine._AUSKLANG_S", 0.0)
    erste = Bank(datenbank, immer(WEG))
    erste.reihe_ein("a")
    erste.warte("a")
    erste.engine.stoppe(5)
    zweite = Bank(datenbank)
    try:
        zweite.warte("a")
    finally:
        zweite.engine.stoppe(5)


def test_who_stops_the_engine_is_told_of_a_job_that_does_not_end_in_time(
    datenbank: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fachwerk.engine._AUSKLANG_S", 0.1)
    tor, faeden = threading.Event(), list[threading.Thread]()

    def haenge(_: str) -> None:
        faeden.append(threading.current_thread())
        tor.wait()

    bank = Bank(datenbank, haenge)
    bank.reihe_ein("a", "b")
    bank.warte("a")
    assert bank.engine.stoppe(1) == 1, "the other one is not even begun"
    tor.set()
    for faden in faeden:
        faden.join()
    assert bank.getan == ["a"]
    zweite = Bank(datenbank)
    try:
        zweite.warte("a", "b")
    finally:
        assert zweite.engine.stoppe(5) == 0
