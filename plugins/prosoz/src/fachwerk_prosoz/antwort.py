"""Reading what a SOAP service answers: bounded, without DTD, by local names; values and faults. Pure.

zeep builds our requests; answers are read here, so that an answer that strays from its schema is still understood.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from fachwerk.xml import Grenzen, XmlFehler, lies
from fachwerk_prosoz.profil import Antwort, Faultregel

GROESSTE = 4 * 1024 * 1024
"""Bytes of an answer at most: it holds a number and a state, no documents."""

WSA = "http://www.w3.org/2005/08/addressing"
_UMSCHLAG = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")


class AntwortFehler(Exception):
    """What came is no SOAP answer; the argument is a code."""


@dataclass(frozen=True)
class Fault:
    """A SOAP fault: its codes (local names, outer first), its text, and the local names and texts of its detail."""

    codes: tuple[str, ...]
    meldung: str
    details: tuple[str, ...]


@dataclass(frozen=True)
class Ergebnis:
    """An answer by the words of the profile: ``bedeutung`` None where it could not be understood."""

    bedeutung: str | None
    kennung: str = ""
    grund: str = ""
    fault: Fault | None = field(default=None)


def lies_rumpf(daten: bytes, anfrage_id: str = "") -> etree._Element | Fault:
    """The one element of the body, or the fault. Raises ``AntwortFehler``, also if it answers another request.

    ``anfrage_id`` is the wsa:MessageID of ours; empty where the service knows no WS-Addressing.
    """
    try:
        wurzel = lies(io.BytesIO(daten), Grenzen(bytes=GROESSTE, tiefe=60, elemente=20_000)).wurzel
    except XmlFehler as fehler:
        raise AntwortFehler(fehler.code) from None
    raum = etree.QName(wurzel).namespace
    if raum not in _UMSCHLAG or etree.QName(wurzel).localname != "Envelope":
        raise AntwortFehler("kein_soap")
    bezuege = {(glied.text or "").strip() for glied in wurzel.iterfind(f"{{{raum}}}Header/{{{WSA}}}RelatesTo")}
    if anfrage_id and bezuege and anfrage_id not in bezuege:
        raise AntwortFehler("fremde_antwort")
    rumpf = wurzel.find(f"{{{raum}}}Body")
    if rumpf is None or len(rumpf) != 1:
        raise AntwortFehler("rumpf_leer")
    return _fault(rumpf[0], raum) if rumpf[0].tag == f"{{{raum}}}Fault" else rumpf[0]


def deute(element: etree._Element, angaben: Antwort) -> Ergebnis:
    """What the answer means. A status nobody described means nothing: None."""
    kennung, grund = wert(element, angaben.kennung), wert(element, angaben.grund)
    if not angaben.status:
        return Ergebnis(angaben.sonst if kennung else None, kennung, grund)
    status = wert(element, angaben.status)
    return Ergebnis(angaben.bedeutung.get(status) or (angaben.sonst if status else None), kennung, grund)


def wert(element: etree._Element, pfad: str) -> str:
    """The text at a path of local names, ``.`` the element itself; empty where there is none."""
    if not pfad:
        return ""
    stelle: etree._Element | None = element
    for name in [] if pfad == "." else pfad.split("."):
        stelle = next(_kinder(stelle, name), None) if stelle is not None else None
    return (stelle.text or "").strip() if stelle is not None else ""


def bedeutung_von(fault: Fault, regeln: Sequence[Faultregel]) -> str | None:
    """The first rule all of whose patterns fit; None where the profile does not know this fault."""
    for regel in regeln:
        paare = ((regel.code, fault.codes), (regel.detail, fault.details), (regel.meldung, (fault.meldung,)))
        if all(any(re.fullmatch(muster, text) for text in texte) for muster, texte in paare if muster):
            return regel.bedeutet
    return None


def _kinder(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (kind for kind in element if isinstance(kind.tag, str) and etree.QName(kind).localname == name)


def _fault(element: etree._Element, raum: str) -> Fault:
    if raum == _UMSCHLAG[0]:
        codes = [wert(element, "faultcode")]
        meldung, detail = wert(element, "faultstring"), next(_kinder(element, "detail"), None)
    else:
        stellen = [*_kinder(element, "Code"), *element.iter(f"{{{raum}}}Subcode")]
        codes = [wert(stelle, "Value") for stelle in stellen]
        meldung, detail = wert(element, "Reason.Text"), next(_kinder(element, "Detail"), None)
    worte = [] if detail is None else [wort for kind in detail.iterdescendants() for wort in _worte(kind)]
    return Fault(tuple(code.rpartition(":")[2] for code in codes if code), meldung, tuple(worte))


def _worte(element: etree._Element) -> Iterator[str]:
    if isinstance(element.tag, str):
        yield etree.QName(element).localname
        if (element.text or "").strip():
            yield (element.text or "").strip()
