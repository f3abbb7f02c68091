"""Checks SOAP envelopes against the official XTA 2.1.1 schemas, which lie beside the checkout and are never copied."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
XOP = "{http://www.w3.org/2004/08/xop/include}Include"
XTA = "http://xoev.de/transport/xta/211"
NAMENSRAEUME = {
    "http://www.w3.org/2003/05/soap-envelope": ".xsd",
    "http://www.osci.eu/ws/2014/10/transport": "OSCI_MessageMetaData_V2.02.xsd",
    "http://www.osci.eu/ws/2008/05/transport": "OSCI2_02.xsd",
    "http://www.w3.org/2005/08/addressing": "ws-addr.xsd",
}
XTA_DATEIEN = ("XTA-Webservice-Globale-Elemente.xsd", "XTA-Webservice-Exceptions.xsd")


class XtaSchemaPruefer:
    """Validates whole envelopes; `arbeitsordner` takes one small file joining the two schemas of the XTA namespace."""

    def __init__(self, schemaordner: Path, arbeitsordner: Path) -> None:
        self._schema = etree.XMLSchema(etree.parse(str(_schreibe_treiber(schemaordner, arbeitsordner))))
        dateien = [*NAMENSRAEUME.values(), *XTA_DATEIEN]
        self._bekannt = {name for datei in dateien for name in _globale_elemente(schemaordner / datei)}

    def fehler(self, umschlag: bytes | etree._Element) -> list[str]:
        """What is wrong with the envelope; xop:Include stands for some base64 text."""
        wurzel = etree.fromstring(umschlag if isinstance(umschlag, bytes) else etree.tostring(umschlag))
        for verweis in list(wurzel.iter(XOP)):
            inhalt = verweis.getparent()
            inhalt.remove(verweis)
            inhalt.text = "QUJD"
        fehler = [] if self._schema.validate(wurzel) else [str(eintrag) for eintrag in self._schema.error_log]
        return fehler + self._unbekanntes(wurzel)

    def __call__(self, umschlag: bytes | etree._Element) -> None:
        """Assert that the envelope is valid."""
        fehler = self.fehler(umschlag)
        assert not fehler, "\n".join(fehler)

    def _unbekanntes(self, wurzel: etree._Element) -> list[str]:
        """The schema lets unknown elements pass in header, body and fault detail; here they are mistakes."""
        if wurzel.tag != f"{SOAP}Envelope":
            return [f"{wurzel.tag} is no envelope"]
        orte = [*wurzel, *wurzel.iterfind(f"{SOAP}Body/{SOAP}Fault/{SOAP}Detail")]
        return [f"unknown element {kind.tag}" for ort in orte for kind in ort if kind.tag not in self._bekannt]


def _schreibe_treiber(schemaordner: Path, arbeitsordner: Path) -> Path:
    eins = etree.Element(f"{XS}schema", targetNamespace=XTA)
    for datei in XTA_DATEIEN:
        etree.SubElement(eins, f"{XS}include", schemaLocation=(schemaordner / datei).as_uri())
    (arbeitsordner / "xta.xsd").write_bytes(etree.tostring(eins))
    treiber = etree.Element(f"{XS}schema", targetNamespace="urn:fachwerk:test:xta")
    orte = {raum: (schemaordner / datei).as_uri() for raum, datei in NAMENSRAEUME.items()}
    for raum, ort in {**orte, XTA: (arbeitsordner / "xta.xsd").as_uri()}.items():
        etree.SubElement(treiber, f"{XS}import", namespace=raum, schemaLocation=ort)
    (arbeitsordner / "treiber.xsd").write_bytes(etree.tostring(treiber))
    return arbeitsordner / "treiber.xsd"


def _globale_elemente(datei: Path) -> list[str]:
    schema = etree.parse(str(datei)).getroot()
    raum = schema.get("targetNamespace")
    return [f"{{{raum}}}{element.get('name')}" for element in schema.iterfind(f"{XS}element")]
