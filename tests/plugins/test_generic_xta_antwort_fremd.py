"""An answer that belongs to another request: a stray second one on a kept connection is never taken for ours."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import httpx
import pytest

from fachwerk.errors import OutcomeUnknownError, RetryableError
from fachwerk.modell import Teil
from fachwerk.testkit.wirt import SpeicherInhalt
from fachwerk_generic_xta.client import Adressen, XtaClient
from fachwerk_generic_xta.fehler import AntwortFehler
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
X = "http://www.xta.de/XTA/"
FAULT = "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>t</s:Text></s:Reason></s:Fault>"
NAECHSTE = "<o:MsgBoxResponse MsgBoxRequestID='1'><o:NoMessageAvailable reason='urn:leer'/></o:MsgBoxResponse>"
BERICHT = (
    f"<x:TransportReport><m:MessageMetaData><m:MsgIdentification><a:MessageID>{ID}</a:MessageID>"
    "</m:MsgIdentification></m:MessageMetaData><x:MessageStatus><x:Status>1</x:Status></x:MessageStatus>"
    "</x:TransportReport>"
)


class Gegenstelle:
    """Answers by the action of a request. ``doppelt``: after that one, its answer follows once more in the same breath.

    ``adressiert`` says which headers of WS-Addressing its answers carry.
    """

    def __init__(self, adressiert: tuple[str, ...] = (), fault_bei: str = "") -> None:
        self.adressiert = adressiert
        self.fault_bei = fault_bei
        self.doppelt = ""
        self.nummer = 0
        self.verbindungen = 0
        self.vorgaenge: list[str] = []

    def antworte(self, anfrage: bytes) -> bytes:
        aktion = _finde(rb"Action>([^<]+)<", anfrage)
        vorgang = aktion.rpartition("/")[2]
        self.vorgaenge.append(vorgang)
        self.nummer += 1
        rumpf = {"CreateMessageID": f"<a:MessageID>urn:id:{self.nummer}</a:MessageID>", "GetTransportReport": BERICHT}
        kopf = NAECHSTE if vorgang == "MsgBoxStatusListRequest" else ""
        if "RelatesTo" in self.adressiert:
            kopf += f"<a:RelatesTo>{_finde(rb'MessageID>(urn:uuid[^<]+)<', anfrage)}</a:RelatesTo>"
        if "Action" in self.adressiert:
            kopf += f"<a:Action>{aktion}</a:Action>"
        inhalt = _umschlag(FAULT if vorgang == self.fault_bei else rumpf.get(vorgang, ""), kopf)
        status = 500 if vorgang == self.fault_bei else 200
        zeile = f"HTTP/1.1 {status} OK\r\nContent-Type: application/soap+xml\r\nContent-Length: {len(inhalt)}\r\n\r\n"
        ganz = zeile.encode() + inhalt
        return ganz * (1 + (vorgang == self.doppelt))


def _finde(muster: bytes, daten: bytes) -> str:
    gefunden = re.search(muster, daten)
    assert gefunden
    return gefunden[1].decode()


def _umschlag(rumpf: str, kopf: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" '
        'xmlns:x="http://xoev.de/transport/xta/211" xmlns:m="http://www.osci.eu/ws/2014/10/transport" '
        f'xmlns:o="http://www.osci.eu/ws/2008/05/transport"><s:Header>{kopf}</s:Header><s:Body>{rumpf}</s:Body>'
        "</s:Envelope>"
    ).encode()


@contextmanager
def verbunden(gegenstelle: Gegenstelle) -> Iterator[XtaClient]:
    """A client of it over real sockets, which keep the connection."""
    lauscher = socket.create_server(("127.0.0.1", 0))

    def laufe() -> None:
        with suppress(OSError):
            while True:
                verbindung, _ = lauscher.accept()
                gegenstelle.verbindungen += 1
                with verbindung:
                    _bediene(verbindung, gegenstelle.antworte)

    faden = threading.Thread(target=laufe, daemon=True)
    faden.start()
    url = f"http://127.0.0.1:{lauscher.getsockname()[1]}/"
    try:
        with httpx.Client(trust_env=False) as http:
            yield XtaClient(Adressen(url, url, url), Partei("wbs:1"), http)
    finally:
        lauscher.shutdown(socket.SHUT_RDWR)
        lauscher.close()
        faden.join(5)


def _bediene(verbindung: socket.socket, antworte: Callable[[bytes], bytes]) -> None:
    with suppress(OSError):
        while True:
            anfrage = b""
            while b"--uuid:" not in anfrage or not anfrage.endswith(b"--"):
                stueck = verbindung.recv(65536)
                if not stueck:
                    return
                anfrage += stueck
            verbindung.sendall(antworte(anfrage))


def sende(xta: XtaClient) -> None:
    xta.send(KOPF, [Teil.entwurf("a", "text/plain", lambda: [b"x"])])


@pytest.mark.parametrize("adressiert", [(), ("RelatesTo",), ("Action",), ("RelatesTo", "Action")])
def test_a_stray_answer_of_another_operation_is_no_receipt_of_a_message(adressiert: tuple[str, ...]) -> None:
    gegenstelle = Gegenstelle(adressiert)
    gegenstelle.doppelt = "CreateMessageID"
    with verbunden(gegenstelle) as xta:
        kennung = xta.new_id()
        with pytest.raises(OutcomeUnknownError) as fehler:
            sende(xta)
        assert fehler.value.details == {"grund": "fremde_antwort"}
        assert xta.report(kennung).status == 1, "the judge is asked over a connection of its own"
    assert gegenstelle.verbindungen == 2


def test_a_stray_answer_makes_a_harmless_question_come_again() -> None:
    gegenstelle = Gegenstelle()
    gegenstelle.doppelt = "CreateMessageID"
    with verbunden(gegenstelle) as xta:
        xta.new_id()
        with pytest.raises(RetryableError) as fehler:
            xta.list()
        assert (fehler.value.code, fehler.value.details) == ("xta.antwort_unlesbar", {"grund": "fremde_antwort"})
        assert xta.list().eintraege == ()


@pytest.mark.parametrize("adressiert", [("RelatesTo",), ("RelatesTo", "Action")])
def test_an_answer_to_the_same_question_asked_before_is_no_answer(adressiert: tuple[str, ...]) -> None:
    gegenstelle = Gegenstelle(adressiert)
    gegenstelle.doppelt = "CreateMessageID"
    with verbunden(gegenstelle) as xta:
        erste = xta.new_id()
        with pytest.raises(AntwortFehler):
            xta.new_id()
        gegenstelle.doppelt = ""
        assert xta.new_id() != erste


@pytest.mark.parametrize("adressiert", [("RelatesTo",), ("Action",)])
def test_a_message_is_not_closed_by_the_answer_to_something_else(adressiert: tuple[str, ...]) -> None:
    gegenstelle = Gegenstelle(adressiert)
    gegenstelle.doppelt = "CheckAccountActive"
    with verbunden(gegenstelle) as xta:
        xta.check()
        with pytest.raises(AntwortFehler):
            xta.close([ID], "1")
        xta.close([ID], "1")
    assert gegenstelle.vorgaenge[-1] == "MsgBoxCloseRequest"


def test_a_stray_fault_refuses_nothing_of_ours() -> None:
    gegenstelle = Gegenstelle(("RelatesTo",), fault_bei="CheckAccountActive")
    gegenstelle.doppelt = "CheckAccountActive"
    with verbunden(gegenstelle) as xta:
        with pytest.raises(Exception, match="Anfrage") as fehler:
            xta.check()
        assert not isinstance(fehler.value, AntwortFehler), "the fault that answers our question is one"
        with pytest.raises(OutcomeUnknownError):
            sende(xta)


def test_a_fetched_message_is_not_the_answer_to_another_question() -> None:
    gegenstelle = Gegenstelle()
    gegenstelle.doppelt = "GetTransportReport"
    inhalt = SpeicherInhalt()
    with verbunden(gegenstelle) as xta:
        xta.report(ID)
        with pytest.raises(AntwortFehler, match="fremde_antwort"):
            xta.fetch(ID, inhalt)
    assert not inhalt.bytes_von


def test_an_answer_without_what_was_asked_for_ends_its_connection() -> None:
    gegenstelle = Gegenstelle()
    gegenstelle.doppelt = "CheckAccountActive"
    with verbunden(gegenstelle) as xta:
        xta.check()
        with pytest.raises(AntwortFehler, match="kennung_fehlt"):
            xta.new_id()
        assert xta.new_id() == f"urn:id:{gegenstelle.nummer}", "the newest id, none of an earlier question"
    assert gegenstelle.verbindungen == 2


@pytest.mark.parametrize(
    "kopf",
    [
        "<a:RelatesTo>http://www.w3.org/2005/08/addressing/unspecified</a:RelatesTo>",
        "<a:RelatesTo RelationshipType='urn:thread'>urn:uuid:other</a:RelatesTo>",
        "<a:Action>http://www.xta.de/XTA/CreateMessageIDResponse</a:Action>",
        "<a:RelatesTo/>",
    ],
)
def test_headers_that_say_nothing_about_our_request_do_not_refuse_its_answer(kopf: str) -> None:
    inhalt = _umschlag("<a:MessageID>urn:id:1</a:MessageID>", kopf)
    antwort = httpx.Response(200, headers={"content-type": "application/soap+xml"}, content=inhalt)
    http = httpx.Client(transport=httpx.MockTransport(lambda anfrage: antwort))
    assert XtaClient(Adressen("https://m/", "https://p/"), Partei("wbs:1"), http).new_id() == "urn:id:1"
