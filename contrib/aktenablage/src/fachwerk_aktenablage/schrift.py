"""The bundled fonts: which characters they have, how wide those are, and what becomes of all others.

A character that no font has is written as its code point, ``[U+738B]``, never as an empty box. A few symbols that
rules use have a spelling in plain letters. Combining marks stay; zero-width characters vanish.
"""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

ORDNER = Path(__file__).parent / "schrift"
Schnitt = Literal["", "B"]
_DATEI: dict[Schnitt, str] = {"": "normal", "B": "fett"}
_SCHREIBWEISE = {
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "⇒": "=>", "←": "<-", "☐": "[ ]", "☑": "[x]", "☒": "[x]",
    "✓": "[x]", "✔": "[x]", "●": "•", "▪": "•", "■": "•", "\u2011": "-", "\u00ad": "", "\u2028": "\n", "\u2029": "\n",
}  # fmt: skip


@dataclass(frozen=True)
class Schrift:
    """One font: ``masse`` for the PDF (thousandths of the font size), glyph and width of every character."""

    datei: Path
    masse: dict[str, Any]
    glyphen: dict[str, int]
    breiten: dict[str, float]

    @cached_property
    def codes(self) -> dict[int, str]:
        """What ``str.translate`` needs to write a text in glyph numbers."""
        return {ord(zeichen): f"{glyphe:04X}" for zeichen, glyphe in self.glyphen.items()}

    @cached_property
    def gepackt(self) -> tuple[bytes, int]:
        """The font file, deflated once per process, and its plain length."""
        roh = self.datei.read_bytes()
        return zlib.compress(roh, 9), len(roh)


@dataclass(frozen=True)
class Satz:
    """One set of fonts (``grund`` or ``voll``): regular and bold."""

    umfang: str
    schriften: dict[Schnitt, Schrift]

    def breite(self, text: str, schnitt: Schnitt) -> float:
        """Width of ``text`` in thousandths of the font size."""
        breiten = self.schriften[schnitt].breiten
        return sum(map(breiten.__getitem__, text))

    @cached_property
    def zeichen(self) -> frozenset[str]:
        """What both weights can show."""
        return frozenset(self.schriften[""].breiten) & frozenset(self.schriften["B"].breiten)


@lru_cache(maxsize=2)
def satz(umfang: str) -> Satz:
    """Load a set once per process."""
    return Satz(umfang, {schnitt: _lade(f"noto-sans-{umfang}-{name}") for schnitt, name in _DATEI.items()})


def _lade(name: str) -> Schrift:
    masse = json.loads((ORDNER / f"{name}.json").read_text(encoding="ascii"))
    zeichen = masse.pop("zeichen")
    return Schrift(
        datei=ORDNER / f"{name}.ttf",
        masse=masse,
        glyphen={chr(nummer): glyphe for nummer, glyphe, _ in zeichen},
        breiten={chr(nummer): float(breite) for nummer, _, breite in zeichen},
    )


def passender_satz(texte: Iterable[str]) -> Satz:
    """The small set, unless the full one can show more of these texts."""
    fehlt = set().union(*texte) - satz("grund").zeichen - {"\n"} - set(_SCHREIBWEISE)
    return satz("voll") if fehlt and not fehlt.isdisjoint(satz("voll").zeichen) else satz("grund")


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
