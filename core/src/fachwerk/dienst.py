"""The service: the workers of one process, the polling of the mailboxes, the watch over dead nodes."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from fachwerk import alarm, kanalprobe, klaerung, line, rueckfrage, ueberlassung, vertraeglichkeit, zustellung
from fachwerk.abruf import auftrag_id
from fachwerk.ausfuehrung import Aufgabe
from fachwerk.betrieb import Betrieb
from fachwerk.datenbank import datenbankzeit
from fachwerk.engine import Engine, laufender_auftrag
from fachwerk.errors import ConfigError, FachwerkError, RetryableError
from fachwerk.journalwerte import WertZuNeu
from fachwerk.modell import GehaltenFuer, Vorgangstand, utc
from fachwerk.platz import Platz
from fachwerk.polling import WACHTAKT_S, Polling
from fachwerk.quarantaene import Quarantaene
from fachwerk.store import ist_faellig
from fachwerk.tabellen import knoten, vorgang
from fachwerk.tabellen import zustellung as zustellung_tabelle
from fachwerk.takt import Takt

log = structlog.get_logger("fachwerk.dienst")

VERWAIST_NACH = timedelta(seconds=60)
"""A case that could go on but has no job for so long gets a new one (a belt besides the braces).

What a predecessor left so is found at the first look after the start."""

SUCHE_S = 20.0
"""Seconds between two searches for lost jobs: on a busy day each of them reads all jobs that wait."""

BLICK_FEHLT_S = 3.0 * WACHTAKT_S
"""After so long without a look of its own a node does not judge the others for a while: the database was away, or the
node itself was."""

FADENWECHSEL_S = 0.001
"""After so long a calculating thread lets another go on. With Python's own 5 ms every answer of the database costs a
worker 5 ms as long as others calculate, in the middle of a commit for which all writers wait."""

_AUF_EINMAL = 500


@dataclass(frozen=True)
class Kanalfehler:
    """Why a Kanal could not be polled, in German; ``vergeht`` says that the next poll may well succeed."""

    text: str
    vergeht: bool


class Dienst:
    """Workers, polling and watch of this process. ``poll`` uses it for one round, ``run`` until it is told to stop."""

    def __init__(self, betrieb: Betrieb) -> None:
        self._betrieb = betrieb
        self._store = betrieb.store
        self._platz = Platz(betrieb.store.datenbank, betrieb.store.prozess, betrieb.einstellungen.fachwerk.knoten)
        self._quarantaene = Quarantaene(betrieb.store)
        self._engine: Engine | None = None
        self._polling: Polling | None = None
        self.fehler: dict[str, Kanalfehler] = {}
        self._takt = Takt(betrieb, self._ist_faellig)
        self._gestartet: datetime | None = None
        self._zuletzt: float | None = None
        self._gesucht: float | None = None
        self._urteilt_ab = 0.0

    def starte(self, *, ruft_ab: bool) -> None:
        """Take a slot, resume what it left behind and begin; ``ruft_ab`` also starts the timed polls."""
        platz = self._platz.nimm()
        self._gestartet = datetime.now(UTC)
        sys.setswitchinterval(min(sys.getswitchinterval(), FADENWECHSEL_S))
        self._takt.darf_ruhen = ruft_ab
        alarm.behebe_verschwundene(self._betrieb)
        if ruft_ab:
            kanalprobe.probiere_bald(self._betrieb)
        im_fall: dict[str, Aufgabe] = {
            "bearbeite": self._bearbeite,
            "klaere": self._klaere,
            "stelle_zu": self._stelle_zu,
            "frage_nach": self._frage_nach,
        }
        self._engine = Engine(
            self._store.datenbank,
            platz,
            {
                **{name: self._im_fall(name, funktion) for name, funktion in im_fall.items()},
                "rufe_ab": self._rufe_ab,
            },
            self._betrieb.schlangen(),
            self._nach_absturz,
            gezaehlt=im_fall,
        )
        self._engine.starte(self._nach_vorgaenger)
        self._polling = Polling(self._betrieb)
        self._polling.starte(self.wache, takte=ruft_ab)
        log.info("dienst_gestartet", platz=platz)

    def stoppe(self, frist_s: int = 30) -> None:
        """Drain: no new polls, running jobs end within ``frist_s`` seconds, the slot is given back.

        A job that does not end, because its Ziel does not answer, keeps the slot until the process ends: who takes it
        up before that would do it beside this process.
        """
        self._betrieb.wartende.hoere_auf()
        if self._polling is not None:
            self._polling.beginne_nichts_mehr()
        unbeendete = self._engine.stoppe(frist_s) if self._engine is not None else 0
        if self._polling is not None:
            self._polling.stoppe()
        if unbeendete:
            log.warning("dienst_abgebrochen", auftraege=unbeendete)
            return
        self._platz.verlasse()
        log.info("dienst_beendet")

    def _nach_vorgaenger(self, unterbrochene: list[tuple[str, str]]) -> None:
        """Before the engine begins: note what a dead predecessor left, and work at once, however idle it was."""
        self._quarantaene.melde(unterbrochene)
        self._takt.beginne()

    # -- jobs ---------------------------------------------------------------------------------------------------

    def _im_fall(self, name: str, funktion: Aufgabe) -> Aufgabe:
        """A job of a case: held if it ended its process too often, left to others if this core cannot read the case."""

        def auftrag(vorgang_id: str, *weitere: str) -> None:
            kennung = laufender_auftrag()
            try:
                if not self._quarantaene.fuehre_aus(kennung, vorgang_id, lambda: funktion(vorgang_id, *weitere)):
                    self._halte_abstuerzenden(kennung, vorgang_id)
            except WertZuNeu as fehler:
                ueberlassung.ueberlasse(self._betrieb, name, kennung, (vorgang_id, *weitere), fehler.schema)

        return auftrag

    def _bearbeite(self, vorgang_id: str) -> None:
        line.bearbeite(self._betrieb, vorgang_id)
        self._takt.nach_linie()

    def _klaere(self, vorgang_id: str) -> None:
        klaerung.klaere(self._betrieb, vorgang_id)

    def _stelle_zu(self, vorgang_id: str, ziel: str, fassung: str, versuch: str) -> None:
        zustellung.stelle_zu(self._betrieb, vorgang_id, ziel, fassung, versuch)

    def _frage_nach(self, vorgang_id: str, ziel: str, fassung: str, nr: str) -> None:
        rueckfrage.frage_nach(self._betrieb, vorgang_id, ziel, fassung, nr)

    def _rufe_ab(self, kanal: str, anlass: str = kanalprobe.HAND) -> None:
        try:
            neue = kanalprobe.rufe_ab(self._betrieb, kanal, anlass)
            self.fehler.pop(kanal, None)
            if neue and self._takt.ruht:  # what was just received need not wait for the watch
                self._takt.stelle()
        except FachwerkError as fehler:
            self.fehler[kanal] = Kanalfehler(str(fehler), vergeht=isinstance(fehler, RetryableError))
        except WertZuNeu:
            text = "Eine neuere Fassung hat hier empfangen; ein Knoten mit ihr bestätigt es beim nächsten Abruf."
            self.fehler[kanal] = Kanalfehler(text, vergeht=True)

    def _nach_absturz(self, aufgabe: str, argumente: tuple[str, ...], klasse: str) -> None:
        """A job raised what no plugin may raise: hold the case for Technik, so that it is seen."""
        hinweis = f"Interner Fehler ({klasse}). Bitte den Protokollen nachgehen."
        if aufgabe == "rufe_ab":
            self.fehler[argumente[0]] = Kanalfehler(f"interner Fehler ({klasse})", vergeht=False)
        elif aufgabe == "stelle_zu":
            vorgang_id, ziel, fassung, _ = argumente
            zustellung.halte_abgestuerzte(self._betrieb, vorgang_id, ziel, int(fassung), "interner_fehler", hinweis)
        elif aufgabe == "frage_nach":
            vorgang_id, ziel, fassung, _ = argumente
            rueckfrage.gib_auf(self._betrieb, vorgang_id, ziel, int(fassung), "interner_fehler", hinweis)
        elif aufgabe == "bearbeite":
            self._halte_linie(argumente[0], "interner_fehler", hinweis)

    def _halte_linie(self, vorgang_id: str, code: str, hinweis: str) -> None:
        """Unless the case went on meanwhile."""
        with self._store.transaktion("technik") as verbindung:
            self._store.sperre(verbindung, vorgang_id)
            if self._store.vorgang(vorgang_id, verbindung).status == Vorgangstand.READY.value:
                self._store.halte(verbindung, vorgang_id, code, hinweis, GehaltenFuer.TECHNIK)

    # -- one round ----------------------------------------------------------------------------------------------

    def eine_runde(self, kanaele: Sequence[str]) -> dict[str, Kanalfehler]:
        """Poll ``kanaele`` once and work until nothing is due; returns the Kanäle that failed, with the reason.

        A poll of these Kanäle that is under way already, such as one resumed after a crash, comes first.
        """
        self.fehler = {}
        marke = uuid.uuid4().hex[:12]
        eigene: set[str] = set()
        self._rufe_noch_ab(kanaele, marke, eigene)
        while self._ist_faellig() or self._rufe_noch_ab(kanaele, marke, eigene):
            time.sleep(0.1)
        return dict(self.fehler)

    def _ist_faellig(self) -> bool:
        """Whether a case could go on right now, or a question for a receipt is due (a later one is nobody's hurry)."""
        return bool(self._store.ist_etwas_faellig() or rueckfrage.faellige(self._betrieb))

    def _rufe_noch_ab(self, kanaele: Sequence[str], marke: str, eigene: set[str]) -> bool:
        """Enqueue the polls of this round, each behind one that a killed process left; whether one is not done yet."""
        for kanal in kanaele:
            kennung = f"abruf:{kanal}:{marke}"
            if kennung not in eigene and self._betrieb.auftraege.reihe_einmal_ein(
                "rufe_ab", "abruf", kennung, kanal, kanal
            ):
                eigene.add(kennung)
        offene = self._betrieb.auftraege.offene()
        fragen = any(kennung.startswith("klaerung:") for kennung in offene)  # their cases are held, so never due
        return len(eigene) < len(kanaele) or fragen or bool(eigene & offene)

    # -- watch --------------------------------------------------------------------------------------------------

    def wache(self) -> None:
        """Every few seconds: give dead nodes' work to the living, hold what kills its process, find orphans."""
        try:
            hat_platz = self._platz.schlage()
        except ConfigError as fehler:
            log.error("platz_verloren", platz=self._platz.name, grund=fehler.code)
            return
        if not hat_platz:
            log.error("platz_verloren", platz=self._platz.name)
            return
        with self._store.lesend() as verbindung:
            jetzt = datenbankzeit(verbindung)
            lebende = {
                zeile.platz
                for zeile in verbindung.execute(sa.select(knoten))
                if jetzt - utc(zeile.herzschlag) < vertraeglichkeit.KNOTEN_TOT_NACH
            }
        if self._platz.name not in lebende:
            return
        self._uebernimm_von_toten(lebende)
        self._nimm_verlassenes_auf()
        self._gib_auf()
        self._suche_auftraglose()
        self._takt.stelle()

    def _uebernimm_von_toten(self, lebende: set[str]) -> None:
        if not self._darf_uebernehmen():
            return
        if uebernommen := self._betrieb.auftraege.uebernimm(lebende, self._quarantaene.melde):
            log.warning("arbeit_uebernommen", anzahl=uebernommen)

    def _darf_uebernehmen(self) -> bool:
        """Not for a while after this node could not look itself: then the others could not say that they live."""
        jetzt, zuletzt = time.monotonic(), self._zuletzt
        self._zuletzt = jetzt
        if zuletzt is not None and jetzt - zuletzt > BLICK_FEHLT_S:
            self._urteilt_ab = jetzt + vertraeglichkeit.KNOTEN_TOT_NACH.total_seconds()
        return jetzt >= self._urteilt_ab

    def _nimm_verlassenes_auf(self) -> None:
        """Jobs that the engine's tables call ours and running, and nobody works on them."""
        if self._engine is None:
            return
        if verlassene := self._betrieb.auftraege.nimm_auf(self._platz.name, self._engine.verlassene):
            log.warning("auftrag_verlassen", anzahl=verlassene)

    def _suche_auftraglose(self) -> None:
        """Now and then, what could go on and lost its job; at the first look even if that was just before the start."""
        jetzt = time.monotonic()
        if self._gesucht is not None and jetzt - self._gesucht < SUCHE_S:
            return
        grenze = self._gestartet or datetime.now(UTC) - VERWAIST_NACH
        self._finde_verwaiste(grenze)
        rueckfrage.belebe(self._betrieb, grenze)
        self._gestartet, self._gesucht = None, jetzt

    def _gib_auf(self) -> None:
        """Jobs that the engine itself does not begin again."""
        for kennung, argument in self._betrieb.auftraege.aufgegebene():
            self._halte_abstuerzenden(kennung, argument)
            self._betrieb.auftraege.loesche([kennung])

    def _halte_abstuerzenden(self, kennung: str, vorgang_id: str) -> None:
        hinweis = (
            "Die Bearbeitung dieses Vorgangs hat den Prozess mehrmals beendet. Er ist angehalten, andere laufen "
            "weiter; bitte an die Entwicklung melden."
        )
        log.error("auftrag_aufgegeben", auftrag=kennung)
        art, *rest = kennung.split(":")
        if art == "linie":
            self._halte_linie(vorgang_id, "absturz_wiederholt", hinweis)
        elif art == "zustellung":
            ziel, fassung = rest[1], int(rest[2])
            zustellung.halte_abgestuerzte(self._betrieb, vorgang_id, ziel, fassung, "absturz_wiederholt", hinweis)
        elif art == "frage":
            rueckfrage.gib_auf(self._betrieb, vorgang_id, rest[1], int(rest[2]), "absturz_wiederholt", hinweis)

    def _finde_verwaiste(self, grenze: datetime) -> None:
        frage = sa.select(vorgang).where(ist_faellig(grenze), vorgang.c.geaendert < grenze)
        with self._store.lesend() as verbindung:
            alte = list(verbindung.execute(frage.order_by(vorgang.c.geaendert).limit(_AUF_EINMAL)))
        if not alte:
            return
        mit_auftrag = {kennung.split(":")[1] for kennung in self._betrieb.auftraege.offene() if ":" in kennung}
        for zeile in alte:
            if zeile.id not in mit_auftrag:
                self._belebe(zeile.id, grenze)

    def _belebe(self, vorgang_id: str, grenze: datetime) -> None:
        """New jobs for what can go on, unless it does meanwhile."""
        marke = f"w{int(time.time())}"
        log.warning("vorgang_ohne_auftrag", vorgang=vorgang_id)
        with self._store.transaktion("belebt") as verbindung:
            self._store.sperre(verbindung, vorgang_id)
            zeile = self._store.vorgang(vorgang_id, verbindung)
            self._store.aendere(verbindung, vorgang_id)
            if zeile.status == Vorgangstand.READY.value:
                kennung = f"{auftrag_id(vorgang_id, zeile.lauf)}:{marke}"
                self._betrieb.auftraege.reihe_ein(verbindung, "bearbeite", "linie", kennung, vorgang_id)
            for offene in self._offene_zustellungen(verbindung, vorgang_id, grenze):
                versuch = offene.versuch + (offene.status != "absicht")
                self._betrieb.reihe_zustellung_ein(
                    verbindung, vorgang_id, offene.ziel, offene.fassung, versuch, marke=marke
                )

    def _offene_zustellungen(self, verbindung: sa.Connection, vorgang_id: str, grenze: datetime) -> list[Any]:
        z = zustellung_tabelle.c
        ueberfaellig = sa.and_(z.status == "wartet", z.naechster <= grenze)
        kann = sa.or_(z.status.in_(["offen", "absicht"]), ueberfaellig)
        return list(verbindung.execute(sa.select(zustellung_tabelle).where(z.vorgang_id == vorgang_id, kann)))
