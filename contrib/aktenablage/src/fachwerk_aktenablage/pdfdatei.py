"""The file format: objects into a PDF 1.7 with object streams, and nothing about what is drawn.

Everything is deterministic: objects stand in the order in which they were made, and the file's id is a hash of them.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

_JE_STROM = 200
_STUFE = 4
_KOPF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def text(wert: str) -> bytes:
    """A PDF text string (UTF-16 in hex), so that no character needs escaping."""
    return b"<" + ("\ufeff" + wert).encode("utf-16-be").hex().encode() + b">"


def verweis(nummer: int) -> bytes:
    """An indirect reference."""
    return b"%d 0 R" % nummer


def gepackt(inhalt: bytes, merkmale: bytes = b"", *, vorab: bool = False) -> bytes:
    """A stream object, deflated; ``vorab`` says that ``inhalt`` is deflated already."""
    daten = inhalt if vorab else zlib.compress(inhalt, _STUFE)
    return b"<</Filter/FlateDecode/Length %d%s>>stream\n%s\nendstream" % (len(daten), merkmale, daten)


class Pdfdatei:
    """Collects numbered objects and writes the file."""

    def __init__(self) -> None:
        self._objekte: list[bytes] = []

    def reserviere(self) -> int:
        """A number for an object that is set later."""
        self._objekte.append(b"")
        return len(self._objekte)

    def setze(self, nummer: int, inhalt: bytes) -> None:
        """Give a reserved number its object."""
        self._objekte[nummer - 1] = inhalt

    def neu(self, inhalt: bytes) -> int:
        """Add an object."""
        self._objekte.append(inhalt)
        return len(self._objekte)

    def als_bytes(self, wurzel: int, auskunft: int) -> bytes:
        """The whole file. Streams stand alone, all other objects in compressed object streams."""
        kennung = hashlib.sha256(b"".join(self._objekte)).hexdigest()[:32].encode()
        einzeln = {n: o for n, o in enumerate(self._objekte, 1) if o.endswith(b"endstream")}
        lose = [n for n in range(1, len(self._objekte) + 1) if n not in einzeln]
        ausgabe, stellen = bytearray(_KOPF), dict[int, tuple[int, int, int]]()
        for anfang in range(0, len(lose), _JE_STROM):
            gruppe = lose[anfang : anfang + _JE_STROM]
            nummer = len(self._objekte) + 1 + anfang // _JE_STROM
            stellen |= {n: (2, nummer, platz) for platz, n in enumerate(gruppe)}
            einzeln[nummer] = self._objektstrom(gruppe)
        for nummer, inhalt in einzeln.items():
            stellen[nummer] = (1, len(ausgabe), 0)
            ausgabe += b"%d 0 obj\n%s\nendobj\n" % (nummer, inhalt)
        return bytes(ausgabe) + _schluss(stellen, len(ausgabe), wurzel, auskunft, kennung)

    def _objektstrom(self, gruppe: list[int]) -> bytes:
        kopf, rumpf = [], bytearray()
        for nummer in gruppe:
            kopf.append(b"%d %d" % (nummer, len(rumpf)))
            rumpf += self._objekte[nummer - 1] + b"\n"
        vorspann = b" ".join(kopf) + b"\n"
        return gepackt(vorspann + bytes(rumpf), b"/Type/ObjStm/N %d/First %d" % (len(gruppe), len(vorspann)))


def _schluss(
    stellen: dict[int, tuple[int, int, int]], stelle: int, wurzel: int, auskunft: int, kennung: bytes
) -> bytes:
    """The cross-reference stream, which lists itself, and the trailer."""
    eigene = max(stellen) + 1
    eintraege = [(0, 0, 65535), *(stellen[n] for n in range(1, eigene)), (1, stelle, 0)]
    tabelle = b"".join(struct.pack(">BIH", *eintrag) for eintrag in eintraege)
    merkmale = b"/Type/XRef/W[1 4 2]/Size %d/Root %s/Info %s/ID[<%s><%s>]" % (
        len(eintraege),
        verweis(wurzel),
        verweis(auskunft),
        kennung,
        kennung,
    )
    return b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (eigene, gepackt(tabelle, merkmale), stelle)
