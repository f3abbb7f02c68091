"""Lays a document out on A4 pages: a list of strokes and texts per page, still independent of the file format.

Headings stay with what follows, tables repeat their head on every page, and a row that is longer than a page goes
on on the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from fachwerk_aktenablage.bild import Bild
from fachwerk_aktenablage.blatt import (
    BREITE,
    DICHT,
    HOEHE,
    LINKS,
    NUTZ,
    OBEN,
    PUNKT,
    RECHTS,
    UNTEN,
    WEIT,
    WURZEL,
    ZIERAT,
    Bildstelle,
    Blatt,
    Element,
    Flaeche,
    Seite,
    Text,
    Voll,
)
from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Schriftstueck, Tabelle, Zwischentitel
from fachwerk_aktenablage.schrift import Satz, Schnitt, Setzer

LOGOBREITE = 60.0
"""The widest a logo gets."""

_RAND = 1.2
_GRAU = 95
_SPALTENKOPF, _ZEILENKOPF = "<</O/Table/Scope/Column>>", "<</O/Table/Scope/Row>>"


@dataclass(frozen=True)
class Satzergebnis:
    """The pages, the structure they belong to, and whether all of the document is on them."""

    seiten: list[Seite]
    struktur: list[Element]
    vollstaendig: bool


def setze(schriftstueck: Schriftstueck, satz: Satz, setzer: Setzer) -> Satzergebnis:
    """Lay the whole document out."""
    mass = DICHT if schriftstueck.dicht else WEIT
    blatt = Blatt(satz, setzer, mass=mass, y=mass.oben)
    vollstaendig = True
    _titel(blatt, schriftstueck)
    try:
        for absatz in schriftstueck.vorspann:
            _absatz(blatt, absatz, WURZEL)
        for abschnitt in schriftstueck.abschnitte:
            _abschnitt(blatt, abschnitt)
    except Voll:
        vollstaendig = False
    for nummer, seite in enumerate(blatt.seiten, 1):
        _rahmen(blatt, schriftstueck, seite, nummer)
    return Satzergebnis(blatt.seiten, blatt.struktur, vollstaendig)


def _titel(blatt: Blatt, schriftstueck: Schriftstueck) -> None:
    """The heading, beside the logo where there is one."""
    mass, oben = blatt.mass, blatt.y
    breite, unten = _logo(blatt, schriftstueck.logo, schriftstueck.behoerde) if schriftstueck.logo else (NUTZ, oben)
    if schriftstueck.behoerde:
        _zeilen(blatt, schriftstueck.behoerde, mass.behoerde, "P", WURZEL, breite=breite)
        blatt.y += mass.nach_titel / 2
    _zeilen(blatt, schriftstueck.art, mass.art, "H1", WURZEL, "B", breite)
    _zeilen(blatt, schriftstueck.titel, mass.titel, "P", WURZEL, breite=breite)
    blatt.y = max(blatt.y, unten) if len(blatt.seiten) == 1 else blatt.y
    blatt.y += mass.nach_titel


def _logo(blatt: Blatt, bild: Bild, behoerde: str) -> tuple[float, float]:
    """Draw it in the upper right corner; the width that is left for the heading, and where the logo ends."""
    hoehe = blatt.mass.logo
    breite = hoehe * bild.breite / bild.hoehe
    if breite > LOGOBREITE:
        hoehe, breite = hoehe * LOGOBREITE / breite, LOGOBREITE
    x = BREITE - RECHTS - breite
    ecken = (x, HOEHE - blatt.y - hoehe, x + breite, HOEHE - blatt.y)
    kasten = " ".join(f"{wert / PUNKT:.2f}" for wert in ecken)
    merkmale = f"<</O/Layout/Placement/Block/BBox[{kasten}]>>"
    element = blatt.element("Figure", WURZEL, merkmale, f"Logo: {behoerde}" if behoerde else "Logo der Behörde")
    blatt.zeichne(Bildstelle(x, blatt.y, breite, hoehe, element))
    return NUTZ - breite - 6, blatt.y + hoehe


def _zeilen(
    blatt: Blatt, text: str, groesse: float, art: str, eltern: int, schnitt: Schnitt = "", breite: float = NUTZ
) -> None:
    """A text over the whole width, as an element of its own."""
    blatt.schreibe(blatt.zeilen(text, breite, groesse, schnitt), groesse, blatt.element(art, eltern), schnitt)


def _abschnitt(blatt: Blatt, abschnitt: Abschnitt) -> None:
    eltern = blatt.element("Sect", WURZEL)
    blatt.ueber = abschnitt.titel
    blatt.y += blatt.mass.vor_abschnitt
    blatt.platz_fuer(28)
    _zeilen(blatt, abschnitt.titel, blatt.mass.abschnitt, "H2", eltern, "B")
    blatt.zeichne(Flaeche(LINKS, blatt.y + 0.6, NUTZ, 0.35, 60))
    blatt.y += 2.2 if blatt.mass is WEIT else 1.2
    for block in abschnitt.bloecke:
        _block(blatt, block, eltern)


def _block(blatt: Blatt, block: Block, eltern: int) -> None:
    if isinstance(block, Tabelle):
        setze_tabelle(blatt, block, eltern)
    elif isinstance(block, Zwischentitel):
        blatt.ueber = block.text
        blatt.y += 2.2
        blatt.platz_fuer(18)
        _zeilen(blatt, block.text, blatt.mass.text, "H3", eltern, "B")
        blatt.y += 0.6
    else:
        _absatz(blatt, block, eltern)


def _absatz(blatt: Blatt, absatz: Absatz, eltern: int) -> None:
    if absatz.ton == "warnung":
        _kasten(blatt, absatz.text, eltern)
        return
    mass = blatt.mass
    groesse = {"hinweis": mass.hinweis, "fussnote": mass.fussnote}.get(absatz.ton, mass.text)
    blatt.y += 1
    _zeilen(blatt, absatz.text, groesse, "P", eltern)
    blatt.y += 1.5 if mass is WEIT else 0.5


def _kasten(blatt: Blatt, text: str, eltern: int) -> None:
    """A framed paragraph; one that is too long for a box is printed without."""
    groesse = blatt.mass.text
    zeilen = blatt.zeilen(text, NUTZ - 6, groesse, "B")
    hoehe = len(zeilen) * groesse * PUNKT * 1.32 + 4
    blatt.y += 1.5
    if hoehe < HOEHE - OBEN - UNTEN:
        blatt.platz_fuer(hoehe)
        blatt.zeichne(Flaeche(LINKS, blatt.y, NUTZ, hoehe, 0, rahmen=True))
    blatt.y += 2
    blatt.schreibe(zeilen, groesse, blatt.element("P", eltern), "B", x=LINKS + 3)
    blatt.y += 4 if blatt.mass is WEIT else 2.5


class _Reihe(NamedTuple):
    """A row of a table, broken to its columns; ``elemente`` are those of its cells."""

    zellen: list[list[str]]
    elemente: list[int]
    schnitt: Schnitt = ""

    def ausschnitt(self, von: int, bis: int | None = None) -> _Reihe:
        return self._replace(zellen=[zelle[von:bis] for zelle in self.zellen])

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
        return self.groesse * PUNKT * 1.3

    def hoehe(self, laenge: int) -> float:
        return laenge * self.zeilenhoehe + self.rand * _RAND


def setze_tabelle(blatt: Blatt, tabelle: Tabelle, eltern: int) -> None:
    """A table; its head is repeated on every page, there as ornament only."""
    mass = blatt.mass
    groesse = mass.klein if tabelle.klein else mass.tabelle
    spalten = [NUTZ * anteil / sum(tabelle.anteile) for anteil in tabelle.anteile]
    element = blatt.element("Table", eltern)
    kopf = _reihe(blatt, tabelle.kopf, spalten, groesse, element, "B") if tabelle.kopf else None
    tafel = _Tafel(spalten, groesse, kopf, mass.zeilenrand)
    _tabellenkopf(blatt, tafel)
    if kopf:
        tafel = replace(tafel, kopf=kopf._replace(elemente=[ZIERAT] * len(spalten)))
    for zeile in tabelle.zeilen:
        _tabellenzeile(blatt, tafel, _reihe(blatt, zeile, spalten, groesse, element, beschriftet=kopf is None))
    blatt.y += 2 if mass is WEIT else 0.8


def _reihe(
    blatt: Blatt,
    texte: tuple[str, ...],
    spalten: list[float],
    groesse: float,
    tabelle: int,
    schnitt: Schnitt = "",
    *,
    beschriftet: bool = False,
) -> _Reihe:
    zeile = blatt.element("TR", tabelle)
    art, merkmale = ("TH", _SPALTENKOPF) if schnitt == "B" else ("TD", "")
    elemente = [blatt.element(art, zeile, merkmale) for _ in spalten]
    if beschriftet:
        blatt.struktur[elemente[0]] = Element("TH", zeile, _ZEILENKOPF)
    zellen = [blatt.zeilen(text, b - 2 * _RAND, groesse, schnitt) for text, b in zip(texte, spalten, strict=True)]
    return _Reihe(zellen, elemente, schnitt)


def _tabellenkopf(blatt: Blatt, tafel: _Tafel) -> None:
    if tafel.kopf:
        hoehe = tafel.hoehe(tafel.kopf.laenge)
        blatt.platz_fuer(hoehe + 12)
        blatt.zeichne(Flaeche(LINKS, blatt.y, NUTZ, hoehe, 228))
        _zellen(blatt, tafel, tafel.kopf)


def _tabellenzeile(blatt: Blatt, tafel: _Tafel, reihe: _Reihe) -> None:
    """One row, in as many pieces as pages need; a row of less than a fifth of a page is not torn apart."""
    while True:
        passt = int((blatt.rest - tafel.rand * _RAND) / tafel.zeilenhoehe)
        kurz = reihe.laenge * tafel.zeilenhoehe < 50 or passt < 3
        if reihe.laenge > passt and kurz and blatt.y > OBEN:
            blatt.neue_seite()
            _weiter(blatt)
            _tabellenkopf(blatt, tafel)
            continue
        ganz = reihe.laenge <= passt
        _zellen(blatt, tafel, reihe if ganz else reihe.ausschnitt(0, passt))
        blatt.zeichne(Flaeche(LINKS, blatt.y, NUTZ, 0.15, 190))
        if ganz:
            return
        reihe = _fortsetzung(reihe.ausschnitt(passt), tafel)


def _weiter(blatt: Blatt) -> None:
    """What a table that goes on belongs to, as ornament: nobody should have to turn back for a person's name."""
    hoehe = blatt.mass.klein * PUNKT * 1.5
    zeile = blatt.zeilen(f"Fortsetzung: {blatt.ueber}", NUTZ, blatt.mass.klein)[0]
    blatt.zeichne(Text(LINKS, blatt.y + hoehe * 0.55, zeile, blatt.mass.klein, "", _GRAU))
    blatt.y += hoehe


