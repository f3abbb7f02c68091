"""Whether an answer belongs to the request: by its WS-Addressing header as far as it has one, and by its body.

On a kept connection a stray second answer would otherwise be taken for the next request's. Headers are optional on
the wire, so what they leave out proves nothing; what they say, and an element only another operation answers with,
does. Two operations with an empty answer and no such header cannot be told apart.
"""

from __future__ import annotations

from fachwerk_generic_xta.codec import Anfrage
from fachwerk_generic_xta.codec211.metadaten import NS
from fachwerk_generic_xta.fehler import AntwortFehler
from fachwerk_generic_xta.soap import WSA, Umschlag

_XTA = "http://www.xta.de/XTA/"
_OSCI = "http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/"
_NACHRICHT, _LISTE = f"{{{NS['x']}}}GenericContentContainer", f"{{{NS['o']}}}MsgStatusList"
_RUMPF = {
    f"{_XTA}CheckAccountActive": "",
    f"{_XTA}CreateMessageID": f"{{{WSA}}}MessageID",
    f"{_XTA}IsServiceAvailable": f"{{{NS['x']}}}LookupServiceResponse",
    f"{_XTA}GetTransportReport": f"{{{NS['x']}}}TransportReport",
    f"{_XTA}CancelMessage": "",
    f"{_XTA}SendMessage": "",
    f"{_XTA}SendMessageSync": _NACHRICHT,
    f"{_OSCI}MsgBoxStatusListRequest": _LISTE,
    f"{_OSCI}MsgBoxGetNextListRequest": _LISTE,
    f"{_OSCI}MsgBoxFetchRequest": _NACHRICHT,
    f"{_OSCI}MsgBoxGetNextMsgRequest": _NACHRICHT,
    f"{_OSCI}MsgBoxCloseRequest": "",
}
"""What the body of each operation's answer holds; the action of an answer is that of its request."""
_ANTWORT = f"{WSA}/reply"
_OHNE_BEZUG = ("", f"{WSA}/unspecified")


def verlange_bezug(anfrage: Anfrage, umschlag: Umschlag) -> None:
    """Raises ``AntwortFehler`` if the answer says that it is somebody else's."""
    if not (_nennt_uns(anfrage, umschlag) and _nennt_vorgang(anfrage, umschlag) and _hat_rumpf(anfrage, umschlag)):
        raise AntwortFehler("fremde_antwort")


def _nennt_uns(anfrage: Anfrage, umschlag: Umschlag) -> bool:
    glieder = umschlag.wurzel.iterfind("s:Header/a:RelatesTo", NS)
    antworten = [g for g in glieder if (g.get("RelationshipType") or _ANTWORT) == _ANTWORT]
    bezuege = {(glied.text or "").strip().casefold() for glied in antworten}.difference(_OHNE_BEZUG)
    return not bezuege or anfrage.kennung.casefold() in bezuege


def _nennt_vorgang(anfrage: Anfrage, umschlag: Umschlag) -> bool:
    """Another of the twelve actions is another request's; any other word is a server's own way of writing it."""
    aktion = (umschlag.wurzel.findtext("s:Header/a:Action", "", NS) or "").strip()
    return aktion == anfrage.aktion or aktion not in _RUMPF


def _hat_rumpf(anfrage: Anfrage, umschlag: Umschlag) -> bool:
    """Nothing that only other operations answer with. What is missing is the business of whoever reads it."""
    fremde = {rumpf for rumpf in _RUMPF.values() if rumpf and rumpf != _RUMPF.get(anfrage.aktion)}
    rumpf = umschlag.wurzel.find("s:Body", NS)
    return rumpf is None or not any(glied.tag in fremde for glied in rumpf)
