"""A busy day on several nodes at one PostgreSQL: nothing lost, nothing twice, every held case with a true reason."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chaos_tag import laufe, versprochen

from fachwerk.chaos.ablauf import moegliche
from fachwerk.chaos.plan import Umfang

pytestmark = pytest.mark.postgresql

KURZ = ("abschuss", "anhalten", "datenbank", "netz_datenbank")
"""As many as faults, so that each comes once; what the mailbox and the Ziele can do is tried on one machine."""


def test_a_short_day_on_two_nodes_keeps_every_promise(tmp_path: Path) -> None:
    versprochen(laufe(tmp_path / "zwei", "postgresql", Umfang(12, 2, len(KURZ), KURZ, ruhig=True)))


@pytest.mark.lang
def test_a_busy_day_of_a_land_keeps_every_promise(tmp_path: Path) -> None:
    """20,000 applications to five offices, three nodes, a fault for every hundred of them; hours, not minutes."""
    anzahl = int(os.environ.get("FACHWERK_TEST_FAELLE") or 20_000)
    umfang = Umfang(anzahl, 3, anzahl // 100, moegliche("postgresql"))
    versprochen(laufe(tmp_path / "land", "postgresql", umfang))
