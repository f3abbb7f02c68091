"""What a command imports: looking at cases costs no engine, no transport and no plugin nobody named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fachwerk.anlegen import schreibe_schluessel

SCHWER = frozenset(
    {"alembic", "apscheduler", "dbos", "fpdf", "httpx", "jinja2", "lxml", "psycopg", "starlette", "uvicorn", "zeep"}
)
"""Packages that take long to import and that nobody needs who only looks."""

KONFIG = """\
[fachwerk]
datenbank = "sqlite:///{datenbank}"
[kanal.postfach]
plugin = "comvibilia"
profil = "ordner"
verzeichnis = "export"
[ziel.akte]
plugin = "aktenablage"
verzeichnis = "akten"
[[route]]
leistung = "*"
ziel = "akte"
"""

PROGRAMM = """\
import contextlib, io, json, sys
from fachwerk.cli import starte
for worte in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            code = starte(worte)
        except SystemExit as ende:
            code = ende.code
    print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def importiert(*befehle: list[str]) -> list[set[str]]:
    """The packages a new process has imported after each of the commands, which all have to succeed."""
    umgebung = {name: wert for name, wert in os.environ.items() if not name.startswith("FACHWERK_")}
    lauf = subprocess.run(
        [sys.executable, "-c", PROGRAMM, json.dumps(befehle)], capture_output=True, text=True, env=umgebung, check=False
    )
    assert lauf.returncode == 0, lauf.stderr
    zeilen = [json.loads(zeile) for zeile in lauf.stdout.splitlines()]
    assert [code for code, _ in zeilen] == [0] * len(befehle), lauf.stderr
    return [set(pakete) for _, pakete in zeilen]


def plugins_in(pakete: set[str]) -> set[str]:
    return {paket for paket in pakete if paket.startswith("fachwerk_")}


@pytest.fixture
def konfig(tmp_path: Path, vorlage_sqlite: Path) -> Path:
    """An installation with one Kanal, one Ziel and no case."""
    shutil.copyfile(vorlage_sqlite, tmp_path / "fachwerk.db")
    schreibe_schluessel(tmp_path / "fachwerk.key")
    datei = tmp_path / "fachwerk.toml"
    datei.write_text(KONFIG.format(datenbank=tmp_path / "fachwerk.db"), encoding="utf-8")
    return datei


def test_help_is_there_before_anything_heavy_is_imported() -> None:
    (hilfe,) = importiert(["--help"])
    assert not hilfe & (SCHWER | {"sqlalchemy", "pydantic", "structlog", "yaml"})
    assert not plugins_in(hilfe)


def test_who_looks_at_cases_loads_no_plugin_and_no_engine(konfig: Path) -> None:
    wo = ["--konfig", str(konfig)]
    vorgaenge, kanaele, ziele = importiert([*wo, "vorgang", "list"], [*wo, "kanal", "list"], [*wo, "ziel", "list"])
    assert not vorgaenge & SCHWER
    assert not plugins_in(vorgaenge)
    assert not ziele & SCHWER
    assert plugins_in(kanaele) == plugins_in(ziele) == {"fachwerk_aktenablage", "fachwerk_comvibilia"}


def test_who_works_on_sqlite_loads_no_driver_for_postgresql(konfig: Path) -> None:
    (abruf,) = importiert(["--konfig", str(konfig), "poll", "postfach"])
    assert "dbos" in abruf
    assert "psycopg" not in abruf
