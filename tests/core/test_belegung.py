"""A Ziel never has more deliveries at a time than it bears, whatever the engines of several nodes begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fachwerk import belegung
from fachwerk.tabellen import zustellung
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.vertraeglichkeit import KNOTEN_TOT_NACH
from fachwerk.zustellstand import hier

pytestmark = pytest.mark.postgresql

FAELLE = 4


class Ansturm:
    """Cases that are due for one Ziel, and two nodes; while one hands over, the other is given the next job."""

    def __init__(self, welt: Welt) -> None:
        self.welt, self.nachbar = welt, welt.nachbar()
        self.zugleich = self.hoechstens = 0
        welt.lebe()
        for nummer in range(FAELLE):
            welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
        welt.rufe_ab()
        for _ in range(FAELLE):
            assert self.gib_arbeit(welt)
        welt.mit_schluessel.waehrend = self._waehrend

    def gib_arbeit(self, wem: Welt) -> bool:
        """The oldest job that is due; claimed first, as the engine does."""
        if (auftrag := wem.auftraege.naechster()) is None:
            return False
        wem.auftraege.erledige(auftrag.nr)
        wem._aufgaben()[auftrag.aufgabe](wem.betrieb, *auftrag.argumente.split("\n"))
        return True

    def _waehrend(self, schluessel: str) -> None:
        self.zugleich += 1
        self.hoechstens = max(self.hoechstens, self.zugleich)
        self.gib_arbeit(self.nachbar if self.zugleich % 2 else self.welt)
        self.zugleich -= 1

    def arbeite(self) -> None:
        while self.gib_arbeit(self.welt):
            pass

    def spaeter(self) -> None:
        self.welt.vergehe(seconds=2 * belegung.WIEDER_NACH_S)
        self.welt.lebe()
        self.nachbar.lebe()

    def staende(self) -> list[str]:
        return sorted(zeile.status for zeile in self.welt.zeilen(zustellung))


@pytest.fixture
def baue(postgres_url: str, tmp_path: Path) -> Iterator[Callable[[int], Ansturm]]:
    angelegte: list[Ansturm] = []

    def baue(gleichzeitig: int) -> Ansturm:
        ziel = {"akte": {"plugin": "mit_schluessel", "gleichzeitig": gleichzeitig}}
        angelegte.append(Ansturm(Welt(postgres_url, tmp_path / "welt", ziel=ziel)))
        return angelegte[-1]

    yield baue
    for einer in angelegte:
        einer.nachbar.schliesse()
        einer.welt.schliesse()


@pytest.mark.parametrize("gleichzeitig", [1, 2, 3])
def test_what_the_engines_begin_too_much_waits_a_moment_and_then_arrives_once(
    baue: Callable[[int], Ansturm], gleichzeitig: int
) -> None:
    ansturm = baue(gleichzeitig)
    ansturm.gib_arbeit(ansturm.welt)
    assert ansturm.hoechstens == gleichzeitig
    assert ansturm.staende() == ["offen"] * (FAELLE - gleichzeitig) + ["zugestellt"] * gleichzeitig
    for _ in range(FAELLE):
        ansturm.spaeter()
        ansturm.arbeite()
    assert ansturm.hoechstens == gleichzeitig
    assert {zeile.status for zeile in ansturm.welt.vorgaenge()} == {"done"}
    assert len(ansturm.welt.mit_schluessel.wirkungen) == FAELLE
    assert {zeile.versuch for zeile in ansturm.welt.zeilen(zustellung)} == {1}, "a moment of waiting is no attempt"


def test_what_a_dead_node_had_announced_keeps_nobody_out(baue: Callable[[int], Ansturm]) -> None:
    ansturm = baue(1)
    erste = ansturm.welt.zeilen(zustellung)[0]
    with ansturm.welt.betrieb.store.datenbank.begin() as verbindung:
        von = ansturm.nachbar.betrieb.store.prozess
        absicht = zustellung.update().where(zustellung.c.vorgang_id == erste.vorgang_id)
        verbindung.execute(absicht.values(status="absicht", versuch=1, absicht_von=von))
    andere = hier(ansturm.welt.zeilen(zustellung)[1].vorgang_id, "akte", 1)

    def ist_frei() -> bool:
        with ansturm.welt.betrieb.store.datenbank.begin() as verbindung:
            return belegung.ist_frei(verbindung, andere, 1)

    assert not ist_frei()
    ansturm.welt.vergehe(seconds=KNOTEN_TOT_NACH.total_seconds() + 1)
    assert ist_frei()


def test_nodes_that_announce_in_the_same_moment_count_one_after_the_other(baue: Callable[[int], Ansturm]) -> None:
    ansturm = baue(1)
    erster, zweiter = (einer.betrieb.store.datenbank for einer in (ansturm.welt, ansturm.nachbar))
    with erster.begin() as zaehlt, zweiter.begin() as anderes, zweiter.begin() as dasselbe:
        assert belegung.ist_frei(zaehlt, hier("v-1", "akte", 1), 1)
        assert belegung.ist_frei(anderes, hier("v-2", "amt", 1), 1)
        dasselbe.execute(sa.text("SET LOCAL lock_timeout = '10ms'"))
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            belegung.ist_frei(dasselbe, hier("v-3", "akte", 1), 1)
