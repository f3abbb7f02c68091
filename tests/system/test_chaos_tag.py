"""A busy day with faults of every kind: nothing lost, nothing twice, every held case with a true reason.

The seed of a run is printed; ``FACHWERK_TEST_SAMEN`` repeats its plan. What the oracle is worth is tried at the end:
it has to find a loss, a double and a false reason that are planted in what a run has left.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chaos_tag import Lauf, laufe, versprochen

from fachwerk.chaos.ablauf import moegliche
from fachwerk.chaos.abrechnung import Mangel, rechne_ab
from fachwerk.chaos.datenbanken import Datenbank
from fachwerk.chaos.nachrichten import beispiele, ziel
from fachwerk.chaos.plan import SCHLECHT, Plan, Umfang, entwirf
from fachwerk.line import ORTSZEIT

KURZ = ("datenbank", "netz_postfach", "netz_ziel", "ordner_weg", "platte_voll", "postfach")
"""Nothing that starts a node anew: that costs more than all the rest, and is tried on two nodes."""


def tauglich(plan: Plan) -> bool:
    """Whether there is something to plant things in."""
    return any(fall.art in SCHLECHT for fall in plan.faelle) and sum(ziel(fall) == "akte" for fall in plan.faelle) > 2


@pytest.fixture(scope="module")
def lauf(tmp_path_factory: pytest.TempPathFactory) -> Lauf:
    """A short day on one machine."""
    umfang = Umfang(14, 1, 5, KURZ, ruhig=True)
    return laufe(tmp_path_factory.mktemp("tag") / "sqlite", "sqlite", umfang, tauglich)


def test_a_short_day_on_one_machine_keeps_every_promise(lauf: Lauf) -> None:
    versprochen(lauf)


def test_what_was_sent_is_what_the_seed_says(lauf: Lauf) -> None:
    buch = json.loads((lauf.ordner / "gesendet.json").read_text(encoding="utf-8"))
    heute, plan = datetime.now(ORTSZEIT).date(), entwirf(lauf.plan.saat, lauf.plan.umfang)
    erwartet = [
        [
            [hashlib.sha256(teil).hexdigest() for teil in (b.xml, *(a.inhalt for a in b.anhaenge))]
            for b in beispiele(plan, heute - timedelta(days=tag))
        ]
        for tag in (0, 1)
    ]
    assert [zeile["teile"] for zeile in buch] in erwartet  # the day before: the run was just before midnight


def test_the_report_names_the_seed_the_faults_and_what_was_not_tried(lauf: Lauf) -> None:
    blatt = lauf.blatt()
    assert blatt.startswith(f"# Probe mit Störungen, Saat {lauf.plan.saat}")
    assert "**Alle Versprechen gehalten.**" in blatt
    assert all(stoerung.text() in blatt for stoerung in lauf.plan.stoerungen)
    assert all(f"NICHT GEPRÜFT: {art}" in blatt for art in lauf.chaos.protokoll.ungeprueft)


@pytest.mark.lang
def test_a_longer_day_on_one_machine_keeps_every_promise(tmp_path: Path) -> None:
    versprochen(laufe(tmp_path / "lang", "sqlite", Umfang(400, 1, 25, moegliche("sqlite"))))


# -- the oracle itself -------------------------------------------------------------------------------------------


@dataclass
class Rest:
    """A copy of what the run left, to plant things in."""

    ordner: Path
    plan: Plan

    def sql(self, befehl: str) -> None:
        verbindung = sqlite3.connect(self.ordner / "fachwerk.db")
        assert verbindung.execute(befehl).rowcount > 0, befehl
        verbindung.commit()
        verbindung.close()

    def akten(self) -> list[Path]:
        return sorted(pfad for pfad in (self.ordner / "ausgang/akte").iterdir() if not pfad.name.startswith("."))

    def maengel(self) -> list[Mangel]:
        datenbank = Datenbank(f"sqlite:///{self.ordner / 'fachwerk.db'}")
        return rechne_ab(self.ordner, datenbank, self.plan, 0).maengel

    def funde(self) -> list[str]:
        return [mangel.zeile() for mangel in self.maengel()]


@pytest.fixture
def rest(lauf: Lauf, tmp_path: Path) -> Rest:
    shutil.copytree(lauf.ordner, tmp_path / "rest", ignore=shutil.ignore_patterns("*.sperre", "*-shm"))
    return Rest(tmp_path / "rest", lauf.plan)


def ein_fall_fehlt_im_ziel(rest: Rest) -> None:
    shutil.rmtree(rest.akten()[0])


def ein_fall_fehlt_im_speicher(rest: Rest) -> None:
    rest.sql("DELETE FROM eingang WHERE rowid = (SELECT max(rowid) FROM eingang)")


def ein_teil_gehoert_niemandem(rest: Rest) -> None:
    rest.sql("UPDATE teil SET beansprucht = 0")


def eine_nachricht_ist_im_postfach_offen(rest: Rest) -> None:
    next((rest.ordner / "postfach/nachrichten").glob("*/geschlossen.json")).unlink()


def ein_fall_liegt_zweimal_im_ziel(rest: Rest) -> None:
    akte = rest.akten()[0]
    shutil.copytree(akte, akte.with_name(f"{akte.name}-noch-einmal"))


def ein_fall_liegt_in_zwei_zielen(rest: Rest) -> None:
    shutil.copytree(rest.akten()[0], rest.ordner / "ausgang/knapp/noch-einmal")


def ein_grund_ist_erfunden(rest: Rest) -> None:
    einer = "SELECT vorgang_id FROM zustellung WHERE ziel = 'akte' AND status = 'zugestellt' LIMIT 1"
    rest.sql(f"UPDATE vorgang SET status = 'held', grund = 'ausgang_unbekannt' WHERE id = ({einer})")  # noqa: S608


def ein_gehaltener_traegt_einen_anderen_grund(rest: Rest) -> None:
    rest.sql("UPDATE vorgang SET grund = 'interner_fehler' WHERE status = 'held'")


def ein_vorgang_wartet_noch(rest: Rest) -> None:
    rest.sql("UPDATE vorgang SET status = 'waiting' WHERE id = (SELECT max(id) FROM vorgang WHERE status = 'done')")


GEPFLANZT: dict[Callable[[Rest], None], str] = {
    ein_fall_fehlt_im_ziel: "Nichts geht verloren",
    ein_fall_fehlt_im_speicher: "0 Mal gespeichert",
    ein_teil_gehoert_niemandem: "nicht vollständig lesbar",
    eine_nachricht_ist_im_postfach_offen: "nicht geschlossen",
    ein_fall_liegt_zweimal_im_ziel: "liegt 2 Mal in den Zielen",
    ein_fall_liegt_in_zwei_zielen: "liegt 2 Mal in den Zielen",
    ein_grund_ist_erfunden: "Jeder Grund ist wahr",
    ein_gehaltener_traegt_einen_anderen_grund: "wegen „interner_fehler“",
    ein_vorgang_wartet_noch: "ist am Ende „waiting“",
}


@pytest.mark.parametrize("pflanze", GEPFLANZT, ids=lambda pflanze: pflanze.__name__)
def test_the_oracle_finds_what_is_planted(rest: Rest, pflanze: Callable[[Rest], None]) -> None:
    assert rest.funde() == []
    pflanze(rest)
    assert any(GEPFLANZT[pflanze] in fund for fund in rest.funde()), rest.funde()


def test_a_fault_says_what_happened_to_the_case(rest: Rest) -> None:
    ein_fall_liegt_zweimal_im_ziel(rest)
    verlaeufe = ["\n".join(mangel.zeilen()) for mangel in rest.maengel()]  # two, where the case had been sent twice
    verlauf = next(text for text in verlaeufe if "deliver akte:1" in text)
    assert "fachwerk zugestellt" in verlauf
    assert verlauf.index("receive") < verlauf.index("deliver akte:1")
