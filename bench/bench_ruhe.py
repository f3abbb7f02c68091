"""What ``fachwerk run`` needs while nothing happens: resident memory and processor time, beside its peers.

The demo's installation (five Kanäle, ten Ziele, the rules of three Länder; its mailboxes polled once a minute, and the
console on) is served twice, from SQLite and from PostgreSQL, with the other sides running and nothing to fetch. Beside
it, in the same window, an interpreter that sleeps and a bare DBOS with as many queues at the same interval. Ends with 1
if ``run`` takes more than 140 MB or 5 % of a core (design, section 13).

``run`` does not find what is installed here only to build and to test: httpx loads the test tools' Pygments wherever it
is there, which is 2 MB that no site has.

The figures come from ``/proc`` (Linux only). Processor time is counted, not the clock, but on a busy machine every
instruction takes longer: read it beside that of the bare DBOS.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from blatt import Zeile, halte_fest
from umfeld import last, maschine, nur_hier, postgres

from fachwerk import settings
from fachwerk.anlegen import schreibe_schluessel
from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.demo.ablauf import Demo
from fachwerk.demo.konfiguration import toml
from fachwerk.demo.prozesse import beende, umgebung, warte
from fachwerk.engine import RUHETAKT

HOECHSTENS_MB, HOECHSTENS_PROZENT = 140.0, 5.0
BIS_ZUR_RUHE_S, FENSTER_S = 75, 60
"""The first sweep comes after a minute; every job of the clockwork but the hourly ones runs once in the window."""

GEDULD_S = 300.0
"""On a machine that has other things to do."""

NACKT = """
import sys, time
from dbos import DBOS
url, anzahl, takt = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
DBOS(config={"name": "ruhe", "system_database_url": url, "log_level": "ERROR", "executor_id": "e"})
DBOS.listen_queues([f"q{nummer}" for nummer in range(anzahl)])
DBOS.launch()
for nummer in range(anzahl):
    DBOS.register_queue(f"q{nummer}", worker_concurrency=1, polling_interval_sec=takt)
print("bereit", flush=True)
time.sleep(600)
"""
WIE_AM_STANDORT = """
import runpy, sys
sys.modules.update(dict.fromkeys(sys.argv[1].split(",")))
sys.argv[:2] = ["fachwerk"]
runpy.run_module("fachwerk", run_name="__main__", alter_sys=True)
"""
"""``python -m fachwerk`` with the rest of the arguments; the first are the modules it shall not find."""
SCHLAEFER = "print('bereit', flush=True); import time; time.sleep(600)"


@dataclass(frozen=True)
class Stand:
    """Of a process: seconds of processor time so far, and megabytes (a million bytes) resident, now and at most."""

    cpu_s: float
    mb: float
    hoechstens_mb: float

    @classmethod
    def von(cls, pid: int) -> Stand:
        felder = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = dict(zeile.split(":", 1) for zeile in Path(f"/proc/{pid}/status").read_text().splitlines())
        jetzt, spitze = (int(status[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
        return cls((int(felder[11]) + int(felder[12])) / os.sysconf("SC_CLK_TCK"), jetzt, spitze)


@dataclass(frozen=True)
class Feld:
    """Where everything is started: the demo's folder with its scenery, and what to end again."""

    demo: Demo
    stapel: ExitStack
    angaben: tuple[dict[str, str], dict[str, str]]

    @contextmanager
    def prozess(self, name: str, argumente: list[str], bereit: str) -> Iterator[int]:
        """A Python process that has said ``bereit``; its process id."""
        protokoll = self.demo.ordner / f"{name}.log"
        with protokoll.open("wb") as aus:
            befehl = [sys.executable, *argumente]
            lauf = subprocess.Popen(befehl, stdout=aus, stderr=aus, cwd=self.demo.ordner, env=umgebung())  # noqa: S603
        try:
            warte(lambda: bereit in protokoll.read_text(encoding="utf-8"), f"{name}: „{bereit}“", lauf, GEDULD_S)
            yield lauf.pid
        finally:
            beende(lauf)

    def dienst(self, name: str, url: str) -> int:
        """``fachwerk run`` on the demo's installation with that database, whose tables are there already."""
        urls, andere = self.angaben
        kopf = f'[konsole]\nlisten = "127.0.0.1:0"\n[fachwerk]\ndatenbank = "{url}"\nschluesseldatei = "{name}.key"\n'
        text = toml(urls, andere["clamd"], andere["prosoz_url"]).replace("[fachwerk]\n", kopf, 1)
        konfig = self.demo.ordner / f"{name}.toml"
        konfig.write_text(text.replace('"10s"', '"1m"').replace('"spiegel"', f'"spiegel-{name}"'), encoding="utf-8")
        schreibe_schluessel(self.demo.ordner / f"{name}.key")
        datenbank = oeffne_datenbank(settings.datenbank_url(settings.lade(konfig, {})))
        aktualisiere(datenbank)
        datenbank.dispose()
        argumente = ["-c", WIE_AM_STANDORT, ",".join(nur_hier()), "--konfig", str(konfig), "run"]
        return self.stapel.enter_context(self.prozess(name, argumente, "Fachwerk läuft"))

    def vergleich(self, name: str, programm: str, *argumente: str) -> int:
        return self.stapel.enter_context(self.prozess(name, ["-c", programm, *argumente], "bereit"))

    def schlangen(self) -> int:
        """How many queues the demo's installation has."""
        return 2 + len(settings.lade(self.demo.ordner / "sqlite.toml", {}).ziel)


