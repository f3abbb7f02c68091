"""Several processes at one PostgreSQL: they share the work, take over from the dead, and survive what was no death."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from fachwerk.demo.prozesse import warte
from fachwerk.testkit.standort import Standort

pytestmark = pytest.mark.postgresql

GEDULD_S = 120.0
TOR = '[ziel.akte]\nplugin = "testziel_tor"\nverzeichnis = "akten"\ngleichzeitig = 2\n'


class Knoten:
    """A site with two ``fachwerk run``, and a gate before its target."""

    def __init__(self, standort: Standort, kulisse: ExitStack) -> None:
        self.standort = standort
        self._tor = standort.ordner / "tor-zu"
        self.schliesse()
        self.prozesse = {name: kulisse.enter_context(standort.dienst(name)) for name in ("eins", "zwei")}
        kulisse.callback(self.lass_alle_weiter)
        self.warte(lambda: self.plaetze() == {"eins-1", "zwei-1"}, "zwei Plätze")

    def lass_alle_weiter(self) -> None:
        """One that is still stopped could not be ended."""
        for prozess in self.prozesse.values():
            prozess.send_signal(signal.SIGCONT)

    def schliesse(self) -> None:
        self._tor.touch()

    def oeffne(self) -> None:
        self._tor.unlink()

    def plaetze(self) -> set[str]:
        tabellen = self.standort.frage("SELECT tablename FROM pg_tables WHERE tablename = 'knoten'")
        return {zeile[0] for zeile in self.standort.frage("SELECT platz FROM knoten")} if tabellen else set()

    def in_arbeit(self) -> list[str]:
        """On which slots deliveries are announced right now; none before there are tables."""
        if not self.standort.frage("SELECT 1 FROM pg_tables WHERE tablename = 'workflow_status'"):
            return []
        frage = "SELECT platz FROM zustellung JOIN knoten ON prozess = absicht_von WHERE status = 'absicht'"
        return [zeile[0] for zeile in self.standort.frage(frage)]

    def bearbeiter(self) -> set[str]:
        """The slots that have brought a case through the pure part."""
        frage = "SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE name = 'bearbeite' AND status = 'SUCCESS'"
        return {zeile[0] for zeile in self.standort.frage(frage)}

    def beide_haben_gearbeitet(self) -> bool:
        """Sends more only when all that was sent is worked on and one node had it all, however slow they are."""
        frage = "SELECT count(*) FROM dbos.workflow_status WHERE name = 'bearbeite' AND status = 'SUCCESS'"
        fertig = len(self.bearbeiter()) == 2
        if not fertig and self.standort.frage(frage)[0][0] >= len(self.standort.gesendet):
            self.standort.sende(2)
        return fertig

    def protokolle(self) -> str:
        return "".join(self.standort.protokoll(name).read_text(encoding="utf-8") for name in self.prozesse)

    def herzschlag(self) -> datetime:
        """When the node that has been silent longest was last heard of."""
        zeit = self.standort.frage("SELECT min(herzschlag) FROM knoten")[0][0]
        assert isinstance(zeit, datetime)
        return zeit

    def fertige(self) -> int:
        return int(self.standort.frage("SELECT count(*) FROM vorgang WHERE status = 'done'")[0][0])

    def warte(self, bis: Callable[[], bool], worauf: str) -> None:
        warte(bis, worauf, geduld_s=GEDULD_S)

    def warte_auf_alle(self) -> None:
        self.warte(self.standort.ist_fertig, "alle Vorgänge fertig")

    def opfer(self) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
        """A process with a delivery in flight, and the other one."""
        self.warte(lambda: len(self.in_arbeit()) == 2, "zwei Zustellungen unterwegs")
        name = self.in_arbeit()[0].removesuffix("-1")
        [anderer] = [prozess for wer, prozess in self.prozesse.items() if wer != name]
        return self.prozesse[name], anderer


def beende(prozess: subprocess.Popen[bytes]) -> int:
    """SIGTERM; the exit code, whatever threads the engine left."""
    prozess.send_signal(signal.SIGTERM)
    return prozess.wait(GEDULD_S)


@pytest.fixture
def knoten(neuer_standort: Callable[..., Standort], postgres_url: str) -> Iterator[Knoten]:
    with ExitStack() as kulisse:
        yield Knoten(neuer_standort(postgres_url, ziele=TOR, arbeiter=1), kulisse)


def test_two_nodes_share_the_work_and_one_takes_over_what_a_dead_one_had(knoten: Knoten) -> None:
    knoten.standort.sende(12)
    opfer, anderer = knoten.opfer()
    knoten.warte(knoten.beide_haben_gearbeitet, "beide Knoten arbeiten")
    opfer.kill()
    assert opfer.wait() == -signal.SIGKILL
    knoten.oeffne()
    knoten.warte_auf_alle()
    assert knoten.standort.maengel() == []
    assert beende(anderer) == 0
    assert knoten.in_arbeit() == []


def test_a_node_that_only_seemed_dead_disturbs_nothing_and_ends_when_told(knoten: Knoten) -> None:
    knoten.standort.sende(6)
    opfer, anderer = knoten.opfer()
    opfer.send_signal(signal.SIGSTOP)
    knoten.oeffne()
    knoten.warte_auf_alle()
    opfer.send_signal(signal.SIGCONT)
    knoten.standort.sende(2)
    knoten.warte_auf_alle()
    assert knoten.standort.maengel() == []
    assert (beende(opfer), beende(anderer)) == (0, 0)
    assert knoten.standort.maengel() == []
    assert knoten.plaetze() == set()


def test_a_stopped_node_ends_what_it_has_begun_and_leaves_nothing_half(knoten: Knoten) -> None:
    knoten.standort.sende(6)
    opfer, anderer = knoten.opfer()
    for prozess in (opfer, anderer):
        prozess.send_signal(signal.SIGTERM)
    knoten.warte(lambda: knoten.protokolle().count("beendet die laufende Arbeit") == 2, "beide hören auf")
    vorher = knoten.herzschlag()
    knoten.warte(lambda: knoten.herzschlag() > vorher, "wer zu Ende arbeitet, lebt")
    knoten.oeffne()
    assert (opfer.wait(GEDULD_S), anderer.wait(GEDULD_S)) == (0, 0)
    assert knoten.in_arbeit() == []
    assert knoten.standort.frage("SELECT count(*) FROM zustellung WHERE status = 'absicht'") == [(0,)]
    assert knoten.fertige() >= 2
    assert knoten.standort.poll() == 0
    assert knoten.standort.maengel() == []


def test_a_service_that_is_stopped_while_it_receives_loses_nothing(knoten: Knoten, tmp_path: Path) -> None:
    knoten.oeffne()
    knoten.standort.sende(3, anhang=20_000_000)
    knoten.warte(lambda: knoten.standort.frage("SELECT count(*) FROM inhalt")[0][0] > 5, "ein Abruf läuft")
    assert [beende(prozess) for prozess in knoten.prozesse.values()] == [0, 0]
    assert knoten.standort.poll() == 0
    assert knoten.standort.maengel() == []
