"""The work list of a Land's maintainer: everything nobody knows on one day, and what hangs on it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fachwerk.parameter import Fassung, Parameter
from fachwerk.regeln import wert_text
from fachwerk_wbs.grenzen import grenzen_fuer
from fachwerk_wbs.land import Land, bundesparameter
from fachwerk_wbs.wirkung import (
    THEMEN,
    Gewicht,
    auf_dem_schein,
    haushalte,
    nur_bescheinigung,
    ohne_ablehnung,
    reichweite,
    thema_haushalte,
)

TAG = timedelta(days=1)
VORHER = ("freibetrag_", "nicht_angerechnet_", "stufe_")
"""What may have existed before anybody wrote it down; see "Vor der ersten Fassung" in LANDESDATEN.md."""


@dataclass(frozen=True, slots=True)
class Fehlstelle:
    """One gap. ``art`` says what kind it is, ``seit`` and ``bis`` when it holds (None: open), ``gesehen`` where
    somebody looked already, ``folge`` what it blocks."""

    gewicht: Gewicht
    art: str
    parameter: str
    titel: str
    text: str
    fundstelle: str
    gesehen: str
    folge: str
    seit: date | None = None
    bis: date | None = None

    def als_json(self) -> dict[str, Any]:
        """Days as ISO text."""
        roh = asdict(self)
        return {**roh, "seit": _iso(self.seit), "bis": _iso(self.bis), "gewicht": self.gewicht.value}


def _iso(tag: date | None) -> str | None:
    return tag.isoformat() if tag else None


def fehlstellen(land: Land, stichtag: date) -> list[Fehlstelle]:
    """Every gap of ``land`` on ``stichtag``, heaviest first; values of grade B come last."""
    gefunden = [*_bundesthemen(land), *_werte(land, stichtag), *_themen(land, stichtag), *_fragen(land)]
    if not any(p.fassung_am(stichtag) for p in land.stufen):
        gefunden.append(_ohne_stufe(land, stichtag))
    rang = list(Gewicht)
    return sorted(gefunden, key=lambda f: (rang.index(f.gewicht), reichweite(f.parameter)))


def nur_luecken(liste: Iterable[Fehlstelle]) -> list[Fehlstelle]:
    """Without the values of grade B, which only stand in the way of a refusal."""
    return [f for f in liste if f.gewicht is not Gewicht.ABLEHNUNG]


def fruehere(land: Land, stichtag: date) -> int:
    """How many versions before ``stichtag`` are unknown, unchecked, undated or begin on an unknown day."""
    return sum(
        1
        for parameter in land.parameter.values()
        for fassung, (_, bis) in zip(parameter.fassungen, zeitraeume(parameter), strict=True)
        if bis is not None and bis < stichtag and not fassung.ende and art_der_fassung(fassung)
    )


def art_der_fassung(fassung: Fassung) -> str:
    """Why a version does not decide; empty: it does."""
    if fassung.beginn is None:
        return "undatiert"
    if fassung.wert is None:
        return "wert_unbekannt"
    return "beleg_c" if fassung.beleg == "C" else ""


def zeitraeume(parameter: Parameter) -> list[tuple[date | None, date | None]]:
    """First and last day of every version (None: unknown or open); windows belong to neither neighbour."""
    folgende = [*parameter.fassungen[1:], None]
    return [(f.beginn, _letzter_tag(n)) for f, n in zip(parameter.fassungen, folgende, strict=True)]


def _letzter_tag(naechste: Fassung | None) -> date | None:
    if naechste is None or naechste.beginn is None:
        return None
    return naechste.ab - TAG if naechste.ab else naechste.nicht_vor or date.min


def fenster_am(parameter: Parameter, stichtag: date) -> Fassung | None:
    """The version whose unknown first day may lie before or after ``stichtag``."""
    for fassung in parameter.fassungen:
        ende = None if fassung.ab else fassung.spaetestens
        if ende is not None and (fassung.nicht_vor or date.min) < stichtag < ende:
            return fassung
    return None


def gueltige(parameter: Parameter, stichtag: date) -> tuple[Fassung, date | None, date | None] | None:
    """The version of ``stichtag``, known or not, with its period; None: in a window, ended or not yet begun."""
    if fenster_am(parameter, stichtag) or parameter.fassung_am(stichtag) is None:
        return None
    passend = [
        (fassung, *zeit)
        for fassung, zeit in zip(parameter.fassungen, zeitraeume(parameter), strict=True)
        if (fassung.beginn or date.min) <= stichtag
    ]
    return passend[-1]


def art_am(parameter: Parameter, stichtag: date) -> str:
    """Why ``parameter`` does not decide on ``stichtag``; empty: it does, or it does not exist then."""
    if fenster_am(parameter, stichtag):
        return "fenster"
    gefunden = gueltige(parameter, stichtag)
    return art_der_fassung(gefunden[0]) if gefunden else ""


# -- federal topics ----------------------------------------------------------------------------------------------


def _bundesthemen(land: Land) -> Iterator[Fehlstelle]:
    """A topic taken over on weak evidence is one line, not one for each of its parameters."""
    for thema, beleg in land.kopf.bund.items():
        if beleg == "A":
            continue
        weich = beleg == "B"
        grund = "nur mittelbar belegt (Beleg B)" if weich else "ungeprüft (Beleg C)"
        text = f"Dass das Bundesrecht hier gilt, ist {grund}."
        folge = f"{'lehnt nicht ab' if weich else 'entscheidet nicht'}: {thema_haushalte(thema)}"
        gewicht = Gewicht.ABLEHNUNG if weich else Gewicht.HAUSHALTE
        if weich and thema == "bescheinigung":
            continue
        fundstelle = "Recht des Landes: ob es auf das WoFG verweist oder das selbst regelt"
        titel = f"Bundesrecht, Thema {thema}"
        yield Fehlstelle(gewicht, "bund", f"bund.{thema}", titel, text, fundstelle, "land.yaml, bund", folge)


def _eigene(land: Land) -> Iterator[Parameter]:
    """Parameters that are not already covered by the line of their federal topic."""
    schwach = {n for thema, beleg in land.kopf.bund.items() if beleg != "A" for n in bundesparameter(thema)}
    yield from (p for name, p in land.parameter.items() if name in land.eigene or name not in schwach)


# -- values ------------------------------------------------------------------------------------------------------


def _werte(land: Land, stichtag: date) -> Iterator[Fehlstelle]:
    for parameter in _eigene(land):
        if (fenster := fenster_am(parameter, stichtag)) is not None:
            yield _fenster(land, parameter, fenster, stichtag)
        elif (gefunden := gueltige(parameter, stichtag)) is not None:
            yield from _fassung(land, parameter, *gefunden, stichtag)
        elif parameter.vor_beginn(stichtag) and parameter.name.startswith(VORHER):
            yield from _vor_der_ersten(land, parameter, stichtag)


def _vor_der_ersten(land: Land, parameter: Parameter, stichtag: date) -> Iterator[Fehlstelle]:
    """Before the first version nobody has seen whether there was one; a tier for no certificate does not matter."""
    if parameter.merkmale.get("nicht_wbs"):
        return
    erste = parameter.fassungen[0]
    bis = erste.beginn - TAG if erste.beginn else None
    text = "Ob es das vor der ersten bekannten Fassung schon gab, ist nicht belegt."
    yield _stelle(land, parameter, erste, "vor_der_ersten", text, stichtag, None, bis)


def _fenster(land: Land, parameter: Parameter, neu: Fassung, stichtag: date) -> Fehlstelle:
    text = f"Wann der neue Wert {kurz(neu.wert)} in Kraft trat, ist nicht belegt."
    seit, bis = (neu.nicht_vor + TAG if neu.nicht_vor else None), (neu.spaetestens or stichtag) - TAG
    return _stelle(land, parameter, neu, "fenster", text, stichtag, seit, bis)


def _fassung(
    land: Land, parameter: Parameter, fassung: Fassung, seit: date | None, bis: date | None, stichtag: date
) -> Iterator[Fehlstelle]:
    if fassung.wert is None and stellt_die_behoerde_fest(parameter):
        return
    art = art_der_fassung(fassung)
    texte = {
        "wert_unbekannt": "Der Wert ist nicht belegt.",
        "undatiert": f"Der Wert {kurz(fassung.wert)} ist ohne Datum überliefert.",
        "beleg_c": f"Der Wert {kurz(fassung.wert)} ist nur eine ungeprüfte Annahme (Beleg C).",
    }
    if art:
        yield _stelle(land, parameter, fassung, art, texte[art], stichtag, seit, bis)
    if not art:
        zellen = (z for z in _zellen(fassung) if z[0] != "zelle_beleg_b" or not nur_bescheinigung(parameter.name))
        yield from (_stelle(land, parameter, fassung, a, t, stichtag, seit, bis) for a, t in zellen)
    if any("unbestimmt" in b for b in parameter.merkmale.get("wenn", ())):
        gruende = "; ".join(str(b["unbestimmt"]) for b in parameter.merkmale["wenn"] if "unbestimmt" in b)
        text = f"Für wen das gilt, steht nicht fest: {gruende}."
        yield _stelle(land, parameter, fassung, "bedingung_unbestimmt", text, stichtag, seit, bis)
    if fassung.beleg == "B" and not art and (folge := ohne_ablehnung(parameter.name)):
        text = f"{kurz(fassung.wert)} ist aus zweiter Hand (Beleg B)."
        kopf = (Gewicht.ABLEHNUNG, "beleg_b", parameter.name, parameter.titel, text, fassung.fundstelle)
        yield Fehlstelle(*kopf, fassung.quelle, folge, seit, bis)


def stellt_die_behoerde_fest(parameter: Parameter | None) -> bool:
    """A fee the office sets itself is no gap: the parameter says by a hint or a range that it does."""
    if parameter is None or parameter.name != "gebuehr":
        return False
    selbst = "hinweis" in parameter.merkmale or "rahmen" in parameter.merkmale
    return selbst and parameter.fassungen[-1].wert is None


def _zellen(fassung: Fassung) -> Iterator[tuple[str, str]]:
    """Cells of a table that do not decide."""
    if not isinstance(fassung.wert, Mapping):
        return
    for zeile, zelle in fassung.wert.items():
        if zelle is None:
            yield "zelle_unbekannt", f"Zeile {zeile}: nicht belegt."
        elif isinstance(zelle, list):
            yield "zelle_kandidaten", f"Zeile {zeile}: in Betracht kommen {' oder '.join(map(kurz, zelle))}."
        elif isinstance(zelle, Mapping) and zelle.get("beleg") == "C":
            yield "zelle_beleg_c", f"Zeile {zeile}: {kurz(zelle.get('wert'))} ist ungeprüft (Beleg C)."
        elif isinstance(zelle, Mapping) and zelle.get("beleg") == "B" and fassung.beleg == "A":
            yield "zelle_beleg_b", f"Zeile {zeile}: {kurz(zelle.get('wert'))} ist aus zweiter Hand (Beleg B)."


def kurz(wert: Any) -> str:
    """A value in a line: amounts with a point for thousands, tables by their rows."""
    if isinstance(wert, Decimal) and wert >= 10000:
        return f"{wert:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".").removesuffix(",00")
    if isinstance(wert, Mapping):
        zeilen = [f"{name}: {kurz(zelle)}" for name, zelle in wert.items()]
        return "der Tabelle (" + ", ".join(zeilen[:4]) + (", …)" if len(zeilen) > 4 else ")")
    return wert_text(wert)


def _stelle(
    land: Land,
    parameter: Parameter,
    fassung: Fassung,
    art: str,
    text: str,
    stichtag: date,
    seit: date | None,
    bis: date | None,
) -> Fehlstelle:
    gewicht, folge = _folge(land, parameter, art, stichtag)
    kopf = (gewicht, art, parameter.name, parameter.titel, text, fassung.fundstelle, fassung.quelle, folge)
    return Fehlstelle(*kopf, seit, None if bis == date.min else bis)


def _folge(land: Land, parameter: Parameter, art: str, stichtag: date) -> tuple[Gewicht, str]:
    name = parameter.name
    if nur_bescheinigung(name):
        return Gewicht.BESCHEINIGUNG, auf_dem_schein(name)
    if art == "vor_der_ersten" and name.startswith("stufe_"):
        return Gewicht.ABLEHNUNG, "lehnt nicht ab: Haushalte, die keine andere Stufe einhalten"
    if art == "zelle_beleg_b":
        return Gewicht.ABLEHNUNG, "lehnt nicht ab: Haushalte, auf die diese Zeile zutrifft"
    if name == "grenze_je_schwerbehindert":
        return Gewicht.ABLEHNUNG, ohne_ablehnung(name)
    if name.startswith("stufe_"):
        return _folge_stufe(land, parameter, art, stichtag)
    if art.startswith("zelle"):
        return Gewicht.HAUSHALTE, "entscheidet nicht: Haushalte, auf die diese Zeile zutrifft"
    if wer := haushalte(name):
        return Gewicht.HAUSHALTE, f"entscheidet nicht: {wer}"
    return Gewicht.NIE, "entscheidet nie, für keinen Haushalt"


def _folge_stufe(land: Land, parameter: Parameter, art: str, stichtag: date) -> tuple[Gewicht, str]:
    """A tier matters to everybody if nobody knows how low it is, else to those above the lower ones."""
    merkmale = parameter.merkmale
    if merkmale.get("ermessen") or merkmale.get("nicht_wbs") or merkmale.get("nur_foerderweg"):
        return Gewicht.HAUSHALTE, "entscheidet nicht: Haushalte, für die es auf diese Stufe ankommt"
    if art.startswith("zelle"):
        return Gewicht.HAUSHALTE, "entscheidet nicht: Haushalte, für die diese Zeile gilt"
    stufen = {s.parameter.name: s for s in grenzen_fuer(land, stichtag, 1, 0)}
    ohne_zahl = parameter.name not in stufen or stufen[parameter.name].zur_ansicht is None
    if ohne_zahl or len([s for s in stufen.values() if s.gesichert]) == 0:
        return Gewicht.NIE, "entscheidet nie, für keinen Haushalt: Die Stufe könnte die niedrigste sein"
    return Gewicht.HAUSHALTE, "entscheidet nicht: Haushalte, die keine niedrigere Stufe einhalten"


# -- what is not there at all ------------------------------------------------------------------------------------


def _themen(land: Land, stichtag: date) -> Iterator[Fehlstelle]:
    """Topics every Land has a provision for, and this package says nothing about on the day."""
    vorhanden = [n for n, p in land.parameter.items() if p.fassung_am(stichtag) is not None]
    for worte, frage in THEMEN.items():
        if any(n == w or (w.endswith("_") and n.startswith(w)) for n in vorhanden for w in worte.split("|")):
            continue
        name = worte.split("|")[0]
        text = f"Im Regelpaket steht nicht, {frage}."
        if nur_bescheinigung(name):
            gewicht, folge = Gewicht.BESCHEINIGUNG, auf_dem_schein(name)
        else:
            gewicht, folge = Gewicht.HAUSHALTE, f"entscheidet nicht: {haushalte(name)}"
        genannt = " oder ".join(f"{w}…" if w.endswith("_") else w for w in worte.split("|"))
        titel = f"Parameter {genannt} fehlt"
        yield Fehlstelle(gewicht, "thema_fehlt", name, titel, text, "Recht des Landes", "nicht gesehen", folge)
    yield from _kinderzuschlag(land, stichtag, vorhanden)


def _kinderzuschlag(land: Land, stichtag: date, vorhanden: list[str]) -> Iterator[Fehlstelle]:
    """A factor tier and a supplement per child need to know whether the one applies to the other."""
    if "kindzuschlag_skaliert" in vorhanden or "haushaltstabelle" in vorhanden:
        return
    for stufe in grenzen_fuer(land, stichtag, 3, 1):
        if any(lu.name == "kindzuschlag_skaliert" for lu in stufe.luecken):
            text = "Im Regelpaket steht nicht, ob der Zuschlag je Kind mit der Stufe steigt."
            kopf = (Gewicht.HAUSHALTE, "thema_fehlt", "kindzuschlag_skaliert", "Parameter kindzuschlag_skaliert fehlt")
            folge = "entscheidet nicht: " + haushalte("kindzuschlag_skaliert")
            yield Fehlstelle(*kopf, text, stufe.fundstelle, "nicht gesehen", folge)
            return


def _fragen(land: Land) -> Iterator[Fehlstelle]:
    for frage in land.kopf.offen:
        folge = "von Hand zu klären; das Programm weiß davon nichts"
        kopf = (Gewicht.FRAGE, "frage", "", frage.text, "", frage.nachzusehen)
        yield Fehlstelle(*kopf, "land.yaml, offen", folge)


def _ohne_stufe(land: Land, stichtag: date) -> Fehlstelle:
    text = f"Für den {stichtag:%d.%m.%Y} ist keine Einkommensgrenze belegt."
    folge = "entscheidet nie, für keinen Haushalt"
    fundstelle = land.stufen[0].fassungen[0].fundstelle if land.stufen else "Recht des Landes"
    return Fehlstelle(Gewicht.NIE, "thema_fehlt", "stufe_", "Keine Stufe", text, fundstelle, "nicht gesehen", folge)
