"""Hands over with children that are killed at every point; run as a program: FOLDER PROFILE [alle], writes
JSON to stdout.

A point is every touch of the folders (seen through an audit hook), every fsync and rename, and every note, before and
after. After each kill the other side takes what is visible (or leaves it), then the core's own steps follow: ask, and
hand over if the answer is no. In the end the case must have arrived once, or be held with the true reason.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fachwerk_comvibilia as comvibilia
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Antrag, Ziel
from fachwerk.testkit.wirt import FakeHost
from fachwerk_comvibilia.mapping import sendung
from fachwerk_comvibilia.profil import lade
from fachwerk_comvibilia.settings import Zieleinstellungen
from fachwerk_comvibilia.simulator import ComVibilia, Temperament

SCHLUESSEL = "v1:cv:1"
ERWARTET = {b"<antrag/>", b"%PDF-1", b""}


class Zaehler:
    """Counts points while armed, and kills the process at the one it was given."""

    scharf = False
    stand = 0
    ende = -1

    def punkt(self) -> None:
        if self.scharf:
            self.stand += 1
            if self.stand == self.ende:
                os.kill(os.getpid(), signal.SIGKILL)


ZAEHLER = Zaehler()


class Notizhost(FakeHost):
    """Keeps its notes in a file, as durable as a commit: a child that dies leaves them to the next."""

    @property
    def datei(self) -> Path:
        return self.ordner / "notizen.json"

    def _alle(self) -> dict[str, str]:
        return dict(json.loads(self.datei.read_text())) if self.datei.exists() else {}

    def notiz(self, schluessel: str, name: str) -> str:
        return self._alle().get(f"{schluessel} {name}", "")

    def notiere(self, schluessel: str, name: str, wert: str) -> None:
        ZAEHLER.punkt()
        alle = self._alle() | {f"{schluessel} {name}": wert}
        neu = self.datei.with_suffix(".neu")
        neu.write_text(json.dumps(alle))
        os.replace(neu, self.datei)
        ZAEHLER.punkt()


def beobachte(ordner: str) -> None:
    """Make every touch of ``ordner`` and every fsync a point."""

    def haken(ereignis: str, argumente: tuple[Any, ...]) -> None:
        if ZAEHLER.scharf and ereignis.startswith(("open", "os.", "shutil.")) and argumente:
            ort = argumente[0]
            if isinstance(ort, str | os.PathLike) and str(ort).startswith(ordner):
                ZAEHLER.punkt()

    sys.addaudithook(haken)
    for name in ("fsync", "rename", "replace", "mkdir"):
        setattr(os, name, umschlossen(getattr(os, name)))


def umschlossen(aufruf: Any) -> Any:
    def gezaehlt(*argumente: Any, **mehr: Any) -> Any:
        ZAEHLER.punkt()
        ergebnis = aufruf(*argumente, **mehr)
        ZAEHLER.punkt()
        return ergebnis

    return gezaehlt


class Fall:
    """One import folder with its other side, its notes and its Sendung."""

    def __init__(self, basis: Path, profil: str, quittung: str) -> None:
        basis.mkdir(parents=True)
        self.host = Notizhost(ordner=basis)
        self.seite = ComVibilia(basis / "cv", lade(profil, basis), Temperament(quittung=quittung))
        werte = Zieleinstellungen(verzeichnis="cv/import", profil=profil, quittungen="cv/quittungen")
        self.ziel = Ziel(name="cv", plugin="comvibilia", einstellungen=werte)
        inhalte = [(b"<antrag/>", "antrag.xml"), (b"%PDF-1", "a.pdf"), (b"", "leer.pdf")]
        xml, *anlagen = [self.host.inhalt.schreibe([inhalt], name) for inhalt, name in inhalte]
        empfangen = datetime(2026, 3, 1, tzinfo=UTC)
        antrag = Antrag(leistung="wbs", empfangen=empfangen, original=xml, anlagen=tuple(anlagen))
        self.sendung = sendung(antrag, "cv")

    def liefere(self, ende: int) -> None:
        ZAEHLER.scharf, ZAEHLER.stand, ZAEHLER.ende = True, 0, ende
        try:
            comvibilia.deliver(self.sendung, self.ziel, SCHLUESSEL, self.host)
        finally:
            ZAEHLER.scharf = False

    def kind(self, ende: int) -> bool:
        """Whether the child was killed as ordered."""
        if (nummer := os.fork()) == 0:
            self.liefere(ende)
            os._exit(0)
        _, status = os.waitpid(nummer, 0)
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def danach(self) -> str:
        """What the core does with an intent without result, once the waiting time is over."""
        self.host.vergehe(days=1)
        try:
            if comvibilia.find_delivered(self.ziel, SCHLUESSEL, self.host) is None:
                comvibilia.deliver(self.sendung, self.ziel, SCHLUESSEL, self.host)
        except NeedsHumanError as fehler:
            return fehler.code
        return "zugestellt"

    def angekommen(self) -> list[bool]:
        """For each hand-over that was taken: whether it was complete."""
        self.seite.runde()
        return [set(eine.dateien.values()) >= ERWARTET for eine in self.seite.uebergeben]


def pruefe(basis: Path, profil: str, ende: int, holt: bool, quittung: str) -> str:
    """Empty, or what went wrong when the child died at ``ende``."""
    fall = Fall(basis, profil, quittung)
    if not fall.kind(ende):
        return f"{ende}: not killed"
    if holt:
        fall.seite.runde()
    ausgang = fall.danach()
    angekommen = fall.angekommen()
    if angekommen != [True]:
        return f"{ende}: arrived {angekommen}, {ausgang}"
    if ausgang != "zugestellt" and (quittung != "keine" or not holt or ausgang != "ausgang_unbekannt"):
        return f"{ende}: {ausgang}"
    rest = sorted(name for name in os.listdir(fall.seite.importordner))
    return f"{ende}: left {rest}" if rest and ausgang == "zugestellt" and not holt else ""


FORTGAENGE = [(True, "uebernommen"), (True, "keine"), (False, "keine")]
"""Whether the other side takes what is visible after the kill, and which receipt it gives."""


def main(basis: Path, profil: str, alle: bool) -> None:
    beobachte(str(basis))
    probe = Fall(basis / "probe", profil, "keine")
    probe.liefere(-1)
    punkte, fehler = ZAEHLER.stand, []
    for ende in range(1, punkte + 1):
        for nr, (holt, quittung) in enumerate(FORTGAENGE if alle else [FORTGAENGE[ende % 3]]):
            fehler.append(pruefe(basis / f"n{ende}-{nr}", profil, ende, holt, quittung))
    sys.stdout.write(json.dumps({"punkte": punkte, "fehler": [eins for eins in fehler if eins]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:] == ["alle"])
