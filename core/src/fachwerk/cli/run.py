"""``fachwerk run``: the service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.konsole.server import Server


_M_ARENA_MAX, _ARENEN = -8, 2
"""Of malloc.h of the GNU library: a number there is no name for in Python, and how many arenas are enough for us."""


@click.command("run")
@click.pass_obj
def befehl(konfig: Path | None) -> None:
    """Startet den Dienst: abrufen, bearbeiten, zustellen. SIGTERM oder Strg-C beendet ihn geordnet."""
    from fachwerk.betrieb import oeffne_betrieb
    from fachwerk.dienst import Dienst
    from fachwerk.haltesignal import Haltesignal

    _teile_speicher()
    ende = Haltesignal.horche()
    betrieb = oeffne_betrieb(konfig, anlegen=True)
    konsole = _konsole(betrieb)
    dienst = Dienst(betrieb)
    dienst.starte(ruft_ab=True)
    if konsole is not None:
        konsole.starte()
        click.echo(f"Konsole: {konsole.adresse}", err=True)
    behalte_das_bisherige()
    click.echo("Fachwerk läuft. Beenden mit Strg-C.", err=True)
    ende.warte_darauf()
    click.echo("Fachwerk beendet die laufende Arbeit …", err=True)
    if konsole is not None:
        konsole.stoppe()
    dienst.stoppe()
    betrieb.schliesse()


def _teile_speicher() -> None:
    """Let the threads share the memory of the C library: it gives each one its own, and keeps what each once needed."""
    import ctypes
    import sys

    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not every C library has it
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, _ARENEN)


def behalte_das_bisherige() -> None:
    """What the start has made lives as long as the process; the collector need not look at it with every case."""
    import gc

    gc.collect()
    gc.freeze()


def _konsole(betrieb: Betrieb) -> Server | None:
    """The server of the console, its address taken already; None where none is configured."""
    if not betrieb.einstellungen.konsole.listen:
        return None
    from fachwerk.konsole.server import Server

    return Server(betrieb)
