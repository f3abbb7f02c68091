"""A fictitious Land shows that limits, tables, rounding and conditions are data and need no code."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fachwerk.errors import ContractError
from fachwerk_wbs import Land, berechne, lies_fall
from fachwerk_wbs.bedingungen import PRUEFUNGEN
from fachwerk_wbs.landform import WORT


def test_a_tier_may_have_amounts_of_its_own(musterland: Any) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "{p1: 17500, p2: 27500, weitere: 5000, kind: 1300}"))
    assert musterland.limits(land, 1, 0) == {"eins": Decimal(17500)}
    assert musterland.limits(land, 4, 2) == {"eins": Decimal(27500 + 2 * 5000 + 2 * 1300)}


def test_a_tier_with_an_unknown_amount_is_unknown_only_where_it_matters(musterland: Any) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "{p1: 17500, p2: 27500, weitere: 5000, kind: null}"))
    assert musterland.limits(land, 3, 0) == {"eins": Decimal(32500)}
    assert musterland.limits(land, 3, 1) == {"eins": None}


def test_a_household_table_answers_per_composition_and_its_candidates_never_decide(musterland: Any) -> None:
    tabelle = musterland.wert("haushaltstabelle", "{1A: 23000, 2A1K: 37700, 1A2K: [38500, 38600]}")
    land = musterland.mit(tabelle, musterland.wert("stufe_eins", "1"), musterland.wert("stufe_zwei", "1.2"))
    assert musterland.limits(land, 3, 1) == {"eins": Decimal(37700), "zwei": Decimal("45240.0")}
    ergebnis = berechne(lies_fall(musterland.haushalt("antragsteller", "kind", "kind")), land)
    assert ergebnis.empfehlung == "vorlegen"
    assert "38500 oder 38600" in ergebnis.offen[0].text


def test_a_cell_has_a_grade_of_its_own_and_never_a_better_one_than_its_table(musterland: Any) -> None:
    zeilen = "{1A: {wert: 12000, beleg: B}, 2A: 18000, 1A1K: {wert: 19000, beleg: C}, 1A2K: null}"
    land = musterland.mit(musterland.wert("haushaltstabelle", zeilen), musterland.wert("stufe_eins", "1"))
    assert berechne(lies_fall(musterland.haushalt("antragsteller")), land).empfehlung == "bewilligen"
    assert berechne(lies_fall(musterland.haushalt("antragsteller", betrag=50000)), land).empfehlung == "vorlegen"
    assert (
        berechne(lies_fall(musterland.haushalt("antragsteller", "partner", betrag=50000)), land).empfehlung
        == "ablehnen"
    )
    angenommen = berechne(lies_fall(musterland.haushalt("antragsteller", "kind")), land)
    assert (angenommen.empfehlung, angenommen.stufen[0].grenze) == ("vorlegen", "19000.00")
    assert angenommen.stufen[0].eingehalten is None
    leer = berechne(lies_fall(musterland.haushalt("antragsteller", "kind", "kind")), land)
    assert (leer.empfehlung, leer.stufen[0].grenze) == ("vorlegen", None)


@pytest.mark.parametrize(("beleg", "grenze"), [("C", "17500.00"), ("B", "17500.00")])
def test_a_tier_table_of_grade_c_is_shown_and_decides_nothing(musterland: Any, beleg: str, grenze: str) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "{p1: 17500, p2: 27500, weitere: 5000, kind: 0}", beleg))
    ergebnis = berechne(lies_fall(musterland.haushalt("antragsteller")), land)
    assert ergebnis.stufen[0].grenze == grenze
    assert ergebnis.empfehlung == ("vorlegen" if beleg == "C" else "bewilligen")


INDEX = "{von: 1.22985, bis: 1.23256, schritt: 100, richtung: auf}"
ANLAGE = "{von: 1.38658, bis: 1.38786, schritt: 100, richtung: kaufmaennisch, zuschlag: {'1': 3000, '2': 2000}}"


def test_an_index_that_nobody_knows_exactly_decides_where_both_ends_agree(musterland: Any) -> None:
    betraege = [
        musterland.wert("grenze_1", "15000"),
        musterland.wert("grenze_2", "21500"),
        musterland.wert("grenze_weitere", "5000"),
    ]
    land = musterland.mit(
        *betraege,
        musterland.wert("grenze_kind", "1000"),
        musterland.wert("haushaltsindex", INDEX),
        musterland.wert("stufe_eins", "1"),
    )
    assert musterland.limits(land, 1, 0) == {"eins": Decimal(18500)}
    assert musterland.limits(land, 3, 1) == {"eins": Decimal(33900)}
    assert musterland.limits(land, 2, 1) == {"eins": None}
    offen = berechne(lies_fall(musterland.haushalt("antragsteller", "kind")), land)
    assert offen.empfehlung == "vorlegen"
    assert "27700 oder 27800" in offen.offen[0].text


def test_an_index_of_grade_c_is_shown_and_decides_nothing(musterland: Any) -> None:
    land = musterland.mit(musterland.wert("haushaltsindex", INDEX, "C"), musterland.wert("stufe_eins", "1"))
    ergebnis = musterland.rechne(land, "antragsteller", "partner")
    assert (ergebnis.empfehlung, ergebnis.stufen[0].grenze) == ("vorlegen", "22200.00")
    assert musterland.limits(land, 4, 2) == {"eins": None}


def test_a_structural_amount_follows_the_rounding_and_a_row_of_the_table_comes_first(musterland: Any) -> None:
    betraege = [
        musterland.wert("grenze_1", "14400"),
        musterland.wert("grenze_2", "21600"),
        musterland.wert("grenze_weitere", "5000"),
    ]
    tabelle = musterland.wert("haushaltstabelle", "{1A: 23001}")
    land = musterland.mit(
        *betraege,
        musterland.wert("grenze_kind", "600"),
        tabelle,
        musterland.wert("haushaltsindex", ANLAGE),
        musterland.wert("stufe_eins", "1.2"),
    )
    assert musterland.limits(land, 1, 0) == {"eins": Decimal("27601.2")}
    assert musterland.limits(land, 2, 1) == {"eins": Decimal(32800) * Decimal("1.2")}
    assert musterland.limits(land, 4, 2) == {"eins": Decimal(45500) * Decimal("1.2")}


def test_the_total_may_be_rounded_up_to_a_hundred(musterland: Any) -> None:
    rundung = musterland.wert("rundung_grenze", "{schritt: 100, richtung: auf}")
    land = musterland.mit(musterland.wert("stufe_eins", "1.111"), rundung)
    assert musterland.limits(land, 1, 0) == {"eins": Decimal(13400)}


def test_the_supplement_of_children_may_stay_unscaled_in_one_tier(musterland: Any) -> None:
    fest = musterland.wert("stufe_fest", "1.2", merkmale="{kind_fest: true}")
    land = musterland.mit(fest, musterland.wert("stufe_mit", "1.3"), musterland.wert("kindzuschlag_skaliert", "true"))
    assert musterland.limits(land, 2, 1) == {
        "fest": Decimal(18000) * Decimal("1.2") + 500,
        "mit": Decimal(18500) * Decimal("1.3"),
    }


def test_disabled_members_raise_the_limit_of_larger_households(musterland: Any) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("grenze_je_schwerbehindert", "3400"))
    roh = musterland.haushalt("antragsteller", "partner")
    roh["haushalt"][1]["grad_der_behinderung"] = 50
    assert berechne(lies_fall(roh), land).stufen[0].grenze == "21400.00"
    allein = musterland.haushalt("antragsteller")
    allein["haushalt"][0]["grad_der_behinderung"] = 50
    assert berechne(lies_fall(allein), land).stufen[0].grenze == "12000.00"


def test_without_lump_sums_nobody_is_asked_what_is_paid(musterland: Any) -> None:
    null = [musterland.wert(f"pauschale_{name}", "0") for name in ("steuer", "kranken", "rente")]
    land = musterland.mit(
        *null, musterland.wert("stufe_eins", "1"), bund="{einkommensgrenzen: A, werbungskosten: A, einkuenfte: A}"
    )
    roh = musterland.haushalt("antragsteller")
    roh["haushalt"][0]["zahlt"] = {}
    assert berechne(lies_fall(roh), land).empfehlung == "bewilligen"


@pytest.mark.parametrize(("beleg", "empfehlung"), [("A", "ablehnen"), ("B", "vorlegen"), ("C", "vorlegen")])
def test_a_refusal_stands_and_falls_with_the_grade_of_one_value(musterland: Any, beleg: str, empfehlung: str) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1", beleg))
    assert berechne(lies_fall(musterland.haushalt("antragsteller", betrag=50000)), land).empfehlung == empfehlung


@pytest.mark.parametrize(("wort", "empfehlung"), [("true", "bewilligen"), ("null", "vorlegen")])
def test_shared_custody_counts_only_where_the_law_is_known(musterland: Any, wort: str, empfehlung: str) -> None:
    beleg = "A" if wort == "true" else "null"
    land = musterland.mit(
        musterland.wert("stufe_eins", "1"), musterland.wert("geteiltes_sorgerecht_zaehlt", wort, beleg)
    )
    roh = musterland.haushalt("antragsteller", "kind")
    roh["haushalt"][1]["geteiltes_sorgerecht"] = True
    assert berechne(lies_fall(roh), land).empfehlung == empfehlung


def test_a_tier_with_an_asset_test_is_left_to_people(musterland: Any) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("vermoegenspruefung_eins", "true"))
    assert berechne(lies_fall(musterland.haushalt("antragsteller")), land).empfehlung == "vorlegen"


def test_a_land_that_leaves_out_what_the_calculation_needs_is_refused(musterland: Any) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), bund="{einkommensgrenzen: A}")
    with pytest.raises(ContractError, match="pauschale_steuer"):
        berechne(lies_fall(musterland.haushalt("antragsteller")), land)


def test_a_package_for_another_code_is_refused(musterland: Any) -> None:
    musterland.mit(musterland.wert("stufe_eins", "1"))
    with pytest.raises(ContractError, match="gilt für zz"):
        _ = Land("yy", musterland.name).kopf


@pytest.mark.parametrize(
    ("name", "inhalt", "merkmale", "mangel"),
    [
        ("grenze_kinder", "500", "{}", "diesen Parameter liest niemand"),
        ("anteil_lotto", "1", "{}", "diesen Parameter liest niemand"),
        ("freibetrag_eins", "500", "{je: person, wenn: [{gbd_ab: 50}]}", "die Bedingung gbd_ab gibt es nicht"),
        ("freibetrag_eins", "500", "{je: person}", "das Merkmal wenn fehlt"),
        ("freibetrag_eins", "500", "{je: familie, wenn: [{immer: true}]}", "das Merkmal je"),
        ("einkommenszeitraum", "Text", "{art: letztes_jahr}", "das Merkmal art"),
        ("anteil_lohnersatz", "1", "{ohne: miete, angabe: Miete}", "das Merkmal ohne"),
        ("gilt_als_eingehalten", "true", "{}", "das Merkmal leistungen fehlt"),
        ("gilt_als_eingehalten", "true", "{leistungen: [kindergeld]}", "die Leistung kindergeld gibt es nicht"),
        ("stufe_zwei", "{p1: 1, p2: 2, weitere: 3}", "{}", "die Tabelle einer Stufe"),
        ("stufe_zwei", "{p1: [1], p2: 2, weitere: 3, kind: 0}", "{}", "die Zelle p1"),
        ("haushaltstabelle", "{1E: 1}", "{}", "eine Zeile heißt wie"),
        ("haushaltstabelle", "12000", "{}", "eine Tabelle oder null"),
        ("haushaltsindex", "{von: 2, bis: 1, schritt: 100, richtung: auf}", "{}", "von und bis"),
        ("rundung_grenze", "{schritt: 100, richtung: hoch}", "{}", "schritt und richtung"),
        ("rundung_grenze", "{schritt: 100, richtung: [auf]}", "{}", "schritt und richtung"),
        ("rundung_grenze", "{schritt: 0, richtung: auf}", "{}", "schritt und richtung"),
        ("haushaltsindex", "17", "{}", "eine Tabelle oder null"),
        ("haushaltsindex", "{von: 1, bis: 2, schritt: 1, richtung: auf, zuschlag: 3}", "{}", "zuschlag"),
        ("stufe_zwei", "ja", "{}", "der Wert ist eine Zahl"),
        ("stufe_zwei", "[1, 2]", "{}", "der Wert ist eine Zahl"),
        ("stufe_zwei", "1.0e+900", "{}", "der Wert ist eine Zahl"),
        ("stufe_zwei", "{p1: {wert: 1, beleg: [A]}, p2: 2, weitere: 3, kind: 0}", "{}", "die Zelle p1"),
        ("stufe_zwei", "{p1: [a, b], p2: 2, weitere: 3, kind: 0}", "{}", "die Zelle p1"),
        ("stufe_zwei", "1", "{fuer: Gilt für Wohnungen, die neu sind.}", "das Merkmal die neu sind. liest niemand"),
        ("stufe_zwei", "1", "{ermessen: vielleicht}", "das Merkmal ermessen ist true oder false"),
        ("mindestalter", "true", "{}", "der Wert ist eine Zahl"),
        ("ungeborene_zaehlen", "3", "{}", "der Wert ist true oder false"),
        ("ungeborene_zaehlen", "true", "{innerhalb_monate: bald}", "das Merkmal innerhalb_monate ist eine Zahl"),
        ("wohnflaeche", '{"²": 50, weitere: 15}', "{}", "eine Zeile heißt wie"),
        ("wohnflaeche", "{1: 50, weitere: 15}", "{}", "eine Zeile heißt wie"),
        ("freibetrag_eins", "500", "{je: person, wenn: 3}", "das Merkmal wenn ist eine Liste von Bedingungen"),
        ("freibetrag_eins", "500", "{je: person, wenn: [gdb_ab]}", "das Merkmal wenn ist eine Liste von Bedingungen"),
        ("freibetrag_eins", "500", "{je: person, wenn: null}", "das Merkmal wenn ist eine Liste von Bedingungen"),
        ("freibetrag_eins", "500", "{je: person, wenn: [{gdb_ab: viel}]}", "die Bedingung gdb_ab braucht eine"),
        ("freibetrag_eins", "500", "{je: person, wenn: [{pflegegrad: 3}]}", "die Bedingung pflegegrad braucht eine"),
        ("freibetrag_eins", "500", "{je: person, wenn: [{7: 3, x: 1}]}", "die Bedingung 7 gibt es nicht"),
        ("freibetrag_eins", "500", "{je: [person], wenn: [{immer: true}]}", "das Merkmal je ist Text"),
        ("einkommenszeitraum", "Text", "{art: [vorausschau]}", "das Merkmal art ist Text"),
        ("anteil_lohnersatz", "1", "{ohne: unterart, angabe: Unterart}", "das Merkmal ohne"),
        ("gilt_als_eingehalten", "true", "{leistungen: 3}", "das Merkmal leistungen ist eine Liste von Wörtern"),
        ("gebuehr", "12", "{befreit: [{}]}", "das Merkmal befreit ist eine Liste von Wörtern"),
        ("gebuehr", "12", "{rahmen: [6]}", "das Merkmal rahmen ist eine Liste aus zwei Zahlen"),
    ],
)
def test_a_mistake_in_the_data_is_named_when_the_land_loads(
    musterland: Any, name: str, inhalt: str, merkmale: str, mangel: str
) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert(name, inhalt, merkmale=merkmale))
    with pytest.raises(ContractError, match=f"{name}: .*{mangel}"):
        _ = land.parameter


def test_every_word_of_a_condition_has_a_form() -> None:
    assert WORT.keys() == PRUEFUNGEN.keys()


def test_a_mistake_in_the_condition_of_a_hint_is_named_with_its_place(musterland: Any) -> None:
    kopf = "hinweise:\n  - {text: Text., fundstelle: § 3 MusterG, beleg: A, wenn: [{mond: voll}]}"
    land = musterland.mit(musterland.wert("stufe_eins", "1"), kopf=kopf)
    with pytest.raises(ContractError, match="hinweise/0: die Bedingung mond gibt es nicht"):
        _ = land.parameter
