"""The invented Fachverfahren itself, on loopback: for tests, for a try-out, and as a sketch of what a vendor offers.

Every case is a folder; it counts as there once its ``abschluss.json`` has been renamed into place.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import click

_TEIL = re.compile(r"/faelle/([0-9a-f]{32})/teile/(\d{1,4})")
_ABSCHLUSS = re.compile(r"/faelle/([0-9a-f]{32})/abschluss")
_FALL = re.compile(r"/faelle/([0-9a-f]{32})")


class Simulator:
    """``with Simulator(ordner, kennwort) as fachverfahren:``; ``adresse`` is what the Ziel is configured with."""

    def __init__(self, ordner: Path, kennwort: str, port: int = 0) -> None:
        self.ordner = ordner
        self.kennwort = kennwort
        self.schloss = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Anfrage)
        self._server.daemon_threads = True
        self._server.fachverfahren = self  # type: ignore[attr-defined]
        self._faden = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def adresse(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._faden.start()
        return self

    def __exit__(self, art: type[BaseException] | None, wert: BaseException | None, spur: TracebackType | None) -> None:
        self._server.shutdown()
        self._faden.join()
        self._server.server_close()

    def warte(self) -> None:
        """Serve until the process is interrupted."""
        self._faden.join()

    def faelle(self) -> list[dict[str, bytes]]:
        """Every concluded case: path → content of its parts."""
        return [_inhalt(abschluss) for abschluss in sorted(self.ordner.glob("*/abschluss.json"))]

    def uebernimm(self) -> None:
        """An office takes over every case that is there."""
        for abschluss in self.ordner.glob("*/abschluss.json"):
            (abschluss.parent / "uebernommen").touch()

    def schliesse_ab(self, kennung: str, angaben: dict[str, Any]) -> bool:
        """Make a case visible if all its parts are there and whole; again changes nothing."""
        ordner = self.ordner / kennung
        with self.schloss:
            for nummer, teil in enumerate(angaben["teile"], 1):
                datei = ordner / f"{nummer}.teil"
                if not datei.is_file() or hashlib.sha256(datei.read_bytes()).hexdigest() != teil["sha256"]:
                    return False
            if not (ordner / "abschluss.json").exists():
                angaben["aktenzeichen"] = f"MF-{len(self.faelle()) + 1:06d}"
                (ordner / "abschluss.neu").write_text(json.dumps(angaben), encoding="utf-8")
                (ordner / "abschluss.neu").replace(ordner / "abschluss.json")
        return True

    def lege_ab(self, kennung: str, nummer: int, rumpf: bytes) -> None:
        """Store one part; a concluded case stays as it is."""
        ordner = self.ordner / kennung
        with self.schloss:
            ordner.mkdir(parents=True, exist_ok=True)
            if not (ordner / "abschluss.json").exists():
                (ordner / f"{nummer}.teil").write_bytes(rumpf)

    def stand(self, kennung: str) -> dict[str, str] | None:
        """What is told about a case; None: there is none."""
        datei = self.ordner / kennung / "abschluss.json"
        if not datei.exists():
            return None
        angaben = json.loads(datei.read_text(encoding="utf-8"))
        stand = "uebernommen" if (datei.parent / "uebernommen").exists() else "uebergeben"
        return {"kennung": kennung, "aktenzeichen": angaben["aktenzeichen"], "stand": stand}


def _inhalt(abschluss: Path) -> dict[str, bytes]:
    teile = json.loads(abschluss.read_text(encoding="utf-8"))["teile"]
    return {teil["pfad"]: (abschluss.parent / f"{n}.teil").read_bytes() for n, teil in enumerate(teile, 1)}


class _Anfrage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: Any

    def do_GET(self) -> None:
        """State of a case, or of the service."""
        if not self._darf():
            return
        if self.path == "/bereit":
            self._antworte(200, {"name": "Musterfachverfahren", "erfunden": True})
        elif treffer := _FALL.fullmatch(self.path):
            self._antworte_stand(treffer[1], 200)
        else:
            self._antworte(404, {})

    def do_PUT(self) -> None:
        """One part."""
        rumpf = self._rumpf()
        if not self._darf():
            return
        if treffer := _TEIL.fullmatch(self.path):
            self.server.fachverfahren.lege_ab(treffer[1], int(treffer[2]), rumpf)
            self._antworte(200, {})
        else:
            self._antworte(404, {})

    def do_POST(self) -> None:
        """The conclusion."""
        rumpf = self._rumpf()
        if not self._darf():
            return
        treffer = _ABSCHLUSS.fullmatch(self.path)
        if treffer and self.server.fachverfahren.schliesse_ab(treffer[1], json.loads(rumpf)):
            self._antworte_stand(treffer[1], 201)
        else:
            self._antworte(422 if treffer else 404, {})

    def _darf(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {self.server.fachverfahren.kennwort}":
            return True
        self._antworte(401, {})
        return False

    def _antworte_stand(self, kennung: str, status: int) -> None:
        stand = self.server.fachverfahren.stand(kennung)
        self._antworte(status if stand else 404, stand or {})

    def _antworte(self, status: int, inhalt: dict[str, Any]) -> None:
        rumpf = json.dumps(inhalt).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(rumpf)))
        self.end_headers()
        self.wfile.write(rumpf)

    def _rumpf(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        stuecke = []
        while laenge := int(self.rfile.readline(), 16):
            stuecke.append(self.rfile.read(laenge))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(stuecke)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is that of the standard library
        """Silent: what passes here is content."""


def befehl() -> click.Command:
    """``simulator ORDNER``: serve until interrupted."""
    import click

    @click.command("simulator")
    @click.argument("ordner", type=click.Path(file_okay=False, path_type=Path))
    @click.option("--port", default=0, show_default="ein freier", help="Port auf 127.0.0.1.")
    @click.option("--kennwort", default="probe", show_default=True, help="Was sich der Adapter merken muss.")
    def simulator(ordner: Path, port: int, kennwort: str) -> None:
        """Das erfundene Fachverfahren auf dieser Maschine; endet mit Strg-C."""
        with Simulator(ordner, kennwort, port) as fachverfahren:
            click.echo(f"Musterfachverfahren (erfunden): {fachverfahren.adresse}, Fälle in {ordner}")
            fachverfahren.warte()

    return simulator
