"""From the message to the case file of rent arrears: every fact is carried, and each says what it rests on."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import fachwerk_xsozial_basis as plugin
from fachwerk_mietrueckstaende.fall import Fall
from fachwerk_xsozial_basis.client import eingang_aus
from fachwerk_xsozial_basis.erzeuger import nachricht
from fachwerk_xsozial_basis.falldaten import abbildungen
from fachwerk_xsozial_basis.mapping import VERSIONEN

ALLES: dict[str, Any] = {
    "leistungsbezug": "sgb12",
    "leistung_unterkunft": True,
    "erwerbsfaehig": False,
    "altersrente": True,
    "frueher_uebernommen": True,
    "frueher_uebernommen_am": "2023-02-01",
    "fruehere_kuendigung": "2022-12-15",
    "verbleib_gewollt": True,
    "haushalt": [
        {"name": "Ada Beispiel", "rolle": "antragsteller", "geburtsdatum": "1950-05-01", "einkommen_monat": "812.50"}
    ],
    "miete": {
        "gesamt": "640.00",
        "grundmiete": "430.00",
        "nebenkosten": "120.00",
        "heizkosten": "90.00",
        "beginn": "2015-07-01",
        "vermieter": "Wohnbau Beispiel eG",
        "wohnflaeche_m2": "48.50",
        "vermieter_iban": "DE02120300000000202051",
    },
    "rueckstand": {
        "betrag": "1920.00",
        "monate": 3,
        "energie": "80.00",
        "betriebskosten": "210.00",
        "kosten": "45.00",
        "stand": "2026-11-01",
    },
    "gefahr": {
        "mahnung": "2026-08-01",
        "kuendigung": "2026-09-15",
        "kuendigung_art": "fristlos_und_ordentlich",
        "kuendigung_zum": "2026-12-31",
        "raeumungsklage": True,
        "klage_eingegangen": "2026-10-05",
        "klage_zugestellt": "2026-10-20",
        "gericht": "Amtsgericht Musterow",
        "aktenzeichen": "12 C 345/26",
        "termin": "2026-12-11",
        "urteil": "2026-12-18",
        "raeumungstermin": "2027-01-15",
    },
    "selbsthilfe": {
        "ursache": "Krankheit",
        "raten_angefragt": True,
        "raten_abgelehnt": True,
        "eigener_betrag": "200.00",
        "vermoegen": "0.00",
    },
    "aussicht": {
        "vermieter_setzt_fort": True,
        "miete_kuenftig_gesichert": True,
        "direktzahlung": True,
        "andere_wohnung": False,
    },
}


def gelesen(tmp_path: Path, version: str, fall: dict[str, Any]) -> dict[str, Any]:
    pfad = tmp_path / "antrag.xml"
    pfad.write_bytes(nachricht("mietrueckstaende", fall, version=version, leser="mrh:130030000000", seed=1))
    antrag = plugin.verstehe(eingang_aus(pfad))
    assert antrag.befunde == ()
    assert plugin.validate(antrag, date(2026, 12, 20)) == []
    assert antrag.fall_annahmen == ("projektprofil-1",)
    return antrag.fall or {}


@pytest.mark.parametrize("version", sorted(VERSIONEN))
def test_every_fact_comes_through_as_it_was_sent(tmp_path: Path, version: str) -> None:
    fall = gelesen(tmp_path, version, ALLES)
    assert Fall.model_validate({**fall, "land": "", "stichtag": None}) == Fall.model_validate(ALLES)


def test_a_fact_that_was_not_sent_is_unknown(tmp_path: Path) -> None:
    wer = [{"name": "Ada Beispiel", "rolle": "antragsteller"}]
    fall = gelesen(tmp_path, "2.5.0", {"leistungsbezug": "sgb2", "haushalt": wer})
    assert {name for name in fall if name not in ("land", "stichtag", "haushalt")} == {"leistungsbezug"}


def felder(modell: type[BaseModel], vorn: str = "") -> set[str]:
    """The fields of a model and of the models in it, as the mapping writes them; those of persons apart."""
    namen: set[str] = set()
    for name, feld in modell.model_fields.items():
        innen = feld.annotation
        tiefer = isinstance(innen, type) and issubclass(innen, BaseModel)
        namen |= felder(innen, f"{vorn}{name}.") if tiefer and isinstance(innen, type) else {f"{vorn}{name}"}
    return namen


def test_every_field_of_the_case_file_has_its_place_in_the_mapping() -> None:
    zugeordnet = {eintrag.feld for eintrag in abbildungen()["mietrueckstaende"].eintraege}
    assert felder(Fall) - zugeordnet == {"land", "stichtag"}, "these come from the message's head"
    assert zugeordnet <= felder(Fall)
