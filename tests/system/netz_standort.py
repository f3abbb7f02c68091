"""A site of several nodes, each behind a line of its own to the database, which the test can cut."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from fachwerk.demo import prozesse
from fachwerk.testkit.netzstoerung import Netzstoerung
from fachwerk.testkit.standort import Standort

GEDULD_S = 300.0
TOR = '[ziel.akte]\nplugin = "testziel_tor"\nverzeichnis = "akten"\ngleichzeitig = 2\n'
OHNE_SCHLUESSEL = '[ziel.akte]\nplugin = "testziel_keine_tor"\ngleichzeitig = 2\n'


def adresse(url: str) -> tuple[str, int]:
    """Where the server of ``url`` listens."""
    teile = sa.make_url(url)
    assert teile.host is not None
    assert teile.port is not None
    return teile.host, teile.port


def umgeleitet(url: str, rechner: str, port: int) -> str:
    """The same database by another way."""
    return sa.make_url(url).set(host=rechner, port=port).render_as_string(hide_password=False)


class Knotenpaar:
    """A site whose nodes reach the database through ``leitung[name]``."""

    def __init__(
        self, standort: Standort, namen: Sequence[str], kulisse: ExitStack, zusatz: str = "", url: str = ""
    ) -> None:
        """``zusatz`` is added to the configuration of each; with ``url`` they go to the database by that instead."""
        self.standort = standort
        self._kulisse = kulisse
        self._zusatz, self._url = zusatz, url
        self.leitung: dict[str, Netzstoerung] = {}
        self.prozess: dict[str, subprocess.Popen[bytes]] = {}
        for name in namen:
            self.leitung[name] = kulisse.enter_context(Netzstoerung(adresse(standort.datenbank)))
            self.starte(name)
        self.warte(lambda: all("Fachwerk läuft" in self.protokoll(name) for name in namen), "alle Knoten")
        assert self.plaetze() == {f"{name}-1" for name in namen}

    def starte(self, name: str) -> None:
        """``fachwerk run`` of a node, by its own line."""
        konfig = self.standort.schreibe_konfig(name)
        url = self._url or umgeleitet(self.standort.datenbank, "127.0.0.1", self.leitung[name].port)
        text = konfig.read_text(encoding="utf-8").replace(self.standort.datenbank, url) + self._zusatz
        konfig.write_text(text, encoding="utf-8")
        befehl = ["fachwerk", "--konfig", str(konfig), "run"]
        self.prozess[name] = self._kulisse.enter_context(
            prozesse.laufend(befehl, self.standort.protokoll(name)),
        )

    # -- the gates of the target ----------------------------------------------------------------------------------

    def schliesse(self, tor: str) -> None:
        (self.standort.ordner / tor).touch()

    def oeffne(self, tor: str) -> None:
        (self.standort.ordner / tor).unlink()

    # -- looking ----------------------------------------------------------------------------------------------------

    def plaetze(self) -> set[str]:
        da = self.standort.frage("SELECT 1 FROM pg_tables WHERE tablename = 'knoten'")
        return {zeile[0] for zeile in self.standort.frage("SELECT platz FROM knoten")} if da else set()

    def zahl(self, sql: str) -> int:
        return int(self.standort.frage(sql)[0][0])

    def fertige(self) -> int:
        return self.zahl("SELECT count(*) FROM vorgang WHERE status = 'done'")

    def unterwegs(self) -> list[str]:
        """The nodes that have announced a delivery."""
        frage = "SELECT platz FROM zustellung JOIN knoten ON prozess = absicht_von WHERE status = 'absicht'"
        return [zeile[0].removesuffix("-1") for zeile in self.standort.frage(frage)]

    def protokoll(self, name: str) -> str:
        return self.standort.protokoll(name).read_text(encoding="utf-8")

    def zugestellt(self) -> list[str]:
        """The keys in the book of a target that takes anything twice."""
        buch = self.standort.ordner / "zugestellt-akte.txt"
        return buch.read_text().splitlines() if buch.exists() else []

    def konsole(self, name: str) -> str:
        """Where the console of a node listens, as it says itself."""
        treffer = re.search(r"Konsole: (http\S+)/", self.protokoll(name))
        assert treffer, self.protokoll(name)
        return treffer[1]

    # -- polls ------------------------------------------------------------------------------------------------------

    def takte(self) -> list[int]:
        """The numbers of the ticks whose poll has ended."""
        frage = "SELECT workflow_uuid FROM dbos.workflow_status WHERE name = 'rufe_ab' AND status = 'SUCCESS'"
        return sorted(int(zeile[0].rpartition(":")[2]) for zeile in self.standort.frage(frage))

    def abrufe(self) -> float:
        """How often the mailbox was polled while it was empty, by its own log.

        A poll asks for what is new and then for what is left; the daily look at the clock asks for one list, too.
        """
        log = (self.standort.postamt.ordner / "anfragen.log").read_text(encoding="utf-8")
        listen, blicke = (
            log.count(f" | amt-{self.standort.konto} | {vorgang} | ")
            for vorgang in ("getStatusList", "checkAccountActive")
        )
        return (listen - blicke) / 2

    def stille_takte(self, anzahl: int) -> tuple[list[int], float]:
        """At least so many ticks with an empty mailbox: their numbers, and the polls that the mailbox saw."""
        takte, abrufe = self._zwischen_abrufen()
        self.warte(lambda: len(self.takte()) >= len(takte) + anzahl, f"{anzahl} Abrufe")
        danach, abrufe_danach = self._zwischen_abrufen()
        return danach[len(takte) :], abrufe_danach - abrufe

    def _zwischen_abrufen(self) -> tuple[list[int], float]:
        """Ticks and polls in a moment when nobody polls."""
        offen = "SELECT count(*) FROM dbos.workflow_status WHERE name = 'rufe_ab' AND status IN ('PENDING', 'ENQUEUED')"
        gesehen: list[tuple[list[int], float]] = []

        def in_ruhe() -> bool:
            vorher = self.zahl(offen), self.takte()
            gesehen.append((vorher[1], self.abrufe()))
            return vorher[0] == 0 and vorher == (self.zahl(offen), self.takte())

        self.warte(in_ruhe, "einen Augenblick ohne Abruf")
        return gesehen[-1]

    # -- waiting ----------------------------------------------------------------------------------------------------

    def warte(self, bis: Callable[[], bool], worauf: str) -> None:
        prozesse.warte(bis, worauf, geduld_s=GEDULD_S)

    def warte_auf_alle(self) -> None:
        self.warte(self.standort.ist_fertig, "alle Vorgänge fertig")

    def opfer(self, anzahl: int = 2) -> tuple[str, str]:
        """A node with a delivery in hand, and the other one."""
        self.warte(lambda: len(self.unterwegs()) == anzahl, "Zustellungen unterwegs")
        name = self.unterwegs()[0]
        return name, next(anderer for anderer in self.prozess if anderer != name)

    def beende(self) -> list[int]:
        """SIGTERM to all; their exit codes."""
        for prozess in self.prozess.values():
            prozess.send_signal(signal.SIGTERM)
        return [prozess.wait(GEDULD_S) for prozess in self.prozess.values()]

    def akten(self) -> list[Path]:
        return list(self.standort.akten.glob("[!.]*"))
