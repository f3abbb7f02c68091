"""A synchronous message is sent once: whatever is unclear afterwards is for a person."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from fachwerk.errors import OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import Teil
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.nachricht import Metadaten, Partei

KOPF = Metadaten("urn:1", Partei("a"), Partei("b"), payload_schema="urn:s")
KEINE = (
    '<s:Header><o:MsgBoxResponse xmlns:o="http://www.osci.eu/ws/2008/05/transport" MsgBoxRequestID="1">'
    '<o:NoMessageAvailable reason="urn:x"/></o:MsgBoxResponse></s:Header><s:Body/>'
)
ANTWORT = (
    "<s:Body><x:GenericContentContainer><x:ContentContainer><x:Message contentType='a/b'>QUJD</x:Message>"
    "</x:ContentContainer></x:GenericContentContainer></s:Body>"
)


def fault(ausnahme: str, code: str) -> str:
    return (
        f"<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Detail><x:{ausnahme}><x:errorCode>"
        f"<code>{code}</code></x:errorCode></x:{ausnahme}></s:Detail></s:Fault></s:Body>"
    )


def soap(inhalt: str, status: int = 200) -> Callable[[httpx.Request], httpx.Response]:
    umschlag = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:x="http://xoev.de/transport/xta/211">'
        f"{inhalt}</s:Envelope>"
    )
    return roh(umschlag.encode(), status, "application/soap+xml")


def roh(inhalt: bytes, status: int, typ: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda anfrage: httpx.Response(status, headers={"content-type": typ}, content=inhalt)


def wirf(fehler: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def antworte(anfrage: httpx.Request) -> httpx.Response:
        raise fehler

    return antworte


def sende(antworte: Callable[[httpx.Request], httpx.Response], inhalt: SpeicherInhalt | None = None) -> bytes:
    http = httpx.Client(transport=httpx.MockTransport(antworte))
    xta = XtaClient(Adressen("https://m/", "https://p/", "https://v/"), Partei("a"), http)
    inhalt = inhalt or SpeicherInhalt()
    abholung = xta.send_sync(KOPF, [Teil.entwurf("a", "a/b", lambda: [b"x"])], inhalt)
    return inhalt.bytes_von[abholung.teile[0].id]


def test_the_reply_comes_back() -> None:
    assert sende(soap(ANTWORT)) == b"ABC"


@pytest.mark.parametrize(
    "antworte",
    [
        wirf(httpx.ReadTimeout("still")),
        wirf(httpx.RemoteProtocolError("hung up")),
        roh(b"<html/>", 503, "text/html"),
        roh(b"<html/>", 500, "text/html"),
        roh(b"<html/>", 200, "text/html"),
        roh(b"", 200, "multipart/related; boundary=g"),
        soap("<s:Body/>"),
        soap(KEINE),
        soap(ANTWORT.replace("QUJD", "QUJ")),
        soap(fault("XTAWSTechnicalProblemException", "9030"), 500),
        soap(fault("XTAWSTechnicalProblemException", "9032"), 500),
        soap(fault("ParameterIsNotValidException", "9024"), 500),
    ],
    ids=["zeit", "abbruch", "503", "500", "html", "leer", "ohne_inhalt", "keine", "base64", "9030", "9032", "9024"],
)
def test_everything_unclear_is_cleared_up_by_a_person(antworte: Callable[[httpx.Request], httpx.Response]) -> None:
    with pytest.raises(OutcomeUnknownError) as fehler:
        sende(antworte)
    assert fehler.value.code == "xta.synchron_ungeklaert"
    assert "Nicht erneut senden" in fehler.value.hint


def test_a_reply_that_cannot_be_stored_is_lost_too() -> None:
    class VolleAblage(SpeicherInhalt):
        def schreibe(self, *werte: object, **mehr: object) -> Teil:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutcomeUnknownError) as fehler:
        sende(soap(ANTWORT), VolleAblage())
    assert fehler.value.details == {"grund": "nicht_gespeichert"}


@pytest.mark.parametrize(
    ("antworte", "art", "code"),
    [
        (wirf(httpx.ConnectError("no")), RetryableError, "transport.nicht_erreichbar"),
        (soap(fault("SyncAsyncException", "9080"), 500), PermanentError, "xta.9080"),
        (soap(fault("MessageSchemaViolationException", "9050"), 500), PermanentError, "xta.9050"),
        (roh(b"", 413, "text/plain"), PermanentError, "transport.zu_gross"),
    ],
)
def test_a_clear_refusal_stays_one(
    antworte: Callable[[httpx.Request], httpx.Response], art: type[StepError], code: str
) -> None:
    with pytest.raises(art) as fehler:
        sende(antworte)
    assert fehler.value.code == code
