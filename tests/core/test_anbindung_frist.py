"""„3 Monate zum Monatsende“, proven at the borders of months and years and against a slow count of days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fachwerk.anbindung.frist import ende_der_nutzung, heute, monate_spaeter, monatsende

TAGE = st.dates(date(2024, 1, 1), date(2110, 12, 31))


@pytest.mark.parametrize(
    ("zugang", "ende"),
    [
        ("2026-01-01", "2026-04-30"),
        ("2026-01-31", "2026-04-30"),
        ("2026-02-01", "2026-05-31"),
        ("2026-08-31", "2026-11-30"),
        ("2026-09-30", "2026-12-31"),
        ("2026-10-01", "2027-01-31"),
        ("2026-11-30", "2027-02-28"),
        ("2027-11-30", "2028-02-29"),
        ("2027-12-01", "2028-03-31"),
        ("2028-02-29", "2028-05-31"),
        ("2099-11-30", "2100-02-28"),
        ("2026-12-31", "2027-03-31"),
    ],
)
def test_the_last_day_of_use_at_the_borders(zugang: str, ende: str) -> None:
    assert ende_der_nutzung(date.fromisoformat(zugang)) == date.fromisoformat(ende)


def gezaehlt(zugang: date) -> date:
    """The same by counting days: first the month three changes of month later, then its last day."""
    tag, wechsel = zugang, 0
    while wechsel < 3 or (tag + timedelta(days=1)).day != 1:
        wechsel += (tag + timedelta(days=1)).day == 1
        tag += timedelta(days=1)
    return tag


@given(TAGE)
@example(date(2027, 11, 30))
@example(date(2028, 2, 29))
@example(date(2099, 11, 30))
def test_the_deadline_is_the_end_of_the_third_month_after_that_of_the_notice(zugang: date) -> None:
    assert ende_der_nutzung(zugang) == gezaehlt(zugang)


@given(TAGE)
def test_three_full_months_lie_between_and_less_than_four(zugang: date) -> None:
    ende = ende_der_nutzung(zugang)
    assert (ende + timedelta(days=1)).day == 1
    assert monate_spaeter(zugang, 3) <= ende < monate_spaeter(zugang.replace(day=1), 4)
    assert 89 <= (ende - zugang).days <= 122


@given(TAGE, TAGE)
def test_a_later_notice_never_ends_earlier(a: date, b: date) -> None:
    assert ende_der_nutzung(min(a, b)) <= ende_der_nutzung(max(a, b))


@given(TAGE)
def test_no_earlier_end_of_a_month_would_keep_the_three_months(zugang: date) -> None:
    voriges = ende_der_nutzung(zugang).replace(day=1) - timedelta(days=1)
    assert voriges == monatsende(voriges)
    assert voriges < monate_spaeter(zugang, 3)


@given(TAGE, st.integers(0, 60))
def test_a_day_some_months_later_has_the_same_number_or_is_the_last(tag: date, monate: int) -> None:
    spaeter = monate_spaeter(tag, monate)
    assert (spaeter.year - tag.year) * 12 + spaeter.month - tag.month == monate
    assert spaeter.day == tag.day or (spaeter == monatsende(spaeter) and spaeter.day < tag.day)


@pytest.mark.parametrize(
    ("utc", "tag"),
    [
        (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), date(2026, 4, 1)),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_today_is_the_day_in_germany_not_in_utc(utc: datetime, tag: date) -> None:
    assert heute(utc) == tag
