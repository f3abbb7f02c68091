"""Answers of virus scanners, clamd and ICAP: clean only where that was said, everything else holds the case."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

from geruest import Ziel

from fachwerk import viren, viren_icap
from fachwerk.errors import NeedsHumanError

_INHALT = b"erfundener Inhalt"
_204 = re.compile(rb"(?:^|\n)ICAP/1\.[0-9] +204(?: |\r|\n)")


class _Netz:
    """Stands in for ``socket``: whoever connects reads ``antworten``, one per connection."""

    def __init__(self, antworten: list[bytes]) -> None:
        self.antworten = antworten

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def create_connection(self, _ort: object, timeout: float = 0) -> socket.socket:
        hier, dort = socket.socketpair()
        dort.sendall(self.antworten.pop(0)[:60_000] if self.antworten else b"")
        dort.shutdown(socket.SHUT_WR)
        self._halte = dort  # open for what is sent to it, closed with the next
        hier.settimeout(timeout)
        return hier


def lauf(daten: bytes) -> None:
    """First byte ``c``: an answer of clamd; anything else: those of an ICAP service, OPTIONS first, after ``\\\\0``."""
    if daten[:1] == b"c":
        fund = _frage(viren, lambda: viren.Clamd("tcp://127.0.0.1:1", 5).pruefe([_INHALT]), [daten[1:]])
        assert fund is not None or daten[1:].split(b"\0")[0].strip() == b"stream: OK", "clean, but nobody said so"
        return
    vorab, _, antwort = daten[1:].partition(b"\0")
    pruefer = viren_icap.Icap("icap://127.0.0.1:1/av", 5)
    fund = _frage(viren_icap, lambda: pruefer.pruefe([_INHALT]), [vorab, antwort])
    sauber = _204.search(antwort) or _INHALT in antwort or hashlib.sha256(b"").digest() in antwort
    assert fund is not None or sauber or b"chunked" in antwort or b"res-body" in antwort, "clean, but nobody said so"


def _frage(modul: Any, frage: Callable[[], Any], antworten: list[bytes]) -> Any:
    echt, modul.socket = modul.socket, _Netz(antworten)
    try:
        return frage()
    finally:
        modul.socket = echt


def saat() -> Iterator[bytes]:
    for text in (
        b"stream: OK\0",
        b"stream: Eicar-Test FOUND\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: OK",
        b"\xff\0",
        b"",
    ):
        yield b"c" + text
    optionen = b"iICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nPreview: 4\r\nISTag: x\r\n\r\n\0"
    ohne = optionen.replace(b"Preview: 4\r\n", b"")
    weiter = b"ICAP/1.0 100 Continue\r\n\r\n"
    kopf = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
    geklaut = (
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=%d\r\n\r\n" % len(kopf)
        + kopf
        + b"11\r\n"
        + _INHALT
        + b"\r\n0\r\n\r\n"
    )
    yield optionen + b"ICAP/1.0 204 No Content\r\n\r\n"
    yield optionen + weiter + b"ICAP/1.0 204 No Content\r\nX: y\r\n\r\n"
    yield optionen + weiter + geklaut
    yield ohne + geklaut.replace(b"OK\r\nEnc", b"OK\r\nX-Infection-Found: Type=0; Resolution=2; Threat=Eicar;\r\nEnc")
    yield ohne + b"ICAP/1.0 413 Too large\r\n\r\n"
    yield optionen + weiter + b"ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0\r\n\r\n"


ZIEL = Ziel(
    name="virenantwort",
    was="answers of clamd and of ICAP services",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk.viren", "fachwerk.viren_icap"),
    erlaubt=(NeedsHumanError,),
    woerter=(
        b"\0", b"\r\n", b"\r\n\r\n", b"ICAP/1.0 ", b"HTTP/1.1 ", b"100 Continue", b"204 ", b"200 OK", b"Preview: ",
        b"Encapsulated: ", b"res-hdr=0", b"res-body=", b"null-body=0", b"0\r\n\r\n", b"ffffffffffffffff\r\n",
        b"-1\r\n", b"X-Virus-ID: ", b"X-Infection-Found: Threat=", b"stream: OK", b" FOUND", b"\xb2", b"\xb3",
    ),
)  # fmt: skip
