"""A target that counts how many deliveries it has at the same moment, over all processes."""

from __future__ import annotations

import threading

import testziel

from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import Antrag, Befund, Entscheidung, Idempotenz, Kanal, Manifest, Quittung, Sendung, Ziel

DAUER_S = 0.03


@hookimpl
def manifest() -> Manifest:
    return testziel.angaben("testziel_zaehler", Idempotenz.KEINE)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    return testziel.sendung(antrag, entscheidung, ziel)


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    drin = host.ordner / f"drin-{schluessel.replace(':', '-')}"
    drin.touch()
    try:
        zugleich = len(list(host.ordner.glob("drin-*")))
        with (host.ordner / f"zugleich-{ziel.name}.txt").open("a") as buch:
            buch.write(f"{zugleich}\n")
        threading.Event().wait(DAUER_S)
    finally:
        drin.unlink()
    return testziel.trage_ein(ziel, schluessel, host)


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []
