"""A fictitious Land shows that what changes with time, and what Länder do differently, is data with dates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fachwerk_wbs import berechne, lies_fall


def am(musterland: Any, land: Any, tag: str, *rollen: Any, **angaben: Any) -> Any:
    """What comes out on ``tag``."""
    return berechne(lies_fall(musterland.haushalt(*rollen, **angaben)), land, date.fromisoformat(tag))


@pytest.mark.parametrize(
    ("tag", "monate", "grenze"),
    [("2021-12-31", 24, "12000.00"), ("2022-01-01", 12, "12000.00"), ("2022-11-29", 12, "12500.00")],
)
def test_each_value_changes_on_its_own_day(musterland: Any, tag: str, monate: int, grenze: str) -> None:
    land = musterland.mit(
        musterland.wert("stufe_eins", "1"),
        musterland.fassungen("gueltig_monate", ("2020-01-01", "24"), ("2022-01-01", "12")),
        musterland.fassungen("grenze_1", ("2020-01-01", "12000"), ("2022-11-29", "12500")),
    )
    ergebnis = am(musterland, land, tag, "antragsteller")
    assert (ergebnis.gueltig_monate, ergebnis.stufen[0].grenze) == (monate, grenze)


def test_a_tier_has_days_of_its_own(musterland: Any) -> None:
    voruebergehend = musterland.fassungen("stufe_zwei", ("2023-09-01", "1.4"), ("2025-01-01", "ende"))
    land = musterland.mit(musterland.wert("stufe_eins", "1"), voruebergehend)
    tage = {
        "2023-08-31": ["eins"],
        "2023-09-01": ["eins", "zwei"],
        "2024-12-31": ["eins", "zwei"],
        "2025-01-01": ["eins"],
    }
    assert {tag: [s.id for s in am(musterland, land, tag, "antragsteller").stufen] for tag in tage} == tage


@pytest.mark.parametrize(("tag", "einkommen"), [("2021-12-31", "8000.00"), ("2022-01-01", "7600.00")])
def test_percentages_change_by_kind_and_day(musterland: Any, tag: str, einkommen: str) -> None:
    kranken = musterland.fassungen("pauschale_kranken", ("2020-01-01", "8"), ("2022-01-01", "12"))
    land = musterland.mit(musterland.wert("stufe_eins", "1"), kranken, musterland.wert("pauschale_steuer", "12"))
    roh = musterland.haushalt("antragsteller")
    roh["haushalt"][0]["zahlt"] |= {"kranken_pflegeversicherung": True, "einkommensteuer": True}
    assert berechne(lies_fall(roh), land, date.fromisoformat(tag)).gesamteinkommen == einkommen


@pytest.mark.parametrize(("personen", "kinder", "grenze"), [(1, 0, 57800), (2, 0, 57800), (3, 1, 66800), (4, 2, 75800)])
def test_a_limit_may_be_the_same_for_one_and_two_and_know_no_children(
    musterland: Any, personen: int, kinder: int, grenze: int
) -> None:
    werte = {"grenze_1": 57800, "grenze_2": 57800, "grenze_weitere": 9000, "grenze_kind": 0, "stufe_eins": 1}
    land = musterland.mit(*(musterland.wert(name, str(betrag)) for name, betrag in werte.items()))
    assert musterland.limits(land, personen, kinder) == {"eins": grenze}


EHE = {
    "Bund": "{paar: [ehegatte], paar_unter: 40, ehejahre_bis: 5}",
    "sieben Jahre ohne Alter": "{paar: [ehegatte, lebenspartner], ehejahre_bis: 7}",
    "zehn Jahre unter 40": "{paar: [ehegatte, lebenspartner], paar_unter: 40, ehejahre_bis: 10}",
    "mit weiterem Mitglied": "{paar: [ehegatte, lebenspartner], personen_ab: 3}",
    "genau zwei": "{personen: 2}",
}


@pytest.mark.parametrize(
    ("fenster", "rolle", "geboren", "ehe_seit", "kinder", "gewaehrt"),
    [
        ("Bund", "ehegatte", "1990-01-01", "2021-12-31", 0, True),
        ("Bund", "ehegatte", "1990-01-01", "2020-12-31", 0, False),
        ("Bund", "lebenspartner", "1990-01-01", "2021-12-31", 0, False),
        ("Bund", "ehegatte", "1990-01-01", "2027-01-01", 0, None),
        ("sieben Jahre ohne Alter", "lebenspartner", "1950-01-01", "2019-01-01", 0, True),
        ("sieben Jahre ohne Alter", "ehegatte", "1950-01-01", "2018-12-31", 0, False),
        ("zehn Jahre unter 40", "ehegatte", "1986-11-22", "2016-01-01", 0, True),
        ("zehn Jahre unter 40", "ehegatte", "1986-11-21", "2016-01-01", 0, False),
        ("mit weiterem Mitglied", "ehegatte", "1950-01-01", "1975-01-01", 1, True),
        ("mit weiterem Mitglied", "ehegatte", "1950-01-01", "1975-01-01", 0, False),
        ("genau zwei", "angehoeriger", "1950-01-01", None, 0, True),
        ("genau zwei", "angehoeriger", "1950-01-01", None, 1, False),
    ],
)
def test_the_windows_of_couples_and_sizes_are_conditions(
    musterland: Any, fenster: str, rolle: str, geboren: str, ehe_seit: str | None, kinder: int, gewaehrt: bool | None
) -> None:
    merkmale = f"{{je: haushalt, wenn: [{EHE[fenster]}]}}"
    land = musterland.mit(
        musterland.wert("stufe_eins", "1"), musterland.wert("freibetrag_paar", "4000", merkmale=merkmale)
    )
    paar = [musterland.person(r, geburtsdatum=geboren) for r in ("antragsteller", rolle)]
    ergebnis = musterland.rechne(land, *paar, *["kind"] * kinder, betrag=30000, ehe_seit=ehe_seit)
    assert ergebnis.gesamteinkommen == ("26000.00" if gewaehrt else "30000.00")
    assert (ergebnis.empfehlung == "nachfordern") is (gewaehrt is None)


STUFEN = {
    "freibetrag_eins": ("665", "{gdb_ab: 50, gdb_unter: 80}"),
    "freibetrag_zwei": ("1330", "{pflegegrad: [3], haeuslich: true}"),
    "freibetrag_drei": ("null", "{unbestimmt: Wortlaut nicht gesehen, pflegegrad: [5]}"),
}


@pytest.mark.parametrize(
    ("gdb", "pflegegrad", "einkommen", "empfehlung"),
    [
        (60, 0, "12335.00", "ablehnen"),
        (60, 3, "11670.00", "bewilligen"),
        (0, 5, "13000.00", "vorlegen"),
        (60, 5, "12335.00", "vorlegen"),
        (None, 3, "11670.00", "bewilligen"),
        (None, 0, "13000.00", "nachfordern"),
    ],
)
def test_a_list_of_steps_grants_the_highest_and_knows_what_it_does_not_know(
    musterland: Any, gdb: int | None, pflegegrad: int, einkommen: str, empfehlung: str
) -> None:
    schritte = [
        musterland.wert(
            name, betrag, "null" if betrag == "null" else "A", f"{{je: person, gruppe: pflege, wenn: [{wenn}]}}"
        )
        for name, (betrag, wenn) in STUFEN.items()
    ]
    land = musterland.mit(musterland.wert("stufe_eins", "1"), *schritte)
    gesund = {"grad_der_behinderung": gdb, "pflegegrad": pflegegrad, "haeuslich_pflegebeduerftig": pflegegrad > 0}
    ergebnis = musterland.rechne(land, musterland.person("antragsteller", **gesund), betrag=13000)
    assert (ergebnis.gesamteinkommen, ergebnis.empfehlung) == (einkommen, empfehlung)


def test_rooms_alone_may_be_the_size(musterland: Any) -> None:
    raeume = musterland.wert("raeume", "{'1': 1, '2': 2, weitere: 1}")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), raeume)
    ergebnis = musterland.rechne(land, "antragsteller", "partner", "kind")
    assert (ergebnis.raeume, ergebnis.wohnflaeche_m2) == ("3", None)


@pytest.mark.parametrize("betrag", [12500, 12600])
def test_what_lies_within_discretion_is_left_to_people(musterland: Any, betrag: int) -> None:
    land = musterland.mit(
        musterland.wert("stufe_eins", "1"), musterland.wert("stufe_ausnahme", "1.05", merkmale="{ermessen: true}")
    )
    ergebnis = musterland.rechne(land, "antragsteller", betrag=betrag)
    assert (ergebnis.stufe, ergebnis.stufen[1].ermessen, ergebnis.empfehlung) == (None, True, "vorlegen")
    assert musterland.rechne(land, "antragsteller", betrag=12602).empfehlung == "ablehnen"


@pytest.mark.parametrize("tag", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_days_like_any_other(musterland: Any, tag: str) -> None:
    zeitraum = musterland.wert("einkommenszeitraum", "Text", merkmale="{art: letzte_zwoelf_monate}")
    titel = musterland.wert("aufenthaltstitel_monate", "12")
    land = musterland.mit(musterland.wert("stufe_eins", "1"), zeitraum, titel)
    angaben = {"staatsangehoerigkeit": "tr", "aufenthaltstitel_bis": "9999-12-31"}
    for von, bis in (("0001-01-01", "0001-12-31"), ("9999-01-01", "9999-12-31")):
        ergebnis = am(musterland, land, tag, "antragsteller", einkommenszeitraum={"von": von, "bis": bis}, **angaben)
        assert ergebnis.empfehlung in ("bewilligen", "vorlegen")
