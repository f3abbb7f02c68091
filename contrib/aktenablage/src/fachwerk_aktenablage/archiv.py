"""The case folder as a ZIP: the same files under the same names; same content and mark, same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO

from fachwerk_aktenablage.texte import ORTSZEIT

_KLEIN_GEPACKT = ("xml", "html", "json", "txt", "csv")
"""Endings worth packing; PDFs and pictures are packed already."""


def schreibe_zip(datei: IO[bytes], ordner: str, zeit: datetime, teile: Iterable[tuple[str, Iterator[bytes]]]) -> None:
    """Write all ``teile`` (path, content) below ``ordner`` into the open ``datei``, piece by piece."""
    stand = zeit.astimezone(ORTSZEIT).timetuple()[:6]
    with zipfile.ZipFile(datei, "w") as archiv:
        for pfad, inhalt in teile:
            eintrag = zipfile.ZipInfo(f"{ordner}/{pfad}", stand)
            eintrag.create_system = 0
            packt = pfad.rpartition(".")[2].lower() in _KLEIN_GEPACKT
            eintrag.compress_type = zipfile.ZIP_DEFLATED if packt else zipfile.ZIP_STORED
            with archiv.open(eintrag, "w", force_zip64=True) as ziel:
                for stueck in inhalt:
                    ziel.write(stueck)
