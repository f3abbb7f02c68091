"""What a mailbox says and is told, as small frozen values; nothing of SOAP is left in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fachwerk.modell import Teil


@dataclass(frozen=True)
class Partei:
    """A party: ``kennung`` is opaque ("wbs:130030000000"), ``kategorie`` and ``name`` may be empty."""

    kennung: str
    typ: str = "xoev"
    kategorie: str = ""
    name: str = ""


@dataclass(frozen=True)
class Listenwert:
    """A code with its list; without ``liste`` it is free text."""

    code: str = ""
    liste: str = ""
    version: str = ""


@dataclass(frozen=True)
class Metadaten:
    """The head of a message. Times are those the mailbox states; None where absent or not a point in time."""

    nachricht_id: str
    autor: Partei
    leser: Partei
    dienst: str = ""
    szenario: Listenwert = Listenwert()
    nachrichtentyp: Listenwert = Listenwert()
    payload_schema: str = ""
    betreff: str = ""
    test: bool = False
    erstellt: datetime | None = None
    gesendet: datetime | None = None
    zugestellt: datetime | None = None
    zuerst_abgeholt: datetime | None = None
    groesse: int | None = None


@dataclass(frozen=True)
class StatusListe:
    """One page of the mailbox. ``offen``: how many more there are (None: not said); ``grund``: why there are none.

    ``unlesbar`` counts entries without a usable message id, which can be neither fetched nor named.
    """

    eintraege: tuple[Metadaten, ...] = ()
    offen: int | None = None
    anfrage_id: str = ""
    grund: str = ""
    unlesbar: int = 0


@dataclass(frozen=True)
class Inhaltsteil:
    """A Message or Attachment of a container as the envelope announces it; ``cid`` or ``inline`` holds its content.

    ``inline`` are byte offsets of base64 text in the envelope, or that text itself.
    """

    ist_nachricht: bool
    medientyp: str
    dateiname: str = ""
    beschreibung: str = ""
    kodierung: str = ""
    kennung: str = ""
    sprache: str = ""
    groesse: int | None = None
    cid: tuple[str, ...] = ()
    inline: str | tuple[int, int] = ""


@dataclass(frozen=True)
class Umschlagsinhalt:
    """The root part of a fetched message. ``verweise``: Content-IDs of an encrypted container's parts."""

    metadaten: Metadaten | None
    anfrage_id: str
    teile: tuple[Inhaltsteil, ...] = ()
    verschluesselt: bool = False
    verweise: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Abholung:
    """A fetched message, complete: the first part is the Message, the others its Attachments.

    ``verschluesselt``: the parts are the envelope with its EncryptedData as it came, and its MIME parts.
    """

    metadaten: Metadaten | None
    anfrage_id: str
    teile: tuple[Teil, ...]
    verschluesselt: bool = False


@dataclass(frozen=True)
class Protokolleintrag:
    """A line of a transport report; its code comes from any list and is shown, never switched on."""

    stufe: str
    zeit: datetime | None
    code: str
    text: str


@dataclass(frozen=True)
class TransportBericht:
    """What became of a sent message. ``status``: 0 open, 1 green, 2 yellow (warnings), 3 red."""

    metadaten: Metadaten
    zeit: datetime | None
    server: str
    status: int
    eintraege: tuple[Protokolleintrag, ...] = ()

    @property
    def offen(self) -> bool:
        """Still being written: ask again later."""
        return self.status == 0


@dataclass(frozen=True)
class XtaFault:
    """A SOAP fault. ``ausnahme`` is the local name of the XTA exception, ``code`` its number; both may be empty.

    ``name`` and ``grund`` are the server's words: shown to people, never logged.
    """

    soap_code: str
    ausnahme: str = ""
    code: str = ""
    name: str = field(default="", repr=False)
    grund: str = field(default="", repr=False)
