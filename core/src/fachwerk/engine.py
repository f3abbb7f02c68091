"""Durable execution on DBOS, behind this module only, through its public API only.

The journal in our own tables is the truth; the engine is the durable queue before it. It makes sure that a job is
run until it returns, on some node, within the limits of its queue. Jobs are idempotent: they read the journal and
go on behind its last entry. In the engine's tables stand ids only (:class:`NurKennungen`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from fachwerk.ausfuehrung import Aufgabe, Ausfuehrungen
from fachwerk.datenbank import fremde_adresse
from fachwerk.rate import begrenzung
from fachwerk.spaeter import spaeter

with spaeter("psycopg", "errors"):  # only PostgreSQL needs it, and it is 9 MB
    from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Serializer, error

APP = "fachwerk"
PROTOKOLL = "1"
"""Version of the pipeline protocol. It changes only if the order of durable jobs does (never with plugin code)."""

MAX_WIEDERANLAEUFE = 5
_UNBEGRENZT = 1000
"""For jobs whose restarts the caller counts: a job that waits its turn is restarted with the others, too."""

ARBEITSTAKT = 0.1
RUHETAKT = 5.0
_BLICKE_JE_S = 100
"""So many looks at queues a second, before it is known which have work."""

_GRENZE = 2000
_LAUFENDE = ["PENDING", "ENQUEUED", "DELAYED"]
_LAUSCHTAKT = 0.1
"""Seconds between two looks for messages between jobs, which we never send; a stop waits for one such look."""

_AUSKLANG_S = 2.0
"""Seconds in which a stopping process waits for the last jobs itself, looking more often than the engine does."""

_UEBRIGE_FAEDEN = 16
"""Threads for what the engine does besides, and for jobs that lost their claim and wait for who has it."""

_FAEDEN = "dbos-executor-"
"""How the names of the threads begin in which the engine runs jobs."""

log = structlog.get_logger("fachwerk.engine")


class NurKennungen(Serializer):
    """JSON with a size limit; an exception becomes its class name, so no text of a message reaches the engine."""

    def name(self) -> str:
        """Name of the format in the engine's tables."""
        return "fachwerk_json"

    def serialize(self, data: Any) -> str:
        """Text of at most 2,000 characters, else ``ValueError``."""
        if isinstance(data, BaseException):
            data = {"fehlerklasse": type(data).__name__}
        text = json.dumps(data, separators=(",", ":"))
        if len(text) > _GRENZE:
            raise ValueError("the engine takes ids only, not content")
        return text

    def deserialize(self, serialized_data: str) -> Any:
        """The value, or a ``RuntimeError`` with the class name for a recorded exception."""
        data = json.loads(serialized_data)
        return RuntimeError(data["fehlerklasse"]) if isinstance(data, dict) and "fehlerklasse" in data else data


@dataclass(frozen=True)
class Schlange:
    """A queue with at most ``je_knoten`` jobs at once in one process; ``je_minute`` over all nodes, 0 = no limit.

    How many at once over all nodes is not left to the engine: nodes that count in the same moment begin one too many,
    and whoever notices doubles his pace, up to two minutes (:mod:`fachwerk.belegung`).
    """

    name: str
    je_knoten: int
    je_minute: int = 0


