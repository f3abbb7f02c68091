"""Facts of a person laid over those of a message: what wins, what stays, who is meant, what still rests on a guess."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.ergaenzung import ergaenze, fingerabdruck, verschmelze
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Antrag, Ergaenzung

ZEIT = datetime(2026, 11, 22, 9, tzinfo=UTC)
ANNA = {"name": "Anna Beispiel", "rolle": "antragsteller", "zahlt": {"einkommensteuer": True}}
BERND = {"name": "Bernd Beispiel", "rolle": "ehegatte", "einkuenfte": [{"art": "rente", "betrag": "9000.00"}]}
FALL = {"land": "nw", "ehe_seit": "2020-01-01", "haushalt": [ANNA, BERND]}
HERKUNFT = {
    "ehe_seit": "profil-1",
    "haushalt.0.rolle": "profil-1",
    "haushalt.0.zahlt.einkommensteuer": "profil-1",
    "haushalt.1.rolle": "profil-1",
    "haushalt.1.einkuenfte": "profil-2",
}

einzelne = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
blaetter = einzelne | st.lists(einzelne, max_size=2)
felder = st.sampled_from(["alter", "rolle", "zahlt", "einkuenfte"])
werte = st.dictionaries(felder, blaetter | st.dictionaries(felder, blaetter, max_size=2), max_size=3)
NAMEN = ["Anna", "Bernd", "Çelik", "Jörg"]


@st.composite
def faelle(zieh: st.DrawFn) -> dict[str, Any]:
    """A case file or a supplement: nested mappings, and a household in which nobody has another's name."""
    namen = zieh(st.lists(st.sampled_from(NAMEN), unique=True, max_size=3))
    oben = {f"f_{schluessel}": wert for schluessel, wert in zieh(werte).items()}
    return {**oben, "haushalt": [{**zieh(werte), "name": name} for name in namen]}


def nach_namen(fall: dict[str, Any]) -> dict[str, Any]:
    return {**fall, "haushalt": {wer["name"]: wer for wer in fall.get("haushalt", [])}}


