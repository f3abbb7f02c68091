"""Fills mailboxes without HTTP, for load tests: ten thousand messages in seconds."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from fachwerk_generic_xta.simulator.annahme import Teildatei
from fachwerk_generic_xta.simulator.antworten import mit_text
from fachwerk_generic_xta.simulator.betrieb import Betrieb
from fachwerk_generic_xta.simulator.dateien import als_json
from fachwerk_generic_xta.simulator.metadaten import schreibe_zeit
from fachwerk_generic_xta.simulator.nachricht import BEHAELTER, METADATEN, NACHRICHT, Nachricht, als_werte
from fachwerk_generic_xta.simulator.namen import OSCIMETA, WSA, XTA, q


@dataclass(frozen=True)
class Beilage:
    """Content of a message: the first is the Message, others are attachments."""

    inhalt: bytes
    medientyp: str = "text/xml"
    dateiname: str = ""


@dataclass(frozen=True)
class Kopf:
    """What the metadata of filled-in messages say."""

    autor: str
    leser: str
    dienst: str = "urn:fachwerk:simulator:last"
    typ: str = "last.nachricht.1"
    typliste: str = "urn:de:payloadSchema:elementName"
    schema: str = "urn:fachwerk:simulator:last"
    szenario: str = "LAST_DATA"
    test: bool = True


Inhalte = Callable[[int], Sequence[Beilage]]


def uebliche_inhalte(nummer: int) -> Sequence[Beilage]:
    """A small XML document with the number of the message in it."""
    return (Beilage(f"<last nummer='{nummer}'/>".encode(), dateiname=f"last-{nummer}.xml"),)


def fuelle(betrieb: Betrieb, kopf: Kopf, anzahl: int, inhalte: Inhalte = uebliche_inhalte) -> list[str]:
    """Put ``anzahl`` messages into the mailbox of ``kopf.leser``; returns their ids in order."""
    konto = betrieb.konto_von(kopf.autor)
    name = konto.name if konto is not None else "last"
    beginn = betrieb.postfach.jetzt()
    kennungen = []
    for nummer in range(anzahl):
        zeit = beginn + timedelta(microseconds=nummer)
        nachricht, dateien = _nachricht(kopf, name, zeit, inhalte(nummer))
        betrieb.postfach.lege_ab(nachricht, dateien)
        kennungen.append(nachricht.id)
    return kennungen


def _nachricht(
    kopf: Kopf, konto: str, zeit: datetime, beilagen: Sequence[Beilage]
) -> tuple[Nachricht, dict[str, bytes]]:
    kennung = f"urn:de:xta:messageid:{konto}:{uuid.uuid4()}"
    teile = tuple(
        Teildatei(f"teil-{nr:04d}", len(beilage.inhalt), hashlib.sha256(beilage.inhalt).hexdigest())
        for nr, beilage in enumerate(beilagen, 1)
    )
    groesse = sum(teil.groesse for teil in teile)
    nachricht = Nachricht(kennung, konto, kopf.autor, kopf.leser, zeit, zeit, kopf.test, (), groesse, teile)
    dateien = {
        METADATEN: etree.tostring(_metadaten(kopf, nachricht)),
        BEHAELTER: etree.tostring(_behaelter(beilagen)),
        NACHRICHT: als_json(als_werte(nachricht)),
        **{teil.datei: beilage.inhalt for teil, beilage in zip(teile, beilagen, strict=True)},
    }
    return nachricht, dateien


def _metadaten(kopf: Kopf, nachricht: Nachricht) -> etree._Element:
    wurzel = etree.Element(q(OSCIMETA, "MessageMetaData"), nsmap={"meta": OSCIMETA, "wsa": WSA})
    wurzel.set("TestMsg", "true" if kopf.test else "false")
    zeiten = etree.SubElement(wurzel, q(OSCIMETA, "DeliveryAttributes"))
    for name in ("Origin", "InitialSend", "Delivery"):
        mit_text(zeiten, q(OSCIMETA, name), schreibe_zeit(nachricht.gesendet))
    for ort, rolle, kennung in (("Originators", "Author", kopf.autor), ("Destinations", "Reader", kopf.leser)):
        partei = etree.SubElement(etree.SubElement(wurzel, q(OSCIMETA, ort)), q(OSCIMETA, rolle))
        mit_text(partei, q(OSCIMETA, "Identifier"), kennung).set("type", "xoev")
    mit_text(etree.SubElement(wurzel, q(OSCIMETA, "MsgIdentification")), q(WSA, "MessageID"), nachricht.id)
    einordnung = etree.SubElement(wurzel, q(OSCIMETA, "Qualifier"))
    mit_text(einordnung, q(OSCIMETA, "Service"), kopf.dienst)
    szenario = etree.SubElement(einordnung, q(OSCIMETA, "BusinessScenario"))
    liste = {"listURI": "urn:de:xta:codeliste:business.scenario", "listVersionID": "3"}
    mit_text(etree.SubElement(szenario, q(OSCIMETA, "Defined"), liste), "code", kopf.szenario)
    typ = {"listURI": kopf.typliste, "listVersionID": "1.0", "payloadSchema": kopf.schema}
    mit_text(etree.SubElement(einordnung, q(OSCIMETA, "MessageType"), typ), "code", kopf.typ)
    if nachricht.groesse:
        mit_text(wurzel, q(OSCIMETA, "MsgSize"), str(nachricht.groesse))
    return wurzel


def _behaelter(beilagen: Sequence[Beilage]) -> etree._Element:
    wurzel = etree.Element(q(XTA, "GenericContentContainer"), nsmap={"xta": XTA})
    container = etree.SubElement(wurzel, q(XTA, "ContentContainer"))
    for nr, beilage in enumerate(beilagen):
        element = etree.SubElement(container, q(XTA, "Attachment" if nr else "Message"), contentType=beilage.medientyp)
        if beilage.dateiname:
            element.set("filename", beilage.dateiname)
        if beilage.inhalt:
            element.set("size", str(len(beilage.inhalt)))
    return wurzel


def lies_beilagen(dateien: Sequence[Path], medientyp: Callable[[str], str]) -> tuple[Beilage, ...]:
    """Files as the content of a message."""
    return tuple(Beilage(datei.read_bytes(), medientyp(datei.name), datei.name) for datei in dateien)
