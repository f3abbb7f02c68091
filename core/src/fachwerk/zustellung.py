"""Deliver: one attempt per job. The intent is committed, then it is sent, then the result is committed.

An intent without a result means that a process died in between: the outcome is unknown. What then happens depends
on what the target offers (:class:`fachwerk.modell.Idempotenz`): repeat with the same key, ask, or hold.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk.datenbank import datenbankzeit, fuege_neu_ein
from fachwerk.errors import ContractError, FachwerkError, NeedsHumanError, OutcomeUnknownError, RetryableError
from fachwerk.modell import GehaltenFuer, Idempotenz, Quittung, Sendung, Vorgangstand, Ziel, utc
from fachwerk.store import Schrittangabe
from fachwerk.tabellen import knoten, quittung, zielstand, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.zustellung")

MAX_ALTER = timedelta(hours=48)
"""A delivery that could not be made for so long is held (design, section 5)."""

ERSTE_PAUSE_S = 30.0
LAENGSTE_PAUSE_S = 3600.0
KREIS_AB = 5
"""So many route faults in a row open the circuit of a Ziel."""
KREIS_PAUSE = timedelta(minutes=5)
KNOTEN_TOT_NACH = timedelta(seconds=15)


def schluessel(vorgang_id: str, ziel: str, fassung: int) -> str:
    """The delivery key: the same on every attempt, new with every Fassung."""
    return f"{vorgang_id}:{ziel}:{fassung}"


def pause(versuch: int, zufall: float | None = None) -> float:
    """Seconds until attempt ``versuch + 1``: doubled each time, between 50 and 100 % of that, at most an hour."""
    grenze: float = min(ERSTE_PAUSE_S * 2.0 ** (versuch - 1), LAENGSTE_PAUSE_S)
    return grenze * (0.5 + 0.5 * (random.random() if zufall is None else zufall))  # noqa: S311  jitter, no secret


def stelle_zu(betrieb: Betrieb, vorgang_id: str, ziel_name: str, fassung: str, versuch: str) -> None:
    """One attempt to deliver a Sendung, or the clearing up of an attempt whose outcome is unknown."""
    _Versuch(betrieb, vorgang_id, ziel_name, int(fassung), int(versuch)).gehe()


class _Versuch:
    def __init__(self, betrieb: Betrieb, vorgang_id: str, ziel_name: str, fassung: int, versuch: int) -> None:
        self._betrieb = betrieb
        self._store = betrieb.store
        self._id = vorgang_id
        self._ziel_name = ziel_name
        self._fassung = fassung
        self._versuch = versuch
        self._schluessel = schluessel(vorgang_id, ziel_name, fassung)
        self._begonnen = datetime.now(UTC)

    def gehe(self) -> None:
        zeile = self._zeile()
        if zeile is None or zeile.status in ("zugestellt", "gehalten") or zeile.versuch > self._versuch:
            return
        if (ziel := self._betrieb.ziele.get(self._ziel_name)) is None:
            self._halte("ziel_fehlt", "Dieses Ziel steht nicht mehr in fachwerk.toml. Bitte wieder eintragen.")
            return
        if (offen_bis := self._kreis_offen_bis()) is not None and zeile.status != "absicht":
            self._warte(offen_bis, "kreis_offen", zaehlt=False)
            return
        unbekannt = zeile.status == "absicht"
        if unbekannt and self._gehoert_lebendem(zeile.absicht_von):
            return
        if not self._kuendige_an(zeile.absicht_von if unbekannt else None):
            return
        self._betrieb.melde_schritt(self._id, "deliver.absicht")
        self._versuche(ziel, zeile, unbekannt)

    def _versuche(self, ziel: Ziel, zeile: Any, unbekannt: bool) -> None:
        try:
            antwort = self._klaere(ziel) if unbekannt else None
            if antwort is None:
                antwort = self._uebergib(ziel, zeile.sendung)
        except FachwerkError as fehler:
            self._nach_fehler(fehler, zeile)
            return
        self._schliesse_ab(antwort)

    # -- talking to the target ----------------------------------------------------------------------------------

    def _uebergib(self, ziel: Ziel, sendung_id: str) -> Quittung:
        sendung = self._store.lies_wert(Sendung, sendung_id)
        try:
            antwort: Quittung | None = self._rufe(ziel, "deliver", sendung=sendung, schluessel=self._schluessel)
        except OutcomeUnknownError as unbekannt:
            antwort = self._klaere(ziel, unbekannt)
        if antwort is None:
            raise RetryableError("nicht_angekommen", "Das Ziel hat die Sendung nicht erhalten.")
        return antwort

    def _klaere(self, ziel: Ziel, unbekannt: OutcomeUnknownError | None = None) -> Quittung | None:
        """Unknown outcome: ask where the target can answer; None means it may be sent (again)."""
        idempotenz = self._betrieb.plugins.manifest(ziel.plugin).idempotenz
        if self._betrieb.plugins.hat(ziel.plugin, "find_delivered"):
            gefunden: Quittung | None = self._rufe(ziel, "find_delivered", schluessel=self._schluessel)
            return gefunden
        if idempotenz is Idempotenz.SCHLUESSEL:
            return None
        raise NeedsHumanError(
            unbekannt.code if unbekannt else "ausgang_unbekannt",
            "Ob die letzte Übergabe angekommen ist, weiß Fachwerk nicht, und dieses Ziel kann nicht gefragt werden. "
            "Bitte dort nachsehen und dann freigeben oder zurückweisen.",
            fuer=GehaltenFuer.BETRIEB,
        )

    def _rufe(self, ziel: Ziel, hook: str, **argumente: Any) -> Any:
        return self._betrieb.plugins.rufe(
            ziel.plugin, hook, ziel=ziel, host=self._betrieb.wirt(ziel.plugin), **argumente
        )

    # -- commits ------------------------------------------------------------------------------------------------

    def _kuendige_an(self, bisher: str | None) -> bool:
        """Commit the intent; False if another process was faster."""
        ich = self._betrieb.store.prozess
        with self._store.transaktion("absicht") as verbindung:
            frage = self._hier(zustellung.update())
            if bisher is None:
                frage = frage.where(zustellung.c.status.in_(["offen", "wartet"]))
            else:
                frage = frage.where(zustellung.c.status == "absicht", zustellung.c.absicht_von == bisher)
            werte = {"status": "absicht", "absicht_von": ich, "versuch": self._versuch}
            if not verbindung.execute(frage.values(**werte)).rowcount:
                return False
            self._setze_stand(verbindung)
        return True

    def _schliesse_ab(self, antwort: Quittung) -> None:
        with self._store.transaktion("zugestellt") as verbindung:
            if not self._meine(verbindung, status="zugestellt", code="", hinweis="", naechster=None):
                return
            fuege_neu_ein(
                verbindung,
                quittung,
                vorgang_id=self._id,
                ziel=self._ziel_name,
                fassung=self._fassung,
                stufe=antwort.stufe.value,
                kennung=antwort.kennung,
                zeit=antwort.zeit,
            )
            self._schreibe_schritt(verbindung, "", antwort)
            verbindung.execute(
                zielstand.update().where(zielstand.c.ziel == self._ziel_name).values(fehler_in_folge=0, offen_bis=None)
            )
            self._setze_stand(verbindung)
            self._store.vermerke(verbindung, self._id, "fachwerk", "zugestellt")
        self._betrieb.melde_schritt(self._id, "deliver")

    def _nach_fehler(self, fehler: FachwerkError, zeile: Any) -> None:
        log.warning("zustellung_fehlgeschlagen", vorgang=self._id, ziel=self._ziel_name, code=fehler.code)
        if isinstance(fehler, RetryableError):
            if fehler.routenfehler:
                self._zaehle_routenfehler()
            if datetime.now(UTC) - utc(zeile.seit) < MAX_ALTER:
                sekunden = pause(self._versuch) if fehler.retry_after is None else fehler.retry_after
                self._warte(datetime.now(UTC) + timedelta(seconds=sekunden), fehler.code, hinweis=fehler.hint)
                return
        fuer = fehler.fuer if isinstance(fehler, NeedsHumanError) else GehaltenFuer.TECHNIK
        if isinstance(fehler, ContractError):
            fuer = GehaltenFuer.TECHNIK
        self._halte(fehler.code, fehler.hint, fuer)

    def _warte(self, bis: datetime, code: str, hinweis: str = "", zaehlt: bool = True) -> None:
        naechster = self._versuch + (1 if zaehlt else 0)
        sekunden = max((bis - datetime.now(UTC)).total_seconds(), 0.0)
        with self._store.transaktion("wartet") as verbindung:
            werte = {"status": "wartet", "naechster": bis, "code": code, "hinweis": hinweis}
            if not self._meine(verbindung, nur_absicht=zaehlt, **werte):
                return
            if zaehlt:
                self._schreibe_schritt(verbindung, code)
            marke = "" if zaehlt else f"k{int(bis.timestamp())}"
            self._betrieb.reihe_zustellung_ein(
                verbindung, self._id, self._ziel_name, self._fassung, naechster, sekunden, marke
            )
            self._setze_stand(verbindung)

    def _halte(self, code: str, hinweis: str, fuer: GehaltenFuer = GehaltenFuer.BETRIEB) -> None:
        with self._store.transaktion("zustellung_gehalten") as verbindung:
            werte = {"status": "gehalten", "code": code, "hinweis": hinweis, "gehalten_fuer": fuer.value}
            if not self._meine(verbindung, nur_absicht=False, **werte):
                return
            self._schreibe_schritt(verbindung, code)
            self._store.halte(verbindung, self._id, code, hinweis, fuer)
        self._betrieb.melde_schritt(self._id, "gehalten")

    # -- small questions ----------------------------------------------------------------------------------------

    def _hier(self, frage: Any) -> Any:
        return frage.where(
            zustellung.c.vorgang_id == self._id,
            zustellung.c.ziel == self._ziel_name,
            zustellung.c.fassung == self._fassung,
        )

    def _zeile(self) -> Any:
        with self._store.lesend() as verbindung:
            return verbindung.execute(self._hier(sa.select(zustellung))).one_or_none()

    def _meine(self, verbindung: sa.Connection, nur_absicht: bool = True, **werte: Any) -> bool:
        """Change the row, but as the result of an attempt only if the intent is still this process's own."""
        frage = self._hier(zustellung.update())
        if nur_absicht:
            frage = frage.where(
                zustellung.c.status == "absicht", zustellung.c.absicht_von == self._betrieb.store.prozess
            )
        return bool(verbindung.execute(frage.values(**werte)).rowcount)

    def _schreibe_schritt(self, verbindung: sa.Connection, code: str, antwort: Quittung | None = None) -> None:
        plugin = self._zeile_plugin(verbindung)
        angabe = Schrittangabe(
            "deliver",
            self._begonnen,
            ziel=f"{self._ziel_name}:{self._fassung}",
            versuch=self._versuch,
            plugin=plugin,
            plugin_version=self._betrieb.plugins.version(plugin),
            code=code,
        )
        lauf = self._store.vorgang(self._id, verbindung).lauf
        self._store.schreibe_schritt(verbindung, self._id, lauf, angabe, antwort)

    def _zeile_plugin(self, verbindung: sa.Connection) -> str:
        return str(verbindung.execute(self._hier(sa.select(zustellung.c.plugin))).scalar_one())

    def _gehoert_lebendem(self, prozess: str) -> bool:
        """Whether the announced attempt runs in another process that is alive: then it is not ours to clear up."""
        if prozess == self._store.prozess:
            return False
        with self._store.lesend() as verbindung:
            schlag = verbindung.execute(
                sa.select(knoten.c.herzschlag).where(knoten.c.prozess == prozess)
            ).scalar_one_or_none()
            return schlag is not None and datenbankzeit(verbindung) - utc(schlag) < KNOTEN_TOT_NACH

    def _setze_stand(self, verbindung: sa.Connection) -> None:
        setze_stand(self._betrieb, verbindung, self._id, self._fassung)

    # -- circuit ------------------------------------------------------------------------------------------------

    def _kreis_offen_bis(self) -> datetime | None:
        with self._store.lesend() as verbindung:
            bis = verbindung.execute(
                sa.select(zielstand.c.offen_bis).where(zielstand.c.ziel == self._ziel_name)
            ).scalar_one_or_none()
        return utc(bis) if bis is not None and utc(bis) > datetime.now(UTC) else None

    def _zaehle_routenfehler(self) -> None:
        with self._store.transaktion("routenfehler") as verbindung:
            fuege_neu_ein(verbindung, zielstand, ziel=self._ziel_name, fehler_in_folge=0)
            anzahl = 1 + int(
                verbindung.execute(
                    sa.select(zielstand.c.fehler_in_folge).where(zielstand.c.ziel == self._ziel_name)
                ).scalar_one()
            )
            offen_bis = datetime.now(UTC) + KREIS_PAUSE if anzahl >= KREIS_AB else None
            verbindung.execute(
                zielstand.update()
                .where(zielstand.c.ziel == self._ziel_name)
                .values(fehler_in_folge=anzahl, offen_bis=offen_bis)
            )
        if offen_bis is not None:
            log.error("kreis_offen", ziel=self._ziel_name, bis=offen_bis.isoformat())


