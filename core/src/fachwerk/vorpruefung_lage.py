"""The part of the preflight that tells what is going wrong right now: open alarms, and what is overdue per Ziel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fachwerk import alarm, erwartung, pausen
from fachwerk.lage import zeit_text
from fachwerk.modell import Schwere
from fachwerk.tabellen import kanalstand, zielstand
from fachwerk.vorpruefung import Meldung

WORT = alarm.WORT

HOECHSTENS_GENANNT = 10
"""More open alarms of one cause are one warning together."""


def lage(datenbank: sa.Engine) -> Iterator[Meldung]:
    """One warning per open alarm, its cause as code; overdue deliveries of a Ziel are one warning together."""
    with datenbank.connect() as verbindung:
        alle = alarm.lies_offene(verbindung)
        offene = [zeile for zeile in alle if not alarm.teile_der_zustellung(zeile.gegenstand)]
        zu_spaet = erwartung.anzahlen(verbindung)
        proben = dict(_proben(verbindung)) if offene else {}
    for gleiche in _je_anlass(offene):
        if len(gleiche) > HOECHSTENS_GENANNT:
            yield Meldung(gleiche[0].anlass, Schwere.WARNUNG, _viele(gleiche), "alarm")
            continue
        for zeile in gleiche:
            ort = zeile.gegenstand.replace(":", ".", 1)
            yield Meldung(zeile.anlass, Schwere.WARNUNG, _text(zeile, proben), ort)
    for eine in pausen.alle(datenbank):
        text = f"Seit {zeit_text(eine.seit)} {eine.warum}"
        yield Meldung("pausiert", Schwere.WARNUNG, text, eine.gegenstand.replace(":", ".", 1))

    for ziel, (anzahl, seit) in sorted(zu_spaet.items()):
        yield Meldung(alarm.QUITTUNG_FEHLT, Schwere.WARNUNG, _ueberfaellig(anzahl, seit), f"ziel.{ziel}")


def _je_anlass(offene: list[Any]) -> Iterator[list[Any]]:
    for anlass in dict.fromkeys(zeile.anlass for zeile in offene):
        yield [zeile for zeile in offene if zeile.anlass == anlass]


def _viele(gleiche: list[Any]) -> str:
    wort = WORT.get(gleiche[0].anlass, "Alarm")
    seit = zeit_text(gleiche[0].seit)
    return f"{wort}: {len(gleiche)} offene Alarme, der älteste seit {seit}. „fachwerk alarm list“ zeigt sie alle."


def _ueberfaellig(anzahl: int, seit: datetime) -> str:
    wie_viele = f"{anzahl} Zustellungen sind" if anzahl > 1 else "Eine Zustellung ist"
    aelteste = "die älteste seit" if anzahl > 1 else "seit"
    return (
        f"{wie_viele} überfällig, {aelteste} {zeit_text(seit)}: Die Übergabe gelang nicht, oder eine Quittung kam "
        "nicht in der erwarteten Zeit. „fachwerk vorgang list --ueberfaellig“ zeigt, welche."
    )


def _proben(verbindung: sa.Connection) -> Iterator[tuple[str, datetime]]:
    """When what is paused is tried again, by the name alarms give it."""
    for kanal in verbindung.execute(sa.select(kanalstand).where(kanalstand.c.naechste_probe.is_not(None))):
        yield alarm.des_kanals(kanal.kanal), kanal.naechste_probe
    for ziel in verbindung.execute(sa.select(zielstand).where(zielstand.c.offen_bis.is_not(None))):
        yield alarm.des_ziels(ziel.ziel), ziel.offen_bis


def _text(zeile: Any, proben: Mapping[str, datetime]) -> str:
    oft = f", {zeile.anzahl}-mal, zuletzt {zeit_text(zeile.zuletzt)}" if zeile.anzahl > 1 else ""
    text = f"{WORT.get(zeile.anlass, 'Alarm')} seit {zeit_text(zeile.seit)}{oft}: {zeile.hinweis} [{zeile.code}]"
    pausiert = zeile.anlass in (alarm.KANAL_STEHT, alarm.KREIS_OFFEN) and zeile.gegenstand in proben
    return f"{text} Nächste Probe: {zeit_text(proben[zeile.gegenstand])}." if pausiert else text
