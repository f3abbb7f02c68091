"""Which proofs the situation asks for, and which of them seem to be among the documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from fachwerk_wbs.bedingungen import erfuellt
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.haushalt import Haushalt, merkmale_von
from fachwerk_wbs.land import Land, Nachweisregel
from fachwerk_wbs.voraussetzungen import ist_eu, staaten_von


def verlangte(fall: Fall, haushalt: Haushalt, land: Land, stichtag: date) -> tuple[str, ...]:
    """Titles of the proofs the situation asks for, in the order of the list."""
    lagen = [merkmale_von(p, haushalt, stichtag) for p in haushalt.mitglieder]
    for lage in lagen:
        lage["eu"] = ist_eu(staaten_von(fall))
    return tuple(regel.titel for regel in land.nachweise.values() if any(erfuellt(regel.wenn, lage) for lage in lagen))


def fehlende(titel: Iterable[str], land: Land, dokumente: Iterable[str]) -> tuple[str, ...]:
    """Those of ``titel`` for which no document name gives a sign. Only a hint: nobody has read the documents."""
    namen = " ".join(dokumente).lower()
    regeln = {regel.titel: regel for regel in land.nachweise.values()}
    return tuple(t for t in titel if not _erkennbar(regeln[t], namen))


def _erkennbar(regel: Nachweisregel, namen: str) -> bool:
    return any(muster in namen for muster in regel.muster)
