"""A fictitious Land shows who counts in a household, and which facts and values hold up a decision."""

from __future__ import annotations

from typing import Any

import pytest

JA_IN_SECHS_MONATEN = "{innerhalb_monate: 6}"


@pytest.mark.parametrize(
    ("name", "mensch"),
    [
        ("ungeborene_zaehlen", {"rolle": "ungeborenes", "geburtsdatum": "2027-02-01"}),
        ("nicht_verwandte_zaehlen", {"rolle": "mitbewohner"}),
        ("baldiger_einzug_zaehlt", {"rolle": "partner", "einzug_am": "2027-01-01"}),
    ],
)
@pytest.mark.parametrize(("wort", "grenze"), [("true", "18000.00"), ("false", "12000.00"), ("null", "12000.00")])
def test_the_law_of_the_land_says_who_counts_and_its_silence_holds_up_the_decision(
    musterland: Any, name: str, mensch: dict[str, Any], wort: str, grenze: str
) -> None:
    parameter = musterland.wert(name, wort, "null" if wort == "null" else "A")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("grenze_kind", "0"), parameter)
    ergebnis = musterland.rechne(land, "antragsteller", musterland.person(**mensch))
    assert ergebnis.stufen[0].grenze == grenze
    assert ergebnis.empfehlung == ("vorlegen" if wort == "null" else "bewilligen")


@pytest.mark.parametrize(
    "mensch",
    [
        {"rolle": "ungeborenes"},
        {"rolle": "mitbewohner"},
        {"rolle": "angehoeriger", "einzug_am": "2027-01-01"},
        {"rolle": "angehoeriger", "auszug_am": "2027-01-01"},
    ],
)
def test_where_the_land_has_no_rule_about_a_member_a_person_decides(musterland: Any, mensch: dict[str, Any]) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"))
    ergebnis = musterland.rechne(land, "antragsteller", musterland.person(**mensch))
    assert ergebnis.empfehlung == "vorlegen"
    assert "nicht belegt" in ergebnis.offen[0].text


@pytest.mark.parametrize(
    ("termin", "grenze", "empfehlung"),
    [
        ("2027-05-21", "18500.00", "bewilligen"),
        ("2027-05-22", "12000.00", "bewilligen"),
        ("2026-11-01", "18500.00", "bewilligen"),
        (None, "12000.00", "nachfordern"),
    ],
)
def test_an_expected_child_may_count_only_when_the_birth_is_near(
    musterland: Any, termin: str | None, grenze: str, empfehlung: str
) -> None:
    regel = musterland.wert("ungeborene_zaehlen", "true", merkmale=JA_IN_SECHS_MONATEN)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), regel)
    ergebnis = musterland.rechne(land, "antragsteller", musterland.person("ungeborenes", geburtsdatum=termin))
    assert (ergebnis.stufen[0].grenze, ergebnis.empfehlung) == (grenze, empfehlung)


@pytest.mark.parametrize(
    ("auszug", "grenze"),
    [("2026-11-21", "12000.00"), ("2027-05-21", "12000.00"), ("2027-05-22", "18000.00"), (None, "18000.00")],
)
def test_who_has_left_or_leaves_soon_does_not_count(musterland: Any, auszug: str | None, grenze: str) -> None:
    regel = musterland.wert("baldiger_auszug_mindert", "true", merkmale=JA_IN_SECHS_MONATEN)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), regel)
    ergebnis = musterland.rechne(land, "antragsteller", musterland.person("partner", auszug_am=auszug))
    assert (ergebnis.stufen[0].grenze, ergebnis.empfehlung) == (grenze, "bewilligen")


def test_the_income_of_somebody_who_does_not_count_does_not_count_either(musterland: Any) -> None:
    nein = musterland.wert("nicht_verwandte_zaehlen", "false")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), nein)
    reich = musterland.person("mitbewohner", einkuenfte=[{"art": "gewerbe", "betrag": 90000}])
    assert musterland.rechne(land, "antragsteller", reich).gesamteinkommen == "10000.00"


def test_an_expected_child_has_no_age(musterland: Any) -> None:
    klein = musterland.wert("mehrbedarf_kind", "15", merkmale="{wenn: [{alter_unter: 6}]}")
    zaehlt = musterland.wert("ungeborene_zaehlen", "true")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), klein, zaehlt)
    erwartet = musterland.person("ungeborenes", geburtsdatum="2027-02-01")
    hinweise = [h.name for h in musterland.rechne(land, "antragsteller", erwartet).hinweise]
    assert not any("Mehrbedarf" in name for name in hinweise)


