"""A target with rules of its own, built twice with different versions; deliveries go through one at a time.

``frei.txt`` in the folder of the site says how many deliveries may be made in all. A line of the book names the key,
the version that rendered and the version that delivered.
"""

from __future__ import annotations

import os
import threading
from datetime import date
from pathlib import Path

import testziel

from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import (
    Anlage,
    Antrag,
    Art,
    Befund,
    Empfehlung,
    Entscheidung,
    Idempotenz,
    Kanal,
    Manifest,
    Quittung,
    Sendung,
    Teil,
    Votum,
    Ziel,
)

NAME = "testziel_wechsel"
VERSION = "0"


@hookimpl
def manifest() -> Manifest:
    angaben = testziel.angaben(NAME, Idempotenz.ABFRAGE)
    return angaben.model_copy(update={"version": VERSION, "arten": frozenset({Art.ZIEL, Art.REGELN})})


@hookimpl
def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
    return Votum(empfehlung=Empfehlung.VORLEGEN)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    teil = Teil.entwurf("version.txt", "text/plain", lambda: [VERSION.encode()])
    return Sendung(ziel=ziel.name, bezeichnung="antrag", anlagen=(Anlage(pfad="version.txt", teil=teil),))


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    gerendert = b"".join(sendung.anlagen[0].teil.bytes_strom()).decode()
    while not _ist_dran(ziel, host):
        threading.Event().wait(0.05)
    testziel.trage_ein(ziel, f"{schluessel} {gerendert} {VERSION}", host)
    return testziel.quittung(ziel, schluessel)


def _ist_dran(ziel: Ziel, host: Host) -> bool:
    """Take one of the deliveries that are free; each is a file that can be made only once."""
    frei = int((host.ordner / "frei.txt").read_text() or 0)
    return any(_nimm(host.ordner / "frei" / str(nummer)) for nummer in range(frei))


def _nimm(marke: Path) -> bool:
    try:
        os.close(os.open(marke, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


@hookimpl
def find_delivered(ziel: Ziel, schluessel: str, host: Host) -> Quittung | None:
    buch = testziel.buch(ziel, host)
    zeilen = buch.read_text().splitlines() if buch.exists() else []
    return testziel.quittung(ziel, schluessel) if any(z.split()[0] == schluessel for z in zeilen) else None


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []
