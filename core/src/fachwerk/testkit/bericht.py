"""A pytest plugin that notes how every standard test of one Fachwerk plugin ended, for the conformance sheet.

Two variables order it: ``FACHWERK_TEST_PLUGIN`` names the plugin, ``FACHWERK_TEST_BERICHT`` the JSON file to write.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from fachwerk.testkit.ehrlichkeit import Entfaellt, Standardtests, standardtests

MAX_GRUND = 600
"""Characters of a reason."""


@dataclass(frozen=True)
class Lauf:
    """One test with one parameter: how it ended, and why where it did not pass."""

    klasse: str
    test: str
    fall: str
    ausgang: str
    grund: str = ""


class Mitschrift:
    """What was collected and how it went. ``klassen`` maps each test class to its contract and its standard tests."""

    def __init__(self, plugin: str, datei: Path) -> None:
        self.plugin = plugin
        self.datei = datei
        self.klassen: dict[str, dict[str, Any]] = {}
        self.laeufe: list[Lauf] = []
        self.sammelfehler: list[str] = []

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the standard tests of this plugin."""
        gemeint = [item for item in items if self._gemeint(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in gemeint])
        items[:] = gemeint

    def _gemeint(self, item: pytest.Item) -> bool:
        klasse = getattr(item, "cls", None)
        if klasse is None or not issubclass(klasse, Standardtests) or _name_von(klasse) != self.plugin:
            return False
        tests = standardtests(klasse)
        self.klassen[klasse.__name__] = {
            "vertrag": next(b.__name__ for b in klasse.__mro__ if b.__module__.startswith("fachwerk.testkit.")),
            "tests": {name: (test.__doc__ or name).strip() for name, test in tests.items()},
        }
        return getattr(item, "originalname", "") in tests

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A class that is not honest cannot be collected; that is a result."""
        if report.failed:
            zeilen = str(report.longrepr).strip().splitlines()
            self.sammelfehler.append(zeilen[-1].removeprefix("E").strip()[:MAX_GRUND] if zeilen else report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
        """One line for each test; a failure while setting up or tearing down counts for it."""
        bericht = yield
        if bericht.when == "call" or not bericht.passed:
            self.laeufe.append(_lauf(item, call, bericht))
        return bericht

    def pytest_sessionfinish(self) -> None:
        """Write everything down."""
        alles = {
            "klassen": self.klassen,
            "laeufe": [asdict(lauf) for lauf in self.laeufe],
            "sammelfehler": self.sammelfehler,
        }
        self.datei.write_text(json.dumps(alles, ensure_ascii=False), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Take part only where somebody ordered it."""
    if datei := os.environ.get("FACHWERK_TEST_BERICHT"):
        config.pluginmanager.register(Mitschrift(os.environ["FACHWERK_TEST_PLUGIN"], Path(datei)))


def _name_von(klasse: Any) -> str:
    manifest = getattr(getattr(klasse, "plugin", None), "manifest", None)
    return str(manifest().name) if manifest is not None else ""


def _lauf(item: Any, aufruf: pytest.CallInfo[Any], bericht: Any) -> Lauf:
    fall = item.callspec.id if hasattr(item, "callspec") else ""
    return Lauf(item.cls.__name__, item.originalname, fall, *_ausgang(aufruf, bericht))


def _ausgang(aufruf: pytest.CallInfo[Any], bericht: Any) -> tuple[str, str]:
    """``entfaellt`` is what the kit itself left out; whatever else was skipped was not checked."""
    if bericht.skipped and hasattr(bericht, "wasxfail"):
        return "ausgenommen", str(bericht.wasxfail).removeprefix("reason: ")
    if bericht.skipped:
        if aufruf.excinfo is not None and type(aufruf.excinfo.value) is Entfaellt:
            return "entfaellt", str(aufruf.excinfo.value).removeprefix("entfällt: ")
        return "nicht_geprueft", str(bericht.longrepr[2]).removeprefix("Skipped: ")
    if bericht.passed:
        return "bestanden", ""
    return "gescheitert", _ursache(bericht.longrepr)


def _ursache(langes: Any) -> str:
    absturz = getattr(langes, "reprcrash", None)
    text = absturz.message if absturz is not None else str(langes)
    return text.strip().splitlines()[0][:MAX_GRUND] if text.strip() else "ohne Angabe"
