"""A small disk for one Ziel, made of memory, so that it can really be full. Only root can make one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FUELLUNG = ".fuellung"


class Platte:
    """A folder on a disk of its own."""

    def __init__(self, ordner: Path) -> None:
        self.ordner = ordner

    def fuelle(self) -> None:
        """Take all the room there is, to the last byte."""
        frei = os.statvfs(self.ordner)
        with suppress(OSError), open(self.ordner / _FUELLUNG, "wb") as datei:
            os.posix_fallocate(datei.fileno(), 0, frei.f_bavail * frei.f_frsize)
        with suppress(OSError), open(self.ordner / f"{_FUELLUNG}-rest", "wb", buffering=0) as datei:
            while datei.write(b"\0" * 4096):
                pass

    def leere(self) -> None:
        """Give the room back."""
        for datei in self.ordner.glob(f"{_FUELLUNG}*"):
            datei.unlink()


@contextmanager
def platte(ordner: Path, mib: int) -> Iterator[Platte | None]:
    """``ordner`` on a disk of ``mib`` MiB for as long as the block lasts; None where this machine does not let us.

    What lay there is kept in the folder when the disk is gone.
    """
    ordner.mkdir(parents=True, exist_ok=True)
    if not _haenge_ein(ordner, mib):
        yield None
        return
    try:
        yield Platte(ordner)
    finally:
        kopie = ordner.with_name(f"{ordner.name}.kopie")
        shutil.copytree(ordner, kopie)
        haenge_aus(ordner)
        ordner.rmdir()
        kopie.rename(ordner)


def haenge_aus(ordner: Path) -> None:
    """Take the disk away if there is one: at the end, or what a killed rehearsal has left."""
    if ordner.is_mount():
        subprocess.run(["umount", str(ordner)], check=True)  # noqa: S603, S607  as it was mounted


def _haenge_ein(ordner: Path, mib: int) -> bool:
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    befehl = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "fachwerk-chaos", str(ordner)]
    return subprocess.run(befehl, capture_output=True, check=False).returncode == 0  # noqa: S603
