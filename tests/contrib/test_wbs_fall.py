"""Around the calculation: the case file, who may have a certificate at all, what is asked for and pointed out."""

from __future__ import annotations

import itertools
import json
from copy import deepcopy
from datetime import date
from importlib import resources
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fachwerk.errors import NeedsHumanError
from fachwerk_wbs import Fall, berechne, finde_land, lies_fall
from fachwerk_wbs.bedingungen import alle, eine, erfuellt


@pytest.mark.parametrize(
    ("angaben", "empfehlung"),
    [
        ({"staatsangehoerigkeit": "000"}, "bewilligen"),
        ({"staatsangehoerigkeit": "FR"}, "bewilligen"),
        ({"staatsangehoerigkeit": "TR"}, "nachfordern"),
        ({"staatsangehoerigkeit": "TR", "aufenthaltstitel_bis": "2027-11-21"}, "bewilligen"),
        ({"staatsangehoerigkeit": "TR", "aufenthaltstitel_bis": "2027-11-20"}, "vorlegen"),
        ({"staatsangehoerigkeit": "999"}, "vorlegen"),
    ],
)
def test_the_stay_must_not_be_only_temporary(wbs: ModuleType, angaben: dict[str, str], empfehlung: str) -> None:
    assert wbs.rechne(wbs.single(20000, **angaben)).empfehlung == empfehlung


def test_an_applicant_under_age_needs_consent_where_the_land_asks_for_it(wbs: ModuleType) -> None:
    roh = wbs.single(10000, land="st")
    roh["haushalt"][0]["geburtsdatum"] = "2009-01-01"
    assert wbs.rechne(roh).empfehlung == "vorlegen"
    del roh["haushalt"][0]["geburtsdatum"]
    assert wbs.rechne(roh).empfehlung == "nachfordern"


def test_the_proofs_follow_the_situation(wbs: ModuleType) -> None:
    roh = wbs.fall(wbs.person("A", "antragsteller", {"art": "rente", "betrag": 9000}, grad_der_behinderung=60))
    nachweise = " ".join(wbs.rechne(roh).nachweise)
    assert "Rentenbescheid" in nachweise.replace("Renten- oder Versorgungsbescheid", "Rentenbescheid")
    assert "Schwerbehindertenausweis" in nachweise
    assert "Lohnabrechnungen" not in nachweise


def test_a_single_parent_with_a_schoolchild_is_told_of_the_extra_room(wbs: ModuleType) -> None:
    kind = wbs.person("B", "kind", geburtsdatum="2018-01-01", kindergeld=True)
    ergebnis = wbs.rechne(wbs.fall(wbs.person("A", "antragsteller", wbs.lohn(20000)), kind, alleinerziehend=True))
    assert any("Alleinerziehende" in h.wert for h in ergebnis.hinweise)
    assert any("jetzigen als auch die des geplanten Wohnorts" in h.wert for h in ergebnis.hinweise)


@pytest.mark.parametrize(
    ("aendern", "ort"),
    [
        (lambda r: r["haushalt"][0].pop("rolle"), "haushalt.0.rolle"),
        (lambda r: r.update(stichtag="2025-02-30"), "stichtag"),
        (lambda r: r["haushalt"][0]["einkuenfte"][0].update(art="lotto"), "haushalt.0.einkuenfte.0.art"),
        (lambda r: r["haushalt"][0]["einkuenfte"][0].update(betrag="viel"), "haushalt.0.einkuenfte.0.betrag"),
        (lambda r: r.update(hausthier="Hund"), "hausthier"),
        (lambda r: r["haushalt"].clear(), "haushalt"),
        (lambda r: r["haushalt"].append(deepcopy(r["haushalt"][0])), "Fall"),
    ],
)
def test_a_mistake_in_the_case_file_is_named_with_its_place_and_without_its_value(
    wbs: ModuleType, aendern: Any, ort: str
) -> None:
    roh = wbs.single(20000)
    aendern(roh)
    with pytest.raises(NeedsHumanError) as fehler:
        lies_fall(roh, "fall.yaml")
    assert f"  {ort}: " in fehler.value.frage
    assert "viel" not in fehler.value.frage.replace("vielleicht", "")


