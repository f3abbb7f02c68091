"""The preflight names every problem at once, each with its place and what to do, and changes nothing."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from fachwerk.cli import starte
from fachwerk.errors import PermanentError
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Art, Befund, Kanal, Manifest, Schwere
from fachwerk.testkit.clamd import FalscherClamd
from fachwerk.vorpruefung import Meldung, ausgang, pruefe

GUT = """
[kanal.post]
plugin = "probe"
[ziel.akte]
plugin = "probe"
[[route]]
leistung = "*"
ziel = "akte"
[klaerung]
ziel = "akte"
[alarm]
webhook = "https://meldungen.example/fachwerk"
"""


class Probe(BaseModel):
    model_config = ConfigDict(extra="forbid")
    verhalten: str = ""
    kennwort: str = ""


def probe() -> ModuleType:
    """A plugin that is Kanal and Ziel and whose check does what its configuration says."""
    modul = ModuleType("probe")
    angaben = Manifest(
        name="probe",
        version="1.0.0",
        arten=frozenset({Art.KANAL, Art.ZIEL}),
        einstellungen={Art.KANAL: Probe, Art.ZIEL: Probe},
    )

    def check(kanal_oder_ziel: Any, host: Any) -> list[Befund]:
        einstellungen = kanal_oder_ziel.einstellungen
        if einstellungen.kennwort:
            host.secret(einstellungen.kennwort)
        if einstellungen.verhalten == "abgelaufen":
            text = "Das Zertifikat ist abgelaufen. Ein neues beantragen."
            return [Befund(code="zertifikat.abgelaufen", schwere=Schwere.SPERRE, text=text, pfad="zertifikat")]
        if einstellungen.verhalten == "wirft":
            raise KeyError("Erika Musterfrau")
        if einstellungen.verhalten == "meldet":
            raise PermanentError("konto_gesperrt", "Das Konto ist gesperrt. Den Betreiber fragen.")
        art = "kanal" if isinstance(kanal_oder_ziel, Kanal) else "ziel"
        return [Befund(code=f"{art}.da", schwere=Schwere.HINWEIS, text=str(host.ordner))]

    def nie(*args: Any) -> Any:
        raise AssertionError("a preflight delivers and fetches nothing")

    def receive(kanal: Any, host: Any) -> Any:
        nie()

    def acknowledge(kanal: Any, eingang: Any, host: Any) -> None:
        nie()

    def render(antrag: Any, entscheidung: Any, ziel: Any) -> Any:
        nie()

    def deliver(sendung: Any, ziel: Any, schluessel: str, host: Any) -> Any:
        nie()

    modul.manifest = hookimpl(specname="manifest")(lambda: angaben)  # type: ignore[attr-defined]
    for funktion in (check, receive, acknowledge, render, deliver):
        setattr(modul, funktion.__name__, hookimpl(funktion))
    return modul


class Punkt:
    """An entry point without an installed distribution."""

    def __init__(self, name: str = "probe") -> None:
        self.name, self.value = name, f"fachwerk_{name}"

    def load(self) -> ModuleType:
        if self.name != "probe":
            raise ImportError(self.name)
        return probe()


@pytest.fixture(autouse=True)
def welt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only the plugin of this file is installed, no variable is set, and the site key is there."""
    for name in [name for name in os.environ if name.startswith("FACHWERK_")]:
        monkeypatch.delenv(name)
    echte = metadata.entry_points

    def entry_points(group: str) -> Any:
        return [Punkt()] if group == "fachwerk" else echte(group=group)

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    monkeypatch.chdir(tmp_path)
    schluessel = tmp_path / "fachwerk.key"
    schluessel.write_bytes(base64.b64encode(bytes(range(32))))
    schluessel.chmod(0o600)


@pytest.fixture
def konfig(tmp_path: Path) -> Callable[[str], Path]:
    def schreibe(text: str) -> Path:
        pfad = tmp_path / "fachwerk.toml"
        pfad.write_text(text, encoding="utf-8")
        return pfad

    return schreibe


Konfig = Callable[[str], Path]


def codes(meldungen: list[Meldung], ab: Schwere = Schwere.WARNUNG) -> dict[str, str]:
    """Code by place of everything at least as grave as ``ab``."""
    rang = list(Schwere)
    return {m.ort: m.code for m in meldungen if rang.index(m.schwere) >= rang.index(ab)}


def test_a_good_site_has_no_errors(konfig: Konfig, tmp_path: Path) -> None:
    with FalscherClamd() as clamd:
        meldungen = pruefe(konfig(GUT + f'[virenpruefung]\nart = "clamd"\nadresse = "{clamd.adresse}"\n'))
    assert codes(meldungen) == {}
    assert ausgang(meldungen) == 0
    hinweise = codes(meldungen, Schwere.HINWEIS)
    assert hinweise["kanal.post"] == "kanal.da"
    assert hinweise["ziel.akte"] == "ziel.da"
    assert hinweise["fachwerk.datenbank"] == "datenbank_leer"
    assert sorted(pfad.name for pfad in tmp_path.iterdir()) == ["fachwerk.key", "fachwerk.toml"]


