"""Receivers of alarms for tests: a mail server and a webhook, real ones, on loopback, with certificates of a test CA.

Both keep what they accepted, and can fail once per entry of ``stoerungen``: refuse (``"451"``, ``"503"``), or hang up
after they took a message and before they say so (``"stumm"``), which is the one case in which a sender cannot know.
"""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import json
import socketserver
import ssl
from collections import deque
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any, Self, cast

from fachwerk.testkit.tlsserver import Anschluss, TlsServer

LOOPBACK = "127.0.0.1"


def server_kontext(zertifikat: Path, schluessel: Path) -> ssl.SSLContext:
    """TLS for a server with this certificate."""
    kontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    kontext.load_cert_chain(zertifikat, schluessel)
    return kontext


class Mailserver(socketserver.ThreadingTCPServer):
    """SMTP with STARTTLS and AUTH PLAIN; ``tls`` speaks TLS from the first byte. A context manager."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, kontext: ssl.SSLContext, *, benutzer: str = "", kennwort: str = "", tls: bool = False) -> None:
        self.kontext, self.tls = kontext, tls
        self.anmeldung = f"\0{benutzer}\0{kennwort}" if benutzer else ""
        self.mails: list[EmailMessage] = []
        self.stoerungen: deque[str] = deque()
        self.abgelehnte: set[str] = set()
        super().__init__((LOOPBACK, 0), _Gespraech)

    @property
    def adresse(self) -> str:
        """For ``[alarm].smtp``."""
        return f"{LOOPBACK}:{self.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us hangs up; that is a test's business."""


class _Gespraech(socketserver.BaseRequestHandler):
    """One connection: a small part of RFC 5321, enough for an honest sender."""

    server: Mailserver

    def handle(self) -> None:
        self._leitung: Any = self.request
        self._verschluesselt = self._angemeldet = False
        self._empfaenger: list[str] = []
        if self.server.tls:
            self._verschluessele()
        self._sage("220 probe ESMTP")
        while zeile := self._lies():
            wort, _, rest = zeile.partition(" ")
            befehl = getattr(self, f"_{wort.lower()}", None)
            if befehl is None:
                self._sage("502 unbekannt")
            elif befehl(rest) is False:
                return

    def _verschluessele(self) -> None:
        self._leitung = self.server.kontext.wrap_socket(self._leitung, server_side=True)
        self._verschluesselt = True

    def _sage(self, zeile: str) -> None:
        self._leitung.sendall(f"{zeile}\r\n".encode())

    def _lies(self) -> str:
        zeile = bytearray()
        with contextlib.suppress(OSError):
            while not zeile.endswith(b"\r\n") and (byte := self._leitung.recv(1)):
                zeile += byte
        return zeile.decode(errors="replace").rstrip("\r\n") if zeile else ""

    def _ehlo(self, _rest: str) -> None:
        kann = [] if self._verschluesselt else ["STARTTLS"]
        kann += ["AUTH PLAIN"] if self._verschluesselt and self.server.anmeldung else []
        zeilen = ["probe", *kann, "8BITMIME"]
        for nummer, zeile in enumerate(zeilen, 1):
            self._sage(f"250{' ' if nummer == len(zeilen) else '-'}{zeile}")

    def _starttls(self, _rest: str) -> None:
        self._sage("220 los")
        self._verschluessele()

    def _auth(self, rest: str) -> None:
        gesagt = base64.b64decode(rest.partition(" ")[2]).decode()
        self._angemeldet = gesagt == self.server.anmeldung
        self._sage("235 gut" if self._angemeldet else "535 falsch")

    def _mail(self, _rest: str) -> None:
        darf = self._angemeldet or not self.server.anmeldung
        self._sage("250 gut" if darf else "530 erst anmelden")

    def _rcpt(self, rest: str) -> None:
        adresse = rest.partition("<")[2].partition(">")[0]
        if adresse in self.server.abgelehnte:
            self._sage("550 unbekannt")
        else:
            self._empfaenger.append(adresse)
            self._sage("250 gut")

    def _data(self, _rest: str) -> bool:
        self._sage("354 los")
        inhalt = bytearray()
        while not inhalt.endswith(b"\r\n.\r\n"):
            inhalt += self._leitung.recv(65536)
        stoerung = self.server.stoerungen.popleft() if self.server.stoerungen else ""
        if stoerung.isdigit():
            self._sage(f"{stoerung} gerade nicht")
            return True
        text = bytes(inhalt[:-3]).replace(b"\r\n..", b"\r\n.")
        self.server.mails.append(email.message_from_bytes(text, policy=email.policy.default))
        if stoerung == "stumm":
            return False
        self._sage("250 angenommen")
        return True

    def _rset(self, _rest: str) -> None:
        self._sage("250 gut")

    def _quit(self, _rest: str) -> bool:
        self._sage("221 bis dann")
        return False


class Webhook(TlsServer):
    """Takes JSON by POST; a context manager. ``geheimnis`` is the bearer token it wants."""

    def __init__(self, kontext: ssl.SSLContext, geheimnis: str = "") -> None:
        self.geheimnis = geheimnis
        self.dokumente: list[dict[str, Any]] = []
        self.kennungen: list[str] = []
        self.stoerungen: deque[str] = deque()
        super().__init__((LOOPBACK, 0), kontext, _Annahme)

    @property
    def adresse(self) -> str:
        """For ``[alarm].webhook``."""
        return f"https://{LOOPBACK}:{self.server_port}/alarme"

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.beende()


class _Annahme(Anschluss):
    def do_POST(self) -> None:  # noqa: N802  the name is the library's
        server = cast(Webhook, self.server)
        inhalt = self.rfile.read(int(self.headers["Content-Length"]))
        status = HTTPStatus.NO_CONTENT
        stoerung = server.stoerungen.popleft() if server.stoerungen else ""
        if server.geheimnis and self.headers["Authorization"] != f"Bearer {server.geheimnis}":
            status = HTTPStatus.UNAUTHORIZED
        elif stoerung.isdigit():
            status = HTTPStatus(int(stoerung))
        else:
            server.dokumente.append(json.loads(inhalt))
            server.kennungen.append(self.headers["Idempotency-Key"])
        if stoerung == "stumm":
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
