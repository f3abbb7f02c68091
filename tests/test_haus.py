"""The house rules as tests: sizes, names, licences, documents. What stands here need not be argued in a review."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType

import click
import pytest
from hatchling.builders.wheel import WheelBuilder

import fachwerk.errors
import fachwerk.hookspecs
import fachwerk.modell
from fachwerk.parameter import Fassung, lade_parameter
from fachwerk.settings import Einstellungen
from fachwerk_generic_xta.fehler import TABELLE

WURZEL = Path(__file__).resolve().parents[1]
MITGLIEDER = sorted(
    datei.parent for teil in ("plugins", "contrib") for datei in WURZEL.glob(f"{teil}/*/pyproject.toml")
)
ALLE = [WURZEL / "core", *MITGLIEDER]
HOOKSPECS = WURZEL / "core/src/fachwerk/hookspecs.py"

jedes_mitglied = pytest.mark.parametrize("ordner", MITGLIEDER, ids=lambda ordner: ordner.name)
jede_distribution = pytest.mark.parametrize("ordner", ALLE, ids=lambda ordner: ordner.name)


@cache
def verfolgt(*endungen: str) -> list[Path]:
    """The files under version control with one of ``endungen``, as far as they exist."""
    befehl = ["git", "-C", str(WURZEL), "ls-files", "-z"]
    namen = subprocess.run(befehl, capture_output=True, text=True, check=True).stdout.split("\0")
    pfade = [WURZEL / name for name in namen if name and (not endungen or name.endswith(endungen))]
    return [pfad for pfad in pfade if pfad.is_file()]


def kurz(pfad: Path) -> str:
    return pfad.relative_to(WURZEL).as_posix()


def text_von(pfad: Path) -> str:
    return pfad.read_text(encoding="utf-8")


def projekt(ordner: Path) -> dict[str, object]:
    return dict(tomllib.loads(text_von(ordner / "pyproject.toml"))["project"])


@cache
def pakete() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pakete", WURZEL / ".ci/pakete.py")
    assert spec is not None
    assert spec.loader is not None
    modul = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(modul)
    return modul


def hooks() -> dict[str, str]:
    """Name → exact signature of every hook of the contract."""
    return {
        knoten.name: next(zeile for zeile in ast.unparse(knoten).splitlines() if zeile.startswith("def ")).rstrip(":")
        for knoten in ast.parse(text_von(HOOKSPECS)).body
        if isinstance(knoten, ast.FunctionDef)
    }


# -- size and form -----------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_400_lines() -> None:
    zu_lang = {kurz(p): zeilen for p in verfolgt(".py") if (zeilen := len(text_von(p).splitlines())) > 400}
    assert not zu_lang


def test_the_contract_stays_under_200_lines() -> None:
    assert len(text_von(HOOKSPECS).splitlines()) < 200


def test_no_file_or_class_has_a_name_that_says_nothing() -> None:
    leere_worte = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common)(_|$)")
    dateien = [kurz(p) for p in verfolgt(".py") if leere_worte.search(p.stem)]
    klassen = [
        f"{kurz(p)}: {knoten.name}"
        for p in verfolgt(".py")
        for knoten in ast.walk(ast.parse(text_von(p)))
        if isinstance(knoten, ast.ClassDef) and re.search(r"(Manager|Helper|Impl|Utils?|Dto)$", knoten.name)
    ]
    assert not dateien + klassen


def test_nothing_is_left_unfinished() -> None:
    marken = re.compile(
        "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3 + r"\b", "pragma: no " + "cover", "Not" + "ImplementedError"])
    )
    funde = [
        f"{kurz(p)}: {t.group()}"
        for p in verfolgt(".py", ".md", ".yaml", ".toml")
        for t in marken.finditer(text_von(p))
    ]
    assert not funde


def test_identifiers_and_file_names_are_ascii() -> None:
    dateien = [kurz(p) for p in verfolgt() if not kurz(p).isascii()]
    namen = [
        f"{kurz(p)}: {name}"
        for p in verfolgt(".py")
        for knoten in ast.walk(ast.parse(text_von(p)))
        for name in (getattr(knoten, "id", None), getattr(knoten, "name", None), getattr(knoten, "arg", None))
        if isinstance(name, str) and not name.isascii()
    ]
    assert not dateien + namen


def test_no_file_names_a_machine_or_a_package_index() -> None:
    teile = [
        r"(?<![\w.])/wo" + r"rk/",
        "/ro" + "ot/",
        "/ho" + r"me/\w",
        "py" + r"pi\.org",
        "python" + "hosted",
        "/opt/" + "py",
    ]
    teile += ["index" + "-url", "find" + "-links", "INDEX" + "_URL", "debian" + r"\.org", "registry" + r"\.npm"]
    muster = re.compile("|".join(teile))
    funde = []
    for pfad in verfolgt():
        try:
            funde += [f"{kurz(pfad)}: {treffer.group()}" for treffer in muster.finditer(text_von(pfad))]
        except UnicodeDecodeError:
            continue
    assert not funde


def test_no_test_sleeps() -> None:
    schlaefer = [
        f"{kurz(p)}:{knoten.lineno}"
        for p in verfolgt(".py")
        if p.is_relative_to(WURZEL / "tests")
        for knoten in ast.walk(ast.parse(text_von(p)))
        if isinstance(knoten, ast.Call) and ast.unparse(knoten.func) in ("time.sleep", "sleep", "asyncio.sleep")
    ]
    assert not schlaefer


# -- borders -----------------------------------------------------------------------------------------------------


def importe(pfad: Path) -> set[str]:
    baum = ast.walk(ast.parse(text_von(pfad)))
    return {
        name.split(".")[0]
        for knoten in baum
        for name in (
            [alias.name for alias in knoten.names]
            if isinstance(knoten, ast.Import)
            else [knoten.module or ""]
            if isinstance(knoten, ast.ImportFrom) and not knoten.level
            else []
        )
    }


def test_only_the_engine_knows_dbos() -> None:
    erlaubt = {"core/src/fachwerk/engine.py"}
    fremde = [kurz(p) for p in verfolgt(".py") if not kurz(p).startswith(("tests/", "bench/")) and "dbos" in importe(p)]
    assert set(fremde) <= erlaubt


def test_one_place_chooses_the_sqlite_library() -> None:
    """Two of them in one process break each other's locks on a file, and with them the file."""
    erlaubt = ("core/src/fachwerk/sqlite.py", "tests/", "bench/")
    waehlende = [kurz(p) for p in verfolgt(".py") if importe(p) & {"sqlite3", "pysqlite3"}]
    assert [pfad for pfad in waehlende if not pfad.startswith(erlaubt)] == []


