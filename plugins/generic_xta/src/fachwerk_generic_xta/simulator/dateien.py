"""Files that are there whole or not at all, also after a crash of the machine."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def schreibe_dauerhaft(pfad: Path, inhalt: bytes) -> None:
    """Write a file so that after a crash it is there whole or not at all."""
    vorlaeufig = pfad.with_name(pfad.name + ".neu")
    schreibe(vorlaeufig, inhalt)
    os.replace(vorlaeufig, pfad)
    sichere_ordner(pfad.parent)


def schreibe(pfad: Path, inhalt: bytes) -> None:
    """Write a file and its content to disk; its name is durable only after :func:`sichere_ordner`."""
    with pfad.open("wb") as datei:
        datei.write(inhalt)
        datei.flush()
        os.fsync(datei.fileno())


def sichere_ordner(ordner: Path) -> None:
    """Make the names in a folder durable. Windows does that by itself and cannot open a folder."""
    if sys.platform == "win32":
        return
    deskriptor = os.open(ordner, os.O_RDONLY)
    try:
        os.fsync(deskriptor)
    finally:
        os.close(deskriptor)


def als_json(wert: Mapping[str, Any]) -> bytes:
    """JSON as the folder of the simulator keeps it."""
    return json.dumps(wert, ensure_ascii=False, indent=1).encode()
