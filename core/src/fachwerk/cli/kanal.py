"""``fachwerk kanal …``: the sources, and how they are doing."""

from __future__ import annotations

from pathlib import Path

import click

from fachwerk.cli import pause

KOPF = ("Kanal", "Plugin", "Letzter Abruf", "Stand")


@click.group("kanal")
def befehl() -> None:
    """Kanäle ansehen, anhalten und fortsetzen."""


@befehl.command("list")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def liste(konfig: Path | None, als_json: bool) -> None:
    """Zeigt jeden Kanal: letzter gelungener Abruf, angehalten seit wann und warum, nächste Probe."""
    from fachwerk.cli.ausgabe import zeige
    from fachwerk.lage import kanalliste, kanalzeile

    zeige(konfig, kanalliste, KOPF, kanalzeile, "Es ist kein Kanal eingerichtet.", als_json)


pause.ergaenze(befehl, "kanal", "einen Kanal")
