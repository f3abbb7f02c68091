"""Retention: the content of a finished case is shredded after its time; its ids, codes and times stay as proof.

Unfinished cases are never touched, however old; a case whose take-over is still asked for is not finished. The
mirror's copy is marked with the same commit and deleted after it (:mod:`fachwerk.entfernung`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from fachwerk import alarm, entfernung, erwartung
from fachwerk.entfernung import FERTIG
from fachwerk.tabellen import fallschluessel, vorgang, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.aufbewahrung")

_AUF_EINMAL = 500


def loesche_faellige(betrieb: Betrieb, jetzt: datetime) -> int:
    """Shred the content of cases finished ``[aufbewahrung].inhalt_tage`` days before ``jetzt``; returns how many."""
    grenze = jetzt - timedelta(days=betrieb.einstellungen.aufbewahrung.inhalt_tage)
    faellige = _faellige(betrieb, grenze)
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


def _faellige(betrieb: Betrieb, grenze: datetime) -> list[str]:
    gefragt = zustellung.c.vorgang_id == vorgang.c.id, zustellung.c.frage_faellig.is_not(None)
    fragt_noch = sa.exists().where(*gefragt)
    frage = (
        sa.select(vorgang.c.id)
        .join(fallschluessel, fallschluessel.c.vorgang_id == vorgang.c.id)
        .where(vorgang.c.status.in_(FERTIG), vorgang.c.geaendert < grenze, ~fragt_noch)
        .order_by(vorgang.c.geaendert)
        .limit(_AUF_EINMAL)
    )
    with betrieb.store.lesend() as verbindung:
        return list(verbindung.execute(frage).scalars())
