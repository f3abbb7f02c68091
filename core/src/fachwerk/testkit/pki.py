"""A small certificate authority for test partners: one CA, one server, one certificate per account.

The two makers are pure but for the random keys: validity is always passed in, so that tests can make certificates
that are expired, not yet valid or of a foreign CA.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fachwerk.errors import ConfigError

CA_GUELTIG = timedelta(days=3650)
GUELTIG = timedelta(days=1825)
EIN_TAG = timedelta(days=1)
P12_PASSWORT = "simulator"
_RUNDEN = 2048  # the passphrase is public: this only shows the form
SERVERNAMEN = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Ausweis:
    """A certificate with its private key (EC P-256)."""

    zertifikat: x509.Certificate
    schluessel: ec.EllipticCurvePrivateKey

    @property
    def zertifikat_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.zertifikat.public_bytes(serialization.Encoding.PEM)

    @property
    def schluessel_pem(self) -> bytes:
        """The unencrypted private key as PEM (PKCS#8)."""
        return self.schluessel.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def neue_ca(name: str, gueltig_von: datetime, gueltig_bis: datetime) -> Ausweis:
    """A self-signed CA that may sign end certificates only."""
    schluessel = ec.generate_private_key(ec.SECP256R1())
    bau = _bau(name, name, schluessel.public_key(), gueltig_von, gueltig_bis)
    bau = bau.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    bau = bau.add_extension(_verwendung(ca=True), critical=True)
    return Ausweis(bau.sign(schluessel, hashes.SHA256()), schluessel)


def neues_zertifikat(
    name: str, gueltig_von: datetime, gueltig_bis: datetime, *, ca: Ausweis, servernamen: Sequence[str] = ()
) -> Ausweis:
    """A client certificate with CN ``name``; with ``servernamen`` (DNS names, addresses) a server certificate."""
    schluessel = ec.generate_private_key(ec.SECP256R1())
    aussteller = _cn(ca.zertifikat)
    bau = _bau(name, aussteller, schluessel.public_key(), gueltig_von, gueltig_bis)
    bau = bau.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    bau = bau.add_extension(_verwendung(ca=False), critical=True)
    zweck = ExtendedKeyUsageOID.SERVER_AUTH if servernamen else ExtendedKeyUsageOID.CLIENT_AUTH
    bau = bau.add_extension(x509.ExtendedKeyUsage([zweck]), critical=False)
    ca_kennung = ca.zertifikat.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    bau = bau.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_kennung), critical=False)
    if servernamen:
        alternativen = [_allgemeiner_name(servername) for servername in servernamen]
        bau = bau.add_extension(x509.SubjectAlternativeName(alternativen), critical=False)
    return Ausweis(bau.sign(ca.schluessel, hashes.SHA256()), schluessel)


def richte_pki_ein(ordner: Path, konten: Iterable[str], jetzt: datetime, host: str = "127.0.0.1") -> None:
    """Make what is missing in ``ordner``: CA, server and account certificates. What exists is kept."""
    ordner.mkdir(parents=True, exist_ok=True, mode=0o700)
    von = jetzt - timedelta(hours=1)
    if not (ordner / "ca.crt").exists():
        schreibe_ausweis(ordner, "ca", neue_ca("Fachwerk-Simulator CA", von, jetzt + CA_GUELTIG))
    ca = _lies_ca(ordner)
    namen = tuple(dict.fromkeys((*SERVERNAMEN, host)))
    if not _server_passt(ordner / "server.crt", namen):
        schreibe_ausweis(
            ordner, "server", neues_zertifikat("localhost", von, jetzt + GUELTIG, ca=ca, servernamen=namen)
        )
    for konto in konten:
        if not (ordner / f"{konto}.crt").exists():
            schreibe_ausweis(ordner, konto, neues_zertifikat(konto, von, jetzt + GUELTIG, ca=ca))
            schreibe_p12(ordner, konto)


