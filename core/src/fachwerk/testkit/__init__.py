"""What tests of plugins and of the core share: a Host in memory, contract classes, a throw-away PostgreSQL, fixtures.

``AdapterContract``, ``KanalContract``, ``Zielstelle`` and ``Kanalstelle`` can be imported from here. Nothing is loaded
before it is asked for, so that the pytest plugin costs nothing where it is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fachwerk.testkit.adapter import AdapterContract
    from fachwerk.testkit.gegenstelle import Kanalstelle, Zielstelle
    from fachwerk.testkit.kanal import KanalContract

__all__ = ["AdapterContract", "KanalContract", "Kanalstelle", "Zielstelle"]

_WO = {
    "AdapterContract": "adapter",
    "KanalContract": "kanal",
    "Kanalstelle": "gegenstelle",
    "Zielstelle": "gegenstelle",
}


def __getattr__(name: str) -> Any:
    if name not in _WO:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"fachwerk.testkit.{_WO[name]}"), name)
