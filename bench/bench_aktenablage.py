"""One case into the Aktenablage against its bytes as plain files, in one run: what typesetting and naming cost.

The case is a family's application for a WBS (XSozial message with an inline PDF, two attachments) with its decision
(NRW). Three ways, taken in turns: the same bytes written as plain files with an fsync each and one rename; the case
rendered, stored and delivered; the same with ZIP and mirror. Bound: the documents of a case take at most as much
processor time as three times reading and deciding it, which no target can save (both measured in the same rounds).
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from blatt import Zeile, halte_fest, zahl
from umfeld import gespeichert, last, maschine

import fachwerk_aktenablage as ablage
import fachwerk_wbs_nw
import fachwerk_xsozial_basis
from fachwerk.demo.beispiele import NW, familie
from fachwerk.modell import Antrag, Eingang, Entscheidung, Sendung, Ziel
from fachwerk.testkit.wirt import FakeHost
from fachwerk_xsozial_basis.erzeuger import Beigabe, nachricht

HEUTE = date(2026, 11, 2)
FAELLE = 15
LAEUFE = 5
GRENZE = 3.0
LESEN, DATEIEN = "Lesen und Entscheiden", "dieselben Bytes als Dateien"


def gelesen(eingang: Eingang) -> Antrag:
    """The application as the format reads it."""
    return fachwerk_xsozial_basis.verstehe(eingang).model_copy(update={"leistung": "wbs", "land": "nw"})


def fall(host: FakeHost) -> tuple[Eingang, Antrag, Entscheidung]:
    """An invented application and what the rules say."""
    pdf = Beigabe("Anlage.pdf", b"%PDF-1.4\n" + os.urandom(70_000), typ="7010")
    xml = nachricht("wbs", familie("52000.00"), leser=f"wbs:{NW}", seed=1, antragsdatum=HEUTE, dokumente=[pdf])
    teile = [host.inhalt.schreibe([xml], "xsozial.xml", "application/xml")]
    teile += [host.inhalt.schreibe([os.urandom(100_000)], f"anhang_{n}.pdf", "application/pdf") for n in (1, 2)]
    eingang = Eingang(kanal="k", nachricht_id="1", empfangen=datetime(2026, 11, 2, 9, tzinfo=UTC), teile=tuple(teile))
    antrag = gelesen(eingang)
    votum = fachwerk_wbs_nw.decide(antrag, (), HEUTE)
    if votum is None:
        raise SystemExit("the rules did not look at the case")
    return eingang, antrag, Entscheidung(empfehlung=votum.empfehlung, voten=(votum,), stichtag=HEUTE)


def ziel(verzeichnis: str, **mehr: object) -> Ziel:
    """The folder target with the office's name."""
    werte = {"verzeichnis": verzeichnis, "behoerde": "Stadt Musterow, Amt für Wohnen", **mehr}
    return Ziel(name="akte", plugin="aktenablage", einstellungen=werte)


def einfache_dateien(ordner: Path, inhalte: dict[str, bytes], nummer: str) -> None:
    """The floor: the same bytes under the same names, each durable, visible by one rename."""
    entwurf = ordner / f".{nummer}"
    (entwurf / "anlagen").mkdir(parents=True)
    for pfad, inhalt in inhalte.items():
        with open(entwurf / pfad, "xb") as datei:
            datei.write(inhalt)
            datei.flush()
            os.fsync(datei.fileno())
    os.rename(entwurf, ordner / nummer)


def je_sekunde(getan: Callable[[str], None], lauf: int) -> float:
    """Cases a second of one round."""
    beginn = time.perf_counter()
    for nummer in range(FAELLE):
        getan(f"v{lauf}-{nummer}:akte:1")
    return FAELLE / (time.perf_counter() - beginn)


def abgelegt(host: FakeHost, antrag: Antrag, entscheidung: Entscheidung, ort: Ziel) -> Callable[[str], None]:
    """What the line does with a case: render, store what was rendered, deliver."""

    def eins(nummer: str) -> None:
        ablage.deliver(gespeichert(host, ablage.render(antrag, entscheidung, ort)), ort, nummer, host)

    return eins


