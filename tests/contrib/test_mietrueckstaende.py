"""Takeover of rent arrears: the right office, nothing decided that a person must decide, and nothing held."""

from __future__ import annotations

import json
from importlib import resources
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fachwerk_mietrueckstaende as plugin
from fachwerk.modell import Befund, Dokument, Dringlichkeit, Empfehlung, Person, Schwere
from fachwerk.unterlagen import passt, worte_von
from fachwerk_mietrueckstaende.fall import Fall, lies_fall
from fachwerk_mietrueckstaende.nachweise import lage, liste

EMPFEHLBAR = (Empfehlung.VORLEGEN, Empfehlung.NACHFORDERN)


def sgb2(mrs: ModuleType, **angaben: Any) -> dict[str, Any]:
    """A case for the Jobcenter."""
    return dict(mrs.fall(leistungsbezug="sgb2", altersrente=False, erwerbsfaehig=True, **angaben))


# -- office and law ---------------------------------------------------------------------------------------------------


def test_a_complete_case_for_the_sozialamt_is_presented_never_decided(mrs: ModuleType) -> None:
    ergebnis = mrs.votum(mrs.fall())
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    assert (ergebnis.ergebnis["zustaendig"], ergebnis.ergebnis["fehlend"]) == ("sozialamt", [])
    assert "§ 36 Abs. 1 SGB XII" in mrs.fundstellen(ergebnis)
    assert mrs.codes(ergebnis) == ["schonfrist", "ergaenzend"]


def test_a_case_of_the_jobcenter_is_presented_at_once_with_the_duty_to_forward_as_first_point(mrs: ModuleType) -> None:
    ergebnis = mrs.votum(sgb2(mrs))
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    assert ergebnis.weiterleiten_an == ""
    erster = ergebnis.offen[0]
    assert erster.code == "mietrueckstaende.abgabe"
    assert "Jobcenter" in erster.text
    assert "hier eingegangen" in erster.text
    assert "§ 22 Abs. 8 SGB II" in erster.fundstelle
    assert "§ 16 Abs. 2 SGB I" in erster.fundstelle


def test_what_another_office_lacks_is_not_asked_for_here(mrs: ModuleType) -> None:
    unvollstaendig = sgb2(mrs, rueckstand={})
    ergebnis = mrs.votum(unvollstaendig)
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    assert "angabe_offen" in mrs.codes(ergebnis)


@pytest.mark.parametrize("leser", ["xyz:130030000000", ""])
def test_where_nobody_knows_who_was_written_to_the_office_is_named_all_the_same(mrs: ModuleType, leser: str) -> None:
    ergebnis = mrs.votum(sgb2(mrs), leser=leser)
    assert mrs.codes(ergebnis)[0] == "zustaendigkeit"
    assert "Jobcenter" in ergebnis.offen[0].text


def test_on_an_unconfirmed_mapping_the_forwarding_waits_for_a_look(mrs: ModuleType) -> None:
    ergebnis = mrs.votum(sgb2(mrs), fall_annahmen=("projektprofil-1",))
    assert "prüfen und dann unverzüglich" in ergebnis.offen[0].text
    assert "annahme_unbestaetigt" in mrs.codes(ergebnis)


