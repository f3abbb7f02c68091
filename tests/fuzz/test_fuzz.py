"""Every kept input and every old crash again, some changed by chance; and the frame finds faults planted for it."""

from __future__ import annotations

import gc
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import geruest
from geruest import GROESSTER, KANARIE, KORPUS, RUECKFALL, Verstoss, Wandler, Ziel, eingaben, lade, pruefe
from ziele import NAMEN

from fachwerk.errors import ConfigErrors, PermanentError

HIER = Path(__file__).parent
SAAT = 20261122
GEWANDELT = 25
je_ziel = pytest.mark.parametrize("name", NAMEN)


@pytest.fixture(autouse=True)
def stille(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What hostile input makes the code log is no news."""
    import logging

    import structlog

    bisher = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    yield
    structlog.configure(**bisher)


@je_ziel
def test_no_kept_input_and_no_old_crash_harms_a_target(name: str) -> None:
    ziel = lade(name)
    for eingabe, daten in eingaben(ziel):
        try:
            pruefe(ziel, daten)
        except Verstoss as verstoss:
            pytest.fail(f"{eingabe}: {verstoss}")


@je_ziel
def test_inputs_changed_by_chance_under_a_fixed_seed_harm_no_target(name: str) -> None:
    wandle(lade(name), GEWANDELT, SAAT)


@pytest.mark.lang
@je_ziel
def test_many_inputs_changed_by_chance_harm_no_target_and_leave_no_memory_behind(name: str) -> None:
    ziel = lade(name)
    wandle(ziel, 500, SAAT + 1)
    vorher = geruest._groesster_speicher_mib()
    wandle(ziel, 5000, SAAT + 2)
    assert geruest._groesster_speicher_mib() - vorher < 64, "memory grows with the number of inputs"


@pytest.mark.lang
def test_requests_leave_nothing_in_the_process_of_a_console_that_is_never_started_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counted in objects: bytes of a process say little. What SQLAlchemy compiles for the forms settles first."""
    ziel, konsole = lade("konsole"), importlib.import_module("ziel_konsole")
    pult = konsole.pult()
    with monkeypatch.context() as ohne:
        ohne.setattr(konsole.Pult, "stelle_wieder_her", lambda _pult: None)
        wandle(ziel, 500, SAAT + 3)
        vorher = _objekte()
        wandle(ziel, 1500, SAAT + 4)
        assert _objekte() - vorher < 3000
    pult.stelle_wieder_her()


def _objekte() -> int:
    gc.collect()
    return len(gc.get_objects())


def wandle(ziel: Ziel, anzahl: int, saat: int) -> None:
    alle = [daten for _, daten in eingaben(ziel)]
    wandler = Wandler(Random(saat), ziel.woerter, ziel.groesster)
    for nummer in range(anzahl):
        try:
            pruefe(ziel, wandler.aus(alle))
        except Verstoss as verstoss:
            pytest.fail(f"seed {saat}, input {nummer}: {verstoss}\n{verstoss.daten!r}")


def test_every_target_has_seeds_and_every_kept_input_a_target() -> None:
    module = {datei.stem.removeprefix("ziel_") for datei in HIER.glob("ziel_*.py")}
    assert module == set(NAMEN)
    assert all(list(lade(name).saat()) for name in NAMEN)
    for ordner in (KORPUS, RUECKFALL):
        assert {unter.name for unter in ordner.glob("*")} <= set(NAMEN)
        zu_gross = [datei for datei in ordner.rglob("*") if datei.is_file() and datei.stat().st_size > GROESSTER]
        assert not zu_gross


# -- the frame itself --------------------------------------------------------------------------------------------------


def gepflanzt(daten: bytes) -> None:
    """A reader with a fault that only three bytes in their places reach."""
    if daten[:1] == b"<" and len(daten) > 8 and daten[4:5] == b"!" and daten[7] == 0xFA:
        raise KeyError("planted")


PFLANZE = Ziel(
    "pflanze", "a planted fault", gepflanzt, lambda: [b"<abc>defgh", b"0123!56789"], (), woerter=(b"\xfa", b"!")
)


def test_a_planted_fault_is_found_by_chance_within_a_bounded_number_of_inputs() -> None:
    wandler, alle = Wandler(Random(7), PFLANZE.woerter), list(PFLANZE.saat())
    for _ in range(60_000):
        try:
            pruefe(PFLANZE, daten := wandler.aus(alle))
        except Verstoss as verstoss:
            gefunden = verstoss
            break
    else:
        pytest.fail("not found")
    assert "KeyError" in gefunden.was
    assert gefunden.daten == daten


def _verraet(daten: bytes) -> None:
    raise PermanentError("x", f"Das ist kein Name: {daten.decode()}")


def _verraet_in_einem_von_vielen(daten: bytes) -> None:
    raise ConfigErrors([PermanentError("x", "gut"), PermanentError("x", daten.decode())])  # type: ignore[list-item]


@pytest.mark.parametrize("lauf", [_verraet, _verraet_in_einem_von_vielen])
def test_an_error_text_that_quotes_a_person_is_found(lauf: object) -> None:
    ziel = replace(PFLANZE, lauf=lauf)  # type: ignore[arg-type]
    pruefe(ziel, b"Eva Exempel")
    with pytest.raises(Verstoss, match="quotes a person"):
        pruefe(ziel, KANARIE.encode())


def test_an_input_that_never_ends_is_found_by_the_processor_time_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    def endlos(_daten: bytes) -> None:
        while True:
            try:
                sum(range(1000))
            except Exception:  # noqa: S110  what swallows everything must not swallow this
                pass

    monkeypatch.setattr(geruest, "RECHENZEIT_S", 0.05)
    with pytest.raises(Verstoss, match="hang"):
        pruefe(replace(PFLANZE, lauf=endlos), b"x")


def test_an_input_that_takes_the_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    stand = iter((100.0, 100.0 + geruest.SPEICHER_MIB + 1))
    monkeypatch.setattr(geruest, "_groesster_speicher_mib", lambda: next(stand))
    with pytest.raises(Verstoss, match="memory"):
        pruefe(PFLANZE, b"x")


@pytest.mark.lang
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="NOT CHECKED: atheris is not installed")
def test_atheris_finds_a_fault_behind_a_word_that_stands_in_no_dictionary(tmp_path: Path) -> None:
    """Coverage and comparisons lead it there; chance alone would need 256**12 inputs."""
    modul = tmp_path / "pflanze_modul.py"
    modul.write_text(
        "def lies(daten):\n    if daten[:8] == b'Fachwerk':\n        if daten[8:12] == b'\\xfa\\x00\\x17!':\n"
        "            raise KeyError('planted')\n"
    )
    skript = tmp_path / "suche.py"
    skript.write_text(
        f"import sys\nsys.path[:0] = [{str(HIER)!r}, {str(tmp_path)!r}]\nimport atheris\n"
        "with atheris.instrument_imports(include=['pflanze_modul']):\n    import pflanze_modul\n"
        "import lauf\nfrom geruest import Ziel\nfrom pathlib import Path\n"
        f"lauf.ARBEIT = Path({str(tmp_path)!r})\nlauf.HOECHSTENS_FUNDE = 1\n"
        "ziel = Ziel('pflanze', 'x', pflanze_modul.lies, lambda: [b'x'], ())\n"
        "einer = lauf.Lauf(ziel, 'atheris', 3, 120, 100_000)\n"
        "atheris.Setup([sys.argv[0], '-seed=3', '-max_len=64', '-verbosity=0'], einer.eine)\natheris.Fuzz()\n"
    )
    lauf = subprocess.run([sys.executable, str(skript)], capture_output=True, text=True, check=False, timeout=600)
    assert lauf.returncode == 1, lauf.stdout + lauf.stderr
    stand = json.loads((tmp_path / "pflanze" / "stand.json").read_text())
    assert len(stand["funde"]) == 1
    assert "KeyError" in stand["funde"][0]


