"""The only file with I/O: lists, reads, moves and writes in folders that other programs use at the same time.

Links and devices are never followed. No file stays open while something is renamed (Windows), and what must survive a
power cut is on the disk before it gets its final name. Every ``OSError`` becomes a ``RetryableError`` an operator can
act on.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fachwerk import ablage
from fachwerk.ablage import Stoermelder, Stoerung
from fachwerk.errors import ConfigError
from fachwerk_comvibilia.mapping import Bestand, Eintrag
from fachwerk_comvibilia.settings import Kanaleinstellungen, Zieleinstellungen

STUECK = 1 << 18
WEG = ".fachwerk-weg-"
"""What is being deleted has left its place under a name with this beginning."""

_TIEFE = 6
_OHNE_VERWEIS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_MELDER = Stoermelder(
    "comvibilia",
    "COM Vibilia, Ordner",
    codes={Stoerung.FEHLT: "comvibilia.nicht_erreichbar", Stoerung.LAUFWERK: "comvibilia.anderes_laufwerk"},
    texte={
        Stoerung.FEHLT: (
            "der Ordner (oder seine Ankerdatei) fehlt",
            "den Ordner anlegen oder das Laufwerk verbinden",
        )
    },
)
stoerung, uebersetzt, entferne = _MELDER.uebersetzt, _MELDER.fehler, ablage.entferne


@dataclass(frozen=True)
class Ordner:
    """One folder of the hand-over. ``anker`` is a file that must be in it, else the drive counts as gone."""

    pfad: Path
    anker: str = ""

    def erreichbar(self) -> None:
        """Raise ``RetryableError`` if the folder is not there: an empty answer would look like an empty folder."""
        with stoerung(self.pfad):
            os.listdir(self.pfad)
            if self.anker:
                os.stat(self.pfad / self.anker)

    def bestand(self, je_ordner: int, ohne: frozenset[str] = frozenset()) -> Bestand:
        """What lies here now; of each folder at most ``je_ordner`` files and one, ``ohne`` are not looked into."""
        self.erreichbar()
        with stoerung(self.pfad):
            namen = sorted(name for name in os.listdir(self.pfad) if name != self.anker)
        dateien: list[Eintrag] = []
        ordner: dict[str, tuple[Eintrag, ...]] = {}
        for name in namen:
            art = _lstat(self.pfad / name)
            if art is None:
                continue
            if not stat.S_ISDIR(art.st_mode):
                dateien.append(_eintrag(name, art))
            elif name.casefold() not in ohne and not name.startswith("."):
                ordner[name] = self.inhalt(name, je_ordner)
        return Bestand(tuple(dateien), ordner)

    def inhalt(self, name: str, hoechstens: int) -> tuple[Eintrag, ...]:
        """All files below the folder ``name``, at most ``hoechstens`` and one; empty if it is gone."""
        gefunden: list[Eintrag] = []
        with stoerung(self.pfad):
            _sammle(self.pfad / name, "", gefunden, hoechstens + 1, _TIEFE)
        return tuple(gefunden)

    def datei(self, name: str) -> Eintrag | None:
        """The file ``name`` directly in this folder, None if it is gone."""
        art = _lstat(self.pfad / name)
        return None if art is None or stat.S_ISDIR(art.st_mode) else _eintrag(name, art)

    def oeffne(self, teilpfad: str) -> BinaryIO:
        """A regular file for reading; a link or device is refused even if it came between listing and opening."""
        with stoerung(self.pfad):
            kennung = os.open(self.pfad / teilpfad, os.O_RDONLY | _OHNE_VERWEIS)
            try:
                if not stat.S_ISREG(os.fstat(kennung).st_mode):
                    raise OSError(errno.ELOOP, "not a regular file")
                return os.fdopen(kennung, "rb")
            except BaseException:
                with contextlib.suppress(OSError):
                    os.close(kennung)
                raise

    def stroeme(self, teilpfad: str) -> Iterator[bytes]:
        """The content of a file in pieces; closed when exhausted or abandoned."""
        with self.oeffne(teilpfad) as datei:
            while stueck := self._lies(datei):
                yield stueck

    def _lies(self, datei: BinaryIO) -> bytes:
        with stoerung(self.pfad):
            return datei.read(STUECK)

    def lege_an(self, teilpfad: str) -> Path:
        """Make a folder (and those above it, below this one)."""
        ordner = self.pfad / teilpfad
        with stoerung(self.pfad):
            ordner.mkdir(parents=True, exist_ok=True)
        return ordner

    def schreibe(self, teilpfad: str, stuecke: Iterable[bytes]) -> int:
        """Write a new file and have it on the disk; errors of whoever gives ``stuecke`` pass unchanged."""
        ziel = self.pfad / teilpfad
        with stoerung(self.pfad):
            ziel.parent.mkdir(parents=True, exist_ok=True)
        return ablage.schreibe(ziel, stuecke, _MELDER).laenge

    def loesche(self, teilpfad: str) -> None:
        """Delete a file or a whole folder; it leaves its place by one rename first, so half of it is never seen."""
        with stoerung(self.pfad), contextlib.suppress(FileNotFoundError):
            ablage.nimm_weg(self.pfad / teilpfad, WEG)

    def raeume_auf(self) -> None:
        """Finish deletions that a killed process left."""
        with stoerung(self.pfad):
            for name in os.listdir(self.pfad):
                if name.startswith(WEG):
                    entferne(self.pfad / name)

    def probiere(self) -> None:
        """Write and delete a probe file; raises ``RetryableError``."""
        probe = f".fachwerk-probe-{secrets.token_hex(8)}"
        try:
            self.schreibe(probe, [b"fachwerk\n"])
        finally:
            with contextlib.suppress(OSError):
                os.unlink(self.pfad / probe)


def verschiebe(von: Path, nach: Path) -> bool:
    """Rename within one volume; False if it was gone already. An existing folder or file is never replaced."""
    with stoerung(von.parent):
        try:
            if not ablage.benenne_um(von, nach):
                raise FileExistsError(errno.EEXIST, "target exists")
        except FileNotFoundError:
            if os.path.lexists(von) or not nach.parent.is_dir():
                raise
            return False
    return True


def ersetze(von: Path, nach: Path) -> None:
    """Rename a file over another. The error stays an ``OSError``: only the caller knows what it means."""
    os.replace(von, nach)


def gibt_es(pfad: Path) -> bool:
    """Whether something lies at ``pfad``; raises ``RetryableError`` where that cannot be told."""
    with stoerung(pfad.parent):
        try:
            os.lstat(pfad)
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def namen(ordner: Path) -> list[str]:
    """The names in ``ordner``, sorted."""
    with stoerung(ordner):
        return sorted(os.listdir(ordner))


def gleiches_laufwerk(einer: Path, anderer: Path) -> bool:
    """Whether a rename between the two folders is possible; raises ``RetryableError`` if one is not there."""
    with stoerung(einer):
        return os.stat(einer).st_dev == os.stat(anderer).st_dev


def sichere_ordner(ordner: Path) -> None:
    """Make names durable. Windows has no such call, and some network drives refuse it: then the drive decides."""
    with stoerung(ordner):
        ablage.sichere_ordner(ordner)


def oeffne_ordner(basis: Path, angabe: str, werte: Kanaleinstellungen | Zieleinstellungen) -> Ordner:
    """The configured folder. A relative one is made; an absolute one must exist, or a mount point would be filled."""
    ordner = Ordner(basis / angabe, werte.ankerdatei)
    if not Path(angabe).is_absolute() and not werte.ankerdatei:
        with stoerung(ordner.pfad):
            ordner.pfad.mkdir(parents=True, exist_ok=True)
    return ordner


def profilfehler(art: str, profil: str) -> ConfigError:
    """A profile that was changed while running and now lacks what is needed."""
    text = f"Das Layoutprofil „{profil}“ beschreibt keinen {art}. Bitte dort ergänzen."
    return ConfigError("comvibilia.profil", text, schluessel="profil")


def _lstat(pfad: Path) -> os.stat_result | None:
    with stoerung(pfad.parent):
        try:
            return os.lstat(pfad)
        except (FileNotFoundError, NotADirectoryError):
            return None


def _eintrag(pfad: str, art: os.stat_result) -> Eintrag:
    return Eintrag(pfad, art.st_size, art.st_mtime_ns, not stat.S_ISREG(art.st_mode))


def _sammle(ordner: Path, vor: str, gefunden: list[Eintrag], hoechstens: int, tiefe: int) -> None:
    """Files below ``ordner``; what is too deep, a link or a device counts as foreign. Gone meanwhile: left out."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(ordner)):
            if len(gefunden) >= hoechstens:
                return
            art = os.lstat(ordner / name)
            if stat.S_ISDIR(art.st_mode) and tiefe > 0:
                _sammle(ordner / name, f"{vor}{name}/", gefunden, hoechstens, tiefe - 1)
            else:
                gefunden.append(_eintrag(f"{vor}{name}", art))
