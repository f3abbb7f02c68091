"""Values of the journal as another version of the core wrote them: ``{"schema": n, "wert": …}``.

One schema back is read by a reader, so that cases in flight go on after an upgrade. What a newer core wrote is never
guessed at: :class:`WertZuNeu` leaves the case to a node that can read it (:mod:`fachwerk.ueberlassung`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fachwerk.modell import SCHEMA

Leser = Callable[[str, Any], Any]
"""From a name of :mod:`fachwerk.modell` and a JSON value of schema n to the value of schema n + 1."""

LESER: Mapping[int, Leser] = {}
"""By n. The first schema has none before it; a change of :data:`SCHEMA` brings its reader and a test."""


class WertZuNeu(Exception):
    """A newer core has journalled this. No error of the case or of a plugin, so nobody may hold the case for it."""

    def __init__(self, schema: int) -> None:
        super().__init__(f"schema {schema}, this core reads {SCHEMA}")
        self.schema = schema


def lies(typ: str, huelle: Mapping[str, Any]) -> Any:
    """The JSON value of ``huelle`` in the schema of this core; a list is read element by element."""
    schema, wert = int(huelle["schema"]), huelle["wert"]
    if schema > SCHEMA:
        raise WertZuNeu(schema)
    while schema < SCHEMA:
        leser = LESER[schema]
        wert = [leser(typ, eintrag) for eintrag in wert] if isinstance(wert, list) else leser(typ, wert)
        schema += 1
    return wert
