"""Nothing is imported that the configuration does not call for, and what is broken and unused stops nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import date
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.errors import ConfigErrors
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Eingang, Formatangabe, Manifest
from fachwerk.plugins import GRUPPE, NUR_GENANNT, installierte, lade, wirkende

WURZEL = Path(__file__).resolve().parents[2]


class Punkt:
    """An entry point as importlib.metadata gives it, without an installed distribution."""

    def __init__(self, name: str, objekt: object = None) -> None:
        self.name, self._objekt, self.value = name, objekt, f"fachwerk_{name}"

    def load(self) -> object:
        if isinstance(self._objekt, BaseException):
            raise self._objekt
        return self._objekt


def regeln() -> ModuleType:
    modul = ModuleType("regeln")

    @hookimpl
    def manifest() -> Manifest:
        return Manifest(name="regeln", version="1", arten=frozenset({Art.REGELN}))

    @hookimpl
    def validate(antrag: Antrag, stichtag: date) -> list[Befund]:
        return []

    modul.manifest, modul.validate = manifest, validate  # type: ignore[attr-defined]
    return modul


def format_() -> ModuleType:
    modul = ModuleType("format")

    @hookimpl
    def manifest() -> Manifest:
        angabe = Formatangabe(name="pdf", medientyp="application/pdf")
        return Manifest(name="format", version="1", arten=frozenset({Art.FORMAT}), formate=(angabe,))

    @hookimpl(specname="map")
    def map_(eingang: Eingang) -> Antrag:
        raise AssertionError("nobody maps here")

    modul.manifest, modul.map_ = manifest, map_  # type: ignore[attr-defined]
    return modul


@pytest.fixture
def installiert(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def setze(*punkte: Punkt, nur_genannt: tuple[str, ...] = ()) -> None:
        gruppen: dict[str, list[Punkt]] = {GRUPPE: [*punkte], NUR_GENANNT: [Punkt(name) for name in nur_genannt]}
        monkeypatch.setattr(metadata, "entry_points", lambda group: gruppen[group])

    return setze


def codes(namen: set[str]) -> list[str]:
    with pytest.raises(ConfigErrors) as fehler:
        lade(namen)
    return [problem.code for problem in fehler.value.probleme]


def test_one_that_waits_to_be_named_is_not_imported_before(installiert: Callable[..., None]) -> None:
    installiert(Punkt("regeln", regeln()), Punkt("ziel", AssertionError("was imported")), nur_genannt=("ziel",))
    assert lade().namen == lade({"regeln"}).namen == ("regeln",)
    assert (installierte(), wirkende()) == ({"regeln", "ziel"}, {"regeln"})


def test_one_that_waits_stops_the_start_when_it_is_named_and_does_not_work(installiert: Callable[..., None]) -> None:
    installiert(Punkt("ziel", ImportError("no module named x")), nur_genannt=("ziel",))
    with pytest.raises(ConfigErrors) as fehler:
        lade({"ziel"})
    [problem] = fehler.value.probleme
    assert problem.code == "plugin_import"
    assert problem.hint == "Das Plugin „ziel“ lässt sich nicht laden: ImportError: no module named x."


def test_an_import_that_wants_to_end_the_process_is_a_problem_like_any_other(installiert: Callable[..., None]) -> None:
    installiert(Punkt("regeln", regeln()), Punkt("kaputt", SystemExit(1)))
    assert lade({"regeln"}).namen == ("regeln",)
    assert codes({"kaputt"}) == ["plugin_import"]


def test_formats_and_rules_may_not_wait_to_be_named(installiert: Callable[..., None]) -> None:
    installiert(Punkt("format", format_()), Punkt("regeln", regeln()), nur_genannt=("format", "regeln"))
    assert codes({"format", "regeln"}) == ["plugin_nur_genannt"] * 2


def test_every_member_of_the_house_that_is_only_a_kanal_or_ziel_waits_and_no_other_does() -> None:
    gruppen: dict[str, dict[str, str]] = {}
    for datei in (*WURZEL.glob("plugins/*/pyproject.toml"), *WURZEL.glob("contrib/*/pyproject.toml")):
        gruppen[datei.parent.name] = tomllib.loads(datei.read_text(encoding="utf-8"))["project"]["entry-points"]
    plugins = lade(gruppen)
    wartet = {name for name in gruppen if plugins.manifest(name).arten <= {Art.KANAL, Art.ZIEL}}
    assert {"prosoz", "aktenablage", "muster_fachverfahren"} <= wartet
    angesagt = {name: angaben[NUR_GENANNT] for name, angaben in gruppen.items() if NUR_GENANNT in angaben}
    assert angesagt == {name: gruppen[name][GRUPPE] for name in wartet}


POLL = """
import json, sys
from fachwerk.cli import starte
try:
    starte(sys.argv[1:])
except SystemExit as ende:
    print(json.dumps([ende.code, sorted(name for name in sys.modules if name.startswith("fachwerk_"))]))
"""
KAPUTT = {"kaputtes_ziel": "raise SystemExit('imported')", "kaputte_regeln": "import es_fehlt_etwas"}


def _installiere_kaputte(ordner: Path) -> Path:
    """Two plugins that cannot be imported: a Ziel that waits to be named, and rules that take part unnamed."""
    angaben = ordner / "fachwerk_kaputt-0.1.0.dist-info"
    angaben.mkdir(parents=True)
    (angaben / "METADATA").write_text("Metadata-Version: 2.1\nName: fachwerk-kaputt\nVersion: 0.1.0\n")
    punkte = [f"{name} = fachwerk_{name}" for name in KAPUTT]
    (angaben / "entry_points.txt").write_text("\n".join([f"[{GRUPPE}]", *punkte, f"[{NUR_GENANNT}]", punkte[0], ""]))
    for name, text in KAPUTT.items():
        (ordner / f"fachwerk_{name}.py").write_text(text)
    return ordner


def _poll(ordner: Path, text: str) -> Any:
    schreibe_schluessel(ordner / "fachwerk.key")
    (ordner / "akte").mkdir()
    (ordner / "fachwerk.toml").write_text(text, encoding="utf-8")
    umgebung = {name: wert for name, wert in os.environ.items() if not name.startswith("FACHWERK_")}
    pfade = [str(_installiere_kaputte(ordner / "installiert")), *filter(None, [umgebung.get("PYTHONPATH")])]
    befehl = [sys.executable, "-c", POLL, "--konfig", str(ordner / "fachwerk.toml"), "poll"]
    lauf = subprocess.run(
        befehl, env=umgebung | {"PYTHONPATH": os.pathsep.join(pfade)}, capture_output=True, text=True, check=True
    )
    return [*json.loads(lauf.stdout.splitlines()[-1]), lauf.stderr]


ZIEL = '[ziel.akte]\nplugin = "aktenablage"\nverzeichnis = "akte"\n'


def test_a_poll_imports_the_plugins_that_are_named_and_no_other_kanal_or_ziel(tmp_path: Path) -> None:
    code, module, protokoll = _poll(tmp_path, ZIEL)
    assert code == 0
    geladen = {name.partition(".")[0].removeprefix("fachwerk_") for name in module}
    assert {"aktenablage", "wbs_nw", "xsozial_basis"} <= geladen
    assert not geladen & {"comvibilia", "generic_xta", "laemmerzahl", "muster_fachverfahren", "prosoz", *KAPUTT}
    assert "plugin_ausgelassen" in protokoll
    assert "kaputte_regeln" in protokoll
    assert "kaputtes_ziel" not in protokoll
