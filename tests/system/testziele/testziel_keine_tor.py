"""A target that neither recognises a key nor can be asked, with a gate behind it: ``tor-danach-zu``."""

from __future__ import annotations

import testziel
import testziel_tor

from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import Antrag, Befund, Entscheidung, Idempotenz, Kanal, Manifest, Quittung, Sendung, Ziel


@hookimpl
def manifest() -> Manifest:
    return testziel.angaben("testziel_keine_tor", Idempotenz.KEINE)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    return testziel.sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    quittung = testziel.trage_ein(ziel, schluessel, host)
    testziel_tor._warte(host.ordner / "tor-danach-zu")
    return quittung


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []
