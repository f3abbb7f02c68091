"""MessageMetaData: what the mailbox reads in it, what it checks, and what it writes into it. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from lxml import etree

from fachwerk_generic_xta.simulator.fehler import XtaFehler
from fachwerk_generic_xta.simulator.namen import OSCIMETA, WSA, q

_ZEITEN = (
    "Origin",
    "InitialSend",
    "NotBefore",
    "ObsoleteAfter",
    "Delivery",
    "InitialFetch",
    "Reception",
    "ServiceQuality",
    "ReceiptRequests",
)
_REIHENFOLGE = (
    "DeliveryAttributes",
    "Originators",
    "Destinations",
    "MsgIdentification",
    "Qualifier",
    "MessageProperties",
    "MsgSize",
)
_CODES = ("Qualifier/BusinessScenario/Defined", "Qualifier/MessageType", "MessageProperties/Property/Key")
_URI = re.compile(r"(?:[!#$&-;=?-Z_a-z~\[\]]|%[0-9A-Fa-f]{2}|[^\x00-\x7f])*")
_ZEITPUNKT = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True)
class Kopfdaten:
    """What the mailbox needs to know of a message; ``nachricht_id`` as written, parties as opaque strings."""

    nachricht_id: str
    autor: str
    leser: str
    test: bool
    bezug: tuple[str, ...]
    nicht_vor: datetime | None
    verfaellt: date | None
    """The last day on which the message is of use (ObsoleteAfter)."""
    dienst: str
    typ: str


def lies_kopfdaten(metadaten: etree._Element) -> Kopfdaten:
    """Check MessageMetaData and read it; 9020 names what is missing, 9022 what does not fit."""
    _pruefe_aufbau(metadaten)
    nicht_vor = _finde(metadaten, "DeliveryAttributes/NotBefore")
    verfaellt = _finde(metadaten, "DeliveryAttributes/ObsoleteAfter")
    return Kopfdaten(
        nachricht_id=_text(metadaten.find(f"{q(OSCIMETA, 'MsgIdentification')}/{q(WSA, 'MessageID')}"), "MessageID"),
        autor=_partei(metadaten, "Originators/Author"),
        leser=_partei(metadaten, "Destinations/Reader"),
        test=metadaten.get("TestMsg", "false").strip() in ("true", "1"),
        bezug=tuple((element.text or "").strip() for element in _alle(metadaten, "MsgIdentification/In-Reply-To")),
        nicht_vor=None if nicht_vor is None else lies_zeit(nicht_vor.text or ""),
        verfaellt=None if verfaellt is None else _tag(verfaellt.text or ""),
        dienst=pruefe_uri(_inhalt(metadaten, "Qualifier/Service"), "Qualifier/Service"),
        typ=(metadaten.findtext(f".//{q(OSCIMETA, 'MessageType')}/code") or "").strip(),
    )


def mit_zeiten(metadaten: etree._Element, **zeiten: datetime) -> etree._Element:
    """A copy with times set in DeliveryAttributes, in the order of the schema."""
    kopie = copy.deepcopy(metadaten)
    attribute = kopie.find(q(OSCIMETA, "DeliveryAttributes"))
    if attribute is None:
        raise XtaFehler("9020", "In MessageMetaData fehlt DeliveryAttributes.")
    for name, zeit in zeiten.items():
        _setze(attribute, name, schreibe_zeit(zeit), _ZEITEN)
    return kopie


def mit_groesse(metadaten: etree._Element, groesse: int) -> etree._Element:
    """A copy with the total size in bytes; an empty message has no MsgSize (0 is invalid)."""
    kopie = copy.deepcopy(metadaten)
    for alt in kopie.findall(q(OSCIMETA, "MsgSize")):
        kopie.remove(alt)
    if groesse:
        _setze(kopie, "MsgSize", str(groesse), _REIHENFOLGE)
    return kopie


def lies_partei(element: etree._Element | None) -> str:
    """The identifier of an ``Author`` header."""
    return _text(None if element is None else element.find(q(OSCIMETA, "Identifier")), "Author/Identifier")


def pruefe_uri(text: str, name: str) -> str:
    """The text itself, or 9021 if it cannot be a URI; an empty one is the business of the caller."""
    if not _URI.fullmatch(text):
        raise XtaFehler("9021", f"Die Angabe {name} ist keine URI.")
    return text


def antwortkopf(metadaten: etree._Element, kennung: str, zeit: datetime) -> etree._Element:
    """The metadata of a synchronous answer: author and reader change places, ``kennung`` is its own id."""
    kopie = copy.deepcopy(metadaten)
    autor, leser = (_finde(kopie, pfad) for pfad in ("Originators/Author", "Destinations/Reader"))
    attribute, bezug = kopie.find(q(OSCIMETA, "DeliveryAttributes")), kopie.find(q(OSCIMETA, "MsgIdentification"))
    if autor is None or leser is None or attribute is None or bezug is None:
        raise XtaFehler("9020", "MessageMetaData ist unvollständig.")
    urspruenglich = bezug.findtext(q(WSA, "MessageID")) or ""
    autor[:], leser[:] = list(copy.deepcopy(leser)), list(copy.deepcopy(autor))
    for behalten in (autor, leser):
        for nachbar in [*behalten.itersiblings(), *behalten.itersiblings(preceding=True)]:
            nachbar.getparent().remove(nachbar)  # type: ignore[union-attr]
    for eltern in (attribute, bezug):
        for kind in list(eltern):
            eltern.remove(kind)
    for name, text in ((q(WSA, "MessageID"), kennung), (q(OSCIMETA, "In-Reply-To"), urspruenglich)):
        etree.SubElement(bezug, name).text = text
    return mit_zeiten(kopie, Origin=zeit, InitialSend=zeit, Delivery=zeit)


def lies_zeit(text: str) -> datetime:
    """An xs:dateTime; without zone it is read as UTC. Digits beyond microseconds are cut."""
    text = text.strip()
    if not _ZEITPUNKT.fullmatch(text):
        raise XtaFehler("9022", "Ein Zeitpunkt ist ungültig.")
    try:
        zeit = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError as fehler:
        raise XtaFehler("9022", "Ein Zeitpunkt ist ungültig.") from fehler
    return zeit.astimezone(UTC) if zeit.tzinfo else zeit.replace(tzinfo=UTC)


def _tag(text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError as fehler:
        raise XtaFehler("9022", "ObsoleteAfter ist kein Tag.") from fehler


def schreibe_zeit(zeit: datetime) -> str:
    """An xs:dateTime in UTC with microseconds, so that times compare as they were kept."""
    return zeit.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _pruefe_aufbau(metadaten: etree._Element) -> None:
    namen = [etree.QName(kind).localname for kind in metadaten if isinstance(kind.tag, str)]
    plaetze = [_REIHENFOLGE.index(name) if name in _REIHENFOLGE else -1 for name in namen]
    if -1 in plaetze or plaetze != sorted(set(plaetze)):
        raise XtaFehler("9022", "MessageMetaData enthält Unbekanntes, Doppeltes oder eine falsche Reihenfolge.")
    for pfad in ("DeliveryAttributes", "Qualifier/Service", "Qualifier/BusinessScenario", "Qualifier/MessageType"):
        if _finde(metadaten, pfad) is None:
            raise XtaFehler("9020", f"In MessageMetaData fehlt {pfad}.")
    for pfad in _CODES:
        for code in _alle(metadaten, pfad):
            _pruefe_code(code, pfad)
    typen = _alle(metadaten, "Qualifier/MessageType")
    if not all((typ.get("payloadSchema") or "").strip() for typ in typen):
        raise XtaFehler("9020", "An Qualifier/MessageType fehlt payloadSchema.")


def _pruefe_code(code: etree._Element, pfad: str) -> None:
    if code.get("listURI") is None or code.get("listVersionID") is None:
        raise XtaFehler("9020", f"An {pfad} fehlt listURI oder listVersionID.")
    if code.find("code") is None:
        raise XtaFehler("9020", f"In {pfad} fehlt code (ohne Namensraum).")


def _setze(eltern: etree._Element, name: str, text: str, reihenfolge: tuple[str, ...]) -> None:
    for alt in eltern.findall(q(OSCIMETA, name)):
        eltern.remove(alt)
    neu = etree.Element(q(OSCIMETA, name))
    neu.text = text
    davor = reihenfolge[: reihenfolge.index(name)]
    eltern.insert(sum(etree.QName(kind).localname in davor for kind in eltern if isinstance(kind.tag, str)), neu)


def _partei(metadaten: etree._Element, pfad: str) -> str:
    kennung = _finde(metadaten, f"{pfad}/Identifier")
    if kennung is not None and not kennung.get("type"):
        raise XtaFehler("9020", f"An {pfad}/Identifier fehlt type.")
    return _text(kennung, f"{pfad}/Identifier")


def _text(element: etree._Element | None, name: str) -> str:
    text = "" if element is None else (element.text or "").strip()
    if not text:
        raise XtaFehler("9020", f"Die Angabe {name} fehlt.")
    return text


def _inhalt(metadaten: etree._Element, pfad: str) -> str:
    element = _finde(metadaten, pfad)
    return "" if element is None else (element.text or "").strip()


def _finde(metadaten: etree._Element, pfad: str) -> etree._Element | None:
    return next(_alle(metadaten, pfad), None)


def _alle(metadaten: etree._Element, pfad: str) -> Iterator[etree._Element]:
    yield from metadaten.iterfind("/".join(q(OSCIMETA, name) for name in pfad.split("/")))
