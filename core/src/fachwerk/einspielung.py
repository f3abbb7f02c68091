"""The second half of a restore: set going what the backup holds, and take in from the mirror what came after it.

Every case of the mirror that the database does not know becomes a case again, under its own id, so that its delivery
keys are those of then. It can be repeated at any time: what is known is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import altbestand, klaerung, spiegelkopie
from fachwerk.abruf import auftrag_id
from fachwerk.errors import FachwerkError
from fachwerk.modell import Eingang, GehaltenFuer, Vorgangstand, utc
from fachwerk.spiegel import Spiegel
from fachwerk.spiegelkopie import Kopie
from fachwerk.tabellen import eingang, fallschluessel, inhalt, schritt, teil, vorgang
from fachwerk.vergessen import vergiss

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.einspielung")

DOPPELT = "doppelsendung_wiederhergestellt"
_JE_TRANSAKTION = 8
_ABWEICHEND = (
    "Das Postfach hat unter derselben Nachrichten-ID schon einmal anderen Inhalt geliefert. Bitte beide Vorgänge "
    "vergleichen und beim Betreiber des Postfachs nachfragen."
)
_DOPPELT = (
    "Diese Nachricht kam mehrmals mit gleichem Inhalt. Welche davon vor der Wiederherstellung übergeben wurde, weiß "
    "Fachwerk nicht mehr: bitte im Ziel nachsehen, diesen Vorgang zuerst freigeben, dann die anderen."
)


@dataclass
class Bericht:
    """What was taken in: new cases, those the database knew, files that cannot be used, cases held as doubles."""

    neu: int = 0
    bekannt: int = 0
    unbrauchbar: list[str] = field(default_factory=list)
    doppelte: int = 0
    fortgesetzt: int = 0
    vergessen: int = 0


def nimm_auf(betrieb: Betrieb, spiegel: Path | None, wer: str, fortschritt: Callable[[int], object] = id) -> Bericht:
    """Take in the mirror (None: there is none) and set going what waits for nobody. Safe to repeat."""
    bericht = Bericht()
    kopien = _kopien(betrieb, spiegel, bericht) if spiegel is not None else []
    for nummer, kopie in enumerate(kopien, 1):
        _Aufnahme(betrieb, kopie, wer).gehe(bericht)
        fortschritt(nummer)
    if spiegel is not None:
        _vergiss_erneut(betrieb, Spiegel(spiegel), wer, bericht)
    _halte_doppelte(betrieb, bericht)
    _setze_in_gang(betrieb, bericht)
    log.info("aus_spiegel", neu=bericht.neu, bekannt=bericht.bekannt, unbrauchbar=len(bericht.unbrauchbar))
    return bericht


def _kopien(betrieb: Betrieb, ordner: Path, bericht: Bericht) -> list[Kopie]:
    """What the database does not know, in the order in which it was received."""
    with betrieb.store.lesend() as verbindung:
        bekannte = set(verbindung.execute(sa.select(vorgang.c.id)).scalars())
    kopien, vergessene = [], Spiegel(ordner).vergessene()
    for pfad in spiegelkopie.dateien(ordner):
        if pfad.stem in bekannte or pfad.stem in vergessene:
            bericht.bekannt += pfad.stem in bekannte
            continue
        try:
            kopien.append(spiegelkopie.lies(pfad, betrieb.store.bund))
        except FachwerkError as fehler:
            bericht.unbrauchbar.append(f"{pfad.name} [{fehler.code}]")
    return sorted(kopien, key=lambda kopie: kopie.empfangen)


class _Aufnahme:
    """One file of the mirror on its way back into the database."""

    def __init__(self, betrieb: Betrieb, kopie: Kopie, wer: str) -> None:
        self._betrieb, self._store = betrieb, betrieb.store
        self._kopie, self._wer = kopie, wer
        self._id = kopie.vorgang_id

    def gehe(self, bericht: Bericht) -> None:
        """Chunks first, some per transaction and unclaimed; then one commit makes it a case."""
        try:
            self._verwirf()
            self._schreibe_stuecke()
        except FachwerkError as fehler:
            self._verwirf()
            bericht.unbrauchbar.append(f"{self._kopie.pfad.name} [{fehler.code}]")
            return
        if self._werde_vorgang():
            bericht.neu += 1
        else:
            self._verwirf()
            bericht.bekannt += 1

    def _verwirf(self) -> None:
        """Take away what an interrupted restore has left."""
        with self._store.lesend() as verbindung:
            if verbindung.execute(sa.select(vorgang.c.id).where(vorgang.c.id == self._id)).first() is not None:
                return
        self._store.inhalt.schreddere(self._id)

    def _schreibe_stuecke(self) -> None:
        jetzt = datetime.now(UTC)
        verpackt = self._store.bund.verpacke(self._id, self._kopie.schluessel)
        with self._store.transaktion("aus_spiegel_teile") as verbindung:
            werte = {"vorgang_id": self._id, "schluessel": verpackt, "angelegt": jetzt}
            verbindung.execute(fallschluessel.insert(), werte)
            kopf = {"vorgang_id": self._id, "beansprucht": False, "angelegt": jetzt}
            for t in self._kopie.teile:
                angaben = {"id": t.id, "laenge": t.laenge, "sha256": t.sha256, "stuecke": t.stuecke}
                verbindung.execute(teil.insert(), kopf | angaben)
        zeilen: list[dict[str, Any]] = []
        for t, nr, daten in self._kopie.stuecke():
            zeilen.append({"teil_id": t.id, "nr": nr, "daten": daten})
            if len(zeilen) == _JE_TRANSAKTION:
                self._schreibe(zeilen)
        self._schreibe(zeilen)

    def _schreibe(self, zeilen: list[dict[str, Any]]) -> None:
        if zeilen:
            with self._store.transaktion("aus_spiegel_teile") as verbindung:
                verbindung.execute(inhalt.insert(), zeilen)
            zeilen.clear()

    def _werde_vorgang(self) -> bool:
        """False where the mailbox has given the same message again meanwhile."""
        empfangener = self._store.lies_wert(Eingang, self._kopie.eingang)
        with self._store.transaktion("aus_spiegel") as verbindung:
            hier = eingang.c.kanal == self._kopie.kanal, eingang.c.nachricht_id == self._kopie.nachricht_id
            bekannte = list(verbindung.execute(sa.select(eingang.c.sha256).where(*hier)).scalars())
            if self._kopie.sha256 in bekannte:
                return False
            self._schreibe_vorgang(verbindung, empfangener, len(bekannte))
            self._schreibe_schritt(verbindung, empfangener)
            self._store.inhalt.beanspruche(verbindung, [t.id for t in self._kopie.teile])
            self._store.vermerke(verbindung, self._id, self._wer, "aus_spiegel")
            if bekannte:
                code, fuer = "nachricht_id_abweichend", GehaltenFuer.SACHBEARBEITUNG
                self._store.halte(verbindung, self._id, code, _ABWEICHEND, fuer)
        return True

    def _schreibe_vorgang(self, verbindung: sa.Connection, empfangener: Eingang, abweichung: int) -> None:
        jetzt, kopie = datetime.now(UTC), self._kopie
        alt = altbestand.zeit(verbindung)
        angelegt = min(utc(kopie.empfangen), alt) if alt else utc(kopie.empfangen)
        werte = {"id": self._id, "kanal": kopie.kanal, "inhalt_sha256": kopie.sha256, "test": empfangener.test}
        zeiten = {"status": Vorgangstand.READY.value, "angelegt": angelegt, "geaendert": jetzt}
        verbindung.execute(vorgang.insert(), werte | zeiten)
        verbindung.execute(
            eingang.insert(),
            {
                "vorgang_id": self._id,
                "kanal": kopie.kanal,
                "nachricht_id": kopie.nachricht_id,
                "abweichung": abweichung,
                "sha256": kopie.sha256,
                "empfangen": kopie.empfangen,
                "zugestellt": empfangener.zugestellt,
                "test": empfangener.test,
            },
        )

    def _schreibe_schritt(self, verbindung: sa.Connection, empfangener: Eingang) -> None:
        """The journal begins as at the receipt; its value is the mirrored one."""
        kanal, plugins = self._betrieb.kanaele.get(self._kopie.kanal), self._betrieb.plugins
        plugin = kanal.plugin if kanal is not None else ""
        zeile = {"vorgang_id": self._id, "lauf": 1, "name": "receive", "ausgabe": self._kopie.eingang}
        zeile |= {"plugin": plugin, "plugin_version": plugins.version(plugin) if plugin else ""}
        zeile |= {"beginn": empfangener.empfangen, "ende": datetime.now(UTC)}
        verbindung.execute(schritt.insert(), zeile)


def _vergiss_erneut(betrieb: Betrieb, spiegel: Spiegel, wer: str, bericht: Bericht) -> None:
    """What was deleted on purpose after the backup, it has brought back."""
    with betrieb.store.lesend() as verbindung:
        lesbare = set(verbindung.execute(sa.select(fallschluessel.c.vorgang_id)).scalars())
        faelle = set(verbindung.execute(sa.select(vorgang.c.id)).scalars())
    for vorgang_id in sorted(spiegel.vergessene() & lesbare & faelle):
        vergiss(betrieb, vorgang_id, wer=wer, grund="Nach einer Wiederherstellung erneut gelöscht.", zwang=True)
        bericht.vergessen += 1


def _halte_doppelte(betrieb: Betrieb, bericht: Bericht) -> None:
    """Cases of equal content that nobody has worked on: which was handed over, only the Ziel knows."""
    store, v = betrieb.store, vorgang.c
    bereit = v.status == Vorgangstand.READY.value, v.inhalt_sha256 != ""
    mehrfache = sa.select(v.inhalt_sha256).where(*bereit).group_by(v.inhalt_sha256).having(sa.func.count() > 1)
    with store.lesend() as verbindung:
        if altbestand.zeit(verbindung) is None:
            return
        ids = list(verbindung.execute(sa.select(v.id).where(*bereit, v.inhalt_sha256.in_(mehrfache))).scalars())
    for vorgang_id in ids:
        with store.transaktion("aus_spiegel_gehalten") as verbindung:
            if store.sperre(verbindung, vorgang_id).status == Vorgangstand.READY.value:
                store.halte(verbindung, vorgang_id, DOPPELT, _DOPPELT, GehaltenFuer.BETRIEB)
                bericht.doppelte += 1


def _setze_in_gang(betrieb: Betrieb, bericht: Bericht) -> None:
    """Jobs for what is ready, and for the questions of held cases; the engine's own are not part of a backup."""
    v = vorgang.c
    with betrieb.store.lesend() as verbindung:
        staende = [Vorgangstand.READY.value, Vorgangstand.HELD.value]
        zeilen = list(verbindung.execute(sa.select(vorgang).where(v.status.in_(staende)).order_by(v.angelegt)))
    for zeile in zeilen:
        with betrieb.store.transaktion("wieder_in_gang") as verbindung:
            if zeile.status == Vorgangstand.READY.value:
                kennung = auftrag_id(zeile.id, zeile.lauf)
                betrieb.auftraege.reihe_ein(verbindung, "bearbeite", "linie", kennung, zeile.id)
                bericht.fortgesetzt += 1
            elif zeile.gehalten_fuer:
                fuer = GehaltenFuer(zeile.gehalten_fuer)
                klaerung.kuendige_an(betrieb, verbindung, zeile.id, fuer, "wiederhergestellt")
