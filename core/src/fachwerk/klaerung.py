"""What is held for the Sachbearbeitung also goes, as original and question, to the Ziel named in ``[klaerung]``.

Social assistance starts with knowledge (SGB XII § 18), so the office must see an application today, even if nobody
has understood it yet. This is a delivery of Fassung 0, with the key vorgang:ziel:0: it is made once, and never
counts as the delivery of the case, which stays held until a person has answered.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk.errors import FachwerkError, NeedsHumanError
from fachwerk.modell import (
    Antrag,
    Befund,
    Eingang,
    Empfehlung,
    Entscheidung,
    GehaltenFuer,
    OffenerPunkt,
    Teil,
    Vorgangstand,
    Ziel,
)
from fachwerk.store import Schrittangabe
from fachwerk.tabellen import schritt, zustellung
from fachwerk.versiegeln import beginne_zustellung, rendere, versiegle

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.klaerung")

FASSUNG = 0
"""Deliveries of the case itself begin with 1."""

UNBEKANNT = "unbekannt"
"""Leistung of an application nobody has understood yet."""

_CODE = re.compile(r"[a-z0-9_.]+", re.ASCII)


def kuendige_an(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str, fuer: GehaltenFuer, anlass: str) -> None:
    """In the transaction that holds a case: see to it that the office learns of it. ``anlass`` names this holding."""
    if fuer is GehaltenFuer.SACHBEARBEITUNG and betrieb.einstellungen.klaerung.ziel:
        betrieb.auftraege.reihe_ein(verbindung, "klaere", "linie", f"klaerung:{vorgang_id}:{anlass}", vorgang_id)


def klaere(betrieb: Betrieb, vorgang_id: str) -> None:
    """The job: render what is known with the question, and begin its delivery."""
    zeile = betrieb.store.vorgang(vorgang_id)
    ziel = betrieb.ziele.get(betrieb.einstellungen.klaerung.ziel)
    if ziel is None or zeile.test or not _ist_offen(zeile) or _ist_begonnen(betrieb, vorgang_id, ziel):
        return
    _Klaerung(betrieb, zeile, ziel).gehe()


def _ist_offen(zeile: Any) -> bool:
    return bool(zeile.status == Vorgangstand.HELD.value and zeile.gehalten_fuer == GehaltenFuer.SACHBEARBEITUNG.value)


def _ist_begonnen(betrieb: Betrieb, vorgang_id: str, ziel: Ziel, verbindung: sa.Connection | None = None) -> bool:
    frage = sa.select(zustellung.c.status).where(
        zustellung.c.vorgang_id == vorgang_id, zustellung.c.ziel == ziel.name, zustellung.c.fassung == FASSUNG
    )
    if verbindung is not None:
        return verbindung.execute(frage).first() is not None
    with betrieb.store.lesend() as eigene:
        return eigene.execute(frage).first() is not None


class _Klaerung:
    def __init__(self, betrieb: Betrieb, zeile: Any, ziel: Ziel) -> None:
        self._betrieb = betrieb
        self._store = betrieb.store
        self._zeile = zeile
        self._id: str = zeile.id
        self._ziel = ziel
        self._begonnen = datetime.now(UTC)

    def gehe(self) -> None:
        eingang = self._store.lies_wert(Eingang, self._store.ausgabe(self._id, "receive") or "")
        try:
            self._pruefe_viren(eingang)
            antrag, entscheidung = self._antrag(eingang), self._entscheidung(eingang)
            sendung = rendere(self._betrieb, antrag, entscheidung, self._ziel, self._zeile.kanal)
        except FachwerkError as fehler:  # the case is held and seen all the same
            log.error("klaerung_gescheitert", vorgang=self._id, ziel=self._ziel.name, code=fehler.code)
            self._vermerke_fehler(fehler.code)
            return
        with self._store.transaktion("klaerung") as verbindung:
            self._store.sperre(verbindung, self._id)
            noch_offen = _ist_offen(self._store.vorgang(self._id, verbindung))
            if not noch_offen or _ist_begonnen(self._betrieb, self._id, self._ziel, verbindung):
                return
            fertig = versiegle(self._betrieb, verbindung, self._id, sendung)
            ausgabe = self._store.schreibe_schritt(verbindung, self._id, self._zeile.lauf, self._angabe(), fertig)
            beginne_zustellung(self._betrieb, verbindung, self._id, self._ziel.name, FASSUNG, ausgabe)
        self._betrieb.melde_schritt(self._id, "klaerung")

    def _pruefe_viren(self, eingang: Eingang) -> None:
        """Nothing leaves unchecked; a case held at receipt has not been scanned yet."""
        pruefer = self._betrieb.pruefer
        if pruefer is None or self._store.ist_getan(self._id, "virenpruefung", self._zeile.lauf):
            return
        for teil in eingang.teile:
            if pruefer.pruefe(teil.bytes_strom()) is not None:
                raise NeedsHumanError("schadsoftware", "Die Virenprüfung hat Schadsoftware gemeldet.")

    def _antrag(self, eingang: Eingang) -> Antrag:
        """As it was understood, else the message with all its parts."""
        for name in ("ergaenzt", "map"):
            if (ausgabe := self._store.ausgabe(self._id, name, self._zeile.lauf)) is not None:
                return self._store.lies_wert(Antrag, ausgabe)
        original = waehle_original(eingang.teile)
        return Antrag(
            leistung=eingang.kanal_leistung or UNBEKANNT,
            land=eingang.kanal_land or self._betrieb.land,
            empfangen=eingang.empfangen,
            zugestellt=eingang.zugestellt,
            original=original,
            anlagen=tuple(teil for teil in eingang.teile if teil is not original),
        )

    def _entscheidung(self, eingang: Eingang) -> Entscheidung:
        """``vorlegen``, with the question as first open point and everything that was found so far."""
        from fachwerk.line import stichtag

        frage = self._frage()
        if (ausgabe := self._store.ausgabe(self._id, "merge", self._zeile.lauf)) is not None:
            bisher = self._store.lies_wert(Entscheidung, ausgabe)
            return bisher.model_copy(update={"empfehlung": Empfehlung.VORLEGEN, "offen": (frage, *bisher.offen)})
        return Entscheidung(
            empfehlung=Empfehlung.VORLEGEN, befunde=self._befunde(), offen=(frage,), stichtag=stichtag(eingang)
        )

    def _frage(self) -> OffenerPunkt:
        code = self._zeile.grund if _CODE.fullmatch(self._zeile.grund) else "klaerung"
        return OffenerPunkt(code=code, text=self._zeile.hinweis)

    def _befunde(self) -> tuple[Befund, ...]:
        """What the step that asked had found."""
        frage = sa.select(schritt.c.ausgabe).where(
            schritt.c.vorgang_id == self._id, schritt.c.lauf == self._zeile.lauf, schritt.c.code == self._zeile.grund
        )
        with self._store.lesend() as verbindung:
            ausgabe = verbindung.execute(frage.where(schritt.c.ausgabe.is_not(None))).scalars().first()
        return self._store.lies_liste(Befund, ausgabe) if ausgabe else ()

    def _vermerke_fehler(self, code: str) -> None:
        with self._store.transaktion("klaerung_gescheitert") as verbindung:
            self._store.sperre(verbindung, self._id)
            self._store.vermerke(verbindung, self._id, "fachwerk", "klaerung_gescheitert", code)

    def _angabe(self) -> Schrittangabe:
        return Schrittangabe(
            "klaerung",
            self._begonnen,
            ziel=self._ziel.name,
            plugin=self._ziel.plugin,
            plugin_version=self._betrieb.plugins.version(self._ziel.plugin),
        )


def waehle_original(teile: tuple[Teil, ...]) -> Teil | None:
    """What a message nobody has read is taken for: the XML, else the first part."""
    xml = [teil for teil in teile if "xml" in teil.medientyp or teil.name.lower().endswith(".xml")]
    return next(iter([*xml, *teile]), None)
