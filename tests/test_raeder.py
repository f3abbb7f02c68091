"""The wheels carry everything and nothing else; the long run works with them where no source is."""

from __future__ import annotations

import importlib
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

WURZEL = Path(__file__).resolve().parents[1]


@pytest.fixture
def inhalt(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(WURZEL / ".ci"))
    return importlib.import_module("inhalt")


def projekt(ordner: Path) -> Path:
    quelle = ordner / "src" / "fachwerk_x"
    (quelle / "daten").mkdir(parents=True)
    for name in ("__init__.py", "py.typed", "daten/werte.yaml"):
        (quelle / name).write_text("x = 1\n", encoding="utf-8")
    return ordner


def rad(ordner: Path, *namen: str) -> Path:
    datei = ordner / "fachwerk_x-1-py3-none-any.whl"
    with zipfile.ZipFile(datei, "w") as archiv:
        for name in namen:
            archiv.writestr(name, "x = 1\n")
    return datei


VOLL = (
    "fachwerk_x/__init__.py",
    "fachwerk_x/py.typed",
    "fachwerk_x/daten/werte.yaml",
    "fachwerk_x-1.dist-info/LICENSE",
)


def test_a_complete_wheel_is_not_complained_about(tmp_path: Path, inhalt: Any) -> None:
    assert inhalt.maengel(rad(tmp_path, *VOLL), projekt(tmp_path)) == []


@pytest.mark.parametrize(
    ("namen", "mangel"),
    [
        (VOLL[:3], "LICENSE fehlt"),
        ((VOLL[0], *VOLL[2:]), "py.typed fehlt"),
        ((*VOLL[:2], VOLL[3]), "fachwerk_x/daten/werte.yaml fehlt"),
        ((*VOLL, "tests/test_x.py"), "tests/test_x.py gehört nicht hinein"),
        ((*VOLL, "fachwerk_x/__pycache__/a.pyc"), "fachwerk_x/__pycache__/a.pyc gehört nicht hinein"),
    ],
)
def test_whatever_a_wheel_lacks_or_has_too_much_is_named(
    tmp_path: Path, inhalt: Any, namen: tuple[str, ...], mangel: str
) -> None:
    assert mangel in inhalt.maengel(rad(tmp_path, *namen), projekt(tmp_path))


def test_a_wheel_that_is_too_big_is_named(tmp_path: Path, inhalt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inhalt, "GROESSTES", 100)
    assert any(" KiB groß" in mangel for mangel in inhalt.maengel(rad(tmp_path, *VOLL), projekt(tmp_path)))


@pytest.mark.lang
def test_the_wheels_alone_are_enough_for_a_site_a_vendor_and_a_newcomer() -> None:
    lauf = subprocess.run([str(WURZEL / ".ci/raeder")], capture_output=True, text=True)
    assert lauf.returncode == 0, f"{lauf.stdout}\n{lauf.stderr}"
    assert "kommen ohne den Quelltext aus" in lauf.stdout
