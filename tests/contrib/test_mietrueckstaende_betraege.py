"""Amounts of rent arrears: thresholds to the cent, and questions where figures do not fit."""

from __future__ import annotations

from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.modell import Empfehlung
from fachwerk_mietrueckstaende.betraege import ist_iban

BETRAEGE = st.decimals(Decimal("0.01"), Decimal("5000"), places=2)


def fragen(mrs: ModuleType, roh: dict[str, Any]) -> set[str]:
    return {punkt.code.removeprefix("mietrueckstaende.") for punkt in mrs.geprueft(roh).fragen}


@pytest.mark.parametrize(
    ("betrag", "a", "b"), [("600.00", "nein", "nein"), ("600.01", "ja", "nein"), ("1200.00", "ja", "ja")]
)
def test_the_threshold_of_a_termination_is_shown_to_the_cent(mrs: ModuleType, betrag: str, a: str, b: str) -> None:
    werte = {z.name: z.wert for z in mrs.votum(mrs.fall(rueckstand={"betrag": betrag, "monate": 2})).begruendung}
    assert werte["Rückstand übersteigt eine Monatsmiete"] == a
    assert werte["Rückstand erreicht zwei Monatsmieten"] == b


@given(BETRAEGE, BETRAEGE)
def test_the_higher_threshold_is_never_reached_without_the_lower_one(
    mrs: ModuleType, miete: Decimal, betrag: Decimal
) -> None:
    roh = mrs.fall(miete={"gesamt": str(miete)}, rueckstand={"betrag": str(betrag)})
    werte = {z.name: z.wert for z in mrs.geprueft(roh).schritte}
    assert (werte["Rückstand übersteigt eine Monatsmiete"] == "ja") is (betrag > miete)
    assert (werte["Rückstand erreicht zwei Monatsmieten"] == "ja") is (betrag >= 2 * miete)


def test_a_rent_of_zero_is_asked_about_and_never_divided_by(mrs: ModuleType) -> None:
    roh = mrs.fall(miete={"gesamt": "0", "vermieter": "V"})
    assert mrs.votum(roh).empfehlung is Empfehlung.VORLEGEN
    assert "miete_null" in fragen(mrs, roh)


@pytest.mark.parametrize("betrag", ["0", "0.00", "-12.50"])
def test_arrears_of_nothing_or_less_are_asked_about(mrs: ModuleType, betrag: str) -> None:
    assert fragen(mrs, mrs.fall(rueckstand={"betrag": betrag, "monate": 2})) == {"kein_rueckstand"}


@pytest.mark.parametrize(
    ("betrag", "monate", "erwartet"),
    [
        ("1800.00", 3, set()),
        ("1800.01", 3, {"rueckstand_hoch"}),
        ("0.01", 12, set()),
        ("600.00", 0, {"monate_null"}),
        ("99999.00", None, set()),
    ],
)
def test_arrears_above_the_rent_of_the_months_named_are_asked_about(
    mrs: ModuleType, betrag: str, monate: int | None, erwartet: set[str]
) -> None:
    assert fragen(mrs, mrs.fall(rueckstand={"betrag": betrag, "monate": monate})) == erwartet


@pytest.mark.parametrize(
    ("teile", "erwartet"),
    [
        ({"grundmiete": "400", "nebenkosten": "120", "heizkosten": "80"}, set()),
        ({"grundmiete": "400", "nebenkosten": "120", "heizkosten": "79.99"}, {"miete_teile"}),
        ({"grundmiete": "400", "nebenkosten": "120"}, set()),
        ({"grundmiete": "600.01"}, {"miete_teile"}),
    ],
)
def test_the_parts_of_the_rent_must_give_the_rent(mrs: ModuleType, teile: dict[str, str], erwartet: set[str]) -> None:
    assert fragen(mrs, mrs.mit("miete", **teile)) == erwartet


@pytest.mark.parametrize(
    ("angabe", "text"),
    [("energie", "Energieschulden"), ("betriebskosten", "Betriebskostenabrechnung"), ("kosten", "Gerichtskosten")],
)
def test_debts_that_are_no_rent_stand_apart_and_change_no_threshold(mrs: ModuleType, angabe: str, text: str) -> None:
    ohne, mit = mrs.geprueft(mrs.fall()), mrs.geprueft(mrs.mit("rueckstand", **{angabe: "900"}))
    hinweise = [z for z in mit.schritte if z.name == "Hinweis" and text in z.wert]
    assert len(hinweise) == 1
    assert [z for z in mit.schritte if z not in hinweise] == list(ohne.schritte)


@pytest.mark.parametrize(
    ("iban", "moeglich"),
    [
        ("DE02120300000000202051", True),
        ("de02 1203 0000 0000 2020 51", True),
        ("DE02120300000000202052", False),
        ("DE0212030000000020205", False),
        ("AT026000000001349870", True),
        ("Sparkasse", False),
        ("", False),
    ],
)
def test_an_account_number_is_checked_by_its_check_digits(mrs: ModuleType, iban: str, moeglich: bool) -> None:
    assert ist_iban(iban) is moeglich
    roh = mrs.mit("miete", vermieter_iban=iban)
    assert ("iban" in fragen(mrs, roh)) is (bool(iban) and not moeglich)
    assert ("Bankverbindung des Vermieters" in mrs.geprueft(roh).nachweise) is not moeglich


@given(st.integers(0, 21), st.integers(1, 9))
def test_one_wrong_digit_of_an_account_number_is_always_noticed(stelle: int, plus: int) -> None:
    iban = "DE02120300000000202051"
    falsch = str((int(iban[stelle]) + plus) % 10) if stelle > 1 else "X"
    assert not ist_iban(iban[:stelle] + falsch + iban[stelle + 1 :])


def test_no_amount_and_no_account_number_of_the_applicant_stands_in_a_question_about_another(mrs: ModuleType) -> None:
    roh = mrs.mit("miete", vermieter_iban="DE99120300000000202051")
    (punkt,) = (p for p in mrs.geprueft(roh).fragen if p.code.endswith("iban"))
    assert "120300" not in punkt.text


def test_assets_and_an_unwilling_landlord_are_pointed_out(mrs: ModuleType) -> None:
    roh = mrs.fall(selbsthilfe={"vermoegen": "5000"}, aussicht={"vermieter_setzt_fort": False}, verbleib_gewollt=False)
    texte = " ".join(z.wert for z in mrs.geprueft(roh).schritte)
    for wort in ("Vermögen ist angegeben", "nicht fortsetzen", "nicht behalten"):
        assert wort in texte
