"""Writing and renaming so that a file is whole or not there, and what the system's errors mean for a delivery."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from fachwerk.errors import RetryableError

_VOLL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_VERBOTEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_OHNE_SYNC = {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EISDIR}


def uebersetzt(fehler: OSError, ordner: Path) -> RetryableError:
    """An error of the system as one of the route: nothing was handed over, the machine tries again."""
    if fehler.errno in _VOLL:
        return RetryableError("prosoz.voll", f"Der Ordner {ordner} hat keinen Platz mehr. Bitte Platz schaffen.")
    if fehler.errno in _VERBOTEN:
        text = f"Der Zugriff auf {ordner} wurde verweigert. Bitte dem Dienstkonto Schreibrechte geben."
        return RetryableError("prosoz.verboten", text)
    if isinstance(fehler, FileNotFoundError | NotADirectoryError):
        text = f"Der Ordner {ordner} ist nicht da. Bitte anlegen oder das Laufwerk verbinden."
        return RetryableError("prosoz.ordner_fehlt", text)
    if fehler.errno == errno.EXDEV:
        text = f"Der Zwischenordner liegt auf einem anderen Laufwerk als {ordner}: „zwischenordner“ im Profil ändern."
        return RetryableError("prosoz.laufwerk", text)
    art = errno.errorcode.get(fehler.errno or 0, "unbekannt")
    text = f"Das Dateisystem von {ordner} meldet einen Fehler ({art}). Bitte Laufwerk und Netzverbindung prüfen."
    return RetryableError("prosoz.gestoert", text)


@contextlib.contextmanager
def wiederholbar(ordner: Path) -> Iterator[None]:
    """Errors of the system inside become retryable ones; errors of the content store pass through."""
    try:
        yield
    except OSError as fehler:
        raise uebersetzt(fehler, ordner) from None


def schreibe(pfad: Path, strom: Iterable[bytes]) -> tuple[str, int]:
    """Write a new file, on the disk when this returns; its SHA-256 (hex) and length in bytes."""
    summe, laenge = hashlib.sha256(), 0
    with wiederholbar(pfad.parent):
        pfad.parent.mkdir(exist_ok=True)
        datei = open(pfad, "xb")  # noqa: SIM115  closed below, so that reading and writing errors stay apart
    try:
        for stueck in strom:
            summe.update(stueck)
            laenge += len(stueck)
            with wiederholbar(pfad.parent):
                datei.write(stueck)
        with wiederholbar(pfad.parent):
            datei.flush()
            os.fsync(datei.fileno())
    finally:
        with wiederholbar(pfad.parent):
            datei.close()
    return summe.hexdigest(), laenge


def sichere_ordner(ordner: Path) -> None:
    """Make names durable. Windows has no such call, and some network drives refuse it: then the drive decides."""
    if os.name == "nt":
        return
    kennung = os.open(ordner, os.O_RDONLY)
    try:
        os.fsync(kennung)
    except OSError as fehler:
        if fehler.errno not in _OHNE_SYNC:
            raise
    finally:
        os.close(kennung)


def raeume(ordner: Path, anfang: str) -> None:
    """Take away the folders of killed attempts. A rename first, so that a writer still alive fails and never mixes."""
    for name in [name for name in os.listdir(ordner) if name.startswith(anfang)]:
        weg = ordner / f"weg-{name}"
        with contextlib.suppress(FileNotFoundError):
            if not name.startswith("weg-"):
                os.rename(ordner / name, weg)
            shutil.rmtree(weg, ignore_errors=True)


def lies_anfang(pfad: Path, hoechstens: int = 64 * 1024) -> str:
    """The beginning of a small text file of somebody else, UTF-8 or else Latin-1."""
    with open(pfad, "rb") as datei:
        roh = datei.read(hoechstens)
    try:
        return roh.decode("utf-8-sig")
    except UnicodeDecodeError:
        return roh.decode("latin-1")
