"""The command speaks German, starts at once, shows no traceback for what one can expect, and keeps its exit codes."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from sqlalchemy.exc import OperationalError

from fachwerk import cli, plugins
from fachwerk.cli import BEFEHLE, starte
from fachwerk.errors import ConfigError, ConfigErrors, ContractError, PermanentError
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Manifest
from fachwerk.settings import aufbau, lade
from fachwerk.umgebung import lies_datei

SCHWER = (
    "pydantic",
    "sqlalchemy",
    "dbos",
    "lxml",
    "httpx",
    "cryptography",
    "structlog",
    "yaml",
    "apscheduler",
    "pluggy",
)


@pytest.fixture(autouse=True)
def ohne_umgebung(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("FACHWERK_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def befehl(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Put a command ``probe`` into the program that does what a test says."""

    def setze(tue: Callable[[], Any]) -> None:
        modul = ModuleType("fachwerk.cli.probe")
        modul.befehl = click.command("probe")(tue)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "fachwerk.cli.probe", modul)
        monkeypatch.setattr(cli, "BEFEHLE", {**BEFEHLE, "probe": "Probe."})

    return setze


def test_help_needs_none_of_the_heavy_libraries() -> None:
    text = (
        "import sys; from fachwerk.cli import starte; code = starte(['--help']);"
        f"schwer = [name for name in {SCHWER!r} if name in sys.modules];"
        "sys.exit(f'{code} {schwer}' if code or schwer else 0)"
    )
    ergebnis = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert ergebnis.stderr == ""
    assert ergebnis.returncode == 0
    assert "Aufruf: fachwerk [OPTIONEN] BEFEHL" in ergebnis.stdout


def test_click_speaks_german_however_the_commands_are_called() -> None:
    text = (
        "from click.testing import CliRunner; from fachwerk.cli import befehle;"
        "print(CliRunner().invoke(befehle, ['vorgang', '--help']).output)"
    )
    ergebnis = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert "Zeigt diese Hilfe." in ergebnis.stdout


def test_every_listed_command_can_be_loaded_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name in BEFEHLE:
        assert starte([name, "--help"]) == 0
        hilfe = capsys.readouterr().out
        assert f"Aufruf: fachwerk {name}" in hilfe
        assert "Usage" not in hilfe
        assert "Show this" not in hilfe


