"""The watch that raises and ends the alarms nobody raises at the moment it happens: what lasts too long, what is near.

Each cause has one function that says what should be open now; :func:`gleiche_ab` opens what is missing and closes what
is over, so any node may look at any time and nothing has to be remembered. What concerns the installation is looked
at by one node a minute, what concerns a machine by that machine. A look that fails leaves its alarms as they are.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa
import structlog

from fachwerk import alarm, alarmgruende, alarmumfeld, meldung, pausen
from fachwerk.alarmgruende import Anzeige
from fachwerk.datenbank import datenbankzeit, fuege_neu_ein
from fachwerk.errors import FachwerkError
from fachwerk.modell import Schwere, utc
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import knoten, wachgang

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.modell import Befund, Kanal
    from fachwerk.store import Store

log = structlog.get_logger("fachwerk.alarmwache")

TAKT_S = 60
"""Seconds between two looks of a service."""

GANG = "alarme"
"""Name of the look in ``wachgang``."""

_FRUEHESTENS = timedelta(seconds=50)
_UHR_FALSCH = timedelta(minutes=5)
"""A look so far in the future was noted by a clock that was wrong; it bars nobody."""
_KNOTEN_WEG = timedelta(days=1)
_UHR_TAEGLICH = timedelta(days=1)
_UHR_WIEDER = timedelta(hours=1)

FEHLER = frozenset({Schwere.FEHLER, Schwere.SPERRE})
"""After such a finding a ``check`` did not get so far as to look at the clock."""

Grund = Callable[["Betrieb", datetime], Iterable[Anzeige]]


class EigenerGrund(Protocol):
    """The same about the machine ``rechner``."""

    def __call__(self, betrieb: Betrieb, jetzt: datetime, rechner: str) -> Iterable[Anzeige]: ...


GEMEINSAME: Mapping[str, Grund] = {
    alarm.KEIN_ABRUF: alarmgruende.ohne_abruf,
    alarm.POSTFACH: alarmgruende.unbestaetigt,
    alarm.GEHALTEN: alarmgruende.zu_lange_gehalten,
    alarm.DRINGEND: alarmgruende.noch_dringend,
    alarm.FRIST: alarmgruende.frist_nah,
    alarm.MONATSENDE: alarmgruende.monatsende,
    alarm.ROUTENFRIST: alarmgruende.routenfrist,
    alarm.KNOTEN_STILL: alarmgruende.stille_knoten,
    alarm.ZERTIFIKAT: alarmgruende.zertifikat,
    alarm.AUDIT: alarmgruende.audit,
    alarm.VERSAND: meldung.stockt,
}
"""What one node looks at for all."""

EIGENE: Mapping[str, EigenerGrund] = {
    alarm.UHR: alarmumfeld.uhr,
    alarm.PLATZ: alarmumfeld.platz,
}
"""What each machine looks at for itself."""


def gehe(betrieb: Betrieb) -> bool:
    """One look; True if this process looked for all, and not only at its own machine."""
    with betrieb.store.lesend() as verbindung:
        jetzt = datenbankzeit(verbindung)
    rechner = rechnername(betrieb)
    for anlass, eigener in EIGENE.items():
        gleiche_ab(betrieb, anlass, partial(eigener, rechner=rechner), jetzt, alarm.des_rechners(rechner))
    if not nimm_gang(betrieb.store, GANG, jetzt):
        return False
    for anlass, grund in GEMEINSAME.items():
        gleiche_ab(betrieb, anlass, grund, jetzt)
    _vergiss_rechner(betrieb.store, rechner, jetzt)
    vergleiche_uhr(betrieb, jetzt)
    meldung.plane(betrieb, jetzt)
    meldung.versende(betrieb, jetzt)
    return True


def rechnername(betrieb: Betrieb) -> str:
    """What alarms call this machine."""
    return betrieb.einstellungen.fachwerk.knoten or socket.gethostname()


def nimm_gang(store: Store, name: str, jetzt: datetime, abstand: timedelta = _FRUEHESTENS) -> bool:
    """Whether it is this process's turn; at most once in ``abstand``, whichever process asks."""
    neu = {"beginn": jetzt, "prozess": store.prozess}
    with store.transaktion("wachgang") as verbindung:
        if fuege_neu_ein(verbindung, wachgang, name=name, **neu):
            return True
        w = wachgang.c
        dran = sa.or_(w.beginn <= jetzt - abstand, w.beginn > jetzt + _UHR_FALSCH)
        return bool(verbindung.execute(wachgang.update().where(w.name == name, dran).values(**neu)).rowcount)


def gleiche_ab(betrieb: Betrieb, anlass: str, grund: Grund, jetzt: datetime, nur: str = "") -> None:
    """Open, reword and close alarms until they are what ``grund`` says; only those whose subject begins with ``nur``.

    Only changes are written. If ``grund`` cannot say, everything stays as it is.
    """
    try:
        soll = {anzeige.gegenstand: anzeige for anzeige in grund(betrieb, jetzt)}
        with betrieb.store.lesend() as verbindung:
            ist = _offene(verbindung, anlass, nur)
    except Exception as fehler:
        log.warning("wache_gescheitert", anlass=anlass, klasse=type(fehler).__name__)
        return
    neue = [anzeige for gegenstand, anzeige in soll.items() if gegenstand not in ist]
    andere = [anzeige for gegenstand, anzeige in soll.items() if ist.get(gegenstand, anzeige.text) != anzeige.text]
    vorbei = sorted(set(ist) - set(soll))
    if neue or andere or vorbei:
        with betrieb.store.transaktion("alarmwache") as verbindung:
            _schreibe(verbindung, anlass, neue, andere, vorbei)


