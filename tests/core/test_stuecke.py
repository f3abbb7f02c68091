"""Chunks of a stream: cut exactly, worked on in order beside the reading, and never many at once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.stuecke import IM_VORAUS, STUECK, in_stuecke, mit_ende, verarbeite


def stuecke(anzahl: int) -> Iterator[tuple[bytearray, bool]]:
    return ((bytearray([nr]), nr == anzahl - 1) for nr in range(anzahl))


@given(laengen=st.lists(st.integers(0, 2 * STUECK + 7), max_size=4))
def test_chunks_are_full_but_the_last_and_add_up_to_the_stream(laengen: list[int]) -> None:
    strom = [bytes([nr]) * laenge for nr, laenge in enumerate(laengen)]
    *volle, letztes = in_stuecke(strom)
    assert all(len(stueck) == STUECK for stueck in volle)
    assert len(letztes) <= STUECK
    assert len(letztes) > 0 or not volle
    assert b"".join([*volle, letztes]) == b"".join(strom)


@pytest.mark.parametrize("anzahl", [1, 2, 5])
def test_only_the_last_chunk_is_marked_as_the_last(anzahl: int) -> None:
    enden = [letztes for _, letztes in mit_ende(bytearray(1) for _ in range(anzahl))]
    assert enden == [False] * (anzahl - 1) + [True]


@pytest.mark.parametrize("anzahl", [1, 2, 50])
def test_every_chunk_is_worked_on_once_and_in_order(anzahl: int) -> None:
    getan: list[tuple[int, bool]] = []
    verarbeite(stuecke(anzahl), lambda stueck, letztes: getan.append((stueck[0], letztes)))
    assert getan == [(nr, nr == anzahl - 1) for nr in range(anzahl)]


def test_the_reading_goes_on_while_a_chunk_is_worked_on() -> None:
    gelesen = threading.Event()

    def strom() -> Iterator[tuple[bytearray, bool]]:
        yield bytearray(b"a"), False
        gelesen.set()
        yield bytearray(b"b"), True

    gesehen: list[bool] = []
    verarbeite(strom(), lambda stueck, letztes: gesehen.append(gelesen.wait(30)))
    assert gesehen == [True, True]


def test_no_more_chunks_than_agreed_are_read_ahead_of_the_work() -> None:
    gelesen = getan = 0
    voraus = []

    def strom() -> Iterator[tuple[bytearray, bool]]:
        nonlocal gelesen
        for stueck in stuecke(40):
            gelesen += 1
            voraus.append(gelesen - getan)
            yield stueck

    def arbeite(stueck: bytearray, letztes: bool) -> None:
        nonlocal getan
        getan += 1

    verarbeite(strom(), arbeite)
    assert max(voraus) <= IM_VORAUS + 1


def test_a_failure_of_the_work_is_raised_and_ends_the_reading() -> None:
    gelesen = []

    def strom() -> Iterator[tuple[bytearray, bool]]:
        for stueck in stuecke(1000):
            gelesen.append(stueck)
            yield stueck

    def arbeite(stueck: bytearray, letztes: bool) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        verarbeite(strom(), arbeite)
    assert len(gelesen) <= IM_VORAUS + 2


def test_a_failure_of_the_reading_is_raised_once_the_work_has_ended() -> None:
    laufend = threading.Lock()

    def strom() -> Iterator[tuple[bytearray, bool]]:
        yield from itertools.islice(stuecke(5), 3)
        raise OSError("line cut")

    def arbeite(stueck: bytearray, letztes: bool) -> None:
        with laufend:
            assert not letztes

    with pytest.raises(OSError, match="line cut"):
        verarbeite(strom(), arbeite)
    assert not laufend.locked()
    assert not [faden for faden in threading.enumerate() if faden.name.startswith("inhalt")]
