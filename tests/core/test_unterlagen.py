"""Documents recognised by their names: whole words, every document once, and nothing a hostile name could break."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.modell import Antrag, Dokument, Teil
from fachwerk.unterlagen import HOECHSTENS_DOKUMENTE, HOECHSTENS_ZEICHEN, belege, fehlende, unterlagen_von, worte_von

MUSTER = {"Mietvertrag": ["mietvertrag", "*mietvertrag", "miet vertrag"], "Ausweis": ["=pass"]}


def antrag(*namen: str, anlagen: tuple[Teil, ...] = (), teile: tuple[Teil | None, ...] = ()) -> Antrag:
    alle = [*teile, *[None] * len(namen)]
    dokumente = tuple(Dokument(id=str(n), name=name, teil=alle[n]) for n, name in enumerate(namen))
    return Antrag(leistung="x", empfangen=datetime(2026, 11, 22, tzinfo=UTC), dokumente=dokumente, anlagen=anlagen)


@pytest.mark.parametrize(
    "name", ["Mietvertrag.pdf", "WohnungsMietvertrag", "Miet-Vertrag 2019.PDF", "scan_mietvertrag2"]
)
def test_a_document_may_be_a_proof_by_the_words_of_its_name(name: str) -> None:
    gefunden = belege(MUSTER, unterlagen_von(antrag(name)))
    assert [(beleg.titel, beleg.vermutlich) for beleg in gefunden] == [("Mietvertrag", (name,)), ("Ausweis", ())]
    assert fehlende(gefunden) == ("Ausweis",)


@pytest.mark.parametrize("name", ["Mietvertrag fehlt.pdf", "kein Pass.jpg", "Passt so.pdf", "Kompass.pdf", ""])
def test_a_name_that_says_something_else_is_no_proof(name: str) -> None:
    assert fehlende(belege(MUSTER, unterlagen_von(antrag(name)))) == ("Mietvertrag", "Ausweis")


def test_an_attachment_that_a_document_refers_to_counts_once() -> None:
    pass_jpg, vertrag = Teil(id="t1", name="Pass.jpg"), Teil(id="t2", name="Mietvertrag.pdf")
    vorhanden = unterlagen_von(antrag("Kopie", teile=(pass_jpg,), anlagen=(pass_jpg, vertrag)))
    assert [unterlage.name for unterlage in vorhanden] == ["Kopie", "Mietvertrag.pdf"]
    assert fehlende(belege(MUSTER, vorhanden)) == ()


@given(st.lists(st.text(max_size=2000), max_size=4))
def test_hostile_names_are_cut_and_break_nothing(namen: list[str]) -> None:
    vorhanden = unterlagen_von(antrag(*namen))
    assert len(vorhanden) == len(namen)
    assert all(0 < len(unterlage.name) <= HOECHSTENS_ZEICHEN for unterlage in vorhanden)
    assert all(wort.isascii() and wort == wort.lower() for name in namen for wort in worte_von(name))


def test_of_very_many_documents_only_the_first_are_looked_at() -> None:
    viele = ["Foto.jpg"] * HOECHSTENS_DOKUMENTE + ["Mietvertrag.pdf"]
    assert len(unterlagen_von(antrag(*viele))) == HOECHSTENS_DOKUMENTE
