"""One row per fault: what it means while sending, and what it means at the mailbox."""

from __future__ import annotations

import pytest

from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import GehaltenFuer
from fachwerk_generic_xta.fehler import TABELLE, NachrichtUnbekannt, deute
from fachwerk_generic_xta.nachricht import XtaFault

ERWARTET: dict[str, tuple[type[StepError], type[StepError]]] = {
    "9010": (NeedsHumanError, NeedsHumanError),
    "9011": (NeedsHumanError, NeedsHumanError),
    "9012": (NeedsHumanError, NeedsHumanError),
    "9013": (PermanentError, NeedsHumanError),
    "9014": (PermanentError, NeedsHumanError),
    "9020": (PermanentError, PermanentError),
    "9021": (PermanentError, PermanentError),
    "9022": (PermanentError, PermanentError),
    "9023": (PermanentError, PermanentError),
    "9024": (OutcomeUnknownError, PermanentError),
    "9030": (RetryableError, RetryableError),
    "9031": (RetryableError, RetryableError),
    "9032": (RetryableError, RetryableError),
    "9050": (PermanentError, PermanentError),
    "9051": (PermanentError, PermanentError),
    "9052": (PermanentError, PermanentError),
    "9060": (PermanentError, PermanentError),
    "9070": (NachrichtUnbekannt, NachrichtUnbekannt),
    "9080": (PermanentError, PermanentError),
    "9081": (PermanentError, PermanentError),
    "9100": (PermanentError, PermanentError),
    "9101": (PermanentError, PermanentError),
}


@pytest.mark.parametrize("code", ERWARTET)
def test_every_number_has_one_meaning_while_sending_and_one_at_the_mailbox(code: str) -> None:
    fault = XtaFault("Sender", "EgalException", code)
    fehler = deute(fault, senden=True), deute(fault, senden=False)
    assert tuple(type(einer) for einer in fehler) == ERWARTET[code]
    assert {einer.code for einer in fehler} == {f"xta.{code}"}
    assert all(code in einer.hint for einer in fehler)


def test_the_table_has_no_row_without_a_test() -> None:
    assert set(TABELLE) == set(ERWARTET)


@pytest.mark.parametrize("code", ["9010", "9011", "9012"])
def test_a_locked_account_is_for_the_betrieb(code: str) -> None:
    fehler = deute(XtaFault("Sender", "PermissionDeniedException", code), senden=False)
    assert isinstance(fehler, NeedsHumanError)
    assert fehler.fuer is GehaltenFuer.BETRIEB


@pytest.mark.parametrize(("code", "routenfehler"), [("9030", True), ("9031", True), ("9032", False)])
def test_only_faults_of_the_route_open_its_circuit(code: str, routenfehler: bool) -> None:
    fehler = deute(XtaFault("Receiver", "XTAWSTechnicalProblemException", code), senden=True)
    assert isinstance(fehler, RetryableError)
    assert fehler.routenfehler is routenfehler


@pytest.mark.parametrize("code", ["9000", "9999", "", "XA1"])
@pytest.mark.parametrize(
    ("ausnahme", "art"),
    [
        ("PermissionDeniedException", NeedsHumanError),
        ("ParameterIsNotValidException", PermanentError),
        ("XTAWSTechnicalProblemException", RetryableError),
        ("MessageSchemaViolationException", PermanentError),
        ("MessageVirusDetectionException", PermanentError),
        ("InvalidMessageIDException", NachrichtUnbekannt),
        ("SyncAsyncException", PermanentError),
        ("CancelDeniedException", PermanentError),
    ],
)
def test_a_number_without_meaning_is_judged_by_its_exception(code: str, ausnahme: str, art: type[StepError]) -> None:
    assert type(deute(XtaFault("Sender", ausnahme, code), senden=True)) is art


@pytest.mark.parametrize(
    ("soap_code", "art"),
    [
        ("Sender", PermanentError),
        ("Receiver", RetryableError),
        ("MustUnderstand", PermanentError),
        ("", PermanentError),
    ],
)
def test_a_fault_without_detail_is_judged_by_its_soap_code(soap_code: str, art: type[StepError]) -> None:
    assert type(deute(XtaFault(soap_code), senden=False)) is art


def test_the_words_of_the_server_never_reach_an_error() -> None:
    fehler = deute(XtaFault("Sender", "PermissionDeniedException", "9011", "Erika Muster", "Erika Muster"), senden=True)
    assert "Erika" not in f"{fehler} {fehler.details} {fehler!r}"
    assert "Erika" not in repr(XtaFault("Sender", "E", "9", "Erika", "Erika"))
