"""The limits of a Land through time as a picture: steps per tier, windows of unknown beginning hatched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from fachwerk_wbs.bild import Zeichnung, breite, runde_schritte
from fachwerk_wbs.chronik import TAG, Abschnitt, Verlauf
from fachwerk_wbs.schreibweise import euro, ganze_euro, tag

LINKS, WEITE, RECHTS = 80, 800, 260
OBEN, HOEHE = 84, 430
FARBEN = ("#0b3d78", "#c75300", "#2b7a3d", "#7b2d8b", "#8a6d00", "#a3123a", "#1f7f8c", "#4d4d4d")
STRICHE = ("", "9 4", "3 3", "12 4 3 4", "6 2", "2 5", "14 3", "4 6")


Kasten = tuple[int, int, int, int]
"""Left, upper, right and lower edge."""


@dataclass(slots=True)
class _Feld:
    """The plane of the picture: days to the right, euros upwards; and the boxes that labels already take."""

    bild: Zeichnung
    anfang: date
    ende: date
    oberste: int
    belegt: list[Kasten] = field(default_factory=list)
    linien: list[Kasten] = field(default_factory=list)

    def x(self, tag_: date | None) -> int:
        gewaehlt = min(max(tag_ or self.ende, self.anfang), self.ende)
        return LINKS + (gewaehlt - self.anfang).days * WEITE // max((self.ende - self.anfang).days, 1)

    def y(self, betrag: object) -> int:
        return OBEN + HOEHE - int(betrag * HOEHE // self.oberste)  # type: ignore[operator]

    def beschrifte(self, x: int, y: int, text: str, farbe: str) -> None:
        """Put ``text`` where it touches no line and no label, else on a line; nowhere if only labels are left."""
        kaesten = [
            (x + dx, y + dy - 11, x + dx + breite(text, 11), y + dy + 3)
            for dy in (-6, 15, -19, 28)
            for dx in (0, 12)
            if x + dx + breite(text, 11) < LINKS + WEITE
        ]
        for hindernisse in (self.belegt + self.linien, self.belegt):
            for kasten in kaesten:
                if all(_getrennt(kasten, anderer) for anderer in hindernisse):
                    self.belegt.append(kasten)
                    self.bild.rechteck(kasten[0] - 1, kasten[1], kasten[2] - kasten[0] + 2, 13, "grundflaeche")
                    self.bild.text(kasten[0], kasten[3] - 3, text, "klein", farbe=farbe)
                    return


def _getrennt(a: Kasten, b: Kasten) -> bool:
    return a[2] + 4 < b[0] or b[2] + 4 < a[0] or a[3] < b[1] or b[3] < a[1]


def chronikbild(verlaeufe: Sequence[Verlauf], titel: str, heute: date) -> str:
    """The picture as SVG; ``heute`` is marked, and the last steps reach a little beyond."""
    bild = Zeichnung(LINKS + WEITE + RECHTS, OBEN + HOEHE + 92, titel, beschreibung(verlaeufe))
    bild.text(20, 32, titel, "titel")
    bild.text(20, 54, "Einkommensgrenzen in Euro im Jahr", "klein")
    feld = _feld(bild, verlaeufe, heute)
    _zeichne_achsen(feld, heute)
    for nummer, verlauf in enumerate(verlaeufe):
        _zeichne_luecken(feld, verlauf)
        _zeichne_verlauf(feld, verlauf, nummer)
    for nummer, verlauf in enumerate(verlaeufe):
        _beschrifte(feld, verlauf, FARBEN[nummer % len(FARBEN)])
    _zeichne_namen(feld, verlaeufe)
    _zeichne_legende(bild, OBEN + HOEHE + 70)
    return bild.als_svg()


def beschreibung(verlaeufe: Sequence[Verlauf]) -> str:
    """The picture in sentences."""
    return " ".join(f"{v.titel}: {', '.join(_satz(a) for a in v.abschnitte)}." for v in verlaeufe)


def _satz(abschnitt: Abschnitt) -> str:
    wert = euro(abschnitt.grenze) if abschnitt.gesichert else "nicht belegt"
    return f"ab {tag(abschnitt.von)} {wert}"


def _feld(bild: Zeichnung, verlaeufe: Sequence[Verlauf], heute: date) -> _Feld:
    abschnitte = [a for v in verlaeufe for a in v.abschnitte]
    anfang = min((a.von for a in abschnitte if a.von), default=heute)
    letzter = max([heute, *(a.von for a in abschnitte if a.von)])
    ende = date(letzter.year + 2, 1, 1)
    betraege = [int(a.grenze) + 1 for a in abschnitte if a.grenze is not None]
    return _Feld(bild, date(anfang.year, 1, 1), ende, runde_schritte(max(betraege, default=10000) * 21 // 20)[-1])


def _zeichne_achsen(feld: _Feld, heute: date) -> None:
    for wert in runde_schritte(feld.oberste):
        if wert <= feld.oberste:
            feld.bild.linie(LINKS, feld.y(wert), LINKS + WEITE, feld.y(wert), "achse")
            feld.bild.text(LINKS - 8, feld.y(wert) + 4, ganze_euro(str(wert)), "klein", "end")
    jahre = feld.ende.year - feld.anfang.year
    schritt = next(s for s in (1, 2, 5, 10) if jahre // s <= 16)
    for jahr in range(feld.anfang.year, feld.ende.year + 1, schritt):
        x = feld.x(date(jahr, 1, 1))
        feld.bild.linie(x, OBEN + HOEHE, x, OBEN + HOEHE + 5, "grund")
        feld.bild.text(x, OBEN + HOEHE + 19, str(jahr), "klein", "middle")
    feld.bild.linie(LINKS, OBEN + HOEHE, LINKS + WEITE, OBEN + HOEHE, "grund")
    feld.bild.linie(feld.x(heute), OBEN - 8, feld.x(heute), OBEN + HOEHE, "heute", f"Stichtag {tag(heute)}")
    feld.bild.text(feld.x(heute), OBEN - 12, tag(heute), "klein", "middle")


def _zeichne_luecken(feld: _Feld, verlauf: Verlauf) -> None:
    """A period that does not decide: a box from the limit before to the limit after it, hatched if only the day is
    unknown, empty if the limit itself is."""
    for nummer, abschnitt in enumerate(verlauf.abschnitte):
        if abschnitt.gesichert:
            continue
        nachbarn = _nachbarn(verlauf, nummer)
        if not nachbarn:
            continue
        oben, unten = min(feld.y(n) for n in nachbarn), max(feld.y(n) for n in nachbarn)
        luft = max(0, 16 - (unten - oben)) // 2
        x1, x2 = feld.x(abschnitt.von), feld.x(abschnitt.bis + TAG if abschnitt.bis else None)
        klasse = "offen" if abschnitt.art in ("fenster", "beleg_c", "undatiert") else "fehlt"
        titel = (
            f"{verlauf.titel}, {tag(abschnitt.von)} bis {tag(abschnitt.bis) or 'heute'}: {' '.join(abschnitt.offen)}"
        )
        feld.bild.rechteck(x1, oben - luft, max(x2 - x1, 3), unten - oben + 2 * luft, klasse, titel)
        feld.belegt.append((x1, oben - luft, x2 - 6, unten + luft))


def _nachbarn(verlauf: Verlauf, nummer: int) -> list[object]:
    eigene = verlauf.abschnitte[nummer].grenze
    davor = [a.grenze for a in verlauf.abschnitte[:nummer] if a.gesichert][-1:]
    danach = [a.grenze for a in verlauf.abschnitte[nummer + 1 :] if a.gesichert][:1]
    return [wert for wert in (*davor, eigene, *danach) if wert is not None]


def _zeichne_verlauf(feld: _Feld, verlauf: Verlauf, nummer: int) -> None:
    farbe, strich = FARBEN[nummer % len(FARBEN)], STRICHE[nummer % len(STRICHE)]
    zug: list[tuple[int, int]] = []
    bis: date | None = None
    for abschnitt in verlauf.abschnitte:
        anschluss = bis is not None and abschnitt.von == bis + TAG
        if zug and not (abschnitt.gesichert and anschluss):
            feld.bild.zug(zug, farbe, strich, verlauf.titel)
            zug = []
        if abschnitt.gesichert and abschnitt.grenze is not None:
            y = feld.y(abschnitt.grenze)
            x1, x2 = feld.x(abschnitt.von), feld.x(abschnitt.bis + TAG if abschnitt.bis else None)
            feld.linien.append((x1, y - 2, x2, y + 2))
            zug += [(x1, y), (x2, y)]
        bis = abschnitt.bis
    if zug:
        feld.bild.zug(zug, farbe, strich, verlauf.titel)


def _beschrifte(feld: _Feld, verlauf: Verlauf, farbe: str) -> None:
    sichere = [a for a in verlauf.abschnitte if a.gesichert and a.grenze is not None]
    erste = [a for vor, a in zip([None, *sichere], sichere, strict=False) if not vor or vor.grenze != a.grenze]
    for abschnitt in reversed(erste):
        if abschnitt.grenze is not None:
            feld.beschrifte(feld.x(abschnitt.von) + 3, feld.y(abschnitt.grenze), ganze_euro(abschnitt.grenze), farbe)


def _zeichne_namen(feld: _Feld, verlaeufe: Sequence[Verlauf]) -> None:
    """The name of every tier at the right margin, at the height of its last limit, pushed apart where needed."""
    stellen = []
    for nummer, verlauf in enumerate(verlaeufe):
        letzte = [a for a in verlauf.abschnitte if a.grenze is not None]
        stellen.append((feld.y(letzte[-1].grenze) if letzte else OBEN, nummer, verlauf))
    frei = OBEN - 10
    for y, nummer, verlauf in sorted(stellen, key=lambda s: (s[0], s[1])):
        zeilen = _umbrochen(verlauf.titel + (" (Ermessen)" if verlauf.ermessen else ""))
        hoehe = max(y + 4, frei + 16)
        for i, zeile in enumerate(zeilen):
            feld.bild.text(LINKS + WEITE + 40, hoehe + 14 * i, zeile, "klein", farbe=FARBEN[nummer % len(FARBEN)])
        probe = [(LINKS + WEITE + 10, hoehe - 4), (LINKS + WEITE + 34, hoehe - 4)]
        feld.bild.zug(probe, FARBEN[nummer % len(FARBEN)], STRICHE[nummer % len(STRICHE)])
        frei = hoehe + 14 * (len(zeilen) - 1)


def _umbrochen(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, (RECHTS - 50) * 100 // (11 * 58), max_lines=3, placeholder=" …")


def _zeichne_legende(bild: Zeichnung, y: int) -> None:
    bild.rechteck(LINKS, y - 11, 24, 13, "offen")
    bild.text(LINKS + 32, y, "Beginn nicht belegt oder Wert ungeprüft")
    bild.rechteck(LINKS + 330, y - 11, 24, 13, "fehlt")
    bild.text(LINKS + 362, y, "Grenze nicht belegt")
    bild.linie(LINKS + 520, y - 13, LINKS + 520, y + 4, "heute")
    bild.text(LINKS + 530, y, "Stichtag")
