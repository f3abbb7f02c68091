"""``fachwerk konformitaet``: the sheet says what was checked, what was not, and never more than is true."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fachwerk.cli import starte
from fachwerk.modell import Art, Manifest
from fachwerk.testkit.blatt import blatt, dateiname
from fachwerk.testkit.ehrlichkeit import standardtests
from fachwerk.testkit.konformitaet import Ergebnis, Pruefung, pruefe
from fachwerk.testkit.regeln import RegelContract

ZEIT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
GUT = Pruefung("TestX", "AdapterContract", "test_a", "Alles | kommt an.", "bestanden", 2)
MANIFEST = Manifest(name="probe", version="1.2", arten=frozenset({Art.ZIEL}), titel="Probe | erfunden")
EINE = """
from fachwerk.testkit import AdapterContract, Zielstelle
import fachwerk_aktenablage

class TestNurDas(AdapterContract):
    plugin = fachwerk_aktenablage
    ausnahmen = {{{ausnahmen}}}

    def gegenstelle(self, ordner):
        {gegenstelle}
"""


def ergebnis(*pruefungen: Pruefung, fehler: tuple[str, ...] = (), ungeprueft: tuple[str, ...] = ()) -> Ergebnis:
    return Ergebnis(MANIFEST, "fachwerk-probe", "ab" * 32, (GUT, *pruefungen), fehler, ungeprueft)


def als(ausgang: str, grund: str = "") -> Pruefung:
    return replace(GUT, test="test_b", ausgang=ausgang, gruende=(grund,) if grund else ())


# -- the judgement -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fall", "code"),
    [
        (ergebnis(), 0),
        (ergebnis(als("entfaellt", "kein Ordner")), 0),
        (ergebnis(als("ausgenommen", "Grund")), 1),
        (ergebnis(als("nicht_geprueft", "Grund")), 1),
        (ergebnis(ungeprueft=("das Plugin als Kanal",)), 1),
        (ergebnis(als("gescheitert", "Grund")), 3),
        (ergebnis(fehler=("TypeError",)), 3),
        (ergebnis(als("ausgenommen", "Grund"), als("gescheitert", "Grund")), 3),
    ],
)
def test_the_exit_code_is_that_of_the_worst(fall: Ergebnis, code: int) -> None:
    assert fall.code == code
    assert f"Ergebnis: {fall.urteil}." in blatt(fall, ZEIT)


def test_the_sheet_names_exceptions_with_their_reason_and_what_was_not_checked() -> None:
    text = blatt(ergebnis(als("ausgenommen", "Das Ziel kann es nicht."), ungeprueft=("das Plugin als Kanal",)), ZEIT)
    assert "- `test_b` (TestX): Das Ziel kann es nicht." in text
    assert "- das Plugin als Kanal" in text
    assert "das Fachverfahren oder Postfach selbst" in text
    assert "Geprüft gegen: eine Gegenstelle, die der Hersteller nicht näher benennt." in text
    assert "02.03.2026 09:30 UTC" in text
    assert "keine Zertifizierung" in text


def test_no_text_breaks_out_of_a_table() -> None:
    text = blatt(ergebnis(als("gescheitert", "eins\n| zwei")), ZEIT)
    assert "Alles \\| kommt an." in text
    assert "eins \\| zwei" in text
    assert dateiname(ergebnis()) == "konformitaet-probe-1.2.md"


# -- the run -----------------------------------------------------------------------------------------------------


def test_the_command_writes_the_sheet_of_a_rules_package_and_calls_own_checks_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert starte(["konformitaet", "wbs-nw", "--ordner", str(tmp_path), "--json"]) == 0
    gesagt = json.loads(capsys.readouterr().out)
    assert gesagt["urteil"] == "bestanden"
    assert standardtests(RegelContract).keys() < {p["test"] for p in gesagt["pruefungen"]}
    [datei] = tmp_path.iterdir()
    assert str(datei) == gesagt["blatt"]
    assert datei.name.startswith("konformitaet-wbs_nw-")
    text = datei.read_text(encoding="utf-8")
    for satz in (
        "## Geprüft als Regelwerk (`TestWbsNw`)",
        "| An jeder Einkommensgrenze entscheidet der Cent. (eigene Prüfung des Herstellers) | bestanden |",
        "ob das Recht richtig verstanden ist",
        "| Beruht auf | fachwerk-wbs ",
        "| Vertragstests | mitgeliefert (fachwerk_wbs.konformitaet) |",
        *(str(funktion.__doc__) for funktion in standardtests(RegelContract).values()),
    ):
        assert satz in text, satz
    assert "Fachverfahren" not in text


def test_a_plugin_that_is_not_installed_or_has_no_tests_is_refused_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert starte(["konformitaet", "gibtesnicht", "--ordner", str(tmp_path)]) == 3
    assert "ist nicht installiert" in capsys.readouterr().err
    assert starte(["konformitaet", "mietrueckstaende", "--ordner", str(tmp_path)]) == 3
    assert "bringt keine Vertragstests mit" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_dishonest_class_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    datei = tmp_path / "test_unehrlich.py"
    ausnahmen = "'test_schweigt_ueber_personen': 'kurz'"
    datei.write_text(EINE.format(ausnahmen=ausnahmen, gegenstelle="pass"), encoding="utf-8")
    assert starte(["konformitaet", "aktenablage", "--tests", str(datei), "--ordner", str(tmp_path)]) == 3
    assert "braucht einen Grund" in capsys.readouterr().out
    assert "**Ergebnis: nicht bestanden.**" in next(tmp_path.glob("*.md")).read_text(encoding="utf-8")


def test_a_skip_of_the_vendor_counts_as_not_checked_and_a_needless_exception_as_failed(tmp_path: Path) -> None:
    datei = tmp_path / "test_still.py"
    gegenstelle = "import pytest; pytest.skip('entfällt: heute nicht')"
    ausnahmen = "'test_kein_standardtest_fehlt': 'Diese Ausnahme braucht niemand.'"
    datei.write_text(EINE.format(ausnahmen=ausnahmen, gegenstelle=gegenstelle), encoding="utf-8")
    gefunden = pruefe("aktenablage", [datei])
    assert not gefunden.mit("entfaellt", "bestanden", "ausgenommen")
    assert len(gefunden.mit("nicht_geprueft")) > 10
    [unnoetig] = gefunden.mit("gescheitert")
    assert (unnoetig.test, unnoetig.gruende) == (
        "test_kein_standardtest_fehlt",
        ("Die Ausnahme ist unnötig: Der Test besteht.",),
    )


BETRUG = """
import pytest
import fachwerk_aktenablage
from fachwerk.testkit import AdapterContract, Zielstelle, goldstueck, pruefungen
from fachwerk.testkit.ehrlichkeit import entfaellt

