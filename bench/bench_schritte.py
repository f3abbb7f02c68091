"""What each step of the whole line costs: processor time, questions to the database and commits per case.

One run of ``bench_linie.py`` (SQLite, plain target; ``--aktenablage`` for the other) with a clock around every step.
A step does not count what another step inside it takes. Processor time is that of the thread, so waiting for another
thread or for the disk is not in it; what no step claims is the engine's: picking up, finishing and polling of jobs. No
bound: it says where to look when ``bench_linie.py`` breaks its own.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import bench_linie
import sqlalchemy as sa
from sqlalchemy import event
from umfeld import last

from fachwerk import abruf, line, pipeline, zustellung
from fachwerk.dienst import Dienst
from fachwerk.quarantaene import Quarantaene

MOTOR = "Motor: Aufträge holen und beenden"
SCHRITTE: tuple[tuple[str, Any, str], ...] = (
    ("empfangen, verschlüsseln", abruf._Runde, "arbeite"),
    ("annehmen (Commit)", abruf._Runde, "_speichere"),
    ("bestätigen (Commit)", abruf._Runde, "_bestaetige"),
    ("Auftrag prüfen", Quarantaene, "fuehre_aus"),
    ("Fall lesen, Format wählen", line, "bearbeite"),
    ("map", pipeline, "map_eingang"),
    ("validate", pipeline, "validate"),
    ("decide", pipeline, "decide"),
    ("merge", pipeline, "merge"),
    ("Route", line._Gang, "_route"),
    ("render", line._Gang, "_render"),
    ("Journal, Sendung, Auftrag (Commit)", line._Gang, "_schliesse_ab"),
    ("Zustellung lesen", zustellung, "stelle_zu"),
    ("Absicht (Commit)", zustellung._Versuch, "_kuendige_an"),
    ("Sendung lesen", zustellung._Versuch, "_uebergib"),
    ("deliver", zustellung._Versuch, "_rufe"),
    ("Ergebnis, Quittung (Commit)", zustellung._Versuch, "_schliesse_ab"),
    ("nachsehen, ob noch etwas fällig ist", Dienst, "_ist_faellig"),
)


class Messung:
    """Clocks around the steps of all threads, and what each thread asks of the database in them."""

    def __init__(self) -> None:
        self.rechenzeit: dict[str, float] = defaultdict(float)
        self.fragen: Counter[str] = Counter()
        self.commits: Counter[str] = Counter()
        self._faden = threading.local()
        self._schloss = threading.Lock()

    def lege_an(self) -> None:
        """Wrap the steps and listen to the database."""
        for name, ort, wort in SCHRITTE:
            setattr(ort, wort, self._gemessen(name, getattr(ort, wort)))
        event.listen(sa.Engine, "before_cursor_execute", lambda *_: self._zaehle(self.fragen))
        event.listen(sa.Engine, "commit", lambda *_: self._zaehle(self.commits))

    def _zaehle(self, wo: Counter[str]) -> None:
        offen = self._offen()
        with self._schloss:
            wo[offen[-1][0] if offen else MOTOR] += 1

    def _offen(self) -> list[list[Any]]:
        if not hasattr(self._faden, "offen"):
            self._faden.offen = []
        offen: list[list[Any]] = self._faden.offen
        return offen

    def _gemessen(self, name: str, schritt: Callable[..., Any]) -> Callable[..., Any]:
        def mit_uhr(*argumente: Any, **benannte: Any) -> Any:
            offen = self._offen()
            offen.append([name, 0.0])
            beginn = time.thread_time()
            try:
                return schritt(*argumente, **benannte)
            finally:
                dauer = time.thread_time() - beginn
                _, innen = offen.pop()
                if offen:
                    offen[-1][1] += dauer
                with self._schloss:
                    self.rechenzeit[name] += dauer - innen

        return mit_uhr


def tafel(messung: Messung, gesamt: float, faelle: int) -> list[str]:
    """One line per step in the order of the line, the engine last."""
    zeiten = dict(messung.rechenzeit)
    zeiten[MOTOR] = gesamt - sum(zeiten.values())
    zeilen = [f"{'Schritt':<38}{'ms':>8}{'Anteil':>8}{'Fragen':>8}{'Commits':>9}"]
    for name in [*(name for name, _, _ in SCHRITTE), MOTOR]:
        zeit = zeiten.get(name, 0.0)
        zeilen.append(
            f"{name:<38}{zeit * 1000 / faelle:8.2f}{zeit / gesamt:8.1%}"
            f"{messung.fragen[name] / faelle:8.1f}{messung.commits[name] / faelle:9.2f}"
        )
    zeilen.append(
        f"{'alles':<38}{gesamt * 1000 / faelle:8.2f}{1:8.1%}"
        f"{messung.fragen.total() / faelle:8.1f}{messung.commits.total() / faelle:9.2f}"
    )
    return zeilen


def main() -> int:
    """Measure one run and print the table."""
    ziel = "aktenablage" if "--aktenablage" in sys.argv[1:] else "zielsystem"
    messung, gesamt = Messung(), 0.0
    messung.lege_an()
    runde = Dienst.eine_runde

    def gemessen(dienst: Dienst, kanaele: list[str]) -> Any:
        nonlocal gesamt
        for zaehler in (messung.rechenzeit, messung.fragen, messung.commits):
            zaehler.clear()
        beginn = time.process_time()
        try:
            return runde(dienst, kanaele)
        finally:
            gesamt = time.process_time() - beginn

    Dienst.eine_runde = gemessen  # type: ignore[method-assign,assignment]
    rate = bench_linie.linie(ziel)
    sys.stdout.write(f"{bench_linie.ANZAHL} Fälle in ein Ziel „{ziel}“, {rate:.1f} /s, {last()}; ")
    sys.stdout.write("Rechenzeit, Fragen an die Datenbank und Commits je Fall:\n")
    sys.stdout.write("\n".join(tafel(messung, gesamt, bench_linie.ANZAHL)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
