"""A server on loopback that stands between an adapter and its target, and misbehaves on demand.

The adapter's own client is left as it is, but what it sends goes over real sockets to this server, which passes it on
with a client of the same Verbindung (certificates included) or does not. So one kit disturbs plain HTTP and mutual
TLS alike. Nothing here waits: a hanging target is one whose time limit has passed.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from fachwerk.transport import oeffne

if TYPE_CHECKING:
    from fachwerk.transport import Verbindung

ARTEN = {
    "verweigert": "die Verbindung wird verweigert",
    "haengt": "das Ziel antwortet nicht, und es kam nichts an",
    "abbruch": "die Verbindung bricht ab, bevor etwas ankam",
    "http_503": "das Ziel sagt HTTP 503",
    "http_401": "das Ziel sagt HTTP 401",
    "http_500": "das Ziel sagt HTTP 500, und es kam nichts an",
    "wartungsseite": "statt des Ziels antwortet eine HTML-Seite mit HTTP 200",
    "antwort_weg": "es kam an, aber die Verbindung bricht vor der Antwort ab",
    "antwort_haengt": "es kam an, aber die Antwort kommt nicht",
    "antwort_halb": "es kam an, aber die Antwort bricht in der Mitte ab",
    "antwort_500": "es kam an, aber die Antwort heißt HTTP 500",
    "anfrage_doppelt": "ein Zwischensystem wiederholt die Anfrage, sie kommt zweimal an",
}
"""What can be ordered, in words for the sheet; what begins with ``antwort`` or ``anfrage`` lets the request through."""

_ZIEL, _WER = "X-Fachwerk-Adresse", "X-Fachwerk-Client"
_EIGENE = frozenset({_ZIEL.lower(), _WER.lower(), "host", "connection", "transfer-encoding", "content-length"})
_SEITE = b"<!DOCTYPE html><html><body><h1>Wartungsarbeiten</h1></body></html>"
_HAENGEND = frozenset({"haengt", "antwort_haengt"})


@dataclass
class Laune:
    """``art`` from the ``ab``-th request on; ``stand`` counts the requests since it was ordered."""

    art: str = ""
    ab: int = 1
    stand: int = 0
    ohne_grenze: bool = False

    def naechste(self, anfrage: httpx.Request) -> str:
        """What happens to this request."""
        self.stand += 1
        grenzen = anfrage.extensions.get("timeout", {})
        self.ohne_grenze |= any(grenzen.get(name) is None for name in ("connect", "read", "write"))
        return self.art if self.stand >= self.ab else ""


class Stoerserver:
    """``with Stoerserver() as netz:``; ``netz.http`` is the ``http_fabrik`` of a FakeHost."""

    def __init__(self) -> None:
        self.laune = Laune()
        self.punkt: Callable[[], None] = lambda: None
        self._clients: dict[Verbindung, httpx.Client] = {}
        self._innen: list[httpx.Client] = []
        self._umleitungen: list[_Umleitung] = []
        self._zu = socket.socket()
        self._zu.bind(("127.0.0.1", 0))

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Anfrage)
        self._server.leite_weiter = self._leite_weiter  # type: ignore[attr-defined]
        self._faden = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._faden.start()
        return self

    def __exit__(self, art: type[BaseException] | None, wert: BaseException | None, spur: TracebackType | None) -> None:
        self._server.shutdown()
        self._faden.join()
        for client in (*self._clients.values(), *self._innen):
            client.close()
        self._server.server_close()
        self._zu.close()

    def stoere(self, art: str = "", ab: int = 1) -> None:
        """From the ``ab``-th request from now on misbehave as ``art`` says; without an argument be good again."""
        assert not art or art in ARTEN, art
        self.laune = Laune(art, ab)

    def http(self, verbindung: Verbindung) -> httpx.Client:
        """The client of ``verbindung``, with every request led through this server."""
        if verbindung not in self._clients:
            innen = oeffne(verbindung)
            umleitung = _Umleitung(self, len(self._innen))
            self._innen.append(innen)
            self._umleitungen.append(umleitung)
            self._clients[verbindung] = httpx.Client(
                transport=umleitung,
                trust_env=False,
                follow_redirects=innen.follow_redirects,
                timeout=innen.timeout,
                headers=innen.headers,
            )
        return self._clients[verbindung]

    def nach_abspaltung(self) -> None:
        """In a forked child: never use a connection of the parent."""
        for umleitung in self._umleitungen:
            umleitung.lokal = _zum_server()

    def adresse(self, art: str) -> httpx.URL:
        """Where a request goes: here, or to a port nobody listens on."""
        port = self._zu.getsockname()[1] if art == "verweigert" else self._server.server_address[1]
        return httpx.URL(f"http://127.0.0.1:{port}")

    def _leite_weiter(self, methode: str, kopf: dict[str, str], rumpf: bytes) -> httpx.Response:
        client = self._innen[int(kopf[_WER.lower()])]
        felder = [(name, wert) for name, wert in kopf.items() if name not in _EIGENE]
        antwort = client.send(
            client.build_request(methode, kopf[_ZIEL.lower()], headers=felder, content=rumpf), stream=True
        )
        roh = b"".join(antwort.iter_raw())
        antwort.close()
        antwort._content = roh
        return antwort


def _zum_server() -> httpx.HTTPTransport:
    """Plain HTTP on loopback; the empty context spares loading certificates nobody needs."""
    return httpx.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)


class _Umleitung(httpx.BaseTransport):
    def __init__(self, netz: Stoerserver, nummer: int) -> None:
        self._netz = netz
        self._nummer = nummer
        self.lokal = _zum_server()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        art = self._netz.laune.naechste(request)
        self._netz.punkt()
        kopf = [(name, wert) for name, wert in request.headers.raw if name.lower() != b"host"]
        kopf += [(_ZIEL.encode(), str(request.url).encode()), (_WER.encode(), str(self._nummer).encode())]
        kopf += [(b"Host", b"127.0.0.1"), (b"X-Fachwerk-Laune", art.encode())]
        anfrage = httpx.Request(
            request.method,
            self._netz.adresse(art),
            headers=kopf,
            stream=request.stream,
            extensions=request.extensions,
        )
        try:
            antwort = self.lokal.handle_request(anfrage)
        except httpx.RemoteProtocolError as fehler:
            if art in _HAENGEND:
                raise httpx.ReadTimeout("timed out", request=request) from None
            raise fehler
        self._netz.punkt()
        return antwort

    def close(self) -> None:
        self.lokal.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silent: a client that was killed is what this is for, and what passes here is content."""


