"""``fachwerk x prosoz``: look at profiles without touching anything."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from fachwerk.errors import ConfigError

_WEG = click.argument("weg", type=click.Choice(["ordner", "soap"]))


def melde_an(cli: click.Group) -> None:
    """Add the commands."""
    cli.add_command(beispiel)
    cli.add_command(pruefe)


@click.command()
@_WEG
def beispiel(weg: str) -> None:
    """Das mitgelieferte, erfundene Profil ausgeben, als Vorlage für das eigene."""
    datei = resources.files("fachwerk_prosoz").joinpath("profile", f"{weg}-beispiel.yaml")
    click.echo(datei.read_text(encoding="utf-8"), nl=False)


@click.command()
@_WEG
@click.argument("datei", type=click.Path(path_type=Path))
def pruefe(weg: str, datei: Path) -> None:
    """Ein eigenes Profil prüfen (Schema und Stimmigkeit); die Umgebung prüft „fachwerk check“."""
    from fachwerk_prosoz.profil import lade

    try:
        profil = lade(str(datei.resolve()), weg, Path())
    except ConfigError as fehler:
        click.echo(str(fehler), err=True)
        raise click.exceptions.Exit(3) from fehler
    click.echo(f"In Ordnung: {profil.titel}")
