"""A file system with the manners of Windows, on any system: what file code that is to run there must bear.

Folders cannot be opened, so there is no fsync of them; nothing is renamed over what exists, and ``replace`` takes no
folder's place; what somebody holds open (or anything below it) is neither renamed, replaced nor deleted, until it is
let go; a whole path has at most 259 characters; names of devices, names that end in a dot or a space, names with
characters Windows reserves and names that differ only in case do not exist side by side.

It is a fake: it knows what is written here and no more. That a real Windows agrees is not proven by it.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fachwerk import ablage

if TYPE_CHECKING:
    import pytest

LAENGSTER_PFAD = 259
GERAETE = {"con", "prn", "aux", "nul", *(f"{art}{n}" for art in ("com", "lpt") for n in range(10))}
_RESERVIERT = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_UMHUELLT = ("mkdir", "rename", "replace", "unlink", "remove", "rmdir", "open", "link", "symlink")
_NIMMT_WEG = frozenset({"rename", "replace", "unlink", "remove", "rmdir"})


class Windows:
    """Patches ``os`` and ``open`` below ``wurzel`` for the length of a test."""

    def __init__(self, wurzel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._wurzel = str(wurzel)
        self._fremd: set[str] = set()
        self._eigene: list[Any] = []
        self._echt_offen = builtins.open
        for name in _UMHUELLT:
            monkeypatch.setattr(os, name, self._umhuellt(name, getattr(os, name)))
        monkeypatch.setattr(builtins, "open", self._oeffne)
        monkeypatch.setattr(io, "open", self._oeffne)
        monkeypatch.setattr(shutil, "_use_fd_functions", False)  # so that rmtree goes through the doors above
        monkeypatch.setattr(ablage, "WINDOWS", True)

    def halte_offen(self, pfad: Path) -> None:
        """A virus scanner or a reader has ``pfad`` open from now on."""
        self._fremd.add(str(pfad))

    def gib_frei(self) -> None:
        """Nobody else holds anything open any more."""
        self._fremd.clear()

    def _umhuellt(self, name: str, aufruf: Callable[..., Any]) -> Callable[..., Any]:
        def wie_dort(pfad: Any, *mehr: Any, **namen: Any) -> Any:
            if not self._geht_uns_an(pfad) or namen.get("dir_fd") is not None:
                return aufruf(pfad, *mehr, **namen)
            self._pruefe(name, str(pfad), mehr)
            return aufruf(pfad, *mehr, **namen)

        return wie_dort

    def _geht_uns_an(self, pfad: Any) -> bool:
        return isinstance(pfad, str | os.PathLike) and str(pfad).startswith(self._wurzel)

    def _pruefe(self, name: str, pfad: str, mehr: tuple[Any, ...]) -> None:
        _pruefe_laenge(pfad)
        if name == "open" and os.path.isdir(pfad):
            raise _fehler(PermissionError, errno.EACCES, 5, pfad)
        if name in _NIMMT_WEG:
            self._pruefe_frei(pfad)
        if name == "replace":
            self._pruefe_ersatz(pfad, str(mehr[0]))
        elif name in ("rename", "link", "symlink"):
            self._pruefe_neu(str(mehr[0]), gleich=pfad)
        elif name == "mkdir" or (name == "open" and mehr and mehr[0] & os.O_CREAT and not os.path.lexists(pfad)):
            self._pruefe_neu(pfad)

    def _pruefe_ersatz(self, von: str, nach: str) -> None:
        if os.path.isdir(nach):
            raise _fehler(PermissionError, errno.EACCES, 5, nach)
        if os.path.lexists(nach):
            self._pruefe_frei(nach)
        else:
            self._pruefe_neu(nach, gleich=von)

    def _oeffne(self, datei: Any, modus: str = "r", *mehr: Any, **namen: Any) -> Any:
        eigen = self._geht_uns_an(datei)
        if eigen:
            _pruefe_laenge(str(datei))
        if eigen and ("x" in modus or (set(modus) & {"w", "a"} and not os.path.lexists(datei))):
            self._pruefe_neu(str(datei))
        offen = self._echt_offen(datei, modus, *mehr, **namen)
        if eigen:
            self._eigene.append(offen)
        return offen

    def _pruefe_frei(self, pfad: str) -> None:
        offen = self._fremd | {str(datei.name) for datei in self._eigene if not datei.closed}
        if any(gehalten == pfad or gehalten.startswith(pfad + os.sep) for gehalten in offen):
            raise _fehler(PermissionError, errno.EACCES, 32, pfad)

    def _pruefe_neu(self, pfad: str, gleich: str = "") -> None:
        ordner, name = os.path.split(pfad)
        _pruefe_laenge(pfad)
        if name.split(".")[0].lower() in GERAETE or name.endswith((".", " ")) or _RESERVIERT.search(name):
            raise _fehler(OSError, errno.EINVAL, 123, pfad)
        if os.path.isdir(ordner) and any(
            da.lower() == name.lower() and f"{ordner}{os.sep}{da}" != gleich for da in os.listdir(ordner)
        ):
            raise _fehler(FileExistsError, errno.EEXIST, 183, pfad)


def _pruefe_laenge(pfad: str) -> None:
    if len(pfad) > LAENGSTER_PFAD:
        raise _fehler(FileNotFoundError, errno.ENOENT, 3, pfad)


def _fehler(art: type[OSError], nummer: int, windows: int, pfad: str) -> OSError:
    """As Python makes it there: the number of C, and that of Windows beside it."""
    fehler = art(nummer, f"[WinError {windows}]", pfad)
    fehler.winerror = windows  # type: ignore[attr-defined,unused-ignore]
    return fehler
