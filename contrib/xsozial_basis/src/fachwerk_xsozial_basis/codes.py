"""Codes whose meaning is not public are checked softly: an unknown one is a hint, never an obstacle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from fachwerk.modell import Antrag, Befund, Schwere


@cache
def codes() -> Mapping[str, Mapping[str, str]]:
    """Known codes of each list with their meaning as far as known (``codes.yaml``)."""
    import yaml

    inhalt = yaml.safe_load(resources.files(__package__).joinpath("codes.yaml").read_text(encoding="utf-8"))
    return {
        liste: {str(code): str(titel) for code, titel in werte.items()} for liste, werte in inhalt["listen"].items()
    }


def unbekannte_codes(antrag: Antrag) -> Iterator[Befund]:
    """One hint for each list of which the application uses a code we do not know."""
    for liste, benutzt in _benutzte(antrag).items():
        fremd = sorted({code for code in benutzt if code and code not in codes()[liste]})
        if fremd:
            text = f"Die Nachricht verwendet in der Liste „{liste}“ Schlüssel, deren Bedeutung Fachwerk nicht kennt."
            yield Befund(code="code_unbekannt", schwere=Schwere.HINWEIS, text=text, pfad=liste)


def _benutzte(antrag: Antrag) -> dict[str, list[str]]:
    beteiligte = [*(person.kommunikation for person in antrag.personen), *(d.kommunikation for d in antrag.dritte)]
    return {
        "personentyp": [person.typ for person in antrag.personen],
        "drittetyp": [dritter.typ for dritter in antrag.dritte],
        "geschlecht": [person.geschlecht for person in antrag.personen],
        "familienstand": [person.familienstand for person in antrag.personen],
        "kanal": [weg.kanal for wege in beteiligte for weg in wege],
        "dokumenttyp": [dokument.typ for dokument in antrag.dokumente],
    }
