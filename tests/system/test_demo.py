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

from fachwerk.demo import stand
from fachwerk.demo.ablauf import Demo
from fachwerk.demo.beispiele import beispiele
from fachwerk.demo.bilanz import Bilanz, ziehe_demo
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
    "falsch_zugestellt",
    "offene_quittungen",
}
ZEILE = {"nachricht_id", "kanal", "leistung", "land", "empfehlung", "status", "grund", "an", "ziel", "stufe"}
ZIELE = {"akte": 10, "laemmkom": 1, "laemmkom-post": 1, "landkreis": 1, "prosoz-mv": 2, "prosoz-nw": 2}

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
    ("mietrueckstaende", "nw", "vorlegen", "done", ""),
    ("mietrueckstaende", "nw", "nachfordern", "done", ""),
    ("mietrueckstaende", "mv", "vorlegen", "done", ""),
    ("mietrueckstaende", "mv", "vorlegen", "done", ""),
    ("mietrueckstaende", "mv", "vorlegen", "done", ""),
    ("mietrueckstaende", "st", "vorlegen", "done", ""),
    ("mietrueckstaende", "st", "nachfordern", "done", ""),
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
    return subprocess.run(befehl, capture_output=True, text=True, env=umgebung, timeout=900, check=False)


@dataclass
class Lauf:
    """A finished demo."""

    ordner: Path
    ende: subprocess.CompletedProcess[str]

    @property
    def bilanz(self) -> dict[str, Any]:
        return dict(json.loads(self.ende.stdout))

    def gesendet(self) -> list[dict[str, Any]]:
        """What was sent, in the order of sending, as the sender noted it."""
        return list(json.loads((self.ordner / "gesendet.json").read_text(encoding="utf-8")))

    def zeilen(self) -> list[dict[str, str]]:
        """The lines of the balance in the order of sending."""
        je_id = {zeile["nachricht_id"]: zeile for zeile in self.bilanz["vorgaenge"]}
        return [je_id[werte["nachricht_id"]] for werte in self.gesendet()]


@pytest.fixture(scope="module")
def lauf(tmp_path_factory: pytest.TempPathFactory) -> Lauf:
    ordner = tmp_path_factory.mktemp("demo") / "Vorführung für die Köpfe"
    return Lauf(ordner, demo(ordner))


def test_it_exits_with_0_and_prints_one_json_document_and_nothing_else(lauf: Lauf) -> None:
    assert lauf.ende.returncode == 0, lauf.ende.stderr
    assert lauf.ende.stderr == ""
    dokument, ende = json.JSONDecoder().raw_decode(lauf.ende.stdout)
    assert lauf.ende.stdout[ende:] == "\n"
    assert isinstance(dokument, dict)


def test_the_document_has_exactly_the_published_shape(lauf: Lauf) -> None:
    bilanz = lauf.bilanz
    assert set(bilanz) == ZAHLEN | {"vorgaenge", "ziele", "gruende"}
    assert all(type(bilanz[name]) is int for name in ZAHLEN)
    assert all(set(zeile) == ZEILE for zeile in bilanz["vorgaenge"])
    assert all(type(wert) is str for zeile in bilanz["vorgaenge"] for wert in zeile.values())


def test_the_balance_holds(lauf: Lauf) -> None:
    b = lauf.bilanz
    assert b["gesendet"] == b["geschlossen"] == b["gespeichert"] == len(b["vorgaenge"]) == len(ERWARTET) >= 14
    enden = ("zugestellt", "weitergeleitet", "zurueckgegeben", "gehalten", "doppelsendungen")
    assert sum(b[name] for name in enden) == b["gesendet"]
    assert (b["verloren"], b["doppelt"], b["falsch_zugestellt"]) == (0, 0, 0)
    assert b["ziele"] == ZIELE
    assert sum(b["ziele"].values()) == b["zugestellt"]
    assert sum(b["gruende"].values()) == b["gehalten"]


def test_every_message_ends_as_it_should(lauf: Lauf) -> None:
    namen = ("leistung", "land", "empfehlung", "status", "grund")
    assert [tuple(zeile[name] for name in namen) for zeile in lauf.zeilen()] == ERWARTET


def test_every_case_lies_in_its_ziel_with_the_receipt_that_ziel_gives(lauf: Lauf) -> None:
    for zeile, werte in zip(lauf.zeilen(), lauf.gesendet(), strict=True):
        einmal = zeile["grund"] != "doppelsendung"
        soll = werte["ziel"] if einmal else ""
        assert (zeile["an"] if zeile["status"] == "done" else "") == soll
        assert bool(zeile["ziel"]) is bool(soll)
        assert zeile["stufe"] == stand.ERREICHBAR.get(soll, "")
        assert (zeile["kanal"] == "mustersleben-osci") is (soll == "laemmkom")  # in through COM Vibilia
        assert (lauf.ordner / "ausgang" / "akte" / (zeile["ziel"] or "-")).is_dir() is (soll == "akte")


