"""The frozen values of the straight line, in the order in which they come into being.

``Eingang`` → ``Antrag`` → ``Befund`` → ``Votum`` → ``Entscheidung`` → ``Sendung`` → ``Quittung``.
Every value is immutable, is journalled as JSON (``schema`` says how to read it) and carries no bytes of
content: content is reached through a :class:`Teil`, and ``teil.oeffnen()`` is the only I/O a pure hook has.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from fachwerk.manifest import Art, Formatangabe, Idempotenz, Kanal, Manifest, Stufe, Ziel
from fachwerk.teil import MAX_FELD_BYTES, SCHEMA, Ausschnitt, FeldText, InhaltLeser, Teil, Wert

__all__ = [
    "MAX_FELD_BYTES",
    "SCHEMA",
    "Aenderung",
    "Anlage",
    "Anschrift",
    "Antrag",
    "Art",
    "Ausschnitt",
    "Befund",
    "Dokument",
    "Dringlichkeit",
    "Dritter",
    "Eingang",
    "Empfehlung",
    "Entscheidung",
    "Ergaenzung",
    "FeldText",
    "Formatangabe",
    "GehaltenFuer",
    "Idempotenz",
    "InhaltLeser",
    "Kanal",
    "Kommunikation",
    "Manifest",
    "Name",
    "OffenerPunkt",
    "Person",
    "Quittung",
    "Rechenschritt",
    "Schwere",
    "Sendung",
    "Stufe",
    "Teil",
    "Vorgangstand",
    "Votum",
    "Wert",
    "Ziel",
    "dezimal_text",
    "utc",
]


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


class Aenderung(Wert):
    """One fact of the case file that a person stated: where, for whom, and what the case said before (None: nothing).

    ``pfad`` is dotted, members of the household by their position from 0.
    """

    pfad: str
    person: str = ""
    vorher: Any = None
    nachher: Any = None


class Ergaenzung(Wert):
    """Facts a person supplied after the message came: who, when, from where (design, section 5).

    ``angaben`` is a part of the case file, laid over it by :mod:`fachwerk.ergaenzung`; ``aenderungen`` is what that
    came to, set by the core. ``bestaetigt`` is the fingerprint of the mapped case that the person compared with the
    original; empty: not compared.
    """

    wer: str
    zeit: AwareDatetime
    woher: FeldText = ""
    angaben: dict[str, Any] = Field(default_factory=dict)
    bestaetigt: str = ""
    aenderungen: tuple[Aenderung, ...] = ()


class Antrag(Wert):
    """The application as understood. ``felder`` holds every leaf, so nothing the standard carries is dropped.

    ``leistung`` is the word of the Leistungskatalog (``wbs``), ``leika`` its LeiKa id where one is certain.
    ``fall`` is the case file of the Leistung in the published shape (design, section 10), as far as the message
    carries it; ``fall_annahmen`` names the unconfirmed mappings it rests on (empty: none), and ``fall_herkunft`` which
    fact (dotted path) rests on which of them. ``ergaenzungen`` are already part of ``fall``.
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
    fall_herkunft: dict[str, str] = Field(default_factory=dict)
    ergaenzungen: tuple[Ergaenzung, ...] = ()
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


class Dringlichkeit(StrEnum):
    """How soon a person has to act, ascending. ``sofort``: today, else a right or a flat may be lost."""

    NORMAL = "normal"
    HOCH = "hoch"
    SOFORT = "sofort"


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
    """The recommendation of one rules plugin with its reason; ``ergebnis`` is its published JSON result.

    ``frist`` is the earliest day that must not pass without action, None if the rules know of none.
    """

    empfehlung: Empfehlung
    dringlichkeit: Dringlichkeit = Dringlichkeit.NORMAL
    frist: date | None = None
    begruendung: tuple[Rechenschritt, ...] = ()
    offen: tuple[OffenerPunkt, ...] = ()
    nachweise: tuple[str, ...] = ()
    ergebnis: dict[str, Any] | None = None
    weiterleiten_an: str = ""
    quelle: str = ""


class Entscheidung(Wert):
    """All Voten merged, independent of their order. ``einig`` is false where they disagree (then: vorlegen).

    The highest ``dringlichkeit`` and the earliest ``frist`` of all Voten hold.
    """

    empfehlung: Empfehlung
    dringlichkeit: Dringlichkeit = Dringlichkeit.NORMAL
    frist: date | None = None
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


class Quittung(Wert):
    """Proof of one stage of a delivery; ``kennung`` is the target's reference (no personal data).

    ``befunde`` are what the target or the transport remarked (warnings of a transport report); they are content.
    """

    ziel: str
    schluessel: str
    stufe: Stufe
    zeit: AwareDatetime
    kennung: str = ""
    einzelheiten: dict[str, str] = Field(default_factory=dict)
    befunde: tuple[Befund, ...] = ()


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
    return zeit.replace(tzinfo=UTC) if zeit.tzinfo is None else zeit.astimezone(UTC)
