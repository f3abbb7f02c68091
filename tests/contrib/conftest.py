"""Fixtures shared by the tests of the contributed plugins."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HIER = Path(__file__).resolve().parent


def _lade(name: str) -> ModuleType:
    """A module of test code beside this file (the tests are imported without packages)."""
    angabe = importlib.util.spec_from_file_location(f"fachwerk_tests_{name}", HIER / f"{name}.py")
    assert angabe is not None
    assert angabe.loader is not None
    modul = importlib.util.module_from_spec(angabe)
    sys.modules[angabe.name] = modul
    angabe.loader.exec_module(modul)
    return modul


@pytest.fixture(scope="session")
def aktenablage_faelle() -> ModuleType:
    """Invented applications, decisions and Ziele for the Aktenablage."""
    return _lade("aktenablage_faelle")


@pytest.fixture(scope="session")
def mrs() -> ModuleType:
    """Invented applications for the takeover of rent arrears."""
    return _lade("mietrueckstaende_faelle")


@pytest.fixture(scope="session")
def wbs() -> ModuleType:
    """Invented households and their calculation."""
    return _lade("wbs_haushalte")


@pytest.fixture
def musterland(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A fictitious Land of data alone; its package lives for one test."""
    name = f"musterland_{abs(hash(request.node.name))}"
    monkeypatch.syspath_prepend(str(tmp_path))
    yield _lade("wbs_musterland").Musterland(tmp_path, name)
    sys.modules.pop(name, None)


@pytest.fixture(scope="session")
def xsozial() -> ModuleType:
    """Messages as files, read by the plugin."""
    return _lade("xsozial_basis_lesen")
