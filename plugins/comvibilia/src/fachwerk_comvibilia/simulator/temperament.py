"""How the other side behaves; every mood is off unless asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Temperament(BaseModel):
    """``schritte`` writes each file in so many pieces, one per round; rounds are what :meth:`ComVibilia.runde` makes.

    ``ohne_marke`` forgets the marker, ``gleiche_namen`` calls every export the same, ``holt_nicht`` leaves the import
    folder alone, ``laufwerk_weg_nach`` takes the drive away in that round. ``quittung`` is which receipts come, after
    ``quittung_nach`` rounds, each ``quittung_anzahl`` times.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schritte: int = Field(default=1, ge=1, le=1000)
    ohne_marke: bool = False
    gleiche_namen: bool = False
    holt_nicht: bool = False
    quittung: Literal["uebernommen", "angenommen", "abgelehnt", "unverstaendlich", "keine"] = "uebernommen"
    quittung_nach: int = Field(default=0, ge=0, le=1000)
    quittung_anzahl: int = Field(default=1, ge=1, le=100)
    laufwerk_weg_nach: int | None = Field(default=None, ge=0)
