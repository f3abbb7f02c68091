"""How the Kanäle and Ziele are doing: what ``fachwerk kanal list``, ``ziel list`` and ``check`` tell about them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from fachwerk import alarm, erwartung, pausen
from fachwerk.modell import utc
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import kanal_lauf, kanalstand, zielstand, zustellung

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

ZEITZONE = ZoneInfo("Europe/Berlin")


def zeit_text(zeit: datetime) -> str:
    """A time for people, in German time."""
    return f"{utc(zeit).astimezone(ZEITZONE):%d.%m.%Y %H:%M}"


def mitternacht(tag: date, *, danach: int = 0) -> datetime:
    """The beginning of ``tag``, or of a day after it, in Germany as the database keeps it.

    At either end of the calendar it is the first or last moment there is.
    """
    try:
        return datetime.combine(tag + timedelta(days=danach), time(), ZEITZONE).astimezone(UTC)
    except OverflowError:
        return (datetime.min if tag.year == date.min.year else datetime.max).replace(tzinfo=UTC)


def _iso(zeit: datetime | None) -> str | None:
    return None if zeit is None else utc(zeit).isoformat()


def kanalliste(betrieb: Betrieb) -> list[dict[str, Any]]:
    """The configured Kanäle by name, as JSON fields."""
    with betrieb.store.lesend() as verbindung:
        zuletzt = {name: verbindung.execute(letzter_abruf(name)).scalar_one_or_none() for name in betrieb.kanaele}
        staende = {zeile.kanal: zeile for zeile in verbindung.execute(sa.select(kanalstand))}
    angehaltene = {eine.gegenstand: eine for eine in pausen.alle(betrieb.store.datenbank)}
    return [
        _kanal(kanal, zuletzt[name], staende.get(name)) | _pause(angehaltene.get(alarm.des_kanals(name)))
        for name, kanal in sorted(betrieb.kanaele.items())
    ]


def _pause(eine: pausen.Pause | None) -> dict[str, Any]:
    return {"pausiert_seit": _iso(eine.seit) if eine else None, "pausiert_von": eine.wer if eine else ""}


def letzter_abruf(kanal: str) -> sa.Select[Any]:
    """When the latest poll ended that went well; the newest rows come first, so it is found at once."""
    lauf = kanal_lauf.c
    gelungen = sa.select(lauf.ende).where(lauf.kanal == kanal, lauf.ende.is_not(None), lauf.code == "")
    return gelungen.order_by(lauf.beginn.desc()).limit(1)


def _kanal(kanal: Any, zuletzt: datetime | None, stand: Any) -> dict[str, Any]:
    return {
        "kanal": kanal.name,
        "plugin": kanal.plugin,
        "letzter_abruf": _iso(zuletzt),
        "angehalten_seit": _iso(stand.angehalten_seit) if stand else None,
        "naechste_probe": _iso(stand.naechste_probe) if stand else None,
        "fehler_in_folge": stand.fehler_in_folge if stand else 0,
        "grund": stand.code if stand else "",
        "hinweis": stand.hinweis if stand else "",
    }


def zielliste(betrieb: Betrieb) -> list[dict[str, Any]]:
    """The configured Ziele by name, as JSON fields."""
    z = zustellung.c
    with betrieb.store.lesend() as verbindung:
        staende = {zeile.ziel: zeile for zeile in verbindung.execute(sa.select(zielstand))}
        wartend = _anzahlen(verbindung, z.status.in_(["offen", "absicht", "wartet"]))
        gehalten = _anzahlen(verbindung, z.status == "gehalten")
        fragen = _anzahlen(verbindung, z.frage_faellig.is_not(None))
        offen = sa.select(alarme).where(alarme.c.anlass == alarm.KREIS_OFFEN, alarme.c.behoben.is_(None))
        gruende = {zeile.gegenstand: zeile for zeile in verbindung.execute(offen)}
        zu_spaet = erwartung.anzahlen(verbindung)
    angehaltene = {eine.gegenstand: eine for eine in pausen.alle(betrieb.store.datenbank)}
    return [
        {
            **_pause(angehaltene.get(alarm.des_ziels(name))),
            **_ziel(ziel, staende.get(name), gruende.get(alarm.des_ziels(name))),
            "wartend": wartend.get(name, 0),
            "gehalten": gehalten.get(name, 0),
            "offene_quittungen": fragen.get(name, 0),
            "ueberfaellig": zu_spaet[name][0] if name in zu_spaet else 0,
            "ueberfaellig_seit": _iso(zu_spaet[name][1]) if name in zu_spaet else None,
        }
        for name, ziel in sorted(betrieb.ziele.items())
    ]


def _anzahlen(verbindung: sa.Connection, bedingung: sa.ColumnElement[bool]) -> dict[str, int]:
    frage = sa.select(zustellung.c.ziel, sa.func.count()).where(bedingung).group_by(zustellung.c.ziel)
    return {ziel: int(anzahl) for ziel, anzahl in verbindung.execute(frage)}


def _ziel(ziel: Any, stand: Any, grund: Any) -> dict[str, Any]:
    return {
        "ziel": ziel.name,
        "plugin": ziel.plugin,
        "erwartet": {stufe.value: sekunden for stufe, sekunden in ziel.erwartet.items()},
        "kreis": "offen" if grund else "geschlossen",
        "kreis_offen_seit": _iso(grund.seit) if grund else None,
        "naechste_probe": _iso(stand.offen_bis) if grund and stand else None,
        "fehler_in_folge": stand.fehler_in_folge if stand else 0,
        "grund": grund.code if grund else "",
        "hinweis": grund.hinweis if grund else "",
    }


def kanalzeile(k: dict[str, Any]) -> tuple[str, str, str, str]:
    """A Kanal for the table of a person."""
    if k["pausiert_seit"]:
        stand = _pausentext(k)
    elif k["angehalten_seit"]:
        stand = f"ANGEHALTEN seit {_lesbar(k['angehalten_seit'])}, nächste Probe {_lesbar(k['naechste_probe'])}: "
        stand += f"{k['hinweis']} [{k['grund']}]"
    elif k["fehler_in_folge"]:
        stand = f"{k['fehler_in_folge']}-mal gescheitert: {k['hinweis']} [{k['grund']}]"
    else:
        stand = "in Ordnung" if k["letzter_abruf"] else "noch nie abgerufen"
    return k["kanal"], k["plugin"], _lesbar(k["letzter_abruf"]), stand


def zielzeile(z: dict[str, Any]) -> tuple[str, ...]:
    """A Ziel for the table of a person."""
    stand = "in Ordnung"
    if z["pausiert_seit"]:
        stand = _pausentext(z)
    elif z["kreis"] == "offen":
        probe = f", nächste Probe {_lesbar(z['naechste_probe'])}" if z["naechste_probe"] else ""
        stand = f"RUHT seit {_lesbar(z['kreis_offen_seit'])}{probe}: {z['hinweis']} [{z['grund']}]"
    zu_spaet = f"{z['ueberfaellig']} seit {_lesbar(z['ueberfaellig_seit'])}" if z["ueberfaellig"] else "0"
    zahlen = (str(z["wartend"]), str(z["gehalten"]), str(z["offene_quittungen"]), zu_spaet)
    return z["ziel"], z["plugin"], *zahlen, stand


def _pausentext(zeile: dict[str, Any]) -> str:
    return f"VON HAND ANGEHALTEN seit {_lesbar(zeile['pausiert_seit'])} durch {zeile['pausiert_von']}"


def _lesbar(zeit: str | None) -> str:
    return zeit_text(datetime.fromisoformat(zeit)) if zeit else "–"
