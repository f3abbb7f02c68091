"""The frame of all fuzzing: what a target is, when an input breaks it, and how inputs are made without coverage.

A target takes bytes. Whatever it raises beyond the errors it declares, whatever keeps the processor busy or memory
full, and every personal word in an error text is a :class:`Verstoss`.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import resource
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from fachwerk.errors import ConfigErrors, FachwerkError

HIER = Path(__file__).resolve().parent
KORPUS = HIER / "korpus"
"""``korpus/<target>/`` holds inputs worth keeping, each below :data:`GROESSTER` bytes; ``rueckfall`` old crashes."""

RUECKFALL = HIER / "rueckfall"
GROESSTER = 20_000
KANARIE = "Kanarienvogel-Zeisig"
"""A person's word in the seeds: it must never stand in an error text."""

RECHENZEIT_S = 10.0
"""Seconds of processor time one input may take; nothing honest takes one."""

SPEICHER_MIB = 192
"""What one input may add to the largest memory the process ever had."""


@dataclass(frozen=True)
class Ziel:
    """A target: ``lauf`` takes the input, ``erlaubt`` are its declared errors, ``woerter`` what its language knows.

    ``pakete`` are the packages whose coverage counts. ``verschwiegen`` is False where an error may quote what an
    operator wrote into a file of his own.
    """

    name: str
    was: str
    lauf: Callable[[bytes], None]
    saat: Callable[[], Iterable[bytes]]
    pakete: tuple[str, ...]
    erlaubt: tuple[type[Exception], ...] = (FachwerkError,)
    woerter: tuple[bytes, ...] = ()
    verschwiegen: bool = True
    groesster: int = GROESSTER


@dataclass
class Verstoss(Exception):
    """An input broke a target; ``spur`` says where, so that two finds of one fault are one."""

    ziel: str
    was: str
    spur: str
    daten: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.ziel}: {self.was} ({self.spur}), {len(self.daten)} bytes {self.daten[:60]!r}"

    @property
    def kennung(self) -> str:
        """A short name of the fault."""
        return hashlib.sha256(f"{self.was.split(':')[0]}|{self.spur}".encode()).hexdigest()[:10]


class Haenger(BaseException):
    """The processor time of one input is used up; no ``except Exception`` can swallow it."""


def lade(name: str) -> Ziel:
    """The target of the module ``ziel_<name>``."""
    ziel: Ziel = importlib.import_module(f"ziel_{name}").ZIEL
    assert ziel.name == name
    return ziel


def pruefe(ziel: Ziel, daten: bytes) -> None:
    """Run one input. Raises :class:`Verstoss`."""
    vorher = _groesster_speicher_mib()
    try:
        with rechenzeit(RECHENZEIT_S):
            ziel.lauf(daten)
    except ziel.erlaubt as fehler:
        if ziel.verschwiegen and KANARIE in _alles_gesagte(fehler):
            raise Verstoss(ziel.name, "an error text quotes a person", _spur(fehler), daten) from fehler
    except Haenger as haenger:
        raise Verstoss(ziel.name, "hang", _spur(haenger), daten) from haenger
    except (KeyboardInterrupt, Verstoss):
        raise
    except BaseException as fehler:
        raise Verstoss(ziel.name, f"{type(fehler).__name__}: {fehler}"[:300], _spur(fehler), daten) from fehler
    if _groesster_speicher_mib() - vorher > SPEICHER_MIB:
        raise Verstoss(ziel.name, "memory", "one input", daten)


@contextmanager
def rechenzeit(sekunden: float) -> Iterator[None]:
    """Bound the processor time of this process, whatever else the machine does."""

    def zuviel(_signal: int, _rahmen: FrameType | None) -> None:
        raise Haenger

    bisher = signal.signal(signal.SIGVTALRM, zuviel)
    signal.setitimer(signal.ITIMER_VIRTUAL, sekunden, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, bisher)


def _alles_gesagte(fehler: BaseException) -> str:
    """What log and operator get to see of an error."""
    if isinstance(fehler, ConfigErrors):
        return "\n".join(map(_alles_gesagte, fehler.probleme))
    return f"{fehler} {getattr(fehler, 'details', '')}"


def _spur(fehler: BaseException) -> str:
    rahmen = [r for r in traceback.extract_tb(fehler.__traceback__) if f"{os.sep}fachwerk" in r.filename]
    stellen = [f"{Path(r.filename).name}:{r.name}" for r in (rahmen or traceback.extract_tb(fehler.__traceback__))]
    return " < ".join(dict.fromkeys(reversed(stellen[-3:])))


