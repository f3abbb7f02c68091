"""One household in the OpenFisca Country Template: the peer of ``bench_entscheidung.py``.

Runs in ``.venv-bench`` (``bench/vergleich.sh``), where Fachwerk is not installed, and prints one JSON document. The
template is OpenFisca's own example of a country: dated parameters, formulas for persons and households. A case is
built from plain data and disposable income, benefits and taxes are computed, as a service would do for one household;
with ``trace``, also what it computed them from, which a Votum always carries. OpenFisca computes whole populations at
once, and is then far cheaper for each household; that is not what an office needs for one application.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any

from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_country_template import CountryTaxBenefitSystem

WIEDERHOLUNGEN = 60
MONAT = "2026-11"
ZIELE = ("disposable_income", "total_benefits", "total_taxes")
PAKETE = ("OpenFisca-Core", "OpenFisca-Country-Template")


def mensch(geboren: str, lohn: int = 0) -> dict[str, Any]:
    """An invented person."""
    return {"birth": {"ETERNITY": geboren}, "salary": {MONAT: lohn}}


def haushalt(erwachsene: list[str], kinder: list[str]) -> dict[str, Any]:
    """Their common household."""
    wohnung = {"rent": {MONAT: 700}, "accommodation_size": {MONAT: 80}, "housing_occupancy_status": {MONAT: "tenant"}}
    return {"H": {"adults": erwachsene, "children": kinder, **wohnung}}


FAELLE: dict[str, dict[str, Any]] = {
    "eine Person": {"persons": {"A": mensch("1980-05-01", 1500)}, "households": haushalt(["A"], [])},
    "Paar, zwei Kinder": {
        "persons": {
            "A": mensch("1980-05-01", 1500),
            "B": mensch("1982-05-01", 1500),
            "C": mensch("2015-01-01"),
            "D": mensch("2015-01-01"),
        },
        "households": haushalt(["A", "B"], ["C", "D"]),
    },
}


def rechne(system: Any, fall: dict[str, Any], *, trace: bool) -> Any:
    """One evaluation, from plain data to the results."""
    simulation = SimulationBuilder().build_from_entities(system, fall)
    simulation.trace = trace
    ergebnisse = [float(simulation.calculate(ziel, MONAT)[0]) for ziel in ZIELE]
    assert all(wert > 0 for wert in ergebnisse), "nothing was computed: something else would be measured"
    return simulation


def dauer_ms(aufgabe: Callable[[], object]) -> float:
    """As in ``bench_entscheidung.py``: processor time, the median of a round."""
    return statistics.median(_gemessen(aufgabe) for _ in range(WIEDERHOLUNGEN))


def _gemessen(aufgabe: Callable[[], object]) -> float:
    beginn = time.thread_time()
    aufgabe()
    return (time.thread_time() - beginn) * 1000


def _anzahl(knoten: Any) -> int:
    """Leaves of the tree of parameters."""
    kinder = getattr(knoten, "children", None)
    return sum(map(_anzahl, kinder.values())) if kinder else 1


def main() -> int:
    """Measure both households and print what was found."""
    system = CountryTaxBenefitSystem()
    messungen = {}
    for name, fall in FAELLE.items():
        baum = rechne(system, fall, trace=True).tracer.get_flat_trace()
        messungen[name] = {
            "werte": len(baum),
            "ms": dauer_ms(lambda fall=fall: rechne(system, fall, trace=False)),  # type: ignore[misc]
            "ms_trace": dauer_ms(lambda fall=fall: rechne(system, fall, trace=True)),  # type: ignore[misc]
        }
    kopf = {"pakete": {name: metadata.version(name) for name in PAKETE}, "parameter": _anzahl(system.parameters)}
    print(json.dumps({**kopf, "messungen": messungen}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
