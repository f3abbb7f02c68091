"""Plugins are loaded fail closed, verified completely and called one at a time."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import metadata
from types import ModuleType
from typing import Any

import pytest

from fachwerk.errors import ConfigErrors, ContractError, PermanentError
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import (
    Antrag,
    Art,
    Befund,
    Eingang,
    Empfehlung,
    Formatangabe,
    Idempotenz,
    Manifest,
    Schwere,
    Votum,
)
from fachwerk.plugins import Plugins, lade, lade_soweit
from fachwerk.vertrag import ARGUMENTE, RUECKGABE

JETZT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
STICHTAG = date(2026, 11, 2)


def modul(name: str, *funktionen: Callable[..., Any], **manifest: Any) -> ModuleType:
    """A plugin module made of functions; ``manifest`` keys other than the name are the Manifest's."""
    ergebnis = ModuleType(f"fachwerk_{name}")
    angaben = Manifest(name=name, **{"version": "1.0.0", "arten": frozenset({Art.REGELN}), **manifest})

    def manifest_hook() -> Manifest:
        return angaben

    manifest_hook.__name__ = "manifest"
    for funktion in (manifest_hook, *funktionen):
        hook = "map" if funktion.__name__ == "map_" else funktion.__name__
        setattr(ergebnis, funktion.__name__, hookimpl(specname=hook)(funktion))
    return ergebnis


def antrag() -> Antrag:
    return Antrag(leistung="wbs", empfangen=JETZT)


def eingang() -> Eingang:
    return Eingang(kanal="k", nachricht_id="1", empfangen=JETZT, teile=())


def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
    return [Befund(code="gesehen", schwere=Schwere.HINWEIS, text="gesehen")]


def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
    return Votum(empfehlung=Empfehlung.BEWILLIGEN)


def codes(fehler: pytest.ExceptionInfo[ConfigErrors]) -> list[str]:
    return [problem.code for problem in fehler.value.probleme]


class Punkt:
    """An entry point as importlib.metadata gives it, without an installed distribution."""

    def __init__(self, name: str, objekt: object, value: str = "") -> None:
        self.name, self._objekt, self.value = name, objekt, value or f"fachwerk_{name}"

    def load(self) -> object:
        if isinstance(self._objekt, Exception):
            raise self._objekt
        return self._objekt


@pytest.fixture
def installiert(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def setze(*punkte: Punkt) -> None:
        def entry_points(group: str) -> Any:
            return list(punkte) if group == "fachwerk" else []

        monkeypatch.setattr(metadata, "entry_points", entry_points)

    return setze


def test_every_hook_of_the_contract_has_a_declared_return_type() -> None:
    from fachwerk import hookspecs

    hooks = {name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "fachwerk_spec")}
    assert hooks == set(RUECKGABE) == set(ARGUMENTE)


def test_a_named_plugin_that_is_not_installed_stops_the_start(installiert: Callable[..., None]) -> None:
    installiert(Punkt("prosoz", modul("prosoz", validate)))
    with pytest.raises(ConfigErrors) as fehler:
        lade({"prosotz"})
    assert codes(fehler) == ["plugin_fehlt"]
    assert "Meinten Sie „prosoz“?" in fehler.value.hint
    assert "fachwerk-prosotz" in fehler.value.hint


def test_all_problems_of_all_named_plugins_are_reported_together(installiert: Callable[..., None]) -> None:
    def validat(antrag: Antrag, stichtag: date) -> list[Befund]:
        return []

    installiert(
        Punkt("a", ImportError("no module named x")),
        Punkt("b", modul("b", validat)),
        Punkt("c", modul("anders", validate)),
    )
    with pytest.raises(ConfigErrors) as fehler:
        lade({"a", "b", "c", "d"})
    assert sorted(codes(fehler)) == ["hook_unbekannt", "manifest_name", "plugin_fehlt", "plugin_import"]
    assert "Meinten Sie „validate“?" in fehler.value.hint


def test_an_installed_plugin_nobody_named_is_left_out_when_it_fails(installiert: Callable[..., None]) -> None:
    installiert(Punkt("gut", modul("gut", validate)), Punkt("kaputt", RuntimeError("boom")))
    assert lade({"gut"}).namen == ("gut",)


def test_what_works_is_given_together_with_the_problems_of_the_rest(installiert: Callable[..., None]) -> None:
    installiert(Punkt("gut", modul("gut", validate)), Punkt("kaputt", RuntimeError("boom")))
    plugins, probleme = lade_soweit({"gut", "kaputt"})
    assert plugins.namen == ("gut",)
    assert [problem.code for problem in probleme] == ["plugin_import"]


def test_only_the_wanted_plugins_are_loaded_when_a_limit_is_given(installiert: Callable[..., None]) -> None:
    installiert(Punkt("eins", modul("eins", validate)), Punkt("zwei", modul("zwei", validate)))
    assert lade(nur={"zwei"}).namen == ("zwei",)


