"""Aktenablage: one folder per case that anybody can read, without any Fachverfahren. Hooks only."""

from __future__ import annotations

from datetime import date
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
from fachwerk_aktenablage.settings import Zieleinstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host

_MANIFEST = Manifest(
    name="aktenablage",
    version="0.1.0",
    arten=frozenset({Art.ZIEL}),
    titel="Aktenablage: ein lesbarer Ordner je Vorgang",
    formate_aus=("application/pdf", "text/html", "application/json"),
    idempotenz=Idempotenz.SCHLUESSEL,
    stufen=(Stufe.UEBERGEBEN,),
    einstellungen={Art.ZIEL: Zieleinstellungen},
)


@hookimpl
def manifest() -> Manifest:
    """A target that may be asked twice with the same key."""
    return _MANIFEST


@hookimpl
def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
    """What the documents of the folder cannot show as it was sent."""
    from fachwerk_aktenablage.zeichen import befunde_zu_zeichen

    return befunde_zu_zeichen(antrag)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """The content of the case folder."""
    from fachwerk_aktenablage.mapping import sendung

    return sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """Write the folder, all or nothing."""
    from fachwerk_aktenablage.client import liefere

    return liefere(sendung, ziel, schluessel, host)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    """Look for the folder with this key."""
    from fachwerk_aktenablage.client import finde

    return finde(ziel, schluessel, host)


@hookimpl
def forget(ziel: Ziel, schluessel: str, host: Host) -> None:
    """Delete the folder of this key, as far as nobody has put anything of his own into it."""
    from fachwerk_aktenablage.vergessen import vergiss

    vergiss(ziel, schluessel, host)


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    """Folder there, writable, enough space."""
    from fachwerk_aktenablage.client import pruefe

    return pruefe(kanal_oder_ziel, host)
