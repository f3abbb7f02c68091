"""Which proofs the situation asks for, and which documents may be one. Nobody has read the documents: only a hint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from fachwerk import unterlagen
from fachwerk.unterlagen import HOECHSTENS_ZEICHEN, Beleg, Unterlage, fehlende, passt, unterlagen_von, worte_von
from fachwerk_wbs.bedingungen import erfuellt
from fachwerk_wbs.fall import Fall, Person, Rolle
from fachwerk_wbs.haushalt import Haushalt, alter, merkmale_von
from fachwerk_wbs.land import Land
from fachwerk_wbs.staaten import ist_eu, staaten_von

__all__ = [
    "HOECHSTENS_ZEICHEN",
    "Beleg",
    "Unterlage",
    "belege",
    "fehlende",
    "passt",
    "unterlagen_von",
    "verlangte",
    "worte_von",
]


def verlangte(fall: Fall, haushalt: Haushalt, land: Land, stichtag: date) -> tuple[str, ...]:
    """Titles of the proofs the situation asks for, in the order of the list."""
    lagen = [_lage(person, fall, haushalt, stichtag) for person in haushalt.mitglieder]
    return tuple(regel.titel for regel in land.nachweise.values() if any(erfuellt(regel.wenn, lage) for lage in lagen))


def _lage(person: Person, fall: Fall, haushalt: Haushalt, stichtag: date) -> dict[str, Any]:
    lage = merkmale_von(person, haushalt, stichtag) | {"eu": ist_eu(staaten_von(fall))}
    if person.einkuenfte is None and not _ohne_frage(person, stichtag):
        lage["eigenes_einkommen"] = "unbekannt"
    return lage


def _ohne_frage(person: Person, stichtag: date) -> bool:
    """Of a child under 16 nobody asks for incomes."""
    jahre = alter(person, stichtag)
    return person.rolle is Rolle.UNGEBORENES or (person.rolle is Rolle.KIND and jahre is not None and jahre < 16)


def belege(titel: Iterable[str], land: Land, vorhanden: Sequence[Unterlage]) -> tuple[Beleg, ...]:
    """Each of ``titel`` with the documents whose name or type gives a sign of it."""
    regeln = {regel.titel: regel for regel in land.nachweise.values()}
    return unterlagen.belege({t: regeln[t].muster for t in titel}, vorhanden)
