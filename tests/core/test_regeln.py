"""Dated parameters and rules: what is known is exact and cited, what is not known never decides."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.errors import ContractError
from fachwerk.parameter import schwaecherer
from fachwerk.regeln import (
    Gewertet,
    Luecke,
    Parameter,
    Regelwerk,
    Schritt,
    Unbekannt,
    lade_parameter,
    lies_yaml,
    loese,
    luecke,
    monate_spaeter,
    regel,
    summiere,
    wert_text,
)

KOPF = "  titel: Satz\n  einheit: EUR\n  geprueft_am: 2026-11-21\n  fassungen:\n"
ANGABEN = "fundstelle: § 1 Mustergesetz, quelle: muster.example"


def parameter(tmp_path: Path, *fassungen: str) -> Parameter:
    """The parameter ``satz`` with these versions, each a YAML flow mapping without citation."""
    zeilen = "".join(f"  - {{{fassung}, {ANGABEN}}}\n" for fassung in fassungen)
    datei = tmp_path / "satz.yaml"
    datei.write_text(f"satz:\n{KOPF}{zeilen}", encoding="utf-8")
    return lade_parameter(datei)["satz"]


def wert_am(p: Parameter, tag: str) -> Any:
    gefunden = p.fassung_am(date.fromisoformat(tag))
    return gefunden if gefunden is None or isinstance(gefunden, Unbekannt) else gefunden.wert


@regel("steuer", fundstelle="§ 2 Mustergesetz")
def steuer(brutto: Decimal, satz: Decimal) -> Decimal:
    return brutto * satz / 100


@regel("netto", fundstelle="§ 3 Mustergesetz")
def netto(brutto: Decimal, steuer: Decimal) -> Decimal:
    return brutto - steuer


def test_a_version_holds_from_its_first_day_until_the_day_before_the_next(tmp_path: Path) -> None:
    p = parameter(tmp_path, "ab: 2020-01-01, wert: 10, beleg: A", "ab: 2022-07-01, wert: 12.5, beleg: A")
    assert wert_am(p, "2019-12-31") is None
    assert wert_am(p, "2020-01-01") == wert_am(p, "2022-06-30") == Decimal(10)
    assert wert_am(p, "2022-07-01") == Decimal("12.5")


def test_an_ended_parameter_no_longer_exists(tmp_path: Path) -> None:
    p = parameter(tmp_path, "ab: 2020-01-01, wert: 10, beleg: A", "ab: 2022-07-01, ende: true")
    assert wert_am(p, "2022-06-30") == Decimal(10)
    assert wert_am(p, "2022-07-01") is None


def test_inside_an_undated_window_nobody_knows_and_the_gap_is_named(tmp_path: Path) -> None:
    p = parameter(
        tmp_path,
        "ab: 2020-01-01, wert: 10, beleg: A",
        "ab: null, nicht_vor: 2024-08-13, spaetestens: 2025-03-31, wert: 20, beleg: B",
    )
    assert wert_am(p, "2024-08-13") == Decimal(10)
    for tag in ("2024-08-14", "2025-03-30"):
        unbekannt = wert_am(p, tag)
        assert isinstance(unbekannt, Unbekannt)
        assert "13.08.2024" in unbekannt.luecken[0].text
        assert "31.03.2025" in unbekannt.luecken[0].text
    assert wert_am(p, "2025-03-31") == Decimal(20)


def test_inside_a_window_before_which_there_was_nothing_the_new_figure_is_printed_but_never_decides(
    tmp_path: Path,
) -> None:
    neu = "ab: null, nicht_vor: 2023-04-14, spaetestens: 2024-12-31, wert: 2.4, beleg: A"
    for davor in ([], ["ab: 2020-01-01, wert: 1, beleg: A", "ab: 2021-01-01, ende: true"]):
        p = parameter(tmp_path, *davor, neu)
        unbekannt = wert_am(p, "2024-01-01")
        assert isinstance(unbekannt, Unbekannt)
        assert unbekannt.vorlaeufig == Decimal("2.4")


def test_an_undated_older_version_is_printed_but_never_decides(tmp_path: Path) -> None:
    p = parameter(
        tmp_path,
        "ab: null, nicht_vor: null, spaetestens: null, wert: 8, beleg: A",
        "ab: 2020-01-01, wert: 10, beleg: A",
    )
    alt = wert_am(p, "2019-12-31")
    assert isinstance(alt, Unbekannt)
    assert alt.vorlaeufig == Decimal(8)


@pytest.mark.parametrize("fassung", ["ab: 2020-01-01, wert: null, beleg: null", "ab: 2020-01-01, wert: 9, beleg: C"])
def test_null_and_grade_c_are_unknown_and_say_where_to_look(tmp_path: Path, fassung: str) -> None:
    unbekannt = wert_am(parameter(tmp_path, fassung), "2026-11-21")
    assert isinstance(unbekannt, Unbekannt)
    assert "§ 1 Mustergesetz" in unbekannt.luecken[0].text
    assert "muster.example" in unbekannt.luecken[0].text


@pytest.mark.parametrize(
    ("fassungen", "code"),
    [
        (["ab: 2020-01-01, wert: 1, beleg: A", "ab: 2020-01-01, wert: 2, beleg: A"], "parameter_folge"),
        (["ab: 2021-01-01, wert: 1, beleg: A", "ab: 2020-01-01, wert: 2, beleg: A"], "parameter_folge"),
        (["ab: null, wert: 1, beleg: A"], "parameter_schema"),
        (["ab: 2020-01-01, wert: 1, beleg: D"], "parameter_schema"),
        (["ab: 2020-01-01, wert: 1"], "parameter_schema"),
        (["ab: 2020-01-01, wert: 1, beleg: A, ende: true"], "parameter_schema"),
        (["ab: 2020-02-30, wert: 1, beleg: A"], "parameter_datum"),
        (["ab: 2020-01-01, wert: 1, beleg: A, preis: 3"], "parameter_schema"),
        (["ab: 2020-01-01, nicht_vor: 2019-01-01, wert: 1, beleg: A"], "parameter_schema"),
        (
            [
                "ab: 2020-01-01, wert: 1, beleg: A",
                "ab: null, nicht_vor: 2019-01-01, spaetestens: 2021-01-01, wert: 2, beleg: A",
            ],
            "parameter_folge",
        ),
    ],
)
def test_a_parameter_file_that_contradicts_itself_is_refused(tmp_path: Path, fassungen: list[str], code: str) -> None:
    with pytest.raises(ContractError) as fehler:
        parameter(tmp_path, *fassungen)
    assert fehler.value.code == code
    assert "satz.yaml" in fehler.value.hint


@pytest.mark.parametrize("schluessel", ["null", "1", "true", "2.5"])
def test_a_key_that_is_no_word_is_refused(tmp_path: Path, schluessel: str) -> None:
    fassung = "  - {ab: 2020-01-01, wert: 1, beleg: A, fundstelle: x, quelle: x}\n"
    for kopf in (f"{schluessel}:\n", f"satz:\n  merkmale: {{{schluessel}: 1}}\n"):
        datei = tmp_path / "schluessel.yaml"
        datei.write_text(f"{kopf}{KOPF}{fassung}", encoding="utf-8")
        with pytest.raises(ContractError, match="Parameterschema"):
            lade_parameter(datei)


def test_a_value_without_citation_is_refused(tmp_path: Path) -> None:
    datei = tmp_path / "ohne.yaml"
    datei.write_text(f"satz:\n{KOPF}  - {{ab: 2020-01-01, wert: 1, beleg: A, quelle: x}}\n", encoding="utf-8")
    with pytest.raises(ContractError, match="Parameterschema"):
        lade_parameter(datei)


def test_duplicate_keys_are_refused_with_their_line() -> None:
    with pytest.raises(ContractError, match=r"doppelter Schlüssel: a"):
        lies_yaml("a: 1\na: 2\n", "x.yaml")


def test_the_same_parameter_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("eins.yaml", "zwei.yaml"):
        inhalt = f"satz:\n{KOPF}  - {{ab: 2020-01-01, wert: 1, beleg: A, {ANGABEN}}}\n"
        (tmp_path / name).write_text(inhalt, encoding="utf-8")
    with pytest.raises(ContractError, match="zwei Dateien"):
        lade_parameter(tmp_path)


def test_numbers_are_decimal_and_dates_stay_text() -> None:
    gelesen = lies_yaml("betrag: 33136.10\ntag: 2025-03-01\nja: true\n")
    assert gelesen == {"betrag": Decimal("33136.10"), "tag": "2025-03-01", "ja": True}
    assert str(gelesen["betrag"]) == "33136.10"


def test_the_trace_names_every_value_with_its_citation(tmp_path: Path) -> None:
    p = parameter(tmp_path, "ab: 2020-01-01, wert: 10, beleg: B")
    werk = Regelwerk.aus([steuer, netto], {"satz": p})
    ergebnis = loese(werk, ["netto"], {"brutto": Decimal(1000)}, date(2026, 11, 21))
    assert ergebnis.werte == {"netto": Decimal(900)}
    assert [(s.name, s.wert, s.fundstelle, s.beleg) for s in ergebnis.trace] == [
        ("satz", Decimal(10), "§ 1 Mustergesetz", "B"),
        ("steuer", Decimal(100), "§ 2 Mustergesetz", "B"),
        ("netto", Decimal(900), "§ 3 Mustergesetz", "B"),
    ]
    assert not ergebnis.traegt_ablehnung()


def test_a_refusal_is_carried_by_grade_a_only(tmp_path: Path) -> None:
    p = parameter(tmp_path, "ab: 2020-01-01, wert: 10, beleg: A")
    werk = Regelwerk.aus([steuer, netto], {"satz": p})
    assert loese(werk, ["netto"], {"brutto": Decimal(1)}, date(2026, 1, 1)).traegt_ablehnung()


def test_an_unknown_value_propagates_and_its_figure_is_still_printed(tmp_path: Path) -> None:
    p = parameter(tmp_path, "ab: 2020-01-01, wert: 10, beleg: C")
    werk = Regelwerk.aus([steuer, netto], {"satz": p})
    ergebnis = loese(werk, ["netto"], {"brutto": Decimal(1000)}, date(2026, 11, 21))
    unbekannt = ergebnis.werte["netto"]
    assert isinstance(unbekannt, Unbekannt)
    assert unbekannt.vorlaeufig == Decimal(900)
    assert [punkt.code for punkt in ergebnis.offen] == ["recht_unbekannt"]
    assert not ergebnis.traegt_ablehnung()


def test_a_missing_fact_makes_the_result_unknown_without_calling_the_rule() -> None:
    fehlt = Unbekannt((Luecke("brutto", "angabe", "Bruttolohn fehlt", "§ 2 Mustergesetz"),))
    werk = Regelwerk.aus([steuer])
    ergebnis = loese(werk, ["steuer"], {"brutto": fehlt, "satz": Decimal(10)}, date(2026, 11, 21))
    assert isinstance(ergebnis.werte["steuer"], Unbekannt)
    assert [punkt.code for punkt in ergebnis.offen] == ["angabe_unbekannt"]


def test_a_value_from_another_calculation_brings_its_grade_along() -> None:
    ergebnis = loese(
        Regelwerk.aus([steuer]), ["steuer"], {"brutto": Gewertet(Decimal(1), "B"), "satz": Decimal(1)}, date(2026, 1, 1)
    )
    assert ergebnis.trace[-1].beleg == "B"


def test_two_versions_of_a_rule_adjoin_and_the_day_decides() -> None:
    @regel("x", bis=date(2021, 12, 31), fundstelle="§ 1 a. F.")
    def x_bis_2021() -> int:
        return 1

    @regel("x", ab=date(2022, 1, 1), fundstelle="§ 1 n. F.")
    def x_ab_2022() -> int:
        return 2

    werk = Regelwerk.aus([x_ab_2022, x_bis_2021])
    assert loese(werk, ["x"], {}, date(2021, 12, 31)).trace[0].fundstelle == "§ 1 a. F."
    assert loese(werk, ["x"], {}, date(2022, 1, 1)).werte == {"x": 2}


@pytest.mark.parametrize(
    ("ende", "anfang", "code"),
    [
        (date(2022, 1, 1), date(2022, 1, 1), "regel_ueberschneidung"),
        (None, date(2022, 1, 1), "regel_ueberschneidung"),
        (date(2021, 12, 30), date(2022, 1, 1), "regel_luecke"),
    ],
)
def test_overlap_and_undeclared_gap_fail_when_loaded(ende: date | None, anfang: date, code: str) -> None:
    @regel("x", bis=ende, fundstelle="§ 1")
    def alt() -> int:
        return 1

    @regel("x", ab=anfang, fundstelle="§ 1")
    def neu() -> int:
        return 2

    with pytest.raises(ContractError) as fehler:
        Regelwerk.aus([alt, neu])
    assert fehler.value.code == code


def test_a_declared_gap_loads_and_is_unknown_in_between() -> None:
    @regel("x", bis=date(2020, 12, 31), fundstelle="§ 1")
    def alt() -> int:
        return 1

    @regel("x", ab=date(2022, 1, 1), fundstelle="§ 1")
    def neu() -> int:
        return 2

    erklaert = luecke("x", date(2021, 1, 1), date(2021, 12, 31), grund="Text nicht gesehen", fundstelle="§ 1")
    ergebnis = loese(Regelwerk.aus([alt, erklaert, neu]), ["x"], {}, date(2021, 6, 1))
    assert isinstance(ergebnis.werte["x"], Unbekannt)
    assert "Text nicht gesehen" in ergebnis.offen[0].text


def test_rules_in_a_circle_and_unknown_names_are_reported() -> None:
    @regel("a", fundstelle="§ 1")
    def a(b: int) -> int:
        return b

    @regel("b", fundstelle="§ 1")
    def b(a: int) -> int:
        return a

    with pytest.raises(ContractError, match="a → b → a"):
        loese(Regelwerk.aus([a, b]), ["a"], {}, date(2026, 1, 1))
    with pytest.raises(ContractError, match="Weder Angabe"):
        loese(Regelwerk.aus([a]), ["a"], {}, date(2026, 1, 1))


def test_a_rule_named_like_a_parameter_is_refused(tmp_path: Path) -> None:
    @regel("satz", fundstelle="§ 1")
    def satz() -> int:
        return 1

    with pytest.raises(ContractError, match="satz"):
        Regelwerk.aus([satz], {"satz": parameter(tmp_path, "ab: 2020-01-01, wert: 1, beleg: A")})


def test_another_citation_can_carry_the_same_calculation() -> None:
    werk = Regelwerk.aus([steuer], fundstellen={"steuer": "§ 15 Landesgesetz"})
    eingaben = {"brutto": Decimal(1), "satz": Decimal(1)}
    assert loese(werk, ["steuer"], eingaben, date(2026, 1, 1)).trace[0].fundstelle == "§ 15 Landesgesetz"


def test_a_takeover_on_weaker_evidence_lowers_the_grade_never_raises_it(tmp_path: Path) -> None:
    p = parameter(tmp_path, "ab: 2020-01-01, wert: 1, beleg: A", "ab: 2021-01-01, wert: 2, beleg: C")
    assert [f.beleg for f in p.hoechstens("B").fassungen] == ["B", "C"]


def test_change_days_of_the_whole_set_are_ascending(tmp_path: Path) -> None:
    p = parameter(tmp_path, "ab: 2020-01-01, wert: 1, beleg: A", "ab: 2021-01-01, wert: 2, beleg: A")

    @regel("y", ab=date(2020, 5, 1), fundstelle="§ 1")
    def y() -> int:
        return 1

    assert Regelwerk.aus([y], {"satz": p}).aenderungstage() == (date(2020, 1, 1), date(2020, 5, 1), date(2021, 1, 1))


def test_values_print_exactly() -> None:
    assert wert_text(Decimal("23540.10")) == "23540.10"
    assert wert_text(True) == "ja"
    assert wert_text(Unbekannt(())) == "unbekannt"


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_exactly_one_version_answers_on_every_day(tag: date) -> None:
    from fachwerk.parameter import Fassung

    grenzen = [date(2005, 1, 1), date(2010, 6, 15), date(2020, 2, 29)]
    fassungen = tuple(Fassung(g, i, "§", "A", "q") for i, g in enumerate(grenzen))
    p = Parameter("p", "P", "EUR", date(2026, 1, 1), fassungen)
    gefunden = p.fassung_am(tag)
    erwartet = [f for f, e in zip(fassungen, [*grenzen[1:], date.max], strict=True) if f.ab and f.ab <= tag < e]
    assert ([gefunden] if gefunden else []) == erwartet


@given(st.decimals(0, 10**7, places=2), st.integers(0, 100))
def test_money_stays_exact(betrag: Decimal, prozent: int) -> None:
    ergebnis = loese(
        Regelwerk.aus([steuer, netto]), ["netto"], {"brutto": betrag, "satz": Decimal(prozent)}, date(2026, 1, 1)
    )
    assert ergebnis.werte["netto"] + betrag * prozent / 100 == betrag


@given(st.lists(st.sampled_from(["A", "B", "C", ""])))
def test_a_chain_is_as_weak_as_its_weakest_link(belege: list[Any]) -> None:
    schwach = schwaecherer(*belege)
    assert all("ABC".find(b) <= "ABC".find(schwach) for b in belege if b)


def test_the_day_before_every_change_belongs_to_the_version_before(tmp_path: Path) -> None:
    p = parameter(tmp_path, *(f"ab: {jahr}-01-01, wert: {jahr}, beleg: A" for jahr in range(2010, 2026, 3)))
    for tag in p.aenderungstage():
        vorher = p.fassung_am(tag - timedelta(days=1))
        assert vorher is None or (not isinstance(vorher, Unbekannt) and vorher.wert < Decimal(tag.year))


def test_a_sum_is_as_weak_as_its_weakest_part_and_unknown_if_one_part_is() -> None:
    teile = [Gewertet(Decimal("1.10"), "A"), Gewertet(Decimal("2.20"), "B")]
    assert summiere(teile) == Gewertet(Decimal("3.30"), "B")
    fehlt = Unbekannt((Luecke("x", "angabe", "fehlt"),))
    unbekannt = summiere([*teile, Gewertet(fehlt)]).wert
    assert isinstance(unbekannt, Unbekannt)
    assert unbekannt.vorlaeufig is None
    assert summiere([]) == Gewertet(Decimal(0))


def test_money_is_printed_with_two_decimals_and_a_percentage_as_it_is() -> None:
    assert Schritt("x", Decimal(1230), "§ 1", "A", "Satz", "EUR im Jahr").zeile("A: ").wert == "1230.00"
    assert Schritt("x", Decimal(12), "§ 1", "A", "Satz", "Prozent").zeile().wert == "12"
    assert wert_text({"1": Decimal(50), "2": None}) == "1: 50, 2: –"


@pytest.mark.parametrize(("tag", "ende"), [("2026-01-31", "2026-02-28"), ("2023-12-31", "2024-02-29")])
def test_a_term_of_months_ends_with_the_month_if_the_day_is_missing(tag: str, ende: str) -> None:
    monate = 1 if tag.startswith("2026") else 2
    assert monate_spaeter(date.fromisoformat(tag), monate) == date.fromisoformat(ende)
