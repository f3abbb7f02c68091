"""A command that has done its work ends, even if some thread of a library would wait for ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAMM = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import click, fachwerk.cli as cli

def eigener():
    threading.Thread(target=threading.Event().wait).start()

def im_vorrat():
    "Begun by a thread that ends by itself, and so taken for one, too; Python waits for it all the same."
    vorrat = ThreadPoolExecutor()
    laeuft = threading.Event()
    def haenge():
        laeuft.set()
        threading.Event().wait()
    threading.Thread(target=lambda: vorrat.submit(haenge), daemon=True).start()
    laeuft.wait()
    vorrat.shutdown(wait=False, cancel_futures=True)

@click.command()
def haengt():
    %s()
    click.echo("fertig")
    return %d

cli.Befehle.get_command = lambda gruppe, kontext, name: haengt
sys.argv = ["fachwerk", "haengt"]
cli.main()
"""


@pytest.mark.parametrize("code", [0, 1, 3])
@pytest.mark.parametrize("faden", ["eigener", "im_vorrat"])
def test_a_command_with_a_thread_that_never_ends_says_everything_and_ends(faden: str, code: int) -> None:
    programm = PROGRAMM % (faden, code)
    lauf = subprocess.run([sys.executable, "-c", programm], capture_output=True, text=True, timeout=60)
    assert (lauf.returncode, lauf.stdout, lauf.stderr) == (code, "fertig\n", "")
