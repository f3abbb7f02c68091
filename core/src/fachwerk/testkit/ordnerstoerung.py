"""What can happen to a folder while an adapter writes to it: full, read-only, gone; and points at which to be killed.

Every touch of the folder is seen through an audit hook, so that the adapter needs no special door for tests. A hook
cannot be taken out again: there is one for the process, asleep where nothing is ordered.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ARTEN = {
    "nur_lesen": "der Ordner lässt sich nur lesen",
    "voll": "der Datenträger ist voll, und zwar bei jedem einzelnen Zugriff einmal",
    "voll_beim_schreiben": "der Datenträger wird mitten in einer Datei voll",
    "weg": "der Ordner ist nicht da (Netzlaufwerk getrennt)",
}
"""What can be ordered, in words for the sheet."""

_LESEND = frozenset({"os.listdir", "os.scandir", "os.walk", "os.getxattr", "os.listxattr", "os.fwalk", "os.chdir"})
_WEGNEHMEND = frozenset({"os.remove", "os.rmdir", "os.utime", "os.chmod", "os.truncate"})
"""Writes that need no room: they work on a full disk."""

_SCHREIBT = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


Zaehlt = Callable[[str, tuple[Any, ...]], bool]
"""Says of an audit event and its arguments whether it counts."""


def alles(ereignis: str, angaben: tuple[Any, ...]) -> bool:
    """Every touch."""
    return True


def schreibend(ereignis: str, angaben: tuple[Any, ...]) -> bool:
    """What a read-only folder refuses."""
    if ereignis == "open":
        return bool(isinstance(angaben[2], int) and angaben[2] & _SCHREIBT)
    return ereignis.startswith("os.") and ereignis not in _LESEND and ereignis != "os.fsync"


def braucht_platz(ereignis: str, angaben: tuple[Any, ...]) -> bool:
    """What a full disk refuses."""
    return schreibend(ereignis, angaben) and ereignis not in _WEGNEHMEND


@dataclass
class Wache:
    """Counts the touches of ``ordner`` for which ``zaehlt`` holds and calls ``tue`` with the number of each."""

    ordner: str
    tue: Callable[[int], None]
    zaehlt: Zaehlt
    stand: int = 0

    def sieh(self, ereignis: str, angaben: tuple[Any, ...]) -> None:
        """One touch."""
        if self.zaehlt(ereignis, angaben):
            self.stand += 1
            self.tue(self.stand)


_WACHEN: list[Wache] = []
_HAKEN: list[bool] = []


@contextmanager
def bewacht(ordner: Path, tue: Callable[[int], None], zaehlt: Zaehlt = alles) -> Iterator[Wache]:
    """For as long as the block lasts every touch of ``ordner`` calls ``tue`` first."""
    if not _HAKEN:
        _HAKEN.append(True)
        import sys

        sys.addaudithook(_pruefe)
    wache = Wache(str(ordner), tue, zaehlt)
    _WACHEN.append(wache)
    try:
        with _nach_dem_sichern(wache):
            yield wache
    finally:
        _WACHEN.remove(wache)


def _pruefe(ereignis: str, angaben: tuple[Any, ...]) -> None:
    if _WACHEN and angaben and (ereignis == "open" or ereignis.startswith(("os.", "shutil."))):
        wache = _WACHEN[-1]
        pfade = [str(os.fsdecode(a)) for a in angaben[:2] if isinstance(a, str | bytes | os.PathLike)]
        if any(pfad.startswith(wache.ordner) for pfad in pfade):
            wache.sieh(ereignis, angaben)


@contextmanager
def _nach_dem_sichern(wache: Wache) -> Iterator[None]:
    """``fsync`` raises no audit event, and the moment behind it is the most interesting of all."""
    echt = os.fsync

    def gesehen(fd: Any) -> None:
        echt(fd)
        if _WACHEN and _WACHEN[-1] is wache:
            wache.sieh("os.fsync", ())

    os.fsync = gesehen
    try:
        yield
    finally:
        os.fsync = echt


@contextmanager
def gestoert(ordner: Path, art: str, ab: int = 1) -> Iterator[None]:
    """``ordner`` misbehaves as ``art`` says; ``voll`` from the ``ab``-th writing touch on."""
    if art == "weg":
        with _weg(ordner):
            yield
    elif art == "voll_beim_schreiben":
        with _voll_beim_schreiben(ordner):
            yield
    else:
        nummer, zaehlt = (errno.EROFS, schreibend) if art == "nur_lesen" else (errno.ENOSPC, braucht_platz)

        def tue(stand: int) -> None:
            if stand >= ab:
                raise OSError(nummer, os.strerror(nummer))

        with bewacht(ordner, tue, zaehlt):
            yield


@contextmanager
def _weg(ordner: Path) -> Iterator[None]:
    beiseite = ordner.with_name(f"{ordner.name}.getrennt")
    ordner.rename(beiseite)
    try:
        yield
    finally:
        if ordner.exists():
            raise AssertionError(
                "Der Adapter hat den fehlenden Ordner angelegt: Hinge dort ein Laufwerk, läge es daneben."
            )
        beiseite.rename(ordner)


class _Voll:
    """A file that takes a few bytes and then no more."""

    def __init__(self, datei: Any) -> None:
        self._datei = datei

    def __getattr__(self, name: str) -> Any:
        return getattr(self._datei, name)

    def __enter__(self) -> _Voll:
        return self

    def __exit__(self, *_: object) -> None:
        self._datei.close()

    def write(self, stueck: Any) -> int:
        """A part arrives, the rest does not."""
        self._datei.write(stueck[: len(stueck) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def writelines(self, stuecke: Any) -> None:
        """As ``write``."""
        for stueck in stuecke:
            self.write(stueck)


@contextmanager
def _voll_beim_schreiben(ordner: Path) -> Iterator[None]:
    echt = builtins.open

    def oeffne(datei: Any, mode: str = "r", *argumente: Any, **mehr: Any) -> Any:
        offen = echt(datei, mode, *argumente, **mehr)
        unter = isinstance(datei, str | os.PathLike) and str(datei).startswith(str(ordner))
        return _Voll(offen) if unter and set(mode) & set("wax+") else offen

    builtins.open = io.open = oeffne  # type: ignore[assignment]
    try:
        yield
    finally:
        builtins.open = io.open = echt
