"""``fachwerk new …``: a new member of the house from the fictitious one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fachwerk.vorlage import Namen

_WEITER = """Angelegt: {ziel} (Paket {verteilung}, Kürzel {kuerzel}). Alle Werte darin sind erfunden.
Nächste Schritte:
  1. {ziel}/README.md lesen, dann land.yaml, parameter und faelle unter src/{paket} ändern.
  2. Prüfen:      fachwerk wbs faelle --ordner {ziel}
  3. Installieren: python -m pip install --no-deps --no-build-isolation -e {ziel}   (braucht hatchling und editables)
  4. Testen:      python -m pytest {ziel}/tests"""


_WEITER_ADAPTER = """Angelegt: {ziel} (Paket {verteilung}). Noch ist alles darin erfunden.
Nächste Schritte:
  1. Installieren: python -m pip install --no-deps --no-build-isolation -e {ziel}   (braucht hatchling und editables)
  2. Ansehen:      fachwerk plugins list
  3. Testen:       python -m pytest {ziel}/tests
  4. {ziel}/README.md lesen und settings, mapping, client und simulator unter src/{paket} ändern.
  5. Vorlegen:     fachwerk konformitaet {name}
Schritt für Schritt steht es in docs/adapter.md."""


class Bedienfehler(click.ClickException):
    """A name or folder that cannot be used: exit code 2, as for any other mistake in the call."""

    exit_code = 2


_IN = click.option(
    "--in",
    "ordner",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default="hier",
    help="Ordner, in dem der neue Ordner NAME entsteht.",
)


@click.group("new")
def befehl() -> None:
    """Legt ein neues Plugin aus einer Vorlage an; seine Tests bestehen vom ersten Tag an."""


@befehl.command("regeln")
@click.argument("name", metavar="NAME")
@_IN
@click.option("--kuerzel", default="", help="Zwei Buchstaben des Landes (Vorgabe: aus dem Namen, wbs_xy ergibt xy).")
@click.option("--titel", default="", help="Name des Landes, wie ihn Menschen lesen (Vorgabe: aus dem Namen).")
def regeln(name: str, ordner: Path, kuerzel: str, titel: str) -> None:
    """Ein Regelpaket als Kopie des erfundenen Landes anlegen. NAME zum Beispiel: wbs_xy."""
    namen, ziel = _lege_an("regeln", name, ordner, kuerzel, titel)
    click.echo(_WEITER.format(ziel=ziel, verteilung=namen.verteilung, paket=namen.paket, kuerzel=namen.kuerzel))


@befehl.command("adapter")
@click.argument("name", metavar="NAME")
@_IN
@click.option("--titel", default="", help="Name des Fachverfahrens, wie ihn Menschen lesen (Vorgabe: aus dem Namen).")
def adapter(name: str, ordner: Path, titel: str) -> None:
    """Einen Adapter als Kopie des erfundenen Fachverfahrens anlegen. NAME zum Beispiel: wohnamt_plus."""
    namen, ziel = _lege_an("adapter", name, ordner, "", titel)
    angaben = {"verteilung": namen.verteilung, "paket": namen.paket, "name": namen.name}
    click.echo(_WEITER_ADAPTER.format(ziel=ziel, **angaben))


def _lege_an(art: str, name: str, ordner: Path, kuerzel: str, titel: str) -> tuple[Namen, Path]:
    from fachwerk.errors import ConfigError
    from fachwerk.vorlage import benenne, lege_an

    try:
        namen = benenne(name, kuerzel, titel)
        return namen, lege_an(art, namen, ordner)
    except ConfigError as fehler:
        raise Bedienfehler(fehler.hint) from None
