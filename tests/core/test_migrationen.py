"""Migrations under way: nodes of before go on, nobody queues up behind a lock, and who does not fit does not begin."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from click.testing import CliRunner

from fachwerk import datenbank as datenbank_modul
from fachwerk import vertraeglichkeit
from fachwerk.betrieb import pruefe_schema
from fachwerk.cli.datenbank import befehl
from fachwerk.datenbank import _alembic, aktualisiere, bekannte_staende, oeffne_datenbank, schema_stand
from fachwerk.demo.prozesse import warte
from fachwerk.errors import ConfigError
from fachwerk.platz import Platz, versuche_sperre
from fachwerk.tabellen import knoten
from fachwerk.vertraeglichkeit import Kern

VERSIONEN = Path(datenbank_modul.__file__).parent / "migrations/versions"
AENDERN_DATEN = {"0010": "UPDATE vorgang SET gehalten_seit"}
"""Migrations that change rows. 0010: what an older node holds meanwhile has no date of it until it is held again."""

EINGESPIELT_VOR_DER_REGEL = "0010"
"""So far migrations build indexes on existing tables while these are locked: bring such a site up to date at rest."""

SCHREIBE = (
    "INSERT INTO vorgang (id, kanal, status, grund, hinweis, gehalten_fuer, leistung, leika, land, empfehlung, fassung,"
    " lauf, leser, nachrichten_uuid, inhalt_sha256, test, doppelt_zu, angelegt, geaendert) VALUES ('{}', 'k', 'ready', "
    "'', '', '', '', '', '', '', 1, 1, '', '', '', {}, '', '2026-11-01', '2026-11-01')"
)


def schreibe(verbindung: sa.Connection, vorgang_id: str) -> None:
    """As a node of the first version does."""
    verbindung.exec_driver_sql(SCHREIBE.format(vorgang_id, "false"))


# -- what a migration may do ------------------------------------------------------------------------------------------


Gestalt = dict[str, Any]
Schritte = dict[str, tuple[Gestalt, Gestalt, list[str]]]
"""For each migration: the tables before and after it, and what it did to rows."""


def gestalt(datenbank: sa.Engine) -> Gestalt:
    """Everything an older node may rely on, by name."""
    pruefer, alles = sa.inspect(datenbank), {}
    for tabelle in pruefer.get_table_names():
        for spalte in pruefer.get_columns(tabelle):
            alles[f"{tabelle}.{spalte['name']}"] = (str(spalte["type"]), spalte["nullable"])
        alles[f"{tabelle} pk"] = pruefer.get_pk_constraint(tabelle)["constrained_columns"]
        for index in pruefer.get_indexes(tabelle):
            alles[f"{tabelle} index {index['name']}"] = (index["column_names"], bool(index["unique"]))
        for art in (pruefer.get_unique_constraints(tabelle), pruefer.get_foreign_keys(tabelle)):
            alles |= {f"{tabelle} {regel['name']}": repr(sorted(regel.items(), key=str)) for regel in art}
    return alles


@pytest.fixture(scope="module")
def schritte(tmp_path_factory: pytest.TempPathFactory) -> Schritte:
    """All migrations, one after the other, on an empty database."""
    engine = oeffne_datenbank(f"sqlite:///{tmp_path_factory.mktemp('schritte') / 'fachwerk.db'}")
    anweisungen: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *a: anweisungen.append(str(a[2]).strip()))
    ergebnis, vorher = {}, {}
    for revision in sorted(bekannte_staende()):
        anweisungen.clear()
        aktualisiere(engine, revision)
        daten = [a for a in anweisungen if a.startswith(("UPDATE", "DELETE", "INSERT")) and "fachwerk_schema" not in a]
        nachher = gestalt(engine)
        ergebnis[revision] = (vorher, nachher, daten)
        vorher = nachher
    engine.dispose()
    return ergebnis


def test_a_migration_only_adds(schritte: Schritte) -> None:
    """Nothing an older node relies on goes away or changes (expand); what goes later names who it needs (contract)."""
    for revision, (vorher, nachher, _) in schritte.items():
        anders = {name for name, was in vorher.items() if nachher.get(name) != was}
        assert not anders, revision


def test_what_is_added_to_a_table_does_not_stop_an_older_node(
    schritte: Schritte,
) -> None:
    """No column without a value of its own, no rule that its rows could break."""
    for revision, (vorher, nachher, _) in schritte.items():
        alte = {name.split(".")[0] for name in vorher if "." in name.split(" ")[0]}
        neue = {
            name: was for name, was in nachher.items() if name not in vorher and name.split(".")[0].split()[0] in alte
        }
        eindeutige = [name for name, was in neue.items() if " index " in name and was[1]]
        assert not eindeutige, revision
        regeln = [name for name in neue if " " in name and " index " not in name]
        assert not regeln, revision


def test_an_older_node_writes_into_the_newest_tables(datenbank: sa.Engine) -> None:
    zeit = datetime.now(UTC)
    with datenbank.begin() as verbindung:
        schreibe(verbindung, "v1")
        alte = sa.table("knoten", *(sa.column(name) for name in ("platz", "prozess", "gestartet", "herzschlag")))
        zeile = {"platz": "alt-1", "prozess": "p", "gestartet": zeit, "herzschlag": zeit}
        verbindung.execute(sa.insert(alte).values({**zeile, "gestartet": str(zeit), "herzschlag": str(zeit)}))
    [alter] = vertraeglichkeit.lebende(datenbank)
    assert alter.kern == Kern("", "", "1", 1)
    assert vertraeglichkeit.eigener().passt_zu(alter.kern)


def test_migrations_that_change_rows_are_known(
    schritte: Schritte,
) -> None:
    gefunden = {revision: daten for revision, (_, _, daten) in schritte.items() if daten}
    assert set(gefunden) == set(AENDERN_DATEN)
    for revision, anfang in AENDERN_DATEN.items():
        assert [daten.startswith(anfang) for daten in gefunden[revision]] == [True]


def aufrufe(datei: Path) -> list[tuple[str, list[str]]]:
    """(function, what it is given) of every step of a migration."""
    return [
        (ast.unparse(knoten.func).removeprefix("op."), [ast.unparse(angabe) for angabe in knoten.args])
        for knoten in ast.walk(ast.parse(datei.read_text(encoding="utf-8")))
        if isinstance(knoten, ast.Call) and ast.unparse(knoten.func).split(".")[0] in ("op", "lege_index_an")
    ]


@pytest.mark.parametrize("datei", sorted(VERSIONEN.glob("[0-9]*.py")), ids=lambda datei: datei.name[:4])
def test_an_index_on_a_table_that_may_be_big_is_built_beside_the_work(datei: Path) -> None:
    if datei.name[:4] <= EINGESPIELT_VOR_DER_REGEL and datei.name[:4] != "0007":
        return
    neue = [angaben[0] for was, angaben in aufrufe(datei) if was == "create_table"]
    assert [angaben for was, angaben in aufrufe(datei) if was == "create_index" and angaben[1] not in neue] == []
    if "lege_index_an" in (schritte := {was for was, _ in aufrufe(datei)}):
        assert schritte == {"lege_index_an"}, "it ends the transaction, so nothing else may stand beside it"


# -- beside the work (PostgreSQL) -------------------------------------------------------------------------------------


@pytest.fixture
def server(postgres_url: str) -> Iterator[Callable[[str], sa.Engine]]:
    """A database as an older version left it."""
    engine = oeffne_datenbank(postgres_url)

    def am_stand(revision: str) -> sa.Engine:
        aktualisiere(engine, revision)
        return engine

    yield am_stand
    engine.dispose()


def laeuft(datenbank: sa.Engine, anfang: str) -> bool:
    frage = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE :anfang")
    with datenbank.connect() as verbindung:
        return bool(verbindung.execute(frage, {"anfang": f"{anfang}%"}).scalar_one())


@pytest.mark.postgresql
def test_the_line_goes_on_while_an_index_is_built(server: Callable[[str], sa.Engine]) -> None:
    """A case in flight delays the index, and the index delays nobody."""
    engine = server("0006")
    wandernd = threading.Thread(target=aktualisiere, args=(engine, "0007"))
    with engine.begin() as unterwegs:
        schreibe(unterwegs, "v1")
        wandernd.start()
        warte(lambda: laeuft(engine, "CREATE INDEX CONCURRENTLY"), "der Index")
        with engine.begin() as andere:
            andere.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            schreibe(andere, "v2")
        assert wandernd.is_alive()
    wandernd.join(60)
    assert not wandernd.is_alive()
    assert "ix_vorgang_kanal_angelegt" in {i["name"] for i in sa.inspect(engine).get_indexes("vorgang")}


@pytest.mark.postgresql
def test_an_index_that_was_left_half_is_built_anew(server: Callable[[str], sa.Engine]) -> None:
    engine = server("0006")
    with engine.begin() as verbindung:
        verbindung.exec_driver_sql("CREATE INDEX ix_vorgang_kanal_angelegt ON vorgang (status)")
        kaputt = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_vorgang_kanal_angelegt'::regclass"
        verbindung.exec_driver_sql(kaputt)
        verbindung.exec_driver_sql("CREATE INDEX ix_vorgang_land_angelegt ON vorgang (land, angelegt)")
    aktualisiere(engine, "0007")
    indizes = {i["name"]: i["column_names"] for i in sa.inspect(engine).get_indexes("vorgang")}
    assert indizes["ix_vorgang_kanal_angelegt"] == ["kanal", "angelegt"]
    assert indizes["ix_vorgang_land_angelegt"] == ["land", "angelegt"]


@pytest.mark.postgresql
def test_a_table_in_use_is_tried_again_and_nobody_queues_up_behind(server: Callable[[str], sa.Engine]) -> None:
    engine, pausen = server("0010"), []
    with engine.connect() as unterwegs:
        unterwegs.exec_driver_sql("LOCK TABLE knoten IN ROW EXCLUSIVE MODE")

        def warte_kurz(sekunden: float) -> None:
            pausen.append(sekunden)
            with engine.begin() as andere:  # a heartbeat between two attempts finds the table free
                andere.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
                andere.exec_driver_sql("DELETE FROM knoten")
            if len(pausen) == 2:
                unterwegs.rollback()

        aktualisiere(engine, sperrfrist="20ms", warte=warte_kurz)
    assert len(pausen) == 2
    assert schema_stand(engine) == "aktuell"


@pytest.mark.postgresql
def test_a_table_that_is_never_free_is_left_as_it_is(server: Callable[[str], sa.Engine]) -> None:
    engine = server("0010")
    with engine.connect() as unterwegs:
        unterwegs.exec_driver_sql("LOCK TABLE knoten IN ROW EXCLUSIVE MODE")
        with pytest.raises(ConfigError, match="datenbank_gesperrt"):
            aktualisiere(engine, sperrfrist="20ms", warte=lambda _: None)
    assert schema_stand(engine) == "alt"
    aktualisiere(engine)
    assert schema_stand(engine) == "aktuell"


# -- who fits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "code"), [("9999", "datenbank_fremd"), ("0009", "datenbank_alt")])
def test_a_newer_and_an_older_database_are_refused(datenbank: sa.Engine, version: str, code: str) -> None:
    with datenbank.begin() as verbindung:
        verbindung.execute(sa.text("UPDATE fachwerk_schema SET version_num = :v"), {"v": version})
    with pytest.raises(ConfigError, match=code):
        pruefe_schema(datenbank, anlegen=True)


def mit_kern(monkeypatch: pytest.MonkeyPatch, datenbank: sa.Engine, name: str, **anders: Any) -> Platz:
    """A node of another core that has taken its slot."""
    echt = vertraeglichkeit.eigener()
    platz = Platz(datenbank, f"prozess-{name}", name)
    with monkeypatch.context() as dort:
        dort.setattr(vertraeglichkeit, "eigener", lambda: Kern(**{**vars(echt), **anders}))
        platz.nimm()
    return platz


@pytest.mark.parametrize("anders", [{"protokoll": "2"}, {"werte": 3}], ids=["protokoll", "werte"])
def test_a_node_does_not_begin_beside_one_it_does_not_understand(
    datenbank: sa.Engine, monkeypatch: pytest.MonkeyPatch, anders: dict[str, Any]
) -> None:
    fremder = mit_kern(monkeypatch, datenbank, "fremd", version="9.0", **anders)
    neuer = Platz(datenbank, "p", "hier")
    with pytest.raises(ConfigError, match="knoten_unvertraeglich") as fehler:
        neuer.nimm()
    assert "fremd-1 mit Fachwerk 9.0" in fehler.value.hint
    with datenbank.connect() as verbindung:
        assert verbindung.execute(sa.select(knoten.c.platz)).scalars().all() == ["fremd-1"]
    fremder.verlasse()
    assert neuer.nimm() == "hier-1"
    neuer.verlasse()


def test_a_neighbour_one_step_apart_and_a_dead_one_are_no_obstacle(
    datenbank: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    naechster = mit_kern(monkeypatch, datenbank, "naechster", werte=2, version="0.2.0")
    toter = mit_kern(monkeypatch, datenbank, "tot", version="0.3.0")
    with datenbank.begin() as verbindung:
        frueher = datetime(2026, 11, 1, tzinfo=UTC)
        verbindung.execute(knoten.update().where(knoten.c.platz == "tot-1").values(protokoll="9", herzschlag=frueher))
    hier = Platz(datenbank, "p", "hier")
    assert hier.nimm() == "hier-1"
    assert [nachbar.kern.version for nachbar in vertraeglichkeit.lebende(datenbank)] == [
        vertraeglichkeit.eigener().version,
        "0.2.0",
    ]
    for platz in (hier, naechster, toter):
        platz.verlasse()


@pytest.mark.postgresql
def test_what_takes_something_away_waits_for_the_nodes_that_need_it(
    server: Callable[[str], sa.Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = server("0010")
    zeit = datetime.now(UTC)
    alte = sa.table("knoten", *(sa.column(name) for name in ("platz", "prozess", "gestartet", "herzschlag")))
    with engine.begin() as verbindung:
        verbindung.execute(sa.insert(alte).values(platz="alt-1", prozess="p", gestartet=zeit, herzschlag=zeit))
    vertraeglichkeit.pruefe_aktualisierung(engine)
    neueste = ScriptDirectory.from_config(_alembic(engine)).get_revision("head")
    monkeypatch.setattr(ScriptDirectory, "walk_revisions", lambda _: [neueste])
    monkeypatch.setattr(neueste.module, "BRAUCHT", "0010", raising=False)
    vertraeglichkeit.pruefe_aktualisierung(engine)
    monkeypatch.setattr(neueste.module, "BRAUCHT", "0011")
    with pytest.raises(ConfigError, match="knoten_zu_alt") as fehler:
        vertraeglichkeit.pruefe_aktualisierung(engine)
    assert "alt-1" in fehler.value.hint


def test_a_file_somebody_works_on_is_not_migrated(sqlite_url: str, tmp_path: Path) -> None:
    engine = oeffne_datenbank(sqlite_url)
    aktualisiere(engine, "0010")
    konfig = tmp_path / "fachwerk.toml"
    konfig.write_text(f'[fachwerk]\ndatenbank = "{sqlite_url}"\n', encoding="utf-8")
    sperre = versuche_sperre(engine, "hier-1")
    assert sperre is not None
    ergebnis = CliRunner().invoke(befehl, ["aktualisieren", "--gesichert"], obj=konfig)
    assert isinstance(ergebnis.exception, ConfigError)
    assert (ergebnis.exception.code, schema_stand(engine)) == ("datenbank_in_arbeit", "alt")
    sperre.loese()
    assert CliRunner().invoke(befehl, ["aktualisieren", "--gesichert"], obj=konfig).exit_code == 0
    assert schema_stand(engine) == "aktuell"


@pytest.mark.postgresql
def test_the_command_names_the_nodes_at_work(postgres_url: str, tmp_path: Path) -> None:
    engine = oeffne_datenbank(postgres_url)
    aktualisiere(engine)
    platz = Platz(engine, "p", "amt")
    platz.nimm()
    konfig = tmp_path / "fachwerk.toml"
    konfig.write_text(f'[fachwerk]\ndatenbank = "{postgres_url}"\n', encoding="utf-8")
    ausgabe = CliRunner().invoke(befehl, ["stand"], obj=konfig).output
    assert f"Es arbeitet amt-1 mit Fachwerk {vertraeglichkeit.eigener().version}." in ausgabe
    platz.verlasse()
    engine.dispose()
