"""The calculation all Länder share: what is known is decided, what is missing is asked for, nothing is guessed."""

from __future__ import annotations

import itertools
import json
from copy import deepcopy
from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.errors import NeedsHumanError
from fachwerk_wbs import Ergebnis, Fall, berechne, finde_land, lies_fall
from fachwerk_wbs.bedingungen import alle, eine, erfuellt
from fachwerk_wbs.regelwerk import gerundet

HEUTE = "2026-11-21"
ZAHLT = {"einkommensteuer": True, "kranken_pflegeversicherung": True, "rentenversicherung": True}


def person(name: str, rolle: str, *einkuenfte: dict[str, Any], **angaben: Any) -> dict[str, Any]:
    """A member with complete facts; ``angaben`` replace them."""
    grund = {"name": name, "rolle": rolle, "geburtsdatum": "1980-05-01", "einkuenfte": list(einkuenfte)}
    gesund = {"grad_der_behinderung": 0, "pflegegrad": 0, "haeuslich_pflegebeduerftig": False}
    return {**grund, **gesund, "zahlt": ZAHLT, "kindergeld": False, **angaben}


def lohn(betrag: object, **angaben: Any) -> dict[str, Any]:
    return {"art": "nichtselbstaendig", "betrag": betrag, **angaben}


def fall(*haushalt: dict[str, Any], land: str = "nw", **angaben: Any) -> dict[str, Any]:
    kopf = {"land": land, "stichtag": HEUTE, "unterhalt": [], "alleinerziehend": False}
    return {**kopf, "haushalt": list(haushalt), **angaben}


def single(betrag: object, **angaben: Any) -> dict[str, Any]:
    return fall(person("A", "antragsteller", lohn(betrag)), **angaben)


def familie(betrag: object, **angaben: Any) -> dict[str, Any]:
    kinder = [person(k, "kind", geburtsdatum="2015-01-01", kindergeld=True) for k in ("C", "D")]
    paar = (person("A", "antragsteller", lohn(betrag)), person("B", "ehegatte"))
    return fall(*paar, *kinder, **{"ehe_seit": "2008-01-01", **angaben})


def rechne(roh: dict[str, Any]) -> Ergebnis:
    gelesen = lies_fall(roh)
    return berechne(gelesen, finde_land(gelesen.land))


def texte(ergebnis: Ergebnis) -> str:
    return " | ".join(punkt.text for punkt in ergebnis.offen)


def test_the_example_of_the_design_comes_out_as_printed_there() -> None:
    roh = single(33136, stichtag="2025-03-01", ehe_seit="2023-06-01")
    ergebnis = rechne(roh).als_json()
    assert ergebnis["gesamteinkommen"] == "20419.84"
    assert ergebnis["stufen"][0] == {"id": "gruppe_A", "grenze": "23540.00", "eingehalten": True, "ermessen": False}
    assert list(ergebnis) == [
        "land", "stichtag", "gesamteinkommen", "stufen", "stufe", "empfehlung", "wohnflaeche_m2", "raeume",
        "gueltig_monate", "gebuehr", "begruendung", "offen",
    ]  # fmt: skip
    rest = {k: ergebnis[k] for k in ("stufe", "empfehlung", "wohnflaeche_m2", "raeume", "gueltig_monate", "gebuehr")}
    assert rest == {
        "stufe": "gruppe_A",
        "empfehlung": "bewilligen",
        "wohnflaeche_m2": "50",
        "raeume": None,
        "gueltig_monate": 12,
        "gebuehr": "20.00",
    }
    assert ergebnis["offen"] == []
    assert all(
        set(zeile) == {"name", "wert", "fundstelle"} and zeile["fundstelle"] for zeile in ergebnis["begruendung"]
    )


@pytest.mark.parametrize("land", ["nw", "st", "mv"])
def test_a_single_employee_and_a_couple_with_two_children_are_decided_today(land: str) -> None:
    assert rechne(single(18000, land=land)).empfehlung == "bewilligen"
    assert rechne(familie(38000, land=land)).empfehlung == "bewilligen"


def test_far_above_every_limit_nordrhein_westfalen_refuses_on_grade_a_alone() -> None:
    for roh in (single(90000), familie(150000)):
        ergebnis = rechne(roh)
        assert ergebnis.empfehlung == "ablehnen"
        assert ergebnis.stufe is None
        assert {zeile.beleg for zeile in ergebnis.begruendung} <= {"A", ""}


