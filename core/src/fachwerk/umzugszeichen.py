"""The sign beside a SQLite file that is moving, or has moved, to a server: nobody may work on its cases meanwhile.

It is a file of its own (``fachwerk.db.umzug``), because the database that moves is opened for reading only.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from fachwerk import ablage

ENDUNG = ".umzug"


@dataclass(frozen=True)
class Zeichen:
    """Where to (without password), since when and by whom; ``kennung`` is the same in the database that is filled."""

    kennung: str
    nach: str
    seit: str
    wer: str
    fertig: bool = False


def pfad(datei: Path) -> Path:
    """Where the sign of a SQLite file lies."""
    return datei.with_name(datei.name + ENDUNG)


def lies(datei: Path) -> Zeichen | None:
    """The sign of ``datei``, None without one; one that cannot be read still counts as one, of an unfinished move."""
    try:
        return Zeichen(**json.loads(pfad(datei).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        return Zeichen("", "", "", "")


def setze(datei: Path, zeichen: Zeichen) -> None:
    """Put the sign there, durable, in place of an older one."""
    entwurf = pfad(datei).with_name(pfad(datei).name + ".neu")
    with open(entwurf, "wb") as griff:
        griff.write(json.dumps(asdict(zeichen), ensure_ascii=False, indent=1).encode() + b"\n")
        ablage.sichere_datei(griff)
    os.replace(entwurf, pfad(datei))
    ablage.sichere_ordner(datei.parent)


def entferne(datei: Path) -> None:
    """Take it away: the file may be worked on again."""
    pfad(datei).unlink(missing_ok=True)
    ablage.sichere_ordner(datei.parent)
