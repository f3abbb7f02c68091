"""Patterns of a layout profile: ``*`` and ``?`` within one path segment, ``{stamm}`` for what names a message. Pure.

Upper and lower case never count, because they do not on Windows. Nothing else is special, so that a bracket in a
file name is a bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

STAMM = "{stamm}"


@lru_cache(maxsize=4096)
def _ausdruck(muster: str, stamm: str | None) -> re.Pattern[str]:
    gruppe = r"(?P<stamm>[^/]+)" if stamm is None else f"(?P<stamm>{re.escape(stamm.casefold())})"
    stuecke, erstes = re.split(r"(\{stamm\}|\*|\?)", muster), True
    text = ""
    for stueck in stuecke:
        if stueck == STAMM:
            text += gruppe if erstes else "(?P=stamm)"
            erstes = False
        else:
            text += {"*": "[^/]*", "?": "[^/]"}.get(stueck, re.escape(stueck.casefold()))
    return re.compile(text, re.DOTALL)


def passt(muster: str, pfad: str, stamm: str = "") -> bool:
    """Whether ``pfad`` (``/`` between segments) fits ``muster``; ``{stamm}`` stands for ``stamm``."""
    return _ausdruck(muster, stamm).fullmatch(pfad.casefold()) is not None


def passt_eines(muster: Iterable[str], pfad: str, stamm: str = "") -> bool:
    """Whether ``pfad`` fits one of ``muster``."""
    return any(passt(eines, pfad, stamm) for eines in muster)


def stamm_von(muster: str, name: str) -> str:
    """What ``{stamm}`` stands for in ``name``, as written there; empty if it does not fit."""
    treffer = _ausdruck(muster, None).fullmatch(name.casefold())
    if treffer is None or STAMM not in muster:
        return ""
    von, bis = treffer.span("stamm")
    return name[von:bis] if len(name) == len(name.casefold()) else treffer["stamm"]


def rang(muster: tuple[str, ...], pfad: str, stamm: str = "") -> int:
    """The place of the first pattern that fits, or behind the last."""
    return next((nr for nr, eines in enumerate(muster) if passt(eines, pfad, stamm)), len(muster))
