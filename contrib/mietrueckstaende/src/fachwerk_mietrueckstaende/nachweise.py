"""Which proofs the situation asks for, and which seem to be among the documents. Only a hint: nobody read them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

from fachwerk.regeln import lies_yaml
from fachwerk_mietrueckstaende.betraege import ist_iban
from fachwerk_mietrueckstaende.fall import Fall, Leistungsbezug

DEUTSCH = "000"
"""Citizenship key of Germany in the national code list."""

_UMSCHRIFT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_GRENZE = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])|[\W\d_]+")


@lru_cache(maxsize=1)
def _liste() -> tuple[Mapping[str, Any], ...]:
    datei = resources.files("fachwerk_mietrueckstaende") / "daten" / "nachweise.yaml"
    return tuple(lies_yaml(datei.read_text(encoding="utf-8"), "nachweise.yaml"))


def verlangte(fall: Fall, staaten: Collection[str] = ()) -> list[str]:
    """Titles of the proofs this situation asks for, in the order of the list; ``staaten``: the applicant's."""
    lage = _lage(fall) | {"nicht_deutsch": bool(staaten) and DEUTSCH not in staaten}
    return [regel["titel"] for regel in _liste() if "wenn" not in regel or lage[regel["wenn"]]]


def _lage(fall: Fall) -> dict[str, bool]:
    gefahr = fall.gefahr
    return {
        "leistungsbezug": fall.leistungsbezug not in (None, Leistungsbezug.KEINER),
        "ohne_iban": not ist_iban(fall.miete.vermieter_iban),
        "mahnung": gefahr.mahnung is not None,
        "kuendigung": gefahr.kuendigung is not None,
        "raeumungsklage": bool(gefahr.raeumungsklage or gefahr.klage_eingegangen or gefahr.klage_zugestellt),
        "urteil": gefahr.urteil is not None,
        "raeumungstermin": gefahr.raeumungstermin is not None,
        "energie": bool(fall.rueckstand.energie),
        "raten_abgelehnt": fall.selbsthilfe.raten_abgelehnt is True,
    }


def fehlende(titel: Iterable[str], dokumente: Iterable[str]) -> tuple[str, ...]:
    """Those proofs for which no document name gives a sign."""
    alle = {wort for name in dokumente for wort in woerter(name)}
    muster = {regel["titel"]: regel["muster"] for regel in _liste()}
    return tuple(t for t in titel if not any(fnmatchcase(wort, m) for m in muster[t] for wort in alle))


def woerter(name: str) -> set[str]:
    """The words of a file name: parted at signs, digits and inner capitals; neighbours also joined (Miet-Vertrag)."""
    teile = [teil.casefold().translate(_UMSCHRIFT) for teil in _GRENZE.split(name) if teil]
    return {*teile, *(a + b for a, b in pairwise(teile))}
