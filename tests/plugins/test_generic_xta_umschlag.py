"""Request envelopes: what the mailbox reads is what was meant, and the official schemas accept it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from fachwerk_generic_xta.codec import Adressen, Anfrage, Auswahl
from fachwerk_generic_xta.codec211 import Codec211, anfragen
from fachwerk_generic_xta.codec211.metadaten import NS
from fachwerk_generic_xta.codec211.metadaten import lies as metadaten
from fachwerk_generic_xta.nachricht import Inhaltsteil, Listenwert, Metadaten, Partei

URL = "https://xta.example/services/XTAService/MsgBoxPort"
ICH = Partei("wbs:130030000000", "xoev", "Wohnberechtigungsbehörde", "Wohnungsamt Musterow")
ZEIT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
KOPF = Metadaten(
    nachricht_id="urn:de:xta:messageid:portal:1",
    autor=Partei("gae:musterland"),
    leser=ICH,
    dienst="urn:xoev-de:dienst",
    szenario=Listenwert("FIM_DATA", "urn:de:xta:codeliste:business.scenario", "3"),
    nachrichtentyp=Listenwert("vorgang.transportieren.1000001", "urn:de:payloadSchema:elementName", "1.0"),
    payload_schema="urn:xoev-de:schema",
    betreff="Antrag & Anlagen <1>",
    test=True,
    erstellt=ZEIT,
    groesse=12,
)
NACHRICHT = Inhaltsteil(True, "application/xml", "antrag.xml", "Antrag", "UTF-8", "a1", "de", 12, ("teil-0@fachwerk",))
ANLAGE = Inhaltsteil(False, "application/pdf", 'Größe "ä" <1>.pdf', groesse=0, cid=("teil 1%@fachwerk",))
CODEC = Codec211(Adressen(URL, URL, URL), ICH)

ANFRAGEN = {
    "checkAccountActive": CODEC.pruefe_konto(),
    "createMessageId": CODEC.neue_kennung(),
    "getTransportReport": CODEC.bericht("urn:x"),
    "getStatusList": CODEC.liste(Auswahl(), 50),
    "getStatusList mit Auswahl": CODEC.liste(Auswahl(neue=False, ab=ZEIT), 1),
    "getMessage": CODEC.hole("urn:x"),
    "close": CODEC.schliesse(["urn:x", "urn:y"], "urn:uuid:1")[0],
    "sendMessage": CODEC.sende(KOPF, [NACHRICHT, ANLAGE]),
    "sendMessage mit freiem Szenario": CODEC.sende(
        replace(KOPF, dienst="", szenario=Listenwert("frei"), betreff="", groesse=None, erstellt=None), [NACHRICHT]
    ),
}


def lies(anfrage: Anfrage) -> etree._Element:
    return etree.fromstring(anfrage.umschlag)


@pytest.mark.shared
@pytest.mark.parametrize("name", ANFRAGEN)
def test_the_official_schemas_accept_every_request(name: str, xta_schema_pruefer: Callable[[bytes], None]) -> None:
    xta_schema_pruefer(ANFRAGEN[name].umschlag)


@pytest.mark.parametrize("name", ANFRAGEN)
def test_every_request_is_addressed(name: str) -> None:
    kopf = lies(ANFRAGEN[name]).find("s:Header", NS)
    assert [etree.QName(glied).localname for glied in kopf][:4] == ["Action", "MessageID", "To", "ReplyTo"]
    assert kopf.findtext("a:Action", namespaces=NS) == ANFRAGEN[name].aktion
    assert kopf.findtext("a:To", namespaces=NS) == URL
    assert kopf.findtext("a:MessageID", namespaces=NS).startswith("urn:uuid:")
    assert kopf.findtext("a:ReplyTo/a:Address", namespaces=NS) == "http://www.w3.org/2005/08/addressing/anonymous"


@pytest.mark.parametrize("name", [name for name in ANFRAGEN if not name.startswith("send")])
def test_the_caller_names_himself(name: str) -> None:
    kennung = lies(ANFRAGEN[name]).find("s:Header/m:Author/m:Identifier", NS)
    assert kennung.text == ICH.kennung
    assert dict(kennung.attrib) == {"type": "xoev", "category": ICH.kategorie, "name": ICH.name}


def test_the_actions_are_those_of_the_interface() -> None:
    assert ANFRAGEN["createMessageId"].aktion == "http://www.xta.de/XTA/CreateMessageID"
    assert ANFRAGEN["close"].aktion == "http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/MsgBoxCloseRequest"


def test_two_calls_never_share_a_message_id() -> None:
    ids = {lies(CODEC.pruefe_konto()).findtext("s:Header/a:MessageID", namespaces=NS) for _ in range(20)}
    assert len(ids) == 20


def test_newentry_is_only_sent_when_asked_for() -> None:
    ohne = lies(ANFRAGEN["getStatusList"]).find("s:Body/o:MsgBoxStatusListRequest", NS)
    assert (dict(ohne.attrib), len(ohne)) == ({"maxListItems": "50", "ListForm": "MessageMetaData"}, 0)
    auswahl = lies(ANFRAGEN["getStatusList mit Auswahl"]).find("s:Body/o:MsgBoxStatusListRequest/o:MsgSelector", NS)
    assert auswahl.get("newEntry") == "false"
    assert auswahl.findtext("o:MsgBoxEntryTimeFrom", namespaces=NS) == "2026-03-02T08:30:00Z"


def test_close_echoes_the_request_id_and_names_every_message() -> None:
    abschluss = lies(ANFRAGEN["close"]).find("s:Body/o:MsgBoxCloseRequest", NS)
    assert abschluss.get("MsgBoxRequestID") == "urn:uuid:1"
    assert [glied.text for glied in abschluss] == ["urn:x", "urn:y"]


def test_the_head_of_a_sent_message_reads_back_unchanged() -> None:
    gelesen = metadaten(lies(ANFRAGEN["sendMessage"]).find("s:Header/m:MessageMetaData", NS))
    assert gelesen == KOPF


def test_an_empty_part_does_not_state_its_size_and_references_are_percent_encoded() -> None:
    behaelter = lies(ANFRAGEN["sendMessage"]).find("s:Body/x:GenericContentContainer/x:ContentContainer", NS)
    nachricht, anlage = behaelter
    assert nachricht.get("size") == "12"
    assert (anlage.get("size"), anlage.get("filename")) == (None, ANLAGE.dateiname)
    assert anlage.find("i:Include", NS).get("href") == "cid:teil%201%25@fachwerk"


def test_the_schemas_are_never_fetched_from_a_network() -> None:
    with pytest.raises(OSError, match="offline"):
        anfragen._NurEigeneDateien().load("http://127.0.0.1:9/fremd.xsd")
