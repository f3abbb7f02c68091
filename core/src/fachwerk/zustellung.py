"""Deliver: one attempt per job. The intent is committed, then it is sent, then the result is committed.

An intent without a result means that a process died in between: the outcome is unknown. What then happens depends
on what the target offers (:class:`fachwerk.modell.Idempotenz`): repeat with the same key, ask, or hold. The outcome
stays unknown, through waiting and holding, until the target or a person has answered.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import alarm, belegung, erwartung, klaerung, kreis, pausen, rueckfrage
from fachwerk.datenbank import fuege_neu_ein
from fachwerk.errors import (
    ContractError,
    FachwerkError,
    NeedsHumanError,
    OutcomeUnknownError,
    PermanentError,
    RetryableError,
)
from fachwerk.modell import GehaltenFuer, Idempotenz, Quittung, Sendung, Stufe, Wert, Ziel, utc
from fachwerk.store import Schrittangabe
from fachwerk.stufen import rang
from fachwerk.tabellen import quittung, schritt, zustellung
from fachwerk.zustellstand import (
    NACHSENDUNG,
    ZUSTELLUNG,
    Bedingung,
    aendere,
    allein,
    diese,
    fuer_wen,
    hier,
    pruefe_absicht,
    schluessel,
    setze_stand,
)

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.zustellung")

MAX_ALTER = timedelta(hours=48)
"""A delivery that could not be made for so long is held (design, section 5)."""

ERSTE_PAUSE_S = 30.0
LAENGSTE_PAUSE_S = 3600.0
GEFUNDEN = "gefunden"
"""Step of the journal: asked before sending again, the target has it; nothing was sent."""


def pause(versuch: int, zufall: float | None = None) -> float:
    """Seconds until attempt ``versuch + 1``: doubled each time, between 50 and 100 % of that, at most an hour."""
    grenze: float = min(ERSTE_PAUSE_S * 2.0 ** min(versuch - 1, 20), LAENGSTE_PAUSE_S)
    return grenze * (0.5 + 0.5 * (random.random() if zufall is None else zufall))  # noqa: S311  jitter, no secret


def stelle_zu(betrieb: Betrieb, vorgang_id: str, ziel_name: str, fassung: str, versuch: str) -> None:
    """One attempt to deliver a Sendung, or the clearing up of an attempt whose outcome is unknown."""
    welche = vorgang_id, ziel_name, int(fassung), int(versuch)
    with allein(betrieb.store.prozess, schluessel(*welche[:3])) as frei, betrieb.store.inhalt.gemerkt():
        if frei and not belegung.warte(betrieb, ziel_name, lambda: _Versuch(betrieb, *welche).gehe()):
            with betrieb.store.transaktion("belegt") as verbindung:
                betrieb.reihe_zustellung_ein(verbindung, *welche, *belegung.wieder_ab())


def halte_abgestuerzte(
    betrieb: Betrieb, vorgang_id: str, ziel_name: str, fassung: int, code: str, hinweis: str
) -> None:
    """Hold a delivery whose job broke or killed its process; whether it may have arrived stays in its row."""
    store = betrieb.store
    with store.transaktion("technik") as verbindung:
        store.sperre(verbindung, vorgang_id)
        andere = belegung.andere_lebende(verbindung, store.prozess)
        frage = zustellung.update().where(
            *diese(vorgang_id, ziel_name, fassung),
            zustellung.c.status.in_(["offen", "wartet", "absicht"]),
            sa.or_(zustellung.c.status != "absicht", zustellung.c.absicht_von.not_in(andere)),
        )
        werte = {"status": "gehalten", "code": code, "hinweis": hinweis, "gehalten_fuer": GehaltenFuer.TECHNIK.value}
        geaendert = verbindung.execute(frage.values(**werte)).rowcount
        if geaendert and store.vorgang(vorgang_id, verbindung).fassung == fassung:
            store.halte(verbindung, vorgang_id, code, hinweis, GehaltenFuer.TECHNIK)


def _unveraendert(zeile: Any) -> Bedingung:
    """The row is still as it was read."""
    return {name: getattr(zeile, name) for name in ("status", "versuch", "absicht_von")}


class _Versuch:
    """``_unklar`` says that an earlier attempt may have arrived; the row keeps it in ``absicht_von``."""

    def __init__(self, betrieb: Betrieb, vorgang_id: str, ziel_name: str, fassung: int, versuch: int) -> None:
        self._betrieb = betrieb
        self._store = betrieb.store
        self._id = vorgang_id
        self._ziel_name = ziel_name
        self._fassung = fassung
        self._versuch = versuch
        self._schluessel = schluessel(vorgang_id, ziel_name, fassung)
        self._hier = hier(vorgang_id, ziel_name, fassung)
        self._begonnen = datetime.now(UTC)
        self._unklar = False
        self._fragt_nur = False
        self._plugin = ""
        self._vorgang: Any = None

    def gehe(self) -> None:
        with self._store.lesend() as verbindung:
            zeile = verbindung.execute(ZUSTELLUNG, self._hier).one_or_none()
        if zeile is None or not self._ist_dran(zeile):
            return
        self._unklar, self._plugin = bool(zeile.absicht_von), zeile.plugin
        self._fragt_nur = zeile.absicht_von == NACHSENDUNG
        ziel = self._betrieb.ziele.get(self._ziel_name)
        if ziel is None:
            self._halte_vorab(zeile, "ziel_fehlt", "Dieses Ziel steht nicht mehr in fachwerk.toml. Bitte eintragen.")
        elif ziel.plugin != zeile.plugin:
            self._halte_vorab(
                zeile,
                "ziel_plugin_anders",
                f"Die Sendung wurde für das Plugin „{zeile.plugin}“ gemacht, das Ziel hat jetzt „{ziel.plugin}“. Bitte "
                "das frühere Plugin eintragen oder das neue Ziel anders nennen.",
            )
        elif zeile.ziel_pausiert:
            self._warte_auf_fortsetzung(zeile)
        elif zeile.status != "absicht" and zeile.kreis_offen and (bis := kreis.offen_bis(self._store, self._ziel_name)):
            self._warte_vorab(zeile, bis, "kreis_offen", kreis.KREIS_HINWEIS)
        elif self._ist_gespiegelt(zeile) and self._kuendige_an(zeile, ziel.gleichzeitig):
            self._betrieb.melde_schritt(self._id, "deliver.absicht")
            self._versuche(ziel, zeile)

    def _ist_gespiegelt(self, zeile: Any) -> bool:
        """Nothing is handed over that a loss of the database would let the mailbox give once more."""
        try:
            if self._betrieb.spiegel is not None:
                self._betrieb.spiegel.sichere(self._store, self._id)
        except RetryableError as fehler:
            bis = datetime.now(UTC) + timedelta(seconds=pause(1))
            self._warte_vorab(zeile, bis, fehler.code, fehler.hint)
            return False
        return True

    def _ist_dran(self, zeile: Any) -> bool:
        """Whether this job is the one the row waits for; an announced attempt of a living process is its own."""
        if zeile.status == "absicht":
            return self._versuch >= zeile.versuch and not self._gehoert_lebendem(zeile.absicht_von)
        return zeile.status in ("offen", "wartet") and self._versuch > zeile.versuch

    def _versuche(self, ziel: Ziel, zeile: Any) -> None:
        try:
            antwort = self._klaere(ziel) if self._unklar else None
            if antwort is None:
                antwort = self._uebergib(ziel, zeile.sendung)
        except FachwerkError as fehler:
            self._nach_fehler(fehler, zeile)
            return
        self._schliesse_ab(antwort, zeile)

    # -- talking to the target ----------------------------------------------------------------------------------

    def _uebergib(self, ziel: Ziel, sendung_id: str) -> Quittung:
        self._unklar = self._fragt_nur = False
        sendung = self._store.lies_wert(Sendung, sendung_id)
        self._store.inhalt.hole_voraus(anlage.teil for anlage in sendung.anlagen)
        try:
            antwort: Quittung | None = self._rufe(ziel, "deliver", sendung=sendung, schluessel=self._schluessel)
        except OutcomeUnknownError as unbekannt:
            self._unklar = True
            antwort = self._klaere(ziel, unbekannt.code)
        except (ContractError, NeedsHumanError) as fehler:  # it broke, perhaps after sending, or cannot tell
            self._unklar = isinstance(fehler, ContractError) or fehler.code in rueckfrage.UNGEWISS
            raise
        if antwort is None:
            raise RetryableError("nicht_angekommen", "Das Ziel hat die Sendung nicht erhalten; sie wird wiederholt.")
        return antwort

    def _klaere(self, ziel: Ziel, grund: str = "") -> Quittung | None:
        """Unknown outcome: ask where the target can answer; None means it may be sent (again)."""
        if self._betrieb.plugins.hat(ziel.plugin, "find_delivered"):
            try:
                gefunden: Quittung | None = self._rufe(ziel, "find_delivered", schluessel=self._schluessel)
            except NeedsHumanError as fehler:
                self._unklar = not rueckfrage.ist_absage(fehler)
                raise
            except PermanentError:
                self._unklar = not self._fragt_nur  # what was handed over for certain was rejected
                raise
            self._unklar = False
            return gefunden
        if self._betrieb.plugins.manifest(ziel.plugin).idempotenz is Idempotenz.SCHLUESSEL:
            self._unklar = False
            return None
        raise NeedsHumanError(
            "ausgang_unbekannt",
            "Ob die letzte Übergabe angekommen ist, weiß Fachwerk nicht, und dieses Ziel kann nicht gefragt werden. "
            "Bitte dort nachsehen. Ist nichts da, mit „fachwerk vorgang release“ erneut übergeben; ist sie da, mit "
            "„--angekommen“ dazu.",
            {"grund": grund},
            fuer=GehaltenFuer.BETRIEB,
        )

    def _rufe(self, ziel: Ziel, hook: str, **argumente: Any) -> Any:
        host = self._betrieb.wirt(ziel.plugin).solange(
            lambda verbindung: pruefe_absicht(verbindung, self._hier, self._store.prozess)
        )
        return self._betrieb.plugins.rufe(ziel.plugin, hook, ziel=ziel, host=host, **argumente)

    # -- commits ------------------------------------------------------------------------------------------------

    def _kuendige_an(self, zeile: Any, gleichzeitig: int) -> bool:
        """Commit the intent; False if another process was faster. Raises ``Belegt`` if the Ziel bears no more now."""
        with self._store.transaktion("absicht") as verbindung:
            self._vorgang = self._store.sperre(verbindung, self._id)
            belegung.nimm_platz(verbindung, belegung.Bitte(self._hier, gleichzeitig))
            werte = {"status": "absicht", "absicht_von": self._store.prozess, "versuch": self._versuch}
            if not aendere(verbindung, self._hier, _unveraendert(zeile), werte):
                return False
            self._setze_stand(verbindung)
        return True

    def _schliesse_ab(self, antwort: Quittung, zeile: Any) -> None:
        with self._store.transaktion("zugestellt") as verbindung:
            werte = {"status": "zugestellt", "absicht_von": "", "code": "", "hinweis": "", "naechster": None}
            stufe = self._erreichte(verbindung, antwort.stufe)
            werte |= erwartung.nach(self._betrieb, zeile, stufe, datetime.now(UTC))
            if not self._aendere(verbindung, self._meine(), **werte):
                return
            # what was receipted before belongs to a hand-over that did not hold, unless nothing was sent since
            if self._versuch > 1 and not self._fragt_nur:
                frueher = quittung.c.vorgang_id == self._id, quittung.c.ziel == self._ziel_name
                verbindung.execute(quittung.delete().where(*frueher, quittung.c.fassung == self._fassung))
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
            self._schreibe_schritt(verbindung, "", antwort, GEFUNDEN if self._fragt_nur else "deliver")
            kreis.schliesse(verbindung, self._ziel_name)
            rueckfrage.plane(self._betrieb, verbindung, zeile, stufe)
            self._setze_stand(verbindung)
            was = GEFUNDEN if self._fragt_nur else "zugestellt"
            self._store.vermerke(verbindung, self._id, "fachwerk", was, gesperrt=True)
        self._betrieb.melde_schritt(self._id, "deliver")

    def _nach_fehler(self, fehler: FachwerkError, zeile: Any) -> None:
        log.warning("zustellung_fehlgeschlagen", vorgang=self._id, ziel=self._ziel_name, code=fehler.code)
        bis = self._wieder_ab(fehler, utc(zeile.seit))
        if bis is None:
            self._halte(self._meine(), fehler, fuer_wen(fehler))
        else:
            self._warte(bis, fehler)

    def _wieder_ab(self, fehler: FachwerkError, seit: datetime) -> datetime | None:
        """When to try again; None: a person's turn."""
        offen_bis = kreis.zaehle(self._betrieb, self._ziel_name, fehler) if kreis.ist_routenfehler(fehler) else None
        if datetime.now(UTC) - seit >= MAX_ALTER:
            return None
        if isinstance(fehler, RetryableError):
            if fehler.hoechstens is not None and self._bisher(fehler.code, seit) + 1 >= fehler.hoechstens:
                return None
            sekunden = pause(self._versuch) if fehler.retry_after is None else fehler.retry_after
            return datetime.now(UTC) + timedelta(seconds=sekunden)
        return offen_bis

    def _bisher(self, code: str, seit: datetime) -> int:
        """How many attempts ended with ``code`` since the delivery began, or since a person repeated it."""
        frage = sa.select(sa.func.count()).where(
            schritt.c.vorgang_id == self._id,
            schritt.c.name == "deliver",
            schritt.c.ziel == f"{self._ziel_name}:{self._fassung}",
            schritt.c.code == code,
            schritt.c.beginn >= seit,
        )
        with self._store.lesend() as verbindung:
            return int(verbindung.execute(frage).scalar_one())

    def _warte(self, bis: datetime, fehler: FachwerkError) -> None:
        with self._store.transaktion("wartet") as verbindung:
            werte = {"status": "wartet", "absicht_von": self._rest(), "naechster": bis}
            if not self._aendere(verbindung, self._meine(), **werte, code=fehler.code, hinweis=fehler.hint):
                return
            self._schreibe_schritt(verbindung, fehler.code)
            self._reihe_ein(verbindung, self._versuch + 1, bis)
            self._setze_stand(verbindung)

    def _warte_vorab(self, zeile: Any, bis: datetime, code: str, hinweis: str) -> None:
        """Not tried, because the circuit of the Ziel is open or the mirror is away: the next attempt later."""
        with self._store.transaktion("wartet") as verbindung:
            werte = {"status": "wartet", "naechster": bis, "code": code, "hinweis": hinweis}
            if self._aendere(verbindung, _unveraendert(zeile), **werte):
                self._reihe_ein(verbindung, zeile.versuch + 1, bis, f"k{int(bis.timestamp())}")
                self._setze_stand(verbindung)

    def _warte_auf_fortsetzung(self, zeile: Any) -> None:
        """Not tried, because somebody paused the Ziel; the end of the pause wakes it, else it looks again."""
        bis = datetime.now(UTC) + pausen.NACHSEHEN
        with self._store.transaktion("wartet") as verbindung:
            ruht = pausen.haelt(verbindung, alarm.des_ziels(self._ziel_name))
            bis = bis if ruht else datetime.now(UTC)
            werte = {"status": "wartet", "naechster": bis, "code": pausen.CODE, "hinweis": pausen.HINWEIS}
            if self._aendere(verbindung, _unveraendert(zeile), **werte):
                self._reihe_ein(verbindung, zeile.versuch + 1, bis, f"f{int(bis.timestamp())}")
                self._setze_stand(verbindung)

    def _halte_vorab(self, zeile: Any, code: str, hinweis: str) -> None:
        """Not tried, because the configuration does not allow it."""
        self._halte(_unveraendert(zeile), NeedsHumanError(code, hinweis), GehaltenFuer.BETRIEB)

    def _halte(self, wenn: Bedingung, fehler: FachwerkError, fuer: GehaltenFuer) -> None:
        code, hinweis = fehler.code, fehler.hint
        with self._store.transaktion("zustellung_gehalten") as verbindung:
            werte = {"status": "gehalten", "absicht_von": self._rest(), "versuch": self._versuch, "naechster": None}
            if not self._aendere(verbindung, wenn, **werte, code=code, hinweis=hinweis, gehalten_fuer=fuer.value):
                return
            self._schreibe_schritt(verbindung, code, getattr(fehler, "befunde", ()) or None)
            alarm.melde_fehler(verbindung, fehler, self._id, self._ziel_name)
            kreis.schliesse_nach_absage(verbindung, self._ziel_name, fehler)
            if self._gilt():
                self._store.halte(verbindung, self._id, code, hinweis, fuer)
                anlass = f"{self._ziel_name}:{self._versuch}"
                klaerung.kuendige_an(self._betrieb, verbindung, self._id, fuer, anlass)
        self._betrieb.melde_schritt(self._id, "gehalten")

    # -- the row ------------------------------------------------------------------------------------------------

    def _meine(self) -> Bedingung:
        """The result of an attempt counts only while the intent is still this process's own."""
        return {"status": "absicht", "absicht_von": self._store.prozess}

    def _rest(self) -> str:
        """What the row keeps of the intent: something only if it may have arrived."""
        zeichen = NACHSENDUNG if self._fragt_nur else self._store.prozess
        return zeichen if self._unklar else ""

    def _aendere(self, verbindung: sa.Connection, wenn: Bedingung, **werte: Any) -> bool:
        self._vorgang = self._store.sperre(verbindung, self._id)
        return aendere(verbindung, self._hier, wenn, werte)

    def _reihe_ein(self, verbindung: sa.Connection, versuch: int, bis: datetime, marke: str = "") -> None:
        sekunden = max((bis - datetime.now(UTC)).total_seconds(), 0.0)
        self._betrieb.reihe_zustellung_ein(
            verbindung, self._id, self._ziel_name, self._fassung, versuch, sekunden, marke
        )

    # -- small questions ----------------------------------------------------------------------------------------

    def _erreichte(self, verbindung: sa.Connection, stufe: Stufe) -> Stufe:
        """The highest stage: what was found again without sending keeps the receipts it had."""
        q = quittung.c
        hier = q.vorgang_id == self._id, q.ziel == self._ziel_name, q.fassung == self._fassung
        bisher = verbindung.execute(sa.select(q.stufe).where(*hier)).scalars() if self._fragt_nur else ()
        return max([stufe, *map(Stufe, bisher)], key=rang)

    def _schreibe_schritt(
        self,
        verbindung: sa.Connection,
        code: str,
        antwort: Wert | Sequence[Wert] | None = None,
        name: str = "deliver",
    ) -> None:
        plugins = self._betrieb.plugins
        angabe = Schrittangabe(
            name,
            self._begonnen,
            ziel=f"{self._ziel_name}:{self._fassung}",
            versuch=self._versuch,
            plugin=self._plugin,
            plugin_version=plugins.version(self._plugin) if self._plugin in plugins.namen else "",
            code=code,
        )
        self._store.schreibe_schritt(verbindung, self._id, self._vorgang.lauf, angabe, antwort)

    def _gehoert_lebendem(self, prozess: str) -> bool:
        """Whether the announced attempt runs in another process that is alive: then it is not ours to clear up."""
        with self._store.lesend() as verbindung:
            return prozess != self._store.prozess and belegung.lebt(verbindung, prozess)

    def _gilt(self) -> bool:
        """Whether this is a delivery of the case as it is now: only such a one decides what becomes of it."""
        return bool(self._vorgang.fassung == self._fassung)

    def _setze_stand(self, verbindung: sa.Connection) -> None:
        if self._gilt():
            setze_stand(self._betrieb, verbindung, self._id, self._fassung)
