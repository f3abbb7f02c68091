"""A TCP proxy on loopback that cuts, holds, slows and swallows what passes between two processes.

It knows nothing of what it carries: HTTP, TLS, PostgreSQL and a virus scanner go through it alike. Addresses are pairs
of host and port. Where a number of connections is ordered, the fault ends by itself after so many; everything else
lasts until :meth:`Netzstoerung.heile`.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

ARTEN = {
    "schnitt": "die Leitung ist getrennt: bestehende und neue Verbindungen brechen sofort ab",
    "halt": "nichts kommt mehr durch, aber keine Verbindung bricht ab",
    "stumm": "die Anfrage kommt an, vor der Antwort bricht die Verbindung ab",
    "bremse": "alles kommt durch, aber langsam",
}
"""What can be ordered, in words."""

BLOCK = 65536
VERBINDEN_S = 10.0


@dataclass
class _Lage:
    """The fault in force; ``anzahl`` connections are still to be struck, None: all."""

    art: str = ""
    anzahl: int | None = None
    ab_bytes: int = 0
    verzoegerung_s: float = 0.0


class _Paar:
    """One connection: the client's side, the side of the target, and how many bytes of requests went through."""

    def __init__(self, client: socket.socket, ziel: socket.socket) -> None:
        self.client, self.ziel = client, ziel
        self.hinein = 0
        self.getroffen = False
        self._offen = 2

    def brich_ab(self) -> None:
        """Both sides see a reset; the threads that wait in ``recv`` are woken."""
        for buchse in (self.client, self.ziel):
            with suppress(OSError):
                buchse.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                buchse.shutdown(socket.SHUT_RD)

    def eine_seite_fertig(self) -> bool:
        """Close when both directions have ended; whether they have."""
        self._offen -= 1
        if not self._offen:
            self.client.close()
            self.ziel.close()
        return not self._offen


class Netzstoerung:
    """``with Netzstoerung(("127.0.0.1", 5432)) as netz:``; clients connect to ``netz.port``.

    ``ziel`` may be changed while it runs (the other side was restarted elsewhere). ``verbindungen`` counts what was
    accepted, ``getroffen`` what a fault struck.
    """

    def __init__(self, ziel: tuple[str, int], port: int = 0) -> None:
        self.ziel = ziel
        self.port = port
        self.verbindungen = 0
        self.getroffen = 0
        self._lage = _Lage()
        self._wechsel = threading.Condition()
        self._paare: set[_Paar] = set()
        self._zu = False

    def __enter__(self) -> Self:
        self._lauscher = self._binde()
        self._lauscher.listen(128)
        self._faden = threading.Thread(target=self._nimm_an, name=f"netz-{self.port}", daemon=True)
        self._faden.start()
        return self

    def __exit__(self, art: type[BaseException] | None, wert: BaseException | None, spur: TracebackType | None) -> None:
        with self._wechsel:
            self._zu = True
            self._lage = _Lage()
            self._wechsel.notify_all()
            self._lauscher.shutdown(socket.SHUT_RDWR)
        self._faden.join()
        self._lauscher.close()
        self.trenne()

    # -- orders -------------------------------------------------------------------------------------------------

    def stoere(self, art: str, *, anzahl: int | None = None, ab_bytes: int = 0, verzoegerung_s: float = 0.2) -> None:
        """From now on misbehave as ``art`` says, one of :data:`ARTEN`; it takes the place of any fault before.

        ``anzahl``: only the next so many connections (``schnitt`` then cuts each when it opens, ``stumm`` each that
        asks; ``halt`` and ``bremse`` know no number). ``ab_bytes``: only a connection over which so many bytes of
        requests went counts as asking, so that the handshake of TLS passes. ``verzoegerung_s`` is waited per block.
        """
        assert art in ARTEN, art
        with self._wechsel:
            self._lage = _Lage(art, anzahl, ab_bytes, verzoegerung_s)
            self._wechsel.notify_all()
        if art == "schnitt":
            self.trenne()

    def heile(self) -> None:
        """Let everything through again; what was held goes on."""
        with self._wechsel:
            self._lage = _Lage()
            self._wechsel.notify_all()

    def trenne(self) -> None:
        """Reset every connection there is, once."""
        with self._wechsel:
            paare = list(self._paare)
            self.getroffen += len(paare)
        for paar in paare:
            paar.brich_ab()

    @property
    def art(self) -> str:
        """The fault in force, empty if there is none."""
        with self._wechsel:
            return self._lage.art

    # -- connections --------------------------------------------------------------------------------------------

    def _binde(self) -> socket.socket:
        lauscher = socket.socket()
        lauscher.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        lauscher.bind(("127.0.0.1", self.port))
        self.port = lauscher.getsockname()[1]
        return lauscher

    def _nimm_an(self) -> None:
        while True:
            try:
                client, _ = self._lauscher.accept()
            except OSError:
                return
            if self._zu:
                client.close()
                return
            self.verbindungen += 1
            if self._trifft("schnitt") or not self._verbinde(client):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()

    def _trifft(self, art: str, paar: _Paar | None = None) -> bool:
        """Whether the fault of this kind strikes (this connection) now; counts it."""
        with self._wechsel:
            lage = self._lage
            if lage.art != art or lage.anzahl == 0 or (paar is not None and paar.hinein < lage.ab_bytes):
                return False
            if paar is None or not paar.getroffen:
                self.getroffen += 1
                lage.anzahl = None if lage.anzahl is None else lage.anzahl - 1
            if paar is not None:
                paar.getroffen = True
            return True

    def _verbinde(self, client: socket.socket) -> bool:
        """Connect on to the target and carry both ways; False if nobody is there."""
        try:
            ziel = socket.create_connection(self.ziel, VERBINDEN_S)
        except OSError:
            return False
        ziel.settimeout(None)
        for buchse in (client, ziel):
            buchse.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        paar = _Paar(client, ziel)
        with self._wechsel:
            self._paare.add(paar)
        for von, nach in ((client, ziel), (ziel, client)):
            threading.Thread(target=self._trage, args=(paar, von, nach), name="netz-trage", daemon=True).start()
        return True

    def _trage(self, paar: _Paar, von: socket.socket, nach: socket.socket) -> None:
        try:
            while daten := von.recv(BLOCK):
                self._warte()
                if not self._laesst_durch(paar, daten, anfrage=von is paar.client):
                    break
                nach.sendall(daten)
            nach.shutdown(socket.SHUT_WR)
        except OSError:
            paar.brich_ab()
        finally:
            with self._wechsel:
                if paar.eine_seite_fertig():
                    self._paare.discard(paar)

    def _warte(self) -> None:
        """As long as everything is held, or as slow as ordered."""
        with self._wechsel:
            self._wechsel.wait_for(lambda: self._lage.art != "halt")
            if self._lage.art == "bremse":
                lage = self._lage
                self._wechsel.wait_for(lambda: self._lage is not lage, lage.verzoegerung_s)

    def _laesst_durch(self, paar: _Paar, daten: bytes, *, anfrage: bool) -> bool:
        if anfrage:
            paar.hinein += len(daten)
            return True
        if paar.getroffen or self._trifft("stumm", paar):
            paar.brich_ab()
            return False
        return True