def test_the_same_name_from_two_distributions_is_a_problem(installiert: Callable[..., None]) -> None:
    installiert(Punkt("x", modul("x", validate)), Punkt("x", modul("x", validate), value="anderes_x"))
    with pytest.raises(ConfigErrors) as fehler:
        lade({"x"})
    assert "plugin_doppelt" in codes(fehler)


def test_a_misspelt_argument_is_a_problem() -> None:
    def decide(antrag: Antrag, befund: tuple[Befund, ...], stichtag: date) -> Votum | None:
        return None

    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"x": modul("x", decide)})
    assert codes(fehler) == ["hook_argument"]
    assert "Meinten Sie „befunde“?" in fehler.value.hint


def test_a_default_argument_is_a_problem() -> None:
    def validate(antrag: Antrag, stichtag: date = STICHTAG) -> list[Befund]:
        return []

    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"x": modul("x", validate)})
    assert codes(fehler) == ["hook_vorgabe"]


def test_any_arguments_are_a_problem() -> None:
    def validate(**alles: Any) -> list[Befund]:
        return []

    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"x": modul("x", validate)})
    assert codes(fehler) == ["hook_argument"]


def test_a_wrapper_is_a_problem() -> None:
    kandidat = modul("x", decide)

    def validate(antrag: Antrag, stichtag: date) -> Any:
        return (yield)

    kandidat.validate = hookimpl(wrapper=True)(validate)  # type: ignore[attr-defined]
    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"x": kandidat})
    assert codes(fehler) == ["hook_umhuellt"]


@pytest.mark.parametrize(
    ("art", "erwartet"),
    [(Art.KANAL, 3), (Art.FORMAT, 1), (Art.ZIEL, 3), (Art.REGELN, 1)],
)
def test_a_kind_without_its_hooks_is_a_problem(art: Art, erwartet: int) -> None:
    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"x": modul("x", arten=frozenset({art}))})
    assert codes(fehler) == ["hook_fehlt"] * erwartet


def test_promising_to_answer_for_a_delivery_needs_the_hook() -> None:
    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"x": modul("x", validate, idempotenz=Idempotenz.ABFRAGE)})
    assert "find_delivered" in fehler.value.hint


def test_a_plugin_without_manifest_is_a_problem() -> None:
    leer = ModuleType("fachwerk_leer")
    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"leer": leer})
    assert codes(fehler) == ["manifest_fehlt"]


def test_a_manifest_that_fails_or_is_something_else_is_a_problem() -> None:
    kaputt, falsch = ModuleType("kaputt"), ModuleType("falsch")

    def wirft() -> Manifest:
        raise RuntimeError("boom")

    kaputt.manifest = hookimpl(specname="manifest")(wirft)  # type: ignore[attr-defined]
    falsch.manifest = hookimpl(specname="manifest")(lambda: {"name": "falsch"})  # type: ignore[attr-defined]
    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"kaputt": kaputt, "falsch": falsch})
    assert sorted(codes(fehler)) == ["manifest_fehler", "manifest_typ"]


def map_(eingang: Eingang) -> Antrag:
    return antrag()


def formatplugin(name: str, angabe: Formatangabe) -> ModuleType:
    return modul(name, map_, arten=frozenset({Art.FORMAT}), formate=(angabe,))


def test_two_named_plugins_with_the_same_format_stop_the_start() -> None:
    angabe = Formatangabe(name="xml", wurzel="antrag", namensraum="urn:x")
    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"a": formatplugin("a", angabe), "b": formatplugin("b", angabe)})
    assert codes(fehler) == ["format_doppelt"] * 2


def test_a_named_plugin_keeps_its_format_against_one_nobody_named(installiert: Callable[..., None]) -> None:
    angabe = Formatangabe(name="xml", wurzel="antrag", namensraum="urn:x")
    installiert(Punkt("a", formatplugin("a", angabe)), Punkt("b", formatplugin("b", angabe)))
    plugins = lade({"b"})
    assert plugins.namen == ("b",)
    assert plugins.formate() == [("b", angabe)]


def test_of_two_unnamed_plugins_with_the_same_format_neither_is_used(installiert: Callable[..., None]) -> None:
    angabe = Formatangabe(name="pdf", medientyp="application/pdf")
    installiert(Punkt("a", formatplugin("a", angabe)), Punkt("b", formatplugin("b", angabe)))
    assert lade().namen == ()


def test_an_unreadable_namespace_pattern_is_a_problem() -> None:
    with pytest.raises(ConfigErrors) as fehler:
        Plugins.aus_modulen({"a": formatplugin("a", Formatangabe(name="x", namensraum="("))})
    assert codes(fehler) == ["format_muster"]


def test_an_addressed_call_reaches_only_its_plugin() -> None:
    gerufen: list[str] = []

    def regel(name: str) -> ModuleType:
        def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
            gerufen.append(name)
            return []

        return modul(name, validate)

    plugins = Plugins.aus_modulen({name: regel(name) for name in ("a", "b", "c")})
    assert plugins.rufe("b", "validate", antrag=antrag(), stichtag=STICHTAG) == []
    assert gerufen == ["b"]


