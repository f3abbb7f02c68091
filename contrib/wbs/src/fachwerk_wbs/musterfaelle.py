"""Cases that ship with a Land package: sentences with their source, checked by its tests and by anybody else."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fachwerk.errors import ContractError
from fachwerk.regeln import lies_yaml
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.fall import lies_fall
from fachwerk_wbs.land import Land

Haushaltstyp = Literal["single", "paar", "alleinerziehend", "familie", "rente", "behinderung", "beamte", "selbstaendig"]


class Musterfall(BaseModel):
    """One case: ``name`` is a sentence, ``quelle`` where the expected values come from.

    ``rechnung`` is the calculation as a person writes it out by hand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=20)
    quelle: str = Field(min_length=3)
    haushaltstyp: Haushaltstyp
    rechnung: str = Field(min_length=20)
    fall: dict[str, Any]
    erwartet: dict[str, Any] = Field(min_length=1)

    def abweichungen(self, land: Land) -> dict[str, tuple[Any, Any]]:
        """Expected and actual value of every field that differs; empty: the case holds."""
        ergebnis = berechne(lies_fall(self.fall, self.name), land).als_json()
        eingehalten = {stufe["id"]: stufe["eingehalten"] for stufe in ergebnis["stufen"]}
        ist = {**ergebnis, "eingehalten": eingehalten}
        return {name: (soll, ist[name]) for name, soll in self.erwartet.items() if ist[name] != soll}


def musterfaelle(land: Land) -> list[Musterfall]:
    """All cases of the Land package, in the order of its files. Raises ``ContractError`` for a file that is no list."""
    ordner = land.wurzel / "faelle"
    dateien = sorted((d for d in ordner.iterdir() if d.name.endswith(".yaml")), key=lambda d: d.name)
    return [Musterfall.model_validate(fall) for datei in dateien for fall in _liste(datei)]


def _liste(datei: Traversable) -> list[Any]:
    """What the file lists; one that lists nothing is a mistake and not a Land without cases."""
    roh = lies_yaml(datei.read_text(encoding="utf-8"), datei.name)
    if isinstance(roh, list):
        return roh
    text = f"faelle/{datei.name}: Erwartet wird eine Liste von Fällen, jeder beginnt mit „- name:“. Bitte berichtigen."
    raise ContractError("wbs_faelle", text)
