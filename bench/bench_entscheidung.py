"""One WBS decision, from the application to the Votum, as the line asks for it.

Bound (design, section 13): 2 ms, absolute, for the slower of two households in each installed Land. Beside it stands
the time for reading the same case as YAML in the same run: what a machine needs for the facts before any law. Three
runs, the median counts. A decision waits for nothing, so its processor time is measured: the clock would also count
what other processes take away.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib import metadata
from typing import Any

import yaml

from fachwerk.modell import Antrag, Empfehlung
from fachwerk_wbs import Land, entscheide, finde_land, laender
from fachwerk_wbs.fall import lies_fall

GRENZE_MS = 2.0
LAEUFE = 3
WIEDERHOLUNGEN = 200
STICHTAG = date(2026, 11, 21)
ZAHLT = {"einkommensteuer": True, "kranken_pflegeversicherung": True, "rentenversicherung": True}
GESUND = {"grad_der_behinderung": 0, "pflegegrad": 0, "haeuslich_pflegebeduerftig": False}


def mensch(
    name: str, rolle: str, geboren: str, *einkuenfte: dict[str, Any], kindergeld: bool = False
) -> dict[str, Any]:
    """An invented member of a household, with complete facts."""
    angaben = {"name": name, "rolle": rolle, "geburtsdatum": geboren, "einkuenfte": list(einkuenfte)}
    return {**angaben, **GESUND, "zahlt": ZAHLT, "kindergeld": kindergeld}


def faelle(land: str) -> dict[str, dict[str, Any]]:
    """A single employee, and a couple with two children."""
    kopf = {"land": land, "stichtag": STICHTAG.isoformat(), "unterhalt": [], "alleinerziehend": False}
    kopf |= {"staatsangehoerigkeit": ["000"]}
    lohn = {"art": "nichtselbstaendig", "betrag": "18000.00"}
    paar = [mensch("A", "antragsteller", "1980-05-01", lohn), mensch("B", "ehegatte", "1982-05-01", lohn)]
    kinder = [mensch(name, "kind", "2015-01-01", kindergeld=True) for name in ("C", "D")]
    return {
        "eine Person": {**kopf, "haushalt": paar[:1]},
        "Paar, zwei Kinder": {**kopf, "ehe_seit": "2008-01-01", "haushalt": paar + kinder},
    }


def dauer_ms(aufgabe: Callable[[], object]) -> float:
    """Milliseconds of processor time for one call: the median within a run, and of that the median of all runs."""
    return statistics.median(
        statistics.median(_gemessen(aufgabe) for _ in range(WIEDERHOLUNGEN)) for _ in range(LAEUFE)
    )


def _gemessen(aufgabe: Callable[[], object]) -> float:
    beginn = time.thread_time()
    aufgabe()
    return (time.thread_time() - beginn) * 1000


def miss(land: Land, name: str, fall: dict[str, Any]) -> float:
    """Measure and print one household; returns the milliseconds of its decision."""
    empfangen = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    antrag = Antrag(leistung="wbs", land=land.code, format="bench", empfangen=empfangen, fall=fall)
    text = yaml.safe_dump(fall, allow_unicode=True)
    empfehlung = entscheide(antrag, (), STICHTAG, land).empfehlung
    assert empfehlung is not Empfehlung.NACHFORDERN, "the case is not complete: something else would be measured"
    entscheidung = dauer_ms(lambda: entscheide(antrag, (), STICHTAG, land))
    lesen = dauer_ms(lambda: lies_fall(yaml.safe_load(text)))
    print(
        f"  {land.code}  {name:<18} {empfehlung.value:<11} {entscheidung:6.2f} ms   "
        f"YAML lesen {lesen:6.2f} ms   Verhältnis {entscheidung / lesen:.2f}"
    )
    return entscheidung


def main() -> int:
    """Measure every installed Land and judge the slowest."""
    fassung = metadata.version("fachwerk-wbs")
    print(f"{platform.machine()}, {os.cpu_count()} Kerne, Python {platform.python_version()}, fachwerk-wbs {fassung}")
    print(f"PyYAML {yaml.__version__} (reines Python), {LAEUFE} x {WIEDERHOLUNGEN} Aufrufe, Rechenzeit")
    regelpakete = [finde_land(code) for code in laender()]
    dauern = [miss(land, name, fall) for land in regelpakete for name, fall in faelle(land.code).items()]
    print(f"Langsamste Entscheidung {max(dauern):.2f} ms, Grenze {GRENZE_MS:.0f} ms")
    if max(dauern) > GRENZE_MS:
        print("GRENZE GEBROCHEN: Entscheidung")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