def vergleiche_uhr(betrieb: Betrieb, jetzt: datetime) -> None:
    """Ask the counterpart of one Kanal what time it is, each Kanal once a day, while it differs once an hour.

    That is what the plugin's own ``check`` says, with a code that ends in ``uhr_abweichung``; where it cannot be asked
    (the Kanal is stopped, paused, or fails) nothing is known and nothing changes.
    """
    for name, kanal in betrieb.kanaele.items():
        gegenstand = alarm.des_kanals(name)
        with betrieb.store.lesend() as verbindung:
            offen = alarm.ist_offen(verbindung, alarm.UHR, gegenstand)
            steht = alarm.ist_offen(verbindung, alarm.KANAL_STEHT, gegenstand)
        if steht or pausen.ist_pausiert(betrieb.store, gegenstand) or not betrieb.plugins.hat(kanal.plugin, "check"):
            continue
        if nimm_gang(betrieb.store, f"uhr:{name}", jetzt, _UHR_WIEDER if offen else _UHR_TAEGLICH):
            _vergleiche_uhr(betrieb, kanal, offen)
            return


def _vergleiche_uhr(betrieb: Betrieb, kanal: Kanal, offen: bool) -> None:
    wirt = betrieb.wirt(kanal.plugin)
    try:
        befunde: list[Befund] = betrieb.plugins.rufe(kanal.plugin, "check", kanal_oder_ziel=kanal, host=wirt)
    except FachwerkError as fehler:
        log.info("uhr_nicht_verglichen", kanal=kanal.name, code=fehler.code)
        return
    falsch = [befund for befund in befunde if befund.code.endswith("uhr_abweichung")]
    gegenstand = alarm.des_kanals(kanal.name)
    if bool(falsch) == offen or (not falsch and any(befund.schwere in FEHLER for befund in befunde)):
        return
    with betrieb.store.transaktion("alarmwache") as verbindung:
        if falsch:
            alarm.melde(verbindung, alarm.UHR, gegenstand, falsch[0].code, falsch[0].text)
        else:
            alarm.behebe(verbindung, gegenstand, (alarm.UHR,))


def melde_bilanz(verbindung: sa.Connection, tag: str, fehlbetrag: int) -> None:
    """The balance of ``tag`` (ISO date) misses ``fehlbetrag`` cases; 0 ends the alarm about that day."""
    gegenstand = f"bilanz:{tag}"
    if not fehlbetrag:
        alarm.behebe(verbindung, gegenstand, (alarm.BILANZ,))
        return
    wie_viele = "Ein Vorgang ist" if fehlbetrag == 1 else f"{fehlbetrag} Vorgänge sind"
    hinweis = f"{wie_viele} in der Bilanz dieses Tages nicht nachgewiesen. „fachwerk bilanz“ sagt, welche."
    if alarm.ist_offen(verbindung, alarm.BILANZ, gegenstand):
        alarm.praezisiere(verbindung, alarm.BILANZ, gegenstand, "bilanz_luecke", hinweis)
    else:
        alarm.melde(verbindung, alarm.BILANZ, gegenstand, "bilanz_luecke", hinweis)


def _offene(verbindung: sa.Connection, anlass: str, nur: str) -> dict[str, tuple[str, str]]:
    a = alarme.c
    frage = sa.select(a.gegenstand, a.code, a.hinweis).where(a.anlass == anlass, a.behoben.is_(None))
    zeilen = verbindung.execute(frage)
    return {
        z.gegenstand: (z.code, z.hinweis) for z in zeilen if f"{z.gegenstand}:".startswith(f"{nur}:" if nur else "")
    }


def _schreibe(
    verbindung: sa.Connection, anlass: str, neue: list[Anzeige], andere: list[Anzeige], vorbei: list[str]
) -> None:
    for anzeige in neue:
        alarm.melde(verbindung, anlass, anzeige.gegenstand, anzeige.code, anzeige.hinweis)
    for anzeige in andere:
        alarm.praezisiere(verbindung, anlass, anzeige.gegenstand, anzeige.code, anzeige.hinweis)
    for gegenstand in vorbei:
        alarm.behebe(verbindung, gegenstand, (anlass,))


def _vergiss_rechner(store: Store, eigener: str, jetzt: datetime) -> None:
    """Close what machines reported that do not work here any more: nobody else can."""
    with store.lesend() as verbindung:
        zeilen = verbindung.execute(sa.select(knoten.c.platz, knoten.c.herzschlag))
        lebende = {z.platz.rpartition("-")[0] for z in zeilen if jetzt - utc(z.herzschlag) < _KNOTEN_WEG} | {eigener}
    for zeile in alarm.offene(store):
        art, _, rest = zeile.gegenstand.partition(":")
        if art == "rechner" and rest.partition(":")[0] not in lebende:
            with store.transaktion("alarmwache") as verbindung:
                alarm.behebe(verbindung, zeile.gegenstand)


def letzter_gang(verbindung: sa.Connection) -> datetime | None:
    """When somebody last looked for all; None: never."""
    frage = sa.select(wachgang.c.beginn).where(wachgang.c.name == GANG)
    beginn = verbindung.execute(frage).scalar_one_or_none()
    return None if beginn is None else utc(beginn).astimezone(UTC)
