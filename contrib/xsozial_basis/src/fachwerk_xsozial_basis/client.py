"""Files on disk as an Eingang: how the commands read a message without a store. The only file I/O of this package."""

from __future__ import annotations

import io
import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from fachwerk.modell import Eingang, Teil
from fachwerk.xml import entnimm_aus


class DateiLeser:
    """Opens parts that are files; the id of such a part is its path."""

    def oeffne(self, teil: Teil) -> BinaryIO:
        """The content of ``teil``, or the slice of its parent file."""
        if teil.ausschnitt is not None:
            return entnimm_aus(Path(teil.ausschnitt.teil_id).open("rb"), teil.ausschnitt)
        return cast(BinaryIO, io.BufferedReader(io.FileIO(teil.id)))


def eingang_aus(*dateien: Path) -> Eingang:
    """A message whose parts are ``dateien``, received when the first was last written. Raises ``OSError``."""
    return Eingang(
        kanal="datei",
        nachricht_id=dateien[0].name,
        empfangen=datetime.fromtimestamp(dateien[0].stat().st_mtime, UTC),
        teile=tuple(_teil(datei) for datei in dateien),
    )


def _teil(datei: Path) -> Teil:
    medientyp = mimetypes.guess_type(datei.name)[0] or "application/octet-stream"
    teil = Teil(id=str(datei), name=datei.name, medientyp=medientyp, laenge=datei.stat().st_size)
    return teil.gebunden(DateiLeser())


def schreibe_neu(ordner: Path, name: str, inhalt: bytes) -> Path:
    """Write a new file; one that is there already raises ``FileExistsError``."""
    ordner.mkdir(parents=True, exist_ok=True)
    datei = ordner / name
    with datei.open("xb") as ziel:
        ziel.write(inhalt)
    return datei
