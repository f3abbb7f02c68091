"""``fachwerk new adapter``: a copy of the invented Fachverfahren that installs, passes the kit and is listed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from fachwerk import vorlage
from fachwerk.cli import starte

BEFEHL = [sys.executable, "-c", "import sys, fachwerk.cli; sys.exit(fachwerk.cli.starte(sys.argv[1:]))"]


def neu(ordner: Path, name: str = "wohnamt_plus", *angaben: str) -> int:
    return starte(["new", "adapter", name, "--in", str(ordner), *angaben])


def texte(ordner: Path) -> Iterator[tuple[str, str]]:
    for pfad in sorted(p for p in ordner.rglob("*") if p.is_file()):
        yield pfad.relative_to(ordner).as_posix(), pfad.read_text(encoding="utf-8")


def test_the_copy_has_everything_and_bears_its_own_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert neu(tmp_path, "wohnamt_plus", "--titel", "WohnAmt Plus") == 0
    kopie = dict(texte(tmp_path / "wohnamt_plus"))
    paket = "src/fachwerk_wohnamt_plus"
    module = ("__init__", "settings", "mapping", "client", "simulator", "konformitaet")
    assert {f"{paket}/{modul}.py" for modul in module} <= kopie.keys()
    assert {"pyproject.toml", "README.md", "CHANGELOG.md", "tests/test_konformitaet.py"} <= kopie.keys()
    assert {f"{paket}/py.typed", f"{paket}/golden/wohnamt_plus.json"} <= kopie.keys()
    for pfad, text in kopie.items():
        assert "muster_fach" not in f"{pfad} {text}".lower(), pfad
        assert "musterfach" not in text.lower(), pfad
        assert "muster-fach" not in text.lower(), pfad
    assert 'wohnamt_plus = "fachwerk_wohnamt_plus.konformitaet"' in kopie["pyproject.toml"]
    assert "fachwerk.vorlage" not in kopie["pyproject.toml"], "a copy is no template"
    assert "class TestWohnamtPlus(AdapterContract)" in kopie[f"{paket}/konformitaet.py"]
    assert "WohnAmt Plus" in kopie["README.md"]
    assert "Nächste Schritte" in capsys.readouterr().out


def test_a_name_that_cannot_be_one_is_refused_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Wohnamt", "class", "fachwerk_x", "aktenablage"):
        assert neu(tmp_path, name) == 2
    (tmp_path / "wohnamt_plus").mkdir()
    assert neu(tmp_path) == 2
    assert "gibt es schon; es wurde nichts geändert" in capsys.readouterr().err
    assert [pfad.name for pfad in tmp_path.rglob("*")] == ["wohnamt_plus"]


def test_without_the_template_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def keine(**wahl: str) -> list[metadata.EntryPoint]:
        return []

    monkeypatch.setattr(vorlage.metadata, "entry_points", keine)
    assert neu(tmp_path) == 2
    assert "fachwerk-muster-fachverfahren installieren" in capsys.readouterr().err


@pytest.fixture(scope="module")
def installiert(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A copy, installed into a folder of its own without any network, and the environment that sees it."""
    ordner = tmp_path_factory.mktemp("neu")
    assert neu(ordner) == 0
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    ziel = ordner / "installiert"
    lauf = subprocess.run([*pip, "--target", ziel, ordner / "wohnamt_plus"], capture_output=True, text=True, cwd=ordner)
    assert lauf.returncode == 0, lauf.stderr
    return ordner, {**os.environ, "PYTHONPATH": str(ziel), "PYTHONDONTWRITEBYTECODE": "1"}


def test_the_copy_installs_and_passes_the_whole_kit(installiert: tuple[Path, dict[str, str]]) -> None:
    ordner, umgebung = installiert
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ordner / "wohnamt_plus/tests")]
    lauf = subprocess.run(tests, capture_output=True, text=True, cwd=ordner, env=umgebung)
    assert lauf.returncode == 0, lauf.stdout
    assert " passed" in lauf.stdout
    assert "failed" not in lauf.stdout


def test_the_copy_is_listed_at_once(installiert: tuple[Path, dict[str, str]]) -> None:
    ordner, umgebung = installiert
    befehl = [*BEFEHL, "plugins", "list", "--json"]
    lauf = subprocess.run(befehl, capture_output=True, text=True, cwd=ordner, env=umgebung)
    assert lauf.returncode == 0, lauf.stderr
    [zeile] = [zeile for zeile in json.loads(lauf.stdout) if zeile["name"] == "wohnamt_plus"]
    assert (zeile["fehler"], zeile["arten"], zeile["version"]) == ([], ["ziel"], "0.1.0")
