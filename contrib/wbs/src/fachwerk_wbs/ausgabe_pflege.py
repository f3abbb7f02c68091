"""Work lists for the people who maintain a Land, as text of at most 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from fachwerk_wbs.land import Land
from fachwerk_wbs.luecken import Fehlstelle, nur_luecken
from fachwerk_wbs.schreibweise import absatz
from fachwerk_wbs.wirkung import Gewicht

if TYPE_CHECKING:
    from fachwerk_wbs.landestest import Pruefung

UEBERSCHRIFTEN = {
    Gewicht.NIE: "Entscheidet nie",
    Gewicht.HAUSHALTE: "Entscheidet diese Haushalte nicht",
    Gewicht.FRAGE: "Offene Fragen",
    Gewicht.BESCHEINIGUNG: "Entscheidet; es fehlt eine Angabe oder Prüfung",
    Gewicht.ABLEHNUNG: "Bewilligt, aber lehnt nicht ab (eine Ablehnung verlangt Beleg A)",
}


def luecken_text(land: Land, stichtag: date, liste: Sequence[Fehlstelle], frueher: int) -> str:
    """The work list of one Land, heaviest gaps first."""
    luecken = nur_luecken(liste)
    kopf = f"{land.kopf.name} ({land.code}), Stichtag {stichtag:%d.%m.%Y}, Rechtsstand {_tag(land.kopf.rechtsstand)}"
    zeilen = [kopf, f"{_anzahl(len(luecken), 'Lücke', 'Lücken')}; {_schwache(len(liste) - len(luecken))}"]
    for gewicht in Gewicht:
        gruppe = [f for f in liste if f.gewicht is gewicht]
        if gruppe:
            zeilen += ["", f"  {UEBERSCHRIFTEN[gewicht]} ({len(gruppe)})"]
            zeilen += _kurze(gruppe) if gewicht is Gewicht.ABLEHNUNG else _ausfuehrliche(gruppe)
    if frueher:
        text = f"Dazu in früheren Fassungen: {_anzahl(frueher, 'Lücke', 'Lücken')} (mit --stichtag an jenem Tag)."
        zeilen += ["", *absatz(text, "  ")]
    return "\n".join(zeilen)


def _tag(text: str) -> str:
    try:
        return f"{date.fromisoformat(text):%d.%m.%Y}"
    except ValueError:
        return text


def _anzahl(zahl: int, eins: str, viele: str) -> str:
    return f"{zahl or 'keine'} {eins if zahl == 1 else viele}"


def _schwache(zahl: int) -> str:
    return f"{_anzahl(zahl, 'Punkt steht', 'Punkte stehen')} nur einer Ablehnung entgegen"


def _ausfuehrliche(gruppe: Iterable[Fehlstelle]) -> list[str]:
    """Neighbours with the same source and consequence share their paragraph."""
    zeilen = []
    for _, stellen in groupby(gruppe, key=lambda s: (s.fundstelle, s.gesehen, s.folge)):
        gemeinsam = list(stellen)
        for titel in dict.fromkeys(_titel(stelle) for stelle in gemeinsam):
            zeilen += absatz(titel, "  - ", "    ")
        if text := " ".join(dict.fromkeys(stelle.text for stelle in gemeinsam)).strip():
            zeilen += absatz(text, "      ")
        zeilen += absatz(f"{_wo(gemeinsam[0])} Folge: {gemeinsam[0].folge}.", "      ")
    return zeilen


def _titel(stelle: Fehlstelle) -> str:
    name = f" [{stelle.parameter}]" if stelle.parameter and stelle.art != "thema_fehlt" else ""
    return f"{stelle.titel}{name}{zeitraum(stelle)}"


def _kurze(gruppe: Iterable[Fehlstelle]) -> list[str]:
    zeilen = []
    for _, stellen in groupby(gruppe, key=lambda s: (s.fundstelle, s.gesehen, s.folge)):
        gemeinsam = list(stellen)
        for stelle in gemeinsam:
            zeilen += absatz(f"{stelle.titel}{zeitraum(stelle)}: {stelle.text}", "  - ", "    ")
        zeilen += absatz(f"{_wo(gemeinsam[0])} Folge: {gemeinsam[0].folge}.", "      ")
    return zeilen


def _wo(stelle: Fehlstelle) -> str:
    """Where to look, and where somebody looked already."""
    return f"Nachzusehen: {stelle.fundstelle.rstrip('.')}. Bisher: {stelle.gesehen.rstrip('.')}."


def zeitraum(stelle: Fehlstelle) -> str:
    """The period of a gap as it is written behind a title."""
    if stelle.seit and stelle.bis:
        return f", {stelle.seit:%d.%m.%Y} bis {stelle.bis:%d.%m.%Y}"
    if stelle.seit:
        return f", seit {stelle.seit:%d.%m.%Y}"
    return f", bis {stelle.bis:%d.%m.%Y}" if stelle.bis else ""


def faelle_text(pruefung: Pruefung) -> str:
    """What was computed for one Land, and every difference."""
    zahlen = (
        f"{_anzahl(pruefung.musterfaelle, 'Musterfall', 'Musterfälle')}, "
        f"{_anzahl(pruefung.grenzfaelle, 'Grenzfall', 'Grenzfälle')} (ein Cent um jede Grenze), "
        f"{_anzahl(pruefung.tagesfaelle, 'Fall', 'Fälle')} an Änderungstagen"
    )
    urteil = _anzahl(len(pruefung.abweichungen), "Abweichung", "Abweichungen")
    zeilen = absatz(f"{pruefung.land.kopf.name} ({pruefung.land.code}): {zahlen}: {urteil}.", weiter="  ")
    zeilen += [zeile for text in pruefung.abweichungen for zeile in absatz(text, "  ✗ ", "    ")]
    zeilen += [zeile for text in pruefung.fehlend for zeile in absatz(text, "  … ", "    ")]
    return "\n".join(zeilen)
