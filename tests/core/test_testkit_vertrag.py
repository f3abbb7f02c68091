"""The contract kit finds each broken promise, and lets nobody take a test away without a reason."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from fachwerk.testkit.goldstueck import vergleichbar

pytest_plugins = ["pytester"]

HIER = Path(__file__).resolve().parent
ZIEL = """
import testkit_ordnerziel as z
from fachwerk.testkit import AdapterContract

class TestProbe(AdapterContract):
    plugin = z.{variante}()
    {zusatz}

    def gegenstelle(self, ordner):
        return z.zielstelle(ordner)
"""
KANAL = ZIEL.replace("AdapterContract", "KanalContract").replace("zielstelle(", "kanalstelle(")


@pytest.fixture
def lauf(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Lauf:
    monkeypatch.setenv("FACHWERK_TEST_GOLDEN", "schreibe")
    pytester.syspathinsert(HIER)
    return Lauf(pytester)


class Lauf:
    """Runs the kit on a variant; ``gescheitert`` are the names of the standard tests that failed."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, muster: str, variante: str, zusatz: str = "", auswahl: str = "") -> pytest.RunResult:
        self._pytester.makepyfile(test_probe=muster.format(variante=variante, zusatz=zusatz))
        argumente = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=short", "--show-capture=no"]
        return self._pytester.runpytest_inprocess(*argumente, *(["-k", auswahl] if auswahl else []))

    def gescheitert(self, muster: str, variante: str, auswahl: str = "") -> set[str]:
        zeilen = self(muster, variante, "", auswahl).outlines
        namen = (zeile.split("::")[-1].split()[0] for zeile in zeilen if zeile.startswith("FAILED"))
        return {name.partition("[")[0] for name in namen}


def test_a_target_that_keeps_the_contract_passes_everything(lauf: Lauf) -> None:
    ergebnis = lauf(ZIEL, "Ordnerziel")
    ergebnis.assert_outcomes(passed=37, skipped=12)


def test_a_mailbox_that_keeps_the_contract_passes_everything(lauf: Lauf) -> None:
    outcomes = lauf(KANAL, "Ordnerkanal").parseoutcomes()
    assert "failed" not in outcomes
    assert outcomes["passed"] > 40


@pytest.mark.parametrize(
    ("variante", "test"),
    [
        ("OhneZwischenname", "test_absturz_zwischen_absicht_und_quittung"),
        ("OhneZwischenname", "test_ordnerstoerung_endet_genau_einmal"),
        ("Vergesslich", "test_derselbe_schluessel_wirkt_wie_im_manifest_zugesagt"),
        ("Plauderer", "test_schweigt_ueber_personen"),
        ("Unrein", "test_render_ist_rein_und_antwortet_immer_gleich"),
        ("Durchlaessig", "test_ordnerstoerung_endet_genau_einmal"),
        ("Angeber", "test_quittung_nennt_ziel_schluessel_zeit_und_eine_stufe_des_manifests"),
        ("Luegner", "test_find_delivered_weiss_was_ankam_und_was_nicht"),
        ("Verbesserer", "test_uebergabe_bringt_jeden_teil_unveraendert_ans_ziel"),
        ("Ungenau", "test_einstellungen_melden_tippfehler"),
        ("Namenlos", "test_manifest_ist_vollstaendig_und_wahr"),
        ("Zufrieden", "test_check_lobt_ein_gesundes_und_meldet_ein_unerreichbares_ziel"),
    ],
)
def test_a_target_that_breaks_a_promise_is_found_out(lauf: Lauf, variante: str, test: str) -> None:
    assert lauf.gescheitert(ZIEL, variante, test) == {test}


