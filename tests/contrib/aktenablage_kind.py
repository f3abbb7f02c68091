"""Delivers with children that are killed at every point; run as a program: FOLDER [mehrfach], writes JSON to stdout.

With ``mehrfach`` every case also becomes a ZIP, and all of it a mirror.

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
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import aktenablage_faelle as faelle

import fachwerk_aktenablage as ablage
from fachwerk.modell import Anlage, Teil
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
    return [p for p in ordner.iterdir() if p.is_dir() and not p.name.startswith(".")] if ordner.is_dir() else []


def ganze_archive(ordner: Path, erwartet: set[str]) -> bool:
    """Whether every visible ZIP is complete and stands beside its folder."""
    for pfad in ordner.glob("[!.]*.zip") if ordner.is_dir() else ():
        with zipfile.ZipFile(pfad) as archiv:
            namen = {name.partition("/")[2] for name in archiv.namelist()}
            if archiv.testzip() or namen != erwartet | {".fachwerk.json"} or not pfad.with_suffix("").is_dir():
                return False
    return True


def vollstaendig(ordner: Path, erwartet: set[str]) -> bool:
    marke = json.loads((ordner / ".fachwerk.json").read_bytes())["dateien"]
    da = {pfad.relative_to(ordner).as_posix() for pfad in ordner.rglob("*") if pfad.is_file()} - {".fachwerk.json"}
    echt = all(hashlib.sha256((ordner / pfad).read_bytes()).hexdigest() == summe for pfad, summe in marke.items())
    return echt and set(marke) == da == erwartet


def gesetzt(anlage: Anlage) -> Anlage:
    """Made once and for all, as the core does before it delivers."""
    teil = anlage.teil
    if not teil.ist_entwurf:
        return anlage
    stuecke = list(teil.bytes_strom())
    return anlage.model_copy(update={"teil": Teil.entwurf(teil.name, teil.medientyp, lambda: stuecke)})


def main(basis: Path, *, mehrfach: bool) -> None:
    host = FakeHost(ordner=basis)
    host.inhalt.oeffne = lambda teil, alt=host.inhalt.oeffne: Stueckweise(alt(teil).read())  # type: ignore[method-assign]
    vorlage = ablage.render(faelle.antrag(host.inhalt), faelle.entscheidung(), faelle.ziel("muster"))
    sendung = vorlage.model_copy(update={"anlagen": tuple(map(gesetzt, vorlage.anlagen))})
    erwartet = {anlage.pfad for anlage in sendung.anlagen}
    beobachte(str(basis))

    def liefere(verzeichnis: str, ende: int) -> str:
        mehr = {"zip": True, "spiegel": f"{verzeichnis}-spiegel"} if mehrfach else {}
        ZAEHLER.scharf, ZAEHLER.stand, ZAEHLER.ende = True, 0, ende
        try:
            return ablage.deliver(sendung, faelle.ziel(verzeichnis, **mehr), "vorgang-1:akte:1", host).kennung
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
        orte = [basis / name, basis / f"{name}-spiegel"] if mehrfach else [basis / name]
        for ort in orte:
            ganz = all(vollstaendig(pfad, erwartet) for pfad in sichtbar(ort)) and ganze_archive(ort, erwartet)
            if len(sichtbar(ort)) > 1 or not ganz:
                fehler.append(f"{ende}: half a folder is visible")
        kennung = liefere(name, -1)
        soll = [kennung, f"{kennung}.zip"] if mehrfach else [kennung]
        for ort in orte:
            danach = sorted(pfad.name for pfad in ort.iterdir())
            if danach != soll or not vollstaendig(ort / kennung, erwartet) or not ganze_archive(ort, erwartet):
                fehler.append(f"{ende}: the repeat left {danach}")
    sys.stdout.write(json.dumps({"punkte": punkte, **faelle_gesehen, "fehler": fehler}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), mehrfach="mehrfach" in sys.argv[2:])
