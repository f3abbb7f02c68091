"""Network namespaces, one per node, each on a cable of its own to the test: machines that are really apart.

``ip`` of Debian's iproute2 makes them, as root. Whatever is missing is said, and nothing counts as tested.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fachwerk.testkit.pytest_plugin import nicht_geprueft

BRUECKE = Path(__file__).with_name("netz_bruecke.py")
NETZ = "198.18"
"""Addresses that are for tests of networks (RFC 2544) and belong to nobody."""


def ip(*argumente: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *argumente], capture_output=True, text=True, check=False)


def verlange_raeume() -> None:
    """Skip loudly where this machine makes no namespaces."""
    if shutil.which("ip") is None:
        nicht_geprueft("nodes in network namespaces: the command ip is missing (apt install iproute2)")
    if os.geteuid() != 0:
        nicht_geprueft("nodes in network namespaces: only root may make them")
    probe = f"fwk-probe-{os.getpid()}"
    lauf = ip("netns", "add", probe)
    ip("netns", "del", probe)
    if lauf.returncode:
        nicht_geprueft(f"nodes in network namespaces: this machine allows none ({lauf.stderr.strip()[:80]})")


@dataclass(frozen=True)
class Raum:
    """A namespace: its name, the address of the test as seen from inside, and the cable."""

    name: str
    aussen: str
    innen: str
    kabel: str

    def befehl(self, *argumente: str) -> list[str]:
        """``argumente``, run inside."""
        return ["ip", "netns", "exec", self.name, *argumente]

    def trenne(self) -> None:
        """Pull the cable: what is sent is lost, and nobody is told."""
        _muss("link", "set", self.kabel, "down")

    def verbinde(self) -> None:
        """Put the cable back."""
        _muss("link", "set", self.kabel, "up")


def mache_raeume(anzahl: int, kulisse: ExitStack) -> list[Raum]:
    """So many namespaces, gone with ``kulisse``."""
    verlange_raeume()
    return [_mache_raum(nummer, kulisse) for nummer in range(1, anzahl + 1)]


def _mache_raum(nummer: int, kulisse: ExitStack) -> Raum:
    kurz = f"fw{os.getpid() % 100_000}{nummer}"
    netz = f"{NETZ}.{os.getpid() % 50 * 5 + nummer}"
    raum = Raum(kurz, f"{netz}.1", f"{netz}.2", f"{kurz}a")
    _muss("netns", "add", raum.name)
    kulisse.callback(ip, "netns", "del", raum.name)
    kulisse.callback(ip, "link", "del", raum.kabel)
    _muss("link", "add", raum.kabel, "type", "veth", "peer", "name", f"{kurz}b", "netns", raum.name)
    _muss("addr", "add", f"{raum.aussen}/30", "dev", raum.kabel)
    _muss("link", "set", raum.kabel, "up")
    for befehl in (("addr", "add", f"{raum.innen}/30", "dev", f"{kurz}b"), ("link", "set", f"{kurz}b", "up")):
        _muss("-n", raum.name, *befehl)
    _muss("-n", raum.name, "link", "set", "lo", "up")
    return raum


def _muss(*argumente: str) -> None:
    lauf = ip(*argumente)
    assert lauf.returncode == 0, f"ip {' '.join(argumente)}: {lauf.stderr}"


def bruecke(wege: Iterable[tuple[str, int, str, int]], kulisse: ExitStack, davor: Sequence[str] = ()) -> None:
    """Carry each (host, port) to the other (host, port); ``davor`` runs the carrier inside a namespace."""
    angaben = [f"{hier}:{port}={dort}:{ziel}" for hier, port, dort, ziel in wege]
    befehl = [*davor, sys.executable, str(BRUECKE), *angaben]
    prozess = subprocess.Popen(befehl, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    kulisse.callback(_beende, prozess)
    assert prozess.stdout is not None
    assert prozess.stdout.readline() == b"bereit\n"


def _beende(prozess: subprocess.Popen[bytes]) -> None:
    assert prozess.stdin is not None
    assert prozess.stdout is not None
    prozess.stdin.close()
    prozess.kill()
    prozess.wait()
    prozess.stdout.close()
