"""The tables of Fachwerk (SQLAlchemy Core). Ids, codes and times stand in columns; everything else is content.

Content lies encrypted in ``inhalt`` under the key of its case (``fallschluessel``); deleting that key shreds it.
The migrations in ``migrations/`` make exactly these tables (a test compares).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from fachwerk.spalten import Zeitpunkt

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ZEIT = Zeitpunkt()
_ID = String(64)
_KURZ = String(200)

fallschluessel = Table(
    "fallschluessel",
    METADATA,
    Column("vorgang_id", _ID, primary_key=True),
    Column("schluessel", LargeBinary, nullable=False, comment="case key, wrapped by the site key"),
    Column("angelegt", _ZEIT, nullable=False),
)

teil = Table(
    "teil",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("vorgang_id", _ID, nullable=False, index=True),
    Column("laenge", Integer, comment="bytes; empty while the part is still being written"),
    Column("sha256", String(64)),
    Column("stuecke", Integer, nullable=False, default=0),
    Column("beansprucht", Boolean, nullable=False, default=False, comment="claimed by a commit of the line"),
    Column("angelegt", _ZEIT, nullable=False),
)

inhalt = Table(
    "inhalt",
    METADATA,
    Column("teil_id", _ID, ForeignKey("teil.id", ondelete="CASCADE"), primary_key=True),
    Column("nr", Integer, primary_key=True),
    Column("daten", LargeBinary, nullable=False, comment="nonce and AES-256-GCM of at most 1 MiB"),
)

vorgang = Table(
    "vorgang",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("kanal", _KURZ, nullable=False),
    Column("status", String(16), nullable=False),
    Column("grund", _KURZ, nullable=False, default="", comment="code of the reason for held or waiting"),
    Column("hinweis", Text, nullable=False, default="", comment="what a person has to do; no personal data"),
    Column("gehalten_fuer", String(20), nullable=False, default=""),
    Column("gehalten_seit", _ZEIT, comment="empty: not held"),
    Column("wartet_bis", _ZEIT),
    Column("leistung", _KURZ, nullable=False, default=""),
    Column("leika", String(32), nullable=False, default=""),
    Column("land", String(2), nullable=False, default=""),
    Column("empfehlung", String(20), nullable=False, default=""),
    Column("dringlichkeit", String(10), nullable=False, default="", comment="empty: not judged, or shredded"),
    Column("frist", Date, comment="derived from content, so it goes with the content"),
    Column("fassung", Integer, nullable=False, default=1),
    Column("lauf", Integer, nullable=False, default=1, comment="branch of the journal; a retry begins a new one"),
    Column("leser", _KURZ, nullable=False, default=""),
    Column("nachrichten_uuid", _KURZ, nullable=False, default=""),
    Column("inhalt_sha256", String(64), nullable=False, default=""),
    Column("test", Boolean, nullable=False, default=False),
    Column("doppelt_zu", _ID, nullable=False, default=""),
    Column("angelegt", _ZEIT, nullable=False),
    Column("geaendert", _ZEIT, nullable=False),
    Index("ix_vorgang_status_geaendert", "status", "geaendert"),
    Index("ix_vorgang_angelegt", "angelegt"),
    Index("ix_vorgang_dringlichkeit_status", "dringlichkeit", "status"),
    Index("ix_vorgang_status_angelegt", "status", "angelegt"),
    Index("ix_vorgang_kanal_status_angelegt", "kanal", "status", "angelegt"),
    Index("ix_vorgang_kanal_angelegt", "kanal", "angelegt"),
    Index("ix_vorgang_leistung_angelegt", "leistung", "angelegt"),
    Index("ix_vorgang_land_angelegt", "land", "angelegt"),
    Index("ix_vorgang_nachrichten_uuid", "nachrichten_uuid"),
    Index(
        "ix_vorgang_gehalten_seit",
        "gehalten_seit",
        sqlite_where=text("gehalten_seit IS NOT NULL"),
        postgresql_where=text("gehalten_seit IS NOT NULL"),
    ),
)

eingang = Table(
    "eingang",
    METADATA,
    Column("vorgang_id", _ID, ForeignKey("vorgang.id"), primary_key=True),
    Column("kanal", _KURZ, nullable=False),
    Column("nachricht_id", String(300), nullable=False),
    Column("abweichung", Integer, nullable=False, default=0, comment="0; n: same id came again with other content"),
    Column("sha256", String(64), nullable=False),
    Column("empfangen", _ZEIT, nullable=False),
    Column("zugestellt", _ZEIT),
    Column("test", Boolean, nullable=False, default=False),
    Column("bestaetigt", _ZEIT, comment="when the mailbox was told (XTA close)"),
    UniqueConstraint("kanal", "nachricht_id", "abweichung"),
    Index("ix_eingang_nachricht_id", "nachricht_id"),
    Index(
        "ix_eingang_unbestaetigt",
        "kanal",
        "empfangen",
        sqlite_where=text("bestaetigt IS NULL"),
        postgresql_where=text("bestaetigt IS NULL"),
    ),
)

erstnachricht = Table(
    "erstnachricht",
    METADATA,
    Column("leser", _KURZ, primary_key=True),
    Column("nachrichten_uuid", _KURZ, primary_key=True),
    Column("vorgang_id", _ID, ForeignKey("vorgang.id"), nullable=False),
    Column("inhalt_sha256", String(64), nullable=False),
)

schritt = Table(
    "schritt",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("vorgang_id", _ID, ForeignKey("vorgang.id"), nullable=False, index=True),
    Column("lauf", Integer, nullable=False),
    Column("name", _KURZ, nullable=False),
    Column("ziel", _KURZ, nullable=False, default=""),
    Column("versuch", Integer, nullable=False, default=0),
    Column("plugin", _KURZ, nullable=False, default=""),
    Column("plugin_version", _KURZ, nullable=False, default=""),
    Column("code", _KURZ, nullable=False, default="", comment="empty: done; else the code of the error"),
    Column("ausgabe", _ID, comment="Teil with the value as JSON"),
    Column("beginn", _ZEIT, nullable=False),
    Column("ende", _ZEIT, nullable=False),
    UniqueConstraint("vorgang_id", "lauf", "name", "ziel", "versuch"),
)

zustellung = Table(
    "zustellung",
    METADATA,
    Column("vorgang_id", _ID, ForeignKey("vorgang.id"), primary_key=True),
    Column("ziel", _KURZ, primary_key=True),
    Column("fassung", Integer, primary_key=True),
    Column("plugin", _KURZ, nullable=False),
    Column("status", String(16), nullable=False, comment="offen, absicht, wartet, gehalten, zugestellt"),
    Column("versuch", Integer, nullable=False, default=0),
    Column("absicht_von", _KURZ, nullable=False, default="", comment="process that announced the running attempt"),
    Column("sendung", _ID, nullable=False, comment="Teil with the rendered Sendung as JSON"),
    Column("seit", _ZEIT, nullable=False),
    Column("naechster", _ZEIT),
    Column("code", _KURZ, nullable=False, default=""),
    Column("hinweis", Text, nullable=False, default=""),
    Column("gehalten_fuer", String(20), nullable=False, default=""),
    Column("frage", Integer, comment="number of the latest question for a higher receipt; empty: never asked"),
    Column("frage_faellig", _ZEIT, comment="when it is asked; empty: not asked"),
    Column("erwartet", String(24), nullable=False, default="", comment="the stage that should come next; empty: none"),
    Column("erwartet_bis", _ZEIT, comment="after that it is overdue"),
    Column("mahnen_ab", _ZEIT, comment="when an alarm is due; empty: none, or raised"),
    Index("ix_zustellung_frage_faellig", "frage_faellig"),
    Index("ix_zustellung_status_ziel", "status", "ziel"),
    Index("ix_zustellung_erwartet_bis", "erwartet_bis"),
    Index("ix_zustellung_mahnen_ab", "mahnen_ab"),
)

quittung = Table(
    "quittung",
    METADATA,
    Column("vorgang_id", _ID, ForeignKey("vorgang.id"), primary_key=True),
    Column("ziel", _KURZ, primary_key=True),
    Column("fassung", Integer, primary_key=True),
    Column("stufe", String(24), primary_key=True),
    Column("kennung", String(300), nullable=False, default=""),
    Column("zeit", _ZEIT, nullable=False),
)

zielstand = Table(
    "zielstand",
    METADATA,
    Column("ziel", _KURZ, primary_key=True),
    Column("fehler_in_folge", Integer, nullable=False, default=0),
    Column("offen_bis", _ZEIT, comment="circuit open until then"),
)

pause = Table(
    "pause",
    METADATA,
    Column("gegenstand", String(300), primary_key=True, comment="kanal:NAME or ziel:NAME"),
    Column("seit", _ZEIT, nullable=False),
    Column("wer", _KURZ, nullable=False),
)

kanalstand = Table(
    "kanalstand",
    METADATA,
    Column("kanal", _KURZ, primary_key=True),
    Column("angehalten_seit", _ZEIT, comment="empty: polled as configured"),
    Column("naechste_probe", _ZEIT, comment="before that, timed polls do nothing"),
    Column("fehler_in_folge", Integer, nullable=False, default=0),
    Column("code", _KURZ, nullable=False, default=""),
    Column("hinweis", Text, nullable=False, default=""),
)

notiz = Table(
    "notiz",
    METADATA,
    Column("plugin", _KURZ, primary_key=True),
    Column("schluessel", String(500), primary_key=True, comment="delivery key vorgang:ziel:fassung"),
    Column("name", _KURZ, primary_key=True),
    Column("wert", String(300), nullable=False, comment="an id or a code of the plugin, never content"),
    Column("zeit", _ZEIT, nullable=False),
)

alarm = Table(
    "alarm",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("anlass", _KURZ, nullable=False),
    Column("gegenstand", String(300), nullable=False, comment="kanal:NAME, ziel:NAME or vorgang:ID"),
    Column("code", _KURZ, nullable=False),
    Column("hinweis", Text, nullable=False, comment="what a person has to do; no personal data"),
    Column("seit", _ZEIT, nullable=False),
    Column("zuletzt", _ZEIT, nullable=False),
    Column("anzahl", Integer, nullable=False, default=1),
    Column("behoben", _ZEIT, comment="empty: open"),
    Index(
        "uq_alarm_offen",
        "anlass",
        "gegenstand",
        unique=True,
        sqlite_where=text("behoben IS NULL"),
        postgresql_where=text("behoben IS NULL"),
    ),
)

gesagt = Table(
    "gesagt",
    METADATA,
    Column("weg", String(20), primary_key=True, comment="mail or webhook"),
    Column("anlass", _KURZ, primary_key=True),
    Column("gegenstand", String(300), primary_key=True),
    Column("code", _KURZ, nullable=False),
    Column("seit", _ZEIT, nullable=False, comment="when it was put into a message that it is open"),
)

meldung = Table(
    "meldung",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("weg", String(20), nullable=False),
    Column("kennung", _ID, nullable=False, comment="the same at every attempt; receivers know a repeat by it"),
    Column("inhalt", Text, nullable=False, comment="JSON list of what is opened and what is over; ids and codes"),
    Column("angelegt", _ZEIT, nullable=False),
    Column("versuche", Integer, nullable=False, default=0),
    Column("naechster", _ZEIT, comment="not tried before; also the end of a running attempt"),
    Column("code", _KURZ, nullable=False, default="", comment="why the last attempt failed"),
    Column("gesendet", _ZEIT),
    Index(
        "uq_meldung_offen",
        "weg",
        unique=True,
        sqlite_where=text("gesendet IS NULL"),
        postgresql_where=text("gesendet IS NULL"),
    ),
)

wachgang = Table(
    "wachgang",
    METADATA,
    Column("name", _KURZ, primary_key=True),
    Column("beginn", _ZEIT, nullable=False),
    Column("prozess", _ID, nullable=False),
)

entfernung = Table(
    "entfernung",
    METADATA,
    Column("vorgang_id", _ID, ForeignKey("vorgang.id"), primary_key=True),
    Column("ort", _KURZ, primary_key=True, comment="spiegel, or ziel:NAME"),
    Column("fassung", Integer, primary_key=True, autoincrement=False, comment="of the delivery; 0 for the mirror"),
    Column("seit", _ZEIT, nullable=False),
    Column("versuche", Integer, nullable=False, default=0),
    Column("naechster", _ZEIT, comment="when it is tried; empty: removed"),
    Column("code", _KURZ, nullable=False, default="", comment="why the last attempt failed"),
    Column("erledigt", _ZEIT),
    Index("ix_entfernung_naechster", "naechster"),
)

kanal_lauf = Table(
    "kanal_lauf",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kanal", _KURZ, nullable=False),
    Column("beginn", _ZEIT, nullable=False),
    Column("ende", _ZEIT),
    Column("neu", Integer, nullable=False, default=0),
    Column("code", _KURZ, nullable=False, default="", comment="empty: went well"),
    Index("ix_kanal_lauf_kanal_beginn", "kanal", "beginn"),
)

ereignis = Table(
    "ereignis",
    METADATA,
    Column("kette", _ID, primary_key=True, comment="vorgang id, or 'betrieb'"),
    Column("nr", Integer, primary_key=True),
    Column("zeit", _ZEIT, nullable=False),
    Column("wer", _KURZ, nullable=False),
    Column("was", _KURZ, nullable=False),
    Column("code", _KURZ, nullable=False, default=""),
    Column("grund", _ID, comment="Teil with a person's free text"),
    Column("siegel", String(64), nullable=False, comment="HMAC-SHA-256 over this line and the previous seal"),
)

knoten = Table(
    "knoten",
    METADATA,
    Column("platz", _KURZ, primary_key=True),
    Column("prozess", _ID, nullable=False),
    Column("gestartet", _ZEIT, nullable=False),
    Column("herzschlag", _ZEIT, nullable=False),
    Column("version", String(40), nullable=False, default="", comment="of Fachwerk; empty: not said yet"),
    Column("schema", String(16), nullable=False, default="", comment="newest migration it knows"),
    Column(
        "protokoll",
        String(16),
        nullable=False,
        default="1",
        comment="order of the durable jobs; nodes with different ones do not fit together",
    ),
    Column("werte", Integer, nullable=False, default=1, comment="schema of journalled values"),
)

konto = Table(
    "konto",
    METADATA,
    Column("name", _KURZ, primary_key=True),
    Column("kennwort", _KURZ, nullable=False, comment="argon2id with its parameters and salt"),
    Column("rechte", Text, nullable=False, comment="JSON list of RECHT or RECHT:KANAL"),
    Column("angelegt", _ZEIT, nullable=False),
    Column("fehlversuche", Integer, nullable=False, default=0),
    Column("gesperrt_bis", _ZEIT),
)

sitzung = Table(
    "sitzung",
    METADATA,
    Column("id", String(64), primary_key=True, comment="SHA-256 of what the cookie holds"),
    Column("konto", _KURZ, nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("angelegt", _ZEIT, nullable=False),
    Column("zuletzt", _ZEIT, nullable=False),
)

routenstand = Table(
    "routenstand",
    METADATA,
    Column("route", String(300), primary_key=True, comment="Route.kennung"),
    Column("nr", Integer, primary_key=True, comment="the latest that has begun holds"),
    Column("zustand", String(10), nullable=False, comment="empty: as in the configuration again"),
    Column("ab", Date, comment="first day it holds; empty: at once"),
    Column("bis", Date, comment="last day; a person ends it"),
    Column("grund", Text, nullable=False, default="", comment="an operator's words about the route"),
    Column("wer", _KURZ, nullable=False),
    Column("seit", _ZEIT, nullable=False),
)

anbindungsstufe = Table(
    "anbindungsstufe",
    METADATA,
    Column("leistung", _KURZ, primary_key=True),
    Column("stufe", String(30), primary_key=True),
    Column("am", Date, nullable=False, comment="local date on which it was reached"),
    Column("wer", _KURZ, nullable=False),
    Column("vermerkt", _ZEIT, nullable=False),
)
