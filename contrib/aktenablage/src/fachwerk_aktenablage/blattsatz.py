"""Lays a document out on A4 pages: a list of strokes and texts per page, still independent of the PDF library.

Millimetres from the upper left corner. Headings stay with what follows, tables repeat their head on every page,
and a row that is longer than a page goes on on the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
class Text:
    """A line of text; ``y`` is its baseline, ``groesse`` is in points, ``grau`` is 0 (black) to 255."""

    x: float
    y: float
    text: str
    groesse: float
    schnitt: Schnitt = ""
    grau: int = 0


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


class _Voll(Exception):
    """The document has more pages than anybody will read."""


@dataclass
class _Blatt:
    """Where the next thing goes."""

    satz: Satz
    setzer: Setzer
    seiten: list[Seite] = field(default_factory=lambda: [[]])
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

    def zeichne(self, *dinge: Zeichnung) -> None:
        self.seiten[-1].extend(dinge)

    def zeilen(self, text: str, breite: float, groesse: float, schnitt: Schnitt = "") -> list[str]:
        """``text`` made printable and broken to ``breite`` millimetres."""
        platz = breite / _PUNKT / groesse * 1000
        return umbrich(self.setzer.druckbar(text), platz, self.satz.breiten[schnitt])

    def schreibe(
        self, zeilen: list[str], groesse: float, schnitt: Schnitt = "", x: float = LINKS, breit: float = 1.32
    ) -> None:
        """Lines below each other, breaking pages where needed."""
        hoehe = groesse * _PUNKT * breit
        for zeile in zeilen:
            self.platz_fuer(hoehe)
            self.zeichne(Text(x, self.y + hoehe * 0.75, zeile, groesse, schnitt))
            self.y += hoehe


def setze(schriftstueck: Schriftstueck, satz: Satz, setzer: Setzer) -> tuple[list[Seite], bool]:
    """The pages, and whether all of the document is on them."""
    blatt = _Blatt(satz, setzer)
    vollstaendig = True
    _titel(blatt, schriftstueck)
    try:
        for absatz in schriftstueck.vorspann:
            _absatz(blatt, absatz)
        for abschnitt in schriftstueck.abschnitte:
            _abschnitt(blatt, abschnitt)
    except _Voll:
        vollstaendig = False
    for nummer, seite in enumerate(blatt.seiten, 1):
        _rahmen(blatt, schriftstueck, seite, nummer)
    return blatt.seiten, vollstaendig


def _titel(blatt: _Blatt, schriftstueck: Schriftstueck) -> None:
    if schriftstueck.behoerde:
        blatt.schreibe(blatt.zeilen(schriftstueck.behoerde, _NUTZ, 10.5), 10.5)
        blatt.y += 3
    blatt.schreibe(blatt.zeilen(schriftstueck.art, _NUTZ, 20, "B"), 20, "B", breit=1.2)
    blatt.schreibe(blatt.zeilen(schriftstueck.titel, _NUTZ, 13), 13)
    blatt.y += 3


def _abschnitt(blatt: _Blatt, abschnitt: Abschnitt) -> None:
    blatt.y += 4
    blatt.platz_fuer(28)
    blatt.schreibe(blatt.zeilen(abschnitt.titel, _NUTZ, 12.5, "B"), 12.5, "B")
    blatt.zeichne(Flaeche(LINKS, blatt.y + 0.6, _NUTZ, 0.35, 60))
    blatt.y += 2.2
    for block in abschnitt.bloecke:
        _block(blatt, block)


def _block(blatt: _Blatt, block: Block) -> None:
    if isinstance(block, Tabelle):
        _tabelle(blatt, block)
    elif isinstance(block, Zwischentitel):
        blatt.y += 2.2
        blatt.platz_fuer(18)
        blatt.schreibe(blatt.zeilen(block.text, _NUTZ, 10, "B"), 10, "B")
        blatt.y += 0.6
    else:
        _absatz(blatt, block)


def _absatz(blatt: _Blatt, absatz: Absatz) -> None:
    if absatz.ton == "warnung":
        _kasten(blatt, absatz.text)
        return
    groesse = 9.0 if absatz.ton == "hinweis" else 10.0
    blatt.y += 1
    blatt.schreibe(blatt.zeilen(absatz.text, _NUTZ, groesse), groesse)
    blatt.y += 1.5


def _kasten(blatt: _Blatt, text: str) -> None:
    """A framed paragraph; one that is too long for a box is printed without."""
    zeilen = blatt.zeilen(text, _NUTZ - 6, 10, "B")
    hoehe = len(zeilen) * 10 * _PUNKT * 1.32 + 4
    blatt.y += 1.5
    if hoehe < HOEHE - OBEN - UNTEN:
        blatt.platz_fuer(hoehe)
        blatt.zeichne(Flaeche(LINKS, blatt.y, _NUTZ, hoehe, 0, rahmen=True))
    blatt.y += 2
    blatt.schreibe(zeilen, 10, "B", x=LINKS + 3)
    blatt.y += 4


def _tabelle(blatt: _Blatt, tabelle: Tabelle) -> None:
    groesse = 8.5 if tabelle.klein else 9.5
    summe = sum(tabelle.anteile)
    breiten = [_NUTZ * anteil / summe for anteil in tabelle.anteile]
    kopf = [blatt.zeilen(text, b - 2 * _RAND, groesse, "B") for text, b in zip(tabelle.kopf, breiten, strict=False)]
    _tabellenkopf(blatt, kopf, breiten, groesse)
    for zeile in tabelle.zeilen:
        zellen = [blatt.zeilen(text, b - 2 * _RAND, groesse) for text, b in zip(zeile, breiten, strict=True)]
        _tabellenzeile(blatt, zellen, breiten, groesse, kopf)
    blatt.y += 2


def _tabellenkopf(blatt: _Blatt, kopf: list[list[str]], breiten: list[float], groesse: float) -> None:
    if not kopf:
        return
    hoehe = _hoehe(kopf, groesse)
    blatt.platz_fuer(hoehe + 12)
    blatt.zeichne(Flaeche(LINKS, blatt.y, _NUTZ, hoehe, 228))
    _zellen(blatt, kopf, breiten, groesse, "B", 0)


def _tabellenzeile(
    blatt: _Blatt, zellen: list[list[str]], breiten: list[float], groesse: float, kopf: list[list[str]]
) -> None:
    """One row, in as many pieces as pages need; a row of less than a fifth of a page is not torn apart."""
    zeilenhoehe = groesse * _PUNKT * 1.3
    while True:
        passt = int((blatt.rest - 2 * _RAND) / zeilenhoehe)
        laenge = max(map(len, zellen))
        if laenge > passt and (laenge * zeilenhoehe < 50 or passt < 3) and blatt.y > OBEN:
            blatt.neue_seite()
            _tabellenkopf(blatt, kopf, breiten, groesse)
            continue
        _zellen(blatt, [zelle[:passt] for zelle in zellen], breiten, groesse, "", 0 if kopf else _GRAU)
        blatt.zeichne(Flaeche(LINKS, blatt.y, _NUTZ, 0.15, 190))
        if laenge <= passt:
            return
        erste = zellen[0][passt:] or ["(Fortsetzung)"]
        zellen = [erste, *(zelle[passt:] for zelle in zellen[1:])]


def _zellen(
    blatt: _Blatt, zellen: list[list[str]], breiten: list[float], groesse: float, schnitt: Schnitt, grau: int
) -> None:
    zeilenhoehe = groesse * _PUNKT * 1.3
    x = LINKS
    for nummer, (zelle, breite) in enumerate(zip(zellen, breiten, strict=True)):
        for n, zeile in enumerate(zelle):
            y = blatt.y + _RAND * 0.6 + zeilenhoehe * (n + 0.76)
            blatt.zeichne(
                Text(x + (_RAND if grau == 0 or nummer else 0), y, zeile, groesse, schnitt, 0 if nummer else grau)
            )
        x += breite
    blatt.y += _hoehe(zellen, groesse)


def _hoehe(zellen: list[list[str]], groesse: float) -> float:
    return max(map(len, zellen)) * groesse * _PUNKT * 1.3 + 1.2 * _RAND


def _rahmen(blatt: _Blatt, schriftstueck: Schriftstueck, seite: Seite, nummer: int) -> None:
    """Running head from the second page on; foot with case and page on all."""
    grundlinie = HOEHE - 12
    seite.append(Flaeche(LINKS, grundlinie - 4.5, _NUTZ, 0.15, 150))
    seite.append(Text(LINKS, grundlinie, blatt.setzer.druckbar(schriftstueck.kennzeichen), 8, "", _GRAU))
    _rechts(blatt, seite, f"Seite {nummer} von {len(blatt.seiten)}", grundlinie)
    if schriftstueck.fusszeile:
        mitte = blatt.setzer.druckbar(schriftstueck.fusszeile)
        x = LINKS + (_NUTZ - blatt.satz.breite(mitte, "") / 1000 * 8 * _PUNKT) / 2
        seite.append(Text(x, grundlinie + 4, mitte, 8, "", _GRAU))
    if nummer > 1:
        kopf = blatt.zeilen(f"{schriftstueck.art}: {schriftstueck.titel}", _NUTZ, 8)[0]
        seite.append(Text(LINKS, OBEN - 8, kopf, 8, "", _GRAU))
        seite.append(Flaeche(LINKS, OBEN - 6, _NUTZ, 0.15, 150))


def _rechts(blatt: _Blatt, seite: Seite, text: str, y: float) -> None:
    breite = blatt.satz.breite(text, "") / 1000 * 8 * _PUNKT
    seite.append(Text(BREITE - RECHTS - breite, y, text, 8, "", _GRAU))
