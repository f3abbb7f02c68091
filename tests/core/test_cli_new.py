"""``fachwerk new regeln``: a copy of the fictitious Land, renamed, complete, and green where nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk import vorlage
from fachwerk.cli import starte
from fachwerk.errors import ConfigError
from fachwerk.vorlage import VERGEBEN, Namen, benenne, lege_an, umbenannt


def neu(ordner: Path, name: str = "wbs_xy", *angaben: str) -> int:
    return starte(["new", "regeln", name, "--in", str(ordner), *angaben])


def texte(ordner: Path) -> Iterator[tuple[Path, str]]:
    for pfad in sorted(p for p in ordner.rglob("*") if p.is_file()):
        yield pfad.relative_to(ordner), pfad.read_text(encoding="utf-8")


def test_the_copy_has_everything_and_bears_its_own_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert neu(tmp_path) == 0
    kopie = dict(texte(tmp_path / "wbs_xy"))
    vorhanden = {pfad.as_posix() for pfad in kopie}
    assert {"pyproject.toml", "README.md", "CHANGELOG.md", "tests/test_regeln.py"} <= vorhanden
    assert {"src/fachwerk_wbs_xy/land.yaml", "src/fachwerk_wbs_xy/py.typed"} <= vorhanden
    for pfad, text in kopie.items():
        assert "musterland" not in f"{pfad} {text}".lower(), pfad
        assert " zz" not in text, pfad
    assert 'wbs_xy = "fachwerk_wbs_xy"' in kopie[Path("pyproject.toml")]
    assert 'xy = "fachwerk_wbs_xy:LAND"' in kopie[Path("pyproject.toml")]
    assert "erfunden: true" in kopie[Path("src/fachwerk_wbs_xy/land.yaml")]
    assert "Nächste Schritte" in capsys.readouterr().out


def test_nothing_is_overwritten_and_nothing_half_done_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wbs_xy").mkdir()
    (tmp_path / "wbs_xy" / "meins.txt").write_text("Arbeit", encoding="utf-8")
    assert neu(tmp_path) == 2
    assert "gibt es schon; es wurde nichts geändert" in capsys.readouterr().err
    assert [p.name for p in tmp_path.rglob("*")] == ["wbs_xy", "meins.txt"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Wbs", "kleine Buchstaben"),
        ("1a", "kleine Buchstaben"),
        ("wbs__x", "kleine Buchstaben"),
        ("thüringen", "ohne Umlaute"),
        ("../x", "kleine Buchstaben"),
        ("a" * 41, "höchstens 40 Zeichen"),
        ("class", "ein Wort des Programms"),
        ("fachwerk_x", "kommt von selbst davor"),
        ("musterland", "schon installiert"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    assert neu(tmp_path, name) == 2
    assert text in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_code_and_title_may_be_given(tmp_path: Path) -> None:
    assert neu(tmp_path, "nordland", "--kuerzel", "nl", "--titel", "Nördliches Land") == 0
    kopf = (tmp_path / "nordland/src/fachwerk_nordland/land.yaml").read_text(encoding="utf-8")
    assert "code: nl" in kopf
    assert "name: Nördliches Land" in kopf


@pytest.mark.parametrize("angaben", [("--kuerzel", "N1"), ("--kuerzel", "abc"), ("--titel", "x: [")])
def test_a_code_or_title_that_would_break_the_files_is_refused(tmp_path: Path, angaben: tuple[str, str]) -> None:
    assert neu(tmp_path, "nordland", *angaben) == 2
    assert not list(tmp_path.iterdir())


@given(st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{3,6}){0,2}", fullmatch=True))
def test_a_code_that_is_made_up_is_never_that_of_a_real_land(name: str) -> None:
    try:
        namen = benenne(name)
    except ConfigError:
        return
    assert namen.kuerzel not in VERGEBEN
    assert len(namen.kuerzel) == 2


def test_renaming_touches_whole_words_only_and_each_once() -> None:
    namen = Namen("zz_musterland", "mu", "Musterland am Meer")
    alt = "fachwerk_musterland, fachwerk-musterland, musterland, Musterland, zz, pizza, Musterlandes, zzz"
    erwartet = "fachwerk_zz_musterland, fachwerk-zz-musterland, zz_musterland, Musterland am Meer, mu, "
    assert umbenannt(alt, "fachwerk_musterland", namen) == erwartet + "pizza, Musterlandes, zzz"


def test_without_the_template_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def keine(**wahl: str) -> list[metadata.EntryPoint]:
        return []

    monkeypatch.setattr(vorlage.metadata, "entry_points", keine)
    assert neu(tmp_path) == 2
    assert "fachwerk-musterland installieren" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "datei").write_text("", encoding="utf-8")
    assert neu(tmp_path / "datei") == 2
    assert "datei" in capsys.readouterr().err


def test_the_copy_installs_without_a_network_and_its_tests_are_green(tmp_path: Path) -> None:
    kopie = lege_an("regeln", benenne("wbs_xy"), tmp_path)
    ziel = tmp_path / "installiert"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    installiert = subprocess.run([*pip, "--target", ziel, kopie], capture_output=True, text=True, cwd=tmp_path)
    assert installiert.returncode == 0, installiert.stderr
    umgebung = {**os.environ, "PYTHONPATH": str(ziel), "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(kopie / "tests")]
    lauf = subprocess.run(tests, capture_output=True, text=True, cwd=tmp_path, env=umgebung)
    assert lauf.returncode == 0, lauf.stdout
    assert " passed" in lauf.stdout
    befehl = [sys.executable, "-c", "import sys, fachwerk.cli; sys.exit(fachwerk.cli.starte(sys.argv[1:]))"]
    gefragt = subprocess.run([*befehl, "wbs", "faelle", "--land", "xy"], capture_output=True, text=True, env=umgebung)
    assert gefragt.returncode == 0, gefragt.stderr
    assert "Land XY (erfunden) (xy): 16 Musterfälle" in gefragt.stdout
