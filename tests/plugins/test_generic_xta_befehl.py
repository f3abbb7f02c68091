"""The commands for operators: they look and never touch: nothing is fetched, closed, stored or sent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import fachwerk_generic_xta as plugin
from fachwerk.cli import starte
from fachwerk_generic_xta.simulator import XtaSimulator

KREIS = "wgb:130730000000"
Ruf = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def ohne_umgebung(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FACHWERK_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def toml(zielwelt: Any) -> Path:
    urls = zielwelt.simulator.urls
    anschluss = "\n".join(
        [
            'plugin = "generic_xta"',
            f'management_url = "{urls["management"]}"',
            'ca = "../pki/ca.crt"',
        ]
    )
    text = f"""
[kanal.postfach]
{anschluss}
msgbox_url = "{urls["msgbox"]}"
zertifikat = "../pki/kreis.crt"
privatschluessel = "../pki/kreis.key"
kennung = "{KREIS}"

[ziel.kreis]
{anschluss}
send_url = "{urls["send"]}"
zertifikat = "../pki/amt.crt"
privatschluessel = "../pki/amt.key"
kennung = "wbs:130030000000"
dienst = "urn:test:dienst"
empfaenger = {{kennung = "{KREIS}"}}
szenario = {{text = "nach Absprache"}}
nachrichtentyp = {{code = "a.1", liste = "urn:l", version = "1", payload_schema = "urn:s"}}

[kanal.kaputt]
{anschluss}
msgbox_url = "http://unverschluesselt.example/"
zertifikat = "../pki/kreis.crt"

