"""What atheris watches of comparisons, without the reference it keeps to each result.

atheris 3.0.0 holds the result of every comparison it watches for good. Of ``True`` and ``False`` nobody notices; of
``column == value`` of SQLAlchemy each request to the console leaves a few expressions, 10 KiB an input. Only
comparisons of what it can learn from (texts, bytes, numbers) are left to it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

LEHRREICH = (str, bytes, int, float, type(None))
_ALLE = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)


def behalte_keine_ergebnisse(atheris: ModuleType) -> None:
    """Put ourselves between the instrumented code and atheris, once; each comparison comes out the same."""
    if isinstance(atheris._trace_cmp, FunctionType):
        return
    beobachte: Callable[..., Any] = atheris._trace_cmp
    welche: dict[int, Callable[[Any, Any], Any]] = {}

    def vergleiche(links: Any, rechts: Any, art: int, zaehler: int, fest: bool) -> Any:
        if isinstance(links, LEHRREICH) and isinstance(rechts, LEHRREICH):
            return beobachte(links, rechts, art, zaehler, fest)
        if art not in welche:
            welche[art] = _operator(lambda a, b: bool(beobachte(a, b, art, zaehler, False)))
        return welche[art](links, rechts)

    atheris._trace_cmp = vergleiche


def _operator(antwort: Callable[[int, int], bool]) -> Callable[[Any, Any], Any]:
    """The comparison that answers as ``antwort``: its number means another one in each version of Python."""
    proben = ((1, 2), (2, 1), (1, 1))
    return next(einer for einer in _ALLE if all(einer(a, b) == antwort(a, b) for a, b in proben))
