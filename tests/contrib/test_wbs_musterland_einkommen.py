"""A fictitious Land shows how incomes are counted: by kind, less what is paid, and unknown where the law is."""

from __future__ import annotations

from typing import Any

import pytest

from fachwerk_wbs import Ergebnis, Land, berechne, lies_fall

PFLICHT = ("einkommensteuer", "kranken_pflegeversicherung", "rentenversicherung")


def rechne(musterland: Any, land: Land, *einkuenfte: dict[str, Any], zahlt: str = "", **angaben: Any) -> Ergebnis:
    """One person with these incomes who pays what ``zahlt`` says by first letters (e, k, r)."""
    roh = musterland.haushalt("antragsteller")
    zahlungen = {name: name[0] in zahlt for name in PFLICHT}
    roh["haushalt"][0] |= {"einkuenfte": list(einkuenfte), "zahlt": zahlungen, **angaben}
    return berechne(lies_fall(roh), land)


@pytest.mark.parametrize(
    ("art", "zahlt", "einkommen"),
    [
        ("nichtselbstaendig", "ekr", "14000.00"),
        ("nichtselbstaendig", "kr", "16000.00"),
        ("beamtenbezuege", "ek", "16000.00"),
        ("versorgungsbezuege", "ek", "16902.40"),
        ("rente", "k", "19015.20"),
        ("rente", "", "21128.00"),
        ("vermietung", "e", "19107.00"),
        ("gewerbe", "", "21230.00"),
    ],
)
def test_each_payment_takes_its_own_lump_sum_from_what_remains_after_expenses(
    musterland: Any, art: str, zahlt: str, einkommen: str
) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"))
    assert rechne(musterland, land, {"art": art, "betrag": 21230}, zahlt=zahlt).gesamteinkommen == einkommen


@pytest.mark.parametrize(
    ("beitraege", "zahlt", "einkommen"),
    [
        ({"kranken_pflegeversicherung": 1500}, "", "18500.00"),
        ({"kranken_pflegeversicherung": 2000}, "", "18000.00"),
        ({"kranken_pflegeversicherung": "2000.01"}, "", "18000.00"),
        ({"kranken_pflegeversicherung": 500}, "k", "18000.00"),
        ({"rentenversicherung": 500}, "e", "17500.00"),
        ({}, "e", "18000.00"),
    ],
)
def test_instead_of_compulsory_contributions_comparable_ones_count_as_paid_up_to_the_lump_sum(
    musterland: Any, beitraege: dict[str, object], zahlt: str, einkommen: str
) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"))
    gewinn = {"art": "selbstaendig", "betrag": 20000}
    assert rechne(musterland, land, gewinn, zahlt=zahlt, beitraege=beitraege).gesamteinkommen == einkommen


@pytest.mark.parametrize(
    ("inhalt", "beleg", "betrag", "empfehlung"),
    [
        ("true", "A", 13000, "bewilligen"),
        ("false", "A", 13000, "ablehnen"),
        ("null", "null", 13000, "vorlegen"),
        ("true", "C", 13000, "vorlegen"),
        ("null", "null", 11000, "bewilligen"),
    ],
)
def test_whether_voluntary_contributions_open_the_whole_lump_sum_matters_only_if_it_is_known(
    musterland: Any, inhalt: str, beleg: str, betrag: int, empfehlung: str
) -> None:
    voll = musterland.wert("freiwillig_kranken_voll", inhalt, beleg)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), voll)
    beitraege = {"kranken_pflegeversicherung": 100}
    gewinn = {"art": "selbstaendig", "betrag": betrag}
    assert rechne(musterland, land, gewinn, beitraege=beitraege).empfehlung == empfehlung


@pytest.mark.parametrize(
    ("inhalt", "beleg", "einkommen", "empfehlung"),
    [
        ("true", "A", "11000.00", "bewilligen"),
        ("false", "A", "10800.00", "bewilligen"),
        ("null", "null", None, "vorlegen"),
        ("true", "C", "11000.00", "vorlegen"),
    ],
)
def test_the_tax_lump_sum_of_untaxed_income_is_granted_only_where_the_law_is_known(
    musterland: Any, inhalt: str, beleg: str, einkommen: str | None, empfehlung: str
) -> None:
    nur = musterland.wert("steuerabzug_nur_steuerpflichtig", inhalt, beleg)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), nur)
    geld = {"art": "steuerfrei", "unterart": "lohnersatz", "betrag": 2000}
    ergebnis = rechne(musterland, land, {"art": "gewerbe", "betrag": 10000}, geld, zahlt="e")
    assert (ergebnis.gesamteinkommen, ergebnis.empfehlung) == (einkommen, empfehlung)