class Auftraege:
    """Enqueues jobs, also inside a transaction of ours; enough for commands that do no work themselves."""

    def __init__(self, datenbank: sa.Engine, *, geduldig: bool = True) -> None:
        """``geduldig``: wait for a database that is away, without end, instead of raising."""
        self._datenbank = datenbank
        self._client = DBOSClient(
            system_database_engine=datenbank,
            serializer=NurKennungen(),
            application_name=APP,
            lazy=True,
            retry_connection_errors=geduldig,
        )

    def reihe_ein(
        self,
        verbindung: sa.Connection,
        aufgabe: str,
        schlange: str,
        auftrag_id: str,
        *argumente: str,
        verzoegerung: float = 0,
    ) -> None:
        """Enqueue in the caller's transaction: the job exists exactly if that transaction commits.

        The same ``auftrag_id`` twice is one job. ``verzoegerung`` in seconds.
        """
        self._client.enqueue_in_transaction(
            verbindung, self._optionen(aufgabe, schlange, auftrag_id, verzoegerung), *argumente
        )

    def reihe_einmal_ein(
        self, aufgabe: str, schlange: str, auftrag_id: str, einzig: str, *argumente: str, verzoegerung: float = 0
    ) -> bool:
        """Enqueue unless a job with the same ``einzig`` waits or runs; says whether it was enqueued.

        ``auftrag_id`` begins with ``schlange:einzig:``: so a job is known, too, that was taken over from a dead node.
        """
        optionen = self._optionen(aufgabe, schlange, auftrag_id, verzoegerung)
        if self._nenne(_LAUFENDE, workflow_id_prefix=f"{schlange}:{einzig}:"):
            return False  # the engine forgets ``einzig`` when a job is taken over
        optionen["deduplication_id"] = einzig
        try:
            self._client.enqueue(optionen, *argumente)
        except error.DBOSQueueDeduplicatedError:
            return False
        return True

    def _optionen(self, aufgabe: str, schlange: str, auftrag_id: str, verzoegerung: float) -> EnqueueOptions:
        optionen = EnqueueOptions(
            workflow_name=aufgabe, queue_name=schlange, workflow_id=auftrag_id, app_version=PROTOKOLL
        )
        if verzoegerung > 0:
            optionen["delay_seconds"] = verzoegerung
        return optionen

    def offene(self) -> set[str]:
        """Ids of all jobs that wait, are delayed or run."""
        return {
            auftrag.workflow_id
            for auftrag in self._client.list_workflows(status=_LAUFENDE, load_input=False, load_output=False)
        }

    def aufgegebene(self) -> list[tuple[str, str]]:
        """Jobs that killed their process too often: (job id, first argument)."""
        return [
            (auftrag.workflow_id, _erstes(auftrag))
            for auftrag in self._client.list_workflows(status=["MAX_RECOVERY_ATTEMPTS_EXCEEDED"], load_output=False)
        ]

    def loesche(self, auftrag_ids: Iterable[str]) -> None:
        """Remove finished jobs from the engine's tables."""
        self._client.delete_workflows(list(auftrag_ids))

    def raeume_auf(self, vor: datetime) -> int:
        """Erase jobs that ended before ``vor`` from all engine tables, and on SQLite from the write-ahead log too.

        Deleting alone is not erasing: the rows would stay readable in the log until it is truncated.
        """
        fertige = [
            auftrag.workflow_id
            for auftrag in self._client.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                completed_before=vor.isoformat(),
                limit=10_000,
                load_input=False,
                load_output=False,
            )
        ]
        if fertige:
            self.loesche(fertige)
        if self._datenbank.dialect.name == "sqlite":
            with self._datenbank.connect() as verbindung:
                verbindung.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return len(fertige)

    def uebernimm(self, lebende: set[str], melde: Callable[[list[tuple[str, str]]], None] | None = None) -> int:
        """Resume the work of executors that are not in ``lebende``, each job on its own queue; returns how many.

        One node at a time does this; ``melde`` gets (job id, first argument) of the jobs before they are resumed.
        """
        with self._allein() as allein:
            verwaist = self._laufende(lambda platz: platz not in lebende) if allein else []
            if verwaist and melde is not None:
                melde([(auftrag.workflow_id, _erstes(auftrag)) for auftrag in verwaist])
            self._setze_fort(verwaist)
        return len(verwaist)

    def nimm_auf(self, platz: str, verlassene: Callable[[Collection[str]], Collection[str]]) -> int:
        """Resume those of the jobs running on ``platz`` that ``verlassene`` picks out of them; returns how many."""
        laufend = self._laufende(lambda wer: wer == platz, executor_id=platz, load_input=False)
        namen = verlassene([auftrag.workflow_id for auftrag in laufend])
        liegen = [auftrag for auftrag in laufend if auftrag.workflow_id in namen]
        self._setze_fort(liegen)
        return len(liegen)

    def _setze_fort(self, auftraege: Iterable[Any]) -> None:
        ids: dict[str, list[str]] = {}
        for auftrag in auftraege:
            ids.setdefault(auftrag.queue_name, []).append(auftrag.workflow_id)
        for schlange, einige in ids.items():
            self._client.resume_workflows(einige, queue_name=schlange)

    def unterbrochene(self, platz: str) -> list[tuple[str, str]]:
        """What the dead predecessor on ``platz`` was doing: (job id, first argument)."""
        return [(auftrag.workflow_id, _erstes(auftrag)) for auftrag in self._laufende(lambda wer: wer == platz)]

    def regt_sich(self, platz: str) -> tuple[bool, bool]:
        """Whether any job runs on ``platz``, and whether any could be begun now."""
        return bool(self._nenne("PENDING", executor_id=platz)), bool(self._nenne("ENQUEUED"))

    def _nenne(self, status: str | list[str], **weiteres: Any) -> list[Any]:
        """At most one job in this state, without what it got and gave."""
        return self._client.list_workflows(status=status, limit=1, load_input=False, load_output=False, **weiteres)

    def _laufende(self, wessen: Callable[[str], bool], **weiteres: Any) -> list[Any]:
        laufend = self._client.list_workflows(status="PENDING", load_output=False, **weiteres)
        return [auftrag for auftrag in laufend if auftrag.queue_name and wessen(auftrag.executor_id or "")]

    @contextmanager
    def _allein(self) -> Iterator[bool]:
        """Whether no other node is at it; always on SQLite, where the row guards have to do."""
        if self._datenbank.dialect.name != "postgresql":
            yield True
            return
        with self._datenbank.begin() as verbindung:
            yield bool(verbindung.execute(sa.text("SELECT pg_try_advisory_xact_lock(7220119240387)")).scalar_one())

    def setze_takt(self, takte: Mapping[str, float] | None = None) -> None:
        """Look at each queue after so many seconds, after RUHETAKT where none are named; None: as at a start."""
        schlangen = self._client.list_queues()
        for schlange in schlangen:
            takt = anfangstakt(len(schlangen)) if takte is None else takte.get(schlange.name, RUHETAKT)
            if schlange.polling_interval_sec != takt:
                schlange.set_polling_interval_sec(takt)

    def melde_an(self, schlange: Schlange, takt: float = ARBEITSTAKT) -> None:
        """Make a queue known, looked at every ``takt`` seconds at first; its limits are those of the configuration."""
        grenzen: dict[str, Any] = {"worker_concurrency": schlange.je_knoten}
        if schlange.je_minute:
            grenzen["limiter"] = begrenzung(schlange.je_minute, self._datenbank.dialect.name)
        da = self._client.retrieve_queue(schlange.name)
        if (
            da is None
            or (da.worker_concurrency, da.limiter) != (schlange.je_knoten, grenzen.get("limiter"))
            or da.global_concurrency is not None
        ):
            grenzen["on_conflict"] = "never_update" if da is None else "always_update"
            self._client.register_queue(schlange.name, polling_interval_sec=takt, **grenzen)

    def schliesse(self) -> None:
        """Release the client."""
        self._client.destroy()


