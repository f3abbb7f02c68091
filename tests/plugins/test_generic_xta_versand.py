"""Sending: streamed as it is, and every unclear answer is an unknown outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from fachwerk.errors import OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import Teil
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.mehrteilig import lies_teile
from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei

ID = "urn:de:xta:messageid:portal:1"
KOPF = Metadaten(
    ID,
    Partei("gae:portal"),
    Partei("wbs:1"),
    "urn:dienst",
    Listenwert("FIM", "urn:l", "1"),
    Listenwert("n.1", "urn:t", "1.0"),
    "urn:s",
    erstellt=datetime(2026, 3, 2, tzinfo=UTC),
)
Antworter = Callable[[httpx.Request], httpx.Response]


def umschlag(koerper: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:x="http://xoev.de/transport/xta/211">'
        f"<s:Body>{koerper}</s:Body></s:Envelope>"
    ).encode()


def fault(ausnahme: str, code: str) -> bytes:
    return umschlag(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Detail><x:{ausnahme}><x:errorCode>"
        f"<code>{code}</code></x:errorCode></x:{ausnahme}></s:Detail></s:Fault>"
    )


def einfach(inhalt: bytes, status: int = 200, typ: str = "application/soap+xml") -> httpx.Response:
    return httpx.Response(status, headers={"content-type": typ}, content=inhalt)


def client(antworte: Antworter | httpx.Response) -> XtaClient:
    fest = antworte
    antworter: Antworter = (lambda anfrage: fest) if isinstance(fest, httpx.Response) else fest
    http = httpx.Client(transport=httpx.MockTransport(antworter))
    return XtaClient(Adressen("https://m/", "https://p/", "https://v/"), Partei("gae:portal"), http)


def test_a_sent_message_streams_its_parts_with_and_without_known_lengths() -> None:
    gesehen: list[httpx.Request] = []

    def merke(anfrage: httpx.Request) -> httpx.Response:
        anfrage.read()
        gesehen.append(anfrage)
        return einfach(umschlag(""))

    fest = SpeicherInhalt().schreibe([b"<a/>"], "antrag.xml", "application/xml")
    offen = Teil.entwurf("plan.pdf", "application/pdf", lambda: [b"P", b"DF"])
    client(merke).send(KOPF, [fest])
    client(merke).send(KOPF, [fest, offen])
    assert int(gesehen[0].headers["content-length"]) == len(gesehen[0].content)
    assert gesehen[1].headers["transfer-encoding"] == "chunked"
    teile = [teil.lies(9999) for teil in lies_teile([gesehen[1].content], gesehen[1].headers["content-type"])]
    assert teile[1:] == [b"<a/>", b"PDF"]
    assert b"cid:teil-1@fachwerk" in teile[0]


@pytest.mark.parametrize(
    ("antwort", "art"),
    [
        (einfach(b"<html/>", typ="text/html"), OutcomeUnknownError),
        (einfach(b"<html/>", 502, "text/html"), OutcomeUnknownError),
        (einfach(b"<html/>", 503, "text/html"), RetryableError),
        (einfach(fault("ParameterIsNotValidException", "9024"), 500), OutcomeUnknownError),
        (einfach(fault("ParameterIsNotValidException", "9023"), 500), PermanentError),
    ],
)
def test_an_unclear_answer_to_sending_is_an_unknown_outcome(antwort: httpx.Response, art: type[StepError]) -> None:
    with pytest.raises(StepError) as fehler:
        client(antwort).send(KOPF, [Teil.entwurf("a", "text/plain", lambda: [b"x"])])
    assert type(fehler.value) is art