def test_the_other_office_has_the_message_as_it_was_sent(lauf: Lauf) -> None:
    (dort,) = (lauf.ordner / "landkreis").iterdir()
    summen = sorted(hashlib.sha256(datei.read_bytes()).hexdigest() for datei in dort.iterdir())
    assert summen == sorted(next(w["teile"] for w in lauf.gesendet() if w["ziel"] == "landkreis"))


def test_the_messages_are_those_the_examples_say(lauf: Lauf) -> None:
    """So that the outcomes above belong to the examples in their order, and to no others."""
    heute = datetime.now(ORTSZEIT).date()
    gesehen = [(werte["teile"][0], werte["ziel"]) for werte in lauf.gesendet()]
    soll = [
        [(hashlib.sha256(b.xml).hexdigest(), b.ziel) for b in beispiele(heute - timedelta(days=tag))] for tag in (0, 1)
    ]
    assert gesehen in soll  # the day before: the demo ran just before midnight
    assert [b.noch_einmal for b in beispiele(heute)].count(True) == 1


def test_the_worker_really_was_killed(lauf: Lauf) -> None:
    erster, zweiter = ((lauf.ordner / "protokolle" / f"arbeit-{nr}.log").read_text() for nr in (1, 2))
    assert "dienst_gestartet" in erster
    assert "dienst_beendet" not in erster  # a worker that ends of itself, or on SIGTERM, says so
    assert "Neu:" not in erster  # it never came to say what it did
    assert "dienst_beendet" in zweiter
    assert not [wort for wort in ("fehlgeschlagen", "gestoert", "Traceback", "[error") if wort in erster + zweiter]


def test_it_leaves_no_process_behind(lauf: Lauf) -> None:
    laufende = [pfad for pfad in Path("/proc").glob("[0-9]*/cmdline") if str(lauf.ordner).encode() in _bytes(pfad)]
    assert laufende == []


def _bytes(pfad: Path) -> bytes:
    try:
        return pfad.read_bytes()
    except OSError:
        return b""


# -- the balance itself ------------------------------------------------------------------------------------------


@dataclass
class Abbild:
    """A copy of the finished demo to tamper with."""

    ordner: Path

    @property
    def akten(self) -> Path:
        return self.ordner / "ausgang" / "akte"

    @property
    def soap_journal(self) -> Path:
        return self.ordner / "prosoz-nw" / "faelle.jsonl"

    def bilanz(self) -> Bilanz:
        return ziehe_demo(self.ordner)

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
    for teil in ("postfach", "ausgang", "comvibilia", "laemmkom", "prosoz-mv", "prosoz-nw"):
        shutil.copytree(lauf.ordner / teil, kopie / teil, copy_function=os.link)
    for datei in (*lauf.ordner.glob("fachwerk.db*"), lauf.ordner / "gesendet.json"):
        shutil.copy2(datei, kopie)
    yield Abbild(kopie)
    shutil.rmtree(kopie)


def test_the_untouched_copy_balances(abbild: Abbild) -> None:
    bilanz = abbild.bilanz()
    assert bilanz.geht_auf
    assert bilanz.maengel == []


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


def _schreibe_neu(datei: Path, zeilen: list[str]) -> None:
    datei.unlink()  # it is a link to that of the demo
    datei.write_text("".join(f"{zeile}\n" for zeile in zeilen), encoding="utf-8")


def _vergiss_soap_fall(abbild: Abbild) -> None:
    _schreibe_neu(abbild.soap_journal, abbild.soap_journal.read_text().splitlines()[1:])


def _loesche_beim_landkreis(abbild: Abbild) -> None:
    for datei in abbild.ordner.glob("postfach/nachrichten/*/nachricht.json"):
        if json.loads(datei.read_text())["leser"].startswith("mrh:13073000"):
            shutil.rmtree(datei.parent)


def _verliere_im_postfach(abbild: Abbild) -> None:
    buch = abbild.ordner / "gesendet.json"
    fremd = {"nachricht_id": "urn:x:nie-angekommen", "weg": "xta", "zeigt": "", "ziel": "akte", "teile": ["00"]}
    buch.write_text(json.dumps([*json.loads(buch.read_text()), fremd]))


