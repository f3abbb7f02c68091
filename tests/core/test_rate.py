"""``je_minute`` in small helpings is still ``je_minute``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.rate import FENSTER_S, FENSTER_SQLITE_S, begrenzung


@given(je_minute=st.integers(1, 6000), dialekt=st.sampled_from(["postgresql", "sqlite"]))
def test_the_rate_is_exact_and_no_window_too_short_to_measure(je_minute: int, dialekt: str) -> None:
    grenze = begrenzung(je_minute, dialekt)
    fenster = FENSTER_SQLITE_S if dialekt == "sqlite" else FENSTER_S
    assert grenze["limit"] == int(grenze["limit"]) >= 1
    assert grenze["limit"] * 60 / grenze["period"] == pytest.approx(je_minute)
    assert fenster <= grenze["period"] + 1e-9 <= max(2 * fenster, 60.0) + 1e-6


@pytest.mark.parametrize(
    ("je_minute", "limit", "period"), [(1, 1, 60.0), (6, 1, 10.0), (20, 4, 12.0), (60, 10, 10.0), (61, 11, 660 / 61)]
)
def test_what_it_comes_to(je_minute: int, limit: int, period: float) -> None:
    assert begrenzung(je_minute, "postgresql") == {"limit": limit, "period": period}
