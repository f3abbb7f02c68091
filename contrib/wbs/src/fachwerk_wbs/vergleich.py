"""One household in every Land, by the law of each on the same day. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fachwerk.errors import FachwerkError
from fachwerk.regeln import Rechnung
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.ergebnis import Ergebnis, Stufenergebnis
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.grenzen import stufengrenzen
from fachwerk_wbs.haushalt import zaehle
from fachwerk_wbs.land import Land


@dataclass(frozen=True, slots=True)
class Zeile:
    """One Land: its result, or why there is none; ``ungesichert``: tiers whose limit does not decide."""

    land: str
    name: str
    ergebnis: Ergebnis | None = None
    titel: str = ""
    ungesichert: frozenset[str] = frozenset()
    fehler: str = ""

    @property
    def niedrigste(self) -> Stufenergebnis | None:
        """The lowest tier that needs no discretion; its limit may be unknown."""
        stufen = self.ergebnis.stufen if self.ergebnis else ()
        return next((s for s in stufen if not s.ermessen), None)

    @property
    def einkommen(self) -> Decimal | None:
        """The income of the household as this Land computes it."""
        roh = self.ergebnis.gesamteinkommen if self.ergebnis else None
        return None if roh is None else Decimal(roh)

    def als_json(self) -> dict[str, Any]:
        """The result in its published form, with the name of the Land."""
        kopf = {"land": self.land, "name": self.name}
        return {**kopf, "ergebnis": self.ergebnis.als_json() if self.ergebnis else None, "fehler": self.fehler}


def vergleiche(fall: Fall, laender: Iterable[Land], stichtag: date) -> list[Zeile]:
    """``fall`` by the law of each of ``laender``; a funding path counts only in the Land of the case."""
    return [_zeile(fall, land, stichtag) for land in laender]


def _zeile(fall: Fall, land: Land, stichtag: date) -> Zeile:
    try:
        eigener = fall.model_copy(update={"land": land.code})
        if land.code != fall.land:
            eigener = eigener.model_copy(update={"foerderweg": None})
        ergebnis = berechne(eigener, land, stichtag)
        titel = next((p.titel for p in land.stufen if p.name == f"stufe_{ergebnis.stufe}"), "")
        return Zeile(land.code, land.kopf.name, ergebnis, titel, _ungesicherte(eigener, land, stichtag))
    except FachwerkError as fehler:
        return Zeile(land.code, land.code, fehler=fehler.hint)


def _ungesicherte(fall: Fall, land: Land, stichtag: date) -> frozenset[str]:
    """Known also where the income is not, and so nothing can be said about keeping a limit."""
    rechnung = Rechnung(land.regelwerk, {}, stichtag)
    stufen = stufengrenzen(zaehle(fall, rechnung), land, rechnung)
    return frozenset(stufe.id for stufe in stufen if not stufe.gesichert)
