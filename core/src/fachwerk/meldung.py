"""Telling people about alarms: what opened, what became worse, what is over; once per way, however often nodes die.

Per way (mail, webhook) the table ``gesagt`` holds what its receivers believe to be open. :func:`plane` compares that
with the open alarms and writes one message with all differences, in one commit with the new belief. :func:`versende`
sends it, and repeats until it succeeded; there is no next message of that way before. So the receivers hear of
everything that lasts, in order, and of nothing twice; what came and went in between is history they need not read.

The one repeat that cannot be excluded, a process that dies between the receiver's yes and our note of it, carries the
same id (``Message-ID``, ``Idempotency-Key``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from fachwerk import alarm, meldewege
from fachwerk.alarmgruende import Anzeige, zeile_als_text
from fachwerk.datenbank import fuege_neu_ein
from fachwerk.errors import FachwerkError
from fachwerk.modell import utc
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import gesagt, meldung, wachgang

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

log = structlog.get_logger("fachwerk.meldung")

RUHE = timedelta(minutes=5)
"""An alarm is over for its receivers when it has been over for so long: what flickers is one alarm."""

STOCKT_NACH = timedelta(minutes=30)
"""A message that could not be sent for so long is an alarm itself, for the other way, ``check`` and the console."""

VERSCHAERFT = frozenset({alarm.ZERTIFIKAT, alarm.FRIST, alarm.ROUTENFRIST, alarm.POSTFACH})
"""Causes with steps: another code is said again."""

IN_ARBEIT = timedelta(minutes=3)
"""An attempt that has not ended by then was that of a process that died."""

BEHALTEN = timedelta(days=30)
ERSTE_PAUSE = timedelta(minutes=1)
LAENGSTE_PAUSE = timedelta(hours=1)

Eintrag = dict[str, str]


def plane(betrieb: Betrieb, jetzt: datetime) -> None:
    """Write the message each way is due; a way that is not configured (any more) forgets what it was told."""
    wege = meldewege.wege(betrieb.einstellungen)
    for weg in meldewege.ALLE:
        with betrieb.store.transaktion("meldung_geplant") as verbindung:
            _sperre(verbindung, jetzt, betrieb.store.prozess)
            if weg in wege:
                _plane(verbindung, weg, jetzt)
            else:
                _vergiss(verbindung, weg)
            verbindung.execute(meldung.delete().where(meldung.c.gesendet < jetzt - BEHALTEN))


def _sperre(verbindung: sa.Connection, jetzt: datetime, prozess: str) -> None:
    """One planner at a time: a node whose look took long must not overlap with the next one's."""
    fuege_neu_ein(verbindung, wachgang, name="meldungen", beginn=jetzt, prozess=prozess)
    verbindung.execute(sa.select(wachgang).where(wachgang.c.name == "meldungen").with_for_update())


def _plane(verbindung: sa.Connection, weg: str, jetzt: datetime) -> None:
    m = meldung.c
    if verbindung.execute(sa.select(m.id).where(m.weg == weg, m.gesendet.is_(None))).first() is not None:
        return
    offene = alarm.lies_offene(verbindung)
    gesagte = list(verbindung.execute(sa.select(gesagt).where(gesagt.c.weg == weg)))
    eintraege = list(_neue(offene, gesagte)) + list(_vorbei(verbindung, offene, gesagte, jetzt))
    if eintraege:
        for eintrag in eintraege:
            _merke(verbindung, weg, eintrag, jetzt)
        inhalt = json.dumps(eintraege, ensure_ascii=False)
        werte = {"weg": weg, "kennung": uuid.uuid4().hex, "inhalt": inhalt, "angelegt": jetzt, "naechster": jetzt}
        verbindung.execute(meldung.insert().values(versuche=0, code="", **werte))


def _neue(offene: Sequence[Any], gesagte: Sequence[Any]) -> Iterator[Eintrag]:
    """What is open and was not said, or not in this severity."""
    bekannte = {(zeile.anlass, zeile.gegenstand): zeile.code for zeile in gesagte}
    for zeile in offene:
        code = bekannte.get((zeile.anlass, zeile.gegenstand))
        if code is None or (zeile.anlass in VERSCHAERFT and code != zeile.code):
            yield {"art": "neu" if code is None else "geaendert", **zeile_als_text(zeile)}


