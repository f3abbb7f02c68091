"""``fachwerk backup``: a copy of the database while the service works."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("backup")
@click.argument("ziel", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def befehl(konfig: Path | None, ziel: Path | None, als_json: bool) -> None:
    """Sichert die Datenbank in einen neuen Ordner unter ZIEL (Vorgabe: [sicherung].ordner), auch im laufenden Betrieb.

    Der Hauptschlüssel ist nie dabei: Ohne ihn ist die Sicherung nicht lesbar. Er gehört auf einen anderen Datenträger.
    """
    from fachwerk import settings, sicherung
    from fachwerk.betrieb import offener_store
    from fachwerk.cli.ausgabe import json_aus

    if ziel is None:
        einstellungen = settings.lade(konfig)
        if not einstellungen.sicherung.ordner:
            raise click.UsageError("Wohin? Bitte ZIEL nennen oder [sicherung].ordner eintragen.")
        ziel = einstellungen.pfad(einstellungen.sicherung.ordner)
    with offener_store(konfig) as store:
        neue = sicherung.sichere(store, ziel)
    if als_json:
        json_aus(neue.als_json())
        return
    anzahl = neue.manifest["anzahlen"]["vorgang"]
    click.echo(
        f"Gesichert: {neue.ordner}\n  {anzahl} Vorgänge, {neue.bytes / 1e6:.1f} MB, geprüft durch manifest.json."
    )
    click.echo(
        f"  Lesbar nur mit dem Hauptschlüssel {neue.manifest['hauptschluessel']}; er ist nicht dabei und gehört "
        "getrennt verwahrt."
    )
