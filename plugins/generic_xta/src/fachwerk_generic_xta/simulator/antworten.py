"""Builds answers and faults as envelopes. Pure but for the message ids."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from lxml import etree

from fachwerk_generic_xta.simulator.fehler import SoapFehler, XtaFehler
from fachwerk_generic_xta.simulator.metadaten import schreibe_zeit
from fachwerk_generic_xta.simulator.namen import ANONYM, OSCI, OSCIMETA, SOAP, WSA, WSA_FEHLER, XML, XTA, q

_PRAEFIXE: Mapping[str, str] = {"soap": SOAP, "wsa": WSA, "osci": OSCI, "meta": OSCIMETA, "xta": XTA}
_GRUENDE = f"{OSCI}/MsgBox/reasons/"
_FEHLERLISTE = "urn:de:xta:webservice:codeliste:fehlernummer"
_SZENARIO = f"{OSCI}/TypeOfBusinessScenario/unknown"
INT_MAX = 2**31 - 1


@dataclass(frozen=True)
class Antwortteil:
    """Content on its way out: ``datei`` is open and closed by whoever sends, ``element`` is where it belongs."""

    element: etree._Element
    medientyp: str
    datei: BinaryIO
    groesse: int


@dataclass(frozen=True)
class Antwort:
    """Header blocks and body of an answer; ``vermerk`` (ids, sizes) is for the log."""

    kopf: Sequence[etree._Element] = ()
    rumpf: etree._Element | None = None
    teile: Sequence[Antwortteil] = ()
    vermerk: str = ""


@dataclass(frozen=True)
class Listenzeile:
    """What a status list says of a message."""

    id: str
    bezug: Sequence[str]
    groesse: int
    zugestellt: datetime
    metadaten: etree._Element


def umschlag(action: str, bezug: str, kopf: Iterable[etree._Element], rumpf: etree._Element | None) -> etree._Element:
    """An envelope with its WS-Addressing header; ``bezug`` is the wsa:MessageID of the request, if known."""
    wurzel = etree.Element(q(SOAP, "Envelope"), nsmap=_PRAEFIXE)
    header = etree.SubElement(wurzel, q(SOAP, "Header"))
    mit_text(header, q(WSA, "Action"), action)
    mit_text(header, q(WSA, "MessageID"), f"urn:uuid:{uuid.uuid4()}")
    mit_text(header, q(WSA, "To"), ANONYM)
    if bezug:
        mit_text(header, q(WSA, "RelatesTo"), bezug)
    header.extend(list(kopf))
    body = etree.SubElement(wurzel, q(SOAP, "Body"))
    if rumpf is not None:
        body.append(rumpf)
    return wurzel


def xta_fehler(fehler: XtaFehler, action: str, bezug: str) -> etree._Element:
    """The envelope of a fault with an XTA error number."""
    ausnahme = etree.Element(q(XTA, fehler.ausnahme), nsmap=_PRAEFIXE)
    nummer = etree.SubElement(ausnahme, q(XTA, "errorCode"), listURI=_FEHLERLISTE, listVersionID="1.0")
    mit_text(nummer, "code", fehler.nummer)
    mit_text(nummer, "name", fehler.text)
    kode = "Receiver" if fehler.ist_serverfehler else "Sender"
    return umschlag(action, bezug, (), _fault(kode, "", fehler.text, ausnahme))


def soap_fehler(fehler: SoapFehler, bezug: str) -> etree._Element:
    """The envelope of a fault below XTA."""
    einzelheit = None
    if fehler.action:
        einzelheit = etree.Element(q(WSA, "ProblemAction"), nsmap=_PRAEFIXE)
        mit_text(einzelheit, q(WSA, "Action"), fehler.action)
    return umschlag(WSA_FEHLER, bezug, (), _fault(fehler.kode, fehler.unterkode, fehler.text, einzelheit))


def nachrichtenkennung(kennung: str) -> etree._Element:
    """The body of createMessageId's answer."""
    return mit_text(None, q(WSA, "MessageID"), kennung)


