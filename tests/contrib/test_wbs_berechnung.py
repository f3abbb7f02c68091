"""The calculation all Länder share: what is known is decided, what is missing is asked for, nothing is guessed."""

from __future__ import annotations

from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk_wbs.regelwerk import gerundet


def test_the_example_of_the_design_comes_out_as_printed_there(wbs: ModuleType) -> None:
    roh = wbs.single(33136, stichtag="2025-03-01", ehe_seit="2023-06-01")
    ergebnis = wbs.rechne(roh).als_json()
    assert ergebnis["gesamteinkommen"] == "20419.84"
    assert ergebnis["stufen"][0] == {"id": "gruppe_A", "grenze": "23540.00", "eingehalten": True, "ermessen": False}
    assert list(ergebnis) == [
        "land", "stichtag", "gesamteinkommen", "stufen", "stufe", "empfehlung", "wohnflaeche_m2", "raeume",
        "gueltig_monate", "gebuehr", "begruendung", "offen", "personengruppen", "verbindung",
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
def test_a_single_employee_and_a_couple_with_two_children_are_decided_today(wbs: ModuleType, land: str) -> None:
    assert wbs.rechne(wbs.single(18000, land=land)).empfehlung == "bewilligen"
    assert wbs.rechne(wbs.familie(38000, land=land)).empfehlung == "bewilligen"


def test_far_above_every_limit_nordrhein_westfalen_refuses_on_grade_a_alone(wbs: ModuleType) -> None:
    for roh in (wbs.single(90000), wbs.familie(150000)):
        ergebnis = wbs.rechne(roh)
        assert ergebnis.empfehlung == "ablehnen"
        assert ergebnis.stufe is None
        assert {zeile.beleg for zeile in ergebnis.begruendung} <= {"A", ""}


@pytest.mark.parametrize("land", ["mv", "st"])
def test_where_a_value_is_not_officially_evidenced_a_refusal_is_left_to_people(wbs: ModuleType, land: str) -> None:
    ergebnis = wbs.rechne(wbs.single(90000, land=land))
    assert ergebnis.empfehlung == "vorlegen"
    assert "Beleg A" in wbs.texte(ergebnis)
    assert "Pauschaler Abzug" in wbs.texte(ergebnis)


def test_hardship_is_never_refused_by_a_machine(wbs: ModuleType) -> None:
    assert wbs.rechne(wbs.single(90000, haerte=True)).empfehlung == "vorlegen"


@pytest.mark.parametrize("zahlung", ["einkommensteuer", "kranken_pflegeversicherung", "rentenversicherung"])
def test_an_unknown_payment_is_asked_for(wbs: ModuleType, zahlung: str) -> None:
    roh = wbs.fall(
        wbs.person("A", "antragsteller", wbs.lohn(30000), zahlt={k: v for k, v in wbs.ZAHLT.items() if k != zahlung})
    )
    ergebnis = wbs.rechne(roh)
    assert ergebnis.empfehlung == "nachfordern"
    assert ergebnis.gesamteinkommen is None
    assert ergebnis.stufen[0].grenze == "23540.00"
    assert all(s.eingehalten is None for s in ergebnis.stufen)


def test_income_nobody_stated_is_asked_for_but_no_income_is_an_answer(wbs: ModuleType) -> None:
    ohne = wbs.single(0)
    del ohne["haushalt"][0]["einkuenfte"]
    assert wbs.rechne(ohne).empfehlung == "nachfordern"
    keine = wbs.fall(wbs.person("A", "antragsteller", zahlt={}))
    assert wbs.rechne(keine).gesamteinkommen == "0.00"
    assert wbs.rechne(keine).empfehlung == "bewilligen"


def test_a_young_child_without_statement_has_no_income_a_teenager_is_asked(wbs: ModuleType) -> None:
    klein = wbs.person("C", "kind", geburtsdatum="2020-01-01", kindergeld=True)
    gross = wbs.person("C", "kind", geburtsdatum="2009-01-01", kindergeld=True)
    for kind in (klein, gross):
        del kind["einkuenfte"]
    eltern = wbs.person("A", "antragsteller", wbs.lohn(20000))
    assert wbs.rechne(wbs.fall(eltern, klein)).empfehlung == "bewilligen"
    assert wbs.rechne(wbs.fall(eltern, gross)).empfehlung == "nachfordern"


def test_an_unknown_disability_matters_only_where_it_could_change_the_result(wbs: ModuleType) -> None:
    unter, ueber = wbs.single(20000), wbs.single(45000)
    for roh in (unter, ueber):
        del roh["haushalt"][0]["grad_der_behinderung"]
    assert wbs.rechne(unter).empfehlung == "bewilligen"
    ergebnis = wbs.rechne(ueber)
    assert ergebnis.empfehlung == "nachfordern"
    assert ergebnis.stufe == "gruppe_B"
    assert "Grad der Behinderung" in wbs.texte(ergebnis)


def test_the_step_of_care_whose_text_nobody_has_seen_is_left_to_people(wbs: ModuleType) -> None:
    roh = wbs.single(45000)
    roh["haushalt"][0] |= {"pflegegrad": 5, "haeuslich_pflegebeduerftig": True}
    ergebnis = wbs.rechne(roh)
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
def test_nordrhein_westfalen_grants_one_step_per_person(
    wbs: ModuleType, gdb: int, pflegegrad: int, freibetrag: int
) -> None:
    roh = wbs.single(30000)
    roh["haushalt"][0] |= {"grad_der_behinderung": gdb, "pflegegrad": pflegegrad}
    roh["haushalt"][0]["haeuslich_pflegebeduerftig"] = pflegegrad > 0
    assert wbs.rechne(roh).gesamteinkommen == f"{Decimal('18412.80') - freibetrag:.2f}"


@pytest.mark.parametrize(
    ("gdb", "haeuslich", "freibetrag"),
    [(100, False, 4500), (80, True, 4500), (80, False, 0), (50, True, 2100), (79, True, 2100), (49, True, 0)],
)
def test_the_federal_allowance_needs_disability_and_care(
    wbs: ModuleType, gdb: int, haeuslich: bool, freibetrag: int
) -> None:
    roh = wbs.single(30000, land="st")
    angaben = {
        "grad_der_behinderung": gdb,
        "pflegegrad": 2 if haeuslich else 0,
        "haeuslich_pflegebeduerftig": haeuslich,
    }
    roh["haushalt"][0] |= angaben
    assert wbs.rechne(roh).gesamteinkommen == f"{Decimal('20139.00') - freibetrag:.2f}"


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
    wbs: ModuleType, ehe_seit: str, geboren: str, freibetrag: int
) -> None:
    paar = [wbs.person("A", "antragsteller", wbs.lohn(30000)), wbs.person("B", "ehegatte")]
    for mensch in paar:
        mensch["geburtsdatum"] = geboren
    ergebnis = wbs.rechne(wbs.fall(*paar, land="st", ehe_seit=ehe_seit))
    assert ergebnis.gesamteinkommen == f"{Decimal('20139.00') - freibetrag:.2f}"


