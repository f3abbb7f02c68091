"""XTA 2 (web service 2.1.1) as a Kanal that reads a mailbox and as a Ziel that sends to another party. Hooks only."""

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
"""The word this plugin adds to besides its own commands; see the entry points."""


@hookimpl
def manifest() -> Manifest:
    """A Kanal and a Ziel that can be asked what became of a Sendung.

    XTA knows when the reader has fetched a message, never whether an office has taken a case over. No ``gruppe``,
    because the commands for operators stand below ``fachwerk x``; the word ``simulator`` is an entry point besides.
    """
    from fachwerk_generic_xta.settings import Einstellungen, Zieleinstellungen

    return Manifest(
        name="generic_xta",
        version="0.1.0",
        arten=frozenset({Art.KANAL, Art.ZIEL}),
        titel="XTA-2-Postfach (Webservice 2.1.1)",
        formate_aus=("application/xml", "text/xml"),
        idempotenz=Idempotenz.ABFRAGE,
        stufen=(Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT),
        einstellungen={Art.KANAL: Einstellungen, Art.ZIEL: Zieleinstellungen},
    )


@hookimpl
def receive(kanal: Kanal, host: Host) -> Iterator[Eingang]:
    """Everything that waits in the mailbox; see ``abruf``."""
    from fachwerk_generic_xta.abruf import rufe_ab

    return rufe_ab(kanal, host)


@hookimpl
def acknowledge(kanal: Kanal, eingang: Eingang, host: Host) -> None:
    """Close in the mailbox, which deletes there; a message that is already gone counts as closed."""
    from fachwerk_generic_xta import anschluss
    from fachwerk_generic_xta.abruf import schliesse

    schliesse(anschluss.client(kanal, host), eingang)


@hookimpl
def list_waiting(kanal: Kanal, host: Host) -> list[str]:
    """getStatusList, fetched and closed by nobody: every message that was not closed yet."""
    from fachwerk_generic_xta import anschluss
    from fachwerk_generic_xta.abruf import wartende

    return wartende(anschluss.client(kanal, host))


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """The original message and its attachments, as they came."""
    from fachwerk_generic_xta.sendung import sendung

    return sendung(antrag, ziel.name)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """sendMessage, under the id that was kept for this key."""
    from fachwerk_generic_xta.versand import Uebergabe

    return Uebergabe(ziel, schluessel, host).liefere(sendung)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """What the transport report says of this key."""
    from fachwerk_generic_xta.versand import Uebergabe

    return Uebergabe(ziel, schluessel, host).finde()


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Files, certificate, addresses, account, service, clock."""
    from fachwerk_generic_xta.pruefung import pruefe

    return pruefe(kanal_oder_ziel, host)


@hookimpl
def register_commands(cli: click.Group) -> None:
    """``fachwerk simulator xta …`` for the word, ``fachwerk x generic-xta …`` for the plugin."""
    if cli.name == WORT:
        from fachwerk_generic_xta.simulator.befehl import xta

        cli.add_command(xta)
    else:
        from fachwerk_generic_xta.befehl import melde_an

        melde_an(cli)
