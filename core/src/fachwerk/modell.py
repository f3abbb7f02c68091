"""The frozen values of the straight line, in the order in which they come into being.

``Eingang`` → ``Antrag`` → ``Befund`` → ``Votum`` → ``Entscheidung`` → ``Sendung`` → ``Quittung``.
Every value is immutable, is journalled as JSON (``schema`` says how to read it) and carries no bytes of
content: content is reached through a :class:`Teil`, and ``teil.oeffnen()`` is the only I/O a pure hook has.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, BinaryIO, Literal, Protocol, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PrivateAttr

SCHEMA = 1
"""Version of the journal values; a reader for the previous version is kept (design, section 6)."""

MAX_FELD_BYTES = 64 * 1024
"""No value of the line carries more than this many bytes in one field; longer text stays in its Teil."""

FeldText = Annotated[str, Field(max_length=MAX_FELD_BYTES)]


class Wert(BaseModel):
    """Base of all values of the line: frozen, no unknown fields, JSON round trip without loss."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64")


class InhaltLeser(Protocol):
    """What a Teil needs to be read: implemented by the content store, handed in as validation context."""

    def oeffne(self, teil: Teil) -> BinaryIO: ...


class Ausschnitt(Wert):
    """A part that lies inside another part, e.g. base64 text inside an XML document.

    ``von`` and ``bis`` are byte offsets of the element's content in the decrypted parent; ``kodierung`` says how
    to turn this slice into bytes. So an embedded PDF is a Teil like any other without being stored twice.
    """

    teil_id: str
    von: int
    bis: int
    kodierung: Literal["xml-base64"] = "xml-base64"


