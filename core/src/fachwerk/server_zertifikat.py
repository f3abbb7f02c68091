"""Read the certificate a server shows, to explain in a preflight why it is not trusted. Nothing is ever sent over it.

The handshake of :func:`lies_server_zertifikat` does not verify, because what is read is exactly what did not verify.
So it is used for reading only: our certificate is not shown, the connection is closed before any byte of a request,
and no socket or context of it leaves this module. Requests go through :func:`fachwerk.transport.oeffne` alone.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from cryptography import x509

    from fachwerk.transport import Verbindung

_STUECK = 65536
_HOECHSTENS = 1 << 20
"""Bytes of a handshake, or of a proxy's answer, that are read at most."""
_HANDSHAKE, _ZERTIFIKAT = 22, 11


@dataclass(frozen=True)
class Serverzertifikat:
    """Who a server says it is. ``inhaber`` and ``aussteller`` are names as shown, short, without control characters."""

    inhaber: str
    aussteller: str
    gueltig_ab: datetime
    gueltig_bis: datetime
    selbst_ausgestellt: bool
    der: bytes


def lies_server_zertifikat(host: str, port: int, verbindung: Verbindung) -> Serverzertifikat | None:
    """The certificate shown at ``host:port``, through the proxy of ``verbindung`` if it has one.

    Unverified, for reading only. None where none could be had; never raises for what happens on the network.
    """
    from cryptography import x509

    with suppress(OSError, ValueError), _leitung(host, port, verbindung) as leitung:
        der = _zeige(leitung, host)
        return _angaben(x509.load_der_x509_certificate(der)) if der else None
    return None


def _leitung(host: str, port: int, verbindung: Verbindung) -> socket.socket:
    """A connection to the server, or a tunnel to it through the proxy."""
    if verbindung.proxy is None:
        return socket.create_connection((host, port), verbindung.verbinden_s)
    proxy = urlsplit(verbindung.proxy)
    if proxy.scheme != "http" or proxy.hostname is None:
        raise ValueError("only plain HTTP proxies are looked through")
    leitung = socket.create_connection((proxy.hostname, proxy.port or 80), verbindung.verbinden_s)
    try:
        leitung.sendall(_tunnelwunsch(f"{host}:{port}", proxy.username, proxy.password))
        if not re.match(rb"HTTP/1\.[01] 200\b", _kopf(leitung)):
            raise OSError("no tunnel")
    except BaseException:
        leitung.close()
        raise
    return leitung


def _tunnelwunsch(ort: str, name: str | None, kennwort: str | None) -> bytes:
    zeilen = [f"CONNECT {ort} HTTP/1.1", f"Host: {ort}"]
    if name:
        angabe = base64.b64encode(f"{unquote(name)}:{unquote(kennwort or '')}".encode()).decode()
        zeilen.append(f"Proxy-Authorization: Basic {angabe}")
    return ("\r\n".join(zeilen) + "\r\n\r\n").encode()


def _kopf(leitung: socket.socket) -> bytes:
    """The proxy's answer, byte by byte: what comes behind it belongs to the handshake."""
    kopf = b""
    while not kopf.endswith(b"\r\n\r\n"):
        stueck = leitung.recv(1)
        if not stueck or len(kopf) > _STUECK:
            raise OSError("no answer")
        kopf += stueck
    return kopf


def _zeige(leitung: socket.socket, host: str) -> bytes | None:
    """Shake hands until the certificate is known, however it goes on: a server may miss ours and hang up."""
    kontext = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    kontext.check_hostname, kontext.verify_mode = False, ssl.CERT_NONE
    herein, hinaus = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = kontext.wrap_bio(herein, hinaus, server_hostname=host)
    gelesen = b""
    while len(gelesen) < _HOECHSTENS:
        try:
            tls.do_handshake()
            return tls.getpeercert(True)
        except ssl.SSLWantReadError:
            leitung.sendall(hinaus.read())
        except ssl.SSLError:
            break
        if not (stueck := _empfange(leitung)):
            break
        herein.write(stueck)
        gelesen += stueck
    return _aus_klartext(gelesen)


def _empfange(leitung: socket.socket) -> bytes:
    """What comes next; empty at the end, also where the other side just hangs up."""
    try:
        return leitung.recv(_STUECK)
    except OSError:
        return b""


def _aus_klartext(gelesen: bytes) -> bytes | None:
    """The first certificate of a handshake that broke; up to TLS 1.2 it is sent in plain."""
    nachrichten = b"".join(_handshake_teile(gelesen))
    while len(nachrichten) >= 4:
        laenge = int.from_bytes(nachrichten[1:4])
        koerper, art = nachrichten[4 : 4 + laenge], nachrichten[0]
        if art == _ZERTIFIKAT and len(koerper) > 6:
            return koerper[6 : 6 + int.from_bytes(koerper[3:6])]
        nachrichten = nachrichten[4 + laenge :]
    return None


def _handshake_teile(gelesen: bytes) -> Iterator[bytes]:
    """The payload of the handshake records in front of the first other one."""
    while len(gelesen) >= 5 and gelesen[0] == _HANDSHAKE:
        laenge = int.from_bytes(gelesen[3:5])
        yield gelesen[5 : 5 + laenge]
        gelesen = gelesen[5 + laenge :]


def _angaben(zertifikat: x509.Certificate) -> Serverzertifikat:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Serverzertifikat(
        inhaber=_name(zertifikat.subject),
        aussteller=_name(zertifikat.issuer),
        gueltig_ab=zertifikat.not_valid_before_utc,
        gueltig_bis=zertifikat.not_valid_after_utc,
        selbst_ausgestellt=zertifikat.subject == zertifikat.issuer,
        der=zertifikat.public_bytes(Encoding.DER),
    )


def _name(name: x509.Name) -> str:
    """Common name and organisation: anybody may have written them."""
    from cryptography.x509.oid import NameOID

    oids = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    teile = [str(attribut.value) for oid in oids for attribut in name.get_attributes_for_oid(oid)]
    return re.sub(r"[^\w .:,()&/+*-]", "", ", ".join(dict.fromkeys(teile)))[:120] or "ohne Namen"
