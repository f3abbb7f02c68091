"""HTTP clients with mandatory timeouts and mutual TLS, and the one place that maps their exceptions to our errors.

There is no way to switch verification off, no proxy or CA out of the process environment, and no default without
a timeout. ``classify`` distinguishes what was certainly never processed from what may have been.
"""

from __future__ import annotations

import secrets
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fachwerk.errors import ConfigError, NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import GehaltenFuer
from fachwerk.server_zertifikat import Serverzertifikat as Serverzertifikat
from fachwerk.server_zertifikat import lies_server_zertifikat as lies_server_zertifikat

if TYPE_CHECKING:
    import httpx
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_P12 = frozenset({".p12", ".pfx"})


@dataclass(frozen=True)
class Verbindung:
    """Everything that makes a client; hashable, so that the core keeps one client alive per Verbindung.

    ``zertifikat`` is a PEM chain, or a PKCS#12 file (``.p12``, ``.pfx``) that also holds the key; ``passphrase``
    opens the key or the PKCS#12 file. ``ca`` is a PEM file or a hashed folder; without it the system's CAs hold.
    Times are in seconds and per network operation, not per exchange. ``stand`` tells when the files were last changed:
    a certificate renewed in its old place makes another Verbindung, and so a new client, without a restart.
    """

    zertifikat: Path | None = None
    privatschluessel: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    ca: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    verbinden_s: float = 10.0
    lesen_s: float = 60.0
    schreiben_s: float = 60.0
    stand: tuple[int, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        dateien = (self.zertifikat, self.privatschluessel, self.ca)
        object.__setattr__(self, "stand", tuple(_geaendert(datei) for datei in dateien))
        for name in ("verbinden_s", "lesen_s", "schreiben_s"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ConfigError("transport.zeitgrenze", f"{name} muss größer als 0 Sekunden sein.", schluessel=name)


def _geaendert(datei: Path | None) -> int:
    try:
        return 0 if datei is None else datei.stat().st_mtime_ns
    except OSError:
        return 0


def oeffne(verbindung: Verbindung) -> httpx.Client:
    """A new client for ``verbindung``; whoever opens it closes it. Raises ``ConfigError`` naming the bad file."""
    import httpx

    return httpx.Client(
        verify=ssl_kontext(verbindung),
        trust_env=False,
        proxy=verbindung.proxy,
        http2=False,
        follow_redirects=False,
        timeout=httpx.Timeout(
            connect=verbindung.verbinden_s,
            read=verbindung.lesen_s,
            write=verbindung.schreiben_s,
            pool=verbindung.verbinden_s,
        ),
        headers={"User-Agent": "fachwerk"},
    )


def ssl_kontext(verbindung: Verbindung) -> ssl.SSLContext:
    """TLS 1.2 or newer, host name and chain always checked, our certificate loaded where one is configured."""
    kontext = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    kontext.minimum_version = ssl.TLSVersion.TLSv1_2
    _lade_ca(kontext, verbindung.ca)
    if verbindung.zertifikat is not None:
        _lade_zertifikat(kontext, verbindung.zertifikat, verbindung)
    return kontext


def _lade_ca(kontext: ssl.SSLContext, ca: Path | None) -> None:
    if ca is None:
        kontext.load_default_certs()
        return
    try:
        if ca.is_dir():
            kontext.load_verify_locations(capath=str(ca))
        else:
            kontext.load_verify_locations(cafile=str(ca))
    except OSError as fehler:
        raise _datei_fehler(fehler, ca, "ca", "Die Datei mit den CA-Zertifikaten") from None


def _lade_zertifikat(kontext: ssl.SSLContext, zertifikat: Path, verbindung: Verbindung) -> None:
    if zertifikat.suffix.lower() in _P12:
        _lade_p12(kontext, zertifikat, verbindung.passphrase)
        return
    pruefe_lesbar(zertifikat, "zertifikat")
    if verbindung.privatschluessel is not None:
        pruefe_lesbar(verbindung.privatschluessel, "privatschluessel")
    # a callable, because without one OpenSSL would ask on the terminal
    passphrase = verbindung.passphrase or ""
    try:
        kontext.load_cert_chain(str(zertifikat), _text(verbindung.privatschluessel), password=lambda: passphrase)
    except (OSError, ValueError) as fehler:
        raise _kettenfehler(fehler, zertifikat, verbindung.privatschluessel or zertifikat) from None


def _lade_p12(kontext: ssl.SSLContext, pfad: Path, passphrase: str | None) -> None:
    """OpenSSL takes keys from files only: the key touches the disk encrypted with a password of this moment."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
    )

    schluessel, kette = _lies_p12(pfad, passphrase)
    kennwort = secrets.token_hex(16).encode()
    pem = schluessel.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(kennwort))
    pem += b"".join(zertifikat.public_bytes(Encoding.PEM) for zertifikat in kette)
    with tempfile.TemporaryDirectory(prefix="fachwerk-") as ordner:
        datei = Path(ordner) / "kette.pem"
        datei.touch(mode=0o600)
        datei.write_bytes(pem)
        kontext.load_cert_chain(str(datei), password=kennwort)


def _lies_p12(pfad: Path, passphrase: str | None) -> tuple[PrivateKeyTypes, list[x509.Certificate]]:
    from cryptography.hazmat.primitives.serialization import pkcs12

    daten = pruefe_lesbar(pfad, "zertifikat")
    try:
        schluessel, zertifikat, weitere = pkcs12.load_key_and_certificates(daten, (passphrase or "").encode() or None)
    except ValueError:
        raise ConfigError(
            "transport.p12_unlesbar",
            f"Die PKCS#12-Datei {pfad} lässt sich nicht öffnen: Kennwort falsch oder Datei beschädigt. "
            "Den Schlüssel „passphrase“ prüfen (env:NAME oder datei:PFAD).",
            datei=str(pfad),
            schluessel="passphrase",
        ) from None
    if schluessel is None or zertifikat is None:
        raise ConfigError(
            "transport.p12_unvollstaendig",
            f"Die PKCS#12-Datei {pfad} enthält kein Zertifikat mit privatem Schlüssel. Vollständig neu exportieren.",
            datei=str(pfad),
        )
    return schluessel, [zertifikat, *weitere]


def pruefe_lesbar(pfad: Path, schluessel: str) -> bytes:
    """The content of a configured file; raises ``ConfigError`` naming file and configuration key."""
    try:
        return pfad.read_bytes()
    except OSError as fehler:
        raise _datei_fehler(fehler, pfad, schluessel, "Die Datei") from None


def _datei_fehler(fehler: OSError, pfad: Path, schluessel: str, was: str) -> ConfigError:
    if isinstance(fehler, FileNotFoundError):
        code, grund = "transport.datei_fehlt", "gibt es nicht. Pfad in der Konfiguration prüfen"
    elif isinstance(fehler, PermissionError):
        code, grund = "transport.datei_gesperrt", "darf der Dienst nicht lesen. Rechte der Datei prüfen"
    else:
        code, grund = "transport.datei_unlesbar", "ist nicht lesbar. Erwartet wird PEM (-----BEGIN …)"
    return ConfigError(code, f"{was} {pfad} {grund}.", datei=str(pfad), schluessel=schluessel)


def _kettenfehler(fehler: OSError | ValueError, zertifikat: Path, schluesseldatei: Path) -> ConfigError:
    grund = getattr(fehler, "reason", "") or ""
    if grund in {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"}:
        code, text = "transport.schluessel_passt_nicht", f"gehört nicht zum Zertifikat {zertifikat}"
    elif grund in {"BAD_DECRYPT", "BAD_PASSWORD_READ"} or _ist_verschluesselt(schluesseldatei):
        code, text = "transport.passphrase_falsch", "ist verschlüsselt, und „passphrase“ fehlt oder ist falsch"
    else:
        code, text = "transport.schluessel_unlesbar", f"oder das Zertifikat {zertifikat} ist kein gültiges PEM"
    return ConfigError(code, f"Der Schlüssel {schluesseldatei} {text}.", datei=str(schluesseldatei))


def _ist_verschluesselt(pfad: Path) -> bool:
    return b"ENCRYPTED" in pruefe_lesbar(pfad, "privatschluessel")


def _text(pfad: Path | None) -> str | None:
    return None if pfad is None else str(pfad)


@dataclass(frozen=True)
class Zertifikatsangaben:
    """What a preflight wants to know of our certificate. ``inhaber`` is its CN, empty where it has none."""

    inhaber: str
    seriennummer: str
    gueltig_ab: datetime
    gueltig_bis: datetime

    def restlaufzeit(self, now: datetime) -> timedelta:
        """Negative once it has expired."""
        return self.gueltig_bis - now


def zertifikatsangaben(pfad: Path, passphrase: str | None = None) -> Zertifikatsangaben:
    """The first certificate of a PEM or PKCS#12 file. Raises ``ConfigError``."""
    from cryptography.x509.oid import NameOID

    zertifikat = _lies_zertifikat(pfad, passphrase)
    namen = zertifikat.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Zertifikatsangaben(
        inhaber=str(namen[0].value) if namen else "",
        seriennummer=f"{zertifikat.serial_number:x}",
        gueltig_ab=zertifikat.not_valid_before_utc,
        gueltig_bis=zertifikat.not_valid_after_utc,
    )


def zertifikat_restlaufzeit(pfad: Path, now: datetime, passphrase: str | None = None) -> timedelta:
    """How long the certificate in ``pfad`` is still valid at ``now`` (aware); negative once it has expired."""
    return zertifikatsangaben(pfad, passphrase).restlaufzeit(now)


def _lies_zertifikat(pfad: Path, passphrase: str | None) -> x509.Certificate:
    from cryptography import x509

    if pfad.suffix.lower() in _P12:
        return _lies_p12(pfad, passphrase)[1][0]
    daten = pruefe_lesbar(pfad, "zertifikat")
    try:
        return x509.load_pem_x509_certificate(daten)
    except ValueError:
        raise ConfigError(
            "transport.zertifikat_unlesbar",
            f"In der Datei {pfad} steht kein lesbares Zertifikat. Erwartet wird PEM (-----BEGIN CERTIFICATE-----).",
            datei=str(pfad),
            schluessel="zertifikat",
        ) from None


def pruefe_schluessel(verbindung: Verbindung) -> None:
    """Raise ``ConfigError`` unless certificate, private key and passphrase belong together."""
    if verbindung.zertifikat is not None:
        _lade_zertifikat(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), verbindung.zertifikat, verbindung)


def classify(fehler: Exception, *, idempotent: bool) -> StepError:
    """What an exception of httpx, ssl or the operating system means for the step.

    ``idempotent`` says whether repeating the exchange is harmless. If it is not, everything after the request may
    have left is an ``OutcomeUnknownError``. A certificate that one side refuses stops the route for the Betrieb:
    no retry helps, and nothing was processed.
    """
    import httpx

    if isinstance(fehler, StepError):
        return fehler
    if isinstance(fehler, httpx.HTTPStatusError):
        return classify_status(fehler.response.status_code, fehler.response.headers.get("retry-after"), idempotent)
    tls = next((glied for glied in _kette(fehler) if isinstance(glied, ssl.SSLError)), None)
    if tls is not None and (abgelehnt := _zertifikatsfehler(tls)):
        return abgelehnt
    if isinstance(fehler, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
        return _betrieb("transport.url_ungueltig", "Die Adresse ist keine gültige https-Adresse. Wie lautet sie?")
    if isinstance(fehler, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)):
        return RetryableError(
            "transport.nicht_erreichbar",
            "Die Gegenstelle ist nicht erreichbar (Name, Netz, Firewall, Proxy oder Dienst). Es wurde nichts gesendet.",
            {"art": type(fehler).__name__},
        )
    if isinstance(fehler, (httpx.TransportError, httpx.DecodingError, OSError)):
        return _nach_dem_senden(type(fehler).__name__, idempotent)
    return _unerwartet(fehler, idempotent)


def _nach_dem_senden(art: str, idempotent: bool) -> StepError:
    einzelheiten = {"art": art}
    if idempotent:
        return RetryableError(
            "transport.abgebrochen",
            "Die Verbindung ist während des Austauschs abgebrochen oder war zu langsam. Es wird wiederholt.",
            einzelheiten,
        )
    return OutcomeUnknownError(
        "transport.antwort_fehlt",
        "Die Anfrage kann angekommen sein, die Antwort fehlt. Bei der Gegenstelle nachsehen, nicht blind wiederholen.",
        einzelheiten,
    )


def _unerwartet(fehler: Exception, idempotent: bool) -> StepError:
    art = {"art": type(fehler).__name__}
    hinweis = "Unerwarteter Fehler beim Austausch mit der Gegenstelle; die Technik muss ihn ansehen."
    if idempotent:
        return PermanentError("transport.unerwartet", hinweis, art)
    return OutcomeUnknownError("transport.unerwartet", hinweis, art)


_ABGELEHNT = (
    "CERTIFICATE_REQUIRED",
    "UNKNOWN_CA",
    "BAD_CERTIFICATE",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN",
    "UNSUPPORTED_CERTIFICATE",
    "ACCESS_DENIED",
    "HANDSHAKE_FAILURE",
)
_FREMDE_CA = "seine Zertifizierungsstelle steht nicht in „ca“, oder ein Proxy dazwischen bricht TLS auf"
_VERIFY = {
    9: "es gilt noch nicht (Uhrzeit des Rechners prüfen)",
    10: "es ist abgelaufen",
    18: "es ist selbst ausgestellt und steht nicht in „ca“",
    62: "es ist auf einen anderen Rechnernamen ausgestellt",
    64: "es ist auf einen anderen Rechnernamen ausgestellt",
}


def _zertifikatsfehler(fehler: ssl.SSLError) -> NeedsHumanError | None:
    grund = fehler.reason or ""
    if isinstance(fehler, ssl.SSLCertVerificationError):
        weshalb = _VERIFY.get(fehler.verify_code, _FREMDE_CA)
        return _betrieb(
            "transport.server_zertifikat",
            f"Dem Zertifikat der Gegenstelle wird nicht vertraut: {weshalb}. Stimmen Adresse und „ca“?",
            {"verify_code": str(fehler.verify_code)},
        )
    if "ALERT" in grund and any(wort in grund for wort in _ABGELEHNT):
        return _betrieb(
            "transport.client_zertifikat",
            "Die Gegenstelle lehnt unser Zertifikat ab (nicht zugelassen, abgelaufen oder fehlt). "
            "Ist es gültig und beim Betreiber hinterlegt?",
            {"alert": grund.lower()},
        )
    if "WRONG_VERSION_NUMBER" in grund or "UNSUPPORTED_PROTOCOL" in grund or "PROTOCOL_VERSION" in grund:
        return _betrieb(
            "transport.tls_version", "Die Gegenstelle spricht kein TLS 1.2 oder neuer. Stimmen Adresse und Port?"
        )
    return None


def classify_status(status: int, retry_after: str | None = None, idempotent: bool = True) -> StepError:
    """What an HTTP status without a readable answer means (429, 503 and 408 promise: not processed)."""
    einzelheiten = {"status": str(status)}
    if status in {408, 429, 503} or (status >= 500 and idempotent):
        return RetryableError(
            "transport.http_spaeter",
            f"Die Gegenstelle ist vorübergehend nicht bereit (HTTP {status}).",
            einzelheiten,
            retry_after=_sekunden(retry_after),
        )
    if status >= 500 or status < 300:
        return _nach_dem_senden(f"http_{status}", idempotent)
    if status == 413:
        return PermanentError("transport.zu_gross", "Der Gegenstelle ist die Sendung zu groß (HTTP 413).", einzelheiten)
    if status in {401, 403, 404, 405, 407, 415} or status < 400:
        return _betrieb(
            "transport.http_abgelehnt",
            f"Die Gegenstelle lehnt Anfragen an dieser Adresse ab (HTTP {status}). Stimmen Adresse und Berechtigung?",
            einzelheiten,
        )
    return PermanentError(
        "transport.http_fehler", f"Die Gegenstelle nimmt die Anfrage nicht an (HTTP {status}).", einzelheiten
    )


def _sekunden(retry_after: str | None) -> float | None:
    """Retry-After in seconds, at most a day; its date form is left to our own back-off."""
    text = (retry_after or "").strip()
    return min(float(text), 86400.0) if text.isascii() and text.isdigit() else None


def _betrieb(code: str, frage: str, einzelheiten: dict[str, str] | None = None) -> NeedsHumanError:
    return NeedsHumanError(code, frage, einzelheiten, fuer=GehaltenFuer.BETRIEB, routenfehler=True)


def _kette(fehler: BaseException) -> Iterator[BaseException]:
    """The exception and what caused it, each once."""
    gesehen: set[int] = set()
    offen: list[BaseException | None] = [fehler]
    while offen:
        glied = offen.pop()
        if glied is None or id(glied) in gesehen:
            continue
        gesehen.add(id(glied))
        yield glied
        offen += [glied.__context__, glied.__cause__]
