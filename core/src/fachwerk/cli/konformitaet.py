"""``fachwerk konformitaet``: the contract tests of a plugin, and the sheet a municipality asks a vendor for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fachwerk.testkit.konformitaet import Ergebnis


@click.command("konformitaet")
@click.argument("plugin", metavar="PLUGIN")
@click.option(
    "--ordner",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default="hier",
    help="Ordner, in den das Blatt geschrieben wird.",
)
@click.option(
    "--tests",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Datei mit den Vertragstests, wenn das Plugin sie nicht mitbringt (mehrmals möglich).",
)
@click.option("--json", "als_json_", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_context
def befehl(ctx: click.Context, plugin: str, ordner: Path, tests: tuple[Path, ...], als_json_: bool) -> None:
    """Prüft ein installiertes Plugin gegen den Vertrag und schreibt konformitaet-PLUGIN-VERSION.md.

    Ausgang: 0 bestanden, 1 mit Ausnahmen oder Lücken, 3 nicht bestanden oder nicht prüfbar.
    """
    from fachwerk.testkit.konformitaet import pruefe

    fortschritt = sys.stderr if sys.stderr.isatty() and not als_json_ else None
    ergebnis = pruefe(plugin.replace("-", "_"), tests, fortschritt)
    _gib_aus(ergebnis, ordner, als_json_)
    ctx.exit(ergebnis.code)


def _gib_aus(ergebnis: Ergebnis, ordner: Path, als_json_: bool) -> None:
    from fachwerk.cli.ausgabe import json_aus
    from fachwerk.testkit.blatt import als_json, dateiname

    datei = ordner / dateiname(ergebnis)
    _schreibe(ergebnis, datei)
    if als_json_:
        json_aus(als_json(ergebnis, str(datei)))
        return
    for pruefung in ergebnis.mit("gescheitert", "ausgenommen", "nicht_geprueft"):
        click.echo(f"{pruefung.ausgang.upper().replace('_', ' ')}  {pruefung.text} {' '.join(pruefung.gruende[:2])}")
    for fehler in ergebnis.fehler:
        click.echo(f"GESCHEITERT  {fehler}")
    click.echo(f"{ergebnis.manifest.name} {ergebnis.manifest.version}: {ergebnis.urteil}. Blatt: {datei}")


def _schreibe(ergebnis: Ergebnis, datei: Path) -> None:
    from datetime import datetime

    from fachwerk.errors import ConfigError
    from fachwerk.testkit.blatt import blatt

    try:
        datei.parent.mkdir(parents=True, exist_ok=True)
        datei.write_text(blatt(ergebnis, datetime.now().astimezone()), encoding="utf-8")
    except OSError as fehler:
        text = f"Das Blatt {datei} lässt sich nicht schreiben: {fehler.strerror}."
        raise ConfigError("konformitaet_blatt", text, schluessel="--ordner") from None
