"""HTTP over TLS with the standard library, for simulators: handshakes and requests in threads, one per connection."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from fachwerk.testkit.tls import haendedruck

_FRIST = 60.0
_HAENDEDRUCK_FRIST = 10.0


class TlsServer(ThreadingHTTPServer):
    """Accepts at once and shakes hands in the thread of the connection, so that nobody can block the others."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, adresse: tuple[str, int], kontext: ssl.SSLContext, anschluss: type[Anschluss]) -> None:
        self.kontext = kontext
        self.ende = threading.Event()
        self._anschluss = anschluss
        self._offen: set[ssl.SSLSocket] = set()
        self._schloss = threading.Lock()
        self._beendet = False
        super().__init__(adresse, anschluss)

    def server_bind(self) -> None:
        """Bind without asking a name server for our name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, serve all requests of the connection, close it."""
        request.settimeout(_HAENDEDRUCK_FRIST)
        with contextlib.closing(haendedruck(self.kontext, request)) as verbindung:
            with self._schloss:
                if self._beendet:
                    return
                self._offen.add(verbindung)
            try:
                self._anschluss(verbindung, client_address, self)
            finally:
                with self._schloss:
                    self._offen.discard(verbindung)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """No traceback: see :meth:`melde_ende`."""
        self.melde_ende(sys.exception())

    def melde_ende(self, fehler: BaseException | None) -> None:
        """What ended a connection, or a handshake; for servers that keep a log."""

    def beende(self) -> None:
        """End all connections, also those that are just waiting, and wait for their threads."""
        self.ende.set()
        self.shutdown()
        with self._schloss:
            self._beendet = True
            for verbindung in self._offen:
                with contextlib.suppress(OSError):
                    verbindung.shutdown(socket.SHUT_RDWR)
        self.server_close()


class Anschluss(BaseHTTPRequestHandler):
    """One connection of a :class:`TlsServer`; what it answers is its simulator's business."""

    protocol_version = "HTTP/1.1"
    server_version = "Fachwerk-Simulator"
    sys_version = ""
    timeout = _FRIST
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def handle_expect_100(self) -> bool:
        """Let the client go on."""
        weiter = super().handle_expect_100()
        self.wfile.flush()
        return weiter

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """The library's own request line is not wanted: it may name a person."""

    def warte(self, sekunden: float) -> bool:
        """Wait, but not longer than the server lives; False if it ended."""
        return not cast(TlsServer, self.server).ende.wait(sekunden)

    def brich_ab(self) -> None:
        """End the connection without a word."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def sende(self, status: int, inhalt: bytes, typ: str, *, retry_after: int | None = None) -> None:
        """A whole small answer."""
        self.send_response(status)
        self.send_header("Content-Type", typ)
        self.send_header("Content-Length", str(len(inhalt)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(inhalt)
