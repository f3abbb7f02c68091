"""A Ziel never has more deliveries at a time than it bears, whatever several nodes begin."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk import belegung, pausen
from fachwerk.tabellen import zustellung
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.vertraeglichkeit import KNOTEN_TOT_NACH
from fachwerk.zustellstand import hier
from fachwerk.zustellung import stelle_zu

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
def baue(baue_welt: Callable[..., Welt], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Ansturm]]:
    """Nobody waits with a job in hand, unless the test says so."""
    monkeypatch.setattr(belegung, "GEDULD_S", 0.0)
    angelegte: list[Ansturm] = []

    def baue(gleichzeitig: int) -> Ansturm:
        ziel = {"akte": {"plugin": "mit_schluessel", "gleichzeitig": gleichzeitig}}
        angelegte.append(Ansturm(baue_welt(ziel=ziel)))
        return angelegte[-1]

    yield baue
    for einer in angelegte:
        einer.nachbar.schliesse()


@pytest.mark.parametrize("gleichzeitig", [1, 2, 3])
def test_what_the_nodes_begin_too_much_comes_back_a_moment_later_and_arrives_once(
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


class Warteraum:
    """A job of the second case waits at the other node while the first is handed over."""

    def __init__(self, ansturm: Ansturm, monkeypatch: pytest.MonkeyPatch, inzwischen: Callable[[], object]) -> None:
        monkeypatch.setattr(belegung, "GEDULD_S", 60.0)
        self.ansturm, self._inzwischen = ansturm, inzwischen
        self.erster, self.zweiter, *_ = (zeile.id for zeile in ansturm.welt.vorgaenge())
        self._wartet = threading.Event()
        self._echt = belegung._wird_frei
        monkeypatch.setattr(belegung, "_wird_frei", self._wird_frei)
        with ThreadPoolExecutor(1) as self._faeden:
            ansturm.welt.mit_schluessel.waehrend = self._waehrend
            stelle_zu(ansturm.welt.betrieb, self.erster, "akte", "1", "1")
        self._zweiter.result()

    def _wird_frei(self, *argumente: Any) -> bool:
        self._wartet.set()
        return self._echt(*argumente)

    def _waehrend(self, schluessel: str) -> None:
        if schluessel.startswith(self.erster):
            nachbar = self.ansturm.nachbar.betrieb
            self._zweiter = self._faeden.submit(stelle_zu, nachbar, self.zweiter, "akte", "1", "1")
            assert self._wartet.wait(60)
            self._inzwischen()

    def angekommen(self) -> list[str]:
        wirkungen = self.ansturm.welt.mit_schluessel.wirkungen
        return ["erster" if wirkung.schluessel.startswith(self.erster) else "zweiter" for wirkung in wirkungen]


def test_a_job_waits_for_its_turn_and_takes_it_as_soon_as_the_ziel_is_free(
    baue: Callable[[int], Ansturm], monkeypatch: pytest.MonkeyPatch
) -> None:
    raum = Warteraum(baue(1), monkeypatch, lambda: None)
    assert raum.angekommen() == ["erster", "zweiter"]


def test_in_the_same_process_who_is_done_wakes_the_next(
    baue: Callable[[int], Ansturm], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(belegung, "_BLICK_S", 1000.0)
    ansturm = baue(1)
    ansturm.nachbar.betrieb.wartende = ansturm.welt.betrieb.wartende
    raum = Warteraum(ansturm, monkeypatch, lambda: None)
    assert raum.angekommen() == ["erster", "zweiter"]


def test_a_ziel_that_is_paused_meanwhile_gets_nothing_from_who_waited(
    baue: Callable[[int], Ansturm], monkeypatch: pytest.MonkeyPatch
) -> None:
    ansturm = baue(1)
    halte_an = partial(pausen.halte_an, ansturm.welt.betrieb, "ziel:akte", "lena", "Umzug")
    raum = Warteraum(ansturm, monkeypatch, halte_an)
    assert raum.angekommen() == ["erster"]
    assert [zeile.grund for zeile in ansturm.welt.vorgaenge() if zeile.id == raum.zweiter] == ["ziel_pausiert"]


def test_a_process_that_stops_does_not_wait_for_a_place(
    baue: Callable[[int], Ansturm], monkeypatch: pytest.MonkeyPatch
) -> None:
    ansturm = baue(1)
    raum = Warteraum(ansturm, monkeypatch, ansturm.nachbar.betrieb.wartende.hoere_auf)
    assert raum.angekommen() == ["erster"]
    assert f"zustellung:{raum.zweiter}:akte:1:1b" in " ".join(ansturm.welt.auftraege.offene())


def test_a_process_holds_a_few_jobs_more_but_none_that_would_cost_a_share_of_the_minute() -> None:
    assert belegung.je_knoten(4, je_minute=0) > 4
    assert belegung.je_knoten(4, je_minute=60) == 4


@pytest.fixture
def wartende(monkeypatch: pytest.MonkeyPatch) -> belegung.Wartende:
    """Nobody looks by himself."""
    monkeypatch.setattr(belegung, "_BLICK_S", 1000.0)
    return belegung.Wartende()


def test_who_is_just_about_to_wait_is_woken_too(wartende: belegung.Wartende) -> None:
    wartende.wecke("akte")
    wartende.wecke("akte")
    wartende.warte("akte")
    with ThreadPoolExecutor(1) as faeden:
        zweiter = faeden.submit(wartende.warte, "akte")
        wartende.wecke("amt")
        assert not zweiter.done(), "nobody waited when the second was done, and that one may have looked since"
        wartende.wecke("akte")
        zweiter.result()


def test_each_place_wakes_one_and_the_end_of_the_process_wakes_all(wartende: belegung.Wartende) -> None:
    with ThreadPoolExecutor(5) as faeden:
        alle = [faeden.submit(wartende.warte, ziel) for ziel in ("akte", "akte", "akte", "akte", "amt")]
        while wartende._anzahl != {"akte": 4, "amt": 1}:
            pass
        wartende.wecke("akte")
        wartende.wecke("akte")
        while wartende._anzahl["akte"] > 2:
            pass
        assert not wartende._frei["akte"]
        assert sum(einer.done() for einer in alle) <= 2
        wartende.hoere_auf()
    assert all(einer.done() for einer in alle)


def test_what_dead_nodes_had_announced_keeps_nobody_out_and_is_cleared_up_one_by_one(
    baue: Callable[[int], Ansturm],
) -> None:
    """Three were under way at once; meanwhile the Ziel is to have but one at a time."""
    ansturm = baue(1)
    *liegende, neue = (zeile.vorgang_id for zeile in ansturm.welt.zeilen(zustellung))
    with ansturm.welt.betrieb.store.datenbank.begin() as verbindung:
        von = ansturm.nachbar.betrieb.store.prozess
        absicht = zustellung.update().where(zustellung.c.vorgang_id.in_(liegende))
        verbindung.execute(absicht.values(status="absicht", versuch=1, absicht_von=von))

    def ist_frei(wer: str) -> bool:
        with ansturm.welt.betrieb.store.datenbank.begin() as verbindung:
            return belegung.Bitte(hier(wer, "akte", 1), 1).ist_frei(verbindung)

    assert not ist_frei(neue), "the node lives"
    ansturm.welt.vergehe(seconds=KNOTEN_TOT_NACH.total_seconds() + 1)
    ansturm.welt.lebe()
    ansturm.welt.mit_schluessel.waehrend = lambda _: besetzt.append(ist_frei(neue))
    besetzt: list[bool] = []
    for wer in (*liegende, neue):
        assert ist_frei(wer)
        stelle_zu(ansturm.welt.betrieb, wer, "akte", "1", "1")
    assert besetzt == [False, False, False, True], "the last is the new one itself"
    assert len(ansturm.welt.mit_schluessel.wirkungen) == FAELLE


@pytest.mark.postgresql
def test_nodes_that_announce_in_the_same_moment_count_one_after_the_other(postgres_url: str, tmp_path: Path) -> None:
    welt = Welt(postgres_url, tmp_path / "welt")
    nachbar = welt.nachbar()
    erster, zweiter = (einer.betrieb.store.datenbank for einer in (welt, nachbar))
    with erster.begin() as zaehlt, zweiter.begin() as anderes, zweiter.begin() as dasselbe:
        belegung.nimm_platz(zaehlt, belegung.Bitte(hier("v-1", "akte", 1), 1))
        belegung.nimm_platz(anderes, belegung.Bitte(hier("v-2", "amt", 1), 1))
        dasselbe.execute(sa.text("SET LOCAL lock_timeout = '10ms'"))
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            belegung.nimm_platz(dasselbe, belegung.Bitte(hier("v-3", "akte", 1), 1))
    for einer in (nachbar, welt):
        einer.schliesse()


@pytest.mark.parametrize("gleichzeitig", [1, 2])
def test_however_three_nodes_race_nobody_is_too_many(
    baue: Callable[[int], Ansturm], monkeypatch: pytest.MonkeyPatch, gleichzeitig: int
) -> None:
    ansturm = baue(gleichzeitig)
    monkeypatch.setattr(belegung, "GEDULD_S", 5.0)
    monkeypatch.setattr(belegung, "_BLICK_S", 0.005)
    welten = [ansturm.welt, ansturm.nachbar, ansturm.welt.nachbar()]
    schloss, drin, meiste = threading.Lock(), [0], [0]

    def waehrend(schluessel: str) -> None:
        with schloss:
            drin[0] += 1
            meiste[0] = max(meiste[0], drin[0])
        with ansturm.welt.betrieb.store.lesend():
            pass
        with schloss:
            drin[0] -= 1

    ansturm.welt.mit_schluessel.waehrend = waehrend
    ids = [zeile.id for zeile in ansturm.welt.vorgaenge()]

    def knoten(nummer: int) -> None:
        for vorgang_id in (*ids[nummer:], *ids[:nummer]):
            with suppress(sa.exc.OperationalError):  # SQLite: another one writes for too long
                stelle_zu(welten[nummer].betrieb, vorgang_id, "akte", "1", "1")

    with ThreadPoolExecutor(len(welten)) as faeden:
        for fertig in [faeden.submit(knoten, nummer) for nummer in range(len(welten))]:
            fertig.result()
    welten[2].schliesse()
    assert meiste[0] <= gleichzeitig
    assert len(ansturm.welt.mit_schluessel.wirkungen) == FAELLE