def _groesster_speicher_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- inputs ------------------------------------------------------------------------------------------------------------


def eingaben(ziel: Ziel) -> Iterator[tuple[str, bytes]]:
    """Seeds, kept corpus and old crashes of a target, each with a name."""
    for nummer, daten in enumerate(ziel.saat()):
        yield f"saat-{nummer:02d}", daten
    for ordner in (KORPUS, RUECKFALL):
        for datei in sorted((ordner / ziel.name).glob("*")):
            yield f"{ordner.name}/{datei.name}", datei.read_bytes()


@dataclass
class Wandler:
    """Makes inputs out of inputs by chance alone: the same seed, the same inputs."""

    zufall: Random
    woerter: tuple[bytes, ...] = ()
    groesster: int = GROESSTER

    def aus(self, alle: list[bytes]) -> bytes:
        """One of ``alle``, changed in one to six places."""
        daten = bytearray(self.zufall.choice(alle))
        for _ in range(self.zufall.randint(1, 6)):
            self._aendere(daten, alle)
        return bytes(daten[: self.groesster])

    def _aendere(self, daten: bytearray, alle: list[bytes]) -> None:
        zufall = self.zufall
        von = zufall.randint(0, len(daten))
        bis = min(len(daten), von + zufall.choice((1, 1, 2, 4, 16, 64, 256)))
        match zufall.randint(0, 7):
            case 0:
                daten[von:bis] = bytes(zufall.randrange(256) for _ in range(bis - von))
            case 1:
                del daten[von:bis]
            case 2:
                daten[von:von] = zufall.choice(self.woerter or (b"\0", b"\xff"))
            case 3:
                daten[von:bis] = zufall.choice(self.woerter or (b"<", b">"))
            case 4:
                daten[von:von] = daten[von:bis] * zufall.choice((1, 2, 8, 64))
            case 5:
                anderes = zufall.choice(alle)
                ab = zufall.randint(0, len(anderes))
                daten[von:bis] = anderes[ab : ab + zufall.choice((4, 64, 1024))]
            case 6:
                daten[von:bis] = zufall.choice((b"0", b"-1", b"9" * 30, b"9" * 5000, b"1e999", b"\xed\xa0\x80", b"\0"))
            case _:
                if von < len(daten):
                    daten[von] ^= 1 << zufall.randrange(8)


class Los:
    """Reads choices out of the bytes of an input; where nothing is left, everything is the first and empty."""

    def __init__(self, daten: bytes) -> None:
        self._daten = daten
        self._stelle = 0

    def zahl(self, hoechstens: int) -> int:
        """From 0 to ``hoechstens`` (at most 65535)."""
        stueck = self._nimm(1 if hoechstens < 256 else 2)
        return int.from_bytes(stueck, "big") % (hoechstens + 1)

    def bytes(self) -> bytes:
        """The bytes up to the next zero byte; an escaped one (``\\\\0``) is part of them."""
        ende = self._stelle
        while (ende := self._daten.find(b"\0", ende)) > 0 and self._daten[ende - 1] == 0x5C:
            ende += 1
        stueck = self._daten[self._stelle : ende if ende >= 0 else None]
        self._stelle = len(self._daten) if ende < 0 else ende + 1
        return stueck.replace(b"\\\0", b"\0")

    def text(self) -> str:
        """The same as a text that may hold lone surrogates, as file names may."""
        return self.bytes().decode("utf-8", "surrogateescape")

    def zeichen(self) -> str:
        """The same as a text of whole characters, as XML and databases have them."""
        return self.bytes().decode("utf-8", "replace")

    def rest(self) -> bytes:
        """All that is left."""
        return self._nimm(len(self._daten))

    def offen(self) -> bool:
        """Whether something is left."""
        return self._stelle < len(self._daten)

    def _nimm(self, anzahl: int) -> bytes:
        stueck = self._daten[self._stelle : self._stelle + anzahl]
        self._stelle += len(stueck)
        return stueck


def arbeitsordner() -> Path:
    """A folder in memory for targets that read files; one per process, gone with it."""
    global _ordner
    if _ordner is None:
        oben = Path("/dev/shm")  # noqa: S108
        _ordner = tempfile.TemporaryDirectory(prefix="fachwerk-fuzz-", dir=oben if oben.is_dir() else None)
    return Path(_ordner.name)


def raeume_auf() -> None:
    """Remove the working folder before a process ends without ceremony."""
    if _ordner is not None:
        _ordner.cleanup()


_ordner: tempfile.TemporaryDirectory[str] | None = None
