"""A process that dies at each single touch while it hands over: the case arrives once, or a person is asked.

Through the whole line, and at fewer points: tests/system/test_chaos_adapter_kill.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

beide = pytest.mark.parametrize("profil", ["ordner", "flach"])


def toete_ueberall(tmp_path: Path, *angaben: str) -> None:
    kind = Path(__file__).with_name("comvibilia_kind.py")
    befehl = [sys.executable, str(kind), str(tmp_path / "k"), *angaben]
    ende = subprocess.run(befehl, capture_output=True, text=True, timeout=600, check=False)
    assert ende.returncode == 0, ende.stderr[-2000:]
    bericht = json.loads(ende.stdout)
    assert bericht["punkte"] > 40
    assert bericht["fehler"] == []


@pytest.mark.lang
@beide
def test_killed_at_every_point_whatever_the_other_side_does_then(profil: str, tmp_path: Path) -> None:
    toete_ueberall(tmp_path, profil, "alle")
