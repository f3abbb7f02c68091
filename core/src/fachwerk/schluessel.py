"""Keys: one site key wraps one key per case; a third, derived, seals the audit log.

The site key is 32 random bytes, base64 in a file of mode 0600, and is never part of a backup.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fachwerk.errors import ConfigError, PermanentError

_LAENGE = 32
_NONCE = 12


def neuer_schluessel() -> bytes:
    """32 random bytes."""
    return os.urandom(_LAENGE)


SIEGEL = "siegel"
"""Under this name the key of the audit seals stands among those of the cases, once the site key was changed."""

NEU = "neu"
"""Behind a key of the file: known to every node, but not in use yet."""


def lies_schluesseldatei(pfad: Path) -> bytes:
    """The site key in use from its file; a missing or damaged one is a ``ConfigError`` that says what to do."""
    return lies_schluessel(pfad)[0]


def lies_schluessel(pfad: Path) -> tuple[bytes, ...]:
    """Every site key of the file, one a line: first the one in use, then those that open what is older or to come."""
    try:
        zeilen = [zeile.split() for zeile in pfad.read_text(encoding="ascii").splitlines() if zeile.strip()]
        schluessel = tuple(base64.b64decode(zeile[0], validate=True) for zeile in zeilen)
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
        schluessel, zeilen = (), []
    falsche = [zeile for zeile in zeilen if zeile[1:] not in ([], [NEU])]
    if not schluessel or falsche or any(len(einer) != _LAENGE for einer in schluessel):
        raise ConfigError(
            "schluessel_beschaedigt",
            f"Die Schlüsseldatei {pfad.name} enthält keinen gültigen Schlüssel (32 Bytes, Base64). Bitte aus der "
            "Sicherung zurückholen.",
            schluessel="fachwerk.schluesseldatei",
        )
    return schluessel


def kennung_von(schluessel: bytes) -> str:
    """Which site key this is, for people and manifests; nothing of the key follows from it."""
    return hmac.digest(schluessel, b"fachwerk/kennung/1", "sha256").hex()[:16]


class Schluesselbund:
    """Wraps case keys and seals audit lines with the site key; older site keys still open what they have wrapped.

    With ``quelle`` a changed key file is noticed while the process runs.
    """

    def __init__(self, hauptschluessel: bytes, *weitere: bytes, quelle: Path | None = None) -> None:
        self._quelle = quelle
        self._stand = _stand(quelle)
        self._setze((hauptschluessel, *weitere))
        self._siegel = _siegel_von(hauptschluessel)

    @classmethod
    def aus_datei(cls, pfad: Path) -> Schluesselbund:
        """The keys of a file, read again when it changes."""
        return cls(*lies_schluessel(pfad), quelle=pfad)

    def _setze(self, schluessel: tuple[bytes, ...]) -> None:
        self._schluessel = schluessel
        self._huellen = tuple(AESGCM(einer) for einer in schluessel)

    @property
    def kennung(self) -> str:
        """Of the site key in use."""
        return self.kennungen[0]

    @property
    def kennungen(self) -> tuple[str, ...]:
        """Of all site keys, that in use first."""
        return tuple(kennung_von(einer) for einer in self._schluessel)

    def frische_auf(self) -> bool:
        """Read the key file again if it was changed; whether it was."""
        stand = _stand(self._quelle)
        if self._quelle is None or stand is None or stand == self._stand:
            return False
        try:
            self._setze(lies_schluessel(self._quelle))
        except ConfigError:
            return False  # just being replaced; what was read before still holds
        self._stand = stand
        return True

    def verpacke(self, vorgang_id: str, schluessel: bytes) -> bytes:
        """The case key, encrypted for storage and bound to its case."""
        self.frische_auf()
        nonce = os.urandom(_NONCE)
        return nonce + self._huellen[0].encrypt(nonce, schluessel, vorgang_id.encode())

    def entpacke(self, vorgang_id: str, verpackt: bytes) -> bytes:
        """The case key in the clear; ``PermanentError`` where the site key is another one."""
        geoeffnet = self._oeffne(vorgang_id, verpackt)
        if geoeffnet is None and self.frische_auf():
            geoeffnet = self._oeffne(vorgang_id, verpackt)
        if geoeffnet is None:
            raise PermanentError(
                "schluessel_passt_nicht",
                "Der Inhalt wurde mit einem anderen Hauptschlüssel verschlüsselt. Bitte die Schlüsseldatei prüfen "
                "([fachwerk].schluesseldatei).",
            )
        return geoeffnet[1]

    def welcher(self, vorgang_id: str, verpackt: bytes) -> str:
        """Which site key has wrapped it; empty: none of ours."""
        geoeffnet = self._oeffne(vorgang_id, verpackt)
        return self.kennungen[geoeffnet[0]] if geoeffnet else ""

    def _oeffne(self, vorgang_id: str, verpackt: bytes) -> tuple[int, bytes] | None:
        for nummer, huelle in enumerate(self._huellen):
            with suppress(InvalidTag):
                return nummer, huelle.decrypt(verpackt[:_NONCE], verpackt[_NONCE:], vorgang_id.encode())
        return None

    # -- seals ----------------------------------------------------------------------------------------------------

    @property
    def siegel(self) -> bytes:
        """The key of the seals; it survives every change of the site key."""
        return self._siegel

    def setze_siegel(self, siegel: bytes) -> None:
        """Seal with this key from now on."""
        self._siegel = siegel

    def moegliche_siegel(self) -> tuple[bytes, ...]:
        """The keys of seals that follow from our site keys, before the first change made one of its own."""
        return tuple(_siegel_von(einer) for einer in self._schluessel)

    def siegle(self, zeile: str) -> str:
        """HMAC-SHA-256 (hex) of one audit line, which includes the seal before it."""
        return siegle_mit(self._siegel, zeile)


def siegle_mit(siegel: bytes, zeile: str) -> str:
    """The same with a given key."""
    return hmac.new(siegel, zeile.encode(), hashlib.sha256).hexdigest()


def _siegel_von(hauptschluessel: bytes) -> bytes:
    return hmac.digest(hauptschluessel, b"fachwerk/audit/1", "sha256")


def _stand(pfad: Path | None) -> tuple[int, int, int] | None:
    """What changes with every new key file."""
    if pfad is None:
        return None
    try:
        stand = pfad.stat()
    except OSError:
        return None
    return stand.st_mtime_ns, stand.st_ino, stand.st_size


def verschluessle(schluessel: bytes, klartext: bytes | bytearray, bindung: bytes) -> bytes:
    """AES-256-GCM with a random nonce in front; ``bindung`` is authenticated, not stored."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(schluessel).encrypt(nonce, klartext, bindung)


def entschluessle(schluessel: bytes, daten: bytes, bindung: bytes) -> bytes:
    """The reverse; raises ``InvalidTag`` if anything was changed or moved."""
    return AESGCM(schluessel).decrypt(daten[:_NONCE], daten[_NONCE:], bindung)
