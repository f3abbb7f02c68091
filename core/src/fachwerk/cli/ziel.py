"""``fachwerk ziel …``: the targets, and how they are doing."""

from __future__ import annotations

from pathlib import Path

import click

from fachwerk.cli import pause

KOPF = ("Ziel", "Plugin", "Wartend", "Gehalten", "Quittung offen", "Überfällig", "Stand")


@click.group("ziel")
def befehl() -> None:
    """Ziele ansehen, anhalten und fortsetzen."""


@befehl.command("list")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def liste(konfig: Path | None, als_json: bool) -> None:
    """Zeigt jedes Ziel: ob es ruht und warum, wie viele Vorgänge warten, was noch aussteht oder überfällig ist."""
    from fachwerk.cli.ausgabe import zeige
    from fachwerk.lage import zielliste, zielzeile

    zeige(konfig, zielliste, KOPF, zielzeile, "Es ist kein Ziel eingerichtet.", als_json)


pause.ergaenze(befehl, "ziel", "ein Ziel")
