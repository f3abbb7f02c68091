"""MessageMetaData of XTA 2.1.1 both ways: into the values zeep writes, and out of an element. Pure.

``ProccesName`` and the like are spelled as on the wire. Three different elements are called ``wsa:MessageID``; every
path here names each step.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fachwerk.errors import PermanentError
from fachwerk.xml import XmlFehler, datum, zeitpunkt
from fachwerk_generic_xta.nachricht import Eigenschaft, Listenwert, Metadaten, Partei, Quittungsart, Vorgangsbezug

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
_QUITTUNGEN = {
    "Submission": Quittungsart.ANNAHME,
    "Relay": Quittungsart.WEITERGABE,
    "Delivery": Quittungsart.ZUSTELLUNG,
    "Fetch": Quittungsart.ABHOLUNG,
    "Reception": Quittungsart.EMPFANG,
}


def schreibe(metadaten: Metadaten) -> dict[str, Any]:
    """The head of a message as values for zeep; None and empty leave an element out."""
    return {
        "DeliveryAttributes": _zustellung(metadaten),
        "Originators": {
            "Author": partei(metadaten.autor),
            "Sender": _vielleicht(metadaten.sender),
            "ReplyTo": _vielleicht(metadaten.antwort_an),
        },
        "Destinations": {"Reader": partei(metadaten.leser), "OtherDestinations": _weitere(metadaten)},
        "MsgIdentification": {
            "MessageID": metadaten.nachricht_id,
            "In-Reply-To": list(metadaten.antwort_auf),
            "ProcessRef": _vorgaenge(metadaten),
        },
        "Qualifier": _merkmale(metadaten),
        "MessageProperties": _eigenschaften(metadaten),
        "MsgSize": metadaten.groesse or None,  # 0 is no valid value
        "TestMsg": metadaten.test,
    }


def partei(partei: Partei) -> dict[str, Any]:
    """A party as Author, Reader and the like carry it."""
    return {"Identifier": _kennung(partei)}


def _kennung(partei: Partei) -> dict[str, str]:
    angaben = {"_value_1": partei.kennung, "type": partei.typ, "category": partei.kategorie, "name": partei.name}
    return {schluessel: wert for schluessel, wert in angaben.items() if wert}


def _vielleicht(gemeint: Partei | None) -> dict[str, Any] | None:
    return None if gemeint is None else partei(gemeint)


def _weitere(metadaten: Metadaten) -> dict[str, Any] | None:
    if metadaten.kopie_an and not metadaten.weitere_leser:
        raise PermanentError(
            "xta.angabe_unzulaessig",
            "„kopie_an“ geht in XTA 2.1.1 nur zusammen mit „weitere_leser“. Mindestens einen weiteren Leser nennen.",
            {"angabe": "kopie_an"},
        )
    if not metadaten.weitere_leser:
        return None
    return {
        "OtherReaders": [_kennung(leser) for leser in metadaten.weitere_leser],
        "CcReaders": [_kennung(leser) for leser in metadaten.kopie_an],
    }


def _zustellung(metadaten: Metadaten) -> dict[str, Any]:
    return {
        "Origin": _moment(metadaten.erstellt),
        "InitialSend": _moment(metadaten.gesendet),
        "NotBefore": _moment(metadaten.nicht_vor),
        "ObsoleteAfter": metadaten.gueltig_bis,
        "Delivery": _moment(metadaten.zugestellt),
        "InitialFetch": _moment(metadaten.zuerst_abgeholt),
        "Reception": _moment(metadaten.angenommen),
        "ServiceQuality": metadaten.dienstguete or None,
        "ReceiptRequests": _quittungswuensche(metadaten),
    }


def _moment(zeitpunkt: datetime | None) -> datetime | None:
    if zeitpunkt is not None and zeitpunkt.utcoffset() is None:
        raise ValueError("a point in time needs a zone")
    return zeitpunkt


def _quittungswuensche(metadaten: Metadaten) -> dict[str, Any] | None:
    if not metadaten.quittungen and not metadaten.quittung_an:
        return None
    wuensche: dict[str, Any] = {name: {} for name, art in _QUITTUNGEN.items() if art in metadaten.quittungen}
    if metadaten.quittung_an:
        wuensche["ReceiptTo"] = {"Address": metadaten.quittung_an}
    return wuensche


def _vorgaenge(metadaten: Metadaten) -> dict[str, Any] | None:
    bezuege = {"Requester": metadaten.vorgang_autor, "Responder": metadaten.vorgang_leser}
    gefunden = {
        name: {"_value_1": bezug.kennung, "ProccesName": bezug.name or None}
        for name, bezug in bezuege.items()
        if bezug is not None
    }
    return gefunden or None


def _eigenschaften(metadaten: Metadaten) -> dict[str, Any] | None:
    if not metadaten.eigenschaften:
        return None
    return {"Property": [{"Key": _code(e.schluessel), "Value": e.wert} for e in metadaten.eigenschaften]}


def _merkmale(metadaten: Metadaten) -> dict[str, Any]:
    szenario = metadaten.szenario
    return {
        "Subject": metadaten.betreff or None,
        "Service": metadaten.dienst,
        "BusinessScenario": {"Defined": _code(szenario)} if szenario.liste else {"Undefined": szenario.code},
        "MessageType": _code(metadaten.nachrichtentyp) | {"payloadSchema": metadaten.payload_schema},
    }


def _code(wert: Listenwert) -> dict[str, Any]:
    return {"code": wert.code, "name": wert.name or None, "listURI": wert.liste, "listVersionID": wert.version}


def lies(element: _Element) -> Metadaten:
    """A MessageMetaData element. ``TestMsg`` is a boolean here, whatever its spelling."""
    typ = element.find("m:Qualifier/m:MessageType", NS)
    return Metadaten(
        nachricht_id=text(element, "m:MsgIdentification/a:MessageID"),
        autor=lies_partei(element, "m:Originators/m:Author") or Partei("", ""),
        leser=lies_partei(element, "m:Destinations/m:Reader") or Partei("", ""),
        dienst=text(element, "m:Qualifier/m:Service"),
        szenario=_szenario(element),
        nachrichtentyp=Listenwert() if typ is None else listenwert(typ),
        payload_schema="" if typ is None else typ.get("payloadSchema", ""),
        betreff=text(element, "m:Qualifier/m:Subject"),
        test=element.get("TestMsg", "").strip().lower() in {"true", "1"},
        groesse=ganzzahl(text(element, "m:MsgSize")),
        **_beteiligte(element),
        **_zeiten(element),
        **_bezuege(element),
    )


def _beteiligte(element: _Element) -> dict[str, Any]:
    weitere = "m:Destinations/m:OtherDestinations"
    return {
        "sender": lies_partei(element, "m:Originators/m:Sender"),
        "antwort_an": lies_partei(element, "m:Originators/m:ReplyTo"),
        "weitere_leser": tuple(_lies_kennung(k) for k in element.iterfind(f"{weitere}/m:OtherReaders", NS)),
        "kopie_an": tuple(_lies_kennung(k) for k in element.iterfind(f"{weitere}/m:CcReaders", NS)),
    }


def _zeiten(element: _Element) -> dict[str, Any]:
    pfad = "m:DeliveryAttributes/m:"
    wuensche = [str(glied.tag).rpartition("}")[2] for glied in element.iterfind(f"{pfad}ReceiptRequests/*", NS)]
    return {
        "erstellt": zeit(element, f"{pfad}Origin"),
        "gesendet": zeit(element, f"{pfad}InitialSend"),
        "nicht_vor": zeit(element, f"{pfad}NotBefore"),
        "gueltig_bis": tag(element, f"{pfad}ObsoleteAfter"),
        "zugestellt": zeit(element, f"{pfad}Delivery"),
        "zuerst_abgeholt": zeit(element, f"{pfad}InitialFetch"),
        "angenommen": zeit(element, f"{pfad}Reception"),
        "dienstguete": text(element, f"{pfad}ServiceQuality"),
        "quittungen": frozenset(_QUITTUNGEN[name] for name in wuensche if name in _QUITTUNGEN),
        "quittung_an": text(element, f"{pfad}ReceiptRequests/m:ReceiptTo/a:Address"),
    }


def _bezuege(element: _Element) -> dict[str, Any]:
    pfad = "m:MsgIdentification/m:"
    eigenschaften = (
        Eigenschaft(listenwert(schluessel), text(glied, "m:Value"))
        for glied in element.iterfind("m:MessageProperties/m:Property", NS)
        if (schluessel := glied.find("m:Key", NS)) is not None
    )
    return {
        "antwort_auf": alle_texte(element, f"{pfad}In-Reply-To"),
        "vorgang_autor": _vorgangsbezug(element, f"{pfad}ProcessRef/m:Requester"),
        "vorgang_leser": _vorgangsbezug(element, f"{pfad}ProcessRef/m:Responder"),
        "eigenschaften": tuple(eigenschaften),
    }


def _szenario(element: _Element) -> Listenwert:
    bestimmt = element.find("m:Qualifier/m:BusinessScenario/m:Defined", NS)
    if bestimmt is not None:
        return listenwert(bestimmt)
    return Listenwert(text(element, "m:Qualifier/m:BusinessScenario/m:Undefined"))


def _vorgangsbezug(element: _Element, pfad: str) -> Vorgangsbezug | None:
    bezug = element.find(pfad, NS)
    return None if bezug is None else Vorgangsbezug((bezug.text or "").strip(), bezug.get("ProccesName", ""))


def lies_partei(element: _Element, pfad: str) -> Partei | None:
    """The party at ``pfad``, None where there is none."""
    kennung = element.find(f"{pfad}/m:Identifier", NS)
    return None if kennung is None else _lies_kennung(kennung)


def _lies_kennung(kennung: _Element) -> Partei:
    wert = (kennung.text or "").strip()
    return Partei(wert, kennung.get("type", ""), kennung.get("category", ""), kennung.get("name", ""))


def listenwert(element: _Element) -> Listenwert:
    """A code; its ``code`` and ``name`` are in no namespace."""
    liste, version = element.get("listURI", ""), element.get("listVersionID", "")
    return Listenwert(text(element, "code"), liste, version, text(element, "name"))


def text(element: _Element, pfad: str) -> str:
    """The trimmed text at ``pfad``, empty where there is none."""
    return (element.findtext(pfad, "", NS) or "").strip()


def alle_texte(element: _Element, pfad: str) -> tuple[str, ...]:
    """The trimmed texts at ``pfad`` that are not empty."""
    return tuple(wert for glied in element.iterfind(pfad, NS) if (wert := (glied.text or "").strip()))


def zeit(element: _Element, pfad: str) -> datetime | None:
    """None also for a time without zone: it is no point in time, and a day is never guessed."""
    try:
        return zeitpunkt(text(element, pfad))
    except XmlFehler:
        return None


def tag(element: _Element, pfad: str) -> date | None:
    """A day as written, None where there is none."""
    try:
        return datum(text(element, pfad))
    except XmlFehler:
        return None


def ganzzahl(wert: str) -> int | None:
    """A count or size; None for anything else."""
    wert = wert.strip()
    return int(wert) if wert.isascii() and wert.isdigit() and len(wert) < 19 else None
