"""XSozial-basis for Fachwerk: messages of the Sozialplattform become applications. Hooks only."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Eingang, Formatangabe, Manifest

if TYPE_CHECKING:
    import click


@hookimpl
def manifest() -> Manifest:
    """A format: the transport message of XSozial-basis in any version, or a message of PDF only."""
    from fachwerk_xsozial_basis.mapping import NAMENSRAUM, WURZEL

    return Manifest(
        name="xsozial_basis",
        version="0.1.0",
        arten=frozenset({Art.FORMAT}),
        titel="XSozial-basis (Sozialplattform)",
        formate=(
            Formatangabe(name="xsozial-basis", wurzel=WURZEL, namensraum=NAMENSRAUM),
            Formatangabe(name="xsozial-basis-pdf", medientyp="application/pdf"),
        ),
    )


@hookimpl(specname="map")
def verstehe(eingang: Eingang) -> Antrag:
    """Understand one message."""
    from fachwerk_xsozial_basis.mapping import antrag_aus

    return antrag_aus(eingang)


@hookimpl
def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
    """Check against the schema of its version, and what a schema cannot say."""
    from fachwerk_xsozial_basis.pruefung import pruefe_antrag

    return pruefe_antrag(antrag, stichtag)


@hookimpl
def register_commands(cli: click.Group) -> None:
    """``fachwerk x xsozial-basis lies | erzeuge | schema install``."""
    from fachwerk_xsozial_basis.befehle import melde_an

    melde_an(cli)
