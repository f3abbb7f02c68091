"""Both ways keep the contract a vendor is held to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from prosoz_welt import beispielprofil

import fachwerk_prosoz
from fachwerk.testkit import AdapterContract, Zielstelle
from fachwerk.testkit.gegenstelle import Ankunft
from fachwerk_prosoz.simulator import SoapSimulator


def profil(ordner: Path, weg: str, **aenderung: Any) -> str:
    """The example, taking any case, with everything the Sendung has."""
    werte = beispielprofil(weg) | {"beispiel": False} | aenderung
    felder = werte["uebergabe"]["felder"] if weg == "soap" else werte["teile"]["falldatei"]["felder"]
    for feld in felder.values():
        feld.pop("umsetzen", None)
    if weg == "soap":
        werte["uebergabe"]["dokumente"]["mit_angaben"] = True
        werte["nachfrage"]["frist_s"] = 0
    else:
        werte["teile"]["angaben"] = "angaben.json"
        werte["rueckmeldungen"] = []
    (ordner / "profil.yaml").write_text(yaml.safe_dump(werte, allow_unicode=True), encoding="utf-8")
    return str(ordner / "profil.yaml")


def mit_ausloeser(ordner: Path) -> list[Ankunft]:
    """What an import would read: folders whose trigger is there."""
    eingang = ordner / "eingang"
    faelle = [eingang / datei.stem for datei in sorted(eingang.glob("*.fertig"))] if eingang.is_dir() else []
    return [{p.relative_to(f).as_posix(): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in faelle]


class TestProsozOrdner(AdapterContract):
    plugin = fachwerk_prosoz

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        (ordner / "prosoz/eingang").mkdir(parents=True)
        yield Zielstelle.im_ordner(ordner / "prosoz", mit_ausloeser, weg="ordner", profil=profil(ordner, "ordner"))


@pytest.fixture(scope="class")
def dienst(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoapSimulator]:
    with SoapSimulator(tmp_path_factory.mktemp("soap"), eindeutig=False) as laufend:
        laufend.dienst.inhalte = {}
        yield laufend


class TestProsozSoap(AdapterContract):
    plugin = fachwerk_prosoz

    @pytest.fixture(autouse=True)
    def laufender(self, dienst: SoapSimulator) -> None:
        self.dienst = dienst

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        (self.dienst.ordner / "faelle.jsonl").unlink(missing_ok=True)
        werte = self.dienst.einstellungen() | {"profil": profil(ordner, "soap")}
        yield Zielstelle(werte, self.dienst.angekommen, zeit=datetime.now(UTC))
