"""An ICAP client (RFC 3507) that asks whether content is clean: OPTIONS, then RESPMOD with preview.

204 is clean. 200 is a hit if the service says so in a header, if it put a page of its own in place of the content
(another HTTP status), or if the content it returns is not the content it was given.
"""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from selectors import EVENT_READ, DefaultSelector
from threading import Event
from urllib.parse import urlsplit

from fachwerk.viren import Fund, adressfehler, keine_antwort, port_von, stuecke, zu_gross

STANDARDPORT = 1344
_ZEILE_MAX = 8192
_KOPF_MAX = 100
_STATUSZEILE = re.compile(r"(ICAP|HTTP)/1\.[0-9] +([0-9]{3})(?: .*)?", re.ASCII)
_ZAHL = re.compile(r"[0-9]{1,9}", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]{1,8}", re.ASCII)
_BEFUNDE = ("x-infection-found", "x-virus-id", "x-violations-found")


class _Unverstanden(OSError):
    """The peer does not speak ICAP as we know it; handled like a broken connection."""


@dataclass(frozen=True)
class _Kopf:
    status: int
    felder: Mapping[str, str]


@dataclass(frozen=True)
class _Urteil:
    status: int
    felder: Mapping[str, str]
    http_status: int
    sha256: str


class Icap:
    """An ICAP service such as c-icap; ``zeitgrenze_s`` limits each wait on the network."""

    def __init__(self, adresse: str, zeitgrenze_s: float = 60.0) -> None:
        teile = urlsplit(adresse)
        if (
            teile.scheme != "icap"
            or not teile.hostname
            or (":" in teile.netloc.split("]")[-1] and not port_von(adresse))
        ):
            raise adressfehler("Für ICAP wird icap://HOST:PORT/DIENST erwartet")
        self._url = adresse
        self._ort = (teile.hostname, port_von(adresse) or STANDARDPORT)
        self._zeitgrenze = zeitgrenze_s

    def pruefe(self, strom: Iterable[bytes]) -> Fund | None:
        """Scan one part; see :class:`fachwerk.viren.Pruefer`."""
        vorschau = self._vorschau()
        with self._leitung() as (leitung, lesbar):
            urteil, gesendet = self._frage(leitung, lesbar, strom, vorschau)
        return _fund(urteil, gesendet)

    def erreichbar(self) -> None:
        """OPTIONS; see :class:`fachwerk.viren.Pruefer`."""
        self._vorschau()

    def _vorschau(self) -> int | None:
        """How many bytes of preview the service wants, None for no preview."""
        with self._leitung() as (leitung, lesbar):
            leitung.sendall(self._anfrage("OPTIONS", "Encapsulated: null-body=0"))
            kopf = _lies_kopf(lesbar)
        if kopf.status != 200 or "RESPMOD" not in kopf.felder.get("methods", "RESPMOD").upper():
            raise keine_antwort(f"icap_{kopf.status}")
        wert = kopf.felder.get("preview", "")
        return min(int(wert), 65536) if _ZAHL.fullmatch(wert) else None

    @contextmanager
    def _leitung(self) -> Iterator[tuple[socket.socket, BufferedReader]]:
        try:
            with (
                socket.create_connection(self._ort, timeout=self._zeitgrenze) as leitung,
                leitung.makefile("rb") as lesbar,
            ):
                yield leitung, lesbar
        except OSError as fehler:
            grund = type(fehler).__name__.strip("_")
        else:
            return
        raise keine_antwort(grund)

    def _anfrage(self, methode: str, *felder: str) -> bytes:
        zeilen = [f"{methode} {self._url} ICAP/1.0", f"Host: {self._ort[0]}", "User-Agent: fachwerk", *felder]
        return ("\r\n".join(zeilen) + "\r\n\r\n").encode("ascii")

    def _kopf(self, vorschau: int | None) -> bytes:
        """The ICAP request with the HTTP exchange it encapsulates; names nothing of the message."""
        http = b"GET http://fachwerk.invalid/teil HTTP/1.1\r\nHost: fachwerk.invalid\r\n\r\n"
        antwort = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        teile = f"Encapsulated: req-hdr=0, res-hdr={len(http)}, res-body={len(http) + len(antwort)}"
        felder = ["Allow: 204", "Connection: close", teile]
        if vorschau is not None:
            felder.insert(0, f"Preview: {vorschau}")
        return self._anfrage("RESPMOD", *felder) + http + antwort

    def _frage(
        self, leitung: socket.socket, lesbar: BufferedReader, strom: Iterable[bytes], vorschau: int | None
    ) -> tuple[_Urteil, str]:
        """The verdict, and the SHA-256 of what was sent."""
        inhalt = _Inhalt(strom)
        leitung.sendall(self._kopf(vorschau))
        if vorschau is not None:
            anfang = inhalt.nimm(vorschau)
            ende = b"0; ieof\r\n\r\n" if inhalt.zu_ende else b"0\r\n\r\n"
            leitung.sendall(_block(anfang) + ende)
            urteil = _lies_urteil(lesbar)
            if urteil.status != 100:
                return urteil, inhalt.sha256
        return self._sende_rest(leitung, lesbar, inhalt), inhalt.sha256

    def _sende_rest(self, leitung: socket.socket, lesbar: BufferedReader, inhalt: _Inhalt) -> _Urteil:
        """Send and read at the same time: a service may send content back while it still receives."""
        gesendet = Event()
        with ThreadPoolExecutor(max_workers=1) as faden:
            antwort: Future[_Urteil] = faden.submit(_warte_auf_urteil, leitung, lesbar, gesendet)
            try:
                with suppress(BrokenPipeError, ConnectionResetError):
                    for stueck in inhalt.rest():
                        if antwort.done():
                            break
                        leitung.sendall(_block(stueck))
                    else:
                        leitung.sendall(b"0\r\n\r\n")
                gesendet.set()
                return antwort.result()
            finally:
                gesendet.set()
                if not antwort.done():
                    leitung.shutdown(socket.SHUT_RDWR)