def postfachantwort(anfrage_id: str, ausstehend: int | None, grund: str = "NoMatch") -> etree._Element:
    """MsgBoxResponse: how many more match, or (None) why there is nothing."""
    antwort = etree.Element(q(OSCI, "MsgBoxResponse"), MsgBoxRequestID=anfrage_id, nsmap=_PRAEFIXE)
    if ausstehend is None:
        etree.SubElement(antwort, q(OSCI, "NoMessageAvailable"), reason=_GRUENDE + grund)
    else:
        mit_text(antwort, q(OSCI, "ItemsPending"), str(ausstehend))
    return antwort


def liste(zeilen: Iterable[Listenzeile], nur_attribute: bool) -> etree._Element:
    """MsgStatusList in one of its two forms."""
    wurzel = etree.Element(q(OSCI, "MsgStatusList"), nsmap=_PRAEFIXE)
    for zeile in zeilen:
        wurzel.append(_attribute(zeile) if nur_attribute else zeile.metadaten)
    return wurzel


def dienstauskunft(ergebnisse: Iterable[tuple[etree._Element, str, bool | None]]) -> etree._Element:
    """LookupServiceResponse from (Reader element, service, offered; None: unknown)."""
    wurzel = etree.Element(q(XTA, "LookupServiceResponse"), nsmap=_PRAEFIXE)
    folge = etree.SubElement(wurzel, q(XTA, "LookupServiceResultList"))
    for leser, dienst, angeboten in ergebnisse:
        ergebnis = etree.SubElement(folge, q(XTA, "LookupServiceResult"))
        ergebnis.append(leser)
        mit_text(ergebnis, q(XTA, "ServiceType"), dienst)
        wert = etree.SubElement(ergebnis, q(XTA, "IsServiceAvailableValue"))
        if angeboten is None:
            mit_text(wert, q(XTA, "ServiceIsAvailableUnknown"), "true")
        else:
            mit_text(wert, q(XTA, "ServiceIsAvailable"), "true" if angeboten else "false")
    return wurzel


def _attribute(zeile: Listenzeile) -> etree._Element:
    eintrag = etree.Element(q(OSCI, "MsgAttributes"), nsmap=_PRAEFIXE)
    mit_text(eintrag, q(WSA, "MessageID"), zeile.id)
    for bezug in zeile.bezug:
        mit_text(eintrag, q(WSA, "RelatesTo"), bezug)
    szenario = zeile.metadaten.findtext(f".//{q(OSCIMETA, 'Defined')}/code") or _SZENARIO
    mit_text(eintrag, q(OSCI, "TypeOfBusinessScenario"), szenario)
    mit_text(eintrag, q(OSCI, "MsgSize"), str(min(zeile.groesse, INT_MAX)))
    mit_text(eintrag, q(OSCI, "DeliveryTime"), schreibe_zeit(zeile.zugestellt))
    return eintrag


def _fault(kode: str, unterkode: str, text: str, einzelheit: etree._Element | None) -> etree._Element:
    fault = etree.Element(q(SOAP, "Fault"), nsmap=_PRAEFIXE)
    code = etree.SubElement(fault, q(SOAP, "Code"))
    mit_text(code, q(SOAP, "Value"), f"soap:{kode}")
    if unterkode:
        mit_text(etree.SubElement(code, q(SOAP, "Subcode")), q(SOAP, "Value"), f"wsa:{unterkode}")
    grund = etree.SubElement(fault, q(SOAP, "Reason"))
    mit_text(grund, q(SOAP, "Text"), text).set(q(XML, "lang"), "de")
    if einzelheit is not None:
        etree.SubElement(fault, q(SOAP, "Detail")).append(einzelheit)
    return fault


def mit_text(eltern: etree._Element | None, name: str, text: str) -> etree._Element:
    """A new element with text, below ``eltern`` if there is one."""
    element = etree.Element(name, nsmap=_PRAEFIXE) if eltern is None else etree.SubElement(eltern, name)
    element.text = text
    return element