def test_every_problem_is_named_at_once(konfig: Konfig) -> None:
    text = GUT.replace('plugin = "probe"\n[ziel', 'plugin = "probe"\nverhalten = "abgelaufen"\n[ziel')
    text += """
    [kanal.a]
    plugin = "probe"
    takt = "oft"
    [kanal.b]
    plugin = "probe"
    verhaltn = "x"
    [kanal.c]
    plugin = "prob"
    [kanal.d]
    plugin = "probe"
    verhalten = "meldet"
    [kanal.e]
    plugin = "probe"
    kennwort = "env:FEHLT"
    [ziel.kaputt]
    plugin = "probe"
    verhalten = "wirft"
    [[route]]
    leistung = "wbs"
    kanal = "post"
    ziel = "nirgends"
    [[route]]
    leistung = "wbs"
    ziel = "kaputt"
    [sicherung]
    spiegel = "gibt/es/nicht"
    [konsole]
    lisen = "127.0.0.1:8443"
    """
    meldungen = pruefe(konfig(text))
    assert ausgang(meldungen) == 3
    assert codes(meldungen) == {
        "kanal.a.takt": "wert_ungueltig",
        "kanal.b.verhaltn": "schluessel_unbekannt",
        "kanal.c.plugin": "plugin_fehlt",
        "kanal.d": "konto_gesperrt",
        "kanal.e": "geheimnis_fehlt",
        "kanal.post.zertifikat": "zertifikat.abgelaufen",
        "konsole.lisen": "schluessel_unbekannt",
        "route[2].ziel": "ziel_unbekannt",
        "route[3]": "route_mehrere",
        "sicherung.spiegel": "spiegel_fehlt",
        "virenpruefung.art": "viren_keine_pruefung",
        "ziel.kaputt": "plugin_ausnahme",
    }
    assert "Musterfrau" not in " ".join(meldung.text for meldung in meldungen)


def test_of_a_file_with_a_slip_of_the_pen_nothing_else_is_said_to_be_missing(konfig: Konfig) -> None:
    [meldung] = pruefe(konfig(GUT + "[fachwerk\n"))
    assert (meldung.ort, meldung.code) == ("FACHWERK_KONFIG", "datei_toml")


def test_errors_come_first(konfig: Konfig) -> None:
    meldungen = pruefe(konfig(GUT + "[konsole]\nx = 1\n"))
    raenge = [list(Schwere).index(meldung.schwere) for meldung in meldungen]
    assert raenge == sorted(raenge, reverse=True)
    assert len(set(raenge)) == 3


def test_a_missing_file_is_one_error_beside_the_rest(tmp_path: Path) -> None:
    meldungen = pruefe(tmp_path / "anders.toml")
    assert codes(meldungen, Schwere.FEHLER) == {"FACHWERK_KONFIG": "datei_fehlt"}
    assert {"kanal", "route", "klaerung.ziel", "alarm"} <= set(codes(meldungen))


def test_without_scanner_there_is_a_warning_and_a_silent_one_is_an_error(konfig: Konfig) -> None:
    meldungen = pruefe(konfig(GUT))
    assert (codes(meldungen), ausgang(meldungen)) == ({"virenpruefung.art": "viren_keine_pruefung"}, 1)
    with socket.socket() as frei:
        frei.bind(("127.0.0.1", 0))
        port = frei.getsockname()[1]
    meldungen = pruefe(konfig(GUT + f'[virenpruefung]\nart = "icap"\nadresse = "icap://127.0.0.1:{port}/av"\n'))
    assert codes(meldungen) == {"virenpruefung.adresse": "viren_keine_antwort"}
    meldungen = pruefe(konfig(GUT + '[virenpruefung]\nart = "clamd"\nadresse = "tcp://rechner"\n'))
    assert codes(meldungen) == {"virenpruefung.adresse": "virenpruefung_adresse"}


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")
def test_a_key_that_others_can_read_is_an_error(
    konfig: Konfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fachwerk.key").chmod(0o640)
    meldung = next(meldung for meldung in pruefe(konfig(GUT)) if meldung.ort == "fachwerk.schluesseldatei")
    assert meldung.code == "schluessel_offen"
    assert "chmod 600" in meldung.text
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))  # systemd hands it over with an ACL instead
    assert "fachwerk.schluesseldatei" not in codes(pruefe(konfig(GUT)))


