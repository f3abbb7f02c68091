"""Writes request envelopes of XTA 2.1.1 from our own WSDL; the only place that knows zeep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import zeep
from lxml import etree
from zeep.transports import Transport

from fachwerk_generic_xta.nachricht import Inhaltsteil, Listenwert, Metadaten, Partei

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
XTA = "http://xoev.de/transport/xta/211"
_WSDL = Path(__file__).with_name("schema") / "xta211.wsdl"


@dataclass(frozen=True)
class Anfrage:
    """A request ready for the wire: the envelope and the WS-Addressing action."""

    umschlag: bytes
    aktion: str


def pruefe_konto(url: str, ich: Partei) -> Anfrage:
    """checkAccountActive: an empty answer is the good one."""
    return _baue("Verwaltung", "checkAccountActive", url, _autor(ich))


def neue_kennung(url: str, ich: Partei) -> Anfrage:
    """createMessageId."""
    return _baue("Verwaltung", "createMessageId", url, _autor(ich))


def bericht(url: str, ich: Partei, nachricht_id: str) -> Anfrage:
    """getTransportReport."""
    return _baue("Verwaltung", "getTransportReport", url, _autor(ich), nachricht_id)


def liste(url: str, ich: Partei, hoechstens: int, *, neue: bool | None = None, ab: datetime | None = None) -> Anfrage:
    """getStatusList. ``neue`` None leaves newEntry out; ``ab`` asks for what was delivered from then on."""
    auswahl = {"newEntry": neue, "MsgBoxEntryTimeFrom": ab}
    auswahl = {name: wert for name, wert in auswahl.items() if wert is not None}
    felder: dict[str, Any] = {"maxListItems": hoechstens, "ListForm": "MessageMetaData"}
    if auswahl:
        felder["MsgSelector"] = auswahl
    return _baue("Postfach", "getStatusList", url, _autor(ich), **felder)


def hole(url: str, ich: Partei, nachricht_id: str) -> Anfrage:
    """getMessage, by its id."""
    return _baue("Postfach", "getMessage", url, _autor(ich), MsgSelector={"MessageID": [nachricht_id]})


def schliesse(url: str, ich: Partei, ids: Sequence[str], anfrage_id: str) -> Anfrage:
    """close; ``anfrage_id`` is the MsgBoxRequestID of the answer that named the messages."""
    return _baue("Postfach", "close", url, _autor(ich), MsgBoxRequestID=anfrage_id, LastMsgReceived=list(ids))


def sende(url: str, metadaten: Metadaten, teile: Sequence[Inhaltsteil]) -> Anfrage:
    """sendMessage; the first of ``teile`` is the Message, each names its MIME part in ``cid``."""
    behaelter: dict[str, Any] = {"Message": _teil(teile[0])}
    if len(teile) > 1:
        behaelter["Attachment"] = [_teil(teil) for teil in teile[1:]]
    kopf = {"MessageMetaData": _metadaten(metadaten)}
    return _baue("Versand", "sendMessage", url, kopf, ContentContainer=behaelter)


class _NurEigeneDateien(Transport):
    """zeep may read the schemas of this package and nothing else."""

    def _load_remote_data(self, url: str) -> bytes:
        raise OSError(f"the XTA schemas are read offline, not from {url}")


@cache
def _client() -> Any:
    return zeep.Client(str(_WSDL), transport=_NurEigeneDateien())  # type: ignore[no-untyped-call]


def _baue(port: str, vorgang: str, url: str, kopf: dict[str, Any], *werte: Any, **felder: Any) -> Anfrage:
    dienst = _client().create_service(f"{{{XTA}}}{port}", url)
    umschlag = _client().create_message(dienst, vorgang, *werte, _soapheaders=kopf, **felder)
    soapkopf = umschlag.find(f"{{{SOAP}}}Header")
    aktion, kennung, an = (soapkopf.find(f"{{{WSA}}}{name}") for name in ("Action", "MessageID", "To"))
    an.text = url
    antwort_an = etree.Element(f"{{{WSA}}}ReplyTo")
    etree.SubElement(antwort_an, f"{{{WSA}}}Address").text = f"{WSA}/anonymous"
    soapkopf[:] = [
        aktion,
        kennung,
        an,
        antwort_an,
        *(glied for glied in soapkopf if glied not in (aktion, kennung, an)),
    ]
    return Anfrage(etree.tostring(umschlag, encoding="UTF-8"), str(aktion.text))


def _autor(ich: Partei) -> dict[str, Any]:
    return {"Author": _partei(ich)}


def _partei(partei: Partei) -> dict[str, Any]:
    angaben = {"_value_1": partei.kennung, "type": partei.typ, "category": partei.kategorie, "name": partei.name}
    return {"Identifier": {schluessel: wert for schluessel, wert in angaben.items() if wert}}


def _metadaten(metadaten: Metadaten) -> dict[str, Any]:
    return {
        "DeliveryAttributes": {"Origin": metadaten.erstellt},
        "Originators": {"Author": _partei(metadaten.autor)},
        "Destinations": {"Reader": _partei(metadaten.leser)},
        "MsgIdentification": {"MessageID": metadaten.nachricht_id},
        "Qualifier": _merkmale(metadaten),
        "MsgSize": metadaten.groesse or None,
        "TestMsg": metadaten.test,
    }


def _merkmale(metadaten: Metadaten) -> dict[str, Any]:
    szenario = metadaten.szenario
    typ = _listenwert(metadaten.nachrichtentyp) | {"payloadSchema": metadaten.payload_schema}
    return {
        "Subject": metadaten.betreff or None,
        "Service": metadaten.dienst,
        "BusinessScenario": {"Defined": _listenwert(szenario)} if szenario.liste else {"Undefined": szenario.code},
        "MessageType": typ,
    }


def _listenwert(wert: Listenwert) -> dict[str, str]:
    return {"code": wert.code, "listURI": wert.liste, "listVersionID": wert.version}


def _teil(teil: Inhaltsteil) -> dict[str, Any]:
    angaben: dict[str, Any] = {
        "contentType": teil.medientyp,
        "contentDescription": teil.beschreibung,
        "encoding": teil.kodierung,
        "filename": teil.dateiname,
        "id": teil.kennung,
        "lang": teil.sprache,
        "size": teil.groesse,  # an empty part must not state its size, 0 is no valid value
    }
    angaben = {name: wert for name, wert in angaben.items() if wert}
    return angaben | {"Include": {"href": f"cid:{quote(teil.cid[0], safe='@')}"}}
