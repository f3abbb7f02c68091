"""What ``fachwerk wbs pruefe`` and ``grenzen`` print for people, and that every command of the word is there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.cli import befehle
from fachwerk_wbs import laender
from fachwerk_wbs.befehle import grenzen, pruefe
from fachwerk_wbs.schreibweise import BREITE, absatz, betrag, euro, tag, zahl

FALL = """
land: {land}
stichtag: 2026-11-22
unterhalt: []
alleinerziehend: false
staatsangehoerigkeit: [de]
haushalt:
  - name: A
    rolle: antragsteller
    geburtsdatum: 1985-05-01
    einkuenfte: [{{art: nichtselbstaendig, betrag: 33136}}]
    zahlt: {{einkommensteuer: true, kranken_pflegeversicherung: true, rentenversicherung: true}}
    grad_der_behinderung: 0
    pflegegrad: 0
"""
jedes_land = pytest.mark.parametrize("land", laender())


def gepruefe(tmp_path: Path, land: str) -> str:
    datei = tmp_path / "fall.yaml"
    datei.write_text(FALL.format(land=land), encoding="utf-8")
    lauf = CliRunner().invoke(pruefe, [str(datei)])
    assert lauf.exit_code == 0, lauf.output
    return lauf.stdout


@jedes_land
def test_pruefe_fits_a_terminal_and_begins_with_the_recommendation(tmp_path: Path, land: str) -> None:
    zeilen = gepruefe(tmp_path, land).splitlines()
    assert max(map(len, zeilen)) <= BREITE
    assert zeilen[0].endswith(", Recht vom 22.11.2026")
    assert zeilen[1].startswith("Empfehlung: ")
    assert "Begründung:" in zeilen


@jedes_land
def test_grenzen_fits_a_terminal_and_cites_every_tier(land: str) -> None:
    angaben = ["--land", land, "--stichtag", "2026-11-22", "--personen", "4", "--kinder", "2"]
    lauf = CliRunner().invoke(grenzen, angaben)
    assert lauf.exit_code == 0
    zeilen = lauf.stdout.splitlines()
    assert max(map(len, zeilen)) <= BREITE
    assert zeilen[0].endswith("4 Personen, davon 2 Kinder")
    assert len(zeilen) > 3


def test_amounts_are_written_as_people_read_them(tmp_path: Path) -> None:
    text = gepruefe(tmp_path, "nw")
    assert "Gesamteinkommen: 20.419,84 EUR" in text
    assert "Arbeitnehmer-Pauschbetrag: 1.230,00  [§ 9a Satz 1 Nr. 1 Buchst. a EStG, Beleg A]" in text
    assert "Schein: Wohnung 50 m²" in text


def test_who_is_refused_is_told_nothing_about_a_certificate(tmp_path: Path) -> None:
    datei = tmp_path / "fall.yaml"
    datei.write_text(FALL.format(land="nw").replace("33136", "200000"), encoding="utf-8")
    text = CliRunner().invoke(pruefe, [str(datei)]).stdout
    assert "Empfehlung: ablehnen" in text
    assert "Schein:" not in text


def test_an_unknown_limit_is_said_to_be_unknown_once(tmp_path: Path) -> None:
    assert "wbs: Grenze nicht belegt\n" in gepruefe(tmp_path, "sl")


def test_a_single_person_and_a_single_child_are_not_plural() -> None:
    eine = CliRunner().invoke(grenzen, ["--land", "nw", "--stichtag", "2026-11-22", "--personen", "1"])
    assert eine.stdout.splitlines()[0] == "Nordrhein-Westfalen, Recht vom 22.11.2026: 1 Person"
    mit = ["--land", "nw", "--stichtag", "2026-11-22", "--personen", "2", "--kinder", "1"]
    assert "2 Personen, davon 1 Kind\n" in CliRunner().invoke(grenzen, mit).stdout


def test_the_same_gap_is_told_once() -> None:
    angaben = ["--land", "st", "--stichtag", "2026-11-22", "--personen", "4", "--kinder", "2"]
    text = CliRunner().invoke(grenzen, angaben).stdout
    assert text.count("ungeprüfte Annahme") == 1
    assert text.count("nicht gesichert") > 1


def test_a_day_without_law_is_said_to_be_one() -> None:
    angaben = ["--land", "nw", "--stichtag", "1980-01-01", "--personen", "1"]
    lauf = CliRunner().invoke(grenzen, angaben)
    assert "Für diesen Tag ist keine Einkommensgrenze belegt." in lauf.stdout


def test_all_commands_of_the_word_are_there_with_a_german_line() -> None:
    hilfe = CliRunner().invoke(befehle, ["wbs", "--help"]).stdout
    for wort in ("pruefe", "grenzen", "vergleiche", "chronik", "luecken", "faelle"):
        assert f"  {wort}  " in hilfe


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_written_amount_means_the_amount(wert: Decimal) -> None:
    assert Decimal(betrag(wert).replace(".", "").replace(",", ".")) == wert
    assert euro(wert) == f"{betrag(wert)} EUR"


@pytest.mark.parametrize(
    ("text", "erwartet"),
    [("1230.00", "1.230,00"), ("12", "12"), ("1.05", "1,05"), ("-4000.5", "-4.000,5"), ("ja", "ja"), ("2A1K", "2A1K")],
)
def test_only_numbers_of_the_reason_are_rewritten(text: str, erwartet: str) -> None:
    assert zahl(text) == erwartet


def test_what_is_unknown_is_not_a_number() -> None:
    assert (betrag(None), euro(None), tag(None)) == ("offen", "unbekannt", "")
    assert tag(date(2026, 11, 2)) == "02.11.2026"


@given(st.lists(st.sampled_from(["§ 13", "Abs. 1", "Satz 2", "Wohnraumförderung", "und", "Nr. 4", "–"]), max_size=80))
def test_a_paragraph_keeps_every_word_and_never_parts_a_sign_from_its_number(worte: list[str]) -> None:
    zeilen = absatz(" ".join(worte), "  - ")
    assert all(len(zeile) <= BREITE for zeile in zeilen)
    assert " ".join(" ".join(zeilen).split()[1:]) == " ".join(worte)
    assert not any(zeile.endswith(("§", "Abs.", "Satz", "Nr.")) for zeile in zeilen)
