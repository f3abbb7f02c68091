"""``fachwerk demo``: see the whole job done before configuring anything."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--ordner",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("fachwerk-demo"),
    show_default=True,
    help="Hier entsteht alles; ein Ordner einer früheren Demo wird geleert.",
)
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
def befehl(ordner: Path, als_json: bool) -> None:
    """Zeigt die ganze Linie mit simulierten Gegenstellen: senden, abrufen, prüfen, in fünf Ziele zustellen, Bilanz."""
    from fachwerk.demo.ablauf import Demo
    from fachwerk.demo.tafel import bericht

    demo = Demo(ordner, lambda text: None if als_json else click.echo(f"  · {text}"))
    if not als_json:
        click.echo("Fachwerk-Demo: erfundene Anträge, echtes SOAP mit gegenseitigem TLS, echter Absturz.")
    gesendet, bilanz = demo.laufe()
    if als_json:
        click.echo(json.dumps(bilanz.als_json(), ensure_ascii=False))
    else:
        click.echo("\n".join(bericht(gesendet, bilanz, demo)))
    raise SystemExit(0 if bilanz.geht_auf else 1)
