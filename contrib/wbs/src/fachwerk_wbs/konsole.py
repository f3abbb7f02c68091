"""Pages of the console about the Wohnberechtigungsschein: limits through time, gaps, values and their sources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

from fachwerk.konsole.beitrag import Auswahl, Beitrag, Bild, Inhalt, Tabelle, Text
from fachwerk_wbs.ausgabe_pflege import UEBERSCHRIFTEN, zeitraum
from fachwerk_wbs.bild_chronik import chronikbild
from fachwerk_wbs.bild_einbetten import einbettbar
from fachwerk_wbs.chronik import Abschnitt, Verlauf, verlaeufe
from fachwerk_wbs.land import Land, finde_land, laender
from fachwerk_wbs.luecken import art_der_fassung, fehlstellen, fruehere, kurz, nur_luecken, zeitraeume
from fachwerk_wbs.schreibweise import euro, tag
from fachwerk_wbs.wirkung import Gewicht

PERSONEN_HOECHSTENS = 8
KEIN_LAND = Text("Es ist kein Regelpaket eines Landes installiert.")
_ARTEN = {
    "undatiert": "ohne Datum",
    "wert_unbekannt": "nicht belegt",
    "beleg_c": "ungeprüft",
    "fenster": "Beginn nicht belegt",
}


def grenzen(frage: Mapping[str, str]) -> Inhalt:
    """The limits of a Land for one size of household, as a picture and as a table."""
    land = _land(frage)
    if land is None:
        return Inhalt((KEIN_LAND,))
    personen = _zahl(frage.get("personen", ""), 1, PERSONEN_HOECHSTENS)
    kinder = _zahl(frage.get("kinder", ""), 0, personen)
    gefunden = verlaeufe(land, personen, kinder)
    wer = (
        f"{personen} {'Person' if personen == 1 else 'Personen'}, davon {kinder} {'Kind' if kinder == 1 else 'Kinder'}"
    )
    bild = einbettbar(chronikbild(gefunden, f"{land.kopf.name}: Einkommensgrenzen für {wer}", date.today()))
    zeilen = tuple(_abschnitt(verlauf, eins) for verlauf in gefunden for eins in reversed(verlauf.abschnitte))
    spalten = ("Stufe", "Von", "Bis", "Grenze im Jahr", "Beleg", "Fundstelle")
    auswahl = (
        _laenderwahl(land),
        Auswahl("personen", "Personen", _zahlen(1, PERSONEN_HOECHSTENS), str(personen)),
        Auswahl("kinder", "davon Kinder", _zahlen(0, PERSONEN_HOECHSTENS), str(kinder)),
    )
    return Inhalt((Bild(bild), Tabelle(f"Grenzen für {wer}", spalten, zeilen, zahlen=(3,))), auswahl)


def luecken(frage: Mapping[str, str]) -> Inhalt:
    """What is not evidenced in a Land today, heaviest first."""
    land = _land(frage)
    if land is None:
        return Inhalt((KEIN_LAND,))
    heute = date.today()
    liste = fehlstellen(land, heute)
    kopf = f"{len(nur_luecken(liste))} Lücken am {tag(heute)}; {fruehere(land, heute)} weitere in früheren Fassungen."
    teile: list[Text | Tabelle | Bild] = [Text(kopf)]
    for gewicht in Gewicht:
        zeilen = tuple(
            (stelle.titel + zeitraum(stelle), stelle.text, stelle.folge, stelle.fundstelle)
            for stelle in liste
            if stelle.gewicht is gewicht
        )
        if zeilen:
            teile.append(Tabelle(UEBERSCHRIFTEN[gewicht], ("Was", "Warum", "Folge", "Nachzusehen"), zeilen))
    return Inhalt(tuple(teile), (_laenderwahl(land),))


def werte(frage: Mapping[str, str]) -> Inhalt:
    """Every value of a Land with its versions, source and grade."""
    land = _land(frage)
    if land is None:
        return Inhalt((KEIN_LAND,))
    zeilen = tuple(
        (
            parameter.titel,
            tag(von) or "offen",
            "endet" if fassung.ende else kurz(fassung.wert) if fassung.wert is not None else "nicht belegt",
            "" if fassung.wert is None else _ARTEN.get(art_der_fassung(fassung), ""),
            fassung.beleg,
            fassung.fundstelle,
        )
        for parameter in sorted(land.parameter.values(), key=lambda p: p.titel)
        for fassung, (von, _) in reversed(list(zip(parameter.fassungen, zeitraeume(parameter), strict=True)))
    )
    spalten = ("Angabe", "Seit", "Wert", "Hinweis", "Beleg", "Fundstelle")
    text = "Beleg A: amtliche Quelle; B: aus zweiter Hand, trägt keine Ablehnung; C: ungeprüft, entscheidet nicht."
    return Inhalt((Text(text), Tabelle(f"Werte für {land.kopf.name}", spalten, zeilen)), (_laenderwahl(land),))


def _abschnitt(verlauf: Verlauf, eins: Abschnitt) -> tuple[str, ...]:
    grenze = euro(eins.grenze) if eins.gesichert else f"nicht gesichert ({_ARTEN.get(eins.art, 'offen')})"
    return verlauf.titel, tag(eins.von), tag(eins.bis), grenze, eins.beleg, eins.fundstelle


@cache
def _laender() -> dict[str, Land]:
    """By code; what is installed does not change while the console runs."""
    return {code: finde_land(code) for code in laender()}


def _land(frage: Mapping[str, str]) -> Land | None:
    """The Land that was asked for; the first one if that is not installed."""
    alle = _laender()
    return alle.get(frage.get("land", ""), next(iter(alle.values()), None))


def _laenderwahl(land: Land) -> Auswahl:
    return Auswahl("land", "Land", tuple((code, eines.kopf.name) for code, eines in _laender().items()), land.code)


def _zahl(text: str, mindestens: int, hoechstens: int) -> int:
    return min(max(int(text), mindestens), hoechstens) if text.isdecimal() and len(text) < 4 else mindestens


def _zahlen(von: int, bis: int) -> tuple[tuple[str, str], ...]:
    return tuple((str(zahl), str(zahl)) for zahl in range(von, bis + 1))


SEITEN = (
    Beitrag(
        "grenzen", "Einkommensgrenzen", "Die Grenzen eines Landes im Lauf der Zeit, als Bild und Tabelle.", grenzen
    ),
    Beitrag("luecken", "Lücken", "Was in einem Land nicht belegt ist, und was daran hängt.", luecken),
    Beitrag("werte", "Werte und Fundstellen", "Jeder Wert eines Landes mit Fundstelle und Güte des Belegs.", werte),
)
