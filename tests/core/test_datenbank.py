"""Migrations make exactly the tables the code knows, and a foreign database is refused."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from fachwerk.datenbank import (
    SCHEMA_KOPF,
    _alembic,
    aktualisiere,
    bekannte_staende,
    fuege_neu_ein,
    lesend,
    oeffne_datenbank,
    schema_stand,
    stoerungsgrund,
    vorlaeufig,
)
from fachwerk.demo.prozesse import warte
from fachwerk.sqlite import sqlite_treiber
from fachwerk.tabellen import METADATA, alarm, kanalstand, vorgang, zielstand, zustellung


def test_the_migrations_make_exactly_the_tables_of_the_code(datenbank: sa.Engine) -> None:
    with datenbank.connect() as verbindung:
        kontext = MigrationContext.configure(verbindung, opts={"version_table": "fachwerk_schema"})
        unterschiede = [u for u in compare_metadata(kontext, METADATA) if "fachwerk_schema" not in repr(u)]
    assert unterschiede == []


def test_a_database_of_the_first_migration_keeps_its_data_when_it_is_brought_up_to_date(datenbank_url: str) -> None:
    engine = oeffne_datenbank(datenbank_url)
    command.upgrade(_alembic(engine), "0001")
    assert schema_stand(engine) == "alt"
    zeit = datetime(2026, 11, 1, tzinfo=UTC)
    fall = {"id": "v1", "kanal": "postfach", "status": "done", "angelegt": zeit, "geaendert": zeit}
    lieferung = {"vorgang_id": "v1", "ziel": "akte", "fassung": 1, "plugin": "p", "status": "zugestellt", "seit": zeit}
    with engine.begin() as verbindung:
        ohne = [spalte for spalte in vorgang.columns if spalte.name not in ("dringlichkeit", "frist")]
        leer = {s.name: s.default.arg for s in ohne if s.default is not None and s.default.is_scalar}
        verbindung.execute(sa.insert(sa.table("vorgang", *(sa.column(s.name) for s in ohne))).values(leer | fall))
        spalten = [spalte.name for spalte in zustellung.columns if not spalte.name.startswith(("frage", "erw", "mahn"))]
        verbindung.execute(
            sa.insert(sa.table("zustellung", *map(sa.column, spalten))).values(
                lieferung
                | {"versuch": 3, "absicht_von": "", "sendung": "t1", "code": "", "hinweis": "", "gehalten_fuer": ""}
            )
        )
    aktualisiere(engine)
    assert schema_stand(engine) == "aktuell"
    with engine.begin() as verbindung:
        zeile = verbindung.execute(sa.select(zustellung)).one()
        assert (zeile.vorgang_id, zeile.versuch, zeile.frage, zeile.frage_faellig) == ("v1", 3, None, None)
        assert (zeile.erwartet, zeile.erwartet_bis, zeile.mahnen_ab) == ("", None, None)
        stand = verbindung.execute(sa.select(vorgang)).one()
        assert (stand.status, stand.dringlichkeit, stand.frist) == ("done", "", None)
        assert fuege_neu_ein(verbindung, kanalstand, kanal="postfach")
    engine.dispose()


def test_of_one_cause_only_one_alarm_is_open_and_any_number_is_over(datenbank: sa.Engine) -> None:
    zeit = datetime(2026, 11, 1, tzinfo=UTC)
    werte = {"anlass": "a", "gegenstand": "ziel:x", "code": "c", "hinweis": "", "seit": zeit, "zuletzt": zeit}
    with datenbank.begin() as verbindung:
        assert fuege_neu_ein(verbindung, alarm, **werte, behoben=zeit)
        assert fuege_neu_ein(verbindung, alarm, **werte, behoben=zeit)
        assert fuege_neu_ein(verbindung, alarm, **werte)
        assert not fuege_neu_ein(verbindung, alarm, **werte)


def test_the_state_of_a_database_is_told(datenbank_url: str) -> None:
    engine = oeffne_datenbank(datenbank_url)
    assert schema_stand(engine) == "leer"
    aktualisiere(engine)
    assert schema_stand(engine) == "aktuell"
    with engine.begin() as verbindung:
        verbindung.execute(sa.text("UPDATE fachwerk_schema SET version_num = '9999'"))
    assert schema_stand(engine) == "fremd"
    engine.dispose()


def test_what_is_known_without_alembic_is_what_alembic_knows(sqlite_url: str) -> None:
    skripte = ScriptDirectory.from_config(_alembic(oeffne_datenbank(sqlite_url)))
    assert skripte.get_heads() == [SCHEMA_KOPF]
    assert {skript.revision for skript in skripte.walk_revisions()} == bekannte_staende()


def test_somebody_elses_tables_are_not_taken_for_an_empty_database(datenbank_url: str) -> None:
    engine = oeffne_datenbank(datenbank_url)
    with engine.begin() as verbindung:
        verbindung.execute(sa.text("CREATE TABLE vorgang (id INTEGER)"))
    assert schema_stand(engine) == "fremd"
    engine.dispose()


def test_a_taken_key_changes_nothing(datenbank: sa.Engine) -> None:
    with datenbank.begin() as verbindung:
        assert fuege_neu_ein(verbindung, zielstand, ziel="akte", fehler_in_folge=1)
        assert not fuege_neu_ein(verbindung, zielstand, ziel="akte", fehler_in_folge=2)
        assert verbindung.execute(sa.select(zielstand.c.fehler_in_folge)).scalar_one() == 1


def test_processes_that_begin_at_the_same_moment_migrate_once(datenbank_url: str) -> None:
    programm = (
        "import sys; import alembic.command, psycopg; from fachwerk.datenbank import aktualisiere, oeffne_datenbank\n"
        "engine = oeffne_datenbank(sys.argv[1]); engine.connect().close()\n"
        "print('bereit', flush=True); sys.stdin.readline(); aktualisiere(engine)"
    )
    befehl = [sys.executable, "-c", programm, datenbank_url]
    kinder = [subprocess.Popen(befehl, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)]
    assert [kind.stdout and kind.stdout.readline() for kind in kinder] == [b"bereit\n"] * 4
    for kind in kinder:
        assert kind.stdin is not None
        kind.stdin.close()
    assert [kind.wait(60) for kind in kinder] == [0, 0, 0, 0]
    assert schema_stand(oeffne_datenbank(datenbank_url)) == "aktuell"


def test_a_new_file_that_somebody_else_is_beginning_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datei = tmp_path / "fachwerk.db"
    with contextlib.closing(sqlite_treiber().connect(datei, isolation_level=None)) as anderer:
        anderer.execute("BEGIN IMMEDIATE")
        anderer.execute("CREATE TABLE angefangen (id INTEGER)")
        monkeypatch.setattr("fachwerk.datenbank.time.sleep", lambda _s: anderer.execute("COMMIT"))
        with oeffne_datenbank(f"sqlite:///{datei}").connect() as verbindung:
            assert verbindung.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert sa.inspect(verbindung).has_table("angefangen")


def test_a_new_file_that_somebody_else_never_lets_go_of_is_called_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datei = tmp_path / "fachwerk.db"
    gewartet: list[float] = []
    monkeypatch.setattr("fachwerk.datenbank.time.sleep", gewartet.append)
    with contextlib.closing(sqlite_treiber().connect(datei, isolation_level=None)) as anderer:
        anderer.execute("BEGIN IMMEDIATE")
        anderer.execute("CREATE TABLE angefangen (id INTEGER)")
        with pytest.raises(sa.exc.OperationalError, match="database is locked"):
            oeffne_datenbank(f"sqlite:///{datei}").connect()
    assert 29 < sum(gewartet) <= 30


def test_why_a_database_cannot_be_used_is_its_own_code(datenbank: sa.Engine, datenbank_url: str) -> None:
    with datenbank.connect() as verbindung, pytest.raises(sa.exc.DBAPIError) as fehler:
        verbindung.execute(sa.text("SELECT * FROM gibt_es_nicht WHERE name = :name"), {"name": "Mustermann"})
    assert stoerungsgrund(fehler.value) == ("42P01" if datenbank_url.startswith("postgresql") else "SQLITE_ERROR")


@pytest.mark.postgresql
def test_why_no_connection_is_to_be_had_is_said_by_the_driver_without_the_password(postgres_url: str) -> None:
    url = sa.make_url(postgres_url)
    with pytest.raises(sa.exc.OperationalError) as fehler:
        oeffne_datenbank(url.set(password="geheimes-wort").render_as_string(hide_password=False)).connect()
    assert "password authentication failed" in stoerungsgrund(fehler.value)
    assert "geheimes-wort" not in stoerungsgrund(fehler.value)
    assert "\n" not in stoerungsgrund(fehler.value)


def test_what_is_no_disturbance_of_a_database_has_no_reason() -> None:
    assert stoerungsgrund(ValueError("x")) == ""


@pytest.mark.postgresql
def test_the_server_ends_the_transaction_of_a_node_that_froze(postgres_url: str) -> None:
    eingefroren = oeffne_datenbank(postgres_url)
    with eingefroren.connect() as verbindung:
        assert verbindung.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "15s"
        kennung = verbindung.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        verbindung.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
        with oeffne_datenbank(postgres_url).connect() as andere:
            andere = andere.execution_options(isolation_level="AUTOCOMMIT")
            frage = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :kennung")
            warte(lambda: not andere.execute(frage, {"kennung": kennung}).scalar_one(), "Ende der Verbindung")
        with pytest.raises(sa.exc.DBAPIError):
            verbindung.execute(sa.text("SELECT 1"))
        verbindung.invalidate()


@pytest.mark.postgresql
def test_what_the_site_says_about_its_connection_wins(postgres_url: str) -> None:
    engine = oeffne_datenbank(f"{postgres_url}?options=-c%20idle_in_transaction_session_timeout%3D7s")
    with engine.connect() as verbindung:
        assert verbindung.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "7s"
    engine.dispose()


def test_thirty_connections_to_a_file_keep_less_than_thirty_megabytes_of_it(tmp_path: Path) -> None:
    engine = oeffne_datenbank(f"sqlite:///{tmp_path / 'fachwerk.db'}")
    with engine.connect() as verbindung:
        kib = -verbindung.exec_driver_sql("PRAGMA cache_size").scalar_one()
    assert 0 < kib < 1024
    engine.dispose()


def _wartet_auf_die_platte(verbindung: sa.Connection) -> bool:
    if verbindung.dialect.name == "postgresql":
        return bool(verbindung.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on")
    return bool(verbindung.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2)


def test_only_a_provisional_commit_does_not_wait_for_the_disk(datenbank: sa.Engine) -> None:
    with vorlaeufig(datenbank) as verbindung:
        assert not _wartet_auf_die_platte(verbindung)
        fuege_neu_ein(verbindung, kanalstand, kanal="postfach")
    with datenbank.begin() as verbindung:
        assert _wartet_auf_die_platte(verbindung)
        assert not fuege_neu_ein(verbindung, kanalstand, kanal="postfach")


def test_a_connection_waits_for_the_disk_again_after_a_provisional_commit_failed(datenbank: sa.Engine) -> None:
    def brich_ab() -> None:
        with vorlaeufig(datenbank) as verbindung:
            fuege_neu_ein(verbindung, kanalstand, kanal="postfach")
            raise OSError("line cut")

    with pytest.raises(OSError, match="line cut"):
        brich_ab()
    with datenbank.begin() as verbindung:
        assert _wartet_auf_die_platte(verbindung)
        assert fuege_neu_ein(verbindung, kanalstand, kanal="postfach")


def test_a_connection_that_lay_unused_is_asked_before_it_is_used(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fachwerk.datenbank._UNERPROBT_S", 0.0)
    engine = oeffne_datenbank(postgres_url)
    with engine.connect() as verbindung:
        erste = verbindung.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    fremd = sa.create_engine(postgres_url)
    with fremd.begin() as verbindung:
        verbindung.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": erste})
    with engine.connect() as verbindung:
        assert verbindung.execute(sa.text("SELECT pg_backend_pid()")).scalar_one() != erste
    engine.dispose()
    fremd.dispose()


def test_a_short_read_needs_no_transaction_and_leaves_the_connection_as_it_was(postgres_url: str) -> None:
    engine = oeffne_datenbank(postgres_url)
    for in_bloecken, erwartet in ((False, "IDLE"), (True, "INTRANS"), (False, "IDLE")):
        with lesend(engine, in_bloecken=in_bloecken) as verbindung:
            verbindung.execute(sa.text("SELECT 1")).all()
            assert verbindung.connection.driver_connection.info.transaction_status.name == erwartet  # type: ignore[union-attr]
    with engine.begin() as verbindung:
        verbindung.execute(sa.text("SELECT 1"))
        assert verbindung.connection.driver_connection.info.transaction_status.name == "INTRANS"  # type: ignore[union-attr]
    engine.dispose()


def test_several_rows_are_one_statement_so_that_no_node_freezes_between_them(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a pipeline the server does not see an idle transaction, and would keep its locks from the others."""
    monkeypatch.delattr("psycopg.Cursor.executemany")
    engine = oeffne_datenbank(postgres_url)
    aktualisiere(engine)
    with engine.begin() as verbindung:
        werte = [{"ziel": f"z{nummer}", "fehler_in_folge": nummer} for nummer in range(3)]
        verbindung.execute(zielstand.insert(), werte)
        assert verbindung.execute(sa.select(sa.func.count()).select_from(zielstand)).scalar_one() == 3
    engine.dispose()
