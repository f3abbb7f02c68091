"""Names that citizens send never decide what lies on a disk."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fachwerk_aktenablage.dateinamen import (
    MAX_LAENGE,
    ist_gesperrt,
    ist_sicher,
    sichere_namen,
    sicherer_name,
)

MEDIENTYPEN = ["", "application/pdf", "image/jpeg", "text/plain; charset=utf-8", "text/html", "x/y"]
NAMEN = st.lists(
    st.tuples(
        st.text(max_size=400) | st.sampled_from(["CON", "a.pdf", "A.PDF", "nul.txt"]), st.sampled_from(MEDIENTYPEN)
    )
)
VERBOTEN = set('<>:"/\\|?*') | {chr(nummer) for nummer in range(32)}


@pytest.mark.parametrize(
    ("gesendet", "medientyp", "sicher"),
    [
        ("../../etc/passwd", "", "passwd"),
        ("C:\\Users\\a\\Bescheid.PDF", "", "Bescheid.pdf"),
        ("Mietvertrag Übergröße (2).pdf", "application/pdf", "Mietvertrag_Uebergroesse_2.pdf"),
        ("", "application/pdf", "dokument.pdf"),
        ("...", "", "dokument"),
        ("CON", "", "CON_datei"),
        ("nul.txt", "text/plain", "nul_datei.txt"),
        ("COM¹.txt", "", "COM1_datei.txt"),
        ("Brief. . .", "text/plain", "Brief.txt"),
        ("Bescheid 01.02.2025", "application/pdf", "Bescheid_01_02_2025.pdf"),
        ("Rechnung von Herrn.Mueller", "application/pdf", "Rechnung_von_Herrn_Mueller.pdf"),
        ("王伟.jpg", "image/jpeg", "dokument.jpg"),
        ("Łódź Žižka.png", "image/png", "Lodz_Zizka.png"),
        ("rechnung.pdf.exe", "application/pdf", "rechnung_pdf_exe.gesperrt"),
        ("Lohn\u202efdp.exe", "", "Lohn_fdp_exe.gesperrt"),
        ("seite.html", "text/html", "seite_html.gesperrt"),
        ("a\x00b\ue000c.txt", "", "a_b_c.txt"),
        ("archiv.tar.gz", "application/gzip", "archiv_tar.gz"),
        (".htaccess", "", "dokument.htaccess"),
    ],
)
def test_a_hostile_name_becomes_a_safe_one(gesendet: str, medientyp: str, sicher: str) -> None:
    assert sicherer_name(gesendet, medientyp) == sicher


def test_a_name_of_three_hundred_characters_is_cut_and_keeps_its_extension() -> None:
    sicher = sicherer_name("ä" * 300 + ".pdf")
    assert len(sicher) == MAX_LAENGE
    assert sicher.endswith(".pdf")


def test_names_that_differ_only_in_case_stay_apart() -> None:
    namen = sichere_namen([("Bild.jpg", ""), ("BILD.JPG", ""), ("bild.jpg", ""), ("bild-2.jpg", "")])
    assert namen == ["Bild.jpg", "BILD-2.jpg", "bild-3.jpg", "bild-2-2.jpg"]


def test_what_a_double_click_would_execute_is_marked_and_other_files_are_not() -> None:
    assert ist_gesperrt(sicherer_name("makro.docm"))
    assert not ist_gesperrt(sicherer_name("brief.docx"))


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "a:", "con", "Aux.txt", "a.", "a ", ".neu", "ä", "x" * 81]
)
def test_an_unsafe_name_is_recognised(name: str) -> None:
    assert not ist_sicher(name)


@given(NAMEN)
@example([("a", ""), ("a", ""), ("a-2", ""), ("A-2", "")])
@example([("x" * 100, ""), ("x" * 100, ""), ("X" * 79 + ".", "")])
def test_any_names_become_unique_safe_names(namen: list[tuple[str, str]]) -> None:
    sicher = sichere_namen(namen)
    assert len(sicher) == len(namen)
    assert len({name.lower() for name in sicher}) == len(sicher)
    for name in sicher:
        assert ist_sicher(name)
        assert name.isascii()
        assert not VERBOTEN & set(name)
        assert len(name) <= MAX_LAENGE


@given(NAMEN)
def test_making_names_safe_twice_changes_nothing(namen: list[tuple[str, str]]) -> None:
    einmal = sichere_namen(namen)
    assert sichere_namen([(name, medientyp) for name, (_, medientyp) in zip(einmal, namen, strict=True)]) == einmal


@given(st.text(max_size=300), st.sampled_from(MEDIENTYPEN), st.integers(min_value=20, max_value=80))
def test_a_safe_name_keeps_the_length_it_was_given(name: str, medientyp: str, laenge: int) -> None:
    assert len(sicherer_name(name, medientyp, laenge)) <= laenge
