"""Deleting what Fachwerk wrote outside of its database: copies in the mirror, and folders of Ziele after their time.

What is due is marked in the database first, with the commit that makes it due. The deletion comes after it, without
any lock: a drive that is gone delays nobody else, and what a killed process left undone is still marked. A Ziel whose
settings have ``aufbewahren_tage`` deletes by its hook ``forget``; only finished cases are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import alarm
from fachwerk.datenbank import fuege_neu_ein
from fachwerk.errors import FachwerkError, PermanentError
from fachwerk.modell import Vorgangstand, utc
from fachwerk.tabellen import entfernung, fallschluessel, vorgang, zustellung
from fachwerk.zustellstand import allein, diese, schluessel

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.entfernung")

FERTIG = (Vorgangstand.DONE.value, Vorgangstand.FORWARDED.value, Vorgangstand.RETURNED.value)
SPIEGEL = alarm.SPIEGEL
_AUF_EINMAL = 500
_FEHLER_IN_FOLGE = 3
"""So many failures in a row say that the place is at fault: the rest of it waits for the next round."""
_LAENGSTE_PAUSE_H = 24
_ALARM_NACH = timedelta(days=1)


def merke_vor(verbindung: sa.Connection, vorgang_id: str, ort: str, fassung: int, jetzt: datetime) -> None:
    """In the transaction that makes it due: this has to go. Durable with its commit."""
    werte = {"seit": jetzt, "naechster": jetzt, "versuche": 0, "code": "", "erledigt": None}
    if not fuege_neu_ein(verbindung, entfernung, vorgang_id=vorgang_id, ort=ort, fassung=fassung, **werte):
        erneut = entfernung.update().where(*_diese(vorgang_id, ort, fassung), entfernung.c.erledigt.is_not(None))
        verbindung.execute(erneut.values(**werte))


def merke_faellige(betrieb: Betrieb, jetzt: datetime) -> None:
    """Mark the deliveries whose Ziel keeps them no longer, counted from the end of the case."""
    for ziel in betrieb.ziele.values():
        tage = getattr(ziel.einstellungen, "aufbewahren_tage", None)
        faellige = _faellige(betrieb, ziel.name, jetzt - timedelta(days=tage)) if tage else []
        if faellige:
            with betrieb.store.transaktion("entfernung_faellig") as verbindung:
                for zeile in faellige:
                    merke_vor(verbindung, zeile.vorgang_id, alarm.des_ziels(ziel.name), zeile.fassung, jetzt)


def raeume(betrieb: Betrieb, jetzt: datetime) -> int:
    """Delete what is marked and due; what fails is tried again later. Returns how much is gone."""
    entfernt = 0
    for ort in _orte(betrieb, jetzt):
        fehler_in_folge = 0
        for zeile in _anstehende(betrieb, ort, jetzt):
            if fehler_in_folge < _FEHLER_IN_FOLGE:
                gelungen = _Entfernung(betrieb, zeile, jetzt).gehe()
                entfernt += bool(gelungen)
                fehler_in_folge = fehler_in_folge + 1 if gelungen is False else 0
    return entfernt


def _faellige(betrieb: Betrieb, ziel: str, grenze: datetime) -> list[Any]:
    z, e = zustellung.c, entfernung.c
    hier = e.vorgang_id == z.vorgang_id, e.ort == alarm.des_ziels(ziel), e.fassung == z.fassung
    schon = sa.exists().where(*hier, sa.or_(e.erledigt.is_(None), e.erledigt >= z.seit))
    frage = (
        sa.select(z.vorgang_id, z.fassung)
        .join(vorgang, vorgang.c.id == z.vorgang_id)
        .where(z.ziel == ziel, *_abgeschlossen(), vorgang.c.geaendert < grenze, ~schon)
        .order_by(vorgang.c.geaendert)
        .limit(_AUF_EINMAL)
    )
    with betrieb.store.lesend() as verbindung:
        return list(verbindung.execute(frage))


def _abgeschlossen() -> tuple[sa.ColumnElement[bool], ...]:
    """Handed over, nothing asked for any more, and the case is at its end."""
    z = zustellung.c
    return z.status == "zugestellt", z.frage_faellig.is_(None), vorgang.c.status.in_(FERTIG)


def _orte(betrieb: Betrieb, jetzt: datetime) -> list[str]:
    with betrieb.store.lesend() as verbindung:
        frage = sa.select(entfernung.c.ort).where(entfernung.c.naechster <= jetzt).distinct()
        return sorted(verbindung.execute(frage).scalars())


def _anstehende(betrieb: Betrieb, ort: str, jetzt: datetime) -> Iterator[Any]:
    frage = (
        sa.select(entfernung)
        .where(entfernung.c.ort == ort, entfernung.c.naechster <= jetzt)
        .order_by(entfernung.c.naechster)
        .limit(_AUF_EINMAL)
    )
    with betrieb.store.lesend() as verbindung:
        zeilen = list(verbindung.execute(frage))
    yield from zeilen


class _Entfernung:
    """One mark and what becomes of it."""

    def __init__(self, betrieb: Betrieb, zeile: Any, jetzt: datetime) -> None:
        self._betrieb = betrieb
        self._store = betrieb.store
        self._zeile = zeile
        self._id: str = zeile.vorgang_id
        self._ort: str = zeile.ort
        self._jetzt = jetzt

    def gehe(self) -> bool | None:
        """Whether it is gone; None where it may not go (any more)."""
        schloss = schluessel(self._id, self._ort.removeprefix(alarm.des_ziels("")), self._zeile.fassung)
        with allein(self._store.prozess, f"entfernung:{schloss}") as frei:
            if not frei:
                return None
            if not self._darf():
                self._lasse()
                return None
            try:
                self._entferne(schloss)
            except FachwerkError as fehler:
                self._spaeter(fehler)
                return False
            self._vermerke()
            self._pruefe_danach()
            return True

    def _darf(self) -> bool:
        """A mirror copy only of a shredded case, a folder only of a finished one that was not delivered anew."""
        with self._store.lesend() as verbindung:
            if self._ort == SPIEGEL:
                frage = sa.select(fallschluessel.c.vorgang_id).where(fallschluessel.c.vorgang_id == self._id)
                return verbindung.execute(frage).first() is None
            ziel = self._ort.removeprefix(alarm.des_ziels(""))
            lieferung = diese(self._id, ziel, self._zeile.fassung)
            frage = sa.select(zustellung.c.seit).join(vorgang, vorgang.c.id == zustellung.c.vorgang_id)
            seit = verbindung.execute(frage.where(*lieferung, *_abgeschlossen())).scalar_one_or_none()
            return seit is not None and utc(seit) <= utc(self._zeile.seit)

    def _entferne(self, schloss: str) -> None:
        if self._ort == SPIEGEL:
            if self._betrieb.spiegel is None:
                text = "Kopien im früheren Spiegel sind noch zu löschen. Bitte [sicherung].spiegel wieder eintragen."
                raise PermanentError("spiegel_fehlt", text)
            self._betrieb.spiegel.entferne(self._id)
            return
        ziel = self._betrieb.ziele.get(self._ort.removeprefix(alarm.des_ziels("")))
        if ziel is None:
            text = f"In den Ordnern von {self._ort} ist noch zu löschen. Bitte das Ziel in fachwerk.toml eintragen."
            raise PermanentError("ziel_fehlt", text)
        wirt = self._betrieb.wirt(ziel.plugin)
        self._betrieb.plugins.rufe(ziel.plugin, "forget", ziel=ziel, schluessel=schloss, host=wirt)

    # -- commits ------------------------------------------------------------------------------------------------

    def _lasse(self) -> None:
        """The case goes on: what is due of it shows when it is finished again."""
        with self._store.transaktion("entfernung") as verbindung:
            verbindung.execute(entfernung.delete().where(*self._offen()))

    def _vermerke(self) -> None:
        with self._store.transaktion("entfernung") as verbindung:
            werte = {"erledigt": self._jetzt, "naechster": None, "code": ""}
            if verbindung.execute(entfernung.update().where(*self._offen()).values(**werte)).rowcount:
                self._store.vermerke(verbindung, self._id, "fachwerk", "entfernt", self._ort)
            hier = entfernung.c.ort == self._ort, entfernung.c.naechster.is_not(None), entfernung.c.code != ""
            if verbindung.execute(sa.select(entfernung.c.ort).where(*hier).limit(1)).first() is None:
                alarm.behebe(verbindung, self._ort, (alarm.AUFBEWAHRUNG,))
        log.info("entfernt", vorgang=self._id, ort=self._ort, fassung=self._zeile.fassung)

    def _pruefe_danach(self) -> None:
        """A person may have had the same delivery repeated while it was being deleted: that must be seen."""
        ziel = self._ort.removeprefix(alarm.des_ziels(""))
        neu = sa.or_(zustellung.c.status != "zugestellt", zustellung.c.seit > self._zeile.seit)
        frage = sa.select(zustellung.c.seit).where(*diese(self._id, ziel, self._zeile.fassung), neu)
        with self._store.transaktion("entfernung") as verbindung:
            if self._ort != SPIEGEL and verbindung.execute(frage).first() is not None:
                hinweis = (
                    f"Während {self._ort} nach Ablauf der Frist aufgeräumt wurde, wurde der Vorgang erneut übergeben. "
                    "Bitte nachsehen, ob er dort liegt, sonst „fachwerk vorgang resend“ wiederholen."
                )
                gegenstand = alarm.des_vorgangs(self._id)
                alarm.melde(verbindung, alarm.AUFBEWAHRUNG, gegenstand, "entfernt_bei_uebergabe", hinweis)

    def _spaeter(self, fehler: FachwerkError) -> None:
        log.warning("entfernung_fehlgeschlagen", vorgang=self._id, ort=self._ort, code=fehler.code)
        versuche = self._zeile.versuche + 1
        pause = timedelta(hours=min(2 ** min(versuche - 1, 8), _LAENGSTE_PAUSE_H))
        werte = {"versuche": versuche, "naechster": self._jetzt + pause, "code": fehler.code}
        with self._store.transaktion("entfernung") as verbindung:
            verbindung.execute(entfernung.update().where(*self._offen()).values(**werte))
            if self._jetzt - utc(self._zeile.seit) >= _ALARM_NACH:
                hinweis = f"Abgelaufenes lässt sich nicht löschen. {fehler.hint}"
                alarm.melde(verbindung, alarm.AUFBEWAHRUNG, self._ort, fehler.code, hinweis)

    def _offen(self) -> tuple[sa.ColumnElement[bool], ...]:
        return *_diese(self._id, self._ort, self._zeile.fassung), entfernung.c.naechster.is_not(None)


def _diese(vorgang_id: str, ort: str, fassung: int) -> tuple[sa.ColumnElement[bool], ...]:
    e = entfernung.c
    return e.vorgang_id == vorgang_id, e.ort == ort, e.fassung == fassung
