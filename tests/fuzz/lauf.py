"""Fuzz one target, or all of them one after the other, each in a process of its own.

``lauf.py --ziel xml --zeit 20m`` runs with atheris, which follows the coverage; ``--ohne-atheris`` changes inputs by
chance. Time is processor time. Finds are written to ``build/fuzz/<target>/funde`` and end the run with exit 1; they
belong into ``rueckfall/<target>`` together with the mend. ``--waehle`` copies what adds coverage into ``korpus``.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import logging

import structlog
from geruest import HIER, KORPUS, Verstoss, Wandler, Ziel, eingaben, lade, pruefe, raeume_auf
from vergleiche import behalte_keine_ergebnisse
from ziele import NAMEN

ARBEIT = HIER.parents[1] / "build" / "fuzz"
HOECHSTENS_FUNDE = 12
WACHSTUM_MIB = 256
"""What all inputs together may add to the memory of the process, the corpus of the engine included."""

ADRESSRAUM = 8 * 1024**3
_FEHLT = """atheris fehlt: Ohne es wird nur blind geändert, nicht nach Abdeckung gesucht.
Einrichten (Python 3.11 bis 3.13 unter Linux x86_64 oder macOS): .venv/bin/pip install 'atheris>=3'
Oder ausdrücklich ohne: make fuzz OHNE=--ohne-atheris"""


@dataclass
class Stand:
    """How far a run is; written to ``stand.json`` every few thousand inputs."""

    ziel: str
    motor: str
    saat: int
    laeufe: int = 0
    rechenzeit_s: float = 0.0
    je_sekunde: int = 0
    zuwachs_mib: float = 0.0
    funde: list[str] = field(default_factory=list)


class Lauf:
    """One target in this process."""

    def __init__(self, ziel: Ziel, motor: str, saat: int, sekunden: float, laeufe: int) -> None:
        self.ziel = ziel
        self.stand = Stand(ziel.name, motor, saat)
        self.ordner = ARBEIT / ziel.name
        self._sekunden, self._laeufe = sekunden, laeufe
        self._beginn = time.process_time()
        self._speicher = 0.0
        (self.ordner / "funde").mkdir(parents=True, exist_ok=True)
        (self.ordner / "korpus").mkdir(exist_ok=True)

    def eine(self, daten: bytes) -> None:
        """One input; a find is kept and the run goes on, for there may be others."""
        stand = self.stand
        stand.laeufe += 1
        try:
            pruefe(self.ziel, daten)
        except Verstoss as verstoss:
            self._merke(verstoss)
        if stand.laeufe % 500 == 0 or stand.laeufe == self._laeufe:
            self._pruefe_stand()

    def _merke(self, verstoss: Verstoss) -> None:
        if any(fund.startswith(verstoss.kennung) for fund in self.stand.funde):
            return
        self.stand.funde.append(f"{verstoss.kennung} {verstoss}")
        (self.ordner / "funde" / verstoss.kennung).write_bytes(verstoss.daten)
        print(f"FUND {verstoss}", flush=True)
        if len(self.stand.funde) >= HOECHSTENS_FUNDE:
            self._ende()

    def _pruefe_stand(self) -> None:
        gc.collect()
        jetzt = _speicher_mib()
        self._speicher = self._speicher or (jetzt if self.stand.laeufe >= 5000 else 0.0)
        self.stand.zuwachs_mib = round(jetzt - self._speicher, 1) if self._speicher else 0.0
        if self.stand.zuwachs_mib > WACHSTUM_MIB:
            self._merke(Verstoss(self.ziel.name, "memory grows", "all inputs", b""))
            self._ende()
        if time.process_time() - self._beginn >= self._sekunden or self.stand.laeufe >= self._laeufe > 0:
            self._ende()
        self._schreibe()

    def _schreibe(self) -> None:
        stand = self.stand
        stand.rechenzeit_s = round(time.process_time() - self._beginn, 1)
        stand.je_sekunde = round(stand.laeufe / max(stand.rechenzeit_s, 0.1))
        (self.ordner / "stand.json").write_text(json.dumps(asdict(stand), ensure_ascii=False, indent=1) + "\n")

    def _ende(self) -> None:
        """The engine never comes back by itself."""
        self._schreibe()
        stand = self.stand
        print(
            f"{stand.ziel}: {stand.laeufe} Läufe in {stand.rechenzeit_s:.0f} s Rechenzeit ({stand.je_sekunde}/s), "
            f"Speicher +{stand.zuwachs_mib} MiB, {len(stand.funde)} Funde",
            flush=True,
        )
        raeume_auf()
        os._exit(1 if stand.funde else 0)


def _speicher_mib() -> float:
    seiten = int(Path("/proc/self/statm").read_text().split()[1])
    return seiten * resource.getpagesize() / 2**20


def ein_ziel(argumente: argparse.Namespace) -> None:
    """Run until the time is over; ends the process."""
    _still()
    resource.setrlimit(resource.RLIMIT_AS, (ADRESSRAUM, ADRESSRAUM))
    sekunden = dauer(argumente.zeit)
    resource.setrlimit(resource.RLIMIT_CPU, (int(sekunden * 1.5) + 60, int(sekunden * 1.5) + 70))
    if argumente.ohne_atheris:
        _blind(argumente, sekunden)
    else:
        _mit_abdeckung(argumente, sekunden)


def _blind(argumente: argparse.Namespace, sekunden: float) -> None:
    ziel = lade(argumente.ziel)
    lauf = Lauf(ziel, "zufall", argumente.saat, sekunden, argumente.laeufe)
    alle = [daten for _, daten in eingaben(ziel)]
    wandler = Wandler(Random(argumente.saat), ziel.woerter, ziel.groesster)
    while True:
        lauf.eine(wandler.aus(alle))


def _mit_abdeckung(argumente: argparse.Namespace, sekunden: float) -> None:
    import atheris

    pakete = _pakete(argumente.ziel)
    with atheris.instrument_imports(include=list(pakete)) if pakete else nullcontext():
        ziel = lade(argumente.ziel)
    lauf = Lauf(ziel, "atheris", argumente.saat, sekunden, argumente.laeufe)
    saat = lauf.ordner / "saat"
    saat.mkdir(exist_ok=True)
    for name, daten in eingaben(ziel):
        (saat / name.replace("/", "-")).write_bytes(daten)
    woerter = lauf.ordner / "woerter"
    woerter.write_text("".join(f'"{"".join(f"{chr(92)}x{z:02x}" for z in wort)}"\n' for wort in ziel.woerter))
    grenzen = [f"-max_len={ziel.groesster}", "-timeout=3600", "-rss_limit_mb=0", "-reload=0", "-verbosity=0"]
    ort = [f"-artifact_prefix={lauf.ordner}/funde/", f"-dict={woerter}", str(lauf.ordner / "korpus"), str(saat)]

    def eine(daten: bytes) -> None:
        behalte_keine_ergebnisse(atheris)  # not before: Fuzz() itself puts other functions in place
        lauf.eine(daten)

    atheris.Setup([sys.argv[0], f"-seed={argumente.saat}", *grenzen, *ort], eine)
    atheris.Fuzz()


def _pakete(name: str) -> tuple[str, ...]:
    """The packages of a target, read without importing it: what is imported before is not instrumented."""
    quelle = (HIER / f"ziel_{name}.py").read_text(encoding="utf-8")
    treffer = re.search(r"^    pakete=\(([^)]*)\)", quelle, re.MULTILINE)
    return tuple(re.findall(r'"([^"]+)"', treffer[1])) if treffer else ()


def _still() -> None:
    """What the code logs about hostile input is no news here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)


