"""Alarms: what somebody has to look at, once per cause, from its first sign until the all-clear.

There is one open alarm per cause and subject; a repeat only counts. A closed one stays, as history. Alarms are seen
in ``fachwerk check``, ``fachwerk alarm list``, the console and the log, and :mod:`fachwerk.meldung` tells people. They
hold codes and hints, never content. What nobody raises at the moment it happens, :mod:`fachwerk.alarmwache` looks for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk.datenbank import fuege_neu_ein
from fachwerk.tabellen import alarm, vorgang

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.errors import FachwerkError
    from fachwerk.store import Store

log = structlog.get_logger("fachwerk.alarm")

KANAL_STEHT = "kanal_steht"
"""A Kanal is stopped: its account, its certificate or its configuration needs a person."""
KANAL_GESTOERT = "kanal_gestoert"
"""Several polls in a row did not succeed; they go on."""
KREIS_OFFEN = "kreis_offen"
"""A Ziel is paused; its cases wait."""
SICHERHEIT = "sicherheit"
"""The transport or the target reported something for the IT security, such as malware in a Sendung."""
DIENST = "dienst"
"""A Ziel may not be used for a service; each case that needs it is held."""
QUITTUNG_FEHLT = "quittung_fehlt"
"""What was expected of a delivery did not come in time: the hand-over, or a receipt after it."""
AUFBEWAHRUNG = "aufbewahrung"
"""What should be deleted outside of the database still lies there, a day after it was due."""

KEIN_ABRUF = "kein_abruf"
"""No poll of a Kanal has gone well for too long, for whatever reason."""
POSTFACH = "postfach"
"""What is stored here is not closed in the mailbox for days."""
GEHALTEN = "zu_lange_gehalten"
"""A case is held for longer than it should be."""
FRIST = "frist"
"""The deadline of an unfinished case, such as that of an eviction, is near or over."""
MONATSENDE = "monatsende"
"""The month ends, or has ended, with unfinished applications of it: the first of the month is money."""
ZERTIFIKAT = "zertifikat"
"""A certificate of ours ends soon."""
ROUTENFRIST = "routenfrist"
"""The last day of a pause or leave of a Route is near or over."""
KNOTEN_STILL = "knoten_still"
"""A node was not heard of for minutes and did not say goodbye: the others work, but one fewer."""
UHR = "uhr"
"""The clock of a machine is wrong."""
PLATZ = "platz"
"""A volume Fachwerk writes to is nearly full, or gone."""
AUDIT = "audit"
"""The heads of the audit chains could not leave the database."""
VERSAND = "versand"
"""A message about alarms cannot be sent."""
BILANZ = "bilanz"
"""What came in and what went out do not agree."""

SICHERUNG = "sicherung"
"""The daily backup failed; also its subject."""

SPIEGEL = "spiegel"
"""The mirror as the subject of an alarm."""

DRINGEND = "dringend_gehalten"
"""Somebody must act today, and the case is held: no waiting for a threshold."""

WORT: Mapping[str, str] = {
    KANAL_STEHT: "Angehalten",
    KANAL_GESTOERT: "Gestört",
    KREIS_OFFEN: "Ruht",
    SICHERHEIT: "Sicherheitsmeldung",
    DIENST: "Dienst nicht freigeschaltet",
    QUITTUNG_FEHLT: "Quittung fehlt",
    AUFBEWAHRUNG: "Löschen gelingt nicht",
    DRINGEND: "Dringend gehalten",
    KEIN_ABRUF: "Kein Abruf",
    POSTFACH: "Postfach nicht geschlossen",
    GEHALTEN: "Zu lange gehalten",
    FRIST: "Frist",
    MONATSENDE: "Monatsende",
    ZERTIFIKAT: "Zertifikat",
    ROUTENFRIST: "Frist einer Route",
    KNOTEN_STILL: "Knoten still",
    UHR: "Uhr",
    PLATZ: "Speicherplatz",
    AUDIT: "Prüfkette",
    VERSAND: "Versand der Alarme",
    BILANZ: "Bilanz",
    SICHERUNG: "Sicherung fehlgeschlagen",
}
"""The causes for people."""


_BEHOBEN = (
    alarm.update()
    .where(alarm.c.gegenstand == sa.bindparam("von"), alarm.c.behoben.is_(None))
    .values(behoben=sa.bindparam("jetzt", type_=alarm.c.behoben.type))
    .returning(alarm.c.anlass, alarm.c.code)
)
_BEHOBEN_DAVON = _BEHOBEN.where(alarm.c.anlass.in_(sa.bindparam("anlaesse", expanding=True)))


def melde(verbindung: sa.Connection, anlass: str, gegenstand: str, code: str, hinweis: str) -> None:
    """Open an alarm, or count a repeat of the open one; the newest code and hint hold."""
    jetzt = datetime.now(UTC)
    werte = {"code": code, "hinweis": hinweis, "zuletzt": jetzt}
    if fuege_neu_ein(verbindung, alarm, anlass=anlass, gegenstand=gegenstand, seit=jetzt, anzahl=1, **werte):
        log.error("alarm", anlass=anlass, gegenstand=gegenstand, code=code)
        return
    offen = alarm.update().where(*_offen([anlass], gegenstand))
    verbindung.execute(offen.values(anzahl=alarm.c.anzahl + 1, **werte))


def praezisiere(verbindung: sa.Connection, anlass: str, gegenstand: str, code: str, hinweis: str) -> None:
    """Say the same open alarm in better words; no repeat."""
    verbindung.execute(alarm.update().where(*_offen([anlass], gegenstand)).values(code=code, hinweis=hinweis))


def melde_fehler(verbindung: sa.Connection, fehler: FachwerkError, vorgang_id: str, ziel: str) -> None:
    """The alarm a plugin asks for with ``details["alarm"]``: ``sicherheit`` for the case, ``dienst`` for the Ziel."""
    gegenstand = {SICHERHEIT: des_vorgangs(vorgang_id), DIENST: des_ziels(ziel)}
    anlass = fehler.details.get("alarm", "")
    if anlass in gegenstand:
        melde(verbindung, anlass, gegenstand[anlass], fehler.code, fehler.hint)


def melde_dringend(verbindung: sa.Connection, vorgang_id: str, code: str, hinweis: str) -> None:
    """At once, where a case that cannot wait is held."""
    dringlichkeit = sa.select(vorgang.c.dringlichkeit).where(vorgang.c.id == vorgang_id)
    if verbindung.execute(dringlichkeit).scalar_one_or_none() == "sofort":
        melde(verbindung, DRINGEND, des_vorgangs(vorgang_id), code, hinweis)


def behebe(verbindung: sa.Connection, gegenstand: str, anlaesse: Collection[str] = ()) -> None:
    """Close the open alarms of ``gegenstand``, those of ``anlaesse`` only if any are named."""
    werte: dict[str, Any] = {"von": gegenstand, "jetzt": datetime.now(UTC)}
    if anlaesse:
        werte["anlaesse"] = list(anlaesse)
    for zeile in verbindung.execute(_BEHOBEN_DAVON if anlaesse else _BEHOBEN, werte):
        log.info("alarm_behoben", anlass=zeile.anlass, gegenstand=gegenstand, code=zeile.code)


def behebe_verschwundene(betrieb: Betrieb) -> None:
    """Close the alarms of Kanäle and Ziele that are not configured any more."""
    gibt_es = {*map(des_kanals, betrieb.kanaele), *map(des_ziels, betrieb.ziele)}
    stellen = des_kanals(""), des_ziels("")
    for gegenstand in sorted({zeile.gegenstand for zeile in offene(betrieb.store)} - gibt_es):
        if gegenstand.startswith(stellen):
            with betrieb.store.transaktion("alarm") as verbindung:
                behebe(verbindung, gegenstand)


def ist_offen(verbindung: sa.Connection, anlass: str, gegenstand: str) -> bool:
    """Whether there is such an open alarm."""
    return verbindung.execute(sa.select(alarm.c.id).where(*_offen([anlass], gegenstand))).first() is not None


def offene(store: Store) -> list[Any]:
    """The rows of all open alarms, oldest first."""
    with store.lesend() as verbindung:
        return lies_offene(verbindung)


def lies_offene(verbindung: sa.Connection) -> list[Any]:
    """The same on a connection; sorted here, because a database that sorts would rather read all of the history."""
    zeilen = verbindung.execute(sa.select(alarm).where(alarm.c.behoben.is_(None)))
    return sorted(zeilen, key=lambda zeile: int(zeile.id))


def des_kanals(name: str) -> str:
    """How alarms call a Kanal."""
    return f"kanal:{name}"


def des_ziels(name: str) -> str:
    """How alarms call a Ziel."""
    return f"ziel:{name}"


def des_vorgangs(vorgang_id: str) -> str:
    """How alarms call a case."""
    return f"vorgang:{vorgang_id}"


def der_zustellung(vorgang_id: str, ziel: str) -> str:
    """How alarms call what became of a case at one Ziel."""
    return f"{des_vorgangs(vorgang_id)}:{ziel}"


def des_rechners(name: str, was: str = "") -> str:
    """How alarms call a machine, or something of it."""
    return f"rechner:{name}:{was}" if was else f"rechner:{name}"


def des_knotens(name: str) -> str:
    """How alarms call a node, of which others report."""
    return f"knoten:{name}"


def teile_der_zustellung(gegenstand: str) -> tuple[str, str] | None:
    """Case and Ziel of such a name, None for any other."""
    art, _, rest = gegenstand.partition(":")
    vorgang_id, trenner, ziel = rest.partition(":")
    return (vorgang_id, ziel) if art == "vorgang" and trenner else None


def _offen(anlaesse: Collection[str], gegenstand: str) -> tuple[sa.ColumnElement[bool], ...]:
    bedingung = (alarm.c.gegenstand == gegenstand, alarm.c.behoben.is_(None))
    return (*bedingung, alarm.c.anlass.in_(anlaesse)) if anlaesse else bedingung
