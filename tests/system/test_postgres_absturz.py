"""PostgreSQL dies under a working service and returns: the service goes on, nothing is lost, nothing twice."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from fachwerk.demo.prozesse import warte
from fachwerk.testkit.postgres import PostgresServer
from fachwerk.testkit.standort import Standort

pytestmark = pytest.mark.postgresql

GEDULD_S = 120.0
TOR = '[ziel.akte]\nplugin = "testziel_tor"\nverzeichnis = "akten"\ngleichzeitig = 2\n'


class Betrieb:
    """A site on a PostgreSQL of its own, with one service that nobody restarts."""

    def __init__(self, standort: Standort, dienst: subprocess.Popen[bytes]) -> None:
        self.standort = standort
        self.dienst = dienst

    def protokoll(self) -> str:
        return self.standort.protokoll().read_text(encoding="utf-8")

    def zahl(self, sql: str) -> int:
        return int(self.standort.frage(sql)[0][0])

    def fertige(self) -> int:
        return self.zahl("SELECT count(*) FROM vorgang WHERE status = 'done'")

    def warte(self, bis: Callable[[], bool], worauf: str) -> None:
        warte(bis, worauf, self.dienst, geduld_s=GEDULD_S)

    def warte_auf_alle(self) -> None:
        self.warte(self.standort.ist_fertig, "alle Vorgänge fertig")

    def alles_gut(self) -> bool:
        """The same service still runs, everything arrived once, and it ends when told."""
        assert self.dienst.poll() is None
        assert self.standort.maengel() == []
        assert self.standort.frage("SELECT grund FROM vorgang WHERE status <> 'done'") == []
        self.dienst.send_signal(signal.SIGTERM)
        return self.dienst.wait(GEDULD_S) == 0


@pytest.fixture
def betrieb(neuer_standort: Callable[..., Standort], eigener_postgres: PostgresServer) -> Iterator[Betrieb]:
    standort = neuer_standort(eigener_postgres.neue_datenbank(), ziele=TOR)
    with standort.dienst() as dienst:
        neu = Betrieb(standort, dienst)
        neu.warte(lambda: "Fachwerk läuft" in neu.protokoll(), "den Dienst")
        yield neu


@pytest.mark.parametrize("tor", ["tor-zu", "tor-danach-zu"])
def test_deliveries_in_flight_end_when_the_server_is_back(
    betrieb: Betrieb, eigener_postgres: PostgresServer, tor: str
) -> None:
    """Once before anything is handed over, once when the case folder is there but nobody could write that down."""
    (betrieb.standort.ordner / tor).touch()
    betrieb.standort.sende(6)
    betrieb.warte(lambda: betrieb.zahl("SELECT count(*) FROM zustellung WHERE status = 'absicht'") == 2, "Absichten")
    if tor == "tor-danach-zu":
        betrieb.warte(lambda: len(list(betrieb.standort.akten.glob("[!.]*"))) == 2, "zwei Akten")
    eigener_postgres.kill9()
    (betrieb.standort.ordner / tor).unlink()
    betrieb.warte(lambda: "datenbank_gestoert" in betrieb.protokoll(), "die Störung")
    eigener_postgres.start()
    betrieb.warte_auf_alle()
    assert betrieb.alles_gut()


def test_messages_being_received_are_there_once_when_the_server_is_back(
    betrieb: Betrieb, eigener_postgres: PostgresServer
) -> None:
    betrieb.standort.sende(3, anhang=24_000_000)
    betrieb.warte(lambda: betrieb.zahl("SELECT count(*) FROM inhalt") > 5, "einen Abruf")
    eigener_postgres.stop("immediate")
    eigener_postgres.start()
    betrieb.warte_auf_alle()
    assert betrieb.alles_gut()


def test_many_crashes_in_the_middle_of_the_work_cost_nothing_but_time(
    betrieb: Betrieb, eigener_postgres: PostgresServer
) -> None:
    for runde in range(1, 6):
        betrieb.standort.sende(4)
        betrieb.warte(lambda: betrieb.fertige() > (runde - 1) * 4, "Fortschritt")  # noqa: B023  called at once
        eigener_postgres.kill9()
        eigener_postgres.start()
    betrieb.warte_auf_alle()
    assert betrieb.alles_gut()
