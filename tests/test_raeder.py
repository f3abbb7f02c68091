"""The wheels carry everything and nothing else; the long run works with them where no source is."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

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
    monkeypatch.setattr(inhalt, "UEBRIGE", 0)
    assert "ist 0 KiB groß, erlaubt sind 0" in inhalt.maengel(rad(tmp_path, *VOLL), projekt(tmp_path))


def test_the_wheel_of_a_land_may_be_no_bigger_than_its_law(inhalt: Any) -> None:
    namen = ("fachwerk", "fachwerk_wbs", "fachwerk_wbs_nw", "fachwerk_prosoz")
    assert [inhalt.grenze(name) // 1024 for name in namen] == [720, 160, 32, 96]


def test_the_same_source_makes_the_same_wheel_wherever_and_whenever_it_is_built(tmp_path: Path) -> None:
    raeder = []
    for ort, rechte, zeit in (("eins", 0o755, 1_600_000_000), ("zwei/tiefer", 0o700, 1_700_000_000)):
        kopie = tmp_path / ort / "contrib" / "wbs_hb"
        shutil.copytree(WURZEL / "contrib" / "wbs_hb", kopie, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(WURZEL / "LICENSE", tmp_path / ort)
        for pfad in kopie.rglob("*"):
            pfad.chmod(rechte if pfad.is_dir() else rechte & 0o644)
            os.utime(pfad, (zeit, zeit))
        [gebaut] = WheelBuilder(str(kopie)).build(directory=str(tmp_path / ort / "raeder"))
        raeder.append(Path(gebaut))
    assert raeder[0].name == raeder[1].name == "fachwerk_wbs_hb-2026.11.0-py3-none-any.whl"
    assert raeder[0].read_bytes() == raeder[1].read_bytes()


@pytest.mark.lang
def test_the_wheels_alone_are_enough_for_a_site_a_vendor_and_a_newcomer() -> None:
    lauf = subprocess.run([str(WURZEL / ".ci/raeder")], capture_output=True, text=True)
    assert lauf.returncode == 0, f"{lauf.stdout}\n{lauf.stderr}"
    assert "kommen ohne den Quelltext aus" in lauf.stdout
