"""Forks processes from one that has imported everything, for tests that start many: most of a start is importing.

``python -m fachwerk.testkit.startbank FD`` takes orders from a socket: ``fachwerk …`` as on the command line
(:meth:`Startbank.starte`), or a round that is killed somewhere (:mod:`fachwerk.testkit.absturz`). What it forks is a
process like any other, with its own threads, connections and end; it only found its modules imported, and rules,
schemas and fonts read. Linux only.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fachwerk.demo.prozesse import umgebung

BEFEHLE = {"fachwerk": "fachwerk.cli", "fachwerk.testkit.laut": "fachwerk.testkit.laut"}
"""What ``python -m …`` would run, and the module with its ``main``."""

_HOECHSTENS = 1 << 17
"""Bytes of one order; most of it is the environment."""

_VORHER = ("PYTHON", "LD_", "FAKETIME", "TZ", "COVERAGE")
"""What an interpreter reads only when it begins: a process that wants it otherwise cannot be forked."""


class Zweig(subprocess.Popen[bytes]):
    """A forked process, for whoever waits for it or ends it; its parent is the bank."""

    def __init__(self, bank: Startbank, pid: int, args: Sequence[str]) -> None:
        self._child_created = False  # not by this class: it has nothing to clear up
        self._bank, self.pid, self.args = bank, pid, list(args)
        self.stdin = self.stdout = self.stderr = None
        self.returncode = None
        self._griff = os.pidfd_open(pid)

    def __del__(self, *_: object) -> None:
        os.close(self._griff)

    def poll(self) -> int | None:
        """The exit code, or None while the process runs."""
        return self._ende(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once the process has ended."""
        code = self._ende(None if timeout is None else timeout * 1000)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, sig: int) -> None:
        """To this process and no other, also when it has just ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._griff, sig)

    def _ende(self, geduld_ms: float | None) -> int | None:
        if self.returncode is None:
            blick = select.poll()
            blick.register(self._griff, select.POLLIN)
            if blick.poll(geduld_ms):
                self._bank.hole_ende(self)
        return self.returncode


class Startbank:
    """The forking process, as the test sees it: ``with Startbank(protokoll) as bank: bank.starte(…)``."""

    def __init__(self, protokoll: Path) -> None:
        """It begins when it is first asked for something."""
        self._protokoll = protokoll
        self._schloss = threading.Lock()
        self._prozess: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._umgebung = umgebung()
        return self

    def _beginne(self) -> None:
        self._leitung, dort = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        befehl = [sys.executable, "-m", "fachwerk.testkit.startbank", str(dort.fileno())]
        with self._protokoll.open("ab") as datei, dort:
            self._prozess = subprocess.Popen(  # noqa: S603  our own interpreter, our own module
                befehl,
                stdin=subprocess.DEVNULL,
                stdout=datei,
                stderr=datei,
                env=self._umgebung,
                pass_fds=[dort.fileno()],
            )

    def __exit__(self, art: type[BaseException] | None, wert: BaseException | None, spur: TracebackType | None) -> None:
        if self._prozess is not None:
            self._leitung.close()
            self._prozess.wait(60)

    def kann(self, argumente: Sequence[str], zusatz: Mapping[str, str] | None = None) -> bool:
        """Whether it can start this: our command, in an environment in which the bank would have begun as it did."""
        neu = umgebung() | dict(zusatz or {})
        anders = {name for name, _ in self._umgebung.items() ^ neu.items()}
        return argumente[0] in BEFEHLE and not any(name.startswith(_VORHER) for name in anders)

    def starte(
        self, argumente: Sequence[str], protokoll: Path, zusatz: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """As :func:`fachwerk.demo.prozesse.starte`: ``fachwerk …`` with its output in ``protokoll``."""
        with protokoll.open("ab") as datei:
            return self.zweige(_auftrag(argumente, zusatz), [datei.fileno()], argumente)

    def fuehre_aus(self, argumente: Sequence[str], frist_s: float = 120) -> subprocess.CompletedProcess[str]:
        """As ``subprocess.run``: what ``fachwerk …`` said, and its exit code."""
        with tempfile.TemporaryFile() as aus, tempfile.TemporaryFile() as fehler:
            zweig = self.zweige(_auftrag(argumente), [aus.fileno(), fehler.fileno()], argumente)
            code = zweig.wait(frist_s)
            aus.seek(0)
            fehler.seek(0)
            return subprocess.CompletedProcess(argumente, code, aus.read().decode(), fehler.read().decode())

    def zweige(self, auftrag: Mapping[str, Any], dateien: Sequence[int], args: Sequence[str]) -> Zweig:
        """Fork a process that does ``auftrag`` and gets ``dateien``, which are open."""
        return Zweig(self, int(self._frage(auftrag, dateien)["pid"]), args)

    def hole_ende(self, zweig: Zweig) -> None:
        """Write down how a process that has ended did so; once."""
        with self._schloss:
            if zweig.returncode is None:
                zweig.returncode = int(self._tausche({"ende": zweig.pid}, [])["code"])

    def _frage(self, auftrag: Mapping[str, Any], dateien: Sequence[int]) -> dict[str, Any]:
        with self._schloss:
            if self._prozess is None:
                self._beginne()
            return self._tausche(auftrag, dateien)

    def _tausche(self, auftrag: Mapping[str, Any], dateien: Sequence[int]) -> dict[str, Any]:
        try:
            socket.send_fds(self._leitung, [json.dumps(auftrag).encode()], dateien)
            antwort = self._leitung.recv(_HOECHSTENS)
        except ConnectionError:
            antwort = b""
        assert antwort, f"the bank itself has ended, see {self._protokoll}"
        gelesen: dict[str, Any] = json.loads(antwort)
        return gelesen


def _auftrag(argumente: Sequence[str], zusatz: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {"worte": list(argumente), "umgebung": umgebung() | dict(zusatz or {}), "ordner": str(Path.cwd())}


def main() -> None:
    """Serve orders until nobody is there any more; in a forked process do what was ordered, and end."""
    from fachwerk.protokoll import einrichten
    from fachwerk.testkit import absturz

    einrichten("text")
    absturz.waerme_auf()
    gc.collect()
    gc.freeze()  # a child neither looks through what is there nor copies it for that
    if (arbeit := _bediene(socket.socket(fileno=int(sys.argv[1])))) is not None:
        arbeit()


def _bediene(leitung: socket.socket) -> Callable[[], None] | None:
    """None when nobody is there any more; what to do, in a forked process."""
    while True:
        daten, dateien, _, _ = socket.recv_fds(leitung, _HOECHSTENS, 2)
        if not daten:
            return None
        auftrag = json.loads(daten)
        if "ende" in auftrag:
            antwort = {"code": os.waitstatus_to_exitcode(os.waitpid(auftrag["ende"], 0)[1])}
        elif pid := os.fork():
            antwort = {"pid": pid}
        else:
            leitung.close()
            return partial(_tue, auftrag, dateien)
        for datei in dateien:
            os.close(datei)
        leitung.send(json.dumps(antwort).encode())


def _tue(auftrag: dict[str, Any], dateien: Sequence[int]) -> None:
    if "absturz" in auftrag:
        from fachwerk.testkit import absturz

        absturz.laufe(absturz.Auftrag(**auftrag["absturz"]), dateien[0])
    _werde_befehl(auftrag, dateien)


def _werde_befehl(auftrag: dict[str, Any], dateien: Sequence[int]) -> None:
    """What ``python -m …`` would be, with its output in the first and its errors in the last of ``dateien``."""
    os.dup2(dateien[0], 1)
    os.dup2(dateien[-1], 2)
    for datei in dateien:
        os.close(datei)
    os.environ.clear()
    os.environ.update(auftrag["umgebung"])
    os.chdir(auftrag["ordner"])
    tempfile.tempdir = None  # that of the environment
    sys.argv = auftrag["worte"]
    importlib.import_module(BEFEHLE[sys.argv[0]]).main()


if __name__ == "__main__":
    main()
