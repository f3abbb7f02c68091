"""Run a command with its temporary files in memory, where there is room: ``im_speicher.py COMMAND…``.

The tests write and fsync all the time, and what they try is the death of processes, not of the machine: a killed
process leaves the same files there. Without room the command runs as it is. The files are gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

SPEICHER = Path("/dev/shm")  # noqa: S108  a folder of our own in it, with an unguessable name
GENUG = 6 * 1024**3
"""Bytes that must be free, in the file system and in the memory behind it; the tests need half of it."""


def freier_arbeitsspeicher() -> int:
    """Bytes the kernel would give to processes now."""
    for zeile in Path("/proc/meminfo").read_text().splitlines():
        name, _, wert = zeile.partition(":")
        if name == "MemAvailable":
            return int(wert.split()[0]) * 1024
    return 0


def hat_platz() -> bool:
    """Whether the temporary files fit into memory."""
    try:
        frei = min(shutil.disk_usage(SPEICHER).free, freier_arbeitsspeicher())
    except OSError:
        return False
    return frei >= GENUG and os.access(SPEICHER, os.W_OK)


def main(befehl: list[str]) -> int:
    """The exit code of the command."""
    if os.environ.get("TMPDIR") or not hat_platz():
        return subprocess.run(befehl, check=False).returncode  # noqa: S603
    ordner = Path(tempfile.mkdtemp(prefix="fw-", dir=SPEICHER))  # short: sockets have paths, too
    ordner.chmod(0o711)  # the database server of the tests runs under another user and has a folder in it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return subprocess.run(befehl, check=False, env=os.environ | {"TMPDIR": str(ordner)}).returncode  # noqa: S603
    finally:
        shutil.rmtree(ordner, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
