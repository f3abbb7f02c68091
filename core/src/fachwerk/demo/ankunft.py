"""What lies at the other end: every hand-over in every Ziel, found by looking into folders and journals.

Nothing here asks Fachwerk or a plugin. A hand-over is known by the hashes of its files; its names are only needed to
see whether a receipt speaks of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AKTE, KLAERUNG = "akte", "klaerung"


@dataclass(frozen=True)
class Ankunft:
    """One hand-over: in which Ziel, its name there and others a receipt may use, the hashes of all that lies there.

    ``original`` is the hash of the file that is called so, empty where the Ziel calls none so.
    """

    ziel: str
    name: str
    summen: frozenset[str]
    original: str = ""
    auch: frozenset[str] = frozenset()

    def traegt(self, teile: list[str]) -> bool:
        """Whether it is a hand-over of the message with these parts (the message itself is the first)."""
        return self.original in teile if self.original else bool(teile) and teile[0] in self.summen

    def heisst(self, ziel: str, kennung: str) -> bool:
        """Whether a receipt of ``ziel`` with ``kennung`` speaks of it; an Ankunft without Ziel may be any."""
        return self.ziel in ("", ziel) and (kennung == self.name or kennung in self.auch)


def alle(ordner: Path, empfaenger: str) -> list[Ankunft]:
    """Everything in the five ways out of a demo in ``ordner``."""
    return [
        *akten(AKTE, ordner / "ausgang" / "akte"),
        *prosoz_soap("prosoz-nw", ordner / "prosoz-nw"),
        *prosoz_ordner("prosoz-mv", ordner / "prosoz-mv"),
        *uebernommene("laemmkom", ordner / "laemmkom"),
        *uebernommene("laemmkom-post", ordner / "comvibilia"),
        *postfach("landkreis", ordner / "postfach", empfaenger),
    ]


def akten(ziel: str, ordner: Path) -> Iterator[Ankunft]:
    """Every visible case folder."""
    for pfad in _sichtbare(ordner):
        original = next(iter(sorted(pfad.glob("original.*"))), None)
        if original is not None:
            yield Ankunft(ziel, pfad.name, _summen(pfad), summe(original))


def prosoz_soap(ziel: str, ordner: Path) -> Iterator[Ankunft]:
    """Every case of the service's journal; it keeps the hashes of the documents."""
    for fall in _journal(ordner / "faelle.jsonl"):
        summen = frozenset(dokument["sha256"] for dokument in fall["dokumente"])
        yield Ankunft(ziel, fall["fallnummer"], summen, auch=frozenset({fall["schluessel"]}))


def prosoz_ordner(ziel: str, ordner: Path) -> Iterator[Ankunft]:
    """Every take-over of the partner's journal, as long as its files lie there; and what still waits to be taken."""
    eigenes = ordner / ".simulator"
    for fall in _journal(eigenes / "faelle.jsonl"):
        stamm = fall["schluessel"]
        summen = frozenset(fall["dateien"].values()) & _summen(eigenes / "uebernommen" / stamm)
        yield Ankunft(ziel, fall["fallnummer"], summen, auch=frozenset({stamm, stamm.rpartition("_")[2]}))
    for pfad in _sichtbare(ordner / "eingang"):
        yield Ankunft(ziel, pfad.name, _summen(pfad), auch=frozenset({pfad.name.rpartition("_")[2]}))


def uebernommene(ziel: str, ordner: Path) -> Iterator[Ankunft]:
    """What COM Vibilia or LÄMMkom took, one folder each; and what still waits to be taken."""
    for pfad in (*_sichtbare(ordner / "uebernommen"), *_sichtbare(ordner / "import")):
        yield Ankunft(ziel, pfad.name, _summen(pfad), auch=frozenset({pfad.name.rpartition("_")[2]}))


def postfach(ziel: str, ordner: Path, leser: str) -> Iterator[Ankunft]:
    """Every message the XTA server ever accepted for ``leser``."""
    for werte in angenommene(ordner):
        if werte["leser"] == leser:
            yield Ankunft(ziel, werte["id"], frozenset(teil["sha256"] for teil in werte["teile"]))


def angenommene(ordner: Path) -> Iterator[dict[str, Any]]:
    """Every message the XTA server ever accepted, as it noted it, and whether it was closed."""
    for datei in sorted(ordner.glob("nachrichten/*/nachricht.json")):
        werte = json.loads(datei.read_text(encoding="utf-8"))
        yield werte | {"geschlossen": (datei.parent / "geschlossen.json").exists()}


def exportierte(ordner: Path) -> list[frozenset[str]]:
    """What still lies open in the export folder of COM Vibilia."""
    return [_summen(pfad) for pfad in _sichtbare(ordner / "export") if pfad.name != "verarbeitet"]


def summe(datei: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with datei.open("rb") as strom:
        return hashlib.file_digest(strom, "sha256").hexdigest()


def _summen(ordner: Path) -> frozenset[str]:
    return frozenset(summe(datei) for datei in ordner.rglob("*") if datei.is_file())


def _sichtbare(ordner: Path) -> list[Path]:
    if not ordner.is_dir():
        return []
    return sorted(pfad for pfad in ordner.iterdir() if pfad.is_dir() and not pfad.name.startswith("."))


def _journal(datei: Path) -> list[dict[str, Any]]:
    if not datei.exists():
        return []
    return [json.loads(zeile) for zeile in datei.read_text(encoding="utf-8").splitlines()]
