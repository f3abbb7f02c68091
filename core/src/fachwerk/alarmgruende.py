"""Why there should be an alarm right now, one function per cause. Each only reads, along indexes, at most 500 findings.

Hints hold what a person has to do, codes and counts; never a deadline or any other content of a case.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import alarm, pausen
from fachwerk.anbindung.frist import ORTSZEIT, heute
from fachwerk.lage import letzter_abruf, zeit_text
from fachwerk.modell import Dringlichkeit, GehaltenFuer, Vorgangstand, utc
from fachwerk.store import UNFERTIG
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import eingang, kanal_lauf, knoten, vorgang

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.settings import KanalEinstellungen

HOECHSTENS = 500
"""So many alarms of one cause are opened; a flood tells no more than its first wave."""

WERKTAGE_VOR_MONATSENDE = 3
"""From the third-last weekday of a month on its unfinished applications are reported (holidays are not known here)."""

KNOTEN_STILL = timedelta(minutes=5)
"""A restart, or an update of the machine, takes no longer."""
KNOTEN_VERGESSEN = timedelta(days=7)
"""A node that does not come back by then is not expected any more."""

KARENZ = timedelta(hours=1)
"""What has just come is still on its way."""


@dataclass(frozen=True)
class Anzeige:
    """What should be reported: about what, with which code, and what a person has to do."""

    gegenstand: str
    code: str
    hinweis: str

    @property
    def text(self) -> tuple[str, str]:
        """What may change while the alarm stays the same."""
        return self.code, self.hinweis


# -- mailboxes --------------------------------------------------------------------------------------------------------


def ohne_abruf(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Kanäle that are not paused by hand and were not polled successfully in time."""
    for name, angaben in betrieb.einstellungen.kanal.items():
        if pausen.ist_pausiert(betrieb.store, alarm.des_kanals(name)):
            continue
        seit, gelungen = _zuletzt(betrieb, name)
        if seit is not None and jetzt >= spaetestens(angaben, seit, betrieb.einstellungen.alarm.ohne_abholung_minuten):
            was = f"Seit {zeit_text(seit)} gelang kein Abruf" if gelungen else "Bisher gelang kein Abruf"
            rat = "„fachwerk kanal list“ sagt, woran es liegt; was nicht abgerufen wird, liegt im Postfach."
            yield Anzeige(alarm.des_kanals(name), "kein_abruf", f"{was}. {rat}")


def _zuletzt(betrieb: Betrieb, kanal: str) -> tuple[datetime | None, bool]:
    """When a poll last went well, else when the first was begun; and which of both it is."""
    lauf = kanal_lauf.c
    with betrieb.store.lesend() as verbindung:
        gelungen = verbindung.execute(letzter_abruf(kanal)).scalar_one_or_none()
        if gelungen is not None:
            return utc(gelungen), True
        erster = verbindung.execute(sa.select(sa.func.min(lauf.beginn)).where(lauf.kanal == kanal)).scalar_one_or_none()
    return (None if erster is None else utc(erster)), False


def spaetestens(angaben: KanalEinstellungen, seit: datetime, minuten: int) -> datetime:
    """When the next success should have come at the latest: nobody expects one outside of the times of a ``cron``."""
    if not angaben.cron:
        return seit + max(timedelta(minutes=minuten), 2 * timedelta(seconds=angaben.takt_s))
    from fachwerk.polling import cron_ausloeser

    naechster: datetime | None = cron_ausloeser(angaben.cron).get_next_fire_time(None, seit + timedelta(seconds=1))
    return (naechster or seit).astimezone(UTC) + timedelta(minutes=minuten)


