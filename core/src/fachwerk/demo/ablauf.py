"""The course of the demo: set the scene, send, work, kill the worker, go on, wait for receipts, compare."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from importlib import metadata
from pathlib import Path

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.demo import prozesse, stand
from fachwerk.demo.beispiele import EMPFAENGER, KONTEN, LAND, beispiele
from fachwerk.demo.bilanz import Bilanz, ziehe_demo
from fachwerk.demo.gegenstellen import DATEI, com_vibilia
from fachwerk.demo.konfiguration import kanal_toml, toml
from fachwerk.demo.prozesse import DemoError
from fachwerk.demo.versand import ABSENDER, Gesendet, hole_ab, lege_ab, plattform, schreibe_buch, sende
from fachwerk.line import ORTSZEIT
from fachwerk.plugins import GRUPPE

__all__ = ["Demo", "kanal_toml"]

MARKE = ".fachwerk-demo"
PLUGINS = frozenset(
    {"generic_xta", "comvibilia", "laemmerzahl", "prosoz", "aktenablage", "xsozial_basis", "mietrueckstaende"}
    | {f"wbs_{land}" for land in LAND.values()}
)
ERSTE_AKTE_S = 180.0
GEDULD_S = 600.0
QUITTUNGEN_S = 180.0
"""So long after the last delivery the demo waits for receipts; what is missing then is said."""

Melder = Callable[[str], None]


class Demo:
    """One run of the demo in ``ordner``."""

    def __init__(self, ordner: Path, melde: Melder) -> None:
        self.ordner = ordner.resolve()
        self.postfach = self.ordner / "postfach"
        self.akten = self.ordner / "ausgang" / "akte"
        self.konfig = self.ordner / "fachwerk.toml"
        self.datenbank = self.ordner / "fachwerk.db"
        self.ausstehende: list[str] = []
        self._protokolle = self.ordner / "protokolle"
        self._melde = melde

    def laufe(self) -> tuple[list[Gesendet], Bilanz]:
        """The whole job; returns what was sent and the balance."""
        _pruefe_installiert()
        self.raeume()
        with ExitStack() as kulisse:
            urls, andere = self.baue_auf(kulisse)
            schreibe_schluessel(self.ordner / "fachwerk.key")
            self.konfig.write_text(toml(urls, andere["clamd"], andere["prosoz_url"]), encoding="utf-8")
            gesendet = self._sende_alles(urls)
            self._arbeite_bis_zum_absturz()
            self._arbeite_weiter(len(gesendet), urls)
        return gesendet, ziehe_demo(self.ordner)

    # -- scenery ------------------------------------------------------------------------------------------------

    def raeume(self) -> None:
        """An empty folder; one that is not a demo's is left alone."""
        if self.ordner.exists() and any(self.ordner.iterdir()) and not (self.ordner / MARKE).exists():
            raise DemoError(
                "ordner_belegt",
                f"{self.ordner} enthält schon anderes und bleibt unberührt. Bitte mit --ordner einen leeren nennen.",
            )
        shutil.rmtree(self.ordner, ignore_errors=True)
        self._protokolle.mkdir(parents=True)
        (self.ordner / MARKE).write_text("Von „fachwerk demo“ angelegt; darf gelöscht werden.\n", encoding="utf-8")

    def baue_auf(self, kulisse: ExitStack) -> tuple[dict[str, str], dict[str, str]]:
        """Start the other sides, each in its process, at the same time: addresses of the mailboxes, and of the rest."""
        protokoll = self._protokolle / "gegenstellen.log"
        befehl = ["fachwerk.demo.gegenstellen", str(self.ordner)]
        prozess = kulisse.enter_context(prozesse.laufend(befehl, protokoll))
        urls = kulisse.enter_context(self._simulator())
        stand_ = prozesse.warte_auf_json(self.ordner / DATEI, f"Die Gegenstellen ({protokoll})", prozess)
        self._melde("PROSOZ (SOAP und Ordner), COM Vibilia, LÄMMkom und ein Virenscanner laufen als Simulatoren")
        return urls, {name: str(wert) for name, wert in stand_.items()}

    @contextmanager
    def _simulator(self) -> Iterator[dict[str, str]]:
        konten = {name: {"kennungen": [f"{art}:{amt}" for art in ("wbs", "mrh")]} for name, amt in KONTEN.items()}
        konten |= {"sozialplattform": {"kennungen": [ABSENDER]}, "landkreis": {"kennungen": [EMPFAENGER]}}
        with prozesse.simulator(self.postfach, konten, self._protokolle / "simulator.log") as (_prozess, urls):
            self._melde(f"XTA-Postfächer laufen auf {urls['msgbox']}")
            yield urls

    # -- the job ------------------------------------------------------------------------------------------------

    def _sende_alles(self, urls: dict[str, str]) -> list[Gesendet]:
        heute = datetime.now(ORTSZEIT).date()
        osci = com_vibilia(self.ordner)
        with plattform(urls, self.postfach / "pki") as client:
            gesendet = [
                lege_ab(osci, beispiel, nummer) if beispiel.per_osci else sende(client, beispiel)
                for nummer, beispiel in enumerate(beispiele(heute), 1)
            ]
        schreibe_buch(self.ordner, gesendet)
        self._melde(f"{len(gesendet)} Nachrichten gesendet, wie es die Sozialplattform täte")
        return gesendet

    def _arbeite_bis_zum_absturz(self) -> None:
        """Work in a child process and kill it when the first case lies in its folder."""
        protokoll = self._protokolle / "arbeit-1.log"
        with prozesse.laufend(["fachwerk", "--konfig", str(self.konfig), "poll"], protokoll) as erster:
            prozesse.warte(lambda: self._fertige() > 0, f"Die erste Akte ({protokoll})", erster, ERSTE_AKTE_S)
            erster.kill()
            erster.wait()
        self._melde(
            f"Arbeitsprozess mit kill -9 beendet, als {self._fertige()} Akte(n) da waren; der nächste macht weiter"
        )

    def _arbeite_weiter(self, anzahl: int, urls: dict[str, str]) -> None:
        """The service goes on until every case has come to its end and the receipts are back."""
        protokoll = self._protokolle / "arbeit-2.log"
        with prozesse.laufend(["fachwerk", "--konfig", str(self.konfig), "run"], protokoll) as dienst:
            worauf = f"Der zweite Arbeitsprozess ({protokoll})"
            prozesse.warte(lambda: stand.beendete(self.datenbank) >= anzahl, worauf, dienst, GEDULD_S)
            self._melde("Alle Nachrichten sind verarbeitet; der Landkreis holt ab, Quittungen kommen zurück")
            with plattform(urls, self.postfach / "pki", "landkreis", EMPFAENGER) as client:
                hole_ab(client, self.ordner / "landkreis")
            with suppress(DemoError):
                prozesse.warte(lambda: not stand.ausstehende(self.datenbank), worauf, dienst, QUITTUNGEN_S)
        self.ausstehende = stand.ausstehende(self.datenbank)
        if dienst.returncode != 0:
            raise DemoError("demo_poll", f"Der Arbeitsprozess ist gescheitert, siehe {protokoll}.")

    def _fertige(self) -> int:
        if not self.akten.is_dir():
            return 0
        return sum(1 for pfad in self.akten.iterdir() if not pfad.name.startswith("."))


def _pruefe_installiert() -> None:
    """The demo shows plugins, which the core does not bring along."""
    if fehlend := sorted(PLUGINS - {punkt.name for punkt in metadata.entry_points(group=GRUPPE)}):
        pakete = ", ".join(f"fachwerk-{name.replace('_', '-')}" for name in fehlend)
        raise DemoError("plugin_fehlt", f"Die Demo braucht auch diese Pakete: {pakete}. Bitte installieren.")
