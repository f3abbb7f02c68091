"""One row per fault of XTA, HTTP, TLS and network: what has to happen while sending, and what at the mailbox."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError, StepError
from fachwerk.modell import GehaltenFuer, Teil
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.fehler import (
    NACH_AUSNAHME,
    OHNE_AUSNAHME,
    TABELLE,
    UEBERTRAGUNG,
    NachrichtUnbekannt,
    deute,
    deute_uebertragung,
)
from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei, XtaFault


def stopp(fehler: StepError) -> bool:
    """The account or its configuration: the route stops for the Betrieb, nothing is dead."""
    betrieb = isinstance(fehler, NeedsHumanError) and fehler.fuer is GehaltenFuer.BETRIEB
    return betrieb and fehler.routenfehler  # type: ignore[attr-defined]


def fehler_im_programm(fehler: StepError) -> bool:
    """Our request is wrong whatever the message: the route stops for the Technik."""
    technik = isinstance(fehler, NeedsHumanError) and fehler.fuer is GehaltenFuer.TECHNIK
    return technik and fehler.routenfehler  # type: ignore[attr-defined]


def tot(fehler: StepError) -> bool:
    """This message never works: held, and never repeated."""
    return type(fehler) is PermanentError


def spaeter(fehler: StepError) -> bool:
    """The server or the way to it: again without limit, several in a row open the circuit."""
    return isinstance(fehler, RetryableError) and fehler.routenfehler and fehler.hoechstens is None


def fuenfmal(fehler: StepError) -> bool:
    return isinstance(fehler, RetryableError) and not fehler.routenfehler and fehler.hoechstens == 5


def dreimal(fehler: StepError) -> bool:
    return isinstance(fehler, RetryableError) and not fehler.routenfehler and fehler.hoechstens == 3


def fragen(fehler: StepError) -> bool:
    """It may have been accepted: the transport report is asked, nothing is sent anew."""
    return isinstance(fehler, OutcomeUnknownError)


def unbekannt(fehler: StepError) -> bool:
    """No such message: who asks decides what it means."""
    return isinstance(fehler, NachrichtUnbekannt)


Verhalten = Callable[[StepError], bool]

NUMMERN: dict[str, tuple[Verhalten, Verhalten]] = {
    "9010": (stopp, stopp),
    "9011": (stopp, stopp),
    "9012": (stopp, stopp),
    "9013": (tot, stopp),
    "9014": (tot, stopp),
    "9020": (tot, fehler_im_programm),
    "9021": (tot, fehler_im_programm),
    "9022": (tot, fehler_im_programm),
    "9023": (tot, tot),
    "9024": (fragen, tot),
    "9030": (spaeter, spaeter),
    "9031": (spaeter, spaeter),
    "9032": (fuenfmal, fuenfmal),
    "9050": (tot, tot),
    "9051": (tot, tot),
    "9052": (tot, tot),
    "9060": (tot, tot),
    "9070": (unbekannt, unbekannt),
    "9080": (tot, tot),
    "9081": (tot, tot),
    "9100": (tot, tot),
    "9101": (tot, tot),
}
AUSNAHMEN: dict[str, tuple[Verhalten, Verhalten]] = {
    "PermissionDeniedException": (stopp, stopp),
    "ParameterIsNotValidException": (tot, fehler_im_programm),
    "XTAWSTechnicalProblemException": (dreimal, dreimal),
    "MessageSchemaViolationException": (tot, tot),
    "MessageVirusDetectionException": (tot, tot),
    "InvalidMessageIDException": (unbekannt, unbekannt),
    "SyncAsyncException": (tot, tot),
    "CancelDeniedException": (tot, tot),
}
OHNE_DETAIL: dict[str, tuple[Verhalten, Verhalten]] = {
    "Receiver": (dreimal, dreimal),
    "Sender": (tot, fehler_im_programm),
    "MustUnderstand": (tot, fehler_im_programm),
    "": (tot, fehler_im_programm),
}
HTTP: dict[int, tuple[Verhalten, Verhalten]] = {
    408: (spaeter, spaeter),
    429: (spaeter, spaeter),
    500: (fragen, spaeter),
    502: (fragen, spaeter),
    503: (spaeter, spaeter),
    504: (fragen, spaeter),
    401: (stopp, stopp),
    403: (stopp, stopp),
    404: (stopp, stopp),
    405: (stopp, stopp),
    407: (stopp, stopp),
    415: (stopp, stopp),
    302: (stopp, stopp),
    413: (tot, tot),
    400: (tot, fehler_im_programm),
}


def tls(grund: str) -> Exception:
    fehler = httpx.ReadError("tls")
    ursache = fehler.__cause__ = ssl.SSLError(1, grund)
    ursache.reason = grund
    return fehler


def nicht_vertraut() -> Exception:
    fehler = httpx.ConnectError("tls")
    grund = fehler.__cause__ = ssl.SSLCertVerificationError(1, "x")
    grund.verify_code, grund.reason = 20, "CERTIFICATE_VERIFY_FAILED"
    return fehler


NETZ: dict[str, tuple[Exception, Verhalten, Verhalten]] = {
    "unser Zertifikat abgelehnt": (tls("TLSV13_ALERT_CERTIFICATE_REQUIRED"), stopp, stopp),
    "unser Zertifikat abgelaufen": (tls("SSLV3_ALERT_CERTIFICATE_EXPIRED"), stopp, stopp),
    "unsere CA unbekannt": (tls("TLSV1_ALERT_UNKNOWN_CA"), stopp, stopp),
    "ihr Zertifikat nicht vertraut": (nicht_vertraut(), stopp, stopp),
    "kein TLS": (tls("WRONG_VERSION_NUMBER"), stopp, stopp),
    "nicht erreichbar": (httpx.ConnectError("x"), spaeter, spaeter),
    "Verbinden zu langsam": (httpx.ConnectTimeout("x"), spaeter, spaeter),
    "Proxy": (httpx.ProxyError("x"), spaeter, spaeter),
    "Antwort zu langsam": (httpx.ReadTimeout("x"), fragen, spaeter),
    "abgerissen": (httpx.ReadError("x"), fragen, spaeter),
    "abgeschnitten": (httpx.RemoteProtocolError("x"), fragen, spaeter),
    "Schreiben zu langsam": (httpx.WriteTimeout("x"), fragen, spaeter),
}


@pytest.mark.parametrize("nummer", NUMMERN)
def test_every_number_has_its_behaviour_while_sending_and_at_the_mailbox(nummer: str) -> None:
    fault = XtaFault("Sender", "EgalException", nummer)
    senden, postfach = NUMMERN[nummer]
    for fehler, verhalten in [(deute(fault, senden=True), senden), (deute(fault, senden=False), postfach)]:
        assert verhalten(fehler), verhalten.__doc__
        assert (fehler.code, fehler.details["xta_code"]) == (f"xta.{nummer}", nummer)
        assert nummer in fehler.hint


@pytest.mark.parametrize("nummer", ["9000", "9999", "XA1", ""])
@pytest.mark.parametrize("ausnahme", AUSNAHMEN)
def test_a_number_without_meaning_is_judged_by_its_exception(nummer: str, ausnahme: str) -> None:
    fault = XtaFault("Receiver", ausnahme, nummer)
    senden, postfach = AUSNAHMEN[ausnahme]
    assert senden(deute(fault, senden=True))
    assert postfach(deute(fault, senden=False))


@pytest.mark.parametrize("soap_code", ["Sender", "Receiver"])
def test_a_number_that_nobody_knows_at_all_is_tried_three_times(soap_code: str) -> None:
    assert dreimal(deute(XtaFault(soap_code, "NeueException", "9000"), senden=True))
    assert dreimal(deute(XtaFault(soap_code, "", "9777"), senden=False))


@pytest.mark.parametrize(
    ("fault", "von_dort"),
    [
        (XtaFault("Sender", "ParameterIsNotValidException", "9023"), True),
        (XtaFault("Sender", "InvalidMessageIDException", ""), True),
        (XtaFault("Sender", "", ""), False),
    ],
)
def test_a_refusal_with_the_name_or_number_of_xta_comes_from_the_server_itself(fault: XtaFault, von_dort: bool) -> None:
    fehler = deute(fault, senden=True)
    assert isinstance(fehler, StepError)
    assert (fehler.vom_ziel, fehler.code) == (von_dort, "xta.9023" if fault.code else "xta.fault")


@pytest.mark.parametrize("soap_code", OHNE_DETAIL)
def test_a_fault_without_detail_is_judged_by_its_soap_code(soap_code: str) -> None:
    senden, postfach = OHNE_DETAIL[soap_code]
    assert senden(deute(XtaFault(soap_code), senden=True))
    assert postfach(deute(XtaFault(soap_code), senden=False))


@pytest.mark.parametrize(
    ("fault", "alarm"),
    [
        (XtaFault("Sender", "MessageVirusDetectionException", "9060"), "sicherheit"),
        (XtaFault("Sender", "MessageVirusDetectionException", "9000"), "sicherheit"),
        (XtaFault("Sender", "PermissionDeniedException", "9013"), "dienst"),
        (XtaFault("Sender", "MessageSchemaViolationException", "9050"), None),
    ],
)
def test_malware_and_a_service_that_is_not_booked_ring_a_bell_of_their_own(fault: XtaFault, alarm: str | None) -> None:
    assert deute(fault, senden=True).details.get("alarm") == alarm


def sende(client: XtaClient) -> None:
    kopf = Metadaten(
        "urn:de:xta:messageid:portal:1",
        Partei("gae:portal"),
        Partei("wbs:1"),
        "urn:dienst",
        Listenwert("FIM", "urn:l", "1"),
        Listenwert("n.1", "urn:t", "1.0"),
        "urn:s",
        erstellt=datetime(2026, 3, 2, tzinfo=UTC),
    )
    client.send(kopf, [Teil.entwurf("a.xml", "text/xml", lambda: [b"<a/>"])])


def antwort_auf(vorgang: Callable[[XtaClient], object], antworte: Callable[[], httpx.Response]) -> StepError:
    with httpx.Client(transport=httpx.MockTransport(lambda anfrage: antworte())) as http:
        client = XtaClient(Adressen("https://m/", "https://p/", "https://v/"), Partei("gae:portal"), http)
        with pytest.raises(StepError) as fehler:
            vorgang(client)
    return fehler.value


@pytest.mark.parametrize("status", HTTP)
def test_every_http_status_without_soap_has_its_behaviour(status: int) -> None:
    def antworte() -> httpx.Response:
        return httpx.Response(status, headers={"content-type": "text/html", "retry-after": "77"}, content=b"<html/>")

    senden, postfach = HTTP[status]
    beim_senden, am_postfach = antwort_auf(sende, antworte), antwort_auf(lambda client: client.list(1), antworte)
    assert senden(beim_senden), senden.__doc__
    assert postfach(am_postfach), postfach.__doc__
    for fehler in (beim_senden, am_postfach):
        assert not isinstance(fehler, RetryableError) or fehler.retry_after == 77


@pytest.mark.parametrize("fall", NETZ)
def test_every_failure_of_tls_and_network_has_its_behaviour(fall: str) -> None:
    ausnahme, senden, postfach = NETZ[fall]

    def antworte() -> httpx.Response:
        raise ausnahme

    assert senden(antwort_auf(sende, antworte)), senden.__doc__
    assert postfach(antwort_auf(lambda client: client.list(1), antworte)), postfach.__doc__


def test_no_row_is_missing_here() -> None:
    assert set(NUMMERN) == set(TABELLE)
    assert set(AUSNAHMEN) == set(NACH_AUSNAHME)
    assert set(OHNE_AUSNAHME) == {"9000", "Sender", "Receiver"}
    assert {code.partition(".")[0] for code in UEBERTRAGUNG} == {"transport"}


def test_what_the_table_does_not_know_stays_as_the_core_said_it() -> None:
    fehler = RetryableError("datenbank_gestoert", "x")
    assert deute_uebertragung(fehler, senden=True) is fehler


def test_the_words_of_the_server_never_reach_an_error() -> None:
    fehler = deute(XtaFault("Sender", "PermissionDeniedException", "9011", "Erika Muster", "Erika Muster"), senden=True)
    assert "Erika" not in f"{fehler} {fehler.details} {fehler!r}"
    assert "Erika" not in repr(XtaFault("Sender", "E", "9", "Erika", "Erika"))
