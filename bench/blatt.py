"""The sheet of results: a measurement holds its figures fast here, and ``alle.py`` and ``leistung.py`` read them.

A figure is held fast only where ``BENCH_BLATT`` names a file, one JSON object a line; a single measurement run
by hand just prints.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

UMGEBUNG = "BENCH_BLATT"


@dataclass(frozen=True)
class Zeile:
    """One figure.

    ``was`` is a German phrase, ``gegen`` what the figure is a ratio to ("" for an absolute one), ``grenze`` its bound
    (None: shown for comparison only), ``mindestens`` turns the bound round, ``dazu`` is the absolute figure beside it.
    """

    teil: str
    was: str
    wert: float
    einheit: str = "×"
    gegen: str = ""
    grenze: float | None = None
    mindestens: bool = False
    dazu: str = ""

    @property
    def haelt(self) -> bool:
        """Whether the bound holds; without one always."""
        if self.grenze is None:
            return True
        return self.wert >= self.grenze if self.mindestens else self.wert <= self.grenze

    @property
    def anteil(self) -> float:
        """How much of the bound is used up: 1.0 is just kept, above it is broken."""
        if self.grenze is None:
            return 0.0
        return self.grenze / self.wert if self.mindestens else self.wert / self.grenze


def halte_fest(zeile: Zeile) -> None:
    """Append ``zeile`` to the sheet of this run, if there is one."""
    if pfad := os.environ.get(UMGEBUNG):
        with open(pfad, "a", encoding="utf-8") as datei:
            datei.write(json.dumps(asdict(zeile), ensure_ascii=False) + "\n")


def lies(pfad: Path) -> list[Zeile]:
    """All figures of a sheet."""
    return [Zeile(**json.loads(zeile)) for zeile in pfad.read_text(encoding="utf-8").splitlines()]


def zahl(wert: float) -> str:
    """A figure as Germans write it, with about three digits."""
    stellen = 0 if abs(wert) >= 100 else 1 if abs(wert) >= 10 else 2
    return f"{wert:,.{stellen}f}".translate(str.maketrans(",.", ".,"))


def tabelle(zeilen: Iterable[Zeile]) -> list[str]:
    """A Markdown table of figures and bounds."""
    kopf = ["| Was | Gemessen | Zugesagt | Gehalten | Dazu |", "|---|---:|---:|---|---|"]
    return kopf + [_reihe(zeile) for zeile in zeilen]


def _reihe(zeile: Zeile) -> str:
    gegen = f", gegen {zeile.gegen}" if zeile.gegen else ""
    if zeile.grenze is None:
        grenze, urteil = "–", "–"
    else:
        grenze = f"{'mindestens' if zeile.mindestens else 'höchstens'} {zahl(zeile.grenze)}"
        urteil = "ja" if zeile.haelt else "**nein**"
    return f"| {zeile.was}{gegen} | {zahl(zeile.wert)} {zeile.einheit} | {grenze} | {urteil} | {zeile.dazu} |"
