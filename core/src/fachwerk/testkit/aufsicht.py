"""Watches over a conformance run: nobody changes the kit, shadows its fixtures or keeps a class from running.

Whoever writes Python can outwit any of this in the end; what is found stands on the sheet, and the fingerprints on it
let anybody run the same again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from fachwerk.testkit.ehrlichkeit import Standardtests, standardtests
from fachwerk.testkit.goldstueck import SCHREIBE

KIT = Path(__file__).resolve().parent
MODULE = (
    "adapter",
    "aufsicht",
    "bericht",
    "ehrlichkeit",
    "feindlich",
    "gegenstelle",
    "goldstueck",
    "kanal",
    "kanarienvogel",
    "laut",
    "mitspieler",
    "ordnerstoerung",
    "pruefantraege",
    "pruefstand",
    "pruefungen",
    "regeln",
    "regelvertrag",
    "stoerserver",
    "sturz",
    "waechter",
    "wirt",
)
"""What the contract classes are made of."""

_FEST = (str, bytes, int, float, tuple, list, dict, set, frozenset)
_ZUSTAND = ("fachwerk.testkit.ordnerstoerung._HAKEN", "fachwerk.testkit.waechter._EINGEHAENGT")
"""What the kit itself changes while it works."""

_FIXTURES = ("stand", "tmp_path", "caplog", "capfd", "request", "_angesagte_ausnahme")


class Aufsicht:
    """Remembers the kit as it was before any test of a vendor was loaded."""

    def __init__(self) -> None:
        self._module = [import_module(f"fachwerk.testkit.{name}") for name in MODULE]
        self._vorher = self._stand()
        self.bemerkt: dict[str, None] = {}

    def sieh_nach(self) -> None:
        """Note what differs now, and whether golden files are being written instead of compared."""
        jetzt = self._stand()
        for name in sorted(name for name in {*self._vorher, *jetzt} if self._vorher.get(name) != jetzt.get(name)):
            self.bemerkt[f"Das Prüfwerk wurde während des Laufs verändert: {name}."] = None
        if SCHREIBE in os.environ:
            self.bemerkt[f"{SCHREIBE} wurde während des Laufs gesetzt: Goldene Dateien wurden nicht verglichen."] = None

    def sieh_fixtures(self, item: Any) -> None:
        """Note a fixture of the kit or of pytest that somebody replaced for this test."""
        for name, angaben in item._fixtureinfo.name2fixturedefs.items():
            woher = getattr(angaben[-1].func, "__module__", "")
            if name in _FIXTURES and not woher.startswith(("_pytest.", "fachwerk.testkit.")):
                self.bemerkt[f"{item.cls.__name__}: Die Fixture {name} wurde ersetzt ({woher})."] = None

    def sieh_erweiterungen(self, config: pytest.Config) -> None:
        """Note plugins of pytest that came with the tests: they can change any outcome."""
        for name, plugin in config.pluginmanager.list_name_plugin():
            if isinstance(plugin, ModuleType):
                woher = plugin.__name__
            else:
                woher = (plugin if isinstance(plugin, type) else type(plugin)).__module__
            if plugin is not None and not woher.startswith(("_pytest", "pytest", "pluggy", "fachwerk.testkit")):
                self.bemerkt[f"Die Tests haben pytest um {name} erweitert; das kann jedes Ergebnis ändern."] = None

    def sieh_klassen(self, name: str, gelaufen: set[type]) -> None:
        """Note contract classes of the plugin that were not run, or that test something else under its name."""
        installiert = {punkt.load() for punkt in metadata.entry_points(group="fachwerk", name=name)}
        for klasse in blaetter(Standardtests):
            if plugin_name(klasse) != name:
                continue
            if klasse not in gelaufen:
                self.bemerkt[f"{klasse.__name__} ist ein Vertrag dieses Plugins, wurde aber nicht ausgeführt."] = None
            if klasse.plugin not in installiert:  # type: ignore[attr-defined]
                self.bemerkt[f"{klasse.__name__} prüft nicht das installierte Plugin, sondern etwas anderes."] = None

    def _stand(self) -> dict[str, Any]:
        alle = {f"{modul.__name__}.{name}": wert for modul in self._module for name, wert in _angaben(modul)}
        return {name: wert for name, wert in alle.items() if name not in _ZUSTAND}


def _angaben(modul: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, wert in vars(modul).items():
        if name.startswith("__") or isinstance(wert, ModuleType):
            continue
        if isinstance(wert, type) and wert.__module__ == modul.__name__:
            yield from ((f"{name}.{teil}", _zeichen(w)) for teil, w in vars(wert).items() if not _beiwerk(teil))
        yield name, _zeichen(wert)


def _beiwerk(name: str) -> bool:
    """What Python itself keeps in a class and changes as it likes."""
    return name.startswith(("__", "_abc_")) and name != "__init_subclass__"


def _zeichen(wert: Any) -> Any:
    """Equal as long as nobody touched the value."""
    if isinstance(wert, FunctionType):
        return id(wert), id(wert.__code__), repr(getattr(wert, "pytestmark", ""))
    return (type(wert), repr(wert)) if isinstance(wert, _FEST) else id(wert)


def plugin_name(klasse: Any) -> str:
    """The name of the plugin a contract class is about; empty for one that says nothing."""
    manifest = getattr(getattr(klasse, "plugin", None), "manifest", None)
    return str(manifest().name) if manifest is not None else ""


def blaetter(klasse: type) -> Iterator[type]:
    """The classes outside of the kit that nobody inherits from any more."""
    erben: list[type] = klasse.__subclasses__()
    for erbe in erben:
        if erbe.__subclasses__():
            yield from blaetter(erbe)
        elif not erbe.__module__.startswith("fachwerk.testkit."):
            yield erbe


def vom_kit(aufruf: pytest.CallInfo[Any]) -> bool:
    """Whether it was the kit itself that raised: from its test to the end, no frame of anybody else."""
    if aufruf.when != "call" or aufruf.excinfo is None:
        return False
    innen = [Path(schritt.path).is_relative_to(KIT) for schritt in aufruf.excinfo.traceback]
    return True in innen and all(innen[innen.index(True) :])


def faelle(test: Any) -> int:
    """How many cases a standard test has."""
    anzahl = 1
    for marke in getattr(test, "pytestmark", ()):
        anzahl *= len(list(marke.args[1])) if marke.name == "parametrize" else 1
    return anzahl


def tests_von(klasse: type) -> dict[str, dict[str, Any]]:
    """Name → German sentence and number of cases of every standard test of ``klasse``."""
    tests = standardtests(klasse).items()
    return {name: {"text": (test.__doc__ or name).strip(), "faelle": faelle(test)} for name, test in tests}
