"""A stopped Ziel or Kanal is stopped on every node, for the same time whatever their clocks say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from fachwerk import alarm, kanalprobe, kreis, pausen
from fachwerk.errors import NeedsHumanError, RetryableError
from fachwerk.modell import utc
from fachwerk.tabellen import kanalstand, zielstand
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

GESPERRT = NeedsHumanError("konto", "Das Konto ist gesperrt.", routenfehler=True)
WEG = RetryableError("weg", "Das Ziel ist nicht erreichbar.")


def lege_ein(welt: Welt, nummer: int) -> None:
    welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))


def staende(welt: Welt) -> list[str]:
    return sorted(f"{zeile.status} {zeile.grund}".strip() for zeile in welt.vorgaenge())


@pytest.fixture
def nachbar(welt: Welt) -> Iterator[Welt]:
    """Node two beside ``welt``, with the same mailbox and targets."""
    neuer = welt.nachbar()
    yield neuer
    neuer.schliesse()


def stelle_uhr(monkeypatch: pytest.MonkeyPatch, um: timedelta) -> None:
    """From now on this process has the clock of a node that is wrong by ``um``; the database keeps its own."""

    class Falsch(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz or UTC) + um

    monkeypatch.setattr(kreis, "datetime", Falsch)


# -- the circuit ------------------------------------------------------------------------------------------------------


def test_a_circuit_that_one_node_opened_keeps_the_other_from_trying(welt: Welt, nachbar: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(GESPERRT))
    lege_ein(welt, 1)
    welt.durchlauf()
    lege_ein(nachbar, 2)
    nachbar.durchlauf()
    assert staende(nachbar) == ["waiting konto", "waiting kreis_offen"]
    assert len(welt.mit_schluessel.versuche) == 1


def test_faults_in_a_row_count_over_all_nodes_and_a_success_on_one_closes_the_circuit_for_all(
    welt: Welt, nachbar: Welt
) -> None:
    for nummer in range(kreis.KREIS_AB):
        kreis.zaehle((welt, nachbar)[nummer % 2].betrieb, "akte", WEG)
    assert [kreis.offen_bis(einer.betrieb.store, "akte") is not None for einer in (welt, nachbar)] == [True, True]
    welt.vergehe(minutes=6)
    lege_ein(nachbar, 1)
    nachbar.durchlauf()
    assert staende(welt) == ["done"]
    assert kreis.offen_bis(welt.betrieb.store, "akte") is None
    assert welt.zeilen(zielstand)[0].fehler_in_folge == 0
    assert alarm.offene(welt.betrieb.store) == []


@pytest.mark.parametrize("versatz", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_a_node_whose_clock_is_an_hour_wrong_opens_and_keeps_a_circuit_for_the_same_five_minutes(
    welt: Welt, nachbar: Welt, monkeypatch: pytest.MonkeyPatch, versatz: timedelta
) -> None:
    with monkeypatch.context() as auf_dem_anderen:
        stelle_uhr(auf_dem_anderen, versatz)
        bis = kreis.zaehle(nachbar.betrieb, "akte", GESPERRT)
        assert bis is not None
        assert bis - kreis.datetime.now(UTC) <= kreis.KREIS_PAUSE
    rest = utc(welt.zeilen(zielstand)[0].offen_bis) - datetime.now(UTC)
    assert timedelta(minutes=4) < rest <= kreis.KREIS_PAUSE
    assert kreis.offen_bis(welt.betrieb.store, "akte") is not None
    with monkeypatch.context() as auf_dem_anderen:
        stelle_uhr(auf_dem_anderen, versatz)
        bis = kreis.offen_bis(nachbar.betrieb.store, "akte")
        assert bis is not None
        assert timedelta(minutes=4) < bis - kreis.datetime.now(UTC) <= kreis.KREIS_PAUSE
        welt.vergehe(minutes=6)
        assert kreis.offen_bis(nachbar.betrieb.store, "akte") is None


# -- pauses -----------------------------------------------------------------------------------------------------------


def test_a_pause_set_on_one_node_stops_the_other_and_either_may_end_it(welt: Welt, nachbar: Welt) -> None:
    pausen.halte_an(welt.betrieb, "ziel:akte", "lena", "Umzug")
    lege_ein(nachbar, 1)
    nachbar.durchlauf()
    assert (staende(nachbar), welt.mit_schluessel.versuche) == (["waiting ziel_pausiert"], [])
    assert pausen.setze_fort(nachbar.betrieb, "ziel:akte", "lena") == 1
    welt.arbeite()
    assert staende(welt) == ["done"]


def test_a_kanal_paused_on_one_node_is_polled_by_none(welt: Welt, nachbar: Welt) -> None:
    pausen.halte_an(welt.betrieb, "kanal:postfach", "lena", "Wartung")
    lege_ein(nachbar, 1)
    assert kanalprobe.rufe_ab(nachbar.betrieb, "postfach", kanalprobe.TAKT) == 0
    pausen.setze_fort(nachbar.betrieb, "kanal:postfach", "lena")
    assert kanalprobe.rufe_ab(welt.betrieb, "postfach", kanalprobe.TAKT) == 1


def test_a_kanal_that_one_node_found_broken_is_not_probed_by_the_other_before_its_time(
    welt: Welt, nachbar: Welt
) -> None:
    welt.postfach.stoerung_beim_oeffnen.append(GESPERRT)
    with pytest.raises(NeedsHumanError):
        kanalprobe.rufe_ab(welt.betrieb, "postfach", kanalprobe.TAKT)
    lege_ein(welt, 1)
    assert kanalprobe.rufe_ab(nachbar.betrieb, "postfach", kanalprobe.TAKT) == 0
    assert welt.zeilen(kanalstand)[0].fehler_in_folge == 1
    welt.vergehe(minutes=6)
    assert kanalprobe.rufe_ab(nachbar.betrieb, "postfach", kanalprobe.TAKT) == 1
    assert alarm.offene(welt.betrieb.store) == []
