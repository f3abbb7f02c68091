"""The Votum of a Land: bounded by what the message carries, and the commands that print the same figures."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fachwerk.cli import starte
from fachwerk.modell import Antrag, Befund, Dokument, Empfehlung, Person, Schwere, Teil, Votum
from fachwerk_wbs import entscheide, finde_land
from fachwerk_wbs.befehle import grenzen, pruefe

HEUTE = date(2026, 11, 21)
FALL: dict[str, Any] = {
    "ehe_seit": None,
    "unterhalt": [],
    "haushalt": [
        {
            "name": "A",
            "rolle": "antragsteller",
            "geburtsdatum": "1990-05-01",
            "einkuenfte": [{"art": "nichtselbstaendig", "betrag": "33136.00"}],
            "zahlt": {"einkommensteuer": True, "kranken_pflegeversicherung": True, "rentenversicherung": True},
            "grad_der_behinderung": 0,
            "pflegegrad": 0,
        }
    ],
}
DEUTSCHE = Person(id="1", antragsteller=True, staatsangehoerigkeit=("000",))


def antrag(**angaben: Any) -> Antrag:
    kopf = {"leistung": "wbs", "land": "nw", "empfangen": datetime(2026, 11, 20, tzinfo=UTC)}
    return Antrag(**{**kopf, "fall": FALL, "personen": (DEUTSCHE,), **angaben})


def votum(eingang: Antrag, *befunde: Befund, tag: date = HEUTE, land: str = "nw") -> Votum:
    return entscheide(eingang, befunde, tag, finde_land(land))


def codes(ergebnis: Votum) -> set[str]:
    return {punkt.code for punkt in ergebnis.offen}


def test_complete_facts_are_decided_with_reason_and_result() -> None:
    ergebnis = votum(antrag())
    assert ergebnis.empfehlung is Empfehlung.BEWILLIGEN
    assert ergebnis.quelle == "wbs_nw"
    assert ergebnis.ergebnis is not None
    assert ergebnis.ergebnis["gesamteinkommen"] == "20419.84"
    assert all(zeile.fundstelle for zeile in ergebnis.begruendung)
    assert ergebnis.offen == ()


def test_a_message_without_case_data_is_left_to_people_with_the_documents_named() -> None:
    ergebnis = votum(antrag(fall=None))
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    assert codes(ergebnis) == {"wbs.keine_falldaten"}
    assert "Dokumente" in ergebnis.offen[0].text


def test_an_unconfirmed_mapping_computes_but_never_decides() -> None:
    ergebnis = votum(antrag(fall_annahmen=("projektprofil-1",)))
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    assert codes(ergebnis) == {"wbs.annahme_unbestaetigt"}
    assert ergebnis.ergebnis is not None
    assert ergebnis.ergebnis["gesamteinkommen"] == "20419.84"
    assert ergebnis.ergebnis["empfehlung"] == "vorlegen"


def test_missing_facts_are_asked_for_even_on_an_unconfirmed_mapping() -> None:
    ohne = {**FALL, "haushalt": [{**FALL["haushalt"][0], "zahlt": {}}]}
    ergebnis = votum(antrag(fall=ohne, fall_annahmen=("projektprofil-1",)))
    assert ergebnis.empfehlung is Empfehlung.NACHFORDERN
    assert any("Lohnabrechnungen" in nachweis for nachweis in ergebnis.nachweise)


def test_an_unreadable_case_is_left_to_people_and_names_the_place() -> None:
    ergebnis = votum(antrag(fall={"haushalt": [{"name": "A", "rolle": "chef"}]}))
    assert ergebnis.empfehlung is Empfehlung.VORLEGEN
    assert codes(ergebnis) == {"wbs.fall_unlesbar"}
    assert "haushalt.0.rolle" in ergebnis.offen[0].text


def test_a_case_for_another_land_is_a_contradiction() -> None:
    assert codes(votum(antrag(fall={**FALL, "land": "st"}))) == {"wbs.land_widerspruch"}


@pytest.mark.parametrize(
    ("schwere", "empfehlung"),
    [(Schwere.HINWEIS, "bewilligen"), (Schwere.WARNUNG, "bewilligen"), (Schwere.FEHLER, "vorlegen")],
)
def test_after_a_grave_finding_a_person_looks(schwere: Schwere, empfehlung: str) -> None:
    assert votum(antrag(), Befund(code="x.y", schwere=schwere, text="Muster")).empfehlung == empfehlung


def test_unknown_citizenship_is_asked_for_unless_an_identity_document_is_enclosed() -> None:
    assert votum(antrag(personen=())).empfehlung is Empfehlung.NACHFORDERN
    mit_ausweis = antrag(personen=(), dokumente=(Dokument(id="d", name="Personalausweis.pdf"),))
    assert votum(mit_ausweis).empfehlung is Empfehlung.BEWILLIGEN


def test_proofs_that_seem_to_be_enclosed_are_not_listed_again() -> None:
    alle = votum(antrag()).nachweise
    anlage = Teil(id="t", name="Scan.pdf", beschreibung="Lohnabrechnungen 2026")
    assert set(alle) - set(votum(antrag(anlagen=(anlage,))).nachweise) == {t for t in alle if "Lohnabrechnungen" in t}


def test_the_day_of_the_decision_counts_not_the_one_in_the_message() -> None:
    ergebnis = votum(antrag(fall={**FALL, "stichtag": "2016-01-01"}))
    assert ergebnis.ergebnis is not None
    assert ergebnis.ergebnis["stichtag"] == "2026-11-21"


@pytest.mark.parametrize("code", ["nw", "mv", "st"])
def test_each_land_is_a_plugin_of_rules_for_itself_only(code: str) -> None:
    modul = importlib.import_module(f"fachwerk_wbs_{code}")
    angaben = modul.manifest()
    assert (angaben.name, angaben.laender, angaben.leistungen) == (f"wbs_{code}", {code}, {"wbs"})
    ergebnis = modul.decide(antrag(land=code), (), HEUTE)
    assert ergebnis.quelle == f"wbs_{code}"


def falldatei(ordner: Path, text: str) -> str:
    datei = ordner / "fall.yaml"
    datei.write_text(text, encoding="utf-8")
    return str(datei)


FALL_YAML = """
land: nw
stichtag: 2025-03-01
unterhalt: []
haushalt:
  - name: A
    rolle: antragsteller
    geburtsdatum: 1990-05-01
    einkuenfte: [{art: nichtselbstaendig, betrag: 33136}]
    zahlt: {einkommensteuer: true, kranken_pflegeversicherung: true, rentenversicherung: true}
    grad_der_behinderung: 0
    pflegegrad: 0
