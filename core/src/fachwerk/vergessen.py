"""Delete the content of one case on purpose: key first, then chunks, mirror, folders, and what was derived from it.

Ids, codes and times stay, and so does the audit chain, whose lines hold codes only. The person's reason is no content
of the case any more: it stands encrypted in the chain of the installation. A mark in the mirror tells a later restore
of an older backup to delete once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import alarm, entfernung, erwartung
from fachwerk.modell import Vorgangstand
from fachwerk.store import BETRIEB
from fachwerk.tabellen import entfernung as vorgemerkte
from fachwerk.tabellen import fallschluessel, notiz, vorgang, zustellung
from fachwerk.zulaessigkeit import nein
from fachwerk.zustellstand import ERSETZT

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.vergessen")

GRUND = "vergessen"
_HINWEIS = "Der Inhalt dieses Vorgangs wurde auf Anordnung gelöscht. Geblieben sind Kennungen, Codes und Zeiten."


@dataclass(frozen=True)
class Vergessen:
    """What became of it: whether it was forgotten now or before, and where something is still to be deleted."""

    vorgang_id: str
    schon: bool
    ausstehend: tuple[str, ...]


def vergiss(betrieb: Betrieb, vorgang_id: str, *, wer: str, grund: str, zwang: bool = False) -> Vergessen:
    """Shred the content for good. Safe to repeat: what could not be deleted yet is tried again.

    Raises ``LookupError`` for an unknown case, ``EingriffError`` for an unfinished one without ``zwang``, one that is
    being handed over right now, or without a reason; ``RetryableError`` where the mirror cannot take the mark.
    """
    if not grund.strip():
        raise nein("vergessen_grund", "Bitte begründen, warum der Inhalt gelöscht wird (--grund).")
    schon = _vernichte(betrieb, vorgang_id, wer, grund, zwang)
    if betrieb.spiegel is not None:
        betrieb.spiegel.vermerke_vergessen(vorgang_id)
    raeume_auf(betrieb, vorgang_id)
    ausstehend = _ausstehend(betrieb, vorgang_id)
    log.info("vergessen", vorgang=vorgang_id, ausstehend=len(ausstehend))
    return Vergessen(vorgang_id, schon, ausstehend)


def raeume_auf(betrieb: Betrieb, vorgang_id: str) -> None:
    """What follows the commit: chunks, mirror, folders, and what the database file still shows of them."""
    betrieb.store.inhalt.verwirf_fall(vorgang_id)
    entfernung.raeume(betrieb, datetime.now(UTC))
    if betrieb.store.datenbank.dialect.name == "sqlite":
        with betrieb.store.lesend() as verbindung:
            verbindung.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _vernichte(betrieb: Betrieb, vorgang_id: str, wer: str, grund: str, zwang: bool) -> bool:
    """The commit after which nothing of the case can be read; whether that was so before."""
    store, jetzt = betrieb.store, datetime.now(UTC)
    with store.transaktion("vergessen") as verbindung:
        zeile = store.sperre(verbindung, vorgang_id)
        if zeile is None:
            raise LookupError(vorgang_id)
        vorhanden = sa.select(fallschluessel.c.vorgang_id).where(fallschluessel.c.vorgang_id == vorgang_id)
        schon = verbindung.execute(vorhanden).first() is None
        fertig = zeile.status in entfernung.FERTIG
        _pruefe(verbindung, zeile, fertig, zwang)
        _beende_zustellungen(betrieb, verbindung, vorgang_id, jetzt)
        if betrieb.spiegel is not None:
            entfernung.merke_vor(verbindung, vorgang_id, entfernung.SPIEGEL, 0, jetzt)
        store.inhalt.vernichte_schluessel(verbindung, vorgang_id)
        _vergiss_abgeleitetes(verbindung, vorgang_id, fertig)
        for gegenstand in _gegenstaende(verbindung, vorgang_id):
            alarm.behebe(verbindung, gegenstand)
        if not schon:
            store.vermerke(verbindung, vorgang_id, wer, GRUND, "" if fertig else "mit_zwang")
            store.vermerke(verbindung, BETRIEB, wer, GRUND, vorgang_id, grund)
    return schon


def _pruefe(verbindung: sa.Connection, zeile: Any, fertig: bool, zwang: bool) -> None:
    z = zustellung.c
    laufend = z.vorgang_id == zeile.id, z.status == "absicht"
    if verbindung.execute(sa.select(z.ziel).where(*laufend)).first() is not None:
        raise nein("zustellung_laeuft", "Eine Zustellung dieses Vorgangs läuft gerade. Bitte gleich noch einmal.")
    if not fertig and not zwang:
        text = (
            f"Der Vorgang ist „{zeile.status}“, also noch nicht fertig: Mit dem Inhalt ginge der Antrag verloren. "
            "Bitte erst zustellen, abgeben oder zurückgeben; soll er trotzdem gelöscht werden, mit --zwang bestätigen."
        )
        raise nein("vergessen_unfertig", text)


def _beende_zustellungen(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str, jetzt: datetime) -> None:
    """What was handed over goes where the Ziel can delete it; what was not will not be, and nobody asks any more."""
    z = zustellung.c
    hier = z.vorgang_id == vorgang_id
    offen = zustellung.update().where(hier, z.status != "zugestellt")
    verbindung.execute(offen.values(status=ERSETZT, naechster=None, code="", hinweis="", gehalten_fuer=""))
    verbindung.execute(zustellung.update().where(hier).values(frage_faellig=None))
    erwartung.beende(verbindung, vorgang_id)
    for zeile in verbindung.execute(sa.select(zustellung).where(hier, z.status == "zugestellt")).all():
        ziel = betrieb.ziele.get(zeile.ziel)
        if ziel is None or betrieb.plugins.hat(ziel.plugin, "forget"):
            entfernung.merke_vor(verbindung, vorgang_id, alarm.des_ziels(zeile.ziel), zeile.fassung, jetzt)


def _vergiss_abgeleitetes(verbindung: sa.Connection, vorgang_id: str, fertig: bool) -> None:
    werte: dict[str, Any] = {"dringlichkeit": "", "frist": None, "empfehlung": "", "wartet_bis": None}
    werte |= {"grund": GRUND, "hinweis": _HINWEIS, "gehalten_fuer": ""}
    if not fertig:
        werte["status"] = Vorgangstand.RETURNED.value
    verbindung.execute(vorgang.update().where(vorgang.c.id == vorgang_id).values(**werte))
    verbindung.execute(notiz.delete().where(notiz.c.schluessel.startswith(f"{vorgang_id}:", autoescape=True)))


def _gegenstaende(verbindung: sa.Connection, vorgang_id: str) -> list[str]:
    ziele = verbindung.execute(sa.select(zustellung.c.ziel).where(zustellung.c.vorgang_id == vorgang_id).distinct())
    return [alarm.des_vorgangs(vorgang_id), *(alarm.der_zustellung(vorgang_id, ziel) for ziel in ziele.scalars())]


def _ausstehend(betrieb: Betrieb, vorgang_id: str) -> tuple[str, ...]:
    frage = sa.select(vorgemerkte.c.ort).where(
        vorgemerkte.c.vorgang_id == vorgang_id, vorgemerkte.c.naechster.is_not(None)
    )
    with betrieb.store.lesend() as verbindung:
        return tuple(verbindung.execute(frage.order_by(vorgemerkte.c.ort)).scalars())
