"""A target that keeps nothing to itself: its errors and what it logs hold the words of the application."""

from __future__ import annotations

import json

import testziel
from pydantic import TypeAdapter

from fachwerk.errors import RetryableError
from fachwerk.hookspecs import hookimpl
from fachwerk.host import Host
from fachwerk.modell import (
    Anlage,
    Antrag,
    Befund,
    Entscheidung,
    Idempotenz,
    Kanal,
    Manifest,
    Quittung,
    Sendung,
    Teil,
    Ziel,
)


@hookimpl
def manifest() -> Manifest:
    return testziel.angaben("testziel_plappert", Idempotenz.KEINE)


@hookimpl
def render(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """``render`` as the name of the Ziel: fails with a validation error, which quotes its input."""
    if ziel.name == "render":
        TypeAdapter(int).validate_python(antrag.personen[0].name.anzeige)
    text = json.dumps(antrag.model_dump(mode="json"), ensure_ascii=False).encode()
    teil = Teil.entwurf("antrag.json", "application/json", lambda: [text])
    return Sendung(ziel=ziel.name, bezeichnung="antrag", anlagen=(Anlage(pfad="antrag.json", teil=teil),))


@hookimpl
def deliver(sendung: Sendung, ziel: Ziel, schluessel: str, host: Host) -> Quittung:
    """``wieder``: fails once, as it should; anything else: with whatever the application says, twice over."""
    text = b"".join(sendung.anlagen[0].teil.bytes_strom()).decode()
    merker = host.ordner / f"versucht-{ziel.name}"
    if ziel.name == "wieder" and merker.exists():
        return testziel.trage_ein(ziel, schluessel, host)
    merker.touch()
    try:
        raise LookupError(text)
    except LookupError as fehler:
        host.log.exception("ging_nicht", fehler=fehler)
        host.log.error("ging_nicht", exc_info=True)
        if ziel.name == "wieder":
            raise RetryableError("plappert.spaeter", "Das Ziel ist gerade nicht da.", retry_after=0) from fehler
        raise ValueError(text) from fehler


@hookimpl
def check(kanal_oder_ziel: Kanal | Ziel, host: Host) -> list[Befund]:
    return []
