"""Deadline and thresholds as dated rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from fachwerk.regeln import Regelwerk, lade_parameter, monate_spaeter, regel


@regel("schonfrist_ende", fundstelle="§ 569 Abs. 3 Nr. 2 Satz 1 BGB, §§ 187, 188 BGB")
def schonfrist_ende(klage_zugestellt: date, schonfrist_monate: Decimal) -> date:
    """Last day on which the landlord must be paid or a public body must have committed itself."""
    return monate_spaeter(klage_zugestellt, int(schonfrist_monate))


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


TITEL = {
    "schonfrist_ende": "Ende der Schonfrist",
    "rueckstand_in_monatsmieten": "Rückstand in Monatsmieten",
    "schwelle_a_erreicht": "Rückstand übersteigt eine Monatsmiete",
    "schwelle_b_erreicht": "Rückstand erreicht zwei Monatsmieten",
}
"""What the rules are called in a Prüfvermerk."""


@lru_cache(maxsize=1)
def regelwerk() -> Regelwerk:
    """Rules and parameters, loaded once."""
    regeln = (schonfrist_ende, rueckstand_in_monatsmieten, schwelle_a_erreicht, schwelle_b_erreicht)
    return Regelwerk.aus(regeln, lade_parameter("fachwerk_mietrueckstaende"))
