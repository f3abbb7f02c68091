"""What the client needs of a disk: making it durable, and saying in German what it refused."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fachwerk.errors import RetryableError

WINDOWS = os.name == "nt"
LAENGSTER_PFAD = 259
"""Characters Windows and its Explorer take for a whole path."""

_OHNE_ORDNERSYNC = {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EISDIR}
_VOLL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_VERBOTEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def sichere_datei(datei: IO[bytes]) -> None:
    """Make the content durable."""
    datei.flush()
    os.fsync(datei.fileno())


def sichere_ordner(ordner: Path) -> None:
    """Make names durable. Windows has no such call, and some network drives refuse it: then the drive decides."""
    if WINDOWS:
        return
    kennung = os.open(ordner, os.O_RDONLY)
    try:
        os.fsync(kennung)
    except OSError as fehler_des_systems:
        if fehler_des_systems.errno not in _OHNE_ORDNERSYNC:
            raise
    finally:
        os.close(kennung)


@contextlib.contextmanager
def fehler_der_ablage(ablage: Path) -> Iterator[None]:
    """Say what the disk refused in words an operator can act on; nothing was handed over when this raises."""
    try:
        yield
    except OSError as fehler_des_systems:
        raise uebersetzt(fehler_des_systems, ablage) from fehler_des_systems


@contextlib.contextmanager
def fehler_des_spiegels(hauptordner: Path) -> Iterator[None]:
    """A mirror that fails says that the case itself is safe; only the mirror is tried again."""
    try:
        yield
    except RetryableError as grund:
        raise RetryableError(
            "ablage.spiegel",
            f"Die Akte liegt in {hauptordner}; im Spiegel fehlt sie noch. {grund.hint}",
            {**grund.details, "grund": grund.code},
        ) from grund


def uebersetzt(fehler_des_systems: OSError, ablage: Path) -> RetryableError:
    """The error of the system as ours."""
    nummer = fehler_des_systems.errno
    if nummer in _VOLL:
        return fehler("ablage.voll", ablage, "kein Platz mehr oder Kontingent erschöpft", "Platz schaffen")
    if nummer in _VERBOTEN:
        return fehler(
            "ablage.verboten",
            ablage,
            "der Zugriff wurde verweigert",
            "dem Dienstkonto Schreibrechte auf den Ordner geben und Dateien darin in anderen Programmen schließen",
        )
    if nummer in (errno.ENOENT, errno.ENOTDIR):
        return fehler("ablage.fehlt", ablage, "der Ordner fehlt", "den Ordner anlegen oder das Laufwerk verbinden")
    name = errno.errorcode.get(nummer or 0, "unbekannt")
    return fehler("ablage.gestoert", ablage, f"Dateisystemfehler {name}", "Laufwerk und Netzverbindung prüfen")


def fehler(code: str, ablage: Path, was: str, rat: str) -> RetryableError:
    """Nothing was handed over; the operator can do something, and the case comes again."""
    hinweis = f"Aktenablage {ablage}: {was}. Bitte {rat}; der Vorgang wird danach von selbst erneut abgelegt."
    return RetryableError(code, hinweis, {"ordner": str(ablage)})