@pytest.mark.parametrize(
    ("tat", "verloren"),
    [
        (_vergiss_soap_fall, 1),
        (_loesche_beim_landkreis, 1),
        (_verliere_im_postfach, 1),
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


@pytest.mark.parametrize(
    "muster",
    [
        "ausgang/akte/wbs_*",
        "ausgang/akte/wbs_*/anlagen/*anhang_0001.pdf",
        "prosoz-mv/.simulator/uebernommen/*/antrag.xml",
        "laemmkom/uebernommen/001_*",
        "comvibilia/uebernommen/001_*/attachments/*.pdf",
    ],
)
def test_it_finds_what_is_missing_in_a_ziel(abbild: Abbild, muster: str) -> None:
    fehlend = next(abbild.ordner.glob(muster))
    shutil.rmtree(fehlend) if fehlend.is_dir() else fehlend.unlink()
    bilanz = abbild.bilanz()
    assert (bilanz.verloren, bilanz.doppelt, bilanz.geht_auf) == (1, 0, False)


def test_it_finds_a_message_left_open(abbild: Abbild) -> None:
    next((abbild.ordner / "postfach").glob("nachrichten/*/geschlossen.json")).unlink()
    bilanz = abbild.bilanz()
    assert (bilanz.geschlossen, bilanz.geht_auf) == (len(ERWARTET) - 1, False)
    assert any("liegt noch im Postfach" in mangel for mangel in bilanz.maengel)


def test_it_finds_a_message_left_in_the_export_folder(abbild: Abbild) -> None:
    (fertige,) = abbild.ordner.glob("comvibilia/export/verarbeitet/*/*")
    shutil.copytree(fertige, abbild.ordner / "comvibilia" / "export" / fertige.name)
    bilanz = abbild.bilanz()
    assert (bilanz.geschlossen, bilanz.geht_auf) == (len(ERWARTET) - 1, False)


def _kopiere_akte(abbild: Abbild) -> None:
    shutil.copytree(abbild.wbs(), abbild.akten / "wbs_2026-01-01_000000000000_000000000000")


def _kopiere_in_laemmkom(abbild: Abbild) -> None:
    (fall,) = abbild.ordner.glob("laemmkom/uebernommen/*")
    shutil.copytree(fall, fall.with_name(fall.name.replace("001_", "002_")))


def _lass_noch_einmal_liegen(abbild: Abbild) -> None:
    fall = next(abbild.ordner.glob("prosoz-mv/.simulator/uebernommen/*"))
    shutil.copytree(fall, abbild.ordner / "prosoz-mv" / "eingang" / fall.name)


def _nimm_noch_einmal_an(abbild: Abbild) -> None:
    zeilen = abbild.soap_journal.read_text().splitlines()
    _schreibe_neu(abbild.soap_journal, [*zeilen, zeilen[0].replace("F-000001", "F-000009")])


def _sende_noch_einmal_weiter(abbild: Abbild) -> None:
    for datei in list(abbild.ordner.glob("postfach/nachrichten/*/nachricht.json")):
        werte = json.loads(datei.read_text())
        if werte["leser"].startswith("mrh:13073000"):
            (zweite := datei.parent.with_name("zweite")).mkdir()
            (zweite / "nachricht.json").write_text(json.dumps(werte | {"id": "urn:de:xta:zweite"}))


@pytest.mark.parametrize(
    "tat",
    [_kopiere_akte, _kopiere_in_laemmkom, _lass_noch_einmal_liegen, _nimm_noch_einmal_an, _sende_noch_einmal_weiter],
)
def test_it_finds_a_planted_duplicate(abbild: Abbild, tat: Callable[[Abbild], None]) -> None:
    tat(abbild)
    bilanz = abbild.bilanz()
    assert bilanz.doppelt >= 1
    assert not bilanz.geht_auf


def test_it_finds_a_case_in_the_wrong_ziel(abbild: Abbild) -> None:
    (fall,) = abbild.ordner.glob("laemmkom/uebernommen/*")
    fall.rename(abbild.ordner / "comvibilia" / "uebernommen" / "002_falsch")
    bilanz = abbild.bilanz()
    assert (bilanz.falsch_zugestellt, bilanz.verloren, bilanz.geht_auf) == (1, 1, False)
    assert any("gehört nach „laemmkom“" in mangel for mangel in bilanz.maengel)


def test_it_finds_a_held_case_that_was_handed_over_all_the_same(abbild: Abbild) -> None:
    fall = next((abbild.ordner / "ausgang" / "klaerung").iterdir())
    shutil.copytree(fall, abbild.akten / fall.name)
    bilanz = abbild.bilanz()
    assert (bilanz.falsch_zugestellt, bilanz.geht_auf) == (1, False)


def test_what_waits_for_a_receipt_is_named_by_its_ziel(abbild: Abbild) -> None:
    assert stand.ausstehende(abbild.ordner / "fachwerk.db") == []
    abbild.sql("DELETE FROM quittung WHERE ziel = 'prosoz-mv' AND stufe = 'uebernommen'")
    assert stand.ausstehende(abbild.ordner / "fachwerk.db") == ["prosoz-mv", "prosoz-mv"]
    assert stand.beendete(abbild.ordner / "fachwerk.db") == len(ERWARTET)


def test_it_finds_a_case_that_is_still_under_way(abbild: Abbild) -> None:
    abbild.sql("UPDATE vorgang SET status = 'running' WHERE empfehlung = 'ablehnen'")
    assert not abbild.bilanz().geht_auf


def test_a_second_run_in_the_same_folder_starts_afresh(abbild: Abbild) -> None:
    (abbild.ordner / ".fachwerk-demo").touch()
    Demo(abbild.ordner, lambda text: None).raeume()
    assert sorted(pfad.name for pfad in abbild.ordner.iterdir()) == [".fachwerk-demo", "protokolle"]
