"""The database: one engine for our tables and those of the durable engine, SQLite or PostgreSQL.

SQLite runs with WAL, ``synchronous=FULL`` (each commit is on the disk when it returns) and ``secure_delete``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from fachwerk import umzugszeichen
from fachwerk.errors import ConfigError
from fachwerk.modell import utc
from fachwerk.schreibreihe import verbindungsklasse
from fachwerk.sqlite import sqlite_treiber

SCHEMA_KOPF = "0011"
"""Newest migration; ``run`` refuses any other state of the database."""

_MIGRATIONEN = Path(__file__).parent / "migrations"
_STAND_TABELLE = "fachwerk_schema"
_STAND: sa.Select[Any] = sa.select(sa.column("version_num", sa.String)).select_from(sa.table(_STAND_TABELLE))

UMZUG_TABELLE = "fachwerk_umzug"
"""Stands in a database for as long as it is being filled by ``fachwerk umzug``."""

_SEITENVORRAT = "cache_size=-512"
"""KiB of pages that each connection keeps. SQLite's own 2 MB would add up over thirty connections, and for little: what
another connection writes makes them worthless."""

_PRAGMAS = (
    "busy_timeout=30000",
    "foreign_keys=ON",
    "synchronous=FULL",
    "secure_delete=ON",
    _SEITENVORRAT,
)

_WAL_VERSUCHE = 600
_WAL_PAUSE_S = 0.05
"""Thirty seconds in all, as long as ``busy_timeout`` waits elsewhere."""

_SPERRPAUSEN_S = (0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Between two attempts to change a table that others work on."""

