"""Delivers with children that are killed at every point; run as a program: FOLDER, writes JSON to stdout.

A point is every call that touches the folder (seen through an audit hook), every piece read from the content store
and every fsync, before and after. The parent counts the points first, then forks a child for each, which kills
itself there with SIGKILL, looks at what is visible, and delivers again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import aktenablage_faelle as faelle

import fachwerk_aktenablage as ablage
from fachwerk.testkit.wirt import FakeHost


class Zaehler:
    """Counts points while armed, and kills the process at the one it was given."""

    def __init__(self) -> None:
        self.scharf = False
        self.stand = 0
        self.ende = -1

    def punkt(self) -> None:
        if self.scharf:
            self.stand += 1
            if self.stand == self.ende:
                os.kill(os.getpid(), signal.SIGKILL)


ZAEHLER = Zaehler()


class Stueckweise(io.BytesIO):
    """Gives its content in small pieces, each a point."""

    def read(self, groesse: int | None = -1) -> bytes:
        ZAEHLER.punkt()
        return super().read(7)


def beobachte(ordner: str) -> None:
    """Make every touch of ``ordner`` and every fsync a point."""

    def haken(ereignis: str, argumente: tuple[Any, ...]) -> None:
        if ZAEHLER.scharf and ereignis.startswith(("open", "os.", "shutil.")) and argumente:
            ziel = argumente[0]
            if isinstance(ziel, str | os.PathLike) and str(ziel).startswith(ordner):
                ZAEHLER.punkt()

    sys.addaudithook(haken)
    for name in ("fsync", "rename", "mkdir"):
        setattr(os, name, umschlossen(getattr(os, name)))


def umschlossen(aufruf: Any) -> Any:
    def gezaehlt(*argumente: Any, **mehr: Any) -> Any:
        ZAEHLER.punkt()
        ergebnis = aufruf(*argumente, **mehr)
        ZAEHLER.punkt()
        return ergebnis

    return gezaehlt


def sichtbar(ordner: Path) -> list[Path]:
    return [pfad for pfad in ordner.iterdir() if not pfad.name.startswith(".")] if ordner.is_dir() else []


def vollstaendig(ordner: Path, erwartet: set[str]) -> bool:
    marke = json.loads((ordner / ".fachwerk.json").read_bytes())["dateien"]
    da = {pfad.relative_to(ordner).as_posix() for pfad in ordner.rglob("*") if pfad.is_file()} - {".fachwerk.json"}
    echt = all(hashlib.sha256((ordner / pfad).read_bytes()).hexdigest() == summe for pfad, summe in marke.items())
    return echt and set(marke) == da == erwartet


def main(basis: Path) -> None:
    host = FakeHost(ordner=basis)
    host.inhalt.oeffne = lambda teil, alt=host.inhalt.oeffne: Stueckweise(alt(teil).read())  # type: ignore[method-assign]
    sendung = ablage.render(faelle.antrag(host.inhalt), faelle.entscheidung(), faelle.ziel("muster"))
    erwartet = {anlage.pfad for anlage in sendung.anlagen}
    beobachte(str(basis))

    def liefere(verzeichnis: str, ende: int) -> str:
        ZAEHLER.scharf, ZAEHLER.stand, ZAEHLER.ende = True, 0, ende
        try:
            return ablage.deliver(sendung, faelle.ziel(verzeichnis), "vorgang-1:akte:1", host).kennung
        finally:
            ZAEHLER.scharf = False

    liefere("probelauf", -1)
    punkte, faelle_gesehen, fehler = ZAEHLER.stand, {"nichts": 0, "alles": 0}, []
    for ende in range(1, punkte + 1):
        name = f"n{ende}"
        if (kind := os.fork()) == 0:
            liefere(name, ende)
            os._exit(0)
        _, status = os.waitpid(kind, 0)
        nach_tod = sichtbar(basis / name)
        faelle_gesehen["alles" if nach_tod else "nichts"] += 1
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            fehler.append(f"{ende}: not killed")
        if len(nach_tod) > 1 or not all(vollstaendig(pfad, erwartet) for pfad in nach_tod):
            fehler.append(f"{ende}: half a folder is visible")
        kennung = liefere(name, -1)
        danach = list((basis / name).iterdir())
        if [pfad.name for pfad in danach] != [kennung] or not vollstaendig(danach[0], erwartet):
            fehler.append(f"{ende}: the repeat left {sorted(pfad.name for pfad in danach)}")
    sys.stdout.write(json.dumps({"punkte": punkte, **faelle_gesehen, "fehler": fehler}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
