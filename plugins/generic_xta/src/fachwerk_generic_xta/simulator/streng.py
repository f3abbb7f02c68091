"""The strict server: WS-Addressing as the WSDL wants it, header and body as the schemas of this plugin say.

The schemas are those the client builds its requests with. What the standard allows beyond them (tokens, extensions,
attributes of other namespaces) is left out of the check, and so is content, which never stands in the tree.
"""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, cast
from urllib.parse import urlsplit

from lxml import etree

from fachwerk_generic_xta import codec211
from fachwerk_generic_xta.simulator.anfrage import Anfrage
from fachwerk_generic_xta.simulator.fehler import SoapFehler
from fachwerk_generic_xta.simulator.namen import ANONYM, OSCI, OSCIMETA, PFADE, WSA, XENC, XOP, XTA, Vorgang, q

_XS = "http://www.w3.org/2001/XMLSchema"
_SCHEMATA = {OSCIMETA: "metadaten.xsd", OSCI: "postfach.xsd", XTA: "inhalt.xsd", WSA: "adressierung.xsd"}
_KOPF = (q(OSCIMETA, "Author"), q(OSCIMETA, "MessageMetaData"))
_OHNE = (q(OSCIMETA, "SecurityToken"), q(OSCI, "Extension"))
_LEERER_RUMPF = frozenset({"checkAccountActive", "createMessageId"})
_SCHLOSS = Lock()
_INHALT = frozenset({q(XTA, "Message"), q(XTA, "Attachment")})


def pruefe_streng(anfrage: Anfrage, vorgang: Vorgang) -> None:
    """Refuse what a strict server may refuse; the message names the place, never a value."""
    _pruefe_adressierung(anfrage, vorgang)
    for block in anfrage.kopf:
        if block.tag in _KOPF:
            _pruefe_schema(block)
    if anfrage.rumpf is None:
        return
    if vorgang.name in _LEERER_RUMPF:
        raise SoapFehler(f"{vorgang.name} hat einen leeren SOAP-Body.")
    if next(anfrage.rumpf.iter(q(XENC, "EncryptedData")), None) is None:
        _pruefe_schema(anfrage.rumpf)


def _pruefe_adressierung(anfrage: Anfrage, vorgang: Vorgang) -> None:
    ziele = anfrage.kopf.findall(q(WSA, "To"))
    if len(ziele) != 1:
        raise SoapFehler("Der Header wsa:To muss genau einmal da sein.", unterkode="MessageAddressingHeaderRequired")
    if urlsplit((ziele[0].text or "").strip()).path.rstrip("/").lower() != PFADE[vorgang.port].lower():
        raise _falsche_adresse("wsa:To nennt eine andere Adresse als die des Anschlusses.")
    for name in ("ReplyTo", "FaultTo"):
        for element in anfrage.kopf.findall(q(WSA, name)):
            if (element.findtext(q(WSA, "Address")) or "").strip() != ANONYM:
                raise _falsche_adresse(f"wsa:{name} ist anonym, denn geantwortet wird auf derselben Verbindung.")
    if not urlsplit(anfrage.nachricht_id).scheme:
        raise _falsche_adresse("wsa:MessageID ist eine absolute URI, zum Beispiel urn:uuid:…")


def _pruefe_schema(element: etree._Element) -> None:
    blatt = _bereinigt(element)
    with _SCHLOSS:
        schema = _schema()
        fehler = None if schema.validate(blatt) else cast(Any, schema.error_log)[0]
    if fehler is None:
        return
    name = etree.QName(element).localname
    raise SoapFehler(f"{name} entspricht nicht dem Schema: {_stelle(fehler.path or '')} ({fehler.type_name}).")


def _bereinigt(element: etree._Element) -> etree._Element:
    """A copy without what our schemas do not describe, with a reference where the content was taken out."""
    kopie = copy.deepcopy(element)
    kopie.tail = None
    for kind in list(kopie.iter()):
        if not isinstance(kind.tag, str):
            continue
        for name in [
            str(attribut) for attribut in kind.attrib if str(attribut).startswith("{") or attribut == "MsgPart"
        ]:
            del kind.attrib[name]
        if kind.tag in _INHALT:
            kind.text = None
            etree.SubElement(kind, q(XOP, "Include"), href="cid:inhalt")
        eltern = kind.getparent()
        if kind.tag in _OHNE and eltern is not None:
            eltern.remove(kind)
    return kopie


@cache
def _schema() -> etree.XMLSchema:
    ordner = Path(codec211.__file__).parent / "schema"
    treiber = etree.Element(f"{{{_XS}}}schema", targetNamespace="urn:fachwerk:xta-simulator:streng")
    for raum, datei in _SCHEMATA.items():
        ort = (ordner / datei).as_uri()
        etree.SubElement(treiber, f"{{{_XS}}}import", namespace=raum, schemaLocation=ort)
    return etree.XMLSchema(treiber)


def _stelle(pfad: str) -> str:
    return "/".join(teil.rpartition(":")[2] for teil in pfad.split("/") if teil)


def _falsche_adresse(text: str) -> SoapFehler:
    return SoapFehler(text, unterkode="InvalidAddressingHeader")
