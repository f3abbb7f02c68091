"""The contract tests of this target, by folders and by SOAP, with the shipped example profiles.

``fachwerk konformitaet prosoz`` runs them and writes the sheet. The examples are opened so far that any case goes
through: the contract is about the hand-over, not about which codes a site uses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

import pytest

import fachwerk_prosoz
from fachwerk.parameter import lies_yaml
from fachwerk.testkit import AdapterContract, Zielstelle
from fachwerk.testkit.gegenstelle import Ankunft
from fachwerk_prosoz.simulator import SoapSimulator


def profil(ordner: Path, weg: str) -> str:
    """The example of ``weg``, taking any case, with everything the Sendung has."""
    beispiel = resources.files("fachwerk_prosoz") / "profile" / f"{weg}-beispiel.yaml"
    werte: dict[str, Any] = lies_yaml(beispiel.read_text(encoding="utf-8"), beispiel.name) | {"beispiel": False}
    felder = werte["uebergabe"]["felder"] if weg == "soap" else werte["teile"]["falldatei"]["felder"]
    for feld in felder.values():
        feld.pop("umsetzen", None)
    if weg == "soap":
        werte["uebergabe"]["dokumente"]["mit_angaben"] = True
        werte["nachfrage"]["frist_s"] = 0
    else:
        werte["teile"]["angaben"] = "angaben.json"
        werte["rueckmeldungen"] = []
    datei = ordner / "profil.yaml"
    datei.write_text(json.dumps(werte, default=float), encoding="utf-8")  # JSON is YAML
    return str(datei.absolute())


def mit_ausloeser(ordner: Path) -> list[Ankunft]:
    """What an import would read: folders whose trigger is there."""
    eingang = ordner / "eingang"
    faelle = [eingang / datei.stem for datei in sorted(eingang.glob("*.fertig"))] if eingang.is_dir() else []
    return [{p.relative_to(f).as_posix(): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in faelle]


class TestProsozOrdner(AdapterContract):
    """By folders."""

    plugin = fachwerk_prosoz
    titel = "Übergabe durch Ordner"
    gegen = "einen Ordner auf dieser Maschine, mit dem Beispielprofil; PROSOZ selbst war nicht dabei"

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """An empty folder."""
        (ordner / "prosoz/eingang").mkdir(parents=True)
        yield Zielstelle.im_ordner(ordner / "prosoz", mit_ausloeser, weg="ordner", profil=profil(ordner, "ordner"))


class TestProsozSoap(AdapterContract):
    """By SOAP; one simulator for all tests, emptied for each."""

    plugin = fachwerk_prosoz
    titel = "Übergabe durch SOAP"
    gegen = "den Simulator dieses Plugins mit erfundener WSDL; PROSOZ selbst war nicht dabei"
    dienst: ClassVar[SoapSimulator]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def laufend(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """The simulator of the class."""
        with SoapSimulator(tmp_path_factory.mktemp("soap"), eindeutig=False) as cls.dienst:
            cls.dienst.dienst.inhalte = {}
            yield

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        """The simulator without any case."""
        (self.dienst.ordner / "faelle.jsonl").unlink(missing_ok=True)
        werte = self.dienst.einstellungen() | {"profil": profil(ordner, "soap")}
        yield Zielstelle(werte, self.dienst.angekommen, zeit=datetime.now(UTC))