@pytest.mark.parametrize("unterbefehl", ["chekc", "x-gibt-es-nicht"])
def test_an_unknown_command_is_a_usage_error(unterbefehl: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert starte([unterbefehl]) == 2
    assert f"Den Befehl '{unterbefehl}' gibt es nicht." in capsys.readouterr().err


def test_a_wrong_option_and_a_wrong_value_are_usage_errors_in_german(capsys: pytest.CaptureFixture[str]) -> None:
    assert starte(["check", "--jsn"]) == 2
    assert "Die Option '--jsn' gibt es nicht. Meinten Sie '--json'?" in capsys.readouterr().err
    assert starte(["--log", "xml", "check"]) == 2
    assert "Ungültige Angabe für '--log': 'xml' ist keines von" in capsys.readouterr().err
    assert starte(["check", "zuviel"]) == 2
    assert "Unerwartetes Argument (zuviel)" in capsys.readouterr().err


def test_without_a_command_there_is_help_and_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert starte([]) == 2
    assert "Aufruf: fachwerk" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fehler", "code"),
    [
        (ConfigError("datei_fehlt", "Die Datei fehlt."), 3),
        (ContractError("hook_fehlt", "Dem Plugin fehlt ein Hook."), 3),
        (PermanentError("kaputt", "Das geht nicht."), 1),
    ],
)
def test_expected_errors_are_one_german_sentence(
    fehler: Exception, code: int, befehl: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    def wirf() -> None:
        raise fehler

    befehl(wirf)
    assert starte(["probe"]) == code
    ausgabe = capsys.readouterr()
    assert ausgabe.out == ""
    assert ausgabe.err == f"Fehler: {fehler.hint} [{fehler.code}]\n"  # type: ignore[attr-defined]


def test_all_problems_of_a_configuration_are_listed(
    befehl: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    def wirf() -> None:
        raise ConfigErrors([ConfigError("a", "Erstens."), ConfigError("b", "Zweitens.")])

    befehl(wirf)
    assert starte(["probe"]) == 3
    assert capsys.readouterr().err == "Die Konfiguration hat 2 Fehler:\n  Erstens.\n  Zweitens.\n"


def test_an_unexpected_error_names_class_and_place_and_no_content(
    befehl: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    def wirf() -> None:
        raise KeyError("Erika Musterfrau")

    befehl(wirf)
    assert starte(["probe"]) == 1
    ausgabe = capsys.readouterr().err
    assert ausgabe.startswith("Unerwarteter Fehler: KeyError in test_cli.py:")
    assert "Musterfrau" not in ausgabe
    assert "Traceback" not in ausgabe


def test_a_database_that_goes_away_in_the_middle_is_no_unexpected_error(
    befehl: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that lost it while it started ended with 1 and sent people to the developers."""

    def wirf() -> None:
        import_module("fachwerk.datenbank")
        raise OperationalError("SELECT 'Erika Musterfrau'", {}, OSError("server closed the connection"))

    befehl(wirf)
    assert starte(["probe"]) == 3
    ausgabe = capsys.readouterr().err
    assert ausgabe.endswith("[datenbank_nicht_erreichbar]\n")
    assert "Musterfrau" not in ausgabe


def test_an_interrupted_command_says_so(befehl: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    def wirf() -> None:
        raise KeyboardInterrupt

    befehl(wirf)
    assert starte(["probe"]) == 130
    assert "Abgebrochen." in capsys.readouterr().err


def test_the_configuration_is_the_option_else_the_variable_else_the_file_here(
    befehl: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gesehen: list[Path | None] = []
    befehl(lambda: gesehen.append(click.get_current_context().obj))
    starte(["probe"])
    monkeypatch.setenv("FACHWERK_LAND", "mv")
    starte(["probe"])
    (tmp_path / "fachwerk.toml").touch()
    starte(["probe"])
    monkeypatch.setenv("FACHWERK_KONFIG", "aus-umgebung.toml")
    starte(["probe"])
    starte(["--konfig", "aus-option.toml", "probe"])
    erwartet = ["fachwerk.toml", None, "fachwerk.toml", "aus-umgebung.toml", "aus-option.toml"]
    assert gesehen == [Path(name) if name else None for name in erwartet]


def test_init_makes_a_configuration_that_works_and_a_key_nobody_else_can_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ordner = tmp_path / "neu" / "stelle"
    assert starte(["init", str(ordner)]) == 0
    schluessel = ordner / "fachwerk.key"
    assert len(base64.b64decode(schluessel.read_text().strip(), validate=True)) == 32
    if os.name == "posix":
        assert stat.S_IMODE(schluessel.stat().st_mode) == 0o600
    assert "getrennt von der Datenbank sichern" in capsys.readouterr().out
    einstellungen = lade(ordner / "fachwerk.toml", {})
    assert einstellungen.ziel["akte"].plugin == "aktenablage"
    assert [route.leistung for route in einstellungen.routen] == ["*"]
    assert einstellungen.schluesselpfad == schluessel


def test_the_example_of_init_fits_the_aktenablage(tmp_path: Path) -> None:
    pytest.importorskip("fachwerk_aktenablage", reason="the target of the example is not installed")
    starte(["init", str(tmp_path)])
    bau = aufbau(lade(tmp_path / "fachwerk.toml", {}), plugins.lade({"aktenablage"}, nur=()))
    assert list(bau.ziele) == ["akte"]


def test_init_explains_every_key_and_every_example_is_valid(tmp_path: Path) -> None:
    from fachwerk.abschnitte import BEKANNTE, KanalEinstellungen, RouteEinstellungen, ZielEinstellungen
    from fachwerk.anlegen import vorlage

    text = vorlage()
    namen = {name for schluessel in BEKANNTE.values() for name in schluessel or ()}
    for modell in (KanalEinstellungen, ZielEinstellungen, RouteEinstellungen):
        namen |= set(modell.model_fields)
    formen = ("\n{} =", "\n# {} =", ".{}]]")
    assert [name for name in sorted(namen) if not any(form.format(name) in text for form in formen)] == []

    zeilen = [zeile for zeile in text.splitlines() if not zeile.startswith(("# cron", "# plugins"))]
    beispiele = [
        zeile.removeprefix("# ") if "=" in zeile or zeile.startswith("# [") else zeile
        for zeile in zeilen
        if not zeile.startswith("#   ") and "Beispiele" not in zeile
    ]
    (tmp_path / "alles.toml").write_text(
        "\n".join(zeile for zeile in beispiele if not zeile.startswith("#")), encoding="utf-8"
    )
    _, probleme = lies_datei(tmp_path / "alles.toml")
    assert probleme == []
    einstellungen = lade(tmp_path / "alles.toml", {})
    assert einstellungen.kanal["wbs-postfach"].plugin == "generic_xta"
    assert einstellungen.alarm.zertifikat_tage == (90, 30, 7)


def test_init_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fachwerk.toml").write_text("# meins")
    assert starte(["init"]) == 3
    assert "wird nicht überschrieben" in capsys.readouterr().err
    assert (tmp_path / "fachwerk.toml").read_text() == "# meins"
    assert not (tmp_path / "fachwerk.key").exists()

    (tmp_path / "fachwerk.toml").unlink()
    (tmp_path / "fachwerk.key").write_text("alt")
    assert starte(["init"]) == 0
    assert "bleibt unverändert" in capsys.readouterr().out
    assert (tmp_path / "fachwerk.key").read_text() == "alt"


def test_init_says_plainly_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "datei").touch()
    assert starte(["init", str(tmp_path / "datei" / "darunter")]) == 3
    assert "lässt sich nichts anlegen" in capsys.readouterr().err


def test_the_catalogue_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert starte(["leistungen", "list", "--json"]) == 0
    zeilen = json.loads(capsys.readouterr().out)
    assert len(zeilen) == 10
    wbs = next(zeile for zeile in zeilen if zeile["wort"] == "wbs")
    assert wbs["leika"][0] == "99107022012000"
    assert next(zeile for zeile in zeilen if zeile["wort"] == "soziale_entschaedigung")["ozg"] is None


def test_the_catalogue_is_an_aligned_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert starte(["leistungen", "list"]) == 0
    zeilen = capsys.readouterr().out.splitlines()
    assert len({zeile.index("10083") for zeile in zeilen if "10083" in zeile} | {zeilen[0].index("OZG")}) == 1
    assert "99107042068001 (+3)" in "\n".join(zeilen)


class Punkt:
    """An entry point without an installed distribution."""

    def __init__(self, name: str, objekt: object) -> None:
        self.name, self.value, self.dist, self._objekt = name, f"fachwerk_{name}", None, objekt

    def load(self) -> object:
        if isinstance(self._objekt, Exception):
            raise self._objekt
        return self._objekt


@pytest.fixture
def installiert(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the installed entry points; ``worte`` are the claimed top-level words."""

    def setze(*punkte: Punkt, worte: tuple[Punkt, ...] = ()) -> None:
        echte = metadata.entry_points

        def entry_points(group: str, name: str | None = None) -> Any:
            if not group.startswith("fachwerk"):
                return echte(group=group)
            gefunden = worte if group == "fachwerk.gruppe" else punkte
            return [punkt for punkt in gefunden if name in (None, punkt.name)]

        monkeypatch.setattr(metadata, "entry_points", entry_points)

    return setze


def plugin(name: str, unterbefehl: str, gruppe: str = "") -> ModuleType:
    modul = ModuleType(name)

    @click.command(unterbefehl)
    @click.option("--grenze", default=5, help="Grenze.")
    def tue(grenze: int) -> None:
        """Tut etwas."""
        click.echo(f"{unterbefehl} {grenze}")

    def register_commands(cli: click.Group) -> None:
        cli.add_command(tue)

    angaben = Manifest(name=name, version="1.0.0", arten=frozenset(), titel=f"Titel {name}", gruppe=gruppe)
    modul.manifest = hookimpl(specname="manifest")(lambda: angaben)  # type: ignore[attr-defined]
    modul.register_commands = hookimpl(register_commands)  # type: ignore[attr-defined]
    return modul


def test_commands_of_a_plugin_are_below_x(installiert: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    installiert(Punkt("mein_format", plugin("mein_format", "lies")), Punkt("mit_wort", plugin("mit_wort", "a", "wort")))
    assert starte(["x", "mein-format", "lies", "--grenze", "7"]) == 0
    assert capsys.readouterr().out == "lies 7\n"
    assert starte(["x", "--help"]) == 0
    hilfe = capsys.readouterr().out
    assert "mein-format  Titel mein_format" in hilfe
    assert "mit-wort" not in hilfe
    assert starte(["x", "mit-wort", "a"]) == 2
    assert starte(["x", "gibt-es-nicht"]) == 2


def test_a_broken_plugin_is_named_when_its_command_is_used(
    installiert: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    installiert(Punkt("kaputt", ImportError("x")), worte=(Punkt("wort", ImportError("x")),))
    assert starte(["x", "kaputt", "lies"]) == 3
    assert "„kaputt“" in capsys.readouterr().err
    assert starte(["wort", "lies"]) == 3
    assert "„wort“" in capsys.readouterr().err
    assert starte(["--help"]) == 0


def test_several_plugins_may_add_to_one_claimed_word(
    installiert: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    installiert(worte=(Punkt("simulator", plugin("a", "eins")), Punkt("simulator", plugin("b", "zwei"))))
    assert starte(["simulator", "--help"]) == 0
    hilfe = capsys.readouterr().out
    assert "eins" in hilfe
    assert "zwei" in hilfe
    assert starte(["simulator", "zwei"]) == 0
    assert starte(["--help"]) == 0
    assert "simulator" in capsys.readouterr().out.splitlines()[-1]


def test_a_plugin_cannot_take_a_word_of_the_core(
    installiert: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    installiert(worte=(Punkt("init", plugin("boese", "lies")),))
    assert starte(["init", "--help"]) == 0
    assert "lies" not in capsys.readouterr().out


def test_the_list_of_plugins_says_what_is_wrong_with_the_broken_ones(
    installiert: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    installiert(Punkt("gut", plugin("gut", "lies")), Punkt("kaputt", ImportError("kein Modul")))
    assert starte(["plugins", "list", "--json"]) == 0
    gut, kaputt = json.loads(capsys.readouterr().out)
    assert (gut["name"], gut["version"], gut["befehle"], gut["fehler"]) == ("gut", "1.0.0", "fachwerk x gut", [])
    assert kaputt["name"] == "kaputt"
    assert "kein Modul" in kaputt["fehler"][0]
    assert starte(["plugins", "list"]) == 0
    assert "UNTAUGLICH" in capsys.readouterr().out
    installiert()
    assert starte(["plugins", "list"]) == 0
    assert capsys.readouterr().out == "Es ist kein Plugin installiert.\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    befehl = f"{sys.executable} -c 'from fachwerk.cli import main; main()' leistungen list --json | head -c 1"
    ergebnis = subprocess.run(["bash", "-c", befehl], capture_output=True, text=True)
    assert ergebnis.stderr == ""
    assert ergebnis.stdout == "["