def setze_stand(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str, fassung: int) -> None:
    """The state of a case follows from its deliveries: held, waiting, running, or done when all arrived."""
    zeilen = list(
        verbindung.execute(
            sa.select(zustellung).where(zustellung.c.vorgang_id == vorgang_id, zustellung.c.fassung == fassung)
        )
    )
    werte: dict[str, Any] = {"grund": "", "hinweis": "", "wartet_bis": None, "gehalten_fuer": ""}
    staende = {zeile.status for zeile in zeilen}
    if gehaltene := [zeile for zeile in zeilen if zeile.status == "gehalten"]:
        erste = gehaltene[0]
        werte |= {"grund": erste.code, "hinweis": erste.hinweis, "gehalten_fuer": erste.gehalten_fuer}
        werte["status"] = Vorgangstand.HELD.value
    elif staende & {"offen", "absicht"}:
        werte["status"] = Vorgangstand.RUNNING.value
    elif wartende := [zeile for zeile in zeilen if zeile.status == "wartet"]:
        naechste = min(wartende, key=lambda zeile: utc(zeile.naechster))
        werte |= {"grund": naechste.code, "hinweis": naechste.hinweis, "wartet_bis": naechste.naechster}
        werte["status"] = Vorgangstand.WAITING.value
    else:
        werte["status"] = Vorgangstand.DONE.value
    betrieb.store.aendere(verbindung, vorgang_id, **werte)
