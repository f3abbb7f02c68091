"""How long a service that was killed takes to go on: SIGKILL in the middle of its work, a new one at once.

A real site on loopback (mailbox of the simulator, Aktenablage), on SQLite and PostgreSQL. Measured is the time from the
start of the new process to the first case it delivers out of those that were waiting; beside it what the same
interpreter needs to import the engine and the database library, which is the floor. Bound of the design: 5 seconds.

A round in which something does not come says what everybody is waiting for (:func:`stand`).
"""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from blatt import Zeile, halte_fest, zahl
from umfeld import last, maschine, postgres

from fachwerk.demo import prozesse
from fachwerk.demo.prozesse import DemoError
from fachwerk.testkit.standort import Postamt, Standort

GRENZE_S = 5.0
RUNDEN, FAELLE, BEVOR = 3, 40, 3


def akten(standort: Standort) -> int:
    """How many case folders are there, whole ones."""
    return sum(not pfad.name.startswith(".") for pfad in standort.akten.iterdir()) if standort.akten.is_dir() else 0


_FRAGEN = {
    "Fälle": "SELECT status, grund, count(*) FROM vorgang GROUP BY status, grund",
    "nicht fertige Fälle": "SELECT id, status, grund, lauf, geaendert, wartet_bis FROM vorgang WHERE status <> 'done'",
    "nicht fertige Zustellungen": "SELECT vorgang_id, status, code, versuch, absicht_von, naechster FROM zustellung "
    "WHERE status <> 'zugestellt'",
    "nicht bestätigte Nachrichten": "SELECT vorgang_id, nachricht_id FROM eingang WHERE bestaetigt IS NULL",
    "Aufträge": "SELECT status, queue_name, recovery_attempts, count(*) FROM {dbos}workflow_status "
    "GROUP BY status, queue_name, recovery_attempts",
    "offene Aufträge": "SELECT workflow_uuid, status, queue_name, executor_id, recovery_attempts, started_at_epoch_ms "
    "FROM {dbos}workflow_status WHERE status <> 'SUCCESS'",
    "Schlangen": "SELECT name, polling_interval_sec, concurrency, worker_concurrency FROM {dbos}queues",
    "Plätze": "SELECT platz, prozess, gestartet, herzschlag FROM knoten",
    "letzte Abrufe": "SELECT beginn, ende, neu, code FROM kanal_lauf ORDER BY id DESC LIMIT 5",
    "Kanäle": "SELECT kanal, code, angehalten_seit, naechste_probe, fehler_in_folge FROM kanalstand",
    "letzte Unterbrechungen": "SELECT kette, zeit, was, code FROM ereignis WHERE was IN ('unterbrochen', "
    "'wiederanlauf') ORDER BY zeit DESC LIMIT 20",
}
_ZEILEN = 20


def stand(standort: Standort) -> str:
    """What the database says of cases, deliveries, jobs and polls, and what the new process said last."""
    dbos = "" if standort.datenbank.startswith("sqlite") else "dbos."
    teile = [f"{datetime.now(UTC).isoformat()}, {akten(standort)} Akten in {standort.ordner}"]
    for was, frage in _FRAGEN.items():
        zeilen = standort.frage(frage.format(dbos=dbos))
        teile += [f"-- {was}: {len(zeilen)}", *(f"   {zeile}" for zeile in zeilen[:_ZEILEN])]
    protokoll = (standort.ordner / "zweiter.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([*teile, "-- Protokoll", *protokoll[-_ZEILEN:]])


@contextmanager
def erklaert(standort: Standort) -> Iterator[None]:
    """Whatever does not come in time: print why."""
    try:
        yield
    except DemoError:
        print(stand(standort), flush=True)
        raise


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
    with prozesse.laufend(befehl, standort.ordner / "zweiter.log") as zweiter, erklaert(standort):
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
        urls = {"sqlite": f"sqlite:///{Path(name) / 'sqlite' / 'fachwerk.db'}"}
        urls |= {"postgresql": server.neue_datenbank()} if server else {}
        postamt = Postamt(Path(name) / "post", anzahl=len(urls))
        with postamt.laufend():
            haelt = [miss(art, Standort(Path(name) / art, postamt, url)) for art, url in urls.items()]
    print(f"Grenze {zahl(GRENZE_S)} s: {'gehalten' if all(haelt) else 'GEBROCHEN'}")
    return 0 if all(haelt) else 1


if __name__ == "__main__":
    sys.exit(main())