class Grund(AdapterContract):
    plugin = fachwerk_aktenablage

    @pytest.fixture(autouse=True)
    def sofort(self, monkeypatch):
        self.handle(monkeypatch)

    def handle(self, monkeypatch):
        pytest.fail("gibt es nicht")

class TestNachtraeglich(Grund): pass
TestNachtraeglich.test_schweigt_ueber_personen = lambda self: None

class TestVersteckt(Grund):
    __test__ = False

class TestErwartet(Grund):
    pytestmark = pytest.mark.xfail

class TestUebersprungen(Grund):
    pytestmark = pytest.mark.skip(reason="heute nicht")

class TestEntfaellt(Grund):
    def handle(self, monkeypatch):
        entfaellt("Das Prüfwerk hat es gesagt.")

class TestStumm(Grund):
    @pytest.fixture
    def caplog(self):
        return None

class TestDoppelgaenger(Grund):
    class plugin:
        manifest = staticmethod(fachwerk_aktenablage.manifest)

class TestBastler(Grund):
    def handle(self, monkeypatch):
        monkeypatch.setattr(pruefungen, "maengel_manifest", lambda *a: [])
        monkeypatch.setenv(goldstueck.SCHREIBE, "schreibe")
        super().handle(monkeypatch)
"""


def test_whatever_is_done_to_the_standard_tests_stands_on_the_sheet(tmp_path: Path) -> None:
    datei = tmp_path / "test_betrug.py"
    datei.write_text(BETRUG, encoding="utf-8")
    (tmp_path / "conftest.py").write_text("def pytest_collection_modifyitems(items): items.clear()", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k nichts", encoding="utf-8")
    gefunden = pruefe("aktenablage", [datei])
    text = blatt(gefunden, ZEIT)
    assert gefunden.code == 3
    for satz in (
        "TestNachtraeglich: test_schweigt_ueber_personen ist überschrieben.",
        "TestVersteckt ist ein Vertrag dieses Plugins, wurde aber nicht ausgeführt.",
        "(TestErwartet): Als erwarteter Fehlschlag markiert",
        "(TestUebersprungen): heute nicht",
        "(TestEntfaellt): entfällt: Das Prüfwerk hat es gesagt.",
        "TestStumm: Die Fixture caplog wurde ersetzt",
        "TestDoppelgaenger prüft nicht das installierte Plugin",
        "fachwerk.testkit.pruefungen.maengel_manifest",
        "FACHWERK_TEST_GOLDEN wurde während des Laufs gesetzt",
        "NICHT mitgeliefert, sondern mit --tests genannt: test_betrug.py (SHA-256 ",
    ):
        assert satz in text, satz
    assert not gefunden.mit("ausgenommen", "entfaellt", "bestanden")


def test_fewer_cases_than_the_kit_has_are_not_the_whole_test(tmp_path: Path) -> None:
    datei = tmp_path / "test_weniger.py"
    vorab = "from fachwerk.testkit import stoerserver\nstoerserver.ARTEN.clear()\n"
    vorab += "pytest_plugins = ['fachwerk_aktenablage']\n"
    datei.write_text(vorab + EINE.format(ausnahmen="", gegenstelle="pass"), encoding="utf-8")
    text = blatt(pruefe("aktenablage", [datei]), ZEIT)
    assert "Das Prüfwerk wurde während des Laufs verändert: fachwerk.testkit.stoerserver.ARTEN." in text
    assert "Die Tests haben pytest um fachwerk_aktenablage erweitert" in text


def test_a_class_for_another_plugin_says_nothing_about_this_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    datei = tmp_path / "test_andere.py"
    datei.write_text(EINE.format(ausnahmen="", gegenstelle="pass"), encoding="utf-8")
    assert starte(["konformitaet", "generic_xta", "--tests", str(datei), "--ordner", str(tmp_path)]) == 3
    assert "bringt keine Vertragstests mit" in capsys.readouterr().err