def test_rules_never_compute_with_floats() -> None:
    regeln = [
        p
        for p in verfolgt(".py")
        if re.match(r"contrib/(wbs\w*|mietrueckstaende|musterland)/src/|core/src/fachwerk/regeln", kurz(p))
    ]
    funde = [
        f"{kurz(p)}:{knoten.lineno}"
        for p in regeln
        for knoten in ast.walk(ast.parse(text_von(p)))
        if (isinstance(knoten, ast.Name) and knoten.id == "float")
        or (isinstance(knoten, ast.Constant) and isinstance(knoten.value, float))
    ]
    assert not funde


# -- distributions -----------------------------------------------------------------------------------------------


@jedes_mitglied
def test_one_word_in_five_places(ordner: Path) -> None:
    name, paket = ordner.name, f"fachwerk_{ordner.name}"
    angaben = tomllib.loads(text_von(ordner / "pyproject.toml"))
    assert angaben["project"]["name"] == paket.replace("_", "-")
    assert angaben["project"]["entry-points"]["fachwerk"] == {name: paket}
    assert angaben["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [f"src/{paket}"]
    assert (ordner / "src" / paket / "py.typed").is_file()
    assert importlib.import_module(paket).manifest().name == name


@jede_distribution
def test_every_distribution_says_what_it_is_and_under_which_licence(ordner: Path) -> None:
    angaben = projekt(ordner)
    assert re.fullmatch(r"EUPL-1\.2( AND [\w.-]+)?", str(angaben["license"])), "EUPL, and that of shipped fonts"
    assert angaben["requires-python"] == ">=3.11"
    assert angaben["readme"] == "README.md"
    assert len(text_von(ordner / "README.md")) > 100
    assert str(angaben["version"]) in text_von(ordner / "CHANGELOG.md")


@jedes_mitglied
def test_every_member_says_which_core_it_needs(ordner: Path) -> None:
    anforderungen = projekt(ordner)["dependencies"]
    assert isinstance(anforderungen, list)
    assert "fachwerk>=0.1,<0.2" in anforderungen


@jede_distribution
def test_a_wheel_ships_every_file_of_the_package_and_the_licence(ordner: Path) -> None:
    rad = WheelBuilder(str(ordner))
    enthalten = {WURZEL / datei.path for datei in rad.recurse_included_files()}
    assert enthalten >= {p for p in verfolgt() if p.is_relative_to(ordner / "src")}
    lizenzen = [Path(quelle) for quelle, name in rad.config.extra_metadata.items() if name == "LICENSE"]
    assert [lizenz.resolve() for lizenz in lizenzen] == [WURZEL / "LICENSE"]


def test_every_direct_dependency_is_pinned() -> None:
    fest = {pakete().name_von(z) for z in text_von(WURZEL / "constraints.txt").splitlines() if "==" in z}
    fehlt = {a for a in pakete().anforderungen() if pakete().name_von(a) not in fest}
    assert not fehlt, "run: make constraints"


def test_what_is_only_measured_against_is_nobodys_dependency() -> None:
    zeilen = text_von(WURZEL / "bench/vergleich.txt").splitlines()
    nachbarn = {zeile.partition("==")[0].lower() for zeile in zeilen if "==" in zeile}
    assert nachbarn, "bench/vergleich.txt names nothing"
    angaben = [WURZEL / "constraints.txt", WURZEL / "pyproject.toml", *WURZEL.glob("*/pyproject.toml")]
    for datei in [*angaben, *WURZEL.glob("*/*/pyproject.toml")]:
        assert not [name for name in nachbarn if name in text_von(datei).lower()], datei


def test_the_licence_is_the_whole_eupl() -> None:
    text = " ".join(text_von(WURZEL / "LICENSE").split())
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2 EUPL © the European Union 2007, 2016" in text
    for nummer in range(1, 16):
        assert f" {nummer}. " in text
    assert text.endswith("require the production of a new EUPL version.")


# -- documents ---------------------------------------------------------------------------------------------------


def oeffentliche_klassen() -> list[str]:
    fehler = [name for name in vars(fachwerk.errors) if re.search(r"Errors?$", name)]
    werte = [name for name in fachwerk.modell.__all__ if isinstance(getattr(fachwerk.modell, name), type)]
    return [f"fachwerk.modell.{name}" for name in werte] + [f"fachwerk.errors.{name}" for name in fehler]


def test_docs_glossary_has_every_public_class() -> None:
    glossar = text_von(WURZEL / "docs/glossar.md")
    assert not [name for name in oeffentliche_klassen() if f"`{name}`" not in glossar]


def test_docs_glossary_names_only_what_exists() -> None:
    for name in re.findall(r"`(fachwerk(?:\.\w+)+)`", text_von(WURZEL / "docs/glossar.md")):
        modul, _, attribut = name.rpartition(".")
        assert hasattr(importlib.import_module(modul), attribut), name


@pytest.mark.parametrize("hook", hooks())
def test_docs_show_the_exact_signature_of_every_hook(hook: str) -> None:
    assert hooks()[hook] in text_von(WURZEL / "docs/hooks.md")


@pytest.mark.parametrize("hook", hooks())
def test_every_hook_has_a_test(hook: str) -> None:
    benutzt = re.compile(rf"\.{hook}\(|def {hook}\(|[\"']{hook}[\"']")
    tests = [p for p in verfolgt(".py") if p.is_relative_to(WURZEL / "tests") and p != Path(__file__)]
    assert any(benutzt.search(text_von(p)) for p in tests)


def test_docs_links_lead_somewhere() -> None:
    tot = [
        f"{kurz(p)}: {ziel}"
        for p in verfolgt(".md")
        for ziel in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text_von(p))
        if not (p.parent / ziel).exists()
    ]
    assert not tot


