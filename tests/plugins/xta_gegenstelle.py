"""A client of the simulator for tests, written without any code of the plugin: httpx, lxml, and the mail parser."""

from __future__ import annotations

import email.parser
import email.policy
import ssl
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape, quoteattr

import httpx
from lxml import etree

LESER = "wbs:130030000000"
KONTEN = {
    "konten": {
        "leser": {"kennungen": [LESER, "wgb:130030000000"]},
        "nachbar": {"kennungen": ["wbs:130040000000"]},
        "portal": {"kennungen": ["gae:portal"]},
        "gesperrt": {"kennungen": ["wbs:130050000000"], "gesperrt": True},
        "vergessen": {"kennungen": ["wbs:130060000000"]},
    }
}

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "w": "http://www.w3.org/2005/08/addressing",
    "x": "http://xoev.de/transport/xta/211",
    "m": "http://www.osci.eu/ws/2014/10/transport",
    "o": "http://www.osci.eu/ws/2008/05/transport",
    "i": "http://www.w3.org/2004/08/xop/include",
}
X = "http://www.xta.de/XTA/"
T = "http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/"
ACTIONS = {
    "checkAccountActive": ("management", X + "CheckAccountActive"),
    "createMessageId": ("management", X + "CreateMessageID"),
    "lookupService": ("management", X + "IsServiceAvailable"),
    "getTransportReport": ("management", X + "GetTransportReport"),
    "cancelMessage": ("management", X + "CancelMessage"),
    "sendMessage": ("send", X + "SendMessage"),
    "sendMessageSync": ("send", X + "SendMessageSync"),
    "getStatusList": ("msgbox", T + "MsgBoxStatusListRequest"),
    "getNextStatusList": ("msgbox", T + "MsgBoxGetNextListRequest"),
    "getMessage": ("msgbox", T + "MsgBoxFetchRequest"),
    "getNextMessage": ("msgbox", T + "MsgBoxGetNextMsgRequest"),
    "close": ("msgbox", T + "MsgBoxCloseRequest"),
}


@dataclass
class Antwort:
    """An answer: HTTP status and header, the envelope as bytes and tree, MIME parts by Content-ID."""

    status: int
    kopfzeilen: httpx.Headers
    umschlag: bytes
    teile: dict[str, bytes] = field(default_factory=dict)

    @property
    def wurzel(self) -> Any:
        return etree.fromstring(self.umschlag)

    def finde(self, pfad: str) -> Any:
        """The one element at an XPath with the prefixes above, or a failure."""
        (element,) = self.alle(pfad)
        return element

    def alle(self, pfad: str) -> list[Any]:
        return list(self.wurzel.xpath(pfad, namespaces=NS))

    @property
    def fehlernummer(self) -> str:
        """The XTA error number, or empty."""
        return "".join(self.wurzel.xpath("string(//s:Fault/s:Detail/*/x:errorCode/code)", namespaces=NS))

    def inhalte(self) -> list[bytes]:
        """The content of Message and Attachments, resolved through xop:Include."""
        verweise = self.alle("//x:Message/i:Include/@href | //x:Attachment/i:Include/@href")
        return [self.teile[unquote(verweis.removeprefix("cid:"))] for verweis in verweise]


def tls(zugang: Any, *, mit_zertifikat: bool = True) -> ssl.SSLContext:
    kontext = ssl.create_default_context(cafile=zugang.ca)
    if mit_zertifikat:
        kontext.load_cert_chain(zugang.zertifikat, zugang.privatschluessel)
    return kontext


