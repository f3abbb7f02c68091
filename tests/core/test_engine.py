"""The durable engine: the twelve pitfalls of DBOS, each with the behaviour that keeps us out of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS

from fachwerk import datenbank as datenbank_modul
from fachwerk import engine as engine_modul
from fachwerk.datenbank import oeffne_datenbank
from fachwerk.engine import Engine, NurKennungen, Schlange
from fachwerk.platz import Platz
from fachwerk.rate import begrenzung

LINIE = Schlange("linie", 4)


class Werkbank:
    """Runs jobs in this process and remembers what they were given."""

    def __init__(self, datenbank: sa.Engine) -> None:
        self._datenbank = datenbank
        self._engine: Engine | None = None
        self.getan: list[tuple[str, ...]] = []
        self.fehler: list[tuple[str, tuple[str, ...], str]] = []
        self._bewegung = threading.Condition()

    def starte(self, *schlangen: Schlange, tu: Callable[..., None] | None = None, platz: str = "test-1") -> Engine:
        self._engine = Engine(
            self._datenbank, platz, {"tu": tu or self.merke}, schlangen or (LINIE,), self._merke_fehler
        )
        self._engine.starte()
        return self._engine

    def merke(self, *argumente: str) -> None:
        with self._bewegung:
            self.getan.append(argumente)
            self._bewegung.notify_all()

    def _merke_fehler(self, name: str, argumente: tuple[str, ...], klasse: str) -> None:
        with self._bewegung:
            self.fehler.append((name, argumente, klasse))
            self._bewegung.notify_all()

    def reihe_ein(self, kennung: str, *argumente: str) -> None:
        assert self._engine is not None
        with self._datenbank.begin() as verbindung:
            self._engine.auftraege.reihe_ein(verbindung, "tu", "linie", kennung, *argumente)

    def warte(self, bedingung: Callable[[], bool]) -> None:
        with self._bewegung:
            assert self._bewegung.wait_for(bedingung, timeout=30)

    def warte_leer(self) -> None:
        assert self._engine is not None
        while self._engine.auftraege.offene():
            threading.Event().wait(0.05)

    def stoppe(self) -> None:
        if self._engine is not None:
            self._engine.stoppe(5)
            self._engine = None


@pytest.fixture
def werkbank(datenbank: sa.Engine) -> Iterator[Werkbank]:
    neue = Werkbank(datenbank)
    yield neue
    neue.stoppe()


def test_tables_that_another_node_is_just_making_are_waited_for(datenbank: sa.Engine) -> None:
    """Half of them are there, as in the middle of the migrations of another node."""
    schema = "dbos." if datenbank.dialect.name == "postgresql" else ""
    with datenbank.begin() as verbindung:
        if schema:
            verbindung.exec_driver_sql("CREATE SCHEMA dbos")
        verbindung.exec_driver_sql(f"CREATE TABLE {schema}queues (name TEXT)")
    engine = Engine(datenbank, "test-1", {"tu": lambda *_: None}, [LINIE], lambda *_: None)
    assert engine._bereite_vor(lambda _: None) is False
    engine.stoppe(1)


def test_a_job_enqueued_in_our_transaction_runs_exactly_once(werkbank: Werkbank) -> None:
    werkbank.starte()
    werkbank.reihe_ein("a", "eins")
    werkbank.reihe_ein("a", "eins")
    werkbank.warte_leer()
    assert werkbank.getan == [("eins",)]


def test_a_rolled_back_transaction_leaves_no_job(werkbank: Werkbank, datenbank: sa.Engine) -> None:
    engine = werkbank.starte()
    with datenbank.connect() as verbindung:
        engine.auftraege.reihe_ein(verbindung, "tu", "linie", "a", "eins")
        verbindung.rollback()
    assert engine.auftraege.offene() == set()


# -- pitfall 1 is in test_sqlite_bibliothek.py ----------------------------------------------------------------------


# -- pitfall 2 ----------------------------------------------------------------------------------------------------


def test_2_two_processes_never_get_the_same_slot_and_a_freed_one_is_taken_again(datenbank: sa.Engine) -> None:
    erster, zweiter = Platz(datenbank, "p1", "knoten"), Platz(datenbank, "p2", "knoten")
    assert (erster.nimm(), zweiter.nimm()) == ("knoten-1", "knoten-2")
    erster.verlasse()
    dritter = Platz(datenbank, "p3", "knoten")
    assert dritter.nimm() == "knoten-1"
    zweiter.verlasse()
    dritter.verlasse()


# -- pitfall 3 ----------------------------------------------------------------------------------------------------


def test_3_a_restart_does_not_touch_a_queue_whose_configuration_is_unchanged(
    werkbank: Werkbank, datenbank: sa.Engine
) -> None:
    engine = werkbank.starte(Schlange("linie", 2, 30))
    schlange = engine.auftraege._client.retrieve_queue("linie")
    assert schlange is not None
    schlange.set_polling_interval_sec(1.7)
    werkbank.stoppe()
    engine = werkbank.starte(Schlange("linie", 2, 30))
    schlange = engine.auftraege._client.retrieve_queue("linie")
    assert schlange is not None
    assert schlange.polling_interval_sec == 1.7
    assert schlange.limiter == begrenzung(30, datenbank.dialect.name)


def test_3_a_changed_configuration_does_arrive(werkbank: Werkbank, datenbank: sa.Engine) -> None:
    werkbank.starte(Schlange("linie", 4))
    werkbank.stoppe()
    engine = werkbank.starte(Schlange("linie", 3, 10))
    schlange = engine.auftraege._client.retrieve_queue("linie")
    assert schlange is not None
    assert (schlange.worker_concurrency, schlange.limiter) == (3, begrenzung(10, datenbank.dialect.name))


# -- pitfall 4 ----------------------------------------------------------------------------------------------------


def test_4_the_engine_takes_ids_only() -> None:
    nur = NurKennungen()
    with pytest.raises(ValueError, match="ids only"):
        nur.serialize("x" * 3000)
    text = nur.serialize(ValueError("Erika Musterfrau, IBAN geheim"))
    assert json.loads(text) == {"fehlerklasse": "ValueError"}
    assert str(nur.deserialize(text)) == "ValueError"


def test_4_the_text_of_an_exception_never_reaches_the_engines_tables(werkbank: Werkbank, datenbank: sa.Engine) -> None:
    def scheitert(kennung: str) -> None:
        raise RuntimeError("KANARIENVOGEL Musterfrau")

    werkbank.starte(tu=scheitert)
    werkbank.reihe_ein("a", "vorgang-1")
    werkbank.warte(lambda: bool(werkbank.fehler))
    werkbank.warte_leer()
    assert werkbank.fehler == [("tu", ("vorgang-1",), "RuntimeError")]
    assert "KANARIENVOGEL" not in _alles(datenbank)


def _alles(datenbank: sa.Engine) -> str:
    """Every value of every table, as text."""
    schemata = ["dbos", None] if datenbank.dialect.name == "postgresql" else [None]
    texte: list[str] = []
    for schema in schemata:
        metadaten = sa.MetaData()
        metadaten.reflect(datenbank, schema=schema)
        with datenbank.connect() as verbindung:
            texte += [repr(verbindung.execute(sa.select(tabelle)).all()) for tabelle in metadaten.tables.values()]
    return "\n".join(texte)


# -- pitfall 5 ----------------------------------------------------------------------------------------------------


def test_5_erased_jobs_are_gone_from_all_tables_and_files(
    werkbank: Werkbank, datenbank: sa.Engine, tmp_path: Path
) -> None:
    engine = werkbank.starte()
    for nummer in range(20):
        werkbank.reihe_ein(f"NADEL-{nummer}", f"NADEL-{nummer}")
    werkbank.warte_leer()
    assert engine.auftraege.raeume_auf(datetime.now(UTC) + timedelta(minutes=1)) == 20
    assert "NADEL" not in _alles(datenbank)
    for datei in tmp_path.glob("fachwerk.db*"):
        assert b"NADEL" not in datei.read_bytes(), datei.name


# -- pitfall 6 ----------------------------------------------------------------------------------------------------


def test_6_the_work_of_a_dead_node_goes_on_in_its_own_queue(werkbank: Werkbank) -> None:
    frei = threading.Event()
    begonnen = threading.Event()

    def haengt(kennung: str) -> None:
        begonnen.set()
        frei.wait(30)

    engine = werkbank.starte(tu=haengt, platz="tot-1")
    werkbank.reihe_ein("a", "vorgang-1")
    assert begonnen.wait(30)
    assert engine.auftraege.uebernimm({"tot-1"}) == 0
    assert engine.auftraege.uebernimm({"lebt-1"}) == 1
    (auftrag,) = engine.auftraege._client.list_workflows(workflow_ids=["a"])
    assert auftrag.queue_name == "linie"
    frei.set()
    werkbank.warte_leer()


# -- pitfall 7 ----------------------------------------------------------------------------------------------------


def test_7_a_limit_over_all_nodes_that_an_earlier_version_left_to_the_engine_is_taken_back(werkbank: Werkbank) -> None:
    engine = werkbank.starte(Schlange("linie", 4))
    schlange = engine.auftraege._client.retrieve_queue("linie")
    assert schlange is not None
    schlange.set_global_concurrency(4)
    werkbank.stoppe()
    engine = werkbank.starte(Schlange("linie", 4))
    schlange = engine.auftraege._client.retrieve_queue("linie")
    assert schlange is not None
    assert schlange.global_concurrency is None
    werkbank.reihe_ein("a", "läuft")
    werkbank.warte_leer()
    assert werkbank.getan == [("läuft",)]


# -- pitfall 8 ----------------------------------------------------------------------------------------------------


def test_8_bound_methods_and_closures_are_jobs_like_any_other(werkbank: Werkbank) -> None:
    werkbank.starte(tu=werkbank.merke)
    werkbank.reihe_ein("a", "gebunden")
    werkbank.warte_leer()
    assert werkbank.getan == [("gebunden",)]


# -- pitfall 9 ----------------------------------------------------------------------------------------------------


def test_9_after_a_stop_the_process_can_start_again_and_finds_its_jobs(werkbank: Werkbank) -> None:
    werkbank.starte()
    werkbank.stoppe()
    engine = werkbank.starte()
    werkbank.reihe_ein("a", "danach")
    werkbank.warte_leer()
    assert werkbank.getan == [("danach",)]
    assert engine.auftraege.offene() == set()


def test_9_a_stop_waits_for_jobs_and_for_nothing_else(werkbank: Werkbank, monkeypatch: pytest.MonkeyPatch) -> None:
    fristen: list[int] = []
    echt = DBOS.destroy

    def zerstoere(**angaben: Any) -> None:
        fristen.append(angaben["workflow_completion_timeout_sec"])
        echt(**angaben)

    begonnen, frei = threading.Event(), threading.Event()

    def haengt(kennung: str) -> None:
        begonnen.set()
        frei.wait(30)
        werkbank.merke(kennung)

    monkeypatch.setattr(DBOS, "destroy", zerstoere)
    monkeypatch.setattr(engine_modul, "_AUSKLANG_S", 30.0)
    werkbank.starte()
    werkbank.stoppe()
    werkbank.starte(tu=haengt)
    werkbank.reihe_ein("a", "lang")
    assert begonnen.wait(30)
    threading.Timer(0.5, frei.set).start()
    werkbank.stoppe()
    werkbank.starte(tu=haengt)
    werkbank.stoppe()
    assert werkbank.getan == [("lang",)]
    assert fristen == [0, 0, 0], "nothing runs any more when the engine is told to stop"


def test_9_a_job_that_takes_its_time_has_the_time_it_was_given(
    werkbank: Werkbank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_modul, "_AUSKLANG_S", 0.0)
    begonnen, frei = threading.Event(), threading.Event()

    def haengt(kennung: str) -> None:
        begonnen.set()
        frei.wait(30)
        werkbank.merke(kennung)

    werkbank.starte(tu=haengt)
    werkbank.reihe_ein("a", "lang")
    assert begonnen.wait(30)
    threading.Timer(0.5, frei.set).start()
    werkbank.stoppe()
    assert werkbank.getan == [("lang",)]


# -- pitfall 10 ---------------------------------------------------------------------------------------------------


def test_10_every_sqlite_connection_is_durable_patient_and_erases(tmp_path: Path) -> None:
    engine = oeffne_datenbank(f"sqlite:///{tmp_path / 'neu' / 'fachwerk.db'}")
    werte: dict[str, Any] = {}
    for _ in range(2):
        with engine.connect() as verbindung:
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout"):
                werte[name] = verbindung.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            assert verbindung.connection.dbapi_connection is not None
            assert verbindung.connection.dbapi_connection.isolation_level == "IMMEDIATE"
    assert werte == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 30000,
    }
    engine.dispose()


# -- pitfall 11 ---------------------------------------------------------------------------------------------------


@pytest.mark.postgresql
def test_11_a_slot_is_bound_to_its_session_and_its_loss_is_noticed(postgres_url: str) -> None:
    engine = oeffne_datenbank(postgres_url)
    datenbank_modul.aktualisiere(engine)
    platz = Platz(engine, "p1", "knoten")
    platz.nimm()
    with engine.connect() as verbindung:
        verbindung.execute(
            sa.text(
                "SELECT pg_terminate_backend(l.pid, 10000) FROM pg_locks l WHERE l.locktype = 'advisory'"
                " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
    nachfolger = Platz(engine, "p2", "knoten")
    assert nachfolger.nimm() == "knoten-1"
    assert platz.schlage() is False
    nachfolger.verlasse()
    engine.dispose()


@pytest.mark.postgresql
def test_11_a_node_that_comes_back_is_not_kept_out_by_its_own_lost_session(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network was away: the process knows its connection is lost, the server holds the lock for it still."""
    engine = oeffne_datenbank(postgres_url)
    datenbank_modul.aktualisiere(engine)
    platz, fremder = Platz(engine, "p1", "knoten"), Platz(engine, "p2", "knoten")
    assert (platz.nimm(), fremder.nimm()) == ("knoten-1", "knoten-2")
    for einer in (platz, fremder):
        monkeypatch.setattr(einer._sperre, "haelt", lambda: False)
    assert platz.schlage()
    assert Platz(engine, "p3", "knoten").nimm() == "knoten-3", "nobody else lost anything"
    platz.verlasse()
    engine.dispose()


# -- pitfall 12 ---------------------------------------------------------------------------------------------------


def test_12_nothing_of_the_proprietary_edition_is_configured(tmp_path: Path) -> None:
    engine = oeffne_datenbank(f"sqlite:///{tmp_path / 'fachwerk.db'}")
    schluessel = set(Engine._konfiguration(engine, "test-1", 8))
    assert not schluessel & {"auto_upgrade", "sharding", "conductor_key", "conductor_url", "transact_enterprise_key"}
    assert Engine._konfiguration(engine, "test-1", 8)["application_version"] == "1"
    engine.dispose()
