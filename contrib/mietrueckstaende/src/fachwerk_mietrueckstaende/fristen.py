"""Days that count: weekends and holidays under § 193 BGB. Pure; nationwide holidays are those of all sixteen Länder."""

from __future__ import annotations

from datetime import date, timedelta

TAG = timedelta(days=1)
_SAMSTAG = 5

_FESTE = frozenset({(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)})
_NACH_OSTERN = frozenset({-2, 1, 39, 50})
"""Good Friday, Easter Monday, Ascension, Whit Monday."""

_FESTE_MANCHER = frozenset({(1, 6), (3, 8), (8, 8), (8, 15), (9, 20), (10, 31), (11, 1)})
_FRONLEICHNAM = 60


def ostersonntag(jahr: int) -> date:
    """Easter Sunday of the Gregorian calendar."""
    a, (b, c) = jahr % 19, divmod(jahr, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    rest = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * rest) // 451
    monat, tag = divmod(h + rest - 7 * m + 114, 31)
    return date(jahr, monat, tag + 1)


def ist_wochenende(tag: date) -> bool:
    """Saturday or Sunday."""
    return tag.weekday() >= _SAMSTAG


def ist_feiertag(tag: date) -> bool:
    """A holiday in all Länder."""
    return (tag.month, tag.day) in _FESTE or (tag - ostersonntag(tag.year)).days in _NACH_OSTERN


def ist_feiertag_mancher(tag: date) -> bool:
    """A holiday in some Länder or towns only: whether it counts depends on the place."""
    busstag = tag.month == 11 and 16 <= tag.day <= 22 and tag.weekday() == 2
    return busstag or (tag.month, tag.day) in _FESTE_MANCHER or (tag - ostersonntag(tag.year)).days == _FRONLEICHNAM


def naechster_werktag(tag: date) -> date:
    """``tag`` itself, or the next day that is neither weekend nor a holiday in all Länder (§ 193 BGB)."""
    while ist_wochenende(tag) or ist_feiertag(tag):
        tag += TAG
    return tag
