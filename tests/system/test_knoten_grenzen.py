"""What a Ziel can bear holds over all nodes together: how many deliveries at a time, and how many a minute."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))

from netz_knoten import TABELLE

from fachwerk.datenbank import oeffne_datenbank
from fachwerk.demo.prozesse import umgebung, warte
from fachwerk.engine import Auftraege, Schlange, lege_tabellen_an
from fachwerk.testkit.standort import Standort

pytestmark = pytest.mark.postgresql

SKRIPT = Path(__file__).with_name("netz_knoten.py")
ZIEL = "ziel.amt"
GEDULD_S = 120.0
RATE = 60
JE_KNOTEN = 2


class Verbund:
    """Nodes that deliver to one target, and the target's log."""

    def __init__(self, url: str, kulisse: ExitStack) -> None:
        self._url, self._kulisse = url, kulisse
        self.datenbank = oeffne_datenbank(url)
        lege_tabellen_an(self.datenbank)
        self.tue(TABELLE)
        self.tue("CREATE TABLE abschnitt (nr integer)")
        self.auftraege = Auftraege(self.datenbank)
        self.prozesse: list[subprocess.Popen[bytes]] = []
        self.eingereiht = 0

    def starte(self, knoten: int, *, je_minute: int) -> None:
        """So many nodes, of which each has begun to work."""
        self.auftraege.melde_an(Schlange(ZIEL, JE_KNOTEN, je_minute))
        angaben = [ZIEL, str(JE_KNOTEN), str(je_minute), "0.03"]
        for nummer in range(1, knoten + 1):
            befehl = [sys.executable, str(SKRIPT), self._url, f"k{nummer}-1", *angaben]
            prozess = subprocess.Popen(befehl, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=umgebung())
            self._kulisse.callback(beende, prozess)
            self.prozesse.append(prozess)
        for prozess in self.prozesse:
            assert prozess.stdout is not None
            assert prozess.stdout.readline() == b"bereit\n"

    def reihe_ein(self, anzahl: int) -> None:
        for _ in range(anzahl):
            self.eingereiht += 1
            kennung = f"zustellung:{self.eingereiht}"
            with self.datenbank.begin() as verbindung:
                self.auftraege.reihe_ein(verbindung, "nimm_an", ZIEL, kennung, kennung)

    def tue(self, befehl: str) -> None:
        with self.datenbank.begin() as verbindung:
            verbindung.execute(sa.text(befehl))

    def zahl(self, frage: str) -> int:
        with self.datenbank.connect() as verbindung:
            return int(verbindung.execute(sa.text(frage)).scalar_one())

    def warte_auf(self, anzahl: int, geduld_s: float = GEDULD_S) -> None:
        """Until so many have arrived and are done."""
        fertig: Callable[[], bool] = lambda: self.zahl("SELECT count(ende) FROM ankunft") >= anzahl  # noqa: E731
        warte(fertig, f"{anzahl} Zustellungen", geduld_s=geduld_s)

    def zehn_sekunden_spaeter(self) -> None:
        """As if ten seconds had passed: whatever the engine has begun, it began so much earlier.

        The section comes first: once the limit is free again, a node may begin before the next statement.
        """
        self.tue("INSERT INTO abschnitt SELECT coalesce(max(nr), 1) + 1 FROM abschnitt")
        self.tue("UPDATE dbos.workflow_status SET started_at_epoch_ms = started_at_epoch_ms - 10000")

    def je_zehn_sekunden(self) -> list[int]:
        """How many arrived in each of these, by the target's log."""
        with self.datenbank.connect() as verbindung:
            zeilen = verbindung.execute(sa.text("SELECT abschnitt FROM ankunft")).scalars()
            anzahl = Counter(zeilen)
        return [anzahl[nr] for nr in range(1, max(anzahl) + 1)]

    def ankuenfte(self) -> list[float]:
        """When each arrived, in seconds."""
        with self.datenbank.connect() as verbindung:
            zeiten = verbindung.execute(sa.text("SELECT extract(epoch FROM beginn) FROM ankunft ORDER BY beginn"))
            return [float(zeit) for zeit in zeiten.scalars()]

    def beteiligte(self) -> int:
        return self.zahl("SELECT count(DISTINCT platz) FROM ankunft")


def beende(prozess: subprocess.Popen[bytes]) -> None:
    """Its input ends, and so does it."""
    assert prozess.stdin is not None
    prozess.stdin.close()
    try:
        prozess.wait(20)
    except subprocess.TimeoutExpired:
        prozess.kill()
        prozess.wait()
    assert prozess.stdout is not None
    prozess.stdout.close()


@pytest.fixture
def verbund(postgres_url: str) -> Iterator[Verbund]:
    with ExitStack() as kulisse:
        neuer = Verbund(postgres_url, kulisse)
        yield neuer
    neuer.auftraege.schliesse()
    neuer.datenbank.dispose()


