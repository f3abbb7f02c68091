"""Runs a command in a process of its own and says how it ended and what memory it took at most.

Between the test and the command stands a tiny process: the peak of a child counts from what its parent had at the
fork, and a test runner has much.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DAZWISCHEN = """
import json, resource, subprocess, sys
grenze = int(sys.argv[1])
if grenze:
    resource.setrlimit(resource.RLIMIT_AS, (grenze, grenze))
lauf = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, capture_output=True)
spitze = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
aus, fehler = lauf.stdout.decode(), lauf.stderr.decode()
json.dump({"code": lauf.returncode, "aus": aus, "fehler": fehler, "kib": spitze}, sys.stdout)
"""


@dataclass(frozen=True)
class Messung:
    """How the command ended; ``mib`` is the peak of its resident memory."""

    code: int
    ausgabe: str
    fehler: str
    mib: float

    @property
    def json(self) -> Any:
        """The standard output as JSON."""
        return json.loads(self.ausgabe)


def messe(
    argumente: Sequence[str], umgebung: Mapping[str, str] | None = None, *, adressraum: int = 0, frist_s: float = 300
) -> Messung:
    """Run ``python -m argumente…``; ``adressraum`` in bytes is the most it may map (0: no limit). POSIX only."""
    befehl = [sys.executable, "-S", "-c", _DAZWISCHEN, str(adressraum), sys.executable, "-m", *argumente]
    lauf = subprocess.run(befehl, capture_output=True, env=umgebung, timeout=frist_s, check=True)  # noqa: S603
    ergebnis = json.loads(lauf.stdout)
    return Messung(ergebnis["code"], ergebnis["aus"], ergebnis["fehler"], ergebnis["kib"] / 1024)
