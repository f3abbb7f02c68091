"""``fachwerk demo`` as a user runs it, and its balance: that it finds what went wrong, not only what went well."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fachwerk.demo.beispiele import beispiele
from fachwerk.demo.bilanz import Bilanz, ziehe
from fachwerk.line import ORTSZEIT

ZAHLEN = {
    "gesendet",
    "geschlossen",
    "gespeichert",
    "zugestellt",
    "weitergeleitet",
    "zurueckgegeben",
    "gehalten",
    "doppelsendungen",
    "verloren",
    "doppelt",
}
ZEILE = {"nachricht_id", "leistung", "land", "empfehlung", "status", "grund", "ziel"}

# In the order of sending: Leistung, Land, Empfehlung, status, reason.
ERWARTET = [
    ("wbs", "nw", "bewilligen", "done", ""),
    ("wbs", "nw", "ablehnen", "done", ""),
    ("wbs", "nw", "bewilligen", "done", ""),
    ("wbs", "st", "bewilligen", "done", ""),
    ("wbs", "st", "vorlegen", "done", ""),
    ("wbs", "mv", "bewilligen", "done", ""),
    ("wbs", "mv", "bewilligen", "done", ""),
    ("wbs", "nw", "nachfordern", "done", ""),
    ("mietrueckstaende", "mv", "vorlegen", "done", ""),
    ("mietrueckstaende", "st", "nachfordern", "done", ""),
    ("mietrueckstaende", "mv", "vorlegen", "done", ""),
    ("", "", "", "held", "version_unbekannt"),
    ("", "", "", "held", "leistung_unbekannt"),
    ("", "", "", "held", "inhalt_unlesbar"),
    ("", "", "", "held", "inhalt_doctype"),
    ("wbs", "nw", "bewilligen", "done", ""),
    ("wbs", "mv", "bewilligen", "held", "route_keine"),  # a test message never reaches a live target
    ("", "", "", "held", "schadsoftware"),
    ("wbs", "nw", "bewilligen", "done", ""),
    ("wbs", "nw", "bewilligen", "done", "doppelsendung"),
]


def demo(ordner: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without settings of another installation."""
    umgebung = {name: wert for name, wert in os.environ.items() if not name.startswith("FACHWERK_")}
    befehl = [sys.executable, "-m", "fachwerk", "demo", "--json", "--ordner", str(ordner)]
    return subprocess.run(befehl, capture_output=True, text=True, env=umgebung, timeout=240, check=False)


@dataclass
class Lauf:
    """A finished demo."""

    ordner: Path
    ende: subprocess.CompletedProcess[str]

    @property
    def bilanz(self) -> dict[str, Any]:
        return dict(json.loads(self.ende.stdout))

    def gesendet(self) -> list[dict[str, Any]]:
        """What the mailbox accepted, in the order of sending, read from its folder."""
        dateien = (self.ordner / "postfach" / "nachrichten").glob("*/nachricht.json")
        return sorted((json.loads(datei.read_text()) for datei in dateien), key=lambda werte: str(werte["gesendet"]))


@pytest.fixture(scope="module")
def lauf(tmp_path_factory: pytest.TempPathFactory) -> Lauf:
    ordner = tmp_path_factory.mktemp("demo") / "frisch"
    return Lauf(ordner, demo(ordner))


def test_it_exits_with_0_and_prints_one_json_document_and_nothing_else(lauf: Lauf) -> None:
    assert lauf.ende.returncode == 0, lauf.ende.stderr
    assert lauf.ende.stderr == ""
    dokument, ende = json.JSONDecoder().raw_decode(lauf.ende.stdout)
    assert lauf.ende.stdout[ende:] == "\n"
    assert isinstance(dokument, dict)


def test_the_document_has_exactly_the_published_shape(lauf: Lauf) -> None:
    bilanz = lauf.bilanz
    assert set(bilanz) == ZAHLEN | {"vorgaenge"}
    assert all(type(bilanz[name]) is int for name in ZAHLEN)
    assert all(set(zeile) == ZEILE for zeile in bilanz["vorgaenge"])
    assert all(type(wert) is str for zeile in bilanz["vorgaenge"] for wert in zeile.values())


