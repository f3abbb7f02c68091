"""What a readable document consists of, before it is a PDF or a page: sections of paragraphs, lists and tables.

Both renderings (``pdf.py``, ``html.py``) are made from these values, so that neither shows what the other hides.
All texts in here are cleaned (``texte.bereinigt``) but not escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from fachwerk_aktenablage.bild import Bild

Ton = Literal["text", "hinweis", "warnung", "fussnote"]


@dataclass(frozen=True)
class Absatz:
    """Running text; ``hinweis`` is set apart, ``warnung`` stands in a box, ``fussnote`` is small."""

    text: str
    ton: Ton = "text"


@dataclass(frozen=True)
class Zwischentitel:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Tabelle:
    """Rows of equal length. ``anteile`` are relative widths; without ``kopf`` the first column is the label."""

    zeilen: tuple[tuple[str, ...], ...]
    anteile: tuple[int, ...]
    kopf: tuple[str, ...] = ()
    klein: bool = False


Block = Absatz | Zwischentitel | Tabelle


@dataclass(frozen=True)
class Abschnitt:
    """A numbered-looking part of a document with its own heading."""

    titel: str
    bloecke: tuple[Block, ...]


@dataclass(frozen=True)
class Schriftstueck:
    """A document: ``art`` says what it is, ``kennzeichen`` names the case without personal data (footer).

    ``logo`` stands beside the heading of the PDF, ``fusszeile`` is repeated on every page; ``dicht`` sets it closer,
    so that a usual case fits on one page.
    """

    art: str
    titel: str
    behoerde: str
    kennzeichen: str
    vorspann: tuple[Absatz, ...] = ()
    abschnitte: tuple[Abschnitt, ...] = ()
    fusszeile: str = ""
    dicht: bool = False
    logo: Bild | None = None

    def texte(self) -> Iterator[str]:
        """Every text of the document, for looking at its characters."""
        yield from (self.art, self.titel, self.behoerde, self.kennzeichen, self.fusszeile)
        for absatz in self.vorspann:
            yield absatz.text
        for abschnitt in self.abschnitte:
            yield abschnitt.titel
            for block in abschnitt.bloecke:
                yield from _texte(block)


def _texte(block: Block) -> Iterator[str]:
    if isinstance(block, Tabelle):
        yield from block.kopf
        for zeile in block.zeilen:
            yield from zeile
    else:
        yield block.text


def angaben(paare: Iterable[tuple[str, str]]) -> Tabelle:
    """A two-column table of label and value."""
    return Tabelle(zeilen=tuple(paare), anteile=(32, 68))
