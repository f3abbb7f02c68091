"""The processes of the demo: simulator, scanner and worker, real ones, each ended by whoever started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fachwerk.errors import FachwerkError

GEDULD_S = 60.0


class DemoError(FachwerkError):
    """Something of the demo's own scenery does not work."""


def umgebung() -> dict[str, str]:
    """The environment without other installations' settings."""
    return {name: wert for name, wert in os.environ.items() if not name.startswith("FACHWERK_")}


def starte(
    argumente: Sequence[str], protokoll: Path, zusatz: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start ``python -m …`` with its output in ``protokoll``; ``zusatz`` are more variables of its environment."""
    with protokoll.open("ab") as datei:
        return subprocess.Popen(  # noqa: S603  our own interpreter, our own module
            [sys.executable, "-m", *argumente],
            stdin=subprocess.DEVNULL,
            stdout=datei,
            stderr=datei,
            env=umgebung() | dict(zusatz or {}),
        )


@contextmanager
def laufend(argumente: Sequence[str], protokoll: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as the block lasts."""
    prozess = starte(argumente, protokoll)
    try:
        yield prozess
    finally:
        beende(prozess)


def beende(prozess: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL for who does not listen."""
    prozess.terminate()
    try:
        prozess.wait(GEDULD_S)
    except subprocess.TimeoutExpired:
        prozess.kill()
        prozess.wait()


def warte(
    bis: Callable[[], bool],
    worauf: str,
    prozess: subprocess.Popen[bytes] | None = None,
    geduld_s: float = GEDULD_S,
) -> None:
    """Wait until ``bis`` holds; a ``DemoError`` names what did not come, or that ``prozess`` has ended before."""
    ende = time.monotonic() + geduld_s
    while not bis():
        if prozess is not None and prozess.poll() is not None:
            raise DemoError("demo_prozess_beendet", f"{worauf}: der Prozess hat sich beendet (siehe Protokoll).")
        if time.monotonic() > ende:
            raise DemoError("demo_wartet_vergeblich", f"{worauf}: nach {geduld_s:.0f} Sekunden noch nicht so weit.")
        time.sleep(0.05)


def warte_auf_json(datei: Path, worauf: str, prozess: subprocess.Popen[bytes]) -> dict[str, object]:
    """The JSON a starting process leaves when it is ready."""
    warte(datei.exists, worauf, prozess)
    inhalt: dict[str, object] = json.loads(datei.read_text(encoding="utf-8"))
    return inhalt


@contextmanager
def simulator(
    ordner: Path, konten: Mapping[str, Any], protokoll: Path
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """An XTA mailbox with ``konten`` in ``ordner`` for as long as the block lasts: its process and its addresses."""
    datei = ordner.with_name("konten.json")
    datei.write_text(json.dumps({"konten": konten}, indent=1), encoding="utf-8")
    (ordner / "simulator.json").unlink(missing_ok=True)  # a killed predecessor leaves it
    befehl = ["fachwerk", "simulator", "xta", "--ordner", str(ordner), "--konten", str(datei)]
    with laufend(befehl, protokoll) as prozess:
        stand: Any = warte_auf_json(ordner / "simulator.json", "XTA-Simulator", prozess)
        yield prozess, stand["urls"]
