"""Streaming reader and writer of multipart/related (MTOM, RFC 2046/2387), in constant memory for any chunk size.

The reader is strict where leniency loses data: the closing boundary must be seen, a Content-ID must be unique, a
transfer encoding it cannot undo is refused. It is tolerant where nothing can be lost: preamble, epilogue, padding
behind a boundary, a root part that comes last. It is given chunks and does no I/O of its own.
"""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

WURZEL_ID = "root.message@cxf.apache.org"
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]+)')
_GRENZE = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_KOPFNAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_KENNUNG = re.compile(r"[!-;=?-~]+")
_TEILANFANG = re.compile(rb"[ \t]*\r\n")
_SCHLUSS = re.compile(rb"--[ \t]*(\r\n|\Z)")
_MOEGLICH = re.compile(rb"(?:[ \t]*\r?|--[ \t]*\r?|-)\Z")
_STEUERZEICHEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DURCHREICHEND = frozenset({"", "binary", "8bit", "7bit"})


class MehrteiligFehler(ValueError):
    """The body is no complete multipart/related message; ``code`` says how, without any content."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class MehrteiligGrenzen:
    """Limits in bytes or counts; a body beyond them raises :class:`MehrteiligFehler`."""

    kopf_bytes: int = 16 * 1024
    kopfzeilen: int = 64
    teile: int = 1000
    vorspann_bytes: int = 64 * 1024
    nachspann_bytes: int = 64 * 1024
    auffuellung_bytes: int = 1024


@dataclass(frozen=True)
class Medientyp:
    """A Content-Type: ``typ`` in lower case, ``parameter`` with lower-case names and unquoted values."""

    typ: str
    parameter: dict[str, str]


def lies_medientyp(text: str) -> Medientyp:
    """Parse a Content-Type header value; of a repeated parameter the first counts."""
    parameter: dict[str, str] = {}
    for name, wert in _PARAMETER.findall(text):
        wert = re.sub(r"\\(.)", r"\1", wert[1:-1]) if wert.startswith('"') else wert
        parameter.setdefault(name.lower(), wert)
    return Medientyp(text.partition(";")[0].strip().lower(), parameter)


def cid_ziel(href: str) -> str:
    """The Content-ID (without angle brackets) a ``cid:`` reference names, percent-decoded (RFC 2392)."""
    if href[:4].lower() != "cid:" or len(href) == 4:
        raise MehrteiligFehler("cid_ungueltig")
    try:
        return unquote(href[4:], errors="strict")
    except UnicodeDecodeError:
        raise MehrteiligFehler("cid_ungueltig") from None


class MimeTeil:
    """One body part: its header and, once, its content. Only valid until the reader moves to the next part."""

    def __init__(self, kopf: dict[str, str], ist_wurzel: bool, inhalt: Iterator[bytes]) -> None:
        self.kopf = kopf
        self.ist_wurzel = ist_wurzel
        self._inhalt: Iterator[bytes] | None = inhalt

    @property
    def content_id(self) -> str:
        """Without angle brackets; empty where the part has none."""
        return ohne_klammern(self.kopf.get("content-id", ""))

    @property
    def medientyp(self) -> Medientyp:
        """The part's own Content-Type (application/octet-stream where absent)."""
        return lies_medientyp(self.kopf.get("content-type", "application/octet-stream"))

    def strom(self) -> Iterator[bytes]:
        """The content in pieces, once; what is not consumed is skipped when the reader goes on."""
        if self._inhalt is None:
            raise RuntimeError("the content of a MIME part can be read once, and only before the next part")
        inhalt, self._inhalt = self._inhalt, None
        return inhalt

    def verfalle(self) -> None:
        """The reader has moved on: reading now is a mistake, not an empty content."""
        self._inhalt = None

    def lies(self, grenze: int) -> bytes:
        """The whole content, at most ``grenze`` bytes."""
        inhalt = self.lies_falls_klein(grenze)
        if inhalt is None:
            raise MehrteiligFehler("teil_zu_gross")
        return inhalt

    def lies_falls_klein(self, grenze: int) -> bytes | None:
        """The whole content, None if it is longer than ``grenze`` bytes."""
        gelesen = io.BytesIO()
        for stueck in self.strom():
            gelesen.write(stueck)
            if gelesen.tell() > grenze:
                return None
        return gelesen.getvalue()


def ohne_klammern(kennung: str) -> str:
    """``<a@b>`` as ``a@b``."""
    kennung = kennung.strip()
    return kennung[1:-1] if kennung.startswith("<") and kennung.endswith(">") else kennung


