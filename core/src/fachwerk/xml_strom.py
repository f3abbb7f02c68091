"""The bottom of XML reading: expat fed under limits, the root element alone, base64 streamed out of a document.

Used through :mod:`fachwerk.xml`, which re-exports what others need.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from typing import TYPE_CHECKING, BinaryIO, cast
from xml.parsers import expat

from fachwerk.errors import PermanentError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from fachwerk.modell import Ausschnitt

STUECK = 64 * 1024
_KEIN_FORTSCHRITT = 2 * 1024 * 1024
_KOPF_BYTES = 1024 * 1024
_ANFANG = 512
_TRENNER = "\x1f"
_ZWISCHENRAUM = b" \t\r\n"
_SCHLICHT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=" + _ZWISCHENRAUM


class XmlFehler(PermanentError):
    """The XML cannot be read, or is larger than anything honest: the same bytes will never work."""


def kopf(strom: BinaryIO) -> tuple[str, str]:
    """Namespace and local name of the root element, reading no further than needed; no XML: :class:`XmlFehler`."""
    parser = neuer_parser()
    gefunden: list[tuple[str, str]] = []

    def wurzel(name: str, attribute: list[str]) -> None:
        gefunden.append(zerlege(name)[:2])
        raise _Genug

    parser.StartElementHandler = wurzel
    try:
        speise(parser, strom, _KOPF_BYTES, 4096)
    except _Genug:
        return gefunden[0]
    raise unlesbar("Das XML hat kein Wurzelelement.")


def zeichensatz_von(anfang: bytes) -> str:
    """Encoding of a document from its first bytes: byte order mark, null pattern or XML declaration."""
    if anfang.startswith((b"\xfe\xff", b"\x00<")):
        return "utf-16be"
    if anfang.startswith((b"\xff\xfe", b"<\x00")):
        return "utf-16le"
    angabe = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)", anfang)
    return angabe.group(1).decode("ascii").lower() if angabe else "utf-8"


class _Genug(Exception):
    """Enough was read."""


def unlesbar(hinweis: str) -> XmlFehler:
    return XmlFehler("xml.unlesbar", hinweis)


def zerlege(name: str) -> tuple[str, str, str]:
    """expat's triplet as (namespace, local name, prefix)."""
    teile = name.split(_TRENNER)
    if len(teile) == 1:
        return "", teile[0], ""
    return teile[0], teile[1], teile[2] if len(teile) > 2 else ""


def _verweigere_doctype(*_: object) -> None:
    raise XmlFehler("xml.doctype", "Das XML enthält eine DOCTYPE-Angabe; das ist in keinem XÖV-Standard vorgesehen.")


def neuer_parser(zeichensatz: str | None = None) -> expat.XMLParserType:
    parser = expat.ParserCreate(zeichensatz, _TRENNER)
    parser.buffer_text = False
    parser.ordered_attributes = True
    parser.StartDoctypeDeclHandler = _verweigere_doctype
    return parser


def speise(parser: expat.XMLParserType, strom: BinaryIO, hoechstens: int, stueck: int) -> tuple[int, bytes]:
    """Feed the whole stream; returns its size and first bytes. Refuses what is too large, or a token without end."""
    gelesen, anfang = 0, b""
    while daten := strom.read(stueck):
        if len(anfang) < _ANFANG:
            anfang += daten[:_ANFANG]
        gelesen += len(daten)
        if gelesen > hoechstens:
            raise XmlFehler("xml.groesse", f"Das XML ist größer als {hoechstens} Bytes.")
        gib(parser, daten)
        if gelesen - max(parser.CurrentByteIndex, 0) > _KEIN_FORTSCHRITT:
            raise XmlFehler("xml.token", "Ein einzelnes Stück des XML (Element, Attribut, Kommentar) ist zu lang.")
    gib(parser, b"", schluss=True)
    return gelesen, anfang


def gib(parser: expat.XMLParserType, daten: bytes, *, schluss: bool = False) -> None:
    """One feeding of expat, its complaint turned into ours (position, no content)."""
    try:
        parser.Parse(daten, schluss)
    except expat.ExpatError as fehler:
        grund = _GRUENDE.get(fehler.code, "Aufbau")
        wo = f"Zeile {fehler.lineno}, Spalte {fehler.offset + 1}"
        raise unlesbar(f"Das XML ist beschädigt oder kein XML ({wo}; {grund}).") from None
    except (ValueError, LookupError):
        raise unlesbar(f"Das XML ist nicht lesbar (Zeile {parser.CurrentLineNumber}).") from None


_GRUENDE = {
    expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]: "kein Wurzelelement",
    expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]: "ungültiges Zeichen",
    expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]: "falsch geschachtelt",
    expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]: "unbekannte Entität",
    expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]: "unbekannter Zeichensatz",
    expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN]: "mitten im Text abgebrochen",
}


def entnimm_aus(eltern: BinaryIO, ausschnitt: Ausschnitt) -> BinaryIO:
    """The decoded content of ``ausschnitt``, streamed from the document ``eltern`` (open at its beginning).

    The encoding is taken from the document's first bytes; a stream that cannot seek is read past.
    """
    anfang = _lies_voll(eltern, min(_ANFANG, ausschnitt.von))
    if eltern.seekable():
        eltern.seek(ausschnitt.von)
    else:
        _ueberlies(eltern, ausschnitt.von - len(anfang))
    return _stroeme(eltern, ausschnitt.bis - ausschnitt.von, zeichensatz_von(anfang))