def test_a_lone_parent_who_works_gets_the_allowance_for_a_child_under_twelve(wbs: ModuleType) -> None:
    kind = wbs.person("B", "kind", geburtsdatum="2014-11-22", kindergeld=True)
    eltern = wbs.person("A", "antragsteller", wbs.lohn(30000))
    assert wbs.rechne(wbs.fall(eltern, kind, land="st", alleinerziehend=True)).gesamteinkommen == "19539.00"
    assert wbs.rechne(
        wbs.fall(eltern, {**kind, "geburtsdatum": "2014-11-21"}, land="st", alleinerziehend=True)
    ).gesamteinkommen == ("20139.00")


def test_the_allowance_of_a_child_with_income_is_capped_by_that_income(wbs: ModuleType) -> None:
    kind = wbs.person("B", "kind", wbs.lohn(1600), geburtsdatum="2008-01-01", kindergeld=True)
    kind["zahlt"] = dict.fromkeys(wbs.ZAHLT, False)
    eltern = wbs.person("A", "antragsteller", wbs.lohn(30000))
    assert wbs.rechne(wbs.fall(eltern, kind, land="st")).gesamteinkommen == "20139.00"
    mehr = {**kind, "einkuenfte": [wbs.lohn(3230)]}
    assert wbs.rechne(wbs.fall(eltern, mehr, land="st")).gesamteinkommen == f"{Decimal(20139) + 2000 - 600:.2f}"


