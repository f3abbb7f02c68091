"""What keeps a conformance test honest: nobody may drop, replace or silence a standard test without a stated reason.

An exception is declared in ``ausnahmen`` (name of the test → reason in German); the test runs all the same, has to
fail (an exception nobody needs is itself a failure) and appears on the conformance sheet with its reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

import pytest
from _pytest.outcomes import Skipped

GRUND_MINDESTENS = 20
"""Characters of a reason; ``siehe oben`` is none."""

_KIT = "fachwerk.testkit."


class Entfaellt(Skipped):
    """The kit itself says that a test has nothing to try here; no other skip counts as that."""

    __module__ = "builtins"  # as pytest does with its own, so that reports show the reason and not where it lives


def entfaellt(grund: str) -> NoReturn:
    """Leave a test out because the way it disturbs does not exist for this plugin."""
    raise Entfaellt(f"entfällt: {grund}")


def standardtests(klasse: type) -> dict[str, Any]:
    """Name → function of every test that ``klasse`` inherits from the kit."""
    return {
        name: wert
        for basis in reversed(klasse.__mro__)
        if basis.__module__.startswith(_KIT)
        for name, wert in vars(basis).items()
        if name.startswith("test_")
    }


def unehrlich(klasse: type) -> list[str]:
    """What ``klasse`` took away from the standard tests, as German sentences; nothing: an empty list."""
    tests = standardtests(klasse)
    maengel = [
        f"{name} ist überschrieben. Ein Standardtest bleibt, wie er ist; eine Ausnahme steht mit Grund in „ausnahmen“."
        for name, wert in tests.items()
        if inspect.getattr_static(klasse, name, None) is not wert
    ]
    kit = [basis for basis in klasse.__mro__ if basis.__module__.startswith(_KIT)]
    fest = {name for basis in kit for name in vars(basis) if name.startswith("_") and not name.startswith("__")}
    eigene = {name for basis in klasse.__mro__ if basis not in (*kit, object) for name in vars(basis)}
    verboten = (fest | {"__getattribute__", "__init_subclass__", "stand"}) & eigene
    verboten |= {name for name in eigene if name.startswith("pytest_")}
    maengel += [f"{name} gehört dem Prüfwerk und ist überschrieben." for name in sorted(verboten)]
    for name, grund in getattr(klasse, "ausnahmen", {}).items():
        if name not in tests:
            maengel.append(f"Die Ausnahme {name} nennt keinen Standardtest.")
        elif len(str(grund).strip()) < GRUND_MINDESTENS:
            maengel.append(f"Die Ausnahme {name} braucht einen Grund, den eine Behörde versteht.")
    return maengel


class Standardtests:
    """Base of the contract classes. A subclass outside of the kit that is not honest cannot even be defined."""

    ausnahmen: ClassVar[Mapping[str, str]] = {}
    titel: ClassVar[str] = ""
    """German, for the heading on the sheet where a plugin has several ways: ``über SOAP``."""

    gegen: ClassVar[str] = ""
    """German, for the sheet: what the other side of these tests is."""

    def __init_subclass__(cls, **angaben: Any) -> None:
        super().__init_subclass__(**angaben)
        if not cls.__module__.startswith(_KIT) and (maengel := unehrlich(cls)):
            raise TypeError(f"{cls.__name__}: " + " ".join(maengel))

    @pytest.fixture(autouse=True)
    def _angesagte_ausnahme(self, request: pytest.FixtureRequest) -> None:
        name = getattr(request.node, "originalname", request.node.name)
        if grund := type(self).ausnahmen.get(name):
            request.applymarker(pytest.mark.xfail(reason=grund, strict=True))

    def test_kein_standardtest_fehlt(self) -> None:
        """Kein Standardtest wurde entfernt, ersetzt oder ohne Grund ausgenommen."""
        assert not unehrlich(type(self))
