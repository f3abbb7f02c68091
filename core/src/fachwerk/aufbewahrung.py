"""Retention: the content of a finished case is shredded after its time; its ids, codes and times stay as proof.

Unfinished cases are never touched, however old; a case whose take-over is still asked for is not finished. The
mirror's copy is marked with the same commit and deleted after it (:mod:`fachwerk.entfernung`).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from fachwerk import alarm, entfernung, erwartung
from fachwerk.entfernung import FERTIG
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import fallschluessel, kanal_lauf, notiz, vorgang, zustellung

if TYPE_CHECKING:
    from fachwerk.abschnitte import AufbewahrungEinstellungen, Aufbewahrungsregel
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.aufbewahrung")

_AUF_EINMAL = 500
_TAGE_IM_JAHR = 366


def loesche_faellige(betrieb: Betrieb, jetzt: datetime) -> int:
    """Shred the content of cases finished so many days before ``jetzt`` as hold for them; returns how many."""
    faellige = _faellige(betrieb, jetzt)
    for vorgang_id in faellige:
        with betrieb.store.transaktion("inhalt_geloescht") as verbindung:
            if betrieb.store.sperre(verbindung, vorgang_id).status not in FERTIG:
                continue  # a person has added to it meanwhile
            if betrieb.spiegel is not None:
                entfernung.merke_vor(verbindung, vorgang_id, entfernung.SPIEGEL, 0, jetzt)
            betrieb.store.inhalt.vernichte_schluessel(verbindung, vorgang_id)
            _vergiss_abgeleitetes(verbindung, vorgang_id)
            betrieb.store.vermerke(verbindung, vorgang_id, "fachwerk", "inhalt_geloescht")
            alarm.behebe(verbindung, alarm.des_vorgangs(vorgang_id))
            erwartung.beende(verbindung, vorgang_id)
        betrieb.store.inhalt.verwirf_fall(vorgang_id)
    if faellige:
        log.info("inhalt_geloescht", anzahl=len(faellige))
    return len(faellige)


def _vergiss_abgeleitetes(verbindung: sa.Connection, vorgang_id: str) -> None:
    """Urgency and deadline were computed from the content. When the case was changed last stays as proof."""
    dieser = vorgang.update().where(vorgang.c.id == vorgang_id)
    verbindung.execute(dieser.values(dringlichkeit="", frist=None))


def loesche_nachweise(betrieb: Betrieb, jetzt: datetime) -> None:
    """Delete what only proves something, and not any more: closed alarms, notes of plugins, polls, heads of chains."""
    grenze = jetzt - timedelta(days=_TAGE_IM_JAHR * betrieb.einstellungen.aufbewahrung.nachweis_jahre)
    abgelaufene = [
        (alarme, alarme.c.behoben < grenze),
        (notiz, sa.and_(notiz.c.zeit < grenze, notiz.c.plugin != "fachwerk")),
        (kanal_lauf, kanal_lauf.c.beginn < grenze),
    ]
    with betrieb.store.lesend() as verbindung:
        faellige = [
            tabelle.delete().where(alt)
            for tabelle, alt in abgelaufene
            if verbindung.execute(sa.select(sa.literal(1)).select_from(tabelle).where(alt).limit(1)).first()
        ]
    if faellige:
        with betrieb.store.transaktion("nachweise_geloescht") as verbindung:
            for loeschen in faellige:
                verbindung.execute(loeschen)
    if ordner := betrieb.einstellungen.audit.ordner:
        _loesche_koepfe(betrieb.einstellungen.pfad(ordner), grenze.date())


def _loesche_koepfe(ordner: Path, grenze: date) -> None:
    for datei in ordner.glob("koepfe-*.jsonl"):
        with suppress(ValueError, OSError):
            if date.fromisoformat(datei.stem.removeprefix("koepfe-")) < grenze:
                datei.unlink()


def _grenze(angaben: AufbewahrungEinstellungen, jetzt: datetime) -> sa.ColumnElement[datetime]:
    """Until when a case must have been finished, by its Leistung and Land."""

    def vor(tage: int) -> sa.ColumnElement[datetime]:
        return sa.literal(jetzt - timedelta(days=tage), vorgang.c.geaendert.type)

    def trifft(regel: Aufbewahrungsregel) -> sa.ColumnElement[bool]:
        leistung = vorgang.c.leistung == regel.wort if regel.wort else sa.true()
        return sa.and_(leistung, vorgang.c.land == regel.land if regel.land else sa.true())

    faelle = [(trifft(regel), vor(regel.inhalt_tage)) for regel in angaben.regeln]
    return sa.case(*faelle, else_=vor(angaben.inhalt_tage)) if faelle else vor(angaben.inhalt_tage)


def _faellige(betrieb: Betrieb, jetzt: datetime) -> list[str]:
    angaben = betrieb.einstellungen.aufbewahrung
    fruehestens = jetzt - timedelta(days=min([angaben.inhalt_tage, *(regel.inhalt_tage for regel in angaben.fuer)]))
    gefragt = zustellung.c.vorgang_id == vorgang.c.id, zustellung.c.frage_faellig.is_not(None)
    fragt_noch = sa.exists().where(*gefragt)
    frage = (
        sa.select(vorgang.c.id)
        .join(fallschluessel, fallschluessel.c.vorgang_id == vorgang.c.id)
        .where(vorgang.c.status.in_(FERTIG), vorgang.c.geaendert < fruehestens, ~fragt_noch)
        .where(vorgang.c.geaendert < _grenze(angaben, jetzt))
        .order_by(vorgang.c.geaendert)
        .limit(_AUF_EINMAL)
    )
    with betrieb.store.lesend() as verbindung:
        return list(verbindung.execute(frage).scalars())
