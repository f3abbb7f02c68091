"""``fachwerk datenbank …``: the state of the tables, and bringing them up to date."""

from __future__ import annotations

from pathlib import Path

import click

_STAND = {
    "leer": "noch leer; „fachwerk run“ oder „fachwerk poll“ legt sie an",
    "aktuell": "aktuell",
    "alt": "von einer älteren Fassung: erst sichern, dann „fachwerk datenbank aktualisieren“",
    "fremd": "von einer neueren Fassung oder einem anderen Programm",
    "umzug": "mitten in einem Umzug: „fachwerk umzug“ noch einmal starten",
    "umgezogen": "auf einen Server umgezogen; seine Adresse gehört in [fachwerk].datenbank",
}


@click.group("datenbank")
def befehl() -> None:
    """Stand der Datenbank ansehen und sie aktualisieren."""


@befehl.command("stand")
@click.pass_obj
def stand(konfig: Path | None) -> None:
    """Sagt, ob die Datenbank zu dieser Fassung passt."""
    from fachwerk import settings
    from fachwerk.datenbank import oeffne_datenbank, schema_stand

    einstellungen = settings.lade(konfig)
    wie = schema_stand(oeffne_datenbank(settings.datenbank_url(einstellungen)))
    click.echo(f"Die Datenbank ist {_STAND[wie]}.")
    raise SystemExit(0 if wie in ("leer", "aktuell") else 3)


@befehl.command("aktualisieren")
@click.option("--gesichert", is_flag=True, help="Bestätigt, dass die Datenbank gesichert ist.")
@click.pass_obj
def aktualisieren(konfig: Path | None, gesichert: bool) -> None:
    """Bringt die Tabellen auf den Stand dieser Fassung. Vorher sichern und alle Dienste anhalten."""
    from fachwerk import settings
    from fachwerk.datenbank import aktualisiere, oeffne_datenbank, schema_stand

    datenbank = oeffne_datenbank(settings.datenbank_url(settings.lade(konfig)))
    wie = schema_stand(datenbank)
    if wie == "fremd":
        raise click.UsageError(f"Die Datenbank ist {_STAND[wie]} und bleibt unverändert.")
    if wie == "alt" and not gesichert:
        raise click.UsageError("Bitte zuerst die Datenbank sichern und das mit --gesichert bestätigen.")
    aktualisiere(datenbank)
    click.echo("Die Datenbank ist aktuell.")
