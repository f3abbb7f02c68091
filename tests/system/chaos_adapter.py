"""Each target on the stage of a whole line, with an oracle that looks where the case should be.

The oracle knows nothing of the line: it compares what lies in the target (folders, the journal of the other side) and
plain SQL with what was sent.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from chaos_seiten import ZIEL, Ankunft, Seite, summe

from fachwerk.testkit import absturz, sturz
from fachwerk.testkit.welt import Welt, antrag_xml


class Buehne:
    """One installation with one target, everything sent so far, and the questions of the oracle."""

    def __init__(self, basis: Path, art: type[Seite]) -> None:
        self.basis = basis
        self.seite = art(basis)
        abschnitte = self.seite.abschnitte()
        self.welt = Welt(
            f"sqlite:///{basis / 'w.db'}",
            basis,
            plugins=self.seite.plugins,
            ziel=abschnitte.pop("ziel"),
            route=[{"leistung": "*", "ziel": ZIEL}],
            **abschnitte,
        )
        self.gesendet: list[Ankunft] = []

    # -- what happens ---------------------------------------------------------------------------------------------

    def sende(self, anzahl: int = 1) -> None:
        """So many new messages, each unlike all others."""
        for _ in range(anzahl):
            nummer = len(self.gesendet) + 1
            xml, anlage = antrag_xml(uuid=f"u-{nummer}"), b"%%PDF-1.4 %d " % nummer + bytes(20_000)
            self.gesendet.append(frozenset({summe(xml), summe(anlage)}))
            self.seite.sende(self.welt, nummer, xml, anlage)

    def gehe(self, **dauer: float) -> None:
        """Let time pass, and work on what is due."""
        if dauer:
            self.welt.vergehe(**dauer)
        self.welt.arbeite()

    def bringe_zu_ende(self, runden: int = 6) -> None:
        """The fault is over: the other side acts, time passes, until nobody waits for a delivery or a receipt."""
        for _ in range(runden):
            self.seite.runde()
            self.gehe(hours=2)

    def toete(self, punkt: str) -> bool:
        """Work in a child that is killed at ``punkt``; whether it was."""
        return self._im_kind(absturz.Punkte(punkt, ""))

    def punkte(self) -> list[str]:
        """What a child passes that works on what is due."""
        liste = self.basis / "punkte.txt"
        liste.unlink(missing_ok=True)
        assert not self._im_kind(absturz.Punkte("", str(liste)))
        return liste.read_text(encoding="utf-8").splitlines()

    def _im_kind(self, punkte: absturz.Punkte) -> bool:
        def tue() -> None:
            absturz.umhuelle(punkte)
            self.welt.neuer_prozess()
            self.welt.arbeite()

        self.welt.schliesse()
        getoetet = sturz.getoetet(tue)
        self.welt.neuer_prozess()
        return getoetet

    # -- what is seen ---------------------------------------------------------------------------------------------

    def frage(self, sql: str) -> list[tuple[Any, ...]]:
        """Plain SQL, read only."""
        verbindung = sqlite3.connect(f"file:{self.basis / 'w.db'}?mode=ro", uri=True)
        try:
            return verbindung.execute(sql).fetchall()
        finally:
            verbindung.close()

    def staende(self) -> list[tuple[str, str]]:
        """Status and reason of every case, oldest first."""
        return self.frage("SELECT status, grund FROM vorgang ORDER BY angelegt")

    def maengel(self) -> list[str]:
        """What is not as it must be where everything has arrived; empty: each case whole, once, and confirmed."""
        erwartet = [("done", "")] * len(self.gesendet)
        maengel = [] if self.staende() == erwartet else [f"Stände: {self.staende()}"]
        maengel += self.maengel_am_ziel()
        maengel += [f"Rest: {name}" for name in self.seite.reste()]
        zeilen = self.frage(
            "SELECT vorgang_id, stufe, count(*) FROM quittung GROUP BY vorgang_id, ziel, fassung, stufe"
        )
        maengel += [f"{anzahl} Quittungen {stufe}" for _, stufe, anzahl in zeilen if anzahl != 1]
        for (fall,) in self.frage("SELECT id FROM vorgang"):
            stufen = {stufe for eine, stufe, _ in zeilen if eine == fall}
            maengel += [] if stufen >= self.seite.stufen else [f"nur bestätigt: {sorted(stufen)}"]
        offen = self.frage(
            "SELECT status, absicht_von FROM zustellung WHERE status <> 'zugestellt' OR absicht_von <> ''"
        )
        return maengel + [f"Zustellung: {zeile}" for zeile in offen]

    def maengel_am_ziel(self, hoechstens: bool = False) -> list[str]:
        """What the target holds against what was sent; ``hoechstens``: a case may be missing."""
        ankuenfte = self.seite.angekommen()
        maengel = [f"{len(ankuenfte)} Ankünfte von {len(self.gesendet)}"] if len(ankuenfte) > len(self.gesendet) else []
        for nummer, fall in enumerate(self.gesendet, 1):
            anzahl = sum(1 for ankunft in ankuenfte if fall & ankunft)
            ganz = sum(1 for ankunft in ankuenfte if fall <= ankunft)
            if anzahl != ganz or ganz > 1 or (not hoechstens and ganz != 1):
                maengel.append(f"Fall {nummer}: {anzahl} Mal im Ziel, {ganz} Mal ganz")
        return maengel

    def schliesse(self) -> None:
        """Stop everything."""
        self.welt.schliesse()
        self.seite.schliesse()


Auf = Callable[[type[Seite]], Buehne]


@contextmanager
def buehnen_in(ordner: Path) -> Iterator[Auf]:
    """Puts targets on stages of their own, and stops them in the end."""
    offene: list[Buehne] = []

    def baue(art: type[Seite]) -> Buehne:
        basis = ordner / f"b{len(offene)}"
        basis.mkdir()
        offene.append(Buehne(basis, art))
        return offene[-1]

    try:
        yield baue
    finally:
        for buehne in offene:
            buehne.schliesse()
