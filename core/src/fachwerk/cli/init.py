"""``fachwerk init``: a configuration to fill in, and the site key."""

from __future__ import annotations

from pathlib import Path

import click

_WEITER = """
Nächste Schritte:
  1. {toml} ausfüllen (jeder Schlüssel ist dort erklärt).
  2. {schluessel} getrennt von der Datenbank sichern, z. B. im Kennwort-Tresor: Ohne diese Datei ist kein
     gespeicherter Inhalt mehr lesbar, und mit ihr jeder. Sie gehört in keine Sicherung der Datenbank.
  3. fachwerk --konfig {toml} check"""


@click.command("init")
@click.argument("ordner", type=click.Path(file_okay=False, path_type=Path), default=".")
def befehl(ordner: Path) -> None:
    """Legt fachwerk.toml und den Hauptschlüssel an, ohne etwas zu überschreiben."""
    from fachwerk.anlegen import lege_an

    ergebnis = lege_an(ordner)
    click.echo(f"Angelegt: {ergebnis.toml}")
    if ergebnis.schluessel_neu:
        click.echo(f"Angelegt: {ergebnis.schluessel} (nur für diesen Benutzer lesbar)")
    else:
        click.echo(f"Der Hauptschlüssel {ergebnis.schluessel} war schon da und bleibt unverändert.")
    click.echo(_WEITER.format(toml=ergebnis.toml, schluessel=ergebnis.schluessel))