@pytest.mark.parametrize(
    ("angaben", "traeger"),
    [
        ({"leistungsbezug": "sgb12"}, "sozialamt"),
        ({"leistungsbezug": "sgb12", "altersrente": False, "erwerbsfaehig": True}, None),
        ({"leistungsbezug": "keiner", "altersrente": True}, "sozialamt"),
        ({"leistungsbezug": "keiner", "altersrente": False, "erwerbsfaehig": False}, "sozialamt"),
        ({"leistungsbezug": "keiner", "altersrente": False, "erwerbsfaehig": True}, None),
        ({"leistungsbezug": "keiner", "altersrente": None, "erwerbsfaehig": None}, None),
        ({"leistungsbezug": "asylblg"}, None),
        ({"leistungsbezug": "sgb2", "altersrente": None}, "jobcenter"),
        ({"leistungsbezug": "sgb2", "altersrente": None, "leistung_unterkunft": True}, "jobcenter"),
        ({"leistungsbezug": "sgb2", "altersrente": None, "leistung_unterkunft": False}, None),
        ({"leistungsbezug": "sgb2", "altersrente": True}, None),
        ({"leistungsbezug": None}, None),
    ],
)
def test_the_office_follows_from_the_running_benefit(
    mrs: ModuleType, angaben: dict[str, Any], traeger: str | None
) -> None:
    ergebnis = mrs.votum(mrs.fall(**angaben))
    assert ergebnis.ergebnis["zustaendig"] == traeger
    assert ergebnis.empfehlung in EMPFEHLBAR
    if traeger is None and angaben["leistungsbezug"] is not None:
        assert mrs.codes(ergebnis)[0] == "zustaendigkeit"
        assert "?" in ergebnis.offen[0].text


def test_without_benefits_the_question_is_need_and_both_offices_are_named(mrs: ModuleType) -> None:
    ergebnis = mrs.votum(mrs.fall(leistungsbezug="keiner", altersrente=False, erwerbsfaehig=True))
    assert "§ 9 SGB II" in ergebnis.offen[0].text
    assert "§ 21 Satz 2, § 36 SGB XII" in ergebnis.offen[0].text


# -- what is missing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weg", "text"),
    [
        ("leistungsbezug", "laufende Leistungen"),
        ("haushalt", "Personen im Haushalt"),
        ("miete", "monatliche Miete"),
        ("rueckstand", "Höhe des Mietrückstands"),
        ("gefahr", "Mahnung oder Kündigung"),
        ("frueher_uebernommen", "schon früher Mietschulden"),
        ("verbleib_gewollt", "behalten werden"),
    ],
)
def test_what_the_office_needs_is_asked_for(mrs: ModuleType, weg: str, text: str) -> None:
    roh = mrs.fall()
    del roh[weg]
    ergebnis = mrs.votum(roh)
    assert ergebnis.empfehlung is Empfehlung.NACHFORDERN
    assert any(text in punkt.text for punkt in ergebnis.offen)


def test_what_is_only_useful_is_named_in_one_point_and_asks_nobody(mrs: ModuleType) -> None:
    ergebnis = mrs.votum(mrs.fall())
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    (punkt,) = (p for p in ergebnis.offen if p.code == "mietrueckstaende.ergaenzend")
    assert "Bankverbindung des Vermieters" in punkt.text
    alles = mrs.fall(
        haushalt=[{"name": "A", "einkommen_monat": "900"}],
        miete={**mrs.FALL["miete"], "vermieter_iban": "DE02 1203 0000 0000 2020 51", "wohnflaeche_m2": "48"},
        selbsthilfe={"ursache": "Krankheit", "raten_angefragt": True, "vermoegen": "0"},
        aussicht={"vermieter_setzt_fort": True, "direktzahlung": True, "andere_wohnung": False},
    )
    assert "ergaenzend" not in mrs.codes(mrs.votum(alles))


def test_a_grave_finding_or_an_unconfirmed_mapping_is_looked_at_before_anything_is_asked(mrs: ModuleType) -> None:
    befund = Befund(code="x.y", schwere=Schwere.FEHLER, text="Muster")
    unvollstaendig = mrs.fall(rueckstand={})
    assert mrs.votum(unvollstaendig).empfehlung is Empfehlung.NACHFORDERN
    assert mrs.votum(unvollstaendig, befund).empfehlung is Empfehlung.VORLEGEN
    assert mrs.votum(unvollstaendig, fall_annahmen=("p",)).empfehlung is Empfehlung.VORLEGEN


