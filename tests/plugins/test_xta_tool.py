"""The public client xta-tool against our simulator: a foreign program must get along with it, command by command.

xta-tool (PyPI, AGPL) is run as a program and is no dependency. The tests look for it in FACHWERK_TEST_XTA_TOOL, then as
``xta`` in PATH, and say loudly where it is missing:

    python3.12 -m venv /tmp/xta-tool && /tmp/xta-tool/bin/pip install xta-tool
    FACHWERK_TEST_XTA_TOOL=/tmp/xta-tool/bin/xta make test
"""

from __future__ import annotations

import base64
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from fachwerk_generic_xta.simulator import XtaSimulator, bestand
from fachwerk_generic_xta.simulator.betrieb import Einstellungen

LESER, PORTAL = "wgb:051110000000", "wgp:010500100000"
KONTEN = {"konten": {"leser": {"kennungen": [LESER]}, "portal": {"kennungen": [PORTAL]}}}
KLEIN = {
    "antrag.xml": "<antrag><name>Änne Groß</name></antrag>".encode(),
    "Überweisung Müller.txt": "Maße: 3 m²\r\n\r\n--keine Grenze\r\n".encode(),
    "bild 1.png": bytes(range(256)) * 300,
    "leer.txt": b"",
}
GROSS = KLEIN | {"gross.bin": random.Random(20261122).randbytes(20_000_000)}


@dataclass
class Antwort:
    """What a command printed and how it ended."""

    code: int
    ausgabe: str
    fehler: str

    @property
    def gut(self) -> str:
        """The output of a command that must have worked."""
        assert self.code == 0, self.fehler
        return self.ausgabe.strip()

    @property
    def yaml(self) -> Any:
        return yaml.safe_load(self.gut)


class XtaTool:
    """xta-tool with the certificate of one account of the simulator."""

    def __init__(self, programm: str, simulator: XtaSimulator, konto: str, ordner: Path) -> None:
        zugang = simulator.zugang(konto)
        self._programm = programm
        self._datei = ordner / f"{konto}.toml"
        self._datei.write_text(
            f'base-url = "{simulator.urls["msgbox"].partition("/services/")[0]}"\ncafile = "{zugang.ca}"\n'
            f'certfile = "{zugang.zertifikat}"\nkeyfile = "{zugang.privatschluessel}"\n',
            encoding="utf-8",
        )

    def __call__(self, *worte: str | Path) -> Antwort:
        umgebung = {name: wert for name, wert in os.environ.items() if not name.startswith(("FACHWERK_", "XTA_TOOL_"))}
        befehl = [self._programm, "-c", str(self._datei), *map(str, worte)]
        lauf = subprocess.run(befehl, capture_output=True, text=True, timeout=120, env=umgebung, check=False)
        return Antwort(lauf.returncode, lauf.stdout, lauf.stderr)


@pytest.fixture(scope="module")
def programm() -> str:
    genannt = os.environ.get("FACHWERK_TEST_XTA_TOOL", "")
    gefunden = shutil.which(genannt or "xta")
    if genannt and not gefunden:
        pytest.fail(f"FACHWERK_TEST_XTA_TOOL names {genannt}, which is no program")
    if gefunden:
        lauf = subprocess.run([gefunden, "--version"], capture_output=True, text=True, timeout=60, check=False)
        if genannt or lauf.stdout.startswith("xta, version"):
            return gefunden
    pytest.skip(
        "NOT CHECKED against the public client xta-tool: it is not installed. In a virtual environment of Python 3.12 "
        "or newer: pip install xta-tool; then FACHWERK_TEST_XTA_TOOL=…/bin/xta"
    )


@dataclass
class Welt:
    """A running simulator and the foreign client with both accounts."""

    simulator: XtaSimulator
    portal: XtaTool
    leser: XtaTool
    ordner: Path

    def auftrag(self, inhalte: dict[str, bytes]) -> Path:
        """A folder with a message of ``inhalte``, the first one being the Message, as xta-tool sends it."""
        ordner = self.ordner / "auftrag"
        ordner.mkdir(exist_ok=True)
        for name, inhalt in inhalte.items():
            (ordner / name).write_bytes(inhalt)
        teile = [{"fileName": name, "content": f"./{name}", "contentType": _medientyp(name)} for name in inhalte]
        szenario = {"code": "FIM-WOHNGELD_DATA", "listUri": "urn:de:xta:codeliste:business.scenario"}
        metadaten = {
            "service": "urn:beispiel:dienst",
            "businessScenario": szenario | {"listVersionId": "3.6"},
            "messageType": {"code": "fim.S05000227.05000227001005"},
            "messageTypePayloadSchema": "urn:beispiel:schema",
            "author": {"category": "Wohngeldportal", "value": PORTAL},
            "reader": {"category": "Wohngeldbehörde", "value": LESER},
        }
        inhalt = {"metadata": metadaten, "message": teile[0], "attachments": teile[1:]}
        (ordner / "xta-message.yaml").write_text(yaml.safe_dump(inhalt, allow_unicode=True), encoding="utf-8")
        return ordner

    def liste(self) -> list[str]:
        return self.leser("ls").gut.split()

    def hole(self, kennung: str) -> dict[str, bytes]:
        """The parts of a message as ``get`` stores them, by file name."""
        ziel = self.ordner / "geholt"
        shutil.rmtree(ziel, ignore_errors=True)
        ziel.mkdir()
        assert self.leser("get", kennung, ziel).gut == kennung
        beschreibung = yaml.safe_load((ziel / "xta-message.yaml").read_text(encoding="utf-8"))
        teile = [beschreibung["message"], *beschreibung.get("attachments", [])]
        return {teil["file_name"]: _inhalt(ziel, teil.get("content", "")) for teil in teile}


