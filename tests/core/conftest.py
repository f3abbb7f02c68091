"""Fixtures for the core: an empty, migrated database of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from fachwerk.datenbank import aktualisiere, oeffne_datenbank


@pytest.fixture
def datenbank(datenbank_url: str) -> Iterator[sa.Engine]:
    """An empty database with our tables; the test runs once on SQLite and once on PostgreSQL."""
    engine = oeffne_datenbank(datenbank_url)
    aktualisiere(engine)
    yield engine
    engine.dispose()