def test_a_child_of_two_households_that_counts_only_in_one_is_left_to_people(musterland: Any) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("geteiltes_sorgerecht_zaehlt", "false"))
    kind = musterland.person("kind", geteiltes_sorgerecht=True)
    ergebnis = musterland.rechne(land, "antragsteller", kind)
    assert ergebnis.empfehlung == "vorlegen"
    assert "zählt nur in einem" in ergebnis.offen[0].text


@pytest.mark.parametrize(
    ("vermoegen", "empfehlung"),
    [(None, "nachfordern"), (0, "bewilligen"), (90000, "bewilligen"), ("90000.01", "vorlegen")],
)
def test_a_standing_test_of_assets_asks_and_leaves_what_exceeds_to_people(
    musterland: Any, vermoegen: object, empfehlung: str
) -> None:
    land = musterland.mit(
        musterland.wert("stufe_eins", "1"), musterland.wert("vermoegensgrenze", "{p1: 60000, weitere: 30000}")
    )
    ergebnis = musterland.rechne(land, "antragsteller", "partner", vermoegen=vermoegen)
    assert ergebnis.empfehlung == empfehlung


@pytest.mark.parametrize(
    ("inhalt", "vermoegen", "empfehlung"),
    [
        ("{p1: 60000, weitere: 30000}", None, "bewilligen"),
        ("{p1: 60000, weitere: 30000}", 60000, "bewilligen"),
        ("{p1: 60000, weitere: 30000}", 60001, "vorlegen"),
        ("{p1: 60000, weitere: null}", 60000, "bewilligen"),
        ("null", None, "bewilligen"),
        ("null", 1, "vorlegen"),
        ("{p1: null, weitere: 30000}", 1, "vorlegen"),
    ],
)
def test_where_only_signs_of_wealth_count_nobody_is_asked(
    musterland: Any, inhalt: str, vermoegen: int | None, empfehlung: str
) -> None:
    grenze = musterland.wert(
        "vermoegensgrenze", inhalt, "null" if inhalt == "null" else "B", "{nur_bei_anhaltspunkten: true}"
    )
    land = musterland.mit(musterland.wert("stufe_eins", "1"), grenze)
    assert musterland.rechne(land, "antragsteller", vermoegen=vermoegen).empfehlung == empfehlung


LEISTUNGEN = "{leistungen: [sgb2, wohngeld, uebergangsgeld]}"


def ohne_einkommen(musterland: Any, rolle: str, **angaben: Any) -> dict[str, Any]:
    mensch = dict(musterland.person(rolle, **angaben))
    return {**mensch, "einkuenfte": None}


@pytest.mark.parametrize(
    ("haushalt", "partner", "empfehlung"),
    [
        ("sgb2", "sgb2", "bewilligen"),
        ("sgb2", "wohngeld", "bewilligen"),
        ("sgb2", None, "nachfordern"),
        ("sgb2", "keiner", "vorlegen"),
        ("sgb12", "sgb2", "vorlegen"),
    ],
)
def test_where_all_members_receive_a_benefit_the_limit_counts_as_kept(
    musterland: Any, haushalt: str, partner: str | None, empfehlung: str
) -> None:
    gilt = musterland.wert("gilt_als_eingehalten", "true", "B", LEISTUNGEN)
    stufen = [musterland.wert("stufe_eins", "null", "null"), musterland.wert("stufe_zwei", "null", "null")]
    land = musterland.mit(*stufen, gilt)
    mitglieder = [
        ohne_einkommen(musterland, rolle, **angaben)
        for rolle, angaben in (("partner", {"leistungsbezug": partner}), ("kind", {}))
    ]
    ergebnis = musterland.rechne(land, "antragsteller", *mitglieder, leistungsbezug=haushalt)
    assert ergebnis.empfehlung == empfehlung
    if empfehlung == "bewilligen":
        assert (ergebnis.stufe, ergebnis.stufen[0].eingehalten, ergebnis.stufen[1].eingehalten) == ("eins", True, None)
        assert [z.fundstelle for z in ergebnis.begruendung if "gilt_als_eingehalten" in z.name] == ["§ 2 MusterG"]
        assert ergebnis.offen == ()


