"""What both files of the busy day share: one rehearsal with a printed seed, and what it has to keep."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fachwerk.chaos.ablauf import Chaos
from fachwerk.chaos.abrechnung import Ergebnis
from fachwerk.chaos.bericht import bericht, summe
from fachwerk.chaos.nachrichten import OHNE_AUSKUNFT, ziel
from fachwerk.chaos.plan import Plan, Umfang, entwirf


def saat() -> int:
    return int(os.environ.get("FACHWERK_TEST_SAMEN") or random.SystemRandom().randrange(10**6))


@dataclass
class Lauf:
    """A finished rehearsal, and the day on which it took place."""

    chaos: Chaos
    ergebnis: Ergebnis
    datenbank: str

    @property
    def ordner(self) -> Path:
        return self.chaos.ordner

    @property
    def plan(self) -> Plan:
        return self.chaos.plan

    def blatt(self) -> str:
        return "\n".join(bericht(self.chaos, self.ergebnis))


def lohnt(plan: Plan) -> bool:
    """Whether more than half of the cases must be delivered, whatever is interrupted; of a dozen it may be fewer."""
    sicher = [fall for fall in plan.faelle if ziel(fall) not in ("", OHNE_AUSKUNFT) and not fall.zwilling]
    return len(sicher) > len(plan.faelle) / 2


def laufe(ordner: Path, datenbank: str, umfang: Umfang, tauglich: Callable[[Plan], bool] = lambda plan: True) -> Lauf:
    """One rehearsal of the first plan from the seed on that will do; it is printed, so that it can be repeated."""
    plaene = (entwirf(nummer, umfang) for nummer in itertools.count(saat()))
    plan = next(plan for plan in plaene if lohnt(plan) and tauglich(plan))
    print(f"FACHWERK_TEST_SAMEN={plan.saat}")  # noqa: T201  shown where the test fails, or with -s
    chaos = Chaos(plan, ordner, datenbank, print)
    ergebnis = chaos.laufe()
    print("\n".join(summe(ergebnis)))  # noqa: T201
    return Lauf(chaos, ergebnis, datenbank)


def versprochen(lauf: Lauf) -> None:
    """Everything the design promises, and that the run was worth its name."""
    assert not lauf.ergebnis.maengel, "\n".join(zeile for mangel in lauf.ergebnis.maengel for zeile in mangel.zeilen())
    bilanz, anzahl = lauf.ergebnis.bilanz, len(lauf.plan.faelle)
    assert (bilanz.gesendet, bilanz.geschlossen, bilanz.gespeichert) == (anzahl, anzahl, anzahl)
    assert bilanz.zugestellt > anzahl / 2
    angewandt = [stoerung for stoerung, _ in lauf.chaos.protokoll.angewandt]
    gingen = [s for s in lauf.plan.stoerungen if s.art not in lauf.chaos.protokoll.ungeprueft]
    assert angewandt == gingen
    assert all(stand >= stoerung.ab for stoerung, stand in lauf.chaos.protokoll.angewandt)
