"""A command that has done its work ends, even if some thread of a library would wait for ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAMM = """
import sys, threading
import click, fachwerk.cli as cli

@click.command()
def haengt():
    threading.Thread(target=threading.Event().wait).start()
    click.echo("fertig")
    return %d

cli.Befehle.get_command = lambda gruppe, kontext, name: haengt
sys.argv = ["fachwerk", "haengt"]
cli.main()
"""


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_command_with_a_thread_that_never_ends_says_everything_and_ends(code: int) -> None:
    lauf = subprocess.run([sys.executable, "-c", PROGRAMM % code], capture_output=True, text=True, timeout=60)
    assert (lauf.returncode, lauf.stdout, lauf.stderr) == (code, "fertig\n", "")
