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

from fachwerk.testkit.aufsicht import Aufsicht, plugin_name, tests_von, vom_kit
from fachwerk.testkit.ehrlichkeit import Entfaellt, Standardtests, standardtests, unehrlich

MAX_GRUND = 600
"""Characters of a reason."""

_NICHT_ERKLAERT = "Als erwarteter Fehlschlag markiert, ohne dass es mit Grund in „ausnahmen“ steht."
_UNNOETIG = "Die Ausnahme ist unnötig: Der Test besteht."


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
        self._gemeinte: set[type] = set()
        self._aufsicht = Aufsicht()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the standard tests of this plugin, and what its vendor added to them."""
        gemeint = [item for item in items if self._gemeint(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in gemeint])
        items[:] = gemeint
        for klasse in sorted(self._gemeinte, key=lambda klasse: klasse.__name__):
            self.sammelfehler += [f"{klasse.__name__}: {mangel}" for mangel in unehrlich(klasse)]

    def _gemeint(self, item: pytest.Item) -> bool:
        klasse = getattr(item, "cls", None)
        if klasse is None or not issubclass(klasse, Standardtests) or plugin_name(klasse) != self.plugin:
            return False
        self._gemeinte.add(klasse)
        self.klassen[klasse.__name__] = {
            "vertrag": next(b.__name__ for b in klasse.__mro__ if b.__module__.startswith("fachwerk.testkit.")),
            "titel": klasse.titel,
            "gegen": klasse.gegen,
            "tests": tests_von(klasse),
            "eigene": {**self.klassen.get(klasse.__name__, {}).get("eigene", {}), **_eigene(item, klasse)},
        }
        return True

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
        self._aufsicht.sieh_nach()
        self._aufsicht.sieh_fixtures(item)
        return bericht

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write everything down."""
        self._aufsicht.sieh_nach()
        self._aufsicht.sieh_erweiterungen(session.config)
        self._aufsicht.sieh_klassen(self.plugin, self._gemeinte)
        alles = {
            "klassen": self.klassen,
            "laeufe": [asdict(lauf) for lauf in self.laeufe],
            "sammelfehler": [*dict.fromkeys([*self.sammelfehler, *self._aufsicht.bemerkt])],
        }
        self.datei.write_text(json.dumps(alles, ensure_ascii=False), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Take part only where somebody ordered it."""
    if datei := os.environ.get("FACHWERK_TEST_BERICHT"):
        config.pluginmanager.register(Mitschrift(os.environ["FACHWERK_TEST_PLUGIN"], Path(datei)))


def _eigene(item: Any, klasse: Any) -> dict[str, dict[str, Any]]:
    """The test if it is one that the vendor added to the standard ones."""
    if item.originalname in standardtests(klasse):
        return {}
    return {item.originalname: {"text": (item.function.__doc__ or item.originalname).strip(), "faelle": 1}}


def _lauf(item: Any, aufruf: pytest.CallInfo[Any], bericht: Any) -> Lauf:
    fall = item.callspec.id if hasattr(item, "callspec") else ""
    erklaert = str(item.cls.ausnahmen.get(item.originalname, ""))
    return Lauf(item.cls.__name__, item.originalname, fall, *_ausgang(aufruf, bericht, erklaert))


def _ausgang(aufruf: pytest.CallInfo[Any], bericht: Any, erklaert: str) -> tuple[str, str]:
    """``entfaellt`` is what the kit itself left out; whatever else was skipped was not checked."""
    if bericht.skipped and hasattr(bericht, "wasxfail"):
        genannt = str(bericht.wasxfail).removeprefix("reason: ")
        return ("ausgenommen", genannt) if erklaert and genannt == erklaert else ("gescheitert", _NICHT_ERKLAERT)
    if bericht.skipped:
        if aufruf.excinfo is not None and type(aufruf.excinfo.value) is Entfaellt and vom_kit(aufruf):
            return "entfaellt", str(aufruf.excinfo.value).removeprefix("entfällt: ")
        return "nicht_geprueft", str(bericht.longrepr[2]).removeprefix("Skipped: ").removeprefix("Entfaellt: ")
    if bericht.passed:
        return "bestanden", ""
    return "gescheitert", _ursache(bericht.longrepr)


def _ursache(langes: Any) -> str:
    absturz = getattr(langes, "reprcrash", None)
    text = (absturz.message if absturz is not None else str(langes)).strip()
    if text.startswith("[XPASS(strict)]"):
        return _UNNOETIG
    return text.splitlines()[0][:MAX_GRUND] if text else "ohne Angabe"
