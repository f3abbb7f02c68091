"""The course of the demo: set the scene, send, work, kill the worker, go on, compare."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.demo import prozesse
from fachwerk.demo.beispiele import LAND, beispiele
from fachwerk.demo.bilanz import Bilanz, ziehe
from fachwerk.demo.prozesse import DemoError
from fachwerk.demo.versand import Gesendet, plattform, sende
from fachwerk.line import ORTSZEIT

MARKE = ".fachwerk-demo"
KONTEN = {"neumusterstadt": "nw", "musterow": "mv", "mustersleben": "st"}
Melder = Callable[[str], None]


class Demo:
    """One run of the demo in ``ordner``."""

    def __init__(self, ordner: Path, melde: Melder) -> None:
        self.ordner = ordner.resolve()
        self.postfach = self.ordner / "postfach"
        self.akten = self.ordner / "ausgang" / "akte"
        self.klaerung = self.ordner / "ausgang" / "klaerung"
        self.konfig = self.ordner / "fachwerk.toml"
        self.datenbank = self.ordner / "fachwerk.db"
        self._protokolle = self.ordner / "protokolle"
        self._melde = melde

    def laufe(self) -> tuple[list[Gesendet], Bilanz]:
        """The whole job; returns what was sent and the balance."""
        self._raeume()
        with ExitStack() as kulisse:
            clamd = kulisse.enter_context(self._virenscanner())
            urls = kulisse.enter_context(self._simulator())
            self._schreibe_konfiguration(urls, clamd)
            gesendet = self._sende_alles(urls)
            self._arbeite()
        return gesendet, ziehe(self.postfach, self.datenbank, self.akten)

    # -- scenery ------------------------------------------------------------------------------------------------

    def _raeume(self) -> None:
        """An empty folder; one that is not a demo's is left alone."""
        if self.ordner.exists() and any(self.ordner.iterdir()) and not (self.ordner / MARKE).exists():
            raise DemoError(
                "ordner_belegt",
                f"{self.ordner} enthält schon anderes und bleibt unberührt. Bitte mit --ordner einen leeren nennen.",
            )
        shutil.rmtree(self.ordner, ignore_errors=True)
        self._protokolle.mkdir(parents=True)
        (self.ordner / MARKE).write_text("Von „fachwerk demo“ angelegt; darf gelöscht werden.\n", encoding="utf-8")

    @contextmanager
    def _virenscanner(self) -> Iterator[str]:
        protokoll = self._protokolle / "virenscanner.log"
        with prozesse.laufend(["fachwerk.testkit.clamd", "--port", "0"], protokoll) as prozess:
            prozesse.warte(lambda: "tcp://" in protokoll.read_text(), "Virenscanner", prozess)
            yield protokoll.read_text().split()[0]

    @contextmanager
    def _simulator(self) -> Iterator[dict[str, str]]:
        konten = {name: {"kennungen": _kennungen(land)} for name, land in KONTEN.items()}
        konten["sozialplattform"] = {"kennungen": ["sop:050000100099"]}
        with prozesse.simulator(self.postfach, konten, self._protokolle / "simulator.log") as (_prozess, urls):
            self._melde(f"XTA-Postfach läuft auf {urls['msgbox']}")
            yield urls

    def _schreibe_konfiguration(self, urls: dict[str, str], clamd: str) -> None:
        schreibe_schluessel(self.ordner / "fachwerk.key")
        self.konfig.write_text(_toml(urls, clamd), encoding="utf-8")

    # -- the job ------------------------------------------------------------------------------------------------

    def _sende_alles(self, urls: dict[str, str]) -> list[Gesendet]:
        heute = datetime.now(ORTSZEIT).date()
        with plattform(urls, self.postfach / "pki") as client:
            gesendet = [sende(client, beispiel) for beispiel in beispiele(heute)]
        self._melde(f"{len(gesendet)} Nachrichten gesendet, wie es die Sozialplattform täte")
        return gesendet

    def _arbeite(self) -> None:
        """Work in a child process, kill it when the first case lies in its folder, and work on in a second one."""
        befehl = ["fachwerk", "--konfig", str(self.konfig), "poll", "--json"]
        eins, zwei = (self._protokolle / f"poll-{nummer}.log" for nummer in (1, 2))
        with prozesse.laufend(befehl, eins) as erster:
            prozesse.warte(lambda: self._fertige() > 0, f"Die erste Akte ({eins})", erster)
            erster.kill()
            erster.wait()
        self._melde(
            f"Arbeitsprozess mit kill -9 beendet, als {self._fertige()} Akte(n) da waren; der nächste macht weiter"
        )
        with prozesse.laufend(befehl, zwei) as zweiter:
            prozesse.warte(lambda: zweiter.poll() is not None, f"Der zweite Arbeitsprozess ({zwei})", geduld_s=600)
        if zweiter.returncode not in (0, 1):
            raise DemoError("demo_poll", f"Der Arbeitsprozess ist gescheitert, siehe {zwei}.")

    def _fertige(self) -> int:
        if not self.akten.is_dir():
            return 0
        return sum(1 for pfad in self.akten.iterdir() if not pfad.name.startswith("."))


def _kennungen(land: str) -> list[str]:
    return [f"{art}:{amt}" for amt, wessen in LAND.items() if wessen == land for art in ("wbs", "mrh")]


def _toml(urls: dict[str, str], clamd: str) -> str:
    kanaele = "\n".join(kanal_toml(name, land, urls) for name, land in KONTEN.items())
    return f"""# Konfiguration der Demo. „fachwerk init“ legt eine erklärte Vorlage für den Betrieb an.
[fachwerk]
betreiber = "Demo"
plugins = ["wbs_nw", "wbs_mv", "wbs_st", "mietrueckstaende"]
{kanaele}
[format.xsozial_basis]
bestaetigt = [{{ abbildung = "projektprofil-1", produkt = ["Fachwerk-Erzeuger*"] }}]  # nur das selbst Erzeugte

[ziel.akte]
plugin = "aktenablage"
verzeichnis = "ausgang/akte"

[ziel.klaerung]
plugin = "aktenablage"
verzeichnis = "ausgang/klaerung"

[[route]]
leistung = "*"
ziel = "akte"
zustand = "live"

[klaerung]
ziel = "klaerung"  # was gehalten wird, sieht die Sachbearbeitung hier noch heute

[sicherung]
spiegel = "spiegel"

[virenpruefung]
art = "clamd"
adresse = "{clamd}"
"""


def kanal_toml(name: str, land: str, urls: dict[str, str], pki: str = "postfach/pki") -> str:
    """The section of an XTA mailbox of the simulator, with the certificate of the account of the same name."""
    return f"""
[kanal.{name}]
plugin = "generic_xta"
takt = "1m"
land = "{land}"
kennung = "*"
management_url = "{urls["management"]}"
msgbox_url = "{urls["msgbox"]}"
send_url = "{urls["send"]}"
zertifikat = "{pki}/{name}.crt"
privatschluessel = "{pki}/{name}.key"
ca = "{pki}/ca.crt"
"""
