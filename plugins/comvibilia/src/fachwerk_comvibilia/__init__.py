"""COM Vibilia as a Kanal that reads its export folder and as a Ziel that fills its import folder. Hooks only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import (
    Antrag,
    Art,
    Befund,
    Eingang,
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
"""The word this plugin adds to; see the entry points."""


@hookimpl
def manifest() -> Manifest:
    """A Kanal and a Ziel that can be asked what became of a Sendung, as far as the layout profile knows receipts."""
    from fachwerk_comvibilia.settings import Kanaleinstellungen, Zieleinstellungen

    return Manifest(
        name="comvibilia",
        version="0.1.0",
        arten=frozenset({Art.KANAL, Art.ZIEL}),
        titel="COM Vibilia: Ordnerübergabe nach Layoutprofil",
        formate_aus=("application/xml", "text/xml"),
        idempotenz=Idempotenz.ABFRAGE,
        stufen=tuple(Stufe),
        einstellungen={Art.KANAL: Kanaleinstellungen, Art.ZIEL: Zieleinstellungen},
    )


@hookimpl
def receive(kanal: Kanal, host: Host) -> Iterator[Eingang]:
    """Every message that is complete; what is still being written is left alone."""
    from fachwerk_comvibilia.empfang import empfange

    return empfange(kanal, host)


@hookimpl
def acknowledge(kanal: Kanal, eingang: Eingang, host: Host) -> None:
    """Move away (or delete) exactly the files that were stored."""
    from fachwerk_comvibilia.erledigung import erledige

    erledige(kanal, eingang, host)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """The original message and its attachments, as they came."""
    from fachwerk_comvibilia.mapping import sendung

    return sendung(antrag, ziel.name)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Write aside, then make visible, the marker last."""
    from fachwerk_comvibilia.uebergabe import Uebergabe

    return Uebergabe.des_ziels(ziel, schluessel, host).liefere(sendung)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """What import folder, receipts and our own notes say of this key."""
    from fachwerk_comvibilia.uebergabe import Uebergabe

    return Uebergabe.des_ziels(ziel, schluessel, host).finde()


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Folders, one volume, rights, profile, what waits too long, what nobody knows."""
    from fachwerk_comvibilia.pruefung import pruefe

    return pruefe(kanal_oder_ziel, host)


@hookimpl
def register_commands(cli: click.Group) -> None:
    """``fachwerk simulator comvibilia`` for the word, ``fachwerk x comvibilia`` for the plugin."""
    if cli.name == WORT:
        from fachwerk_comvibilia.simulator.befehl import comvibilia

        cli.add_command(comvibilia)
    else:
        from fachwerk_comvibilia.befehl import melde_an

        melde_an(cli)
