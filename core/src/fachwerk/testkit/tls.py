"""TLS of the server: who must show which certificate, what we show on bad days, and why somebody was turned away."""

from __future__ import annotations

import contextlib
import socket
import ssl
from pathlib import Path
from typing import Any, Final

TLS_ARTEN: Final = {
    "normal": "das eigene Serverzertifikat, Clientzertifikat verlangt",
    "fremd": "ein Serverzertifikat der fremden CA, Clientzertifikat verlangt",
    "inspektion": "wie hinter einem Proxy, der TLS aufbricht: fremder Aussteller, kein Clientzertifikat verlangt",
    "abgelaufen": "ein abgelaufenes Serverzertifikat",
    "falscher_name": "ein Serverzertifikat für einen anderen Rechner",
}
_FRIST = 2.0
_GRUENDE = {
    "certificate has expired": "Clientzertifikat abgelaufen",
    "certificate is not yet valid": "Clientzertifikat noch nicht gültig",
    "unable to get local issuer certificate": "Clientzertifikat einer fremden CA",
    "self-signed certificate": "Clientzertifikat selbst ausgestellt",
    "unsuitable certificate purpose": "Zertifikat ist nicht für Clients",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "kein Clientzertifikat gezeigt",
    "TLSV1_ALERT_UNKNOWN_CA": "die Gegenstelle vertraut unserer CA nicht",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "die Gegenstelle hält unser Zertifikat für abgelaufen",
    "SSLV3_ALERT_BAD_CERTIFICATE": "die Gegenstelle nimmt unser Zertifikat nicht an",
    "UNSUPPORTED_PROTOCOL": "zu altes TLS",
    "UNEXPECTED_EOF": "die Gegenstelle hat die Verbindung beendet",
    "HTTP_REQUEST": "HTTP ohne TLS",
    "WRONG_VERSION_NUMBER": "kein TLS",
}


def tls_kontext(pki: Path, art: str = "normal") -> ssl.SSLContext:
    """TLS 1.2 or newer; but for ``inspektion`` a client certificate of the simulator's own CA is required."""
    kontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    kontext.minimum_version = ssl.TLSVersion.TLSv1_2
    name = pki / "server" if art == "normal" else pki / "probe" / f"server-{art}"
    kontext.load_cert_chain(name.with_suffix(".crt"), name.with_suffix(".key"))
    if art != "inspektion":
        kontext.verify_mode = ssl.CERT_REQUIRED
        kontext.load_verify_locations(pki / "ca.crt")
    return kontext


def haendedruck(kontext: ssl.SSLContext, verbindung: Any) -> ssl.SSLSocket:
    """Shake hands. If that fails, the alert is let through before the connection ends, so that the client reads it."""
    sicher = kontext.wrap_socket(verbindung, server_side=True, do_handshake_on_connect=False)
    try:
        sicher.do_handshake()
    except OSError as fehler:
        if isinstance(fehler, ssl.SSLError):
            _lies_aus(sicher)
        sicher.close()
        raise
    return sicher


def grund_von(fehler: BaseException | None) -> str:
    """Why a connection ended, in German."""
    meldung = getattr(fehler, "verify_message", "") or getattr(fehler, "reason", "") or ""
    if isinstance(fehler, TimeoutError):
        return "zu lange nichts gehört"
    return next((text for wort, text in _GRUENDE.items() if wort in meldung), meldung or type(fehler).__name__)


def _lies_aus(verbindung: socket.socket) -> None:
    """What the client has already sent must be read, or the system would answer it with a reset that eats the alert."""
    with contextlib.suppress(OSError, ValueError):
        socket.socket.shutdown(verbindung, socket.SHUT_WR)
        verbindung.settimeout(_FRIST)
        while socket.socket.recv(verbindung, 65536):
            pass