@pytest.mark.parametrize(
    ("unterhalt", "abzug"),
    [
        ({"an": "ex_ehegatte", "betrag": 9000, "titel": True}, 9000),
        ({"an": "ex_ehegatte", "betrag": 9000, "titel": False}, 6000),
        ({"an": "sonstige", "betrag": 2000, "titel": False}, 2000),
        ({"an": "auswaerts_in_ausbildung", "betrag": 3500}, 3000),
    ],
)
def test_maintenance_is_deducted_up_to_the_title_or_the_federal_maximum(
    wbs: ModuleType, unterhalt: dict[str, Any], abzug: int
) -> None:
    ergebnis = wbs.rechne(wbs.single(40000, land="st", unterhalt=[unterhalt]))
    assert ergebnis.gesamteinkommen == f"{Decimal(27139) - abzug:.2f}"


def test_maintenance_of_unknown_amount_is_left_to_people_in_nordrhein_westfalen(wbs: ModuleType) -> None:
    unterhalt = [{"an": "ex_ehegatte", "betrag": 3000, "titel": True}]
    assert wbs.rechne(wbs.single(20000, unterhalt=unterhalt)).empfehlung == "bewilligen"
    assert wbs.rechne(wbs.single(45000, unterhalt=unterhalt)).empfehlung == "vorlegen"


def test_maintenance_nobody_mentioned_is_asked_for_only_above_the_lowest_limit(wbs: ModuleType) -> None:
    for betrag, empfehlung in ((20000, "bewilligen"), (45000, "nachfordern"), (90000, "nachfordern")):
        roh = wbs.single(betrag)
        del roh["unterhalt"]
        assert wbs.rechne(roh).empfehlung == empfehlung


def test_losses_of_one_kind_do_not_reduce_another(wbs: ModuleType) -> None:
    gemischt = wbs.fall(wbs.person("A", "antragsteller", wbs.lohn(20000), {"art": "gewerbe", "betrag": -5000}))
    assert wbs.rechne(gemischt).gesamteinkommen == wbs.rechne(wbs.single(20000)).gesamteinkommen


def test_a_pension_counts_in_full_and_only_health_insurance_is_deducted(wbs: ModuleType) -> None:
    zahlt = {"einkommensteuer": False, "kranken_pflegeversicherung": True, "rentenversicherung": False}
    rente = wbs.person("A", "antragsteller", {"art": "rente", "betrag": 12102}, zahlt=zahlt)
    assert wbs.rechne(wbs.fall(rente, land="mv")).gesamteinkommen == "10800.00"


def test_voluntary_contributions_count_as_paid_at_most_the_lump_sum(wbs: ModuleType) -> None:
    zahlt = {"einkommensteuer": True, "kranken_pflegeversicherung": False, "rentenversicherung": False}
    beitraege = {"kranken_pflegeversicherung": 9999, "rentenversicherung": 500}
    gewinn = {"art": "selbstaendig", "betrag": 20000}
    selbst = wbs.person("A", "antragsteller", gewinn, zahlt=zahlt, beitraege=beitraege)
    assert wbs.rechne(wbs.fall(selbst, land="st")).gesamteinkommen == "15500.00"
    assert wbs.rechne(wbs.fall(selbst)).gesamteinkommen == "12800.00"


