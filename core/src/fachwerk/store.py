"""The store: every question and every change the line asks of the database, one method each.

Changes happen in named transactions (:meth:`Store.transaktion`): the names are the points at which a crash is
tested. Values of the line are journalled as content of their case; columns hold ids, codes and times only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from fachwerk import alarm
from fachwerk.datenbank import vorlaeufig
from fachwerk.inhalt import Inhaltsspeicher
from fachwerk.modell import SCHEMA, GehaltenFuer, Teil, Vorgangstand, Wert, utc
from fachwerk.schluessel import Schluesselbund
from fachwerk.tabellen import ereignis, schritt, vorgang, zustellung

W = TypeVar("W", bound=Wert)

NACHHOLBAR = frozenset({"lauf_beginn", "bestaetigt", "wieder_bestaetigt"})
"""Transactions that need not wait for the disk: after a loss of power the next poll asks and acknowledges once more.

They are on the disk with the next one that waits, at the latest with the end of the round (``lauf_ende``).
"""

DRINGENDE = ("sofort", "hoch")
"""Urgencies that come first in lists; in the descending order of their words."""

UNFERTIG = ("ready", "running", "waiting", "held")
"""States of a case that somebody or something still has to act on."""

BETRIEB = "betrieb"
"""Name of the audit chain of the installation itself."""


@dataclass(frozen=True)
class Schrittangabe:
    """One line of the journal: which step, by which plugin, from when, with which code (empty: done)."""

    name: str
    beginn: datetime
    ziel: str = ""
    versuch: int = 0
    plugin: str = ""
    plugin_version: str = ""
    code: str = ""


class Store:
    """Access to the tables; holds the content store, because one commit covers both."""

    def __init__(self, datenbank: sa.Engine, bund: Schluesselbund) -> None:
        self.datenbank = datenbank
        self.bund = bund
        self.inhalt = Inhaltsspeicher(datenbank, bund)
        self.prozess = uuid.uuid4().hex

    @contextmanager
    def transaktion(self, name: str) -> Iterator[sa.Connection]:
        """One commit of the line; ``name`` says which, for the crash tests and the docs.

        On SQLite it is a writer from its first statement on, so that nothing it has read can change before it writes.
        """
        beginne = vorlaeufig if name in NACHHOLBAR else sa.Engine.begin
        with beginne(self.datenbank) as verbindung:
            if verbindung.dialect.name == "sqlite":
                verbindung.exec_driver_sql("BEGIN IMMEDIATE")
            yield verbindung

    def sperre(self, verbindung: sa.Connection, vorgang_id: str) -> Any:
        """Wait until no other transaction changes the case; the first thing any change of a case does.

        Gives its row (None if there is none), which stays as it is until the end of the transaction.
        """
        frage = sa.select(vorgang).where(vorgang.c.id == vorgang_id).with_for_update(key_share=True)
        return verbindung.execute(frage).one_or_none()

    @contextmanager
    def lesend(self) -> Iterator[sa.Connection]:
        """A short read."""
        with self.datenbank.connect() as verbindung:
            yield verbindung

    # -- journal ------------------------------------------------------------------------------------------------

    def schreibe_wert(self, verbindung: sa.Connection, vorgang_id: str, wert: Wert | Sequence[Wert]) -> Teil:
        """A value of the line as content: ``{"schema": n, "wert": …}``, encrypted with the case key."""
        daten = [eintrag.model_dump(mode="json") for eintrag in wert] if not isinstance(wert, Wert) else None
        inhalt = json.dumps(
            {"schema": SCHEMA, "wert": wert.model_dump(mode="json") if isinstance(wert, Wert) else daten},
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
        return self.inhalt.schreibe_in(verbindung, vorgang_id, [inhalt], medientyp="application/json")

    def lies_wert(self, typ: type[W], teil_id: str) -> W:
        """Read a journalled value back, its parts bound to the content store."""
        with self.inhalt.oeffne(Teil(id=teil_id)) as strom:
            huelle = json.load(strom)
        return typ.model_validate(huelle["wert"], context={"inhalt": self.inhalt})

    def lies_liste(self, typ: type[W], teil_id: str) -> tuple[W, ...]:
        """Read a journalled list of values back."""
        with self.inhalt.oeffne(Teil(id=teil_id)) as strom:
            huelle = json.load(strom)
        return tuple(typ.model_validate(eintrag, context={"inhalt": self.inhalt}) for eintrag in huelle["wert"])

    def schreibe_schritt(
        self,
        verbindung: sa.Connection,
        vorgang_id: str,
        lauf: int,
        angabe: Schrittangabe,
        wert: Wert | Sequence[Wert] | None = None,
    ) -> str | None:
        """One journal row with its output; returns the id of the output part."""
        ausgabe = self.schreibe_wert(verbindung, vorgang_id, wert).id if wert is not None else None
        verbindung.execute(
            schritt.insert(),
            {
                "vorgang_id": vorgang_id,
                "lauf": lauf,
                "name": angabe.name,
                "ziel": angabe.ziel,
                "versuch": angabe.versuch,
                "plugin": angabe.plugin,
                "plugin_version": angabe.plugin_version,
                "code": angabe.code,
                "ausgabe": ausgabe,
                "beginn": angabe.beginn,
                "ende": datetime.now(UTC),
            },
        )
        return ausgabe

    def schritte(self, vorgang_id: str) -> list[Any]:
        """The journal of a case, oldest first."""
        with self.lesend() as verbindung:
            return list(
                verbindung.execute(sa.select(schritt).where(schritt.c.vorgang_id == vorgang_id).order_by(schritt.c.id))
            )

    def ausgabe(self, vorgang_id: str, name: str, lauf: int | None = None) -> str | None:
        """Id of the newest output of step ``name`` (of journal branch ``lauf``, if given) that was done."""
        frage = sa.select(schritt.c.ausgabe).where(
            schritt.c.vorgang_id == vorgang_id, schritt.c.name == name, schritt.c.code == ""
        )
        frage = frage.where(schritt.c.ausgabe.is_not(None)).order_by(schritt.c.id.desc()).limit(1)
        if lauf is not None:
            frage = frage.where(schritt.c.lauf == lauf)
        with self.lesend() as verbindung:
            return verbindung.execute(frage).scalar_one_or_none()

    def ist_getan(self, vorgang_id: str, name: str, lauf: int) -> bool:
        """Whether step ``name`` is done in journal branch ``lauf``."""
        frage = sa.select(schritt.c.id).where(
            schritt.c.vorgang_id == vorgang_id, schritt.c.name == name, schritt.c.lauf == lauf, schritt.c.code == ""
        )
        with self.lesend() as verbindung:
            return verbindung.execute(frage).first() is not None

    # -- cases --------------------------------------------------------------------------------------------------

    def vorgang(self, vorgang_id: str, verbindung: sa.Connection | None = None) -> Any:
        """The row of a case; ``LookupError`` if there is none."""
        frage = sa.select(vorgang).where(vorgang.c.id == vorgang_id)
        if verbindung is not None:
            zeile = verbindung.execute(frage).one_or_none()
        else:
            with self.lesend() as eigene:
                zeile = eigene.execute(frage).one_or_none()
        if zeile is None:
            raise LookupError(vorgang_id)
        return zeile

    def finde_vorgang(self, anfang: str) -> list[str]:
        """Ids of the cases whose id begins with ``anfang`` (people type the first characters)."""
        with self.lesend() as verbindung:
            return list(
                verbindung.execute(
                    sa.select(vorgang.c.id).where(vorgang.c.id.startswith(anfang, autoescape=True)).limit(3)
                ).scalars()
            )

    def liste(self, status: Sequence[str] = (), grenze: int = 100, nur_dringende: bool = False) -> list[Any]:
        """The newest cases, before them the urgent unfinished ones: ``sofort``, then ``hoch``, by their deadline."""
        v = vorgang.c
        dringend, unfertig = v.dringlichkeit.in_(DRINGENDE), v.status.in_(UNFERTIG)
        vorn = sa.select(vorgang).where(dringend, unfertig, v.status.in_(status) if status else sa.true())
        vorn = vorn.order_by(v.dringlichkeit.desc(), v.frist.is_(None), v.frist, v.angelegt.desc()).limit(grenze)
        uebrige = sa.select(vorgang).where(dringend & ~unfertig if nur_dringende else ~(dringend & unfertig))
        uebrige = uebrige.order_by(v.angelegt.desc()).limit(grenze)
        with self.lesend() as verbindung:
            zeilen = list(verbindung.execute(vorn))
            je_status = [uebrige.where(v.status == einer) for einer in status] or [uebrige]  # each by its index
            rest = [zeile for frage in je_status for zeile in verbindung.execute(frage)]
        return (zeilen + sorted(rest, key=lambda zeile: zeile.angelegt, reverse=True))[:grenze]

    def aendere(self, verbindung: sa.Connection, vorgang_id: str, **werte: Any) -> None:
        """Set columns of a case; since when it is held follows from its state."""
        jetzt = werte["geaendert"] = datetime.now(UTC)
        if "status" in werte:
            bleibt = sa.func.coalesce(vorgang.c.gehalten_seit, sa.literal(jetzt, vorgang.c.gehalten_seit.type))
            werte["gehalten_seit"] = bleibt if werte["status"] == Vorgangstand.HELD.value else None
        verbindung.execute(vorgang.update().where(vorgang.c.id == vorgang_id).values(**werte))

    def halte(self, verbindung: sa.Connection, vorgang_id: str, code: str, hinweis: str, fuer: GehaltenFuer) -> None:
        """Hold a case visibly for somebody, with an alarm at once if it cannot wait."""
        self.aendere(
            verbindung,
            vorgang_id,
            status=Vorgangstand.HELD.value,
            grund=code,
            hinweis=hinweis,
            gehalten_fuer=fuer.value,
            wartet_bis=None,
        )
        self.vermerke(verbindung, vorgang_id, "fachwerk", "gehalten", code)
        alarm.melde_dringend(verbindung, vorgang_id, code, hinweis)

    def faellig(self) -> int:
        """How many cases a worker could do something for right now."""
        frage = sa.select(sa.func.count()).select_from(vorgang).where(ist_faellig(datetime.now(UTC)))
        with self.lesend() as verbindung:
            return int(verbindung.execute(frage).scalar_one())

    def anzahlen(self) -> dict[str, int]:
        """Number of cases per state."""
        with self.lesend() as verbindung:
            zeilen = verbindung.execute(sa.select(vorgang.c.status, sa.func.count()).group_by(vorgang.c.status))
            return {status: int(anzahl) for status, anzahl in zeilen}

    # -- audit --------------------------------------------------------------------------------------------------

    def vermerke(
        self, verbindung: sa.Connection, kette: str, wer: str, was: str, code: str = "", grund: str | None = None
    ) -> None:
        """Append a sealed line to an audit chain: who, what, when; a free-text reason is content of the case."""
        self._sperre_kette(verbindung, kette)
        letzte = verbindung.execute(
            sa.select(ereignis.c.nr, ereignis.c.siegel)
            .where(ereignis.c.kette == kette)
            .order_by(ereignis.c.nr.desc())
            .limit(1)
        ).one_or_none()
        nr, vorher = (letzte.nr + 1, letzte.siegel) if letzte else (1, "")
        if grund and kette == BETRIEB:
            self.inhalt.sichere_schluessel(verbindung, kette)
        grund_id = self.inhalt.schreibe_in(verbindung, kette, [grund.encode()]).id if grund else None
        zeit = datetime.now(UTC)
        verbindung.execute(
            ereignis.insert(),
            {
                "kette": kette,
                "nr": nr,
                "zeit": zeit,
                "wer": wer,
                "was": was,
                "code": code,
                "grund": grund_id,
                "siegel": self.bund.siegle(_auditzeile(kette, nr, zeit, wer, was, code, grund_id, vorher)),
            },
        )

    def _sperre_kette(self, verbindung: sa.Connection, kette: str) -> None:
        """One writer of a chain at a time: that of a case by its row, that of the installation by a lock of its own."""
        if kette != BETRIEB:
            self.sperre(verbindung, kette)
        elif verbindung.dialect.name == "postgresql":
            verbindung.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"fachwerk/{kette}"))))

    def ist_vermerkt(self, kette: str, was: str, code: str) -> bool:
        """Whether the audit chain holds such a line."""
        frage = sa.select(ereignis.c.nr).where(
            ereignis.c.kette == kette, ereignis.c.was == was, ereignis.c.code == code
        )
        with self.lesend() as verbindung:
            return verbindung.execute(frage).first() is not None

    def pruefe_kette(self, kette: str) -> int | None:
        """Number of the first audit line whose seal does not fit; None if the chain is whole."""
        vorher = ""
        with self.lesend() as verbindung:
            for zeile in verbindung.execute(
                sa.select(ereignis).where(ereignis.c.kette == kette).order_by(ereignis.c.nr)
            ):
                if self.bund.siegle(auditzeile(zeile, vorher)) != zeile.siegel:
                    return int(zeile.nr)
                vorher = zeile.siegel
        return None


def ist_faellig(jetzt: datetime) -> sa.ColumnElement[bool]:
    """A case can go on, or is held but has a delivery that can (of another Ziel, or for ``[klaerung]``)."""
    kann = sa.or_(
        zustellung.c.status.in_(["offen", "absicht"]),
        sa.and_(zustellung.c.status == "wartet", zustellung.c.naechster <= jetzt),
    )
    return sa.or_(
        vorgang.c.status.in_([Vorgangstand.READY.value, Vorgangstand.RUNNING.value]),
        sa.and_(vorgang.c.status == Vorgangstand.WAITING.value, vorgang.c.wartet_bis <= jetzt),
        sa.and_(
            vorgang.c.status == Vorgangstand.HELD.value,
            sa.exists().where(zustellung.c.vorgang_id == vorgang.c.id, kann),
        ),
    )


def auditzeile(zeile: Any, vorher: str) -> str:
    """What the seal of a stored audit line covers; ``vorher`` is the seal before it."""
    zeit = utc(zeile.zeit)
    return _auditzeile(zeile.kette, zeile.nr, zeit, zeile.wer, zeile.was, zeile.code, zeile.grund, vorher)


def _auditzeile(*felder: Any) -> str:
    """The fields so that none can be taken for a part of its neighbour."""
    return json.dumps([feld.isoformat() if isinstance(feld, datetime) else str(feld or "") for feld in felder])
