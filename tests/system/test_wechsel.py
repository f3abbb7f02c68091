"""One plugin is brought up to date while cases are in flight: two nodes, one with the old version, one with the new.

The oracle is the book of the target, in which every delivery is a line with the versions that rendered and delivered.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from fachwerk.demo.prozesse import warte
from fachwerk.testkit.standort import Standort

pytestmark = pytest.mark.postgresql

GEDULD_S = 240.0
GEDULD_JE_FALL_S = 1.2
ALT, NEU = "1.0", "2.0"
ZIEL = '[ziel.akte]\nplugin = "testziel_wechsel"\ngleichzeitig = 2\n'
QUELLE = Path(__file__).parent / "testziele/wechselziel.py"


@pytest.fixture
def fassungen(tmp_path: Path) -> dict[str, Path]:
    """The plugin as two versions of its distribution, each in a folder for the path of a process."""
    ordner = {}
    for version in (ALT, NEU):
        ordner[version] = tmp_path / f"plugin-{version}"
        angaben = ordner[version] / f"testziel_wechsel-{version}.dist-info"
        angaben.mkdir(parents=True)
        (angaben / "METADATA").write_text(f"Metadata-Version: 2.1\nName: testziel-wechsel\nVersion: {version}\n")
        (angaben / "entry_points.txt").write_text("[fachwerk]\ntestziel_wechsel = testziel_wechsel\n")
        quelle = QUELLE.read_text(encoding="utf-8")
        assert 'VERSION = "0"' in quelle
        modul = quelle.replace('VERSION = "0"', f'VERSION = "{version}"')
        (ordner[version] / "testziel_wechsel.py").write_text(modul, encoding="utf-8")
    return ordner


class Wechsel:
    """A site whose nodes are started with one of two versions of a plugin."""

    def __init__(self, standort: Standort, fassungen: dict[str, Path], kulisse: ExitStack) -> None:
        self.standort, self._fassungen, self._kulisse = standort, fassungen, kulisse
        (standort.ordner / "frei").mkdir()
        self._verbindung = kulisse.enter_context(
            psycopg.connect(standort.datenbank.replace("+psycopg", ""), autocommit=True)
        )
        self.frei = 0
        self.gib_frei(0)

    def starte(self, name: str, version: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
        """Begin a node; what is returned ends it in order and says its exit code."""
        with monkeypatch.context() as umgebung:
            pfad = os.pathsep.join([str(self._fassungen[version]), os.environ["PYTHONPATH"]])
            umgebung.setenv("PYTHONPATH", pfad)
            prozess = self._kulisse.enter_context(self.standort.dienst(name))
        self.warte(lambda: f"{name}-1" in self.plaetze(), f"{name} mit {version}")

        def beende() -> int:
            prozess.send_signal(signal.SIGTERM)
            return prozess.wait(GEDULD_S)

        return beende

    def gib_frei(self, anzahl: int) -> None:
        """Let so many more deliveries through."""
        self.frei += anzahl
        neu = self.standort.ordner / "frei.neu"
        neu.write_text(str(self.frei))
        neu.replace(self.standort.ordner / "frei.txt")

    def buch(self) -> list[list[str]]:
        """(key, version that rendered, version that delivered) of every delivery."""
        datei = self.standort.ordner / "zugestellt-akte.txt"
        return [zeile.split() for zeile in datei.read_text().splitlines()] if datei.exists() else []

    def plaetze(self) -> set[str]:
        da = self.zahl("SELECT count(*) FROM pg_tables WHERE tablename = 'knoten'")
        return {zeile[0] for zeile in self._verbindung.execute("SELECT platz FROM knoten")} if da else set()

    def zahl(self, sql: LiteralString) -> int:
        zeile = self._verbindung.execute(sql).fetchone()
        assert zeile is not None
        return int(zeile[0])

    def warte(self, bis: Callable[[], bool], worauf: str) -> None:
        warte(bis, worauf, geduld_s=max(GEDULD_S, GEDULD_JE_FALL_S * len(self.standort.gesendet)))

    def gerenderte(self) -> int:
        return self.zahl("SELECT count(*) FROM zustellung")

    def stelle_zu_bis(self, genug: Callable[[], bool]) -> None:
        """Two at a time, and new cases where there are none left, until both versions did what they should."""
        while not genug():
            if len(self.buch()) + 2 > len(self.standort.gesendet):
                self.standort.sende(4)
            self.gib_frei(2)
            self.warte(lambda: len(self.buch()) == self.frei, "zwei weitere Zustellungen")

    def maengel(self) -> list[str]:
        """What is lost, twice, left undone, or journalled under a version that did not do it."""
        buch, faelle = self.buch(), {zeile[0] for zeile in self.standort.frage("SELECT vorgang_id FROM eingang")}
        oft = Counter(schluessel for schluessel, _, _ in buch)
        maengel = [f"zweimal: {schluessel}" for schluessel, anzahl in oft.items() if anzahl > 1]
        maengel += [f"verloren: {fall}" for fall in faelle - {schluessel.split(":")[0] for schluessel in oft}]
        maengel += [f"nicht angekommen: {len(self.standort.gesendet) - len(faelle)}"] * (
            len(faelle) != len(self.standort.gesendet)
        )
        maengel += [f"offen: {z}" for z in self.standort.frage("SELECT id, status FROM vorgang WHERE status <> 'done'")]
        frage = "SELECT vorgang_id, name, plugin_version FROM schritt WHERE code = '' AND plugin = 'testziel_wechsel'"
        journal = {(fall, name): version for fall, name, version in self.standort.frage(frage)}
        for schluessel, gerendert, zugestellt in buch:
            fall = schluessel.split(":")[0]
            steht = journal.get((fall, "render")), journal.get((fall, "deliver"))
            if steht != (gerendert, zugestellt) or journal.get((fall, "decide"), gerendert) != gerendert:
                maengel.append(f"falsche Version: {schluessel}: {steht} statt {(gerendert, zugestellt)}")
        return maengel


@pytest.fixture
def wechsel(
    neuer_standort: Callable[..., Standort], postgres_url: str, fassungen: dict[str, Path]
) -> Iterator[Wechsel]:
    with ExitStack() as kulisse:
        standort = neuer_standort(postgres_url, ziele=ZIEL, plugins=["testziel_wechsel"], arbeiter=1)
        yield Wechsel(standort, fassungen, kulisse)


def beide_stellten_zu(buch: list[list[str]]) -> bool:
    """Whether old and new node delivered beside each other, and the new one also what the old one had rendered.

    Who takes which case is nobody's choice: where the old node took all there was before the new one was ready,
    only further cases show it.
    """
    paare = {(gerendert, zugestellt) for _, gerendert, zugestellt in buch}
    return (ALT, NEU) in paare and any(zugestellt == ALT for _, zugestellt in paare)


def wechsle(wechsel: Wechsel, anzahl: int, monkeypatch: pytest.MonkeyPatch) -> None:
    beende_eins = wechsel.starte("eins", ALT, monkeypatch)
    beende_zwei = wechsel.starte("zwei", ALT, monkeypatch)
    wechsel.standort.sende(anzahl)
    wechsel.warte(lambda: wechsel.gerenderte() == anzahl, "alles ist unterwegs")
    wechsel.gib_frei(2)
    assert beende_eins() == 0
    wechsel.starte("eins", NEU, monkeypatch)
    wechsel.stelle_zu_bis(lambda: beide_stellten_zu(wechsel.buch()[2:]))
    wechsel.gib_frei(2)
    assert beende_zwei() == 0
    wechsel.starte("zwei", NEU, monkeypatch)
    wechsel.gib_frei(len(wechsel.standort.gesendet))
    fertig = "SELECT count(*) FROM vorgang WHERE status = 'done'"
    wechsel.warte(lambda: wechsel.zahl(fertig) == len(wechsel.standort.gesendet), "alle Vorgänge fertig")
    assert wechsel.maengel() == []
    assert {(gerendert, zugestellt) for _, gerendert, zugestellt in wechsel.buch()} >= {(ALT, ALT), (ALT, NEU)}


def test_a_plugin_is_brought_up_to_date_while_cases_are_in_flight(
    wechsel: Wechsel, monkeypatch: pytest.MonkeyPatch
) -> None:
    wechsle(wechsel, 8, monkeypatch)


@pytest.mark.lang
def test_the_same_with_a_thousand_cases_in_flight(wechsel: Wechsel, monkeypatch: pytest.MonkeyPatch) -> None:
    wechsle(wechsel, 1000, monkeypatch)
