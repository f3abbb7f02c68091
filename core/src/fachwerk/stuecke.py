"""A stream in chunks of 1 MiB, and what is done with them done beside the reading.

Reading a network and writing a database wait for different things; done in turn they wait for each other. Here a
thread works off one chunk while the next ones arrive, never more than :data:`IM_VORAUS` of them, so memory stays the
same whatever the size.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

STUECK = 1 << 20
"""Bytes of a chunk."""

IM_VORAUS = 2
"""Chunks that may wait for the thread or be worked on by it."""


def in_stuecke(strom: Iterable[bytes]) -> Iterator[bytearray]:
    """Regroup a stream into chunks of exactly 1 MiB, the last one shorter (an empty stream gives one empty chunk)."""
    puffer = bytearray()
    for daten in strom:
        rest = memoryview(daten)
        while len(puffer) + len(rest) > STUECK:
            passend = STUECK - len(puffer)
            puffer += rest[:passend]
            rest = rest[passend:]
            yield puffer
            puffer = bytearray()
        puffer += rest
    yield puffer


def mit_ende(stuecke: Iterator[bytearray]) -> Iterator[tuple[bytearray, bool]]:
    """Each chunk with whether it is the last one."""
    vorher = next(stuecke)
    for stueck in stuecke:
        yield vorher, False
        vorher = stueck
    yield vorher, True


def verarbeite(stuecke: Iterator[tuple[bytearray, bool]], arbeite: Callable[[bytearray, bool], None]) -> None:
    """Call ``arbeite`` for every chunk, in order and one at a time, beside the reading where there are several.

    What goes wrong on either side is raised here, and only once ``arbeite`` will not be called any more.
    """
    stueck, letztes = next(stuecke)
    if letztes:
        arbeite(stueck, letztes)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="inhalt") as faden:
        offen: deque[Future[None]] = deque([faden.submit(arbeite, stueck, letztes)])
        try:
            for stueck, letztes in stuecke:
                if len(offen) == IM_VORAUS:
                    offen.popleft().result()
                offen.append(faden.submit(arbeite, stueck, letztes))
            while offen:
                offen.popleft().result()
        except BaseException:
            faden.shutdown(cancel_futures=True)
            raise
