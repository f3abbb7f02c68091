"""The bank that forks what sites start: for its parents and its log a forked command is like an executed one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fachwerk.demo.prozesse import umgebung
from fachwerk.testkit.standort import Standort
from fachwerk.testkit.startbank import Startbank


def test_a_forked_command_says_and_ends_as_an_executed_one(startbank: Startbank, tmp_path: Path) -> None:
    befehle = (["fachwerk", "plugins", "list"], ["fachwerk", "--konfig", "nirgends.toml", "poll"])
    for nummer, befehl in enumerate(befehle):
        protokoll = tmp_path / f"{nummer}.log"
        code = startbank.starte(befehl, protokoll).wait(60)
        ende = subprocess.run(
            [sys.executable, "-m", *befehl], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=umgebung()
        )
        assert (code, protokoll.read_bytes()) == (ende.returncode, ende.stdout)
        assert ende.stdout


def test_who_waits_for_a_forked_process_hears_how_it_ended(
    startbank: Startbank, neuer_standort: Callable[..., Standort], sqlite_url: str
) -> None:
    standort = neuer_standort(sqlite_url)
    dienst = startbank.starte(["fachwerk", "--konfig", str(standort.konfig), "run"], standort.protokoll())
    with pytest.raises(subprocess.TimeoutExpired):
        dienst.wait(0)
    assert dienst.poll() is None
    dienst.kill()
    assert [dienst.wait(60), dienst.poll(), dienst.wait()] == [-signal.SIGKILL] * 3
    dienst.terminate()


def test_what_an_interpreter_reads_only_when_it_begins_is_not_forked(
    startbank: Startbank, monkeypatch: pytest.MonkeyPatch
) -> None:
    befehl = ["fachwerk", "run"]
    assert startbank.kann(befehl, {"HOME": "/anderswo"})
    assert not startbank.kann(befehl, {"LD_PRELOAD": "/lib/uhr.so"})
    assert not startbank.kann(["fachwerk.demo.gegenstellen"])
    monkeypatch.setenv("PYTHONPATH", "/andere/fassung")
    assert not startbank.kann(befehl)
