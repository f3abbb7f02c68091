"""``fachwerk x xsozial-basis``: read a message, make invented ones, install the official schema."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from pathlib import Path
from typing import IO, Any

import click

from fachwerk.errors import ConfigError

_DATEI = click.Path(dir_okay=False, path_type=Path)
_ORDNER = click.Path(file_okay=False, path_type=Path)


class Bedienfehler(click.ClickException):
    """What the person at the keyboard can put right; exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it in German."""
        click.echo(f"Fehler: {self.message}", file=file, err=file is None)


def melde_an(cli: click.Group) -> None:
    """Add the commands to the group of this plugin."""
    cli.add_command(lies)
    cli.add_command(erzeuge)
    cli.add_command(schema)


@click.command()
@click.argument("datei", type=_DATEI)
@click.option("--json", "als_json_", is_flag=True, help="Ein JSON-Dokument ausgeben, sonst nichts.")
def lies(datei: Path, als_json_: bool) -> None:
    """Eine Nachricht so zeigen, wie Fachwerk sie liest: Kopf, Leistung, Personen, Dokumente, jedes Feld."""
    from fachwerk_xsozial_basis.client import eingang_aus
    from fachwerk_xsozial_basis.lesung import als_json, als_text, lies_eingang

    try:
        lesung = lies_eingang(eingang_aus(datei), date.today())
    except OSError as fehler:
        raise Bedienfehler(f"Die Datei {datei} lässt sich nicht lesen ({_grund(fehler)}).") from None
    if als_json_:
        click.echo(json.dumps(als_json(lesung), ensure_ascii=False, indent=2))
        return
    for zeile in als_text(lesung):
        click.echo(_harmlos(zeile))


@click.command()
@click.option("--leistung", type=click.Choice(["wbs", "mietrueckstaende"]), help="Nur diese Leistung.")
@click.option("--anzahl", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Wie viele Nachrichten.")
@click.option("--ordner", type=_ORDNER, default=Path(), help="Wohin; bestehende Dateien bleiben unberührt.")
@click.option("--seed", type=int, default=0, show_default=True, help="Gleicher Wert, gleiche Nachrichten.")
def erzeuge(leistung: str | None, anzahl: int, ordner: Path, seed: int) -> None:
    """Erfundene Nachrichten im Projektprofil schreiben (nicht der amtliche Standard), zum Üben und Prüfen."""
    from fachwerk_xsozial_basis.client import schreibe_neu
    from fachwerk_xsozial_basis.erzeuger import stapel

    try:
        for beispiel in stapel(seed, anzahl, leistung or ""):
            click.echo(schreibe_neu(ordner, beispiel.dateiname, beispiel.xml))
            for name, inhalt in beispiel.anhaenge:
                click.echo(schreibe_neu(ordner, f"{Path(beispiel.dateiname).stem}-{name}", inhalt))
    except FileExistsError as fehler:
        raise Bedienfehler(f"{fehler.filename} besteht schon; bitte einen leeren Ordner nennen.") from None
    except OSError as fehler:
        raise Bedienfehler(f"In {ordner} lässt sich nicht schreiben ({_grund(fehler)}).") from None


@click.group()
def schema() -> None:
    """Das amtliche Schema einrichten, das Fachwerk nicht mitliefern darf."""


@schema.command()
@click.argument("buendel", metavar="ZIP", type=_DATEI)
@click.option("--ordner", type=_ORDNER, help="Ordner der fachwerk.toml (sonst der Arbeitsordner).")
@click.pass_context
def install(ctx: click.Context, buendel: Path, ordner: Path | None) -> None:
    """Ein Schemabündel (ZIP aus dem XRepository) einrichten; danach wird jede Nachricht dagegen geprüft."""
    from fachwerk_xsozial_basis.schemas import UNTERORDNER, installiere, schema_ordner

    konfig = ctx.find_root().params.get("konfig")
    ordner = ordner or (Path(konfig).parent if konfig else None)
    ziel = ordner / UNTERORDNER if ordner else schema_ordner()
    if not buendel.is_file():
        raise Bedienfehler(f"Die Datei {buendel} gibt es nicht.")
    try:
        versionen = installiere(buendel, ziel)
    except ConfigError as fehler:
        raise Bedienfehler(fehler.hint) from None
    click.echo(f"Eingerichtet in {ziel}: XSozial-basis {', '.join(versionen)}")


def _grund(fehler: OSError) -> str:
    gruende = {FileNotFoundError: "nicht vorhanden", PermissionError: "keine Berechtigung", IsADirectoryError: "Ordner"}
    return gruende.get(type(fehler), "Ein-/Ausgabefehler")


def _harmlos(zeile: str) -> str:
    """Without control characters, so that a hostile value cannot steer the terminal."""
    return "".join(
        zeichen if unicodedata.category(zeichen)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for zeichen in zeile
    )