@pytest.mark.parametrize("beleg", ["C", "null"])
def test_a_fiction_nobody_has_evidence_for_decides_nothing(musterland: Any, beleg: str) -> None:
    gilt = musterland.wert("gilt_als_eingehalten", "null" if beleg == "null" else "true", beleg, LEISTUNGEN)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), gilt)
    ergebnis = musterland.rechne(land, "antragsteller", leistungsbezug="sgb2", betrag=50000)
    assert ergebnis.empfehlung == "vorlegen"


def test_whoever_might_receive_a_benefit_is_asked_before_a_refusal(musterland: Any) -> None:
    gilt = musterland.wert("gilt_als_eingehalten", "true", "A", LEISTUNGEN)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), gilt)
    ergebnis = musterland.rechne(land, "antragsteller", "partner", leistungsbezug="sgb2", betrag=50000)
    assert ergebnis.empfehlung == "nachfordern"


def test_whoever_might_receive_a_benefit_is_asked_where_nobody_knows_the_limit_or_the_lump_sums(
    musterland: Any,
) -> None:
    gilt = musterland.wert("gilt_als_eingehalten", "true", "A", LEISTUNGEN)
    unbekannt = [musterland.wert("stufe_eins", "null", "null"), musterland.wert("pauschale_steuer", "null", "null")]
    land = musterland.mit(*unbekannt, gilt)
    ohne_abzug = musterland.rechne(land, "antragsteller", "partner", leistungsbezug="sgb2")
    zahlend = musterland.person("partner", einkuenfte=[{"art": "rente", "betrag": 9000}])
    zahlend |= {"zahlt": dict.fromkeys(("einkommensteuer", "kranken_pflegeversicherung", "rentenversicherung"), True)}
    mit_abzug = musterland.rechne(land, "antragsteller", zahlend, leistungsbezug="sgb2")
    for ergebnis in (ohne_abzug, mit_abzug):
        assert ergebnis.empfehlung == "nachfordern"
        assert "jedes Mitglied" in ergebnis.offen[-1].text


@pytest.mark.parametrize(
    ("weg", "empfehlung", "stufe"),
    [(None, "bewilligen", "eins"), ("zwei", "bewilligen", "eins"), ("senioren", "bewilligen", "senioren")],
)
def test_a_tier_of_one_funding_path_counts_only_for_that_path(
    musterland: Any, weg: str | None, empfehlung: str, stufe: str
) -> None:
    nur = musterland.wert("stufe_senioren", "0.9", "B", "{nur_foerderweg: true}")
    stufen = [musterland.wert("stufe_eins", "1"), musterland.wert("stufe_zwei", "1.4")]
    land = musterland.mit(nur, *stufen)
    ergebnis = musterland.rechne(land, "antragsteller", foerderweg=weg)
    assert [s.id for s in ergebnis.stufen] == ["senioren", "eins", "zwei"]
    assert (ergebnis.empfehlung, ergebnis.stufe) == (empfehlung, stufe)


def test_nobody_is_asked_about_an_unknown_tier_of_another_path_and_no_refusal_rests_on_it(musterland: Any) -> None:
    nur = musterland.wert("stufe_senioren", "null", "null", "{nur_foerderweg: true}")
    schwach = musterland.wert("stufe_eigentum", "1.1", "B", "{nicht_wbs: true}")
    land = musterland.mit(nur, schwach, musterland.wert("stufe_eins", "1"))
    assert musterland.rechne(land, "antragsteller").empfehlung == "bewilligen"
    assert musterland.rechne(land, "antragsteller", betrag=50000).empfehlung == "ablehnen"
    assert musterland.rechne(land, "antragsteller", betrag=50000, foerderweg="senioren").empfehlung == "vorlegen"


@pytest.mark.parametrize("kind_bezug", [{}, {"leistungsbezug": "sgb2"}])
def test_a_named_higher_path_is_open_to_whoever_is_deemed_to_keep_the_limit(
    musterland: Any, kind_bezug: dict[str, str]
) -> None:
    gilt = musterland.wert("gilt_als_eingehalten", "true", "A", LEISTUNGEN)
    stufen = [musterland.wert("stufe_eins", "1"), musterland.wert("stufe_zwei", "null", "null")]
    land = musterland.mit(*stufen, gilt)
    kind = ohne_einkommen(musterland, "kind", geburtsdatum="2009-01-01", **kind_bezug)
    ergebnis = musterland.rechne(land, "antragsteller", kind, leistungsbezug="sgb2", foerderweg="zwei")
    assert ergebnis.empfehlung == "bewilligen"