@pytest.mark.parametrize("land", ["mv", "st"])
def test_where_a_value_is_not_officially_evidenced_a_refusal_is_left_to_people(land: str) -> None:
    ergebnis = rechne(single(90000, land=land))
    assert ergebnis.empfehlung == "vorlegen"
    assert "Beleg A" in texte(ergebnis)
    assert "Pauschaler Abzug" in texte(ergebnis)


def test_hardship_is_never_refused_by_a_machine() -> None:
    assert rechne(single(90000, haerte=True)).empfehlung == "vorlegen"


@pytest.mark.parametrize("zahlung", list(ZAHLT))
def test_an_unknown_payment_is_asked_for(zahlung: str) -> None:
    roh = fall(person("A", "antragsteller", lohn(30000), zahlt={k: v for k, v in ZAHLT.items() if k != zahlung}))
    ergebnis = rechne(roh)
    assert ergebnis.empfehlung == "nachfordern"
    assert ergebnis.gesamteinkommen is None
    assert ergebnis.stufen[0].grenze == "23540.00"
    assert all(s.eingehalten is None for s in ergebnis.stufen)


def test_income_nobody_stated_is_asked_for_but_no_income_is_an_answer() -> None:
    ohne = single(0)
    del ohne["haushalt"][0]["einkuenfte"]
    assert rechne(ohne).empfehlung == "nachfordern"
    keine = fall(person("A", "antragsteller", zahlt={}))
    assert rechne(keine).gesamteinkommen == "0.00"
    assert rechne(keine).empfehlung == "bewilligen"


def test_a_young_child_without_statement_has_no_income_a_teenager_is_asked() -> None:
    klein = person("C", "kind", geburtsdatum="2020-01-01", kindergeld=True)
    gross = person("C", "kind", geburtsdatum="2009-01-01", kindergeld=True)
    for kind in (klein, gross):
        del kind["einkuenfte"]
    eltern = person("A", "antragsteller", lohn(20000))
    assert rechne(fall(eltern, klein)).empfehlung == "bewilligen"
    assert rechne(fall(eltern, gross)).empfehlung == "nachfordern"


def test_an_unknown_disability_matters_only_where_it_could_change_the_result() -> None:
    unter, ueber = single(20000), single(45000)
    for roh in (unter, ueber):
        del roh["haushalt"][0]["grad_der_behinderung"]
    assert rechne(unter).empfehlung == "bewilligen"
    ergebnis = rechne(ueber)
    assert ergebnis.empfehlung == "nachfordern"
    assert ergebnis.stufe == "gruppe_B"
    assert "Grad der Behinderung" in texte(ergebnis)


def test_the_step_of_care_whose_text_nobody_has_seen_is_left_to_people() -> None:
    roh = single(45000)
    roh["haushalt"][0] |= {"pflegegrad": 5, "haeuslich_pflegebeduerftig": True}
    ergebnis = rechne(roh)
    assert ergebnis.empfehlung == "vorlegen"
    assert "§ 15 Abs. 3 Nr. 5 und 6 WFNG NRW" in {punkt.fundstelle for punkt in ergebnis.offen}


@pytest.mark.parametrize(
    ("gdb", "pflegegrad", "freibetrag"),
    [
        (0, 0, 0),
        (0, 1, 330),
        (50, 0, 665),
        (0, 2, 665),
        (60, 1, 1330),
        (80, 0, 1330),
        (60, 3, 2100),
        (90, 1, 2100),
        (100, 0, 4500),
        (0, 4, 4500),
        (40, 0, 0),
    ],
)
def test_nordrhein_westfalen_grants_one_step_per_person(gdb: int, pflegegrad: int, freibetrag: int) -> None:
    roh = single(30000)
    roh["haushalt"][0] |= {"grad_der_behinderung": gdb, "pflegegrad": pflegegrad}
    roh["haushalt"][0]["haeuslich_pflegebeduerftig"] = pflegegrad > 0
    assert rechne(roh).gesamteinkommen == f"{Decimal('18412.80') - freibetrag:.2f}"


