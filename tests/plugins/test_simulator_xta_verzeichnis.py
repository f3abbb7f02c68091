"""The order of the mailboxes: pages are what a walk over all messages would find, however they came and went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fachwerk_generic_xta.simulator.nachricht import Nachricht
from fachwerk_generic_xta.simulator.verzeichnis import Verzeichnis

BEGINN = datetime(2026, 11, 2, tzinfo=UTC)


def nachricht(nummer: int, leser: str, minute: int, tage: int | None = None) -> Nachricht:
    zeit = BEGINN + timedelta(minutes=minute)
    verfaellt = None if tage is None else BEGINN.date() + timedelta(days=tage)
    kennung = f"urn:de:xta:messageid:a:{nummer}"
    return Nachricht(kennung, "a", "a", leser, zeit, zeit, True, (), 0, (), verfaellt=verfaellt)


@dataclass(frozen=True)
class Stelle:
    leser: str
    minute: int
    bleibt: bool


STELLEN = st.lists(st.builds(Stelle, st.sampled_from("xyz"), st.integers(0, 9), st.booleans()), max_size=25)


@given(
    stellen=STELLEN,
    leser=st.sets(st.sampled_from("xyzw")),
    bis=st.integers(-1, 10),
    hoechstens=st.none() | st.integers(0, 8),
    nach=st.none() | st.integers(0, 24),
)
def test_a_page_is_what_a_walk_would_find(
    stellen: list[Stelle], leser: set[str], bis: int, hoechstens: int | None, nach: int | None
) -> None:
    verzeichnis = Verzeichnis()
    alle = [nachricht(nummer, stelle.leser, stelle.minute) for nummer, stelle in enumerate(stellen)]
    for eine in alle:
        verzeichnis.nimm_auf(eine)
    for eine, stelle in zip(alle, stellen, strict=True):
        if not stelle.bleibt:
            verzeichnis.streiche(eine)
    hinter = alle[nach].platz if nach is not None and nach < len(alle) else None
    zeit = BEGINN + timedelta(minutes=bis)
    erwartet = sorted(
        eine.platz
        for eine, stelle in zip(alle, stellen, strict=True)
        if stelle.bleibt and eine.leser in leser and eine.zugestellt <= zeit and (hinter is None or eine.platz > hinter)
    )
    seite, weitere = verzeichnis.seite(leser, zeit, hinter, hoechstens)
    assert seite == [schluessel for _, schluessel in erwartet[:hoechstens]]
    assert weitere == len(erwartet) - len(seite)


@given(st.lists(st.none() | st.integers(0, 5), max_size=10), st.integers(0, 7))
def test_what_is_obsolete_is_named_once(tage: list[int | None], heute: int) -> None:
    verzeichnis = Verzeichnis()
    alle = [nachricht(nummer, "x", 0, tag) for nummer, tag in enumerate(tage)]
    for eine in alle:
        verzeichnis.nimm_auf(eine)
    tag: date = BEGINN.date() + timedelta(days=heute)
    faellig = {eine.schluessel for eine in alle if eine.verfaellt is not None and eine.verfaellt < tag}
    assert set(verzeichnis.verfallene(tag)) == faellig
    assert verzeichnis.verfallene(tag) == []
