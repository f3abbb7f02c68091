"""The seam between the client and a version of the wire: requests are built here, answers read; nothing is sent.

Whatever only one version of XTA knows (namespaces, actions, the ids of an exchange, the form of a list) stays behind
this protocol. The client, the multipart reader, retry and store-then-close are the same for every codec.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fachwerk_generic_xta.nachricht import (
    Dienstauskunft,
    Dienstfrage,
    Inhaltsteil,
    Metadaten,
    StatusListe,
    TransportBericht,
    Umschlagsinhalt,
    XtaFault,
)
from fachwerk_generic_xta.soap import Umschlag


@dataclass(frozen=True)
class Adressen:
    """The three ports, which may lie on different hosts; ``versand`` is empty for a mailbox that only receives."""

    verwaltung: str
    postfach: str
    versand: str = ""


@dataclass(frozen=True)
class Anfrage:
    """A request ready for the wire: where to, the WS-Addressing action, the envelope, and the envelope's own id."""

    url: str
    aktion: str
    umschlag: bytes
    kennung: str = ""


@dataclass(frozen=True)
class Auswahl:
    """Which messages a list shows; everything left out restricts nothing.

    ``neue`` None lets the mailbox choose, True asks for what was never fetched, False for all. ``ab`` and ``bis`` are
    times of delivery. ``ids`` are message ids, ``antworten_auf`` ids the wanted messages answer.
    """

    neue: bool | None = None
    ab: datetime | None = None
    bis: datetime | None = None
    ids: tuple[str, ...] = ()
    antworten_auf: tuple[str, ...] = ()


class Codec(Protocol):
    """One version of the wire, for one account at one mailbox.

    Building raises ``PermanentError`` for a value the wire cannot carry, reading ``AntwortFehler`` for an answer that
    cannot be trusted. ``anfrage_id`` is opaque to everybody but the codec that handed it out; it may be empty.
    """

    def pruefe_konto(self) -> Anfrage:
        """Does the account work? The good answer is empty."""
        ...

    def neue_kennung(self) -> Anfrage:
        """A fresh message id, please."""
        ...

    def dienste(self, fragen: Sequence[Dienstfrage]) -> Anfrage:
        """Who offers what?"""
        ...

    def sende(self, metadaten: Metadaten, teile: Sequence[Inhaltsteil]) -> Anfrage:
        """A message; the first of ``teile`` is the Message, each names its MIME part in ``cid``."""
        ...

    def sende_synchron(self, metadaten: Metadaten, teile: Sequence[Inhaltsteil]) -> Anfrage:
        """The same, with the reader's reply as the answer."""
        ...

    def liste(self, auswahl: Auswahl, hoechstens: int) -> Anfrage:
        """What waits in the mailbox?"""
        ...

    def naechste_liste(self, anfrage_id: str, erhalten: Sequence[str]) -> Anfrage:
        """The next page; acknowledges ``erhalten``."""
        ...

    def hole(self, nachricht_id: str) -> Anfrage:
        """One message by its id."""
        ...

    def hole_naechste(self, anfrage_id: str, erhalten: Sequence[str]) -> Anfrage:
        """The next message of a list; acknowledges ``erhalten``."""
        ...

    def schliesse(self, ids: Sequence[str], anfrage_id: str) -> tuple[Anfrage, ...]:
        """These messages are kept here; as many requests as this version needs for them."""
        ...

    def bericht(self, nachricht_id: str) -> Anfrage:
        """What became of a sent message?"""
        ...

    def ziehe_zurueck(self, nachricht_id: str) -> Anfrage:
        """Do not deliver this message."""
        ...

    def verlange_bezug(self, anfrage: Anfrage, umschlag: Umschlag) -> None:
        """Raises ``AntwortFehler`` unless this can be the answer to ``anfrage``, be it a fault or a good one."""
        ...

    def lies_fault(self, umschlag: Umschlag) -> XtaFault | None:
        """The fault of an answer, None if it has none."""
        ...

    def lies_kennung(self, umschlag: Umschlag) -> str:
        """The answer to :meth:`neue_kennung`."""
        ...

    def lies_auskunft(self, umschlag: Umschlag) -> tuple[Dienstauskunft, ...]:
        """The answer to :meth:`dienste`."""
        ...

    def lies_liste(self, umschlag: Umschlag) -> StatusListe:
        """The answer to :meth:`liste` and :meth:`naechste_liste`."""
        ...

    def lies_inhalt(self, umschlag: Umschlag) -> Umschlagsinhalt | None:
        """What a message or reply announces; None where the mailbox says that there is none."""
        ...

    def lies_bericht(self, umschlag: Umschlag) -> TransportBericht:
        """The answer to :meth:`bericht`."""
        ...
