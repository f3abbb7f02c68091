"""The result of a WBS calculation in its published shape; money is text with two decimals."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fachwerk.modell import Empfehlung, OffenerPunkt, Rechenschritt

Verbindung = Literal["oder", "und"]


class Stufenergebnis(BaseModel):
    """One tier: its limit, and whether the income keeps it (null: unknown)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    grenze: str | None
    eingehalten: bool | None
    ermessen: bool


class Ergebnis(BaseModel):
    """What :func:`fachwerk_wbs.berechne` returns. ``nachweise`` and ``hinweise`` are not part of the JSON.

    ``verbindung``: whether area *or* number of rooms is the bound, or both are; None where only one is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    land: str
    stichtag: date
    gesamteinkommen: str | None
    stufen: tuple[Stufenergebnis, ...]
    stufe: str | None
    empfehlung: Empfehlung
    wohnflaeche_m2: str | None
    raeume: str | None
    gueltig_monate: int | None
    gebuehr: str | None
    begruendung: tuple[Rechenschritt, ...] = ()
    offen: tuple[OffenerPunkt, ...] = ()
    personengruppen: tuple[str, ...] = ()
    verbindung: Verbindung | None = None
    nachweise: tuple[str, ...] = Field(default=(), exclude=True)
    hinweise: tuple[Rechenschritt, ...] = Field(default=(), exclude=True)

    def als_json(self) -> dict[str, Any]:
        """The published form: reasons with name, value and citation, open points with code, text and citation."""
        roh = self.model_dump(mode="json", exclude={"begruendung", "offen", "personengruppen", "verbindung"})
        roh["begruendung"] = [{"name": s.name, "wert": s.wert, "fundstelle": s.fundstelle} for s in self.begruendung]
        roh["offen"] = [{"code": p.code, "text": p.text, "fundstelle": p.fundstelle} for p in self.offen]
        roh["personengruppen"] = list(self.personengruppen)
        roh["verbindung"] = self.verbindung
        return roh
