"""One WBS decision, from the application to the Votum, as the line asks for it.

Bound (design, section 13): 2 ms, absolute, for the slower of two households in each installed Land. Beside it stands
the time for reading the same case as YAML in the same run: what a machine needs for the facts before any law; and, in
the same run too, one evaluation of similar households by OpenFisca (``vergleich_openfisca.py``, a process in an
environment of its own, because its licence is AGPL). A decision waits for nothing, so its processor time is measured:
the clock would also count what other processes take away. Neighbours still slow the processor itself down, and never
speed it up, so of five runs the quietest counts.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from fachwerk.modell import Antrag, Empfehlung
from fachwerk_wbs import Land, entscheide, finde_land, laender
from fachwerk_wbs.fall import lies_fall

HIER = Path(__file__).resolve().parent
NACHBAR = HIER.parent / ".venv-bench" / "bin" / "python"
GRENZE_MS = 2.0
LAEUFE = 5
WIEDERHOLUNGEN = 60
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
    kopf |= {"staatsangehoerigkeit": ["000"], "vermoegen": "0.00"}
    lohn = {"art": "nichtselbstaendig", "betrag": "18000.00"}
    paar = [mensch("A", "antragsteller", "1980-05-01", lohn), mensch("B", "ehegatte", "1982-05-01", lohn)]
    kinder = [mensch(name, "kind", "2015-01-01", kindergeld=True) for name in ("C", "D")]
    return {
        "eine Person": {**kopf, "haushalt": paar[:1]},
        "Paar, zwei Kinder": {**kopf, "ehe_seit": "2008-01-01", "haushalt": paar + kinder},
    }


def dauer_ms(aufgabe: Callable[[], object]) -> float:
    """Milliseconds of processor time for one call: the median of the quietest run."""
    return min(statistics.median(_gemessen(aufgabe) for _ in range(WIEDERHOLUNGEN)) for _ in range(LAEUFE))


def _gemessen(aufgabe: Callable[[], object]) -> float:
    beginn = time.thread_time()
    aufgabe()
    return (time.thread_time() - beginn) * 1000


@dataclass(frozen=True)
class Messung:
    """One household in one Land."""

    land: str
    haushalt: str
    empfehlung: Empfehlung
    schritte: int
    ms: float
    lesen_ms: float

    def zeile(self) -> str:
        """One line of the table."""
        return (
            f"  {self.land}  {self.haushalt:<18} {self.empfehlung.value:<11} {self.schritte:3} Schritte "
            f"{self.ms:6.2f} ms   YAML lesen {self.lesen_ms:6.2f} ms   Verhältnis {self.ms / self.lesen_ms:.2f}"
        )


def miss(land: Land, name: str, fall: dict[str, Any]) -> Messung:
    """Measure one household."""
    empfangen = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    antrag = Antrag(leistung="wbs", land=land.code, format="bench", empfangen=empfangen, fall=fall)
    text = yaml.safe_dump(fall, allow_unicode=True)
    votum = entscheide(antrag, (), STICHTAG, land)
    return Messung(
        land=land.code,
        haushalt=name,
        empfehlung=votum.empfehlung,
        schritte=len(votum.begruendung),
        ms=dauer_ms(lambda: entscheide(antrag, (), STICHTAG, land)),
        lesen_ms=dauer_ms(lambda: lies_fall(yaml.safe_load(text))),
    )


def vergleiche(messungen: Sequence[Messung]) -> None:
    """Measure OpenFisca now, too, and print the ratio for each household; or say loudly that nobody did."""
    if not NACHBAR.exists():
        print("NICHT VERGLICHEN: OpenFisca ist nicht eingerichtet (bench/vergleich.sh legt .venv-bench an)")
        return
    befehl = [NACHBAR, HIER / "vergleich_openfisca.py"]
    lauf = subprocess.run(befehl, capture_output=True, text=True, check=False)  # noqa: S603
    if lauf.returncode != 0:
        print(f"NICHT VERGLICHEN: OpenFisca ist gescheitert\n{lauf.stderr}")
        return
    gemessen = json.loads(lauf.stdout)
    pakete = ", ".join(f"{name} {fassung}" for name, fassung in gemessen["pakete"].items())
    print(f"Im selben Lauf: {pakete} ({gemessen['parameter']} datierte Parameter)")
    for name, nachbar in gemessen["messungen"].items():
        langsamste = max(m.ms for m in messungen if m.haushalt == name)
        print(
            f"      {name:<18} {nachbar['werte']:15} Werte    {nachbar['ms']:6.2f} ms   mit Rechenweg "
            f"{nachbar['ms_trace']:6.2f} ms   langsamstes Land dagegen {langsamste / nachbar['ms']:.2f} "
            f"und {langsamste / nachbar['ms_trace']:.2f}"
        )


def main() -> int:
    """Measure every installed Land and judge the slowest."""
    fassung = metadata.version("fachwerk-wbs")
    print(f"{platform.machine()}, {os.cpu_count()} Kerne, Python {platform.python_version()}, fachwerk-wbs {fassung}")
    print(f"PyYAML {yaml.__version__} (reines Python), {LAEUFE} x {WIEDERHOLUNGEN} Aufrufe, Rechenzeit, {_last()}")
    messungen = []
    for land in map(finde_land, laender()):
        for name, fall in faelle(land.code).items():
            messungen.append(miss(land, name, fall))
            print(messungen[-1].zeile(), flush=True)
    vergleiche(messungen)
    return urteile(messungen)


def _last() -> str:
    return f"Last {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "Last unbekannt"


def urteile(messungen: Sequence[Messung]) -> int:
    """Exit code 1 if a decision takes too long, or if a case was not complete and so something else was measured."""
    langsamste = max(messungen, key=lambda m: m.ms)
    unvollstaendig = sorted({m.land for m in messungen if m.empfehlung is Empfehlung.NACHFORDERN})
    print(f"Langsamste Entscheidung {langsamste.ms:.2f} ms ({langsamste.land}), Grenze {GRENZE_MS:.0f} ms")
    if unvollstaendig:
        print(f"FALL UNVOLLSTÄNDIG, das Gemessene zählt nicht: {', '.join(unvollstaendig)}")
    if langsamste.ms > GRENZE_MS:
        print("GRENZE GEBROCHEN: Entscheidung")
    return 1 if unvollstaendig or langsamste.ms > GRENZE_MS else 0


if __name__ == "__main__":
    sys.exit(main())
