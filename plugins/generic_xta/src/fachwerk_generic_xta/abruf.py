"""One round through a mailbox: list, fetch, hand over, list again, until nothing new comes.

The line's promise decides every branch: a message leaves the mailbox only after the core has committed it, one bad
message hides no other, and what could not be fetched is named at the end instead of forgotten. Of a message only its
id is kept, so that ten thousand of them take no more memory than one page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from fachwerk.errors import NeedsHumanError, RetryableError, StepError
from fachwerk.modell import Eingang, GehaltenFuer, Kanal
from fachwerk_generic_xta import anschluss
from fachwerk_generic_xta.fehler import NachrichtUnbekannt
from fachwerk_generic_xta.mapping import ANFRAGE_ID, eingang
from fachwerk_generic_xta.nachricht import Metadaten, StatusListe
from fachwerk_generic_xta.settings import einstellungen

if TYPE_CHECKING:
    from fachwerk.host import Host
    from fachwerk_generic_xta.client import XtaClient

_ABBRUECHE_HINTEREINANDER = 3
_GROESSTE_SEITE = 1000
_GENANNTE = 20
"""So many messages that could not be fetched are named; the others are counted."""

_ANFRAGE_ABGELEHNT = frozenset({"xta.9020", "xta.9021", "xta.9022", "xta.fault"})
"""The server does not like what we asked, whatever the message."""


@dataclass(frozen=True)
class _Ausschnitt:
    """What is listed next: delivered from ``ab`` on, at most ``laenge`` entries."""

    laenge: int
    ab: datetime | None = None

    def hinter(self, seite: StatusListe) -> _Ausschnitt | None:
        """Past a page of which everything was seen; None if there is no way past it."""
        zeiten = (eintrag.zugestellt for eintrag in seite.eintraege if eintrag.zugestellt is not None)
        spaeteste = max(zeiten, default=None)
        if spaeteste is not None and (self.ab is None or spaeteste > self.ab):
            return replace(self, ab=spaeteste)
        if len(seite.eintraege) >= self.laenge < _GROESSTE_SEITE:  # more entries of one moment than a page holds
            return replace(self, laenge=min(2 * self.laenge, _GROESSTE_SEITE))
        return None


@dataclass
class Abruf:
    """The round of one Kanal. ``fehlgeschlagen`` maps message ids to the code of what went wrong."""

    kanal: Kanal
    host: Host
    client: XtaClient
    seitengroesse: int
    gesehen: set[str] = field(default_factory=set)
    fehlgeschlagen: dict[str, str] = field(default_factory=dict)
    alarme: set[str] = field(default_factory=set)
    unlesbare_eintraege: int = 0
    abbrueche: int = 0

    def laufe(self) -> Iterator[Eingang]:
        """First what the mailbox calls new, then also what was fetched before but never closed (after a crash)."""
        yield from self._blaettere(neue=None)
        try:
            yield from self._blaettere(neue=False)
        except StepError as fehler:
            if fehler.code not in _ANFRAGE_ABGELEHNT:
                raise
            self.host.log.warning("xta.newentry_abgelehnt", kanal=self.kanal.name, code=fehler.code)
        self._melde()

    def _blaettere(self, neue: bool | None) -> Iterator[Eingang]:
        """All pages. Messages that cannot be fetched or closed stay and fill the first page: then list past them."""
        was: _Ausschnitt | None = _Ausschnitt(self.seitengroesse)
        while was is not None:
            seite = self.client.list(was.laenge, neue=neue, ab=was.ab)
            self.unlesbare_eintraege = max(self.unlesbare_eintraege, seite.unlesbar)
            frische = self._frische(seite)
            for eintrag in frische:
                yield from self._eine(eintrag, seite.anfrage_id)
            if not _geht_weiter(seite, was.laenge, bool(frische)):
                return
            if not frische:
                was = was.hinter(seite)
        self.host.log.warning("xta.seite_ohne_neues", kanal=self.kanal.name, offen=seite.offen)

    def _frische(self, seite: StatusListe) -> list[Metadaten]:
        """The entries nobody has seen in this round, each once, in their order."""
        frische: dict[str, Metadaten] = {}
        for eintrag in seite.eintraege:
            kennung = eintrag.nachricht_id.lower()
            if kennung not in self.gesehen:
                frische.setdefault(kennung, eintrag)
        self.gesehen |= frische.keys()
        return list(frische.values())

    def _eine(self, eintrag: Metadaten, anfrage_id: str) -> Iterator[Eingang]:
        """Fetch one message, also one that is stored already (a crash before close): only its content tells whether
        the mailbox really shows the same message again, and the core closes only that.
        """
        nachricht_id = eintrag.nachricht_id
        try:
            abholung = self.client.fetch(nachricht_id, self.host.inhalt)
        except NachrichtUnbekannt:
            self.host.log.info("xta.schon_abgeholt", kanal=self.kanal.name, nachricht_id=nachricht_id)
            return
        except StepError as fehler:
            self._merke(nachricht_id, fehler)
            return
        self.abbrueche = 0
        yield eingang(self.kanal, eintrag, abholung, anfrage_id, self.host.now())

    def _merke(self, nachricht_id: str, fehler: StepError) -> None:
        """One message failed; the others go on, unless it is rather the mailbox or our account that fails."""
        if fehler.code == "transport.nicht_erreichbar" or _ist_kontofehler(fehler):
            raise fehler
        if fehler.code.startswith("transport."):
            self._pruefe_postfach(fehler)
        self.fehlgeschlagen[nachricht_id] = fehler.details.get("grund", fehler.code)
        self.alarme |= {fehler.details["alarm"]} if "alarm" in fehler.details else set()
        self.host.log.warning(
            "xta.nachricht_nicht_abgeholt", kanal=self.kanal.name, nachricht_id=nachricht_id, code=fehler.code
        )

    def _pruefe_postfach(self, fehler: StepError) -> None:
        """After a person's case or several failures of the connection: the round ends if not even a list comes."""
        self.abbrueche += 1
        if isinstance(fehler, NeedsHumanError) or self.abbrueche >= _ABBRUECHE_HINTEREINANDER:
            self.client.list(1)
            self.abbrueche = 0

    def _melde(self) -> None:
        if not self.fehlgeschlagen and not self.unlesbare_eintraege:
            return
        anzahl = len(self.fehlgeschlagen) + self.unlesbare_eintraege
        raise RetryableError(
            "abruf_unvollstaendig",
            f"{anzahl} Nachricht(en) liegen noch im Postfach von {self.kanal.name}, weil sie nicht vollständig zu "
            "holen waren. Alle anderen sind da. Es wird wieder versucht; bleibt es dabei, den Betreiber des Postfachs "
            "mit den genannten Kennungen ansprechen.",
            {
                "nachrichten": ", ".join(islice(self.fehlgeschlagen, _GENANNTE)),
                "anzahl": str(anzahl),
                "gruende": ", ".join(sorted(set(self.fehlgeschlagen.values()))),
                "ohne_kennung": str(self.unlesbare_eintraege),
                **({"alarm": max(self.alarme)} if self.alarme else {}),
            },
            routenfehler=False,
        )