def test_the_balance_holds(lauf: Lauf) -> None:
    b = lauf.bilanz
    assert b["gesendet"] == b["geschlossen"] == b["gespeichert"] == len(b["vorgaenge"]) == len(ERWARTET) >= 14
    enden = ("zugestellt", "weitergeleitet", "zurueckgegeben", "gehalten", "doppelsendungen")
    assert sum(b[name] for name in enden) == b["gesendet"]
    assert (b["verloren"], b["doppelt"]) == (0, 0)


def test_every_message_ends_as_it_should(lauf: Lauf) -> None:
    je_id = {zeile["nachricht_id"]: zeile for zeile in lauf.bilanz["vorgaenge"]}
    reihe = [je_id[werte["id"]] for werte in lauf.gesendet()]
    namen = ("leistung", "land", "empfehlung", "status", "grund")
    assert [tuple(zeile[name] for name in namen) for zeile in reihe] == ERWARTET
    for zeile in reihe:
        zugestellt = zeile["status"] == "done" and zeile["grund"] != "doppelsendung"
        assert bool(zeile["ziel"]) is zugestellt
        assert (lauf.ordner / "ausgang" / "akte" / (zeile["ziel"] or "-")).is_dir() is zugestellt


def test_the_messages_are_those_the_examples_say(lauf: Lauf) -> None:
    """So that the outcomes above belong to the examples in their order, and to no others."""
    heute = datetime.now(ORTSZEIT).date()
    gesehen = [werte["teile"][0]["sha256"] for werte in lauf.gesendet()]
    soll = [[hashlib.sha256(b.xml).hexdigest() for b in beispiele(heute - timedelta(days=tag))] for tag in (0, 1)]
    assert gesehen in soll  # the day before: the demo ran just before midnight
    assert [b.noch_einmal for b in beispiele(heute)].count(True) == 1


def test_the_worker_really_was_killed(lauf: Lauf) -> None:
    erster, zweiter = ((lauf.ordner / "protokolle" / f"poll-{nr}.log").read_text() for nr in (1, 2))
    assert "dienst_gestartet" in erster
    assert "dienst_beendet" not in erster  # a worker that ends of itself, or on SIGTERM, says so
    assert "neu_gehalten" not in erster
    assert "dienst_beendet" in zweiter
    assert json.loads(zweiter.splitlines()[-1])["fehler"] == {}


def test_it_leaves_no_process_behind(lauf: Lauf) -> None:
    laufende = [pfad for pfad in Path("/proc").glob("[0-9]*/cmdline") if str(lauf.ordner).encode() in _bytes(pfad)]
    assert laufende == []


def _bytes(pfad: Path) -> bytes:
    try:
        return pfad.read_bytes()
    except OSError:
        return b""


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    eigenes = tmp_path / "Meine Unterlagen.txt"
    eigenes.write_text("wichtig")
    ende = demo(tmp_path)
    assert ende.returncode != 0
    assert ende.stdout == ""
    assert "bleibt unberührt" in ende.stderr
    assert "--ordner" in ende.stderr
    assert [pfad.name for pfad in tmp_path.iterdir()] == ["Meine Unterlagen.txt"]
    assert eigenes.read_text() == "wichtig"


# -- the balance itself ------------------------------------------------------------------------------------------


@dataclass
class Abbild:
    """A copy of the finished demo to tamper with."""

    ordner: Path

    @property
    def akten(self) -> Path:
        return self.ordner / "ausgang" / "akte"

    def bilanz(self) -> Bilanz:
        return ziehe(self.ordner / "postfach", self.ordner / "fachwerk.db", self.akten)

    def sql(self, befehl: str) -> None:
        verbindung = sqlite3.connect(self.ordner / "fachwerk.db")
        with verbindung:
            assert verbindung.execute(befehl).rowcount > 0
        verbindung.close()

    def wbs(self, stelle: int = 0) -> Path:
        return sorted(self.akten.glob("wbs_*"))[stelle]


@pytest.fixture
def abbild(lauf: Lauf, tmp_path: Path) -> Iterator[Abbild]:
    kopie = tmp_path / "kopie"
    for teil in ("postfach", "ausgang"):
        shutil.copytree(lauf.ordner / teil, kopie / teil, copy_function=os.link)
    for datei in lauf.ordner.glob("fachwerk.db*"):
        shutil.copy2(datei, kopie)
    yield Abbild(kopie)
    shutil.rmtree(kopie)


