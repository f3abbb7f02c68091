"""Our own adapters keep the contract a vendor is held to: the classes their packages bring run here, once."""

from __future__ import annotations

from importlib import metadata

import pytest

from fachwerk.modell import Art
from fachwerk.plugins import lade
from fachwerk.testkit.konformitaet import GRUPPE, VERTRAEGE
from fachwerk_aktenablage.konformitaet import TestAktenablage
from fachwerk_comvibilia.konformitaet import TestKanalFlach, TestKanalImOrdner, TestZielFlach, TestZielImOrdner
from fachwerk_generic_xta.konformitaet import TestGenericXta, TestGenericXtaKanal
from fachwerk_laemmerzahl.konformitaet import TestUeberKanal, TestUeberZiel
from fachwerk_prosoz.konformitaet import TestProsozOrdner, TestProsozSoap

__all__ = [
    "TestAktenablage",
    "TestGenericXta",
    "TestGenericXtaKanal",
    "TestKanalFlach",
    "TestKanalImOrdner",
    "TestProsozOrdner",
    "TestProsozSoap",
    "TestUeberKanal",
    "TestUeberZiel",
    "TestZielFlach",
    "TestZielImOrdner",
]


ARTEN = (Art.KANAL, Art.ZIEL)


def plugins_mit_vertrag() -> list[str]:
    plugins = lade()
    return sorted({name for art in ARTEN for name in plugins.mit_art(art)})


@pytest.mark.parametrize("name", plugins_mit_vertrag())
def test_every_adapter_ships_its_contract_tests_without_exceptions(name: str) -> None:
    punkte = metadata.entry_points(group=GRUPPE, name=name)
    assert punkte, f"{name} names no contract tests in the group {GRUPPE}"
    klassen = [wert for punkt in punkte for wort, wert in vars(punkt.load()).items() if wort.startswith("Test")]
    assert {art for klasse in klassen for art in ARTEN if VERTRAEGE[art] in namen(klasse)} == {
        art for art in ARTEN if art in lade(nur=[name]).manifest(name).arten
    }
    assert not [klasse.__name__ for klasse in klassen if klasse.ausnahmen]


def namen(klasse: type) -> set[str]:
    return {basis.__name__ for basis in klasse.__mro__}
