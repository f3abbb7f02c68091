"""A foreign SOAP stack, led by the official WSDL alone, gets along with the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
import zeep

from fachwerk_generic_xta.simulator import XtaSimulator

pytestmark = pytest.mark.shared

LESER = "wbs:130030000000"
KONTEN = {"konten": {"leser": {"kennungen": [LESER]}, "portal": {"kennungen": ["gae:portal"]}}}
XTA = "{http://xoev.de/transport/xta/211}"
META = "{http://www.osci.eu/ws/2014/10/transport}"


@pytest.fixture
def wsdl() -> Path:
    pfad = Path(__file__).resolve().parents[2].parent / "shared" / "standards" / "xta211" / "XTA.wsdl"
    if not pfad.is_file():
        pytest.skip(f"NOT CHECKED with the official WSDL: {pfad} is not there")
    return pfad


def dienst(wsdl: Path, simulator: XtaSimulator, konto: str) -> Any:
    """zeep's services by port, speaking for one account."""
    zugang = simulator.zugang(konto)
    sitzung = requests.Session()
    sitzung.trust_env = False
    sitzung.verify = str(zugang.ca)
    sitzung.cert = (str(zugang.zertifikat), str(zugang.privatschluessel))
    client = zeep.Client(str(wsdl), transport=zeep.Transport(session=sitzung))
    bindungen = {"management": "managementHttpsBinding", "send": "sendXTAHttpsBinding", "msgbox": "msgBoxHttpsBinding"}
    dienste = {port: client.create_service(XTA + name, simulator.urls[port]) for port, name in bindungen.items()}
    return client, dienste


def test_zeep_sends_lists_fetches_and_closes(tmp_path: Path, wsdl: Path) -> None:
    with XtaSimulator(tmp_path, KONTEN) as simulator:
        client, portal = dienst(wsdl, simulator, "portal")
        _, leser = dienst(wsdl, simulator, "leser")
        author = client.get_element(META + "Author")
        absender = [author(Identifier=partei("gae:portal"))]
        empfaenger = [author(Identifier=partei(LESER))]
        portal["management"].checkAccountActive(_soapheaders=absender)
        kennung = text(portal["management"].createMessageId(_soapheaders=absender))
        portal["send"].sendMessage(
            ContentContainer={"Message": {"_value_1": b"<antrag/>", "contentType": "text/xml"}},
            _soapheaders=[client.get_element(META + "MessageMetaData")(**metadaten(kennung))],
        )
        liste = leser["msgbox"].getStatusList(maxListItems=10, ListForm="MessageMetaData", _soapheaders=empfaenger)
        (eintrag,) = liste.body.MessageMetaData
        assert text(eintrag.MsgIdentification.MessageID) == kennung
        geholt = leser["msgbox"].getMessage(MsgSelector={"MessageID": [kennung]}, _soapheaders=empfaenger)
        assert geholt.body.ContentContainer.Message._value_1 == b"<antrag/>"
        leser["msgbox"].close(MsgBoxRequestID="urn:a", LastMsgReceived=[kennung], _soapheaders=empfaenger)
        assert portal["management"].getTransportReport(kennung, _soapheaders=absender).MessageStatus.Status == 1
        with pytest.raises(zeep.exceptions.Fault, match="Nachrichtenkennung hier unbekannt"):
            portal["management"].getTransportReport("urn:de:xta:messageid:portal:nein", _soapheaders=absender)


def partei(kennung: str) -> dict[str, str]:
    return {"_value_1": kennung, "type": "xoev"}


def text(wert: Any) -> str:
    return str(getattr(wert, "_value_1", wert))


def metadaten(kennung: str) -> dict[str, Any]:
    code = {"code": "a", "listURI": "urn:a", "listVersionID": "1"}
    return {
        "DeliveryAttributes": {},
        "Originators": {"Author": {"Identifier": partei("gae:portal")}},
        "Destinations": {"Reader": {"Identifier": partei(LESER)}},
        "MsgIdentification": {"MessageID": kennung},
        "Qualifier": {
            "Service": "urn:a",
            "BusinessScenario": {"Defined": code},
            "MessageType": {**code, "payloadSchema": "urn:a"},
        },
    }
