"""Fixtures for the core: an empty, migrated database of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.testkit.welt import Welt


@pytest.fixture
def datenbank(datenbank_url: str) -> Iterator[sa.Engine]:
    """An empty database with our tables; the test runs once on SQLite and once on PostgreSQL."""
    engine = oeffne_datenbank(datenbank_url)
    aktualisiere(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def baue_welt(datenbank_url: str, tmp_path: Path) -> Iterator[Callable[..., Welt]]:
    """Make the test's world with the configuration it needs; once on SQLite and once on PostgreSQL."""
    welten: list[Welt] = []

    def baue(**angaben: Any) -> Welt:
        welten.append(Welt(datenbank_url, tmp_path / "welt", **angaben))
        return welten[-1]

    yield baue
    for welt in welten:
        welt.schliesse()


@pytest.fixture
def welt(baue_welt: Callable[..., Welt]) -> Welt:
    """A world with one mailbox and the Ziel ``akte``, which recognises a key."""
    return baue_welt()
