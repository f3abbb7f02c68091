"""A stream in chunks of 1 MiB, and what is done with them done beside the reading.

Reading a network and writing a database wait for different things; done in turn they wait for each other. Here a
thread works off one chunk while the next ones arrive, never more than :data:`IM_VORAUS` of them, so memory stays the
same whatever the size.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Neuteil:
    """A part whose bytes are at hand, with what its handle will say of it."""

    daten: bytes
    name: str = ""
    medientyp: str = "application/octet-stream"
    beschreibung: str = ""


class NeuerTeil:
    """A part while it is written: its id, and length and SHA-256 of what went by."""

    def __init__(self, vorgang_id: str, *, beansprucht: bool) -> None:
        self.id = uuid.uuid4().hex
        self.vorgang_id = vorgang_id
        self.beansprucht = beansprucht
        self.stuecke = 0
        self.laenge = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of what went by so far."""
        return self._hash.hexdigest()

    def zaehle(self, strom: Iterable[bytes]) -> Iterator[tuple[bytearray, bool]]:
        """The chunks of ``strom``, each with whether it is the last one."""
        return mit_ende(self._zaehle(in_stuecke(strom)))

    def nimm(self, stueck: bytes | bytearray) -> None:
        """Count and hash a chunk."""
        self._hash.update(stueck)
        self.laenge += len(stueck)

    def _zaehle(self, stuecke: Iterator[bytearray]) -> Iterator[bytearray]:
        for stueck in stuecke:
            self.nimm(stueck)
            yield stueck


class Teilleser(io.RawIOBase):
    """A part as a raw stream: ``hole(nr, letztes)`` gives one chunk at a time; seeking skips chunks unread."""

    def __init__(self, hole: Callable[[int, bool], bytes], stuecke: int, laenge: int) -> None:
        self._hole = hole
        self._stuecke = stuecke
        self._laenge = laenge
        self._stelle = 0
        self._nr = -1
        self._daten = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stelle

    def seek(self, versatz: int, bezug: int = io.SEEK_SET) -> int:
        anfang = {io.SEEK_SET: 0, io.SEEK_CUR: self._stelle, io.SEEK_END: self._laenge}[bezug]
        self._stelle = max(anfang + versatz, 0)
        return self._stelle

    def readinto(self, puffer: object) -> int:
        ziel = memoryview(puffer)  # type: ignore[arg-type]
        nr, ab = divmod(self._stelle, STUECK)
        if nr >= self._stuecke:
            return 0
        if nr != self._nr:
            self._daten = self._hole(nr, nr == self._stuecke - 1)
            self._nr = nr
        rest = memoryview(self._daten)[ab : ab + len(ziel)]
        ziel[: len(rest)] = rest
        self._stelle += len(rest)
        return len(rest)
