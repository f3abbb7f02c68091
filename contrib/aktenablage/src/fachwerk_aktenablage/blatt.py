"""The sheets a document is drawn on: measures, what can be drawn, and where the next thing goes.

Millimetres from the upper left corner; sizes of letters in points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from fachwerk_aktenablage.schrift import Satz, Schnitt, Setzer
from fachwerk_aktenablage.umbruch import umbrich

BREITE, HOEHE = 210.0, 297.0
LINKS, RECHTS, OBEN, UNTEN = 25.0, 18.0, 24.0, 22.0
MAX_SEITEN = 1000
"""A bound on hostile messages; what lies behind it stands in index.html and in the original, and the PDF says so."""

NUTZ = BREITE - LINKS - RECHTS
PUNKT = 25.4 / 72


@dataclass(frozen=True)
class Mass:
    """Sizes of letters in points and spaces in millimetres."""

    oben: float = OBEN
    behoerde: float = 10.5
    art: float = 20.0
    titel: float = 13.0
    nach_titel: float = 3.0
    abschnitt: float = 12.5
    vor_abschnitt: float = 4.0
    text: float = 10.0
    hinweis: float = 9.0
    fussnote: float = 8.0
    tabelle: float = 9.5
    klein: float = 8.5
    zeilenrand: float = 1.2
    logo: float = 20.0


WEIT = Mass()
DICHT = Mass(16.0, 8.5, 15.0, 10.0, 1.0, 10.0, 2.2, 8.5, 8.0, 7.5, 8.5, 8.0, 0.8, 14.0)


ZIERAT = -1
WURZEL = 0


class Element(NamedTuple):
    """A node of the document's structure, for screen readers: ``art`` is the PDF's word (H1, P, Table, TR, TD).

    ``merkmale`` are its attributes as they stand in the file; ``ersatz`` says in words what a figure shows.
    """

    art: str
    eltern: int
    merkmale: str = ""
    ersatz: str = ""


class Text(NamedTuple):
    """A line of text; ``y`` is its baseline, ``groesse`` is in points, ``grau`` is 0 (black) to 255.

    ``element`` is the position of its element in the structure, or ``ZIERAT`` for running heads and the like.
    """

    x: float
    y: float
    text: str
    groesse: float
    schnitt: Schnitt = ""
    grau: int = 0
    element: int = ZIERAT


class Flaeche(NamedTuple):
    """A filled rectangle, or a frame where ``rahmen`` is set."""

    x: float
    y: float
    b: float
    h: float
    grau: int
    rahmen: bool = False


class Bildstelle(NamedTuple):
    """Where the logo is drawn."""

    x: float
    y: float
    b: float
    h: float
    element: int


Zeichnung = Text | Flaeche | Bildstelle
Seite = list[Zeichnung]


class Voll(Exception):
    """The document has more pages than anybody will read."""


@dataclass
class Blatt:
    """Where the next thing goes; ``ueber`` is the last heading, for tables that go on on the next page."""

    satz: Satz
    setzer: Setzer
    seiten: list[Seite] = field(default_factory=lambda: [[]])
    struktur: list[Element] = field(default_factory=lambda: [Element("Document", ZIERAT)])
    mass: Mass = WEIT
    y: float = OBEN
    ueber: str = ""
    gebrochen: dict[tuple[str, float, float, Schnitt], list[str]] = field(default_factory=dict)

    @property
    def rest(self) -> float:
        return HOEHE - UNTEN - self.y

    def neue_seite(self) -> None:
        if len(self.seiten) >= MAX_SEITEN:
            raise Voll
        self.seiten.append([])
        self.y = OBEN

    def platz_fuer(self, hoehe: float) -> None:
        if hoehe > self.rest and self.y > OBEN:
            self.neue_seite()

    def element(self, art: str, eltern: int, merkmale: str = "", ersatz: str = "") -> int:
        self.struktur.append(Element(art, eltern, merkmale, ersatz))
        return len(self.struktur) - 1

    def zeichne(self, *dinge: Zeichnung) -> None:
        self.seiten[-1].extend(dinge)

    def zeilen(self, text: str, breite: float, groesse: float, schnitt: Schnitt = "") -> list[str]:
        """``text`` made printable and broken to ``breite`` millimetres; the same text is broken once per document."""
        frage = (text, breite, groesse, schnitt)
        if frage not in self.gebrochen:
            platz = breite / PUNKT / groesse * 1000
            breiten = self.satz.schriften[schnitt].breiten
            self.gebrochen[frage] = umbrich(self.setzer.druckbar(text), platz, breiten)
        return self.gebrochen[frage]

    def schreibe(
        self, zeilen: list[str], groesse: float, element: int, schnitt: Schnitt = "", x: float = LINKS
    ) -> None:
        """Lines below each other, breaking pages where needed."""
        hoehe = groesse * PUNKT * 1.32
        for zeile in zeilen:
            self.platz_fuer(hoehe)
            self.zeichne(Text(x, self.y + hoehe * 0.75, zeile, groesse, schnitt, element=element))
            self.y += hoehe
