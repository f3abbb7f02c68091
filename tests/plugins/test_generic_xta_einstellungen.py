"""What a Kanal and a Ziel may say in the configuration, and what the plugin says of itself."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import fachwerk_generic_xta as plugin
from fachwerk_generic_xta.settings import Einstellungen, Zieleinstellungen

LESER = "wbs:130030000000"
ZIEL = {
    "kennung": LESER,
    "empfaenger": {"kennung": "wbs:130040000000"},
    "dienst": "urn:test:dienst",
    "szenario": {"code": "TEST", "liste": "urn:test:szenario", "version": "1"},
    "nachrichtentyp": {"code": "a.b.1", "liste": "urn:test:typ", "version": "1", "payload_schema": "urn:test:schema"},
}


@pytest.mark.parametrize(
    ("werte", "schluessel"),
    [
        ({"management_url": "http://xta.example/"}, "management_url"),
        ({"msgbox_url": ""}, "msgbox_url"),
        ({"msgbox_url": "https://nutzer:wort@xta.example/"}, "msgbox_url"),
        ({"send_url": "xta.example"}, "send_url"),
        ({"passphrase": "geheim"}, "passphrase"),
        ({"seiten_groesse": 0}, "seiten_groesse"),
        ({"lesen_s": 0}, "lesen_s"),
        ({"zertifikatt": "x"}, "zertifikatt"),
    ],
)
def test_wrong_settings_are_refused_by_their_key(werte: dict[str, Any], schluessel: str) -> None:
    grund = {"management_url": "https://x.example/", "msgbox_url": "https://x.example/", "zertifikat": "a.crt"}
    with pytest.raises(ValidationError, match=schluessel):
        Einstellungen.model_validate(grund | werte)


@pytest.mark.parametrize(
    ("werte", "schluessel"),
    [
        ({"send_url": ""}, "send_url"),
        ({"kennung": "*"}, "kennung"),
        ({"kennung": " "}, "kennung"),
        ({"empfaenger": {"kennung": "*"}}, "empfaenger.kennung"),
        ({"empfaenger": {}}, "empfaenger.kennung"),
        ({"dienst": "mit leer"}, "dienst"),
        ({"szenario": {}}, "szenario"),
        ({"szenario": {"code": "A", "liste": "urn:l"}}, "szenario"),
        ({"szenario": {"text": "frei", "code": "A"}}, "szenario"),
        ({"nachrichtentyp": {"code": "a", "liste": "b", "version": "1"}}, "nachrichtentyp.payload_schema"),
        ({"gueltig_tage": 0}, "gueltig_tage"),
        ({"hoechstgroesse_mb": 0}, "hoechstgroesse_mb"),
        ({"erlaubte_medientypen": ["pdf"]}, "erlaubte_medientypen"),
        ({"test": True}, "test"),
    ],
)
def test_wrong_settings_of_a_target_are_refused_by_their_key(werte: dict[str, Any], schluessel: str) -> None:
    grund = {"management_url": "https://x.example/", "send_url": "https://x.example/", "zertifikat": "a.crt"} | ZIEL
    Zieleinstellungen.model_validate(grund)
    with pytest.raises(ValidationError, match=schluessel):
        Zieleinstellungen.model_validate(grund | werte)


@pytest.mark.parametrize("schluessel", ["empfaenger", "dienst", "szenario", "nachrichtentyp", "kennung"])
def test_what_the_process_defines_has_no_default(schluessel: str) -> None:
    grund = {"management_url": "https://x.example/", "send_url": "https://x.example/", "zertifikat": "a.crt"} | ZIEL
    with pytest.raises(ValidationError, match=schluessel):
        Zieleinstellungen.model_validate({name: wert for name, wert in grund.items() if name != schluessel})


def test_the_manifest_names_both_kinds_and_what_a_target_can_promise() -> None:
    manifest = plugin.manifest()
    assert (manifest.name, manifest.idempotenz.value) == ("generic_xta", "abfrage")
    assert sorted(art.value for art in manifest.arten) == ["kanal", "ziel"]
    assert [stufe.value for stufe in manifest.stufen] == ["uebergeben", "technisch_bestaetigt"]


def test_the_word_simulator_gets_its_command() -> None:
    import click

    gruppe = click.Group("simulator")
    plugin.register_commands(gruppe)
    assert list(gruppe.commands) == ["xta"]


def test_the_examples_of_the_readme_are_accepted() -> None:
    readme = Path(__file__).resolve().parents[2] / "plugins" / "generic_xta" / "README.md"
    bloecke = re.findall(r"^```toml\n(.*?)^```", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    kanal, ziel = (tomllib.loads(block) for block in bloecke)
    kern = {"plugin", "takt", "kennung"}
    Einstellungen.model_validate({k: v for k, v in kanal["kanal"]["wbs-postfach"].items() if k not in kern})
    werte = Zieleinstellungen.model_validate({k: v for k, v in ziel["ziel"]["kreis"].items() if k != "plugin"})
    assert werte.empfaenger.partei.kategorie == "Wohngeldbehörde"
    tabelle = readme.read_text(encoding="utf-8")
    assert not [feld for feld in Zieleinstellungen.model_fields if f"`{feld}`" not in tabelle]
    assert not [feld for feld in Einstellungen.model_fields if f"`{feld}`" not in tabelle]
