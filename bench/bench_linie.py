"""The whole line against the bare durable engine, in one run: cases per second from the mailbox into a plain target.

A case is an XSozial message of about 130 kB with an inline PDF, two attachments, and a WBS decision (NRW). The peer is
the same engine on the same database with one job for the pure part and one per delivery that do no work. Bound
(design, section 13): at least 0.6 of it on SQLite. Into the Aktenablage with its PDFs the figure is printed beside it.
"""

from __future__ import annotations

import base64
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import fachwerk_aktenablage
import fachwerk_wbs_nw
import fachwerk_xsozial_basis
from fachwerk import settings
from fachwerk.betrieb import Betrieb
from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.demo.beispiele import NW, familie
from fachwerk.dienst import Dienst
from fachwerk.engine import Engine, Schlange
from fachwerk.modell import Idempotenz
from fachwerk.plugins import Plugins
from fachwerk.testkit.mitspieler import Nachricht, Postfach, Zielsystem
from fachwerk_xsozial_basis.erzeuger import Beigabe, nachricht

ANZAHL = 100
LAEUFE = 3
GRENZE = 0.6


def nachrichten(anzahl: int) -> dict[str, Nachricht]:
    """Invented applications as the mailbox holds them."""
    gefuellt = {}
    for nummer in range(anzahl):
        pdf = Beigabe("Anlage.pdf", b"%PDF-1.4\n" + os.urandom(70_000), typ="7010")
        xml = nachricht(
            "wbs",
            familie("52000.00"),
            leser=f"wbs:{NW}",
            seed=nummer,
            antragsdatum=date(2026, 11, 2),
            dokumente=[pdf],
        )
        dateien = (
            ("xsozial.xml", "application/xml", xml),
            ("anhang_0001.pdf", "application/pdf", b"%PDF-1.4\n" + os.urandom(100_000)),
            ("anhang_0002.pdf", "application/pdf", b"%PDF-1.4\n" + os.urandom(100_000)),
        )
        gefuellt[f"n{nummer}"] = Nachricht(f"n{nummer}", dateien)
    return gefuellt


def betrieb(ordner: Path, ziel: str) -> Betrieb:
    """An installation on SQLite with the real format and rules, a mailbox in memory, and ``ziel``."""
    ablage = 'verzeichnis = "akte"\n' if ziel == "aktenablage" else ""
    (ordner / "fachwerk.key").write_bytes(base64.b64encode(os.urandom(32)))
    (ordner / "fachwerk.toml").write_text(
        '[kanal.k]\nplugin = "postfach"\ntakt = "1m"\n[format.xsozial_basis]\nbestaetigt = ["projektprofil-1"]\n'
        f'[ziel.akte]\nplugin = "{ziel}"\ngleichzeitig = 4\n{ablage}[[route]]\nleistung = "*"\nziel = "akte"\n',
        encoding="utf-8",
    )
    plugins = Plugins.aus_modulen(
        {
            "postfach": Postfach(inhalt={"k": nachrichten(ANZAHL)}),
            "zielsystem": Zielsystem("zielsystem", Idempotenz.SCHLUESSEL),
            "aktenablage": fachwerk_aktenablage,
            "xsozial_basis": fachwerk_xsozial_basis,
            "wbs_nw": fachwerk_wbs_nw,
        }
    )
    einstellungen = settings.lade(ordner / "fachwerk.toml", {})
    datenbank = oeffne_datenbank(settings.datenbank_url(einstellungen))
    aktualisiere(datenbank)
    return Betrieb(einstellungen, plugins, settings.aufbau(einstellungen, plugins), datenbank)


def linie(ziel: str) -> float:
    """Cases per second through the whole line into ``ziel``."""
    with tempfile.TemporaryDirectory() as ordner:
        installation = betrieb(Path(ordner), ziel)
        dienst = Dienst(installation)
        dienst.starte(ruft_ab=False)
        beginn = time.perf_counter()
        dienst.eine_runde(["k"])
        dauer = time.perf_counter() - beginn
        dienst.stoppe()
        stand = installation.store.anzahlen()
        installation.schliesse()
    if stand != {"done": ANZAHL}:
        raise SystemExit(f"not all cases were delivered: {stand}")
    return ANZAHL / dauer


def geruest() -> float:
    """Pairs of empty jobs per second: the engine without the line."""
    with tempfile.TemporaryDirectory() as ordner:
        datenbank = oeffne_datenbank(f"sqlite:///{ordner}/fachwerk.db")
        aktualisiere(datenbank)
        fertig, getan = threading.Event(), []

        def eins(kennung: str) -> None:
            with datenbank.begin() as verbindung:
                motor.auftraege.reihe_ein(verbindung, "zwei", "ziel.akte", f"z{kennung}", kennung)

        def zwei(kennung: str) -> None:
            getan.append(kennung)
            if len(getan) == ANZAHL:
                fertig.set()

        schlangen = [Schlange("linie", 8), Schlange("ziel.akte", 4, 4)]
        motor = Engine(datenbank, "bench-1", {"eins": eins, "zwei": zwei}, schlangen, lambda *_: None)
        motor.starte()
        beginn = time.perf_counter()
        for nummer in range(ANZAHL):
            with datenbank.begin() as verbindung:
                motor.auftraege.reihe_ein(verbindung, "eins", "linie", f"e{nummer}", f"e{nummer}")
        fertig.wait()
        dauer = time.perf_counter() - beginn
        motor.stoppe()
        datenbank.dispose()
    return ANZAHL / dauer


def zeile(was: str, werte: Sequence[float]) -> float:
    """Print the median of ``werte`` with the runs beside it."""
    mitte = statistics.median(werte)
    einzeln = " ".join(f"{wert:.1f}" for wert in werte)
    sys.stdout.write(f"{was:<34}{mitte:8.1f} /s   ({einzeln})\n")
    return mitte


def main() -> int:
    """Measure and compare; 1 if the bound is broken."""
    sys.stdout.write(
        f"{platform.machine()}, {os.cpu_count()} Kerne, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {ANZAHL} Fälle, {LAEUFE} Läufe\n"
    )
    bare, ganz = [], []
    for _ in range(LAEUFE):
        bare.append(geruest())
        ganz.append(linie("zielsystem"))
    akten = [linie("aktenablage") for _ in range(LAEUFE)]
    grundlage = zeile("nur der Motor (zwei leere Aufträge)", bare)
    verhaeltnis = zeile("ganze Linie, einfaches Ziel", ganz) / grundlage
    zeile("ganze Linie, Aktenablage mit PDF", akten)
    urteil = "gehalten" if verhaeltnis >= GRENZE else "NICHT gehalten"
    sys.stdout.write(f"Verhältnis {verhaeltnis:.2f}, Grenze {GRENZE}: {urteil}\n")
    return 0 if verhaeltnis >= GRENZE else 1


if __name__ == "__main__":
    sys.exit(main())
