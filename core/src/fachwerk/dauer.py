"""Spans of time as people write them in the configuration: ``30s``, ``5m``, ``2h``, ``3d``."""

from __future__ import annotations

import re

_SPANNE = re.compile(r"(\d{1,6})(s|m|h|d)", re.ASCII)
_EINHEIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LAENGSTE_S = 365 * 86400


def takt_sekunden(text: str) -> int:
    """The span in seconds; ``ValueError`` with a German text for anything else."""
    treffer = _SPANNE.fullmatch(text.strip())
    sekunden = int(treffer[1]) * _EINHEIT[treffer[2]] if treffer else 0
    if sekunden < 1:
        raise ValueError("Ein Takt ist eine Zahl mit Einheit: 30s, 5m, 2h oder 1d.")
    return sekunden


def als_takt(text: str) -> str:
    """The text, if it is a span."""
    takt_sekunden(text)
    return text.strip()


def als_dauer(text: str) -> str:
    """The text, if it is a span of at most a year; ``ValueError`` with a German text for anything else."""
    try:
        sekunden = takt_sekunden(text)
    except ValueError:
        sekunden = 0
    if not 0 < sekunden <= _LAENGSTE_S:
        raise ValueError("Eine Dauer ist eine Zahl mit Einheit, höchstens ein Jahr: 30m, 4h oder 3d.")
    return text.strip()
