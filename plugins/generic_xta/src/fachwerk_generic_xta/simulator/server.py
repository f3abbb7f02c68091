"""The test server as an object: folder, certificates, mailboxes, start and stop."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

from fachwerk.errors import ConfigError
from fachwerk_generic_xta.simulator.ablauf import Ablauf
from fachwerk_generic_xta.simulator.befuellen import Inhalte, Kopf, fuelle, uebliche_inhalte
from fachwerk_generic_xta.simulator.betrieb import Anfragekennungen, Betrieb, Einstellungen
from fachwerk_generic_xta.simulator.dateien import schreibe_ganz
from fachwerk_generic_xta.simulator.dienst import Dienst
from fachwerk_generic_xta.simulator.konten import BEISPIEL, Konto, lies_konten, pruefe_konten
from fachwerk_generic_xta.simulator.namen import PFADE
from fachwerk_generic_xta.simulator.pki import richte_pki_ein, richte_proben_ein
from fachwerk_generic_xta.simulator.postfach import Postfach
from fachwerk_generic_xta.simulator.protokoll import Protokoll
from fachwerk_generic_xta.simulator.steuerung import Steuerstelle, Steuerung
from fachwerk_generic_xta.simulator.temperament import Temperament, lies_temperament
from fachwerk_generic_xta.simulator.tls import tls_kontext
from fachwerk_generic_xta.simulator.verbindung import XtaServer


@dataclass(frozen=True)
class Zugang:
    """What a client needs for an account: PEM files of the CA, its certificate and its key."""

    ca: Path
    zertifikat: Path
    privatschluessel: Path


class XtaSimulator:
    """An XTA 2.1.1 server on loopback whose whole state is in ``ordner``."""

    def __init__(
        self,
        ordner: Path | str,
        konten: Mapping[str, Any] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        einstellungen: Einstellungen | None = None,
        jetzt: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``konten`` is the content of ``konten.json``; None reads (or makes) that file. Port 0 takes a free one."""
        self.ordner = Path(ordner).resolve()
        self.host = host
        self.port = port
        self.temperament = Temperament(self.ordner / "temperament.json")
        self._rohe_konten = konten
        self._einstellungen = einstellungen or Einstellungen()
        self._jetzt = jetzt
        self._server: XtaServer | None = None
        self._dienst: Dienst | None = None
        self._sperre: IO[bytes] | None = None
        self._steuerung: Steuerung | None = None
        self._steuerstelle: Steuerstelle | None = None
        self._faden: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def dienst(self) -> Dienst:
        """The operations, the mailboxes and the accounts of the running server."""
        if self._dienst is None:
            raise RuntimeError("the simulator is not running")
        return self._dienst

    @property
    def konten(self) -> dict[str, Konto]:
        """The accounts; may be changed while the server runs (for instance to lock one)."""
        return self.dienst.konten

    @property
    def urls(self) -> dict[str, str]:
        """The addresses of the three ports: ``management``, ``send``, ``msgbox``."""
        return {name: f"https://{self.host}:{self.port}{pfad}" for name, pfad in PFADE.items()}

    @property
    def pki(self) -> Path:
        """The folder of the certificates."""
        return self.ordner / "pki"

    def zugang(self, konto: str) -> Zugang:
        """The files with which ``konto`` signs in."""
        return Zugang(self.pki / "ca.crt", self.pki / f"{konto}.crt", self.pki / f"{konto}.key")

    def steuere(self, auftrag: Mapping[str, Any]) -> dict[str, Any]:
        """What ``fachwerk simulator xta steuern`` does, from within the process; returns the state behind it."""
        if self._steuerung is None:
            raise RuntimeError("the simulator is not running")
        return self._steuerung.befolge(auftrag)

    def fuelle(
        self, leser: str, anzahl: int, inhalte: Inhalte = uebliche_inhalte, *, autor: str = "", **kopf: Any
    ) -> list[str]:
        """Put messages into a mailbox without HTTP; ``inhalte`` makes the content of the n-th. Returns their ids."""
        autor = autor or next(iter(self.konten.values())).kennungen[0]
        return fuelle(self.dienst.betrieb, Kopf(autor=autor, leser=leser, **kopf), anzahl, inhalte)

    def start(self) -> dict[str, str]:
        """Make what is missing, bind, serve in a thread of its own, and say so in ``simulator.json``."""
        self.ordner.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sperre = _sperre(self.ordner)
        try:
            self._richte_ein()
        except BaseException:
            self._gib_frei()
            raise
        return self.urls

    def stop(self) -> None:
        """End all connections and give the folder free. May be called twice."""
        if self._steuerstelle is not None:
            self._steuerstelle.stop()
        if self._server is not None and self._faden is not None:
            self._server.beende()
            self._faden.join()
        self._gib_frei()

    def _richte_ein(self) -> None:
        (self.ordner / "simulator.json").unlink(missing_ok=True)
        konten = self._lies_konten()
        if (self.ordner / "temperament.json").exists():
            lies_temperament(self.ordner / "temperament.json")
        richte_pki_ein(self.pki, konten, self._jetzt(), self.host)
        richte_proben_ein(self.pki, next((k.name for k in konten.values() if not k.gesperrt), "konto"), self._jetzt())
        kennungen = Anfragekennungen(self.ordner / "anfragekennungen.json")
        betrieb = Betrieb(Postfach(self.ordner, self._jetzt), konten, self._einstellungen, kennungen)
        self._dienst = Dienst(betrieb)
        protokoll = Protokoll(self.ordner / "anfragen.log", self._jetzt)
        self._server = self._binde(Ablauf(self._dienst, self.temperament, protokoll))
        self.port = self._server.server_port
        self._faden = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="xta-simulator")
        self._faden.start()
        self._steuerung = Steuerung(betrieb, self.temperament, self._setze_tls)
        self._steuerstelle = Steuerstelle(self.ordner, self._steuerung)
        self._steuerstelle.start()
        schreibe_ganz(self.ordner / "simulator.json", json.dumps(self._stand(), indent=1).encode())

    def _lies_konten(self) -> dict[str, Konto]:
        if self._rohe_konten is not None:
            return pruefe_konten(self._rohe_konten, self.ordner)
        datei = self.ordner / "konten.json"
        if not datei.exists():
            schreibe_ganz(datei, json.dumps(BEISPIEL, ensure_ascii=False, indent=2).encode())
        return lies_konten(datei)

    def _binde(self, ablauf: Ablauf) -> XtaServer:
        try:
            return XtaServer((self.host, self.port), tls_kontext(self.pki), ablauf)
        except (OSError, OverflowError) as fehler:
            raise ConfigError(
                "simulator.port",
                f"Auf {self.host}:{self.port} kann nicht gelauscht werden. Anderen Port nehmen (0: ein freier).",
            ) from fehler

    def _setze_tls(self, art: str) -> None:
        if self._server is not None:
            self._server.kontext = tls_kontext(self.pki, art)

    def _stand(self) -> dict[str, Any]:
        konten = {
            name: {"kennungen": konto.kennungen, "gesperrt": konto.gesperrt} for name, konto in self.konten.items()
        }
        return {"pid": os.getpid(), "host": self.host, "port": self.port, "urls": self.urls, "konten": konten}

    def _gib_frei(self) -> None:
        if self._sperre is not None:
            (self.ordner / "simulator.json").unlink(missing_ok=True)
            self._sperre.close()
        self._server = self._faden = self._sperre = self._dienst = self._steuerung = self._steuerstelle = None


def _sperre(ordner: Path) -> IO[bytes]:
    """Only one simulator per folder: its index lives in memory. The lock ends with the process, however it ends."""
    datei = (ordner / "simulator.lock").open("a+b")
    try:
        _sperre_datei(datei)
    except OSError as fehler:
        datei.close()
        raise ConfigError(
            "simulator.laeuft", f"In {ordner} läuft schon ein Simulator. Diesen beenden oder anderen Ordner nehmen."
        ) from fehler
    return datei


def _sperre_datei(datei: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        datei.seek(0)
        msvcrt.locking(datei.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(datei, fcntl.LOCK_EX | fcntl.LOCK_NB)