def test_benefits_count_above_the_cost_of_housing_and_half_of_a_grant(wbs: ModuleType) -> None:
    zahlt = dict.fromkeys(wbs.ZAHLT, False)
    geld = {"art": "steuerfrei", "unterart": "buergergeld", "betrag": 12000, "wohnkosten": 6000}
    foerderung = {"art": "steuerfrei", "unterart": "ausbildungsfoerderung", "betrag": 6000}
    ergebnis = wbs.rechne(wbs.fall(wbs.person("A", "antragsteller", geld, foerderung, zahlt=zahlt), land="st"))
    assert ergebnis.gesamteinkommen == "9000.00"
    del geld["wohnkosten"]
    offen = wbs.rechne(wbs.fall(wbs.person("A", "antragsteller", geld, zahlt=zahlt), land="st"))
    assert offen.empfehlung == "nachfordern"
    assert "Kosten für Wohnraum" in wbs.texte(offen)


def test_what_counts_by_a_law_nobody_has_seen_never_decides(wbs: ModuleType) -> None:
    zahlt = dict.fromkeys(wbs.ZAHLT, False)
    einkunft = {"art": "steuerfrei", "unterart": "lohnersatz", "betrag": 9000}
    ergebnis = wbs.rechne(wbs.fall(wbs.person("A", "antragsteller", einkunft, zahlt=zahlt)))
    assert ergebnis.empfehlung == "vorlegen"
    assert ergebnis.gesamteinkommen == "9000.00"


def test_capital_income_does_not_count_in_nordrhein_westfalen_but_does_above_100_euro_elsewhere(
    wbs: ModuleType,
) -> None:
    kapital = {"art": "kapital", "betrag": 1100}
    mit = wbs.fall(wbs.person("A", "antragsteller", wbs.lohn(20000), kapital))
    assert wbs.rechne(mit).gesamteinkommen == wbs.rechne(wbs.single(20000)).gesamteinkommen
    erhoeht = wbs.rechne({**mit, "land": "st"}).gesamteinkommen
    assert Decimal(erhoeht or 0) - Decimal(wbs.rechne(wbs.single(20000, land="st")).gesamteinkommen or 0) == Decimal(
        700
    )


def test_an_expected_child_counts_where_the_law_says_so_else_a_person_decides(wbs: ModuleType) -> None:
    ungeborenes = {"name": "erwartet", "rolle": "ungeborenes"}
    mutter = wbs.person("A", "antragsteller", wbs.lohn(18000))
    nw = wbs.rechne(wbs.fall(mutter, ungeborenes))
    assert (nw.empfehlung, nw.wohnflaeche_m2, nw.stufen[0].grenze) == ("bewilligen", "65", "29210.00")
    st_ = wbs.rechne(wbs.fall(mutter, ungeborenes, land="st"))
    assert (st_.empfehlung, st_.wohnflaeche_m2) == ("vorlegen", "50")


def test_between_the_limit_and_five_percent_discretion_belongs_to_a_person(wbs: ModuleType) -> None:
    ergebnis = wbs.rechne(wbs.single(39000))
    assert ergebnis.stufe == "gruppe_B"
    assert [s.eingehalten for s in ergebnis.stufen] == [False, True, True, True]
    assert ergebnis.empfehlung == "vorlegen"
    assert "Ermessen" in wbs.texte(ergebnis)


@pytest.mark.parametrize(("cent", "empfehlung"), [("-1.00", "bewilligen"), ("-0.50", "vorlegen"), ("0", "bewilligen")])
def test_within_a_euro_of_a_limit_the_rounding_is_checked_by_hand(wbs: ModuleType, cent: str, empfehlung: str) -> None:
    gewinn = {"art": "selbstaendig", "betrag": Decimal(12000) + Decimal(cent)}
    ergebnis = wbs.rechne(
        wbs.fall(wbs.person("A", "antragsteller", gewinn, zahlt=dict.fromkeys(wbs.ZAHLT, False)), land="st")
    )
    assert ergebnis.empfehlung == empfehlung
    assert ergebnis.stufen[0].eingehalten is True