@pytest.mark.lang
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="NOT CHECKED: atheris is not installed")
def test_atheris_keeps_no_result_of_a_comparison_it_watches(tmp_path: Path) -> None:
    """By itself it keeps each one, and the console would seem to fill the memory."""
    (tmp_path / "spalte_modul.py").write_text(
        "import weakref\n\nlebende = weakref.WeakSet()\n\n\nclass Ausdruck:\n    pass\n\n\n"
        "class Spalte:\n    __hash__ = None\n\n    def __eq__(self, wert):\n        ausdruck = Ausdruck()\n"
        "        lebende.add(ausdruck)\n        return ausdruck\n\n\n"
        "def lies(daten):\n    frage = Spalte() == daten\n    assert isinstance(frage, Ausdruck)\n    del frage\n"
        "    assert len(lebende) < 10\n"
    )
    (tmp_path / "ziel_spalte.py").write_text(
        "from geruest import Ziel\nfrom spalte_modul import lies\n\nZIEL = Ziel(\n    'spalte', 'x', lies,\n"
        "    lambda: [b'x'],\n    woerter=(b'y',),\n    pakete=(\"spalte_modul\",),\n)\n"
    )
    skript = tmp_path / "suche.py"
    skript.write_text(
        f"import sys\nsys.path[:0] = [{str(HIER)!r}, {str(tmp_path)!r}]\nimport lauf\nfrom pathlib import Path\n"
        f"from types import SimpleNamespace\nlauf.ARBEIT = lauf.HIER = Path({str(tmp_path)!r})\n"
        "lauf._mit_abdeckung(SimpleNamespace(ziel='spalte', saat=1, laeufe=2000), 60.0)\n"
    )
    lauf = subprocess.run([sys.executable, str(skript)], capture_output=True, text=True, check=False, timeout=600)
    assert lauf.returncode == 0, lauf.stdout + lauf.stderr
    assert json.loads((tmp_path / "spalte" / "stand.json").read_text())["laeufe"] == 2000
    assert "Instrumenting spalte_modul" in lauf.stdout + lauf.stderr
