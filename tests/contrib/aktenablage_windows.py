"""A file system with the manners of Windows, on Linux: what this project's file code must bear there.

Folders cannot be opened; nothing is renamed over what exists; what somebody holds open (or anything below it) is
neither renamed nor deleted; a whole path has at most 259 characters; names of devices, names that end in a dot or a
space and names that differ only in case do not exist side by side.
"""

from __future__ import annotations

import builtins
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GERAETE = {"con", "prn", "aux", "nul", *(f"{art}{n}" for art in ("com", "lpt") for n in range(1, 10))}


class Windows:
    """Patches ``os`` and ``open`` below ``wurzel``; ``halte_offen`` stands for a virus scanner or a reader."""

    def __init__(self, wurzel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._wurzel = str(wurzel)
        self._fremd: set[str] = set()
        self._eigene: list[Any] = []
        self._echt_offen = builtins.open
        for name in ("mkdir", "rename", "unlink", "rmdir", "open"):
            monkeypatch.setattr(os, name, self._umhuellt(name, getattr(os, name)))
        monkeypatch.setattr(builtins, "open", self._oeffne)

    def halte_offen(self, pfad: Path) -> None:
        self._fremd.add(str(pfad))

    def gib_frei(self) -> None:
        self._fremd.clear()

    def _umhuellt(self, name: str, aufruf: Callable[..., Any]) -> Callable[..., Any]:
        def wie_dort(pfad: Any, *mehr: Any, **namen: Any) -> Any:
            if not str(pfad).startswith(self._wurzel) or namen.get("dir_fd") is not None:
                return aufruf(pfad, *mehr, **namen)
            if name == "open" and os.path.isdir(pfad):
                raise PermissionError(errno.EACCES, "Permission denied", str(pfad))
            if name in ("rename", "unlink", "rmdir"):
                self._pruefe_frei(str(pfad))
            if name == "rename":
                self._pruefe_neu(str(mehr[0]), gleich=str(pfad))
            if name == "mkdir":
                self._pruefe_neu(str(pfad))
            return aufruf(pfad, *mehr, **namen)

        return wie_dort

    def _oeffne(self, datei: Any, modus: str = "r", *mehr: Any, **namen: Any) -> Any:
        eigen = isinstance(datei, str | os.PathLike) and str(datei).startswith(self._wurzel)
        if eigen and "x" in modus:
            self._pruefe_neu(str(datei))
        offen = self._echt_offen(datei, modus, *mehr, **namen)
        if eigen:
            self._eigene.append(offen)
        return offen

    def _pruefe_frei(self, pfad: str) -> None:
        offen = self._fremd | {str(datei.name) for datei in self._eigene if not datei.closed}
        if any(gehalten == pfad or gehalten.startswith(pfad + os.sep) for gehalten in offen):
            raise PermissionError(errno.EACCES, "The process cannot access the file", pfad)

    def _pruefe_neu(self, pfad: str, gleich: str = "") -> None:
        ordner, name = os.path.split(pfad)
        if len(pfad) > 259:
            raise FileNotFoundError(errno.ENOENT, "The system cannot find the path specified", pfad)
        if name.split(".")[0].lower() in GERAETE or name.endswith((".", " ")):
            raise OSError(errno.EINVAL, "The filename is incorrect", pfad)
        if any(da.lower() == name.lower() and f"{ordner}/{da}" != gleich for da in os.listdir(ordner)):
            raise FileExistsError(errno.EEXIST, "exists", pfad)