def dauer(text: str) -> float:
    """``20m``, ``90s`` or seconds."""
    return float(text.rstrip("sm")) * (60 if text.endswith("m") else 1)


def alle_ziele(argumente: argparse.Namespace, namen: list[str]) -> int:
    """Each target in its own process, one at a time; exit 1 if one has finds."""
    schlecht = []
    for name in namen:
        befehl = [
            sys.executable,
            __file__,
            "--kind",
            "--ziel",
            name,
            "--zeit",
            argumente.zeit,
            "--saat",
            str(argumente.saat),
        ]
        befehl += ["--laeufe", str(argumente.laeufe), *(["--ohne-atheris"] if argumente.ohne_atheris else [])]
        print(f"== {name}: {argumente.zeit} Rechenzeit, Saat {argumente.saat}", flush=True)
        if subprocess.run(befehl, check=False).returncode:
            schlecht.append(name)
    print(f"Funde in: {', '.join(schlecht)}; die Eingaben liegen in {ARBEIT}" if schlecht else "Keine Funde.")
    return 1 if schlecht else 0


def waehle(namen: list[str], hoechstens: int) -> int:
    """Copy the smallest inputs that together reach all lines the work corpus reaches into ``korpus``."""
    for name in namen:
        ziel = lade(name)
        erreicht: set[Any] = set()
        for _, daten in eingaben(ziel):
            erreicht |= _zeilen(ziel, daten)
        neue = 0
        for datei in sorted((ARBEIT / name / "korpus").glob("*"), key=lambda datei: (datei.stat().st_size, datei.name)):
            daten = datei.read_bytes()
            dazu = _zeilen(ziel, daten) - erreicht
            if dazu and neue < hoechstens and len(daten) < ziel.groesster:
                neue, erreicht = neue + 1, erreicht | dazu
                (KORPUS / name).mkdir(parents=True, exist_ok=True)
                (KORPUS / name / datei.name[:12]).write_bytes(daten)
        print(f"{name}: {neue} neue Eingaben")
    return 0


