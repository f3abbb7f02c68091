"""When a connection ends: „3 Monate zum Monatsende“, and what is today in Germany.

The reading is explained in ``docs/anbindung.md``: the three months run from the day the notice arrives, that day not
counted (BGB § 187 Abs. 1, § 188 Abs. 2 and 3), and the use ends with the month in which they run out.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

ORTSZEIT = ZoneInfo("Europe/Berlin")

MONATE = 3
"""The notice period of a permanent leave (information letters of Mecklenburg-Vorpommern, scenario A)."""


def heute(jetzt: datetime | None = None) -> date:
    """The day it is in Germany, not in UTC: after 22 or 23 o'clock UTC the next one has begun."""
    return (jetzt or datetime.now(UTC)).astimezone(ORTSZEIT).date()


def monate_spaeter(tag: date, monate: int) -> date:
    """The day of the same number ``monate`` later, or the last of that month if it has no such day."""
    jahr, monat = divmod(tag.year * 12 + tag.month - 1 + monate, 12)
    return date(jahr, monat + 1, min(tag.day, monthrange(jahr, monat + 1)[1]))


def monatsende(tag: date) -> date:
    """The last day of the month of ``tag``."""
    return tag.replace(day=monthrange(tag.year, tag.month)[1])


def ende_der_nutzung(zugang: date) -> date:
    """The last day of use, if the notice of a permanent leave arrives on ``zugang``."""
    return monatsende(monate_spaeter(zugang, MONATE))
