"""Rent arrears: which office, which law, which deadline; the substance is never decided."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fachwerk_mietrueckstaende as plugin
from fachwerk.modell import Antrag, Befund, Dokument, Empfehlung, Schwere, Votum
from fachwerk.regeln import monate_spaeter
from fachwerk_mietrueckstaende import Fall, entscheide, pruefe

HEUTE = date(2026, 11, 21)
FALL: dict[str, Any] = {
    "land": "mv",
    "leistungsbezug": "sgb12",
    "erwerbsfaehig": False,
    "altersrente": True,
    "haushalt": [{"name": "A", "rolle": "antragsteller", "geburtsdatum": "1950-01-01"}],
    "miete": {"gesamt": "600.00", "vermieter": "Wohnungsgesellschaft Musterow"},
    "rueckstand": {"betrag": "1500.00", "monate": 3},
    "gefahr": {
        "kuendigung": "2026-10-01",
        "kuendigung_art": "fristlos",
        "raeumungsklage": True,
        "klage_zugestellt": "2026-11-03",
    },
    "frueher_uebernommen": False,
    "verbleib_gewollt": True,
}


def fall(**angaben: Any) -> dict[str, Any]:
    return {**deepcopy(FALL), **angaben}


def antrag(roh: dict[str, Any] | None, **angaben: Any) -> Antrag:
    kopf = {"leistung": "mietrueckstaende", "land": "mv", "leser": "mrh:130030000000"}
    return Antrag(**{**kopf, "empfangen": datetime(2026, 11, 20, tzinfo=UTC), "fall": roh, **angaben})


def votum(roh: dict[str, Any] | None, *befunde: Befund, **angaben: Any) -> Votum:
    return entscheide(antrag(roh, **angaben), befunde, HEUTE)


def fundstellen(ergebnis: Votum) -> str:
    return " | ".join(z.fundstelle for z in (*ergebnis.begruendung, *ergebnis.offen))


def test_a_complete_case_for_the_sozialamt_is_presented_never_decided() -> None:
    ergebnis = votum(fall())
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    assert ergebnis.ergebnis is not None
    assert (ergebnis.ergebnis["zustaendig"], ergebnis.ergebnis["fehlend"]) == ("sozialamt", [])
    assert "§ 36 Abs. 1 SGB XII" in fundstellen(ergebnis)


def test_with_running_sgb2_benefits_the_sozialamt_passes_the_case_to_the_jobcenter() -> None:
    ergebnis = votum(fall(leistungsbezug="sgb2", altersrente=False, erwerbsfaehig=True))
    assert ergebnis.empfehlung is Empfehlung.WEITERLEITEN
    assert ergebnis.weiterleiten_an == "jobcenter"
    assert "§ 22 Abs. 8 SGB II" in fundstellen(ergebnis)
    assert "§ 16 Abs. 2 SGB I" in fundstellen(ergebnis)


@pytest.mark.parametrize(
    "umstand",
    [
        {"fall_annahmen": ("projektprofil-1",)},
        {"leser": "xyz:130030000000"},
        {"leser": ""},
    ],
)
def test_nothing_is_passed_on_that_is_not_certain(umstand: dict[str, Any]) -> None:
    ergebnis = votum(fall(leistungsbezug="sgb2", altersrente=False), **umstand)
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    assert ergebnis.weiterleiten_an == ""
    assert any("Jobcenter" in punkt.text for punkt in ergebnis.offen)


def test_a_grave_finding_or_a_contradiction_keeps_the_case_here() -> None:
    sgb2 = fall(leistungsbezug="sgb2", altersrente=False)
    befund = Befund(code="x.y", schwere=Schwere.FEHLER, text="Muster")
    assert votum(sgb2, befund).empfehlung is Empfehlung.VORLEGEN
    widerspruch = votum(fall(leistungsbezug="sgb2", altersrente=True))
    assert widerspruch.empfehlung is Empfehlung.VORLEGEN
    assert any("schließen sich aus" in punkt.text for punkt in widerspruch.offen)


@pytest.mark.parametrize(
    ("angaben", "traeger"),
    [
        ({"leistungsbezug": "sgb12"}, "sozialamt"),
        ({"leistungsbezug": "keiner", "altersrente": True}, "sozialamt"),
        ({"leistungsbezug": "keiner", "altersrente": False, "erwerbsfaehig": False}, "sozialamt"),
        ({"leistungsbezug": "keiner", "altersrente": False, "erwerbsfaehig": True}, None),
        ({"leistungsbezug": "keiner", "altersrente": None, "erwerbsfaehig": None}, None),
        ({"leistungsbezug": "asylblg"}, None),
        ({"leistungsbezug": "sgb2", "altersrente": None}, "jobcenter"),
    ],
)
def test_the_office_follows_from_the_running_benefit(angaben: dict[str, Any], traeger: str | None) -> None:
    ergebnis = votum(fall(**angaben))
    assert ergebnis.ergebnis is not None
    assert ergebnis.ergebnis["zustaendig"] == traeger
    assert ergebnis.empfehlung in (Empfehlung.VORLEGEN, Empfehlung.WEITERLEITEN)


def test_without_benefits_the_question_is_need_and_both_offices_are_named() -> None:
    ergebnis = votum(fall(leistungsbezug="keiner", altersrente=False, erwerbsfaehig=True))
    frage = next(punkt for punkt in ergebnis.offen if punkt.code == "mietrueckstaende.zustaendigkeit")
    assert "§ 9 SGB II" in frage.text
    assert "§ 21 Satz 2, § 36 SGB XII" in frage.text


@pytest.mark.parametrize(
    ("zugestellt", "ende"),
    [
        ("2026-11-03", "2027-01-03"),
        ("2025-12-31", "2026-02-28"),
        ("2023-12-31", "2024-02-29"),
        ("2026-01-31", "2026-03-31"),
    ],
)
def test_the_landlord_must_be_paid_within_two_months_of_pendency(zugestellt: str, ende: str) -> None:
    roh = fall()
    roh["gefahr"]["klage_zugestellt"] = zugestellt
    ergebnis = votum(roh)
    assert ergebnis.ergebnis is not None
    assert ergebnis.ergebnis["schonfrist_ende"] == ende
    assert "§ 569 Abs. 3 Nr. 2 BGB" in fundstellen(ergebnis)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 24))
def test_months_later_keep_the_day_or_end_with_the_month(tag: date, monate: int) -> None:
    ende = monate_spaeter(tag, monate)
    assert (ende.year * 12 + ende.month) - (tag.year * 12 + tag.month) == monate
    assert ende.day == tag.day or (ende.day < tag.day and monate_spaeter(ende, 0).month != (ende.month % 12) + 1)


@pytest.mark.parametrize(
    ("betrag", "a", "b"), [("600.00", "nein", "nein"), ("600.01", "ja", "nein"), ("1200.00", "ja", "ja")]
)
def test_the_threshold_of_a_termination_is_shown_to_the_cent(betrag: str, a: str, b: str) -> None:
    roh = fall(rueckstand={"betrag": betrag, "monate": 2})
    werte = {z.name: z.wert for z in votum(roh).begruendung}
    assert werte["Rückstand übersteigt eine Monatsmiete"] == a
    assert werte["Rückstand erreicht zwei Monatsmieten"] == b


def test_a_rent_of_zero_is_no_rent_to_divide_by() -> None:
    assert votum(fall(miete={"gesamt": "0", "vermieter": "V"})).empfehlung is Empfehlung.VORLEGEN


@pytest.mark.parametrize(
    ("gefahr", "dringlichkeit"),
    [
        ({}, "normal"),
        ({"kuendigung": "2026-10-01"}, "hoch"),
        ({"raeumungsklage": True, "klage_zugestellt": "2026-11-03"}, "hoch"),
        ({"raeumungsklage": True, "klage_zugestellt": "2026-09-30"}, "sofort"),
        ({"termin": "2026-12-05"}, "sofort"),
        ({"raeumungstermin": "2027-02-01"}, "sofort"),
    ],
)
def test_urgency_follows_the_nearest_danger(gefahr: dict[str, Any], dringlichkeit: str) -> None:
    assert pruefe(Fall.model_validate(fall(gefahr=gefahr)), HEUTE).dringlichkeit == dringlichkeit


@pytest.mark.parametrize(
    ("weg", "text"),
    [
        ("leistungsbezug", "laufende Leistungen"),
        ("haushalt", "Personen im Haushalt"),
        ("miete", "monatliche Miete"),
        ("rueckstand", "Höhe des Mietrückstands"),
        ("gefahr", "Mahnung oder Kündigung"),
        ("verbleib_gewollt", "behalten werden"),
    ],
)
def test_what_the_office_needs_is_asked_for(weg: str, text: str) -> None:
    roh = fall()
    del roh[weg]
    ergebnis = votum(roh)
    assert ergebnis.empfehlung is Empfehlung.NACHFORDERN
    assert any(text in punkt.text for punkt in ergebnis.offen)


def test_proofs_follow_the_situation_and_leave_out_what_is_enclosed() -> None:
    roh = fall(rueckstand={"betrag": "900", "monate": 2, "energie": "250"})
    alle = votum(roh).nachweise
    assert any("Räumungsklage" in n for n in alle)
    assert any("Energieschulden" in n for n in alle)
    mit = votum(roh, dokumente=(Dokument(id="1", name="Mietvertrag.pdf"),)).nachweise
    assert set(alle) - set(mit) == {"Mietvertrag oder Mietbescheinigung"}


@pytest.mark.parametrize(
    ("angaben", "text"),
    [
        ({"frueher_uebernommen": True}, "schon einmal übernommen"),
        ({"verbleib_gewollt": False}, "nicht behalten"),
        ({"rueckstand": {"betrag": "1", "monate": 1, "energie": "9"}}, "Energieschulden"),
        ({"gefahr": {**FALL["gefahr"], "kuendigung_art": "ordentlich"}}, "ordentlich gekündigt"),
        ({"gefahr": {**FALL["gefahr"], "klage_zugestellt": "2026-11-02"}}, "Wochenende"),
    ],
)
def test_circumstances_the_office_must_weigh_are_pointed_out(angaben: dict[str, Any], text: str) -> None:
    assert any(text in zeile.wert for zeile in votum(fall(**angaben)).begruendung)


def test_without_readable_facts_the_documents_and_the_deadline_are_pointed_to() -> None:
    ohne = votum(None)
    assert ohne.empfehlung is Empfehlung.VORLEGEN
    assert "Fristen" in ohne.offen[0].text
    unlesbar = votum(fall(miete={"gesamt": "sechshundert"}))
    assert unlesbar.empfehlung is Empfehlung.VORLEGEN
    assert "miete.gesamt" in unlesbar.offen[0].text
    assert "sechshundert" not in unlesbar.offen[0].text


@given(st.fixed_dictionaries({}, optional={k: st.just(v) for k, v in FALL.items()}))
def test_no_combination_of_facts_is_ever_granted_or_refused(roh: dict[str, Any]) -> None:
    assert votum(roh).empfehlung not in (Empfehlung.BEWILLIGEN, Empfehlung.ABLEHNEN)


def test_the_plugin_covers_every_land_and_answers_the_hook() -> None:
    angaben = plugin.manifest()
    assert (angaben.name, angaben.leistungen, angaben.laender) == (
        "mietrueckstaende",
        {"mietrueckstaende"},
        frozenset(),
    )
    assert plugin.decide(antrag(fall()), (), HEUTE) == votum(fall())


def test_the_published_schema_is_the_model() -> None:
    datei = resources.files("fachwerk_mietrueckstaende") / "daten" / "fall.schema.json"
    gelesen = json.loads(datei.read_text(encoding="utf-8"))
    modell = Fall.model_json_schema()
    assert {k: gelesen[k] for k in ("$defs", "properties")} == {k: modell[k] for k in ("$defs", "properties")}
