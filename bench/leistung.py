"""Writes docs/leistung.md and its picture from the sheet of a run: ``leistung.py BLATT SEITE BILD``.

Only the parts of the page between ``<!-- tafel … -->`` and ``<!-- ende -->`` are written; the words around them stay.
The picture shows how much of each bound is used up: a bar that passes the line has broken it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import date
from html import escape
from pathlib import Path

from blatt import Zeile, lies, tabelle, zahl

TAFEL = re.compile(r"(<!-- tafel (\S+) -->\n).*?(<!-- ende -->)", re.DOTALL)
BREITE, LINKS, RECHTS, REIHE, HOCH = 840, 370, 130, 24, 44
GANZ = BREITE - LINKS - RECHTS
GROESSTER = "1000000"
"""Of what was measured at several sizes of the store the picture shows the largest."""
UEBER = 1.25
"""The axis ends at this multiple of the bound; what is longer is cut and said in figures."""


def seite(text: str, zeilen: Sequence[Zeile]) -> str:
    """The page with new tables; a part without figures in this run keeps its old ones."""

    def neu(fund: re.Match[str]) -> str:
        teile = [zeile for zeile in zeilen if zeile.teil.split(".")[0] == fund[2]]
        if fund[2] == "stand":
            return f"{fund[1]}Gemessen am {date.today():%d.%m.%Y}.\n{fund[3]}"
        zeichne = wachstum if fund[2] == "bestand" else tabelle
        return f"{fund[1]}\n" + "\n".join(zeichne(teile)) + f"\n\n{fund[3]}" if teile else fund[0]

    return TAFEL.sub(neu, text)


def wachstum(zeilen: Sequence[Zeile]) -> list[str]:
    """One row for each kind and database, one column for each size of the store; ``teil`` ends with the size."""
    groessen = sorted({int(zeile.teil.split(".")[2]) for zeile in zeilen})
    werte = {(*zeile.was.split(", ")[:2], int(zeile.teil.split(".")[2])): zeile for zeile in zeilen}
    reihen = dict.fromkeys(schluessel[:2] for schluessel in werte)
    kopf = "".join(f" {zahl(float(groesse))} |" for groesse in groessen)
    tafel = [f"| Das Langsamste, in ms | Datenbank |{kopf} Zugesagt |", f"|---|---|{'---:|' * len(groessen)}---:|"]
    for titel, art in reihen:
        reihe = [werte.get((titel, art, groesse)) for groesse in groessen]
        gefunden = [zeile for zeile in reihe if zeile]
        grenze = f"höchstens {zahl(gefunden[0].grenze)}" if gefunden[0].grenze else "–"
        zellen = "".join(f" {_zelle(zeile)} |" for zeile in reihe)
        tafel.append(f"| {titel}: {gefunden[-1].dazu.removeprefix(titel).strip()} | {art} |{zellen} {grenze} |")
    return tafel


def _zelle(zeile: Zeile | None) -> str:
    if zeile is None:
        return "nicht gemessen"
    return zahl(zeile.wert) if zeile.haelt else f"**{zahl(zeile.wert)}**"


def bild(zeilen: Sequence[Zeile]) -> str:
    """Bars as SVG, one for each bound; readable in black and white, and described for those who do not see it."""
    schranken = [
        z for z in zeilen if z.grenze is not None and (not z.teil.startswith("bestand") or GROESSTER in z.teil)
    ]
    hoehe = HOCH + REIHE * len(schranken) + 16
    strich = LINKS + GANZ / UEBER
    beschreibung = "; ".join(f"{z.was}: {zahl(z.anteil * 100)} Prozent der Grenze" for z in schranken)
    kopf = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {BREITE} {hoehe}" role="img" aria-labelledby="t b" '
        'font-family="system-ui, sans-serif" font-size="12">\n'
        f'<title id="t">Wie viel von jeder Grenze ausgeschöpft ist</title><desc id="b">{escape(beschreibung)}</desc>\n'
        f'<rect width="{BREITE}" height="{hoehe}" fill="#ffffff"/>\n'
        f'<text x="{strich:.0f}" y="18" text-anchor="middle" font-weight="bold" fill="#1b1b1b">Grenze</text>\n'
    )
    reihen = "".join(_balken(zeile, HOCH - 16 + REIHE * nummer) for nummer, zeile in enumerate(schranken))
    linie = (
        f'<line x1="{strich:.1f}" x2="{strich:.1f}" y1="24" y2="{hoehe - 10}" stroke="#1b1b1b" stroke-dasharray="4 3"/>'
    )
    return f"{kopf}{reihen}{linie}\n</svg>\n"


def _balken(zeile: Zeile, oben: int) -> str:
    breite = max(2.0, min(zeile.anteil, UEBER) * GANZ / UEBER)
    farbe = "#2f6f4f" if zeile.haelt else "#a12622"
    name = zeile.was if len(zeile.was) <= 50 else zeile.was[:49] + "…"
    wert = f"{zahl(zeile.wert)} {zeile.einheit}"
    return (
        f'<text x="{LINKS - 8}" y="{oben + 13}" text-anchor="end" fill="#1b1b1b">{escape(name)}</text>'
        f'<rect x="{LINKS}" y="{oben + 2}" width="{breite:.1f}" height="15" rx="2" fill="{farbe}"/>'
        f'<text x="{LINKS + GANZ + 8}" y="{oben + 13}" fill="#1b1b1b">{escape(wert)}</text>\n'
    )


def main() -> int:
    """Page and picture."""
    angaben = argparse.ArgumentParser(description=__doc__)
    for name in ("blatt", "seite", "bild"):
        angaben.add_argument(name, type=Path)
    gesagt = angaben.parse_args()
    zeilen = lies(gesagt.blatt)
    gesagt.seite.write_text(seite(gesagt.seite.read_text(encoding="utf-8"), zeilen), encoding="utf-8")
    gesagt.bild.write_text(bild(zeilen), encoding="utf-8")
    print(f"{gesagt.seite} und {gesagt.bild}: {len(zeilen)} Werte")
    return 0


if __name__ == "__main__":
    sys.exit(main())