class _Anfrage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._tue
        raise AttributeError(name)

    def _tue(self) -> None:
        rumpf = self._lies_rumpf()
        kopf = {name.lower(): wert for name, wert in self.headers.items()}
        art = kopf.pop("x-fachwerk-laune", "")
        if not art or art.startswith(("antwort", "anfrage")):
            if art == "anfrage_doppelt":
                self.server.leite_weiter(self.command, kopf, rumpf)
            antwort = self.server.leite_weiter(self.command, kopf, rumpf)
            self._antworte(art, antwort.status_code, antwort.headers.multi_items(), antwort.content)
        elif art.startswith("http_"):
            self._antworte("", int(art[5:]), [("Content-Type", "text/plain")], b"nicht jetzt")
        elif art == "wartungsseite":
            self._antworte("", 200, [("Content-Type", "text/html")], _SEITE)
        else:
            self._trenne()

    def _antworte(self, art: str, status: int, kopf: list[tuple[str, str]], rumpf: bytes) -> None:
        if art in ("antwort_weg", "antwort_haengt"):
            self._trenne()
            return
        if art == "antwort_500":
            status, kopf, rumpf = 500, [("Content-Type", "text/plain")], b"interner Fehler"
        self._schreibe(status, kopf, rumpf, halb=art == "antwort_halb")

    def _schreibe(self, status: int, kopf: list[tuple[str, str]], rumpf: bytes, *, halb: bool) -> None:
        self.send_response_only(status)
        for name, wert in kopf:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, wert)
        self.send_header("Content-Length", str(len(rumpf) + halb))
        self.end_headers()
        self.wfile.write(rumpf[: len(rumpf) // 2] if halb else rumpf)
        if halb:
            self._trenne()

    def _trenne(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def _lies_rumpf(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        stuecke = []
        while laenge := int(self.rfile.readline().split(b";")[0], 16):
            stuecke.append(self.rfile.read(laenge))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(stuecke)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is that of the standard library
        """Silent: what passes here is content."""
