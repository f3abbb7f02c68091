"""Takes XML and attachments out of one container, streaming: a ZIP file or a MIME multipart, as the profile says.

XSozial-basis puts message and attachments into one container (class c); in which form COM Vibilia stores it is not
public. So nothing is split unless the site's profile names the files and their form. Everything inside is hostile:
names are data only, sizes are counted while reading, a container inside a container stays one part.
"""

from __future__ import annotations

import binascii
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser
from typing import BinaryIO

_STUECK = 1 << 18
_LAENGSTE_ZEILE = 1 << 16
_LAENGSTER_KOPF = 1 << 16
_BESCHAEDIGT = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, binascii.Error, EOFError)


class BehaelterFehler(Exception):
    """The container is damaged, encrypted, incomplete or too large; it says nothing of its content."""


@dataclass(frozen=True)
class Grenzen:
    """How many parts a container may have, and how many bytes all of them together."""

    teile: int
    bytes: int


@dataclass(frozen=True)
class Stueck:
    """One part: its name (data), what the container says of its type, and its content, to be read at once."""

    name: str
    medientyp: str
    inhalt: Iterator[bytes]


def zerlege(strom: BinaryIO, art: str, grenzen: Grenzen) -> Iterator[Stueck]:
    """The parts in their order; each must be read before the next is asked for. Raises :class:`BehaelterFehler`."""
    zaehler = _Zaehler(grenzen)
    try:
        for stueck in _zip(strom) if art == "zip" else _multipart(strom):
            zaehler.teil()
            yield Stueck(stueck.name, stueck.medientyp, zaehler.gezaehlt(stueck.inhalt))
    except (*_BESCHAEDIGT, MessageError, LookupError) as fehler:
        raise BehaelterFehler(type(fehler).__name__) from fehler
    except (RuntimeError, ValueError, OSError) as fehler:  # encrypted, an unknown method, a broken length
        raise BehaelterFehler(type(fehler).__name__) from fehler


class _Zaehler:
    def __init__(self, grenzen: Grenzen) -> None:
        self._grenzen = grenzen
        self._teile = self._bytes = 0

    def teil(self) -> None:
        self._teile += 1
        if self._teile > self._grenzen.teile:
            raise BehaelterFehler("teile")

    def gezaehlt(self, inhalt: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for stueck in inhalt:
                self._bytes += len(stueck)
                if self._bytes > self._grenzen.bytes:
                    raise BehaelterFehler("bytes")
                yield stueck
        except (*_BESCHAEDIGT, RuntimeError, ValueError, OSError) as fehler:
            raise BehaelterFehler(type(fehler).__name__) from fehler


def _zip(strom: BinaryIO) -> Iterator[Stueck]:
    with zipfile.ZipFile(strom) as archiv:
        for angabe in archiv.infolist():
            if not angabe.is_dir():
                yield Stueck(angabe.filename, "", _entpackt(archiv, angabe))


def _entpackt(archiv: zipfile.ZipFile, angabe: zipfile.ZipInfo) -> Iterator[bytes]:
    with archiv.open(angabe) as datei:
        while stueck := datei.read(_STUECK):
            yield stueck


def _multipart(strom: BinaryIO) -> Iterator[Stueck]:
    grenze = b"--" + _grenze(strom)
    leser = _Zeilen(strom, grenze)
    for _ in leser.bis_grenze():
        pass  # what stands before the first part is for people
    while not leser.ende:
        kopf = _kopf(leser)
        if kopf.get_content_maintype() == "multipart":
            raise BehaelterFehler("verschachtelt")
        inhalt = _entschluesselt(leser, str(kopf.get("Content-Transfer-Encoding", "8bit")).strip().lower())
        yield Stueck(kopf.get_filename() or "", kopf.get_content_type(), inhalt)
        for _ in inhalt:
            pass  # whatever of it nobody wanted


def _grenze(strom: BinaryIO) -> bytes:
    """The boundary, from the header of the file or, without one, from its first line."""
    kopf, anfang = b"", strom.tell()
    erste = strom.readline(_LAENGSTE_ZEILE)
    if erste.startswith(b"--"):
        strom.seek(anfang)
        return erste.strip()[2:]
    zeile = erste
    while zeile.strip() and len(kopf) < _LAENGSTER_KOPF:
        kopf += zeile
        zeile = strom.readline(_LAENGSTE_ZEILE)
    grenze = BytesHeaderParser().parsebytes(kopf).get_boundary()
    if not grenze:
        raise BehaelterFehler("grenze")
    return grenze.encode("latin-1")


class _Zeilen:
    """Lines up to the next boundary; the line break before it is its own."""

    def __init__(self, strom: BinaryIO, grenze: bytes) -> None:
        self._strom = strom
        self._grenze = grenze
        self.ende = False

    def bis_grenze(self) -> Iterator[bytes]:
        umbruch, am_anfang = b"", True
        while zeile := self._strom.readline(_LAENGSTE_ZEILE):
            if am_anfang and zeile.rstrip() in (self._grenze, self._grenze + b"--"):
                self.ende = zeile.rstrip() != self._grenze
                return
            ohne = zeile.removesuffix(b"\n").removesuffix(b"\r") if zeile.endswith(b"\n") else zeile
            yield umbruch + ohne
            umbruch, am_anfang = zeile[len(ohne) :], zeile.endswith(b"\n")
        raise BehaelterFehler("unvollstaendig")

    def zeile(self) -> bytes:
        zeile = self._strom.readline(_LAENGSTE_ZEILE)
        if not zeile:
            raise BehaelterFehler("unvollstaendig")
        return zeile


def _kopf(leser: _Zeilen) -> Message:
    kopf = b""
    while (zeile := leser.zeile()).strip():
        kopf += zeile
        if len(kopf) > _LAENGSTER_KOPF:
            raise BehaelterFehler("kopf")
    return BytesHeaderParser().parsebytes(kopf)


def _entschluesselt(leser: _Zeilen, kodierung: str) -> Iterator[bytes]:
    if kodierung == "base64":
        yield from _base64(leser.bis_grenze())
    elif kodierung == "quoted-printable":
        for zeile in leser.bis_grenze():
            yield binascii.a2b_qp(zeile)
    elif kodierung in ("7bit", "8bit", "binary"):
        yield from leser.bis_grenze()
    else:
        raise BehaelterFehler("kodierung")


def _base64(zeilen: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for zeile in zeilen:
        rest += b"".join(zeile.split())
        ganz = len(rest) // 4 * 4
        if ganz:
            yield binascii.a2b_base64(rest[:ganz], strict_mode=True)
            rest = rest[ganz:]
    if rest:
        raise BehaelterFehler("base64")
