"""Which proofs the situation asks for, and which documents may be one. Only a hint: nobody has read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from fachwerk import unterlagen
from fachwerk.modell import Antrag
from fachwerk.regeln import lies_yaml
from fachwerk_mietrueckstaende.betraege import ist_iban
from fachwerk_mietrueckstaende.fall import Fall, Leistungsbezug

DEUTSCH = "000"
"""Citizenship key of Germany in the national code list."""


@lru_cache(maxsize=1)
def liste() -> tuple[Mapping[str, Any], ...]:
    """The list of proofs as shipped: titel, muster, and wenn where it depends on the situation."""
    datei = resources.files("fachwerk_mietrueckstaende") / "daten" / "nachweise.yaml"
    return tuple(lies_yaml(datei.read_text(encoding="utf-8"), "nachweise.yaml"))


def verlangte(fall: Fall, staaten: Collection[str] = ()) -> list[str]:
    """Titles of the proofs this situation asks for, in the order of the list; ``staaten``: the applicant's."""
    jetzt = lage(fall) | {"nicht_deutsch": bool(staaten) and DEUTSCH not in staaten}
    return [regel["titel"] for regel in liste() if "wenn" not in regel or jetzt[regel["wenn"]]]


def lage(fall: Fall) -> dict[str, bool]:
    """The situations a proof may depend on."""
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


def belege(titel: Iterable[str], antrag: Antrag) -> tuple[unterlagen.Beleg, ...]:
    """Each proof of ``titel`` with the documents of the message that may be one."""
    muster = {regel["titel"]: regel["muster"] for regel in liste()}
    return unterlagen.belege({t: muster[t] for t in titel}, unterlagen.unterlagen_von(antrag))
