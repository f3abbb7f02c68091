"""The server of the console: uvicorn in a thread of the service, bound before the service says that it runs."""

from __future__ import annotations

import socket
from threading import Thread
from typing import TYPE_CHECKING

from fachwerk.errors import ConfigError

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

_WARTENDE = 200
"""Connections that may wait to be taken."""

_DRAENGT_NACH_S = 5
"""Requests that still run at the end get so many seconds."""


class Server:
    """Serves the console of ``betrieb`` at ``[konsole].listen`` until :meth:`stoppe`."""

    def __init__(self, betrieb: Betrieb) -> None:
        import uvicorn

        from fachwerk.konsole.app import baue

        self._angaben = betrieb.einstellungen.konsole
        self._buchse = self._binde()
        pfad = betrieb.einstellungen.pfad
        tls = {
            "ssl_certfile": str(pfad(self._angaben.zertifikat)) if self._angaben.zertifikat else None,
            "ssl_keyfile": str(pfad(self._angaben.privatschluessel)) if self._angaben.privatschluessel else None,
        }
        config = uvicorn.Config(
            baue(betrieb),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=True,
            lifespan="off",
            timeout_graceful_shutdown=_DRAENGT_NACH_S,
            timeout_keep_alive=30,
            limit_concurrency=200,
            **tls,  # type: ignore[arg-type]
        )
        try:
            config.load()
        except OSError as fehler:
            self._buchse.close()
            raise ConfigError(
                "konsole_zertifikat",
                f"Zertifikat oder Schlüssel der Konsole sind nicht lesbar oder passen nicht zusammen "
                f"({fehler.strerror or type(fehler).__name__}).",
                schluessel="konsole.zertifikat",
                umgebung="FACHWERK_KONSOLE__ZERTIFIKAT",
            ) from None
        self._server = uvicorn.Server(config)
        self._faden = Thread(target=self._server.run, args=([self._buchse],), name="konsole", daemon=True)

    @property
    def adresse(self) -> str:
        """Where browsers find it."""
        rechner, port = self._buchse.getsockname()[:2]
        rechner = f"[{rechner}]" if ":" in rechner else rechner
        return f"{'https' if self._angaben.zertifikat else 'http'}://{rechner}:{port}/"

    def starte(self) -> None:
        """Begin to answer; from here on nobody is turned away, also not before the thread is at it."""
        self._buchse.listen(_WARTENDE)
        self._faden.start()

    def stoppe(self) -> None:
        """Let running requests end, then close."""
        self._server.should_exit = True
        self._faden.join(_DRAENGT_NACH_S + 5)
        self._buchse.close()

    def _binde(self) -> socket.socket:
        rechner, _, port = self._angaben.listen.rpartition(":")
        rechner = rechner.strip("[]")
        familie = socket.AF_INET6 if ":" in rechner else socket.AF_INET
        buchse = socket.socket(familie, socket.SOCK_STREAM)
        try:
            buchse.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            buchse.bind((rechner, int(port)))
        except OSError as fehler:
            buchse.close()
            raise ConfigError(
                "konsole_adresse",
                f"Die Konsole kann nicht auf {self._angaben.listen} lauschen: {fehler.strerror}. Läuft sie schon?",
                schluessel="konsole.listen",
                umgebung="FACHWERK_KONSOLE__LISTEN",
            ) from None
        return buchse
