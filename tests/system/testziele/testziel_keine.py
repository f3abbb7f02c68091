"""A target that neither recognises a key nor can be asked."""

from __future__ import annotations

import testziel

from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import Antrag, Befund, Entscheidung, Idempotenz, Kanal, Manifest, Quittung, Sendung, Ziel


@hookimpl
def manifest() -> Manifest:
    return testziel.angaben("testziel_keine", Idempotenz.KEINE)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    return testziel.sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    return testziel.trage_ein(ziel, schluessel, host)


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []
