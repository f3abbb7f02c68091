"""``fachwerk new adapter``: a copy of the invented Fachverfahren; tests/test_docs_adapter.py installs and tries one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from fachwerk import vorlage
from fachwerk.cli import starte


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
