"""HTTP over TLS with the standard library: handshakes and requests in threads, one per connection."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from fachwerk_generic_xta.simulator.ablauf import LOG, Ablauf, Ergebnis
from fachwerk_generic_xta.simulator.fehler import HttpFehler, VerbindungAbgebrochen
from fachwerk_generic_xta.simulator.namen import PFADE
from fachwerk_generic_xta.simulator.rumpf import Rumpf
from fachwerk_generic_xta.simulator.tls import grund_von, haendedruck

_FRIST = 60.0
_HAENDEDRUCK_FRIST = 10.0
_NACHLESE = 1 << 30
_PORTS = {pfad.lower(): port for port, pfad in PFADE.items()}


class TlsServer(ThreadingHTTPServer):
    """Accepts at once and shakes hands in the thread of the connection, so that nobody can block the others."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, adresse: tuple[str, int], kontext: ssl.SSLContext, ablauf: Ablauf) -> None:
        self.ablauf = ablauf
        self.kontext = kontext
        self.ende = threading.Event()
        self._offen: set[ssl.SSLSocket] = set()
        self._schloss = threading.Lock()
        self._beendet = False
        super().__init__(adresse, _Anschluss)

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
                _Anschluss(verbindung, client_address, self)
            finally:
                with self._schloss:
                    self._offen.discard(verbindung)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One line instead of a traceback: what ended the connection."""
        fehler = sys.exception()
        grund = grund_von(fehler)
        LOG.info("verbindung beendet grund=%s", grund)
        if isinstance(fehler, ssl.SSLError):
            self.ablauf.protokoll.notiere("", "TLS", f"abgewiesen: {grund}")

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


class _Anschluss(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "Fachwerk-XTA-Simulator"
    sys_version = ""
    timeout = _FRIST
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def do_POST(self) -> None:
        """Answer an operation."""
        try:
            self._beantworte()
        except HttpFehler as fehler:
            self.close_connection = True
            self._sende_html(fehler)
        except VerbindungAbgebrochen:
            LOG.info("verbindung abgebrochen")
            self._brich_ab()

    def do_GET(self) -> None:
        """There is nothing to get."""
        self.close_connection = True
        self._sende_html(HttpFehler(405, "Hier wird nur POST beantwortet (XTA-Webservice 2.1.1)."))

    def handle_expect_100(self) -> bool:
        """Let the client go on."""
        weiter = super().handle_expect_100()
        self.wfile.flush()
        return weiter

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """The library's own request line is not wanted: the operation logs itself."""

    def _beantworte(self) -> None:
        kopfzeilen = {name.lower(): wert for name, wert in self.headers.items()}
        rumpf = Rumpf(self.rfile, kopfzeilen)
        port = _PORTS.get(self.path.partition("?")[0].rstrip("/").lower())
        if port is None:
            self._ablauf.protokoll.notiere(self._konto(), "HTTP", "HTTP 404: unter diesem Pfad ist kein XTA-Anschluss")
            raise HttpFehler(404, "Unter diesem Pfad ist kein XTA-Anschluss.")
        ergebnis = self._ablauf.beantworte(port, self._konto(), kopfzeilen, rumpf)
        with contextlib.closing(_Schliessbar(ergebnis)):
            if not rumpf.leere(_NACHLESE):
                self.close_connection = True
            self._sende(ergebnis)

    @property
    def _ablauf(self) -> Ablauf:
        return cast(TlsServer, self.server).ablauf

    def _konto(self) -> str:
        """The common name of the verified client certificate."""
        zertifikat = cast(ssl.SSLSocket, self.connection).getpeercert() or {}
        teile = cast(tuple[tuple[tuple[str, str], ...], ...], zertifikat.get("subject", ()))
        return next((wert for teil in teile for name, wert in teil if name == "commonName"), "")

    def _sende(self, ergebnis: Ergebnis) -> None:
        laune = ergebnis.laune
        if laune.art == "langsam":
            self._warte(laune.sekunden)
        if laune.art == "abbruch_nach_senden":
            raise VerbindungAbgebrochen
        gestueckelt = laune.art == "gestueckelt" or self._ablauf.gestueckelt
        self.send_response(ergebnis.status)
        self.send_header("Content-Type", ergebnis.sendung.content_type)
        if gestueckelt:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(ergebnis.sendung.laenge))
        self.end_headers()
        for stueck in self._gebremst(ergebnis):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(stueck), stueck) if gestueckelt else stueck)
        if gestueckelt:
            self.wfile.write(b"0\r\n\r\n")

    def _gebremst(self, ergebnis: Ergebnis) -> Iterator[bytes]:
        """The pieces of the answer; some moods let them drip or end too early."""
        laune, gesendet = ergebnis.laune, 0
        mitte = ergebnis.sendung.laenge // 2 if laune.bytes is None else laune.bytes
        for stueck in filter(None, ergebnis.sendung.stuecke):
            if laune.art == "tropfend":
                yield from self._tropfen(stueck, laune.bytes_je_sekunde)
            elif laune.art == "abbruch_im_rumpf" and gesendet + len(stueck) > mitte:
                self.wfile.write(stueck[: mitte - gesendet])
                self.wfile.flush()
                raise VerbindungAbgebrochen
            else:
                yield stueck
            gesendet += len(stueck)

    def _tropfen(self, stueck: bytes, je_sekunde: int) -> Iterator[bytes]:
        menge = max(1, je_sekunde // 10)
        for anfang in range(0, len(stueck), menge):
            yield stueck[anfang : anfang + menge]
            self.wfile.flush()
            self._warte(menge / je_sekunde)

    def _warte(self, sekunden: float) -> None:
        """Wait, but not longer than the server lives."""
        if cast(TlsServer, self.server).ende.wait(sekunden):
            raise VerbindungAbgebrochen

    def _sende_html(self, fehler: HttpFehler) -> None:
        LOG.info("http status=%d", fehler.status)
        inhalt = f"<!doctype html><title>{fehler.status}</title><p>{fehler.text}</p>".encode() if fehler.text else b""
        self.send_response(fehler.status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(inhalt)))
        if fehler.retry_after is not None:
            self.send_header("Retry-After", str(fehler.retry_after))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(inhalt)

    def _brich_ab(self) -> None:
        """End the connection without a word."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class _Schliessbar:
    """Lets ``contextlib.closing`` close the files of an answer."""

    def __init__(self, ergebnis: Ergebnis) -> None:
        self.close = ergebnis.schliesse