def unbestaetigt(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Kanäle whose mailbox was not told for days that a message is stored here."""
    e, angaben = eingang.c, betrieb.einstellungen.alarm
    frage = sa.select(e.kanal, sa.func.min(e.empfangen)).where(e.bestaetigt.is_(None)).group_by(e.kanal)
    with betrieb.store.lesend() as verbindung:
        aelteste = [(kanal, utc(seit)) for kanal, seit in verbindung.execute(frage)]
    for kanal, seit in aelteste:
        tage = (jetzt - seit).days
        if tage >= angaben.postfach_warnung_tage and kanal in betrieb.kanaele:
            code = "postfach_kritisch" if tage >= angaben.postfach_kritisch_tage else "postfach_warnung"
            text = (
                f"Seit {zeit_text(seit)} ist mindestens eine Nachricht hier gespeichert, im Postfach aber nicht "
                "geschlossen. Bei jedem Abruf wird es wieder versucht; den Betreiber des Postfachs fragen."
            )
            yield Anzeige(alarm.des_kanals(kanal), code, text)


# -- cases ------------------------------------------------------------------------------------------------------------


def zu_lange_gehalten(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Cases held for longer than ``gehalten_stunden``, for the Sachbearbeitung ``[klaerung].alarm_stunden``."""
    v, angaben = vorgang.c, betrieb.einstellungen
    amt = jetzt - timedelta(hours=angaben.klaerung.alarm_stunden)
    andere = jetzt - timedelta(hours=angaben.alarm.gehalten_stunden)
    fuers_amt = v.gehalten_fuer == GehaltenFuer.SACHBEARBEITUNG.value
    zu_lange = sa.or_(sa.and_(fuers_amt, v.gehalten_seit <= amt), sa.and_(~fuers_amt, v.gehalten_seit <= andere))
    frage = sa.select(v.id, v.grund, v.gehalten_fuer, v.gehalten_seit).where(
        v.gehalten_seit <= max(amt, andere), zu_lange, v.status == Vorgangstand.HELD.value, v.test.is_(False)
    )
    with betrieb.store.lesend() as verbindung:
        zeilen = list(verbindung.execute(frage.order_by(v.gehalten_seit).limit(HOECHSTENS)))
    for zeile in zeilen:
        text = (
            f"Seit {zeit_text(zeile.gehalten_seit)} gehalten für {_fuer_wen(zeile.gehalten_fuer)} ({zeile.grund}). "
            "„fachwerk vorgang show“ sagt, was zu tun ist; der Antrag ist eingegangen, auch wenn er hier liegt."
        )
        yield Anzeige(alarm.des_vorgangs(zeile.id), "gehalten", text)


def _fuer_wen(wort: str) -> str:
    return {"sachbearbeitung": "die Sachbearbeitung", "betrieb": "den Betrieb", "technik": "die Technik"}.get(
        wort, wort
    )


def noch_dringend(betrieb: Betrieb, _jetzt: datetime) -> Iterator[Anzeige]:
    """Of the urgent cases reported at once, those that are still held: the others got on without a person."""
    offen = alarme.c.anlass == alarm.DRINGEND, alarme.c.behoben.is_(None)
    with betrieb.store.lesend() as verbindung:
        zeilen = list(verbindung.execute(sa.select(alarme).where(*offen)))
        ids = [zeile.gegenstand.removeprefix(alarm.des_vorgangs("")) for zeile in zeilen]
        gehalten = vorgang.c.status == Vorgangstand.HELD.value
        noch = set(verbindung.execute(sa.select(vorgang.c.id).where(vorgang.c.id.in_(ids), gehalten)).scalars())
    for zeile in zeilen:
        if zeile.gegenstand.removeprefix(alarm.des_vorgangs("")) in noch:
            yield Anzeige(zeile.gegenstand, zeile.code, zeile.hinweis)


def frist_nah(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Unfinished cases whose deadline is at most ``frist_tage`` away, or over. The date itself is content."""
    v, tag = vorgang.c, heute(jetzt)
    bis = tag + timedelta(days=betrieb.einstellungen.alarm.frist_tage)
    alle = [eine.value for eine in Dringlichkeit]
    frage = sa.select(v.id, v.frist).where(
        v.dringlichkeit.in_(alle), v.status.in_(UNFERTIG), v.frist <= bis, v.test.is_(False)
    )
    with betrieb.store.lesend() as verbindung:
        zeilen = list(verbindung.execute(frage.order_by(v.frist).limit(HOECHSTENS)))
    for zeile in zeilen:
        vorbei = zeile.frist < tag
        was = "Die Frist dieses Vorgangs ist vorbei" if vorbei else "Die Frist dieses Vorgangs (Räumung) ist nah"
        text = f"{was}, und er ist nicht übergeben. Bitte sofort nachsehen: „fachwerk vorgang show“."
        yield Anzeige(alarm.des_vorgangs(zeile.id), "frist_vorbei" if vorbei else "frist_nah", text)


def monatsende(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Kanäle with unfinished applications of a month that ends or has ended (SGB II § 37 Abs. 2)."""
    v = vorgang.c
    frage = sa.select(v.kanal, sa.func.count(), sa.func.min(v.angelegt)).where(
        v.status.in_(UNFERTIG), v.angelegt < faellig_vor(jetzt), v.test.is_(False), ~v.leistung.in_(_ohne_geld())
    )
    with betrieb.store.lesend() as verbindung:
        zeilen = list(verbindung.execute(frage.group_by(v.kanal)))
    for kanal, anzahl, seit in zeilen:
        if kanal in betrieb.kanaele:
            yield Anzeige(alarm.des_kanals(kanal), "monatsende", _zum_monatsende(int(anzahl), utc(seit)))


def _zum_monatsende(anzahl: int, seit: datetime) -> str:
    was = f"{anzahl} Anträge sind" if anzahl > 1 else "Ein Antrag ist"
    return (
        f"{was} zum Monatsende noch nicht übergeben, eingegangen seit {zeit_text(seit)}. Ein Antrag auf Bürgergeld "
        "wirkt auf den Ersten des Monats zurück (SGB II § 37 Abs. 2): Bitte noch in diesem Monat erledigen und den "
        "Tag des Eingangs wahren. „fachwerk vorgang list --status held“ zeigt, was gehalten ist."
    )


def faellig_vor(jetzt: datetime) -> datetime:
    """What came before then should be handed over: earlier months, and in the last weekdays of a month this one."""
    tag = heute(jetzt)
    if tag >= beginn_des_monatsendes(tag):
        return jetzt - KARENZ
    erster = datetime(tag.year, tag.month, 1, tzinfo=ORTSZEIT).astimezone(UTC)
    return min(erster, jetzt - KARENZ)


def beginn_des_monatsendes(tag: date) -> date:
    """The third-last weekday (Monday to Friday) of the month of ``tag``."""
    letzter = monthrange(tag.year, tag.month)[1]
    werktage = [t for nummer in range(letzter, 0, -1) if (t := tag.replace(day=nummer)).weekday() < 5]
    return werktage[WERKTAGE_VOR_MONATSENDE - 1]


def _ohne_geld() -> list[str]:
    """Services that pay nobody a benefit by the month, by their legal basis; what is unknown may well be money."""
    from fachwerk.katalog import leistungen

    bekannt = [eine for eine in leistungen() if eine.rechtsgrundlage]
    return [eine.wort for eine in bekannt if not any(g in str(eine.rechtsgrundlage) for g in ("SGB", "AsylbLG"))]


# -- what is set up ---------------------------------------------------------------------------------------------------


def routenfrist(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Routes whose pause or leave ends soon, or should have ended."""
    from fachwerk.routenstand import heutige
    from fachwerk.vorpruefung_routen import frist

    for route in heutige(betrieb):
        for fund in frist(route, heute(jetzt)):
            yield Anzeige(f"route:{route.kennung}"[:300], fund.code, fund.text)


def zertifikat(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Certificates of ours that end within the largest of ``zertifikat_tage``; the smallest reached gives the code."""
    from fachwerk.zertifikate import laufzeiten

    gesehen: set[str] = set()
    for laufzeit in laufzeiten(betrieb):
        tage = laufzeit.tage(jetzt)
        erreicht = min((s for s in betrieb.einstellungen.alarm.zertifikat_tage if tage <= s), default=None)
        if laufzeit.gegenstand in gesehen or (erreicht is None and tage >= 0):
            continue
        gesehen.add(laufzeit.gegenstand)
        bis = f"{laufzeit.gueltig_bis.astimezone(ORTSZEIT):%d.%m.%Y}"
        if tage < 0:
            text = f"Das Zertifikat {laufzeit.datei} ist seit {bis} abgelaufen. Ein neues eintragen."
        else:
            text = f"Das Zertifikat {laufzeit.datei} läuft am {bis} ab. Jetzt ein neues beantragen; das dauert."
        yield Anzeige(
            laufzeit.gegenstand, f"zertifikat_{erreicht}_tage" if tage >= 0 else "zertifikat_abgelaufen", text
        )


def stille_knoten(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Nodes that neither were heard of for minutes nor gave back their slots; not one that is gone for a week."""
    zuletzt: dict[str, datetime] = {}
    with betrieb.store.lesend() as verbindung:
        for platz, herzschlag in verbindung.execute(sa.select(knoten.c.platz, knoten.c.herzschlag)):
            name = platz.rpartition("-")[0] or platz
            zuletzt[name] = max(zuletzt.get(name, utc(herzschlag)), utc(herzschlag))
    for name, seit in zuletzt.items():
        if KNOTEN_STILL <= jetzt - seit < KNOTEN_VERGESSEN:
            text = (
                f"Seit {zeit_text(seit)} hat sich dieser Knoten nicht gemeldet und auch nicht abgemeldet. Seine Arbeit "
                "haben die anderen; bitte den Rechner, den Dienst dort und sein Netz zur Datenbank ansehen. Wird er "
                f"nicht mehr gebraucht, endet der Alarm {KNOTEN_VERGESSEN.days} Tage nach dem letzten Lebenszeichen."
            )
            yield Anzeige(alarm.des_knotens(name), "knoten_still", text)


def audit(betrieb: Betrieb, jetzt: datetime) -> Iterator[Anzeige]:
    """Write the heads of the audit chains if today's are missing; a finding if that fails."""
    from fachwerk.audit import AuditError, schreibe_koepfe

    ordner = betrieb.einstellungen.audit.ordner
    if not ordner:
        return
    try:
        schreibe_koepfe(betrieb.store, betrieb.einstellungen.pfad(ordner), heute(jetzt))
    except AuditError as fehler:
        yield Anzeige("audit", fehler.code, fehler.hint)


def zeile_als_text(zeile: Any) -> dict[str, str]:
    """An open alarm as JSON fields for commands and messages."""
    return {
        "anlass": zeile.anlass,
        "wort": alarm.WORT.get(zeile.anlass, zeile.anlass),
        "gegenstand": zeile.gegenstand,
        "code": zeile.code,
        "hinweis": zeile.hinweis,
        "seit": utc(zeile.seit).isoformat(),
    }
