"""Reads answer envelopes of XTA 2.1.1 into the values of ``nachricht``. Pure: bytes in, values out.

Three different elements are called ``wsa:MessageID``; every path here therefore starts at the envelope and names
each step. What a server may leave out is None or empty; what it must not leave out raises :class:`AntwortFehler`.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fachwerk.xml import Grenzen, XmlDokument, XmlFehler, lies, zeitpunkt
from fachwerk_generic_xta.fehler import AntwortFehler
from fachwerk_generic_xta.mehrteilig import MehrteiligFehler, cid_ziel
from fachwerk_generic_xta.nachricht import (
    Inhaltsteil,
    Listenwert,
    Metadaten,
    Partei,
    Protokolleintrag,
    StatusListe,
    TransportBericht,
    Umschlagsinhalt,
    XtaFault,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "x": "http://xoev.de/transport/xta/211",
    "m": "http://www.osci.eu/ws/2014/10/transport",
    "o": "http://www.osci.eu/ws/2008/05/transport",
    "i": "http://www.w3.org/2004/08/xop/include",
    "e": "http://www.w3.org/2001/04/xmlenc#",
}
MAX_KENNUNG = 300
"""XTA allows 100 characters; a longer id than this could not be told apart in our table."""

_LEERRAUM = re.compile(rb"\s|&#(?:9|10|13|x0*[9aAdD]);")


@dataclass(frozen=True)
class Umschlag:
    """A SOAP envelope: its bytes and what was read of them."""

    daten: bytes
    dokument: XmlDokument

    @property
    def wurzel(self) -> _Element:
        """The Envelope element."""
        return self.dokument.wurzel

    def finde(self, pfad: str) -> _Element | None:
        """First element at ``pfad`` below the envelope."""
        return self.wurzel.find(pfad, NS)


def lies_umschlag(daten: bytes) -> Umschlag:
    """Parse an envelope; refuses DOCTYPE, what is no SOAP 1.2, and anything beyond the limits of ``fachwerk.xml``."""
    try:
        dokument = lies(io.BytesIO(daten), Grenzen(bytes=len(daten), tiefe=100))
    except XmlFehler as fehler:
        raise AntwortFehler(fehler.code) from None
    if dokument.wurzel.tag != f"{{{NS['s']}}}Envelope":
        raise AntwortFehler("kein_soap")
    return Umschlag(daten, dokument)


def fault(umschlag: Umschlag) -> XtaFault | None:
    """The fault of an answer, None if it has none."""
    gefunden = umschlag.finde("s:Body/s:Fault")
    if gefunden is None:
        return None
    soap_code = _text(gefunden, "s:Code/s:Value").rpartition(":")[2]
    grund = _text(gefunden, "s:Reason/s:Text")
    for detail in gefunden.iterfind("s:Detail/*", NS):
        nummer = detail.find("x:errorCode", NS)
        ausnahme = _lokal(detail)
        if nummer is not None:
            return XtaFault(soap_code, ausnahme, _text(nummer, "code"), _text(nummer, "name"), grund)
        if ausnahme.endswith("Exception"):
            return XtaFault(soap_code, ausnahme, grund=grund)
    return XtaFault(soap_code, grund=grund)


def nachricht_id(umschlag: Umschlag) -> str:
    """The id in the body of a createMessageId answer."""
    kennung = _text(umschlag.wurzel, "s:Body/a:MessageID")
    if not 0 < len(kennung) <= MAX_KENNUNG:
        raise AntwortFehler("kennung_fehlt")
    return kennung


def status_liste(umschlag: Umschlag) -> StatusListe:
    """One page of the mailbox. An empty mailbox is no error; a missing list without that word is."""
    auskunft = umschlag.finde("s:Header/o:MsgBoxResponse")
    leer = auskunft.find("o:NoMessageAvailable", NS) if auskunft is not None else None
    liste = umschlag.finde("s:Body/o:MsgStatusList")
    if liste is None and leer is None:
        raise AntwortFehler("liste_fehlt")
    alle = [] if liste is None else [_eintrag(glied) for glied in liste]
    lesbar = tuple(eintrag for eintrag in alle if eintrag is not None)
    return StatusListe(
        eintraege=lesbar,
        offen=None if auskunft is None else _ganzzahl(_text(auskunft, "o:ItemsPending")),
        anfrage_id=_anfrage_id(umschlag),
        grund="" if leer is None else leer.get("reason", ""),
        unlesbar=len(alle) - len(lesbar),
    )


def _eintrag(glied: _Element) -> Metadaten | None:
    """An entry in either list form; None without a usable id."""
    if _lokal(glied) == "MsgAttributes":
        eintrag = Metadaten(
            _text(glied, "a:MessageID"),
            Partei(""),
            Partei(""),
            zugestellt=_zeit(glied, "o:DeliveryTime"),
            zuerst_abgeholt=_zeit(glied, "o:InitialFetchedTime"),
            groesse=_ganzzahl(_text(glied, "o:MsgSize")),
        )
    else:
        eintrag = metadaten(glied)
    return eintrag if 0 < len(eintrag.nachricht_id) <= MAX_KENNUNG else None


def metadaten(element: _Element) -> Metadaten:
    """A MessageMetaData element. ``TestMsg`` is a boolean here, whatever its spelling."""
    typ = element.find("m:Qualifier/m:MessageType", NS)
    szenario = element.find("m:Qualifier/m:BusinessScenario/m:Defined", NS)
    undefiniert = Listenwert(_text(element, "m:Qualifier/m:BusinessScenario/m:Undefined"))
    return Metadaten(
        nachricht_id=_text(element, "m:MsgIdentification/a:MessageID"),
        autor=_partei(element.find("m:Originators/m:Author/m:Identifier", NS)),
        leser=_partei(element.find("m:Destinations/m:Reader/m:Identifier", NS)),
        dienst=_text(element, "m:Qualifier/m:Service"),
        szenario=undefiniert if szenario is None else _listenwert(szenario),
        nachrichtentyp=Listenwert() if typ is None else _listenwert(typ),
        payload_schema="" if typ is None else typ.get("payloadSchema", ""),
        betreff=_text(element, "m:Qualifier/m:Subject"),
        test=element.get("TestMsg", "").strip().lower() in {"true", "1"},
        erstellt=_zeit(element, "m:DeliveryAttributes/m:Origin"),
        gesendet=_zeit(element, "m:DeliveryAttributes/m:InitialSend"),
        zugestellt=_zeit(element, "m:DeliveryAttributes/m:Delivery"),
        zuerst_abgeholt=_zeit(element, "m:DeliveryAttributes/m:InitialFetch"),
        groesse=_ganzzahl(_text(element, "m:MsgSize")),
    )


def umschlagsinhalt(umschlag: Umschlag) -> Umschlagsinhalt:
    """What a getMessage answer announces: head, and the parts with where their content is."""
    behaelter = umschlag.finde("s:Body/x:GenericContentContainer")
    if behaelter is None:
        raise AntwortFehler("inhalt_fehlt")
    kopf = umschlag.finde("s:Header/m:MessageMetaData")
    angaben = None if kopf is None else metadaten(kopf)
    verweise = tuple(_cid(glied) for glied in umschlag.wurzel.iter(f"{{{NS['i']}}}Include"))
    if behaelter.find("e:EncryptedData", NS) is not None:
        return Umschlagsinhalt(angaben, _anfrage_id(umschlag), verschluesselt=True, verweise=verweise)
    inhalt = behaelter.find("x:ContentContainer", NS)
    glieder = [] if inhalt is None else list(inhalt)
    if not glieder or _lokal(glieder[0]) != "Message" or {_lokal(glied) for glied in glieder[1:]} - {"Attachment"}:
        raise AntwortFehler("inhalt_fehlt")
    teile = tuple(_inhaltsteil(umschlag, glied) for glied in glieder)
    return Umschlagsinhalt(angaben, _anfrage_id(umschlag), teile, verweise=verweise)


def _inhaltsteil(umschlag: Umschlag, element: _Element) -> Inhaltsteil:
    einschluss = element.findall("i:Include", NS)
    if len(einschluss) != len(element) or len(einschluss) > 1 or (einschluss and (element.text or "").strip()):
        raise AntwortFehler("inhalt_mehrdeutig")
    return Inhaltsteil(
        ist_nachricht=_lokal(element) == "Message",
        medientyp=element.get("contentType", ""),
        dateiname=element.get("filename", ""),
        beschreibung=element.get("contentDescription", ""),
        kodierung=element.get("encoding", ""),
        kennung=element.get("id", ""),
        sprache=element.get("lang", ""),
        groesse=_ganzzahl(element.get("size", "")),
        cid=_cid(einschluss[0]) if einschluss else (),
        inline="" if einschluss else umschlag.dokument.ausschnitte.get(element, element.text or ""),
    )


def _cid(einschluss: _Element) -> tuple[str, ...]:
    """The Content-IDs a reference may mean: percent-decoded, or as written by servers that encode neither side."""
    href = einschluss.get("href", "").strip()
    try:
        return tuple(dict.fromkeys((cid_ziel(href), href[4:])))
    except MehrteiligFehler as fehler:
        raise AntwortFehler(fehler.code) from None


def inline_strom(umschlag: Umschlag, teil: Inhaltsteil) -> Iterator[bytes]:
    """The content of a part that stands as base64 inside the envelope."""
    if isinstance(teil.inline, str):
        kodiert = teil.inline.encode("ascii", errors="replace")
    else:
        von, bis = teil.inline
        kodiert = umschlag.daten[von:bis]
        if umschlag.dokument.zeichensatz.startswith("utf-16"):
            kodiert = kodiert.decode(umschlag.dokument.zeichensatz).encode("ascii", errors="replace")
    return _base64_strom(_LEERRAUM.sub(b"", kodiert))


def _base64_strom(kodiert: bytes) -> Iterator[bytes]:
    if len(kodiert) % 4 or b"=" in kodiert[:-2]:
        raise AntwortFehler("base64_ungueltig")
    for ab in range(0, len(kodiert), 1 << 20):
        try:
            yield base64.b64decode(kodiert[ab : ab + (1 << 20)], validate=True)
        except binascii.Error:
            raise AntwortFehler("base64_ungueltig") from None


def transport_bericht(umschlag: Umschlag) -> TransportBericht:
    """A getTransportReport answer."""
    bericht = umschlag.finde("s:Body/x:TransportReport")
    kopf = None if bericht is None else bericht.find("m:MessageMetaData", NS)
    if bericht is None or kopf is None:
        raise AntwortFehler("bericht_fehlt")
    status = _ganzzahl(_text(bericht, "x:MessageStatus/x:Status"))
    if status is None:
        raise AntwortFehler("status_fehlt")
    eintraege = tuple(
        Protokolleintrag(
            _lokal(eintrag).lower(),
            _zeit(eintrag, "x:Timestamp"),
            _text(eintrag, "x:Code/code"),
            _text(eintrag, "x:Reason"),
        )
        for pfad in ("ErrorList/x:Error", "WarnList/x:Warning", "InfoList/x:Info")
        for eintrag in bericht.iterfind(f"x:MessageStatus/x:{pfad}", NS)
    )
    zeit, server = _zeit(bericht, "x:ReportTime"), _text(bericht, "x:XTAServerIdentity")
    return TransportBericht(metadaten(kopf), zeit, server, status, eintraege)


def _anfrage_id(umschlag: Umschlag) -> str:
    auskunft = umschlag.finde("s:Header/o:MsgBoxResponse")
    return "" if auskunft is None else auskunft.get("MsgBoxRequestID", "").strip()


def _partei(kennung: _Element | None) -> Partei:
    if kennung is None:
        return Partei("", "")
    wert = (kennung.text or "").strip()
    return Partei(wert, kennung.get("type", ""), kennung.get("category", ""), kennung.get("name", ""))


def _listenwert(element: _Element) -> Listenwert:
    return Listenwert(_text(element, "code"), element.get("listURI", ""), element.get("listVersionID", ""))


def _text(element: _Element, pfad: str) -> str:
    return (element.findtext(pfad, "", NS) or "").strip()


def _zeit(element: _Element, pfad: str) -> datetime | None:
    """None also for a time without zone: it is no point in time, and a day is never guessed."""
    try:
        return zeitpunkt(_text(element, pfad))
    except XmlFehler:
        return None


def _ganzzahl(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _lokal(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]
