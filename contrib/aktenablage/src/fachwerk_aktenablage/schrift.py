"""The bundled fonts: which characters they have, how wide those are, and what becomes of all others.

A character that no font has is written as its code point, ``[U+738B]``, never as an empty box. A few symbols that
rules use have a spelling in plain letters. Combining marks stay; zero-width characters vanish.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

ORDNER = Path(__file__).parent / "schrift"
Schnitt = Literal["", "B"]
_DATEI: dict[Schnitt, str] = {"": "normal", "B": "fett"}
_SCHREIBWEISE = {
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "⇒": "=>", "←": "<-", "☐": "[ ]", "☑": "[x]", "☒": "[x]",
    "✓": "[x]", "✔": "[x]", "●": "•", "▪": "•", "■": "•", "\u2011": "-", "\u00ad": "", "\u2028": "\n", "\u2029": "\n",
}  # fmt: skip


@dataclass(frozen=True)
class Satz:
    """One set of fonts (``grund`` or ``voll``) with widths in thousandths of the font size."""

    umfang: str
    breiten: dict[Schnitt, dict[str, float]]

    def datei(self, schnitt: Schnitt) -> Path:
        """The font file."""
        return ORDNER / f"noto-sans-{self.umfang}-{_DATEI[schnitt]}.ttf"

    def breite(self, text: str, schnitt: Schnitt) -> float:
        """Width of ``text`` in thousandths of the font size."""
        tabelle = self.breiten[schnitt]
        return sum([tabelle[zeichen] for zeichen in text])

    @cached_property
    def zeichen(self) -> frozenset[str]:
        """What both weights can show."""
        return frozenset(self.breiten[""]) & frozenset(self.breiten["B"])


@lru_cache(maxsize=2)
def satz(umfang: str) -> Satz:
    """Load widths once per process."""
    return Satz(umfang, {schnitt: _breiten(Satz(umfang, {}).datei(schnitt)) for schnitt in _DATEI})


def _breiten(datei: Path) -> dict[str, float]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    with TTFont(datei, lazy=True) as schrift:
        massstab = 1000 / schrift["head"].unitsPerEm
        metrik = schrift["hmtx"].metrics
        return {chr(nummer): metrik[glyphe][0] * massstab for nummer, glyphe in schrift.getBestCmap().items()}


def passender_satz(texte: Iterable[str]) -> Satz:
    """The small set where it suffices, else the full one."""
    grund = satz("grund")
    benoetigt = set().union(*texte) - {"\n"}
    return grund if benoetigt <= grund.zeichen else satz("voll")


class Setzer:
    """Makes texts printable with one set of fonts and counts the characters it had to replace."""

    def __init__(self, schriftsatz: Satz) -> None:
        self._vorrat = schriftsatz.zeichen | {"\n"}
        self.ersetzt: set[str] = set()

    def druckbar(self, text: str) -> str:
        """``text`` with every character that is missing replaced."""
        if self._vorrat.issuperset(text):
            return text
        return "".join(zeichen if zeichen in self._vorrat else self._ersatz(zeichen) for zeichen in text)

    def _ersatz(self, zeichen: str) -> str:
        if zeichen in _SCHREIBWEISE:
            return _SCHREIBWEISE[zeichen]
        art = unicodedata.category(zeichen)
        if art == "Zs":
            return " "
        if art == "Cf" or 0xFE00 <= ord(zeichen) <= 0xFE0F:
            return ""
        self.ersetzt.add(zeichen)
        return f"[U+{ord(zeichen):04X}]"