def test_three_nodes_together_deliver_no_more_a_minute_than_a_target_allows(verbund: Verbund) -> None:
    """Time is moved, not waited for: the engine asks the database when it began what. Sixty a minute, in one minute."""
    verbund.starte(3, je_minute=60)
    verbund.reihe_ein(60)
    for abschnitt in range(1, 7):
        verbund.warte_auf(abschnitt * 10)
        verbund.zehn_sekunden_spaeter()
    verbund.reihe_ein(1)
    verbund.warte_auf(61)
    assert verbund.je_zehn_sekunden() == [10, 10, 10, 10, 10, 10, 1]
    assert verbund.beteiligte() >= 2
    assert verbund.zahl("SELECT count(DISTINCT kennung) FROM ankunft") == 61


@pytest.mark.lang
def test_a_backlog_leaves_at_the_rate_of_the_target_within_five_percent_over_three_nodes(verbund: Verbund) -> None:
    """In real minutes, by the clock of the database: nowhere too many, and none left unused."""
    verbund.reihe_ein(3 * RATE + 5)
    verbund.starte(3, je_minute=RATE)
    verbund.warte_auf(3 * RATE + 5, 420.0)
    schnellste, bis_dahin = pruefe_rate(verbund.ankuenfte())
    assert schnellste >= 60 * 0.95
    assert bis_dahin <= 3 * 60 * 1.05
    assert verbund.beteiligte() == 3


def pruefe_rate(ankuenfte: list[float]) -> tuple[float, float]:
    """The shortest time for a minute's worth and one more, and the time for three minutes' worth and one more."""
    minuten = [spaeter - frueher for frueher, spaeter in zip(ankuenfte, ankuenfte[RATE:], strict=False)]
    bis_dahin = ankuenfte[3 * RATE] - ankuenfte[0]
    print(f"{RATE + 1} in {min(minuten):.2f} bis {max(minuten):.2f} s, {3 * RATE + 1} in {bis_dahin:.2f} s")  # noqa: T201  with -s
    return min(minuten), bis_dahin


@pytest.mark.lang
def test_three_services_never_exceed_the_rate_of_a_target_by_five_percent_by_its_own_clock(
    neuer_standort: Callable[..., Standort], postgres_url: str
) -> None:
    """In real minutes, wherever a minute begins. How slow they may be depends on what the machine has to do besides."""
    ziele = f'[ziel.akte]\nplugin = "aktenablage"\nverzeichnis = "akten"\ngleichzeitig = 4\nje_minute = {RATE}\n'
    standort = neuer_standort(postgres_url, ziele=ziele, arbeiter=4)
    beteiligte = lass_drei_dienste_arbeiten(standort, 3 * RATE + 5)
    ankuenfte = sorted(akte.stat().st_ctime for akte in standort.akten.glob("[!.]*"))
    assert pruefe_rate(ankuenfte)[0] >= 60 * 0.95
    assert beteiligte == 3
    assert standort.maengel() == []


def lass_drei_dienste_arbeiten(standort: Standort, anzahl: int) -> int:
    """Until so many cases are done; how many of the services delivered any."""
    fertig = "SELECT count(*) FROM vorgang WHERE status = 'done'"
    gibt_es = "SELECT 1 FROM pg_tables WHERE tablename = 'vorgang'"
    with ExitStack() as kulisse:
        for name in ("eins", "zwei", "drei"):
            kulisse.enter_context(standort.dienst(name))
        standort.sende(anzahl)
        warte(
            lambda: bool(standort.frage(gibt_es)) and standort.frage(fertig)[0][0] == anzahl, "alle fertig", None, 900.0
        )
        beteiligte = "SELECT count(DISTINCT executor_id) FROM dbos.workflow_status WHERE name = 'stelle_zu'"
        return int(standort.frage(beteiligte)[0][0])


@pytest.mark.lang
@pytest.mark.parametrize("gleichzeitig", [1, 2])
def test_three_services_never_have_more_at_a_target_than_it_bears_by_its_own_count(
    neuer_standort: Callable[..., Standort], postgres_url: str, gleichzeitig: int
) -> None:
    ziele = f'[ziel.akte]\nplugin = "testziel_zaehler"\ngleichzeitig = {gleichzeitig}\n'
    standort = neuer_standort(postgres_url, ziele=ziele, arbeiter=4)
    beteiligte = lass_drei_dienste_arbeiten(standort, 120)
    zugleich = [int(zeile) for zeile in (standort.ordner / "zugleich-akte.txt").read_text().split()]
    assert (len(zugleich), max(zugleich)) == (120, gleichzeitig)
    assert beteiligte == 3
