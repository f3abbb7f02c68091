"""Slots: the stable names under which processes execute work, each locked while its process lives.

A restarted process takes the first free slot and so resumes its own work at once. On PostgreSQL the lock is an
advisory lock on a connection of its own, on SQLite a lock file beside the database: both end with the process.
"""

from __future__ import annotations

import hashlib
import socket
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

import sqlalchemy as sa

from fachwerk import vertraeglichkeit
from fachwerk.datenbank import datenbankzeit
from fachwerk.errors import ConfigError
from fachwerk.tabellen import knoten

MAX_PLAETZE = 64


_EIGENE_SITZUNG = sa.text("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
_NUMMER_DER_SITZUNG = sa.text("SELECT pg_backend_pid()")
_BEENDE = sa.text(
    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid = :pid AND backend_start = :beginn "
    "AND pid IN (SELECT pid FROM pg_locks WHERE ((classid::bigint << 32) | objid::bigint) = :nummer)"
)
"""Only while it has the lock: a pooler may have given the session to somebody else in the meantime."""

_SITZUNGSPROBEN = 3


class Sperre(Protocol):
    """A name that one process holds among all at a database."""

    def haelt(self) -> bool:
        """Whether it is still held."""
        ...

    def beende_sitzung(self, datenbank: sa.Engine) -> None:
        """After its loss: make sure that nothing of it is left."""
        ...

    def loese(self) -> None:
        """Give it back."""
        ...


class _Dateisperre:
    """A byte of a file, locked by the operating system."""

    def __init__(self, datei: IO[bytes]) -> None:
        self._datei = datei

    @classmethod
    def nimm(cls, pfad: Path) -> _Dateisperre | None:
        datei = pfad.open("a+b")
        try:
            _sperre_datei(datei)
        except OSError:
            datei.close()
            return None
        return cls(datei)

    def haelt(self) -> bool:
        return not self._datei.closed

    def beende_sitzung(self, datenbank: sa.Engine) -> None:
        self._datei.close()

    def loese(self) -> None:
        self._datei.close()


def _sperre_datei(datei: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        datei.seek(0)
        msvcrt.locking(datei.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(datei, fcntl.LOCK_EX | fcntl.LOCK_NB)


class _Serversperre:
    """A PostgreSQL advisory lock on a connection that is used for nothing else."""

    def __init__(self, verbindung: sa.Connection, nummer: int) -> None:
        self._verbindung = verbindung
        self._nummer = nummer
        self._sitzung = verbindung.execute(_EIGENE_SITZUNG).one()
        self._schloss = threading.Lock()

    @classmethod
    def nimm(cls, datenbank: sa.Engine, platz: str) -> _Serversperre | None:
        nummer = int.from_bytes(hashlib.sha256(f"fachwerk/{platz}".encode()).digest()[:8], "big", signed=True)
        verbindung = datenbank.connect().execution_options(isolation_level="AUTOCOMMIT")
        if verbindung.execute(sa.text("SELECT pg_try_advisory_lock(:nummer)"), {"nummer": nummer}).scalar_one():
            return cls(verbindung, nummer)
        verbindung.close()
        return None

    def haelt(self) -> bool:
        with self._schloss:
            try:
                return bool(self._verbindung.execute(_NUMMER_DER_SITZUNG).scalar_one() == self._sitzung.pid)
            except sa.exc.SQLAlchemyError:  # also PendingRollbackError, at the second question after the loss
                return False

    def beende_sitzung(self, datenbank: sa.Engine) -> None:
        """End the session of this lock where the server has not noticed that its connection is lost.

        That takes it a minute, and for so long nobody could have the name, not even its owner.
        """
        pid, beginn = self._sitzung
        with datenbank.begin() as verbindung:
            verbindung.execute(_BEENDE, {"pid": pid, "beginn": beginn, "nummer": self._nummer})
        with suppress(sa.exc.SQLAlchemyError):
            self._verbindung.invalidate()
            self._verbindung.close()

    def loese(self) -> None:
        """Free at once; the server would notice the closed connection only a moment later."""
        with suppress(sa.exc.SQLAlchemyError):
            self._verbindung.execute(sa.text("SELECT pg_advisory_unlock_all()"))
        self._verbindung.invalidate()
        self._verbindung.close()


def pruefe_sitzungen(datenbank: sa.Engine) -> None:
    """``ConfigError`` if a pooler hands sessions of the server on: our locks would then belong to somebody else."""
    if _gibt_sitzungen_weiter(datenbank):
        raise ConfigError(
            "datenbank_sitzung_geteilt",
            "Zwischen Fachwerk und dem Datenbankserver steht ein Vermittler (PgBouncer), der die Sitzung nach jeder "
            "Transaktion oder Anweisung einem anderen gibt. Damit gehörten auch die Sperren einem anderen, und zwei "
            "Prozesse könnten dasselbe tun. Dort für diese Datenbank pool_mode = session setzen, oder den Server "
            "unmittelbar nennen.",
            schluessel="fachwerk.datenbank",
        )


def _gibt_sitzungen_weiter(datenbank: sa.Engine) -> bool:
    """Whether two connections that are both open share a session, or one changes it between two statements.

    Asked more than once, because another client may have taken the session that just became free.
    """
    try:
        with datenbank.connect() as verbindung, datenbank.connect() as andere:
            eine = verbindung.execution_options(isolation_level="AUTOCOMMIT")
            for _ in range(_SITZUNGSPROBEN):
                sitzung = eine.execute(_NUMMER_DER_SITZUNG).scalar_one()
                with andere.begin():
                    fremde = andere.execute(_NUMMER_DER_SITZUNG).scalar_one()
                    jetzige = eine.execute(_NUMMER_DER_SITZUNG).scalar_one()
                if fremde == sitzung or jetzige != sitzung:
                    return True
    except sa.exc.DBAPIError as fehler:
        if "statement pooling mode" in str(fehler.orig):  # which knows no transactions
            return True
        raise
    return False


def versuche_sperre(datenbank: sa.Engine, name: str) -> Sperre | None:
    """Hold ``name`` until it is given back or the process ends; None while another process holds it.

    ``ConfigError`` where the server's sessions are not ours for as long as we want (:func:`pruefe_sitzungen`).
    """
    if datenbank.dialect.name == "postgresql":
        pruefe_sitzungen(datenbank)
        return _Serversperre.nimm(datenbank, name)
    datei = datenbank.url.database or "fachwerk.db"
    return _Dateisperre.nimm(Path(f"{datei}.{name}.sperre"))


def ist_belegt(datei: Path) -> bool:
    """Whether a process works on this SQLite file."""
    for sperrdatei in datei.parent.glob(f"{datei.name}.*.sperre"):
        sperre = _Dateisperre.nimm(sperrdatei)
        if sperre is None:
            return True
        sperre.loese()
    return False


class Platz:
    """The slot of this process: ``name`` is ``<node>-<n>``."""

    def __init__(self, datenbank: sa.Engine, prozess: str, knotenname: str = "") -> None:
        self._datenbank = datenbank
        self._prozess = prozess
        self._knoten = knotenname or socket.gethostname()
        self._sperre: Sperre | None = None
        self.name = ""

    def nimm(self) -> str:
        """Take the first free slot of this node and announce it; refused beside a node whose core does not fit."""
        for nummer in range(1, MAX_PLAETZE + 1):
            name = f"{self._knoten}-{nummer}"
            if (sperre := self._versuche(name)) is not None:
                self._sperre, self.name = sperre, name
                self.schlage()
                self._pruefe_nachbarn()
                return name
        raise ConfigError(
            "kein_platz_frei",
            f"Auf {self._knoten} laufen schon {MAX_PLAETZE} Prozesse an dieser Datenbank. Bitte nicht mehr benötigte "
            "beenden.",
        )

    def _pruefe_nachbarn(self) -> None:
        try:
            vertraeglichkeit.pruefe(self._datenbank, self.name)
        except BaseException:
            self.verlasse()
            raise

    def _versuche(self, name: str) -> Sperre | None:
        return versuche_sperre(self._datenbank, name)

    def schlage(self) -> bool:
        """One heartbeat; False if the slot was lost (database restarted) and another process has it now."""
        if self._sperre is None or not self._sperre.haelt():
            if self._sperre is not None:
                self._sperre.beende_sitzung(self._datenbank)
            self._sperre = self._versuche(self.name)
            if self._sperre is None:
                return False
        with self._datenbank.begin() as verbindung:
            jetzt = datenbankzeit(verbindung)
            werte: dict[str, Any] = {"prozess": self._prozess, "herzschlag": jetzt}
            geaendert = verbindung.execute(
                knoten.update()
                .where(knoten.c.platz == self.name)
                .where(knoten.c.prozess == self._prozess)
                .values(werte)
            ).rowcount
            if not geaendert:
                werte |= vars(vertraeglichkeit.eigener()) | {"platz": self.name, "gestartet": datetime.now(UTC)}
                verbindung.execute(knoten.delete().where(knoten.c.platz == self.name))
                verbindung.execute(knoten.insert().values(**werte))
        return True

    def verlasse(self) -> None:
        """Give the slot back on a clean stop; where the database is away, its silence says the same."""
        if self._sperre is None:
            return
        eigene = knoten.delete().where(knoten.c.platz == self.name, knoten.c.prozess == self._prozess)
        with suppress(sa.exc.OperationalError), self._datenbank.begin() as verbindung:
            verbindung.execute(eigene)
        self._sperre.loese()
        self._sperre = None
