"""Every installed Land, and the invented one, against the contract; and spoilt copies that it has to find out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

import fachwerk_musterland
from fachwerk.errors import ContractError
from fachwerk.modell import Empfehlung
from fachwerk.parameter import lade_parameter
from fachwerk.testkit import regeln as kit
from fachwerk.vorlage import benenne, lege_an
from fachwerk_wbs import finde_land, laender
from fachwerk_wbs.bedingungen import PRUEFUNGEN
from fachwerk_wbs.befehle_pflege import faelle
from fachwerk_wbs.grenzen import Stufengrenze
from fachwerk_wbs.land import Land, Landkopf
from fachwerk_wbs.landesordner import lies_ordner
from fachwerk_wbs.landestest import (
    LandContract,
    abweichungen,
    fehlende_faelle,
    lies_musterfaelle,
    pruefe_land,
    regelfaelle,
)

LANDESDATEN = Path(__file__).resolve().parents[2] / "contrib/wbs/LANDESDATEN.md"
HEUTE = date(2026, 11, 22)
jedes_land = pytest.mark.parametrize("code", [*laender(), "zz"])


class TestMusterland(LandContract):
    """The invented Land as its own tests would check it."""

    plugin = fachwerk_musterland


@jedes_land
def test_every_shipped_and_every_generated_case_of_a_land_holds(code: str) -> None:
    pruefung = pruefe_land(finde_land(code), HEUTE)
    assert not pruefung.abweichungen
    assert pruefung.musterfaelle
    assert pruefung.grenzfaelle
    assert pruefung.tagesfaelle


@jedes_land
def test_every_land_keeps_the_contract_of_a_rules_plugin(code: str) -> None:
    land = finde_land(code)
    plugin = import_module(land.paket)
    gefragt = list(regelfaelle(land))
    maengel = kit.maengel_manifest(plugin, gefragt) + kit.maengel_form(plugin, gefragt)
    maengel += kit.maengel_reinheit(plugin, gefragt) + kit.maengel_seltsames(plugin)
    assert not maengel


# -- the invented Land -------------------------------------------------------------------------------------------


def test_the_invented_land_is_in_no_list_of_laender_and_can_still_be_asked_for() -> None:
    assert "zz" not in laender()
    assert finde_land("zz").kopf.erfunden


def test_the_invented_land_never_recommends_anything() -> None:
    plugin = import_module("fachwerk_musterland")
    voten = [
        plugin.decide(antrag=fall.antrag, befunde=(), stichtag=fall.stichtag) for fall in regelfaelle(finde_land("zz"))
    ]
    assert {votum.empfehlung for votum in voten} == {Empfehlung.VORLEGEN}
    assert all(votum.offen[0].code == "wbs.erfunden" for votum in voten)
    assert {votum.ergebnis["empfehlung"] for votum in voten if votum.ergebnis} == {"vorlegen"}


def test_the_invented_land_is_asked_about_no_real_land() -> None:
    assert fachwerk_musterland.manifest().laender == {"zz"}
    assert fachwerk_musterland.manifest().titel == "Wohnberechtigungsschein Musterland (erfunden)"
    assert not {"zz"} & set(laender())


def genannte_parameter() -> list[str]:
    """The names of LANDESDATEN.md, first column of the tables about parameters."""
    text = (
        LANDESDATEN.read_text(encoding="utf-8").split("## Einkommensgrenzen und Stufen")[1].split("## Bedingungen")[0]
    )
    spalten = [zeile.split("|")[1] for zeile in text.splitlines() if zeile.startswith("| `")]
    return [name for spalte in spalten for name in re.findall(r"`([a-z0-9_<>]+)`", spalte)]


def test_the_invented_land_uses_every_parameter_of_the_reference() -> None:
    eigene = lade_parameter("fachwerk_musterland")
    assert len(genannte_parameter()) > 30
    fehlt = [name for name in genannte_parameter() if not any(_passt(name, eigener) for eigener in eigene)]
    assert not fehlt


def _passt(muster: str, name: str) -> bool:
    return re.fullmatch(re.sub(r"<\w+>", r"\\w+", muster), name) is not None


def test_the_invented_land_uses_every_word_of_the_conditions_and_every_key_of_the_head() -> None:
    paket = Path(fachwerk_musterland.__file__).parent
    text = "".join(datei.read_text(encoding="utf-8") for datei in (paket / "parameter").glob("*.yaml"))
    kopf = (paket / "land.yaml").read_text(encoding="utf-8")
    nachweise = "immer arten unterarten".split()  # noqa: SIM905  used by the shared list of proofs
    unbenutzt = [w for w in PRUEFUNGEN if not re.search(rf"\b{w}:", text + kopf) and w not in nachweise]
    assert not unbenutzt
    assert not [name for name in Landkopf.model_fields if f"\n{name}:" not in kopf]


def test_the_invented_land_shows_every_kind_of_cell_and_version() -> None:
    eigene = lade_parameter("fachwerk_musterland")
    zellen = [
        zelle for p in eigene.values() for f in p.fassungen if isinstance(f.wert, dict) for zelle in f.wert.values()
    ]
    assert {type(zelle).__name__ for zelle in zellen} >= {"Decimal", "dict", "list", "NoneType"}
    fassungen = [f for p in eigene.values() for f in p.fassungen]
    assert {f.beleg for f in fassungen} >= {"A", "B", "C", ""}
    assert any(f.nicht_vor for f in fassungen)
    assert any(f.ende for f in fassungen)
    assert any(f.beginn is None for f in fassungen)


# -- spoilt copies -----------------------------------------------------------------------------------------------


@pytest.fixture
def verdorben(tmp_path: Path) -> Callable[[str, str, str], Land]:
    """A copy of the invented Land in which one text of one file is replaced."""

    def verdirb(datei: str, alt: str, neu: str) -> Land:
        kopie = lege_an("regeln", benenne("wbs_xy"), tmp_path)
        pfad = kopie / "src/fachwerk_wbs_xy" / datei
        text = pfad.read_text(encoding="utf-8")
        assert alt in text
        pfad.write_text(text.replace(alt, neu, 1), encoding="utf-8")
        return lies_ordner(kopie)

    return verdirb


def faelle_von(land: Land) -> list[str]:
    return [text for fall in lies_musterfaelle(land) for text in abweichungen(fall, land)]


Verdirb = Callable[[str, str, str], Land]


def test_a_changed_amount_lets_the_cases_that_rest_on_it_differ(verdorben: Verdirb) -> None:
    land = verdorben("parameter/einkommensgrenzen.yaml", "{ab: 2025-01-01, wert: 20000", "{ab: 2025-01-01, wert: 18000")
    gefunden = faelle_von(land)
    assert "„Eine alleinstehende Angestellte hält 2026 die niedrigste Grenze ein“: stufe erwartet A, gerechnet C." in (
        gefunden
    )
    assert all("Angestellte" in text or "Rentnerin" in text or "Selbständige" in text for text in gefunden)


def test_a_wrong_expectation_is_shown_with_both_values(verdorben: Verdirb) -> None:
    land = verdorben("faelle/faelle.yaml", 'gesamteinkommen: "18039.00"', 'gesamteinkommen: "18040.00"')
    assert faelle_von(land) == [
        "„Eine alleinstehende Angestellte hält 2026 die niedrigste Grenze ein“: "
        "gesamteinkommen erwartet 18040.00, gerechnet 18039.00."
    ]


@pytest.mark.parametrize(
    ("alt", "neu", "text"),
    [
        ("    gueltig_monate: 12", "    gueltig_jahre: 1", "das Feld 'gueltig_jahre', das es im Ergebnis nicht gibt"),
        ("    stichtag: 2026-11-22\n", "", "nennt keinen Stichtag"),
        ("rolle: antragsteller", "rolle: chefin", "haushalt.0.rolle"),
    ],
)
def test_a_case_that_cannot_be_computed_is_a_difference(verdorben: Verdirb, alt: str, neu: str, text: str) -> None:
    gefunden = faelle_von(verdorben("faelle/faelle.yaml", alt, neu))
    assert any(text in abweichung for abweichung in gefunden), gefunden


def test_a_case_without_a_day_is_no_application_and_says_so(verdorben: Verdirb) -> None:
    land = verdorben("faelle/faelle.yaml", "    stichtag: 2026-11-22\n", "")
    with pytest.raises(ContractError, match="nennt keinen Stichtag"):
        list(regelfaelle(land))


@pytest.mark.parametrize("inhalt", ["", "3", "fall: {}", "Text", "null"])
def test_a_file_of_cases_that_lists_none_is_named(verdorben: Verdirb, inhalt: str) -> None:
    land = verdorben("faelle/faelle.yaml", "haushaltstyp: rente", "haushaltstyp: rente")
    assert land.ordner
    (land.ordner / "faelle" / "leer.yaml").write_text(inhalt, encoding="utf-8")
    with pytest.raises(ContractError, match=r"leer\.yaml: Erwartet wird eine Liste von Fällen"):
        lies_musterfaelle(land)


def test_what_a_complete_land_still_needs_is_listed(verdorben: Verdirb) -> None:
    land = verdorben("faelle/faelle.yaml", "haushaltstyp: rente", "haushaltstyp: single")
    assert fehlende_faelle(lies_musterfaelle(land)) == ["Es fehlt ein Fall mit haushaltstyp: rente."]


def test_a_day_of_checking_in_the_future_is_a_difference(verdorben: Verdirb) -> None:
    land = verdorben("parameter/haushalt.yaml", "geprueft_am: 2026-11-21", "geprueft_am: 2031-01-01")
    assert any("liegt in der Zukunft (2031-01-01)" in text for text in kit.maengel_parameter(land.parameter, HEUTE))


@pytest.mark.parametrize("spaeter", [False, True])
def test_a_comparison_that_is_off_by_a_cent_is_found_at_every_limit(
    monkeypatch: pytest.MonkeyPatch, spaeter: bool
) -> None:
    def falsch(self: Stufengrenze, einkommen: object) -> bool | None:
        if not self.gesichert or not isinstance(einkommen, Decimal):
            return None
        abstand = einkommen - self.grenze.wert
        return bool(abstand < 0) if spaeter else bool(abstand * 100 <= 1)

    monkeypatch.setattr(Stufengrenze, "eingehalten", falsch)
    gefunden = pruefe_land(finde_land("zz"), HEUTE).abweichungen
    seite = "überschritten" if spaeter else "eingehalten"
    assert len([text for text in gefunden if f"Die Stufe gilt als {seite}" in text]) > 100


@pytest.mark.parametrize(
    ("datei", "alt", "neu", "text"),
    [
        ("parameter/haushalt.yaml", "quelle: MusterGBl. (erfunden)", "herkunft: x", "haushalt.yaml"),
        ("parameter/haushalt.yaml", "mindestalter:", "mindest alter:", "haushalt.yaml"),
        ("parameter/haushalt.yaml", "ab: 2010-01-01", "ab: 2010-02-31", "kein Kalendertag"),
        ("land.yaml", "erfunden: true", "erfunden: true\nerfunden: true", "doppelter Schlüssel"),
        ("land.yaml", "rechtsstand:", "stand:", "land.yaml"),
        ("faelle/faelle.yaml", "  quelle:", "  herkunft:", "Ein Fall ist nicht lesbar"),
    ],
)
def test_data_that_cannot_be_read_are_refused_with_their_place(
    verdorben: Verdirb, datei: str, alt: str, neu: str, text: str
) -> None:
    with pytest.raises(ContractError, match=re.escape(text)):
        pruefe_land(verdorben(datei, alt, neu), HEUTE)


# -- the command -------------------------------------------------------------------------------------------------


def test_faelle_says_that_all_holds() -> None:
    lauf = CliRunner().invoke(faelle, ["--land", "nw"])
    assert lauf.exit_code == 0
    assert "Nordrhein-Westfalen (nw)" in lauf.stdout
    assert "keine Abweichungen" in lauf.stdout


def test_faelle_prints_one_json_document() -> None:
    lauf = CliRunner().invoke(faelle, ["--land", "zz", "--json"])
    [land] = json.loads(lauf.stdout)
    assert land["land"] == "zz"
    assert land["musterfaelle"] == 16
    assert land["abweichungen"] == land["fehlend"] == []


def test_faelle_of_a_folder_needs_no_installation(verdorben: Verdirb, tmp_path: Path) -> None:
    verdorben("faelle/faelle.yaml", 'gesamteinkommen: "18039.00"', 'gesamteinkommen: "1.00"')
    lauf = CliRunner().invoke(faelle, ["--ordner", str(tmp_path / "wbs_xy")])
    assert lauf.exit_code == 1
    assert "1 Abweichung" in lauf.stdout
    assert "gesamteinkommen erwartet 1.00, gerechnet 18039.00" in " ".join(lauf.stdout.split())


def test_faelle_of_the_package_folder_gives_the_same(verdorben: Verdirb, tmp_path: Path) -> None:
    verdorben("land.yaml", "name: Land XY (erfunden)", "name: Nordland")
    lauf = CliRunner().invoke(faelle, ["--ordner", str(tmp_path / "wbs_xy/src/fachwerk_wbs_xy")])
    assert lauf.exit_code == 0
    assert "Nordland (xy): 16 Musterfälle" in lauf.stdout


def test_mistakes_in_the_call_are_named_and_end_with_two(tmp_path: Path) -> None:
    (tmp_path / "land.yaml").write_bytes(b"name: M\xfcster\n")
    aufrufe = {
        ("--land", "xx"): "kein Regelpaket für das Land 'xx'",
        ("--ordner", str(tmp_path / "fehlt")): "gibt es nicht|does not exist",
        ("--ordner", str(tmp_path.parent)): "mehrere Dateien|keine Datei|kein Text in UTF-8",
        ("--ordner", str(tmp_path)): "kein Text in UTF-8",
        ("--land", "nw", "--ordner", str(tmp_path)): "nicht beides",
    }
    for angaben, text in aufrufe.items():
        lauf = CliRunner().invoke(faelle, list(angaben))
        assert lauf.exit_code == 2, angaben
        assert re.search(text, lauf.stderr), lauf.stderr


def test_the_day_before_a_version_is_tried_as_well() -> None:
    from fachwerk_wbs.grenzfaelle import tagesproben

    namen = " ".join(probe.name for probe in tagesproben(finde_land("zz")))
    for tag in finde_land("zz").aenderungstage():
        assert f"{tag:%d.%m.%Y}" in namen
        assert f"{tag - timedelta(days=1):%d.%m.%Y}" in namen
