"""A queue is looked at often while it has work, and seldom otherwise, however many queues there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk import line
from fachwerk.datenbank import oeffne_datenbank
from fachwerk.engine import ARBEITSTAKT, RUHETAKT, Auftraege, Schlange, anfangstakt, lege_tabellen_an
from fachwerk.tabellen import zustellung
from fachwerk.takt import GILT_S, LAENGSTER_TAKT_S, NACHLAUF_S, STAU, Takt, verteile
from fachwerk.testkit.welt import Welt, antrag_xml

LINIE = frozenset({"linie"})
RUNDE = frozenset({"linie", "abruf"})


class Uhr:
    """The clock of the process, and what it told the queues."""

    def __init__(self, welt: Welt, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jetzt = 1000.0
        self.gesetzt: list[Mapping[str, float] | None] = []
        monkeypatch.setattr("fachwerk.takt.time.monotonic", lambda: self.jetzt)
        monkeypatch.setattr(welt.betrieb.auftraege, "setze_takt", lambda takte=None: self.gesetzt.append(takte))

    def neue(self) -> list[set[str] | None]:
        """Which queues were hurried since the last question, each time."""
        neue, self.gesetzt = self.gesetzt, []
        return [None if takte is None else set(takte) for takte in neue]


@pytest.fixture
def welt(baue_welt: Callable[..., Welt]) -> Welt:
    return baue_welt(ziel={"akte": "mit_schluessel", "amt": "mit_abfrage"})


@pytest.fixture
def uhr(welt: Welt, monkeypatch: pytest.MonkeyPatch) -> Uhr:
    return Uhr(welt, monkeypatch)


@pytest.fixture
def takt(welt: Welt, uhr: Uhr) -> Takt:
    neuer = Takt(welt.betrieb, welt.betrieb.store.ist_etwas_faellig)
    neuer.darf_ruhen = True
    return neuer


def gerenderter_fall(welt: Welt, ziel: str) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    line.bearbeite(welt.betrieb, welt.der_vorgang().id)
    with welt.betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(zustellung.update().values(ziel=ziel))


def test_at_a_start_every_queue_is_looked_at_often(takt: Takt, uhr: Uhr) -> None:
    takt.beginne()
    assert uhr.neue() == [None]
    assert not takt.ruht


def test_nothing_due_means_rest_and_that_is_believed_for_a_while(takt: Takt, uhr: Uhr) -> None:
    takt.stelle()
    takt.stelle()
    assert uhr.neue() == [set()]
    assert takt.ruht
    uhr.jetzt += GILT_S
    takt.stelle()
    assert uhr.neue() == [set()], "another process may have said otherwise meanwhile"


def test_in_a_single_round_neither_line_nor_polls_rest(takt: Takt, uhr: Uhr) -> None:
    takt.darf_ruhen = False
    takt.stelle()
    assert uhr.neue() == [RUNDE]


def test_of_the_ziele_only_those_with_work_are_looked_at_often(welt: Welt, takt: Takt, uhr: Uhr) -> None:
    gerenderter_fall(welt, "amt")
    takt.stelle()
    assert uhr.neue() == [LINIE | {"ziel.amt"}]


def test_a_ziel_is_looked_at_often_for_a_while_after_its_last_work(welt: Welt, takt: Takt, uhr: Uhr) -> None:
    gerenderter_fall(welt, "amt")
    takt.stelle()
    with welt.betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(zustellung.update().values(ziel="akte"))
    uhr.jetzt += NACHLAUF_S / 2
    takt.stelle()
    uhr.jetzt += NACHLAUF_S / 2
    takt.stelle()
    beide = LINIE | {"ziel.amt", "ziel.akte"}
    assert uhr.neue() == [LINIE | {"ziel.amt"}, beide, beide - {"ziel.amt"}]


def test_a_delivery_that_waits_for_its_time_hurries_nobody_before(welt: Welt, takt: Takt, uhr: Uhr) -> None:
    gerenderter_fall(welt, "amt")
    with welt.betrieb.store.transaktion("test") as verbindung:
        spaeter = datetime(2999, 1, 1, tzinfo=UTC)
        verbindung.execute(zustellung.update().values(status="wartet", naechster=spaeter))
    takt.stelle()
    assert uhr.neue() == [LINIE], "the case itself is still open"


def test_the_ziel_of_a_case_just_rendered_is_hurried_at_once_but_not_asked_for_with_each_case(
    welt: Welt, takt: Takt, uhr: Uhr
) -> None:
    takt.nach_linie()
    assert uhr.neue() == [], "before the first look of the watch all are fast"
    takt.stelle()
    assert uhr.neue() == [set()]
    gerenderter_fall(welt, "amt")
    takt.nach_linie()
    assert uhr.neue() == [{"ziel.amt"}]
    with welt.betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(zustellung.update().values(ziel="akte"))
    takt.nach_linie()
    assert uhr.neue() == []
    uhr.jetzt += 1
    takt.nach_linie()
    assert uhr.neue() == [{"ziel.amt", "ziel.akte"}]


def test_work_that_piles_up_at_a_ziel_is_looked_for_more_often_until_it_is_gone_for_a_while(
    welt: Welt, takt: Takt, uhr: Uhr, monkeypatch: pytest.MonkeyPatch
) -> None:
    viele = {f"ziel.z{nummer}": uhr.jetzt for nummer in range(9)}
    monkeypatch.setattr(takt, "_zuletzt", viele)
    for nummer in range(STAU):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
    welt.rufe_ab()
    for zeile in welt.vorgaenge():
        line.bearbeite(welt.betrieb, zeile.id)
    takt.stelle()
    gesetzt = uhr.gesetzt[-1]
    assert gesetzt is not None
    assert gesetzt["ziel.akte"] == gesetzt["linie"] == ARBEITSTAKT < gesetzt["ziel.z1"] <= LAENGSTER_TAKT_S
    with welt.betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(zustellung.update().values(status="zugestellt"))
    uhr.jetzt += NACHLAUF_S
    takt.stelle()
    assert "ziel.akte" not in (uhr.gesetzt[-1] or {})


@given(ziele=st.sets(st.integers(0, 60)), gestaute=st.sets(st.integers(0, 60)))
def test_however_many_ziele_have_work_the_looks_at_them_are_bounded_and_the_line_comes_first(
    ziele: set[int], gestaute: set[int]
) -> None:
    takte = verteile({"linie", *(f"ziel.{nummer}" for nummer in ziele)}, {f"ziel.{nummer}" for nummer in gestaute})
    assert set(takte) == {"linie", *(f"ziel.{nummer}" for nummer in ziele)}
    assert takte.pop("linie") == ARBEITSTAKT
    assert all(ARBEITSTAKT <= takt <= LAENGSTER_TAKT_S for takt in takte.values())
    assert sum(1 / takt for takt in takte.values()) <= 20.1 + max(10, 2 * len(takte))
    eilige = [takt for name, takt in takte.items() if int(name[5:]) in gestaute]
    assert all(eilig <= anderer for eilig in eilige for anderer in takte.values())


def test_a_site_with_one_ziel_looks_at_it_as_often_as_it_can_and_one_with_two_where_work_piles_up() -> None:
    assert verteile(["linie", "ziel.a"], []) == {"linie": ARBEITSTAKT, "ziel.a": ARBEITSTAKT}
    zwei = verteile(["linie", "ziel.a", "ziel.b"], ["ziel.b"])
    assert zwei == {"linie": ARBEITSTAKT, "ziel.a": 2 * ARBEITSTAKT, "ziel.b": ARBEITSTAKT}


def test_many_queues_are_looked_at_less_often_until_it_is_known_which_have_work() -> None:
    assert [anfangstakt(anzahl) * 10 for anzahl in (1, 10, 20, 50)] == [1, 1, 2, 5]


def test_the_engine_keeps_the_pace_of_each_queue(sqlite_url: str) -> None:
    datenbank = oeffne_datenbank(sqlite_url)
    lege_tabellen_an(datenbank)
    auftraege = Auftraege(datenbank)
    for name in ("linie", "ziel.a", "ziel.b"):
        auftraege.melde_an(Schlange(name, 4))

    def takte() -> dict[str, float]:
        return {schlange.name: schlange.polling_interval_sec for schlange in auftraege._client.list_queues()}

    auftraege.setze_takt({"ziel.a": ARBEITSTAKT})
    assert takte() == {"linie": RUHETAKT, "ziel.a": ARBEITSTAKT, "ziel.b": RUHETAKT}
    auftraege.setze_takt()
    assert set(takte().values()) == {ARBEITSTAKT} == {anfangstakt(3)}
    auftraege.schliesse()
    datenbank.dispose()
