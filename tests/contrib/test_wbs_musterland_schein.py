"""A fictitious Land shows what a certificate says besides the limit, and which conditions data can ask for."""

from __future__ import annotations

from typing import Any

import pytest

from fachwerk_wbs.bedingungen import erfuellt


def hinweise(ergebnis: Any) -> str:
    return " | ".join(f"{zeile.name}: {zeile.wert}" for zeile in ergebnis.hinweise)


@pytest.mark.parametrize(
    ("wenn", "angaben", "trifft"),
    [
        ("{alter_ab: 60}", {"geburtsdatum": "1960-01-01"}, True),
        ("{alter_ab: 60}", {"geburtsdatum": "1980-01-01"}, False),
        ("{gdb_ab: 50}", {"grad_der_behinderung": None}, False),
        ("{leistungsbezug: [wohngeld]}", {"leistungsbezug": "wohngeld"}, True),
        ("{leistungsbezug: [wohngeld]}", {}, False),
    ],
)
def test_reserved_groups_are_named_on_the_certificate(
    musterland: Any, wenn: str, angaben: dict[str, Any], trifft: bool
) -> None:
    gruppe = musterland.wert("personengruppe_eins", "true", merkmale=f"{{wenn: [{wenn}]}}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), gruppe)
    ergebnis = musterland.rechne(land, musterland.person("antragsteller", **angaben))
    assert ergebnis.personengruppen == (("Muster personengruppe_eins",) if trifft else ())
    assert ergebnis.als_json()["personengruppen"] == list(ergebnis.personengruppen)


def test_a_group_nobody_has_evidence_for_is_not_named(musterland: Any) -> None:
    gruppe = musterland.wert("personengruppe_eins", "true", "C", "{wenn: [{immer: true}]}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), gruppe)
    assert musterland.rechne(land, "antragsteller").personengruppen == ()


def test_a_tolerance_of_the_size_and_a_frame_of_the_fee_are_pointed_out(musterland: Any) -> None:
    gebuehr = musterland.wert("gebuehr", "null", "null", "{rahmen: [7.50, 20], befreit: [sgb2]}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("wohnflaeche_toleranz", "5"), gebuehr)
    ergebnis = musterland.rechne(land, "antragsteller")
    assert ergebnis.gebuehr is None
    assert "Rahmengebühr von 7,50 bis 20 EUR, die Stelle setzt sie fest." in hinweise(ergebnis)
    assert "bis zu 5 m² überschritten" in hinweise(ergebnis)
    befreit = musterland.rechne(land, "antragsteller", leistungsbezug="sgb2")
    assert befreit.gebuehr == "0.00"
    assert "Rahmengebühr" not in hinweise(befreit)


@pytest.mark.parametrize(
    ("art", "von", "bis", "passt"),
    [
        ("voriges_kalenderjahr", "2025-01-01", "2025-12-31", True),
        ("voriges_kalenderjahr", "2024-01-01", "2024-12-31", False),
        ("letzte_zwoelf_monate", "2025-11-01", "2026-10-31", True),
        ("letzte_zwoelf_monate", "2025-12-01", "2026-11-30", True),
        ("letzte_zwoelf_monate", "2025-01-01", "2025-12-31", False),
        ("letzte_zwoelf_monate", "2026-05-01", "2026-10-31", False),
        ("vorausschau", "2026-11-01", "2027-10-31", True),
        ("vorausschau", "2025-11-01", "2026-10-31", True),
        ("vorausschau", "2025-01-01", "2025-12-31", False),
    ],
)
def test_a_stated_period_that_is_not_the_one_of_the_law_is_pointed_out_and_holds_nothing_up(
    musterland: Any, art: str, von: str, bis: str, passt: bool
) -> None:
    zeitraum = musterland.wert("einkommenszeitraum", "das maßgebliche Jahr", merkmale=f"{{art: {art}}}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), zeitraum)
    ergebnis = musterland.rechne(land, "antragsteller", einkommenszeitraum={"von": von, "bis": bis})
    assert ("anderen Zeitraum" in hinweise(ergebnis)) is not passt
    assert ergebnis.empfehlung == "bewilligen"


def test_a_hint_may_depend_on_a_member(musterland: Any) -> None:
    kopf = "hinweise:\n  - {text: Merkzeichen prüfen., fundstelle: § 3 MusterG, beleg: A, wenn: [{gdb_ab: 50}]}"
    land = musterland.mit(musterland.wert("stufe_eins", "1"), kopf=kopf)
    behindert = musterland.person("antragsteller", grad_der_behinderung=50)
    assert "Merkzeichen" in hinweise(musterland.rechne(land, behindert))
    assert "Merkzeichen" not in hinweise(musterland.rechne(land, "antragsteller"))


@pytest.mark.parametrize(("personen", "flaeche"), [(1, "50"), (2, "60"), (3, None), (4, "85"), (5, "100"), (6, "115")])
def test_sizes_have_rows_an_increment_and_may_have_unknown_cells(
    musterland: Any, personen: int, flaeche: str | None
) -> None:
    groesse = musterland.wert("wohnflaeche", "{'1': 50, '2': {wert: 60, beleg: B}, '3': null, '4': 85, weitere: 15}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), groesse)
    assert musterland.rechne(land, "antragsteller", *["kind"] * (personen - 1)).wohnflaeche_m2 == flaeche


@pytest.mark.parametrize(
    ("wenn", "merkmale", "antwort"),
    [
        ({"hoechster_gdb_ab": 80}, {"gdbs": (50, 80)}, True),
        ({"hoechster_gdb_ab": 80}, {"gdbs": (80, None)}, True),
        ({"hoechster_gdb_ab": 80}, {"gdbs": (50, None)}, None),
        ({"hoechster_gdb_ab": 80}, {"gdbs": (50, 0)}, False),
        ({"betreuungskosten": True}, {"betreuungskosten": None}, None),
        ({"betreuungskosten": True}, {"betreuungskosten": True}, True),
        ({"leistungsbezug": ["sgb2"]}, {"leistungsbezug": None}, None),
        ({"leistungsbezug": ["sgb2"]}, {"leistungsbezug": "keiner"}, False),
    ],
)
def test_words_about_the_household_keep_the_unknown(
    wenn: dict[str, Any], merkmale: dict[str, Any], antwort: bool | None
) -> None:
    assert erfuellt(wenn, merkmale) is antwort


@pytest.mark.parametrize(
    ("angaben", "einkommen", "empfehlung"),
    [
        ([{"grad_der_behinderung": 80}, {}], "11000.00", "bewilligen"),
        ([{}, {"grad_der_behinderung": 100}], "11000.00", "bewilligen"),
        ([{}, {}], "13000.00", "ablehnen"),
        ([{}, {"grad_der_behinderung": None}], "13000.00", "nachfordern"),
    ],
)
def test_an_allowance_of_the_household_may_follow_its_highest_degree(
    musterland: Any, angaben: list[dict[str, Any]], einkommen: str, empfehlung: str
) -> None:
    merkmale = "{je: haushalt, wenn: [{hoechster_gdb_ab: 80}]}"
    freibetrag = musterland.wert("freibetrag_behindert", "2000", merkmale=merkmale)
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("grenze_2", "12000"), freibetrag)
    rollen = ("antragsteller", "partner")
    mitglieder = [musterland.person(rolle, **eigen) for rolle, eigen in zip(rollen, angaben, strict=True)]
    ergebnis = musterland.rechne(land, *mitglieder, betrag=13000)
    assert (ergebnis.gesamteinkommen, ergebnis.empfehlung) == (einkommen, empfehlung)


@pytest.mark.parametrize(("betrag", "einkommen"), [(3000, "7000.00"), (9000, "6000.00")])
def test_maintenance_for_a_child_of_both_parents_has_a_maximum_of_its_own(
    musterland: Any, betrag: int, einkommen: str
) -> None:
    land = musterland.mit(musterland.wert("stufe_eins", "1"), musterland.wert("unterhalt_kind_wechselmodell", "4000"))
    unterhalt = [{"an": "kind_wechselmodell", "betrag": betrag, "titel": False}]
    assert musterland.rechne(land, "antragsteller", unterhalt=unterhalt).gesamteinkommen == einkommen


@pytest.mark.parametrize(
    ("merkmale", "raeume", "verbindung"),
    [("{}", '{"1": 2}', "oder"), ("{verbindung: und}", '{"1": 2}', "und"), ("{}", "null", None)],
)
def test_area_and_rooms_are_two_ways_or_two_bounds(
    musterland: Any, merkmale: str, raeume: str, verbindung: str | None
) -> None:
    beleg = "A" if verbindung else "null"
    flaeche = musterland.wert("wohnflaeche", '{"1": 50}')
    land = musterland.mit(
        musterland.wert("stufe_eins", "1"), flaeche, musterland.wert("raeume", raeume, beleg, merkmale)
    )
    assert musterland.rechne(land, "antragsteller").als_json()["verbindung"] == verbindung
