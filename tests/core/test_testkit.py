"""The test kit itself: a throw-away PostgreSQL that survives what it must, and a Host in memory."""

from __future__ import annotations

import base64
import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from fachwerk.errors import ConfigError, PermanentError
from fachwerk.host import Host
from fachwerk.modell import Ausschnitt, Teil
from fachwerk.testkit import anweisungen
from fachwerk.testkit.postgres import PostgresServer
from fachwerk.testkit.pytest_plugin import nicht_geprueft
from fachwerk.testkit.wirt import ANFANG, FakeHost


def _schreibe(url: str, wert: int) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as verbindung:
        verbindung.execute(sa.text("create table if not exists zahl (wert integer)"))
        verbindung.execute(sa.text("insert into zahl values (:wert)"), {"wert": wert})


def _lies(url: str) -> list[int]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as verbindung:
        return [zeile[0] for zeile in verbindung.execute(sa.text("select wert from zahl order by wert"))]


def test_each_database_starts_empty_and_keeps_what_was_committed(datenbank_url: str) -> None:
    engine = sa.create_engine(datenbank_url, poolclass=sa.NullPool)
    assert sa.inspect(engine).get_table_names() == []
    _schreibe(datenbank_url, 7)
    assert _lies(datenbank_url) == [7]


@pytest.mark.postgresql
def test_what_was_committed_survives_a_killed_postgresql(eigener_postgres: PostgresServer) -> None:
    url = eigener_postgres.neue_datenbank()
    for nummer in range(3):
        _schreibe(url, nummer)
        eigener_postgres.kill9()
        assert eigener_postgres.pid is None
        with pytest.raises(sa.exc.OperationalError):
            _lies(url)
        eigener_postgres.start()
        assert _lies(url) == list(range(nummer + 1))


@pytest.mark.postgresql
@pytest.mark.parametrize("art", ["immediate", "fast"])
def test_a_restart_keeps_address_and_data(eigener_postgres: PostgresServer, art: str) -> None:
    url = eigener_postgres.neue_datenbank()
    _schreibe(url, 1)
    eigener_postgres.restart(art)
    assert _lies(url) == [1]


@pytest.mark.postgresql
def test_a_removed_postgresql_leaves_no_process_and_no_file(eigener_postgres: PostgresServer) -> None:
    pid = eigener_postgres.pid
    assert pid is not None
    assert eigener_postgres.ordner.exists()
    eigener_postgres.entferne()
    assert not eigener_postgres.ordner.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.postgresql
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="NOT CHECKED: death with the parent is a Linux feature")
def test_postgresql_ends_when_the_tests_are_killed() -> None:
    programm = (
        "import os, signal\n"
        "from fachwerk.testkit.postgres import PostgresServer\n"
        "server = PostgresServer.neu()\n"
        "print(server.pid, server.ordner, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    lauf = subprocess.run([sys.executable, "-c", programm], capture_output=True, text=True, check=False)
    pid, ordner = lauf.stdout.split()
    try:
        ende = os.pidfd_open(int(pid))
    except ProcessLookupError:
        ende = None
    if ende is not None:
        assert select.select([ende], [], [], 30)[0], "the server outlived the tests"
        os.close(ende)
    shutil.rmtree(ordner)


@pytest.mark.postgresql
@pytest.mark.skipif(os.geteuid() != 0, reason="NOT CHECKED: only root has rights to give up")
def test_as_root_postgresql_runs_without_rights(postgres_server: PostgresServer) -> None:
    status = Path(f"/proc/{postgres_server.pid}/status").read_text()
    uids = next(zeile for zeile in status.splitlines() if zeile.startswith("Uid:")).split()[1:]
    assert "0" not in uids


def test_what_cannot_be_checked_is_skipped_on_a_desk_and_fails_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="NOT CHECKED: no wheel"):
        nicht_geprueft("no wheel")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no wheel"):
        nicht_geprueft("no wheel")


def test_fake_host_is_a_host(fake_host: FakeHost, tmp_path: Path) -> None:
    host: Host = fake_host
    assert host.ordner == tmp_path
    assert host.now() == ANFANG
    fake_host.vergehe(hours=4)
    assert (host.now() - ANFANG).total_seconds() == 4 * 3600


def test_fake_host_gives_back_what_was_written_and_knows_its_length(fake_host: FakeHost) -> None:
    teil = fake_host.inhalt.schreibe(iter([b"ab", b"c"]), name="a.xml", medientyp="text/xml")
    assert teil.oeffnen().read() == b"abc"
    assert (teil.laenge, teil.name, teil.medientyp) == (3, "a.xml", "text/xml")
    fake_host.inhalt.entferne(teil)
    with pytest.raises(PermanentError):
        teil.oeffnen()


def test_fake_host_reads_a_part_inside_another_part(fake_host: FakeHost) -> None:
    kodiert = base64.b64encode(b"%PDF-invented")
    ganzes = fake_host.inhalt.schreibe([b"<a>", kodiert, b"</a>"])
    stelle = Ausschnitt(teil_id=ganzes.id, von=3, bis=3 + len(kodiert))
    assert Teil(id="x", ausschnitt=stelle).gebunden(fake_host.inhalt).oeffnen().read() == b"%PDF-invented"


def test_fake_host_tells_only_the_secrets_it_was_given(fake_host: FakeHost) -> None:
    fake_host.geheimnisse["env:KENNWORT"] = "streng geheim"
    assert fake_host.secret("env:KENNWORT") == "streng geheim"
    with pytest.raises(ConfigError):
        fake_host.secret("env:ANDERES")


def test_fake_host_keeps_what_was_logged_and_knows_stored_messages(fake_host: FakeHost) -> None:
    fake_host.log.info("kanal.abgeholt", anzahl=2)
    assert fake_host.protokoll == [{"anzahl": 2, "event": "kanal.abgeholt", "log_level": "info"}]
    fake_host.nachrichten.add("urn:1")
    assert fake_host.gespeichert("urn:1")
    assert not fake_host.gespeichert("urn:2")


def test_databases_of_one_kind_share_what_was_compiled_and_nothing_else(tmp_path: Path, postgres_url: str) -> None:
    oeffne = anweisungen.teile(sa.create_engine)
    orte = [f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}", postgres_url]
    erste, zweite, andere = (oeffne(url, poolclass=sa.NullPool) for url in orte)
    zahl = sa.Table("zahl", sa.MetaData(), sa.Column("wert", sa.Integer))
    for wert, engine in enumerate((erste, zweite, andere)):
        with engine.begin() as verbindung:
            zahl.create(verbindung)
            verbindung.execute(zahl.insert().values(wert=wert))
            assert verbindung.execute(sa.select(zahl).where(zahl.c.wert == wert)).all() == [(wert,)]
    geteilt = erste.get_execution_options()["compiled_cache"]
    assert geteilt is zweite.get_execution_options()["compiled_cache"]
    assert geteilt is not andere.get_execution_options()["compiled_cache"]
    vorher = len(geteilt)
    with zweite.begin() as verbindung:
        assert verbindung.execute(sa.select(zahl).where(zahl.c.wert == 0)).all() == []
    assert len(geteilt) == vorher > 0
    assert "compiled_cache" not in oeffne("sqlite://", paramstyle="named").get_execution_options()
