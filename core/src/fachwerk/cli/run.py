"""``fachwerk run``: the service."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("run")
@click.pass_obj
def befehl(konfig: Path | None) -> None:
    """Startet den Dienst: abrufen, bearbeiten, zustellen. SIGTERM oder Strg-C beendet ihn geordnet."""
    import signal
    import threading

    from fachwerk.betrieb import oeffne_betrieb
    from fachwerk.dienst import Dienst

    ende = threading.Event()
    for zeichen in (signal.SIGTERM, signal.SIGINT):
        signal.signal(zeichen, lambda *_: ende.set())
    betrieb = oeffne_betrieb(konfig, anlegen=True)
    dienst = Dienst(betrieb)
    dienst.starte(ruft_ab=True)
    click.echo("Fachwerk läuft. Beenden mit Strg-C.", err=True)
    ende.wait()
    click.echo("Fachwerk beendet die laufende Arbeit …", err=True)
    dienst.stoppe()
    betrieb.schliesse()
