"""Poll a Kanal, or probe one that is stopped because only a person can mend it.

A ``NeedsHumanError`` of a mailbox is never about one message: the account, the certificate or the configuration is at
fault, so the Kanal stops with an alarm. Timed polls then only probe, less and less often: first the plugin's own
``check``, and only if it finds nothing the ordinary poll. A person's ``fachwerk poll`` always tries. What ``check``
finds is also what the alarm says, so that both tell the same.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import abruf, alarm, pausen
from fachwerk.datenbank import datenbankzeit, fuege_neu_ein
from fachwerk.diagnose import Diagnose, erklaere, stelle_fest
from fachwerk.errors import FachwerkError, NeedsHumanError, RetryableError
from fachwerk.modell import Schwere, utc
from fachwerk.tabellen import kanal_lauf, kanalstand

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.kanalprobe")

ERSTE_PAUSE = timedelta(minutes=5)
LAENGSTE_PAUSE = timedelta(hours=1)
GESTOERT_AB = 3
"""So many polls in a row that did not succeed raise an alarm."""

BEENDET_AB = 5
"""After so many polls in a row of which none came to an end, good or bad, or stored a message, the next one waits."""

BEENDET_PROZESS = "abruf_beendet_prozess"

_LETZTE_LAEUFE = (
    sa.select(kanal_lauf.c.beginn, kanal_lauf.c.ende, kanal_lauf.c.neu)
    .where(kanal_lauf.c.kanal == sa.bindparam("dieser"))
    .order_by(kanal_lauf.c.beginn.desc())
    .limit(BEENDET_AB + 7)
)

TAKT = "takt"
HAND = "hand"
"""Why a poll takes place: the clock, or a person."""


def rufe_ab(betrieb: Betrieb, kanal: str, anlass: str = HAND) -> int:
    """Poll ``kanal`` like :func:`fachwerk.abruf.rufe_ab`, unless it is stopped and a timed poll has no chance.

    Nor while it is paused by hand. Raises what the poll raised, after its consequences are committed.
    """
    if pausen.ist_pausiert(betrieb.store, alarm.des_kanals(kanal)):
        return 0
    stand = _stand(betrieb, kanal)
    if anlass == TAKT and stand is not None and stand.angehalten_seit is not None:
        with betrieb.store.lesend() as verbindung:
            jetzt = datenbankzeit(verbindung)
        if utc(stand.naechste_probe) > jetzt:
            return 0
        if (diagnose := stelle_fest(betrieb, betrieb.kanaele[kanal], [Schwere.SPERRE])) is not None:
            _bleibe_stehen(betrieb, kanal, diagnose)
            return 0
    if anlass == TAKT and _wartet_nach_abbruechen(betrieb, kanal, stand):
        return 0
    try:
        neu = abruf.rufe_ab(betrieb, kanal)
    except FachwerkError as fehler:
        _nach_fehler(betrieb, kanal, fehler, stand)
        raise
    if stand is not None and stand.fehler_in_folge:
        _erhole(betrieb, kanal)
    return neu


def _wartet_nach_abbruechen(betrieb: Betrieb, kanal: str, stand: Any) -> bool:
    """Whether the next poll is not yet due, because one after the other has ended its process.

    Something in the mailbox does that, or in what reads it. Without a pause the process would do nothing but die, and
    take with it what it does for others. One that stored messages before it was cut short brought the Kanal on: a long
    poll on a bad day.
    """
    with betrieb.store.lesend() as verbindung:
        laeufe = list(verbindung.execute(_LETZTE_LAEUFE, {"dieser": kanal}))
        jetzt = datenbankzeit(verbindung)
    abgebrochen = list(takewhile(lambda lauf: lauf.ende is None and not lauf.neu, laeufe))
    if len(abgebrochen) < BEENDET_AB:
        return False
    if stand is None or stand.code != BEENDET_PROZESS:
        hinweis = (
            f"{len(abgebrochen)} Abrufe nacheinander endeten mit ihrem Prozess, ohne dass einer etwas gebracht hat. "
            "Abgerufen wird nur noch selten, damit alles andere läuft; was im Postfach liegt, bleibt dort. Bitte mit "
            "Protokollen an die Entwicklung melden."
        )
        fehler = RetryableError(BEENDET_PROZESS, hinweis)
        _zaehle(betrieb, kanal, fehler, Diagnose(BEENDET_PROZESS, hinweis), mindestens=len(abgebrochen))
    wartezeit = min(ERSTE_PAUSE * 2 ** (len(abgebrochen) - BEENDET_AB), LAENGSTE_PAUSE)
    return bool(utc(abgebrochen[0].beginn) + wartezeit > jetzt)


def probiere_bald(betrieb: Betrieb) -> None:
    """Probe every stopped Kanal at its next tick: somebody restarted the service, perhaps with the cause mended."""
    with betrieb.store.transaktion("kanal_probe") as verbindung:
        steht = kanalstand.c.angehalten_seit.is_not(None)
        verbindung.execute(kanalstand.update().where(steht).values(naechste_probe=datenbankzeit(verbindung)))


def _stand(betrieb: Betrieb, kanal: str) -> Any:
    with betrieb.store.lesend() as verbindung:
        return verbindung.execute(sa.select(kanalstand).where(kanalstand.c.kanal == kanal)).one_or_none()


def _nach_fehler(betrieb: Betrieb, kanal: str, fehler: FachwerkError, stand: Any) -> None:
    steht = stand is not None and stand.angehalten_seit is not None
    if steht or isinstance(fehler, NeedsHumanError):
        _bleibe_stehen(betrieb, kanal, erklaere(betrieb, betrieb.kanaele[kanal], fehler))
    elif stand is not None and stand.fehler_in_folge + 1 >= GESTOERT_AB:
        _zaehle(betrieb, kanal, fehler, erklaere(betrieb, betrieb.kanaele[kanal], fehler))
    else:
        _zaehle(betrieb, kanal, fehler, Diagnose(fehler.code, fehler.hint))


# -- commits ----------------------------------------------------------------------------------------------------------


def _bleibe_stehen(betrieb: Betrieb, kanal: str, diagnose: Diagnose) -> None:
    """Stop, or stay stopped after a probe that failed: the next one comes later than this one did."""
    with betrieb.store.transaktion("kanal_steht") as verbindung:
        jetzt = datenbankzeit(verbindung)
        vorher = _sperre(verbindung, kanal)
        erstes = vorher.angehalten_seit is None
        proben = 1 if erstes else vorher.fehler_in_folge + 1
        naechste = jetzt + min(ERSTE_PAUSE * 2 ** min(proben - 1, 10), LAENGSTE_PAUSE)
        _setze(
            verbindung,
            kanal,
            angehalten_seit=jetzt if erstes else vorher.angehalten_seit,
            naechste_probe=naechste,
            fehler_in_folge=proben,
            code=diagnose.code,
            hinweis=diagnose.hinweis,
        )
        gegenstand = alarm.des_kanals(kanal)
        alarm.melde(verbindung, alarm.KANAL_STEHT, gegenstand, diagnose.code, diagnose.hinweis)
        alarm.behebe(verbindung, gegenstand, (alarm.KANAL_GESTOERT,))
    log.warning("kanal_steht", kanal=kanal, code=diagnose.code, naechste_probe=naechste.isoformat())


def _zaehle(betrieb: Betrieb, kanal: str, fehler: FachwerkError, diagnose: Diagnose, *, mindestens: int = 1) -> None:
    """A poll failed that may succeed the next time; polls go on, but somebody is told when it lasts.

    Malware in the mailbox is told at once.
    """
    with betrieb.store.transaktion("kanal_gestoert") as verbindung:
        anzahl = max(_sperre(verbindung, kanal).fehler_in_folge + 1, mindestens)
        _setze(verbindung, kanal, fehler_in_folge=anzahl, code=diagnose.code, hinweis=diagnose.hinweis)
        gegenstand = alarm.des_kanals(kanal)
        if fehler.details.get("alarm") == alarm.SICHERHEIT:
            alarm.melde(verbindung, alarm.SICHERHEIT, gegenstand, fehler.code, fehler.hint)
        if anzahl >= GESTOERT_AB:
            alarm.melde(verbindung, alarm.KANAL_GESTOERT, gegenstand, diagnose.code, diagnose.hinweis)


def _erhole(betrieb: Betrieb, kanal: str) -> None:
    with betrieb.store.transaktion("kanal_geht") as verbindung:
        _setze(verbindung, kanal, angehalten_seit=None, naechste_probe=None, fehler_in_folge=0, code="", hinweis="")
        anlaesse = alarm.KANAL_STEHT, alarm.KANAL_GESTOERT, alarm.SICHERHEIT, alarm.KEIN_ABRUF
        alarm.behebe(verbindung, alarm.des_kanals(kanal), anlaesse)
    log.info("kanal_geht", kanal=kanal)


def _sperre(verbindung: sa.Connection, kanal: str) -> Any:
    fuege_neu_ein(verbindung, kanalstand, kanal=kanal)
    return verbindung.execute(sa.select(kanalstand).where(kanalstand.c.kanal == kanal).with_for_update()).one()


def _setze(verbindung: sa.Connection, kanal: str, **werte: Any) -> None:
    verbindung.execute(kanalstand.update().where(kanalstand.c.kanal == kanal).values(**werte))