def _medientyp(name: str) -> str:
    arten = {".xml": "application/xml", ".txt": "text/plain", ".png": "image/png"}
    return arten.get(Path(name).suffix, "application/octet-stream")


def _inhalt(ordner: Path, verweis: str) -> bytes:
    """A file beside the YAML, or base64 inside it."""
    if not verweis or verweis.startswith("base64:"):
        return base64.b64decode(verweis.removeprefix("base64:"))
    return (ordner / verweis).read_bytes()


@pytest.fixture
def welt(programm: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Welt]:
    einstellungen: Einstellungen = request.param
    with XtaSimulator(tmp_path / "sim", KONTEN, einstellungen=einstellungen) as simulator:
        portal, leser = (XtaTool(programm, simulator, konto, tmp_path) for konto in ("portal", "leser"))
        yield Welt(simulator, portal, leser, tmp_path)


JEDER_MODUS = pytest.mark.parametrize(
    "welt",
    [Einstellungen(streng=streng, mtom=mtom) for streng in (False, True) for mtom in ("immer", "auto")],
    ids=["offen-immer", "offen-auto", "streng-immer", "streng-auto"],
    indirect=True,
)
OHNE_MTOM = pytest.mark.parametrize(
    "welt",
    [Einstellungen(streng=streng, mtom="nie") for streng in (False, True)],
    ids=["offen", "streng"],
    indirect=True,
)


@JEDER_MODUS
def test_a_message_with_attachments_goes_all_the_way_from_new_to_close(welt: Welt) -> None:
    kennung = welt.portal("new").gut
    auftrag = welt.auftrag(GROSS)
    assert welt.portal("send", kennung, auftrag).gut == kennung
    assert welt.liste() == [kennung]
    assert welt.portal("inspect", kennung).yaml["status"] == "0"
    assert welt.hole(kennung) == GROSS
    assert welt.liste() == [kennung], "fetching alone takes nothing out of the mailbox"
    assert welt.leser("close", kennung).gut == kennung
    assert welt.liste() == []
    bericht = welt.portal("inspect", kennung).yaml
    assert (bericht["status"], bericht["metadata"]["message_id"]) == ("1", kennung)


@OHNE_MTOM
def test_a_server_that_answers_without_mtom_is_understood_too(welt: Welt) -> None:
    """One part only: xta-tool 0.9.0 tells inline parts apart by their content id, which they do not have."""
    einer = {"antrag.xml": KLEIN["antrag.xml"]}
    kennung = welt.portal("send", "new", welt.auftrag(einer)).gut
    assert welt.liste() == [kennung]
    assert welt.portal("inspect", kennung).yaml["status"] == "0"
    assert welt.hole(kennung) == einer
    assert welt.leser("close", kennung).gut == kennung
    assert welt.liste() == []


@JEDER_MODUS
def test_several_messages_are_listed_with_all_they_say_and_closed_one_by_one(welt: Welt) -> None:
    auftrag = welt.auftrag(KLEIN)
    kennungen = [welt.portal("send", "new", auftrag).gut for _ in range(3)]
    eintraege = welt.leser("ls", "--full").yaml
    assert [eintrag["message_id"] for eintrag in eintraege] == kennungen
    assert {(eintrag["author"]["value"], eintrag["reader"]["value"]) for eintrag in eintraege} == {(PORTAL, LESER)}
    assert {eintrag["reader"]["category"] for eintrag in eintraege} == {"Wohngeldbehörde"}
    for nummer, kennung in enumerate(kennungen, 1):
        welt.leser("close", kennung)
        assert welt.liste() == kennungen[nummer:]
    assert all(nachricht.geschlossen for nachricht in bestand(welt.ordner / "sim"))


@JEDER_MODUS
def test_what_the_server_refuses_is_named_with_its_number(welt: Welt) -> None:
    auftrag = welt.auftrag(KLEIN)
    kennung = welt.portal("send", "new", auftrag).gut
    nochmal = welt.portal("send", kennung, auftrag)
    welt.liste()
    assert welt.leser("close", kennung).gut == kennung
    geschlossen, fremd = welt.leser("close", kennung), welt.leser("inspect", kennung)
    assert [antwort.code for antwort in (nochmal, geschlossen, fremd)] == [1, 1, 1]
    assert '"9024"' in nochmal.fehler
    assert '"9070"' in geschlossen.fehler
    assert '"9070"' in fremd.fehler
