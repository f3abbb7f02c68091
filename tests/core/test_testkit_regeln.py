"""The contract kit for rules finds what it promises to find, and lets an honest plugin pass."""

from __future__ import annotations

import gc
import os
import random
import socket
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Empfehlung, Manifest, OffenerPunkt, Rechenschritt, Votum
from fachwerk.parameter import Fassung, Parameter
from fachwerk.testkit import regeln as kit
from fachwerk.testkit.regeln import RegelContract, Regelfall, antrag
from fachwerk.testkit.waechter import Waechter

TAG = date(2026, 1, 15)
SCHRITT = Rechenschritt(name="Grenze", wert="100", fundstelle="§ 1 MusterG", beleg="A")
ABLEHNUNG = Votum(empfehlung=Empfehlung.ABLEHNEN, begruendung=(SCHRITT,))
VORLAGE = Votum(empfehlung=Empfehlung.VORLEGEN, offen=(OffenerPunkt(code="x.offen", text="Etwas fehlt."),))
ANGABEN: dict[str, Any] = {
    "name": "muster_regeln",
    "version": "2026.11.0",
    "arten": frozenset({Art.REGELN}),
    "titel": "Erfundene Regeln",
    "leistungen": frozenset({"wbs"}),
    "laender": frozenset({"zz"}),
}