class Gegenstelle:
    """One account's client. `kennung` goes into the Author header; `anfragen` keeps every envelope sent."""

    def __init__(self, simulator: Any, konto: str, kennung: str = "*") -> None:
        self.urls: dict[str, str] = simulator.urls
        self.kennung = kennung
        self.anfragen: list[bytes] = []
        self.client = httpx.Client(verify=tls(simulator.zugang(konto)), timeout=30, trust_env=False)

    def __enter__(self) -> Gegenstelle:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def rufe(
        self,
        vorgang: str,
        rumpf: str = "",
        *,
        kopf: str | None = None,
        teile: Sequence[tuple[str, bytes]] = (),
        einfach: bool = False,
        zitiert: bool = False,
        gestueckelt: bool = False,
        wsa: str | None = None,
        port: str = "",
    ) -> Antwort:
        """Call an operation. `einfach` sends no multipart, `zitiert` quotes SOAPAction."""
        eigener_port, action = ACTIONS[vorgang]
        umschlag = self.umschlag(action, rumpf, kopf, wsa)
        self.anfragen.append(umschlag)
        content_type, koerper = plain(umschlag, action) if einfach else mehrteilig(umschlag, action, teile)
        kopfzeilen = {"Content-Type": content_type, "SOAPAction": f'"{action}"' if zitiert else action}
        inhalt: bytes | Iterator[bytes] = iter([koerper[:100], koerper[100:]]) if gestueckelt else koerper
        antwort = self.client.post(self.urls[port or eigener_port], content=inhalt, headers=kopfzeilen)
        return lies_antwort(antwort)

    def umschlag(self, action: str, rumpf: str, kopf: str | None = None, wsa: str | None = None) -> bytes:
        if kopf is None:
            kopf = f'<m:Author><m:Identifier type="xoev">{escape(self.kennung)}</m:Identifier></m:Author>'
        if wsa is None:
            wsa = f"<w:Action>{action}</w:Action><w:MessageID>urn:uuid:{uuid.uuid4()}</w:MessageID>"
            wsa += "".join(f"<w:To>{self.urls[port]}</w:To>" for port, eine in ACTIONS.values() if eine == action)
        raeume = " ".join(f'xmlns:{praefix}="{raum}"' for praefix, raum in NS.items())
        return f"<s:Envelope {raeume}><s:Header>{wsa}{kopf}</s:Header><s:Body>{rumpf}</s:Body></s:Envelope>".encode()

    def neue_id(self) -> str:
        antwort = self.rufe("createMessageId")
        assert antwort.status == 200, antwort.umschlag
        return str(antwort.finde("/s:Envelope/s:Body/w:MessageID").text)

    def sende(
        self,
        inhalte: Sequence[bytes] = (b"<nachricht/>",),
        *,
        kennung: str = "",
        autor: str = "gae:portal",
        leser: str = "wbs:130030000000",
        test: str | None = "true",
        attribute: str = "",
        zusatz: str = "",
        dienst: str = "urn:test:dienst",
        vorgang: str = "sendMessage",
        **weiteres: Any,
    ) -> tuple[str, Antwort]:
        """createMessageId (unless given) and sendMessage with MTOM parts."""
        kennung = kennung or self.neue_id()
        teile = [(f"teil-{nummer}@test", inhalt) for nummer, inhalt in enumerate(inhalte)]
        verweise = [f'<i:Include href="cid:{cid}"/>' for cid, _ in teile]
        rumpf = behaelter(verweise, attribute)
        kopf = metadaten(kennung, autor, leser, test, zusatz).replace("urn:test:dienst", dienst)
        return kennung, self.rufe(vorgang, rumpf, kopf=kopf, teile=teile, **weiteres)

    def liste(self, hoechstens: int | None = None, selektor: str = "", form: str = "MessageMetaData") -> Antwort:
        anzahl = "" if hoechstens is None else f' maxListItems="{hoechstens}"'
        return self.rufe(
            "getStatusList",
            f'<o:MsgBoxStatusListRequest{anzahl} ListForm="{form}">{selektor}</o:MsgBoxStatusListRequest>',
        )

    def ids(self, **auswahl: Any) -> list[str]:
        """The ids in the mailbox list."""
        return [element.text for element in self.liste(**auswahl).alle("//m:MsgIdentification/w:MessageID")]

    def hole(self, kennung: str) -> Antwort:
        selektor = f"<o:MsgSelector><w:MessageID>{kennung}</w:MessageID></o:MsgSelector>"
        return self.rufe("getMessage", f"<o:MsgBoxFetchRequest>{selektor}</o:MsgBoxFetchRequest>")

    def schliesse(self, *kennungen: str, abfrage: str = "1") -> Antwort:
        ids = "".join(f"<o:LastMsgReceived>{kennung}</o:LastMsgReceived>" for kennung in kennungen)
        rumpf = f'<o:MsgBoxCloseRequest MsgBoxRequestID="{abfrage}">{ids}</o:MsgBoxCloseRequest>'
        return self.rufe("close", rumpf)

    def weiter(self, vorgang: str, abfrage: str, *kennungen: str) -> Antwort:
        """getNextStatusList or getNextMessage in the request `abfrage`, acknowledging `kennungen`."""
        ids = "".join(f"<o:LastMsgReceived>{kennung}</o:LastMsgReceived>" for kennung in kennungen)
        return self.rufe(vorgang, f'<o:MsgBoxGetNextRequest MsgBoxRequestID="{abfrage}">{ids}</o:MsgBoxGetNextRequest>')

    def storniere(self, kennung: str) -> Antwort:
        return self.rufe("cancelMessage", f"<w:MessageID>{kennung}</w:MessageID>")

    def bericht(self, kennung: str) -> Antwort:
        return self.rufe("getTransportReport", f"<w:MessageID>{kennung}</w:MessageID>")