def test_exactly_the_limit_is_kept_and_a_cent_more_is_not(wbs: ModuleType) -> None:
    for cent, gehalten in (("0", True), ("0.01", False)):
        gewinn = {"art": "selbstaendig", "betrag": Decimal(12000) + Decimal(cent)}
        ergebnis = wbs.rechne(
            wbs.fall(wbs.person("A", "antragsteller", gewinn, zahlt=dict.fromkeys(wbs.ZAHLT, False)), land="st")
        )
        assert ergebnis.stufen[0].eingehalten is gehalten


def test_the_named_funding_path_decides_if_the_case_names_one(wbs: ModuleType) -> None:
    gruppe_b = wbs.rechne(wbs.single(45000, foerderweg="gruppe_B"))
    assert (gruppe_b.empfehlung, gruppe_b.stufe) == ("bewilligen", "gruppe_B")
    assert wbs.rechne(wbs.single(45000, foerderweg="gruppe_A")).empfehlung == "vorlegen"
    assert wbs.rechne(wbs.single(45000, foerderweg="mond")).empfehlung == "vorlegen"


BETRAEGE = st.decimals(0, 120000, places=2)


@settings(max_examples=60, deadline=None)
@given(BETRAEGE, BETRAEGE, st.sampled_from(["nw", "mv", "st"]))
def test_more_income_never_reaches_a_better_tier(wbs: ModuleType, weniger: Decimal, mehr: Decimal, land: str) -> None:
    klein, gross = sorted((weniger, mehr))
    erste, zweite = (wbs.rechne(wbs.familie(b, land=land)) for b in (klein, gross))
    assert Decimal(erste.gesamteinkommen or 0) <= Decimal(zweite.gesamteinkommen or 0)
    for vorher, nachher in zip(erste.stufen, zweite.stufen, strict=True):
        assert vorher.eingehalten is None or bool(vorher.eingehalten) >= bool(nachher.eingehalten)


@settings(max_examples=30, deadline=None)
@given(BETRAEGE, st.permutations(range(4)), st.sampled_from(["nw", "mv", "st"]))
def test_the_order_of_the_household_does_not_matter(
    wbs: ModuleType, betrag: Decimal, folge: list[int], land: str
) -> None:
    roh = wbs.familie(betrag, land=land)
    gemischt = {**roh, "haushalt": [roh["haushalt"][i] for i in folge]}
    eins, zwei = wbs.rechne(roh), wbs.rechne(gemischt)
    gleich = {"gesamteinkommen", "stufen", "stufe", "empfehlung", "offen", "wohnflaeche_m2", "raeume"}
    assert eins.model_dump(include=gleich) == zwei.model_dump(include=gleich)


@settings(max_examples=60, deadline=None)
@given(BETRAEGE)
def test_the_income_is_exact_to_the_last_digit(wbs: ModuleType, betrag: Decimal) -> None:
    erwartet = max(Decimal(0), betrag - 1230) * Decimal("0.64")
    assert wbs.rechne(wbs.single(betrag)).gesamteinkommen == f"{erwartet:.2f}"


@pytest.mark.parametrize(
    ("wert", "schritt", "richtung", "erwartet"),
    [("36849", "100", "auf", "36900"), ("36850", "100", "kaufmaennisch", "36900"), ("36899", "100", "ab", "36800")],
)
def test_limits_are_rounded_as_the_land_says(wert: str, schritt: str, richtung: str, erwartet: str) -> None:
    assert gerundet(Decimal(wert), Decimal(schritt), richtung) == Decimal(erwartet)
