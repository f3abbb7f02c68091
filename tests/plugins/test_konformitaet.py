"""Our own adapters keep the contract a vendor is held to; each class has the few lines a vendor writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import fachwerk_aktenablage
import fachwerk_generic_xta
from fachwerk.testkit import AdapterContract, KanalContract, Kanalstelle, Zielstelle


class TestAktenablage(AdapterContract):
    plugin = fachwerk_aktenablage

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        yield Zielstelle.im_ordner(ordner / "akten")


@pytest.fixture(scope="class")
def xta(tmp_path_factory: pytest.TempPathFactory, xta_ziel: ModuleType) -> Iterator[Any]:
    with xta_ziel.Welt(tmp_path_factory.mktemp("xta")) as welt:
        yield welt


class TestGenericXta(AdapterContract):
    plugin = fachwerk_generic_xta

    @pytest.fixture(autouse=True)
    def welt(self, xta: Any) -> None:
        self.xta = xta

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Zielstelle]:
        self.xta.schliesse()
        werte = self.xta.ziel.einstellungen.model_dump(exclude_defaults=True)
        yield Zielstelle(werte, self.xta.angekommen, wurzel=self.xta.ordner, zeit=self.xta.host.zeit)


class TestGenericXtaKanal(KanalContract):
    plugin = fachwerk_generic_xta

    @pytest.fixture(autouse=True)
    def welt(self, xta: Any) -> None:
        self.xta = xta

    @contextmanager
    def gegenstelle(self, ordner: Path) -> Iterator[Kanalstelle]:
        self.xta.schliesse()
        yield Kanalstelle(
            self.xta.kanal_einstellungen(),
            self.xta.lege_hin,
            lambda: len(self.xta.im_postfach()),
            wurzel=self.xta.ordner,
            kanal={"kennung": self.xta.kennung_des_kanals},
            zeit=self.xta.host.zeit,
        )