_POSTGRESQL = {
    "connect_timeout": 15,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""So that a server whose machine vanished is noticed, and the next of several is tried.

Names of libpq; seconds, the last in milliseconds.
"""

_SITZUNG = {
    "idle_in_transaction_session_timeout": "15s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
"""So that a node that froze or lost its network does not keep the rows it was changing from the others."""

_UNERPROBT_S = 1.0
"""A connection that lay unused for longer is asked whether it lives before it is used again."""

STOERUNGEN = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError)
"""What SQLAlchemy raises when the database cannot be reached or has just gone: the same may work later."""

Schemastand = Literal["leer", "aktuell", "alt", "fremd", "umzug", "umgezogen"]


class DatenbankGestoert(sa.exc.OperationalError):
    """The database failed while somebody read or wrote content: a disturbance of ours, not a plugin's fault."""


def stoerungsgrund(fehler: BaseException) -> str:
    """Why the database cannot be used, as itself or its driver says it; never a value of ours, so fit for the log.

    ``SQLSTATE`` (PostgreSQL, appendix A) or the name of SQLite's result code; where there is none, such as for a
    connection that was refused, the driver's sentence, in one line.
    """
    ursache = getattr(fehler, "orig", None)
    kennung = getattr(ursache, "sqlstate", None) or getattr(ursache, "sqlite_errorname", None)
    if kennung is None and getattr(fehler, "statement", None) is None and ursache is not None:
        kennung = " ".join(str(ursache).split())
    return str(kennung or "")


@contextmanager
def benenne_stoerung() -> Iterator[None]:
    """Make a disturbance of the database recognisable where foreign code stands between it and the line."""
    try:
        yield
    except STOERUNGEN as fehler:
        raise DatenbankGestoert(type(fehler).__name__, None, fehler.orig or fehler) from None


class SqliteDialekt(SQLiteDialect_pysqlite):
    """SQLite through :func:`sqlite_treiber`, by an address alone (:func:`fremde_adresse`)."""

    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        return sqlite_treiber()


registry.register("sqlite.fachwerk", __name__, SqliteDialekt.__name__)


def fremde_adresse(datenbank: sa.Engine) -> str:
    """The address, with its password, for code of this process that opens the database for itself.

    It leads to the SQLite library that we use: two of them break each other's locks on a file, and so the file.
    """
    url = datenbank.url.set(drivername="sqlite+fachwerk") if datenbank.dialect.name == "sqlite" else datenbank.url
    return url.render_as_string(hide_password=False)


def oeffne_datenbank(url: str) -> sa.Engine:
    """An engine for ``url`` with the settings both sides need (facts: ``docs/entscheidungen/0001``)."""
    if not url.startswith("sqlite"):
        return _oeffne_postgresql(sa.make_url(url))
    datei = sa.make_url(url).database
    if datei and datei != ":memory:":
        Path(datei).parent.mkdir(parents=True, exist_ok=True)
    treiber = sqlite_treiber()
    angaben: dict[str, Any] = {"module": treiber, "connect_args": {"factory": verbindungsklasse(treiber)}}
    # the connection used last comes first: each keeps pages of the file, so those for a rush stay small at rest
    engine = sa.create_engine(url, **angaben, pool_size=30, max_overflow=10, pool_use_lifo=True)
    reihe = threading.Lock()

    def bereite_vor(verbindung: Any, _datensatz: Any) -> None:
        verbindung.isolation_level = "IMMEDIATE"
        for pragma in _PRAGMAS:
            verbindung.execute(f"PRAGMA {pragma}")
        _stelle_auf_wal(verbindung, treiber.OperationalError)
        verbindung.reihe = reihe

    event.listen(engine, "connect", bereite_vor)
    return engine


def _stelle_auf_wal(verbindung: Any, gesperrt: type[Exception]) -> None:
    """Let a file keep a write-ahead log, once and for all.

    SQLite does not wait here as it does elsewhere: of two processes that open a new file at the same moment, one is
    told at once that it is locked, because each of them reads it already and waiting could last for ever.
    """
    for versuch in range(_WAL_VERSUCHE):
        try:
            verbindung.execute("PRAGMA journal_mode=WAL")
            return
        except gesperrt as fehler:
            if "locked" not in str(fehler) or versuch == _WAL_VERSUCHE - 1:
                raise
        time.sleep(_WAL_PAUSE_S)


def oeffne_lesend(datei: Path) -> sa.Engine:
    """A SQLite file as it is: nothing that goes through this engine can change it."""
    treiber = sqlite_treiber()

    def verbinde() -> Any:
        adresse = f"{datei.resolve().as_uri()}?mode=ro"
        return treiber.connect(adresse, uri=True, timeout=30, check_same_thread=False)

    return sa.create_engine("sqlite://", module=treiber, creator=verbinde, poolclass=sa.pool.NullPool)


def _oeffne_postgresql(url: sa.URL) -> sa.Engine:
    """What the site says in the address wins. Set by SQL, because a PgBouncer refuses such start parameters."""
    eigene = {name: wert for name, wert in _POSTGRESQL.items() if name not in url.query}
    engine = sa.create_engine(url, connect_args=eigene, pool_size=30, max_overflow=10)
    # several rows in one statement: between those of a pipeline the server would wait for a frozen node without end
    engine.dialect.use_insertmanyvalues_wo_returning = True
    gesagt = str(url.query.get("options", ""))
    befehle = "; ".join(f"SET {name} = '{wert}'" for name, wert in _SITZUNG.items() if name not in gesagt)

    def bereite_vor(verbindung: Any, _datensatz: Any) -> None:
        if befehle:
            verbindung.execute(befehle)
            verbindung.commit()

    event.listen(engine, "connect", bereite_vor)
    _erprobe_lange_unbenutzte(engine)
    return engine


def _erprobe_lange_unbenutzte(engine: sa.Engine) -> None:
    """Ask a connection that lay unused whether it still lives; one in use would say so by itself.

    SQLAlchemy's own ``pool_pre_ping`` asks every time, which under load is every fourth word with the server.
    """

    def lege_ab(_verbindung: Any, datensatz: Any) -> None:
        datensatz.info["abgelegt"] = time.monotonic()

    def nimm(verbindung: Any, datensatz: Any, _huelle: Any) -> None:
        if time.monotonic() - datensatz.info.get("abgelegt", time.monotonic()) < _UNERPROBT_S:
            return
        try:
            lebt = engine.dialect.do_ping(verbindung)
        except engine.dialect.loaded_dbapi.Error:
            lebt = False
        if not lebt:
            raise sa.exc.InvalidatePoolError

    event.listen(engine, "checkin", lege_ab)
    event.listen(engine, "checkout", nimm)


@contextmanager
def lesend(engine: sa.Engine, *, in_bloecken: bool = False) -> Iterator[sa.Connection]:
    """A short read: each statement by itself, so that a server need not be told of a beginning and an end.

    ``in_bloecken``: for ``yield_per``, which PostgreSQL can only do inside a transaction.
    """
    with engine.connect() as verbindung:
        if in_bloecken or verbindung.dialect.name == "sqlite":
            yield verbindung
        else:
            yield verbindung.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def vorlaeufig(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that does not wait for the disk: for what the next durable commit makes durable with itself.

    Both databases write one log in order, so a commit that is on the disk has all earlier ones before it. A process
    that dies loses nothing; a machine that loses power may lose the newest of these, never one in the middle.
    """
    with engine.connect() as verbindung:
        if verbindung.dialect.name == "postgresql":
            with verbindung.begin():
                verbindung.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield verbindung
            return
        roh: Any = verbindung.connection.driver_connection
        roh.execute("PRAGMA synchronous=NORMAL")
        try:
            with verbindung.begin():
                yield verbindung
        finally:
            roh.execute("PRAGMA synchronous=FULL")


def datenbankzeit(verbindung: sa.Connection) -> datetime:
    """The clock all nodes share: the server's on PostgreSQL, the machine's on SQLite."""
    if verbindung.dialect.name == "postgresql":
        return utc(verbindung.execute(sa.text("SELECT clock_timestamp()")).scalar_one())
    return datetime.now(UTC)


def _alembic(engine: sa.Engine) -> Any:
    from alembic.config import Config

    konfiguration = Config()
    konfiguration.set_main_option("script_location", str(_MIGRATIONEN))
    konfiguration.attributes["engine"] = engine
    return konfiguration


def aktualisiere(
    engine: sa.Engine,
    bis: str = "head",
    *,
    sperrfrist: str = "3s",
    warte: Callable[[float], object] = time.sleep,
) -> None:
    """Bring our tables to a migration, the newest (the engine's own tables are made by :mod:`fachwerk.engine`).

    Beside living nodes: a table somebody works on is waited for no longer than ``sperrfrist``, because everybody else
    would queue up behind; then they get their turn, and it is tried again. ``ConfigError`` if it never was free.
    """
    from alembic import command

    konfiguration = _alembic(engine)
    konfiguration.attributes["sperrfrist"] = sperrfrist
    for pause in (*_SPERRPAUSEN_S, None):
        try:
            return command.upgrade(konfiguration, bis)
        except sa.exc.OperationalError as fehler:
            if not _ist_gesperrt(fehler):
                raise
        if pause is not None:
            warte(pause)
    raise ConfigError(
        "datenbank_gesperrt",
        "Eine Tabelle ließ sich nicht ändern, weil ständig jemand an ihr arbeitet (ein langer Lauf, eine Sicherung, "
        "eine vergessene Sitzung). Was bis dahin fertig ist, bleibt. Bitte später noch einmal, bei wenig Betrieb.",
        schluessel="fachwerk.datenbank",
    )


def _ist_gesperrt(fehler: sa.exc.OperationalError) -> bool:
    """A lock was not to be had in time, or two waited for each other."""
    zustand = getattr(fehler.orig, "sqlstate", None)
    return zustand in ("55P03", "40P01") or "database is locked" in str(fehler.orig)


def schema_stand(engine: sa.Engine) -> Schemastand:
    """``leer`` (new database), ``aktuell``, ``alt`` (older Fachwerk) or ``fremd`` (newer, or not ours).

    ``umzug`` while it is moved from or to, ``umgezogen`` once its cases are worked on elsewhere.
    """
    datei = engine.url.database if engine.dialect.name == "sqlite" else None
    if datei and (zeichen := umzugszeichen.lies(Path(datei))) is not None:
        return "umgezogen" if zeichen.fertig else "umzug"
    with engine.connect() as verbindung:
        pruefer = sa.inspect(verbindung)
        if verbindung.dialect.name == "postgresql" and pruefer.has_table(UMZUG_TABELLE):
            return "umzug"
        stand = _version(verbindung)
        if stand is None:
            return "fremd" if pruefer.has_table("vorgang") else "leer"
    if stand == SCHEMA_KOPF:
        return "aktuell"
    return "alt" if stand in bekannte_staende() else "fremd"


def _version(verbindung: sa.Connection) -> str | None:
    """The migration a database is at, None for one without our tables."""
    da = sa.inspect(verbindung).has_table(_STAND_TABELLE)
    return verbindung.execute(_STAND).scalar_one_or_none() if da else None


def verlangte_fassung(engine: sa.Engine) -> tuple[str, str]:
    """At which migration the database is, and which one every living node must know before it goes to the newest.

    A migration that takes something away says so with ``BRAUCHT``, the number of the one that made it needless.
    """
    from alembic.script import ScriptDirectory

    with engine.connect() as verbindung:
        stand = _version(verbindung) or ""
    skripte = ScriptDirectory.from_config(_alembic(engine)).walk_revisions()
    return stand, max((getattr(s.module, "BRAUCHT", "") for s in skripte if s.revision > stand), default="")


def bekannte_staende() -> frozenset[str]:
    """The revisions of all migrations, by the names of their files; a start need not load Alembic to know them."""
    return frozenset(datei.name.partition("_")[0] for datei in (_MIGRATIONEN / "versions").glob("[0-9]*.py"))


def fuege_neu_ein(verbindung: sa.Connection, tabelle: sa.Table, **werte: Any) -> bool:
    """INSERT that says False, and changes nothing, where the key is taken already."""
    return verbindung.execute(_neu(tabelle, verbindung.dialect.name), werte).first() is not None


@cache
def _neu(tabelle: sa.Table, dialekt: str) -> Any:
    if dialekt == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(tabelle).on_conflict_do_nothing().returning(*tabelle.primary_key.columns)
