"""Lämmerzahl (LÄMMkom) as a Ziel that exists only behind COM Vibilia. Hooks only."""

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
    from fachwerk.host import Host


@hookimpl
def manifest() -> Manifest:
    """What the folders of COM Vibilia can do, and no more."""
    from fachwerk_laemmerzahl.settings import Zieleinstellungen

    return Manifest(
        name="laemmerzahl",
        version="0.1.0",
        arten=frozenset({Art.ZIEL}),
        titel="Lämmerzahl (LÄMMkom), nur über COM Vibilia",
        formate_aus=("application/xml", "text/xml"),
        idempotenz=Idempotenz.ABFRAGE,
        stufen=tuple(Stufe),
        einstellungen={Art.ZIEL: Zieleinstellungen},
    )


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """The original message and its attachments, as they came."""
    from fachwerk_comvibilia.mapping import sendung

    return sendung(antrag, ziel.name)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Into the folder of the way that ``ueber`` names."""
    from fachwerk_laemmerzahl.client import uebergabe

    return uebergabe(ziel, schluessel, host).liefere(sendung)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """What folder, receipts and our own notes say of this key."""
    from fachwerk_laemmerzahl.client import uebergabe

    return uebergabe(ziel, schluessel, host).finde()


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """The folders of the way, and a reminder of what must be confirmed with the vendor."""
    from fachwerk_laemmerzahl.client import pruefe

    return pruefe(kanal_oder_ziel, host)
