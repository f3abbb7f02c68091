"""The whole line with both ways: exactly one case there or held with the true reason, and receipts that climb."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

from prosoz_welt import beispielprofil

import fachwerk_prosoz as plugin
from fachwerk import eingriff
from fachwerk.cli import starte
from fachwerk.tabellen import quittung
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk_prosoz.simulator import OrdnerSimulator, SoapSimulator
from fachwerk_prosoz.simulator.befehl import prosoz

Bau = Callable[[dict[str, Any]], Welt]


@pytest.fixture
def baue(tmp_path: Path) -> Iterator[Bau]:
    offene: list[Welt] = []

    def neue(ziel: dict[str, Any]) -> Welt:
        url = f"sqlite:///{tmp_path / 'w.db'}"
        offene.append(Welt(url, tmp_path, plugins={"prosoz": plugin}, ziel={"akte": {"plugin": "prosoz"} | ziel}))
        return offene[-1]

    yield neue
    for welt in offene:
        welt.schliesse()


def stelle(ordner: Path, weg: str, **aenderung: Any) -> str:
    """A profile that takes the small format of the test world."""
    profil = beispielprofil(weg) | aenderung
    felder = profil["uebergabe"]["felder"] if weg == "soap" else profil["teile"]["falldatei"]["felder"]
    for feld in felder.values():
        feld.pop("umsetzen", None)
    (ordner / "profil.yaml").write_text(yaml.safe_dump(profil, allow_unicode=True), encoding="utf-8")
    return "profil.yaml"


def gehe(welt: Welt, **dauer: float) -> tuple[str, str]:
    """Let time pass, work, and say state and reason of the only case."""
    if dauer:
        welt.vergehe(**dauer)
    welt.rufe_ab()
    welt.arbeite()
    vorgang = welt.der_vorgang()
    return vorgang.status, vorgang.grund


def stufen(welt: Welt) -> list[str]:
    return sorted(zeile.stufe for zeile in welt.zeilen(quittung))


def test_a_case_by_folder_climbs_to_taken_over(tmp_path: Path, baue: Bau) -> None:
    partner = OrdnerSimulator(tmp_path / "prosoz")
    partner.launen.setze("langsam")
    welt = baue({"weg": "ordner", "profil": stelle(tmp_path, "ordner"), "verzeichnis": "prosoz"})
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert gehe(welt) == ("done", "")
    [stamm] = partner.runde()
    assert gehe(welt, minutes=5) == ("done", "")
    assert stufen(welt) == ["technisch_bestaetigt", "uebergeben"]
    partner.bestaetige(stamm)
    gehe(welt, hours=7)
    assert stufen(welt) == ["technisch_bestaetigt", "uebergeben", "uebernommen"]
    assert len(partner.faelle.alle()) == 1


def test_a_refused_case_is_held_and_goes_out_anew_when_a_person_repeats_it(tmp_path: Path, baue: Bau) -> None:
    partner = OrdnerSimulator(tmp_path / "prosoz")
    partner.launen.setze("ablehnend", 1)
    welt = baue({"weg": "ordner", "profil": stelle(tmp_path, "ordner"), "verzeichnis": "prosoz"})
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert gehe(welt) == ("done", "")
    partner.runde()
    assert gehe(welt, minutes=5) == ("held", "prosoz.abgelehnt")
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    assert gehe(welt) == ("done", "")
    partner.runde()
    gehe(welt, minutes=5)
    assert "uebernommen" in stufen(welt)
    assert len(partner.faelle.alle()) == 1


@pytest.fixture
def dienst(tmp_path: Path) -> Iterator[SoapSimulator]:
    with SoapSimulator(tmp_path / "dienst", eindeutig=False) as laufend:
        yield laufend


def test_a_lost_answer_by_soap_is_asked_about_and_the_case_is_there_once(
    tmp_path: Path, baue: Bau, dienst: SoapSimulator
) -> None:
    uebergabe = beispielprofil("soap")["uebergabe"] | {"schluessel_wirkt": False}
    ziel = dienst.einstellungen() | {"profil": stelle(tmp_path, "soap", uebergabe=uebergabe)}
    welt = baue(ziel)
    dienst.launen.setze("halb", 1)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert gehe(welt) == ("done", "")
    assert stufen(welt) == ["uebernommen"]
    assert len(dienst.faelle.alle()) == 1


def test_where_nobody_can_be_asked_a_person_decides_and_only_a_release_sends_again(
    tmp_path: Path, baue: Bau, dienst: SoapSimulator
) -> None:
    uebergabe = beispielprofil("soap")["uebergabe"] | {"schluessel_wirkt": False}
    stelle(tmp_path, "soap", uebergabe=uebergabe)
    profil = yaml.safe_load((tmp_path / "profil.yaml").read_text(encoding="utf-8"))
    del profil["nachfrage"]
    (tmp_path / "profil.yaml").write_text(yaml.safe_dump(profil, allow_unicode=True), encoding="utf-8")
    welt = baue(dienst.einstellungen() | {"profil": "profil.yaml"})
    dienst.launen.setze("vorher_tot", 1)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert gehe(welt) == ("held", "ausgang_unbekannt")
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    assert gehe(welt) == ("held", "ausgang_unbekannt"), "repeating asks, it does not send"
    assert not dienst.faelle.alle()
    eingriff.gib_frei(welt.betrieb, welt.der_vorgang().id, "anna", "In PROSOZ nachgesehen: nichts da.")
    assert gehe(welt) == ("done", "")
    assert len(dienst.faelle.alle()) == 1


def test_an_unknown_fault_is_held_with_its_words_in_the_journal_only(
    tmp_path: Path, baue: Bau, dienst: SoapSimulator
) -> None:
    welt = baue(dienst.einstellungen() | {"profil": stelle(tmp_path, "soap")})
    dienst.launen.setze("fault", 1)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert gehe(welt) == ("held", "prosoz.fault_unbekannt")
    assert "Erfundener Fehler" not in welt.der_vorgang().hinweis


# -- commands ----------------------------------------------------------------------------------------------------


def test_the_word_simulator_offers_prosoz_besides_xta(capsys: pytest.CaptureFixture[str]) -> None:
    assert starte(["simulator", "--help"]) == 0
    ausgabe = capsys.readouterr().out
    assert "prosoz" in ausgabe
    assert "xta" in ausgabe


def test_the_folder_partner_works_as_a_command(tmp_path: Path, baue: Bau) -> None:
    welt = baue({"weg": "ordner", "profil": stelle(tmp_path, "ordner"), "verzeichnis": "prosoz"})
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    gehe(welt)
    befehl = ["ordner", "--ordner", str(tmp_path / "prosoz"), "--einmal"]
    ergebnis = CliRunner().invoke(prosoz, befehl)
    assert ergebnis.exit_code == 0
    assert 'weg = "ordner"' in ergebnis.output
    assert "bearbeitet: " in ergebnis.output
    stand = CliRunner().invoke(prosoz, ["stand", "--ordner", str(tmp_path / "prosoz")])
    assert stand.output.splitlines()[-1] == "1 Fälle"
    assert "DOPPELT" not in stand.output


def test_a_mood_that_does_not_exist_is_refused_with_the_list(tmp_path: Path) -> None:
    befehl = ["ordner", "--ordner", str(tmp_path), "--einmal", "--temperament", "heiter"]
    ergebnis = CliRunner().invoke(prosoz, befehl)
    assert ergebnis.exit_code == 3
    assert "spurlos" in ergebnis.output


def test_the_soap_partner_runs_as_a_process_until_it_is_told_to_stop(tmp_path: Path) -> None:
    befehl = [sys.executable, "-u", "-m", "fachwerk", "simulator", "prosoz", "soap", "--ordner", str(tmp_path / "s")]
    with subprocess.Popen(befehl, stdout=subprocess.PIPE, text=True) as prozess:
        assert prozess.stdout is not None
        zeilen = [prozess.stdout.readline().strip() for _ in range(9)]
        prozess.send_signal(signal.SIGTERM)
        rest = prozess.stdout.read()
    assert prozess.returncode == 0
    assert zeilen[:3] == ["[ziel.prosoz]", 'plugin = "prosoz"', 'weg = "soap"']
    assert "Simulator beendet" in rest


@pytest.mark.parametrize("weg", ["ordner", "soap"])
def test_the_example_can_be_printed_and_checked(tmp_path: Path, weg: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert starte(["x", "prosoz", "beispiel", weg]) == 0
    (tmp_path / "p.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert starte(["x", "prosoz", "pruefe", weg, str(tmp_path / "p.yaml")]) == 0
    assert capsys.readouterr().out.startswith("In Ordnung")
    (tmp_path / "p.yaml").write_text(json.dumps({"schema": 1}), encoding="utf-8")
    assert starte(["x", "prosoz", "pruefe", weg, str(tmp_path / "p.yaml")]) == 3
