"""Proofs: which ones a situation asks for, and how a document is recognised by its name without false alarms."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.modell import Antrag, Dokument, Teil
from fachwerk.regeln import lies_yaml
from fachwerk_wbs import finde_land, lies_fall
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.land import Nachweisregel, laender
from fachwerk_wbs.nachweise import (
    HOECHSTENS_ZEICHEN,
    Unterlage,
    belege,
    fehlende,
    passt,
    unterlagen_von,
    worte_von,
)

NW = finde_land("nw")
REGELN = NW.nachweise
GEMEINSAM = {
    schluessel: Nachweisregel.model_validate(regel)
    for schluessel, regel in lies_yaml(
        (resources.files("fachwerk_wbs") / "daten" / "nachweise.yaml").read_text(encoding="utf-8")
    ).items()
}


def erkannt(name: str) -> set[str]:
    """The keys of the shared list for which a document called ``name`` gives a sign."""
    return {schluessel for schluessel, regel in GEMEINSAM.items() if passt(regel.muster, worte_von(name))}


@pytest.mark.parametrize(
    ("name", "nachweis"),
    [
        ("Personalausweis.pdf", "ausweis"),
        ("Reisepass_Anna.PDF", "ausweis"),
        ("scan-0042-pass.jpg", "ausweis"),
        ("ID-Card.png", "ausweis"),
        ("MeinAusweis.pdf", "ausweis"),
        ("Aufenthaltserlaubnis.pdf", "aufenthaltstitel"),
        ("Lohnabrechnungen 2026-01 bis 2026-10.pdf", "arbeit"),
        ("Gehaltsabrechnung_März.pdf", "arbeit"),
        ("Bezügemitteilung.pdf", "arbeit"),
        ("Bezu\u0308gemitteilung.pdf", "arbeit"),
        ("EINKOMMENSTEUERBESCHEID2025.PDF", "arbeit"),
        ("BWA_3_Quartal.pdf", "gewinn"),
        ("Rentenbescheid.pdf", "rente"),
        ("Bürgergeldbescheid.pdf", "leistung"),
        ("BAföG-Bescheid.pdf", "leistung"),
        ("Schwerbehindertenausweis.pdf", "behinderung"),
        ("Bescheid GdB 60.pdf", "behinderung"),
        ("PflegegradBescheid.pdf", "pflege"),
        ("Immatrikulationsbescheinigung.pdf", "schule"),
        ("mutterpass.pdf", "mutterpass"),
        ("Eheurkunde.pdf", "ehe"),
        ("Unterhaltstitel.pdf", "unterhalt_gezahlt"),
        ("Kita-Gebührenbescheid.pdf", "betreuung"),
    ],
)
def test_a_document_is_recognised_by_the_words_of_its_name(name: str, nachweis: str) -> None:
    assert nachweis in erkannt(name)


@pytest.mark.parametrize(
    ("name", "nachweis"),
    [
        ("Passbild.jpg", "ausweis"),
        ("Frist verpasst.pdf", "ausweis"),
        ("Anpassung Miete.pdf", "ausweis"),
        ("Kompass.pdf", "ausweis"),
        ("Mutterpass.pdf", "ausweis"),
        ("Schwerbehindertenausweis.pdf", "ausweis"),
        ("Schülerausweis.pdf", "ausweis"),
        ("Behelf.pdf", "ehe"),
        ("Rechtsbehelfsbelehrung.pdf", "ehe"),
        ("ehemalige Wohnung.pdf", "ehe"),
        ("Belohnung.pdf", "arbeit"),
        ("Schulden.pdf", "schule"),
        ("Schulbuchliste.pdf", "schule"),
        ("Rentenversicherungsnummer.pdf", "rente"),
        ("Konterrente.pdf", "rente"),
        ("Mietbescheid.pdf", "leistung"),
        ("Körperpflege.pdf", "pflege"),
        ("Hortensie.pdf", "betreuung"),
        ("Lohnabrechnung fehlt.pdf", "arbeit"),
        ("kein_Reisepass.txt", "ausweis"),
        ("Eheurkunde wird nachgereicht.pdf", "ehe"),
    ],
)
def test_a_name_that_only_looks_like_a_proof_is_none(name: str, nachweis: str) -> None:
    assert nachweis not in erkannt(name)


@given(st.text(max_size=600))
def test_no_name_breaks_the_reading(name: str) -> None:
    worte = worte_von(name)
    assert all(wort == "" or (wort.isascii() and wort.isalpha() and wort.islower()) for wort in worte)
    assert len("".join(worte)) <= 2 * 18 * HOECHSTENS_ZEICHEN
    erkannt(name)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüß", min_size=1, max_size=12))
def test_what_merely_contains_a_short_pattern_does_not_fit(rest: str) -> None:
    assert "ausweis" not in erkannt(f"x{rest}pass{rest}x.pdf")
    assert "ehe" not in erkannt(f"x{rest}ehe{rest}.pdf")


@given(st.lists(st.sampled_from(["lohn", "pass", "=pass", "*urkunde", "=id card", "id", "card", "x"]), max_size=4))
def test_a_pattern_fits_its_own_words(muster: list[str]) -> None:
    for eines in muster:
        assert passt([eines], worte_von(eines.strip("=*")))
    assert not passt([], ("lohn",))


def test_the_end_of_a_word_counts_only_where_the_pattern_says_so() -> None:
    assert passt(["*urkunde"], worte_von("Heiratsurkunde.pdf"))
    assert not passt(["urkunde"], worte_von("Heiratsurkunde.pdf"))
    assert not passt(["*urkunde"], worte_von("Urkundenrolle.pdf"))


@pytest.mark.parametrize("code", laender())
def test_no_land_has_a_pattern_that_fits_everyday_words(code: str) -> None:
    alltag = ("Passbild", "verpasst", "Behelf", "ehemals", "Schulden", "Antrag", "Mietvertrag", "Vollmacht", "Foto")
    for regel in finde_land(code).nachweise.values():
        assert regel.muster, f"{code}: {regel.titel} has no pattern"
        assert not [wort for wort in alltag if passt(regel.muster, worte_von(f"{wort}.pdf"))], (code, regel.titel)


# -- the documents of a message ---------------------------------------------------------------------------------------


def antrag(**angaben: Any) -> Antrag:
    return Antrag(leistung="wbs", empfangen=datetime(2026, 11, 20, tzinfo=UTC), **angaben)


def test_every_document_counts_once_by_name_type_and_description() -> None:
    teil = Teil(id="t1", name="scan1.pdf", beschreibung="Reisepass")
    unterlagen = unterlagen_von(
        antrag(
            dokumente=(Dokument(id="d1", name="Scan", typ="Lohnabrechnung", teil=teil), Dokument(id="d2")),
            anlagen=(teil, Teil(id="t2", name="Eheurkunde.pdf")),
        )
    )
    assert [unterlage.name for unterlage in unterlagen] == ["Scan", "(ohne Namen)", "Eheurkunde.pdf"]
    titel = [REGELN[schluessel].titel for schluessel in ("ausweis", "arbeit", "ehe", "pflege")]
    gefunden = {beleg.titel: beleg.vermutlich for beleg in belege(titel, NW, unterlagen)}
    assert list(gefunden.values()) == [("Scan",), ("Scan",), ("Eheurkunde.pdf",), ()]
    assert fehlende(belege(titel, NW, unterlagen)) == (REGELN["pflege"].titel,)


def test_words_of_two_texts_do_not_stand_one_behind_the_other() -> None:
    (unterlage,) = unterlagen_von(antrag(dokumente=(Dokument(id="d", name="Mein id", typ="card"),)))
    assert not passt(["=id card"], unterlage.worte)


@given(st.text(max_size=400), st.text(max_size=400))
def test_hostile_names_are_shown_in_part_and_never_break_it(name: str, beschreibung: str) -> None:
    (unterlage,) = unterlagen_von(antrag(anlagen=(Teil(id="t", name=name, beschreibung=beschreibung),)))
    assert len(unterlage.name) <= HOECHSTENS_ZEICHEN
    assert isinstance(unterlage, Unterlage)


def test_a_thousand_documents_are_bounded() -> None:
    viele = tuple(Dokument(id=str(n), name="x" * 60_000) for n in range(1000))
    assert len(unterlagen_von(antrag(dokumente=viele))) == 200


# -- what a situation asks for ---------------------------------------------------------------------------------------


def verlangt(person: dict[str, Any], **fall: Any) -> set[str]:
    wer = {"name": "A", "rolle": "antragsteller", "geburtsdatum": "1990-05-01", **person}
    gelesen = lies_fall({"land": "nw", "stichtag": "2026-11-22", "haushalt": [wer], **fall})
    titel = {regel.titel: schluessel for schluessel, regel in REGELN.items()}
    return {titel[t] for t in berechne(gelesen, NW).nachweise}


def einkunft(art: str, **sonst: Any) -> dict[str, Any]:
    return {"einkuenfte": [{"art": art, "betrag": 9000, **sonst}]}


@pytest.mark.parametrize(
    ("person", "fall", "nachweise"),
    [
        ({"einkuenfte": []}, {}, set()),
        ({}, {}, {"einkommen"}),
        (einkunft("nichtselbstaendig"), {}, {"arbeit"}),
        (einkunft("gewerbe"), {}, {"gewinn"}),
        (einkunft("rente"), {}, {"rente"}),
        (einkunft("steuerfrei", unterart="elterngeld"), {}, {"leistung"}),
        (einkunft("steuerfrei", unterart="unterhalt"), {}, {"unterhalt_erhalten"}),
        (einkunft("kapital"), {}, {"kapital"}),
        ({"einkuenfte": [], "ausbildung": True}, {}, {"ausbildung"}),
        ({"einkuenfte": [], "grad_der_behinderung": 50, "pflegegrad": 2}, {}, {"behinderung", "pflege"}),
        ({"einkuenfte": [], "leistungsbezug": "sgb2"}, {}, {"leistung"}),
        ({"einkuenfte": []}, {"unterhalt": [{"an": "ex_ehegatte", "betrag": 3000}]}, {"unterhalt_gezahlt"}),
        ({"einkuenfte": []}, {"betreuungskosten": 1200}, {"betreuung"}),
        ({"einkuenfte": [], "staatsangehoerigkeit": "tr"}, {}, {"aufenthaltstitel"}),
    ],
)
def test_each_situation_asks_for_its_proofs_and_always_for_identity(
    person: dict[str, Any], fall: dict[str, Any], nachweise: set[str]
) -> None:
    assert verlangt(person, **fall) == {"ausweis", *nachweise}


def test_a_grown_child_with_kindergeld_needs_more_than_a_small_one() -> None:
    kind = {"name": "K", "rolle": "kind", "kindergeld": True, "einkuenfte": []}
    gross = lies_fall(
        {
            "land": "nw",
            "stichtag": "2026-11-22",
            "haushalt": [
                {"name": "A", "rolle": "antragsteller", "geburtsdatum": "1980-05-01", "einkuenfte": []},
                {**kind, "geburtsdatum": "2007-01-01"},
            ],
        }
    )
    titel = set(berechne(gross, NW).nachweise)
    assert {REGELN["schule"].titel, REGELN["kindergeld"].titel} <= titel
