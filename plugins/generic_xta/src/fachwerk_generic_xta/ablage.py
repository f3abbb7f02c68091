"""A folder that takes the parts of fetched messages, for using the client without Fachwerk's own store."""

from __future__ import annotations

import hashlib
import os
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from fachwerk.modell import Teil


class Ordnerablage:
    """Writes each part into a file of its own in ``ordner``, which must exist; an ``InhaltSchreiber``.

    A file is there whole or not at all, also after a crash: written under another name, flushed to disk, renamed.
    Its name is made here; the sender's file name is kept in the Teil and never used as a path. Memory stays constant.
    Nothing is encrypted: protect the folder. A fetch that fails leaves the complete files of its first parts behind.
    """

    def __init__(self, ordner: Path) -> None:
        self.ordner = ordner

    def schreibe(
        self,
        strom: Iterable[bytes],
        name: str = "",
        medientyp: str = "application/octet-stream",
        beschreibung: str = "",
    ) -> Teil:
        """Store a part durably; an error, also one of ``strom``, leaves no file."""
        kennung = uuid.uuid4().hex
        vorlaeufig = self.ordner / f"{kennung}.neu"
        try:
            laenge, sha256 = _schreibe(vorlaeufig, strom)
            os.replace(vorlaeufig, self.ordner / kennung)
        except BaseException:
            vorlaeufig.unlink(missing_ok=True)
            raise
        _sichere_ordner(self.ordner)
        teil = Teil(id=kennung, name=name, medientyp=medientyp, laenge=laenge, sha256=sha256, beschreibung=beschreibung)
        return teil.gebunden(self)

    def oeffne(self, teil: Teil) -> BinaryIO:
        """The content of a part written here, from its beginning."""
        return self.pfad(teil).open("rb")

    def pfad(self, teil: Teil) -> Path:
        """The file of a part written here."""
        return self.ordner / teil.id


def _schreibe(pfad: Path, strom: Iterable[bytes]) -> tuple[int, str]:
    laenge, pruefsumme = 0, hashlib.sha256()
    with pfad.open("xb") as datei:
        for stueck in strom:
            datei.write(stueck)
            pruefsumme.update(stueck)
            laenge += len(stueck)
        datei.flush()
        os.fsync(datei.fileno())
    return laenge, pruefsumme.hexdigest()


def _sichere_ordner(ordner: Path) -> None:
    """Make the new name durable, too. Windows does that by itself and cannot open a folder."""
    if sys.platform == "win32":
        return
    griff = os.open(ordner, os.O_RDONLY)
    try:
        os.fsync(griff)
    finally:
        os.close(griff)
