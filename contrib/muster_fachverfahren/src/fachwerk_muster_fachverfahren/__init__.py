"""Musterfachverfahren, an invented target over HTTP that shows what an adapter is made of. Hooks only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import (
    Antrag,
    Art,
    Befund,
    Entscheidung,
    Idempotenz,
    Kanal,
    Manifest,
    Quittung,
    Sendung,
    Stufe,
    Ziel,
)

if TYPE_CHECKING:
    import click

    from fachwerk.host import Host


@hookimpl
def manifest() -> Manifest:
    """A target that recognises the key of a delivery and says when a case was taken over."""
    from fachwerk_muster_fachverfahren.settings import Zieleinstellungen

    return Manifest(
        name="muster_fachverfahren",
        version="0.1.0",
        arten=frozenset({Art.ZIEL}),
        titel="Musterfachverfahren (erfunden)",
        formate_aus=("application/json",),
        idempotenz=Idempotenz.SCHLUESSEL,
        stufen=(Stufe.UEBERGEBEN, Stufe.UEBERNOMMEN),
        einstellungen={Art.ZIEL: Zieleinstellungen},
    )


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """The case as data, the original and the attachments."""
    from fachwerk_muster_fachverfahren.mapping import sendung

    return sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Upload the parts, then conclude the case."""
    from fachwerk_muster_fachverfahren.client import Anschluss

    return Anschluss(ziel, host).liefere(sendung, schluessel)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """Ask for the case of this key."""
    from fachwerk_muster_fachverfahren.client import Anschluss

    return Anschluss(ziel, host).finde(schluessel)


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Reachable, and our password accepted."""
    from fachwerk_muster_fachverfahren.client import Anschluss

    return Anschluss(kanal_oder_ziel, host).pruefe() if isinstance(kanal_oder_ziel, Ziel) else []


@hookimpl
def register_commands(cli: click.Group) -> None:
    """``fachwerk x muster-fachverfahren simulator``."""
    from fachwerk_muster_fachverfahren.simulator import befehl

    cli.add_command(befehl())
