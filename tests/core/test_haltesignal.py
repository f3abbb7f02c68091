"""A process that is told to stop hears it, whatever it is doing at that moment."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fachwerk.haltesignal import Haltesignal

GEDULD_S = 120
WURZEL = Path(__file__).parents[2]
QUELLEN = [WURZEL / "core/src", *WURZEL.glob("plugins/*/src"), *WURZEL.glob("contrib/*/src")]
IN_JEDEM_SCHRITT = """
import signal, sys
from fachwerk.haltesignal import Haltesignal

def nach(schritte):
    def spur(rahmen, ereignis, wert):
        nonlocal schritte
        rahmen.f_trace_opcodes = True
        schritte -= ereignis == "opcode"
        if schritte == 0 and ereignis == "opcode":
            signal.raise_signal(signal.SIGTERM)
        return spur
    return spur

def horche(ende):
    while not ende.warte(0.001):
        pass

for schritte in range(1, 400):
    ende = Haltesignal.horche()
    sys.settrace(nach(schritte))
    horche(ende)
    sys.settrace(None)
    assert ende.warte(0)
print("gehört")
"""


def test_a_signal_is_heard_at_every_single_step_of_the_wait_for_it() -> None:
    """Python runs the handler between any two of these steps, also where the wait holds a lock of its own."""
    kind = subprocess.run(
        [sys.executable, "-c", IN_JEDEM_SCHRITT], timeout=GEDULD_S, capture_output=True, text=True, check=False
    )
    assert (kind.returncode, kind.stdout.strip(), kind.stderr) == (0, "gehört", "")


def test_nothing_is_heard_where_nothing_was_said() -> None:
    assert not Haltesignal().warte(0)


def test_what_was_said_once_stays_said_and_twice_is_no_more_than_once() -> None:
    ende = Haltesignal()
    ende.gib()
    ende.gib()
    assert [ende.warte(0) for _ in range(4)] == [True] * 4


@pytest.mark.parametrize("zeichen", [signal.SIGTERM, signal.SIGINT])
def test_both_ways_to_stop_a_process_are_heard(zeichen: signal.Signals) -> None:
    frage = "from fachwerk.haltesignal import Haltesignal\nimport signal\nende = Haltesignal.horche()\n"
    frage += f"signal.raise_signal({int(zeichen)})\nassert ende.warte(0)"
    assert subprocess.run([sys.executable, "-c", frage], timeout=GEDULD_S, check=False).returncode == 0


def test_nobody_else_has_a_handler_that_sets_an_event() -> None:
    """What ends a process goes through here; the others only restore what the system or Python itself does."""
    harmlos = ("signal.SIG_DFL", "signal.default_int_handler")
    quellen = [datei for ordner in QUELLEN for datei in ordner.rglob("*.py")]
    assert len(quellen) > 300
    andere = [
        f"{datei.name}: {zeile.strip()}"
        for datei in quellen
        for zeile in datei.read_text(encoding="utf-8").splitlines()
        if "signal.signal(" in zeile and not any(wort in zeile for wort in harmlos)
    ]
    assert andere == ["haltesignal.py: signal.signal(zeichen, ende.gib)"]
