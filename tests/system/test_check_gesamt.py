"""``fachwerk check`` over a whole installation, as an operator runs it: all that is wrong, at once, in German."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.demo import prozesse
from fachwerk.demo.ablauf import kanal_toml
from fachwerk.testkit.clamd import FalscherClamd
from fachwerk.testkit.startbank import Startbank

KONTEN = {name: {"kennungen": [f"wbs:05111000000{nr}"]} for nr, name in enumerate(("gut", "gesperrt", "abgelaufen"), 1)}
KONTEN["gesperrt"]["gesperrt"] = True  # type: ignore[assignment]


@dataclass
class Anlage:
    """A folder with a configuration, and a mailbox that runs."""

    ordner: Path
    simulator: Any
    bank: Startbank

    def kanal(self, name: str, konto: str = "gut") -> str:
        pki = str(self.simulator.pki)
        return kanal_toml(konto, "nw", self.simulator.urls, pki).replace(f"[kanal.{konto}]", f"[kanal.{name}]")

    def check(self, toml: str, *weitere: str) -> subprocess.CompletedProcess[str]:
        konfig = self.ordner / "fachwerk.toml"
        konfig.write_text(toml, encoding="utf-8")
        vorher = sorted(self.ordner.rglob("*"))
        ende = self.bank.fuehre_aus(["fachwerk", "--konfig", str(konfig), "check", *weitere])
        assert sorted(self.ordner.rglob("*")) == vorher  # a preflight leaves nothing behind
        return ende


@pytest.fixture(scope="module")
def anlage(tmp_path_factory: pytest.TempPathFactory, startbank: Startbank) -> Iterator[Anlage]:
    from fachwerk_generic_xta.simulator import XtaSimulator, neue_ca, neues_zertifikat, schreibe_ausweis

    ordner = tmp_path_factory.mktemp("check")
    (ordner / "stelle").mkdir()
    schreibe_schluessel(ordner / "stelle" / "fachwerk.key")
    with XtaSimulator(ordner / "postfach", {"konten": KONTEN}) as simulator:
        jetzt = datetime.now(UTC)
        fremde = neue_ca("Fremde CA", jetzt - timedelta(days=90), jetzt + timedelta(days=90))
        schreibe_ausweis(simulator.pki, "fremde-ca", fremde)
        alt = neues_zertifikat("abgelaufen", jetzt - timedelta(days=60), jetzt - timedelta(days=1), ca=fremde)
        schreibe_ausweis(simulator.pki, "abgelaufen", alt)
        yield Anlage(ordner / "stelle", simulator, startbank)


def gesund(anlage: Anlage) -> str:
    return f"""
[fachwerk]
plugins = ["wbs_nw"]
{anlage.kanal("post")}
[ziel.akte]
plugin = "aktenablage"
verzeichnis = "akten"
[[route]]
leistung = "*"
ziel = "akte"
[klaerung]
ziel = "akte"
[alarm]
webhook = "https://meldungen.example/fachwerk"
"""


def kaputt(anlage: Anlage) -> str:
    """Everything at once. A folder below a file cannot be made, and nobody, not even root, a file in /sys/kernel."""
    return f"""
