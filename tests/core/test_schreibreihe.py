"""Writers of one process take turns at a SQLite file; nobody is passed by, and nobody keeps a turn for good."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from fachwerk import schreibreihe
from fachwerk.datenbank import oeffne_datenbank
from fachwerk.demo.prozesse import warte

SCHREIBE = "INSERT INTO zahl VALUES (1)"


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    neue = oeffne_datenbank(f"sqlite:///{tmp_path / 'x.db'}")
    with neue.begin() as verbindung:
        verbindung.exec_driver_sql("CREATE TABLE zahl (n INTEGER)")
    return neue


def anzahl(engine: sa.Engine) -> int:
    with engine.connect() as verbindung:
        return int(verbindung.exec_driver_sql("SELECT count(*) FROM zahl").scalar_one())


def ist_besetzt(engine: sa.Engine) -> bool:
    with engine.connect() as verbindung:
        return bool(verbindung.connection.driver_connection.reihe.locked())  # type: ignore[union-attr]


@pytest.mark.parametrize("anfang", ["BEGIN IMMEDIATE", SCHREIBE])
def test_a_second_writer_waits_in_our_queue_and_goes_on_when_the_first_is_done(engine: sa.Engine, anfang: str) -> None:
    getan = threading.Event()

    def zweiter() -> None:
        with engine.begin() as verbindung:
            verbindung.exec_driver_sql(SCHREIBE)
        getan.set()

    with engine.begin() as erster:
        erster.exec_driver_sql(anfang)
        assert ist_besetzt(engine)
        faden = threading.Thread(target=zweiter)
        faden.start()
        assert not getan.is_set()
    faden.join()
    assert getan.is_set()
    assert not ist_besetzt(engine)


def test_readers_and_transactions_that_only_read_take_no_turn(engine: sa.Engine) -> None:
    with engine.begin() as schreiber, engine.begin() as leser:
        schreiber.exec_driver_sql(SCHREIBE)
        assert leser.exec_driver_sql("SELECT count(*) FROM zahl").scalar_one() == 0
        assert anzahl(engine) == 0
    assert anzahl(engine) == 1


def test_a_transaction_that_fails_gives_up_its_turn(engine: sa.Engine) -> None:
    with engine.connect() as verbindung:
        verbindung.exec_driver_sql(SCHREIBE)
        with pytest.raises(sa.exc.OperationalError):
            verbindung.exec_driver_sql("INSERT INTO gibt_es_nicht VALUES (1)")
    assert not ist_besetzt(engine)
    assert anzahl(engine) == 0


def test_a_connection_that_is_dropped_gives_up_its_turn(engine: sa.Engine) -> None:
    huelle = engine.raw_connection()
    roh = huelle.driver_connection
    huelle.detach()
    roh.cursor().execute(SCHREIBE)  # type: ignore[union-attr]
    assert ist_besetzt(engine)
    del huelle, roh
    gc.collect()
    warte(lambda: not ist_besetzt(engine), "nobody has the turn")
    assert anzahl(engine) == 0


def test_many_writers_lose_nothing(engine: sa.Engine) -> None:
    def schreibe(_nummer: int) -> None:
        with engine.begin() as verbindung:
            verbindung.exec_driver_sql(SCHREIBE)
            verbindung.execute(sa.text("UPDATE zahl SET n = n + 1"))

    with ThreadPoolExecutor(8) as faeden:
        list(faeden.map(schreibe, range(40)))
    assert anzahl(engine) == 40
    assert not ist_besetzt(engine)


def test_who_waits_too_long_for_a_turn_asks_sqlite_itself(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schreibreihe, "GEDULD_S", 0.0)
    with engine.begin() as erster, engine.connect() as zweiter:
        zweiter.exec_driver_sql("PRAGMA busy_timeout=0")
        erster.exec_driver_sql(SCHREIBE)
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            zweiter.exec_driver_sql(SCHREIBE)
    assert anzahl(engine) == 1
