"""Ask what became of a delivery: handed over is not taken over (design, section 11).

A Quittung below the highest stage that the Ziel can reach leaves a question, due at a stored time, with a delayed
job of the engine, all in the commit of the hand-over. The pauses grow with the age of the hand-over. A higher stage
becomes a Quittung row and a step of the journal; a rejection makes the case, done until then, a held one; no answer for
a month raises an alarm. A question that fails never stops the deliveries, unless a person has to mend the route.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import alarm, erwartung, klaerung, kreis, pausen, stufen
from fachwerk.betrieb import zielschlange
from fachwerk.datenbank import fuege_neu_ein
from fachwerk.errors import (
    ContractError,
    FachwerkError,
    NeedsHumanError,
    OutcomeUnknownError,
    PermanentError,
    RetryableError,
    StepError,
)
from fachwerk.modell import GehaltenFuer, Quittung, Stufe, Vorgangstand, Wert, Ziel, utc
from fachwerk.store import Schrittangabe
from fachwerk.tabellen import quittung, schritt, vorgang, zustellung
from fachwerk.zustellstand import ANGEKOMMEN, allein, diese, fuer_wen, schluessel

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.rueckfrage")

ERSTE_PAUSE = timedelta(minutes=1)
LAENGSTE_PAUSE = timedelta(hours=6)
HOECHSTENS = timedelta(days=30)
"""So long after the hand-over the target is asked; then there is an alarm."""

NOCH_NICHT_BEKANNT = timedelta(hours=1)
"""So long after the hand-over a target may not know yet what it took."""

WIDERSPRUCH = "quittung_widerspruch"
FEHLT = "quittung_fehlt"
UNGEWISS = frozenset({WIDERSPRUCH, "ausgang_unbekannt"})
"""Codes that say that nobody knows whether it arrived; all others are rejections."""


def pause(alter: timedelta, zufall: float | None = None, erste: timedelta = ERSTE_PAUSE) -> timedelta:
    """Until the next question, ``alter`` after the hand-over: as long again, between 50 and 100 % of that.

    At least for ``erste``, at most for six hours.
    """
    ganz = min(max(alter, erste), LAENGSTE_PAUSE)
    return ganz * (0.5 + 0.5 * (random.random() if zufall is None else zufall))  # noqa: S311  jitter, no secret


def plane(betrieb: Betrieb, verbindung: sa.Connection, zeile: Any, stufe: Stufe) -> None:
    """In the commit of a hand-over: ask for more if the Ziel can say more than ``stufe``; an alarm about it is over."""
    if zeile.erwartet and zeile.mahnen_ab is None:
        erwartung.behebe(verbindung, zeile.vorgang_id, zeile.ziel)
    if zeile.fassung > klaerung.FASSUNG and stufen.fragt_noch(betrieb.ziele[zeile.ziel], stufe):
        erste = _erste_pause(betrieb, zeile.ziel)
        _stelle(betrieb, verbindung, zeile, (zeile.frage or 0) + 1, datetime.now(UTC) + pause(erste, erste=erste))


def ist_absage(fehler: NeedsHumanError) -> bool:
    """Whether the target has said that it did not take it over: that is an answer, and a retry sends anew."""
    return not fehler.routenfehler and fehler.code not in UNGEWISS


def frage_nach(betrieb: Betrieb, vorgang_id: str, ziel: str, fassung: str, nr: str) -> None:
    """The job: ask the target once, unless somebody has asked meanwhile or the case went another way."""
    with allein(betrieb.store.prozess, f"frage:{schluessel(vorgang_id, ziel, int(fassung))}") as frei:
        if frei:
            _Frage(betrieb, vorgang_id, ziel, int(fassung), int(nr)).gehe()


def faellige(betrieb: Betrieb, bis: datetime | None = None) -> list[Any]:
    """The deliveries whose question is due, of Ziele that are configured, longest due first, at most 500."""
    ist_da = zustellung.c.frage_faellig <= (bis or datetime.now(UTC)), zustellung.c.ziel.in_(betrieb.ziele)
    frage = sa.select(zustellung).where(*ist_da).order_by(zustellung.c.frage_faellig).limit(500)
    with betrieb.store.lesend() as verbindung:
        return list(verbindung.execute(frage))


def belebe(betrieb: Betrieb, grenze: datetime) -> None:
    """New jobs for questions that were due before ``grenze`` and have none (a belt besides the braces)."""
    if not (alte := faellige(betrieb, grenze)):
        return
    # of each job all it could be the continuation of, because a question has marks behind its name
    offene = {anfang for offen in betrieb.auftraege.offene() for anfang in accumulate(offen.split(":"), "{}:{}".format)}
    for zeile in alte:
        if _kennung(zeile, zeile.frage) not in offene:
            with betrieb.store.transaktion("belebt") as verbindung:
                _reihe_ein(betrieb, verbindung, zeile, zeile.frage, datetime.now(UTC), f":w{_sekunde()}")


def nimm_wieder_auf(betrieb: Betrieb, verbindung: sa.Connection, zeile: Any) -> bool:
    """The job of a question again, where the jobs of before are gone; always True."""
    _reihe_ein(betrieb, verbindung, zeile, zeile.frage, utc(zeile.frage_faellig))
    return True


def frage_erneut(betrieb: Betrieb, verbindung: sa.Connection, vorgang_id: str) -> bool:
    """A person wants an answer: ask at once where one is overdue or nobody asks any more; whether there is such a case.

    The time in which it is expected begins again.
    """
    zeilen = [zeile for zeile in _vermisste(verbindung, vorgang_id) if zeile.frage is not None]
    for zeile in zeilen:
        _stelle(betrieb, verbindung, zeile, zeile.frage + 1, datetime.now(UTC), **erwartung.noch_einmal(betrieb, zeile))
    return bool(zeilen)


def verzichte(verbindung: sa.Connection, vorgang_id: str) -> bool:
    """A person knows how it stands: neither wait nor ask for what is overdue; whether there is such a delivery."""
    zeilen = _vermisste(verbindung, vorgang_id)
    for zeile in zeilen:
        hier = zustellung.update().where(*diese(vorgang_id, zeile.ziel, zeile.fassung))
        verbindung.execute(hier.values(frage_faellig=None, **erwartung.NICHTS))
    return bool(zeilen)


def _vermisste(verbindung: sa.Connection, vorgang_id: str) -> list[Any]:
    """Deliveries of the case that were handed over and whose receipt is overdue; their alarms are closed."""
    ueberfaellige = erwartung.der_vorgaenge(verbindung, [vorgang_id]).get(vorgang_id, [])
    zeilen = [zeile for zeile in ueberfaellige if zeile.status == "zugestellt"]
    for zeile in zeilen:
        erwartung.behebe(verbindung, vorgang_id, zeile.ziel)
    return zeilen


def gib_auf(betrieb: Betrieb, vorgang_id: str, ziel: str, fassung: int, code: str, hinweis: str) -> None:
    """Ask no more, because asking broke or killed the process; somebody is told."""
    with betrieb.store.transaktion("rueckfrage") as verbindung:
        betrieb.store.sperre(verbindung, vorgang_id)
        gefragt = *diese(vorgang_id, ziel, fassung), zustellung.c.frage_faellig.is_not(None)
        if (zeile := verbindung.execute(sa.select(zustellung).where(*gefragt)).one_or_none()) is not None:
            verbindung.execute(zustellung.update().where(*gefragt).values(frage_faellig=None))
            erwartung.melde(verbindung, zeile, code, hinweis)


def _erste_pause(betrieb: Betrieb, ziel: str) -> timedelta:
    """As the section of the Ziel says; a minute where there is none (any more)."""
    abschnitt = betrieb.einstellungen.ziel.get(ziel)
    return timedelta(seconds=abschnitt.nachfrage_s) if abschnitt else ERSTE_PAUSE


def _stelle(
    betrieb: Betrieb, verbindung: sa.Connection, zeile: Any, nr: int, faellig: datetime, **weiteres: Any
) -> None:
    hier = zustellung.update().where(*diese(zeile.vorgang_id, zeile.ziel, zeile.fassung))
    verbindung.execute(hier.values(frage=nr, frage_faellig=faellig, **weiteres))
    _reihe_ein(betrieb, verbindung, zeile, nr, faellig)


def _reihe_ein(
    betrieb: Betrieb, verbindung: sa.Connection, zeile: Any, nr: int, faellig: datetime, marke: str = ""
) -> None:
    betrieb.auftraege.reihe_ein(
        verbindung,
        "frage_nach",
        zielschlange(zeile.ziel),
        _kennung(zeile, nr) + marke,
        zeile.vorgang_id,
        zeile.ziel,
        str(zeile.fassung),
        str(nr),
        verzoegerung=max((faellig - datetime.now(UTC)).total_seconds(), 0.0),
    )


def _kennung(zeile: Any, nr: int) -> str:
    """Engine id of a question."""
    return f"frage:{schluessel(zeile.vorgang_id, zeile.ziel, zeile.fassung)}:{nr}"


def _sekunde() -> int:
    return int(datetime.now(UTC).timestamp())


class _Frage:
    """One question. What it finds counts only while it is the one the row waits for."""

    def __init__(self, betrieb: Betrieb, vorgang_id: str, ziel: str, fassung: int, nr: int) -> None:
        self._betrieb = betrieb
        self._store = betrieb.store
        self._id = vorgang_id
        self._ziel = ziel
        self._fassung = fassung
        self._nr = nr
        self._begonnen = datetime.now(UTC)
        self._zeile: Any = None
        self._lauf = 0
        self._alter = timedelta(0)

    def gehe(self) -> None:
        with self._store.lesend() as verbindung:
            self._zeile = verbindung.execute(sa.select(zustellung).where(*self._diese())).one_or_none()
            if self._zeile is None or self._zeile.frage != self._nr or self._zeile.frage_faellig is None:
                return
            fall = verbindung.execute(sa.select(vorgang).where(vorgang.c.id == self._id)).one()
            self._alter = self._begonnen - self._uebergeben_am(verbindung)
        ziel = self._betrieb.ziele.get(self._ziel)
        if fall.status == Vorgangstand.RETURNED.value or fall.fassung != self._fassung:
            self._beende()
        elif ziel is None or ziel.plugin != self._zeile.plugin:
            self._spaeter("ziel_plugin_anders", self._naechste())
        elif not stufen.fragt_noch(ziel, stufen.hoechste(self._stufen()) or Stufe.UEBERGEBEN):
            self._beende()
        elif pausen.ist_pausiert(self._store, alarm.des_ziels(self._ziel)):
            self._spaeter(pausen.CODE, self._begonnen + pausen.NACHSEHEN)
        elif (offen_bis := kreis.offen_bis(self._store, self._ziel)) is not None:
            self._spaeter("kreis_offen", offen_bis)
        else:
            self._frage(ziel)

    def _frage(self, ziel: Ziel) -> None:
        try:
            antwort: Quittung | None = self._betrieb.plugins.rufe(
                ziel.plugin,
                "find_delivered",
                ziel=ziel,
                schluessel=schluessel(self._id, self._ziel, self._fassung),
                host=self._betrieb.wirt(ziel.plugin),
            )
        except FachwerkError as fehler:
            self._nach_fehler(fehler)
            return
        kreis.schliesse_ohne_wartende(self._betrieb, self._ziel)
        if antwort is None:
            self._unbekannt()
        elif (bisher := stufen.hoechste(self._stufen())) is None or stufen.rang(antwort.stufe) > stufen.rang(bisher):
            self._vermerke(antwort)
        else:
            self._spaeter("", self._naechste())

    def _nach_fehler(self, fehler: FachwerkError) -> None:
        log.warning("rueckfrage_fehlgeschlagen", vorgang=self._id, ziel=self._ziel, code=fehler.code)
        if isinstance(fehler, RetryableError):
            mindestens = datetime.now(UTC) + timedelta(seconds=fehler.retry_after or 0)
            self._spaeter(fehler.code, max(self._naechste(), mindestens))
        elif isinstance(fehler, NeedsHumanError) and fehler.routenfehler:
            offen_bis = kreis.zaehle(self._betrieb, self._ziel, fehler)
            self._spaeter(fehler.code, max(self._naechste(), offen_bis or self._begonnen))
        elif isinstance(fehler, OutcomeUnknownError | ContractError):
            self._spaeter(fehler.code, self._naechste())
        else:
            self._halte(fehler, fuer_wen(fehler), fehler.befunde if isinstance(fehler, StepError) else ())

    def _unbekannt(self) -> None:
        """The target does not know what it took: at first it may not yet, later something is wrong."""
        gesehen = {stufe for stufe in self._stufen() if stufe is not Stufe.UEBERGEBEN}
        if gesehen or self._alter < NOCH_NICHT_BEKANNT:
            self._spaeter("nicht_bekannt", self._naechste())
            return
        hinweis = (
            "Der Transport hat die Sendung angenommen, kennt sie jetzt aber nicht. Bitte beim Empfänger fragen, ob sie "
            "angekommen ist. Ist nichts da, mit „fachwerk vorgang release“ erneut übergeben; ist sie da, mit "
            "„--angekommen“ dazu."
        )
        self._halte(PermanentError(WIDERSPRUCH, hinweis), GehaltenFuer.BETRIEB, ())

    # -- commits ------------------------------------------------------------------------------------------------

    def _vermerke(self, antwort: Quittung) -> None:
        """A higher stage: its proof, and the next question unless it is the highest."""
        with self._store.transaktion("quittung") as verbindung:
            weiter = erwartung.nach(self._betrieb, self._zeile, antwort.stufe, self._begonnen - self._alter)
            if not self._aendere(verbindung, frage_faellig=None, **weiter):
                return
            erwartung.behebe(verbindung, self._id, self._ziel)
            werte = {"kennung": antwort.kennung, "zeit": antwort.zeit}
            hier = {"vorgang_id": self._id, "ziel": self._ziel, "fassung": self._fassung}
            fuege_neu_ein(verbindung, quittung, **hier, stufe=antwort.stufe.value, **werte)
            self._schreibe_schritt(verbindung, "", antwort)
            self._store.vermerke(verbindung, self._id, "fachwerk", "quittung", antwort.stufe.value)
            if stufen.naechste(self._betrieb.ziele[self._ziel], antwort.stufe):
                _stelle(self._betrieb, verbindung, self._zeile, self._nr + 1, self._naechste())
        self._betrieb.melde_schritt(self._id, "quittung")

    def _spaeter(self, code: str, bis: datetime) -> None:
        """Ask again, or nobody any more after a month."""
        with self._store.transaktion("rueckfrage") as verbindung:
            if not self._aendere(verbindung, frage_faellig=None):
                return
            if self._alter < HOECHSTENS:
                _stelle(self._betrieb, verbindung, self._zeile, self._nr + 1, bis)
                return
            self._store.aendere(verbindung, self._id)
            ziel = self._betrieb.ziele.get(self._ziel)
            if ziel is None or len(ziel.stufen) > 1:  # else only a rejection could have come
                hinweis = (
                    f"Das Ziel „{self._ziel}“ hat die Übernahme dieser Sendung seit 30 Tagen nicht bestätigt. Bitte "
                    "beim Empfänger fragen; „fachwerk vorgang retry“ fragt noch einmal nach, ohne erneut zu senden."
                )
                erwartung.melde(verbindung, self._zeile, code or FEHLT, hinweis)

    def _beende(self) -> None:
        with self._store.transaktion("rueckfrage") as verbindung:
            self._aendere(verbindung, frage_faellig=None, **erwartung.NICHTS)

    def _halte(self, fehler: FachwerkError, fuer: GehaltenFuer, befunde: Sequence[Wert]) -> None:
        """What was handed over was not taken over; where that is not certain, a repetition asks before it sends."""
        unklar = fehler.code in UNGEWISS
        werte: dict[str, Any] = {"status": "gehalten", "code": fehler.code, "hinweis": fehler.hint}
        werte |= {"gehalten_fuer": fuer.value, "frage_faellig": None, "naechster": None, **erwartung.NICHTS}
        with self._store.transaktion("quittung_gehalten") as verbindung:
            if not self._aendere(verbindung, **werte, absicht_von=self._store.prozess if unklar else ""):
                return
            self._schreibe_schritt(verbindung, fehler.code, befunde or None)
            erwartung.behebe(verbindung, self._id, self._ziel)
            alarm.melde_fehler(verbindung, fehler, self._id, self._ziel)
            self._store.halte(verbindung, self._id, fehler.code, fehler.hint, fuer)
            klaerung.kuendige_an(self._betrieb, verbindung, self._id, fuer, f"{self._ziel}:q{self._nr}")
        self._betrieb.melde_schritt(self._id, "gehalten")
        log.info("gehalten", vorgang=self._id, code=fehler.code, fuer=fuer.value)

    def _aendere(self, verbindung: sa.Connection, **werte: Any) -> bool:
        """Change the row, unless this question is no longer the one it waits for."""
        fall = self._store.sperre(verbindung, self._id)
        self._lauf = fall.lauf
        wartet = zustellung.c.frage == self._nr, zustellung.c.frage_faellig.is_not(None)
        hier = zustellung.update().where(*self._diese(), zustellung.c.status == "zugestellt", *wartet)
        return bool(verbindung.execute(hier.values(**werte)).rowcount)

    def _schreibe_schritt(self, verbindung: sa.Connection, code: str, wert: Wert | Sequence[Wert] | None) -> None:
        plugin = self._zeile.plugin
        angabe = Schrittangabe(
            "quittung",
            self._begonnen,
            ziel=f"{self._ziel}:{self._fassung}",
            versuch=self._nr,
            plugin=plugin,
            plugin_version=self._betrieb.plugins.version(plugin),
            code=code,
        )
        self._store.schreibe_schritt(verbindung, self._id, self._lauf, angabe, wert)

    # -- small questions ----------------------------------------------------------------------------------------

    def _diese(self) -> tuple[sa.ColumnElement[bool], ...]:
        return diese(self._id, self._ziel, self._fassung)

    def _stufen(self) -> list[Stufe]:
        q = quittung.c
        hier = q.vorgang_id == self._id, q.ziel == self._ziel, q.fassung == self._fassung
        with self._store.lesend() as verbindung:
            return [Stufe(wert) for wert in verbindung.execute(sa.select(q.stufe).where(*hier)).scalars()]

    def _uebergeben_am(self, verbindung: sa.Connection) -> datetime:
        """When it was handed over, the last time it was."""
        s = schritt.c
        wege = s.name.in_(("deliver", ANGEKOMMEN)), s.ziel == f"{self._ziel}:{self._fassung}"
        hier = s.vorgang_id == self._id, *wege, s.code == ""
        return utc(verbindung.execute(sa.select(sa.func.max(s.ende)).where(*hier)).scalar_one())

    def _naechste(self) -> datetime:
        return datetime.now(UTC) + pause(self._alter, erste=_erste_pause(self._betrieb, self._ziel))
