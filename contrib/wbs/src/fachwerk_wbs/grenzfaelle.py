"""Cases nobody has to write: every limit one cent below, at and above it, and every change date and the day before.

They are made from the data of the Land itself. What they find are contradictions: a limit that is kept and yet
exceeded, a version that cannot be computed with, a figure for a day of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from fachwerk.errors import FachwerkError
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.chronik import stuetztage
from fachwerk_wbs.ergebnis import Ergebnis
from fachwerk_wbs.grenzen import Stufengrenze, grenzen_fuer
from fachwerk_wbs.land import Land
from fachwerk_wbs.musterhaushalte import alleinstehend, familie, mit_einkommen
from fachwerk_wbs.schreibweise import euro, tag

CENT = Decimal("0.01")
GROESSEN = ((1, 0), (2, 0), (2, 1), (4, 2))
LANGE_HER = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Probe:
    """One generated case; ``mangel`` is empty if it holds."""

    name: str
    mangel: str = ""


def grenzproben(land: Land) -> Iterator[Probe]:
    """Every certain limit of every version, for several sizes of household, on both sides of it."""
    for stichtag in _pruefbare_tage(land):
        for personen, kinder in GROESSEN:
            stufen = [s for s in grenzen_fuer(land, stichtag, personen, kinder) if s.gesichert]
            if stufen and (abzug := _abzug(land, stichtag, personen, kinder, stufen[-1])) is not None:
                for stufe in stufen:
                    yield from _an_der_grenze(land, stichtag, personen, kinder, stufe, abzug)


def _pruefbare_tage(land: Land) -> list[date]:
    tage = stuetztage(land)
    return sorted({*tage, *(t - timedelta(days=1) for t in tage)})


def _abzug(land: Land, stichtag: date, personen: int, kinder: int, stufe: Stufengrenze) -> Decimal | None:
    """What is taken off the profit of this household; None: its income is not known."""
    betrag = _grenze(stufe)
    roh = berechne(mit_einkommen(land.code, stichtag, personen, kinder, betrag), land).gesamteinkommen
    return None if roh is None else betrag - Decimal(roh)


def _grenze(stufe: Stufengrenze) -> Decimal:
    return Decimal(stufe.grenze.wert).quantize(CENT, ROUND_FLOOR)


def _an_der_grenze(
    land: Land, stichtag: date, personen: int, kinder: int, stufe: Stufengrenze, abzug: Decimal
) -> Iterator[Probe]:
    grenze = _grenze(stufe)
    for abstand, soll in ((-CENT, True), (0 * CENT, True), (CENT, False)):
        name = f"{tag(stichtag)}, {personen} Personen, {kinder} Kinder, {stufe.id} {euro(grenze)} {abstand:+}"
        fall = mit_einkommen(land.code, stichtag, personen, kinder, grenze + abzug + abstand)
        ergebnis = berechne(fall, land)
        if ergebnis.gesamteinkommen == f"{grenze + abstand:.2f}":
            yield Probe(name, _mangel(ergebnis, stufe, soll))


def _mangel(ergebnis: Ergebnis, stufe: Stufengrenze, soll: bool) -> str:
    ist = next((s.eingehalten for s in ergebnis.stufen if s.id == stufe.id), None)
    if ist is not soll and ist is not None:
        return f"Die Stufe gilt als {'eingehalten' if ist else 'überschritten'}."
    if soll and ergebnis.empfehlung == "ablehnen" and not stufe.parameter.merkmale:
        return "Die Grenze ist eingehalten, und trotzdem wird abgelehnt."
    if ergebnis.empfehlung == "bewilligen" and not any(s.eingehalten for s in ergebnis.stufen):
        return "Keine Grenze ist eingehalten, und trotzdem wird bewilligt."
    return ""


def tagesproben(land: Land) -> Iterator[Probe]:
    """An employee alone and a family with little income, on every change date, the day before, and long ago."""
    tage = set(land.aenderungstage())
    tage |= {t - timedelta(days=1) for t in tage}
    for stichtag in sorted(tage):
        for art, haushalt in (("eine Person", alleinstehend), ("Paar mit zwei Kindern", familie)):
            name = f"{tag(stichtag)}, {art}"
            try:
                ergebnis = berechne(haushalt(land.code, stichtag), land)
            except FachwerkError as fehler:
                yield Probe(name, fehler.hint)
                continue
            yield Probe(name, _unbegruendet(ergebnis))
    yield Probe(f"{tag(LANGE_HER)}, vor jeder Fassung", _vor_der_ersten(land))


def _unbegruendet(ergebnis: Ergebnis) -> str:
    """Who does not decide says why; who refuses rests on nothing but grade A."""
    if ergebnis.empfehlung in ("vorlegen", "nachfordern") and not ergebnis.offen:
        return f"Die Empfehlung „{ergebnis.empfehlung}“ nennt keinen Grund."
    if ergebnis.empfehlung == "ablehnen" and (ohne := [s.name for s in ergebnis.begruendung if s.beleg in ("B", "C")]):
        return f"„ablehnen“ ohne Beleg A für: {', '.join(ohne)}."
    ohne = [s.name for s in ergebnis.begruendung if not s.fundstelle]
    return f"Ohne Fundstelle: {', '.join(ohne)}." if ohne else ""


def _vor_der_ersten(land: Land) -> str:
    """Of a day before all law in the package nobody may claim to know anything."""
    ergebnis = berechne(alleinstehend(land.code, LANGE_HER), land)
    if ergebnis.empfehlung in ("bewilligen", "ablehnen"):
        return f"Für einen Tag, von dem nichts bekannt ist, wird „{ergebnis.empfehlung}“ empfohlen."
    return "" if ergebnis.offen else "Für einen Tag, von dem nichts bekannt ist, fehlt der Grund."
