"""Receive: one poll of one Kanal. Store durably, mirror, and only then tell the mailbox.

The order is the promise: the parts are streamed in provisionally, one commit claims them together with case and
job (the durable point), the mirror is written and fsynced, and then ``acknowledge`` lets the mailbox delete. A
process that dies in between finds the message again at the next poll, recognises it and only acknowledges.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import klaerung
from fachwerk.datenbank import benenne_stoerung
from fachwerk.empfangsinhalt import Empfangsinhalt
from fachwerk.errors import FachwerkError, PermanentError, RetryableError
from fachwerk.modell import Eingang, GehaltenFuer, Kanal, Vorgangstand, utc
from fachwerk.store import Schrittangabe
from fachwerk.tabellen import eingang as eingang_tabelle
from fachwerk.tabellen import kanal_lauf, vorgang

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.wirt import Wirt

log = structlog.get_logger("fachwerk.abruf")

_NEUER_VORGANG, _NEUER_EINGANG = vorgang.insert(), eingang_tabelle.insert()
_BEKANNTE: sa.Select[tuple[str, str]] = (
    sa.select(eingang_tabelle.c.vorgang_id, eingang_tabelle.c.sha256)
    .where(
        eingang_tabelle.c.kanal == sa.bindparam("im_kanal"),
        eingang_tabelle.c.nachricht_id == sa.bindparam("nachricht"),
    )
    .order_by(eingang_tabelle.c.abweichung)
)
_BESTAETIGT = (
    eingang_tabelle.update()
    .where(eingang_tabelle.c.vorgang_id == sa.bindparam("hier"), eingang_tabelle.c.bestaetigt.is_(None))
    .values(bestaetigt=sa.bindparam("jetzt", type_=eingang_tabelle.c.bestaetigt.type))
)
_BISHER = (
    kanal_lauf.update()
    .where(kanal_lauf.c.id == sa.bindparam("lauf"))
    .values(neu=sa.bindparam("bisher", type_=sa.Integer))
)


def auftrag_id(vorgang_id: str, lauf: int) -> str:
    """Engine id of the pure part of a case in one journal branch."""
    return f"linie:{vorgang_id}:{lauf}"


def inhaltssumme(eingang: Eingang) -> str:
    """SHA-256 over the hashes of all parts in their order: equal content, equal sum."""
    return hashlib.sha256("".join(teil.sha256 or "" for teil in eingang.teile).encode()).hexdigest()


def rufe_ab(betrieb: Betrieb, kanal_name: str) -> int:
    """Poll ``kanal_name`` once; returns how many new messages were stored.

    Raises the plugin's ``StepError`` after the round was recorded, so that the caller can say what is wrong.
    """
    lauf_id = _beginne_lauf(betrieb, kanal_name)
    runde = _Runde(betrieb, betrieb.kanaele[kanal_name], lauf_id)
    code = "abgebrochen"
    try:
        runde.arbeite()
        code = ""
    except FachwerkError as fehler:
        code = fehler.code
        log.warning("abruf_gestoert", kanal=kanal_name, code=code)
        raise
    finally:
        _beende_lauf(betrieb, lauf_id, runde.neu, code)
    return runde.neu


def _beginne_lauf(betrieb: Betrieb, kanal_name: str) -> int:
    with betrieb.store.transaktion("lauf_beginn") as verbindung:
        zeile = verbindung.execute(kanal_lauf.insert().values(kanal=kanal_name, beginn=datetime.now(UTC), neu=0))
        return int(zeile.inserted_primary_key[0])  # type: ignore[index]


def _beende_lauf(betrieb: Betrieb, lauf_id: int, neu: int, code: str) -> None:
    with betrieb.store.transaktion("lauf_ende") as verbindung:
        verbindung.execute(
            kanal_lauf.update().where(kanal_lauf.c.id == lauf_id).values(ende=datetime.now(UTC), neu=neu, code=code)
        )


class _Runde:
    """One poll: what was new, and which stored messages the mailbox still showed."""

    def __init__(self, betrieb: Betrieb, kanal: Kanal, lauf_id: int) -> None:
        self._betrieb = betrieb
        self._kanal = kanal
        self._lauf_id = lauf_id
        self._inhalt = Empfangsinhalt(betrieb.store.datenbank, betrieb.store.inhalt)
        self._wiedergesehen: list[str] = []
        self._fehler: FachwerkError | None = None
        self.neu = 0

    def arbeite(self) -> None:
        """Take in what the mailbox shows; what went wrong with single messages is raised at the end."""
        host = self._betrieb.wirt(self._kanal.plugin, inhalt=self._inhalt, gespeichert=self._ist_gespeichert)
        self._bestaetige_offene(host)
        strom = self._betrieb.plugins.rufe(self._kanal.plugin, "receive", kanal=self._kanal, host=host)
        try:
            for eingang in strom:
                self._nimm_an(eingang, host)
                self._inhalt.naechster()
        except FachwerkError as fehler:
            raise self._fehler or fehler from None
        with self._betrieb.store.transaktion("wieder_bestaetigt") as verbindung:
            for vorgang_id in self._wiedergesehen:
                _merke_bestaetigung(verbindung, vorgang_id)
        if self._fehler is not None:
            raise self._fehler

    @benenne_stoerung()
    def _ist_gespeichert(self, nachricht_id: str) -> bool:
        """For the plugin: stored (and mirrored) already, so it may acknowledge without fetching again."""
        with self._betrieb.store.lesend() as verbindung:
            zeilen = _finde(verbindung, self._kanal.name, nachricht_id)
        for zeile in zeilen:
            self._spiegle(zeile.vorgang_id)
            self._wiedergesehen.append(zeile.vorgang_id)
        return bool(zeilen)

    def _nimm_an(self, roh: Eingang, host: Wirt) -> None:
        kanal = self._kanal
        eingang = roh.model_copy(
            update={"kanal_kennung": kanal.kennung, "kanal_leistung": kanal.leistung, "kanal_land": kanal.land}
        )
        vorgang_id, ist_neu = self._speichere(eingang)
        self.neu += ist_neu
        self._spiegle(vorgang_id)
        self._bestaetige(vorgang_id, eingang, host)

    def _bestaetige_offene(self, host: Wirt) -> None:
        """Acknowledge once more what was stored since the last undisturbed poll and may not have been.

        A process can die between the mailbox's answer and its record; then the mailbox shows nothing any more.
        """
        with self._betrieb.store.lesend() as verbindung:
            offene = _unbestaetigte(verbindung, self._kanal.name)
        for zeile in offene:
            self._spiegle(zeile.vorgang_id)
            self._bestaetige(zeile.vorgang_id, self._gespeicherter(zeile), host)
            if isinstance(self._fehler, RetryableError):
                return  # the mailbox is disturbed: the rest at a later poll

    def _gespeicherter(self, zeile: Any) -> Eingang:
        """The Eingang as journalled, without parts where the content is shredded already."""
        store = self._betrieb.store
        try:
            return store.lies_wert(Eingang, store.ausgabe(zeile.vorgang_id, "receive") or "")
        except PermanentError:
            empfangen = utc(zeile.empfangen)
            return Eingang(kanal=zeile.kanal, nachricht_id=zeile.nachricht_id, empfangen=empfangen, teile=())

    def _bestaetige(self, vorgang_id: str, eingang: Eingang, host: Wirt) -> None:
        kanal = self._kanal
        try:
            self._betrieb.plugins.rufe(kanal.plugin, "acknowledge", kanal=kanal, eingang=eingang, host=host)
        except FachwerkError as fehler:  # stays in the mailbox and is acknowledged at a later poll
            log.warning("bestaetigung_offen", kanal=kanal.name, vorgang=vorgang_id, code=fehler.code)
            self._fehler = self._fehler or fehler
            return
        with self._betrieb.store.transaktion("bestaetigt") as verbindung:
            _merke_bestaetigung(verbindung, vorgang_id)
        self._betrieb.melde_schritt(vorgang_id, "acknowledge")

    def _speichere(self, eingang: Eingang) -> tuple[str, bool]:
        """The durable point; returns the case and whether it is new."""
        try:
            vorgang_id, ist_neu = self._speichere_einmal(eingang)
        except sa.exc.IntegrityError:  # another node stored a message of this id at the same moment: now it shows
            vorgang_id, ist_neu = self._speichere_einmal(eingang)
        if ist_neu:
            self._betrieb.melde_schritt(vorgang_id, "receive")
        else:
            self._inhalt.verwirf([teil.id for teil in eingang.teile])
        return vorgang_id, ist_neu

    def _speichere_einmal(self, eingang: Eingang) -> tuple[str, bool]:
        summe = inhaltssumme(eingang)
        vorgang_id = self._inhalt.vorgang_id
        with self._betrieb.store.transaktion("annahme") as verbindung:
            bekannt = _finde(verbindung, eingang.kanal, eingang.nachricht_id)
            if gleich := [zeile for zeile in bekannt if zeile.sha256 == summe]:
                return str(gleich[0].vorgang_id), False
            self._lege_an(verbindung, vorgang_id, eingang, summe, len(bekannt))
        return vorgang_id, True

    def _lege_an(
        self, verbindung: sa.Connection, vorgang_id: str, eingang: Eingang, summe: str, abweichung: int
    ) -> None:
        store = self._betrieb.store
        jetzt = datetime.now(UTC)
        verbindung.execute(
            _NEUER_VORGANG,
            {
                "id": vorgang_id,
                "kanal": eingang.kanal,
                "status": Vorgangstand.READY.value,
                "inhalt_sha256": summe,
                "test": eingang.test,
                "angelegt": jetzt,
                "geaendert": jetzt,
            },
        )
        verbindung.execute(
            _NEUER_EINGANG,
            {
                "vorgang_id": vorgang_id,
                "kanal": eingang.kanal,
                "nachricht_id": eingang.nachricht_id,
                "abweichung": abweichung,
                "sha256": summe,
                "empfangen": eingang.empfangen,
                "zugestellt": eingang.zugestellt,
                "test": eingang.test,
            },
        )
        self._inhalt.beanspruche(verbindung, [teil.id for teil in eingang.teile])
        verbindung.execute(_BISHER, {"lauf": self._lauf_id, "bisher": self.neu + 1})  # should the process end now
        plugin = self._kanal.plugin
        angabe = Schrittangabe(
            "receive", eingang.empfangen, plugin=plugin, plugin_version=self._betrieb.plugins.version(plugin)
        )
        store.schreibe_schritt(verbindung, vorgang_id, 1, angabe, eingang)
        store.vermerke(verbindung, vorgang_id, "fachwerk", "empfangen", gesperrt=True)
        if abweichung:
            store.halte(
                verbindung,
                vorgang_id,
                "nachricht_id_abweichend",
                "Das Postfach hat unter derselben Nachrichten-ID schon einmal anderen Inhalt geliefert. Bitte beide "
                "Vorgänge vergleichen und beim Betreiber des Postfachs nachfragen.",
                GehaltenFuer.SACHBEARBEITUNG,
            )
            klaerung.kuendige_an(self._betrieb, verbindung, vorgang_id, GehaltenFuer.SACHBEARBEITUNG, "eingang")
        else:
            self._betrieb.auftraege.reihe_ein(verbindung, "bearbeite", "linie", auftrag_id(vorgang_id, 1), vorgang_id)

    def _spiegle(self, vorgang_id: str) -> None:
        if self._betrieb.spiegel is None:
            return
        try:
            self._betrieb.spiegel.schreibe(self._betrieb.store, vorgang_id)
        except FachwerkError as fehler:
            self._fehler = fehler  # the plugin may make something else of it
            raise


def _finde(verbindung: sa.Connection, kanal: str, nachricht_id: str) -> list[sa.Row[tuple[str, str]]]:
    return list(verbindung.execute(_BEKANNTE, {"im_kanal": kanal, "nachricht": nachricht_id}))


def _unbestaetigte(verbindung: sa.Connection, kanal: str) -> list[Any]:
    """Cases stored since the last undisturbed poll began, whose message nobody is known to have acknowledged."""
    ungestoert = verbindung.execute(
        sa.select(sa.func.max(kanal_lauf.c.beginn)).where(
            kanal_lauf.c.kanal == kanal, kanal_lauf.c.ende.is_not(None), kanal_lauf.c.code == ""
        )
    ).scalar_one()
    frage = sa.select(eingang_tabelle).join(vorgang, eingang_tabelle.c.vorgang_id == vorgang.c.id)
    frage = frage.where(eingang_tabelle.c.kanal == kanal, eingang_tabelle.c.bestaetigt.is_(None))
    if ungestoert is not None:
        frage = frage.where(vorgang.c.angelegt >= ungestoert)
    return list(verbindung.execute(frage.order_by(vorgang.c.angelegt)))


def _merke_bestaetigung(verbindung: sa.Connection, vorgang_id: str) -> None:
    verbindung.execute(_BESTAETIGT, {"hier": vorgang_id, "jetzt": datetime.now(UTC)})
