"""``fachwerk plugins …``: what is installed and works."""

from __future__ import annotations

from typing import Any

import click


@click.group("plugins")
def befehl() -> None:
    """Zeigt die installierten Plugins."""


@befehl.command("list")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
def liste(als_json: bool) -> None:
    """Zeigt alle installierten Plugins, und was den untauglichen fehlt."""
    from fachwerk.cli.ausgabe import json_aus, tabelle
    from fachwerk.cli.auskunft import plugin_zeilen

    zeilen = plugin_zeilen()
    if als_json:
        json_aus(zeilen)
    elif not zeilen:
        click.echo("Es ist kein Plugin installiert.")
    else:
        text = [(z["name"], z["version"], ", ".join(z["arten"]), z["befehle"] or "–", _titel(z)) for z in zeilen]
        click.echo(tabelle(("Plugin", "Version", "Arten", "Befehle", "Titel"), text))


def _titel(zeile: dict[str, Any]) -> str:
    return f"UNTAUGLICH: {' '.join(zeile['fehler'])}" if zeile["fehler"] else str(zeile["titel"])