def _fortsetzung(reihe: _Reihe, tafel: _Tafel) -> _Reihe:
    """The rest of a torn row; a label that has ended is stood in for, as ornament only."""
    if tafel.kopf or reihe.zellen[0]:
        return reihe
    return reihe._replace(zellen=[["(Fortsetzung)"], *reihe.zellen[1:]], elemente=[ZIERAT, *reihe.elemente[1:]])


def _zellen(blatt: Blatt, tafel: _Tafel, reihe: _Reihe) -> None:
    x = LINKS
    for nummer, (zelle, breite) in enumerate(zip(reihe.zellen, tafel.spalten, strict=True)):
        beschriftung = tafel.kopf is None and nummer == 0
        einzug, grau = (0.0, _GRAU) if beschriftung else (_RAND, 0)
        for n, zeile in enumerate(zelle):
            y = blatt.y + _RAND * tafel.rand / 2 + tafel.zeilenhoehe * (n + 0.76)
            blatt.zeichne(Text(x + einzug, y, zeile, tafel.groesse, reihe.schnitt, grau, reihe.elemente[nummer]))
        x += breite
    blatt.y += tafel.hoehe(reihe.laenge)


def _rahmen(blatt: Blatt, schriftstueck: Schriftstueck, seite: Seite, nummer: int) -> None:
    """Running head from the second page on; foot with case and page on all."""
    grundlinie = HOEHE - 12
    seite.append(Flaeche(LINKS, grundlinie - 4.5, NUTZ, 0.15, 150))
    seite.append(_klein(blatt, schriftstueck.kennzeichen, grundlinie, 0))
    seite.append(_klein(blatt, f"Seite {nummer} von {len(blatt.seiten)}", grundlinie, 1))
    if schriftstueck.fusszeile:
        seite.append(_klein(blatt, schriftstueck.fusszeile, grundlinie + 4, 0))
    if nummer > 1:
        seite.append(_klein(blatt, f"{schriftstueck.art}: {schriftstueck.titel}", OBEN - 8, 0))
        seite.append(Flaeche(LINKS, OBEN - 6, NUTZ, 0.15, 150))


def _klein(blatt: Blatt, text: str, y: float, stellung: float) -> Text:
    """One small line; ``stellung`` is 0 for the left and 1 for the right edge."""
    zeile = blatt.zeilen(text, NUTZ, 8)[0]
    breite = blatt.satz.breite(zeile, "") / 1000 * 8 * PUNKT
    return Text(LINKS + (NUTZ - breite) * stellung, y, zeile, 8, "", _GRAU)