def test_an_unknown_land_is_named_with_the_installed_ones() -> None:
    with pytest.raises(NeedsHumanError, match=r"kein Regelpaket für das Land 'xx'.*nw"):
        finde_land("xx")


def schema() -> dict[str, Any]:
    datei = resources.files("fachwerk_wbs") / "daten" / "fall.schema.json"
    gelesen: dict[str, Any] = json.loads(datei.read_text(encoding="utf-8"))
    return gelesen


def test_the_published_schema_is_the_model() -> None:
    gelesen = schema()
    assert gelesen.pop("$id") == "urn:fachwerk:wbs:fall:1"
    Draft202012Validator.check_schema(gelesen)
    assert gelesen.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
    assert gelesen == Fall.model_json_schema()


VOLL = {
    "rolle": "mitbewohner",
    "geburtsdatum": "1990-02-03",
    "einkuenfte": [{"art": "steuerfrei", "unterart": "lohnersatz", "betrag": 9000.5, "wohnkosten": "100.00"}],
    "beitraege": {"kranken_pflegeversicherung": 1200},
    "leistungsbezug": "wohngeld",
    "einzug_am": "2027-01-01",
    "auszug_am": None,
    "staatsangehoerigkeit": ["FR"],
}


@pytest.mark.parametrize(
    ("aendern", "gueltig"),
    [
        (lambda r: None, True),
        (lambda r: r["haushalt"].append({**VOLL, "name": "B"}), True),
        (lambda r: r.update(unterhalt=[{"an": "kind_wechselmodell", "betrag": 100}], leistungsbezug="sgb12"), True),
        (lambda r: r.update(staatsangehoerigkeit="FR"), True),
        (lambda r: r.update(staatsangehoerigkeit=["FR", "TR"]), True),
        (lambda r: r.update(staatsangehoerigkeit=7), False),
        (lambda r: r.update(einkommenszeitraum={"von": "2025-01-01", "bis": "2025-12-31"}, vermoegen=0), True),
        (lambda r: r["haushalt"].append({**VOLL, "name": "B", "leistungsbezug": "taschengeld"}), False),
        (lambda r: r["haushalt"].append({**VOLL, "name": "B", "pflegegrad": 6}), False),
        (lambda r: r["haushalt"].append({**VOLL, "name": "B", "hobby": "Schach"}), False),
        (lambda r: r.update(land="NRW"), False),
        (lambda r: r.update(haushalt=[]), False),
    ],
)  # fmt: skip
def test_what_the_published_schema_accepts_can_be_read_and_nothing_else(
    wbs: ModuleType, aendern: Any, gueltig: bool
) -> None:
    roh = json.loads(json.dumps(wbs.single(20000)))
    aendern(roh)
    assert Draft202012Validator(schema()).is_valid(roh) is gueltig
    if gueltig:
        assert lies_fall(roh).haushalt
    else:
        with pytest.raises(NeedsHumanError):
            lies_fall(roh)


def test_three_valued_logic_keeps_the_unknown() -> None:
    werte = (True, False, None)
    for a, b in itertools.product(werte, werte):
        assert alle((a, b)) is (False if False in (a, b) else None if None in (a, b) else True)
        assert eine((a, b)) is (True if True in (a, b) else None if None in (a, b) else False)
    assert erfuellt([{"unbestimmt": "Text nicht gesehen"}], {}) is None
    with pytest.raises(KeyError):
        erfuellt([{"mondphase": 3}], {})


def test_a_day_is_needed(wbs: ModuleType) -> None:
    roh = wbs.single(1000)
    del roh["stichtag"]
    with pytest.raises(ValueError, match="stichtag"):
        wbs.rechne(roh)
    assert berechne(lies_fall(roh), finde_land("nw"), date(2026, 11, 21)).empfehlung == "bewilligen"
