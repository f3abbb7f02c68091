"""The connections of the test server: which request goes to which port, and the moods of an answer on its way."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from typing import cast

from fachwerk.testkit.tls import grund_von
from fachwerk.testkit.tlsserver import Anschluss, TlsServer
from fachwerk_generic_xta.simulator.ablauf import LOG, Ablauf, Ergebnis
from fachwerk_generic_xta.simulator.fehler import HttpFehler, VerbindungAbgebrochen
from fachwerk_generic_xta.simulator.namen import PFADE
from fachwerk_generic_xta.simulator.rumpf import Rumpf

_NACHLESE = 1 << 30
_PORTS = {pfad.lower(): port for port, pfad in PFADE.items()}


class XtaServer(TlsServer):
    """The server of an :class:`Ablauf`."""

    def __init__(self, adresse: tuple[str, int], kontext: ssl.SSLContext, ablauf: Ablauf) -> None:
        self.ablauf = ablauf
        super().__init__(adresse, kontext, _Anschluss)

    def melde_ende(self, fehler: BaseException | None) -> None:
        """One line: what ended the connection."""
        grund = grund_von(fehler)
        LOG.info("verbindung beendet grund=%s", grund)
        if isinstance(fehler, ssl.SSLError):
            self.ablauf.protokoll.notiere("", "TLS", f"abgewiesen: {grund}")


class _Anschluss(Anschluss):
    """One connection."""

    server_version = "Fachwerk-XTA-Simulator"

    def do_POST(self) -> None:  # noqa: N802  the name is the library's
        """Answer an operation."""
        try:
            self._beantworte()
        except HttpFehler as fehler:
            self.close_connection = True
            self._sende_html(fehler)
        except VerbindungAbgebrochen:
            LOG.info("verbindung abgebrochen")
            self.brich_ab()

    def do_GET(self) -> None:  # noqa: N802  the name is the library's
        """There is nothing to get."""
        self.close_connection = True
        self._sende_html(HttpFehler(405, "Hier wird nur POST beantwortet (XTA-Webservice 2.1.1)."))

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
        return cast(XtaServer, self.server).ablauf

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
        if not self.warte(sekunden):
            raise VerbindungAbgebrochen

    def _sende_html(self, fehler: HttpFehler) -> None:
        LOG.info("http status=%d", fehler.status)
        inhalt = f"<!doctype html><title>{fehler.status}</title><p>{fehler.text}</p>".encode() if fehler.text else b""
        self.sende(fehler.status, inhalt, "text/html; charset=utf-8", retry_after=fehler.retry_after)


class _Schliessbar:
    """Lets ``contextlib.closing`` close the files of an answer."""

    def __init__(self, ergebnis: Ergebnis) -> None:
        self.close = ergebnis.schliesse
