"""The HTTP body of a request in pieces, by Content-Length or chunked, never more than one piece in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from fachwerk_generic_xta.simulator.fehler import HttpFehler, VerbindungAbgebrochen

STUECK = 64 * 1024
_MAX_ZEILE = 1024


class Lesequelle(Protocol):
    """What the socket's buffered file offers."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""
        ...

    def readline(self, size: int, /) -> bytes:
        """One line, at most ``size`` bytes."""
        ...


class Rumpf:
    """A body that can be iterated once and emptied afterwards, so that the connection stays usable."""

    def __init__(self, quelle: Lesequelle, kopfzeilen: Mapping[str, str]) -> None:
        """``kopfzeilen`` have lower-case names. Contradictory lengths are refused (request smuggling)."""
        self.gelesen = 0
        kodierung, laenge = kopfzeilen.get("transfer-encoding", ""), kopfzeilen.get("content-length", "")
        if kodierung and (kodierung.strip().lower() != "chunked" or laenge):
            raise HttpFehler(400, "Transfer-Encoding und Content-Length passen nicht zusammen.")
        if not kodierung and not laenge.strip().isdecimal():
            raise HttpFehler(411, "Die Anfrage braucht Content-Length oder Transfer-Encoding: chunked.")
        self._stuecke = _gestueckelt(quelle) if kodierung else _fest(quelle, int(laenge))

    def __iter__(self) -> Iterator[bytes]:
        for stueck in self._stuecke:
            self.gelesen += len(stueck)
            yield stueck

    def leere(self, grenze: int) -> bool:
        """Read what is left, at most ``grenze`` bytes; False: there is more, the connection must end."""
        for stueck in self:
            grenze -= len(stueck)
            if grenze < 0:
                return False
        return True


def _fest(quelle: Lesequelle, laenge: int) -> Iterator[bytes]:
    while laenge:
        stueck = quelle.read(min(STUECK, laenge))
        if not stueck:
            raise VerbindungAbgebrochen
        laenge -= len(stueck)
        yield stueck


def _gestueckelt(quelle: Lesequelle) -> Iterator[bytes]:
    while laenge := _stuecklaenge(_zeile(quelle)):
        yield from _fest(quelle, laenge)
        if _zeile(quelle):
            raise HttpFehler(400, "Die gestückelte Übertragung ist fehlerhaft.")
    while _zeile(quelle):
        pass


def _zeile(quelle: Lesequelle) -> bytes:
    zeile = quelle.readline(_MAX_ZEILE)
    if not zeile.endswith(b"\n"):
        raise VerbindungAbgebrochen
    return zeile.rstrip(b"\r\n")


def _stuecklaenge(zeile: bytes) -> int:
    ziffern = zeile.partition(b";")[0].strip()
    if not ziffern or len(ziffern) > 15 or ziffern.strip(b"0123456789abcdefABCDEF"):
        raise HttpFehler(400, "Die gestückelte Übertragung ist fehlerhaft.")
    return int(ziffern, 16)