class Regeln:
    """A rules plugin whose decide does what the test wants; without ``fall`` it only presents."""

    def __init__(self, decide: Callable[..., Any] = lambda *_: ABLEHNUNG, **angaben: Any) -> None:
        self._decide = decide
        self._manifest = Manifest(**{**ANGABEN, **angaben})

    @hookimpl
    def manifest(self) -> Manifest:
        return self._manifest

    @hookimpl
    def decide(self, antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Any:
        return self._decide(antrag, befunde, stichtag) if antrag.fall == {"voll": True} else VORLAGE


def faelle(
    erwartet: Empfehlung | None = Empfehlung.ABLEHNEN, land: str = "zz", leistung: str = "wbs"
) -> list[Regelfall]:
    return [Regelfall("Ein Fall", antrag(leistung, land, {"voll": True}), TAG, erwartet)]


class Vertrag(RegelContract):
    plugin = Regeln()

    def faelle(self) -> Sequence[Regelfall]:
        return faelle()


class TestEinEhrlichesPlugin(RegelContract):
    """What every author writes: a plugin and its cases."""

    plugin = Regeln()

    def faelle(self) -> Sequence[Regelfall]:
        return faelle()


def test_a_contract_without_cases_has_checked_nothing() -> None:
    class Leer(Vertrag):
        def faelle(self) -> Sequence[Regelfall]:
            return []

    with pytest.raises(AssertionError, match="nichts geprüft"):
        Leer().test_jeder_fall_bekommt_die_erwartete_empfehlung()
    with pytest.raises(TypeError, match="faelle"):
        RegelContract().faelle()


@pytest.mark.parametrize(
    ("angaben", "text"),
    [
        ({"arten": frozenset({Art.ZIEL})}, "arten nennt nicht „regeln“"),
        ({"titel": " "}, "titel fehlt"),
        ({"leistungen": frozenset()}, "leistungen ist leer"),
        ({"leistungen": frozenset({"wbs", "wohngeldtraum"})}, "wohngeldtraum kennt der Katalog nicht"),
        ({"laender": frozenset({"yy"})}, "Das Land zz steht nicht im Manifest"),
    ],
)
def test_an_untrue_manifest_is_found(angaben: dict[str, Any], text: str) -> None:
    assert any(text in mangel for mangel in kit.maengel_manifest(Regeln(**angaben), faelle()))


def test_a_hook_with_wrong_arguments_is_found() -> None:
    class Falsch(Regeln):
        @hookimpl
        def decide(self, antrag: Antrag, falsch: int) -> Any:  # type: ignore[override]
            return None

    assert kit.maengel_manifest(Falsch())


def test_another_recommendation_than_expected_is_found() -> None:
    [mangel] = kit.maengel_faelle(Regeln(), faelle(Empfehlung.BEWILLIGEN))
    assert mangel == "Ein Fall: erwartet bewilligen, bekommen ablehnen."


HEIMLICH: dict[str, Callable[[], object]] = {
    "Uhr (date.today)": date.today,
    "Uhr (datetime.now)": lambda: datetime.now(UTC),
    "Uhr (time.time)": time.time,
    "Zufall": random.random,
    "open": lambda: Path(__file__).read_bytes(),
    "socket": lambda: socket.socket().close(),
    "os.listdir": lambda: os.listdir(Path(__file__).parent),
}


@pytest.mark.parametrize("was", HEIMLICH)
def test_a_look_outside_is_found(was: str) -> None:
    def decide(*_: Any) -> Votum:
        HEIMLICH[was]()
        return ABLEHNUNG

    maengel = kit.maengel_reinheit(Regeln(decide), faelle())
    assert any(f"nicht rein: {was}" in mangel for mangel in maengel), maengel


def test_what_happens_outside_the_guard_is_nobodys_business() -> None:
    with Waechter() as waechter:
        sum(range(10))
    date.today()
    Path(__file__).read_bytes()
    assert not waechter.verstoesse


def test_who_listens_to_the_collection_of_garbage_is_not_the_guarded_code() -> None:
    gc.callbacks.append(lambda phase, angaben: time.perf_counter())
    schwelle = gc.get_threshold()
    gc.set_threshold(1)
    try:
        with Waechter() as waechter:
            [[stelle] for stelle in range(1000)]
    finally:
        gc.set_threshold(*schwelle)
        gc.callbacks.pop()
    assert not waechter.verstoesse
    assert gc.isenabled()


def test_two_answers_to_the_same_question_are_found() -> None:
    antworten = iter([ABLEHNUNG, VORLAGE, ABLEHNUNG])
    assert "Ein Fall: Zweimal dasselbe gefragt, zwei Antworten." in kit.maengel_reinheit(
        Regeln(lambda *_: next(antworten)), faelle()
    )


def test_an_answer_that_hangs_on_the_order_of_befunde_is_found() -> None:
    plugin = Regeln(lambda _, befunde, __: ABLEHNUNG if befunde[0].code == "probe.hinweis" else VORLAGE)
    assert any("Reihenfolge" in mangel for mangel in kit.maengel_reinheit(plugin, faelle()))


def test_an_application_that_was_changed_is_found() -> None:
    def decide(antrag: Antrag, *_: Any) -> Votum:
        assert antrag.fall is not None
        antrag.fall.setdefault("dazu", 1)
        return ABLEHNUNG

    assert any("verändert" in mangel for mangel in kit.maengel_reinheit(Regeln(decide), faelle()))


@pytest.mark.parametrize(
    ("antwort", "text"),
    [
        ("ja", "decide gibt str zurück"),
        (
            ABLEHNUNG.model_copy(update={"begruendung": (SCHRITT.model_copy(update={"fundstelle": ""}),)}),
            "keine Fundst",
        ),
        (
            ABLEHNUNG.model_copy(update={"begruendung": (SCHRITT.model_copy(update={"beleg": "B"}),)}),
            "verlangt Beleg A",
        ),
        (ABLEHNUNG.model_copy(update={"begruendung": ()}), "ohne Begründung"),
        (Votum(empfehlung=Empfehlung.NACHFORDERN), "nennt nicht, was fehlt"),
    ],
)
def test_an_answer_of_the_wrong_form_is_found(antwort: Any, text: str) -> None:
    maengel = kit.maengel_form(Regeln(lambda *_: antwort), faelle(None))
    assert any(text in mangel for mangel in maengel), maengel


def test_no_vote_at_all_is_an_answer() -> None:
    assert not kit.maengel_form(Regeln(lambda *_: None), faelle(None))


def test_an_exception_for_a_strange_application_is_found() -> None:
    class Schreckhaft(Regeln):
        @hookimpl
        def decide(self, antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Any:
            return VORLAGE if antrag.fall["haushalt"] else None  # type: ignore[index]

    maengel = kit.maengel_seltsames(Schreckhaft())
    assert "Antrag ohne Falldaten: decide endet mit TypeError." in maengel
    assert "Antrag mit leeren Falldaten: decide endet mit KeyError." in maengel


def test_a_decision_without_any_facts_is_found() -> None:
    class Mutig(Regeln):
        @hookimpl
        def decide(self, antrag: Antrag, befunde: tuple[Befund, ...], stichtag: date) -> Any:
            return ABLEHNUNG

    assert "Antrag ohne Falldaten: decide entscheidet, obwohl es nichts weiß." in kit.maengel_seltsames(Mutig())


def test_a_look_into_the_future_and_a_missing_source_are_found() -> None:
    fassung = Fassung(date(2020, 1, 1), 1, " ", "A", "")
    maengel = kit.maengel_parameter({"p": Parameter("p", "P", "EUR", date(2027, 1, 1), (fassung,))}, TAG)
    assert maengel == [
        "p: geprueft_am liegt in der Zukunft (2027-01-01).",
        "p, Fassung 2020-01-01: quelle fehlt.",
        "p, Fassung 2020-01-01: fundstelle fehlt.",
    ]


def test_parameters_that_do_not_load_are_named(tmp_path: Path) -> None:
    (tmp_path / "alles.yaml").write_text("p: {titel: P}\n", encoding="utf-8")

    class MitOrdner(Vertrag):
        ordner = (tmp_path,)

    with pytest.raises(AssertionError, match=r"alles\.yaml, p"):
        MitOrdner().test_alle_parameter_laden_und_sagen_woher_sie_kommen()
