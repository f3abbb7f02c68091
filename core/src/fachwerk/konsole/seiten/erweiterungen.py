"""The plugins of this installation: version, kinds, what they promise, and the sheet that says it was tried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from fachwerk.konsole.zugang import Anfrage, NichtGefunden, geschuetzt
from fachwerk.modell import Manifest

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

BLATT_HOECHSTENS = 256 * 1024
"""Bytes of a sheet that are shown."""


def zeige(anfrage: Anfrage) -> Response:
    """The loaded plugins, by name."""
    plugins = anfrage.betrieb.plugins
    geladene = [(eines, blattdatei(anfrage.betrieb, eines)) for eines in map(plugins.manifest, sorted(plugins.namen))]
    return anfrage.seite("erweiterungen.html", "Erweiterungen", erweiterungen=geladene)


def zeige_eine(anfrage: Anfrage) -> Response:
    """One plugin with its conformance sheet, if the site keeps one for this version."""
    plugins, name = anfrage.betrieb.plugins, anfrage.pfad("name")
    if name not in plugins.namen:
        raise NichtGefunden
    manifest = plugins.manifest(name)
    datei = blattdatei(anfrage.betrieb, manifest)
    ordner = anfrage.betrieb.einstellungen.konsole.blaetter
    text = datei.read_bytes()[:BLATT_HOECHSTENS].decode(errors="replace") if datei else ""
    return anfrage.seite(
        "erweiterung.html",
        f"Erweiterung {name}",
        e=manifest,
        blatt=text,
        ordner=ordner,
        dateiname=_name(manifest),
    )


def blattdatei(betrieb: Betrieb, manifest: Manifest) -> Path | None:
    """The sheet of exactly this version in the folder ``[konsole] blaetter``; None without one."""
    ordner = betrieb.einstellungen.konsole.blaetter
    datei = betrieb.einstellungen.pfad(ordner) / _name(manifest) if ordner else None
    return datei if datei is not None and datei.is_file() else None


def _name(manifest: Manifest) -> str:
    return f"konformitaet-{manifest.name}-{manifest.version}.md"


ROUTEN = [
    Route("/erweiterungen", geschuetzt(zeige), methods=["GET"]),
    Route("/erweiterungen/{name}", geschuetzt(zeige_eine), methods=["GET"]),
]
