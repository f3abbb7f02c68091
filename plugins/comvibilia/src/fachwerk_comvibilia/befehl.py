"""``fachwerk x comvibilia …``: for whoever writes a layout profile of the own site."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from fachwerk_comvibilia.profil import MITGELIEFERT


@click.command("profil")
@click.argument("name", type=click.Choice(MITGELIEFERT))
def profil(name: str) -> None:
    """Gibt ein mitgeliefertes Layoutprofil aus, als Ausgangspunkt für ein eigenes."""
    datei = resources.files("fachwerk_comvibilia") / "profile" / f"{name}.yaml"
    click.echo(datei.read_text(encoding="utf-8"), nl=False)


@click.command("schema")
def schema() -> None:
    """Gibt das JSON-Schema der Layoutprofile aus."""
    datei = resources.files("fachwerk_comvibilia") / "profile" / "profil.schema.json"
    click.echo(datei.read_text(encoding="utf-8"), nl=False)


@click.command("sieh")
@click.argument("ordner", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--profil", "angabe", default="ordner", show_default=True, help="Mitgeliefertes Profil oder Pfad.")
def sieh(ordner: Path, angabe: str) -> None:
    """Zeigt, welche Nachrichten Fachwerk in einem Exportordner sieht, und rührt nichts an."""
    from fachwerk_comvibilia.client import Ordner
    from fachwerk_comvibilia.empfang import eigene_namen
    from fachwerk_comvibilia.mapping import grund, kandidaten, rollen, unbekannte
    from fachwerk_comvibilia.namen import anzeigbar
    from fachwerk_comvibilia.settings import Kanaleinstellungen

    werte = Kanaleinstellungen(verzeichnis=str(ordner.absolute()), profil=angabe)
    layout, ohne = werte.layout(Path.cwd()), eigene_namen(werte)
    bestand = Ordner(ordner).bestand(werte.hoechstens_dateien, ohne)
    alle = kandidaten(layout, bestand, ohne)
    for kandidat in alle:
        warum = grund(layout, werte, kandidat, bestand)
        click.echo(f"{anzeigbar(kandidat.stamm)}: {warum.value if warum else 'vollständig'}")
        if layout.eingang:
            gefunden = rollen(layout.eingang, kandidat)
            teile = [("Nachricht", gefunden.nachricht), ("Behälter", tuple(e for e, _ in gefunden.behaelter))]
            for wort, eintraege in (*teile, ("Anlage", gefunden.anlagen)):
                for eintrag in eintraege:
                    click.echo(f"  {wort}: {anzeigbar(eintrag.pfad)} ({eintrag.groesse} Bytes)")
    for name in unbekannte(layout, bestand, alle, ohne):
        click.echo(f"unbekannt: {anzeigbar(name)}")


def melde_an(cli: click.Group) -> None:
    """Add the commands to the plugin's own group."""
    for befehl in (profil, schema, sieh):
        cli.add_command(befehl)
