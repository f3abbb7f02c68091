"""Deadline, repeat and thresholds as dated rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from fachwerk.regeln import Regelwerk, lade_parameter, monate_spaeter, regel

_MONATE = 12


@regel("schonfrist_ende", fundstelle="§ 569 Abs. 3 Nr. 2 Satz 1 BGB, §§ 187, 188 BGB")
def schonfrist_ende(klage_zugestellt: date, schonfrist_monate: Decimal) -> date:
    """Last day on which the landlord must be paid or a public body must have committed itself."""
    return monate_spaeter(klage_zugestellt, int(schonfrist_monate))


@regel("schonfrist_fruehestens", fundstelle="§ 569 Abs. 3 Nr. 2 Satz 1 BGB, §§ 187, 188 BGB")
def schonfrist_fruehestens(klage_eingegangen: date, schonfrist_monate: Decimal) -> date:
    """The same, where only the filing is known: an action is served after it was filed, so it ends no earlier."""
    return monate_spaeter(klage_eingegangen, int(schonfrist_monate))


@regel("wiederholung_bis", fundstelle="§ 569 Abs. 3 Nr. 2 Satz 2 BGB")
def wiederholung_bis(frueheres_ereignis: date, wiederholung_jahre: Decimal) -> date:
    """Up to this day a new termination cannot be undone by payment, counted from the earlier one."""
    return monate_spaeter(frueheres_ereignis, int(wiederholung_jahre) * _MONATE)


@regel("rueckstand_in_monatsmieten", fundstelle="§ 543 Abs. 2 Satz 1 Nr. 3 BGB")
def rueckstand_in_monatsmieten(rueckstand_betrag: Decimal, monatsmiete: Decimal) -> Decimal:
    """Arrears as a multiple of the monthly rent, to two decimals, rounded down."""
    return (rueckstand_betrag * 100 // monatsmiete) / 100


@regel("schwelle_a_erreicht", fundstelle="§ 543 Abs. 2 Satz 1 Nr. 3 Buchst. a und § 569 Abs. 3 Nr. 1 BGB")
def schwelle_a_erreicht(rueckstand_betrag: Decimal, monatsmiete: Decimal, schwelle_zwei_termine: Decimal) -> bool:
    """More than this many rents owed (at two consecutive dates, which the file cannot show)."""
    return rueckstand_betrag > monatsmiete * schwelle_zwei_termine


@regel("schwelle_b_erreicht", fundstelle="§ 543 Abs. 2 Satz 1 Nr. 3 Buchst. b BGB")
def schwelle_b_erreicht(rueckstand_betrag: Decimal, monatsmiete: Decimal, schwelle_laenger: Decimal) -> bool:
    """At least this many rents owed over more than two dates."""
    return rueckstand_betrag >= monatsmiete * schwelle_laenger


SCHWELLEN = ("rueckstand_in_monatsmieten", "schwelle_a_erreicht", "schwelle_b_erreicht")

TITEL = {
    "schonfrist_ende": "Ende der Schonfrist",
    "schonfrist_fruehestens": "Schonfrist endet nicht vor dem",
    "wiederholung_bis": "Zwei Jahre nach dem früheren Fall",
    "rueckstand_in_monatsmieten": "Rückstand in Monatsmieten",
    "schwelle_a_erreicht": "Rückstand übersteigt eine Monatsmiete",
    "schwelle_b_erreicht": "Rückstand erreicht zwei Monatsmieten",
}
"""What the rules are called in a Prüfvermerk."""


@lru_cache(maxsize=1)
def regelwerk() -> Regelwerk:
    """Rules and parameters, loaded once."""
    fristen = (schonfrist_ende, schonfrist_fruehestens, wiederholung_bis)
    betraege = (rueckstand_in_monatsmieten, schwelle_a_erreicht, schwelle_b_erreicht)
    return Regelwerk.aus((*fristen, *betraege), lade_parameter("fachwerk_mietrueckstaende"))
