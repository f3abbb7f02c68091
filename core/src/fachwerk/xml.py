"""Hardened reading of XML from strangers: one streaming pass, nothing fetched, nothing expanded, everything bounded.

expat only splits the stream into tokens; the tree is built here, under :class:`Grenzen`. A DOCTYPE ends the
reading at once, so there are no entities to expand or fetch. Long text of a leaf (an inline PDF) never enters
memory: the tree keeps an empty element and :attr:`XmlDokument.ausschnitte` says where its bytes lie, to be
streamed out with :func:`entnimm_aus`. Errors name a code, line and column, never content.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, BinaryIO
from xml.parsers import expat

from lxml import etree

from fachwerk.xml_schema import lade_schema, pfad_von, pruefe
from fachwerk.xml_strom import (
    STUECK,
    XmlFehler,
    entnimm,
    entnimm_aus,
    kopf,
    neuer_parser,
    speise,
    unlesbar,
    zeichensatz_von,
    zerlege,
)

__all__ = [
    "STANDARD",
    "Grenzen",
    "XmlDokument",
    "XmlFehler",
    "datum",
    "entnimm",
    "entnimm_aus",
    "kopf",
    "lade_schema",
    "lies",
    "pfad_von",
    "pruefe",
    "zeichensatz_von",
    "zeitpunkt",
]
_DATUM = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_ZEITPUNKT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:(Z)|([+-])(\d{2}):(\d{2}))", re.ASCII)


@dataclass(frozen=True)
class Grenzen:
    """What one document may cost.

    ``elemente`` counts elements and attributes together, ``attribute`` those of one element; ``text`` is per leaf,
    ``gesamttext`` over all text kept in the tree (bytes).
    """

    bytes: int = 64 * 1024 * 1024
    tiefe: int = 200
    elemente: int = 200_000
    text: int = 64 * 1024
    gesamttext: int = 16 * 1024 * 1024
    attribute: int = 256
    attributwert: int = 64 * 1024


STANDARD = Grenzen()


@dataclass(frozen=True)
class XmlDokument:
    """A document as read.

    ``ausschnitte`` maps each element whose text was cut out to the byte offsets (from, to) of its content in the
    stream; such an element has no text in the tree. ``zeichensatz`` is what :func:`entnimm` needs to read them.
    """

    wurzel: etree._Element
    ausschnitte: dict[etree._Element, tuple[int, int]] = field(default_factory=dict)
    zeichensatz: str = "utf-8"
    groesse: int = 0

    def __repr__(self) -> str:
        return f"XmlDokument({self.groesse} bytes, {len(self.ausschnitte)} Ausschnitte)"


def lies(strom: BinaryIO, grenzen: Grenzen = STANDARD, schneide: Collection[str] = ()) -> XmlDokument:
    """Read a whole document in one pass.

    Leaves named in ``schneide`` ("parent/element", local names) are always cut out, however short, so that their
    content is a part of its own.

    Raises :class:`XmlFehler`: ``xml.doctype``, ``xml.groesse``, ``xml.tiefe``, ``xml.elemente``,
    ``xml.attribut``, ``xml.text``, ``xml.token``, ``xml.unlesbar``.
    """
    bau = _Bau(grenzen, frozenset(schneide))
    groesse, anfang = speise(bau.parser, strom, grenzen.bytes, STUECK)
    if bau.wurzel is None:
        raise unlesbar("Das XML hat kein Wurzelelement.")
    return XmlDokument(bau.wurzel, bau.ausschnitte, zeichensatz_von(anfang), groesse)


def datum(text: str) -> date:
    """The day as written: the zone suffix of an xs:date is cut, the day never shifted."""
    treffer = _DATUM.fullmatch(text.strip())
    try:
        if treffer:
            return date.fromisoformat(treffer.group(1))
    except ValueError:
        pass
    raise XmlFehler("xml.datum", "Kein gültiges Datum (erwartet JJJJ-MM-TT, auch mit Zeitzone).")


def zeitpunkt(text: str) -> datetime:
    """An xs:dateTime as an aware time, in the zone it was written in; without a zone it is not a point in time."""
    treffer = _ZEITPUNKT.fullmatch(text.strip())
    try:
        if treffer:
            return _zeit_aus(*treffer.groups())
    except ValueError:
        pass
    raise XmlFehler("xml.zeitpunkt", "Kein gültiger Zeitpunkt (erwartet JJJJ-MM-TTThh:mm:ss mit Zeitzone).")


def _zeit_aus(
    stamm: str, bruch: str | None, z: str | None, vorzeichen: str | None, hh: str | None, mm: str | None
) -> datetime:
    zeit = datetime.fromisoformat(stamm).replace(microsecond=int((bruch or "0")[:6].ljust(6, "0")))
    abstand = timedelta() if z else timedelta(hours=int(hh or 0), minutes=int(mm or 0))
    return zeit.replace(tzinfo=timezone(-abstand if vorzeichen == "-" else abstand))


class _Bau:
    """Builds the tree from expat's events and stops at the first limit."""

    def __init__(self, grenzen: Grenzen, schneide: frozenset[str]) -> None:
        self.grenzen = grenzen
        self.schneide = schneide
        self.wurzel: etree._Element | None = None
        self.ausschnitte: dict[etree._Element, tuple[int, int]] = {}
        self._offen: list[etree._Element] = []
        self._letztes: list[etree._Element | None] = []
        self._namen: list[str] = []
        self._text: list[str] = []
        self._textlaenge = 0
        self._gesamt = 0
        self._elemente = 0
        self._inhalt_ab = -1
        self._schnitt = False
        self._nsmap: dict[Any, str] = {}
        self._namensraeume = 0
        self._bekannt: dict[str, tuple[str, str]] = {}
        self.parser = self._verdrahte()

    def _verdrahte(self) -> expat.XMLParserType:
        parser = neuer_parser()
        parser.namespace_prefixes = True
        parser.StartElementHandler = self._beginne
        parser.EndElementHandler = self._beende
        parser.CharacterDataHandler = self._nimm_text
        parser.StartNamespaceDeclHandler = self._nimm_namensraum
        parser.EndNamespaceDeclHandler = self._verlasse_namensraum
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._merke_stelle
        parser.StartCdataSectionHandler = self._merke_stelle
        return parser

    def _merke_stelle(self, *_: object) -> None:
        """The first event after a start tag tells where the content begins."""
        if self._inhalt_ab < 0:
            self._inhalt_ab = self.parser.CurrentByteIndex

    def _nimm_namensraum(self, praefix: str | None, uri: str | None) -> None:
        self._namensraeume += 1
        if self._namensraeume > 2 * self.grenzen.attribute:
            raise XmlFehler("xml.attribut", "Das XML erklärt zu viele Namensräume.")
        if uri and praefix != "xml":
            self._nsmap[praefix] = uri

    def _verlasse_namensraum(self, praefix: str | None) -> None:
        self._namensraeume -= 1

    def _beginne(self, name: str, attribute: list[str]) -> None:
        self._elemente += 1 + len(attribute) // 2
        if self._elemente > self.grenzen.elemente or len(self._offen) >= self.grenzen.tiefe:
            raise self._zu_viel()
        if attribute:
            self._pruefe_attribute(attribute)
        if self._schnitt:
            raise XmlFehler("xml.text", f"Zu langer Text neben Elementen ({self._wo()}).")
        if self._text:
            self._setze_text()
        marke, lokal = self._bekannt.get(name) or self._benenne(name)
        self._offen.append(self._haenge_an(marke, attribute))
        self._letztes.append(None)
        self._inhalt_ab = -1
        self._schnitt = bool(self._namen) and f"{self._namen[-1]}/{lokal}" in self.schneide
        self._namen.append(lokal)

    def _benenne(self, name: str) -> tuple[str, str]:
        """The tag and the local name of an element, told apart once per document."""
        namensraum, lokal, _ = zerlege(name)
        self._bekannt[name] = marke = (f"{{{namensraum}}}{lokal}" if namensraum else lokal, lokal)
        return marke

    def _zu_viel(self) -> XmlFehler:
        grenzen = self.grenzen
        if self._elemente > grenzen.elemente:
            return XmlFehler("xml.elemente", f"Das XML hat mehr als {grenzen.elemente} Elemente und Attribute.")
        return XmlFehler("xml.tiefe", f"Das XML ist tiefer als {grenzen.tiefe} Ebenen geschachtelt ({self._wo()}).")

    def _pruefe_attribute(self, attribute: list[str]) -> None:
        grenzen = self.grenzen
        if len(attribute) > 2 * grenzen.attribute:
            raise XmlFehler("xml.attribut", f"Ein Element hat mehr als {grenzen.attribute} Attribute ({self._wo()}).")
        self._zaehle(sum(len(wert) for wert in attribute[1::2]))
        if any(len(wert) > grenzen.attributwert for wert in attribute[1::2]):
            raise XmlFehler("xml.attribut", f"Ein Attribut ist länger als {grenzen.attributwert} ({self._wo()}).")

    def _wo(self) -> str:
        return f"Zeile {self.parser.CurrentLineNumber}"

    def _haenge_an(self, tag: str, attribute: list[str]) -> etree._Element:
        nsmap, self._nsmap = self._nsmap or None, {}
        if not self._offen:
            element = self.wurzel = etree.Element(tag, nsmap=nsmap)
        else:
            element = etree.SubElement(self._offen[-1], tag, nsmap=nsmap)
            self._letztes[-1] = element
        if attribute:
            for schluessel, wert in zip(attribute[::2], attribute[1::2], strict=True):
                raum, wort, _ = zerlege(schluessel)
                element.set(f"{{{raum}}}{wort}" if raum else wort, wert)
        return element

    def _nimm_text(self, text: str) -> None:
        if self._inhalt_ab < 0:
            self._inhalt_ab = self.parser.CurrentByteIndex
        if self._schnitt:
            self.parser.CharacterDataHandler = None
            return
        self._text.append(text)
        self._textlaenge += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if self._textlaenge > self.grenzen.text:
            self._schneide_ab()

    def _schneide_ab(self) -> None:
        """The text became too long for the tree: from here on only its end is looked for."""
        if self._letztes[-1] is not None:
            raise XmlFehler("xml.text", f"Zu langer Text neben Elementen ({self._wo()}).")
        self._schnitt = True
        self._text.clear()
        self._textlaenge = 0
        self.parser.CharacterDataHandler = None

    def _setze_text(self) -> None:
        text = "".join(self._text)
        self._zaehle(self._textlaenge)
        self._text.clear()
        self._textlaenge = 0
        letztes = self._letztes[-1]
        if letztes is None:
            self._offen[-1].text = text
        else:
            letztes.tail = text

    def _beende(self, name: str) -> None:
        if self._text:
            self._setze_text()
        element = self._offen.pop()
        self._letztes.pop()
        self._namen.pop()
        if self._schnitt:
            bis = self.parser.CurrentByteIndex
            if 0 <= self._inhalt_ab < bis:
                self.ausschnitte[element] = (self._inhalt_ab, bis)
            self._schnitt = False
            self.parser.CharacterDataHandler = self._nimm_text
        self._inhalt_ab = 0

    def _zaehle(self, laenge: int) -> None:
        self._gesamt += laenge
        if self._gesamt > self.grenzen.gesamttext:
            raise XmlFehler("xml.groesse", "Der Text des XML ist insgesamt zu lang.")
