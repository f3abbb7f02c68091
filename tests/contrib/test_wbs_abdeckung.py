"""The page of coverage in the documents is what the data of the Länder say."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from fachwerk_wbs import finde_land, laender
from fachwerk_wbs.abdeckung import tabelle, zeile

SEITE = Path(__file__).resolve().parents[2] / "docs/wbs-abdeckung.md"
HEUTE = date(2026, 11, 22)


def test_the_page_of_coverage_is_what_the_data_say() -> None:
    text = SEITE.read_text(encoding="utf-8")
    tag = datetime.strptime(re.findall(r"Stichtag: (\d\d\.\d\d\.\d{4})", text)[0], "%d.%m.%Y").date()
    assert text == tabelle([finde_land(code) for code in laender()], tag), "run: make abdeckung"


def test_the_page_has_a_row_for_every_land_and_none_for_an_invented_one() -> None:
    text = SEITE.read_text(encoding="utf-8")
    assert re.findall(r"^\| [^|]+ \(([a-z]{2})\) \|", text, re.MULTILINE) == list(laender())


def test_a_row_tells_grade_and_gaps_and_what_can_be_decided() -> None:
    felder = zeile(finde_land("zz"), HEUTE).felder
    assert felder == ("B", "A", "offen", "A", "A", "A", "A", "3", "ja", "ja")
    frueher = zeile(finde_land("zz"), date(2009, 1, 1)).felder
    assert frueher[0] == "offen"
    assert frueher[-2:] == ("nein", "nein")
