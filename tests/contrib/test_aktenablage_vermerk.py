"""The Prüfvermerk people work with: one page for a usual case, what is open first, nothing lost, the same as data."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.ergaenzung import ergaenze
from fachwerk.modell import (
    Anschrift,
    Antrag,
    Dokument,
    Empfehlung,
    Entscheidung,
    Ergaenzung,
    Name,
    OffenerPunkt,
    Person,
    Rechenschritt,
    Votum,
    Ziel,
)
from fachwerk.pipeline import merge
from fachwerk_aktenablage.entwurfsbild import entwurfsbild
from fachwerk_aktenablage.mapping import bezeichnung, sendung
from fachwerk_aktenablage.pdf import als_pdf
from fachwerk_aktenablage.vermerkbild import vermerkbild
from fachwerk_aktenablage.vermerkdaten import vermerkdaten
from fachwerk_wbs import entscheide, finde_land
from fachwerk_wbs.land import laender

HEUTE = date(2026, 11, 22)
ZEIT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
ANNA = Person(
    id="1",
    name=Name(vorname="Anna", familienname="Beispiel"),
    geburtsdatum=date(1988, 5, 1),
    antragsteller=True,
    staatsangehoerigkeit=("000",),
    anschriften=(Anschrift(strasse="Am Markt", hausnummer="12 a", postleitzahl="00000", wohnort="Musterow"),),
)


def verdient(name: str, rolle: str, geboren: str, betrag: str) -> dict[str, Any]:
    return {
        "name": name,
        "rolle": rolle,
        "geburtsdatum": geboren,
        "einkuenfte": [{"art": "nichtselbstaendig", "betrag": betrag}],
        "zahlt": {"einkommensteuer": True, "kranken_pflegeversicherung": True, "rentenversicherung": True},
        "grad_der_behinderung": 0,
        "pflegegrad": 0,
    }


def kind(name: str, geboren: str) -> dict[str, Any]:
    ohne = {"grad_der_behinderung": 0, "pflegegrad": 0}
    return {"name": name, "rolle": "kind", "geburtsdatum": geboren, "kindergeld": True, **ohne}


EINZEL = {
    "unterhalt": [],
    "vermoegen": "0.00",
    "haushalt": [verdient("Anna Beispiel", "antragsteller", "1988-05-01", "21000.00")],
}
FAMILIE = {
    "unterhalt": [],
    "vermoegen": "0.00",
    "ehe_seit": "2015-06-01",
    "haushalt": [
        verdient("Anna Beispiel", "antragsteller", "1988-05-01", "21000.00"),
        verdient("Bernd Beispiel", "ehegatte", "1986-02-01", "9000.00"),
        kind("Cleo Beispiel", "2018-02-01"),
        kind("Dora Beispiel", "2021-02-01"),
    ],
}


def antrag(fall: dict[str, Any], land: str = "nw", **angaben: Any) -> Antrag:
    kopf = {"leistung": "wbs", "land": land, "empfangen": ZEIT, "zugestellt": ZEIT, "antragsdatum": ZEIT.date()}
    uuid = "3f0c8a52-77aa-4d11-9d0b-0a1b2c3d4e5f"
    return Antrag(**{**kopf, "nachrichten_uuid": uuid, "personen": (ANNA,), "fall": fall, **angaben})


def entscheidung(eingang: Antrag) -> Entscheidung:
    return merge([entscheide(eingang, (), HEUTE, finde_land(eingang.land))], (), HEUTE)


def seiten(eingang: Antrag, fertig: Entscheidung | None = None) -> list[str]:
    bild = vermerkbild(eingang, fertig or entscheidung(eingang), "Hansestadt Musterow, Wohnungsamt", "wbs_1")
    return [seite.extract_text() for seite in pypdf.PdfReader(io.BytesIO(als_pdf(bild, ZEIT))).pages]


def fliesstext(eingang: Antrag, fertig: Entscheidung | None = None) -> str:
    return " ".join(" ".join(seiten(eingang, fertig)).split())


@pytest.mark.parametrize("land", laender())
@pytest.mark.parametrize("fall", [EINZEL, FAMILIE], ids=["single", "couple with two children"])
def test_a_usual_case_that_is_decided_fits_on_one_page_in_every_land(land: str, fall: dict[str, Any]) -> None:
    eingang = antrag(fall, land)
    fertig = entscheidung(eingang)
    anzahl = len(seiten(eingang, fertig))
    assert anzahl == 1 if fertig.empfehlung is Empfehlung.BEWILLIGEN else anzahl <= 2
    if (entwurf := entwurfsbild(eingang, fertig, "Musterow", "wbs_1")) is not None:
        assert len(pypdf.PdfReader(io.BytesIO(als_pdf(entwurf, ZEIT))).pages) == 1


def test_the_page_shows_per_person_then_household_limit_and_result_with_citations() -> None:
    text = fliesstext(antrag(FAMILIE))
    stellen = [
        "Empfehlung Bewilligen",
        "Offene Punkte",
        "Nachweise",
        "Anna Beispiel",
        "Jahreseinkommen 12.652,80 §§ 14, 15 WFNG NRW A",
        "Bernd Beispiel",
        "Gesamteinkommen des Haushalts",
        "Einkommensgrenze des Haushalts 41.410,00 § 13 Abs. 1 WFNG NRW A",
        "Gruppe A (Wohnberechtigungsschein): eingehalten 43.130,00",
        "angemessen: 95 m² oder 4 Räume; gültig: 12 Monate; Gebühr: 20,00 EUR",
        "pruefvermerk.json",
    ]
    reihe = [text.index(stelle) for stelle in stellen]
    assert reihe == sorted(reihe)


def test_the_data_beside_it_hold_every_step_and_parameter() -> None:
    eingang = antrag(FAMILIE)
    fertig = entscheidung(eingang)
    daten = json.loads(json.dumps(vermerkdaten(eingang, fertig)))
    (votum,) = daten["voten"]
    assert [schritt["name"] for schritt in votum["begruendung"]] == [s.name for s in fertig.voten[0].begruendung]
    assert any(schritt["name"].startswith("Anna Beispiel: Pauschaler Abzug") for schritt in votum["begruendung"])
    assert all(schritt["beleg"] for schritt in votum["begruendung"] if schritt["fundstelle"])
    assert daten["art"] == "Empfehlung einer Maschine, kein Verwaltungsakt"


def test_the_draft_is_data_too_and_says_land_groups_limit_and_persons() -> None:
    eingang = antrag(FAMILIE)
    fertig = entscheidung(eingang)
    entwurf = vermerkdaten(eingang, fertig)["entwurf"]
    assert [wer["name"] for wer in entwurf["personen"]] == [wer["name"] for wer in FAMILIE["haushalt"]]  # type: ignore[index]
    assert (entwurf["stufe"], entwurf["grenze"], entwurf["raeume"]) == ("gruppe_A", "43130.00", "4")
    assert (entwurf["gilt_in"], entwurf["gebuehr"], entwurf["gueltig_monate"]) == ("Nordrhein-Westfalen", "20.00", 12)
    bild = entwurfsbild(eingang, fertig, "Musterow", "wbs_1")
    assert bild is not None
    text = " ".join(bild.texte())
    for stelle in (
        "Gilt nur in",
        "Nordrhein-Westfalen",
        "43.130,00 EUR",
        "Personengruppen",
        *entwurf["personengruppen"],
    ):
        assert stelle in text
    assert vermerkdaten(antrag({"haushalt": []}), entscheidung(antrag({"haushalt": []})))["entwurf"] is None


def test_missing_facts_stand_once_by_person_in_words_to_send_on() -> None:
    ohne = antrag({"haushalt": [{"name": "Anna Beispiel"}, {"name": "Bernd Beispiel"}]})
    text = fliesstext(ohne)
    assert "Von der antragstellenden Person zu erfragen" in text
    assert "Bernd Beispiel in welchem Verhältnis die Person zur antragstellenden Person steht" in text
    assert text.count("in welchem Verhältnis") == 1
    assert "Angaben oder Nachweise nachfordern" in text


def test_documents_that_may_be_a_proof_are_named_and_hostile_names_are_tamed() -> None:
    namen = ("Reisepass \u202egpj.exe", "Lohnabrechnung " + "x" * 500, "Lohn 2", "Lohn 3", "Lohn 4")
    mit = antrag(EINZEL, dokumente=tuple(Dokument(id=str(nr), name=name) for nr, name in enumerate(namen)))
    text = fliesstext(mit)
    assert "vermutlich beigefügt: Reisepass gpj.exe" in text
    assert "\u202e" not in text
    assert "x" * 100 not in text.replace(" ", "")
    assert "und 1 weitere" in text


def test_what_a_person_added_stands_there_with_who_when_from_where_and_what_it_replaced() -> None:
    gelesen = antrag({**EINZEL, "ehe_seit": "2010-01-01"})
    von = Ergaenzung(
        wer="m.muster",
        zeit=ZEIT,
        woher="Lohnabrechnungen vom 20.11.",
        angaben={
            "ehe_seit": None,
            "vermoegen": "0.00",
            "haushalt": [
                {"name": "Anna Beispiel", "einkuenfte": [{"art": "rente", "betrag": "9000.00"}]},
                {"name": "Bernd Beispiel", "rolle": "kind"},
            ],
        },
    )
    ergaenzt = ergaenze(gelesen, [von])
    text = fliesstext(ergaenzt)
    for stelle in (
        "Ergänzte Angaben",
        "m.muster, 20.11.2026, 09:30:00 Uhr (MEZ) nach: Lohnabrechnungen vom 20.11. Angabe",
        "Ehe oder Lebenspartnerschaft seit nicht angegeben 01.01.2010",
        "Art: Rente, Betrag im Jahr: 9.000,00 EUR",
        "Betrag im Jahr: 21.000,00 EUR",
        "dasselbe",
        "Bernd Beispiel Name: Bernd Beispiel; Rolle: Kind nicht angegeben",
    ):
        assert stelle in text, stelle
    daten = vermerkdaten(ergaenzt, entscheidung(ergaenzt))["ergaenzungen"]
    assert daten[0]["woher"] == "Lohnabrechnungen vom 20.11."
    assert {"pfad": "ehe_seit", "person": "", "vorher": "2010-01-01", "nachher": None} in daten[0]["aenderungen"]
    assert bezeichnung(ergaenzt) == f"{bezeichnung(gelesen)}_ergaenzt-1"


def test_whoever_was_taken_out_or_compared_everything_is_said_so() -> None:
    weg = Ergaenzung(wer="m", zeit=ZEIT, angaben={"haushalt": [{"name": "Dora Beispiel", "entfernen": True}]})
    text = fliesstext(ergaenze(antrag(FAMILIE), [weg, Ergaenzung(wer="m", zeit=ZEIT, bestaetigt="x")]))
    assert "Dora Beispiel: gehört zum Haushalt nein ja" in text
    assert "Alle gelesenen Angaben sind mit dem Original verglichen." in text


def test_long_hints_are_cut_at_a_sentence_and_their_number_is_said() -> None:
    viele = [{"name": "Hinweis", "text": f"Satz {n} " + "lang " * 40, "fundstelle": "§ 1"} for n in range(20)]
    votum = Votum(empfehlung=Empfehlung.VORLEGEN, ergebnis={"hinweise": viele, "rechenweg": []}, quelle="x")
    text = fliesstext(antrag(EINZEL), merge([votum], (), HEUTE))
    assert "Satz 0 lang" in text
    assert "Satz 19" not in text
    assert "Weitere Hinweise (15) stehen in pruefvermerk.json." in text


def test_rules_that_offer_no_short_calculation_are_shown_in_full() -> None:
    votum = Votum(
        empfehlung=Empfehlung.VORLEGEN,
        begruendung=(Rechenschritt(name="Schonfrist", wert="15.01.2027", fundstelle="§ 569 BGB", beleg="A"),),
        ergebnis={"norm": "§ 36 SGB XII", "empfehlung": "vorlegen"},
    )
    text = fliesstext(antrag({}, leistung="mietrueckstaende"), merge([votum], (), HEUTE))
    assert "1 Schonfrist 15.01.2027 § 569 BGB amtlich" in text
    assert "Norm § 36 SGB XII" in text


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda unten: st.lists(unten, max_size=3) | st.dictionaries(st.sampled_from(["name", "gruppe", "zeilen", "angaben",
        "vermutlich", "titel", "text", "wert", "person"]), unten, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize(
    "ergebnis",
    [
        {"stufe": "a", "stufen": 7, "rechenweg": [{"gruppe": "Grenze", "zeilen": ["x", None, {"name": None}]}]},
        {"stufe": ["a"], "stufen": ["x"], "personengruppen": {"a": 1}, "gebuehr": {}, "raeume": []},
    ],
)
def test_a_draft_is_made_of_any_result_that_names_a_tier(ergebnis: dict[str, Any]) -> None:
    fertig = merge([Votum(empfehlung=Empfehlung.BEWILLIGEN, ergebnis=ergebnis)], (), HEUTE)
    assert entwurfsbild(antrag(EINZEL), fertig, "", "") is not None
    assert vermerkdaten(antrag(EINZEL), fertig)["entwurf"]["art"].endswith("keine Bescheinigung")


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("rechenweg", "hinweise", "nachfragen", "nachweise",
    "personengruppen", "stufen", "stufe", "raeume", "gebuehr"), WILD)), st.text(max_size=20))  # fmt: skip
def test_no_result_of_foreign_rules_breaks_the_folder(ergebnis: dict[str, Any], text: str) -> None:
    punkt = OffenerPunkt(code="x.y", text=text, person=text[:5])
    votum = Votum(empfehlung=Empfehlung.BEWILLIGEN, ergebnis=ergebnis, offen=(punkt,), nachweise=(text,))
    ziel = Ziel(name="akte", plugin="aktenablage", einstellungen={"verzeichnis": "x"})
    for anlage in sendung(antrag(EINZEL), merge([votum], (), HEUTE), ziel).anlagen:
        assert b"".join(anlage.teil.bytes_strom())
