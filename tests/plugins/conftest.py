"""Fixtures shared by the tests of the plugins."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fachwerk_comvibilia.profil import lade
from fachwerk_comvibilia.simulator import ComVibilia, Temperament
from fachwerk_generic_xta.simulator import XtaSimulator

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
def xta_schema_pruefer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Called with an envelope (bytes or element) it asserts that the official XTA 2.1.1 schemas accept it.

    ``xta_schema_pruefer.fehler(envelope)`` lists what is wrong. Tests that use it are marked ``shared``.
    """
    ordner = HIER.parents[1].parent / "shared" / "standards" / "xta211"
    if not (ordner / "XTA.wsdl").is_file():
        pytest.skip(f"NOT CHECKED against the official XTA 2.1.1 schemas: {ordner} is not there")
    return _lade("xta_schema").XtaSchemaPruefer(ordner, tmp_path_factory.mktemp("xta-schema"))


@pytest.fixture(scope="session")
def xta_gegenstelle() -> ModuleType:
    """The module of the tests' own XTA client, independent of the plugin (class ``Gegenstelle``)."""
    return _lade("xta_gegenstelle")


@pytest.fixture(scope="session")
def xta_ziel() -> ModuleType:
    """The module of a world for tests of the Ziel (class ``Welt``)."""
    return _lade("xta_zielwelt")


@pytest.fixture(scope="session")
def xta_tls() -> ModuleType:
    """The module with foreign CAs and servers that nobody should trust."""
    return _lade("xta_tls")


@pytest.fixture
def zielwelt(tmp_path: Path, xta_ziel: ModuleType) -> Iterator[Any]:
    """A running server, the Ziel of one account, and the mailbox of another."""
    with xta_ziel.Welt(tmp_path) as welt:
        yield welt


@pytest.fixture
def simulator(tmp_path: Path, xta_gegenstelle: ModuleType) -> Iterator[XtaSimulator]:
    with XtaSimulator(tmp_path / "sim", xta_gegenstelle.KONTEN) as laufend:
        yield laufend


@pytest.fixture
def portal(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> Iterator[Any]:
    with xta_gegenstelle.Gegenstelle(simulator, "portal") as client:
        yield client


@pytest.fixture
def leser(simulator: XtaSimulator, xta_gegenstelle: ModuleType) -> Iterator[Any]:
    with xta_gegenstelle.Gegenstelle(simulator, "leser") as client:
        yield client


@pytest.fixture
def seite(tmp_path: Path) -> Callable[..., ComVibilia]:
    """Builds the other side of a COM Vibilia in ``cv`` with a layout profile and a temperament."""

    def baue(profil: str = "ordner", **launen: Any) -> ComVibilia:
        return ComVibilia(tmp_path / "cv", lade(profil, tmp_path), Temperament(**launen))

    return baue
