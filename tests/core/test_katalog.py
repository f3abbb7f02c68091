"""The service and the Land of a message follow from witnesses; exactly one Route matches a case."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.errors import NeedsHumanError
from fachwerk.katalog import (
    LAENDER,
    land_aus_kennung,
    land_des_falls,
    leistung,
    leistung_fuer,
    leistungen,
)
from fachwerk.modell import GehaltenFuer, Kanal
from fachwerk.routen import Route, Zustand, pruefe_routen, waehle_route

WOERTER = [eintrag.wort for eintrag in leistungen()]
WBS_DIENST = "\n   https://portalverbund.example/XSozial-basis/Version_2_4_0/XSoz240-WBS-BEA-SOP2WBS.wsdl  "
MRH_DIENST = "https://portalverbund.example/XSozial-basis/Version_2_4_0/XSoz240-MRH-BEA-SOP2MRH.wsdl"
BTH_DIENST = "https://portalverbund.example/XSozial-basis/Version_2_4_0/XSoz240-BTH-BEA-SOP2BTH.wsdl"


def test_the_catalogue_holds_the_ten_services_of_the_sozialplattform() -> None:
    assert len(WOERTER) == len(set(WOERTER)) == 10
    assert leistungen() is leistungen()


def test_no_leika_id_and_no_prefix_names_two_services() -> None:
    ids = [nummer for eintrag in leistungen() for nummer in eintrag.leika_ids]
    praefixe = [merkmal.wert for eintrag in leistungen() for merkmal in eintrag.dvdv_praefixe or ()]
    assert len(ids) == len(set(ids))
    assert len(praefixe) == len(set(praefixe))


def test_what_the_information_letters_say_is_in_the_catalogue() -> None:
    wbs, mietrueckstaende = leistung("wbs"), leistung("mietrueckstaende")
    assert wbs is not None
    assert mietrueckstaende is not None
    assert (wbs.ozg_id, wbs.sichere_leika) == ("10083", "99107022012000")
    assert mietrueckstaende.ozg_id == "10090"
    assert "99107042000000" in mietrueckstaende.leika_ids
    assert wbs.anbindung is not None
    assert wbs.anbindung.fachverfahren == ()


@pytest.mark.parametrize(
    ("name", "wort"),
    [
        ("wbs", "wbs"),
        (" 99107022012000 ", "wbs"),
        ("99107042000000", "mietrueckstaende"),
        ("99107042068001", "mietrueckstaende"),
        ("99107042068002", "mietrueckstaende"),
        ("99107032017005", "bildung_und_teilhabe"),
    ],
)
def test_a_service_is_found_by_word_and_by_any_of_its_ids(name: str, wort: str) -> None:
    gefunden = leistung(name)
    assert gefunden is not None
    assert gefunden.wort == wort


def test_an_unknown_word_is_no_service() -> None:
    assert leistung("wohngeld") is None
    assert leistung("") is None


def test_the_leika_id_is_certain_only_where_one_is_possible() -> None:
    sicher = {eintrag.wort: eintrag.sichere_leika for eintrag in leistungen()}
    assert sicher["wbs"] == "99107022012000"
    assert sicher["mietrueckstaende"] == ""
    assert sicher["bildung_und_teilhabe"] == ""
    assert sicher["buergergeld"] == ""
    assert sicher["soziale_entschaedigung"] == ""


@pytest.mark.parametrize(
    ("kennung", "dienst", "wort"),
    [
        ("wbs:130030000000", "", "wbs"),
        (" WBS:130030000000\n", WBS_DIENST, "wbs"),
        ("mrh:130030000000", MRH_DIENST, "mietrueckstaende"),
        ("gru:050000000000", "", "grundsicherung"),
        ("bty:020000000000", "", "bildung_und_teilhabe"),
        ("", BTH_DIENST, "bildung_und_teilhabe"),
        ("soa:130030000000", BTH_DIENST, "bildung_und_teilhabe"),
    ],
)
def test_the_service_follows_from_the_witnesses_that_speak(kennung: str, dienst: str, wort: str) -> None:
    assert leistung_fuer(kennung, dienst).wort == wort


@pytest.mark.parametrize("zeugen", [("wbs:130030000000", MRH_DIENST, ""), ("wbs:130030000000", WBS_DIENST, "003000")])
def test_contradicting_witnesses_are_a_question_for_a_person(zeugen: tuple[str, str, str]) -> None:
    with pytest.raises(NeedsHumanError) as fehler:
        leistung_fuer(*zeugen)
    assert fehler.value.code == "leistung_widerspruch"
    assert "wbs" in fehler.value.frage


@pytest.mark.parametrize("kennung", ["", "soa:130030000000", "pfg:130030000000", "lvb:130030000000", "130030000000"])
def test_silence_of_all_witnesses_is_a_question_for_a_person(kennung: str) -> None:
    with pytest.raises(NeedsHumanError) as fehler:
        leistung_fuer(kennung, "urn:etwas:anderes", "999999", "Formular")
    assert fehler.value.code == "leistung_unbekannt"


@pytest.mark.parametrize("zeugen", [{"dienstkennung": WBS_DIENST}, {"vorgangstyp": "003000"}])
def test_a_derived_pattern_alone_decides_nothing(zeugen: dict[str, str]) -> None:
    with pytest.raises(NeedsHumanError) as fehler:
        leistung_fuer(**zeugen)
    assert fehler.value.code == "leistung_unbekannt"
    assert "Vermutet" in fehler.value.frage


@given(kennung=st.text(), dienst=st.text(), typ=st.text(), produkt=st.text())
def test_any_text_gives_a_service_or_a_question(kennung: str, dienst: str, typ: str, produkt: str) -> None:
    try:
        antwort = leistung_fuer(kennung, dienst, typ, produkt).wort
    except NeedsHumanError as fehler:
        antwort = fehler.code
    assert antwort in {*WOERTER, "leistung_unbekannt", "leistung_widerspruch"}


@pytest.mark.parametrize(
    ("kennung", "land"),
    [
        ("wbs:130030000000", "mv"),
        (" mrh:050000000000 ", "nw"),
        ("130030000000", "mv"),
        ("wbs:170030000000", ""),
        ("wbs:000000000000", ""),
        ("wbs:13003", ""),
        ("postfach-musterow", ""),
        ("*", ""),
        ("wbs:١٣٠٠٣٠٠٠٠٠٠٠", ""),
    ],
)
def test_the_land_is_read_from_the_first_two_digits(kennung: str, land: str) -> None:
    assert land_aus_kennung(kennung) == land


def test_all_sixteen_laender_have_their_digits() -> None:
    assert {land_aus_kennung(f"wbs:{nummer:02d}0000000000") for nummer in range(1, 17)} == set(LAENDER.values())
    assert len(set(LAENDER.values())) == 16


@pytest.mark.parametrize(
    ("kanal", "kennung", "fachwerk", "land"),
    [
        ("mv", "wbs:130030000000", "", "mv"),
        ("", "wbs:130030000000", "mv", "mv"),
        ("", "wbs:130030000000", "", "mv"),
        ("nw", "wbs:050000000000", "mv", "nw"),
        ("nw", "", "mv", "nw"),
        ("", "*", "mv", "mv"),
        ("", "", "", ""),
    ],
)
def test_the_land_of_a_case_is_the_most_precise_that_is_known(
    kanal: str, kennung: str, fachwerk: str, land: str
) -> None:
    assert land_des_falls(kanal, kennung, fachwerk) == land


@pytest.mark.parametrize(("kanal", "fachwerk"), [("nw", "mv"), ("nw", ""), ("", "nw")])
def test_a_message_for_another_land_is_a_question_for_the_betrieb(kanal: str, fachwerk: str) -> None:
    with pytest.raises(NeedsHumanError) as fehler:
        land_des_falls(kanal, "wbs:130030000000", fachwerk)
    assert fehler.value.code == "land_widerspruch"
    assert fehler.value.fuer is GehaltenFuer.BETRIEB


def waehle(routen: list[Route], **fall: object) -> Route:
    vorgabe = {"kanal": "k", "leistung": "wbs", "land": "mv", "ags": "130030000000", "format": "xsozial_basis"}
    return waehle_route(routen, **{**vorgabe, **fall})  # type: ignore[arg-type]


def test_a_route_names_its_service_by_word_or_id() -> None:
    for name in ("wbs", "99107022012000", "99107022000000"):
        route = Route(leistung=name, ziele=("akte",))
        assert waehle([route]) is route


def test_the_star_takes_what_no_other_route_names() -> None:
    wbs = Route(leistung="wbs", kanal="anderer", ziele=("akte",), nummer=1)
    rest = Route(leistung="*", ziele=("akte",), nummer=2)
    assert waehle([wbs, rest], leistung="asylblg") is rest
    with pytest.raises(NeedsHumanError) as fehler:
        waehle([wbs, rest])
    assert fehler.value.code == "route_keine"


def test_the_municipality_is_matched_as_a_prefix() -> None:
    kreis = Route(leistung="wbs", ags="13003", ziele=("akte",))
    assert waehle([kreis]) is kreis
    with pytest.raises(NeedsHumanError):
        waehle([kreis], ags="130040000000")


def test_several_matching_routes_are_held_for_the_betrieb() -> None:
    routen = [Route(leistung="wbs", ziele=("a",), nummer=1), Route(leistung="wbs", land="mv", ziele=("b",), nummer=2)]
    with pytest.raises(NeedsHumanError) as fehler:
        waehle(routen)
    assert fehler.value.code == "route_mehrere"
    assert fehler.value.fuer is GehaltenFuer.BETRIEB
    assert "Nr. 1, Nr. 2" in fehler.value.frage


def test_test_messages_take_only_test_routes_and_real_ones_never_do() -> None:
    echt = Route(leistung="wbs", ziele=("akte",))
    probe = Route(leistung="wbs", ziele=("probe",), zustand=Zustand.TEST)
    assert waehle([echt, probe]) is echt
    assert waehle([echt, probe], test=True) is probe
    for routen, test in (([echt], True), ([probe], False)):
        with pytest.raises(NeedsHumanError) as fehler:
            waehle(routen, test=test)
        assert fehler.value.code == "route_keine"


def test_planned_and_ended_routes_match_nothing_and_are_named_as_the_reason() -> None:
    with pytest.raises(NeedsHumanError) as fehler:
        waehle([Route(leistung="wbs", ziele=("a",), zustand=Zustand.BEENDET, name="alt")])
    assert "Route „alt“ ist beendet." in fehler.value.frage


def test_paused_and_leaving_routes_still_match() -> None:
    for zustand in (Zustand.PAUSIERT, Zustand.AUSTRITT):
        route = Route(leistung="wbs", ziele=("a",), zustand=zustand)
        assert waehle([route]) is route


KANAELE = {
    "k": Kanal(name="k", plugin="p"),
    "mv": Kanal(name="mv", plugin="p", land="mv"),
    "nw": Kanal(name="nw", plugin="p", land="nw"),
}


def codes(*routen: Route, formate: list[str] | None = None) -> list[str]:
    return [problem.code for problem in pruefe_routen(routen, KANAELE, {"akte", "amt"}, formate)]


def test_everything_a_route_names_must_exist() -> None:
    route = Route(leistung="wps", kanal="kk", land="xx", format="xsozial", ziele=("akte", "akt", "akte"), nummer=1)
    erwartet = {"leistung_unbekannt", "kanal_unbekannt", "land_unbekannt", "format_unbekannt", "ziel_unbekannt"}
    assert set(codes(route, formate=["xsozial_basis"])) == erwartet | {"ziel_doppelt"}


def test_two_ids_of_one_service_cannot_be_told_apart() -> None:
    gruppen = [Route(leistung=f"9910704206800{n}", ziele=("akte",), nummer=n) for n in (1, 2)]
    assert codes(*gruppen) == ["route_mehrere"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"leistung": "wbs"}, {"leistung": "mietrueckstaende"}),
        ({"leistung": "wbs"}, {"leistung": "*"}),
        ({"leistung": "wbs", "kanal": "k"}, {"leistung": "wbs", "kanal": "mv"}),
        ({"leistung": "wbs", "kanal": "mv"}, {"leistung": "wbs", "land": "nw"}),
        ({"leistung": "wbs", "ags": "13"}, {"leistung": "wbs", "land": "nw"}),
        ({"leistung": "wbs", "ags": "13003"}, {"leistung": "wbs", "ags": "13004"}),
        ({"leistung": "wbs"}, {"leistung": "wbs", "zustand": "test"}),
        ({"leistung": "wbs"}, {"leistung": "wbs", "zustand": "geplant"}),
        ({"leistung": "wbs", "format": "a"}, {"leistung": "wbs", "format": "b"}),
    ],
)
def test_routes_that_differ_in_one_dimension_are_fine(a: dict[str, str], b: dict[str, str]) -> None:
    assert codes(Route(ziele=("akte",), **a), Route(ziele=("amt",), **b)) == []  # type: ignore[arg-type]


ROUTEN = st.builds(
    Route,
    leistung=st.sampled_from(["wbs", "99107022012000", "mietrueckstaende", "*"]),
    kanal=st.sampled_from(["", "k", "mv", "nw"]),
    land=st.sampled_from(["", "mv", "nw"]),
    ags=st.sampled_from(["", "13", "13003", "05"]),
    format=st.sampled_from(["", "a", "b"]),
    ziele=st.just(("akte",)),
    zustand=st.sampled_from(Zustand),
)


def faelle() -> list[dict[str, object]]:
    """Every case that can reach the routing: Kanal, kennung and Land do not contradict each other."""
    alle = itertools.product(
        ["wbs", "mietrueckstaende", "asylblg"],
        KANAELE.values(),
        ["mv", "nw", "be"],
        ["130030000000", "130040000000", "050000000000", "110000000000", ""],
        ["a", "b", "c"],
        [False, True],
    )
    return [
        {"leistung": wort, "kanal": kanal.name, "land": land, "ags": ags, "format": form, "test": test}
        for wort, kanal, land, ags, form, test in alle
        if kanal.land in ("", land) and (not ags or LAENDER[ags[:2]] == land)
    ]


FAELLE = faelle()


@given(st.lists(ROUTEN, min_size=1, max_size=4))
def test_the_proof_before_the_first_message_is_right_about_every_case(routen: list[Route]) -> None:
    mehrere = False
    for fall in FAELLE:
        try:
            waehle_route(routen, **fall)  # type: ignore[arg-type]
        except NeedsHumanError as fehler:
            mehrere = mehrere or fehler.code == "route_mehrere"
    assert ("route_mehrere" in codes(*routen)) == mehrere


@given(st.lists(ROUTEN, min_size=1, max_size=4), st.sampled_from(FAELLE), st.randoms())
def test_the_order_of_routes_does_not_matter(routen: list[Route], fall: dict[str, object], zufall: object) -> None:
    def ergebnis(liste: list[Route]) -> object:
        try:
            return waehle_route(liste, **fall)  # type: ignore[arg-type]
        except NeedsHumanError as fehler:
            return fehler.code

    gemischt = list(routen)
    zufall.shuffle(gemischt)  # type: ignore[attr-defined]
    assert ergebnis(routen) == ergebnis(gemischt)