@pytest.mark.parametrize("arten", [("gewerbe", "vermietung"), ("kapital", "rente"), ("selbstaendig", "gewerbe")])
def test_a_loss_reduces_no_other_income_of_the_person_or_of_another(musterland: Any, arten: tuple[str, str]) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"))
    verlust, gewinn = {"art": arten[0], "betrag": -5000}, {"art": arten[1], "betrag": 10000}
    allein = rechne(musterland, land, gewinn).gesamteinkommen
    assert rechne(musterland, land, verlust, gewinn).gesamteinkommen == allein
    partner = musterland.person("partner", einkuenfte=[verlust])
    roh = musterland.haushalt("antragsteller", partner)
    roh["haushalt"][0]["einkuenfte"] = [gewinn]
    assert berechne(lies_fall(roh), land).gesamteinkommen == allein


def test_profit_and_loss_of_the_same_kind_are_set_off(musterland: Any) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"))
    einkuenfte = [{"art": "gewerbe", "betrag": 10000}, {"art": "gewerbe", "betrag": -4000}]
    assert rechne(musterland, land, *einkuenfte).gesamteinkommen == "6000.00"


@pytest.mark.parametrize(("unterart", "art"), [({}, "angabe"), ({"unterart": "abfindung"}, "recht")])
def test_a_benefit_without_rule_counts_in_full_and_prevents_a_refusal(
    musterland: Any, unterart: dict[str, str], art: str
) -> None:
    land = musterland.mit(
        musterland.wert("stufe_eins", "1"), musterland.wert("kapital_freibetrag", "0"),
        bund="{einkommensgrenzen: A, werbungskosten: A, abzuege: A}",
    )  # fmt: skip
    geld = {"art": "steuerfrei", "betrag": 13000, **unterart}
    ergebnis = rechne(musterland, land, geld)
    assert ergebnis.gesamteinkommen == "13000.00"
    assert [punkt.code for punkt in ergebnis.offen] == [f"wbs.{art}_offen"]


@pytest.mark.parametrize(
    ("geboren", "einkuenfte", "empfehlung"),
    [
        ("2015-01-01", None, "bewilligen"),
        ("2009-01-01", None, "nachfordern"),
        ("2009-01-01", [], "bewilligen"),
        ("2009-01-01", [{"art": "selbstaendig", "betrag": 9000}], "ablehnen"),
    ],
)
def test_the_income_of_a_child_counts_and_is_asked_for_from_sixteen_on(
    musterland: Any, geboren: str, einkuenfte: list[dict[str, Any]] | None, empfehlung: str
) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"))
    zahlt = dict.fromkeys(PFLICHT, False)
    kind = musterland.person("kind", geburtsdatum=geboren, einkuenfte=einkuenfte, zahlt=zahlt)
    assert musterland.rechne(land, "antragsteller", kind).empfehlung == empfehlung


@pytest.mark.parametrize(
    ("titel", "betrag", "einkommen", "empfehlung"),
    [
        (True, 9000, "6000.00", "bewilligen"),
        (False, 9000, "9000.00", "bewilligen"),
        (None, 9000, "9000.00", "bewilligen"),
        (False, 2000, "13000.00", "ablehnen"),
        (None, 2000, "13000.00", "ablehnen"),
        (None, 6000, "9000.00", "bewilligen"),
    ],
)
def test_maintenance_counts_as_titled_else_up_to_its_maximum(
    musterland: Any, titel: bool | None, betrag: int, einkommen: str, empfehlung: str
) -> None:
    bund = "{einkommensgrenzen: A, werbungskosten: A, einkuenfte: A, abzuege: A, unterhalt: A}"
    land = musterland.mit(musterland.wert("stufe_eins", "1"), bund=bund)
    unterhalt = [{"an": "getrennter_ehegatte", "betrag": betrag, "titel": titel}]
    ergebnis = musterland.rechne(land, "antragsteller", betrag=15000, unterhalt=unterhalt)
    assert (ergebnis.gesamteinkommen, ergebnis.empfehlung) == (einkommen, empfehlung)


def test_a_refusal_prints_only_what_it_rests_on(musterland: Any) -> None:
    groesse = musterland.wert("wohnflaeche", "{'1': 50}", "B")
    schwach = musterland.wert("stufe_eigentum", "1.1", "B", "{nicht_wbs: true}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), schwach, groesse)
    ergebnis = musterland.rechne(land, "antragsteller", betrag=50000)
    assert ergebnis.empfehlung == "ablehnen"
    assert {zeile.beleg for zeile in ergebnis.begruendung} <= {"A", ""}
    assert {"B"} <= {zeile.beleg for zeile in musterland.rechne(land, "antragsteller").begruendung}


def test_a_named_path_without_certificate_is_left_to_people(musterland: Any) -> None:
    ohne = musterland.wert("stufe_eigentum", "2", "A", "{nicht_wbs: true}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), ohne)
    assert musterland.rechne(land, "antragsteller", foerderweg="eigentum").empfehlung == "vorlegen"
