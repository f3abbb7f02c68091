"""Several nodes at one PostgreSQL plan their polls with the real engine: one per tick, and one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk.datenbank import datenbankzeit, oeffne_datenbank
from fachwerk.engine import Auftraege, Schlange, lege_tabellen_an
from fachwerk.polling import Polling

pytestmark = pytest.mark.postgresql

TAKT_S = 3600.0
KNOTEN = 3


class Rechenzentrum:
    """Three nodes that only plan; what they planned stands in the engine's own table."""

    def __init__(self, url: str) -> None:
        self.datenbank = oeffne_datenbank(url)
        lege_tabellen_an(self.datenbank)
        self.clients = [Auftraege(self.datenbank) for _ in range(KNOTEN)]
        self.clients[0].melde_an(Schlange("abruf", 1))
        mitte = 1.5 * TAKT_S - datetime.now(UTC).timestamp() % TAKT_S
        self.spaeter = timedelta(seconds=mitte)
        """So that a test begins in the middle of a tick, and no true hour ends it."""

        self.knoten = [self._knoten(client) for client in self.clients]

    def _knoten(self, auftraege: Auftraege) -> Polling:
        store = SimpleNamespace(lesend=self.datenbank.connect)
        neuer = Polling(SimpleNamespace(auftraege=auftraege, store=store))  # type: ignore[arg-type]
        echt = neuer._jetzt
        neuer._jetzt = lambda: echt() + self.spaeter  # type: ignore[method-assign]
        return neuer

    def takt(self, tue: Callable[[Polling], Any] = lambda einer: einer._nach_takt("postfach", TAKT_S)) -> None:
        """All nodes at the same moment."""
        start = threading.Barrier(KNOTEN)

        def einer(polling: Polling) -> None:
            start.wait()
            tue(polling)

        with ThreadPoolExecutor(KNOTEN) as faeden:
            list(faeden.map(einer, self.knoten))

    def abrufe(self) -> list[tuple[str, str]]:
        frage = "SELECT workflow_uuid, status FROM dbos.workflow_status WHERE name = 'rufe_ab' ORDER BY created_at"
        with self.datenbank.connect() as verbindung:
            return [tuple(zeile) for zeile in verbindung.execute(sa.text(frage))]

    def setze(self, stand: str, platz: str = "") -> None:
        """As if a worker had begun or ended all polls there are; the end frees the name, as in the engine."""
        frei = ", deduplication_id = NULL" if stand == "SUCCESS" else ""
        befehl = f"UPDATE dbos.workflow_status SET status = :stand, executor_id = :platz{frei}"  # noqa: S608
        with self.datenbank.begin() as verbindung:
            verbindung.execute(sa.text(befehl), {"stand": stand, "platz": platz})


@pytest.fixture(scope="module")
def server_url(postgres_server: Any) -> str:
    return str(postgres_server.neue_datenbank())


@pytest.fixture
def drei(server_url: str) -> Iterator[Rechenzentrum]:
    neues = Rechenzentrum(server_url)
    with neues.datenbank.begin() as verbindung:
        verbindung.execute(sa.text("DELETE FROM dbos.workflow_status"))
    yield neues
    for client in neues.clients:
        client.schliesse()
    neues.datenbank.dispose()


def test_three_nodes_in_the_same_moment_plan_one_poll_per_tick(drei: Rechenzentrum) -> None:
    for nummer in range(1, 6):
        drei.takt()
        drei.takt()
        assert len(drei.abrufe()) == nummer
        drei.setze("SUCCESS")
        drei.takt()
        assert len(drei.abrufe()) == nummer, "a poll that has ended is not repeated in its tick"
        drei.spaeter += timedelta(seconds=TAKT_S)


def test_a_cron_time_is_one_poll_whichever_node_is_late(drei: Rechenzentrum) -> None:
    with drei.datenbank.connect() as verbindung:
        jetzt = datenbankzeit(verbindung)
    minute = jetzt.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for verspaetung in (0.3, 4.9, 20.0):
        drei.spaeter = minute + timedelta(seconds=verspaetung) - datetime.now(UTC)
        drei.takt(lambda einer: einer._nach_cron("postfach"))
        drei.setze("SUCCESS")
    assert len(drei.abrufe()) == 1


def test_a_node_that_dies_during_its_poll_leaves_it_to_one_other_and_no_tick_starts_a_second_beside_it(
    drei: Rechenzentrum,
) -> None:
    drei.takt()
    drei.setze("PENDING", "tot-1")
    drei.spaeter += timedelta(seconds=TAKT_S)
    drei.takt()
    assert drei.clients[1].uebernimm({"lebt-1", "lebt-2"}) == 1
    assert [stand for _, stand in drei.abrufe()] == ["ENQUEUED"]
    drei.takt()
    assert len(drei.abrufe()) == 1, "taken over, but still the one poll of this Kanal"
    drei.setze("SUCCESS")
    drei.takt()
    assert len(drei.abrufe()) == 2


def test_a_poll_of_another_mailbox_is_no_obstacle(drei: Rechenzentrum) -> None:
    drei.knoten[0]._nach_takt("post_fach", TAKT_S)
    drei.knoten[1]._nach_takt("postXfach", TAKT_S)
    assert len(drei.abrufe()) == 2
