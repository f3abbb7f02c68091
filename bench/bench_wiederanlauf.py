"""How long a service that was killed takes to go on: SIGKILL in the middle of its work, a new one at once.

A real site on loopback (mailbox of the simulator, Aktenablage), on SQLite and PostgreSQL. Measured is the time from the
start of the new process to the first case it delivers out of those that were waiting; beside it what the same
interpreter needs to import the engine and the database library, which is the floor. Bound of the design: 5 seconds.
"""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from blatt import Zeile, halte_fest, zahl
from umfeld import last, maschine, postgres

from fachwerk.demo import prozesse
from fachwerk.testkit.standort import Postamt, Standort

GRENZE_S = 5.0
RUNDEN, FAELLE, BEVOR = 3, 40, 3


def akten(standort: Standort) -> int:
    """How many case folders are there, whole ones."""
    return sum(not pfad.name.startswith(".") for pfad in standort.akten.iterdir()) if standort.akten.is_dir() else 0


def runde(standort: Standort) -> float:
    """Seconds from the new start to the first case it delivers."""
    befehl = ["fachwerk", "--konfig", str(standort.konfig), "run"]
    vorher = akten(standort)
    standort.sende(FAELLE)
    with prozesse.laufend(befehl, standort.ordner / "erster.log") as erster:
        prozesse.warte(lambda: akten(standort) >= vorher + BEVOR, "erste Akten", erster)
        erster.send_signal(signal.SIGKILL)
        erster.wait()
    uebrig = akten(standort)
    if uebrig >= vorher + FAELLE:
        raise SystemExit("nothing was left to do when the service was killed")
    beginn = time.perf_counter()
    with prozesse.laufend(befehl, standort.ordner / "zweiter.log") as zweiter:
        prozesse.warte(lambda: akten(standort) > uebrig, "nächste Akte", zweiter)
        dauer = time.perf_counter() - beginn
        prozesse.warte(lambda: akten(standort) >= vorher + FAELLE, "alle Akten", zweiter)
    return dauer


def boden() -> float:
    """Seconds an interpreter takes to import what every engine on this base needs."""
    beginn = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import dbos, sqlalchemy, pydantic"], check=True)
    return time.perf_counter() - beginn


def miss(art: str, standort: Standort) -> bool:
    """One database: print and hold fast; whether the bound holds."""
    dauern = [runde(standort) for _ in range(RUNDEN)]
    unten = zahl(statistics.median(boden() for _ in range(RUNDEN)))
    dazu = f"nur die Bibliotheken zu laden dauert {unten} s"
    ergebnis = Zeile(
        "wiederanlauf", f"Wiederanlauf nach kill -9, {art}", statistics.median(dauern), "s", grenze=GRENZE_S, dazu=dazu
    )
    einzeln = " ".join(zahl(dauer) for dauer in dauern)
    print(f"{art:<11}{zahl(ergebnis.wert):>6} s bis zur nächsten Akte ({einzeln}); {dazu}", flush=True)
    halte_fest(ergebnis)
    return ergebnis.haelt


def main() -> int:
    """Both databases."""
    print(maschine(last()))
    with tempfile.TemporaryDirectory(prefix="bench-wiederanlauf-") as name, postgres() as server:
        urls = {"sqlite": "sqlite:///fachwerk.db"} | ({"postgresql": server.neue_datenbank()} if server else {})
        postamt = Postamt(Path(name) / "post", anzahl=len(urls))
        with postamt.laufend():
            haelt = [miss(art, Standort(Path(name) / art, postamt, url)) for art, url in urls.items()]
    print(f"Grenze {zahl(GRENZE_S)} s: {'gehalten' if all(haelt) else 'GEBROCHEN'}")
    return 0 if all(haelt) else 1


if __name__ == "__main__":
    sys.exit(main())
