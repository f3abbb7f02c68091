"""The whole line against the bare durable engine, in one run: cases per second from the mailbox into a plain target.

A case is an XSozial message of about 130 kB with an inline PDF, two attachments, and a WBS decision (NRW). The peer is
the same engine on the same database with one job for the pure part and one per delivery that do no work. Beside it,
without a bound, stands a loop by hand over the same steps, which keeps nothing: a kill loses what it had. Bounds
(design, section 13): at least 0.6 of it on SQLite and on PostgreSQL; 15 cases a second into the Aktenablage with its
PDFs; two worker processes on PostgreSQL at least 1.15 times as fast as one where the processor limits, 1.5 times where
the target waits. Forty more Ziele that get nothing may cost half of the rate. ``--ohne-postgresql`` leaves the server
out. What each step costs: ``bench_schritte.py``.
"""

from __future__ import annotations

import base64
import logging
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from blatt import Zeile, halte_fest, zahl
from umfeld import gespeichert, last, maschine, postgres

import fachwerk_aktenablage
import fachwerk_wbs_nw
import fachwerk_xsozial_basis
from fachwerk import abruf, belegung, pipeline, settings
from fachwerk.betrieb import Betrieb
from fachwerk.cli.run import behalte_das_bisherige
from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.demo.beispiele import NW, familie
from fachwerk.dienst import Dienst
from fachwerk.engine import Engine, Schlange, lege_tabellen_an
from fachwerk.modell import Idempotenz, Kanal, Ziel
from fachwerk.plugins import Plugins
from fachwerk.protokoll import einrichten
from fachwerk.testkit.mitspieler import Nachricht, Postfach, Zielsystem
from fachwerk.testkit.wirt import FakeHost
from fachwerk_xsozial_basis.erzeuger import Beigabe, nachricht

ANZAHL = 100
LAEUFE = 3
TAG = date(2026, 11, 2)
GLEICHZEITIG = 4
"""So many deliveries at a time; the bare engine gets as many jobs in hand as the line has."""

GRENZE = 0.6
GRENZE_AKTE = 15.0
VIELE, GRENZE_VIELE = 40, 0.5
"""Ziele that get nothing, and what is left of the rate with them."""

GRENZEN_KNOTEN = {0.0: 1.15, 0.05: 1.5}
"""By the seconds for which the target waits."""

ANLAUF = 0.2
"""This share of the cases goes by before the clock of the worker processes starts: they need a moment to begin."""


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
            antragsdatum=TAG,
            dokumente=[pdf],
        )
        dateien = (
            ("xsozial.xml", "application/xml", xml),
            ("anhang_0001.pdf", "application/pdf", b"%PDF-1.4\n" + os.urandom(100_000)),
            ("anhang_0002.pdf", "application/pdf", b"%PDF-1.4\n" + os.urandom(100_000)),
        )
        gefuellt[f"n{nummer}"] = Nachricht(f"n{nummer}", dateien)
    return gefuellt


def betrieb(ordner: Path, ziel: str, url: str = "", *, faelle: int, dauer: float = 0.0, weitere: int = 0) -> Betrieb:
    """An installation with the real format and rules, ``faelle`` messages in a mailbox in memory, and ``ziel``.

    Beside it ``weitere`` Ziele that get nothing.
    """
    ohne = "".join(f'[ziel.ohne{nummer}]\nplugin = "zielsystem"\n' for nummer in range(weitere))
    ablage = 'verzeichnis = "akte"\n' if ziel == "aktenablage" else ""
    datenbank_ort = f'[fachwerk]\ndatenbank = "{url}"\n' if url else ""
    if not (ordner / "fachwerk.key").exists():
        (ordner / "fachwerk.key").write_bytes(base64.b64encode(os.urandom(32)))
    (ordner / "fachwerk.toml").write_text(
        f'{datenbank_ort}[kanal.k]\nplugin = "postfach"\ntakt = "1m"\n'
        '[format.xsozial_basis]\nbestaetigt = ["projektprofil-1"]\n'
        f'[ziel.akte]\nplugin = "{ziel}"\ngleichzeitig = {GLEICHZEITIG}\n{ablage}'
        f'[[route]]\nleistung = "*"\nziel = "akte"\n{ohne}',
        encoding="utf-8",
    )
    plugins = Plugins.aus_modulen(
        {
            "postfach": Postfach(inhalt={"k": nachrichten(faelle)}),
            "zielsystem": Zielsystem("zielsystem", Idempotenz.SCHLUESSEL, waehrend=lambda _: time.sleep(dauer)),
            "aktenablage": fachwerk_aktenablage,
            "xsozial_basis": fachwerk_xsozial_basis,
            "wbs_nw": fachwerk_wbs_nw,
        }
    )
    einstellungen = settings.lade(ordner / "fachwerk.toml", {})
    datenbank = oeffne_datenbank(settings.datenbank_url(einstellungen))
    aktualisiere(datenbank)
    return Betrieb(einstellungen, plugins, settings.aufbau(einstellungen, plugins), datenbank)