class _Inhalt:
    """The content with a preview in front, hashed as it is taken."""

    def __init__(self, strom: Iterable[bytes]) -> None:
        self._stuecke = stuecke(strom)
        self._uebrig = b""
        self._summe = hashlib.sha256()
        self.zu_ende = False

    @property
    def sha256(self) -> str:
        return self._summe.hexdigest()

    def nimm(self, anzahl: int) -> bytes:
        """The first ``anzahl`` bytes; afterwards ``zu_ende`` says whether that was all."""
        while len(self._uebrig) <= anzahl and not self.zu_ende:
            stueck = next(self._stuecke, b"")
            self._uebrig += stueck
            self.zu_ende = not stueck
        anfang, self._uebrig = self._uebrig[:anzahl], self._uebrig[anzahl:]
        self._summe.update(anfang)
        return anfang

    def rest(self) -> Iterator[bytes]:
        if self._uebrig:
            self._summe.update(self._uebrig)
            yield self._uebrig
        for stueck in self._stuecke:
            self._summe.update(stueck)
            yield stueck


def _fund(urteil: _Urteil, gesendet: str) -> Fund | None:
    for name in _BEFUNDE:
        if urteil.felder.get(name):
            return Fund(_signatur(urteil.felder[name]))
    if urteil.status == 204:
        return None
    if urteil.status == 413:
        raise zu_gross()
    if urteil.status != 200:
        raise keine_antwort(f"icap_{urteil.status}")
    if urteil.http_status == 200 and urteil.sha256 == gesendet:
        return None
    return Fund("icap.inhalt_ersetzt")


def _signatur(wert: str) -> str:
    """``Threat=NAME;`` of X-Infection-Found, else the value itself."""
    for angabe in wert.split(";"):
        name, trenner, inhalt = angabe.strip().partition("=")
        if trenner and name.lower() == "threat":
            return inhalt.strip()[:200]
    return wert.strip()[:200]


def _block(stueck: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(stueck), stueck) if stueck else b""


def _warte_auf_urteil(leitung: socket.socket, lesbar: BufferedReader, gesendet: Event) -> _Urteil:
    """Read as soon as there is something; the time limit of the answer runs only once everything is sent."""
    with DefaultSelector() as waehler:
        waehler.register(leitung, EVENT_READ)
        while not gesendet.is_set() and not waehler.select(timeout=0.2):
            pass
    return _lies_urteil(lesbar)


def _lies_urteil(lesbar: BufferedReader) -> _Urteil:
    """One ICAP response; encapsulated content is hashed, never kept."""
    kopf = _lies_kopf(lesbar)
    teile = [angabe.strip().partition("=")[0] for angabe in kopf.felder.get("encapsulated", "").split(",")]
    http_status, summe = 0, hashlib.sha256()
    if kopf.status == 200:
        if "req-hdr" in teile:
            raise _Unverstanden
        if "res-hdr" in teile:
            http_status = _lies_kopf(lesbar, "HTTP").status
        if "res-body" in teile:
            for stueck in _lies_bloecke(lesbar):
                summe.update(stueck)
    return _Urteil(kopf.status, kopf.felder, http_status, summe.hexdigest())


def _lies_kopf(lesbar: BufferedReader, protokoll: str = "ICAP") -> _Kopf:
    """A head of this protocol; the values of a field that comes more than once stand one after the other."""
    zeile = _STATUSZEILE.fullmatch(_zeile(lesbar))
    if zeile is None or zeile[1] != protokoll:
        raise _Unverstanden
    felder: dict[str, str] = {}
    for _ in range(_KOPF_MAX):
        text = _zeile(lesbar)
        if not text:
            return _Kopf(int(zeile[2]), felder)
        name, _trenner, wert = text.partition(":")
        name = name.strip().lower()
        felder[name] = ", ".join(filter(None, (felder.get(name), wert.strip())))
    raise _Unverstanden


def _lies_bloecke(lesbar: BufferedReader) -> Iterator[bytes]:
    while True:
        angabe = _zeile(lesbar).split(";")[0].strip()
        if not _HEX.fullmatch(angabe):
            raise _Unverstanden
        laenge = int(angabe, 16)
        if laenge == 0:
            _zeile(lesbar)
            return
        while laenge > 0:
            stueck = lesbar.read(min(laenge, 65536))
            if not stueck:
                raise _Unverstanden
            laenge -= len(stueck)
            yield stueck
        _zeile(lesbar)


def _zeile(lesbar: BufferedReader) -> str:
    zeile = lesbar.readline(_ZEILE_MAX)
    if not zeile.endswith(b"\n"):
        raise _Unverstanden
    return zeile.decode("iso-8859-1").rstrip("\r\n")
