"""Three nodes on machines of their own: each in its network namespace, with a cable that can be pulled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from netz_raeume import Raum, bruecke, mache_raeume
from netz_standort import TOR, Knotenpaar, adresse, umgeleitet

from fachwerk.demo import prozesse
from fachwerk.testkit.postgres import PostgresServer
from fachwerk.testkit.standort import Postamt, Standort

pytestmark = [pytest.mark.postgresql, pytest.mark.debian, pytest.mark.lang]

NAMEN = ("eins", "zwei", "drei")
DREI = TOR.replace("gleichzeitig = 2", "gleichzeitig = 3")
TAKT_S = 5


class OffenerServer(PostgresServer):
    """A PostgreSQL that listens on the cables of the test, too."""

    kabel: tuple[str, ...] = ()

    def _einstellungen(self) -> dict[str, object]:
        return super()._einstellungen() | {"listen_addresses": ",".join(("127.0.0.1", *self.kabel))}

    def oeffne(self, raeume: list[Raum]) -> None:
        """Listen there from now on, to the nodes only."""
        self.kabel = tuple(raum.aussen for raum in raeume)
        with (self.daten / "pg_hba.conf").open("a") as datei:
            datei.writelines(f"host all all {raum.innen}/32 scram-sha-256\n" for raum in raeume)
        self.restart()


class Knotenhaus(Knotenpaar):
    """Nodes in rooms; the line to the database is the cable."""

    def __init__(self, standort: Standort, raeume: list[Raum], kulisse: ExitStack) -> None:
        self.raeume = dict(zip(NAMEN, raeume, strict=True))
        super().__init__(standort, NAMEN, kulisse)

    def starte(self, name: str) -> None:
        raum = self.raeume[name]
        wege = sorted({port for url in self.standort.postamt.urls.values() if (port := urlsplit(url).port)})
        bruecke([(raum.aussen, port, "127.0.0.1", port) for port in wege], self._kulisse)
        bruecke([("127.0.0.1", port, raum.aussen, port) for port in wege], self._kulisse, raum.befehl())
        konfig = self.standort.schreibe_konfig(name)
        url = umgeleitet(self.standort.datenbank, raum.aussen, adresse(self.standort.datenbank)[1])
        konfig.write_text(konfig.read_text(encoding="utf-8").replace(self.standort.datenbank, url), encoding="utf-8")
        befehl = raum.befehl(sys.executable, "-m", "fachwerk", "--konfig", str(konfig), "run")
        self.prozess[name] = self._kulisse.enter_context(_laufend(befehl, self.standort.protokoll(name)))


@contextmanager
def _laufend(befehl: list[str], protokoll: Path) -> Iterator[subprocess.Popen[bytes]]:
    with protokoll.open("ab") as datei:
        prozess = subprocess.Popen(
            befehl, stdin=subprocess.DEVNULL, stdout=datei, stderr=datei, env=prozesse.umgebung()
        )
    try:
        yield prozess
    finally:
        prozesse.beende(prozess)


@pytest.fixture
def haus(tmp_path: Path, postamt: Postamt) -> Iterator[Knotenhaus]:
    with ExitStack() as kulisse:
        raeume = mache_raeume(len(NAMEN), kulisse)
        server = OffenerServer.neu()
        kulisse.callback(server.entferne)
        assert isinstance(server, OffenerServer)
        server.oeffne(raeume)
        standort = Standort(
            tmp_path / "standort", postamt, server.neue_datenbank(), ziele=DREI, arbeiter=1, takt=f"{TAKT_S}s"
        )
        yield Knotenhaus(standort, raeume, kulisse)


def test_a_machine_whose_cable_is_pulled_loses_its_work_to_the_others_once_and_joins_in_again(
    haus: Knotenhaus,
) -> None:
    haus.schliesse("tor-danach-zu")
    haus.standort.sende(6)
    opfer, _ = haus.opfer(3)
    haus.warte(lambda: len(haus.akten()) == 3, "drei Akten, von denen niemand weiß")
    haus.raeume[opfer].trenne()
    andere = [name for name in NAMEN if name != opfer]
    haus.warte(lambda: any("arbeit_uebernommen" in haus.protokoll(name) for name in andere), "die Übernahme")
    haus.oeffne("tor-danach-zu")
    haus.warte_auf_alle()
    haus.warte(lambda: "datenbank_weg" in haus.protokoll(opfer), "der Abgeschnittene merkt es")
    haus.raeume[opfer].verbinde()
    haus.warte(lambda: "datenbank_wieder_da" in haus.protokoll(opfer), "die Rückkehr")
    lebende = "SELECT count(*) FROM knoten WHERE herzschlag > now() - interval '9 seconds'"
    haus.warte(lambda: haus.zahl(lebende) == 3, "sein Platz gehört ihm wieder")
    haus.standort.sende(6)
    haus.warte_auf_alle()
    assert haus.standort.maengel() == []
    assert haus.zahl("SELECT count(*) FROM schritt WHERE name = 'deliver' AND code = ''") == 12
    takte, abrufe = haus.stille_takte(6)
    assert takte == list(range(takte[0], takte[0] + len(takte)))
    assert abrufe == len(takte)
    assert haus.beende() == [0, 0, 0]
