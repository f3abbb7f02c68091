"""Numbers about the installation for a monitoring system: counts, ages and days, never content.

All of them are of the whole installation, whichever node is asked (but for the free space of its own volumes). Counts
of cases end at :data:`HOECHSTENS`, so that a question costs the same with a million cases. Counters begin with zero
when a process is asked first and then follow the rows all nodes have written; what is younger than half a minute comes
with the next question, because commits may overtake one another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fachwerk import __version__, alarm, alarmumfeld, alarmwache, erwartung, pausen
from fachwerk.datenbank import SCHEMA_KOPF, datenbankzeit
from fachwerk.kreis import KREIS_AB
from fachwerk.lage import letzter_abruf
from fachwerk.meldewege import ALLE as MELDEWEGE
from fachwerk.modell import GehaltenFuer, Vorgangstand, utc
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import eingang, kanal_lauf, knoten, meldung, schritt, vorgang, zielstand, zustellung
from fachwerk.zertifikate import laufzeiten

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

HOECHSTENS = 10_000
"""Counts of cases and deliveries end here: so many say no more than this many."""

REIFE = timedelta(seconds=30)
_AUF_EINMAL = 20_000
_WARTEND = ("offen", "absicht", "wartet")
_ZUSTELLSCHRITTE = ("deliver", "find_delivered")

Proben = list[tuple[Mapping[str, str], float]]


@dataclass(frozen=True)
class Kennzahl:
    """One metric: name without prefix, ``gauge`` or ``counter``, a German sentence, and its values by labels."""

    name: str
    art: str
    hilfe: str
    werte: Proben = field(default_factory=list)


def als_text(kennzahlen: list[Kennzahl]) -> str:
    """The text format of Prometheus, version 0.0.4."""
    return "".join(f"{zeile}\n" for eine in kennzahlen for zeile in _zeilen(eine))


def _zeilen(eine: Kennzahl) -> Iterator[str]:
    name = f"fachwerk_{eine.name}"
    yield f"# HELP {name} {eine.hilfe}"
    yield f"# TYPE {name} {eine.art}"
    for merkmale, wert in eine.werte:
        yield (
            f"{name}{_merkmale(merkmale)} {wert:g}" if wert < HOECHSTENS else f"{name}{_merkmale(merkmale)} {wert:.0f}"
        )


def _merkmale(merkmale: Mapping[str, str]) -> str:
    if not merkmale:
        return ""
    teile = [f'{name}="{_maskiert(wert)}"' for name, wert in sorted(merkmale.items())]
    return "{" + ",".join(teile) + "}"


def _maskiert(wert: str) -> str:
    return wert.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Kennzahlen:
    """Collects the metrics of one installation; remembers up to where it has counted."""

    def __init__(self, betrieb: Betrieb) -> None:
        self._betrieb = betrieb
        self._abrufe = _Zaehler(_zaehle_abrufe)
        self._zustellungen = _Zaehler(_zaehle_zustellungen)

    def sammle(self) -> list[Kennzahl]:
        """All metrics as they are now."""
        with self._betrieb.store.lesend() as verbindung:
            jetzt = datenbankzeit(verbindung)
            return [
                Kennzahl("info", "gauge", "Fassung von Programm und Datenbank.", [(self._fassung(), 1)]),
                *self._vorgaenge(verbindung),
                *self._ziele(verbindung),
                *self._kanaele(verbindung, jetzt),
                *self._alarme(verbindung, jetzt),
                *self._rechner(verbindung, jetzt),
                Kennzahl(
                    "abrufe_total",
                    "counter",
                    "Abrufe je Kanal seit der ersten Frage an diesen Prozess.",
                    self._abrufe.weiter(verbindung, jetzt, ("kanal", "ergebnis")),
                ),
                Kennzahl(
                    "zustellungen_total",
                    "counter",
                    "Zustellversuche je Ziel seit der ersten Frage an diesen Prozess.",
                    self._zustellungen.weiter(verbindung, jetzt, ("ziel", "ergebnis")),
                ),
            ]

    def _fassung(self) -> Mapping[str, str]:
        return {"version": __version__, "schema": SCHEMA_KOPF}

    # -- cases and deliveries -----------------------------------------------------------------------------------

    def _vorgaenge(self, verbindung: sa.Connection) -> Iterator[Kennzahl]:
        v = vorgang.c
        je_status: Proben = [({"status": s.value}, _anzahl(verbindung, v.status == s.value)) for s in Vorgangstand]
        yield Kennzahl("vorgaenge", "gauge", f"Vorgänge je Status, höchstens {HOECHSTENS}.", je_status)
        gehalten = sa.select(v.gehalten_fuer).where(v.gehalten_seit.is_not(None), v.status == "held").limit(HOECHSTENS)
        anzahlen = Counter(verbindung.execute(gehalten).scalars())
        je_wem: Proben = [({"fuer": wer.value}, anzahlen[wer.value]) for wer in GehaltenFuer]
        yield Kennzahl("vorgaenge_gehalten", "gauge", f"Gehaltene Vorgänge, für wen; höchstens {HOECHSTENS}.", je_wem)

    def _ziele(self, verbindung: sa.Connection) -> Iterator[Kennzahl]:
        z, namen = zustellung.c, sorted(self._betrieb.ziele)
        for name, hilfe, staende in (
            ("zustellungen_wartend", "Zustellungen, die begonnen haben oder warten", _WARTEND),
            ("zustellungen_gehalten", "Gehaltene Zustellungen", ("gehalten",)),
        ):
            werte = [({"ziel": ziel}, _anzahl(verbindung, z.status.in_(staende), z.ziel == ziel)) for ziel in namen]
            yield Kennzahl(name, "gauge", f"{hilfe}, höchstens {HOECHSTENS}.", list(werte))
        zu_spaet = erwartung.anzahlen(verbindung)
        werte_spaet: Proben = [({"ziel": ziel}, zu_spaet[ziel][0] if ziel in zu_spaet else 0) for ziel in namen]
        yield Kennzahl("zustellungen_ueberfaellig", "gauge", "Übergaben und Quittungen, die ausbleiben.", werte_spaet)
        staende_der_ziele = {zeile.ziel: zeile.fehler_in_folge for zeile in verbindung.execute(sa.select(zielstand))}
        offen: Proben = [({"ziel": ziel}, int(staende_der_ziele.get(ziel, 0) >= KREIS_AB)) for ziel in namen]
        yield Kennzahl("ziel_ruht", "gauge", "1: Das Ziel ruht, weil sein Weg gestört ist.", offen)
        pausierte: Proben = [
            ({"gegenstand": eine.gegenstand}, 1) for eine in pausen.alle(self._betrieb.store.datenbank)
        ]
        yield Kennzahl("pausiert", "gauge", "1: von Hand angehalten.", pausierte)

    # -- mailboxes ----------------------------------------------------------------------------------------------

    def _kanaele(self, verbindung: sa.Connection, jetzt: datetime) -> Iterator[Kennzahl]:
        alter: Proben = []
        for name in sorted(self._betrieb.kanaele):
            if (ende := verbindung.execute(letzter_abruf(name)).scalar_one_or_none()) is not None:
                alter.append(({"kanal": name}, _sekunden(jetzt, ende)))
        yield Kennzahl("abruf_alter_sekunden", "gauge", "Zeit seit dem letzten gelungenen Abruf.", alter)
        e = eingang.c
        offen: Proben = [
            ({"kanal": name}, _anzahl(verbindung, e.bestaetigt.is_(None), e.kanal == name))
            for name in sorted(self._betrieb.kanaele)
        ]
        yield Kennzahl("postfach_offen", "gauge", "Gespeichert, aber im Postfach noch nicht geschlossen.", offen)

    # -- alarms and machines ------------------------------------------------------------------------------------

    def _alarme(self, verbindung: sa.Connection, jetzt: datetime) -> Iterator[Kennzahl]:
        a = alarme.c
        frage = sa.select(a.anlass, sa.func.count()).where(a.behoben.is_(None)).group_by(a.anlass)
        offen = {anlass: int(anzahl) for anlass, anzahl in verbindung.execute(frage)}
        werte: Proben = [({"anlass": anlass}, offen.get(anlass, 0)) for anlass in sorted({*alarm.WORT, *offen})]
        yield Kennzahl("alarme_offen", "gauge", "Offene Alarme je Anlass.", werte)
        m = meldung.c
        frage_m = sa.select(m.weg, m.angelegt).where(m.gesendet.is_(None))
        wartend = {weg: _sekunden(jetzt, seit) for weg, seit in verbindung.execute(frage_m)}
        alter: Proben = [({"weg": weg}, wartend.get(weg, 0)) for weg in MELDEWEGE]
        yield Kennzahl("meldung_wartet_sekunden", "gauge", "So lange wartet eine Meldung auf ihren Versand.", alter)
        gang = alarmwache.letzter_gang(verbindung)
        yield Kennzahl(
            "wache_alter_sekunden",
            "gauge",
            "Zeit seit dem letzten Blick auf alles, was Alarm gibt.",
            [({}, _sekunden(jetzt, gang))] if gang is not None else [],
        )
        tage: Proben = [
            ({"gegenstand": eine.gegenstand, "datei": eine.datei}, eine.tage(jetzt))
            for eine in laufzeiten(self._betrieb)
        ]
        yield Kennzahl("zertifikat_tage", "gauge", "Tage, die ein Zertifikat noch gilt.", tage)

    def _rechner(self, verbindung: sa.Connection, jetzt: datetime) -> Iterator[Kennzahl]:
        herz: Proben = [
            ({"platz": zeile.platz}, _sekunden(jetzt, zeile.herzschlag))
            for zeile in verbindung.execute(sa.select(knoten))
        ]
        yield Kennzahl("herzschlag_alter_sekunden", "gauge", "Zeit seit dem letzten Lebenszeichen.", herz)
        yield Kennzahl("datenbank_bytes", "gauge", "Größe der Datenbank.", [({}, _groesse(verbindung))])
        frei: Proben = [
            ({"ort": was}, bytes_frei)
            for was, pfad in alarmumfeld.orte(self._betrieb)
            if (bytes_frei := alarmumfeld.frei_bytes(pfad)) is not None
        ]
        yield Kennzahl("platz_frei_bytes", "gauge", "Freier Platz auf Laufwerken dieses Rechners.", frei)


def _anzahl(verbindung: sa.Connection, *bedingung: sa.ColumnElement[bool]) -> int:
    """How many rows, counted no further than :data:`HOECHSTENS`."""
    zeilen = sa.select(sa.literal(1)).where(*bedingung).limit(HOECHSTENS).subquery()
    return int(verbindung.execute(sa.select(sa.func.count()).select_from(zeilen)).scalar_one())


def _sekunden(jetzt: datetime, zeit: datetime) -> float:
    return round(max((jetzt - utc(zeit)).total_seconds(), 0.0), 1)


def _groesse(verbindung: sa.Connection) -> int:
    if verbindung.dialect.name == "postgresql":
        return int(verbindung.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
    seiten, groesse = (verbindung.exec_driver_sql(f"PRAGMA {was}").scalar_one() for was in ("page_count", "page_size"))
    return int(seiten) * int(groesse)


# -- counters ---------------------------------------------------------------------------------------------------------

Zeile = tuple[int, bool, tuple[str, str] | None]
"""Id of a row, whether it will not change any more, and what it counts for (None: nothing)."""


class _Zaehler:
    """Counts new rows of a table by their ids, from the first question on."""

    def __init__(self, lies: Callable[[sa.Connection, int | None, datetime], tuple[int, list[Zeile]]]) -> None:
        self._lies = lies
        self._schloss = Lock()
        self._bis: int | None = None
        self._summen: Counter[tuple[str, str]] = Counter()

    def weiter(self, verbindung: sa.Connection, jetzt: datetime, namen: tuple[str, str]) -> Proben:
        """Count what is new and final; give the sums."""
        with self._schloss:
            beginn, zeilen = self._lies(verbindung, self._bis, jetzt - REIFE)
            self._bis = beginn
            for nummer, fertig, was in zeilen:
                if not fertig:
                    break
                self._bis = nummer
                if was is not None:
                    self._summen[was] += 1
            return [(dict(zip(namen, was, strict=True)), anzahl) for was, anzahl in sorted(self._summen.items())]


def _zaehle_abrufe(verbindung: sa.Connection, bis: int | None, reif: datetime) -> tuple[int, list[Zeile]]:
    lauf = kanal_lauf.c
    beginn = _beginn(verbindung, lauf.id, bis)
    neue = sa.select(lauf.id, lauf.kanal, lauf.beginn, lauf.ende, lauf.code).where(lauf.id > beginn)
    return beginn, [
        (
            zeile.id,
            utc(zeile.beginn) <= reif if zeile.ende is not None else utc(zeile.beginn) <= reif - timedelta(hours=1),
            (zeile.kanal, _ergebnis(zeile.code)) if zeile.ende is not None else None,
        )
        for zeile in verbindung.execute(neue.order_by(lauf.id).limit(_AUF_EINMAL))
    ]


def _zaehle_zustellungen(verbindung: sa.Connection, bis: int | None, reif: datetime) -> tuple[int, list[Zeile]]:
    s = schritt.c
    beginn = _beginn(verbindung, s.id, bis)
    neue = sa.select(s.id, s.name, s.ziel, s.code, s.ende).where(s.id > beginn).order_by(s.id).limit(_AUF_EINMAL)
    return beginn, [
        (
            zeile.id,
            utc(zeile.ende) <= reif,
            (zeile.ziel.partition(":")[0], _ergebnis(zeile.code)) if zeile.name in _ZUSTELLSCHRITTE else None,
        )
        for zeile in verbindung.execute(neue)
    ]


def _beginn(verbindung: sa.Connection, spalte: sa.ColumnElement[Any], bis: int | None) -> int:
    """Where to go on; at the first question the present end."""
    return bis if bis is not None else int(verbindung.execute(sa.select(sa.func.max(spalte))).scalar_one() or 0)


def _ergebnis(code: str) -> str:
    return "fehler" if code else "gut"