"""


def test_pruefe_prints_one_json_document_and_nothing_else(tmp_path: Path) -> None:
    lauf = CliRunner().invoke(pruefe, [falldatei(tmp_path, FALL_YAML), "--json"])
    assert lauf.exit_code == 0
    assert json.loads(lauf.stdout)["empfehlung"] == "bewilligen"


def test_pruefe_prints_a_readable_reason_with_citations(tmp_path: Path) -> None:
    lauf = CliRunner().invoke(pruefe, [falldatei(tmp_path, FALL_YAML)])
    assert "Empfehlung: bewilligen" in lauf.stdout
    assert "→ gruppe_A: 23.540,00 EUR, eingehalten" in lauf.stdout
    assert "[§ 15 Abs. 2 WFNG NRW, Beleg A]" in lauf.stdout


@pytest.mark.parametrize(
    ("text", "meldung"),
    [
        (FALL_YAML.replace("land: nw", "land: xx"), "kein Regelpaket für das Land 'xx'"),
        (FALL_YAML.replace("rolle: antragsteller", "rolle: chefin"), "haushalt.0.rolle"),
        (FALL_YAML + "land: st\n", "doppelter Schlüssel: land"),
        ("- 1\n", "Erwartet werden Angaben"),
        ("a: [", "Zeile"),
    ],
)
def test_pruefe_says_in_german_what_is_wrong(tmp_path: Path, text: str, meldung: str) -> None:
    lauf = CliRunner().invoke(pruefe, [falldatei(tmp_path, text)])
    assert lauf.exit_code != 0
    assert meldung in lauf.stderr
    assert "Traceback" not in lauf.output


def test_grenzen_lists_every_tier_with_its_citation() -> None:
    angaben = ["--land", "nw", "--stichtag", "2026-11-21", "--personen", "4", "--kinder", "2", "--json"]
    lauf = CliRunner().invoke(grenzen, angaben)
    stufen = {s["id"]: s["grenze"] for s in json.loads(lauf.stdout)["stufen"]}
    assert stufen == {
        "gruppe_A": "43130.00",
        "ausnahme_WBS": "45286.50",
        "gruppe_B": "60382.00",
        "zweiter_foerderweg": "69008.00",
    }


def test_grenzen_says_what_is_not_certain() -> None:
    lauf = CliRunner().invoke(grenzen, ["--land", "mv", "--stichtag", "2024-12-01", "--personen", "1"])
    assert "nicht gesichert" in lauf.stdout
    assert "Wann die neue Fassung in Kraft trat" in lauf.stdout


@pytest.mark.parametrize(
    "angaben",
    [
        ["--land", "nw", "--stichtag", "morgen", "--personen", "1"],
        ["--land", "nw", "--stichtag", "2026-11-21", "--personen", "1", "--kinder", "2"],
        ["--land", "nw", "--stichtag", "2026-11-21", "--personen", "0"],
    ],
)
def test_grenzen_refuses_what_makes_no_sense_as_a_usage_error(angaben: list[str]) -> None:
    assert CliRunner().invoke(grenzen, angaben).exit_code == 2


def test_both_commands_stand_below_the_word_wbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert starte(["wbs", "pruefe", falldatei(tmp_path, FALL_YAML), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stufe"] == "gruppe_A"
    assert starte(["wbs", "grenzen", "--land", "xx", "--stichtag", "2026-11-21", "--personen", "1"]) != 0
    assert "kein Regelpaket" in capsys.readouterr().err