class Teil(Wert):
    """A handle on one content part: the XML, an attachment, a rendered PDF.

    ``id`` names it in the content store; ``name`` is data (the sender's file name, hostile until made safe);
    ``laenge`` is in bytes, ``sha256`` is hex of the plain content. Both are empty for an Ausschnitt or an Entwurf
    that has not been sealed into the store yet.
    """

    id: str
    name: str = ""
    medientyp: str = "application/octet-stream"
    laenge: int | None = None
    sha256: str | None = None
    beschreibung: str = ""
    ausschnitt: Ausschnitt | None = None

    _leser: InhaltLeser | None = PrivateAttr(default=None)
    _erzeuge: Callable[[], Iterable[bytes]] | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Bind the content reader of the validation context, so that nested parts can be opened."""
        if isinstance(context, Mapping):
            self._leser = context.get("inhalt")

    def __eq__(self, other: object) -> bool:
        """Parts are equal if their description is; through which reader they are bound does not matter."""
        return isinstance(other, Teil) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash((self.id, self.name, self.sha256))

    @classmethod
    def entwurf(cls, name: str, medientyp: str, erzeuge: Callable[[], Iterable[bytes]], beschreibung: str = "") -> Teil:
        """A part that a pure hook makes: ``erzeuge`` is called once, when the core streams it into the store.

        ``erzeuge`` must be deterministic: same Antrag, same bytes.
        """
        teil = cls(id="", name=name, medientyp=medientyp, beschreibung=beschreibung)
        teil._erzeuge = erzeuge
        return teil

    @property
    def ist_entwurf(self) -> bool:
        """True until the core has sealed the part into the content store."""
        return self._erzeuge is not None

    def bytes_strom(self) -> Iterator[bytes]:
        """The content in pieces of at most 1 MiB, from the store or, for an Entwurf, from its maker."""
        if self._erzeuge is not None:
            yield from self._erzeuge()
            return
        with self.oeffnen() as strom:
            while stueck := strom.read(1 << 20):
                yield stueck

    def oeffnen(self) -> BinaryIO:
        """Open the decrypted content for reading from its beginning.

        Raises ``LookupError`` where the part is not bound to a store (a value built by hand in a test without
        content), and ``PermanentError`` where the content was shredded or is damaged.
        """
        if self._erzeuge is not None:
            return io.BytesIO(b"".join(self._erzeuge()))
        if self._leser is None:
            raise LookupError(f"Teil {self.id!r} is not bound to a content store")
        return self._leser.oeffne(self)

    def gebunden(self, leser: InhaltLeser) -> Self:
        """The same part, readable through ``leser``."""
        kopie = self.model_copy()
        kopie._leser = leser
        return kopie


class Schwere(StrEnum):
    """How grave a Befund is. Only ``sperre`` holds a case, and a route may set the threshold (design, section 9)."""

    HINWEIS = "hinweis"
    WARNUNG = "warnung"
    FEHLER = "fehler"
    SPERRE = "sperre"


class Befund(Wert):
    """A fact found while reading or checking; ``text`` is German and says what, where and what to do.

    ``code`` is stable and carries no personal data (it may be logged); ``text`` and ``pfad`` are content.
    ``quelle`` is set by the core to the plugin that reported it.
    """

    code: str = Field(pattern=r"^[a-z0-9_.]+$")
    schwere: Schwere
    text: FeldText
    pfad: str = ""
    quelle: str = ""


class Eingang(Wert):
    """A message as received, complete and unchanged, before anybody has understood it.

    ``nachricht_id`` is the transport's id (XTA message id); with ``kanal`` it is unique. ``empfangen`` is our own
    receive time, ``zugestellt`` the time the mailbox states (XTA Delivery): both have legal effect (SGB I § 16)
    and are kept for ever. ``metadaten`` are the transport's words (sender, service, message type, …).
    """

    kanal: str
    nachricht_id: str
    empfangen: AwareDatetime
    teile: tuple[Teil, ...]
    zugestellt: AwareDatetime | None = None
    test: bool = False
    metadaten: dict[str, str] = Field(default_factory=dict)
    kanal_kennung: str = ""
    kanal_leistung: str = ""
    kanal_land: str = ""
    verschluesselt: bool = False


class Name(Wert):
    """Name of a natural person as sent; empty where absent."""

    familienname: str = ""
    vorname: str = ""
    titel: str = ""
    geburtsname: str = ""

    @property
    def anzeige(self) -> str:
        """``Titel Vorname Familienname`` without gaps."""
        return " ".join(teil for teil in (self.titel, self.vorname, self.familienname) if teil)


class Anschrift(Wert):
    """A German address; ``hausnummer`` joins all parts of it that were sent."""

    strasse: str = ""
    hausnummer: str = ""
    postleitzahl: str = ""
    wohnort: str = ""
    zusatz: str = ""
    postfach: str = ""
    staat: str = ""


class Kommunikation(Wert):
    """One way to reach somebody: ``kanal`` is the code as sent (01 e-mail, 02 telephone, …)."""

    kanal: str = ""
    kennung: str = ""


class Person(Wert):
    """A natural person of the application; ``id`` is unique inside the message only."""

    id: str
    name: Name = Name()
    geburtsdatum: date | None = None
    geschlecht: str = ""
    staatsangehoerigkeit: tuple[str, ...] = ()
    familienstand: str = ""
    typ: str = ""
    antragsteller: bool | None = None
    schriftgutempfaenger: bool | None = None
    anschriften: tuple[Anschrift, ...] = ()
    kommunikation: tuple[Kommunikation, ...] = ()


class Dritter(Wert):
    """A third party of the application: a parent, landlord, guardian or body."""

    id: str
    typ: str = ""
    name: Name = Name()
    organisation: str = ""
    geburtsdatum: date | None = None
    staatsangehoerigkeit: tuple[str, ...] = ()
    anschriften: tuple[Anschrift, ...] = ()
    kommunikation: tuple[Kommunikation, ...] = ()
    schriftgutempfaenger: bool | None = None
    postfach: str = ""


class Dokument(Wert):
    """A document of the application; ``teil`` holds its content, inline in the XML or an attachment."""

    id: str
    name: str = ""
    typ: str = ""
    teil: Teil | None = None


class Angabe(Wert):
    """One understood fact, e.g. an income: where it stood and whether reading it so rests on an assumption.

    ``annahme`` names the mapping whose meaning is not public (design, section 9); ``bestaetigt`` says whether the
    site's configuration confirms that mapping, so that the fact may carry a decision.
    """

    wert: Any
    pfad: str = ""
    annahme: str = ""
    bestaetigt: bool = True


class Antrag(Wert):
    """The application as understood. ``felder`` holds every leaf, so nothing the standard carries is dropped.

    ``leistung`` is the word of the Leistungskatalog (``wbs``), ``leika`` its LeiKa id where one is certain.
    ``fall`` is the case file of the Leistung in the published shape (design, section 10), as far as the message
    carries it; ``fall_annahmen`` names the unconfirmed mappings it rests on (empty: none).
    """

    leistung: str
    leika: str = ""
    format: str = ""
    format_version: str = ""
    land: str = ""
    ags: str = ""
    nachrichten_uuid: str = ""
    vorgangs_id: str = ""
    erstellt: AwareDatetime | None = None
    leser: str = ""
    leser_name: str = ""
    autor: str = ""
    autor_name: str = ""
    produkt: str = ""
    dienstkennung: str = ""
    vorgangstyp: str = ""
    antragsdatum: date | None = None
    empfangen: AwareDatetime
    zugestellt: AwareDatetime | None = None
    test: bool = False
    personen: tuple[Person, ...] = ()
    dritte: tuple[Dritter, ...] = ()
    dokumente: tuple[Dokument, ...] = ()
    felder: dict[str, FeldText] = Field(default_factory=dict)
    fall: dict[str, Any] | None = None
    fall_annahmen: tuple[str, ...] = ()
    befunde: tuple[Befund, ...] = ()
    original: Teil | None = None
    anlagen: tuple[Teil, ...] = ()


class Empfehlung(StrEnum):
    """What a machine may say. Fachwerk never issues an administrative act (design, section 4)."""

    BEWILLIGEN = "bewilligen"
    ABLEHNEN = "ablehnen"
    NACHFORDERN = "nachfordern"
    WEITERLEITEN = "weiterleiten"
    VORLEGEN = "vorlegen"


class Rechenschritt(Wert):
    """One line of a reason: a named value with its citation. ``wert`` is text so that money stays exact."""

    name: str
    wert: str
    fundstelle: str = ""
    beleg: str = ""


class OffenerPunkt(Wert):
    """Something a person has to clear up: what is missing, why it matters, where to look it up."""

    code: str = Field(pattern=r"^[a-z0-9_.]+$")
    text: str
    fundstelle: str = ""
    person: str = ""


class Votum(Wert):
    """The recommendation of one rules plugin with its reason; ``ergebnis`` is its published JSON result."""

    empfehlung: Empfehlung
    begruendung: tuple[Rechenschritt, ...] = ()
    offen: tuple[OffenerPunkt, ...] = ()
    nachweise: tuple[str, ...] = ()
    ergebnis: dict[str, Any] | None = None
    weiterleiten_an: str = ""
    quelle: str = ""


class Entscheidung(Wert):
    """All Voten merged, independent of their order. ``einig`` is false where they disagree (then: vorlegen)."""

    empfehlung: Empfehlung
    einig: bool = True
    voten: tuple[Votum, ...] = ()
    befunde: tuple[Befund, ...] = ()
    offen: tuple[OffenerPunkt, ...] = ()
    stichtag: date


class Anlage(Wert):
    """One file of a Sendung: ``pfad`` is a safe relative path chosen by the adapter (``/`` as separator)."""

    pfad: str
    teil: Teil


class Sendung(Wert):
    """What will be handed over, complete, stored before it is sent.

    ``bezeichnung`` is how the target will name the case (folder name, reference); it must hold no personal data.
    ``metadaten`` are the adapter's own words for its ``deliver``.
    """

    ziel: str
    bezeichnung: str
    anlagen: tuple[Anlage, ...] = ()
    metadaten: dict[str, str] = Field(default_factory=dict)


class Stufe(StrEnum):
    """Handed over is not taken over (design, section 11)."""

    UEBERGEBEN = "uebergeben"
    TECHNISCH_BESTAETIGT = "technisch_bestaetigt"
    UEBERNOMMEN = "uebernommen"


class Quittung(Wert):
    """Proof of one stage of a delivery; ``kennung`` is the target's reference (no personal data)."""

    ziel: str
    schluessel: str
    stufe: Stufe
    zeit: AwareDatetime
    kennung: str = ""
    einzelheiten: dict[str, str] = Field(default_factory=dict)