def _vorbei(
    verbindung: sa.Connection, offene: Sequence[Any], gesagte: Sequence[Any], jetzt: datetime
) -> Iterator[Eintrag]:
    """What was said and has not been open for a while."""
    noch = {(zeile.anlass, zeile.gegenstand) for zeile in offene}
    a = alarme.c
    for zeile in gesagte:
        if (zeile.anlass, zeile.gegenstand) in noch:
            continue
        hier = a.anlass == zeile.anlass, a.gegenstand == zeile.gegenstand
        letzter = verbindung.execute(sa.select(alarme).where(*hier).order_by(a.id.desc()).limit(1)).one_or_none()
        if letzter is None:
            verbindung.execute(gesagt.delete().where(*_hier(zeile.weg, zeile.anlass, zeile.gegenstand)))
        elif not timedelta(0) <= jetzt - utc(letzter.behoben) < RUHE:
            yield {"art": "behoben", **zeile_als_text(letzter), "behoben": utc(letzter.behoben).isoformat()}


def _merke(verbindung: sa.Connection, weg: str, eintrag: Eintrag, jetzt: datetime) -> None:
    """From now on the receivers believe this."""
    verbindung.execute(gesagt.delete().where(*_hier(weg, eintrag["anlass"], eintrag["gegenstand"])))
    if eintrag["art"] != "behoben":
        werte = {"anlass": eintrag["anlass"], "gegenstand": eintrag["gegenstand"], "code": eintrag["code"]}
        verbindung.execute(gesagt.insert().values(weg=weg, seit=jetzt, **werte))


def _hier(weg: str, anlass: str, gegenstand: str) -> tuple[sa.ColumnElement[bool], ...]:
    return gesagt.c.weg == weg, gesagt.c.anlass == anlass, gesagt.c.gegenstand == gegenstand


def _vergiss(verbindung: sa.Connection, weg: str) -> None:
    verbindung.execute(gesagt.delete().where(gesagt.c.weg == weg))
    verbindung.execute(meldung.delete().where(meldung.c.weg == weg, meldung.c.gesendet.is_(None)))


# -- sending ----------------------------------------------------------------------------------------------------------


def versende(betrieb: Betrieb, jetzt: datetime) -> int:
    """Send what is due on every way; returns how many messages were accepted."""
    return sum(_versende(betrieb, weg, jetzt) for weg in meldewege.wege(betrieb.einstellungen))


def _versende(betrieb: Betrieb, weg: str, jetzt: datetime) -> bool:
    zeile = _nimm(betrieb, weg, jetzt)
    if zeile is None:
        return False
    try:
        meldewege.sende(betrieb.einstellungen, weg, zeile.kennung, zeile.angelegt, json.loads(zeile.inhalt))
    except FachwerkError as fehler:
        pause = min(ERSTE_PAUSE * 2 ** min(zeile.versuche - 1, 10), LAENGSTE_PAUSE)
        _schreibe(betrieb, zeile.id, {"code": fehler.code, "naechster": jetzt + pause})
        log.warning("meldung_fehlgeschlagen", weg=weg, meldung=zeile.kennung, code=fehler.code)
        return False
    _schreibe(betrieb, zeile.id, {"code": "", "naechster": None, "gesendet": jetzt})
    log.info("meldung_gesendet", weg=weg, meldung=zeile.kennung)
    return True


def _nimm(betrieb: Betrieb, weg: str, jetzt: datetime) -> Any:
    """The message of this way that is due, taken by this process for a while; None if there is none."""
    m = meldung.c
    faellig = m.weg == weg, m.gesendet.is_(None), m.naechster <= jetzt
    with betrieb.store.transaktion("meldung_versuch") as verbindung:
        genommen = meldung.update().where(*faellig).values(versuche=m.versuche + 1, naechster=jetzt + IN_ARBEIT)
        return verbindung.execute(genommen.returning(*meldung.c)).one_or_none()


def _schreibe(betrieb: Betrieb, nummer: int, werte: Mapping[str, Any]) -> None:
    with betrieb.store.transaktion("meldung_ergebnis") as verbindung:
        hier = meldung.c.id == nummer, meldung.c.gesendet.is_(None)
        verbindung.execute(meldung.update().where(*hier).values(**werte))


# -- when it does not work --------------------------------------------------------------------------------------------


def stockt(betrieb: Betrieb, jetzt: datetime) -> list[Anzeige]:
    """One finding per way whose message waits for too long."""
    with betrieb.store.lesend() as verbindung:
        return list(stockende(verbindung, jetzt))


def stockende(verbindung: sa.Connection, jetzt: datetime) -> Iterator[Anzeige]:
    """The same on a connection."""
    m = meldung.c
    frage = sa.select(meldung).where(m.gesendet.is_(None), m.angelegt <= jetzt - STOCKT_NACH).order_by(m.weg)
    for zeile in verbindung.execute(frage):
        text = (
            f"Alarme lassen sich nicht melden ({meldewege.WORT[zeile.weg]}): {zeile.code or 'kein Versuch'}. Bitte "
            "[alarm] prüfen; „fachwerk alarm test“ sagt, woran es liegt. Was offen ist, zeigt „fachwerk alarm list“."
        )
        yield Anzeige(f"meldeweg:{zeile.weg}", "versand_stockt", text)