def test_proofs_follow_the_situation_and_leave_out_what_is_enclosed(mrs: ModuleType) -> None:
    roh = mrs.fall(rueckstand={"betrag": "900", "monate": 2, "energie": "250"})
    alle = mrs.votum(roh).nachweise
    assert {"Kündigungsschreiben", "Räumungsklage mit Zustellungsdatum", "Bankverbindung des Vermieters"} <= set(alle)
    assert any("Energieschulden" in n for n in alle)
    assert not {"Mahnung", "Räumungsurteil", "Räumungsmitteilung"} & set(alle)
    mit = mrs.votum(roh, dokumente=(Dokument(id="1", name="Mietvertrag_2019.pdf"),)).nachweise
    assert set(alle) - set(mit) == {"Mietvertrag oder Mietbescheinigung"}


def test_a_residence_title_is_asked_for_only_where_the_citizenship_is_known_and_not_german(mrs: ModuleType) -> None:
    for staaten, verlangt in ((("000",), False), ((), False), (("163",), True), (("163", "000"), False)):
        person = Person(id="1", antragsteller=True, staatsangehoerigkeit=staaten)
        nachweise = mrs.votum(mrs.fall(), personen=(person,)).nachweise
        assert any("Aufenthaltstitel" in n for n in nachweise) is verlangt, staaten


@pytest.mark.parametrize(
    ("name", "titel"),
    [
        ("Kuendigung.pdf", "Kündigungsschreiben"),
        ("Wohnungskündigung Okt.pdf", "Kündigungsschreiben"),
        ("ScanKontoauszugMai.pdf", "Kontoauszüge der letzten drei Monate"),
        ("Miet-Vertrag.PDF", "Mietvertrag oder Mietbescheinigung"),
        ("mietkontoauszug.pdf", "aktuelle Forderungsaufstellung oder Mietkontoauszug des Vermieters"),
        ("Pass.jpg", "Personalausweis oder Reisepass"),
    ],
)
def test_a_document_is_recognised_by_the_words_of_its_name(mrs: ModuleType, name: str, titel: str) -> None:
    ohne, mit = mrs.votum(mrs.fall()), mrs.votum(mrs.fall(), dokumente=(Dokument(id="1", name=name),))
    assert titel in ohne.nachweise
    assert titel not in mit.nachweise


@pytest.mark.parametrize(
    ("name", "titel"),
    [
        ("mietkontoauszug.pdf", "Kontoauszüge der letzten drei Monate"),
        ("Passt so.pdf", "Personalausweis oder Reisepass"),
        ("Schwerbehindertenausweis.pdf", "Personalausweis oder Reisepass"),
        ("Schweigepflichtentbindung.pdf", "Kündigungsschreiben"),
    ],
)
def test_a_word_inside_another_word_proves_nothing(mrs: ModuleType, name: str, titel: str) -> None:
    assert titel in mrs.votum(mrs.fall(), dokumente=(Dokument(id="1", name=name),)).nachweise


def test_every_situation_of_the_list_of_proofs_is_known_and_every_pattern_can_match() -> None:
    assert {regel["wenn"] for regel in liste() if "wenn" in regel} == {*lage(Fall()), "nicht_deutsch"}
    for regel in liste():
        for muster in regel["muster"]:
            name = f"{muster.lstrip('=*')}.pdf"
            assert passt([muster], worte_von(name)), f"{muster}: no word of a name looks like this"


def test_the_result_says_which_document_may_be_a_proof_and_what_to_ask_whom(mrs: ModuleType) -> None:
    roh = mrs.fall(rueckstand={})
    ergebnis = mrs.votum(roh, dokumente=(Dokument(id="1", name="Mietvertrag.pdf"),)).ergebnis
    vermutlich = {beleg["titel"]: beleg["vermutlich"] for beleg in ergebnis["nachweise"]}
    assert vermutlich["Mietvertrag oder Mietbescheinigung"] == ["Mietvertrag.pdf"]
    assert vermutlich["Kündigungsschreiben"] == []
    assert [(f["person"], *f["angaben"]) for f in ergebnis["nachfragen"]] == [
        ("A", "Höhe des Mietrückstands"),
        ("A", "Monate, aus denen der Rückstand stammt"),
    ]
    assert mrs.votum(sgb2(mrs, rueckstand={})).ergebnis["nachfragen"] == []
    assert mrs.votum(mrs.fall(verbleib_gewollt=False)).ergebnis["hinweise"][-1]["text"].startswith("Die Wohnung soll")


