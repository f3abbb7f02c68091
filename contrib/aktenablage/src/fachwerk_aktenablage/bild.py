"""The office's logo: a PNG or JPEG as an image a PDF can carry, read once at the start and without an image library.

A JPEG and an opaque PNG pass through as they are. A PNG that one can see through is laid on white here, because
office printers and PDF/A agree on nothing simpler. Everything else is refused with what to do.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

GROESSTE_DATEI = 2_000_000
MEISTE_PUNKTE = 4_000_000
MEISTE_DURCHSICHTIGE = 600_000
"""Pixels of a PNG with transparency: each is computed here, once at the start."""

_PNG = b"\x89PNG\r\n\x1a\n"
_KANAELE = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_JPEG_RAHMEN = (0xC0, 0xC1, 0xC2)
_JPEG_ANDERE = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RAT = "Bitte als PNG mit 8 Bit je Farbe ohne Interlace oder als JPEG in RGB oder Graustufen speichern."


class Bildfehler(ValueError):
    """This file cannot be a logo; the text is German and says what to do."""


@dataclass(frozen=True)
class Bild:
    """An image for a PDF. ``farben`` is 1 (grey) or 3 (RGB); ``palette`` is set where pixels are numbers of colours.

    ``merkmale`` are the filter entries of the stream, ``daten`` its bytes.
    """

    breite: int
    hoehe: int
    farben: int
    merkmale: bytes
    daten: bytes
    tiefe: int = 8
    palette: bytes = b""


def lies_bild(roh: bytes) -> Bild:
    """The image in a PNG or JPEG file. Raises ``Bildfehler``."""
    if len(roh) > GROESSTE_DATEI:
        raise Bildfehler(f"ist größer als {GROESSTE_DATEI // 1_000_000} MB. Bitte ein kleineres Bild verwenden.")
    if roh.startswith(_PNG):
        return _png(roh)
    if roh.startswith(b"\xff\xd8\xff"):
        return _jpeg(roh)
    raise Bildfehler(f"ist weder PNG noch JPEG. {_RAT}")


def _jpeg(roh: bytes) -> Bild:
    for marke, inhalt in _abschnitte(roh):
        if marke in _JPEG_ANDERE:
            raise Bildfehler(f"ist ein JPEG einer seltenen Art. {_RAT}")
        if marke in _JPEG_RAHMEN and len(inhalt) >= 6:
            tiefe, hoehe, breite, farben = struct.unpack(">BHHB", inhalt[:6])
            if tiefe != 8 or farben not in (1, 3):
                raise Bildfehler(f"ist ein JPEG in anderen Farben als RGB oder Graustufen. {_RAT}")
            _pruefe_masse(breite, hoehe, MEISTE_PUNKTE)
            return Bild(breite, hoehe, farben, b"/Filter/DCTDecode", roh)
    raise Bildfehler(f"ist kein lesbares JPEG. {_RAT}")


def _abschnitte(roh: bytes) -> Iterator[tuple[int, bytes]]:
    """The marked segments before the picture data."""
    stelle = 2
    while stelle + 4 <= len(roh) and roh[stelle] == 0xFF and roh[stelle + 1] != 0xDA:
        if roh[stelle + 1] == 0xFF:
            stelle += 1
            continue
        (laenge,) = struct.unpack_from(">H", roh, stelle + 2)
        yield roh[stelle + 1], roh[stelle + 4 : stelle + 2 + laenge]
        stelle += 2 + laenge


@dataclass(frozen=True)
class _Kopf:
    breite: int
    hoehe: int
    tiefe: int
    art: int

    @property
    def kanaele(self) -> int:
        return _KANAELE[self.art]

    @property
    def zeile(self) -> int:
        """Bytes of a row without its filter byte."""
        return (self.breite * self.kanaele * self.tiefe + 7) // 8


def _png(roh: bytes) -> Bild:
    stuecke = _chunks(roh)
    kopf = _kopf(stuecke.get(b"IHDR", b""))
    gepackt = stuecke.get(b"IDAT", b"")
    punkte = _entpackt(gepackt, kopf)
    if kopf.art in (4, 6):
        return _auf_weiss(punkte, kopf)
    durchsicht, palette = stuecke.get(b"tRNS", b""), stuecke.get(b"PLTE", b"")
    merkmale = b"/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors %d/BitsPerComponent %d/Columns %d>>" % (
        kopf.kanaele,
        kopf.tiefe,
        kopf.breite,
    )
    if kopf.art == 3:
        if not palette or len(palette) % 3 or len(palette) > 3 << kopf.tiefe:
            raise Bildfehler(f"ist ein PNG ohne gültige Farbtafel. {_RAT}")
        palette = _helle_palette(palette, durchsicht)
        return Bild(kopf.breite, kopf.hoehe, 3, merkmale, gepackt, kopf.tiefe, palette)
    if durchsicht and len(durchsicht) == 2 * kopf.kanaele:
        werte = struct.unpack(f">{kopf.kanaele}H", durchsicht)
        merkmale += b"/Mask[%s]" % b" ".join(b"%d %d" % (wert, wert) for wert in werte)
    return Bild(kopf.breite, kopf.hoehe, kopf.kanaele, merkmale, gepackt, kopf.tiefe)


def _chunks(roh: bytes) -> dict[bytes, bytes]:
    """The chunks by name, equal ones joined; each is checked by its sum."""
    stuecke: dict[bytes, bytes] = {}
    stelle = len(_PNG)
    while stelle + 12 <= len(roh):
        laenge, name = struct.unpack_from(">I4s", roh, stelle)
        inhalt = roh[stelle + 8 : stelle + 8 + laenge]
        summe = roh[stelle + 8 + laenge : stelle + 12 + laenge]
        if summe != struct.pack(">I", zlib.crc32(name + inhalt)):
            break
        if name == b"IEND":
            return stuecke
        stuecke[name] = stuecke.get(name, b"") + inhalt
        stelle += 12 + laenge
    raise Bildfehler(f"ist ein beschädigtes PNG. {_RAT}")


def _kopf(inhalt: bytes) -> _Kopf:
    if len(inhalt) != 13:
        raise Bildfehler(f"ist ein beschädigtes PNG. {_RAT}")
    breite, hoehe, tiefe, art, packung, filterung, verschraenkt = struct.unpack(">IIBBBBB", inhalt)
    erlaubt = {0: (1, 2, 4, 8), 2: (8,), 3: (1, 2, 4, 8), 4: (8,), 6: (8,)}
    if tiefe not in erlaubt.get(art, ()) or packung or filterung or verschraenkt:
        raise Bildfehler(f"ist ein PNG einer seltenen Art (Interlace oder 16 Bit). {_RAT}")
    _pruefe_masse(breite, hoehe, MEISTE_DURCHSICHTIGE if art in (4, 6) else MEISTE_PUNKTE)
    return _Kopf(breite, hoehe, tiefe, art)


def _pruefe_masse(breite: int, hoehe: int, meiste: int) -> None:
    if not breite or not hoehe:
        raise Bildfehler(f"hat keine Bildpunkte. {_RAT}")
    if breite * hoehe > meiste:
        raise Bildfehler(f"hat mehr als {meiste} Bildpunkte. Bitte verkleinern; gedruckt wird es höchstens 6 cm breit.")


def _entpackt(gepackt: bytes, kopf: _Kopf) -> bytes:
    erwartet = kopf.hoehe * (kopf.zeile + 1)
    entpacker = zlib.decompressobj()
    try:
        punkte = entpacker.decompress(gepackt, erwartet + 1)
    except zlib.error:
        punkte = b""
    if len(punkte) != erwartet or any(punkte[n] > 4 for n in range(0, erwartet, kopf.zeile + 1)):
        raise Bildfehler(f"ist ein beschädigtes PNG. {_RAT}")
    return punkte


def _helle_palette(palette: bytes, durchsicht: bytes) -> bytes:
    """The colours as they look on white."""
    farben = [
        _gemischt(wert, durchsicht[n // 3]) if n // 3 < len(durchsicht) else wert for n, wert in enumerate(palette)
    ]
    return bytes(farben)


def _gemischt(wert: int, deckung: int) -> int:
    return 255 - (255 - wert) * deckung // 255


def _auf_weiss(punkte: bytes, kopf: _Kopf) -> Bild:
    """Grey or RGB pixels with their last channel taken as cover over white."""
    farben = kopf.kanaele - 1
    ergebnis = bytearray()
    vorige = bytearray(kopf.zeile)
    for zeile in range(kopf.hoehe):
        anfang = zeile * (kopf.zeile + 1)
        vorige = _entfiltert(
            punkte[anfang], bytearray(punkte[anfang + 1 : anfang + 1 + kopf.zeile]), vorige, farben + 1
        )
        ebenen = [
            bytes(map(_gemischt, vorige[farbe :: farben + 1], vorige[farben :: farben + 1])) for farbe in range(farben)
        ]
        reihe = bytearray(kopf.breite * farben)
        for farbe, ebene in enumerate(ebenen):
            reihe[farbe::farben] = ebene
        ergebnis += reihe
    return Bild(kopf.breite, kopf.hoehe, farben, b"/Filter/FlateDecode", zlib.compress(bytes(ergebnis), 9))


def _entfiltert(art: int, zeile: bytearray, oben: bytearray, schritt: int) -> bytearray:
    """Undo the filter of one row (PNG specification, section 9)."""
    for n in range(len(zeile)):
        links = zeile[n - schritt] if n >= schritt else 0
        if art == 1:
            zeile[n] = (zeile[n] + links) & 255
        elif art == 2:
            zeile[n] = (zeile[n] + oben[n]) & 255
        elif art == 3:
            zeile[n] = (zeile[n] + (links + oben[n]) // 2) & 255
        elif art == 4:
            zeile[n] = (zeile[n] + _paeth(links, oben[n], oben[n - schritt] if n >= schritt else 0)) & 255
    return zeile


def _paeth(links: int, oben: int, schraeg: int) -> int:
    schaetzung = links + oben - schraeg
    abstaende = abs(schaetzung - links), abs(schaetzung - oben), abs(schaetzung - schraeg)
    return (links, oben, schraeg)[abstaende.index(min(abstaende))]
