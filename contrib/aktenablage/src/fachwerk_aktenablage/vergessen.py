"""Takes a case folder away after its time: what Fachwerk wrote and nobody has changed since, and nothing else.

What is ours is known by the mark inside: the delivery key, and every file with its hash. Notes that the office put
into the folder, and files of ours that it changed, stay where they are; the folder is theirs then.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fachwerk import ablage as platte
from fachwerk_aktenablage import client
from fachwerk_aktenablage.meldung import MELDER

if TYPE_CHECKING:
    from fachwerk.host import Host
    from fachwerk.modell import Ziel


def vergiss(ziel: Ziel, schluessel: str, host: Host) -> None:
    """Delete folder, ZIP and drafts of this key in every folder of the Ziel. Repeatable.

    Raises ``RetryableError`` where a drive is gone or another program holds something open.
    """
    for ort in client.ablagen(ziel, host):
        if ort.absolut or ort.pfad.exists():
            with MELDER.uebersetzt(ort.pfad):
                _vergiss_in(ort.pfad, schluessel, host, absolut=ort.absolut)


def _vergiss_in(ordner: Path, schluessel: str, host: Host, *, absolut: bool) -> None:
    if not os.listdir(ordner) and absolut:
        raise FileNotFoundError(errno.ENOENT, "empty, perhaps not mounted")
    weg = client.anfaenge(schluessel)[1]
    for archiv in list(_archive(ordner, schluessel)):
        platte.nimm_weg(archiv, weg)
    while akte := client.suche(ordner, schluessel):
        if fremde := list(_fremde(akte)):
            _nimm_eigenes_weg(akte, frozenset(fremde))
            host.log.info("ablage.fremdes_bleibt", schluessel=schluessel, anzahl=len(fremde))
        else:
            platte.nimm_weg(akte.ordner, weg)
    client.raeume_reste(ordner, schluessel)
    platte.sichere_ordner(ordner)
    if any(name.startswith(client.anfaenge(schluessel)) for name in os.listdir(ordner)):
        raise PermissionError(errno.EACCES, "held open")


def _archive(ordner: Path, schluessel: str) -> Iterator[Path]:
    """The ZIP files that carry our mark of this key, whatever became of the folder beside them."""
    muster = client.namensmuster(schluessel)
    for name in sorted(os.listdir(ordner)):
        stamm, punkt, endung = name.rpartition(".")
        if punkt and endung == "zip" and muster.fullmatch(stamm) and _marke_im_zip(ordner / name) == schluessel:
            yield ordner / name


def _marke_im_zip(pfad: Path) -> Any:
    with contextlib.suppress(KeyError, ValueError, TypeError, zipfile.BadZipFile), zipfile.ZipFile(pfad) as archiv:
        return json.loads(archiv.read(f"{pfad.stem}/{client.MARKE}"))["schluessel"]
    return None


def _fremde(akte: client.Akte) -> Iterator[str]:
    """Paths below the case folder that Fachwerk did not write, or not so."""
    for pfad in _alle(akte.ordner):
        erwartet = akte.marke["dateien"].get(pfad)
        if pfad != client.MARKE and (erwartet is None or _summe(akte.ordner / pfad) != erwartet):
            yield pfad


def _alle(ordner: Path) -> Iterator[str]:
    """Every file, and every link whatever it points to; links are not followed."""
    for oben, unterordner, dateien in os.walk(ordner, onerror=_weiter):
        verweise = [name for name in unterordner if os.path.islink(os.path.join(oben, name))]
        for name in (*verweise, *dateien):
            yield Path(oben, name).relative_to(ordner).as_posix()


def _weiter(fehler: OSError) -> None:
    raise fehler


def _summe(pfad: Path) -> str:
    if pfad.is_symlink():
        return ""
    with open(pfad, "rb") as datei:
        return hashlib.file_digest(datei, "sha256").hexdigest()


def _nimm_eigenes_weg(akte: client.Akte, fremde: frozenset[str]) -> None:
    """File by file, the mark last: until then a killed process can go on where it was."""
    eigene = [pfad for pfad in _alle(akte.ordner) if pfad not in fremde and pfad != client.MARKE]
    for pfad in eigene:
        os.unlink(akte.ordner / pfad)
    for oben, _, _ in os.walk(akte.ordner, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(oben)
    os.unlink(akte.ordner / client.MARKE)
