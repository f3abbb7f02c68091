"""The period the stated incomes belong to, and the one the law of the Land looks at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from fachwerk.regeln import monate_spaeter
from fachwerk_wbs.fall import Zeitraum

SPIELRAUM = 1
"""Months by which a period may be off: applications are written around the end of a month."""


def _ganzes_jahr(zeitraum: Zeitraum) -> bool:
    """Twelve months: the last day is the one before the same day a year later."""
    return monate_spaeter(zeitraum.von, 12) - timedelta(days=1) == zeitraum.bis


def _nah(tag: date, stichtag: date) -> bool:
    return monate_spaeter(stichtag, -SPIELRAUM - 1) < tag <= monate_spaeter(stichtag, SPIELRAUM)


def _letzte_zwoelf_monate(zeitraum: Zeitraum, stichtag: date) -> bool:
    return _ganzes_jahr(zeitraum) and _nah(zeitraum.bis, stichtag)


def _vorausschau(zeitraum: Zeitraum, stichtag: date) -> bool:
    """The coming twelve months, or the last ones as far as they are derived from those."""
    return _ganzes_jahr(zeitraum) and (_nah(zeitraum.von, stichtag) or _nah(zeitraum.bis, stichtag))


def _voriges_kalenderjahr(zeitraum: Zeitraum, stichtag: date) -> bool:
    erster = stichtag.replace(month=1, day=1)
    return _ganzes_jahr(zeitraum) and zeitraum.von == monate_spaeter(erster, -12)


ARTEN: dict[str, Callable[[Zeitraum, date], bool]] = {
    "vorausschau": _vorausschau,
    "letzte_zwoelf_monate": _letzte_zwoelf_monate,
    "voriges_kalenderjahr": _voriges_kalenderjahr,
}


def passt(zeitraum: Zeitraum, art: str, stichtag: date) -> bool:
    """Whether the stated period is of the kind ``art``. Raises ``KeyError`` for a kind nobody knows."""
    return ARTEN[art](zeitraum, stichtag)
