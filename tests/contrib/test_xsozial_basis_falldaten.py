"""From the message to the case file of a WBS: every optional fact is carried, and each says what it rests on."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import fachwerk_xsozial_basis as plugin
from fachwerk_wbs.fall import Einkunft, Fall, Leistungsbezug, Person, Rolle, Unterart
from fachwerk_xsozial_basis.client import eingang_aus
from fachwerk_xsozial_basis.erzeuger import nachricht
from fachwerk_xsozial_basis.falldaten import Eintrag, abbildungen
from fachwerk_xsozial_basis.mapping import VERSIONEN

ALLES: dict[str, Any] = {
    "ehe_seit": "2023-06-01",
    "alleinerziehend": False,
    "leistungsbezug": "wohngeld",
    "vermoegen": "12000.00",
    "betreuungskosten": "1800.50",
    "foerderweg": "weg_2",
    "haerte": True,
    "einkommenszeitraum": {"von": "2025-11-01", "bis": "2026-10-31"},
    "unterhalt": [{"an": "ex_ehegatte", "betrag": "6000.00", "titel": True}],
    "haushalt": [
        {
            "name": "Ada Beispiel",
            "rolle": "antragsteller",
            "geburtsdatum": "1990-05-01",
            "einkuenfte": [
                {"art": "nichtselbstaendig", "betrag": "24000.00", "werbungskosten": "1500.00", "ausbildung": False},
                {
                    "art": "steuerfrei",
                    "unterart": "buergergeld",
                    "betrag": "3000.00",
                    "wohnkosten": "1200.00",
                    "freibetrag": "300.00",
                },
            ],
            "zahlt": {"einkommensteuer": True, "kranken_pflegeversicherung": False, "rentenversicherung": False},
            "beitraege": {"kranken_pflegeversicherung": "2400.00", "rentenversicherung": "1200.00"},
            "grad_der_behinderung": 80,
            "pflegegrad": 2,
            "haeuslich_pflegebeduerftig": True,
            "kindergeld": False,
            "ausbildung": True,
            "erwerbstaetig": True,
            "geteiltes_sorgerecht": True,
            "betreuungskosten": "900.00",
            "rollstuhl": True,
            "blind": False,
            "leistungsbezug": "sgb2",
            "einzug_am": "2026-12-01",
            "auszug_am": "2027-03-01",
            "staatsangehoerigkeit": "tr",
            "aufenthaltstitel_bis": "2029-12-31",
        },
        {"name": "Bo Beispiel", "rolle": "mitbewohner", "einkuenfte": []},
    ],
}
NICHT_IN_DER_NACHRICHT = {"land", "stichtag", "wohnung", "staatsangehoerigkeit", "aufenthaltstitel_bis"}
"""Of the case as a whole: said by the head, or per person; ``wohnung`` has no shape yet."""


@pytest.fixture(autouse=True)
def _eigener_ordner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACHWERK_KONFIG", str(tmp_path / "fachwerk.toml"))


def antrag(ordner: Path, fall: dict[str, Any], **angaben: Any) -> Any:
    datei = ordner / "nachricht.xml"
    datei.write_bytes(nachricht("wbs", fall, **angaben))
    return plugin.verstehe(eingang_aus(datei))


@pytest.mark.parametrize("version", VERSIONEN)
@pytest.mark.parametrize("als_dritte", [False, True])
def test_every_optional_fact_survives_the_message_which_stays_valid(
    tmp_path: Path, version: str, als_dritte: bool
) -> None:
    gelesen = antrag(tmp_path, ALLES, version=version, erwachsene_als_dritte=als_dritte)
    assert {feld: wert for feld, wert in gelesen.fall.items() if feld not in ("land", "stichtag")} == ALLES
    assert gelesen.befunde == ()
    assert plugin.validate(gelesen, date(2026, 11, 22)) == []
    assert Fall.model_validate(gelesen.fall | {"land": "nw"})


def test_only_what_is_no_public_name_rests_on_an_assumption_and_each_fact_says_so(tmp_path: Path) -> None:
    gelesen = antrag(tmp_path, ALLES)
    assert gelesen.fall_annahmen == ("projektprofil-1",)
    assert set(gelesen.fall_herkunft.values()) == {"projektprofil-1"}
    ada = {f"haushalt.0.{feld}" for feld in ALLES["haushalt"][0] if feld not in ("name", "geburtsdatum")}
    unter = {f"haushalt.0.{oben}.{feld}" for oben in ("zahlt", "beitraege") for feld in ALLES["haushalt"][0][oben]}
    bo = {"haushalt.1.rolle", "haushalt.1.einkuenfte"}
    oben = {feld for feld in ALLES if feld not in ("haushalt", "einkommenszeitraum")}
    zeit = {"einkommenszeitraum.von", "einkommenszeitraum.bis"}
    assert set(gelesen.fall_herkunft) == ada - {"haushalt.0.zahlt", "haushalt.0.beitraege"} | unter | bo | oben | zeit


def test_that_somebody_is_a_member_at_all_rests_on_the_assumption_of_the_role(tmp_path: Path) -> None:
    gelesen = antrag(tmp_path, {"haushalt": [{"name": "Ada Beispiel", "geburtsdatum": "1990-05-01"}]})
    assert gelesen.fall["haushalt"] == [{"name": "Ada Beispiel", "geburtsdatum": "1990-05-01"}]
    assert gelesen.fall_herkunft == {"haushalt.0.rolle": "projektprofil-1"}


def eintrag(eintraege: tuple[Eintrag, ...], feld: str) -> Eintrag:
    return next(e for e in eintraege if e.feld == feld)


def felder(eintraege: tuple[Eintrag, ...]) -> set[str]:
    return {e.feld.partition(".")[0] for e in eintraege}


def test_the_mapping_knows_every_field_of_the_case_file_and_no_other() -> None:
    oben = abbildungen()["wbs"].eintraege
    person = eintrag(oben, "haushalt").liste
    einkunft = eintrag(person, "einkuenfte").liste
    assert felder(oben) == set(Fall.model_fields) - NICHT_IN_DER_NACHRICHT
    assert felder(person) == set(Person.model_fields)
    assert felder(einkunft) == set(Einkunft.model_fields)
    assert set(eintrag(person, "rolle").werte) == {rolle.value for rolle in Rolle}
    assert set(eintrag(einkunft, "unterart").werte) == {art.value for art in Unterart}
    for stelle in (oben, person):
        assert set(eintrag(stelle, "leistungsbezug").werte) == {bezug.value for bezug in Leistungsbezug}
