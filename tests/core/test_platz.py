"""Slots: one process each, free again when it ends, and its loss is noticed."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from fachwerk import platz as platz_modul
from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.errors import ConfigError
from fachwerk.platz import Platz
from fachwerk.tabellen import knoten
from fachwerk.testkit.postgres import PostgresServer


def zeilen(datenbank: sa.Engine) -> dict[str, str]:
    with datenbank.connect() as verbindung:
        return {zeile.platz: zeile.prozess for zeile in verbindung.execute(sa.select(knoten))}


def test_each_process_takes_the_first_free_slot_of_its_node(datenbank: sa.Engine) -> None:
    plaetze = [Platz(datenbank, f"p{nummer}", "amt") for nummer in range(3)]
    assert [platz.nimm() for platz in plaetze] == ["amt-1", "amt-2", "amt-3"]
    fremder = Platz(datenbank, "p9", "anderswo")
    assert fremder.nimm() == "anderswo-1"
    assert zeilen(datenbank) == {"amt-1": "p0", "amt-2": "p1", "amt-3": "p2", "anderswo-1": "p9"}
    plaetze[1].verlasse()
    neuer = Platz(datenbank, "p4", "amt")
    assert neuer.nimm() == "amt-2"
    for platz in (plaetze[0], plaetze[2], fremder, neuer):
        platz.verlasse()
    assert zeilen(datenbank) == {}


def test_without_another_name_the_node_is_the_machine(datenbank: sa.Engine) -> None:
    platz = Platz(datenbank, "p1")
    assert platz.nimm() == f"{socket.gethostname()}-1"
    platz.verlasse()


def test_a_heartbeat_moves_the_time_and_keeps_the_start(datenbank: sa.Engine) -> None:
    platz = Platz(datenbank, "p1", "amt")
    platz.nimm()

    def stand() -> tuple[object, object]:
        with datenbank.connect() as verbindung:
            zeile = verbindung.execute(sa.select(knoten)).one()
            return zeile.gestartet, zeile.herzschlag

    vorher = stand()
    assert platz.schlage() is True
    nachher = stand()
    assert nachher[0] == vorher[0]
    assert nachher[1] > vorher[1]  # type: ignore[operator]
    platz.verlasse()


def test_a_restarted_process_announces_itself_in_place_of_the_dead_one(datenbank: sa.Engine) -> None:
    erster = Platz(datenbank, "tot", "amt")
    erster.nimm()
    assert erster._sperre is not None
    erster._sperre.loese()  # what the operating system or the server does when a process ends
    zweiter = Platz(datenbank, "neu", "amt")
    assert zweiter.nimm() == "amt-1"
    assert zeilen(datenbank) == {"amt-1": "neu"}
    zweiter.verlasse()


def test_who_lost_the_slot_notices_and_takes_nothing_away_from_the_successor(datenbank: sa.Engine) -> None:
    verlierer, nachfolger = Platz(datenbank, "alt", "amt"), Platz(datenbank, "neu", "amt")
    verlierer.nimm()
    assert verlierer._sperre is not None
    verlierer._sperre.loese()
    nachfolger.nimm()
    verlierer._sperre = Verloren()
    assert verlierer.schlage() is False
    assert verlierer.schlage() is False
    verlierer._sperre = Verloren()
    verlierer.verlasse()
    assert zeilen(datenbank) == {"amt-1": "neu"}
    nachfolger.verlasse()


class Verloren:
    """The lock of a session that the server ended."""

    def haelt(self) -> bool:
        return False

    def loese(self) -> None:
        """There is nothing left to release."""

    def beende_sitzung(self, datenbank: sa.Engine) -> None:
        """The server has ended it already."""


def test_a_lost_slot_that_is_still_free_is_taken_back(datenbank: sa.Engine) -> None:
    platz = Platz(datenbank, "p1", "amt")
    platz.nimm()
    assert platz._sperre is not None
    platz._sperre.loese()
    platz._sperre = None
    assert platz.schlage() is True
    anderer = Platz(datenbank, "p2", "amt")
    assert anderer.nimm() == "amt-2"
    anderer.verlasse()
    platz.verlasse()


def test_leaving_twice_does_no_harm(datenbank: sa.Engine) -> None:
    platz = Platz(datenbank, "p1", "amt")
    platz.nimm()
    platz.verlasse()
    platz.verlasse()
    Platz(datenbank, "p1", "amt").verlasse()


def test_a_node_with_no_slot_left_says_what_to_do(datenbank: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platz_modul, "MAX_PLAETZE", 2)
    plaetze = [Platz(datenbank, f"p{nummer}", "amt") for nummer in range(2)]
    for platz in plaetze:
        platz.nimm()
    with pytest.raises(ConfigError, match="kein_platz_frei") as gefangen:
        Platz(datenbank, "p9", "amt").nimm()
    assert "schon 2 Prozesse" in gefangen.value.hint
    for platz in plaetze:
        platz.verlasse()


KIND = """
import sys
import sqlalchemy as sa
from fachwerk.datenbank import oeffne_datenbank
from fachwerk.platz import Platz
platz = Platz(oeffne_datenbank(sys.argv[1]), "kind", "amt")
print(platz.nimm(), flush=True)
sys.stdin.read()
"""


def test_a_killed_process_frees_its_slot_at_once(datenbank: sa.Engine, datenbank_url: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KIND, datenbank_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as kind:
        assert kind.stdout is not None
        assert kind.stdout.readline() == "amt-1\n"
        neben = Platz(datenbank, "neben", "amt")
        assert neben.nimm() == "amt-2"
        kind.kill()
        kind.wait(30)
    nachfolger = Platz(datenbank, "neu", "amt")
    assert nachfolger.nimm() in ("amt-1", "amt-3")  # a server may need a moment to see the connection gone
    for _ in range(10_000):
        if nachfolger.name == "amt-1":
            break
        nachfolger.verlasse()
        nachfolger.nimm()
    assert zeilen(datenbank)["amt-1"] == "neu"
    nachfolger.verlasse()
    neben.verlasse()


@pytest.mark.postgresql
def test_the_heart_beats_on_when_the_server_was_away(eigener_postgres: PostgresServer) -> None:
    engine = oeffne_datenbank(eigener_postgres.neue_datenbank())
    aktualisiere(engine)
    platz = Platz(engine, "p1", "knoten")
    platz.nimm()
    eigener_postgres.kill9()
    for _ in range(3):
        with pytest.raises(sa.exc.OperationalError):
            platz.schlage()
    eigener_postgres.start()
    assert platz.schlage() is True
    eigener_postgres.kill9()
    platz.verlasse()
    engine.dispose()


@pytest.mark.postgresql
def test_a_lock_whose_session_a_pooler_changed_is_lost_and_the_session_of_somebody_else_is_left_alone(
    postgres_url: str,
) -> None:
    engine = oeffne_datenbank(postgres_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as fremde:
        sperre = platz_modul._Serversperre.nimm(engine, "amt-1")
        assert sperre is not None
        assert sperre.haelt()
        sperre._sitzung = fremde.execute(platz_modul._EIGENE_SITZUNG).one()
        assert not sperre.haelt()
        sperre.beende_sitzung(engine)
        assert fremde.execute(sa.text("SELECT 1")).scalar_one() == 1
    engine.dispose()


@pytest.mark.postgresql
def test_the_lost_session_that_still_has_the_lock_is_ended(postgres_url: str) -> None:
    engine = oeffne_datenbank(postgres_url)
    verlorene = platz_modul._Serversperre.nimm(engine, "amt-1")
    assert verlorene is not None
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as neue:
        leitung, verlorene._verbindung = verlorene._verbindung, neue
        assert platz_modul._Serversperre.nimm(engine, "amt-1") is None
        verlorene.beende_sitzung(engine)
        nachfolgerin = platz_modul._Serversperre.nimm(engine, "amt-1")
        assert nachfolgerin is not None
        nachfolgerin.loese()
    with pytest.raises(sa.exc.OperationalError):
        leitung.execute(sa.text("SELECT 1"))
    leitung.close()
    engine.dispose()
