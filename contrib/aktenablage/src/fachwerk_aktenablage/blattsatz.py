"""Lays a document out on A4 pages: a list of strokes and texts per page, still independent of the PDF library.

Millimetres from the upper left corner. Headings stay with what follows, tables repeat their head on every page,
and a row that is longer than a page goes on on the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Schriftstueck, Tabelle, Zwischentitel
from fachwerk_aktenablage.schrift import Satz, Schnitt, Setzer
from fachwerk_aktenablage.umbruch import umbrich

BREITE, HOEHE = 210.0, 297.0
LINKS, RECHTS, OBEN, UNTEN = 25.0, 18.0, 24.0, 22.0
MAX_SEITEN = 1000
"""A bound on hostile messages; what lies behind it stands in index.html and in the original, and the PDF says so."""

_NUTZ = BREITE - LINKS - RECHTS
_PUNKT = 25.4 / 72
_RAND = 1.2
_GRAU = 95


@dataclass(frozen=True)
class _Mass:
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


_WEIT = _Mass()
_DICHT = _Mass(16.0, 8.5, 15.0, 10.0, 1.0, 10.0, 2.2, 8.5, 8.0, 7.5, 8.5, 8.0, 0.8)


ZIERAT = -1
WURZEL = 0


@dataclass(frozen=True)
class Element:
    """A node of the document's structure, for screen readers: ``art`` is the PDF's word (H1, P, Table, TR, TD)."""

    art: str
    eltern: int
    geltung: str = ""


@dataclass(frozen=True)
class Text:
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


@dataclass(frozen=True)
class Flaeche:
    """A filled rectangle, or a frame where ``rahmen`` is set."""

    x: float
    y: float
    b: float
    h: float
    grau: int
    rahmen: bool = False


Zeichnung = Text | Flaeche
Seite = list[Zeichnung]


@dataclass(frozen=True)
class Satzergebnis:
    """The pages, the structure they belong to, and whether all of the document is on them."""

    seiten: list[Seite]
    struktur: list[Element]
    vollstaendig: bool


class _Voll(Exception):
    """The document has more pages than anybody will read."""


@dataclass
class _Blatt:
    """Where the next thing goes."""

    satz: Satz
    setzer: Setzer
    seiten: list[Seite] = field(default_factory=lambda: [[]])
    struktur: list[Element] = field(default_factory=lambda: [Element("Document", ZIERAT)])
    mass: _Mass = _WEIT
    y: float = OBEN

    @property
    def rest(self) -> float:
        return HOEHE - UNTEN - self.y

    def neue_seite(self) -> None:
        if len(self.seiten) >= MAX_SEITEN:
            raise _Voll
        self.seiten.append([])
        self.y = OBEN

    def platz_fuer(self, hoehe: float) -> None:
        if hoehe > self.rest and self.y > OBEN:
            self.neue_seite()

    def element(self, art: str, eltern: int, geltung: str = "") -> int:
        self.struktur.append(Element(art, eltern, geltung))
        return len(self.struktur) - 1

    def zeichne(self, *dinge: Zeichnung) -> None:
        self.seiten[-1].extend(dinge)

    def zeilen(self, text: str, breite: float, groesse: float, schnitt: Schnitt = "") -> list[str]:
        """``text`` made printable and broken to ``breite`` millimetres."""
        platz = breite / _PUNKT / groesse * 1000
        return umbrich(self.setzer.druckbar(text), platz, self.satz.schriften[schnitt].breiten)

    def schreibe(
        self, zeilen: list[str], groesse: float, element: int, schnitt: Schnitt = "", x: float = LINKS
    ) -> None:
        """Lines below each other, breaking pages where needed."""
        hoehe = groesse * _PUNKT * 1.32
        for zeile in zeilen:
            self.platz_fuer(hoehe)
            self.zeichne(Text(x, self.y + hoehe * 0.75, zeile, groesse, schnitt, element=element))
            self.y += hoehe


def setze(schriftstueck: Schriftstueck, satz: Satz, setzer: Setzer) -> Satzergebnis:
    """Lay the whole document out."""
    mass = _DICHT if schriftstueck.dicht else _WEIT
    blatt = _Blatt(satz, setzer, mass=mass, y=mass.oben)
    vollstaendig = True
    _titel(blatt, schriftstueck)
    try:
        for absatz in schriftstueck.vorspann:
            _absatz(blatt, absatz, WURZEL)
        for abschnitt in schriftstueck.abschnitte:
            _abschnitt(blatt, abschnitt)
    except _Voll:
        vollstaendig = False
    for nummer, seite in enumerate(blatt.seiten, 1):
        _rahmen(blatt, schriftstueck, seite, nummer)
    return Satzergebnis(blatt.seiten, blatt.struktur, vollstaendig)


def _titel(blatt: _Blatt, schriftstueck: Schriftstueck) -> None:
    mass = blatt.mass
    if schriftstueck.behoerde:
        _zeilen(blatt, schriftstueck.behoerde, mass.behoerde, "P", WURZEL)
        blatt.y += mass.nach_titel / 2
    _zeilen(blatt, schriftstueck.art, mass.art, "H1", WURZEL, "B")
    _zeilen(blatt, schriftstueck.titel, mass.titel, "P", WURZEL)
    blatt.y += mass.nach_titel


def _zeilen(blatt: _Blatt, text: str, groesse: float, art: str, eltern: int, schnitt: Schnitt = "") -> None:
    """A text over the whole width, as an element of its own."""
    blatt.schreibe(blatt.zeilen(text, _NUTZ, groesse, schnitt), groesse, blatt.element(art, eltern), schnitt)


def _abschnitt(blatt: _Blatt, abschnitt: Abschnitt) -> None:
    eltern = blatt.element("Sect", WURZEL)
    blatt.y += blatt.mass.vor_abschnitt
    blatt.platz_fuer(28)
    _zeilen(blatt, abschnitt.titel, blatt.mass.abschnitt, "H2", eltern, "B")
    blatt.zeichne(Flaeche(LINKS, blatt.y + 0.6, _NUTZ, 0.35, 60))
    blatt.y += 2.2 if blatt.mass is _WEIT else 1.2
    for block in abschnitt.bloecke:
        _block(blatt, block, eltern)


def _block(blatt: _Blatt, block: Block, eltern: int) -> None:
    if isinstance(block, Tabelle):
        setze_tabelle(blatt, block, eltern)
    elif isinstance(block, Zwischentitel):
        blatt.y += 2.2
        blatt.platz_fuer(18)
        _zeilen(blatt, block.text, blatt.mass.text, "H3", eltern, "B")
        blatt.y += 0.6
    else:
        _absatz(blatt, block, eltern)


def _absatz(blatt: _Blatt, absatz: Absatz, eltern: int) -> None:
    if absatz.ton == "warnung":
        _kasten(blatt, absatz.text, eltern)
        return
    mass = blatt.mass
    groesse = {"hinweis": mass.hinweis, "fussnote": mass.fussnote}.get(absatz.ton, mass.text)
    blatt.y += 1
    _zeilen(blatt, absatz.text, groesse, "P", eltern)
    blatt.y += 1.5 if mass is _WEIT else 0.5


def _kasten(blatt: _Blatt, text: str, eltern: int) -> None:
    """A framed paragraph; one that is too long for a box is printed without."""
    groesse = blatt.mass.text
    zeilen = blatt.zeilen(text, _NUTZ - 6, groesse, "B")
    hoehe = len(zeilen) * groesse * _PUNKT * 1.32 + 4
    blatt.y += 1.5
    if hoehe < HOEHE - OBEN - UNTEN:
        blatt.platz_fuer(hoehe)
        blatt.zeichne(Flaeche(LINKS, blatt.y, _NUTZ, hoehe, 0, rahmen=True))
    blatt.y += 2
    blatt.schreibe(zeilen, groesse, blatt.element("P", eltern), "B", x=LINKS + 3)
    blatt.y += 4 if blatt.mass is _WEIT else 2.5


@dataclass(frozen=True)
class _Reihe:
    """A row of a table, broken to its columns; ``elemente`` are those of its cells."""

    zellen: list[list[str]]
    elemente: list[int]
    schnitt: Schnitt = ""

    def ausschnitt(self, von: int, bis: int | None = None) -> _Reihe:
        return replace(self, zellen=[zelle[von:bis] for zelle in self.zellen])

    @property
    def laenge(self) -> int:
        return max(map(len, self.zellen))


@dataclass(frozen=True)
class _Tafel:
    """How a table is drawn."""

    spalten: list[float]
    groesse: float
    kopf: _Reihe | None
    rand: float = 1.2

    @property
    def zeilenhoehe(self) -> float:
        return self.groesse * _PUNKT * 1.3

    def hoehe(self, laenge: int) -> float:
        return laenge * self.zeilenhoehe + self.rand * _RAND


def setze_tabelle(blatt: _Blatt, tabelle: Tabelle, eltern: int) -> None:
    """A table; its head is repeated on every page, there as ornament only."""
    mass = blatt.mass
    groesse = mass.klein if tabelle.klein else mass.tabelle
    spalten = [_NUTZ * anteil / sum(tabelle.anteile) for anteil in tabelle.anteile]
    element = blatt.element("Table", eltern)
    kopf = _reihe(blatt, tabelle.kopf, spalten, groesse, element, "B") if tabelle.kopf else None
    tafel = _Tafel(spalten, groesse, kopf, mass.zeilenrand)
    _tabellenkopf(blatt, tafel)
    if kopf:
        tafel = replace(tafel, kopf=replace(kopf, elemente=[ZIERAT] * len(spalten)))
    for zeile in tabelle.zeilen:
        _tabellenzeile(blatt, tafel, _reihe(blatt, zeile, spalten, groesse, element, beschriftet=kopf is None))
    blatt.y += 2 if mass is _WEIT else 0.8


def _reihe(
    blatt: _Blatt,
    texte: tuple[str, ...],
    spalten: list[float],
    groesse: float,
    tabelle: int,
    schnitt: Schnitt = "",
    *,
    beschriftet: bool = False,
) -> _Reihe:
    zeile = blatt.element("TR", tabelle)
    art, geltung = ("TH", "Column") if schnitt == "B" else ("TD", "")
    elemente = [blatt.element(art, zeile, geltung) for _ in spalten]
    if beschriftet:
        blatt.struktur[elemente[0]] = Element("TH", zeile, "Row")
    zellen = [blatt.zeilen(text, b - 2 * _RAND, groesse, schnitt) for text, b in zip(texte, spalten, strict=True)]
    return _Reihe(zellen, elemente, schnitt)


def _tabellenkopf(blatt: _Blatt, tafel: _Tafel) -> None:
    if tafel.kopf:
        hoehe = tafel.hoehe(tafel.kopf.laenge)
        blatt.platz_fuer(hoehe + 12)
        blatt.zeichne(Flaeche(LINKS, blatt.y, _NUTZ, hoehe, 228))
        _zellen(blatt, tafel, tafel.kopf)


def _tabellenzeile(blatt: _Blatt, tafel: _Tafel, reihe: _Reihe) -> None:
    """One row, in as many pieces as pages need; a row of less than a fifth of a page is not torn apart."""
    while True:
        passt = int((blatt.rest - tafel.rand * _RAND) / tafel.zeilenhoehe)
        kurz = reihe.laenge * tafel.zeilenhoehe < 50 or passt < 3
        if reihe.laenge > passt and kurz and blatt.y > OBEN:
            blatt.neue_seite()
            _tabellenkopf(blatt, tafel)
            continue
        _zellen(blatt, tafel, reihe.ausschnitt(0, passt))
        blatt.zeichne(Flaeche(LINKS, blatt.y, _NUTZ, 0.15, 190))
        if reihe.laenge <= passt:
            return
        reihe = _fortsetzung(reihe.ausschnitt(passt), tafel)


def _fortsetzung(reihe: _Reihe, tafel: _Tafel) -> _Reihe:
    """The rest of a torn row; a label that has ended is stood in for, as ornament only."""
    if tafel.kopf or reihe.zellen[0]:
        return reihe
    return replace(reihe, zellen=[["(Fortsetzung)"], *reihe.zellen[1:]], elemente=[ZIERAT, *reihe.elemente[1:]])


def _zellen(blatt: _Blatt, tafel: _Tafel, reihe: _Reihe) -> None:
    x = LINKS
    for nummer, (zelle, breite) in enumerate(zip(reihe.zellen, tafel.spalten, strict=True)):
        beschriftung = tafel.kopf is None and nummer == 0
        einzug, grau = (0.0, _GRAU) if beschriftung else (_RAND, 0)
        for n, zeile in enumerate(zelle):
            y = blatt.y + _RAND * tafel.rand / 2 + tafel.zeilenhoehe * (n + 0.76)
            blatt.zeichne(Text(x + einzug, y, zeile, tafel.groesse, reihe.schnitt, grau, reihe.elemente[nummer]))
        x += breite
    blatt.y += tafel.hoehe(reihe.laenge)


def _rahmen(blatt: _Blatt, schriftstueck: Schriftstueck, seite: Seite, nummer: int) -> None:
    """Running head from the second page on; foot with case and page on all."""
    grundlinie = HOEHE - 12
    seite.append(Flaeche(LINKS, grundlinie - 4.5, _NUTZ, 0.15, 150))
    seite.append(_klein(blatt, schriftstueck.kennzeichen, grundlinie, 0))
    seite.append(_klein(blatt, f"Seite {nummer} von {len(blatt.seiten)}", grundlinie, 1))
    if schriftstueck.fusszeile:
        seite.append(_klein(blatt, schriftstueck.fusszeile, grundlinie + 4, 0))
    if nummer > 1:
        seite.append(_klein(blatt, f"{schriftstueck.art}: {schriftstueck.titel}", OBEN - 8, 0))
        seite.append(Flaeche(LINKS, OBEN - 6, _NUTZ, 0.15, 150))


def _klein(blatt: _Blatt, text: str, y: float, stellung: float) -> Text:
    """One small line; ``stellung`` is 0 for the left and 1 for the right edge."""
    zeile = blatt.zeilen(text, _NUTZ, 8)[0]
    breite = blatt.satz.breite(zeile, "") / 1000 * 8 * _PUNKT
    return Text(LINKS + (_NUTZ - breite) * stellung, y, zeile, 8, "", _GRAU)
