"""Names for files: what is safe on every system, and what two names have in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.dateinamen import gekuerzt, in_ascii, ist_geraet, ist_sicher, verglichen


@pytest.mark.parametrize("name", ["CON", "con.txt", "Lpt1.pdf", "nul", "a.", "a ", ".versteckt", "a/b", "a:b", "ä", ""])
def test_what_some_system_refuses_or_hides_is_not_safe(name: str) -> None:
    assert not ist_sicher(name, 80)


@pytest.mark.parametrize("name", ["a", "a.b.pdf", "_x", "console.txt", "com10.txt", "A-1_2.xml"])
def test_what_every_system_takes_is_safe_up_to_its_length(name: str) -> None:
    assert ist_sicher(name, len(name))
    assert not ist_sicher(name, len(name) - 1)


def test_devices_are_known_in_any_case_and_only_as_the_whole_stem() -> None:
    assert all(map(ist_geraet, ("con", "CON", "Com1", "lpt9", "aux")))
    assert not any(map(ist_geraet, ("konto", "com", "lpt", "comA", "con1")))


def test_names_are_written_out_the_same_whatever_form_their_umlauts_have() -> None:
    assert in_ascii("Gr\u00f6\u00dfe \u0141ukasz \u0130pek") == in_ascii("Gro\u0308\u00dfe \u0141ukasz I\u0307pek")
    assert in_ascii("Größe Łukasz Ðuro") == "Groesse Lukasz Duro"


@given(st.text(), st.text())
def test_names_that_differ_in_case_or_form_are_one(links: str, rechts: str) -> None:
    assert verglichen(f"{links}\u00e4{rechts}") == verglichen(f"{links}a\u0308{rechts}")
    assert (verglichen(links) == verglichen(rechts)) or links != rechts


@given(st.text(min_size=1, max_size=300), st.integers(min_value=25, max_value=120))
def test_a_shortened_name_fits_keeps_its_extension_and_stays_apart_from_others(name: str, platz: int) -> None:
    kurz = gekuerzt(f"{name}.pdf", platz)
    assert len(kurz) <= platz
    assert kurz.endswith(".pdf")
    assert gekuerzt(kurz, platz) == kurz
    assert len(name) + 4 <= platz or gekuerzt(f"{name}x.pdf", platz) != kurz
