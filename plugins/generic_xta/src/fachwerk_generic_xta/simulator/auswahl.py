"""Selection in a mailbox: MsgSelector and the paging attributes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from fachwerk_generic_xta.simulator.fehler import SoapFehler, XtaFehler
from fachwerk_generic_xta.simulator.metadaten import lies_zeit
from fachwerk_generic_xta.simulator.nachricht import Nachricht
from fachwerk_generic_xta.simulator.namen import OSCI, WSA, q


@dataclass(frozen=True)
class Auswahl:
    """What is asked for. ``ids`` and ``bezug`` are lower case; ``nur_neue`` None means the request does not say."""

    ids: frozenset[str] = frozenset()
    bezug: frozenset[str] = frozenset()
    von: datetime | None = None
    bis: datetime | None = None
    nur_neue: bool | None = None

    @property
    def ist_offen(self) -> bool:
        """Whether every waiting message matches."""
        return not (self.ids or self.bezug or self.von or self.bis)

    def filtere(self, nachrichten: Iterable[Nachricht]) -> list[Nachricht]:
        """The messages that match all criteria, in the order given."""
        return [nachricht for nachricht in nachrichten if self._passt(nachricht)]

    def _passt(self, nachricht: Nachricht) -> bool:
        return (
            (not self.ids or nachricht.schluessel in self.ids)
            and (not self.bezug or any(bezug.lower() in self.bezug for bezug in nachricht.bezug))
            and (self.von is None or nachricht.zugestellt >= self.von)
            and (self.bis is None or nachricht.zugestellt <= self.bis)
        )


def lies_auswahl(rumpf: etree._Element) -> Auswahl:
    """Read the optional MsgSelector; a bad time or an impossible range is 9022."""
    auswahl = rumpf.find(q(OSCI, "MsgSelector"))
    if auswahl is None:
        return Auswahl()
    von, bis = (_zeit(auswahl, name) for name in ("MsgBoxEntryTimeFrom", "MsgBoxEntryTimeTo"))
    if von and bis and von > bis:
        raise XtaFehler("9022", "Der Zeitraum endet vor seinem Anfang.")
    neu = (auswahl.get("newEntry") or "").strip()
    return Auswahl(_texte(auswahl, "MessageID"), _texte(auswahl, "RelatesTo"), von, bis, _wahrheit(neu))


def lies_hoechstzahl(rumpf: etree._Element, grenze: int) -> int:
    """``maxListItems``, capped by the server."""
    text = (rumpf.get("maxListItems") or str(grenze)).strip()
    if not text.isdecimal() or len(text) > 18 or int(text) < 1:
        raise SoapFehler("maxListItems ist eine Zahl ab 1.")
    return min(int(text), grenze)


def lies_listenform(rumpf: etree._Element) -> bool:
    """Whether only attributes are wanted (the name with the typing error is the standard's)."""
    form = rumpf.get("ListForm") or "MessageMetaData"
    if form not in ("MessageMetaData", "MsgAtrributes"):
        raise SoapFehler("ListForm ist MessageMetaData oder MsgAtrributes.")
    return form == "MsgAtrributes"


def _texte(auswahl: etree._Element, name: str) -> frozenset[str]:
    return frozenset((element.text or "").strip().lower() for element in auswahl.iterfind(q(WSA, name)))


def _zeit(auswahl: etree._Element, name: str) -> datetime | None:
    text = auswahl.findtext(q(OSCI, name))
    return None if text is None else lies_zeit(text)


def _wahrheit(text: str) -> bool | None:
    if text not in ("", "true", "false", "1", "0"):
        raise XtaFehler("9022", "newEntry ist true oder false.")
    return text in ("true", "1") if text else None
