"""A node that falls silent is reported by those that work, until it is back, gives back its slots or is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fachwerk import alarm, alarmwache
from fachwerk.tabellen import knoten, wachgang
from fachwerk.testkit.welt import Welt

TAG = 24 * 60


@pytest.fixture
def stille(welt: Welt) -> Callable[..., list[str]]:
    """Which nodes are reported when the slots were heard of so many minutes ago."""

    def stille(**minuten: float) -> list[str]:
        jetzt = datetime.now(UTC)
        with welt.betrieb.store.transaktion("probe") as verbindung:
            verbindung.execute(wachgang.delete())
            verbindung.execute(knoten.delete())
            for platz, alter in minuten.items():
                zeit = jetzt - timedelta(minutes=alter)
                zeile = {"platz": platz.replace("_", "-"), "prozess": platz, "gestartet": zeit, "herzschlag": zeit}
                verbindung.execute(knoten.insert().values(**zeile))
        assert alarmwache.gehe(welt.betrieb)
        offene = [zeile for zeile in alarm.offene(welt.betrieb.store) if zeile.anlass == alarm.KNOTEN_STILL]
        return sorted(zeile.gegenstand for zeile in offene)

    return stille


def test_a_node_that_is_silent_is_an_alarm_until_it_is_back_or_gives_back_its_slot(
    stille: Callable[..., list[str]],
) -> None:
    assert stille(eins_1=0, zwei_1=4) == [], "a restart takes a while"
    assert stille(eins_1=0, zwei_1=6) == ["knoten:zwei"]
    assert stille(eins_1=0, zwei_1=7, zwei_2=0) == [], "the machine works, another process of it died"
    assert stille(eins_1=0, zwei_1=8) == ["knoten:zwei"]
    assert stille(eins_1=0) == []


def test_a_node_that_never_came_back_is_forgotten_after_a_week(stille: Callable[..., list[str]]) -> None:
    assert stille(eins_1=0, drei_1=6 * TAG) == ["knoten:drei"]
    assert stille(eins_1=0, drei_1=8 * TAG) == []
