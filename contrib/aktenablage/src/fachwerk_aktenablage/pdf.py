"""Draws a document as tagged PDF/A-2u with embedded fonts; same document and time, same bytes.

Own code on purpose: the fonts are fixed and prepared when the package is built, so a document costs milliseconds,
where a general library reads and cuts its fonts anew for each (measured: more than ten times as long).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from html import escape

from fachwerk_aktenablage.bild import Bild
from fachwerk_aktenablage.blatt import (
    BREITE,
    HOEHE,
    MAX_SEITEN,
    WURZEL,
    ZIERAT,
    Bildstelle,
    Element,
    Flaeche,
    Seite,
    Text,
    Zeichnung,
)
from fachwerk_aktenablage.blattsatz import Satzergebnis, setze
from fachwerk_aktenablage.farbprofil import farben, graustufen
from fachwerk_aktenablage.gliederung import Absatz, Schriftstueck
from fachwerk_aktenablage.pdfdatei import Pdfdatei, gepackt, text, verweis
from fachwerk_aktenablage.schrift import Satz, Schnitt, Setzer, passender_satz

PROGRAMM = "Fachwerk Aktenablage"
_PUNKTE = 72 / 25.4
_GENANNT = 20
_KUERZEL: dict[Schnitt, str] = {"": "/F", "B": "/B"}
_GEKUERZT = (
    f"Dieses Dokument endet nach {MAX_SEITEN} Seiten. Die übrigen Angaben stehen vollständig in index.html "
    "und im Original der Nachricht."
)


def als_pdf(schriftstueck: Schriftstueck, zeit: datetime) -> bytes:
    """The document as PDF; ``zeit`` becomes its creation date."""
    satz = passender_satz(schriftstueck.texte())
    gesamt = _mit_hinweis_auf_zeichen(schriftstueck, satz)
    ergebnis = setze(gesamt, satz, Setzer(satz))
    if not ergebnis.vollstaendig:
        ergebnis = setze(_mit_warnung(gesamt, _GEKUERZT), satz, Setzer(satz))
    titel = f"{schriftstueck.art} {schriftstueck.kennzeichen}"
    return _datei(ergebnis, titel, satz, zeit.astimezone(UTC), schriftstueck.logo)


def aus_satz(ergebnis: Satzergebnis, titel: str, satz: Satz, zeit: datetime) -> bytes:
    """Pages that were laid out elsewhere as PDF; ``titel`` is what a reader shows in its window."""
    return _datei(ergebnis, titel, satz, zeit.astimezone(UTC), None)


def _mit_warnung(schriftstueck: Schriftstueck, warnung: str) -> Schriftstueck:
    return replace(schriftstueck, vorspann=(*schriftstueck.vorspann, Absatz(warnung, "warnung")))


def _mit_hinweis_auf_zeichen(schriftstueck: Schriftstueck, satz: Satz) -> Schriftstueck:
    setzer = Setzer(satz)
    for stueck in schriftstueck.texte():
        setzer.druckbar(stueck)
    if not setzer.ersetzt:
        return schriftstueck
    genannt = ", ".join(f"U+{ord(zeichen):04X}" for zeichen in sorted(setzer.ersetzt)[:_GENANNT])
    mehr = " und weitere" if len(setzer.ersetzt) > _GENANNT else ""
    return _mit_warnung(
        schriftstueck,
        "Zeichen ersetzt, siehe Original: Die Schrift dieses Dokuments kennt nicht alle gesendeten Zeichen. "
        f"Sie stehen hier als Nummer in eckigen Klammern ({genannt}{mehr}); index.html zeigt sie unverändert.",
    )


def _datei(ergebnis: Satzergebnis, titel: str, satz: Satz, zeit: datetime, logo: Bild | None) -> bytes:
    datei = Pdfdatei()
    mittel = b"/Font<<%s>>" % b" ".join(
        b"%s %s" % (kuerzel.encode(), verweis(_schrift(datei, satz, schnitt))) for schnitt, kuerzel in _KUERZEL.items()
    )
    if logo:
        mittel += b"/XObject<</L %s>>" % verweis(_bild(datei, logo))
    baum, seiten = datei.reserviere(), datei.reserviere()
    marken: dict[int, list[tuple[int, int]]] = defaultdict(list)
    blaetter, eltern = [], []
    for nummer, seite in enumerate(ergebnis.seiten):
        inhalt, elemente = _seiteninhalt(seite, satz)
        strom = datei.neu(gepackt(inhalt))
        blatt = datei.neu(
            b"<</Type/Page/Parent %s/MediaBox[0 0 %.2f %.2f]/Resources<<%s>>/Contents %s"
            b"/StructParents %d/Tabs/S>>"
            % (verweis(seiten), BREITE * _PUNKTE, HOEHE * _PUNKTE, mittel, verweis(strom), nummer)
        )
        for marke, element in enumerate(elemente):
            marken[element].append((blatt, marke))
        blaetter.append(blatt)
        eltern.append(elemente)
    kinder = b" ".join(map(verweis, blaetter))
    datei.setze(seiten, b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(blaetter), kinder))
    _struktur(datei, baum, ergebnis.struktur, marken, eltern)
    return datei.als_bytes(_katalog(datei, seiten, baum, titel, zeit), _auskunft(datei, titel, zeit))


def _katalog(datei: Pdfdatei, seiten: int, baum: int, titel: str, zeit: datetime) -> int:
    profil = datei.neu(gepackt(graustufen(), b"/N 1"))
    xmp = _xmp(titel, zeit)
    metadaten = datei.neu(b"<</Type/Metadata/Subtype/XML/Length %d>>stream\n%s\nendstream" % (len(xmp), xmp))
    return datei.neu(
        b"<</Type/Catalog/Pages %s/StructTreeRoot %s/MarkInfo<</Marked true>>/Lang(de-DE)/Metadata %s"
        b"/ViewerPreferences<</DisplayDocTitle true>>/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1"
        b"/OutputConditionIdentifier(Custom)/Info(Grey, gamma 2.2)/DestOutputProfile %s>>]>>"
        % (verweis(seiten), verweis(baum), verweis(metadaten), verweis(profil))
    )


def _auskunft(datei: Pdfdatei, titel: str, zeit: datetime) -> int:
    datum = f"(D:{zeit:%Y%m%d%H%M%S}Z)".encode()
    return datei.neu(
        b"<</Title %s/Creator %s/Producer %s/CreationDate%s/ModDate%s>>"
        % (text(titel), text(PROGRAMM), text(PROGRAMM), datum, datum)
    )


def _xmp(titel: str, zeit: datetime) -> bytes:
    """The metadata a PDF/A must carry; they say the same as the information dictionary."""
    datum = f"{zeit:%Y-%m-%dT%H:%M:%SZ}"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(titel)}</rdf:li></rdf:Alt></dc:title>
<xmp:CreatorTool>{PROGRAMM}</xmp:CreatorTool><pdf:Producer>{PROGRAMM}</pdf:Producer>
<xmp:CreateDate>{datum}</xmp:CreateDate><xmp:ModifyDate>{datum}</xmp:ModifyDate>
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>""".encode()


