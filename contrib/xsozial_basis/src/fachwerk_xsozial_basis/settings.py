"""Keys of ``[format.xsozial_basis]``."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Einstellungen(BaseModel):
    """What a site has checked about the mappings that rest on assumptions.

    ``bestaetigt`` names confirmed mappings (``projektprofil-1``); ``produkt`` are regular expressions: a confirmation
    holds for messages whose head attribute ``produkt`` matches one of them as a whole (empty: for every message).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bestaetigt: tuple[str, ...] = ()
    produkt: tuple[str, ...] = Field(default=())

    @field_validator("produkt")
    @classmethod
    def _lesbar(cls, muster: tuple[str, ...]) -> tuple[str, ...]:
        for eintrag in muster:
            try:
                re.compile(eintrag)
            except re.error:
                raise ValueError(f"„{eintrag}“ ist kein regulärer Ausdruck") from None
        return muster

    def bestaetigt_fuer(self, annahme: str, produkt: str) -> bool:
        """Whether the mapping ``annahme`` is confirmed for messages of ``produkt``."""
        passt = not self.produkt or any(re.fullmatch(muster, produkt) for muster in self.produkt)
        return annahme in self.bestaetigt and passt
