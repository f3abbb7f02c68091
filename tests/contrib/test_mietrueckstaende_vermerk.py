"""What the office reads of a case of rent arrears: urgency first, German words, everything once, two pages."""

from __future__ import annotations

import io
import re
from types import ModuleType
from typing import Any

import pypdf
import pytest

import fachwerk_aktenablage as ablage
from fachwerk import pipeline
from fachwerk.modell import Dokument


@pytest.fixture
def akte(mrs: ModuleType, aktenablage_faelle: ModuleType) -> dict[str, Any]:
    """The folder of an urgent case with many doubts, as texts of its PDFs."""
    gefahr = {"klage_zugestellt": "2026-09-28", "kuendigung_art": "fristlos_und_ordentlich", "termin": "2026-12-11"}
    roh = mrs.mit("gefahr", **gefahr)
    roh |= {"frueher_uebernommen": True, "rueckstand": {"betrag": "2500", "energie": "120"}}
    antrag = mrs.antrag(roh, dokumente=(Dokument(id="1", name="Mietvertrag.pdf"),))
    votum = mrs.votum(roh, dokumente=antrag.dokumente)
    sendung = ablage.render(antrag, pipeline.merge((votum,), (), mrs.HEUTE), aktenablage_faelle.ziel())
    pdfs = {a.pfad: b"".join(a.teil.bytes_strom()) for a in sendung.anlagen if a.pfad.endswith(".pdf")}
    return {name: pypdf.PdfReader(io.BytesIO(inhalt)) for name, inhalt in pdfs.items()}


def text(leser: pypdf.PdfReader) -> str:
    return re.sub(r"\s+", " ", " ".join(seite.extract_text() for seite in leser.pages))


def test_urgency_and_deadline_come_first_and_then_what_to_do(akte: dict[str, Any]) -> None:
    vermerk = text(akte["pruefvermerk.pdf"])
    reihe = ["SOFORT", "28.11.2026", "Verwaltungsakt", "Schonfrist: Bis zum", "zu erfragen", "Rechenweg", "Hinweise"]
    stellen = [vermerk.index(wort) for wort in reihe]
    assert stellen == sorted(stellen)
    assert len(akte["pruefvermerk.pdf"].pages) <= 2


def test_each_hint_and_each_question_stands_there_once(akte: dict[str, Any]) -> None:
    vermerk = text(akte["pruefvermerk.pdf"])
    for satz in ("heilt nur die fristlose", "Energieschulden sind angegeben", "Monate, aus denen", "schon einmal"):
        assert vermerk.count(satz) == 1, satz
    assert "vermutlich beigefügt: Mietvertrag.pdf" in vermerk


def test_the_facts_have_german_names_and_amounts(akte: dict[str, Any]) -> None:
    antrag = text(akte["antrag.pdf"])
    for wort in ("Mietrückstand 2.500,00 EUR", "Räumungsklage ja", "Leistungsbezug SGB XII", "hilfsweise ordentlich"):
        assert wort in antrag
    assert not re.search(r"[A-Z]\w*(aeu|ueck|uend|aeh)\w* ", antrag + text(akte["pruefvermerk.pdf"]))
