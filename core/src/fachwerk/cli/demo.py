"""``fachwerk demo``: see the whole job done before configuring anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fachwerk.demo.bilanz import Bilanz
    from fachwerk.demo.versand import Gesendet


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
    """Zeigt die ganze Linie an einem eingebetteten Postfach: senden, abrufen, prüfen, zustellen, Bilanz."""
    from fachwerk.demo.ablauf import Demo

    demo = Demo(ordner, lambda text: None if als_json else click.echo(f"  · {text}"))
    if not als_json:
        click.echo("Fachwerk-Demo: erfundene Anträge, echtes SOAP mit gegenseitigem TLS, echter Absturz.")
    gesendet, bilanz = demo.laufe()
    if als_json:
        click.echo(json.dumps(bilanz.als_json(), ensure_ascii=False))
    else:
        _zeige(gesendet, bilanz)
        click.echo(f"\nZum Nachsehen: {demo.akten}  (zugestellt)")
        click.echo(f"               {demo.klaerung}  (was eine Person klären muss)")
        click.echo(f"               {demo.konfig}")
    raise SystemExit(0 if bilanz.geht_auf else 1)


def _zeige(gesendet: list[Gesendet], bilanz: Bilanz) -> None:
    zeigt = {eintrag.nachricht_id: eintrag.beispiel.zeigt for eintrag in gesendet}
    click.echo(f"\n{'Nachricht':<40}{'Leistung':<18}{'Land':<5}{'Empfehlung':<13}{'Status':<10}Akte oder Grund")
    click.echo("-" * 120)
    reihenfolge = {nachricht_id: stelle for stelle, nachricht_id in enumerate(zeigt)}
    for z in sorted(bilanz.vorgaenge, key=lambda zeile: reihenfolge.get(zeile["nachricht_id"], 0)):
        click.echo(
            f"{zeigt.get(z['nachricht_id'], '?'):<40}{z['leistung'] or '-':<18}{z['land'] or '-':<5}"
            f"{z['empfehlung'] or '-':<13}{z['status']:<10}{z['ziel'] or z['grund']}"
        )
    b = bilanz
    click.echo(
        f"\nBilanz: {b.gesendet} gesendet = {b.geschlossen} geschlossen = {b.gespeichert} gespeichert = "
        f"{b.zugestellt} zugestellt + {b.weitergeleitet} weitergeleitet + {b.zurueckgegeben} zurückgegeben + "
        f"{b.gehalten} gehalten + {b.doppelsendungen} Doppelsendungen, {b.verloren} verloren, {b.doppelt} doppelt"
    )
    for mangel in bilanz.maengel:
        click.echo(f"  Mangel: {mangel}")
