"""The SOAP partner: an invented service on loopback, over TLS with client certificates; see ``erfunden.wsdl``.

State lies in its folder: a new object on the same folder is the same service after a restart.
"""

from __future__ import annotations

import shutil
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Self, cast

from fachwerk.errors import ConfigError
from fachwerk.testkit.pki import richte_pki_ein
from fachwerk.testkit.tls import tls_kontext
from fachwerk.testkit.tlsserver import Anschluss, TlsServer
from fachwerk_prosoz.simulator.ablauf import Faelle, Launen
from fachwerk_prosoz.simulator.falldienst import LAUNEN, Falldienst

PFAD = "/falldienst"
KONTO = "fachwerk"
_GROESSTE = 256 * 1024 * 1024


class SoapSimulator:
    """The service as an object: start, stop, moods, cases. ``eindeutig`` False: the same key makes another case."""

    def __init__(
        self,
        ordner: Path | str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        eindeutig: bool = True,
        jetzt: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.ordner = Path(ordner).resolve()
        self.host, self.port = host, port
        self.ordner.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.launen = Launen(self.ordner / "temperament.json", LAUNEN)
        self.faelle = Faelle(self.ordner / "faelle.jsonl")
        self.dienst = Falldienst(self.faelle, self.launen, eindeutig)
        self._jetzt = jetzt
        self._server: _Server | None = None
        self._faden: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"https://{self.host}:{self.port}{PFAD}"

    @property
    def wsdl(self) -> Path:
        """The invented WSDL, copied beside its schema into the folder of the simulator."""
        return self.ordner / "wsdl" / "erfunden.wsdl"

    @property
    def pki(self) -> Path:
        """CA, server certificate, and the client certificate ``fachwerk``."""
        return self.ordner / "pki"

    def einstellungen(self) -> dict[str, str]:
        """The keys of a Ziel that reaches this simulator."""
        return {
            "weg": "soap",
            "profil": "beispiel",
            "wsdl": str(self.wsdl),
            "url": self.url,
            "zertifikat": str(self.pki / f"{KONTO}.crt"),
            "privatschluessel": str(self.pki / f"{KONTO}.key"),
            "ca": str(self.pki / "ca.crt"),
        }

    def angekommen(self) -> list[dict[str, bytes]]:
        """The documents of every case taken since ``dienst.inhalte`` was set, by number: for tests of the contents."""
        inhalte = self.dienst.inhalte or {}
        return [{str(nr): i for nr, i in enumerate(inhalte.get(f["fallnummer"], []))} for f in self.faelle.alle()]

    def start(self) -> str:
        """Make what is missing, bind and serve in a thread; the address."""
        richte_pki_ein(self.pki, [KONTO], self._jetzt(), self.host)
        self.wsdl.parent.mkdir(exist_ok=True)
        for name in ("erfunden.wsdl", "erfunden.xsd"):
            quelle = resources.files("fachwerk_prosoz.simulator") / name
            with resources.as_file(quelle) as datei:
                shutil.copyfile(datei, self.wsdl.parent / name)
        try:
            self._server = _Server((self.host, self.port), tls_kontext(self.pki), self.dienst)
        except (OSError, OverflowError) as fehler:
            text = f"Auf {self.host}:{self.port} kann nicht gelauscht werden. Anderen Port nehmen (0: ein freier)."
            raise ConfigError("simulator.port", text) from fehler
        self.port = self._server.server_port
        self._faden = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="prosoz-simulator")
        self._faden.start()
        return self.url

    def stop(self) -> None:
        """End all connections. May be called twice."""
        if self._server is not None and self._faden is not None:
            self._server.beende()
            self._faden.join()
        self._server = self._faden = None


class _Server(TlsServer):
    def __init__(self, adresse: tuple[str, int], kontext: ssl.SSLContext, dienst: Falldienst) -> None:
        self.dienst = dienst
        super().__init__(adresse, kontext, _Anschluss)


class _Anschluss(Anschluss):
    """One connection."""

    server_version = "Fachwerk-Prosoz-Simulator"

    def do_POST(self) -> None:  # noqa: N802  the name is the library's
        """Answer an operation, as the mood says."""
        laenge = int(self.headers.get("Content-Length", "0"))
        if self.path != PFAD or laenge > _GROESSTE:
            self.close_connection = True
            self.sende(404 if self.path != PFAD else 413, b"", "text/plain")
            return
        reaktion = cast(_Server, self.server).dienst.beantworte(self.rfile.read(laenge))
        if reaktion.warte_s and not self.warte(reaktion.warte_s):
            return
        if reaktion.abbruch:
            self.brich_ab()
            return
        for _ in range(reaktion.mal):
            self.sende(reaktion.status, reaktion.inhalt, reaktion.typ, retry_after=_spaeter(reaktion.status))

    def do_GET(self) -> None:  # noqa: N802  the name is the library's
        """Nothing to get, but somebody is there."""
        self.close_connection = True
        self.sende(405 if self.path == PFAD else 404, b"", "text/plain")


def _spaeter(status: int) -> int | None:
    return 30 if status == 503 else None