@pytest.mark.parametrize(
    ("variante", "test"),
    [
        ("Ungeduldig", "test_halb_geschriebenes_bleibt_unberuehrt"),
        ("Wuerfler", "test_dieselbe_nachricht_hat_immer_dieselbe_kennung"),
        ("Verschlinger", "test_receive_stroemt_und_holt_eine_nachricht_nach_der_anderen"),
        ("Gierig", "test_receive_stroemt_und_holt_eine_nachricht_nach_der_anderen"),
        ("Eifrig", "test_nichts_ist_erledigt_bevor_es_gespeichert_ist"),
        ("Eifrig", "test_eine_stoerung_verliert_nichts"),
    ],
)
def test_a_mailbox_that_breaks_a_promise_is_found_out(lauf: Lauf, variante: str, test: str) -> None:
    assert lauf.gescheitert(KANAL, variante, test) == {test}


@pytest.mark.parametrize(
    "zusatz",
    [
        "def test_schweigt_ueber_personen(self): pass",
        "test_schweigt_ueber_personen = None",
        "def _pruefe_versuch(self, *a): pass",
        "stand = None",
        "ausnahmen = {'test_gibt_es_nicht': 'Weil es diesen Test gar nicht gibt.'}",
        "ausnahmen = {'test_schweigt_ueber_personen': 'kurz'}",
    ],
)
def test_a_class_that_takes_a_standard_test_away_cannot_be_defined(lauf: Lauf, zusatz: str) -> None:
    ergebnis = lauf(ZIEL, "Ordnerziel", zusatz)
    ergebnis.assert_outcomes(errors=1)
    ergebnis.stdout.fnmatch_lines(["*TypeError: TestProbe: *"])


def test_an_exception_with_a_reason_is_expected_to_fail(lauf: Lauf) -> None:
    name = "test_uebergabe_bringt_jeden_teil_unveraendert_ans_ziel"
    zusatz = f"ausnahmen = {{'{name}': 'Das Fachverfahren nimmt nur Großbuchstaben an.'}}"
    lauf(ZIEL, "Verbesserer", zusatz, name).assert_outcomes(xfailed=1)


def test_an_exception_nobody_needs_is_a_failure(lauf: Lauf) -> None:
    name = "test_uebergabe_bringt_jeden_teil_unveraendert_ans_ziel"
    zusatz = f"ausnahmen = {{'{name}': 'Das Fachverfahren nimmt nur Großbuchstaben an.'}}"
    lauf(ZIEL, "Ordnerziel", zusatz, name).assert_outcomes(failed=1)


def test_without_its_golden_file_a_rendering_is_not_accepted(
    lauf: Lauf, monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    name = "test_sendung_gleicht_der_goldenen_datei"
    assert lauf.gescheitert(ZIEL, "Ordnerziel", name) == set()
    monkeypatch.delenv("FACHWERK_TEST_GOLDEN")
    assert lauf.gescheitert(ZIEL, "Ordnerziel", name) == set()
    assert lauf.gescheitert(ZIEL, "Unrein", name) == {name}
    (pytester.path / "golden/ordnerziel.json").unlink()
    assert lauf.gescheitert(ZIEL, "Ordnerziel", name) == {name}


def test_a_golden_pdf_does_not_depend_on_which_zlib_packed_it() -> None:
    def pdf(text: bytes, stufe: int) -> bytes:
        daten = zlib.compress(text, stufe)
        lage = b"xref\n0000000009 00000 n\nstartxref\n%d\n" % len(daten)
        kopf = b"%%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode/Length %d/Rolle/Seite>>" % len(daten)
        return kopf + b"stream\n" + daten + b"\nendstream\nendobj\n" + lage + b"/ID[<%d>]" % stufe

    text = b"Antrag auf Wohnberechtigung " * 50 + bytes(range(256))
    assert pdf(text, 1) != pdf(text, 9)
    assert vergleichbar(pdf(text, 1)) == vergleichbar(pdf(text, 9))
    assert vergleichbar(pdf(text, 9)) != vergleichbar(pdf(text + b"!", 9))
    assert vergleichbar(pdf(text, 9)) != vergleichbar(pdf(text, 9).replace(b"/Seite", b"/Bild"))
    assert vergleichbar(b"startxref 1 und kein PDF") == b"startxref 1 und kein PDF"


def test_the_pytest_plugin_loads_none_of_the_contract_classes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\ndef test_x(): assert 'fachwerk.testkit.adapter' not in sys.modules")
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=1)
