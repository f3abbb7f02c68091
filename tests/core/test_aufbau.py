"""From settings and plugins to what the line works with: the plugins' own keys and the routes, all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from fachwerk.aufbau import Umfeld
from fachwerk.errors import ConfigErrors
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Antrag, Art, Befund, Eingang, Manifest
from fachwerk.plugins import Plugins
from fachwerk.settings import aufbau, aufbau_soweit, lade, lade_soweit

BEISPIEL = """
[fachwerk]
land = "mv"
betreiber = "Hansestadt Musterow"

[kanal.wbs-postfach]
plugin = "postfach"
takt = "5m"
adresse = "https://postfach.example"
kennung = "wbs:130030000000"

[format.leser]
bestaetigt = ["projektprofil-1", {abbildung = "projektprofil-2", produkt = ["WBS-*"]}]

[ziel.akte]
plugin = "ablage"
verzeichnis = "ausgang/akte"

[ziel.sozialamt]
plugin = "ablage"
verzeichnis = "ausgang/amt"
gleichzeitig = 2
je_minute = 60

[[route]]
leistung = "99107022012000"
kanal = "wbs-postfach"
ziel = ["akte", "sozialamt"]
zustand = "live"

[[route]]
leistung = "*"
ziel = "akte"

[klaerung]
ziel = "akte"
"""


class Postfach(BaseModel):
    model_config = ConfigDict(extra="forbid")
    adresse: str
    zeitgrenze_s: int = 30


class Ablage(BaseModel):
    """Forgets to forbid unknown keys: the core must notice them all the same."""

    verzeichnis: str
    bestaetigungen: tuple[str, ...] = ()


class Leser(BaseModel):
    model_config = ConfigDict(extra="forbid")
    streng: bool = False


def _leer(*args: Any, **kwargs: Any) -> None:
    raise AssertionError("no hook is called here")


def modul(name: str, arten: set[Art], hooks: Mapping[str, Callable[..., Any]], **manifest: Any) -> ModuleType:
    ergebnis = ModuleType(name)
    angaben = Manifest(name=name, version="1.0.0", arten=frozenset(arten), **manifest)
    ergebnis.manifest = hookimpl(specname="manifest")(lambda: angaben)  # type: ignore[attr-defined]
    for hook, funktion in hooks.items():
        setattr(ergebnis, f"{hook}_", hookimpl(specname=hook)(funktion))
    return ergebnis


def check(kanal_oder_ziel: Any, host: Any) -> list[Befund]:
    return []


def receive(kanal: Any, host: Any) -> Any:
    _leer()


def acknowledge(kanal: Any, eingang: Eingang, host: Any) -> None:
    _leer()


def render(antrag: Antrag, entscheidung: Any, ziel: Any) -> Any:
    _leer()


def deliver(sendung: Any, ziel: Any, schluessel: str, host: Any) -> Any:
    _leer()


def map_(eingang: Eingang) -> Any:
    _leer()


PLUGINS = Plugins.aus_modulen(
    {
        "postfach": modul(
            "postfach",
            {Art.KANAL},
            {"receive": receive, "acknowledge": acknowledge, "check": check},
            einstellungen={Art.KANAL: Postfach},
        ),
        "ablage": modul(
            "ablage",
            {Art.ZIEL},
            {"render": render, "deliver": deliver, "check": check},
            einstellungen={Art.ZIEL: Ablage},
        ),
        "leser": modul("leser", {Art.FORMAT}, {"map": map_}, einstellungen={Art.FORMAT: Leser}),
    }
)


@pytest.fixture
def schreibe(tmp_path: Path) -> Callable[[str], Path]:
    def tu(text: str) -> Path:
        pfad = tmp_path / "fachwerk.toml"
        pfad.write_text(text, encoding="utf-8")
        return pfad

    return tu


Schreiber = Callable[[str], Path]


def test_the_plugins_own_keys_are_checked_by_their_models(schreibe: Schreiber) -> None:
    bau = aufbau(lade(schreibe(BEISPIEL), {}), PLUGINS)
    assert bau.kanaele["wbs-postfach"].einstellungen == Postfach(adresse="https://postfach.example")
    assert bau.kanaele["wbs-postfach"].kennung == "wbs:130030000000"
    assert bau.ziele["sozialamt"].gleichzeitig == 2
    assert bau.ziele["akte"].einstellungen == Ablage(verzeichnis="ausgang/akte")
    assert bau.formate["leser"].einstellungen == Leser()
    assert bau.formate["leser"].bestaetigt == (
        "projektprofil-1",
        {"abbildung": "projektprofil-2", "produkt": ("WBS-*",)},
    )
    assert len(bau.routen) == 2


def test_all_problems_of_plugins_and_routes_are_in_one_report(schreibe: Schreiber) -> None:
    text = BEISPIEL.replace('adresse = "', 'adrese = "').replace(
        'verzeichnis = "ausgang/amt"', "verzeichnis = 5\nverz = 1"
    )
    text = text.replace('leistung = "*"', 'leistung = "wbs"').replace(
        '[klaerung]\nziel = "akte"', '[klaerung]\nziel = "akt"'
    )
    text += '[kanal.falsch]\nplugin = "ablage"\n'
    with pytest.raises(ConfigErrors) as fehler:
        aufbau(lade(schreibe(text), {}), PLUGINS)
    gefunden = {problem.details["schluessel"]: problem for problem in fehler.value.probleme}
    assert set(gefunden) == {
        "kanal.wbs-postfach.adrese",
        "kanal.wbs-postfach.adresse",
        "kanal.falsch.plugin",
        "ziel.sozialamt.verzeichnis",
        "ziel.sozialamt.verz",
        "route[2]",
        "klaerung.ziel",
    }
    assert "Meinten Sie „adresse“?" in gefunden["kanal.wbs-postfach.adrese"].hint
    assert gefunden["route[2]"].code == "route_mehrere"
    assert all(problem.details["datei"] for problem in fehler.value.probleme)


def test_a_plugin_without_model_takes_no_keys_of_its_own(schreibe: Schreiber) -> None:
    ohne = modul("postfach", {Art.KANAL}, {"receive": receive, "acknowledge": acknowledge, "check": check})
    plugins = Plugins.aus_modulen({"postfach": ohne})
    einstellungen = lade(schreibe('[kanal.k]\nplugin = "postfach"\nadresse = "x"\n'), {})
    with pytest.raises(ConfigErrors) as fehler:
        aufbau(einstellungen, plugins)
    assert [problem.details["schluessel"] for problem in fehler.value.probleme] == ["kanal.k.adresse"]


def test_a_key_too_many_is_reported_and_hides_nothing(schreibe: Schreiber) -> None:
    text = BEISPIEL.replace('adresse = "', 'ueberzaehlig = 1\nadresse = "')
    einstellungen = lade(schreibe(text), {})
    bau, probleme = aufbau_soweit(einstellungen, PLUGINS)
    assert [problem.details["schluessel"] for problem in probleme] == ["kanal.wbs-postfach.ueberzaehlig"]
    assert bau.kanaele["wbs-postfach"].einstellungen == Postfach(adresse="https://postfach.example")


def test_numbers_of_routes_stay_those_of_the_file(schreibe: Schreiber) -> None:
    text = BEISPIEL + '[[route]]\nleistung = "nix"\nziel = "akte"\n[[route]]\nleistung = "asylblg"\nziel = "nirgends"\n'
    einstellungen, _ = lade_soweit(schreibe(text), {})
    _, probleme = aufbau_soweit(einstellungen, PLUGINS)
    assert [problem.details["schluessel"] for problem in probleme] == ["route[4].ziel"]


def test_own_keys_from_the_environment_are_checked_too(schreibe: Schreiber) -> None:
    einstellungen = lade(schreibe(BEISPIEL), {"FACHWERK_KANAL__WBS_POSTFACH__ZEITGRENZE_S": "7"})
    assert aufbau(einstellungen, PLUGINS).kanaele["wbs-postfach"].einstellungen.zeitgrenze_s == 7


def test_a_site_can_be_described_by_the_environment_alone() -> None:
    umgebung = {
        "FACHWERK_KANAL__WBS_POSTFACH__PLUGIN": "postfach",
        "FACHWERK_KANAL__WBS_POSTFACH__ADRESSE": "https://postfach.example",
        "FACHWERK_ZIEL__AKTE__PLUGIN": "ablage",
        "FACHWERK_ZIEL__AKTE__VERZEICHNIS": "akte",
        "FACHWERK_ROUTE": '[{"leistung": "wbs", "ziel": "akte", "kanal": "wbs-postfach"}]',
    }
    assert list(aufbau(lade(None, umgebung), PLUGINS).kanaele) == ["wbs-postfach"]


class Nachbar(BaseModel):
    """Rests on another section: takes its address, and refuses to stand alone."""

    model_config = ConfigDict(extra="forbid")
    ueber: str
    adresse: str = ""

    def im_umfeld(self, name: str, umfeld: Umfeld) -> Nachbar:
        if self.ueber not in umfeld.kanaele:
            raise ValueError(f"„{name}“ braucht den Kanal „{self.ueber}“; dort einen einrichten.")
        return self.model_copy(update={"adresse": umfeld.kanaele[self.ueber].einstellungen.adresse})


MIT_NACHBAR = Plugins.aus_modulen(
    {
        "postfach": modul(
            "postfach",
            {Art.KANAL},
            {"receive": receive, "acknowledge": acknowledge, "check": check},
            einstellungen={Art.KANAL: Postfach},
        ),
        "nachbar": modul(
            "nachbar",
            {Art.ZIEL},
            {"render": render, "deliver": deliver, "check": check},
            einstellungen={Art.ZIEL: Nachbar},
        ),
    }
)
NACHBAR = """
[fachwerk]
land = "mv"
[kanal.p]
plugin = "postfach"
adresse = "https://p.example"
[ziel.n]
plugin = "nachbar"
"""


def test_settings_that_rest_on_another_section_see_it(schreibe: Callable[[str], Path]) -> None:
    bau = aufbau(lade(schreibe(NACHBAR + 'ueber = "p"\n'), {}), MIT_NACHBAR)
    assert bau.ziele["n"].einstellungen.adresse == "https://p.example"
    assert bau.kanaele["p"].einstellungen.adresse == "https://p.example"


def test_settings_that_cannot_work_together_are_a_problem_with_place_and_remedy(
    schreibe: Callable[[str], Path],
) -> None:
    datei = schreibe(NACHBAR + 'ueber = "fehlt"\n')
    with pytest.raises(ConfigErrors) as fehler:
        aufbau(lade(datei, {}), MIT_NACHBAR)
    [problem] = fehler.value.probleme
    assert problem.code == "zusammenhang"
    assert problem.details == {"datei": str(datei), "schluessel": "ziel.n", "umgebung": "FACHWERK_ZIEL__N"}
    assert "„n“ braucht den Kanal „fehlt“" in problem.hint
    bau, _ = aufbau_soweit(lade(datei, {}), MIT_NACHBAR)
    assert "n" not in bau.ziele
