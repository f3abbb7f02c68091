"""A fictitious Land shows that what nobody has seen never decides, and that no household is worse off for it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fachwerk_wbs import berechne, lies_fall

UNDATIERT = "null, nicht_vor: null, spaetestens: null"
FENSTER = "null, nicht_vor: 2026-01-01, spaetestens: 2027-01-01"
TABELLE = "{p1: 12000, p2: 18000, weitere: 4100, kind: 500}"


@pytest.mark.parametrize("inhalt", ["1", TABELLE])
@pytest.mark.parametrize(("ab", "grenze"), [(UNDATIERT, "12000.00"), (FENSTER, "12000.00")])
@pytest.mark.parametrize("betrag", [10000, 50000])
def test_a_tier_without_a_date_or_inside_its_window_decides_nothing(
    musterland: Any, inhalt: str, ab: str, grenze: str | None, betrag: int
) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", inhalt, ab=ab))
    ergebnis = musterland.rechne(land, "antragsteller", betrag=betrag)
    assert (ergebnis.empfehlung, ergebnis.stufen[0].grenze, ergebnis.stufen[0].eingehalten) == (
        "vorlegen",
        grenze,
        None,
    )
    assert "stufe_eins" in ergebnis.offen[0].text


@pytest.mark.parametrize(
    ("name", "inhalt"),
    [("grenze_1", "12000"), ("haushaltstabelle", "{1A: 12000}"), ("pauschale_steuer", "10")],
)
def test_every_undated_value_a_result_rests_on_holds_it_up(musterland: Any, name: str, inhalt: str) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert(name, inhalt, ab=UNDATIERT))
    roh = musterland.haushalt("antragsteller")
    roh["haushalt"][0]["zahlt"] = {**roh["haushalt"][0]["zahlt"], "einkommensteuer": True}
    assert berechne(lies_fall(roh), land).empfehlung == "vorlegen"


@pytest.mark.parametrize("ab", [UNDATIERT, "2020-01-01"])
def test_the_day_before_everything_evidenced_has_a_named_gap_and_no_limit(musterland: Any, ab: str) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("grenze_1", "12000", ab=ab))
    ergebnis = berechne(lies_fall(musterland.haushalt("antragsteller")), land, date(2001, 12, 31))
    assert ergebnis.empfehlung == "vorlegen"
    assert ergebnis.offen
    assert ergebnis.gesamteinkommen is None or not ergebnis.stufen


@pytest.mark.parametrize(("inhalt", "beleg"), [("null", "null"), (f"{TABELLE}", "C")])
def test_an_index_or_table_nobody_has_evidence_for_decides_nothing(musterland: Any, inhalt: str, beleg: str) -> None:
    index = "null" if inhalt == "null" else "{von: 1.1, bis: 1.1, schritt: 100, richtung: auf}"
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("haushaltsindex", index, beleg))
    assert musterland.rechne(land, "antragsteller").empfehlung == "vorlegen"


BEDINGUNG = "{je: person, wenn: [{gdb_ab: 50}]}"


@pytest.mark.parametrize(
    ("ab", "gdb", "betrag", "empfehlung"),
    [
        ("2027-01-01", 60, 13000, "vorlegen"),
        ("2027-01-01", 60, 11000, "bewilligen"),
        ("2027-01-01", 0, 13000, "ablehnen"),
        ("2027-01-01", None, 13000, "nachfordern"),
        ("2026-01-01", 60, 13000, "bewilligen"),
    ],
)
def test_an_allowance_first_seen_later_may_have_existed_before(
    musterland: Any, ab: str, gdb: int | None, betrag: int, empfehlung: str
) -> None:
    freibetrag = musterland.wert("freibetrag_eins", "2000", merkmale=BEDINGUNG, ab=ab)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), freibetrag)
    mensch = musterland.person("antragsteller", grad_der_behinderung=gdb)
    assert musterland.rechne(land, mensch, betrag=betrag).empfehlung == empfehlung


def test_an_allowance_that_certainly_did_not_exist_before_is_not_considered(musterland: Any) -> None:
    freibetrag = musterland.wert("freibetrag_eins", "2000", merkmale=BEDINGUNG, ab="2027-01-01")
    vorher = "{ab: null, nicht_vor: null, spaetestens: null, ende: true, fundstelle: § 2 MusterG, quelle: erfunden}"
    mit_ende = freibetrag.replace("  fassungen:\n", f"  fassungen:\n    - {vorher}\n")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), mit_ende)
    mensch = musterland.person("antragsteller", grad_der_behinderung=60)
    assert musterland.rechne(land, mensch, betrag=13000).empfehlung == "ablehnen"


@pytest.mark.parametrize(("inhalt", "beleg"), [("null", "null"), ("true", "C")])
def test_an_exception_nobody_has_evidence_for_prevents_a_refusal_and_nothing_else(
    musterland: Any, inhalt: str, beleg: str
) -> None:
    ausnahme = musterland.wert("nicht_angerechnet_eins", inhalt, beleg, "{wenn: [{art: [selbstaendig]}]}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), ausnahme)
    assert musterland.rechne(land, "antragsteller", betrag=50000).empfehlung == "vorlegen"
    assert musterland.rechne(land, "antragsteller", betrag=10000).empfehlung == "bewilligen"


@pytest.mark.parametrize(
    ("kindergeld", "betrag", "empfehlung"), [(True, 19100, "bewilligen"), (None, 18400, "nachfordern")]
)
def test_an_allowance_of_a_child_is_certain_only_if_it_is_one(
    musterland: Any, kindergeld: bool | None, betrag: int, empfehlung: str
) -> None:
    freibetrag = musterland.wert("freibetrag_kind", "600", merkmale="{je: kind, wenn: [{alter_ab: 16}]}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), freibetrag)
    kind = musterland.person("kind", geburtsdatum="2006-01-01", kindergeld=kindergeld)
    assert musterland.rechne(land, "antragsteller", kind, betrag=betrag).empfehlung == empfehlung


@pytest.mark.parametrize(
    ("gdb", "betrag", "empfehlung"),
    [(None, 19000, "nachfordern"), (None, 17000, "bewilligen"), (0, 19000, "ablehnen"), (50, 19000, "bewilligen")],
)
def test_a_disability_nobody_stated_may_raise_the_limit(
    musterland: Any, gdb: int | None, betrag: int, empfehlung: str
) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("grenze_je_schwerbehindert", "3400"))
    partner = musterland.person("partner", grad_der_behinderung=gdb)
    assert musterland.rechne(land, "antragsteller", partner, betrag=betrag).empfehlung == empfehlung


@pytest.mark.parametrize(
    ("gdb", "betrag", "empfehlung"),
    [(50, 17000, "bewilligen"), (50, 19000, "vorlegen"), (0, 19000, "ablehnen"), (None, 19000, "nachfordern")],
)
@pytest.mark.parametrize(("inhalt", "beleg"), [("null", "null"), ("3400", "C")])
def test_a_supplement_nobody_has_seen_prevents_a_refusal_and_nothing_else(
    musterland: Any, inhalt: str, beleg: str, gdb: int | None, betrag: int, empfehlung: str
) -> None:
    zuschlag = musterland.wert("grenze_je_schwerbehindert", inhalt, beleg)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), zuschlag)
    partner = musterland.person("partner", grad_der_behinderung=gdb)
    assert musterland.rechne(land, "antragsteller", partner, betrag=betrag).empfehlung == empfehlung


@pytest.mark.parametrize(("faktor", "empfehlung"), [("1", "nachfordern"), ("null", "vorlegen")])
def test_nobody_is_asked_for_facts_where_the_law_itself_is_unknown(
    musterland: Any, faktor: str, empfehlung: str
) -> None:
    beleg = "A" if faktor == "1" else "null"
    land = musterland.mit(musterland.wert("stufe_eins", faktor, beleg))
    ergebnis = musterland.rechne(land, "antragsteller", musterland.person("partner", einkuenfte=None))
    assert ergebnis.empfehlung == empfehlung
    assert any("Angaben zum Einkommen fehlen" in punkt.text for punkt in ergebnis.offen)
    assert any("stufe_eins" in punkt.text for punkt in ergebnis.offen) is (faktor == "null")
