"""SOAP answers of the mailbox: lists, reports, lookups, faults; every one is read, or is an ``AntwortFehler``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from geruest import KANARIE, Ziel

from fachwerk.errors import StepError
from fachwerk_generic_xta.codec211 import antworten
from fachwerk_generic_xta.fehler import AntwortFehler, deute
from fachwerk_generic_xta.soap import Umschlag, lies_umschlag

LESARTEN: tuple[Callable[[Umschlag], Any], ...] = (
    antworten.nachricht_id,
    antworten.dienstauskunft,
    antworten.status_liste,
    antworten.umschlagsinhalt,
    antworten.transport_bericht,
)
KENNUNG = "urn:de:xta:messageid:portal:1"


def lauf(daten: bytes) -> None:
    """One envelope, read as every answer there is."""
    umschlag = lies_umschlag(daten, {"teil@x": b"inhalt"})
    for lesart in LESARTEN:
        try:
            wert = lesart(umschlag)
        except AntwortFehler as fehler:
            assert KANARIE not in f"{fehler} {fehler.details}"
            continue
        if lesart is antworten.status_liste:
            assert all(0 < len(eintrag.nachricht_id) <= antworten.MAX_KENNUNG for eintrag in wert.eintraege)
    gemeldet = antworten.fault(umschlag)
    if gemeldet is not None:
        for senden in (True, False):
            fehler_ = deute(gemeldet, senden=senden)
            assert isinstance(fehler_, StepError)
            assert gemeldet.grund not in str(fehler_) or KANARIE not in gemeldet.grund


def umschlag(koerper: str, kopf: str = "") -> str:
    """An envelope as a mailbox writes it."""
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" '
        'xmlns:x="http://xoev.de/transport/xta/211" xmlns:m="http://www.osci.eu/ws/2014/10/transport" '
        'xmlns:o="http://www.osci.eu/ws/2008/05/transport" xmlns:i="http://www.w3.org/2004/08/xop/include" '
        f'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><s:Header>{kopf}</s:Header><s:Body>{koerper}</s:Body>'
        "</s:Envelope>"
    )


def metadaten(kennung: str = KENNUNG) -> str:
    """The head of a message with everything a sender may state."""
    return (
        f"<m:MessageMetaData TestMsg='true'><m:DeliveryAttributes><m:Origin>2026-03-02T08:00:00Z</m:Origin>"
        "<m:ObsoleteAfter>2026-04-01</m:ObsoleteAfter><m:Delivery>2026-03-02T08:00:00+01:00</m:Delivery>"
        "<m:ReceiptRequests><m:Delivery/><m:ReceiptTo><a:Address>x</a:Address></m:ReceiptTo></m:ReceiptRequests>"
        f"</m:DeliveryAttributes><m:Originators><m:Author><m:Identifier type='xoev' name='{KANARIE}'>gae:portal"
        "</m:Identifier></m:Author></m:Originators><m:Destinations><m:Reader><m:Identifier>wbs:1</m:Identifier>"
        "</m:Reader><m:OtherDestinations><m:OtherReaders>y</m:OtherReaders></m:OtherDestinations></m:Destinations>"
        f"<m:MsgIdentification><a:MessageID>{kennung}</a:MessageID><m:In-Reply-To>urn:2</m:In-Reply-To>"
        "<m:ProcessRef><m:Requester ProccesName='n'>AZ 1</m:Requester></m:ProcessRef></m:MsgIdentification>"
        f"<m:Qualifier><m:Subject>{KANARIE}</m:Subject><m:Service>urn:d</m:Service><m:BusinessScenario>"
        "<m:Defined listURI='u' listVersionID='3'><code>FIM</code></m:Defined></m:BusinessScenario>"
        "<m:MessageType payloadSchema='p'><code>v.1</code></m:MessageType></m:Qualifier><m:MessageProperties>"
        "<m:Property><m:Key><code>k</code></m:Key><m:Value>w</m:Value></m:Property></m:MessageProperties>"
        "<m:MsgSize>17</m:MsgSize></m:MessageMetaData>"
    )


def saat() -> Iterator[bytes]:
    anfrage = '<o:MsgBoxResponse MsgBoxRequestID="urn:r"><o:ItemsPending>2</o:ItemsPending></o:MsgBoxResponse>'
    leer = '<o:MsgBoxResponse MsgBoxRequestID="r"><o:NoMessageAvailable reason="NoMatch"/></o:MsgBoxResponse>'
    kurz = (
        "<o:MsgAttributes><a:MessageID>urn:3</a:MessageID><o:MsgSize>7</o:MsgSize><a:RelatesTo>urn:1</a:RelatesTo>"
        "<o:DeliveryTime>2026-03-02T08:00:00Z</o:DeliveryTime></o:MsgAttributes>"
    )
    yield umschlag(f"<o:MsgStatusList>{metadaten()}{kurz}</o:MsgStatusList>", anfrage).encode()
    yield umschlag("", leer).encode()
    yield umschlag(f"<a:MessageID>{KENNUNG}</a:MessageID>").encode()
    nummer = f"<x:errorCode><code>9100</code><name>{KANARIE}</name></x:errorCode>"
    detail = f"<x:CancelDeniedException>{nummer}</x:CancelDeniedException>"
    kern = f"<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>{KANARIE}</s:Text></s:Reason>"
    yield umschlag(f"<s:Fault>{kern}<s:Detail>{detail}</s:Detail></s:Fault>").encode()
    yield umschlag(
        f"<x:TransportReport>{metadaten()}<x:ReportTime>2026-03-02T09:00:00Z</x:ReportTime><x:XTAServerIdentity>srv"
        "</x:XTAServerIdentity><x:MessageStatus><x:Status>2</x:Status><x:WarnList><x:Warning><x:Timestamp>"
        f"2026-03-02T09:00:00Z</x:Timestamp><x:Code><code>W1</code></x:Code><x:Reason>{KANARIE}</x:Reason></x:Warning>"
        "</x:WarnList></x:MessageStatus><x:AdditionalReports><x:Report><x:Key><code>k</code></x:Key><x:Data>QUJD"
        "</x:Data></x:Report><x:Report><x:Data><i:Include href='cid:teil%40x'/></x:Data></x:Report>"
        "</x:AdditionalReports></x:TransportReport>"
    ).encode()
    yield umschlag(
        "<x:LookupServiceResponse><x:LookupServiceResultList><x:LookupServiceResult><m:Reader><m:Identifier>wbs:1"
        "</m:Identifier></m:Reader><x:ServiceType>urn:d</x:ServiceType><x:IsServiceAvailableValue><x:ServiceIsAvailable>"
        "true</x:ServiceIsAvailable></x:IsServiceAvailableValue><x:ServiceParameter><x:ParameterType><code>p</code>"
        "</x:ParameterType><x:Resource>QQ==</x:Resource></x:ServiceParameter></x:LookupServiceResult>"
        "</x:LookupServiceResultList></x:LookupServiceResponse>"
    ).encode()
    inhalt = '<x:Message contentType="application/xml" filename="a.xml" size="3">QUJD</x:Message>'
    verweis = '<x:Attachment contentType="application/pdf"><i:Include href="cid:teil@x"/></x:Attachment>'
    behaelter = "<x:GenericContentContainer><x:ContentContainer>{}</x:ContentContainer></x:GenericContentContainer>"
    yield umschlag(behaelter.format(inhalt + verweis), metadaten() + anfrage).encode()
    lang = "QUJD" * 20_000
    yield ("<?xml version='1.0' encoding='utf-16'?>" + umschlag(behaelter.format(inhalt))).encode("utf-16")
    yield umschlag(behaelter.format(inhalt.replace("QUJD", lang[:12_000]))).encode()
    yield umschlag("<x:GenericContentContainer><e:EncryptedData/></x:GenericContentContainer>").encode()


ZIEL = Ziel(
    name="umschlag",
    was="SOAP answers of generic_xta: envelopes, lists, faults, transport reports",
    lauf=lauf,
    saat=saat,
    pakete=("fachwerk_generic_xta", "fachwerk.xml", "fachwerk.xml_strom"),
    erlaubt=(AntwortFehler,),
    woerter=(
        b"<i:Include href='cid:teil@x'/>", b"href='cid:%ff'", b"href='cid:'", b"<!-- -->", b"<?x y?>",
        b"<code>9010</code>", b"<x:Status>", b"<s:Fault>", b"</s:Fault>", b"<o:MsgStatusList>", b"xmlns='u'", b"&#xa;",
        b"=", b"QUJD", b"99999999999999999999", b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00+14:00",
        b"encoding='utf-16be'", b"<e:EncryptedData/>",
    ),
)  # fmt: skip