def starte_alle(feld: Feld) -> dict[str, int]:
    """Everything that is compared; process ids by name."""
    gestartet = {
        "ein Interpreter, der schläft": feld.vergleich("python", SCHLAEFER),
        "fachwerk run, SQLite": feld.dienst("sqlite", "sqlite:///ruhe.db"),
    }
    wie = (str(feld.schlangen()), str(RUHETAKT))
    gestartet["nacktes DBOS, SQLite"] = feld.vergleich("dbos", NACKT, "sqlite:///nackt.db", *wie)
    if server := feld.stapel.enter_context(postgres()):
        gestartet["fachwerk run, PostgreSQL"] = feld.dienst("postgresql", server.neue_datenbank())
        gestartet["nacktes DBOS, PostgreSQL"] = feld.vergleich("dbos_pg", NACKT, server.neue_datenbank(), *wie)
    print(f"{feld.schlangen()} Schlangen, im Ruhetakt von {RUHETAKT:.0f} s")
    return gestartet


def miss() -> tuple[dict[str, Stand], dict[str, Stand], float]:
    """All processes at the beginning and at the end of the window, and its seconds."""
    with ExitStack() as stapel:
        demo = Demo(Path(stapel.enter_context(tempfile.TemporaryDirectory())) / "demo", lambda _: None)
        demo.raeume()
        alle = starte_alle(Feld(demo, stapel, demo.baue_auf(stapel)))
        time.sleep(BIS_ZUR_RUHE_S)
        beginn, vorher = time.monotonic(), {name: Stand.von(pid) for name, pid in alle.items()}
        time.sleep(FENSTER_S)
        return vorher, {name: Stand.von(pid) for name, pid in alle.items()}, time.monotonic() - beginn


def main() -> int:
    """Print the table; 1 if a bound is broken."""
    vorher, nachher, dauer = miss()
    print(maschine())
    print(f"{last(alle=True)}; Fenster {dauer:.0f} s")
    print(f"{'':<30} {'MB':>6} {'höchstens':>10} {'% eines Kerns':>14}")
    schlecht = 0
    for name, stand in nachher.items():
        prozent = 100 * (stand.cpu_s - vorher[name].cpu_s) / dauer
        zu_viel = name.startswith("fachwerk") and (stand.mb > HOECHSTENS_MB or prozent > HOECHSTENS_PROZENT)
        schlecht += zu_viel
        if name.startswith("fachwerk"):
            for was, wert, einheit, grenze in (
                ("Speicher", stand.mb, "MB", HOECHSTENS_MB),
                ("Rechenzeit", prozent, "% eines Kerns", HOECHSTENS_PROZENT),
            ):
                halte_fest(Zeile("ruhe", f"{name} in Ruhe: {was}", wert, einheit, grenze=grenze))
        elif "DBOS" in name:
            halte_fest(Zeile("ruhe", f"{name} in Ruhe: Rechenzeit", prozent, "% eines Kerns"))
        print(f"{name:<30} {stand.mb:6.0f} {stand.hoechstens_mb:10.0f} {prozent:14.1f}{' ÜBERSCHRITTEN' * zu_viel}")
    print(f"erlaubt: {HOECHSTENS_MB:.0f} MB und {HOECHSTENS_PROZENT:.0f} % eines Kerns")
    return 1 if schlecht else 0


if __name__ == "__main__":
    sys.exit(main())