def rufe_ab(kanal: Kanal, host: Host) -> Iterator[Eingang]:
    """The round of ``kanal``."""
    return Abruf(kanal, host, anschluss.client(kanal, host), einstellungen(kanal).seiten_groesse).laufe()


def schliesse(client: XtaClient, eingang: Eingang) -> None:
    """Close a stored message with the request id of the answer that showed it.

    That id may be long forgotten (a crash before close, a restart of the server): then a new list gives a fresh one.
    """
    try:
        client.close([eingang.nachricht_id], eingang.metadaten.get(ANFRAGE_ID, ""))
    except StepError as fehler:
        if fehler.code not in _ANFRAGE_ABGELEHNT:
            raise
        client.close([eingang.nachricht_id], client.list(1).anfrage_id)


def _geht_weiter(seite: StatusListe, laenge: int, frisch: bool) -> bool:
    """Whether more may wait; where the mailbox does not say, as long as pages bring something new."""
    if not seite.eintraege:
        return False
    return frisch if seite.offen is None else seite.offen > 0 or len(seite.eintraege) >= laenge


def _ist_kontofehler(fehler: StepError) -> bool:
    """Our account or certificate as the mailbox sees it: no other message will fare better."""
    ist_betrieb = isinstance(fehler, NeedsHumanError) and fehler.fuer is GehaltenFuer.BETRIEB
    return ist_betrieb and fehler.code.startswith("xta.")


def wartende(client: XtaClient) -> list[str]:
    """The ids of all messages that nobody closed yet, page by page, without fetching or closing any."""
    gesehen: dict[str, str] = {}
    was: _Ausschnitt | None = _Ausschnitt(_GROESSTE_SEITE)
    while was is not None:
        seite = client.list(was.laenge, neue=False, ab=was.ab)
        vorher = len(gesehen)
        for eintrag in seite.eintraege:
            gesehen.setdefault(eintrag.nachricht_id.lower(), eintrag.nachricht_id)
        geht_weiter = _geht_weiter(seite, was.laenge, len(gesehen) > vorher)
        was = was.hinter(seite) if geht_weiter else None
    return list(gesehen.values())