def lies_teile(
    stuecke: Iterable[bytes], content_type: str, grenzen: MehrteiligGrenzen = MehrteiligGrenzen()
) -> Iterator[MimeTeil]:
    """Yield the parts in the order of the wire; the whole body is consumed when the iterator ends.

    The root is the part named by the ``start`` parameter, else the first. Raises :class:`MehrteiligFehler` for a
    body that is not complete, also while a part is being read: what was read until then is not to be trusted.
    """
    medientyp = lies_medientyp(content_type)
    if medientyp.typ != "multipart/related":
        raise MehrteiligFehler("kein_multipart")
    boundary = medientyp.parameter.get("boundary", "")
    if not _GRENZE.fullmatch(boundary):
        raise MehrteiligFehler("grenze_ungueltig")
    start = ohne_klammern(medientyp.parameter.get("start", ""))
    return _teile(_Leser(stuecke, boundary, grenzen), start, grenzen)


def _teile(leser: _Leser, start: str, grenzen: MehrteiligGrenzen) -> Iterator[MimeTeil]:
    leser.ueberspringe_vorspann()
    gesehen: set[str] = set()
    anzahl, wurzel_da = 0, False
    while not leser.geschlossen:
        kopf = leser.lies_kopf()
        kennung = ohne_klammern(kopf.get("content-id", ""))
        anzahl += 1
        _pruefe_teil(kopf, kennung, anzahl, gesehen, grenzen)
        gesehen.add(kennung)
        ist_wurzel = kennung == start if start else anzahl == 1
        wurzel_da = wurzel_da or ist_wurzel
        inhalt = leser.lies_inhalt()
        teil = MimeTeil(kopf, ist_wurzel, inhalt)
        yield teil
        teil.verfalle()
        for _ in inhalt:
            pass
    leser.lies_nachspann()
    if not wurzel_da:
        raise MehrteiligFehler("wurzel_fehlt")


def _pruefe_teil(
    kopf: dict[str, str], kennung: str, anzahl: int, gesehen: set[str], grenzen: MehrteiligGrenzen
) -> None:
    if anzahl > grenzen.teile:
        raise MehrteiligFehler("zu_viele_teile")
    if kennung and kennung in gesehen:
        raise MehrteiligFehler("kennung_doppelt")
    if kopf.get("content-transfer-encoding", "").strip().lower() not in _DURCHREICHEND:
        raise MehrteiligFehler("kodierung_unbekannt")


class _Leser:
    """The state of one body: a small buffer, refilled from the chunks."""

    def __init__(self, stuecke: Iterable[bytes], boundary: str, grenzen: MehrteiligGrenzen) -> None:
        self._stuecke = _hoechstens_1_mib(stuecke)
        self._marke = b"\r\n--" + boundary.encode("ascii")
        self._puffer = b"\r\n"  # so that a boundary at the very beginning looks like any other
        self._am_ende = False
        self._grenzen = grenzen
        self.geschlossen = False

    def ueberspringe_vorspann(self) -> None:
        gelesen = 0
        for stueck in self.lies_inhalt():
            gelesen += len(stueck)
            if gelesen > self._grenzen.vorspann_bytes:
                raise MehrteiligFehler("vorspann_zu_gross")

    def lies_kopf(self) -> dict[str, str]:
        """The header block; the buffer still starts with the line end of the boundary line."""
        while (ende := self._puffer.find(b"\r\n\r\n")) < 0:
            if len(self._puffer) > self._grenzen.kopf_bytes:
                raise MehrteiligFehler("kopf_zu_gross")
            self._lade_oder_fehler()
        if ende > self._grenzen.kopf_bytes:
            raise MehrteiligFehler("kopf_zu_gross")
        block, self._puffer = self._puffer[2:ende], self._puffer[ende + 4 :]
        return _lies_kopfzeilen(block, self._grenzen.kopfzeilen)

    def lies_inhalt(self) -> Iterator[bytes]:
        """The bytes up to the next boundary; afterwards the buffer stands at its line end, or all is closed."""
        ab = 0
        while True:
            stelle = self._puffer.find(self._marke, ab)
            if stelle < 0:
                behalten = len(self._marke) - 1
                if len(self._puffer) > behalten:
                    stueck, self._puffer = self._puffer[:-behalten], self._puffer[-behalten:]
                    yield stueck
                ab = 0
                self._lade_oder_fehler()
            elif self._ist_grenze(stelle):
                if stelle:
                    yield self._nimm(stelle)
                self._ueberspringe_marke()
                return
            else:
                ab = stelle + 1

    def lies_nachspann(self) -> None:
        """Consume the rest, so that the HTTP layer sees whether its body is complete."""
        gelesen = len(self._puffer)
        for stueck in self._stuecke:
            gelesen += len(stueck)
            if gelesen > self._grenzen.nachspann_bytes:
                raise MehrteiligFehler("nachspann_zu_gross")

    def _ist_grenze(self, stelle: int) -> bool:
        """Whether the match at ``stelle`` is a whole boundary line and not content that merely begins like one."""
        ab = stelle + len(self._marke)
        while True:
            if _TEILANFANG.match(self._puffer, ab):
                return True
            schluss = _SCHLUSS.match(self._puffer, ab)
            if schluss and (schluss.group(1) or self._am_ende):
                return True
            if not _MOEGLICH.match(self._puffer, ab) or len(self._puffer) - ab > self._grenzen.auffuellung_bytes:
                return False
            if self._am_ende:
                raise MehrteiligFehler("schlussgrenze_fehlt")
            self._lade()

    def _ueberspringe_marke(self) -> None:
        ab = len(self._marke)
        if schluss := _SCHLUSS.match(self._puffer, ab):
            self.geschlossen = True
            self._puffer = self._puffer[schluss.end() :]
        elif anfang := _TEILANFANG.match(self._puffer, ab):
            self._puffer = self._puffer[anfang.end() - 2 :]

    def _nimm(self, laenge: int) -> bytes:
        stueck, self._puffer = self._puffer[:laenge], self._puffer[laenge:]
        return stueck

    def _lade_oder_fehler(self) -> None:
        self._lade()
        if self._am_ende:
            raise MehrteiligFehler("schlussgrenze_fehlt")

    def _lade(self) -> None:
        stueck = next(self._stuecke, None)
        if stueck is None:
            self._am_ende = True
        else:
            self._puffer += stueck


