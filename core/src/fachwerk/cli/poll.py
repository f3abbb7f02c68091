"""``fachwerk poll``: one round now, and work until nothing is due."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("poll")
@click.argument("kanaele", nargs=-1, metavar="[KANAL…]")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def befehl(konfig: Path | None, kanaele: tuple[str, ...], als_json: bool) -> None:
    """Ruft die Postfächer einmal ab und arbeitet, bis nichts mehr fällig ist."""
    from fachwerk.runde import eine_runde

    bericht = eine_runde(konfig, kanaele)
    if als_json:
        click.echo(json.dumps(bericht.als_json(), ensure_ascii=False))
    else:
        for zeile in bericht.als_text():
            click.echo(zeile)
    raise SystemExit(bericht.endcode)
