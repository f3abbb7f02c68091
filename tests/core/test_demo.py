"""The parts of the demo that need no process: its table, its configuration, its examples, what it refuses."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from fachwerk.cli.demo import befehl
from fachwerk.demo import ablauf, stand, tafel
from fachwerk.demo.beispiele import KONTEN, LAND, Beispiel, beispiele
from fachwerk.demo.bilanz import Bilanz
from fachwerk.demo.konfiguration import POST, toml
from fachwerk.demo.versand import Gesendet

URLS = {name: f"https://localhost:1/{name}" for name in ("management", "msgbox", "send")}
KONFIG = tomllib.loads(toml(URLS, "tcp://127.0.0.1:1", "https://127.0.0.1:2/falldienst"))
HEUTE = date(2026, 11, 20)


def gesendet() -> list[Gesendet]:
    return [Gesendet(beispiel, f"urn:x:{nummer}") for nummer, beispiel in enumerate(beispiele(HEUTE))]


def zeile(eine: Gesendet, **anders: str) -> dict[str, str]:
    kanal = POST if eine.beispiel.per_osci else "musterow"
    art = "mietrueckstaende" if eine.beispiel.leser.startswith("mrh") else "wbs"
    werte = {"nachricht_id": eine.nachricht_id, "kanal": kanal, "leistung": art, "land": "mv", "grund": ""}
    werte |= {"empfehlung": "nachfordern", "status": "done", "an": eine.beispiel.ziel, "ziel": "x", "stufe": ""}
    return werte | anders


def bilanz(zeilen: list[dict[str, str]], **anders: object) -> Bilanz:
    ganz = ("gesendet", "geschlossen", "gespeichert", "zugestellt", "weitergeleitet", "zurueckgegeben", "gehalten")
    weitere = ("doppelsendungen", "verloren", "doppelt", "falsch_zugestellt", "offene_quittungen")
    werte = dict.fromkeys((*ganz, *weitere), 0) | {"ziele": dict.fromkeys(stand.ERREICHBAR, 99), "gruende": {}}
    return Bilanz(**{**werte, "vorgaenge": zeilen, "maengel": [], **anders})  # type: ignore[arg-type]


# -- the table ----------------------------------------------------------------------------------------------------


def test_every_message_has_one_line_and_none_is_wider_than_a_page() -> None:
    alle = gesendet()
    zeilen = [zeile(eine, stufe="technisch_bestaetigt") for eine in alle]
    gedruckt = list(tafel.bericht(alle, bilanz(zeilen, offene_quittungen=1), ablauf.Demo(Path("/demo"), print)))
    assert any(druck.startswith("Offen:") for druck in gedruckt)
    for text in {eine.beispiel.zeigt for eine in alle}:
        soll = sum(eine.beispiel.zeigt == text for eine in alle)
        assert sum(druck.startswith(f"  {text} ") for druck in gedruckt) == soll
    assert max(map(len, gedruckt)) <= tafel.BREITE


def test_a_line_says_whence_whither_and_how_far() -> None:
    eine = Gesendet(Beispiel("Räumung", "mrh:1", b"", ziel="laemmkom", per_osci=True), "urn:x:1")
    (druck,) = [z for z in tafel.tafel([eine], bilanz([zeile(eine, stufe="uebernommen")])) if "Räumung" in z]
    assert druck.split() == ["Räumung", "MV", "COM", "Vibilia", "nachfordern", "LÄMMkom", "übernommen"]


@pytest.mark.parametrize("status", ["held", "ready", "verloren"])
def test_what_is_not_done_stands_where_a_person_looks_with_its_reason(status: str) -> None:
    eine = Gesendet(Beispiel("Antrag", "wbs:1", b""), "urn:x:1")
    gedruckt = list(
        tafel.tafel([eine], bilanz([zeile(eine, status=status, grund="grund_x" if status == "held" else "")]))
    )
    assert gedruckt[-2] == tafel.GRUPPEN[-1][1]
    assert gedruckt[-1].endswith("grund_x" if status == "held" else status)


def test_missing_receipts_and_faults_are_printed() -> None:
    demo = ablauf.Demo(Path("/demo"), print)
    demo.ausstehende = ["prosoz-mv", "prosoz-mv", "landkreis"]
    gedruckt = "\n".join(tafel.bericht([], bilanz([], maengel=["verloren: a ist weg"]), demo))
    assert "Offen:   2 Quittung(en) von PROSOZ (Ordner)" in gedruckt
    assert "Offen:   1 Quittung(en) von Landkreis (XTA)" in gedruckt
    assert "Mangel: verloren: a ist weg" in gedruckt


def test_the_readme_shows_the_lines_of_today() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    gezeigt = [(d[2:37].strip(), d[65:88].strip()) for d in readme.splitlines() if d.startswith("  ")]
    for beispiel in beispiele(HEUTE):
        ziel = tafel.ZIEL[beispiel.ziel] if beispiel.ziel and not beispiel.noch_einmal else None
        assert [ort for zeigt, ort in gezeigt if zeigt == beispiel.zeigt and ziel in (None, ort)]
    for ort, was in tafel.ORTE:
        assert f"  {ort:<24}{was}" in readme


# -- the configuration and the examples -----------------------------------------------------------------------------


def test_every_mailbox_has_its_kanal_and_every_example_a_way_to_its_ziel() -> None:
    assert set(KONFIG["kanal"]) == {*KONTEN, POST}
    wege = {(route["leistung"], route.get("kanal", "")): route["ziel"] for route in KONFIG["route"]}
    kanal = {amt: name for name, amt in KONTEN.items()}
    for beispiel in (b for b in beispiele(HEUTE) if b.ziel):
        art, _, amt = beispiel.leser.partition(":")
        woher = POST if beispiel.per_osci else kanal[amt]
        assert wege["wbs", ""] if art == "wbs" else wege["mietrueckstaende", woher] == beispiel.ziel
        assert KONFIG["kanal"][woher]["land"] == LAND[amt]


def test_every_ziel_of_a_route_is_known_to_whoever_waits_counts_and_prints() -> None:
    ziele = {route["ziel"] for route in KONFIG["route"]}
    assert ziele == set(stand.ERREICHBAR)
    assert ziele < set(tafel.ZIEL)
    assert ziele < set(KONFIG["ziel"])
    assert ziele == {b.ziel for b in beispiele(HEUTE) if b.ziel}


# -- what it refuses ----------------------------------------------------------------------------------------------


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    eigenes = tmp_path / "Meine Unterlagen.txt"
    eigenes.write_text("wichtig")
    ende = CliRunner().invoke(befehl, ["--json", "--ordner", str(tmp_path)])
    assert (ende.exit_code, ende.stdout) == (1, "")
    assert "bleibt unberührt" in str(ende.exception)
    assert "--ordner" in str(ende.exception)
    assert [pfad.name for pfad in tmp_path.iterdir()] == ["Meine Unterlagen.txt"]
    assert eigenes.read_text() == "wichtig"


def test_a_package_that_is_missing_is_named_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    da = [punkt for punkt in metadata.entry_points(group="fachwerk") if punkt.name not in ("prosoz", "generic_xta")]
    monkeypatch.setattr(metadata, "entry_points", lambda group: da)
    ende = CliRunner().invoke(befehl, ["--ordner", str(tmp_path / "demo")])
    assert ende.exit_code == 1
    assert "fachwerk-generic-xta, fachwerk-prosoz" in str(ende.exception)
    assert not (tmp_path / "demo").exists()


def test_the_balance_uses_none_of_the_code_it_checks() -> None:
    """But for the choice of the SQLite library, of which a process may have one only."""
    frage = "import sys, fachwerk.demo.bilanz; print(*(m for m in sorted(sys.modules) if m.startswith('fachwerk')))"
    ende = subprocess.run([sys.executable, "-c", frage], capture_output=True, text=True, check=True)
    eigene = [f"fachwerk.demo.{name}" for name in ("ankunft", "beispiele", "bilanz")]
    assert ende.stdout.split() == ["fachwerk", "fachwerk.demo", *eigene, "fachwerk.sqlite"]