def _erstes(auftrag: Any) -> str:
    """The first argument of a job: the case, or the Kanal."""
    return str((auftrag.input or {"args": [""]})["args"][0])


def anfangstakt(schlangen: int) -> float:
    """Seconds between two looks at each of so many queues as long as nobody knows which have work."""
    return max(ARBEITSTAKT, schlangen / _BLICKE_JE_S)


def laufender_auftrag() -> str:
    """Id of the job this thread runs."""
    return DBOS.workflow_id or ""


def lege_tabellen_an(datenbank: sa.Engine) -> None:
    """Make the engine's tables unless they are there."""
    schema = "dbos" if datenbank.dialect.name == "postgresql" else None
    if not sa.inspect(datenbank).has_table("queues", schema=schema):
        DBOS.migrate(fremde_adresse(datenbank))


class Engine:
    """Runs jobs in this process. One per process, because DBOS is one per process."""

    def __init__(
        self,
        datenbank: sa.Engine,
        platz: str,
        aufgaben: Mapping[str, Aufgabe],
        schlangen: Iterable[Schlange],
        bei_fehler: Callable[[str, tuple[str, ...], str], None],
        gezaehlt: Collection[str] = (),
    ) -> None:
        """``gezaehlt`` names the jobs whose restarts the caller bounds; all others end after MAX_WIEDERANLAEUFE.

        There is a thread for every job that the queues let run here at once: none waits for those of another queue.
        """
        self.auftraege = Auftraege(datenbank)
        self._schlangen = tuple(schlangen)
        self._ausfuehrungen = Ausfuehrungen(laufender_auftrag, bei_fehler)
        self._datenbank = datenbank
        self._platz = platz
        faeden = _UEBRIGE_FAEDEN + sum(schlange.je_knoten for schlange in self._schlangen)
        DBOS(config=self._konfiguration(datenbank, platz, faeden))
        for name, funktion in aufgaben.items():
            grenze = _UNBEGRENZT if name in gezaehlt else MAX_WIEDERANLAEUFE
            DBOS.workflow(name=name, max_recovery_attempts=grenze)(self._ausfuehrungen.als_auftrag(name, funktion))

    @staticmethod
    def _konfiguration(datenbank: sa.Engine, platz: str, faeden: int) -> DBOSConfig:
        url = "sqlite:///engine" if datenbank.dialect.name == "sqlite" else "postgresql://server/engine"
        return DBOSConfig(
            name=APP,
            system_database_url=url,
            system_database_engine=datenbank,
            application_version=PROTOKOLL,
            executor_id=platz,
            serializer=NurKennungen(),
            log_level="ERROR",
            max_executor_threads=faeden,
            notification_listener_polling_interval_sec=_LAUSCHTAKT,
        )

    def starte(self, melde: Callable[[list[tuple[str, str]]], None] | None = None) -> None:
        """Make the engine's tables, resume what this slot left behind, and begin to work.

        ``melde`` gets (job id, first argument) of what was left behind, before it is resumed.
        """
        bereit = self._bereite_vor(melde)
        DBOS.listen_queues([schlange.name for schlange in self._schlangen])
        DBOS.launch()
        if not bereit:
            self._melde_schlangen_an()

    def verlassene(self, angebliche: Collection[str]) -> Collection[str]:
        """See :meth:`fachwerk.ausfuehrung.Ausfuehrungen.verlassene`."""
        return self._ausfuehrungen.verlassene(angebliche)

    def _bereite_vor(self, melde: Callable[[list[tuple[str, str]]], None] | None) -> bool:
        """What should happen before work begins: then known queues are served at once, new ones a second later.

        False where the engine's tables are just being made by another node or a new version.
        """
        try:
            lege_tabellen_an(self._datenbank)
            if melde is not None:
                melde(self.auftraege.unterbrochene(self._platz))
            self._melde_schlangen_an()
        except sa.exc.DBAPIError as fehler:
            log.info("tabellen_im_umbau", klasse=type(fehler).__name__)
            return False
        return True

    def _melde_schlangen_an(self) -> None:
        for schlange in self._schlangen:
            self.auftraege.melde_an(schlange, anfangstakt(len(self._schlangen)))

    def stoppe(self, frist_s: int = 30) -> int:
        """Take no new work, let running jobs end within ``frist_s`` seconds, stop; how many have not ended.

        The engine looks once a second whether its jobs have ended, for the first time after a second. Where nothing
        waits or runs there is nothing to look for. A job that becomes due in just this moment stays with the slot, as
        after a crash, and whoever has the slot next resumes it.
        """
        self._ausfuehrungen.halte_an()
        DBOS.destroy(workflow_completion_timeout_sec=0 if self._klingt_aus() else frist_s, destroy_registry=True)
        _warte_auf_faeden()
        self.auftraege.schliesse()
        return self._ausfuehrungen.anzahl()

    def _klingt_aus(self) -> bool:
        """Wait a little for the last running jobs; whether neither these nor waiting ones are left."""
        auftraege = Auftraege(self._datenbank, geduldig=False)
        frist = time.monotonic() + _AUSKLANG_S
        try:
            while (stand := auftraege.regt_sich(self._platz)) == (True, False) and time.monotonic() < frist:
                time.sleep(0.02)
            return stand == (False, False)
        except sa.exc.SQLAlchemyError:
            return False  # without the database nobody can know
        finally:
            auftraege.schliesse()


def _warte_auf_faeden() -> None:
    """For a moment: one that lost its job to another node looks once a second whether that one has done it."""
    frist = time.monotonic() + _AUSKLANG_S
    for faden in threading.enumerate():
        if faden.name.startswith(_FAEDEN):
            faden.join(max(frist - time.monotonic(), 0))
