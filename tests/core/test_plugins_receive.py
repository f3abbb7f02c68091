"""``receive`` gives its messages one by one; what goes wrong on the way is a broken contract without content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from fachwerk.errors import ContractError
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Art, Befund, Eingang, Manifest
from fachwerk.plugins import Plugins


def eingang() -> Eingang:
    return Eingang(kanal="k", nachricht_id="1", empfangen=datetime(2026, 11, 2, 8, 0, tzinfo=UTC), teile=())


def kanalplugin(receive: Callable[..., Any]) -> Plugins:
    def acknowledge(kanal: Any, eingang: Eingang, host: Any) -> None:
        return None

    def check(kanal_oder_ziel: Any, host: Any) -> list[Befund]:
        return []

    modul = ModuleType("fachwerk_x")
    angaben = Manifest(name="x", version="1.0.0", arten=frozenset({Art.KANAL}))
    hooks = {"manifest": lambda: angaben, "receive": receive, "acknowledge": acknowledge, "check": check}
    for name, funktion in hooks.items():
        setattr(modul, name, hookimpl(specname=name)(funktion))
    return Plugins.aus_modulen({"x": modul})


def test_receive_must_give_an_iterator() -> None:
    def liste(kanal: Any, host: Any) -> Any:
        return [eingang()]

    with pytest.raises(ContractError, match="hook_rueckgabe"):
        kanalplugin(liste).rufe("x", "receive", kanal=None, host=None)


def test_receive_gives_the_messages_one_by_one_and_closes_its_source() -> None:
    geschlossen: list[bool] = []

    def quelle(kanal: Any, host: Any) -> Iterator[Eingang]:
        try:
            yield eingang()
            yield eingang()
        finally:
            geschlossen.append(True)

    strom = kanalplugin(quelle).rufe("x", "receive", kanal=None, host=None)
    assert next(strom) == eingang()
    strom.close()
    assert geschlossen == [True]


def test_what_goes_wrong_while_receiving_breaks_the_contract_too() -> None:
    def quelle(kanal: Any, host: Any) -> Iterator[Any]:
        yield eingang()
        raise ValueError("Erika Musterfrau")

    def falsches(kanal: Any, host: Any) -> Iterator[Any]:
        yield "nachricht"

    strom = kanalplugin(quelle).rufe("x", "receive", kanal=None, host=None)
    next(strom)
    with pytest.raises(ContractError, match="plugin_ausnahme") as fehler:
        next(strom)
    assert fehler.value.__context__ is None
    with pytest.raises(ContractError, match="hook_rueckgabe"):
        next(kanalplugin(falsches).rufe("x", "receive", kanal=None, host=None))
