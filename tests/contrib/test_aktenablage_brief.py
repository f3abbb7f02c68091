"""Letters of ``fachwerk anbindung`` as PDF: word for word, embedded fonts, tagged, and found by the core."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from importlib import metadata

import pypdf
import pytest

from fachwerk.anbindung import ablage
from fachwerk.anbindung.schreiben import Brief
from fachwerk_aktenablage.brief import als_pdf

ZEIT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def brief(*absaetze: str, absender: str = "Hansestadt Musterow, Wohngeldstelle") -> Brief:
    return Brief(
        name="abmeldung_wbs_dauerhaft",
        absender=absender,
        empfaenger="Mitnutzungsverantwortliche (MiK)",
        mail="mik@land.example",
        betreff="Dauerhafte Abmeldung des EfA-Onlinedienstes „Bescheinigung für Geringverdiener“",
        absaetze=("Guten Tag,", *absaetze, "Mit freundlichen Grüßen\nErika Muster\nHansestadt Musterow"),
        datum=date(2026, 11, 22),
    )


def gelesen(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


def glatt(text: str) -> str:
    return " ".join(text.split())


def test_the_letter_says_every_word_once_in_the_order_of_reading() -> None:
    schreiben = brief("Der Übergang läuft über die Straße – „ganz“ ohne Frist § 1.")
    leser = gelesen(als_pdf(schreiben, ZEIT))
    text = glatt(leser.pages[0].extract_text())
    stuecke = [schreiben.absender, schreiben.empfaenger, schreiben.mail, "22.11.2026", schreiben.betreff]
    stuecke += [glatt(absatz) for absatz in schreiben.absaetze]
    stellen = [text.index(stueck) for stueck in stuecke]
    assert stellen == sorted(stellen)
    assert len(leser.pages) == 1
    assert leser.metadata is not None
    assert leser.metadata.title == schreiben.betreff


def test_a_long_letter_goes_on_with_numbered_pages_and_the_signature_is_never_alone() -> None:
    seiten = [glatt(s.extract_text()) for s in gelesen(als_pdf(brief(*["Ein Satz mehr. " * 40] * 12), ZEIT)).pages]
    assert len(seiten) > 1
    assert all(f"Seite {nummer} von {len(seiten)}" in seite for nummer, seite in enumerate(seiten, 1))
    assert "Mit freundlichen Grüßen Erika Muster Hansestadt Musterow" in seiten[-1]


@pytest.mark.parametrize(
    "absender", ["", "Sehr lange Behörde " * 30, "王室\x00\u202eVerwaltung", "Zeile eins\nZeile zwei"]
)
def test_whatever_a_site_is_called_makes_a_letter(absender: str) -> None:
    assert gelesen(als_pdf(brief("Text."), ZEIT)).pages
    assert gelesen(als_pdf(brief("Text.", absender=absender), ZEIT)).pages


def test_the_same_letter_gives_the_same_bytes_with_embedded_fonts_and_tags() -> None:
    pdf = als_pdf(brief("Text."), ZEIT)
    assert pdf == als_pdf(brief("Text."), ZEIT)
    wurzel = gelesen(pdf).root_object
    assert wurzel["/MarkInfo"]["/Marked"]
    schriften = gelesen(pdf).pages[0]["/Resources"]["/Font"]
    for schrift in schriften.values():
        nachfahre = schrift.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in nachfahre["/FontDescriptor"]


def test_the_core_finds_it_without_knowing_its_name() -> None:
    assert [punkt.value for punkt in metadata.entry_points(group=ablage.GRUPPE)] == [
        "fachwerk_aktenablage.brief:als_pdf"
    ]
    assert ablage.pdf_setzer() is als_pdf
