"""What the message did not say: asked for at once, by person, in words for the citizen; supplied facts run on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.ergaenzung import ergaenze, fingerabdruck
from fachwerk.modell import Antrag, Empfehlung, Ergaenzung, Name, Person, Teil, Votum
from fachwerk_wbs import entscheide, finde_land
from fachwerk_wbs.angaben import nachfragen

HEUTE = date(2026, 11, 22)
ZEIT = datetime(2026, 11, 20, tzinfo=UTC)
VOLL = {
    "einkuenfte": [{"art": "nichtselbstaendig", "betrag": "24000.00"}],
    "zahlt": {"einkommensteuer": True, "kranken_pflegeversicherung": True, "rentenversicherung": True},
    "grad_der_behinderung": 0,
    "pflegegrad": 0,
}
ANNA = {"name": "Anna Beispiel", "geburtsdatum": "1990-05-01"}
PERSON = Person(
    id="1",
    name=Name(vorname="Anna", familienname="Beispiel"),
    antragsteller=True,
    staatsangehoerigkeit=("000",),
)


def votum(fall: dict[str, Any] | None, **angaben: Any) -> Votum:
    kopf = {"leistung": "wbs", "land": "nw", "empfangen": ZEIT, "personen": (PERSON,), "fall": fall}
    return entscheide(Antrag(**{**kopf, **angaben}), (), HEUTE, finde_land("nw"))


def gefragt(ergebnis: Votum) -> dict[str, list[str]]:
    assert ergebnis.ergebnis is not None
    return {frage["person"]: frage["angaben"] for frage in ergebnis.ergebnis["nachfragen"]}


def test_a_message_with_names_only_is_asked_about_person_by_person() -> None:
    """Real messages carry names and dates of birth under public names, and nothing of incomes or roles."""
    ergebnis = votum({"haushalt": [ANNA, {"name": "Bernd Beispiel", "geburtsdatum": "1988-01-01"}]})
    assert ergebnis.empfehlung is Empfehlung.NACHFORDERN
    fragen = gefragt(ergebnis)
    assert list(fragen) == ["Anna Beispiel", "Bernd Beispiel", "Haushalt"]
    assert not any("Verhältnis" in text for text in fragen["Anna Beispiel"])
    assert any("Verhältnis" in text for text in fragen["Bernd Beispiel"])
    assert any("alle Einkünfte" in text for text in fragen["Anna Beispiel"])
    assert {punkt.person for punkt in ergebnis.offen} == set(fragen)


def test_who_the_message_marks_as_applicant_needs_no_role() -> None:
    ergebnis = votum({"haushalt": [{**ANNA, **VOLL}], "unterhalt": []})
    assert ergebnis.empfehlung is Empfehlung.BEWILLIGEN
    assert gefragt(ergebnis) == {}
    zwei = (PERSON, PERSON.model_copy(update={"id": "2"}))
    assert votum({"haushalt": [{**ANNA, **VOLL}]}, personen=zwei).empfehlung is Empfehlung.NACHFORDERN


def test_missing_incomes_are_asked_for_with_the_proofs() -> None:
    ergebnis = votum({"haushalt": [{**ANNA, "rolle": "antragsteller"}]})
    assert ergebnis.empfehlung is Empfehlung.NACHFORDERN
    assert any("alle Einkünfte" in text for text in gefragt(ergebnis)["Anna Beispiel"])
    assert any(titel.startswith("Nachweise über alle Einkünfte") for titel in ergebnis.nachweise)
    assert [punkt.person for punkt in ergebnis.offen if "Einkommen" in punkt.text] == ["Anna Beispiel"]


def test_what_only_some_are_asked_for_is_asked_where_it_matters() -> None:
    fall = {"haushalt": [{**ANNA, **VOLL}], "unterhalt": []}
    ohne = votum(fall, personen=(PERSON.model_copy(update={"staatsangehoerigkeit": ()}),))
    assert ohne.empfehlung is Empfehlung.NACHFORDERN
    assert any("Staatsangehörigkeit" in text for text in gefragt(ohne)["Haushalt"])
    fremd = votum({**fall, "staatsangehoerigkeit": "tr"})
    assert any("Aufenthaltstitel" in text for text in gefragt(fremd)["Haushalt"])


def test_proofs_that_may_be_there_are_named_with_their_file() -> None:
    fall = {"haushalt": [{**ANNA, **VOLL}], "unterhalt": []}
    ergebnis = votum(fall, anlagen=(Teil(id="t", name="Lohnabrechnung Mai.pdf"),))
    assert ergebnis.ergebnis is not None
    vermutlich = {beleg["titel"]: beleg["vermutlich"] for beleg in ergebnis.ergebnis["nachweise"]}
    regeln = finde_land("nw").nachweise
    assert vermutlich[regeln["arbeit"].titel] == ["Lohnabrechnung Mai.pdf"]
    assert vermutlich[regeln["ausweis"].titel] == []
    assert ergebnis.nachweise == (regeln["ausweis"].titel,)


@pytest.mark.parametrize(
    ("fall", "code", "empfehlung"),
    [
        (None, "wbs.keine_falldaten", "vorlegen"),
        ({"stichtag": "2026-11-20"}, "wbs.keine_falldaten", "vorlegen"),
        ({"haushalt": []}, "wbs.keine_falldaten", "vorlegen"),
        ({"haushalt": [], "einkomen": 1}, "wbs.fall_unlesbar", "vorlegen"),
        ({"haushalt": [{**ANNA, "rolle": "chefin"}]}, "wbs.fall_unlesbar", "vorlegen"),
        ({"haushalt": [{**ANNA, "rolle": "antragsteller", "betrag": 1}]}, "wbs.fall_unlesbar", "vorlegen"),
        ({"haushalt": [{**ANNA, "rolle": "antragsteller"}] * 2}, "wbs.fall_unlesbar", "vorlegen"),
        (
            {"haushalt": [{**ANNA, "rolle": "antragsteller"}, *({"name": str(n), "rolle": "kind"} for n in range(40))]},
            "wbs.fall_unlesbar",
            "vorlegen",
        ),
        ({"haushalt": [{"name": "Cleo", "rolle": "kind"}]}, "wbs.angabe_offen", "nachfordern"),
        ({"haushalt": [{"rolle": "antragsteller"}]}, "wbs.angabe_offen", "nachfordern"),
    ],
)
def test_what_is_missing_is_asked_and_what_is_wrong_is_left_to_people(
    fall: dict[str, Any] | None, code: str, empfehlung: str
) -> None:
    ergebnis = votum(fall)
    assert ({punkt.code for punkt in ergebnis.offen}, ergebnis.empfehlung.value) == ({code}, empfehlung)


WERTE = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
FELDER = st.sampled_from(["name", "rolle", "geburtsdatum", "einkuenfte", "zahlt", "pflegegrad", "kindergeld", "fremd"])


@given(
    st.lists(st.dictionaries(FELDER, WERTE | st.dictionaries(st.text(max_size=3), WERTE)) | WERTE, max_size=4) | WERTE
)
def test_no_case_file_however_wrong_breaks_the_questions(haushalt: Any) -> None:
    ergebnis = votum({"haushalt": haushalt})
    assert ergebnis.empfehlung in (Empfehlung.NACHFORDERN, Empfehlung.VORLEGEN)
    for frage in nachfragen({"haushalt": haushalt}, HEUTE):
        assert frage.angaben


def test_of_a_small_child_nobody_asks_incomes_and_of_an_unborn_one_only_the_day() -> None:
    fragen = nachfragen(
        {
            "haushalt": [
                {"name": "K", "rolle": "kind", "geburtsdatum": "2020-01-01"},
                {"name": "U", "rolle": "ungeborenes"},
                {"name": "G", "rolle": "kind", "geburtsdatum": "2008-01-01"},
            ]
        },
        HEUTE,
    )
    je_name = {frage.person: " ".join(frage.angaben) for frage in fragen}
    assert "Einkünfte" not in je_name["K"]
    assert je_name["U"] == "voraussichtlicher Tag der Geburt"
    assert "Einkünfte" in je_name["G"]
    assert "Kindergeld" in je_name["G"]


# -- facts of a person ------------------------------------------------------------------------------------------------


def nach(angaben: dict[str, Any], bestaetigt: bool = False) -> Votum:
    """The Votum for a mapped couple without incomes, after a person supplied ``angaben``."""
    antrag = Antrag(
        leistung="wbs",
        land="nw",
        empfangen=ZEIT,
        personen=(PERSON,),
        fall={"land": "nw", "ehe_seit": "2015-01-01", "haushalt": [{**ANNA, "rolle": "antragsteller"}]},
        fall_annahmen=("projektprofil-1",),
        fall_herkunft={"ehe_seit": "projektprofil-1", "haushalt.0.rolle": "projektprofil-1"},
    )
    von = Ergaenzung(wer="m", zeit=ZEIT, angaben=angaben, bestaetigt=fingerabdruck(antrag) if bestaetigt else "")
    return entscheide(ergaenze(antrag, [von]), (), HEUTE, finde_land("nw"))


EINKOMMEN: dict[str, Any] = {"unterhalt": [], "haushalt": [{"name": "Anna Beispiel", **VOLL}]}


def test_facts_on_an_unconfirmed_mapping_leave_the_decision_to_people_and_say_what_is_left() -> None:
    ergebnis = nach(EINKOMMEN)
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    (punkt,) = ergebnis.offen
    assert punkt.code == "wbs.annahme_unbestaetigt"
    assert "ehe_seit; Anna Beispiel: rolle." in punkt.text


@pytest.mark.parametrize(
    ("mehr", "bestaetigt"),
    [
        ({"ehe_seit": None, "haushalt": [{"name": "Anna Beispiel", "rolle": "antragsteller", **VOLL}]}, False),
        ({}, True),
    ],
)
def test_every_field_stated_or_the_whole_compared_lets_it_decide(mehr: dict[str, Any], bestaetigt: bool) -> None:
    assert nach({**EINKOMMEN, **mehr}, bestaetigt).empfehlung is Empfehlung.BEWILLIGEN
