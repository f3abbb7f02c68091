"""The Aktenablage between two gates, which are closed while their files lie in the folder of the site.

A delivery waits before it at ``tor-zu`` and behind it, when the case folder is there, at ``tor-danach-zu``.
"""

from __future__ import annotations

import threading
from pathlib import Path

import fachwerk_aktenablage
from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
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


@hookimpl
def manifest() -> Manifest:
    return Manifest(
        name="testziel_tor",
        version="0.1.0",
        arten=frozenset({Art.ZIEL}),
        titel="Aktenablage mit Tor",
        idempotenz=Idempotenz.SCHLUESSEL,
        stufen=(Stufe.UEBERGEBEN,),
        einstellungen={Art.ZIEL: Zieleinstellungen},
    )


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    return fachwerk_aktenablage.render(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    _warte(host.ordner / "tor-zu")
    quittung = fachwerk_aktenablage.deliver(sendung, ziel, schluessel, host)
    _warte(host.ordner / "tor-danach-zu")
    return quittung


def _warte(tor: Path) -> None:
    while tor.exists():
        threading.Event().wait(0.05)


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    return fachwerk_aktenablage.find_delivered(ziel, schluessel, host)


@hookimpl
def forget(ziel: Ziel, schluessel: str, host: Host) -> None:
    fachwerk_aktenablage.forget(ziel, schluessel, host)


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []
