"""A new operator follows „In 15 Minuten zum ersten Vorgang in der Konsole“ of docs/betrieb.md, word for word."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

SEITE = Path(__file__).resolve().parents[1] / "docs/betrieb.md"
KENNWORT = "vier rote Dachziegel"


def abschnitt() -> str:
    text = SEITE.read_text(encoding="utf-8")
    return text.partition("## In 15 Minuten zum ersten Vorgang in der Konsole\n")[2].partition("\n## ")[0]


def bloecke() -> list[list[str]]:
    """The commands of each block, in their order."""
    return [block.splitlines() for block in re.findall(r"^```\n(.*?)^```", abschnitt(), re.MULTILINE | re.DOTALL)]


def freier_port() -> int:
    with socket.socket() as frei:
        frei.bind(("127.0.0.1", 0))
        return int(frei.getsockname()[1])


Starte = Callable[[str, Path, str], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def starte() -> Iterator[Starte]:
    """Begin a command that goes on, read what it says up to a line with a word."""
    laufende: list[subprocess.Popen[str]] = []

    def beginne(befehl: str, ordner: Path, bis: str) -> tuple[subprocess.Popen[str], str]:
        roh = [sys.executable, "-m", *befehl.split()]
        prozess = subprocess.Popen(roh, cwd=ordner, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        laufende.append(prozess)
        gesagt, zeile = "", ""
        assert prozess.stdout is not None
        while bis not in zeile:
            zeile = prozess.stdout.readline()
            assert zeile, f"{befehl} ended: {gesagt}"
            gesagt += zeile
        return prozess, gesagt

    yield beginne
    for prozess in laufende:
        prozess.terminate()
        prozess.wait(60)


def fuelle_aus(datei: Path, kanal: str, konsole: int) -> None:
    """The five places of the table."""
    text = datei.read_text(encoding="utf-8")
    for alt, neu in (
        ('# land = "mv"', 'land = "mv"'),
        ('betreiber = ""', 'betreiber = "Musterow"'),
        ('# ca = "pki/ca.crt"\n', f'# ca = "pki/ca.crt"\n{kanal}\n'),
        ('zustand = "live" ', 'zustand = "test" '),
        ('# listen = "127.0.0.1:8443"', f'listen = "127.0.0.1:{konsole}"'),
    ):
        assert alt in text, f"the page speaks of a place that the template does not have: {alt}"
        text = text.replace(alt, neu, 1)
    datei.write_text(text, encoding="utf-8")


def test_docs_the_quarter_of_an_hour_names_what_the_template_and_the_simulator_really_have() -> None:
    worte = [zeile.split()[:2] for block in bloecke() for zeile in block if zeile.startswith("fachwerk")]
    assert worte == [["fachwerk", wort] for wort in ["simulator", "init", "check", "konto", "run", "x", "simulator"]]


@pytest.mark.lang
def test_docs_a_new_operator_sees_the_first_case_in_the_console(tmp_path: Path, starte: Starte) -> None:
    [simulator], [init], [_, check], [konto, run], [erzeuge, senden] = bloecke()
    konsole = freier_port()

    def rufe(befehl: str, ordner: Path, eingabe: str = "") -> subprocess.CompletedProcess[str]:
        roh = [sys.executable, "-m", *befehl.split()]
        return subprocess.run(roh, cwd=ordner, input=eingabe, capture_output=True, text=True)

    _, gesagt = starte(simulator.replace("18443", "0"), tmp_path, "kennung")
    assert rufe(init, tmp_path).returncode == 0
    standort = tmp_path / "standort"
    fuelle_aus(standort / "fachwerk.toml", gesagt.partition("# für fachwerk.toml:\n")[2], konsole)
    assert "0 Fehler, 2 Warnungen" in rufe(check, standort).stdout
    assert rufe(f"{konto} --kennwort-von-stdin", standort, KENNWORT + "\n").returncode == 0
    _, gesagt = starte(run, standort, "läuft")
    assert f"http://127.0.0.1:{konsole}/" in gesagt
    assert rufe(erzeuge, tmp_path).returncode == 0
    assert rufe(senden, tmp_path).returncode == 0
    assert rufe("fachwerk poll", standort).returncode == 0  # instead of waiting for the minute of the service
    [fall] = json.loads(rufe("fachwerk vorgang list --json", standort).stdout)
    with httpx.Client(base_url=f"http://127.0.0.1:{konsole}", follow_redirects=True) as browser:
        angaben = {"name": "lena", "kennwort": KENNWORT, "weiter": "/"}
        browser.post("/anmeldung", data=angaben, headers={"Origin": f"http://127.0.0.1:{konsole}"})
        assert "zugestellt" in browser.get("/vorgaenge").text
        assert "vorlegen" in browser.get(f"/vorgang/{fall['vorgang_id']}").text
    assert list((standort / "ausgang/akte").glob("*/index.html"))
