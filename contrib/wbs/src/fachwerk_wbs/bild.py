"""Pictures as SVG, written element by element with lxml; all coordinates are whole numbers.

Every picture has a title and a description for those who do not see it, and carries its own style.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

NAMENSRAUM = "http://www.w3.org/2000/svg"
_OHNE_KUERZEL: Any = {None: NAMENSRAUM}
STIL = """
  text { font-family: 'Noto Sans', 'DejaVu Sans', Arial, sans-serif; font-size: 13px; fill: #1b1b1b }
  .titel { font-size: 18px; font-weight: bold }
  .fett { font-weight: bold }
  .klein { font-size: 11px; fill: #444 }
  .achse { stroke: #d4d4d4; stroke-width: 1 }
  .grund { stroke: #555; stroke-width: 1 }
  .heute { stroke: #1b1b1b; stroke-width: 1; stroke-dasharray: 2 3 }
  .marke { stroke: #0b3d78; stroke-width: 2 }
  .stufe { fill: #0b3d78; fill-opacity: 0.16 }
  .einkommen { fill: #c75300 }
  .offen { fill: url(#schraffur); stroke: #777; stroke-width: 1; stroke-dasharray: 4 3 }
  .fehlt { fill: #f2f2f2; stroke: #777; stroke-width: 1; stroke-dasharray: 4 3 }
  .grundflaeche { fill: #ffffff; fill-opacity: 0.85 }
  .verlauf { fill: none; stroke-width: 3 }
"""


def breite(inhalt: str, groesse: int = 13) -> int:
    """A careful guess how many pixels ``inhalt`` needs."""
    return len(inhalt) * groesse * 58 // 100


class Zeichnung:
    """One picture of a fixed size; what is drawn later lies on top."""

    def __init__(self, weite: int, hoehe: int, titel: str, beschreibung: str) -> None:
        self.weite, self.hoehe = weite, hoehe
        mass = {"width": str(weite), "height": str(hoehe), "viewBox": f"0 0 {weite} {hoehe}"}
        kopf = {**mass, "role": "img", "aria-labelledby": "titel beschreibung"}
        self._wurzel = etree.Element(f"{{{NAMENSRAUM}}}svg", kopf, nsmap=_OHNE_KUERZEL)
        self._unter("title", id="titel").text = titel
        self._unter("desc", id="beschreibung").text = beschreibung
        self._unter("style").text = STIL
        self._schraffur()
        self._unter("rect", width=str(weite), height=str(hoehe), fill="#ffffff")

    def rechteck(self, x: int, y: int, weite: int, hoehe: int, klasse: str, titel: str = "") -> None:
        """A filled rectangle; ``titel`` is read out and shown under the pointer."""
        mass = {"x": str(x), "y": str(y), "width": str(max(weite, 0)), "height": str(max(hoehe, 0))}
        self._benannt(self._unter("rect", **mass, **{"class": klasse}), titel)

    def linie(self, x1: int, y1: int, x2: int, y2: int, klasse: str, titel: str = "") -> None:
        """A straight line."""
        ort = {"x1": str(x1), "y1": str(y1), "x2": str(x2), "y2": str(y2)}
        self._benannt(self._unter("line", **ort, **{"class": klasse}), titel)

    def zug(self, punkte: list[tuple[int, int]], farbe: str, strich: str = "", titel: str = "") -> None:
        """A line through several points."""
        ort = " ".join(f"{x},{y}" for x, y in punkte)
        linie = self._unter("polyline", points=ort, stroke=farbe, **{"class": "verlauf", "stroke-dasharray": strich})
        self._benannt(linie, titel)

    def text(self, x: int, y: int, inhalt: str, klasse: str = "", anker: str = "start", farbe: str = "") -> None:
        """One line of text with its base at ``y``."""
        angaben = {"x": str(x), "y": str(y), "text-anchor": anker} | ({"class": klasse} if klasse else {})
        if farbe:
            angaben["style"] = f"fill: {farbe}"
        self._unter("text", **angaben).text = inhalt

    def als_svg(self) -> str:
        """The document as text."""
        return str(etree.tostring(self._wurzel, encoding="unicode", pretty_print=True))

    def _unter(self, name: str, **angaben: str) -> etree._Element:
        return etree.SubElement(self._wurzel, f"{{{NAMENSRAUM}}}{name}", angaben)

    def _benannt(self, element: etree._Element, titel: str) -> None:
        if titel:
            etree.SubElement(element, f"{{{NAMENSRAUM}}}title").text = titel

    def _schraffur(self) -> None:
        muster = etree.SubElement(
            self._unter("defs"),
            f"{{{NAMENSRAUM}}}pattern",
            id="schraffur",
            width="8",
            height="8",
            patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)",
        )
        etree.SubElement(muster, f"{{{NAMENSRAUM}}}rect", width="8", height="8", fill="#ffffff")
        etree.SubElement(muster, f"{{{NAMENSRAUM}}}rect", width="3", height="8", fill="#b9b9b9")


def runde_schritte(hoechster: int, anzahl: int = 6) -> list[int]:
    """Round values for an axis from 0 to at least ``hoechster``."""
    grob = max(hoechster // anzahl, 1)
    groesse = 10 ** (len(str(grob)) - 1)
    schritt = next(f * groesse for f in (1, 2, 5, 10) if f * groesse >= grob)
    return list(range(0, hoechster + schritt, schritt))
