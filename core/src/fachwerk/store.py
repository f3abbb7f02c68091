"""The store: every question and every change the line asks of the database, one method each.

Changes happen in named transactions (:meth:`Store.transaktion`): the names are the points at which a crash is
tested. Values of the line are journalled as content of their case; columns hold ids, codes and times only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic_core import from_json, to_json

from fachwerk import alarm, journalwerte
from fachwerk.datenbank import lesend, vorlaeufig
from fachwerk.inhalt import Inhaltsspeicher
from fachwerk.modell import SCHEMA, GehaltenFuer, Teil, Vorgangstand, Wert, utc
from fachwerk.schluessel import Schluesselbund
from fachwerk.stuecke import Neuteil
from fachwerk.tabellen import ereignis, schritt, vorgang, zustellung

W = TypeVar("W", bound=Wert)
Journalwert = Wert | Sequence[Wert] | None

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


_HIER: sa.BindParameter[Any] = sa.bindparam("hier")
_KETTE: sa.BindParameter[Any] = sa.bindparam("in_kette")
_JETZT: sa.BindParameter[Any] = sa.bindparam("jetzt")

# What the line asks again and again is built once: building a statement costs several times as much as running it.
_VORGANG = sa.select(vorgang).where(vorgang.c.id == _HIER)
_GESPERRT = _VORGANG.with_for_update(key_share=True)
_NEUER_SCHRITT, _NEUES_EREIGNIS = schritt.insert(), ereignis.insert()
_GETAN = sa.select(schritt.c.id).where(
    schritt.c.vorgang_id == _HIER,
    schritt.c.name == sa.bindparam("schritt"),
    schritt.c.lauf == sa.bindparam("branch"),
    schritt.c.code == "",
)
_AUSGABEN = (
    sa.select(schritt.c.ausgabe)
    .where(schritt.c.vorgang_id == _HIER, schritt.c.name == sa.bindparam("schritt"), schritt.c.code == "")
    .where(schritt.c.ausgabe.is_not(None))
    .order_by(schritt.c.id.desc())
    .limit(1)
)
_AUSGABE_DES_LAUFS = _AUSGABEN.where(schritt.c.lauf == sa.bindparam("branch"))
_LETZTES = (
    sa.select(ereignis.c.nr, ereignis.c.siegel)
    .where(ereignis.c.kette == _KETTE)
    .order_by(ereignis.c.nr.desc())
    .limit(1)
)
_VERMERKT = sa.select(ereignis.c.nr).where(
    ereignis.c.kette == _KETTE, ereignis.c.was == sa.bindparam("gesucht"), ereignis.c.code == sa.bindparam("mit_code")
)


def ist_faellig(jetzt: datetime | sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
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


_FAELLIG = sa.select(vorgang.c.id).where(ist_faellig(_JETZT)).limit(1)


@cache
def _aenderung(spalten: tuple[str, ...], gehalten: bool | None) -> sa.Update:
    """Set these columns of a case; since when it is held follows from ``gehalten`` (None: that does not change)."""
    werte: dict[str, Any] = {name: sa.bindparam(f"neu_{name}", type_=vorgang.c[name].type) for name in spalten}
    if gehalten is not None:
        werte["gehalten_seit"] = (
            sa.func.coalesce(vorgang.c.gehalten_seit, werte["geaendert"]) if gehalten else sa.null()
        )
    return vorgang.update().where(vorgang.c.id == _HIER).values(werte)


def als_journalwert(wert: Wert | Sequence[Wert]) -> bytes:
    """A value of the line, or several, as the journal keeps it: ``{"schema": n, "wert": …}``."""
    roh = to_json(wert if isinstance(wert, Wert) else list(wert), bytes_mode="base64")
    return b'{"schema":%d,"wert":%b}' % (SCHEMA, roh)


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
        return verbindung.execute(_GESPERRT, {"hier": vorgang_id}).one_or_none()

    def lesend(self, *, in_bloecken: bool = False) -> AbstractContextManager[sa.Connection]:
        """A short read, see :func:`fachwerk.datenbank.lesend`."""
        return lesend(self.datenbank, in_bloecken=in_bloecken)

    # -- journal ------------------------------------------------------------------------------------------------

    def lies_wert(self, typ: type[W], teil_id: str) -> W:
        """Read a journalled value back, its parts bound to the content store."""
        return typ.model_validate(self._lies_huelle(typ, teil_id), context={"inhalt": self.inhalt})

    def lies_liste(self, typ: type[W], teil_id: str) -> tuple[W, ...]:
        """Read a journalled list of values back."""
        werte = self._lies_huelle(typ, teil_id)
        return tuple(typ.model_validate(eintrag, context={"inhalt": self.inhalt}) for eintrag in werte)

    def _lies_huelle(self, typ: type[Wert], teil_id: str) -> Any:
        with self.inhalt.oeffne(Teil(id=teil_id)) as strom:
            return journalwerte.lies(typ.__name__, from_json(strom.read()))

    def schreibe_schritt(
        self,
        verbindung: sa.Connection,
        vorgang_id: str,
        lauf: int,
        angabe: Schrittangabe,
        wert: Journalwert = None,
    ) -> str | None:
        """One journal row with its output; returns the id of the output part."""
        return self.schreibe_schritte(verbindung, vorgang_id, lauf, [(angabe, wert)])[0]

    def schreibe_schritte(
        self,
        verbindung: sa.Connection,
        vorgang_id: str,
        lauf: int,
        schritte: Sequence[tuple[Schrittangabe, Journalwert]],
    ) -> list[str | None]:
        """Journal rows in their order, their outputs encrypted with the case key; returns the ids of the outputs."""
        ende = datetime.now(UTC)
        werte = [als_journalwert(wert) for _, wert in schritte if wert is not None]
        neue = [Neuteil(wert, medientyp="application/json") for wert in werte]
        teile = iter(self.inhalt.schreibe_alle(verbindung, vorgang_id, neue))
        ausgaben = [next(teile).id if wert is not None else None for _, wert in schritte]
        zeilen = [
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
                "ende": ende,
            }
            for (angabe, _), ausgabe in zip(schritte, ausgaben, strict=True)
        ]
        if zeilen:
            verbindung.execute(_NEUER_SCHRITT, zeilen)
        return ausgaben

    def schritte(self, vorgang_id: str) -> list[Any]:
        """The journal of a case, oldest first."""
        with self.lesend() as verbindung:
            return list(
                verbindung.execute(sa.select(schritt).where(schritt.c.vorgang_id == vorgang_id).order_by(schritt.c.id))
            )

    def ausgabe(self, vorgang_id: str, name: str, lauf: int | None = None) -> str | None:
        """Id of the newest output of step ``name`` (of journal branch ``lauf``, if given) that was done."""
        werte: dict[str, Any] = {"hier": vorgang_id, "schritt": name}
        if lauf is not None:
            werte["branch"] = lauf
        with self.lesend() as verbindung:
            return verbindung.execute(_AUSGABEN if lauf is None else _AUSGABE_DES_LAUFS, werte).scalar_one_or_none()

    def ist_getan(self, vorgang_id: str, name: str, lauf: int) -> bool:
        """Whether step ``name`` is done in journal branch ``lauf``."""
        werte = {"hier": vorgang_id, "schritt": name, "branch": lauf}
        with self.lesend() as verbindung:
            return verbindung.execute(_GETAN, werte).first() is not None

    # -- cases --------------------------------------------------------------------------------------------------

    def vorgang(self, vorgang_id: str, verbindung: sa.Connection | None = None) -> Any:
        """The row of a case; ``LookupError`` if there is none."""
        werte = {"hier": vorgang_id}
        if verbindung is not None:
            zeile = verbindung.execute(_VORGANG, werte).one_or_none()
        else:
            with self.lesend() as eigene:
                zeile = eigene.execute(_VORGANG, werte).one_or_none()
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
        werte["geaendert"] = datetime.now(UTC)
        gehalten = werte["status"] == Vorgangstand.HELD.value if "status" in werte else None
        frage = _aenderung(tuple(sorted(werte)), gehalten)
        verbindung.execute(frage, {**{f"neu_{name}": wert for name, wert in werte.items()}, "hier": vorgang_id})

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

    def ist_etwas_faellig(self) -> bool:
        """Whether there is a case a worker could do something for right now."""
        with self.lesend() as verbindung:
            return verbindung.execute(_FAELLIG, {"jetzt": datetime.now(UTC)}).first() is not None

    def anzahlen(self) -> dict[str, int]:
        """Number of cases per state."""
        with self.lesend() as verbindung:
            zeilen = verbindung.execute(sa.select(vorgang.c.status, sa.func.count()).group_by(vorgang.c.status))
            return {status: int(anzahl) for status, anzahl in zeilen}

    # -- audit --------------------------------------------------------------------------------------------------

    def vermerke(
        self,
        verbindung: sa.Connection,
        kette: str,
        wer: str,
        was: str,
        code: str = "",
        grund: str | None = None,
        *,
        gesperrt: bool = False,
    ) -> None:
        """Append a sealed line to an audit chain: who, what, when; a free-text reason is content of the case.

        ``gesperrt``: this transaction made the case or has it locked already, so nobody else can be at its chain.
        """
        if not gesperrt:
            self._sperre_kette(verbindung, kette)
        letzte = verbindung.execute(_LETZTES, {"in_kette": kette}).one_or_none()
        nr, vorher = (letzte.nr + 1, letzte.siegel) if letzte else (1, "")
        if grund and kette == BETRIEB:
            self.inhalt.sichere_schluessel(verbindung, kette)
        grund_id = self.inhalt.schreibe_in(verbindung, kette, [grund.encode()]).id if grund else None
        zeit = datetime.now(UTC)
        siegel = self.bund.siegle(_auditzeile(kette, nr, zeit, wer, was, code, grund_id, vorher))
        zeile = {"kette": kette, "nr": nr, "zeit": zeit, "wer": wer, "was": was, "code": code, "grund": grund_id}
        verbindung.execute(_NEUES_EREIGNIS, {**zeile, "siegel": siegel})

    def _sperre_kette(self, verbindung: sa.Connection, kette: str) -> None:
        """One writer of a chain at a time: that of a case by its row, that of the installation by a lock of its own."""
        if kette != BETRIEB:
            self.sperre(verbindung, kette)
        elif verbindung.dialect.name == "postgresql":
            verbindung.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"fachwerk/{kette}"))))

    def ist_vermerkt(self, kette: str, was: str, code: str) -> bool:
        """Whether the audit chain holds such a line."""
        with self.lesend() as verbindung:
            werte = {"in_kette": kette, "gesucht": was, "mit_code": code}
            return verbindung.execute(_VERMERKT, werte).first() is not None

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


def auditzeile(zeile: Any, vorher: str) -> str:
    """What the seal of a stored audit line covers; ``vorher`` is the seal before it."""
    zeit = utc(zeile.zeit)
    return _auditzeile(zeile.kette, zeile.nr, zeit, zeile.wer, zeile.was, zeile.code, zeile.grund, vorher)


def _auditzeile(*felder: Any) -> str:
    """The fields so that none can be taken for a part of its neighbour."""
    return json.dumps([feld.isoformat() if isinstance(feld, datetime) else str(feld or "") for feld in felder])
