"""A target whose plugin kills the whole process, for the first case it ever sees and for that case only."""

from __future__ import annotations

import os

import testziel

from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import Antrag, Befund, Entscheidung, Idempotenz, Kanal, Manifest, Quittung, Sendung, Ziel


@hookimpl
def manifest() -> Manifest:
    return testziel.angaben("testziel_gift", Idempotenz.ABFRAGE)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    return testziel.sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    gift = host.ordner / "gift.txt"
    if not gift.exists():
        gift.write_text(schluessel)
    if gift.read_text() == schluessel:
        os._exit(70)
    return testziel.trage_ein(ziel, schluessel, host)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    return testziel.quittung(ziel, schluessel) if testziel.ist_eingetragen(ziel, schluessel, host) else None


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []
