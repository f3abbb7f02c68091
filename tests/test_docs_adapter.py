"""docs/adapter.md is a tutorial that works: its blocks, typed in order, are an adapter that keeps the contract."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fachwerk.testkit import AdapterContract
from fachwerk.testkit.ehrlichkeit import standardtests

WURZEL = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def getippt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, str]]:
    """The folder in which every block was typed, what the shell said, and its environment."""
    ordner = tmp_path_factory.mktemp("anleitung")
    quellen = os.pathsep.join(str(ordner / name / "src") for name in ("wohnamt_plus", "ablagekorb"))
    pfad = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    umgebung = {**os.environ, "PYTHONPATH": quellen, "PATH": pfad, "PYTHONDONTWRITEBYTECODE": "1"}
    befehl = [sys.executable, str(WURZEL / ".ci/anleitung.py"), str(ordner), "--eingerichtet"]
    lauf = subprocess.run(befehl, capture_output=True, text=True, cwd=ordner, env=umgebung)
    assert lauf.returncode == 0, f"{lauf.stdout}\n{lauf.stderr}"
    return ordner, lauf.stdout, umgebung


def test_every_command_of_the_tutorial_works_in_its_order(getippt: tuple[Path, str, dict[str, str]]) -> None:
    _, ausgabe, _ = getippt
    assert re.search(r"^wohnamt_plus +0\.1\.0 +ziel ", ausgabe, re.MULTILINE), "the copy is listed at once"
    assert len(re.findall(r"^=+ \d+ passed(?:, \d+ (?:skipped|deselected|warnings?))* in", ausgabe, re.MULTILINE)) == 3
    assert "failed" not in ausgabe


def test_the_adapter_of_the_tutorial_gets_a_sheet_without_exceptions(
    getippt: tuple[Path, str, dict[str, str]],
) -> None:
    ordner, ausgabe, _ = getippt
    assert "ablagekorb 0.1.0: bestanden. Blatt: konformitaet-ablagekorb-0.1.0.md" in ausgabe
    blatt = (ordner / "konformitaet-ablagekorb-0.1.0.md").read_text(encoding="utf-8")
    assert "Geprüft gegen: einen Ordner auf dieser Maschine." in blatt
    assert "entfällt: Eine Übergabe an dieses Ziel stellt keine Anfrage über das Netz" in blatt
    for funktion in standardtests(AdapterContract).values():
        assert f"| {funktion.__doc__} | " in blatt


def test_a_case_arrives_in_the_adapter_of_the_tutorial(getippt: tuple[Path, str, dict[str, str]]) -> None:
    ordner, ausgabe, _ = getippt
    [fall] = [pfad for pfad in (ordner / "standort/korb").iterdir() if pfad.is_dir()]
    assert (fall / "vermerk.json").exists()
    assert '"leistung": "wbs"' in ausgabe


def test_an_exception_nobody_needs_is_a_failure_as_the_page_says(getippt: tuple[Path, str, dict[str, str]]) -> None:
    ordner, _, umgebung = getippt
    befehl = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "beispiel_ausnahme.py"]
    befehl += ["-k", "TestMitAusnahme and schweigt"]
    lauf = subprocess.run(befehl, capture_output=True, text=True, cwd=ordner, env=umgebung)
    assert "XPASS(strict)" in lauf.stdout, lauf.stdout