def _hoechstens_1_mib(stuecke: Iterable[bytes]) -> Iterator[bytes]:
    """Large chunks in pieces, so that cutting many small parts out of one chunk stays linear."""
    for stueck in stuecke:
        for ab in range(0, len(stueck), 1 << 20):
            yield stueck[ab : ab + (1 << 20)]


def _lies_kopfzeilen(block: bytes, hoechstens: int) -> dict[str, str]:
    kopf: dict[str, str] = {}
    text = block.decode("utf-8", errors="surrogateescape")
    zeilen = re.sub(r"\r\n[ \t]+", " ", text).split("\r\n") if text else []
    if len(zeilen) > hoechstens:
        raise MehrteiligFehler("zu_viele_kopfzeilen")
    for zeile in zeilen:
        name, trenner, wert = zeile.partition(":")
        if not trenner or not _KOPFNAME.fullmatch(name) or _STEUERZEICHEN.search(wert):
            raise MehrteiligFehler("kopfzeile_ungueltig")
        if name.lower() in kopf:
            raise MehrteiligFehler("kopfzeile_doppelt")
        kopf[name.lower()] = wert.strip()
    return kopf


def neue_grenze() -> str:
    """A boundary no content contains."""
    return f"uuid:{uuid.uuid4()}"


def schreibe_teile(
    wurzel: bytes, aktion: str, teile: Sequence[tuple[str, str, Iterable[bytes]]], boundary: str
) -> tuple[str, Iterator[bytes]]:
    """The Content-Type header and the body of an MTOM message.

    ``teile`` are (Content-ID without brackets, media type, chunks); ``aktion`` is the WS-Addressing action. The
    body ends with its closing boundary, without a line end behind it.
    """
    content_type = mehrteilig_content_type(aktion, boundary)
    koepfe = [_teilkopf(boundary, _wurzel_typ(aktion), WURZEL_ID, erster=True)]
    koepfe += [_teilkopf(boundary, medientyp, kennung) for kennung, medientyp, _ in teile]

    def koerper() -> Iterator[bytes]:
        yield koepfe[0] + wurzel
        for kopf, (_, _, strom) in zip(koepfe[1:], teile, strict=True):
            yield kopf
            yield from strom
        yield _schluss(boundary)

    return content_type, koerper()


def gesamtlaenge(wurzel: bytes, aktion: str, teile: Sequence[tuple[str, str, int]], boundary: str) -> int:
    """Content-Length of what :func:`schreibe_teile` writes, from the lengths of the parts' contents."""
    laenge = (
        len(_teilkopf(boundary, _wurzel_typ(aktion), WURZEL_ID, erster=True)) + len(wurzel) + len(_schluss(boundary))
    )
    return laenge + sum(len(_teilkopf(boundary, medientyp, kennung)) + groesse for kennung, medientyp, groesse in teile)


def mehrteilig_content_type(aktion: str, boundary: str) -> str:
    """The Content-Type header of the HTTP message, as CXF and the public XTA clients write it."""
    if not _GRENZE.fullmatch(boundary):
        raise ValueError("boundary")
    return (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<{WURZEL_ID}>"; '
        f'start-info="{_start_info(aktion)}"'
    )


def _start_info(aktion: str) -> str:
    if re.search(r'[\x00-\x1f"\\]', aktion):
        raise ValueError("action")
    return rf"application/soap+xml; action=\"{aktion}\""


def _wurzel_typ(aktion: str) -> str:
    return f'application/xop+xml; charset=UTF-8; type="{_start_info(aktion)}"'


def _teilkopf(boundary: str, medientyp: str, kennung: str, *, erster: bool = False) -> bytes:
    if not _KENNUNG.fullmatch(kennung) or re.search(r"[\x00-\x1f]", medientyp):
        raise ValueError("content id or media type")
    return (
        f"{'' if erster else chr(13) + chr(10)}--{boundary}\r\nContent-Type: {medientyp}\r\n"
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{kennung}>\r\n\r\n"
    ).encode()


def _schluss(boundary: str) -> bytes:
    return f"\r\n--{boundary}--".encode()