def test_the_untouched_copy_balances(abbild: Abbild) -> None:
    bilanz = abbild.bilanz()
    assert bilanz.geht_auf
    assert bilanz.maengel == []


def _loesche_akte(abbild: Abbild) -> None:
    shutil.rmtree(abbild.wbs())


def _loesche_anlage(abbild: Abbild) -> None:
    next(abbild.akten.glob("wbs_*/anlagen/*anhang_0001.pdf")).unlink()


def _loesche_teil(abbild: Abbild) -> None:
    abbild.sql("DELETE FROM teil WHERE sha256 = (SELECT max(sha256) FROM teil WHERE laenge > 30000000)")


def _loesche_stueck(abbild: Abbild) -> None:
    abbild.sql("DELETE FROM inhalt WHERE nr = 7")


def _loesche_eingang(abbild: Abbild) -> None:
    abbild.sql("DELETE FROM eingang WHERE vorgang_id = (SELECT id FROM vorgang WHERE grund = 'inhalt_doctype')")


def _vertausche_originale(abbild: Abbild) -> None:
    a, b = (abbild.wbs(stelle) / "original.xml" for stelle in (0, 1))
    zwischen = a.with_suffix(".beiseite")
    a.rename(zwischen)
    b.rename(a)
    zwischen.rename(b)


def _verbiege_doppelsendung(abbild: Abbild) -> None:
    abbild.sql(
        "UPDATE vorgang SET doppelt_zu = (SELECT id FROM vorgang WHERE empfehlung = 'ablehnen') WHERE doppelt_zu <> ''"
    )


@pytest.mark.parametrize(
    ("tat", "verloren"),
    [
        (_loesche_akte, 1),
        (_loesche_anlage, 1),
        (_loesche_teil, 1),
        (_loesche_stueck, 1),
        (_loesche_eingang, 1),
        (_vertausche_originale, 2),
        (_verbiege_doppelsendung, 1),
    ],
)
def test_it_finds_a_planted_loss(abbild: Abbild, tat: Callable[[Abbild], None], verloren: int) -> None:
    tat(abbild)
    bilanz = abbild.bilanz()
    assert (bilanz.verloren, bilanz.geht_auf) == (verloren, False)
    assert len(bilanz.als_json()["maengel"]) >= verloren


def test_it_finds_a_message_left_open(abbild: Abbild) -> None:
    next((abbild.ordner / "postfach").glob("nachrichten/*/geschlossen.json")).unlink()
    bilanz = abbild.bilanz()
    assert (bilanz.geschlossen, bilanz.geht_auf) == (len(ERWARTET) - 1, False)
    assert any("liegt noch im Postfach" in mangel for mangel in bilanz.maengel)


def test_it_finds_a_planted_duplicate(abbild: Abbild) -> None:
    shutil.copytree(abbild.wbs(), abbild.akten / "wbs_2026-01-01_000000000000_000000000000")
    bilanz = abbild.bilanz()
    assert bilanz.doppelt >= 1
    assert not bilanz.geht_auf


def test_it_finds_a_case_that_is_still_under_way(abbild: Abbild) -> None:
    abbild.sql("UPDATE vorgang SET status = 'running' WHERE empfehlung = 'ablehnen'")
    assert not abbild.bilanz().geht_auf


def test_it_uses_none_of_the_code_it_checks() -> None:
    frage = "import sys, fachwerk.demo.bilanz; print(*(m for m in sorted(sys.modules) if m.startswith('fachwerk')))"
    ende = subprocess.run([sys.executable, "-c", frage], capture_output=True, text=True, check=True)
    assert ende.stdout.split() == ["fachwerk", "fachwerk.demo", "fachwerk.demo.bilanz"]


def test_a_second_run_in_the_same_folder_starts_afresh(lauf: Lauf) -> None:
    """Last, because it empties the folder that the tests above look at."""
    ende = demo(lauf.ordner)
    assert ende.returncode == 0, ende.stderr
    neue = {zeile["nachricht_id"] for zeile in json.loads(ende.stdout)["vorgaenge"]}
    assert neue.isdisjoint({zeile["nachricht_id"] for zeile in lauf.bilanz["vorgaenge"]})
    assert len(neue) == len(ERWARTET)