def linie(ziel: str, url: str = "", weitere: int = 0) -> float:
    """Cases per second through the whole line into ``ziel``, beside which there are ``weitere``."""
    with tempfile.TemporaryDirectory() as ordner:
        installation = betrieb(Path(ordner), ziel, url, faelle=ANZAHL, weitere=weitere)
        dienst = Dienst(installation)
        dienst.starte(ruft_ab=False)
        behalte_das_bisherige()
        beginn = time.perf_counter()
        dienst.eine_runde(["k"])
        dauer = time.perf_counter() - beginn
        dienst.stoppe()
        stand = installation.store.anzahlen()
        installation.schliesse()
    if stand != {"done": ANZAHL}:
        raise SystemExit(f"not all cases were delivered: {stand}")
    return ANZAHL / dauer


def geruest(url: str = "") -> float:
    """Pairs of empty jobs per second: the engine without the line."""
    with tempfile.TemporaryDirectory() as ordner:
        datenbank = oeffne_datenbank(url or f"sqlite:///{ordner}/fachwerk.db")
        aktualisiere(datenbank)
        fertig, getan = threading.Event(), []

        def eins(kennung: str) -> None:
            with datenbank.begin() as verbindung:
                motor.auftraege.reihe_ein(verbindung, "zwei", "ziel.akte", f"z{kennung}", kennung)

        def zwei(kennung: str) -> None:
            getan.append(kennung)
            if len(getan) == ANZAHL:
                fertig.set()

        schlangen = [Schlange("linie", 8), Schlange("ziel.akte", belegung.je_knoten(GLEICHZEITIG, 0))]
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


def schleife() -> float:
    """Cases per second of a loop by hand: same plugins, same steps, one after the other, and nothing is kept.

    No database, no encryption, no journal, no check whether a message was there before.
    """
    postfach, ziel = Postfach(inhalt={"k": nachrichten(ANZAHL)}), Zielsystem("zielsystem", Idempotenz.SCHLUESSEL)
    kanal, ort = Kanal(name="k", plugin="postfach", kennung=f"wbs:{NW}"), Ziel(name="akte", plugin="zielsystem")
    with tempfile.TemporaryDirectory() as ordner:
        host = FakeHost(ordner=Path(ordner))
        beginn = time.perf_counter()
        for eingang in postfach.receive(kanal, host):
            antrag = fachwerk_xsozial_basis.verstehe(eingang).model_copy(update={"land": "nw"})
            befunde = fachwerk_xsozial_basis.validate(antrag, TAG)
            votum = fachwerk_wbs_nw.decide(antrag, befunde, TAG)
            entscheidung = pipeline.merge([votum], befunde, TAG)
            sendung = gespeichert(host, ziel.render(antrag, entscheidung, ort))
            ziel.deliver(sendung, ort, eingang.nachricht_id, host)
            postfach.acknowledge(kanal, eingang, host)
        dauer = time.perf_counter() - beginn
    if len(ziel.wirkungen) != ANZAHL:
        raise SystemExit("the loop lost a case")
    return ANZAHL / dauer


