"""A real XTA 2.1.1 server on loopback for tests, demos, sites and vendors; see SIMULATOR.md.

``bestand`` reads the mailbox folder without the server. Nothing here is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fachwerk_generic_xta.simulator.bestandsaufnahme import Bestandszeile, bestand
    from fachwerk_generic_xta.simulator.betrieb import Einstellungen
    from fachwerk_generic_xta.simulator.pki import Ausweis, neue_ca, neues_zertifikat, schreibe_ausweis
    from fachwerk_generic_xta.simulator.server import XtaSimulator, Zugang

__all__ = [
    "Ausweis",
    "Bestandszeile",
    "Einstellungen",
    "XtaSimulator",
    "Zugang",
    "bestand",
    "neue_ca",
    "neues_zertifikat",
    "schreibe_ausweis",
]
_ORTE = {
    "Ausweis": "pki",
    "Bestandszeile": "bestandsaufnahme",
    "Einstellungen": "betrieb",
    "XtaSimulator": "server",
    "Zugang": "server",
    "bestand": "bestandsaufnahme",
    "neue_ca": "pki",
    "neues_zertifikat": "pki",
    "schreibe_ausweis": "pki",
}


def __getattr__(name: str) -> Any:
    if name not in _ORTE:
        raise AttributeError(name)
    wert = getattr(import_module(f"{__name__}.{_ORTE[name]}"), name)
    globals()[name] = wert
    return wert
