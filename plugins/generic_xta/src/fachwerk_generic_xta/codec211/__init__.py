"""The wire of XTA web service 2.1.1 ("XTA 2 Version 3"): the only place that knows its namespaces and actions."""

from __future__ import annotations

from fachwerk_generic_xta.codec import Anfrage
from fachwerk_generic_xta.codec211 import antworten, bezug
from fachwerk_generic_xta.codec211.anfragen import Anfragen
from fachwerk_generic_xta.nachricht import Dienstauskunft, StatusListe, TransportBericht, Umschlagsinhalt, XtaFault
from fachwerk_generic_xta.soap import Umschlag

__all__ = ["Codec211"]


class Codec211(Anfragen):
    """Builds the requests of all twelve operations (:class:`Anfragen`) and reads their answers.

    The ``anfrage_id`` of this version is the MsgBoxRequestID.
    """

    def verlange_bezug(self, anfrage: Anfrage, umschlag: Umschlag) -> None:
        """Raises ``AntwortFehler`` if the answer belongs to another request."""
        bezug.verlange_bezug(anfrage, umschlag)

    def lies_fault(self, umschlag: Umschlag) -> XtaFault | None:
        """The fault of an answer, None if it has none."""
        return antworten.fault(umschlag)

    def lies_kennung(self, umschlag: Umschlag) -> str:
        """The id in the body of a createMessageId answer."""
        return antworten.nachricht_id(umschlag)

    def lies_auskunft(self, umschlag: Umschlag) -> tuple[Dienstauskunft, ...]:
        """The results of a lookupService answer, in its order."""
        return antworten.dienstauskunft(umschlag)

    def lies_liste(self, umschlag: Umschlag) -> StatusListe:
        """One page of the mailbox."""
        return antworten.status_liste(umschlag)

    def lies_inhalt(self, umschlag: Umschlag) -> Umschlagsinhalt | None:
        """What a getMessage, getNextMessage or sendMessageSync answer announces."""
        return antworten.umschlagsinhalt(umschlag)

    def lies_bericht(self, umschlag: Umschlag) -> TransportBericht:
        """A getTransportReport answer."""
        return antworten.transport_bericht(umschlag)
