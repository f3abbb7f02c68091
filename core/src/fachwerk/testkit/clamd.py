"""A small stand-in for clamd on loopback: answers PING and INSTREAM, and recognises the EICAR test file.

For tests as a context manager, for a demo as ``python -m fachwerk.testkit.clamd --port 3310``. It is no virus
scanner: it knows this one harmless file, which is put together here so that no file of ours contains it.
"""

from __future__ import annotations

import argparse
import socket
import socketserver
import struct
import sys
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self

EICAR = "".join(
    ["X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR", "-STANDARD", "-ANTIVIRUS", "-TEST", "-FILE!", "$H+H*"]
).encode()
"""The harmless 68 bytes every scanner reports."""

SIGNATUR = "Eicar-Test-Signature"
_KOMMANDO_MAX = 64


class FalscherClamd:
    """``with FalscherClamd() as clamd: … clamd.adresse``; ``gesehen`` counts the scans.

    ``antwort`` replaces every verdict, for tests of answers a scanner should never give; ``grenze`` is the largest
    stream in bytes it takes.
    """

    def __init__(self, port: int = 0, *, grenze: int = 64 * 1024 * 1024, antwort: bytes | None = None) -> None:
        self.gesehen = 0
        self.grenze = grenze
        self.antwort = antwort
        self._server = _Server(("127.0.0.1", port), _Gespraech)
        self._server.clamd = self

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def adresse(self) -> str:
        """The address as ``[virenpruefung].adresse`` takes it."""
        return f"tcp://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, art: type[BaseException] | None, wert: BaseException | None, spur: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def diene(self) -> None:
        """Serve in this thread until interrupted."""
        with self._server:
            self._server.serve_forever()

    def urteile(self, treffer: bool) -> bytes:
        """The answer to one scan."""
        self.gesehen += 1
        if self.antwort is not None:
            return self.antwort
        return f"stream: {SIGNATUR} FOUND\0".encode() if treffer else b"stream: OK\0"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    clamd: FalscherClamd


class _Gespraech(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """One conversation; a client that is killed in the middle ends it without ado."""
        with suppress(ConnectionError):
            self._antworte(self._kommando())

    def _antworte(self, kommando: bytes) -> None:
        if kommando == b"zPING":
            self.wfile.write(b"PONG\0")
        elif kommando == b"zINSTREAM":
            self.wfile.write(self._instream())
            self._lies_aus()
        else:
            self.wfile.write(b"UNKNOWN COMMAND\0")

    def _kommando(self) -> bytes:
        gelesen = b""
        while not gelesen.endswith(b"\0") and len(gelesen) < _KOMMANDO_MAX:
            zeichen = self.rfile.read(1)
            if not zeichen:
                break
            gelesen += zeichen
        return gelesen.removesuffix(b"\0")

    def _lies_aus(self) -> None:
        """Hang up only when the peer has, so that it can still read the answer."""
        self.request.shutdown(socket.SHUT_WR)
        while self.rfile.read(65536):
            pass

    def _instream(self) -> bytes:
        clamd, gelesen, ende, treffer = self.server.clamd, 0, b"", False
        while True:
            kopf = self.rfile.read(4)
            if len(kopf) < 4:
                return b""  # the client died in the middle of its stream
            laenge = int(struct.unpack("!I", kopf)[0])
            if laenge == 0:
                return clamd.urteile(treffer)
            gelesen += laenge
            if gelesen > clamd.grenze:
                return b"INSTREAM size limit exceeded. ERROR\0"
            fenster = ende + self.rfile.read(laenge)
            treffer = treffer or EICAR in fenster
            ende = fenster[-len(EICAR) :]


def main() -> None:
    """Serve until interrupted; prints the address first."""
    leser = argparse.ArgumentParser(prog="python -m fachwerk.testkit.clamd", description="Falscher clamd für Tests.")
    leser.add_argument("--port", type=int, default=3310, help="0 nimmt einen freien Port")
    clamd = FalscherClamd(leser.parse_args().port)
    sys.stdout.write(f"{clamd.adresse}\n")
    sys.stdout.flush()
    clamd.diene()


if __name__ == "__main__":
    main()
