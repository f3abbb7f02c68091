"""A request as the operations see it: from HTTP header and body, plain or multipart, to one checked value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from fachwerk_generic_xta.mehrteilig import MehrteiligFehler, cid_ziel, lies_medientyp, lies_teile
from fachwerk_generic_xta.simulator.annahme import Annahme, Teildatei
from fachwerk_generic_xta.simulator.fehler import HttpFehler, SoapFehler
from fachwerk_generic_xta.simulator.namen import OSCI, OSCIMETA, SOAP, WSA, q
from fachwerk_generic_xta.simulator.umschlag import Inhalt, Umschlag, lies_umschlag

_ID = q(WSA, "MessageID")
_VERSTANDEN = frozenset({q(OSCIMETA, "Author"), q(OSCIMETA, "MessageMetaData"), q(OSCI, "X509TokenContainer")})


@dataclass(frozen=True)
class Anfrage:
    """A request: the WS-Addressing action and message id, the header, the body's child and the stored content."""

    action: str
    nachricht_id: str
    kopf: etree._Element
    rumpf: etree._Element | None
    inhalte: tuple[tuple[etree._Element, Teildatei], ...]

    @property
    def nachrichten(self) -> list[str]:
        """The ids of the messages the request is about, as written."""
        stellen = [self.kopf.find(f"{q(OSCIMETA, 'MessageMetaData')}/{q(OSCIMETA, 'MsgIdentification')}/{_ID}")]
        if self.rumpf is not None:
            stellen += [self.rumpf] if self.rumpf.tag == _ID else []
            stellen += [*self.rumpf.iterfind(f"{q(OSCI, 'MsgSelector')}/{_ID}")]
            stellen += [*self.rumpf.iterfind(q(OSCI, "LastMsgReceived"))]
        return [(stelle.text or "").strip() for stelle in stellen if stelle is not None]


def lies_anfrage(kopfzeilen: Mapping[str, str], stuecke: Iterable[bytes], annahme: Annahme) -> Anfrage:
    """Read a whole request; content lies in ``annahme`` afterwards. ``kopfzeilen`` have lower-case names."""
    content_type = kopfzeilen.get("content-type", "")
    medientyp = lies_medientyp(content_type)
    if medientyp.typ == "multipart/related":
        umschlag, teile = _lies_mehrteilig(stuecke, content_type, annahme)
    elif medientyp.typ in {"application/soap+xml", "application/xop+xml"}:
        umschlag, teile = lies_umschlag(stuecke, annahme), {}
    else:
        raise HttpFehler(415, "Erwartet wird application/soap+xml oder multipart/related.")
    inhalte = tuple((inhalt.element, _loese_auf(inhalt, teile)) for inhalt in umschlag.inhalte)
    if teile:
        raise SoapFehler("Die Anfrage enthält MIME-Teile, auf die kein xop:Include verweist.")
    http_actions = (kopfzeilen.get("soapaction", ""), medientyp.parameter.get("action", ""))
    return _pruefe(umschlag, inhalte, http_actions)


def _lies_mehrteilig(
    stuecke: Iterable[bytes], content_type: str, annahme: Annahme
) -> tuple[Umschlag, dict[str, Teildatei]]:
    umschlag: Umschlag | None = None
    teile: dict[str, Teildatei] = {}
    try:
        for teil in lies_teile(stuecke, content_type):
            if teil.ist_wurzel:
                umschlag = lies_umschlag(teil.strom(), annahme)
            else:
                teile[teil.content_id] = annahme.nimm(teil.strom())
    except MehrteiligFehler as fehler:
        raise SoapFehler(f"Die mehrteilige Anfrage ist fehlerhaft ({fehler.code}).") from fehler
    if umschlag is None:
        raise SoapFehler("Die mehrteilige Anfrage hat keinen Wurzelteil.")
    return umschlag, teile


def _loese_auf(inhalt: Inhalt, teile: dict[str, Teildatei]) -> Teildatei:
    if inhalt.teil is not None:
        return inhalt.teil
    try:
        teil = teile.pop(cid_ziel(inhalt.href), None)
    except MehrteiligFehler as fehler:
        raise SoapFehler("Ein xop:Include trägt keine cid-Adresse.") from fehler
    if teil is None:
        raise SoapFehler("Zu einem xop:Include fehlt der MIME-Teil, oder zwei verweisen auf denselben.")
    return teil


def _pruefe(
    umschlag: Umschlag, inhalte: tuple[tuple[etree._Element, Teildatei], ...], http_actions: Iterable[str]
) -> Anfrage:
    kopf = umschlag.kopf
    action, nachricht_id = _pflicht(kopf, "Action"), _pflicht(kopf, "MessageID")
    for http_action in http_actions:
        if http_action.strip(' "') not in ("", action):
            raise SoapFehler("SOAPAction und wsa:Action sind verschieden.", unterkode="InvalidAddressingHeader")
    for block in kopf:
        if block.get(q(SOAP, "mustUnderstand"), "") in ("1", "true") and not _versteht(block):
            raise SoapFehler("Ein verpflichtender Header ist unbekannt.", kode="MustUnderstand")
    return Anfrage(action, nachricht_id, kopf, umschlag.rumpf, inhalte)


def _versteht(block: etree._Element) -> bool:
    return block.tag in _VERSTANDEN or etree.QName(block).namespace == WSA


def _pflicht(kopf: etree._Element, name: str) -> str:
    gefunden = kopf.findall(q(WSA, name))
    if len(gefunden) != 1 or not (gefunden[0].text or "").strip():
        raise SoapFehler(
            f"Der Header wsa:{name} muss genau einmal da sein.", unterkode="MessageAddressingHeaderRequired"
        )
    return (gefunden[0].text or "").strip()