@pytest.mark.parametrize(
    ("gdb", "haeuslich", "freibetrag"),
    [(100, False, 4500), (80, True, 4500), (80, False, 0), (50, True, 2100), (79, True, 2100), (49, True, 0)],
)
def test_the_federal_allowance_needs_disability_and_care(gdb: int, haeuslich: bool, freibetrag: int) -> None:
    roh = single(30000, land="st")
    angaben = {
        "grad_der_behinderung": gdb,
        "pflegegrad": 2 if haeuslich else 0,
        "haeuslich_pflegebeduerftig": haeuslich,
    }
    roh["haushalt"][0] |= angaben
    assert rechne(roh).gesamteinkommen == f"{Decimal('20139.00') - freibetrag:.2f}"


@pytest.mark.parametrize(
    ("ehe_seit", "geboren", "freibetrag"),
    [
        ("2021-12-31", "1990-01-01", 4000),
        ("2020-12-31", "1990-01-01", 0),
        ("2025-01-01", "1986-11-22", 4000),
        ("2025-01-01", "1986-11-21", 0),
    ],
)
def test_a_young_couple_is_young_until_forty_and_five_calendar_years(
    ehe_seit: str, geboren: str, freibetrag: int
) -> None:
    paar = [person("A", "antragsteller", lohn(30000)), person("B", "ehegatte")]
    for mensch in paar:
        mensch["geburtsdatum"] = geboren
    ergebnis = rechne(fall(*paar, land="st", ehe_seit=ehe_seit))
    assert ergebnis.gesamteinkommen == f"{Decimal('20139.00') - freibetrag:.2f}"


def test_a_lone_parent_who_works_gets_the_allowance_for_a_child_under_twelve() -> None:
    kind = person("B", "kind", geburtsdatum="2014-11-22", kindergeld=True)
    eltern = person("A", "antragsteller", lohn(30000))
    assert rechne(fall(eltern, kind, land="st", alleinerziehend=True)).gesamteinkommen == "19539.00"
    assert rechne(
        fall(eltern, {**kind, "geburtsdatum": "2014-11-21"}, land="st", alleinerziehend=True)
    ).gesamteinkommen == ("20139.00")


def test_the_allowance_of_a_child_with_income_is_capped_by_that_income() -> None:
    kind = person("B", "kind", lohn(1600), geburtsdatum="2008-01-01", kindergeld=True)
    kind["zahlt"] = dict.fromkeys(ZAHLT, False)
    eltern = person("A", "antragsteller", lohn(30000))
    assert rechne(fall(eltern, kind, land="st")).gesamteinkommen == "20139.00"
    mehr = {**kind, "einkuenfte": [lohn(3230)]}
    assert rechne(fall(eltern, mehr, land="st")).gesamteinkommen == f"{Decimal(20139) + 2000 - 600:.2f}"


@pytest.mark.parametrize(
    ("unterhalt", "abzug"),
    [
        ({"an": "ex_ehegatte", "betrag": 9000, "titel": True}, 9000),
        ({"an": "ex_ehegatte", "betrag": 9000, "titel": False}, 6000),
        ({"an": "sonstige", "betrag": 2000, "titel": False}, 2000),
        ({"an": "auswaerts_in_ausbildung", "betrag": 3500}, 3000),
    ],
)
def test_maintenance_is_deducted_up_to_the_title_or_the_federal_maximum(unterhalt: dict[str, Any], abzug: int) -> None:
    ergebnis = rechne(single(40000, land="st", unterhalt=[unterhalt]))
    assert ergebnis.gesamteinkommen == f"{Decimal(27139) - abzug:.2f}"


def test_maintenance_of_unknown_amount_is_left_to_people_in_nordrhein_westfalen() -> None:
    unterhalt = [{"an": "ex_ehegatte", "betrag": 3000, "titel": True}]
    assert rechne(single(20000, unterhalt=unterhalt)).empfehlung == "bewilligen"
    assert rechne(single(45000, unterhalt=unterhalt)).empfehlung == "vorlegen"


def test_maintenance_nobody_mentioned_is_asked_for_only_above_the_lowest_limit() -> None:
    for betrag, empfehlung in ((20000, "bewilligen"), (45000, "nachfordern"), (90000, "nachfordern")):
        roh = single(betrag)
        del roh["unterhalt"]
        assert rechne(roh).empfehlung == empfehlung


