"""Shipped cases of every installed Land: each holds, each shows its calculation, and together they cover the Land."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from fachwerk_wbs import Land, berechne, finde_land, laender, lies_fall
from fachwerk_wbs.grenzen import grenzen_fuer
from fachwerk_wbs.musterfaelle import Haushaltstyp, Musterfall, musterfaelle

HAUSHALTE = ((1, 0), (2, 0), (4, 2))
"""Persons and children whose limits tell one version from another."""

Fassung = tuple[tuple[str, str], ...]


def gelieferte() -> Iterator[Any]:
    for code in laender():
        land = finde_land(code)
        for fall in musterfaelle(land):
            yield pytest.param(land, fall, id=f"{code}: {fall.name}")


@pytest.mark.parametrize(("land", "fall"), list(gelieferte()))
def test_a_shipped_case_holds(land: Land, fall: Musterfall) -> None:
    assert fall.abweichungen(land) == {}


@pytest.mark.parametrize("code", laender())
def test_a_land_shows_eight_calculations_and_every_kind_of_household(code: str) -> None:
    faelle = musterfaelle(finde_land(code))
    assert len(faelle) >= 8
    assert {fall.haushaltstyp for fall in faelle} == set(get_args(Haushaltstyp))
    assert len({fall.name for fall in faelle}) == len(faelle)


@pytest.mark.parametrize("code", laender())
def test_a_written_calculation_ends_in_the_income_that_is_expected(code: str) -> None:
    for fall in musterfaelle(finde_land(code)):
        if einkommen := fall.erwartet.get("gesamteinkommen"):
            assert euro(einkommen) in fall.rechnung, fall.name


def euro(betrag: str) -> str:
    """``20419.84`` as people here write it: 20.419,84."""
    return f"{Decimal(betrag):,.2f}".translate(str.maketrans(",.", ".,"))


@pytest.mark.parametrize("feld", ["rechnung", "haushaltstyp"])
def test_a_case_without_calculation_or_kind_of_household_is_refused(feld: str) -> None:
    roh = musterfaelle(finde_land("nw"))[0].model_dump(exclude={feld})
    with pytest.raises(ValidationError, match=feld):
        Musterfall.model_validate(roh)


def fassung(land: Land, tag: date) -> Fassung | None:
    """The limits of ``land`` on ``tag`` as far as they may decide; None: not one of them is certain."""
    stufen = [(p, k, s) for p, k in HAUSHALTE for s in grenzen_fuer(land, tag, p, k) if s.gesichert]
    return tuple((f"{s.id} {p}/{k}", str(s.zur_ansicht)) for p, k, s in stufen) or None


@pytest.mark.parametrize("code", laender())
def test_the_cases_lie_in_two_versions_where_the_land_has_two_evidenced_ones(code: str) -> None:
    land = finde_land(code)
    faelle = musterfaelle(land)
    belegte = {fassung(land, tag) for tag in land.aenderungstage()} - {None}
    geprueft = {fassung(land, fall.stichtag) for roh in faelle if (fall := lies_fall(roh.fall)).stichtag} - {None}
    assert len(geprueft) >= min(2, len(belegte))


@pytest.mark.parametrize("code", laender())
def test_every_change_day_and_the_day_before_can_be_computed(code: str) -> None:
    land = finde_land(code)
    fall = lies_fall(musterfaelle(land)[0].fall)
    for tag in land.aenderungstage():
        for stand in (tag - timedelta(days=1), tag):
            ergebnis = berechne(fall, land, stand)
            assert ergebnis.empfehlung.value in ("ablehnen", "bewilligen") or ergebnis.offen
            assert ergebnis.empfehlung.value != "bewilligen" or not ergebnis.offen


def test_an_expectation_that_is_wrong_is_noticed() -> None:
    land = finde_land("nw")
    fall = musterfaelle(land)[1]
    falsch = fall.model_copy(update={"erwartet": {"stufe": "gruppe_B"}})
    assert falsch.abweichungen(land) == {"stufe": ("gruppe_B", "gruppe_A")}