def test_answers_are_collected_in_name_order_whatever_the_order_of_loading() -> None:
    for reihenfolge in itertools.permutations(["a", "b", "c"]):
        plugins = Plugins.aus_modulen({name: modul(name, decide) for name in reihenfolge})
        antworten = plugins.sammle("decide", reihenfolge, antrag=antrag(), befunde=(), stichtag=STICHTAG)
        assert [name for name, _ in antworten] == ["a", "b", "c"]


def test_plugins_without_the_hook_or_without_opinion_are_not_in_the_answers() -> None:
    def decide(antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Votum | None:
        return None

    plugins = Plugins.aus_modulen({"still": modul("still", decide), "prueft": modul("prueft", validate)})
    assert plugins.sammle("decide", plugins.namen, antrag=antrag(), befunde=(), stichtag=STICHTAG) == []


@pytest.mark.parametrize("antwort", [None, (), "text", [1], {"code": "x"}])
def test_a_wrong_return_type_breaks_the_contract(antwort: Any) -> None:
    def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
        return antwort  # type: ignore[no-any-return]

    plugins = Plugins.aus_modulen({"x": modul("x", validate)})
    with pytest.raises(ContractError) as fehler:
        plugins.rufe("x", "validate", antrag=antrag(), stichtag=STICHTAG)
    assert fehler.value.code == "hook_rueckgabe"
    assert "„x“" in fehler.value.hint
    assert "„validate“" in fehler.value.hint


def test_none_where_an_application_is_due_breaks_the_contract() -> None:
    def map_(eingang: Eingang) -> Antrag:
        return None  # type: ignore[return-value]

    plugins = Plugins.aus_modulen({"x": modul("x", map_, arten=frozenset({Art.FORMAT}))})
    with pytest.raises(ContractError, match="hook_rueckgabe"):
        plugins.rufe("x", "map", eingang=eingang())


def test_a_foreign_exception_is_named_by_class_and_place_and_never_by_its_text() -> None:
    def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
        raise KeyError("Erika Musterfrau")

    plugins = Plugins.aus_modulen({"x": modul("x", validate)})
    with pytest.raises(ContractError) as fehler:
        plugins.rufe("x", "validate", antrag=antrag(), stichtag=STICHTAG)
    alles = "".join(traceback.format_exception(fehler.value)) + repr(fehler.value.details)
    assert "Musterfrau" not in alles.replace('raise KeyError("Erika Musterfrau")', "")
    assert fehler.value.__cause__ is None
    assert fehler.value.__context__ is None
    assert fehler.value.details["ausnahme"] == "KeyError"
    assert fehler.value.details["stelle"].startswith("test_plugins.py:")


def test_errors_of_the_tree_pass_unchanged() -> None:
    fehler = PermanentError("kaputt", "Die Nachricht ist kaputt.")

    def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
        raise fehler

    plugins = Plugins.aus_modulen({"x": modul("x", validate)})
    with pytest.raises(PermanentError) as gefangen:
        plugins.rufe("x", "validate", antrag=antrag(), stichtag=STICHTAG)
    assert gefangen.value is fehler


def test_a_missing_or_superfluous_argument_of_a_call_is_refused() -> None:
    plugins = Plugins.aus_modulen({"x": modul("x", validate)})
    with pytest.raises(TypeError):
        plugins.rufe("x", "validate", antrag=antrag())


def test_calling_an_unknown_plugin_or_a_missing_hook_breaks_the_contract() -> None:
    plugins = Plugins.aus_modulen({"x": modul("x", validate)})
    with pytest.raises(ContractError, match="plugin_fehlt"):
        plugins.rufe("y", "validate", antrag=antrag(), stichtag=STICHTAG)
    with pytest.raises(ContractError, match="hook_fehlt"):
        plugins.rufe("x", "decide", antrag=antrag(), befunde=(), stichtag=STICHTAG)


def test_kinds_versions_and_hooks_can_be_asked_for() -> None:
    plugins = Plugins.aus_modulen({"a": modul("a", validate), "b": modul("b", decide, version="2026.11.0")})
    assert plugins.mit_art(Art.REGELN) == ("a", "b")
    assert plugins.mit_art(Art.ZIEL) == ()
    assert plugins.version("b") == "2026.11.0"
    assert plugins.hat("a", "validate")
    assert not plugins.hat("a", "decide")


def test_the_plugins_cannot_be_changed_after_loading() -> None:
    plugins = Plugins.aus_modulen({"a": modul("a", validate)})
    with pytest.raises(AttributeError):
        plugins._manifeste = {}  # type: ignore[misc]
    with pytest.raises(TypeError):
        plugins._manifeste["b"] = plugins.manifest("a")  # type: ignore[index]
