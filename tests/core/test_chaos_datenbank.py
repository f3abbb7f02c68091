"""The database of a rehearsal: somebody's own is touched only if it is empty, and every kind can be disturbed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fachwerk.chaos.datenbanken import Datenbank, datenbank
from fachwerk.chaos.knoten import Knoten
from fachwerk.demo.prozesse import DemoError
from fachwerk.sqlite import sqlite_treiber
from fachwerk.testkit.netzstoerung import Netzstoerung


@pytest.fixture
def kulisse() -> Iterator[ExitStack]:
    with ExitStack() as stapel:
        yield stapel


def test_chaos_a_sqlite_file_is_locked_and_let_go(tmp_path: Path, kulisse: ExitStack) -> None:
    eigene = kulisse.enter_context(datenbank("sqlite", tmp_path))
    treiber = sqlite_treiber()  # a second SQLite library in one process does not see the locks of the first
    datei = treiber.connect(tmp_path / "fachwerk.db", timeout=0, isolation_level=None)
    kulisse.callback(datei.close)
    datei.execute("CREATE TABLE vorgang (id)")
    ende = eigene.stoere("kill9")
    with pytest.raises(treiber.OperationalError, match="locked"):
        datei.execute("INSERT INTO vorgang VALUES (1)")
    eigene.stoere("fast")()  # a second fault while the first lasts is none
    ende()
    datei.execute("INSERT INTO vorgang VALUES (1)")
    assert eigene.frage("SELECT count(*) FROM vorgang") == [(1,)]


def lege_tabelle_an(url: str) -> None:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as verbindung:
        verbindung.execute("CREATE TABLE vorgang (id text)")


@pytest.mark.postgresql
def test_chaos_a_database_that_holds_anything_is_refused(postgres_url: str, tmp_path: Path) -> None:
    with datenbank(postgres_url, tmp_path) as leere:
        assert leere.frage("SELECT 1") == [(1,)]
    lege_tabelle_an(postgres_url)
    with pytest.raises(DemoError) as fehler, datenbank(postgres_url, tmp_path):
        pass
    assert fehler.value.code == "chaos_datenbank_belegt"


@pytest.mark.postgresql
def test_chaos_a_server_of_others_is_not_stopped_but_its_connections_are(postgres_url: str, tmp_path: Path) -> None:
    import psycopg

    with datenbank(postgres_url, tmp_path) as fremde:
        verbindung = psycopg.connect(postgres_url.replace("+psycopg", ""))
        fremde.stoere("kill9")()
        with pytest.raises(psycopg.OperationalError):
            verbindung.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError):
            fremde.frage("SELECT 1")
        assert fremde.frage("SELECT 1") == [(1,)]


@pytest.mark.postgresql
def test_chaos_a_database_is_reached_through_a_proxy(postgres_url: str) -> None:
    direkt = Datenbank(postgres_url)
    with Netzstoerung(direkt.ort) as netz:
        umgeleitet = Datenbank(direkt.ueber(netz.port))
        assert umgeleitet.frage("SELECT 1") == [(1,)]
        assert netz.verbindungen == 1
        netz.stoere("schnitt")
        with pytest.raises(Exception):  # noqa: B017, PT011  whatever the driver calls it
            umgeleitet.frage("SELECT 1")


@pytest.mark.parametrize("url", ["postgresql:///fachwerk", "postgresql://anna@/fachwerk?host=/run/postgresql"])
def test_chaos_a_database_behind_a_socket_has_no_line_to_disturb(url: str, tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="Rechner"), datenbank(url, tmp_path):
        pass


def test_chaos_a_database_nobody_answers_for_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DemoError) as fehler, datenbank("postgresql://niemand:geheim@127.0.0.1:1/x", tmp_path):
        pass
    assert fehler.value.code == "chaos_datenbank"
    assert "geheim" not in str(fehler.value)


def test_chaos_a_node_that_ends_by_itself_is_started_again_and_remembered(tmp_path: Path) -> None:
    knoten = Knoten("knoten-1", tmp_path / "gibt-es-nicht.toml", tmp_path / "knoten.log")
    knoten.starte()
    assert knoten._prozess is not None
    erster = knoten._prozess
    assert erster.wait(60) == 3
    knoten.beaufsichtige()
    assert knoten.enden == [3]
    assert knoten._prozess is not erster
    knoten.toete()
    knoten.beaufsichtige()
    assert not knoten.lebt
    assert knoten.starts == 2
