"""Checking content for malware with a scanner the site runs: clamd (INSTREAM) or any ICAP service (RESPMOD).

A hit is returned as :class:`Fund`. No answer, or one that cannot be understood, is never "clean": it holds the
case for the Betrieb (``viren_keine_antwort``), as does content larger than the scanner takes (``viren_zu_gross``).
Content is streamed; a scan needs a few hundred KiB of memory whatever the size.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from fachwerk.abschnitte import VirenpruefungEinstellungen
from fachwerk.errors import ConfigError, NeedsHumanError
from fachwerk.modell import GehaltenFuer

STUECK = 256 * 1024
"""Bytes sent to the scanner at a time."""

_ANTWORT_MAX = 64 * 1024


@dataclass(frozen=True)
class Fund:
    """A hit; ``signatur`` is the scanner's name for it (no personal data)."""

    signatur: str


class Pruefer(Protocol):
    """A connection to a scanner."""

    def pruefe(self, strom: Iterable[bytes]) -> Fund | None:
        """Scan one part; None is clean. Raises ``NeedsHumanError`` where the scanner does not say."""
        ...

    def erreichbar(self) -> None:
        """Ask whether the scanner is there (for ``fachwerk check``). Raises ``NeedsHumanError`` if not."""
        ...


def pruefer(einstellungen: VirenpruefungEinstellungen) -> Pruefer | None:
    """The scanner of the configuration, None for ``art = "keine"``. Raises ``ConfigError`` for a bad address."""
    adresse, zeitgrenze = einstellungen.adresse, einstellungen.zeitgrenze_s
    if einstellungen.art == "clamd":
        return Clamd(adresse, zeitgrenze)
    if einstellungen.art == "icap":
        from fachwerk.viren_icap import Icap

        return Icap(adresse, zeitgrenze)
    return None


def keine_antwort(grund: str) -> NeedsHumanError:
    """The scanner did not answer, or not understandably; ``grund`` is a word for the log."""
    return NeedsHumanError(
        "viren_keine_antwort",
        "Die Virenprüfung hat nicht geantwortet; ungeprüft wird nichts geöffnet. Läuft der Prüfdienst, und stimmt "
        "[virenpruefung].adresse? Danach den Vorgang mit „fachwerk vorgang retry“ fortsetzen.",
        {"grund": grund},
        fuer=GehaltenFuer.BETRIEB,
    )


def zu_gross() -> NeedsHumanError:
    """The scanner takes no content of this size."""
    return NeedsHumanError(
        "viren_zu_gross",
        "Ein Teil der Nachricht ist größer, als die Virenprüfung annimmt. Die Grenze des Prüfdienstes anheben "
        "(bei clamd: StreamMaxLength) und den Vorgang mit „fachwerk vorgang retry“ fortsetzen.",
        fuer=GehaltenFuer.BETRIEB,
    )


def stuecke(strom: Iterable[bytes]) -> Iterator[bytes]:
    """``strom`` in non-empty pieces of at most :data:`STUECK` bytes."""
    for teil in strom:
        for anfang in range(0, len(teil), STUECK):
            yield teil[anfang : anfang + STUECK]


class Frist:
    """A point in time by which an exchange must be over; every wait on the socket gets what is left of it."""

    def __init__(self, sekunden: float) -> None:
        self._ende = time.monotonic() + sekunden

    def setze(self, leitung: socket.socket) -> None:
        """Limit the next operation of ``leitung``. Raises ``TimeoutError`` if nothing is left."""
        rest = self._ende - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        leitung.settimeout(rest)


class Clamd:
    """ClamAV's daemon by its INSTREAM command, over TCP or a Unix socket.

    ``zeitgrenze_s`` limits each piece sent, and then the whole wait for the answer.
    """

    def __init__(self, adresse: str, zeitgrenze_s: float = 60.0) -> None:
        self._adresse = adresse
        self._zeitgrenze = zeitgrenze_s
        self._ort = _clamd_ort(adresse)

    def pruefe(self, strom: Iterable[bytes]) -> Fund | None:
        """Scan one part; see :class:`Pruefer`."""
        with self._leitung() as leitung:
            self._sende(leitung, strom)
            antwort = self._antwort(leitung)
        return _clamd_urteil(antwort)

    def erreichbar(self) -> None:
        """PING; see :class:`Pruefer`."""
        with self._leitung() as leitung:
            leitung.sendall(b"zPING\0")
            if self._antwort(leitung) != "PONG":
                raise keine_antwort("kein_pong")

    @contextmanager
    def _leitung(self) -> Iterator[socket.socket]:
        try:
            with self._verbinde() as leitung:
                leitung.settimeout(self._zeitgrenze)
                yield leitung
        except OSError as fehler:
            grund = type(fehler).__name__
        else:
            return
        raise keine_antwort(grund)

    def _verbinde(self) -> socket.socket:
        if isinstance(self._ort, tuple):
            return socket.create_connection(self._ort, timeout=self._zeitgrenze)
        leitung = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            leitung.settimeout(self._zeitgrenze)
            leitung.connect(self._ort)
        except OSError:
            leitung.close()
            raise
        return leitung

    def _sende(self, leitung: socket.socket, strom: Iterable[bytes]) -> None:
        """Send all pieces; if clamd hangs up in between, its answer says why."""
        inhalt = stuecke(strom)
        try:
            leitung.sendall(b"zINSTREAM\0")
            while (stueck := next(inhalt, b"")) != b"":
                leitung.sendall(struct.pack("!I", len(stueck)) + stueck)
            leitung.sendall(struct.pack("!I", 0))
        except (BrokenPipeError, ConnectionResetError):
            return

    def _antwort(self, leitung: socket.socket) -> str:
        frist, gelesen = Frist(self._zeitgrenze), b""
        while b"\0" not in gelesen and len(gelesen) < _ANTWORT_MAX:
            frist.setze(leitung)
            stueck = leitung.recv(4096)
            if not stueck:
                break
            gelesen += stueck
        return gelesen.split(b"\0")[0].decode("utf-8", "replace").strip()


def _clamd_ort(adresse: str) -> tuple[str, int] | str:
    if adresse.startswith("unix:"):
        if not hasattr(socket, "AF_UNIX"):
            raise adressfehler("Unix-Sockets gibt es auf diesem System nicht; tcp://HOST:PORT verwenden")
        return "/" + adresse.removeprefix("unix:").lstrip("/")
    teile = urlsplit(adresse)
    if teile.scheme != "tcp" or not teile.hostname or not port_von(adresse):
        raise adressfehler("Für clamd wird tcp://HOST:PORT oder unix:/PFAD erwartet")
    return teile.hostname, port_von(adresse)


def port_von(adresse: str) -> int:
    try:
        return urlsplit(adresse).port or 0
    except ValueError:
        return 0


def adressfehler(text: str) -> ConfigError:
    return ConfigError(
        "virenpruefung_adresse",
        f"virenpruefung.adresse: {text}.",
        schluessel="virenpruefung.adresse",
        umgebung="FACHWERK_VIRENPRUEFUNG__ADRESSE",
    )


def _clamd_urteil(antwort: str) -> Fund | None:
    """``stream: OK``, ``stream: NAME FOUND`` or an error."""
    if antwort == "stream: OK":
        return None
    if antwort.startswith("stream: ") and antwort.endswith(" FOUND"):
        return Fund(antwort.removeprefix("stream: ").removesuffix(" FOUND").strip()[:200])
    if "size limit exceeded" in antwort:
        raise zu_gross()
    raise keine_antwort("leere_antwort" if not antwort else "unverstandene_antwort")