def test_a_missing_or_damaged_key_is_an_error(konfig: Konfig, tmp_path: Path) -> None:
    (tmp_path / "fachwerk.key").write_text("kurz")
    assert codes(pruefe(konfig(GUT)))["fachwerk.schluesseldatei"] == "schluessel_beschaedigt"
    (tmp_path / "fachwerk.key").unlink()
    assert codes(pruefe(konfig(GUT)))["fachwerk.schluesseldatei"] == "schluessel_fehlt"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("quatsch", "datenbank_adresse"),
        ("postgresql+psycopg://fachwerk@127.0.0.1:1/fachwerk?connect_timeout=2", "datenbank_nicht_erreichbar"),
        ("sqlite:///fachwerk.toml", "datenbank_nicht_erreichbar"),
        ("sqlite:///fachwerk.toml/fachwerk.db", "datenbank_ordner"),
    ],
)
def test_a_database_that_cannot_be_used_is_an_error(konfig: Konfig, url: str, code: str) -> None:
    meldungen = pruefe(konfig(GUT + f'[fachwerk]\ndatenbank = "{url}"\n'))
    assert codes(meldungen, Schwere.FEHLER) == {"fachwerk.datenbank": code}


def test_the_schema_of_the_database_is_looked_at(konfig: Konfig, tmp_path: Path) -> None:
    import sqlalchemy as sa

    from fachwerk.datenbank import aktualisiere, oeffne_datenbank

    pfad = konfig(GUT)
    datenbank = oeffne_datenbank(f"sqlite:///{tmp_path}/fachwerk.db")
    aktualisiere(datenbank)
    assert "fachwerk.datenbank" not in codes(pruefe(pfad), Schwere.HINWEIS)
    with datenbank.begin() as verbindung:
        verbindung.execute(sa.text("UPDATE fachwerk_schema SET version_num = 'aus-der-zukunft'"))
    assert codes(pruefe(pfad), Schwere.FEHLER) == {"fachwerk.datenbank": "datenbank_fremd"}
    datenbank.dispose()


def test_an_installed_plugin_that_does_not_work_is_a_warning(konfig: Konfig, monkeypatch: pytest.MonkeyPatch) -> None:
    echte = metadata.entry_points
    kaputt = {"fachwerk": [Punkt("kaputt")]}
    monkeypatch.setattr(metadata, "entry_points", lambda group: [*echte(group=group), *kaputt.get(group, [])])
    meldungen = pruefe(konfig(GUT))
    assert codes(meldungen)["plugins"] == "plugin_ausgelassen"
    assert "„kaputt“" in next(meldung.text for meldung in meldungen if meldung.ort == "plugins")
    assert ausgang(meldungen) == 1


def test_what_is_legal_but_hardly_meant_is_a_warning_or_a_hint(konfig: Konfig, tmp_path: Path) -> None:
    (tmp_path / "spiegel").mkdir()
    text = GUT.replace('leistung = "*"', 'leistung = "wbs"\nkanal = "post"\nzustand = "pausiert"\nbis = 2020-01-31')
    text += '[kanal.zweiter]\nplugin = "probe"\n[ziel.ungenutzt]\nplugin = "probe"\n[sicherung]\nspiegel = "spiegel"\n'
    meldungen = pruefe(konfig(text))
    gefunden = codes(meldungen, Schwere.HINWEIS)
    assert ausgang(meldungen) == 1
    assert codes(meldungen) == {
        "kanal.zweiter": "kanal_ohne_route",
        "route[1].bis": "route_frist",
        "sicherung.spiegel": "spiegel_gleiches_laufwerk",
        "virenpruefung.art": "viren_keine_pruefung",
    }
    assert gefunden["route[1]"] == "route_zustand"
    assert "ziel_unbenutzt" in {meldung.code for meldung in meldungen}


def test_alarms_need_a_way_out(konfig: Konfig) -> None:
    text = GUT.replace('webhook = "https://meldungen.example/fachwerk"', "")
    assert codes(pruefe(konfig(text)))["alarm"] == "alarm_keiner"
    text = GUT.replace("webhook", 'mail = ["it@musterow.example"]\nsmtp_kennwort = "env:FEHLT"\nwebhook')
    assert codes(pruefe(konfig(text)), Schwere.FEHLER) == {
        "alarm.smtp": "alarm_smtp",
        "alarm.smtp_kennwort": "geheimnis_fehlt",
    }


def test_the_command_prints_one_json_document(konfig: Konfig, capsys: pytest.CaptureFixture[str]) -> None:
    konfig(GUT.replace('leistung = "*"', 'leistung = "wps"'))
    with pytest.raises(SystemExit) as ende:
        starte(["check", "--json"])
    assert ende.value.code == 3
    dokument = json.loads(capsys.readouterr().out)
    assert dokument["ok"] is False
    assert set(dokument["befunde"][0]) == {"code", "schwere", "text", "ort"}
    route = next(befund for befund in dokument["befunde"] if befund["ort"] == "route[1].leistung")
    assert route["schwere"] == "fehler"
    assert "Meinten Sie „wbs“?" in route["text"]


def test_the_command_prints_a_table_and_counts(konfig: Konfig, capsys: pytest.CaptureFixture[str]) -> None:
    konfig(GUT + "[konsole]\nlisen = 1\n")
    with pytest.raises(SystemExit) as ende:
        starte(["check"])
    assert ende.value.code == 3
    zeilen = capsys.readouterr().out.splitlines()
    assert zeilen[1].startswith("FEHLER   konsole.lisen")
    assert zeilen[-1] == "1 Fehler, 1 Warnung."
