"""What a step of the journal gave, as text for people, and where two runs of a case differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fachwerk.modell import Teil

if TYPE_CHECKING:
    from fachwerk.store import Store

GELESEN_HOECHSTENS = 4 * 1024 * 1024
"""So many bytes of an output are read; a larger one is not shown as a whole."""

GEZEIGT_HOECHSTENS = 200_000
"""So many characters are shown."""


@dataclass(frozen=True)
class Ausgabe:
    """The output as indented JSON; ``gekuerzt`` if that is only its beginning."""

    text: str
    gekuerzt: bool


@dataclass(frozen=True)
class Abweichung:
    """One leaf that two runs of a step do not have in common; None: it is not there."""

    schritt: str
    pfad: str
    links: str | None
    rechts: str | None


def lies(store: Store, teil_id: str) -> Ausgabe:
    """Read an output for showing. ``PermanentError`` if the content was shredded."""
    roh = _roh(store, teil_id)
    wert = _als_json(roh)
    text = roh.decode(errors="replace") if wert is None else json.dumps(wert, ensure_ascii=False, indent=2)
    return Ausgabe(text[:GEZEIGT_HOECHSTENS], len(text) > GEZEIGT_HOECHSTENS or wert is None)


def vergleiche(store: Store, links: Mapping[str, Any], rechts: Mapping[str, Any]) -> Iterator[Abweichung]:
    """Leaf by leaf the outputs of two runs, given as rows of the journal by the name of the step."""
    for name in dict.fromkeys([*links, *rechts]):
        a, b = _blaetter_von(store, links.get(name)), _blaetter_von(store, rechts.get(name))
        for pfad in sorted({*a, *b}):
            if a.get(pfad) != b.get(pfad):
                yield Abweichung(name, pfad, a.get(pfad), b.get(pfad))


def blaetter(wert: Any, pfad: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf with its dotted path."""
    if isinstance(wert, dict | list):
        paare = wert.items() if isinstance(wert, dict) else enumerate(wert)
        for name, unten in paare:
            yield from blaetter(unten, f"{pfad}.{name}" if pfad else str(name))
    elif wert not in (None, ""):
        yield pfad, str(wert)


def _blaetter_von(store: Store, zeile: Any) -> dict[str, str]:
    if zeile is None:
        return {}
    ende = {"ergebnis": zeile.code or "gut", "version": zeile.plugin_version}
    wert = _als_json(_roh(store, zeile.ausgabe)) if zeile.ausgabe else None
    return {f"({name})": angabe for name, angabe in ende.items() if angabe} | dict(blaetter(wert))


def _roh(store: Store, teil_id: str) -> bytes:
    with store.inhalt.oeffne(Teil(id=teil_id)) as strom:
        return strom.read(GELESEN_HOECHSTENS + 1)


def _als_json(roh: bytes) -> Any:
    """The value without its envelope; None where it is too large to read as a whole."""
    if len(roh) > GELESEN_HOECHSTENS:
        return None
    return json.loads(roh)["wert"]
