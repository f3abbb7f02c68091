"""The twelve operations of the XTA server: who may, and which part of the server carries them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fachwerk_generic_xta.simulator.abholung import Abholung
from fachwerk_generic_xta.simulator.anfrage import Anfrage
from fachwerk_generic_xta.simulator.annahme import Annahme
from fachwerk_generic_xta.simulator.antworten import Antwort
from fachwerk_generic_xta.simulator.betrieb import Betrieb, Einstellungen
from fachwerk_generic_xta.simulator.fehler import SoapFehler, XtaFehler
from fachwerk_generic_xta.simulator.konten import Konto
from fachwerk_generic_xta.simulator.namen import VORGAENGE, Vorgang
from fachwerk_generic_xta.simulator.postfach import Postfach
from fachwerk_generic_xta.simulator.versand import Versand
from fachwerk_generic_xta.simulator.verwaltung import Verwaltung


class Dienst:
    """The server without HTTP; safe to use from several threads."""

    def __init__(self, betrieb: Betrieb) -> None:
        self.betrieb = betrieb
        verwaltung, versand, abholung = Verwaltung(betrieb), Versand(betrieb), Abholung(betrieb)
        self._vorgaenge: Mapping[str, Callable[[Konto, Anfrage, Annahme], Antwort]] = {
            "checkAccountActive": verwaltung.konto_aktiv,
            "createMessageId": verwaltung.neue_kennung,
            "lookupService": verwaltung.dienstauskunft,
            "getTransportReport": verwaltung.bericht,
            "cancelMessage": verwaltung.storniere,
            "sendMessage": versand.nimm_an,
            "sendMessageSync": versand.beantworte,
            "getStatusList": abholung.liste,
            "getNextStatusList": abholung.naechste_liste,
            "getMessage": abholung.gib_aus,
            "getNextMessage": abholung.naechste_nachricht,
            "close": abholung.schliesse,
        }

    @property
    def postfach(self) -> Postfach:
        """The mailboxes."""
        return self.betrieb.postfach

    @property
    def konten(self) -> dict[str, Konto]:
        """The accounts; may be changed while the server runs."""
        return self.betrieb.konten

    @property
    def einstellungen(self) -> Einstellungen:
        """How the server behaves."""
        return self.betrieb.einstellungen

    def vorgang(self, port: str, anfrage: Anfrage) -> Vorgang:
        """The operation asked for, if this port offers it."""
        vorgang = VORGAENGE.get(anfrage.action)
        if vorgang is None or vorgang.port != port:
            raise SoapFehler(
                "Diesen Vorgang gibt es an dieser Adresse nicht.",
                unterkode="ActionNotSupported",
                action=anfrage.action,
            )
        return vorgang

    def bearbeite(self, vorgang: Vorgang, konto_name: str, anfrage: Anfrage, annahme: Annahme) -> Antwort:
        """Carry out the operation for the account of the client certificate."""
        konto = self.konten.get(konto_name)
        if konto is None:
            raise XtaFehler("9012")
        if konto.gesperrt:
            raise XtaFehler("9011")
        return self._vorgaenge[vorgang.name](konto, anfrage, annahme)
