"""The contract tests of this target, over a Ziel and over a Kanal of COM Vibilia.

``fachwerk konformitaet laemmerzahl`` runs them and writes the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fachwerk_laemmerzahl
from fachwerk.testkit import AdapterContract, Zielstelle
from fachwerk.testkit.gegenstelle import Ankunft


def mit_marke(ordner: Path) -> list[Ankunft]:
    """Folders with their marker beside them, as the shipped layout has it."""
    faelle = [fall for fall in ordner.iterdir() if fall.is_dir()] if ordner.is_dir() else []
    fertige = sorted(fall for fall in faelle if fall.with_name(f"{fall.name}.fertig").exists())
    return [{p.relative_to(f).as_posix(): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in fertige]


class TestUeberKanal(AdapterContract):
    """The cases came by COM Vibilia; LÄMMkom reads the folder itself, in the shipped layout."""

    plugin = fachwerk_laemmerzahl
    titel = "Fälle aus einem Kanal von COM Vibilia, mitgeliefertes Layout"
    gegen = "einen Ordner auf dieser Maschine; LÄMMkom selbst war nicht dabei"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """An empty folder, and the Kanal that makes the way allowed."""
        stelle = Zielstelle.im_ordner(ordner / "laemmkom", mit_marke, ueber="cv")
        kanal = {"plugin": "comvibilia", "verzeichnis": str(ordner / "export")}
        route = {"leistung": "*", "kanal": "cv", "ziel": stelle.name}
        stelle.daneben = {"kanal": {"cv": kanal}, "route": [route]}
        yield stelle


class TestUeberZiel(AdapterContract):
    """COM Vibilia carries the cases, in the folder and layout of its Ziel."""

    plugin = fachwerk_laemmerzahl
    titel = "weiter durch ein Ziel von COM Vibilia, Layout „ordner“"
    gegen = "einen Ordner auf dieser Maschine; weder COM Vibilia noch LÄMMkom waren dabei"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """An empty import folder of COM Vibilia."""
        cv = Zielstelle.im_ordner(ordner / "import", plugin="comvibilia")
        yield Zielstelle({"ueber": "cv"}, cv.angekommen, cv.ordner, daneben={"ziel": {"cv": cv.einstellungen}})
