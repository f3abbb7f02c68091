"""The error tree: who acts next, what may be logged, and nothing that must not be."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from fachwerk import errors
from fachwerk.errors import (
    ConfigError,
    ConfigErrors,
    ContractError,
    FachwerkError,
    NeedsHumanError,
    OutcomeUnknownError,
    PermanentError,
    RetryableError,
    StepError,
)
from fachwerk.modell import Befund, GehaltenFuer, Schwere

KLASSEN = [klasse for _, klasse in inspect.getmembers(errors, inspect.isclass) if issubclass(klasse, FachwerkError)]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    gezeichnet = re.findall(r"^[ │├└─]*(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    assert set(gezeichnet) == {klasse.__name__ for klasse in KLASSEN} - {"ConfigErrors"}
    for klasse in (RetryableError, PermanentError, NeedsHumanError, OutcomeUnknownError):
        assert klasse.__bases__ == (StepError,)
    for klasse in (ConfigError, ContractError, StepError):
        assert klasse.__bases__ == (FachwerkError,)


def test_the_text_of_an_error_is_its_code_and_its_hint_and_nothing_else() -> None:
    fehler = PermanentError("abgewiesen", "Das Ziel nimmt es nicht.", {"name": "Musterfrau"})
    assert str(fehler) == "abgewiesen: Das Ziel nimmt es nicht."
    assert "Musterfrau" not in str(fehler) + repr(fehler)


def test_details_are_a_copy() -> None:
    angaben = {"teil": "t1"}
    fehler = PermanentError("x", "y", angaben)
    angaben["teil"] = "t2"
    assert fehler.details == {"teil": "t1"}


def test_a_retryable_error_says_when_and_whether_the_route_is_at_fault() -> None:
    assert (RetryableError("x", "y").retry_after, RetryableError("x", "y").routenfehler) == (None, True)
    fehler = RetryableError("x", "y", retry_after=0.0, routenfehler=False)
    assert (fehler.retry_after, fehler.routenfehler) == (0.0, False)


def test_a_question_goes_to_the_sachbearbeitung_unless_it_says_otherwise() -> None:
    befund = Befund(code="b", schwere=Schwere.FEHLER, text="!")
    fehler = NeedsHumanError("frage", "Was gilt?", befunde=(befund,))
    assert (fehler.frage, fehler.hint, fehler.fuer) == ("Was gilt?", "Was gilt?", GehaltenFuer.SACHBEARBEITUNG)
    assert fehler.befunde == (befund,)
    assert NeedsHumanError("frage", "?", fuer=GehaltenFuer.BETRIEB).fuer is GehaltenFuer.BETRIEB


def test_findings_are_content_and_never_part_of_the_text() -> None:
    befund = Befund(code="b", schwere=Schwere.FEHLER, text="Musterfrau")
    for fehler in (StepError("x", "y", befunde=(befund,)), NeedsHumanError("x", "y", befunde=(befund,))):
        assert "Musterfrau" not in str(fehler) + repr(fehler)


def test_a_configuration_error_names_file_key_and_variable() -> None:
    fehler = ConfigError("x", "y", datei="fachwerk.toml", schluessel="a.b", umgebung="FACHWERK_A__B")
    assert fehler.details == {"datei": "fachwerk.toml", "schluessel": "a.b", "umgebung": "FACHWERK_A__B"}


def test_all_configuration_errors_are_said_at_once() -> None:
    beide = ConfigErrors([ConfigError("eins", "Erster."), ConfigError("zwei", "Zweiter.")])
    assert isinstance(beide, ConfigError)
    assert "eins: Erster." in beide.hint
    assert "zwei: Zweiter." in beide.hint
    assert [problem.code for problem in beide.probleme] == ["eins", "zwei"]


@pytest.mark.parametrize("klasse", [PermanentError, RetryableError, OutcomeUnknownError, ContractError])
def test_no_content_hides_in_the_arguments_of_the_exception(klasse: type[FachwerkError]) -> None:
    fehler = klasse("code", "Hinweis", {"name": "Musterfrau"})
    assert fehler.args == ("code",)
    assert b"Musterfrau" not in pickle.dumps(fehler.args)
