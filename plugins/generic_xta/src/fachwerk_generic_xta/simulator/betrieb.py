"""What all operations share: mailboxes, accounts, settings, who may speak for whom, and the ids of their requests."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from lxml import etree

from fachwerk_generic_xta.simulator.anfrage import Anfrage
from fachwerk_generic_xta.simulator.auswahl import Auswahl
from fachwerk_generic_xta.simulator.berichte import BERICHT
from fachwerk_generic_xta.simulator.dateien import als_json, schreibe_ganz
from fachwerk_generic_xta.simulator.fehler import SoapFehler, XtaFehler
from fachwerk_generic_xta.simulator.konten import Konto
from fachwerk_generic_xta.simulator.metadaten import lies_partei, mit_zeiten
from fachwerk_generic_xta.simulator.nachricht import METADATEN, Nachricht, Platz
from fachwerk_generic_xta.simulator.namen import OSCIMETA, q
from fachwerk_generic_xta.simulator.postfach import Postfach

_LAUFENDE = 10_000
_VORRAT = 1000


@dataclass(frozen=True)
class Einstellungen:
    """How the server behaves where real servers differ; sizes in bytes."""

    groessengrenze: int = 40_000_000
    listenlaenge: int = 100
    streng: bool = False
    """Check requests against schemas and WS-Addressing, and refuse a MsgBoxRequestID that was never given out."""
    nur_neue: bool = False
    """A status list without newEntry leaves out what was fetched already."""
    inhalt_behalten: bool = False
    """Keep the content of closed messages."""
    virenpruefung: bool = False
    """Refuse the test file of the virus scanners (9060); else it goes through, so that a reader can find it."""
    mtom: str = "immer"
    """``immer``: all answers but faults are multipart; ``auto``: those with content; ``nie``: base64 inside."""
    gestueckelt: bool = False
    """Send answers chunked instead of with Content-Length."""


@dataclass(frozen=True)
class Abfrage:
    """A list or fetch that can be continued: what was asked for, by whom, and up to which message it came."""

    kennung: str
    rollen: tuple[str, ...]
    auswahl: Auswahl
    hoechstens: int = 1
    nur_attribute: bool = False
    nach: Platz | None = None


class Anfragekennungen:
    """MsgBoxRequestIDs: 1, 2, 3 … per account, because public clients close with ``1`` whatever they got.

    The file keeps up to which number ids may have been given out; a restart goes on behind it.
    """

    def __init__(self, datei: Path) -> None:
        self._datei = datei
        self._reserviert: dict[str, int] = json.loads(datei.read_bytes()) if datei.exists() else {}
        self._vergeben: dict[str, int] = dict(self._reserviert)
        self._laufend: OrderedDict[tuple[str, str], Abfrage] = OrderedDict()
        self._schloss = Lock()

    def neu(self, konto: str) -> str:
        """A new request id for an account."""
        with self._schloss:
            nummer = self._vergeben[konto] = self._vergeben.get(konto, 0) + 1
            if nummer > self._reserviert.get(konto, 0):
                self._reserviert[konto] = nummer + _VORRAT
                schreibe_ganz(self._datei, als_json(self._reserviert))
            return str(nummer)

    def kennt(self, konto: str, kennung: str) -> bool:
        """Whether the id was given to this account."""
        if not (kennung.isascii() and kennung.isdigit() and len(kennung) < 19):
            return False
        with self._schloss:
            return 1 <= int(kennung) <= self._vergeben.get(konto, 0)

    def merke(self, konto: str, abfrage: Abfrage) -> None:
        """Keep a request for its continuation; the oldest are forgotten, and all with a restart."""
        with self._schloss:
            self._laufend[konto, abfrage.kennung] = abfrage
            self._laufend.move_to_end((konto, abfrage.kennung))
            while len(self._laufend) > _LAUFENDE:
                self._laufend.popitem(last=False)

    def laufende(self, konto: str, kennung: str) -> Abfrage | None:
        """The request to continue."""
        with self._schloss:
            return self._laufend.get((konto, kennung))


class Berichtsvorlagen:
    """Reports ordered for messages that are still to come."""

    def __init__(self) -> None:
        self._vorlage: bytes | None = None
        self._rest: int | None = 0
        self._schloss = Lock()

    def setze(self, vorlage: bytes | None, mal: int | None) -> None:
        """The report of the next ``mal`` messages (None: of all)."""
        with self._schloss:
            self._vorlage, self._rest = vorlage, mal

    def naechste(self) -> bytes | None:
        """The order for a message that is being accepted; counts it."""
        with self._schloss:
            if self._vorlage is None or self._rest == 0:
                return None
            self._rest = None if self._rest is None else self._rest - 1
            return self._vorlage


class Betrieb:
    """The state behind the operations; safe to use from several threads."""

    def __init__(
        self,
        postfach: Postfach,
        konten: Mapping[str, Konto],
        einstellungen: Einstellungen,
        anfragekennungen: Anfragekennungen,
    ) -> None:
        self.postfach = postfach
        self.konten = dict(konten)
        self.einstellungen = einstellungen
        self.anfragekennungen = anfragekennungen
        self.vorlagen = Berichtsvorlagen()

    def rollen(self, konto: Konto, anfrage: Anfrage) -> tuple[str, ...]:
        """The party identifiers the caller acts for: the one in Author, or all of the certificate (``*``)."""
        autor = anfrage.kopf.find(q(OSCIMETA, "Author"))
        if autor is None and not self.einstellungen.streng:
            return konto.kennungen
        kennung = lies_partei(autor)
        if kennung == "*":
            return konto.kennungen
        if kennung not in konto.kennungen:
            raise XtaFehler("9014")
        return (kennung,)

    def konto_von(self, kennung: str) -> Konto | None:
        """The account that owns a party identifier."""
        return next((konto for konto in list(self.konten.values()) if kennung in konto.kennungen), None)

    def eigene(self, konto: Konto, kennung: str) -> Nachricht | None:
        """A message this account has sent."""
        nachricht = self.postfach.finde(kennung)
        return nachricht if nachricht is not None and nachricht.konto == konto.name else None

    def bestellter_bericht(self, nachricht: Nachricht) -> bytes | None:
        """What the transport report of a message was told to say."""
        try:
            return self.postfach.lies(nachricht, BERICHT)
        except FileNotFoundError:
            return None

    def metadaten(self, nachricht: Nachricht) -> etree._Element:
        """MessageMetaData of a message, with the time of its first committed fetch."""
        metadaten = etree.fromstring(self.postfach.lies(nachricht, METADATEN), parser())
        return mit_zeiten(metadaten, InitialFetch=nachricht.geschlossen) if nachricht.geschlossen else metadaten


def erwarte(anfrage: Anfrage, name: str) -> etree._Element:
    """The child of the body, which must be this element."""
    if anfrage.rumpf is None or anfrage.rumpf.tag != name:
        raise SoapFehler(f"Im SOAP-Body wird {etree.QName(name).localname} erwartet.")
    return anfrage.rumpf


def parser() -> etree.XMLParser:
    """A parser for our own files."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
