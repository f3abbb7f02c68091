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
    from fachwerk import settings, vertraeglichkeit
    from fachwerk.datenbank import oeffne_datenbank, schema_stand

    datenbank = oeffne_datenbank(settings.datenbank_url(settings.lade(konfig)))
    wie = schema_stand(datenbank)
    click.echo(f"Die Datenbank ist {_STAND[wie]}.")
    for knoten in vertraeglichkeit.lebende(datenbank) if wie in ("aktuell", "alt") else ():
        click.echo(f"  Es arbeitet {knoten.platz} mit Fachwerk {knoten.kern.version or '(eine ältere Fassung)'}.")
    raise SystemExit(0 if wie in ("leer", "aktuell") else 3)


@befehl.command("aktualisieren")
@click.option("--gesichert", is_flag=True, help="Bestätigt, dass die Datenbank gesichert ist.")
@click.pass_obj
def aktualisieren(konfig: Path | None, gesichert: bool) -> None:
    """Bringt die Tabellen auf den Stand dieser Fassung. Vorher sichern.

    An einer SQLite-Datei den Dienst vorher beenden. An PostgreSQL arbeiten die Dienste der bisherigen Fassung weiter.
    """
    from fachwerk import settings, vertraeglichkeit
    from fachwerk.datenbank import aktualisiere, oeffne_datenbank, schema_stand

    datenbank = oeffne_datenbank(settings.datenbank_url(settings.lade(konfig)))
    wie = schema_stand(datenbank)
    if wie == "fremd":
        raise click.UsageError(f"Die Datenbank ist {_STAND[wie]} und bleibt unverändert.")
    if wie == "alt" and not gesichert:
        raise click.UsageError("Bitte zuerst die Datenbank sichern und das mit --gesichert bestätigen.")
    if wie in ("umzug", "umgezogen"):
        raise click.UsageError(f"Die Datenbank ist {_STAND[wie]}.")
    if wie == "alt":
        vertraeglichkeit.pruefe_aktualisierung(datenbank)
    aktualisiere(datenbank)
    click.echo("Die Datenbank ist aktuell.")