class Art(StrEnum):
    """Kinds of plugin; one plugin may be several."""

    KANAL = "kanal"
    FORMAT = "format"
    REGELN = "regeln"
    ZIEL = "ziel"


class Idempotenz(StrEnum):
    """What a target offers against double delivery (design, section 4).

    ``schluessel``: the same key twice has one effect. ``abfrage``: ``find_delivered`` can tell. ``keine``: an
    unknown outcome is held for a person.
    """

    SCHLUESSEL = "schluessel"
    ABFRAGE = "abfrage"
    KEINE = "keine"


class Formatangabe(Wert):
    """Which Eingang a format plugin maps: root element (local name), namespace (regex, full match) or media type."""

    name: str
    wurzel: str = ""
    namensraum: str = ""
    medientyp: str = ""


class Manifest(BaseModel):
    """What a plugin is and may be asked for; answered once, at load.

    ``leistungen`` and ``laender`` are the scope of ``decide`` (empty: all). ``einstellungen`` gives, per kind,
    the pydantic model of the plugin's keys in ``fachwerk.toml``. ``gruppe`` claims a top-level command word.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str
    arten: frozenset[Art]
    titel: str = ""
    formate: tuple[Formatangabe, ...] = ()
    formate_aus: tuple[str, ...] = ()
    leistungen: frozenset[str] = frozenset()
    laender: frozenset[str] = frozenset()
    idempotenz: Idempotenz = Idempotenz.KEINE
    stufen: tuple[Stufe, ...] = (Stufe.UEBERGEBEN,)
    einstellungen: dict[Art, type[BaseModel]] = Field(default_factory=dict)
    gruppe: str = ""


class Kanal(Wert):
    """A configured source. ``einstellungen`` is the plugin's own validated settings model."""

    name: str
    plugin: str
    kennung: str = ""
    leistung: str = ""
    land: str = ""
    einstellungen: Any = None


class Ziel(Wert):
    """A configured target. ``einstellungen`` is the plugin's own validated settings model."""

    name: str
    plugin: str
    gleichzeitig: int = 1
    je_minute: int = 0
    einstellungen: Any = None


class Vorgangstand(StrEnum):
    """States of a case (design, section 5). There is no end state "error"."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    HELD = "held"
    DONE = "done"
    FORWARDED = "forwarded"
    RETURNED = "returned"


class GehaltenFuer(StrEnum):
    """Who has to act on a held case."""

    BETRIEB = "betrieb"
    TECHNIK = "technik"
    SACHBEARBEITUNG = "sachbearbeitung"


def dezimal_text(wert: Decimal) -> str:
    """Money as text with two decimals (``23540.00``), never a float."""
    return f"{wert:.2f}"


def utc(zeit: datetime) -> datetime:
    """``zeit`` as an aware UTC time; naive values are read as UTC (they come from our own columns only)."""
    from datetime import UTC

    return zeit.replace(tzinfo=UTC) if zeit.tzinfo is None else zeit.astimezone(UTC)