def _zeilen(ziel: Ziel, daten: bytes) -> set[Any]:
    """The lines of our own code that an input reaches."""
    gesehen: set[Any] = set()

    def verfolge(rahmen: Any, ereignis: str, _wert: Any) -> Callable[..., Any] | None:
        datei = rahmen.f_code.co_filename
        if "fachwerk" not in datei:
            return None
        if ereignis == "line":
            gesehen.add((datei, rahmen.f_lineno))
        return verfolge

    sys.settrace(verfolge)
    try:
        pruefe(ziel, daten)
    except Verstoss:
        pass
    finally:
        sys.settrace(None)
    return gesehen


def main() -> int:
    """See the module."""
    leser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    leser.add_argument("--ziel", default="alle", help=f"alle oder eines von {', '.join(NAMEN)}")
    leser.add_argument("--zeit", default="60s", help="Rechenzeit je Ziel (20m, 90s)")
    leser.add_argument("--saat", type=int, default=1)
    leser.add_argument("--laeufe", type=int, default=0, help="höchstens so viele Eingaben (0: ohne Grenze)")
    leser.add_argument("--ohne-atheris", action="store_true")
    leser.add_argument("--waehle", type=int, default=0, metavar="N", help="statt zu laufen: bis zu N Eingaben behalten")
    leser.add_argument("--kind", action="store_true", help=argparse.SUPPRESS)
    argumente = leser.parse_args()
    namen = list(NAMEN) if argumente.ziel == "alle" else argumente.ziel.split(",")
    if fremd := [name for name in namen if name not in NAMEN]:
        leser.error(f"Kein Ziel: {', '.join(fremd)}. Möglich: {', '.join(NAMEN)}")
    if argumente.waehle:
        _still()
        return waehle(namen, argumente.waehle)
    if not argumente.ohne_atheris:
        try:
            import atheris  # noqa: F401
        except ImportError:
            print(_FEHLT, file=sys.stderr)
            return 4
    if argumente.kind:
        ein_ziel(argumente)
    return alle_ziele(argumente, namen)


if __name__ == "__main__":
    sys.exit(main())
