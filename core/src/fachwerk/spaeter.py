"""Put off importing a package that another package imports at once, but needs in some processes only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _Platzhalter(ModuleType):
    """Stands for a module; the first look at what is in it imports the module."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        modul = import_module(self.__name__)
        wert = getattr(modul, name)
        self.__dict__[name] = wert
        return wert


@contextmanager
def spaeter(paket: str, *module: str) -> Iterator[None]:
    """Whoever imports ``paket`` in here, or one of its ``module`` from it, gets a placeholder.

    It imports the real one when something in it is first used. Whoever imports ``paket`` after this block gets the
    real one at once, as does everybody if it has been imported before.
    """
    if paket in sys.modules:
        yield
        return
    platzhalter = _Platzhalter(paket)
    for modul in module:
        setattr(platzhalter, modul, _Platzhalter(f"{paket}.{modul}"))
    sys.modules[paket] = platzhalter
    try:
        yield
    finally:
        if sys.modules.get(paket) is platzhalter:
            del sys.modules[paket]
