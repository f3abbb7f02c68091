"""Reads answer envelopes of XTA 2.1.1 into the values of ``nachricht``. Pure: bytes in, values out.

What a server may leave out is None or empty; what it must not leave out raises :class:`AntwortFehler`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fachwerk_generic_xta.codec211.metadaten import (
    NS,
    alle_texte,
    ganzzahl,
    lies,
    lies_partei,
    listenwert,
    tag,
    text,
    zeit,
)
from fachwerk_generic_xta.fehler import AntwortFehler
from fachwerk_generic_xta.nachricht import (
    Dienstauskunft,
    Dienstfrage,
    Dienstparameter,
    Inhaltsteil,
    Listenwert,
    Metadaten,
    Partei,
    Protokolleintrag,
    StatusListe,
    TransportBericht,
    Umschlagsinhalt,
    XtaFault,
    Zusatzbericht,
)
from fachwerk_generic_xta.soap import Umschlag, alle_verweise, einschluss, inline, kleiner_inhalt, verweisziele

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_KENNUNG = 300
"""XTA allows 100 characters; a longer id than this could not be told apart in our table."""


def fault(umschlag: Umschlag) -> XtaFault | None:
    """The fault of an answer, None if it has none."""
    gefunden = umschlag.wurzel.find("s:Body/s:Fault", NS)
    if gefunden is None:
        return None
    soap_code = text(gefunden, "s:Code/s:Value").rpartition(":")[2]
    grund = text(gefunden, "s:Reason/s:Text")
    for detail in gefunden.iterfind("s:Detail/*", NS):
        nummer = detail.find("x:errorCode", NS)
        ausnahme = _lokal(detail)
        if nummer is not None:
            return XtaFault(soap_code, ausnahme, text(nummer, "code"), text(nummer, "name"), grund)
        if ausnahme.endswith("Exception"):
            return XtaFault(soap_code, ausnahme, grund=grund)
    return XtaFault(soap_code, grund=grund)


def nachricht_id(umschlag: Umschlag) -> str:
    """The id in the body of a createMessageId answer."""
    kennung = text(umschlag.wurzel, "s:Body/a:MessageID")
    if not 0 < len(kennung) <= MAX_KENNUNG:
        raise AntwortFehler("kennung_fehlt")
    return kennung


def dienstauskunft(umschlag: Umschlag) -> tuple[Dienstauskunft, ...]:
    """The results of a lookupService answer. A result that is nil says nothing and is left out."""
    liste = umschlag.wurzel.find("s:Body/x:LookupServiceResponse/x:LookupServiceResultList", NS)
    if liste is None:
        raise AntwortFehler("auskunft_fehlt")
    ergebnisse = liste.iterfind("x:LookupServiceResult", NS)
    return tuple(_auskunft(umschlag, ergebnis) for ergebnis in ergebnisse if len(ergebnis))


def _auskunft(umschlag: Umschlag, ergebnis: _Element) -> Dienstauskunft:
    antwort = text(ergebnis, "x:IsServiceAvailableValue/x:ServiceIsAvailable")
    parameter = (
        Dienstparameter(listenwert(art), kleiner_inhalt(umschlag, daten))
        for glied in ergebnis.iterfind("x:ServiceParameter", NS)
        if (art := glied.find("x:ParameterType", NS)) is not None
        and (daten := glied.find("x:Resource", NS)) is not None
    )
    return Dienstauskunft(
        Dienstfrage(lies_partei(ergebnis, "m:Reader") or Partei("", ""), text(ergebnis, "x:ServiceType")),
        {"true": True, "1": True, "false": False, "0": False}.get(antwort),
        tuple(parameter),
    )


def status_liste(umschlag: Umschlag) -> StatusListe:
    """One page of the mailbox. An empty mailbox is no error; a missing list without that word is."""
    auskunft = umschlag.wurzel.find("s:Header/o:MsgBoxResponse", NS)
    leer = auskunft.find("o:NoMessageAvailable", NS) if auskunft is not None else None
    liste = umschlag.wurzel.find("s:Body/o:MsgStatusList", NS)
    if liste is None and leer is None:
        raise AntwortFehler("liste_fehlt")
    alle = [] if liste is None else [_eintrag(glied) for glied in liste]
    lesbar = tuple(eintrag for eintrag in alle if eintrag is not None)
    return StatusListe(
        eintraege=lesbar,
        offen=None if auskunft is None else ganzzahl(text(auskunft, "o:ItemsPending")),
        anfrage_id=_anfrage_id(umschlag),
        grund="" if leer is None else leer.get("reason", ""),
        unlesbar=len(alle) - len(lesbar),
    )


def _eintrag(glied: _Element) -> Metadaten | None:
    """An entry in either list form; None without a usable id."""
    eintrag = _attribute(glied) if _lokal(glied) == "MsgAttributes" else lies(glied)
    return eintrag if 0 < len(eintrag.nachricht_id) <= MAX_KENNUNG else None


def _attribute(glied: _Element) -> Metadaten:
    return Metadaten(
        text(glied, "a:MessageID"),
        Partei(""),
        Partei(""),
        gueltig_bis=tag(glied, "o:ObsoleteAfterDate"),
        zugestellt=zeit(glied, "o:DeliveryTime"),
        zuerst_abgeholt=zeit(glied, "o:InitialFetchedTime"),
        groesse=ganzzahl(text(glied, "o:MsgSize")),
        antwort_auf=alle_texte(glied, "a:RelatesTo"),
    )


def umschlagsinhalt(umschlag: Umschlag) -> Umschlagsinhalt | None:
    """Head and parts with where their content is; None where the mailbox says that there is no message."""
    behaelter = umschlag.wurzel.find("s:Body/x:GenericContentContainer", NS)
    if behaelter is None:
        if umschlag.wurzel.find("s:Header/o:MsgBoxResponse/o:NoMessageAvailable", NS) is not None:
            return None
        raise AntwortFehler("inhalt_fehlt")
    kopf = umschlag.wurzel.find("s:Header/m:MessageMetaData", NS)
    angaben = None if kopf is None else lies(kopf)
    verweise = alle_verweise(umschlag)
    if behaelter.find("e:EncryptedData", NS) is not None:
        return Umschlagsinhalt(angaben, _anfrage_id(umschlag), verschluesselt=True, verweise=verweise)
    inhalt = behaelter.find("x:ContentContainer", NS)
    glieder = [] if inhalt is None else list(inhalt)
    if not glieder or _lokal(glieder[0]) != "Message" or {_lokal(glied) for glied in glieder[1:]} - {"Attachment"}:
        raise AntwortFehler("inhalt_fehlt")
    teile = tuple(_inhaltsteil(umschlag, glied) for glied in glieder)
    return Umschlagsinhalt(angaben, _anfrage_id(umschlag), teile, verweise=verweise)


def _inhaltsteil(umschlag: Umschlag, element: _Element) -> Inhaltsteil:
    bezug = einschluss(element)
    return Inhaltsteil(
        ist_nachricht=_lokal(element) == "Message",
        medientyp=element.get("contentType", ""),
        dateiname=element.get("filename", ""),
        beschreibung=element.get("contentDescription", ""),
        kodierung=element.get("encoding", ""),
        kennung=element.get("id", ""),
        sprache=element.get("lang", ""),
        groesse=ganzzahl(element.get("size", "")),
        cid=() if bezug is None else verweisziele(bezug),
        inline=inline(umschlag, element) if bezug is None else "",
    )


def transport_bericht(umschlag: Umschlag) -> TransportBericht:
    """A getTransportReport answer."""
    bericht = umschlag.wurzel.find("s:Body/x:TransportReport", NS)
    kopf = None if bericht is None else bericht.find("m:MessageMetaData", NS)
    if bericht is None or kopf is None:
        raise AntwortFehler("bericht_fehlt")
    status = ganzzahl(text(bericht, "x:MessageStatus/x:Status"))
    if status is None:
        raise AntwortFehler("status_fehlt")
    return TransportBericht(
        lies(kopf),
        zeit(bericht, "x:ReportTime"),
        text(bericht, "x:XTAServerIdentity"),
        status,
        _protokoll(bericht),
        tuple(_zusatz(umschlag, glied) for glied in bericht.iterfind("x:AdditionalReports/x:Report", NS)),
    )


def _zusatz(umschlag: Umschlag, glied: _Element) -> Zusatzbericht:
    art, daten = glied.find("x:Key", NS), glied.find("x:Data", NS)
    try:
        inhalt = None if daten is None else kleiner_inhalt(umschlag, daten)
    except AntwortFehler:
        inhalt = None
    return Zusatzbericht(Listenwert() if art is None else listenwert(art), inhalt)


def _protokoll(bericht: _Element) -> tuple[Protokolleintrag, ...]:
    return tuple(
        Protokolleintrag(
            _lokal(eintrag).lower(),
            zeit(eintrag, "x:Timestamp"),
            text(eintrag, "x:Code/code"),
            text(eintrag, "x:Reason"),
        )
        for pfad in ("ErrorList/x:Error", "WarnList/x:Warning", "InfoList/x:Info")
        for eintrag in bericht.iterfind(f"x:MessageStatus/x:{pfad}", NS)
    )


def _anfrage_id(umschlag: Umschlag) -> str:
    auskunft = umschlag.wurzel.find("s:Header/o:MsgBoxResponse", NS)
    return "" if auskunft is None else auskunft.get("MsgBoxRequestID", "").strip()


def _lokal(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]
