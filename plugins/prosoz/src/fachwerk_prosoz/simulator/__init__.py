"""The other side, invented: a folder partner and a SOAP service for tests, demos, sites and vendors.

Nothing here is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fachwerk_prosoz.simulator.ordner import OrdnerSimulator
    from fachwerk_prosoz.simulator.soap import SoapSimulator

__all__ = ["OrdnerSimulator", "SoapSimulator"]
_ORTE = {"OrdnerSimulator": "ordner", "SoapSimulator": "soap"}


def __getattr__(name: str) -> Any:
    if name not in _ORTE:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_ORTE[name]}"), name)
