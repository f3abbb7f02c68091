"""Namespaces, ports and operations of the XTA web service 2.1.1 as the simulator offers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
WSA: Final = "http://www.w3.org/2005/08/addressing"
XTA: Final = "http://xoev.de/transport/xta/211"
OSCIMETA: Final = "http://www.osci.eu/ws/2014/10/transport"
OSCI: Final = "http://www.osci.eu/ws/2008/05/transport"
XOP: Final = "http://www.w3.org/2004/08/xop/include"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XML: Final = "http://www.w3.org/XML/1998/namespace"
ANONYM: Final = f"{WSA}/anonymous"
WSA_FEHLER: Final = f"{WSA}/fault"

PFADE: Final = {
    "management": "/services/XTAService/ManagementPort",
    "send": "/services/XTAService/SendXtaPort",
    "msgbox": "/services/XTAService/MsgBoxPort",
}
_X: Final = "http://www.xta.de/XTA/"
_T: Final = f"{OSCI}/urn/messageTypes/"


@dataclass(frozen=True)
class Vorgang:
    """An operation: its name, the port that offers it and the action of request, answer and XTA faults."""

    name: str
    port: str
    action: str


VORGAENGE: Final = {
    vorgang.action: vorgang
    for vorgang in (
        Vorgang("checkAccountActive", "management", _X + "CheckAccountActive"),
        Vorgang("createMessageId", "management", _X + "CreateMessageID"),
        Vorgang("lookupService", "management", _X + "IsServiceAvailable"),
        Vorgang("getTransportReport", "management", _X + "GetTransportReport"),
        Vorgang("cancelMessage", "management", _X + "CancelMessage"),
        Vorgang("sendMessage", "send", _X + "SendMessage"),
        Vorgang("sendMessageSync", "send", _X + "SendMessageSync"),
        Vorgang("getStatusList", "msgbox", _T + "MsgBoxStatusListRequest"),
        Vorgang("getNextStatusList", "msgbox", _T + "MsgBoxGetNextListRequest"),
        Vorgang("getMessage", "msgbox", _T + "MsgBoxFetchRequest"),
        Vorgang("getNextMessage", "msgbox", _T + "MsgBoxGetNextMsgRequest"),
        Vorgang("close", "msgbox", _T + "MsgBoxCloseRequest"),
    )
}


def q(raum: str, name: str) -> str:
    """``{namespace}name`` as lxml writes it."""
    return f"{{{raum}}}{name}"