def test_losses_of_one_kind_do_not_reduce_another() -> None:
    gemischt = fall(person("A", "antragsteller", lohn(20000), {"art": "gewerbe", "betrag": -5000}))
    assert rechne(gemischt).gesamteinkommen == rechne(single(20000)).gesamteinkommen


def test_a_pension_counts_in_full_and_only_health_insurance_is_deducted() -> None:
    zahlt = {"einkommensteuer": False, "kranken_pflegeversicherung": True, "rentenversicherung": False}
    rente = person("A", "antragsteller", {"art": "rente", "betrag": 12102}, zahlt=zahlt)
    assert rechne(fall(rente, land="mv")).gesamteinkommen == "10800.00"


def test_voluntary_contributions_count_as_paid_at_most_the_lump_sum() -> None:
    zahlt = {"einkommensteuer": True, "kranken_pflegeversicherung": False, "rentenversicherung": False}
    beitraege = {"kranken_pflegeversicherung": 9999, "rentenversicherung": 500}
    gewinn = {"art": "selbstaendig", "betrag": 20000}
    selbst = person("A", "antragsteller", gewinn, zahlt=zahlt, beitraege=beitraege)
    assert rechne(fall(selbst, land="st")).gesamteinkommen == "15500.00"
    assert rechne(fall(selbst)).gesamteinkommen == "12800.00"


def test_benefits_count_above_the_cost_of_housing_and_half_of_a_grant() -> None:
    zahlt = dict.fromkeys(ZAHLT, False)
    geld = {"art": "steuerfrei", "unterart": "buergergeld", "betrag": 12000, "wohnkosten": 6000}
    foerderung = {"art": "steuerfrei", "unterart": "ausbildungsfoerderung", "betrag": 6000}
    ergebnis = rechne(fall(person("A", "antragsteller", geld, foerderung, zahlt=zahlt), land="st"))
    assert ergebnis.gesamteinkommen == "9000.00"
    del geld["wohnkosten"]
    offen = rechne(fall(person("A", "antragsteller", geld, zahlt=zahlt), land="st"))
    assert offen.empfehlung == "nachfordern"
    assert "Kosten für Wohnraum" in texte(offen)


def test_what_counts_by_a_law_nobody_has_seen_never_decides() -> None:
    zahlt = dict.fromkeys(ZAHLT, False)
    einkunft = {"art": "steuerfrei", "unterart": "lohnersatz", "betrag": 9000}
    ergebnis = rechne(fall(person("A", "antragsteller", einkunft, zahlt=zahlt)))
    assert ergebnis.empfehlung == "vorlegen"
    assert ergebnis.gesamteinkommen == "9000.00"


def test_capital_income_does_not_count_in_nordrhein_westfalen_but_does_above_100_euro_elsewhere() -> None:
    kapital = {"art": "kapital", "betrag": 1100}
    mit = fall(person("A", "antragsteller", lohn(20000), kapital))
    assert rechne(mit).gesamteinkommen == rechne(single(20000)).gesamteinkommen
    erhoeht = rechne({**mit, "land": "st"}).gesamteinkommen
    assert Decimal(erhoeht or 0) - Decimal(rechne(single(20000, land="st")).gesamteinkommen or 0) == Decimal(700)


def test_an_expected_child_counts_where_the_law_says_so_else_a_person_decides() -> None:
    ungeborenes = {"name": "erwartet", "rolle": "ungeborenes"}
    mutter = person("A", "antragsteller", lohn(18000))
    nw = rechne(fall(mutter, ungeborenes))
    assert (nw.empfehlung, nw.wohnflaeche_m2, nw.stufen[0].grenze) == ("bewilligen", "65", "29210.00")
    st_ = rechne(fall(mutter, ungeborenes, land="st"))
    assert (st_.empfehlung, st_.wohnflaeche_m2) == ("vorlegen", "50")


def test_between_the_limit_and_five_percent_discretion_belongs_to_a_person() -> None:
    ergebnis = rechne(single(39000))
    assert ergebnis.stufe == "gruppe_B"
    assert [s.eingehalten for s in ergebnis.stufen] == [False, True, True, True]
    assert ergebnis.empfehlung == "vorlegen"
    assert "Ermessen" in texte(ergebnis)


