"""The commands below ``fachwerk x xsozial-basis``."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import fachwerk_xsozial_basis as plugin
from fachwerk_xsozial_basis import schemas
from fachwerk_xsozial_basis.erzeuger import nachricht


@pytest.fixture
def rufe():
    gruppe = click.Group("xsozial-basis")
    plugin.register_commands(gruppe)

    def rufe(*worte: str | Path) -> Result:
        return CliRunner().invoke(gruppe, [str(wort) for wort in worte])

    return rufe


@pytest.fixture
def lies(rufe, tmp_path):
    def lies(inhalt: bytes, name: str = "nachricht.xml") -> dict[str, Any]:
        (tmp_path / name).write_bytes(inhalt)
        ergebnis = rufe("lies", tmp_path / name, "--json")
        assert ergebnis.exit_code == 0, ergebnis.output
        return json.loads(ergebnis.stdout)

    return lies


def test_lies_gives_one_json_document_with_exactly_the_agreed_fields(lies):
    gelesen = lies(nachricht("wbs", seed=1))

    assert list(gelesen) == ["kopf", "leistung", "personen", "dritte", "dokumente", "felder", "befunde"]
    assert gelesen["leistung"] == "wbs"
    assert gelesen["kopf"]["format_version"] == "2.4.0"
    assert gelesen["personen"][0]["name"]["familienname"]
    assert gelesen["dokumente"][0] == {
        "id": "Dok_ID_Antrag",
        "name": "Antrag.pdf",
        "typ": "1010",
        "medientyp": "application/pdf",
        "groesse": gelesen["dokumente"][0]["groesse"],
    }
    assert gelesen["dokumente"][0]["groesse"] > 500
    assert len(gelesen["felder"]) > 50


@pytest.mark.parametrize(
    ("inhalt", "code", "personen"),
    [
        (nachricht(version="9.9.9", seed=1), "version_unbekannt", True),
        (nachricht(leser="zzz:130030000000", dienstkennung="x", seed=1), "leistung_unbekannt", True),
        (nachricht(seed=1)[:3000], "inhalt_unlesbar", False),
        (b"<!DOCTYPE x><x/>", "inhalt_doctype", False),
        (b"", "inhalt_unlesbar", False),
        (b"\x00\x01\x02", "inhalt_unlesbar", False),
    ],
)
def test_what_would_hold_a_case_is_a_finding_and_the_rest_is_shown(lies, inhalt, code, personen):
    gelesen = lies(inhalt)

    assert (gelesen["befunde"][0]["code"], gelesen["befunde"][0]["schwere"]) == (code, "sperre")
    assert gelesen["leistung"] is None
    assert bool(gelesen["personen"]) is personen
    assert bool(gelesen["felder"]) is personen


def test_a_pdf_is_no_message_but_no_crash_either(lies):
    gelesen = lies(b"%PDF-1.4", "antrag.pdf")

    assert gelesen["befunde"][0]["code"] == "leistung_unbekannt"


def test_a_missing_file_is_said_in_german_and_ends_with_2(rufe, tmp_path):
    ergebnis = rufe("lies", tmp_path / "fehlt.xml")

    assert ergebnis.exit_code == 2
    assert "fehlt.xml lässt sich nicht lesen (nicht vorhanden)" in ergebnis.stderr
    assert ergebnis.stdout == ""


def test_the_listing_for_people_names_everybody_and_every_document(rufe, tmp_path):
    fall = {"haushalt": [{"name": "Şule Примерова", "rolle": "antragsteller", "geburtsdatum": "1990-05-01"}]}
    (tmp_path / "n.xml").write_bytes(nachricht("wbs", fall))

    ausgabe = rufe("lies", tmp_path / "n.xml").stdout

    assert "Leistung:   wbs" in ausgabe
    assert "Person_1 | Şule Примерова | 1990-05-01" in ausgabe
    assert "Dok_ID_Antrag | Antrag.pdf | application/pdf | " in ausgabe
    assert "Befunde (0)" in ausgabe


def test_a_value_cannot_steer_the_terminal(rufe, tmp_path):
    fall = {"haushalt": [{"name": "A\x9bB\u202eC", "rolle": "antragsteller"}]}
    (tmp_path / "n.xml").write_bytes(nachricht("wbs", fall))

    ausgabe = rufe("lies", tmp_path / "n.xml").stdout

    assert "A\ufffdB\ufffdC" in ausgabe
    assert "\x9b" not in ausgabe


def test_erzeuge_writes_messages_that_lies_understands_and_never_overwrites(rufe, tmp_path):
    ergebnis = rufe("erzeuge", "--leistung", "wbs", "--anzahl", "4", "--ordner", tmp_path / "neu", "--seed", "7")
    dateien = sorted((tmp_path / "neu").glob("*.xml"))
    inhalte = [datei.read_bytes() for datei in dateien]

    assert ergebnis.exit_code == 0
    assert len(dateien) == 4
    assert all(json.loads(rufe("lies", datei, "--json").stdout)["leistung"] == "wbs" for datei in dateien)

    nochmal = rufe("erzeuge", "--leistung", "wbs", "--anzahl", "4", "--ordner", tmp_path / "neu", "--seed", "8")
    assert nochmal.exit_code == 2
    assert "besteht schon" in nochmal.stderr
    assert [datei.read_bytes() for datei in dateien] == inhalte


def test_schema_install_says_which_version_is_in_place_and_what_is_wrong(rufe, tmp_path):
    quelle = Path(schemas.__file__).parent / "schema"
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archiv:
        for datei in quelle.glob("*.xsd"):
            archiv.write(datei, datei.name)

    gut = rufe("schema", "install", tmp_path / "b.zip", "--ordner", tmp_path)
    assert gut.exit_code == 0
    assert gut.stdout.strip().endswith("XSozial-basis 2.2.0, 2.4.0, 2.5.0")
    assert (tmp_path / "schema" / "xsozial-basis" / "2.4.0" / "HAUPTSCHEMA").is_file()

    for datei, grund in (
        (tmp_path / "fehlt.zip", "gibt es nicht"),
        (quelle / "bloecke.xsd", "keine lesbare ZIP-Datei"),
    ):
        schlecht = rufe("schema", "install", datei, "--ordner", tmp_path)
        assert schlecht.exit_code == 2
        assert grund in schlecht.stderr
