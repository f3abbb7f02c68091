"""How long the commands take that only look, beside what they cannot do without, in the same run.

``fachwerk --help`` beside an interpreter that does nothing; ``fachwerk vorgang list``, ``kanal list`` and ``ziel
list`` at an installation of 1,000 cases beside an interpreter that only imports SQLAlchemy. Every figure is the median
of the CPU seconds (user and system) of whole processes that take turns, so that a busy machine slows all of them
alike; the seconds by the clock stand beside them. Ends with 1 if a bound is broken.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from blatt import Zeile, halte_fest, zahl
from umfeld import last, maschine

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.tabellen import vorgang

RUNDEN = 9
NICHTS, GRUND = "python -c pass", "python -c 'import sqlalchemy'"
SCHRANKE = {
    "fachwerk --help": (NICHTS, 12.0),
    "fachwerk vorgang list": (GRUND, 3.0),
    "fachwerk kanal list": (GRUND, 4.0),
    "fachwerk ziel list": (GRUND, 4.0),
}
"""Beside what each command is set, and how many times its CPU seconds it may take."""

VORGAENGE = 1_000
KONFIG = """\
[fachwerk]
datenbank = "sqlite:///{ordner}/fachwerk.db"
plugins = ["wbs_nw", "mietrueckstaende"]
[kanal.postfach]
plugin = "comvibilia"
verzeichnis = "export"
[format.xsozial_basis]
[ziel.akte]
plugin = "aktenablage"
verzeichnis = "akten"
[[route]]
leistung = "*"
ziel = "akte"
"""


def lege_an(ordner: Path) -> Path:
    """An installation with cases enough for a full list; its configuration."""
    schreibe_schluessel(ordner / "fachwerk.key")
    konfig = ordner / "fachwerk.toml"
    konfig.write_text(KONFIG.format(ordner=ordner), encoding="utf-8")
    datenbank = oeffne_datenbank(f"sqlite:///{ordner}/fachwerk.db")
    aktualisiere(datenbank)
    beginn = datetime(2026, 11, 1, tzinfo=UTC)
    with datenbank.begin() as verbindung:
        for nummer in range(VORGAENGE):
            zeit = beginn + timedelta(minutes=nummer)
            werte = {"id": uuid.uuid4().hex, "kanal": "postfach", "status": "done", "leistung": "wbs", "land": "nw"}
            verbindung.execute(sa.insert(vorgang).values(**werte, angelegt=zeit, geaendert=zeit))
    datenbank.dispose()
    return konfig


def messe(befehl: list[str], umgebung: dict[str, str]) -> tuple[float, float]:
    """CPU seconds and seconds of one process; it must succeed."""
    vorher, beginn = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(befehl, env=umgebung, stdout=subprocess.DEVNULL, check=True)  # noqa: S603  our own commands
    nachher = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = nachher.ru_utime + nachher.ru_stime - vorher.ru_utime - vorher.ru_stime
    return cpu, time.perf_counter() - beginn


def main() -> int:
    """Print the table; 1 if a bound is broken."""
    umgebung = {name: wert for name, wert in os.environ.items() if not name.startswith("FACHWERK_")}
    umgebung.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled, too
    python = [sys.executable]
    with tempfile.TemporaryDirectory() as ordner:
        umgebung["PYTHONPYCACHEPREFIX"] = f"{ordner}/uebersetzt"
        wo = [*python, "-m", "fachwerk", "--konfig", str(lege_an(Path(ordner)))]
        befehle = {
            NICHTS: [*python, "-c", "pass"],
            "fachwerk --help": [*python, "-m", "fachwerk", "--help"],
            GRUND: [*python, "-c", "import sqlalchemy"],
            "fachwerk vorgang list": [*wo, "vorgang", "list"],
            "fachwerk kanal list": [*wo, "kanal", "list"],
            "fachwerk ziel list": [*wo, "ziel", "list"],
        }
        for befehl in befehle.values():  # the first time Python compiles
            messe(befehl, umgebung)
        laeufe = [{name: messe(befehl, umgebung) for name, befehl in befehle.items()} for _ in range(RUNDEN)]
    print(maschine(f"SQLAlchemy {sa.__version__}"))
    print(f"{last(alle=True)}; Median aus {RUNDEN} Läufen")
    print(f"{'':<32} {'CPU-s':>7} {'s':>7}   Verhältnis")
    return sum([zeile(name, laeufe) for name in befehle]) and 1


def zeile(name: str, laeufe: list[dict[str, tuple[float, float]]]) -> bool:
    """Print what a command took; whether it broke its bound."""
    cpu, s = (statistics.median(lauf[name][stelle] for lauf in laeufe) for stelle in (0, 1))
    text = f"{name:<32} {cpu:7.2f} {s:7.2f}"
    if name not in SCHRANKE:
        print(text)
        return False
    zu, schranke = SCHRANKE[name]
    verhaeltnis = statistics.median(lauf[name][0] / lauf[zu][0] for lauf in laeufe)
    halte_fest(
        Zeile("start", name, verhaeltnis, gegen=zu, grenze=schranke, dazu=f"{zahl(cpu)} s Rechenzeit, {zahl(s)} s")
    )
    print(
        f"{text}   {verhaeltnis:.1f} × {zu}, erlaubt {schranke:.0f}"
        + (" ÜBERSCHRITTEN" if verhaeltnis > schranke else "")
    )
    return verhaeltnis > schranke


if __name__ == "__main__":
    sys.exit(main())