def behaelter(inhalte: Iterable[str], attribute: str = "") -> str:
    namen = ["Message"]
    elemente = []
    for nummer, inhalt in enumerate(inhalte):
        name = namen[0] if nummer == 0 else "Attachment"
        elemente.append(f'<x:{name} contentType="text/xml" filename="datei {nummer}"{attribute}>{inhalt}</x:{name}>')
    container = f"<x:ContentContainer>{''.join(elemente)}</x:ContentContainer>"
    return f"<x:GenericContentContainer>{container}</x:GenericContentContainer>"


def metadaten(kennung: str, autor: str, leser: str, test: str | None = "true", zusatz: str = "") -> str:
    """A valid MessageMetaData header; `zusatz` goes into DeliveryAttributes behind Origin."""
    testkennzeichen = "" if test is None else f" TestMsg={quoteattr(test)}"
    return (
        f"<m:MessageMetaData{testkennzeichen}><m:DeliveryAttributes><m:Origin>2026-01-02T03:04:05Z</m:Origin>{zusatz}"
        f'</m:DeliveryAttributes><m:Originators><m:Author><m:Identifier type="xoev">{autor}</m:Identifier></m:Author>'
        f'</m:Originators><m:Destinations><m:Reader><m:Identifier type="xoev">{leser}</m:Identifier></m:Reader>'
        f"</m:Destinations><m:MsgIdentification><w:MessageID>{kennung}</w:MessageID></m:MsgIdentification>"
        "<m:Qualifier><m:Subject>Prüfung</m:Subject><m:Service>urn:test:dienst</m:Service><m:BusinessScenario>"
        '<m:Defined listURI="urn:test:szenario" listVersionID="1"><code>TEST</code></m:Defined></m:BusinessScenario>'
        '<m:MessageType listURI="urn:test:typ" listVersionID="1" payloadSchema="urn:test:schema"><code>a.b.1</code>'
        "</m:MessageType></m:Qualifier></m:MessageMetaData>"
    )


def plain(umschlag: bytes, action: str) -> tuple[str, bytes]:
    return f'application/soap+xml; charset=utf-8; action="{action}"', umschlag


def mehrteilig(umschlag: bytes, action: str, teile: Sequence[tuple[str, bytes]]) -> tuple[str, bytes]:
    """A multipart body as CXF sends it."""
    grenze = f"uuid:{uuid.uuid4()}"
    wurzeltyp = f'application/xop+xml; charset=UTF-8; type="application/soap+xml; action=\\"{action}\\""'
    stuecke = []
    for kennung, typ, inhalt in [
        ("wurzel@test", wurzeltyp, umschlag),
        *((kennung, "application/octet-stream", inhalt) for kennung, inhalt in teile),
    ]:
        kopf = f"--{grenze}\r\nContent-Type: {typ}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{kennung}>\r\n"
        stuecke.append(kopf.encode() + b"\r\n" + inhalt + b"\r\n")
    content_type = (
        f'multipart/related; type="application/xop+xml"; boundary="{grenze}"; start="<wurzel@test>"; '
        f'start-info="application/soap+xml; action=\\"{action}\\""'
    )
    return content_type, b"".join(stuecke) + f"--{grenze}--\r\n".encode()


def lies_antwort(antwort: httpx.Response) -> Antwort:
    """Take a multipart answer apart with the mail parser of the standard library."""
    content_type = antwort.headers.get("content-type", "")
    if not content_type.startswith("multipart/"):
        return Antwort(antwort.status_code, antwort.headers, antwort.content)
    nachricht = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {content_type}\r\n\r\n".encode() + antwort.content
    )
    assert not nachricht.defects, nachricht.defects
    teile = {teil["Content-ID"].strip("<>"): teil.get_payload(decode=True) for teil in nachricht.iter_parts()}
    wurzel = teile.pop(nachricht.get_param("start").strip("<>"))
    return Antwort(antwort.status_code, antwort.headers, wurzel, teile)