def blaetter_von(wert: dict[str, Any], pfad: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    gefunden: dict[tuple[str, ...], Any] = {}
    for schluessel, unten in wert.items():
        ort = (*pfad, schluessel)
        gefunden |= blaetter_von(unten, ort) if isinstance(unten, dict) else {ort: unten}
    return gefunden


@given(faelle(), faelle())
def test_the_same_facts_twice_change_nothing_more(fall: dict[str, Any], angaben: dict[str, Any]) -> None:
    einmal, _ = verschmelze(fall, angaben)
    assert verschmelze(einmal, angaben)[0] == einmal


@given(faelle(), faelle())
def test_a_persons_value_always_wins(fall: dict[str, Any], angaben: dict[str, Any]) -> None:
    danach = blaetter_von(nach_namen(verschmelze(fall, angaben)[0]))
    for ort, wert in blaetter_von(nach_namen(angaben)).items():
        assert danach.get(ort) == wert


@given(faelle(), faelle())
def test_nothing_that_was_not_mentioned_is_lost(fall: dict[str, Any], angaben: dict[str, Any]) -> None:
    gesagt = blaetter_von(nach_namen(angaben))
    danach = blaetter_von(nach_namen(verschmelze(fall, angaben)[0]))
    for ort, wert in blaetter_von(nach_namen(fall)).items():
        if not any(ort[: len(anderer)] == anderer or anderer[: len(ort)] == ort for anderer in gesagt):
            assert danach[ort] == wert


@given(faelle())
def test_nothing_said_is_nothing_changed(fall: dict[str, Any]) -> None:
    assert verschmelze(fall, {}) == (fall, ())


@given(faelle(), faelle())
def test_what_went_in_stays_as_it_was(fall: dict[str, Any], angaben: dict[str, Any]) -> None:
    vorher, gesagt = repr(fall), repr(angaben)
    verschmelze(fall, angaben)
    assert (repr(fall), repr(angaben)) == (vorher, gesagt)


@pytest.mark.parametrize("name", ["anna beispiel", "  Anna   Beispiel ", "ANNA BEISPIEL"])
def test_a_person_is_found_by_name_however_it_is_spaced_or_capitalised(name: str) -> None:
    danach, aenderungen = verschmelze(FALL, {"haushalt": [{"name": name, "einkuenfte": []}]})
    assert [wer["rolle"] for wer in danach["haushalt"]] == ["antragsteller", "ehegatte"]
    assert danach["haushalt"][0]["einkuenfte"] == []
    assert danach["haushalt"][0]["name"] == "Anna Beispiel"
    assert ("haushalt.0.einkuenfte", None, []) in [(a.pfad, a.vorher, a.nachher) for a in aenderungen]


def test_an_unknown_name_is_a_new_member_and_a_list_of_incomes_is_replaced_as_a_whole() -> None:
    neu = {
        "haushalt": [{"name": "Cleo", "rolle": "kind"}, {"name": "Bernd Beispiel", "einkuenfte": [{"art": "kapital"}]}]
    }
    danach, aenderungen = verschmelze(FALL, neu)
    assert [wer["name"] for wer in danach["haushalt"]] == ["Anna Beispiel", "Bernd Beispiel", "Cleo"]
    assert danach["haushalt"][1]["einkuenfte"] == [{"art": "kapital"}]
    ersetzt = next(a for a in aenderungen if a.pfad == "haushalt.1.einkuenfte")
    assert (ersetzt.person, ersetzt.vorher) == ("Bernd Beispiel", BERND["einkuenfte"])


def test_null_makes_a_fact_unknown_and_a_member_can_be_taken_out() -> None:
    danach, aenderungen = verschmelze(
        FALL, {"ehe_seit": None, "haushalt": [{"name": "Anna Beispiel", "entfernen": True}]}
    )
    assert danach == {"land": "nw", "haushalt": [BERND]}
    assert [(a.pfad, a.nachher) for a in aenderungen] == [("ehe_seit", None), ("haushalt.0", None)]


def test_a_number_says_who_is_meant_where_the_name_does_not() -> None:
    zwei = {"haushalt": [{"name": "Max", "rolle": "antragsteller"}, {"name": "Max", "rolle": "kind"}]}
    danach, _ = verschmelze(zwei, {"haushalt": [{"nr": 2, "name": "Max junior"}]})
    assert [wer["name"] for wer in danach["haushalt"]] == ["Max", "Max junior"]
    with pytest.raises(NeedsHumanError, match="ergaenzung_person_unklar"):
        verschmelze(zwei, {"haushalt": [{"name": "max", "kindergeld": True}]})


@pytest.mark.parametrize(
    "haushalt",
    [
        [{"rolle": "kind"}],
        [{"nr": 0, "rolle": "kind"}],
        [{"nr": 3, "rolle": "kind"}],
        [{"nr": True, "rolle": "kind"}],
        [{"nr": 1, "entfernen": True}],
        [{"name": "Anna Beispiel"}, {"nr": 1, "rolle": "kind"}],
        [{"name": "Neu"}, {"name": " neu"}],
        ["Anna Beispiel"],
        {"name": "Anna Beispiel"},
        "Anna Beispiel",
    ],
)
def test_nobody_guesses_who_is_meant_and_the_refusal_names_nobody(haushalt: Any) -> None:
    with pytest.raises(NeedsHumanError) as ausnahme:
        verschmelze(FALL, {"haushalt": haushalt})
    assert ausnahme.value.code in ("ergaenzung_person_unklar", "ergaenzung_haushalt")
    assert "Anna" not in str(ausnahme.value)


# -- what still rests on an assumption ---------------------------------------------------------------------------------


def antrag(**angaben: Any) -> Antrag:
    return Antrag(
        **{
            "leistung": "wbs",
            "empfangen": ZEIT,
            "fall": FALL,
            "fall_annahmen": ("profil-1", "profil-2"),
            "fall_herkunft": HERKUNFT,
            **angaben,
        }
    )


def von(angaben: dict[str, Any], bestaetigt: str = "") -> Ergaenzung:
    return Ergaenzung(wer="anna", zeit=ZEIT, angaben=angaben, bestaetigt=bestaetigt)


def test_a_mapping_stays_unconfirmed_as_long_as_one_fact_rests_on_it() -> None:
    danach = ergaenze(antrag(), [von({"haushalt": [{"name": "Bernd Beispiel", "einkuenfte": []}]})])
    assert danach.fall_annahmen == ("profil-1",)
    assert set(danach.fall_herkunft) == set(HERKUNFT) - {"haushalt.1.einkuenfte"}


def test_a_mapping_whose_every_fact_a_person_stated_no_longer_counts() -> None:
    angaben = {
        "ehe_seit": "2020-01-01",
        "haushalt": [
            {"name": "Anna Beispiel", "rolle": "antragsteller", "zahlt": {"einkommensteuer": False}},
            {"name": "Bernd Beispiel", "rolle": "partner"},
        ],
    }
    danach = ergaenze(antrag(), [von(angaben)])
    assert danach.fall_annahmen == ("profil-2",)
    assert (danach.fall or {})["haushalt"][1]["rolle"] == "partner"


def test_a_member_taken_out_takes_its_assumptions_along_and_the_others_move_up() -> None:
    danach = ergaenze(antrag(), [von({"haushalt": [{"name": "Anna Beispiel", "entfernen": True}]})])
    assert set(danach.fall_herkunft) == {"ehe_seit", "haushalt.0.rolle", "haushalt.0.einkuenfte"}


def test_whoever_compared_the_whole_case_confirms_all_of_it_but_only_that_case() -> None:
    bestaetigung = von({}, fingerabdruck(antrag()))
    assert ergaenze(antrag(), [bestaetigung]).fall_annahmen == ()
    anders = antrag(fall={**FALL, "ehe_seit": "2021-01-01"})
    assert ergaenze(anders, [bestaetigung]).fall_annahmen == ("profil-1", "profil-2")


def test_without_knowing_what_rests_on_a_mapping_only_the_whole_case_can_be_confirmed() -> None:
    ohne = antrag(fall_herkunft={})
    assert ergaenze(ohne, [von(FALL)]).fall_annahmen == ("profil-1", "profil-2")
    assert ergaenze(ohne, [von({}, fingerabdruck(ohne))]).fall_annahmen == ()


def test_facts_alone_make_a_case_file_where_the_message_had_none() -> None:
    danach = ergaenze(antrag(fall=None, fall_annahmen=(), fall_herkunft={}), [von({"land": "nw"})])
    assert (danach.fall, len(danach.ergaenzungen)) == ({"land": "nw"}, 1)
    assert ergaenze(antrag(fall=None), []).fall is None


def test_later_facts_win_over_earlier_ones_and_all_stay_visible() -> None:
    danach = ergaenze(antrag(), [von({"ehe_seit": "2021-02-02"}), von({"ehe_seit": "2022-03-03"})])
    assert (danach.fall or {})["ehe_seit"] == "2022-03-03"
    assert [a.vorher for e in danach.ergaenzungen for a in e.aenderungen] == ["2020-01-01", "2021-02-02"]
