"""What cannot be true is said plainly, so that no recommendation to grant or refuse rests on it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from fachwerk.modell import Antrag, Befund, Dritter, Person, Schwere
from fachwerk_xsozial_basis.pruefung import pruefe_antrag

HEUTE = date(2026, 11, 21)


def befunde(**angaben: object) -> dict[str, Befund]:
    antrag = Antrag(leistung="wbs", format="xsozial_basis", empfangen=datetime(2026, 11, 21, tzinfo=UTC), **angaben)
    return {befund.code: befund for befund in pruefe_antrag(antrag, HEUTE)}


@pytest.mark.parametrize("tag", [date(9999, 12, 31), date(2026, 11, 22), date(1, 1, 1), date(1896, 1, 1)])
def test_nobody_is_born_after_today_or_more_than_130_years_ago(tag: date) -> None:
    for wer in ({"personen": (Person(id="1", geburtsdatum=tag),)}, {"dritte": (Dritter(id="1", geburtsdatum=tag),)}):
        assert befunde(**wer)["geburtsdatum_unmoeglich"].schwere is Schwere.FEHLER


@pytest.mark.parametrize("tag", [date(2026, 11, 21), date(1897, 1, 1), None])
def test_newborns_and_the_very_old_are_people(tag: date | None) -> None:
    assert "geburtsdatum_unmoeglich" not in befunde(personen=(Person(id="1", geburtsdatum=tag),))


@pytest.mark.parametrize("tag", [date(9999, 12, 31), date(2026, 11, 22)])
def test_an_application_of_tomorrow_decides_nothing(tag: date) -> None:
    assert befunde(antragsdatum=tag)["antragsdatum_zukunft"].schwere is Schwere.FEHLER


@pytest.mark.parametrize(("betrag", "erwartet"), [("-1", True), ("-0.01", True), ("0", False), ("28000.00", False)])
def test_a_negative_income_is_questioned(betrag: str, erwartet: bool) -> None:
    fall = {"haushalt": [{"einkuenfte": [{"art": "rente", "betrag": "0"}, {"art": "rente", "betrag": betrag}]}]}
    assert ("betrag_negativ" in befunde(fall=fall)) is erwartet
