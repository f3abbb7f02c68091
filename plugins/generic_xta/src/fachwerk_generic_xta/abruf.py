"""One round through a mailbox: list, fetch, hand over, list again, until nothing new comes.

The line's promise decides every branch: a message leaves the mailbox only after the core has committed it, one bad
message hides no other, and what could not be fetched is named at the end instead of forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from fachwerk.errors import NeedsHumanError, PermanentError, RetryableError, StepError
from fachwerk.modell import Eingang, Kanal
from fachwerk_generic_xta.fehler import NachrichtUnbekannt
from fachwerk_generic_xta.mapping import eingang
from fachwerk_generic_xta.nachricht import Metadaten, StatusListe

if TYPE_CHECKING:
    from fachwerk.host import Host
    from fachwerk_generic_xta.client import XtaClient

_ABBRUECHE_HINTEREINANDER = 3
_KONTO = frozenset({"xta.9010", "xta.9011", "xta.9012", "xta.9014"})


@dataclass
class Abruf:
    """The round of one Kanal. ``fehlgeschlagen`` maps message ids to the code of what went wrong."""

    kanal: Kanal
    host: Host
    client: XtaClient
    seitengroesse: int
    gesehen: set[str] = field(default_factory=set)
    fehlgeschlagen: dict[str, str] = field(default_factory=dict)
    unlesbare_eintraege: int = 0
    abbrueche: int = 0

    def laufe(self) -> Iterator[Eingang]:
        """First what the mailbox calls new, then also what was fetched before but never closed (after a crash)."""
        yield from self._blaettere(neue=None)
        try:
            yield from self._blaettere(neue=False)
        except PermanentError as fehler:
            self.host.log.warning("xta.newentry_abgelehnt", kanal=self.kanal.name, code=fehler.code)
        self._melde()

    def _blaettere(self, neue: bool | None) -> Iterator[Eingang]:
        """All pages. Messages that cannot be fetched stay and would fill the first page: then list from later on."""
        ab: datetime | None = None
        while True:
            seite = self.client.list(self.seitengroesse, neue=neue, ab=ab)
            self.unlesbare_eintraege = max(self.unlesbare_eintraege, seite.unlesbar)
            frische = {eintrag.nachricht_id.lower(): eintrag for eintrag in reversed(seite.eintraege)}
            frische = {kennung: frische[kennung] for kennung in reversed(frische) if kennung not in self.gesehen}
            self.gesehen |= frische.keys()
            for eintrag in frische.values():
                yield from self._eine(eintrag, seite.anfrage_id)
            if not self._geht_weiter(seite):
                return
            if not frische:
                spaeter = _spaeteste(seite)
                if spaeter is None or (ab is not None and spaeter <= ab):
                    self.host.log.warning("xta.seite_ohne_neues", kanal=self.kanal.name, offen=seite.offen)
                    return
                ab = spaeter

    def _geht_weiter(self, seite: StatusListe) -> bool:
        return bool(seite.eintraege) and (bool(seite.offen) or len(seite.eintraege) >= self.seitengroesse)

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
        if fehler.code == "transport.nicht_erreichbar" or fehler.code in _KONTO:
            raise fehler
        if fehler.code.startswith("transport."):
            self._pruefe_postfach(fehler)
        self.fehlgeschlagen[nachricht_id] = fehler.details.get("grund", fehler.code)
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
                "nachrichten": ", ".join(self.fehlgeschlagen),
                "gruende": ", ".join(sorted(set(self.fehlgeschlagen.values()))),
                "ohne_kennung": str(self.unlesbare_eintraege),
            },
            routenfehler=False,
        )


def _spaeteste(seite: StatusListe) -> datetime | None:
    return max((eintrag.zugestellt for eintrag in seite.eintraege if eintrag.zugestellt is not None), default=None)