def mit_knoten(anzahl: int, neue_url: Callable[[], str], dauer: float) -> float:
    """Cases per second that ``anzahl`` worker processes get done together, once they are at it."""
    url = neue_url()
    with tempfile.TemporaryDirectory() as ordner:
        installation = betrieb(Path(ordner), "zielsystem", url, faelle=ANZAHL)
        lege_tabellen_an(installation.store.datenbank)
        abruf.rufe_ab(installation, "k")
        befehl = [sys.executable, __file__, "--knoten", ordner, url, str(dauer)]
        kinder = [
            subprocess.Popen(befehl, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603  ourselves
            for _ in range(anzahl)
        ]
        try:
            erste = _warte_auf(installation, kinder, int(ANZAHL * ANLAUF))
            beginn = time.perf_counter()
            getan = _warte_auf(installation, kinder, ANZAHL) - erste
            return getan / (time.perf_counter() - beginn)
        finally:
            for kind in kinder:
                kind.communicate()
            installation.schliesse()


def _warte_auf(installation: Betrieb, kinder: Sequence[subprocess.Popen[bytes]], faelle: int) -> int:
    while (getan := installation.store.anzahlen().get("done", 0)) < faelle:
        if any(kind.poll() is not None for kind in kinder):
            raise SystemExit("a worker process ended")
        time.sleep(0.02)
    return getan


def knoten(ordner: Path, url: str, dauer: float) -> int:
    """One worker process, until its standard input ends."""
    installation = betrieb(ordner, "zielsystem", url, faelle=0, dauer=dauer)
    dienst = Dienst(installation)
    dienst.starte(ruft_ab=False)
    behalte_das_bisherige()
    sys.stdin.read()
    dienst.stoppe()
    installation.schliesse()
    return 0


def zeile(was: str, werte: Sequence[float]) -> float:
    """Print the median of ``werte`` with the runs beside it."""
    mitte = statistics.median(werte)
    einzeln = " ".join(f"{wert:.1f}" for wert in werte)
    sys.stdout.write(f"{was:<34}{mitte:8.1f} /s   ({einzeln})\n")
    return mitte


@dataclass
class Urteile:
    """What was held and what was not."""

    gebrochen: int = 0

    def faelle(self, was: str, wert: float, grenze: float, gegen: str = "", dazu: str = "") -> None:
        """Print the judgement and hold it fast; without a peer ``wert`` is cases a second."""
        einheit = "×" if gegen else "/s"
        zeile = Zeile("linie", was, wert, einheit, gegen, grenze, mindestens=True, dazu=dazu)
        halte_fest(zeile)
        self.gebrochen += not zeile.haelt
        urteil = "gehalten" if zeile.haelt else "NICHT gehalten"
        sys.stdout.write(f"  {was}: {wert:.2f} {einheit}, Grenze {grenze:g}: {urteil}\n")


def im_wechsel(*wege: Callable[[], float]) -> list[list[float]]:
    """The rates of each, measured in turns: the machine is not equally fast at all times."""
    runden = [[weg() for weg in wege] for _ in range(LAEUFE)]
    return [list(werte) for werte in zip(*runden, strict=True)]


def vergleiche_sqlite(urteile: Urteile) -> None:
    """The line beside the bare engine, beside a loop by hand, and beside itself with many Ziele that get nothing."""
    bare, von_hand, ganz, viele = im_wechsel(
        geruest, schleife, lambda: linie("zielsystem"), lambda: linie("zielsystem", weitere=VIELE)
    )
    rate = gegen_den_motor(urteile, "SQLite", bare, ganz)
    hand = zeile("Schleife von Hand, ohne Journal", von_hand)
    was, gegen = f"{zahl(rate)} gegen {zahl(hand)} Fälle/s", "Schleife von Hand ohne Journal"
    halte_fest(Zeile("linie", "Ganze Linie, SQLite", rate / hand, gegen=gegen, dazu=was))
    mit_vielen = zeile(f"SQLite: neben {VIELE} weiteren Zielen", viele)
    was, dazu = f"Neben {VIELE} Zielen ohne Arbeit, SQLite", f"{zahl(mit_vielen)} Fälle/s"
    urteile.faelle(was, mit_vielen / rate, GRENZE_VIELE, "mit einem Ziel", dazu)


def vergleiche_postgresql(urteile: Urteile, neue_url: Callable[[], str]) -> None:
    """The line beside the bare engine."""
    bare, ganz = im_wechsel(lambda: geruest(neue_url()), lambda: linie("zielsystem", neue_url()))
    gegen_den_motor(urteile, "PostgreSQL", bare, ganz)


def gegen_den_motor(urteile: Urteile, name: str, bare: Sequence[float], ganz: Sequence[float]) -> float:
    """Judge the line by the bare engine on one kind of database; the rate of the line."""
    grundlage, rate = zeile(f"{name}: nur der Motor", bare), zeile(f"{name}: ganze Linie", ganz)
    urteile.faelle(f"Ganze Linie, {name}", rate / grundlage, GRENZE, "nackter Motor", f"{zahl(rate)} Fälle/s")
    return rate


def vergleiche_knoten(urteile: Urteile, neue_url: Callable[[], str]) -> None:
    """Two worker processes beside one."""
    for dauer, grenze in GRENZEN_KNOTEN.items():
        eins, zwei = im_wechsel(partial(mit_knoten, 1, neue_url, dauer), partial(mit_knoten, 2, neue_url, dauer))
        wie = f"Ziel wartet {dauer:g} s".replace(".", ",") if dauer else "Ziel wartet nicht"
        grundlage, rate = zeile(f"{wie}: ein Prozess", eins), zeile(f"{wie}: zwei Prozesse", zwei)
        urteile.faelle(f"Zwei Prozesse, {wie}", rate / grundlage, grenze, "ein Prozess", f"{zahl(rate)} Fälle/s")


def main() -> int:
    """Measure and compare; 1 if a bound is broken."""
    was = (f"SQLite {sqlite3.sqlite_version}", f"{ANZAHL} Fälle", f"{LAEUFE} Läufe")
    sys.stdout.write(f"{maschine(*was, last())}\n")
    urteile = Urteile()
    vergleiche_sqlite(urteile)
    akten = zeile("SQLite: in die Aktenablage", [linie("aktenablage") for _ in range(LAEUFE)])
    urteile.faelle("In die Aktenablage, SQLite", akten, GRENZE_AKTE)
    if "--ohne-postgresql" in sys.argv[1:]:
        return int(urteile.gebrochen > 0)
    with postgres() as server:
        if server:
            vergleiche_postgresql(urteile, server.neue_datenbank)
            vergleiche_knoten(urteile, server.neue_datenbank)
    return int(urteile.gebrochen > 0)


if __name__ == "__main__":
    einrichten(stufe=logging.ERROR)
    if sys.argv[1:2] == ["--knoten"]:
        sys.exit(knoten(Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
    sys.exit(main())
