"""PROSOZ as a Ziel, by a folder or by SOAP, as the site's profile describes it. Hooks only."""

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

WORT = "simulator"
"""The word this plugin adds to besides its own commands; see the entry points."""


@hookimpl
def manifest() -> Manifest:
    """A Ziel that promises the weakest of what its profiles can do.

    Whether a lost answer can be cleared up depends on the profile, so ``keine``: ``find_delivered`` asks where the
    profile says how, and has the case held where nobody but a person can know.
    """
    from fachwerk_prosoz.settings import Zieleinstellungen

    return Manifest(
        name="prosoz",
        version="0.1.0",
        arten=frozenset({Art.ZIEL}),
        titel="PROSOZ (Ablageordner oder SOAP, nach Profil)",
        formate_aus=("application/xml", "application/json"),
        idempotenz=Idempotenz.KEINE,
        stufen=(Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN),
        einstellungen={Art.ZIEL: Zieleinstellungen},
    )


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """Original, documents and everything a profile may ask for; which of it is used, the profile says on delivery."""
    from fachwerk_prosoz.mapping import sendung

    return sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Put the files there, trigger last; or call the operation of the profile."""
    from fachwerk_prosoz.client import liefere

    return liefere(sendung, ziel, schluessel, host)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """What folders, receipts or the profile's query operation say of this key."""
    from fachwerk_prosoz.client import finde

    return finde(ziel, schluessel, host)


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Profile, folders or WSDL, operations, secrets, certificates."""
    from fachwerk_prosoz.pruefung import pruefe

    return pruefe(kanal_oder_ziel, host)


@hookimpl
def register_commands(cli: click.Group) -> None:
    """``fachwerk simulator prosoz …`` for the word, ``fachwerk x prosoz …`` for the plugin."""
    if cli.name == WORT:
        from fachwerk_prosoz.simulator.befehl import prosoz

        cli.add_command(prosoz)
    else:
        from fachwerk_prosoz.befehl import melde_an

        melde_an(cli)
