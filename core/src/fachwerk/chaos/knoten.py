"""The nodes of the rehearsal: real ``fachwerk run`` processes, killed, stopped, and started with a wrong clock."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from fachwerk.demo import prozesse

ENDE_S = 120.0
"""So long a node may take to end what it has begun."""

BEREIT = "Fachwerk läuft".encode()
"""What ``fachwerk run`` says when it works."""

UHR_BIBLIOTHEK = "FACHWERK_TEST_LIBFAKETIME"


def libfaketime() -> Path | None:
    """The library of Debian's package ``libfaketime``, or the one that the variable names."""
    genannt = os.environ.get(UHR_BIBLIOTHEK, "")
    orte = [Path(genannt)] if genannt else sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return next((ort for ort in orte if ort.is_file()), None)


class Knoten:
    """One node with its own configuration file."""

    def __init__(self, name: str, konfig: Path, protokoll: Path) -> None:
        self.name = name
        self.konfig = konfig
        self.protokoll = protokoll
        self.starts = 0
        self.enden: list[int] = []
        self._soll_laufen = False
        self._ab = 0
        self._prozess: subprocess.Popen[bytes] | None = None

    def starte(self, uhr: str = "") -> None:
        """Run, if it does not already; ``uhr`` shifts its clock (``+2h``)."""
        self._soll_laufen = True
        if not self.lebt:
            self.starts += 1
            self._ab = self.protokoll.stat().st_size if self.protokoll.exists() else 0
            befehl = ["fachwerk", "--konfig", str(self.konfig), "run"]
            self._prozess = prozesse.starte(befehl, self.protokoll, _umgebung(uhr))

    def beaufsichtige(self) -> None:
        """What systemd does (``Restart=always``): a node that ended by itself is started again; ``enden`` has its code.

        It ends so when the database is away while it starts. Anything else is a finding.
        """
        if self._soll_laufen and self._prozess is not None and self._prozess.poll() is not None:
            self.enden.append(self._prozess.returncode)
            self.starte()

    def toete(self) -> None:
        """kill -9, whatever state it is in."""
        self._soll_laufen = False
        self._signal(signal.SIGKILL)
        if self._prozess is not None:
            self._prozess.wait()

    def halte_an(self) -> None:
        """SIGSTOP: it seems dead, and is not."""
        self._signal(signal.SIGSTOP)

    def lass_weiter(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    @property
    def arbeitet(self) -> bool:
        """Whether it has said since its last start that it works; starting takes long where much else runs."""
        if not self.protokoll.exists():
            return False
        with self.protokoll.open("rb") as datei:
            datei.seek(self._ab)
            return BEREIT in datei.read()

    @property
    def lebt(self) -> bool:
        """Whether the process runs or is stopped."""
        return self._prozess is not None and self._prozess.poll() is None

    def beende(self) -> int | None:
        """SIGTERM; the exit code, None if it did not end and had to be killed.

        A node that has not begun to work yet dies of the signal as any program does; that is 0, too.
        """
        self._soll_laufen = False
        if self._prozess is None:
            return 0
        self.lass_weiter()
        self._signal(signal.SIGTERM)
        begonnen = self.arbeitet
        try:
            code = self._prozess.wait(ENDE_S)
            return 0 if code == -signal.SIGTERM and not begonnen else code
        except subprocess.TimeoutExpired:
            self.toete()
            return None

    def _signal(self, zeichen: signal.Signals) -> None:
        if self._prozess is not None and self._prozess.poll() is None:
            with suppress(ProcessLookupError):
                self._prozess.send_signal(zeichen)


def _umgebung(uhr: str) -> dict[str, str]:
    """The clock is wrong from the start: to jump under a running Python the library would also shift its durations."""
    bibliothek = libfaketime()
    if not uhr or bibliothek is None:
        return {}
    return {"LD_PRELOAD": str(bibliothek), "FAKETIME": uhr}