@pytest.mark.parametrize(("cent", "empfehlung"), [("-1.00", "bewilligen"), ("-0.50", "vorlegen"), ("0", "bewilligen")])
def test_within_a_euro_of_a_limit_the_rounding_is_checked_by_hand(cent: str, empfehlung: str) -> None:
    gewinn = {"art": "selbstaendig", "betrag": Decimal(12000) + Decimal(cent)}
    ergebnis = rechne(fall(person("A", "antragsteller", gewinn, zahlt=dict.fromkeys(ZAHLT, False)), land="st"))
    assert ergebnis.empfehlung == empfehlung
    assert ergebnis.stufen[0].eingehalten is True


def test_exactly_the_limit_is_kept_and_a_cent_more_is_not() -> None:
    for cent, gehalten in (("0", True), ("0.01", False)):
        gewinn = {"art": "selbstaendig", "betrag": Decimal(12000) + Decimal(cent)}
        ergebnis = rechne(fall(person("A", "antragsteller", gewinn, zahlt=dict.fromkeys(ZAHLT, False)), land="st"))
        assert ergebnis.stufen[0].eingehalten is gehalten


def test_the_named_funding_path_decides_if_the_case_names_one() -> None:
    gruppe_b = rechne(single(45000, foerderweg="gruppe_B"))
    assert (gruppe_b.empfehlung, gruppe_b.stufe) == ("bewilligen", "gruppe_B")
    assert rechne(single(45000, foerderweg="gruppe_A")).empfehlung == "vorlegen"
    assert rechne(single(45000, foerderweg="mond")).empfehlung == "vorlegen"


@pytest.mark.parametrize(
    ("angaben", "empfehlung"),
    [
        ({"staatsangehoerigkeit": "000"}, "bewilligen"),
        ({"staatsangehoerigkeit": "FR"}, "bewilligen"),
        ({"staatsangehoerigkeit": "TR"}, "nachfordern"),
        ({"staatsangehoerigkeit": "TR", "aufenthaltstitel_bis": "2027-11-21"}, "bewilligen"),
        ({"staatsangehoerigkeit": "TR", "aufenthaltstitel_bis": "2027-11-20"}, "vorlegen"),
        ({"staatsangehoerigkeit": "999"}, "vorlegen"),
    ],
)
def test_the_stay_must_not_be_only_temporary(angaben: dict[str, str], empfehlung: str) -> None:
    assert rechne(single(20000, **angaben)).empfehlung == empfehlung


def test_an_applicant_under_age_needs_consent_where_the_land_asks_for_it() -> None:
    roh = single(10000, land="st")
    roh["haushalt"][0]["geburtsdatum"] = "2009-01-01"
    assert rechne(roh).empfehlung == "vorlegen"
    del roh["haushalt"][0]["geburtsdatum"]
    assert rechne(roh).empfehlung == "nachfordern"


def test_the_proofs_follow_the_situation() -> None:
    roh = fall(person("A", "antragsteller", {"art": "rente", "betrag": 9000}, grad_der_behinderung=60))
    nachweise = " ".join(rechne(roh).nachweise)
    assert "Rentenbescheid" in nachweise.replace("Renten- oder Versorgungsbescheid", "Rentenbescheid")
    assert "Schwerbehindertenausweis" in nachweise
    assert "Lohnabrechnungen" not in nachweise


def test_a_single_parent_with_a_schoolchild_is_told_of_the_extra_room() -> None:
    kind = person("B", "kind", geburtsdatum="2018-01-01", kindergeld=True)
    ergebnis = rechne(fall(person("A", "antragsteller", lohn(20000)), kind, alleinerziehend=True))
    assert any("Alleinerziehende" in h.wert for h in ergebnis.hinweise)
    assert any("jetzigen als auch die des geplanten Wohnorts" in h.wert for h in ergebnis.hinweise)


@pytest.mark.parametrize(
    ("aendern", "ort"),
    [
        (lambda r: r["haushalt"][0].pop("rolle"), "haushalt.0.rolle"),
        (lambda r: r.update(stichtag="2025-02-30"), "stichtag"),
        (lambda r: r["haushalt"][0]["einkuenfte"][0].update(art="lotto"), "haushalt.0.einkuenfte.0.art"),
        (lambda r: r["haushalt"][0]["einkuenfte"][0].update(betrag="viel"), "haushalt.0.einkuenfte.0.betrag"),
        (lambda r: r.update(hausthier="Hund"), "hausthier"),
        (lambda r: r["haushalt"].clear(), "haushalt"),
        (lambda r: r["haushalt"].append(deepcopy(r["haushalt"][0])), "Fall"),
    ],
)
def test_a_mistake_in_the_case_file_is_named_with_its_place_and_without_its_value(aendern: Any, ort: str) -> None:
    roh = single(20000)
    aendern(roh)
    with pytest.raises(NeedsHumanError) as fehler:
        lies_fall(roh, "fall.yaml")
    assert f"  {ort}: " in fehler.value.frage
    assert "viel" not in fehler.value.frage.replace("vielleicht", "")