[kanal.anderes]
plugin = "aktenablage"
"""
    pfad: Path = zielwelt.ordner / "stelle" / "fachwerk.toml"
    pfad.parent.mkdir()
    pfad.write_text(text, encoding="utf-8")
    return pfad


@pytest.fixture
def rufe(toml: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Ruf]:
    def ruf(*worte: str) -> tuple[int, str, str]:
        try:
            code = starte(["--konfig", str(toml), "x", "generic-xta", *worte])
        except SystemExit as ende:
            code = int(ende.code or 0)
        gesagt = capsys.readouterr()
        return code, gesagt.out, gesagt.err

    vorher = set(toml.parent.iterdir())
    yield ruf
    assert set(toml.parent.iterdir()) == vorher, "no database, no key, nothing"


def test_a_check_that_finds_nothing_says_so(rufe: Ruf) -> None:
    for name in ("postfach", "kreis"):
        assert rufe("check", name)[:2] == (0, "In Ordnung.\n")
    code, aus, _ = rufe("check", "kreis", "--json")
    assert (code, json.loads(aus)) == (0, {"ok": True, "befunde": []})


def test_a_check_tells_errors_and_warnings_by_its_exit_code(rufe: Ruf, zielwelt: Any) -> None:
    zielwelt.stoere("checkAccountActive", art="fehler", fehler="9011")
    code, aus, _ = rufe("check", "postfach")
    assert code == 3
    assert "FEHLER" in aus
    assert "gesperrt" in aus
    zielwelt.stoere("checkAccountActive", art="fehler", fehler="9014")
    code, aus, _ = rufe("check", "postfach", "--json")
    assert (code, json.loads(aus)["befunde"][0]["code"]) == (3, "xta.kennung_falsch")


def test_the_list_shows_what_waits_and_leaves_it_there(rufe: Ruf, zielwelt: Any) -> None:
    assert rufe("list", "postfach")[:2] == (0, "Das Postfach ist leer.\n")
    ids = [zielwelt.liefere(schluessel=f"v-{nr}:kreis:1").kennung for nr in range(3)]
    code, aus, _ = rufe("list", "postfach", "--anzahl", "2")
    assert code == 0
    assert all(kennung in aus for kennung in ids[:2])
    assert "2 gezeigt, weitere: 1." in aus
    gelesen = json.loads(rufe("list", "postfach", "--alle", "--json")[1])
    assert [eintrag["nachricht_id"] for eintrag in gelesen["nachrichten"]] == ids
    assert gelesen["nachrichten"][0]["absender"] == "wbs:130030000000"
    assert len(zielwelt.im_postfach()) == 3


def test_the_subject_stays_out_because_it_may_name_a_person(rufe: Ruf, zielwelt: Any) -> None:
    zielwelt.ziel = zielwelt.ziel_mit(betreff="Kanarienvogel")
    zielwelt.liefere()
    assert zielwelt.im_postfach()[0].betreff == "Kanarienvogel"
    for worte in (("list", "postfach"), ("list", "postfach", "--json"), ("report", "kreis", zielwelt.kennung)):
        assert "Kanarienvogel" not in rufe(*worte)[1]


def test_a_report_tells_what_became_of_a_message(rufe: Ruf, zielwelt: Any) -> None:
    kennung = zielwelt.liefere().kennung
    code, aus, _ = rufe("report", "kreis", kennung)
    assert code == 0
    assert "offen" in aus
    zielwelt.schliesse()
    assert "grün" in rufe("report", "kreis", kennung)[1]
    gelesen = json.loads(rufe("report", "kreis", kennung, "--json")[1])
    assert (gelesen["nachricht_id"], gelesen["stand"], gelesen["leser"]) == (kennung, 1, KREIS)


def test_the_directory_is_asked_for_a_service(rufe: Ruf) -> None:
    assert json.loads(rufe("lookup", "kreis", KREIS, "urn:test:dienst", "--json")[1]) == {
        "dienste": [{"leser": KREIS, "dienst": "urn:test:dienst", "verfuegbar": True}]
    }
    code, aus, _ = rufe("lookup", "postfach", "wbs:999999999999", "urn:test:dienst")
    assert code == 0
    assert "nein" in aus


@pytest.mark.parametrize(
    ("worte", "code", "wort"),
    [
        (("report", "kreis", "urn:de:xta:messageid:amt:fremd"), 1, "xta.9070"),
        (("list", "kreis"), 3, "msgbox_url"),
        (("list", "gibts-nicht"), 3, "kaputt, kreis, postfach"),
        (("list", "kaputt"), 3, "https"),
        (("check", "anderes"), 3, "kaputt, kreis, postfach"),
        (("report", "kreis"), 2, "NACHRICHT"),
    ],
)
def test_what_does_not_work_is_said_in_german(rufe: Ruf, worte: tuple[str, ...], code: int, wort: str) -> None:
    gesagt = rufe(*worte)
    assert (gesagt[0], gesagt[1]) == (code, "")
    assert wort in gesagt[2]
    assert "Traceback" not in gesagt[2]


def test_a_server_that_is_down_is_said_in_german(rufe: Ruf, zielwelt: Any) -> None:
    zielwelt.simulator.stop()
    for worte in (("list", "postfach"), ("report", "kreis", "urn:x"), ("lookup", "kreis", KREIS, "urn:d")):
        code, aus, fehler = rufe(*worte)
        assert (code, aus) == (1, "")
        assert fehler.startswith("Fehler: ")
        assert "nicht erreichbar" in fehler
    assert rufe("check", "kreis")[0] == 3
    assert isinstance(zielwelt.simulator, XtaSimulator)


def test_help_is_german_and_names_every_command(rufe: Ruf) -> None:
    code, aus, _ = rufe("--help")
    assert code == 0
    for wort in ("check", "list", "report", "lookup"):
        assert wort in aus
    assert "Usage" not in aus


def test_the_simulator_keeps_its_word_to_itself() -> None:
    eigene, simulator = click.Group("generic-xta"), click.Group("simulator")
    plugin.register_commands(eigene)
    plugin.register_commands(simulator)
    assert sorted(eigene.commands) == ["check", "list", "lookup", "report"]
    assert list(simulator.commands) == ["xta"]
