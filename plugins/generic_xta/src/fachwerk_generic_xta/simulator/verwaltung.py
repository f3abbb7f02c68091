"""The operations of the ManagementPort: account, message id, services, report, taking back."""

from __future__ import annotations

from lxml import etree

from fachwerk_generic_xta.simulator import antworten, berichte
from fachwerk_generic_xta.simulator.anfrage import Anfrage
from fachwerk_generic_xta.simulator.annahme import Annahme
from fachwerk_generic_xta.simulator.antworten import Antwort
from fachwerk_generic_xta.simulator.betrieb import Betrieb, erwarte
from fachwerk_generic_xta.simulator.fehler import XtaFehler
from fachwerk_generic_xta.simulator.konten import Konto
from fachwerk_generic_xta.simulator.metadaten import lies_partei, pruefe_uri
from fachwerk_generic_xta.simulator.nachricht import STORNIERT
from fachwerk_generic_xta.simulator.namen import OSCIMETA, WSA, XTA, q


class Verwaltung:
    """What an account asks about itself and about what it has sent."""

    def __init__(self, betrieb: Betrieb) -> None:
        self._betrieb = betrieb

    def konto_aktiv(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """checkAccountActive."""
        self._betrieb.rollen(konto, anfrage)
        return Antwort()

    def neue_kennung(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """createMessageId."""
        self._betrieb.rollen(konto, anfrage)
        kennung = self._betrieb.postfach.reserviere(konto.name)
        return Antwort(rumpf=antworten.nachrichtenkennung(kennung), vermerk=f"id={kennung}")

    def dienstauskunft(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """lookupService: whether a reader accepts a service (None: the directory does not say)."""
        self._betrieb.rollen(konto, anfrage)
        rumpf = erwarte(anfrage, q(XTA, "LookupServiceRequest"))
        ergebnisse = [self._auskunft(frage) for frage in rumpf.iter(q(XTA, "LookupService"))]
        if not ergebnisse:
            raise XtaFehler("9020", "LookupServiceRequest fragt nach keinem Dienst.")
        return Antwort(rumpf=antworten.dienstauskunft(ergebnisse), vermerk=f"anzahl={len(ergebnisse)}")

    def bericht(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """getTransportReport, for the author only."""
        self._betrieb.rollen(konto, anfrage)
        kennung = (erwarte(anfrage, q(WSA, "MessageID")).text or "").strip()
        nachricht = self._betrieb.eigene(konto, kennung)
        if nachricht is None:
            raise XtaFehler("9070")
        jetzt = self._betrieb.postfach.jetzt()
        stand = berichte.stand_von(nachricht, self._betrieb.bestellter_bericht(nachricht), jetzt)
        rumpf, teile = berichte.schreibe(self._betrieb.metadaten(nachricht), stand, jetzt)
        return Antwort(rumpf=rumpf, teile=teile, vermerk=f"id={nachricht.id} stand={stand.status}")

    def storniere(self, konto: Konto, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """cancelMessage: only as long as NotBefore holds the message back. A repetition changes nothing."""
        self._betrieb.rollen(konto, anfrage)
        kennung = (erwarte(anfrage, q(WSA, "MessageID")).text or "").strip()
        nachricht = self._betrieb.eigene(konto, kennung)
        if nachricht is None:
            raise XtaFehler("9022", "Eine Nachricht mit dieser Kennung hat dieses Konto nicht gesendet.")
        if nachricht.entfernt != STORNIERT:
            self._betrieb.postfach.storniere(nachricht)
        return Antwort(vermerk=f"id={nachricht.id}")

    def _auskunft(self, frage: etree._Element) -> tuple[etree._Element, str, bool | None]:
        leser, dienst = frage.find(q(OSCIMETA, "Reader")), (frage.findtext(q(XTA, "ServiceType")) or "").strip()
        if leser is None or not dienst:
            raise XtaFehler("9020", "Eine Dienstanfrage braucht Reader und ServiceType.")
        kennung = lies_partei(leser)
        konto = self._betrieb.konto_von(kennung)
        pruefe_uri(dienst, "ServiceType")
        if konto is not None and not konto.auskunft:
            return leser, dienst, None
        return leser, dienst, konto is not None and bool(konto.angebote(kennung, dienst))
