"""The database server restarts or gives way to its standby under several nodes: all go on, nothing is lost or twice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from netz_replik import Paar
from netz_standort import TOR, Knotenpaar

from fachwerk.testkit.postgres import PostgresServer
from fachwerk.testkit.standort import Standort

pytestmark = [pytest.mark.postgresql, pytest.mark.lang]

NAMEN = ("eins", "zwei")
KONSOLE = '[konsole]\nlisten = "127.0.0.1:0"\n'


@pytest.fixture
def kulisse() -> Iterator[ExitStack]:
    with ExitStack() as stapel:
        yield stapel


def bereit(beide: Knotenpaar) -> dict[str, str]:
    """What ``/readyz`` of every node says."""
    antworten = {name: httpx.get(f"{beide.konsole(name)}/readyz", timeout=20) for name in NAMEN}
    return {name: f"{antwort.status_code} {antwort.text.strip()}" for name, antwort in antworten.items()}


def test_two_nodes_wait_for_a_server_that_restarts_in_the_middle_of_everything(
    neuer_standort: Callable[..., Standort], eigener_postgres: PostgresServer, kulisse: ExitStack
) -> None:
    standort = neuer_standort(eigener_postgres.neue_datenbank(), ziele=TOR, arbeiter=2)
    beide = Knotenpaar(standort, NAMEN, kulisse, KONSOLE)
    beide.warte(lambda: set(bereit(beide).values()) == {"200 bereit"}, "beide bereit")
    beide.schliesse("tor-danach-zu")
    standort.sende(6)
    beide.warte(lambda: len(beide.akten()) == 2, "zwei Akten, von denen niemand weiß")
    eigener_postgres.stop("immediate")
    beide.oeffne("tor-danach-zu")
    weg = "503 datenbank_nicht_erreichbar"
    beide.warte(lambda: bereit(beide) == dict.fromkeys(NAMEN, weg), "beide sagen, was fehlt")
    seiten = {httpx.get(f"{beide.konsole(name)}/", timeout=20).status_code for name in NAMEN}
    assert seiten == {503}
    standort.sende(4)
    eigener_postgres.start()
    beide.warte_auf_alle()
    beide.warte(lambda: set(bereit(beide).values()) == {"200 bereit"}, "beide wieder bereit")
    assert standort.maengel() == []
    for name in NAMEN:
        assert beide.protokoll(name).count("datenbank_weg") == 1
        assert "Traceback" not in beide.protokoll(name)
    assert beide.beende() == [0, 0]


@pytest.mark.parametrize("weg", ["leitung", "libpq"])
def test_a_standby_takes_over_and_the_nodes_find_it(
    neuer_standort: Callable[..., Standort], eigener_postgres: PostgresServer, kulisse: ExitStack, weg: str
) -> None:
    """Once by an address that moves with it, once by an address that names both servers."""
    url = eigener_postgres.neue_datenbank()
    paar = Paar(eigener_postgres)
    kulisse.callback(paar.replik.entferne)
    standort = neuer_standort(url, ziele=TOR, arbeiter=2)
    if weg == "libpq":
        beide = Knotenpaar(standort, NAMEN, kulisse, url=paar.beide_adressen(url))
    else:
        beide = Knotenpaar(standort, NAMEN, kulisse)
    beide.warte(paar.laeuft_mit, "die Replik hat jeden Commit")
    beide.schliesse("tor-danach-zu")
    standort.sende(6)
    beide.warte(lambda: len(beide.akten()) == 2, "zwei Akten, von denen niemand weiß")
    paar.schalte_um()
    for leitung in beide.leitung.values():
        leitung.ziel = ("127.0.0.1", paar.replik.port)
    beide.oeffne("tor-danach-zu")
    standort.datenbank = paar.zweite_adresse(url)
    standort.sende(4)
    beide.warte_auf_alle()
    assert standort.maengel() == []
    assert beide.zahl("SELECT count(*) FROM schritt WHERE name = 'deliver' AND code = ''") == 10
    assert beide.beende() == [0, 0]
