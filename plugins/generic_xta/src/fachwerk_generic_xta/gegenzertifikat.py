"""The certificate a server shows, looked at to explain why it is not trusted. Nothing is ever sent over such a look."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from fachwerk.transport import Verbindung, lies_server_zertifikat

_PRODUKTE = re.compile(
    r"zscaler|fortinet|fortigate|sophos|palo ?alto|blue ?coat|squid|netskope|forcepoint|check ?point|barracuda|mcafee|"
    r"skyhigh|watchguard|sonicwall|cisco umbrella|symantec web|kaspersky|eset ssl|mitmproxy|ssl ?inspection|"
    r"tls ?inspection|securely|web ?gateway",
    re.IGNORECASE,
)
"""Names under which products that break TLS open usually issue."""


@dataclass(frozen=True)
class Gegenzertifikat:
    """``aussteller`` as the certificate names it. ``vom_system``: this machine trusts it without our ``ca``.

    ``oeffentlich`` says that it was logged for browsers (SCT), which every public CA does and no inspecting proxy can.
    """

    aussteller: str
    vom_system: bool
    oeffentlich: bool

    @property
    def sieht_nach_aufbrechen_aus(self) -> bool:
        """A product's name; or a CA that somebody installed on this machine, and that is no public one."""
        return bool(_PRODUKTE.search(self.aussteller)) or (self.vom_system and not self.oeffentlich)


def sieh_an(url: str, verbindung: Verbindung) -> Gegenzertifikat | None:
    """The certificate shown at ``url``; None if none could be had. Through a proxy it is not tried on the machine."""
    teile = urlsplit(url)
    ort = (teile.hostname or "", teile.port or 443)
    gezeigt = lies_server_zertifikat(*ort, verbindung)
    if gezeigt is None:
        return None
    vom_system = verbindung.proxy is None and _vom_system(ort, verbindung.verbinden_s)
    return Gegenzertifikat(gezeigt.aussteller, vom_system, _oeffentlich(gezeigt.der))


def aussteller_in(pem: bytes) -> tuple[str, ...]:
    """The names of the CAs in a PEM file; empty if there are none to be read."""
    try:
        return tuple(dict.fromkeys(_name(zertifikat.subject) for zertifikat in x509.load_pem_x509_certificates(pem)))
    except ValueError:
        return ()


def _name(name: x509.Name) -> str:
    """Common name and organisation, written as the core writes an issuer, so that the two can be compared."""
    teile = [
        str(attribut.value)
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for attribut in name.get_attributes_for_oid(oid)
    ]
    return re.sub(r"[^\w .:,()&/+*-]", "", ", ".join(dict.fromkeys(teile)))[:120] or "ohne Namen"


def _vom_system(ort: tuple[str, int], geduld_s: float) -> bool:
    kontext = ssl.create_default_context()
    try:
        with (
            socket.create_connection(ort, geduld_s) as roh,
            kontext.wrap_socket(roh, server_hostname=ort[0]),
        ):
            return True
    except ssl.SSLCertVerificationError:
        return False
    except ssl.SSLError:  # it was trusted; the server misses our certificate, which is not shown here
        return True
    except OSError:
        return False


def _oeffentlich(der: bytes) -> bool:
    try:
        x509.load_der_x509_certificate(der).extensions.get_extension_for_oid(
            ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS
        )
    except (x509.ExtensionNotFound, ValueError):
        return False
    return True