def rechenzeit(eingang: Eingang, antrag: Antrag, entscheidung: Entscheidung) -> dict[str, float]:
    """Milliseconds of processor time by document, the best of all runs."""
    beste: dict[str, float] = {}

    def gemessen(name: str, beginn: float) -> None:
        beste[name] = min(beste.get(name, 1e9), (time.process_time() - beginn) * 1000)

    for _ in range(LAEUFE * 3):
        beginn = time.process_time()
        fachwerk_wbs_nw.decide(gelesen(eingang), (), HEUTE)
        gemessen(LESEN, beginn)
        beginn = time.process_time()
        sendung: Sendung = ablage.render(antrag, entscheidung, ziel("akte"))
        gemessen("ordnen", beginn)
        for anlage in sendung.anlagen:
            beginn = time.process_time()
            b"".join(anlage.teil.bytes_strom())
            gemessen(anlage.pfad, beginn)
    return beste


def main() -> int:
    """Measure and compare; 1 if the bound is broken."""
    sys.stdout.write(f"{maschine(f'{FAELLE} Fälle je Runde', f'{LAEUFE} Runden', last())}\n")
    with tempfile.TemporaryDirectory() as ordner:
        host = FakeHost(ordner=Path(ordner))
        eingang, antrag, entscheidung = fall(host)
        vorlage = ablage.render(antrag, entscheidung, ziel("akte"))
        inhalte = {anlage.pfad: b"".join(anlage.teil.bytes_strom()) for anlage in vorlage.anlagen}
        mehrfach = ziel("zweite", zip=True, spiegel="spiegel")
        wege: dict[str, Callable[[str], None]] = {
            DATEIEN: lambda nummer: einfache_dateien(Path(ordner), inhalte, nummer),
            "Aktenablage": abgelegt(host, antrag, entscheidung, ziel("akte")),
            "Aktenablage mit ZIP und Spiegel": abgelegt(host, antrag, entscheidung, mehrfach),
        }
        werte: dict[str, list[float]] = {name: [] for name in wege}
        for lauf in range(LAEUFE):
            for name, weg in wege.items():
                werte[name].append(je_sekunde(weg, lauf))
        zeiten = rechenzeit(eingang, antrag, entscheidung)
    boden = statistics.median(werte[DATEIEN])
    for name, gemessen in werte.items():
        mitte = statistics.median(gemessen)
        sys.stdout.write(f"{name:<34}{mitte:8.1f} /s   {mitte / boden:5.2f} × Dateien\n")
    lesen = zeiten.pop(LESEN)
    for name, zeit in sorted(zeiten.items(), key=lambda eintrag: -eintrag[1])[:5]:
        sys.stdout.write(f"  {name:<32}{zeit:8.1f} ms Rechenzeit\n")
    verhaeltnis = sum(zeiten.values()) / lesen
    urteil = "gehalten" if verhaeltnis <= GRENZE else "NICHT gehalten"
    sys.stdout.write(
        f"Schriftstücke {sum(zeiten.values()):.1f} ms, Lesen und Entscheiden {lesen:.1f} ms: "
        f"Verhältnis {verhaeltnis:.2f}, Grenze {GRENZE}: {urteil}\n"
    )
    dazu = f"{zahl(sum(zeiten.values()))} ms gegen {zahl(lesen)} ms"
    halte_fest(
        Zeile(
            "akte",
            "alle Schriftstücke eines Falls, Rechenzeit",
            verhaeltnis,
            gegen="Lesen und Entscheiden",
            grenze=GRENZE,
            dazu=dazu,
        )
    )
    for name, gemessen in werte.items():
        if name != DATEIEN:
            mitte = statistics.median(gemessen)
            was = f"{name}, Fälle in der Sekunde"
            halte_fest(Zeile("akte", was, mitte / boden, gegen="dieselben Bytes als Dateien", dazu=f"{zahl(mitte)} /s"))
    return 0 if verhaeltnis <= GRENZE else 1


if __name__ == "__main__":
    sys.exit(main())
