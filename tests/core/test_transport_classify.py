"""What exceptions and HTTP statuses mean: never sent, sent with an unknown outcome, or refused."""

from __future__ import annotations

import httpx
import pytest

from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.transport import classify, classify_status


@pytest.mark.parametrize("fehler", [httpx.ReadTimeout(""), httpx.WriteTimeout(""), httpx.WriteError(""), OSError()])
def test_what_may_have_left_is_an_unknown_outcome(fehler: Exception) -> None:
    assert isinstance(classify(fehler, idempotent=False), OutcomeUnknownError)
    assert isinstance(classify(fehler, idempotent=True), RetryableError)


@pytest.mark.parametrize("fehler", [httpx.ConnectTimeout(""), httpx.PoolTimeout(""), httpx.ProxyError("")])
def test_what_never_left_is_repeated(fehler: Exception) -> None:
    assert isinstance(classify(fehler, idempotent=False), RetryableError)


def test_an_unexpected_exception_is_never_repeated() -> None:
    assert isinstance(classify(KeyError("x"), idempotent=True), PermanentError)
    assert isinstance(classify(KeyError("x"), idempotent=False), OutcomeUnknownError)


@pytest.mark.parametrize(
    ("status", "bei_wiederholbarem", "sonst"),
    [
        (408, RetryableError, RetryableError),
        (429, RetryableError, RetryableError),
        (500, RetryableError, OutcomeUnknownError),
        (502, RetryableError, OutcomeUnknownError),
        (503, RetryableError, RetryableError),
        (504, RetryableError, OutcomeUnknownError),
        (302, NeedsHumanError, NeedsHumanError),
        (400, PermanentError, PermanentError),
        (401, NeedsHumanError, NeedsHumanError),
        (403, NeedsHumanError, NeedsHumanError),
        (404, NeedsHumanError, NeedsHumanError),
        (405, NeedsHumanError, NeedsHumanError),
        (407, NeedsHumanError, NeedsHumanError),
        (413, PermanentError, PermanentError),
        (415, NeedsHumanError, NeedsHumanError),
    ],
)
def test_every_http_status_has_one_meaning(
    status: int, bei_wiederholbarem: type[StepError], sonst: type[StepError]
) -> None:
    anfrage = httpx.Request("POST", "https://localhost/")
    fehler = httpx.HTTPStatusError("", request=anfrage, response=httpx.Response(status, request=anfrage))
    gedeutet = classify(fehler, idempotent=True)
    assert type(gedeutet) is bei_wiederholbarem
    assert not isinstance(gedeutet, NeedsHumanError) or gedeutet.routenfehler
    assert type(classify(fehler, idempotent=False)) is sonst


@pytest.mark.parametrize(("kopf", "sekunden"), [("120", 120.0), ("9" * 30, 86400.0), ("morgen", None), (None, None)])
def test_retry_after_is_honoured_within_a_day(kopf: str | None, sekunden: float | None) -> None:
    fehler = classify_status(503, kopf)
    assert isinstance(fehler, RetryableError)
    assert fehler.retry_after == sekunden
