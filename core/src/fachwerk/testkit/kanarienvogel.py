"""The canary search: values nobody could write by chance, and where they are found in files, in whatever form.

A value is looked for as UTF-8, UTF-16, JSON and XML escapes, hexadecimal and base64 at every alignment, without regard
to case; in the content of files and in their names. What is compressed or encrypted is not looked into.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fund:
    """Where a canary was found."""

    ort: str
    wert: str


def formen(wert: str) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The byte strings that mean ``wert``: those in lower case (any case counts), and those that count as they are."""
    roh = wert.encode()
    frei = {
        wert.lower().encode(),
        wert.lower().encode("utf-16-le"),
        wert.lower().encode("utf-16-be"),
        json.dumps(wert.lower())[1:-1].encode(),
        wert.lower().encode("ascii", "xmlcharrefreplace"),
        roh.hex().encode(),
    }
    return frozenset(frei), frozenset(_base64(roh))


def _base64(roh: bytes) -> Iterator[bytes]:
    """What of ``roh`` is certain in a base64 text, for each of the three places a group of it can begin."""
    for versatz in range(3):
        kodiert = base64.b64encode(bytes(versatz) + roh + bytes(-(len(roh) + versatz) % 3))
        yield kodiert[-(-versatz * 8 // 6) : (versatz + len(roh)) * 8 // 6]


class Suche:
    """Looks for ``werte``, each at least eight characters long."""

    def __init__(self, werte: Iterable[str]) -> None:
        self._formen = {wert: formen(wert) for wert in werte}
        assert all(len(wert) >= 8 for wert in self._formen), "shorter values are found by chance"

    def in_text(self, inhalt: bytes, ort: str) -> list[Fund]:
        """The canaries in ``inhalt``."""
        klein = inhalt.lower()
        return [
            Fund(ort, wert)
            for wert, (frei, genau) in self._formen.items()
            if any(form in klein for form in frei) or any(form in inhalt for form in genau)
        ]

    def in_dateien(self, *orte: Path, ausser: Sequence[Path] = ()) -> list[Fund]:
        """The canaries in the names and contents of all files at and below ``orte``, without those in ``ausser``."""
        funde = []
        for datei in _dateien(orte, ausser):
            funde += self.in_text(str(datei).encode(), f"Name von {datei}")
            if datei.is_file():
                funde += self.in_text(datei.read_bytes(), str(datei))
        return funde


def _dateien(orte: Iterable[Path], ausser: Sequence[Path]) -> Iterator[Path]:
    for ort in orte:
        for pfad in sorted(ort.rglob("*")) if ort.is_dir() else [ort]:
            if not any(pfad.is_relative_to(weg) for weg in ausser):
                yield pfad
