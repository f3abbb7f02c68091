"""XTA 2 mailboxes (web service 2.1.1) as a Kanal: list, fetch, and close what the core has committed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Art, Befund, Eingang, Kanal, Manifest, Ziel

if TYPE_CHECKING:
    import click

    from fachwerk.host import Host
    from fachwerk_generic_xta.client import XtaClient


@hookimpl
def manifest() -> Manifest:
    """A Kanal, and the word ``simulator xta``."""
    from fachwerk_generic_xta.settings import Einstellungen

    return Manifest(
        name="generic_xta",
        version="0.1.0",
        arten=frozenset({Art.KANAL}),
        titel="XTA-2-Postfach (Webservice 2.1.1)",
        einstellungen={Art.KANAL: Einstellungen},
        gruppe="simulator",
    )


@hookimpl
def receive(kanal: Kanal, host: Host) -> Iterator[Eingang]:
    """Everything that waits in the mailbox; see ``abruf``."""
    from fachwerk_generic_xta.abruf import Abruf
    from fachwerk_generic_xta.settings import einstellungen

    return Abruf(kanal, host, _client(kanal, host), einstellungen(kanal).seiten_groesse).laufe()


@hookimpl
def acknowledge(kanal: Kanal, eingang: Eingang, host: Host) -> None:
    """Close in the mailbox, which deletes there; a message that is already gone counts as closed."""
    from fachwerk_generic_xta.mapping import ANFRAGE_ID

    _client(kanal, host).close([eingang.nachricht_id], eingang.metadaten.get(ANFRAGE_ID, ""))


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Files, certificate, connection and account."""
    from fachwerk_generic_xta.pruefung import pruefe

    return pruefe(kanal_oder_ziel, host) if isinstance(kanal_oder_ziel, Kanal) else []


@hookimpl
def register_commands(cli: click.Group) -> None:
    """``fachwerk simulator xta …``."""
    from fachwerk_generic_xta.simulator.befehl import xta

    cli.add_command(xta)


def _client(kanal: Kanal, host: Host) -> XtaClient:
    from fachwerk_generic_xta.client import XtaClient
    from fachwerk_generic_xta.settings import einstellungen

    werte = einstellungen(kanal)
    return XtaClient(werte.adressen, werte.partei(kanal.kennung), host.http(werte.verbindung(host)), werte.groessen)
