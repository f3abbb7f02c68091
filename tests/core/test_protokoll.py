"""The log holds ids and codes; what an exception says never reaches it."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from fachwerk.errors import PermanentError
from fachwerk.protokoll import benenne, einrichten, logger


@pytest.fixture(autouse=True)
def danach_wie_davor() -> Iterator[None]:
    wurzel = logging.getLogger()
    davor = list(wurzel.handlers)
    yield
    wurzel.handlers = davor
    structlog.reset_defaults()


def test_an_exception_is_named_by_class_and_code() -> None:
    assert benenne(ValueError("Erika Musterfrau")) == "ValueError"
    assert benenne(PermanentError("kaputt", "Der Hinweis.")) == "PermanentError(kaputt)"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_text_of_an_exception_is_logged(form: Literal["json", "text"]) -> None:
    strom = io.StringIO()
    einrichten(form, strom=strom)
    try:
        raise ValueError("Erika Musterfrau")
    except ValueError as fehler:
        logger("probe", kanal="wbs").exception("ging_schief", grund=fehler)
        logging.getLogger("httpx").exception("ging auch schief")
    zeilen = strom.getvalue()
    assert "Musterfrau" not in zeilen
    assert zeilen.count("ValueError") >= 3
    assert "wbs" in zeilen


def test_json_lines_are_documents_of_their_own() -> None:
    strom = io.StringIO()
    einrichten("json", strom=strom)
    logger("probe", kanal="wbs").info("abgerufen", neu=2)
    logging.getLogger("eine.bibliothek").warning("von draussen")
    eigene, fremde = [json.loads(zeile) for zeile in strom.getvalue().splitlines()]
    assert (eigene["event"], eigene["kanal"], eigene["neu"], eigene["level"]) == ("abgerufen", "wbs", 2, "info")
    assert (fremde["event"], fremde["level"], fremde["logger"]) == ("von draussen", "warning", "eine.bibliothek")


def test_libraries_speak_from_warnings_on() -> None:
    strom = io.StringIO()
    einrichten("json", strom=strom)
    for name in ("httpx", "apscheduler.scheduler", "sqlalchemy.engine"):
        logging.getLogger(name).info("GET https://postfach.example/?name=Musterfrau")
    assert strom.getvalue() == ""


def test_a_look_that_is_still_at_work_when_the_next_is_due_is_no_matter_for_an_operator() -> None:
    strom = io.StringIO()
    einrichten("json", strom=strom)
    uhr = logging.getLogger("apscheduler.scheduler")
    uhr.warning("maximum number of running instances reached")
    assert strom.getvalue() == ""
    uhr.error("the clock broke")
    assert "the clock broke" in strom.getvalue()


def test_the_log_goes_to_the_standard_error_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    einrichten()
    spaeter = io.StringIO()
    monkeypatch.setattr(sys, "stderr", spaeter)
    logger("probe").warning("spaeter")
    assert "spaeter" in spaeter.getvalue()
