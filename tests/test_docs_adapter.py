"""docs/adapter.md is a tutorial that works: its blocks, run in their order, are an adapter that keeps the contract."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
TEXT = (DOCS / "adapter.md").read_text(encoding="utf-8")


def bloecke(sprache: str) -> list[str]:
    return re.findall(rf"^```{sprache}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def schreibe_tutorial(ordner: Path) -> Path:
    """What a reader has typed at the end of section 6: a module, and its test file."""
    python = bloecke("python")
    test = next(n for n, block in enumerate(python) if "AdapterContract" in block)
    (ordner / "ablagekorb.py").write_text("\n\n".join(python[:test]), encoding="utf-8")
    kopf = "from collections.abc import Iterator\nfrom pathlib import Path\n\nimport ablagekorb\n"
    datei = ordner / "test_ablagekorb.py"
    datei.write_text("\n".join([kopf, *python[test : test + 2]]), encoding="utf-8")
    return datei


@pytest.fixture(scope="module")
def lauf(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    ordner = tmp_path_factory.mktemp("tutorial")
    datei = schreibe_tutorial(ordner)
    umgebung = {**os.environ, "FACHWERK_TEST_GOLDEN": "schreibe", "PYTHONPATH": str(ordner)}
    befehl = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-rfEp", str(datei)]
    return subprocess.run(befehl, capture_output=True, text=True, cwd=ordner, env=umgebung)


def test_the_adapter_of_the_tutorial_keeps_the_whole_contract(lauf: subprocess.CompletedProcess[str]) -> None:
    gescheitert = re.findall(r"^(?:FAILED|ERROR) \S+?::(\S+)", lauf.stdout, re.MULTILINE)
    assert gescheitert == ["TestMitAusnahme::test_schweigt_ueber_personen"], lauf.stdout
    bestanden = re.findall(r"^PASSED \S+?::TestAblagekorb::(\w+)", lauf.stdout, re.MULTILINE)
    assert "test_schweigt_ueber_personen" in bestanden
    assert len(bestanden) > 30


def test_the_commands_of_the_tutorial_work_in_their_order(tmp_path: Path) -> None:
    ziel, bin_ordner = tmp_path / "installiert", str(Path(sys.executable).parent)
    umgebung = {**os.environ, "PYTHONPATH": str(ziel), "PATH": f"{bin_ordner}{os.pathsep}{os.environ['PATH']}"}
    zeilen = [zeile.removeprefix("$ ") for block in bloecke("console") for zeile in block.splitlines()]
    assert len(zeilen) == 5
    for zeile in zeilen:
        befehl = shlex.split(zeile)
        if "pip" in befehl:  # into a folder of the test, and without any network
            befehl = [*befehl[: befehl.index("-e")], "-q", "--no-index", "--target", str(ziel), befehl[-1]]
        lauf = subprocess.run(befehl, capture_output=True, text=True, cwd=tmp_path, env=umgebung)
        assert lauf.returncode == 0, f"{zeile}\n{lauf.stdout}\n{lauf.stderr}"
    assert (tmp_path / "konformitaet-wohnamt_plus-0.1.0.md").is_file()
