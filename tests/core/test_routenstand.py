"""States of routes set by commands: stronger than the file, at once in every process, and nothing happens by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk import routenstand
from fachwerk.anbindung import vorgehen
from fachwerk.anbindung.frist import heute
from fachwerk.errors import ConfigErrors
from fachwerk.modell import Teil
from fachwerk.routen import Route, Zustand
from fachwerk.routenstand import RoutenstandError, Stand, Vorgabe, finde, geltende, kommende, setze, ueberlagere
from fachwerk.store import BETRIEB
from fachwerk.tabellen import ereignis
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]
TAG = date(2027, 3, 1)


def sende(welt: Welt, nummer: int = 1, **angaben: Any) -> tuple[str, str]:
    """Send a message and say what became of its case: status and reason."""
    welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"), **angaben)
    welt.durchlauf()
    zeile = welt.vorgaenge()[-1]
    return zeile.status, zeile.grund


def stelle(welt: Welt, zustand: Zustand | None, leistung: str = "wbs", **weiteres: date | None) -> None:
    route = finde(welt.betrieb.routen, leistung)
    setze(welt.betrieb, route, Vorgabe(zustand, "Umzug in das neue Rathaus", **weiteres), "erika")


WBS = [{"leistung": "wbs", "ziel": "akte", "name": "Wohngeldstelle"}]


@pytest.fixture
def baue(sqlite_url: str, tmp_path: Path) -> Iterator[Bau]:
    """A world on SQLite alone: which Route holds is decided in Python; two tests ask PostgreSQL as well."""
    welten: list[Welt] = []

    def baue(**angaben: Any) -> Welt:
        welten.append(Welt(sqlite_url, tmp_path / "welt", **angaben))
        return welten[-1]

    yield baue
    for welt in welten:
        welt.schliesse()


@pytest.fixture
def wbs_welt(baue: Bau) -> Welt:
    return baue(route=WBS)


@pytest.mark.parametrize(
    ("zustand", "echt", "test"),
    [
        (Zustand.GEPLANT, ("held", "route_keine"), ("held", "route_keine")),
        (Zustand.TEST, ("held", "route_keine"), ("done", "")),
        (Zustand.LIVE, ("done", ""), ("held", "route_keine")),
        (Zustand.PAUSIERT, ("held", "route_ruht"), ("held", "route_keine")),
        (Zustand.AUSTRITT, ("held", "route_ruht"), ("held", "route_keine")),
        (Zustand.BEENDET, ("held", "route_keine"), ("held", "route_keine")),
    ],
)
def test_each_state_does_to_arriving_cases_what_is_documented(
    wbs_welt: Welt, zustand: Zustand, echt: tuple[str, str], test: tuple[str, str]
) -> None:
    stelle(wbs_welt, zustand)
    assert sende(wbs_welt, 1) == echt
    assert sende(wbs_welt, 2, test=True) == test
    assert wbs_welt.postfach.bestaetigt == [("postfach", "n-1"), ("postfach", "n-2")]  # fetched and stored all the same
    zugestellt = [zeile.test for zeile in wbs_welt.vorgaenge() if zeile.status == "done"]
    assert len(wbs_welt.mit_schluessel.wirkungen) == len(zugestellt)


def test_a_state_set_by_a_command_wins_over_the_file_and_is_taken_back(wbs_welt: Welt) -> None:
    stelle(wbs_welt, Zustand.PAUSIERT)
    assert sende(wbs_welt, 1) == ("held", "route_ruht")
    stelle(wbs_welt, None)
    assert sende(wbs_welt, 2) == ("done", "")
    assert wbs_welt.betrieb.routen[0].zustand is Zustand.LIVE


def test_another_process_obeys_at_once_without_a_restart(baue_welt: Bau) -> None:
    wbs_welt = baue_welt(route=WBS)
    nachbar = wbs_welt.nachbar()
    stelle(nachbar, Zustand.AUSTRITT)
    nachbar.schliesse()
    assert sende(wbs_welt) == ("held", "route_ruht")


def test_what_was_held_goes_on_once_the_route_is_live_again(baue: Bau) -> None:
    welt = baue(
        route=[{"leistung": "wbs", "ziel": "akte"}, {"leistung": "asylblg", "ziel": "akte", "zustand": "pausiert"}]
    )
    stelle(welt, Zustand.PAUSIERT)
    sende(welt, 1)
    welt.lege_ein("n-2", antrag_xml(uuid="u-2", leser="asy:130030000000"))
    assert welt.durchlauf() == ["held", "held"]
    ergebnis = vorgehen.stelle_um(welt.betrieb, "wbs", Vorgabe(Zustand.LIVE, "wieder da"), "", "erika")
    assert ergebnis["gehalten"] == 1
    assert vorgehen.hole_nach(welt.betrieb, "wbs", "erika", "wieder da") == 1
    welt.arbeite()
    assert [(z.leistung, z.status) for z in welt.vorgaenge()] == [("wbs", "done"), ("asylblg", "held")]
    assert len(welt.mit_schluessel.wirkungen) == 1
    assert vorgehen.ruhende(welt.betrieb, "wbs") == []
    assert len(vorgehen.ruhende(welt.betrieb, "*")) == 1


@pytest.mark.parametrize("zustand", [Zustand.PAUSIERT, Zustand.AUSTRITT])
def test_after_the_last_day_of_a_pause_nothing_begins_by_itself(zustand: Zustand) -> None:
    staende = [Stand("wbs", 1, Vorgabe(zustand, "Umzug", bis=TAG), "erika", datetime.now(UTC))]
    for tage in (-1, 0, 1, 400):
        assert ueberlagere([route()], staende, TAG + timedelta(days=tage))[0].zustand is zustand


def test_a_state_for_later_holds_from_its_first_day_on(wbs_welt: Welt) -> None:
    stelle(wbs_welt, Zustand.AUSTRITT, ab=heute() + timedelta(days=1), bis=heute() + timedelta(days=90))
    assert sende(wbs_welt, 1) == ("done", "")
    with wbs_welt.betrieb.store.lesend() as verbindung:
        staende = routenstand.lies(verbindung)
    morgen = ueberlagere(wbs_welt.betrieb.routen, staende, heute() + timedelta(days=1))
    assert [route.zustand for route in morgen] == [Zustand.AUSTRITT]


def test_an_ended_route_does_not_hand_its_cases_to_the_star(baue: Bau) -> None:
    welt = baue(
        ziel={"akte": "mit_schluessel", "rest": "mit_abfrage"},
        route=[{"leistung": "wbs", "ziel": "akte"}, {"leistung": "*", "ziel": "rest"}],
    )
    stelle(welt, Zustand.BEENDET)
    assert sende(welt) == ("held", "route_keine")
    assert "ist beendet" in welt.der_vorgang().hinweis
    assert welt.mit_abfrage.wirkungen == []


def test_a_planned_route_leaves_its_cases_to_the_star(baue: Bau) -> None:
    welt = baue(
        ziel={"akte": "mit_schluessel", "rest": "mit_abfrage"},
        route=[{"leistung": "wbs", "ziel": "akte", "zustand": "geplant"}, {"leistung": "*", "ziel": "rest"}],
    )
    assert sende(welt) == ("done", "")
    assert len(welt.mit_abfrage.wirkungen) == 1


def test_a_route_goes_from_test_to_live_by_command(baue: Bau) -> None:
    welt = baue(route=[{"leistung": "wbs", "ziel": "akte", "zustand": "test"}])
    assert sende(welt, 1, test=True) == ("done", "")
    stelle(welt, Zustand.LIVE)
    assert sende(welt, 2) == ("done", "")
    assert sende(welt, 3, test=True) == ("held", "route_keine")


def test_a_state_in_which_two_routes_match_is_refused(baue: Bau) -> None:
    welt = baue(
        ziel={"akte": "mit_schluessel", "probe": "mit_abfrage"},
        route=[{"leistung": "wbs", "ziel": "akte"}, {"leistung": "wbs", "ziel": "probe", "zustand": "test"}],
    )
    probe = finde(welt.betrieb.routen, "wbs", "2")
    with pytest.raises(ConfigErrors) as fehler:
        setze(welt.betrieb, probe, Vorgabe(Zustand.LIVE, "Abnahme"), "erika")
    assert [problem.code for problem in fehler.value.probleme] == ["route_mehrere"]
    assert sende(welt) == ("done", "")


def test_a_route_that_differs_from_another_only_in_its_state_gets_none(baue: Bau) -> None:
    welt = baue(
        ziel={"akte": "mit_schluessel", "neu": "mit_abfrage"},
        route=[{"leistung": "wbs", "ziel": "akte"}, {"leistung": "wbs", "ziel": "neu", "zustand": "geplant"}],
    )
    with pytest.raises(RoutenstandError) as fehler:
        setze(welt.betrieb, finde(welt.betrieb.routen, "wbs", "2"), Vorgabe(Zustand.LIVE, "Wechsel"), "erika")
    assert fehler.value.code == "route_zwilling"
    stelle(welt, Zustand.PAUSIERT)  # that in service can be meant without doubt
    assert sende(welt) == ("held", "route_ruht")


def test_who_set_which_state_when_and_why_is_in_the_sealed_chain(baue_welt: Bau) -> None:
    wbs_welt = baue_welt(route=WBS)
    stelle(wbs_welt, Zustand.PAUSIERT)
    stelle(wbs_welt, None)
    store = wbs_welt.betrieb.store
    zeilen = [zeile for zeile in wbs_welt.zeilen(ereignis) if zeile.kette == BETRIEB]
    assert [(z.wer, z.was, z.code) for z in zeilen] == [
        ("erika", "route_zustand", "wbs: pausiert"),
        ("erika", "route_zustand", "wbs: konfiguriert"),
    ]
    assert store.pruefe_kette(BETRIEB) is None
    assert store.inhalt.oeffne(Teil(id=zeilen[0].grund)).read() == b"Umzug in das neue Rathaus"


def test_the_last_day_never_lies_before_the_first(wbs_welt: Welt) -> None:
    with pytest.raises(RoutenstandError) as fehler:
        stelle(wbs_welt, Zustand.PAUSIERT, bis=heute() - timedelta(days=1))
    assert fehler.value.code == "route_frist"


# -- which route is meant -----------------------------------------------------------------------------------------


def route(**angaben: Any) -> Route:
    return Route(**{"leistung": "wbs", "ziele": ("akte",), "nummer": 1, **angaben})


def test_one_of_several_routes_must_be_named() -> None:
    routen = [route(ags="13003", name="Nord"), route(ags="13004", nummer=2)]
    with pytest.raises(RoutenstandError) as fehler:
        finde(routen, "wbs")
    assert fehler.value.code == "route_mehrere"
    assert "wbs ags=13004" in fehler.value.hint
    assert finde(routen, "wbs", "Nord") is routen[0]
    assert finde(routen, "wbs", "2") is routen[1]


def test_the_star_is_never_stopped_by_naming_one_service() -> None:
    for routen, code in (([route(leistung="*")], "route_nur_stern"), ([route(leistung="asylblg")], "route_unbekannt")):
        with pytest.raises(RoutenstandError) as fehler:
            finde(routen, "wbs")
        assert fehler.value.code == code
    assert finde([route(leistung="*")], "*").leistung == "*"


def test_of_twins_the_one_in_service_is_meant() -> None:
    routen = [route(zustand=Zustand.GEPLANT), route(nummer=2)]
    assert finde(routen, "wbs").nummer == 2
    staende = [Stand("wbs", 1, Vorgabe(Zustand.PAUSIERT, "Umzug"), "erika", datetime.now(UTC))]
    assert [r.zustand for r in ueberlagere(routen, staende, TAG)] == [Zustand.GEPLANT, Zustand.PAUSIERT]


VORGABEN = st.builds(
    Vorgabe,
    zustand=st.one_of(st.none(), st.sampled_from(Zustand)),
    grund=st.just("g"),
    ab=st.one_of(st.none(), st.dates(date(2027, 2, 25), date(2027, 3, 5))),
)


@given(st.lists(VORGABEN, max_size=6))
def test_of_the_states_that_have_begun_the_latest_holds(vorgaben: list[Vorgabe]) -> None:
    staende = [Stand("wbs", nr, vorgabe, "erika", datetime.now(UTC)) for nr, vorgabe in enumerate(vorgaben, 1)]
    erwartet = Zustand.LIVE
    for vorgabe in vorgaben:
        if vorgabe.ab is None or vorgabe.ab <= TAG:
            erwartet = vorgabe.zustand or Zustand.LIVE
    assert ueberlagere([route()], staende, TAG)[0].zustand is erwartet
    assert ("wbs" in geltende(staende, TAG)) == any(
        True for v in [v for v in vorgaben if v.ab is None or v.ab <= TAG][-1:] if v.zustand
    )
    assert ("wbs" in kommende(staende, TAG)) == bool(vorgaben and vorgaben[-1].ab and vorgaben[-1].ab > TAG)
