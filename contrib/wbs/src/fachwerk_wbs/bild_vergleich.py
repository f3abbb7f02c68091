"""The comparison of Länder as a picture: one row per Land, the income as a bar against the limits of the tiers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from fachwerk_wbs.ausgabe import WORTE
from fachwerk_wbs.bild import Zeichnung, breite, runde_schritte
from fachwerk_wbs.ergebnis import Stufenergebnis
from fachwerk_wbs.schreibweise import euro, ganze_euro
from fachwerk_wbs.vergleich import Zeile

LINKS, MITTE, RECHTS = 230, 640, 230
OBEN, REIHE = 92, 54


def vergleichsbild(zeilen: Sequence[Zeile], stichtag: date, titel: str) -> str:
    """The picture as SVG; ``titel`` says which household it is."""
    hoehe = OBEN + REIHE * len(zeilen) + 78
    bild = Zeichnung(LINKS + MITTE + RECHTS, hoehe, titel, beschreibung(zeilen, stichtag))
    bild.text(20, 32, titel, "titel")
    text = f"Gesamteinkommen und Einkommensgrenzen in Euro im Jahr, Recht vom {stichtag:%d.%m.%Y}"
    bild.text(20, 54, text, "klein")
    achse = runde_schritte(_hoechster(zeilen))
    _zeichne_achse(bild, achse, OBEN + REIHE * len(zeilen))
    for nummer, zeile in enumerate(zeilen):
        _zeichne_reihe(bild, zeile, OBEN + REIHE * nummer, achse[-1])
    _zeichne_legende(bild, hoehe - 30)
    return bild.als_svg()


def beschreibung(zeilen: Sequence[Zeile], stichtag: date) -> str:
    """The picture in sentences."""
    return f"Stichtag {stichtag:%d.%m.%Y}. " + " ".join(_satz(zeile) for zeile in zeilen)


def _satz(zeile: Zeile) -> str:
    if zeile.ergebnis is None:
        return f"{zeile.name}: nicht berechnet."
    stufe = zeile.niedrigste
    grenze = euro(stufe.grenze) if stufe else "unbekannt"
    einkommen, empfehlung = euro(zeile.ergebnis.gesamteinkommen), WORTE[zeile.ergebnis.empfehlung]
    return f"{zeile.name}: Einkommen {einkommen}, niedrigste Grenze {grenze}, Empfehlung: {empfehlung}."


def _hoechster(zeilen: Sequence[Zeile]) -> int:
    betraege = [Decimal(s.grenze) for z in zeilen if z.ergebnis for s in z.ergebnis.stufen if s.grenze is not None]
    betraege += [z.einkommen for z in zeilen if z.einkommen is not None]
    return int(max(betraege, default=Decimal(10000))) + 1


def _x(wert: Decimal | int, ganz: int) -> int:
    return LINKS + int(wert * MITTE // ganz)


def _zeichne_achse(bild: Zeichnung, achse: list[int], unten: int) -> None:
    for wert in achse:
        x = _x(wert, achse[-1])
        bild.linie(x, OBEN - 6, x, unten + 4, "achse")
        for y in (OBEN - 12, unten + 18):
            bild.text(x, y, ganze_euro(str(wert)), "klein", "middle")


def _zeichne_reihe(bild: Zeichnung, zeile: Zeile, y: int, ganz: int) -> None:
    bild.linie(20, y, LINKS + MITTE + RECHTS - 20, y, "achse")
    bild.text(20, y + 31, zeile.name, "fett")
    if zeile.ergebnis is None:
        bild.rechteck(LINKS, y + 8, MITTE, REIHE - 16, "fehlt", zeile.fehler)
        bild.text(LINKS + 8, y + 31, "Das Regelpaket lässt sich nicht lesen.")
        return
    stufen = zeile.ergebnis.stufen
    unbekannt = [s for s in stufen if s.grenze is None]
    sicher = [s for s in stufen if s.grenze is not None and s.id not in zeile.ungesichert]
    for stufe in reversed(sicher):
        _zeichne_stufe(bild, stufe, y, ganz)
    for stufe in reversed([s for s in stufen if s.grenze is not None and s.id in zeile.ungesichert]):
        darunter = [Decimal(s.grenze or 0) for s in sicher if Decimal(s.grenze or 0) < Decimal(stufe.grenze or 0)]
        _zeichne_ungesicherte(bild, stufe, max(darunter, default=Decimal(0)), y, ganz)
    if unbekannt or not stufen:
        _zeichne_unbekannt(bild, stufen, y, ganz)
    _beschrifte_stufen(bild, stufen, y, ganz)
    _zeichne_einkommen(bild, zeile, y, ganz)
    _zeichne_ergebnis(bild, zeile, y)


def _zeichne_stufe(bild: Zeichnung, stufe: Stufenergebnis, y: int, ganz: int) -> None:
    x = _x(Decimal(stufe.grenze or 0), ganz)
    titel = f"{stufe.id}: {euro(stufe.grenze)}" + (" (nach Ermessen)" if stufe.ermessen else "")
    bild.rechteck(LINKS, y + 10, x - LINKS, REIHE - 26, "stufe", titel)
    bild.linie(x, y + 7, x, y + REIHE - 13, "heute" if stufe.ermessen else "marke", titel)


def _zeichne_ungesicherte(bild: Zeichnung, stufe: Stufenergebnis, ab: Decimal, y: int, ganz: int) -> None:
    """Hatched from the highest certain limit below it."""
    x1, x2 = _x(ab, ganz), _x(Decimal(stufe.grenze or 0), ganz)
    titel = f"{stufe.id}: {euro(stufe.grenze)}, nicht gesichert"
    bild.rechteck(x1, y + 10, x2 - x1, REIHE - 26, "offen", titel)


def _zeichne_unbekannt(bild: Zeichnung, stufen: Sequence[Stufenergebnis], y: int, ganz: int) -> None:
    """What is not known lies behind the last known limit, where nobody can say how far it reaches."""
    ab = _x(max((Decimal(s.grenze) for s in stufen if s.grenze), default=Decimal(0)), ganz)
    namen = ", ".join(s.id for s in stufen if s.grenze is None) or "alle Stufen"
    bild.rechteck(ab, y + 10, LINKS + MITTE - ab, REIHE - 26, "offen", f"Grenze nicht belegt: {namen}")
    if breite("Grenze nicht belegt") + 24 < LINKS + MITTE - ab:
        mitte = (ab + LINKS + MITTE) // 2
        halb = breite("Grenze nicht belegt") // 2 + 6
        bild.rechteck(mitte - halb, y + 15, 2 * halb, 18, "fehlt")
        bild.text(mitte, y + 28, "Grenze nicht belegt", "", "middle")


def _beschrifte_stufen(bild: Zeichnung, stufen: Sequence[Stufenergebnis], y: int, ganz: int) -> None:
    """Amounts below their marks, from the lowest on, as far as they do not touch."""
    frei = LINKS - 40
    for stufe in sorted((s for s in stufen if s.grenze), key=lambda s: (s.ermessen, Decimal(s.grenze or 0))):
        text = ganze_euro(stufe.grenze or "")
        x, halb = _x(Decimal(stufe.grenze or 0), ganz), breite(text, 11) // 2 + 3
        if x - halb >= frei:
            bild.text(x, y + REIHE - 3, text, "klein", "middle")
            frei = x + halb


def _zeichne_einkommen(bild: Zeichnung, zeile: Zeile, y: int, ganz: int) -> None:
    if zeile.einkommen is not None:
        x = _x(zeile.einkommen, ganz)
        bild.rechteck(LINKS, y + 18, max(x - LINKS, 2), REIHE - 42, "einkommen", f"Einkommen {euro(zeile.einkommen)}")


def _zeichne_ergebnis(bild: Zeichnung, zeile: Zeile, y: int) -> None:
    assert zeile.ergebnis is not None  # noqa: S101  the caller drew a row without result differently
    x = LINKS + MITTE + 18
    bild.text(x, y + 25, KURZ[zeile.ergebnis.empfehlung], "fett")
    einkommen = "offen" if zeile.einkommen is None else f"{ganze_euro(zeile.einkommen)} €"
    bild.text(x, y + 42, f"Einkommen {einkommen}", "klein")


KURZ = {
    "bewilligen": "✓ bewilligen",
    "ablehnen": "✗ ablehnen",
    "nachfordern": "… nachfordern",
    "vorlegen": "? vorlegen",
    "weiterleiten": "→ weiterleiten",
}
"""Recommendations with a sign, so that the picture does not depend on colour."""


def _zeichne_legende(bild: Zeichnung, y: int) -> None:
    stellen = ((20, "einkommen", "Gesamteinkommen"), (205, "stufe", "bis zur Grenze einer Stufe"))
    for x, klasse, text in (*stellen, (440, "offen", "Grenze nicht belegt oder nicht gesichert")):
        bild.rechteck(x, y - 11, 24, 13, klasse)
        bild.text(x + 32, y, text)
    bild.linie(780, y - 13, 780, y + 4, "marke")
    bild.text(788, y, "Grenze")
    bild.linie(870, y - 13, 870, y + 4, "heute")
    bild.text(878, y, "Grenze nach Ermessen")
