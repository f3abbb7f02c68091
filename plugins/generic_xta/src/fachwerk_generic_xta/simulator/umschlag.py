"""Reads a SOAP envelope piece by piece: base64 content goes to disk, the rest becomes a small tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from lxml import etree

from fachwerk_generic_xta.simulator.annahme import Annahme, Base64Leser, Teildatei, Teilschreiber
from fachwerk_generic_xta.simulator.fehler import SoapFehler
from fachwerk_generic_xta.simulator.namen import SOAP, XENC, XOP, XTA, q

MAX_UMSCHLAG = 10 * 1024 * 1024
MAX_TIEFE = 100
INHALTSELEMENTE = frozenset({q(XTA, "Message"), q(XTA, "Attachment"), q(XENC, "CipherValue")})
_INCLUDE = q(XOP, "Include")
_KOSTEN_ELEMENT = 64


@dataclass
class Umschlag:
    """An envelope without its content; ``inhalte`` are the content elements in document order."""

    wurzel: etree._Element
    inhalte: list[Inhalt] = field(default_factory=list)

    @property
    def kopf(self) -> etree._Element:
        """The SOAP header."""
        kopf = self.wurzel.find(q(SOAP, "Header"))
        if kopf is None:
            raise SoapFehler("Der Umschlag hat keinen SOAP-Header.")
        return kopf

    @property
    def rumpf(self) -> etree._Element | None:
        """The child of the SOAP body, if there is one."""
        rumpf = self.wurzel.find(q(SOAP, "Body"))
        if rumpf is None or len(rumpf) > 1:
            raise SoapFehler("Der Umschlag braucht einen SOAP-Body mit höchstens einem Element.")
        return rumpf[0] if len(rumpf) else None


@dataclass
class Inhalt:
    """A content element: ``href`` refers to a MIME part, else ``teil`` was decoded from the element itself."""

    element: etree._Element
    href: str = ""
    teil: Teildatei | None = None


def lies_umschlag(stuecke: Iterable[bytes], annahme: Annahme) -> Umschlag:
    """Parse an envelope without DTD and network, in memory bounded by its structure, not its content."""
    ziel = _Ziel(annahme)
    parser = etree.XMLParser(
        target=cast(Any, ziel), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    try:
        for stueck in stuecke:
            if stueck:
                parser.feed(stueck)
        umschlag: Umschlag = parser.close()  # type: ignore[assignment]
    except etree.XMLSyntaxError as fehler:
        raise SoapFehler("Der Umschlag ist kein wohlgeformtes XML.") from fehler
    finally:
        ziel.raeume_auf()
    if umschlag.wurzel.tag != q(SOAP, "Envelope"):
        raise SoapFehler("Erwartet wird ein Umschlag nach SOAP 1.2.", kode="VersionMismatch")
    return umschlag


class _Ziel:
    """Target of the parser: builds the tree and diverts the text of content elements."""

    def __init__(self, annahme: Annahme) -> None:
        self._annahme = annahme
        self._baum: Any = etree.TreeBuilder()  # the stubs do not know that start() takes nsmap and returns
        self._wurzel: etree._Element | None = None
        self._inhalte: list[Inhalt] = []
        self._offen: Inhalt | None = None
        self._leser: Base64Leser | None = None
        self._schreiber: Teilschreiber | None = None
        self._tiefe = 0
        self._kosten = 0

    def start(self, tag: str, attribute: Mapping[str, str], nsmap: Mapping[str | None, str]) -> None:
        self._tiefe += 1
        self._zaehle(_KOSTEN_ELEMENT + sum(len(name) + len(wert) for name, wert in attribute.items()))
        if self._tiefe > MAX_TIEFE:
            raise SoapFehler("Der Umschlag ist zu tief geschachtelt.")
        if self._offen is not None:
            self._nimm_verweis(self._offen, tag, attribute)
            return
        element = self._baum.start(tag, dict(attribute), {praefix or None: raum for praefix, raum in nsmap.items()})
        if self._wurzel is None:
            self._wurzel = element
        if tag in INHALTSELEMENTE:
            self._offen = Inhalt(element)

    def data(self, text: str) -> None:
        if self._offen is None:
            self._zaehle(len(text))
            self._baum.data(text)
        elif text.strip():
            self._base64(self._offen).weiter(text)

    def end(self, tag: str) -> None:
        self._tiefe -= 1
        if self._offen is not None:
            if tag == _INCLUDE:
                return
            self._schliesse_inhalt(self._offen)
            self._offen = None
        self._baum.end(tag)

    def doctype(self, *_: object) -> None:
        raise SoapFehler("Ein DOCTYPE ist nicht erlaubt.")

    def comment(self, text: str) -> None:
        self._zaehle(len(text))

    def pi(self, ziel: str, daten: str) -> None:
        raise SoapFehler("Verarbeitungsanweisungen sind in SOAP nicht erlaubt.")

    def close(self) -> Umschlag:
        """The result; lxml calls this after an error too, and an error from here would hide the first one."""
        return Umschlag(cast(etree._Element, self._wurzel), self._inhalte)

    def raeume_auf(self) -> None:
        if self._schreiber is not None:
            self._schreiber.schliesse()

    def _nimm_verweis(self, inhalt: Inhalt, tag: str, attribute: Mapping[str, str]) -> None:
        if tag != _INCLUDE or inhalt.href or self._leser is not None or not attribute.get("href"):
            raise SoapFehler("Ein Inhalt ist entweder base64 oder genau ein xop:Include mit href.")
        inhalt.href = attribute["href"]

    def _base64(self, inhalt: Inhalt) -> Base64Leser:
        if inhalt.href:
            raise SoapFehler("Ein Inhalt ist entweder base64 oder genau ein xop:Include mit href.")
        if self._leser is None:
            self._schreiber = self._annahme.neuer_teil()
            self._leser = Base64Leser(self._schreiber)
        return self._leser

    def _schliesse_inhalt(self, inhalt: Inhalt) -> None:
        if not inhalt.href:
            inhalt.teil = self._base64(inhalt).fertig()
        self._leser = self._schreiber = None
        self._inhalte.append(inhalt)

    def _zaehle(self, kosten: int) -> None:
        self._kosten += kosten
        if self._kosten > MAX_UMSCHLAG:
            raise SoapFehler("Der Umschlag ist ohne die Inhalte größer als 10 MiB.")
