"""Keys: one site key wraps one key per case; a third, derived, seals the audit log.

The site key is 32 random bytes, base64 in a file of mode 0600, and is never part of a backup.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fachwerk.errors import ConfigError, PermanentError

_LAENGE = 32
_NONCE = 12


def neuer_schluessel() -> bytes:
    """32 random bytes."""
    return os.urandom(_LAENGE)


def lies_schluesseldatei(pfad: Path) -> bytes:
    """The site key from its file; a missing or damaged one is a ``ConfigError`` that says what to do."""
    try:
        roh = base64.b64decode(pfad.read_text(encoding="ascii").strip(), validate=True)
    except OSError as fehler:
        raise ConfigError(
            "schluessel_fehlt",
            f"Die Schlüsseldatei {pfad.name} ist nicht lesbar ({fehler.strerror}). Ohne sie bleibt der gespeicherte "
            "Inhalt verschlossen: bitte aus der getrennten Sicherung zurückholen; neu anlegen nur für eine neue "
            "Datenbank (fachwerk init).",
            schluessel="fachwerk.schluesseldatei",
            umgebung="FACHWERK_SCHLUESSELDATEI",
        ) from None
    except ValueError:
        roh = b""
    if len(roh) != _LAENGE:
        raise ConfigError(
            "schluessel_beschaedigt",
            f"Die Schlüsseldatei {pfad.name} enthält keinen gültigen Schlüssel (32 Bytes, Base64). Bitte aus der "
            "Sicherung zurückholen.",
            schluessel="fachwerk.schluesseldatei",
        )
    return roh


class Schluesselbund:
    """Wraps case keys and seals audit lines with the site key."""

    def __init__(self, hauptschluessel: bytes) -> None:
        self._huelle = AESGCM(hauptschluessel)
        self._siegel = hmac.digest(hauptschluessel, b"fachwerk/audit/1", "sha256")
        self.kennung = hmac.digest(hauptschluessel, b"fachwerk/kennung/1", "sha256").hex()[:16]
        """Which site key this is, for people and manifests; nothing of the key follows from it."""

    def verpacke(self, vorgang_id: str, schluessel: bytes) -> bytes:
        """The case key, encrypted for storage and bound to its case."""
        nonce = os.urandom(_NONCE)
        return nonce + self._huelle.encrypt(nonce, schluessel, vorgang_id.encode())

    def entpacke(self, vorgang_id: str, verpackt: bytes) -> bytes:
        """The case key in the clear; ``PermanentError`` where the site key is another one."""
        try:
            return self._huelle.decrypt(verpackt[:_NONCE], verpackt[_NONCE:], vorgang_id.encode())
        except InvalidTag:
            raise PermanentError(
                "schluessel_passt_nicht",
                "Der Inhalt wurde mit einem anderen Hauptschlüssel verschlüsselt. Bitte die Schlüsseldatei prüfen "
                "([fachwerk].schluesseldatei).",
            ) from None

    def siegle(self, zeile: str) -> str:
        """HMAC-SHA-256 (hex) of one audit line, which includes the seal before it."""
        return hmac.new(self._siegel, zeile.encode(), hashlib.sha256).hexdigest()


def verschluessle(schluessel: bytes, klartext: bytes | bytearray, bindung: bytes) -> bytes:
    """AES-256-GCM with a random nonce in front; ``bindung`` is authenticated, not stored."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(schluessel).encrypt(nonce, klartext, bindung)


def entschluessle(schluessel: bytes, daten: bytes, bindung: bytes) -> bytes:
    """The reverse; raises ``InvalidTag`` if anything was changed or moved."""
    return AESGCM(schluessel).decrypt(daten[:_NONCE], daten[_NONCE:], bindung)