def entnimm(strom: BinaryIO, von: int, bis: int, kodierung: str = "xml-base64", zeichensatz: str = "utf-8") -> BinaryIO:
    """The decoded content of the bytes ``von`` to ``bis`` of ``strom`` (open at its beginning), in constant memory.

    White space, character references, CDATA and comments are tolerated; what is not base64 then raises
    :class:`XmlFehler` ``xml.base64`` while reading. Closing the result closes ``strom``.
    """
    if kodierung != "xml-base64":
        raise XmlFehler("xml.kodierung", "Diese Kodierung eines Ausschnitts ist unbekannt.")
    if strom.seekable():
        strom.seek(von)
    else:
        _ueberlies(strom, von)
    return _stroeme(strom, bis - von, zeichensatz)


def _lies_voll(strom: BinaryIO, anzahl: int) -> bytes:
    daten = b""
    while len(daten) < anzahl and (stueck := strom.read(anzahl - len(daten))):
        daten += stueck
    return daten


def _ueberlies(strom: BinaryIO, anzahl: int) -> None:
    while anzahl > 0 and (stueck := strom.read(min(STUECK, anzahl))):
        anzahl -= len(stueck)


def _stroeme(strom: BinaryIO, laenge: int, zeichensatz: str) -> BinaryIO:
    roh = _Base64Strom(strom, laenge, zeichensatz)
    return cast(BinaryIO, io.BufferedReader(roh, STUECK))


class _Base64Strom(io.RawIOBase):
    """Decodes the base64 text of one slice of a document while it is read.

    Plain base64 is decoded as it stands; from the first byte on that is anything else, expat says what is text.
    """

    def __init__(self, strom: BinaryIO, laenge: int, zeichensatz: str) -> None:
        self._strom = strom
        self._rest = laenge
        breit = zeichensatz if zeichensatz.startswith("utf-16") else ""
        self._huelle = breit or "ascii"
        self._zeichensatz = breit or "iso-8859-1"
        self._parser: expat.XMLParserType | None = None
        self._gefuettert = 0
        self._zeichen: list[bytes] = []
        self._halb = b""
        self._bereit = b""
        self._ende = False

    def readable(self) -> bool:
        return True

    def readinto(self, puffer: WriteableBuffer) -> int:
        ziel = memoryview(puffer).cast("B")
        while not self._bereit and not self._ende:
            self._lies_weiter()
        anzahl = min(len(ziel), len(self._bereit))
        ziel[:anzahl] = self._bereit[:anzahl]
        self._bereit = self._bereit[anzahl:]
        return anzahl

    def close(self) -> None:
        if not self.closed:
            self._strom.close()
        super().close()

    def _lies_weiter(self) -> None:
        stueck = self._strom.read(min(STUECK, self._rest)) if self._rest else b""
        self._rest -= len(stueck)
        if stueck:
            self._nimm_stueck(stueck)
        elif self._rest:
            raise XmlFehler("xml.unlesbar", "Das XML endet mitten in einem Dokument.")
        else:
            self._ende = True
            if self._parser is not None:
                self._gib(self._parser, "</x>".encode(self._huelle), schluss=True)
        self._dekodiere()

    def _nimm_stueck(self, stueck: bytes) -> None:
        if self._parser is None and not stueck.translate(None, _SCHLICHT) and self._huelle == "ascii":
            self._zeichen.append(stueck)
            return
        if self._parser is None:
            self._parser = neuer_parser(self._zeichensatz)
            self._parser.buffer_text = True
            self._parser.CharacterDataHandler = self._nimm
            self._parser.StartElementHandler = self._beginne
            self._gib(self._parser, "<x>".encode(self._huelle))
        self._gib(self._parser, stueck)

    def _gib(self, parser: expat.XMLParserType, daten: bytes, *, schluss: bool = False) -> None:
        self._gefuettert += len(daten)
        gib(parser, daten, schluss=schluss)
        if self._gefuettert - max(parser.CurrentByteIndex, 0) > _KEIN_FORTSCHRITT:
            raise XmlFehler("xml.token", "Ein Kommentar in einem Dokument ist zu lang.")

    def _beginne(self, name: str, attribute: list[str]) -> None:
        if self._parser is not None and self._parser.CurrentByteIndex > 0:
            raise _kein_base64()

    def _nimm(self, text: str) -> None:
        try:
            self._zeichen.append("".join(text.split()).encode("ascii"))
        except UnicodeEncodeError:
            raise _kein_base64() from None

    def _dekodiere(self) -> None:
        text = self._halb + b"".join(self._zeichen).translate(None, _ZWISCHENRAUM)
        self._zeichen.clear()
        ganz = len(text) if self._ende else len(text) // 4 * 4
        if b"=" in text and not self._ende:
            ganz = min(ganz, text.index(b"=") // 4 * 4)
        self._halb = text[ganz:]
        if len(self._halb) > 4:
            raise _kein_base64()
        try:
            self._bereit = base64.b64decode(text[:ganz], validate=True)
        except (binascii.Error, ValueError):
            raise _kein_base64() from None


def _kein_base64() -> XmlFehler:
    return XmlFehler("xml.base64", "Der Inhalt eines Dokuments ist kein gültiges Base64.")