def richte_proben_ein(pki: Path, konto: str, jetzt: datetime) -> None:
    """Certificates to rehearse with in ``pki/probe``, made once: for ``konto`` those that are refused, and for us
    those that a client must refuse (see ``tls.TLS_ARTEN``)."""
    ordner = pki / "probe"
    if (ordner / "fremde-ca.crt").exists():
        return
    ordner.mkdir(exist_ok=True, mode=0o700)
    eigene, fremde = _lies_ca(pki), neue_ca("Fremde Muster-CA", jetzt - EIN_TAG, jetzt + CA_GUELTIG)
    firewall = neue_ca("Muster-Firewall TLS Inspection", jetzt - EIN_TAG, jetzt + CA_GUELTIG)
    gut, vorbei = (jetzt - EIN_TAG, jetzt + GUELTIG), (jetzt - 30 * EIN_TAG, jetzt - EIN_TAG)
    spaeter = (jetzt + 365 * EIN_TAG, jetzt + GUELTIG)
    ausweise = {
        "abgelaufen": neues_zertifikat(konto, *vorbei, ca=eigene),
        "noch-nicht-gueltig": neues_zertifikat(konto, *spaeter, ca=eigene),
        "fremd": neues_zertifikat(konto, *gut, ca=fremde),
        "unbekannt": neues_zertifikat("unbekannt", *gut, ca=eigene),
        "server-fremd": neues_zertifikat("localhost", *gut, ca=fremde, servernamen=SERVERNAMEN),
        "server-inspektion": neues_zertifikat("localhost", *gut, ca=firewall, servernamen=SERVERNAMEN),
        "server-abgelaufen": neues_zertifikat("localhost", *vorbei, ca=eigene, servernamen=SERVERNAMEN),
        "server-falscher_name": neues_zertifikat("anderswo", *gut, ca=eigene, servernamen=["anderswo.example"]),
        "firewall-ca": firewall,
        "fremde-ca": fremde,
    }
    for name, ausweis in ausweise.items():
        schreibe_ausweis(ordner, name, ausweis)


def schreibe_p12(ordner: Path, name: str) -> None:
    """Write ``name.p12`` with certificate, key and CA; its passphrase is :data:`P12_PASSWORT`."""
    schluessel = serialization.load_pem_private_key((ordner / f"{name}.key").read_bytes(), password=None)
    zertifikat, ca = (x509.load_pem_x509_certificate((ordner / f"{n}.crt").read_bytes()) for n in (name, "ca"))
    if not isinstance(schluessel, ec.EllipticCurvePrivateKey):
        raise ConfigError("simulator.ca", f"Der Schlüssel {ordner / name}.key ist kein EC-Schlüssel.")
    schutz = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(_RUNDEN).build(P12_PASSWORT.encode())
    inhalt = pkcs12.serialize_key_and_certificates(name.encode(), schluessel, zertifikat, [ca], schutz)
    _schreibe(ordner / f"{name}.p12", inhalt, 0o600)


def schreibe_ausweis(ordner: Path, name: str, ausweis: Ausweis) -> tuple[Path, Path]:
    """Write ``name.key`` (mode 0600) and then ``name.crt``; a certificate never stands there without its key."""
    schluessel, zertifikat = ordner / f"{name}.key", ordner / f"{name}.crt"
    _schreibe(schluessel, ausweis.schluessel_pem, 0o600)
    _schreibe(zertifikat, ausweis.zertifikat_pem, 0o644)
    return zertifikat, schluessel


def _schreibe(pfad: Path, inhalt: bytes, rechte: int) -> None:
    vorlaeufig = pfad.with_name(pfad.name + ".neu")
    vorlaeufig.unlink(missing_ok=True)
    with os.fdopen(os.open(vorlaeufig, os.O_WRONLY | os.O_CREAT | os.O_EXCL, rechte), "wb") as datei:
        datei.write(inhalt)
    os.replace(vorlaeufig, pfad)


def _lies_ca(ordner: Path) -> Ausweis:
    try:
        zertifikat = x509.load_pem_x509_certificate((ordner / "ca.crt").read_bytes())
        schluessel = serialization.load_pem_private_key((ordner / "ca.key").read_bytes(), password=None)
    except (OSError, ValueError) as fehler:
        raise ConfigError(
            "simulator.ca", f"Die CA in {ordner} ist nicht lesbar. Ordner löschen, dann entsteht eine neue."
        ) from fehler
    if not isinstance(schluessel, ec.EllipticCurvePrivateKey):
        raise ConfigError("simulator.ca", f"Der Schlüssel {ordner / 'ca.key'} ist kein EC-Schlüssel.")
    return Ausweis(zertifikat, schluessel)


def _server_passt(pfad: Path, namen: Sequence[str]) -> bool:
    if not pfad.exists():
        return False
    zertifikat = x509.load_pem_x509_certificate(pfad.read_bytes())
    alternativen = zertifikat.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return all(_allgemeiner_name(name) in list(alternativen) for name in namen)


def _bau(
    name: str, aussteller: str, schluessel: ec.EllipticCurvePublicKey, von: datetime, bis: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(
            issuer_name=_name(aussteller),
            subject_name=_name(name),
            public_key=schluessel,
            serial_number=x509.random_serial_number(),
            not_valid_before=von,
            not_valid_after=bis,
        )
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(schluessel), critical=False)


def _verwendung(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _cn(zertifikat: x509.Certificate) -> str:
    return str(zertifikat.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _allgemeiner_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