def test_docs_name_only_make_targets_that_exist() -> None:
    ziele = set(re.findall(r"^([a-z]+):", text_von(WURZEL / "Makefile"), re.MULTILINE))
    genannt = {
        wort
        for p in verfolgt(".md")
        for wort in re.findall(r"`make ([a-z]+)|^make ([a-z]+)", text_von(p), re.MULTILINE)
        for wort in wort
        if wort
    }
    assert genannt <= ziele


def test_docs_decisions_are_numbered_without_gaps_and_have_all_parts() -> None:
    akten = sorted((WURZEL / "docs/entscheidungen").glob("*.md"))
    assert [int(akte.name[:4]) for akte in akten] == list(range(1, len(akten) + 1))
    for akte in akten:
        for teil in ("## Lage", "## Entscheidung", "## Folgen", "## Verworfen"):
            assert teil in text_von(akte), f"{akte.name}: {teil}"


def test_docs_readme_starts_with_the_two_commands() -> None:
    readme = text_von(WURZEL / "README.md")
    assert "make demo" in readme
    assert "make test" in readme


@pytest.mark.parametrize("datei", sorted((WURZEL / "docs").glob("*.md")), ids=lambda datei: datei.stem)
def test_docs_examples_are_valid_python(datei: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", text_von(datei), re.MULTILINE | re.DOTALL):
        ast.parse(block)


def codes_der_vorgaenge() -> set[str]:
    """The codes with which a step can fail, as far as they are written out."""
    fehler = {"NeedsHumanError", "RetryableError", "PermanentError", "OutcomeUnknownError", "_betrieb", "_fehler"}
    quellen = [p for p in verfolgt(".py") if "/src/" in kurz(p) and not {"testkit", "simulator"} & {*p.parts}]
    return {
        str(knoten.args[0].value)
        for p in quellen
        for knoten in ast.walk(ast.parse(text_von(p)))
        if isinstance(knoten, ast.Call)
        and ast.unparse(knoten.func).split(".")[-1] in fehler
        and knoten.args
        and isinstance(knoten.args[0], ast.Constant)
        and re.fullmatch(r"[a-z0-9_.]+", str(knoten.args[0].value))
    }


def test_docs_explain_every_code_that_stops_a_case_or_a_poll() -> None:
    codes = codes_der_vorgaenge() | {f"xta.{nummer}" for nummer in TABELLE}
    assert len(codes) > 50
    fehler = text_von(WURZEL / "docs/fehler.md")
    assert not [code for code in codes if f"`{code}`" not in fehler]


def test_docs_show_parameters_that_load(tmp_path: Path) -> None:
    [block] = re.findall(r"^```yaml\n(.*?)^```", text_von(WURZEL / "docs/regel.md"), re.MULTILINE | re.DOTALL)
    (tmp_path / "muster.yaml").write_text(block, encoding="utf-8")
    [parameter] = lade_parameter(tmp_path).values()
    gueltig = parameter.fassung_am(date(2026, 1, 1))
    assert isinstance(gueltig, Fassung)
    assert gueltig.wert == Decimal("12500.50")


def test_docs_show_a_configuration_whose_keys_exist() -> None:
    [block] = re.findall(r"^ *```toml\n(.*?)^ *```", text_von(WURZEL / "docs/start.md"), re.MULTILINE | re.DOTALL)
    einstellungen = Einstellungen.model_validate(tomllib.loads(block))
    assert einstellungen.kanal["wbs-postfach"].plugin == "generic_xta"
    assert einstellungen.routen[0].ziele == ("akte",)


def genannte_befehle() -> list[tuple[str, str]]:
    """What the documents call ``fachwerk …``: command and subcommand (or argument, or nothing)."""
    muster = re.compile(r"(?:`|^ *)(?:\$ )?fachwerk ([a-z]+)(?: ([a-z]+))?", re.MULTILINE)
    dokumente = [p for p in verfolgt(".md") if p.name != "CHANGELOG.md"]
    return sorted({(a, b) for p in dokumente for a, b in muster.findall(text_von(p)) if a != "x"})


@pytest.mark.parametrize(("befehl", "unterbefehl"), genannte_befehle())
def test_docs_name_only_commands_that_exist(befehl: str, unterbefehl: str) -> None:
    from fachwerk.cli import befehle

    kontext = click.Context(befehle)
    kommando = befehle.get_command(kontext, befehl)
    assert kommando is not None
    if unterbefehl and isinstance(kommando, click.Group):
        assert kommando.get_command(kontext, unterbefehl) is not None
