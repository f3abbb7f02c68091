"""Tables as values: each cell an amount, an amount of weaker grade, one of several candidates, or unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fachwerk.parameter import Beleg, Fassung, Parameter
from fachwerk.regeln import Gewertet, Luecke, Rechnung, Schritt, Unbekannt, schwaecherer


@dataclass(frozen=True, slots=True)
class Tabelle:
    """A parameter that is a table on one day; ``luecken`` hold for all of it (grade C, undated)."""

    parameter: Parameter
    werte: Mapping[str, Any]
    beleg: Beleg
    fundstelle: str
    luecken: tuple[Luecke, ...] = ()

    def zelle(self, schluessel: str) -> Gewertet:
        """The cell: its value with the weaker grade of cell and version, or Unbekannt, naming the candidates."""
        roh = self.werte.get(schluessel)
        eigen = roh if isinstance(roh, dict) else {"wert": roh, "beleg": self.beleg}
        wert, beleg = eigen.get("wert"), schwaecherer(self.beleg, eigen.get("beleg") or "")
        if self.luecken:
            return Gewertet(Unbekannt(self.luecken, wert if isinstance(wert, Decimal) else None), beleg)
        if isinstance(wert, Decimal) and beleg != "C":
            return Gewertet(wert, beleg)
        return Gewertet(self._offen(schluessel, wert), beleg)

    def schritt(self, schluessel: str, zelle: Gewertet) -> Schritt:
        """The line of the trace that shows one cell instead of the whole table."""
        kopf = (self.parameter.name, zelle.wert, self.fundstelle, zelle.beleg)
        return Schritt(*kopf, f"{self.parameter.titel} ({BENENNUNG.get(schluessel, schluessel)})", "EUR")

    def _offen(self, schluessel: str, wert: Any) -> Unbekannt:
        zeile = f"{self.parameter.titel}, {BENENNUNG.get(schluessel, schluessel)}"
        return unbekannt(self.parameter.name, zeile, wert, self.fundstelle)


BENENNUNG = {"p1": "eine Person", "p2": "zwei Personen", "weitere": "jede weitere Person", "kind": "jedes Kind"}
"""What the keys of a table of amounts are called."""


def unbekannt(name: str, zeile: str, wert: Any, fundstelle: str) -> Unbekannt:
    """A value that does not decide: a list of candidates, an unchecked figure (grade C), or nothing at all."""
    if isinstance(wert, list):
        grund = f"in Betracht kommen {' oder '.join(map(str, wert))}"
    else:
        grund = "der Wert ist nicht belegt" if wert is None else f"{wert} ist nur eine ungeprüfte Annahme (Beleg C)"
    text = f"{zeile}: {grund}. Nachzusehen: {fundstelle}."
    return Unbekannt((Luecke(name, "recht", text, fundstelle),), wert if isinstance(wert, Decimal) else None)


def lies_tabelle(name: str, rechnung: Rechnung) -> Tabelle | None:
    """The table ``name`` on the day of ``rechnung``; None: there is none, or it is no table."""
    parameter = rechnung.regelwerk.parameter.get(name)
    gefunden = rechnung.stand(name)
    if parameter is None or gefunden is None:
        return None
    if isinstance(gefunden, Fassung):
        tabelle = Tabelle(parameter, gefunden.wert, gefunden.beleg, gefunden.fundstelle)
    else:
        tabelle = Tabelle(parameter, gefunden.vorlaeufig, "", gefunden.luecken[0].fundstelle, gefunden.luecken)
    return tabelle if isinstance(tabelle.werte, dict) else None
