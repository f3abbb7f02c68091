"""What the troublesome targets have in common: a delivery is a line in a file, so that two are two lines."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from fachwerk.host import Host
from fachwerk.modell import (
    Anlage,
    Antrag,
    Art,
    Entscheidung,
    Idempotenz,
    Manifest,
    Quittung,
    Sendung,
    Stufe,
    Teil,
    Ziel,
)


def angaben(name: str, idempotenz: Idempotenz) -> Manifest:
    return Manifest(
        name=name,
        version="0.1.0",
        arten=frozenset({Art.ZIEL}),
        titel="Ziel der Tests",
        idempotenz=idempotenz,
        stufen=(Stufe.UEBERGEBEN,),
    )


def sendung(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    teil = Teil.entwurf("antrag.txt", "text/plain", lambda: [antrag.vorgangs_id.encode()])
    return Sendung(ziel=ziel.name, bezeichnung="antrag", anlagen=(Anlage(pfad="antrag.txt", teil=teil),))


def buch(ziel: Ziel, host: Host) -> Path:
    """Where the deliveries of this target stand, one key per line."""
    return host.ordner / f"zugestellt-{ziel.name}.txt"


def trage_ein(ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """The effect at the target: one more line, durable at once."""
    griff = os.open(buch(ziel, host), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(griff, f"{schluessel}\n".encode())
        os.fsync(griff)
    finally:
        os.close(griff)
    return quittung(ziel, schluessel)


def ist_eingetragen(ziel: Ziel, schluessel: str, host: Host) -> bool:
    datei = buch(ziel, host)
    return datei.exists() and schluessel in datei.read_text().splitlines()


def quittung(ziel: Ziel, schluessel: str) -> Quittung:
    return Quittung(ziel=ziel.name, schluessel=schluessel, stufe=Stufe.UEBERGEBEN, zeit=datetime.now(UTC))