def test_an_unknown_land_is_named_with_the_installed_ones() -> None:
    with pytest.raises(NeedsHumanError, match=r"kein Regelpaket für das Land 'xx'.*nw"):
        finde_land("xx")


def test_the_published_schema_is_the_model() -> None:
    datei = resources.files("fachwerk_wbs") / "daten" / "fall.schema.json"
    gelesen = json.loads(datei.read_text(encoding="utf-8"))
    modell = Fall.model_json_schema()
    assert {k: v for k, v in gelesen.items() if k in ("$defs", "properties", "required")} == {
        k: modell[k] for k in ("$defs", "properties", "required")
    }


BETRAEGE = st.decimals(0, 120000, places=2)


@settings(max_examples=60, deadline=None)
@given(BETRAEGE, BETRAEGE, st.sampled_from(["nw", "mv", "st"]))
def test_more_income_never_reaches_a_better_tier(weniger: Decimal, mehr: Decimal, land: str) -> None:
    klein, gross = sorted((weniger, mehr))
    erste, zweite = (rechne(familie(b, land=land)) for b in (klein, gross))
    assert Decimal(erste.gesamteinkommen or 0) <= Decimal(zweite.gesamteinkommen or 0)
    for vorher, nachher in zip(erste.stufen, zweite.stufen, strict=True):
        assert vorher.eingehalten is None or bool(vorher.eingehalten) >= bool(nachher.eingehalten)


@settings(max_examples=30, deadline=None)
@given(BETRAEGE, st.permutations(range(4)), st.sampled_from(["nw", "mv", "st"]))
def test_the_order_of_the_household_does_not_matter(betrag: Decimal, folge: list[int], land: str) -> None:
    roh = familie(betrag, land=land)
    gemischt = {**roh, "haushalt": [roh["haushalt"][i] for i in folge]}
    eins, zwei = rechne(roh), rechne(gemischt)
    gleich = {"gesamteinkommen", "stufen", "stufe", "empfehlung", "offen", "wohnflaeche_m2", "raeume"}
    assert eins.model_dump(include=gleich) == zwei.model_dump(include=gleich)


@settings(max_examples=60, deadline=None)
@given(BETRAEGE)
def test_the_income_is_exact_to_the_last_digit(betrag: Decimal) -> None:
    erwartet = max(Decimal(0), betrag - 1230) * Decimal("0.64")
    assert rechne(single(betrag)).gesamteinkommen == f"{erwartet:.2f}"


def test_three_valued_logic_keeps_the_unknown() -> None:
    werte = (True, False, None)
    for a, b in itertools.product(werte, werte):
        assert alle((a, b)) is (False if False in (a, b) else None if None in (a, b) else True)
        assert eine((a, b)) is (True if True in (a, b) else None if None in (a, b) else False)
    assert erfuellt([{"unbestimmt": "Text nicht gesehen"}], {}) is None
    with pytest.raises(KeyError):
        erfuellt([{"mondphase": 3}], {})


@pytest.mark.parametrize(
    ("wert", "schritt", "richtung", "erwartet"),
    [("36849", "100", "auf", "36900"), ("36850", "100", "kaufmaennisch", "36900"), ("36899", "100", "ab", "36800")],
)
def test_limits_are_rounded_as_the_land_says(wert: str, schritt: str, richtung: str, erwartet: str) -> None:
    assert gerundet(Decimal(wert), Decimal(schritt), richtung) == Decimal(erwartet)


def test_a_day_is_needed() -> None:
    roh = single(1000)
    del roh["stichtag"]
    with pytest.raises(ValueError, match="stichtag"):
        rechne(roh)
    assert berechne(lies_fall(roh), finde_land("nw"), date(2026, 11, 21)).empfehlung == "bewilligen"