[fachwerk]
plugins = ["gibt_es_nicht"]
{anlage.kanal("gesperrt", "gesperrt")}
{anlage.kanal("abgelaufen", "abgelaufen")}
{anlage.kanal("fremd").replace("/ca.crt", "/fremde-ca.crt")}
{anlage.kanal("ohne-datei").replace("/gut.crt", "/fehlt.crt")}
{anlage.kanal("vertippt")}
zertifkat = "x"
[kanal.fremdes-plugin]
plugin = "xta_generic"
[ziel.akte]
plugin = "aktenablage"
verzeichnis = "fachwerk.key/akten"
[ziel.system]
plugin = "aktenablage"
verzeichnis = "/sys/kernel"
[[route]]
leistung = "wbs"
ziel = "akte"
[[route]]
leistung = "wbs"
land = "nw"
ziel = "system"
[konsole]
lisen = "127.0.0.1:8443"
[virenpruefung]
art = "clamd"
adresse = "tcp://127.0.0.1:1"
[klaerung]
ziel = "nirgends"
"""


ERWARTET = {
    "fachwerk.plugins": "plugin_fehlt",
    "kanal.gesperrt.management_url": "xta.konto_gesperrt",
    "kanal.abgelaufen.zertifikat": "xta.zertifikat_abgelaufen",
    "kanal.fremd.management_url": "xta.server_zertifikat",
    "kanal.ohne-datei.zertifikat": "xta.datei_fehlt",
    "kanal.vertippt.zertifkat": "schluessel_unbekannt",
    "kanal.fremdes-plugin.plugin": "plugin_fehlt",
    "ziel.akte": "ablage.fehlt",
    "ziel.system": "ablage.verboten",
    "route[2]": "route_mehrere",
    "konsole.lisen": "schluessel_unbekannt",
    "virenpruefung.adresse": "viren_keine_antwort",
    "klaerung.ziel": "ziel_unbekannt",
}


@pytest.fixture(scope="module")
def befunde(anlage: Anlage) -> list[dict[str, str]]:
    ende = anlage.check(kaputt(anlage), "--json")
    assert ende.returncode == 3
    dokument = json.loads(ende.stdout)
    assert set(dokument) == {"ok", "befunde"}
    assert dokument["ok"] is False
    return list(dokument["befunde"])


def test_every_error_is_named_at_once(befunde: list[dict[str, str]]) -> None:
    fehler = {b["ort"]: b["code"] for b in befunde if b["schwere"] in ("fehler", "sperre")}
    assert fehler == ERWARTET


def test_every_finding_says_in_german_what_to_do(befunde: list[dict[str, str]]) -> None:
    for befund in befunde:
        assert set(befund) == {"code", "schwere", "text", "ort"}
        assert befund["ort"]
        assert len(befund["text"]) > 30, befund
        assert befund["text"].rstrip(")]")[-1] in ".?!" or befund["text"].endswith("]"), befund
        assert not {"the", "is", "not", "error", "Errno", "Traceback"} & set(befund["text"].replace(",", " ").split())


def test_a_misspelt_word_is_answered_with_the_right_one(befunde: list[dict[str, str]]) -> None:
    texte = {befund["ort"]: befund["text"] for befund in befunde}
    assert "„listen“" in texte["konsole.lisen"]
    assert "„zertifikat“" in texte["kanal.vertippt.zertifkat"]
    assert "generic_xta" in texte["kanal.fremdes-plugin.plugin"]


def test_the_table_for_people_names_the_same(anlage: Anlage) -> None:
    ende = anlage.check(kaputt(anlage))
    assert ende.returncode == 3
    assert all(ort in ende.stdout for ort in ERWARTET)
    assert f"{len(ERWARTET)} Fehler" in ende.stdout.splitlines()[-1]


def test_the_service_refuses_to_start_with_it_and_names_what_the_file_alone_shows(anlage: Anlage) -> None:
    konfig = anlage.ordner / "fachwerk.toml"
    konfig.write_text(kaputt(anlage), encoding="utf-8")
    befehl = [sys.executable, "-m", "fachwerk", "--konfig", str(konfig), "poll"]
    ende = subprocess.run(befehl, capture_output=True, text=True, env=prozesse.umgebung(), timeout=120, check=False)
    assert (ende.returncode, ende.stdout) == (3, "")
    assert "„lisen“" in ende.stderr or "konsole.lisen" in ende.stderr
    assert not (anlage.ordner / "fachwerk.db").exists()


def test_a_healthy_site_without_scanner_is_only_warned(anlage: Anlage) -> None:
    ende = anlage.check(gesund(anlage), "--json")
    ernste = {b["code"] for b in json.loads(ende.stdout)["befunde"] if b["schwere"] != "hinweis"}
    assert (ende.returncode, ernste) == (1, {"viren_keine_pruefung"})


def test_a_healthy_site_with_scanner_is_fine(anlage: Anlage) -> None:
    with FalscherClamd() as clamd:
        toml = gesund(anlage) + f'[virenpruefung]\nart = "clamd"\nadresse = "{clamd.adresse}"\n'
        ende = anlage.check(toml, "--json")
    dokument = json.loads(ende.stdout)
    assert (ende.returncode, dokument["ok"]) == (0, True)
    assert {b["schwere"] for b in dokument["befunde"]} <= {"hinweis"}
