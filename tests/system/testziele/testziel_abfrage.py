"""A target that takes everything twice, but can be asked what it has."""

from __future__ import annotations

import testziel

from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import Antrag, Befund, Entscheidung, Idempotenz, Kanal, Manifest, Quittung, Sendung, Ziel


@hookimpl
def manifest() -> Manifest:
    return testziel.angaben("testziel_abfrage", Idempotenz.ABFRAGE)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    return testziel.sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    return testziel.trage_ein(ziel, schluessel, host)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    return testziel.quittung(ziel, schluessel) if testziel.ist_eingetragen(ziel, schluessel, host) else None


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []
