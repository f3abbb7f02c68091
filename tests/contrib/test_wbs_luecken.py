"""The work list of a Land's maintainer names every gap, what hangs on it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from fachwerk.parameter import Unbekannt, lade_parameter
from fachwerk.vorlage import benenne, lege_an
from fachwerk_wbs import finde_land, laender
from fachwerk_wbs.befehle_pflege import luecken
from fachwerk_wbs.land import Land
from fachwerk_wbs.landesordner import lies_ordner
from fachwerk_wbs.luecken import Fehlstelle, fehlstellen, fruehere, nur_luecken
from fachwerk_wbs.wirkung import THEMEN, Gewicht, haushalte, nur_bescheinigung

HEUTE = date(2026, 11, 22)
jedes_land = pytest.mark.parametrize("code", [*laender(), "zz"])


def stellen(land: Land, tag: date = HEUTE) -> dict[tuple[str, str], Fehlstelle]:
    return {(stelle.parameter, stelle.art): stelle for stelle in fehlstellen(land, tag)}


@pytest.fixture
def geaendert(tmp_path: Path) -> Callable[..., Land]:
    """A copy of the invented Land with one text of one file replaced."""

    def aendere(datei: str, alt: str, neu: str) -> Land:
        kopie = lege_an("regeln", benenne("wbs_xy"), tmp_path)
        pfad = kopie / "src/fachwerk_wbs_xy" / datei
        text = pfad.read_text(encoding="utf-8")
        assert alt in text
        pfad.write_text(text.replace(alt, neu, 1), encoding="utf-8")
        return lies_ordner(kopie)

    return aendere


GRENZE = "{ab: 2025-01-01, wert: 20000, fundstelle: § 4 MusterWoG, beleg: A"


@pytest.mark.parametrize(
    ("neu", "art", "text"),
    [
        ("wert: null, fundstelle: § 4 MusterWoG, beleg: null", "wert_unbekannt", "nicht belegt"),
        ("wert: 20000, fundstelle: § 4 MusterWoG, beleg: C", "beleg_c", "Der Wert 20.000 ist nur eine ungeprüfte"),
    ],
)
def test_an_unknown_limit_blocks_the_households_it_is_for(
    geaendert: Callable[..., Land], neu: str, art: str, text: str
) -> None:
    land = geaendert("parameter/einkommensgrenzen.yaml", GRENZE, "{ab: 2025-01-01, " + neu)
    stelle = stellen(land)["grenze_1", art]
    assert stelle.gewicht is Gewicht.HAUSHALTE
    assert stelle.folge == "entscheidet nicht: Haushalte mit einer Person"
    assert text in stelle.text
    assert (stelle.seit, stelle.bis) == (date(2025, 1, 1), None)
    assert (stelle.fundstelle, stelle.gesehen) == ("§ 4 MusterWoG", "MusterGBl. (erfunden)")


def test_a_limit_of_grade_b_stands_against_a_refusal_only(geaendert: Callable[..., Land]) -> None:
    land = geaendert("parameter/einkommensgrenzen.yaml", GRENZE, GRENZE.replace("beleg: A", "beleg: B"))
    stelle = stellen(land)["grenze_1", "beleg_b"]
    assert stelle.gewicht is Gewicht.ABLEHNUNG
    assert stelle.folge == "lehnt nicht ab: Haushalte mit einer Person"
    assert ("grenze_1", "beleg_b") not in stellen(finde_land("zz"))


def test_a_tier_nobody_knows_the_factor_of_blocks_everybody(geaendert: Callable[..., Land]) -> None:
    alt = "{ab: 2020-01-01, wert: 1.4, fundstelle: § 5 Abs. 2 Nr. 3 MusterWoG, beleg: A"
    neu = "{ab: 2020-01-01, wert: null, fundstelle: § 5 Abs. 2 Nr. 3 MusterWoG, beleg: null"
    stelle = stellen(geaendert("parameter/einkommensgrenzen.yaml", alt, neu))["stufe_B", "wert_unbekannt"]
    assert stelle.gewicht is Gewicht.NIE
    assert "Die Stufe könnte die niedrigste sein" in stelle.folge


def test_a_tier_whose_factor_is_unchecked_blocks_those_above_the_lower_ones(geaendert: Callable[..., Land]) -> None:
    alt = "{ab: 2020-01-01, wert: 1.4, fundstelle: § 5 Abs. 2 Nr. 3 MusterWoG, beleg: A"
    land = geaendert("parameter/einkommensgrenzen.yaml", alt, alt.replace("beleg: A", "beleg: C"))
    assert (
        stellen(land)["stufe_B", "beleg_c"].folge
        == "entscheidet nicht: Haushalte, die keine niedrigere Stufe einhalten"
    )


def test_a_window_lasts_from_the_last_sure_day_to_the_first() -> None:
    stelle = stellen(finde_land("zz"), date(2022, 10, 1))["grenze_weitere", "fenster"]
    assert (stelle.seit, stelle.bis) == (date(2022, 7, 1), date(2022, 12, 31))
    assert "5000" in stelle.text
    for tag in (date(2022, 6, 30), date(2023, 1, 1)):
        assert ("grenze_weitere", "fenster") not in stellen(finde_land("zz"), tag)


def test_cells_are_told_one_by_one() -> None:
    tag = date(2018, 1, 1)
    alle = [f for f in fehlstellen(finde_land("zz"), tag) if f.parameter == "haushaltstabelle"]
    assert {f.art: f.text for f in alle} == {
        "zelle_unbekannt": "Zeile 1A1K: nicht belegt.",
        "zelle_kandidaten": "Zeile 2A1K: in Betracht kommen 29.000 oder 29.500.",
        "zelle_beleg_b": "Zeile 2A: 24.000 ist aus zweiter Hand (Beleg B).",
    }


def test_a_size_of_grade_b_is_printed_and_so_no_gap() -> None:
    assert not [name for name, art in stellen(finde_land("mv")) if name == "wohnflaeche" and art == "zelle_beleg_b"]


def test_a_condition_nobody_has_read_is_a_gap_of_its_own() -> None:
    stelle = stellen(finde_land("zz"))["freibetrag_pflege", "bedingung_unbestimmt"]
    assert stelle.text == "Für wen das gilt, steht nicht fest: Wortlaut nicht gesehen."


def test_a_question_of_the_head_is_part_of_the_list() -> None:
    [frage] = [f for f in fehlstellen(finde_land("zz"), HEUTE) if f.art == "frage"]
    assert frage.gewicht is Gewicht.FRAGE
    assert frage.fundstelle == "§ 30 MusterWoG, MusterGBl. 2010 S. 1"


@pytest.mark.parametrize("thema", sorted(THEMEN))
def test_a_topic_the_package_is_silent_about_is_a_gap(tmp_path: Path, thema: str) -> None:
    kopie = lege_an("regeln", benenne("wbs_xy"), tmp_path)
    land = lies_ordner(kopie)
    worte = tuple(thema.split("|"))
    uebrig = {name: p for name, p in land.parameter.items() if not name.startswith(worte)}
    object.__setattr__(land, "parameter", uebrig)
    stelle = stellen(land)[worte[0], "thema_fehlt"]
    assert THEMEN[thema] in stelle.text
    assert stelle.gewicht in (Gewicht.HAUSHALTE, Gewicht.BESCHEINIGUNG)


def test_without_any_tier_nobody_is_decided() -> None:
    stelle = stellen(finde_land("zz"), date(2009, 1, 1))["stufe_", "thema_fehlt"]
    assert stelle.gewicht is Gewicht.NIE


def test_a_federal_topic_taken_over_unchecked_is_one_line(geaendert: Callable[..., Land]) -> None:
    land = geaendert("land.yaml", "  einkuenfte: A", "  einkuenfte: C")
    assert stellen(land)["bund.einkuenfte", "bund"].folge == "entscheidet nicht: Haushalte mit steuerfreien Einnahmen"
    assert not [name for name, art in stellen(land) if name == "anteil_buergergeld"]


def test_a_fee_the_office_sets_is_no_gap(geaendert: Callable[..., Land]) -> None:
    alt = "wert: 12.50, fundstelle: Nr. 1 MusterGebVO, beleg: A"
    land = geaendert("parameter/bescheinigung.yaml", alt, "wert: null, fundstelle: Nr. 1 MusterGebVO, beleg: null")
    assert not [name for name, _ in stellen(land) if name == "gebuehr"]


@jedes_land
def test_the_heaviest_gaps_come_first_and_each_says_where_to_look(code: str) -> None:
    liste = fehlstellen(finde_land(code), HEUTE)
    rang = [list(Gewicht).index(stelle.gewicht) for stelle in liste]
    assert rang == sorted(rang)
    assert all(stelle.fundstelle and stelle.gesehen and stelle.folge and stelle.titel for stelle in liste)


@jedes_land
def test_every_value_that_does_not_decide_is_in_the_list(code: str) -> None:
    """Compared with the core's own answer, for the Land's own parameters."""
    land = finde_land(code)
    genannt = {stelle.parameter for stelle in fehlstellen(land, HEUTE)}
    eigene = lade_parameter(land.wurzel / "parameter")
    unbekannt = {name for name, p in eigene.items() if isinstance(p.fassung_am(HEUTE), Unbekannt)}
    selbst = {"gebuehr"} if land.parameter.get("gebuehr") and "gebuehr" not in genannt else set()
    assert unbekannt - selbst <= genannt


@jedes_land
def test_what_a_gap_blocks_is_known_for_every_parameter(code: str) -> None:
    ganz = {"haushaltstabelle", "rundung_grenze"}
    namen = [n for n in finde_land(code).parameter if not n.startswith("stufe_") and n not in ganz]
    assert not [name for name in namen if not haushalte(name) and not nur_bescheinigung(name)]


def test_gaps_of_older_versions_are_counted() -> None:
    assert fruehere(finde_land("zz"), HEUTE) > fruehere(finde_land("zz"), date(2012, 1, 1))


# -- the command -------------------------------------------------------------------------------------------------


def test_luecken_prints_lines_of_at_most_a_hundred_columns() -> None:
    lauf = CliRunner().invoke(luecken, [])
    assert lauf.exit_code == 0
    assert max(map(len, lauf.stdout.splitlines())) <= 100
    for code in laender():
        assert f"({code}), Stichtag" in lauf.stdout


def test_luecken_prints_one_json_document_in_the_documented_shape() -> None:
    lauf = CliRunner().invoke(luecken, ["--land", "zz", "--stichtag", "2022-10-01", "--json"])
    dokument = json.loads(lauf.stdout)
    assert dokument["stichtag"] == "2022-10-01"
    [land] = dokument["laender"]
    assert land["anzahl"] == len(nur_luecken(fehlstellen(finde_land("zz"), date(2022, 10, 1))))
    [fenster] = [stelle for stelle in land["luecken"] if stelle["art"] == "fenster"]
    assert fenster == {
        "gewicht": "haushalte",
        "art": "fenster",
        "parameter": "grenze_weitere",
        "titel": "Erhöhung für jede weitere Person",
        "text": "Wann der neue Wert 5000 in Kraft trat, ist nicht belegt.",
        "fundstelle": "§ 4 MusterWoG (Änderung zwischen 07/2022 und 01/2023)",
        "gesehen": "MusterGBl. (erfunden)",
        "folge": "entscheidet nicht: Haushalte ab drei Personen",
        "seit": "2022-07-01",
        "bis": "2022-12-31",
    }


@pytest.mark.parametrize(
    ("angaben", "text"),
    [(["--land", "xx"], "kein Regelpaket für das Land 'xx'"), (["--stichtag", "morgen"], "ein Tag wie 2025-03-01")],
)
def test_mistakes_in_the_call_are_named_and_end_with_two(angaben: list[str], text: str) -> None:
    lauf = CliRunner().invoke(luecken, angaben)
    assert lauf.exit_code == 2
    assert text in lauf.stderr
