"""One WBS decision, from the application to the Votum, as the line asks for it.

Bound (design, section 13): 2 ms, absolute, for the slower of two households in each installed Land. Beside it stands
the time for reading the same case as YAML in the same run: what a machine needs for the facts before any law; and, in
the same run too, one evaluation of similar households by OpenFisca (``vergleich_openfisca.py``, a process in an
environment of its own, because its licence is AGPL). A decision waits for nothing, so its processor time is measured:
the clock would also count what other processes take away. Neighbours still slow the processor itself down, and never
speed it up, so five rounds go through everything, and of each figure the quietest round counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from blatt import Zeile, halte_fest, zahl
from umfeld import last, maschine

from fachwerk.modell import Antrag, Empfehlung
from fachwerk_wbs import Land, entscheide, finde_land, laender
from fachwerk_wbs.fall import lies_fall

HIER = Path(__file__).resolve().parent
NACHBAR = HIER.parent / ".venv-bench" / "bin" / "python"
GRENZE_MS = 2.0
RUNDEN = 5
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
    """Milliseconds of processor time for one call, the median of a round."""
    return statistics.median(_gemessen(aufgabe) for _ in range(WIEDERHOLUNGEN))


def _gemessen(aufgabe: Callable[[], object]) -> float:
    beginn = time.thread_time()
    aufgabe()
    return (time.thread_time() - beginn) * 1000


class Messung:
    """One household in one Land, and what its rounds took."""

    def __init__(self, land: Land, haushalt: str, fall: dict[str, Any]) -> None:
        empfangen = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
        antrag = Antrag(leistung="wbs", land=land.code, format="bench", empfangen=empfangen, fall=fall)
        text = yaml.safe_dump(fall, allow_unicode=True)
        self.land, self.haushalt = land.code, haushalt
        self.votum = entscheide(antrag, (), STICHTAG, land)
        self._aufgaben = (lambda: entscheide(antrag, (), STICHTAG, land), lambda: lies_fall(yaml.safe_load(text)))
        self._runden: list[tuple[float, float]] = []

    def miss(self) -> None:
        """One more round."""
        entscheiden, lesen = self._aufgaben
        self._runden.append((dauer_ms(entscheiden), dauer_ms(lesen)))

    @property
    def ms(self) -> float:
        """The decision, in the quietest round."""
        return min(runde[0] for runde in self._runden)

    def zeile(self) -> str:
        """One line of the table."""
        lesen = min(runde[1] for runde in self._runden)
        return (
            f"  {self.land}  {self.haushalt:<18} {self.votum.empfehlung.value:<11} {len(self.votum.begruendung):3} "
            f"Schritte {self.ms:6.2f} ms   YAML lesen {lesen:6.2f} ms   Verhältnis {self.ms / lesen:.2f}"
        )


def miss_openfisca() -> dict[str, Any]:
    """One round of OpenFisca; ``fehlt`` says why there is none."""
    if not NACHBAR.exists():
        return {"fehlt": "OpenFisca ist nicht eingerichtet (bench/vergleich.sh legt .venv-bench an)"}
    befehl = [NACHBAR, HIER / "vergleich_openfisca.py"]
    lauf = subprocess.run(befehl, capture_output=True, text=True, check=False)  # noqa: S603
    return dict(json.loads(lauf.stdout)) if lauf.returncode == 0 else {"fehlt": f"OpenFisca scheitert\n{lauf.stderr}"}


def vergleiche(messungen: Sequence[Messung], runden: Sequence[dict[str, Any]]) -> None:
    """The ratio for each household; or say loudly that there is none."""
    if fehlt := next((runde["fehlt"] for runde in runden if "fehlt" in runde), ""):
        print(f"NICHT VERGLICHEN: {fehlt}")
        return
    pakete = ", ".join(f"{name} {fassung}" for name, fassung in runden[0]["pakete"].items())
    print(f"Im selben Lauf: {pakete} ({runden[0]['parameter']} datierte Parameter)")
    for name, nachbar in runden[0]["messungen"].items():
        langsamste = max(m.ms for m in messungen if m.haushalt == name)
        ms, mit = (min(runde["messungen"][name][art] for runde in runden) for art in ("ms", "ms_trace"))
        halte_fest(
            Zeile(
                "entscheidung",
                f"eine WBS-Entscheidung, {name}, langsamstes Land",
                langsamste / mit,
                gegen="OpenFisca mit Rechenweg",
                dazu=f"{zahl(langsamste)} ms gegen {zahl(mit)} ms; ohne Rechenweg {zahl(ms)} ms",
            )
        )
        print(
            f"      {name:<30} {nachbar['werte']:3} Werte    {ms:6.2f} ms   mit Rechenweg {mit:6.2f} ms   "
            f"langsamstes Land dagegen {langsamste / ms:.2f} und {langsamste / mit:.2f}"
        )


def main() -> int:
    """Measure every installed Land and judge the slowest."""
    fassung = metadata.version("fachwerk-wbs")
    print(maschine(f"fachwerk-wbs {fassung}"))
    print(f"PyYAML {yaml.__version__} (reines Python), {RUNDEN} x {WIEDERHOLUNGEN} Aufrufe, Rechenzeit, {last()}")
    laender_ = map(finde_land, laender())
    messungen = [Messung(land, name, fall) for land in laender_ for name, fall in faelle(land.code).items()]
    nachbarn = []
    for _ in range(RUNDEN):
        for messung in messungen:
            messung.miss()
        nachbarn.append(miss_openfisca())
    print("\n".join(messung.zeile() for messung in messungen))
    vergleiche(messungen, nachbarn)
    return urteile(messungen)


def urteile(messungen: Sequence[Messung]) -> int:
    """Exit code 1 if a decision takes too long, or if a case was not complete and so something else was measured."""
    langsamste = max(messungen, key=lambda m: m.ms)
    unvollstaendig = sorted({m.land for m in messungen if m.votum.empfehlung is Empfehlung.NACHFORDERN})
    print(f"Langsamste Entscheidung {langsamste.ms:.2f} ms ({langsamste.land}), Grenze {GRENZE_MS:.0f} ms")
    mitte = zahl(statistics.median(messung.ms for messung in messungen))
    halte_fest(
        Zeile(
            "entscheidung",
            "eine WBS-Entscheidung, langsamstes Land und langsamster Haushalt",
            langsamste.ms,
            "ms",
            grenze=GRENZE_MS,
            dazu=f"{langsamste.land}, {langsamste.haushalt}; in der Mitte aller {mitte} ms",
        )
    )
    if unvollstaendig:
        print(f"FALL UNVOLLSTÄNDIG, das Gemessene zählt nicht: {', '.join(unvollstaendig)}")
    if langsamste.ms > GRENZE_MS:
        print("GRENZE GEBROCHEN: Entscheidung")
    return 1 if unvollstaendig or langsamste.ms > GRENZE_MS else 0


if __name__ == "__main__":
    sys.exit(main())
