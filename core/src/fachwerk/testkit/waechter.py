"""A guard around pure code: it may compute, but not look at the clock, draw lots, open files or reach a network.

What was loaded on first use counts as loaded: run the code once before it is guarded.
"""

from __future__ import annotations

import gc
import random
import sys
import threading
from collections.abc import Callable
from datetime import date
from types import FrameType, TracebackType
from typing import Any

_UHR = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time"}
_UHR |= {"localtime", "gmtime", "ctime", "sleep"}
_VORGAENGE = ("open", "os.", "socket.", "subprocess.", "shutil.", "urllib.", "http.", "sqlite3.", "tempfile.", "glob.")
"""Beginnings of the audit events that pure code does not cause."""

_ZUSTAND = threading.local()
_EINGEHAENGT: list[Callable[[str, tuple[Any, ...]], None]] = []


class Waechter:
    """Inside the ``with`` block of this thread every look outside is noted in ``verstoesse``, each kind once.

    Meanwhile no garbage is collected: whoever listens to that (a test framework that measures) is not the guarded code.
    """

    def __init__(self) -> None:
        self.verstoesse: dict[str, None] = {}
        self._vorher: Any = None
        self._sammelte = False

    def __enter__(self) -> Waechter:
        _haenge_ein()
        self._sammelte = gc.isenabled()
        gc.disable()
        _ZUSTAND.waechter = self
        self._vorher = sys.getprofile()
        sys.setprofile(self._beobachte)
        return self

    def __exit__(
        self, art: type[BaseException] | None, fehler: BaseException | None, spur: TracebackType | None
    ) -> None:
        sys.setprofile(self._vorher)
        _ZUSTAND.waechter = None
        if self._sammelte:
            gc.enable()

    def _beobachte(self, rahmen: FrameType, ereignis: str, argument: Any) -> None:
        if ereignis == "c_call" and (was := _verboten(argument)):
            self.verstoesse[f"{was} in {rahmen.f_code.co_name}"] = None


def _verboten(funktion: Any) -> str:
    """What a builtin function looks at that pure code must not; empty: nothing."""
    name, traeger = getattr(funktion, "__name__", ""), getattr(funktion, "__self__", None)
    if name in ("today", "now", "utcnow") and isinstance(traeger, type) and issubclass(traeger, date):
        return f"Uhr ({traeger.__name__}.{name})"
    if getattr(funktion, "__module__", "") == "time" and name in _UHR:
        return f"Uhr (time.{name})"
    if isinstance(traeger, random.Random) or name == "urandom":
        return f"Zufall ({name})"
    return ""


def _haenge_ein() -> None:
    """Audit hooks cannot be taken out again: one for the process, asleep where no guard is."""
    if not _EINGEHAENGT:
        sys.addaudithook(_pruefe)
        _EINGEHAENGT.append(_pruefe)


def _pruefe(ereignis: str, angaben: tuple[Any, ...]) -> None:
    waechter: Waechter | None = getattr(_ZUSTAND, "waechter", None)
    if waechter is not None and ereignis.startswith(_VORGAENGE):
        waechter.verstoesse[f"{ereignis} {angaben[0] if angaben else ''}".strip()] = None
