"""``fachwerk new …``: a new member of the house from the fictitious one."""

from __future__ import annotations

from pathlib import Path

import click

_WEITER = """Angelegt: {ziel} (Paket {verteilung}, Kürzel {kuerzel}). Alle Werte darin sind erfunden.
Nächste Schritte:
  1. {ziel}/README.md lesen, dann land.yaml, parameter und faelle unter src/{paket} ändern.
  2. Prüfen:      fachwerk wbs faelle --ordner {ziel}
  3. Installieren: python -m pip install --no-deps -e {ziel}
  4. Testen:      python -m pytest {ziel}/tests"""


class Bedienfehler(click.ClickException):
    """A name or folder that cannot be used: exit code 2, as for any other mistake in the call."""

    exit_code = 2


@click.group("new")
def befehl() -> None:
    """Legt ein neues Plugin aus einer Vorlage an; seine Tests bestehen vom ersten Tag an."""


@befehl.command("regeln")
@click.argument("name", metavar="NAME")
@click.option(
    "--in",
    "ordner",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default="hier",
    help="Ordner, in dem der neue Ordner NAME entsteht.",
)
@click.option("--kuerzel", default="", help="Zwei Buchstaben des Landes (Vorgabe: aus dem Namen, wbs_xy ergibt xy).")
@click.option("--titel", default="", help="Name des Landes, wie ihn Menschen lesen (Vorgabe: aus dem Namen).")
def regeln(name: str, ordner: Path, kuerzel: str, titel: str) -> None:
    """Ein Regelpaket als Kopie des erfundenen Landes anlegen. NAME zum Beispiel: wbs_xy."""
    from fachwerk.errors import ConfigError
    from fachwerk.vorlage import benenne, lege_an

    try:
        namen = benenne(name, kuerzel, titel)
        ziel = lege_an("regeln", namen, ordner)
    except ConfigError as fehler:
        raise Bedienfehler(fehler.hint) from None
    click.echo(_WEITER.format(ziel=ziel, verteilung=namen.verteilung, paket=namen.paket, kuerzel=namen.kuerzel))