def _bild(datei: Pdfdatei, bild: Bild) -> int:
    """The logo as an image in colours that depend on no device."""
    profil = datei.neu(gepackt(graustufen() if bild.farben == 1 else farben(), b"/N %d" % bild.farben))
    raum = b"[/ICCBased %s]" % verweis(profil)
    if bild.palette:
        raum = b"[/Indexed %s %d<%s>]" % (raum, len(bild.palette) // 3 - 1, bild.palette.hex().encode())
    masse = b"/Width %d/Height %d/BitsPerComponent %d" % (bild.breite, bild.hoehe, bild.tiefe)
    return datei.neu(
        b"<</Type/XObject/Subtype/Image%s/ColorSpace %s%s/Length %d>>stream\n%s\nendstream"
        % (masse, raum, bild.merkmale, len(bild.daten), bild.daten)
    )


def _schrift(datei: Pdfdatei, satz: Satz, schnitt: Schnitt) -> int:
    """The five objects of an embedded font; text is written in glyph numbers."""
    schrift = satz.schriften[schnitt]
    name = f"FW{satz.umfang.upper()[:4]:X<4}+{schrift.masse['name']}".encode()
    daten, laenge = schrift.gepackt
    programm = datei.neu(gepackt(daten, b"/Length1 %d" % laenge, vorab=True))
    masse = schrift.masse
    beschreibung = datei.neu(
        b"<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d"
        b"/CapHeight %d/StemV %d/FontFile2 %s>>"
        % (name, *masse["kasten"], masse["oben"], masse["unten"], masse["versalhoehe"], 140 if schnitt else 80,
           verweis(programm))
    )  # fmt: skip
    breiten, zuordnung = _tabellen(satz.umfang, schnitt)
    cid = datei.neu(
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        b"/Supplement 0>>/FontDescriptor %s/DW 600/W[%s]/CIDToGIDMap/Identity>>"
        % (name, verweis(beschreibung), breiten)
    )
    unicode = datei.neu(gepackt(zuordnung, vorab=True))
    return datei.neu(
        b"<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%s]/ToUnicode %s>>"
        % (name, verweis(cid), verweis(unicode))
    )


@lru_cache(maxsize=4)
def _tabellen(umfang: str, schnitt: Schnitt) -> tuple[bytes, bytes]:
    """Widths by glyph, and the deflated table that turns glyphs back into characters, once per process."""
    import zlib

    from fachwerk_aktenablage.schrift import satz

    schrift = satz(umfang).schriften[schnitt]
    je_glyphe = {glyphe: zeichen for zeichen, glyphe in reversed(schrift.glyphen.items())}
    breiten = b" ".join(b"%d[%d]" % (g, schrift.breiten[z]) for g, z in sorted(je_glyphe.items()))
    return breiten, zlib.compress(_zuordnung(je_glyphe), 9)


def _zuordnung(je_glyphe: dict[int, str]) -> bytes:
    zeilen = [f"<{g:04X}> <{z.encode('utf-16-be').hex().upper()}>" for g, z in sorted(je_glyphe.items())]
    bloecke = [zeilen[n : n + 100] for n in range(0, len(zeilen), 100)]
    eintraege = "".join(f"{len(b)} beginbfchar\n" + "\n".join(b) + "\nendbfchar\n" for b in bloecke)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{eintraege}"
        "endcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode()


def _seiteninhalt(seite: Seite, satz: Satz) -> tuple[bytes, list[int]]:
    """The drawing of a page, and for each marked piece of it the element it belongs to."""
    feder = _Feder(satz)
    elemente: list[int] = []
    offen: int | None = None
    for ding in seite:
        element = ZIERAT if isinstance(ding, Flaeche) else ding.element
        if element != offen:
            if offen is not None:
                feder.zeilen.append("EMC")
            feder.zeilen.append(_anfang(element, len(elemente), ding))
            if element != ZIERAT:
                elemente.append(element)
            offen = element
        feder.zeichne(ding)
    return "\n".join([*feder.zeilen, "EMC"]).encode("ascii"), elemente


def _anfang(element: int, marke: int, ding: Zeichnung) -> str:
    if element == ZIERAT:
        return "/Artifact BMC"
    return f"/{'Figure' if isinstance(ding, Bildstelle) else 'Span'}<</MCID {marke}>>BDC"


class _Feder:
    """Writes drawings as operators of one page; grey and font are said only where they change."""

    def __init__(self, satz: Satz) -> None:
        self.zeilen: list[str] = []
        self._satz = satz
        self._grau = -1
        self._schrift: tuple[Schnitt, float] | None = None

    def zeichne(self, ding: Zeichnung) -> None:
        if isinstance(ding, Text):
            self._text(ding)
            return
        x, y = ding.x * _PUNKTE, (HOEHE - ding.y - ding.h) * _PUNKTE
        b, h = ding.b * _PUNKTE, ding.h * _PUNKTE
        if isinstance(ding, Bildstelle):
            self.zeilen.append(f"q {b:.2f} 0 0 {h:.2f} {x:.2f} {y:.2f} cm /L Do Q")
            return
        rechteck = f"{x:.2f} {y:.2f} {b:.2f} {h:.2f} re"
        if ding.rahmen:
            self.zeilen.append(f"{ding.grau / 255:.2f} G 1 w {rechteck} S")
        else:
            self._faerbe(ding.grau)
            self.zeilen.append(f"{rechteck} f")

    def _text(self, ding: Text) -> None:
        self._faerbe(ding.grau)
        schrift = (ding.schnitt, ding.groesse)
        wahl = "" if schrift == self._schrift else f"{_KUERZEL[ding.schnitt]} {ding.groesse:.1f} Tf "
        self._schrift = schrift
        codes = ding.text.translate(self._satz.schriften[ding.schnitt].codes)
        self.zeilen.append(f"BT {wahl}{ding.x * _PUNKTE:.2f} {(HOEHE - ding.y) * _PUNKTE:.2f} Td <{codes}> Tj ET")

    def _faerbe(self, grau: int) -> None:
        if grau != self._grau:
            self.zeilen.append(f"{grau / 255:.2f} g")
            self._grau = grau


def _struktur(
    datei: Pdfdatei,
    baum: int,
    struktur: list[Element],
    marken: dict[int, list[tuple[int, int]]],
    eltern: list[list[int]],
) -> None:
    """The tree a screen reader walks: elements, their pieces on the pages, and the way back from the pieces."""
    nummern = [datei.reserviere() for _ in struktur]
    kinder: list[list[str]] = [[] for _ in struktur]
    seiten = [""] * len(struktur)
    for nummer, ((blatt, marke), *weitere) in marken.items():
        seiten[nummer] = f"/Pg {blatt} 0 R"
        kinder[nummer] = [str(marke), *(f"<</Type/MCR/Pg {auf} 0 R/MCID {dort}>>" for auf, dort in weitere)]
    for position, element in enumerate(struktur[1:], 1):
        kinder[element.eltern].append(f"{nummern[position]} 0 R")
    for position, element in enumerate(struktur):
        oben = baum if position == WURZEL else nummern[element.eltern]
        mehr = f"/A{element.merkmale}" if element.merkmale else ""
        if element.ersatz:
            mehr += f"/Alt {text(element.ersatz).decode()}"
        unten = " ".join(kinder[position])
        knoten = f"<</S/{element.art}/P {oben} 0 R/K[{unten}]{seiten[position]}{mehr}>>"
        datei.setze(nummern[position], knoten.encode("ascii"))
    _baumwurzel(datei, baum, nummern, eltern)


def _baumwurzel(datei: Pdfdatei, baum: int, nummern: list[int], eltern: list[list[int]]) -> None:
    felder = [b"%d[%s]" % (n, b" ".join(verweis(nummern[e]) for e in elemente)) for n, elemente in enumerate(eltern)]
    rueckweg = datei.neu(b"<</Nums[%s]>>" % b" ".join(felder))
    datei.setze(
        baum,
        b"<</Type/StructTreeRoot/K %s/ParentTree %s/ParentTreeNextKey %d>>"
        % (verweis(nummern[WURZEL]), verweis(rueckweg), len(eltern)),
    )
