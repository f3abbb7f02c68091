"""What a mailbox says and is told, as small frozen values; nothing of SOAP is left in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

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
    """A code with its list; without ``liste`` it is free text. ``name`` is what the code is called there."""

    code: str = ""
    liste: str = ""
    version: str = ""
    name: str = ""


@dataclass(frozen=True)
class Eigenschaft:
    """A property whose meaning the parties of a business scenario agreed upon."""

    schluessel: Listenwert
    wert: str


@dataclass(frozen=True)
class Vorgangsbezug:
    """A case of the application a message belongs to ("Aktenzeichen"); ``name`` may be empty."""

    kennung: str
    name: str = ""


class Quittungsart(Enum):
    """A receipt the sender asks for, in the order of the way: accepted, forwarded, in the mailbox, fetched, read."""

    ANNAHME = "submission"
    WEITERGABE = "relay"
    ZUSTELLUNG = "delivery"
    ABHOLUNG = "fetch"
    EMPFANG = "reception"


@dataclass(frozen=True)
class Metadaten:
    """The head of a message. Times are those the mailbox states; None where absent or not a point in time.

    A sender states from ``nachricht_id`` to ``test``, ``erstellt``, ``nicht_vor`` (submit not before), ``gueltig_bis``
    (a day; afterwards nobody needs the message) and whatever else its service asks for. ``gesendet``, ``zugestellt``,
    ``zuerst_abgeholt`` and ``angenommen`` are written by the servers on the way. ``sender`` is the node that sends for
    the author, ``weitere_leser`` and ``kopie_an`` are for information only. ``antwort_auf`` are message ids.
    """

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
    nicht_vor: datetime | None = None
    gueltig_bis: date | None = None
    angenommen: datetime | None = None
    dienstguete: str = ""
    quittungen: frozenset[Quittungsart] = frozenset()
    quittung_an: str = ""
    sender: Partei | None = None
    antwort_an: Partei | None = None
    weitere_leser: tuple[Partei, ...] = ()
    kopie_an: tuple[Partei, ...] = ()
    antwort_auf: tuple[str, ...] = ()
    vorgang_autor: Vorgangsbezug | None = None
    vorgang_leser: Vorgangsbezug | None = None
    eigenschaften: tuple[Eigenschaft, ...] = ()


@dataclass(frozen=True)
class StatusListe:
    """One page of the mailbox. ``offen``: how many more there are (None: not said); ``grund``: why there are none.

    ``anfrage_id`` is what :meth:`XtaClient.close` and the next page want back: opaque, empty where there is none.
    ``unlesbar`` counts entries without a usable message id, which can be neither fetched nor named.
    """

    eintraege: tuple[Metadaten, ...] = ()
    offen: int | None = None
    anfrage_id: str = ""
    grund: str = ""
    unlesbar: int = 0


@dataclass(frozen=True)
class Teilangaben:
    """What a container says about a part beyond its name, media type and description; ``sprache`` as in BCP 47.

    ``groesse`` is the size the sender stated (bytes; None: nothing), checked on arrival and never needed for sending.
    """

    kodierung: str = ""
    kennung: str = ""
    sprache: str = ""
    groesse: int | None = None


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
    """The root part of a fetched message. ``verweise``: what each reference in it may mean, wherever it stands."""

    metadaten: Metadaten | None
    anfrage_id: str
    teile: tuple[Inhaltsteil, ...] = ()
    verschluesselt: bool = False
    verweise: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Abholung:
    """A fetched message, complete: the first part is the Message, the others its Attachments.

    ``angaben`` stand beside ``teile``, one for each. ``verschluesselt``: the parts are the envelope with its
    EncryptedData as it came, and its MIME parts; nothing is known about them then, and ``angaben`` is empty.
    ``anfrage_id`` is what :meth:`XtaClient.close` wants back: opaque, empty where there is none.
    """

    metadaten: Metadaten | None
    anfrage_id: str
    teile: tuple[Teil, ...]
    verschluesselt: bool = False
    angaben: tuple[Teilangaben, ...] = ()


@dataclass(frozen=True)
class Dienstfrage:
    """Whether ``leser`` offers ``dienst`` (the URI of the service in the directory)."""

    leser: Partei
    dienst: str


@dataclass(frozen=True)
class Dienstparameter:
    """Something the directory says about a service: opaque bytes, ``art`` says what they are."""

    art: Listenwert
    daten: bytes = field(repr=False)


@dataclass(frozen=True)
class Dienstauskunft:
    """The answer to a :class:`Dienstfrage`. ``verfuegbar`` False is a clear no; None: the directory cannot say."""

    frage: Dienstfrage
    verfuegbar: bool | None
    parameter: tuple[Dienstparameter, ...] = ()


@dataclass(frozen=True)
class Protokolleintrag:
    """A line of a transport report; its code comes from any list and is shown, never switched on."""

    stufe: str
    zeit: datetime | None
    code: str
    text: str


@dataclass(frozen=True)
class Zusatzbericht:
    """A report of another process that was added to a transport report; ``art`` says what ``daten`` are.

    ``daten`` is None where they are too large or cannot be read: that must not hide what became of the message.
    """

    art: Listenwert
    daten: bytes | None = field(repr=False)


@dataclass(frozen=True)
class TransportBericht:
    """What became of a sent message. ``status``: 0 open, 1 green, 2 yellow (warnings), 3 red."""

    metadaten: Metadaten
    zeit: datetime | None
    server: str
    status: int
    eintraege: tuple[Protokolleintrag, ...] = ()
    zusatz: tuple[Zusatzbericht, ...] = ()

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