# -- promises ---------------------------------------------------------------------------------------------------------


@given(st.data())
def test_no_combination_of_facts_is_ever_granted_refused_or_held(mrs: ModuleType, data: st.DataObject) -> None:
    roh = data.draw(st.fixed_dictionaries({}, optional={k: st.just(v) for k, v in mrs.FALL.items()}))
    roh["leistungsbezug"] = data.draw(st.sampled_from([None, "sgb2", "sgb12", "keiner", "asylblg"]))
    ergebnis = mrs.votum(roh)
    assert ergebnis.empfehlung in EMPFEHLBAR
    assert ergebnis.offen


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda innen: st.lists(innen, max_size=3) | st.dictionaries(st.text(max_size=5), innen, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_whatever_cannot_be_read_the_rest_is_checked_and_nothing_breaks(mrs: ModuleType, data: st.DataObject) -> None:
    roh = mrs.fall()
    for _ in range(data.draw(st.integers(1, 4))):
        bereich = data.draw(st.sampled_from([*roh, "unbekannt"]))
        if isinstance(roh.get(bereich), dict) and data.draw(st.booleans()):
            roh[bereich][data.draw(st.sampled_from(["betrag", "gesamt", *roh[bereich]]))] = data.draw(JSON)
        else:
            roh[bereich] = data.draw(JSON)
    assert mrs.votum(roh).empfehlung in EMPFEHLBAR


def test_an_unreadable_rent_hides_no_deadline(mrs: ModuleType) -> None:
    roh = mrs.mit("miete", gesamt="sechshundert")
    roh["gefahr"]["raeumungstermin"] = "2026-12-01"
    roh["haushalt"] = [{"name": "A", "geburtsdatum": "früher"}, "B"]
    ergebnis = mrs.votum(roh)
    assert (ergebnis.empfehlung, ergebnis.dringlichkeit) == (Empfehlung.VORLEGEN, Dringlichkeit.SOFORT)
    (punkt,) = (p for p in ergebnis.offen if p.code == "mietrueckstaende.fall_unlesbar")
    assert all(ort in punkt.text for ort in ("miete.gesamt", "haushalt.0.geburtsdatum", "haushalt.1"))
    assert "sechshundert" not in punkt.text
    assert lies_fall(roh)[0].haushalt[0].name == "A"


def test_without_any_readable_facts_the_case_is_urgent_and_the_documents_are_pointed_to(mrs: ModuleType) -> None:
    ohne = mrs.votum(None)
    assert (ohne.empfehlung, ohne.dringlichkeit) == (Empfehlung.VORLEGEN, Dringlichkeit.HOCH)
    assert "Fristen" in ohne.offen[0].text


def test_the_plugin_covers_every_land_and_answers_the_hook(mrs: ModuleType) -> None:
    angaben = plugin.manifest()
    assert (angaben.name, angaben.leistungen, angaben.laender) == (
        "mietrueckstaende",
        {"mietrueckstaende"},
        frozenset(),
    )
    assert plugin.decide(mrs.antrag(mrs.fall()), (), mrs.HEUTE) == mrs.votum(mrs.fall())


def test_the_published_schema_is_the_model() -> None:
    datei = resources.files("fachwerk_mietrueckstaende") / "daten" / "fall.schema.json"
    gelesen = json.loads(datei.read_text(encoding="utf-8"))
    kopf = {name: gelesen.pop(name) for name in ("$schema", "$id", "title")}
    modell = Fall.model_json_schema()
    modell.pop("title")
    assert gelesen == modell
    assert kopf["$id"] == "urn:fachwerk:mietrueckstaende:fall:1"
