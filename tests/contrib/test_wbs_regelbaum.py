"""The rule tree computes from data alone: no float, no clock, no file or network, no year and no Land in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

WURZEL = Path(__file__).resolve().parents[2]
AUSGENOMMEN = {
    "fachwerk_wbs/befehle": "commands take today for a case without a day",
    "fachwerk_wbs/eingaben": "reads the case file for the commands",
    "fachwerk_wbs/land": "reads the data of a package",
    "fachwerk_wbs/musterfaelle": "reads the data of a package",
    "fachwerk_wbs/landesordner": "reads the data of a package",
    "fachwerk_wbs/landvertrag": "the kit asks whether a value was checked in the future",
    "fachwerk_wbs/konsole": "a page shows what holds today where nobody names a day",
    "fachwerk_mietrueckstaende/nachweise": "reads the data of its package",
    "fachwerk/parameter": "reads the data of a package",
}
"""Package and first word of a module, and why it may do what a rule may not."""

LAENDER = frozenset({"bw", "by", "be", "bb", "hb", "hh", "he", "mv", "ni", "nw", "rp", "sl", "sn", "st", "sh", "th"})
UHREN = frozenset({"now", "today", "utcnow", "fromtimestamp", "time", "monotonic", "perf_counter"})
DATEIEN = frozenset({"open", "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob"})
MODULE = frozenset(
    {"time", "os", "socket", "ssl", "http", "urllib", "httpx", "requests", "subprocess", "random", "secrets", "asyncio"}
)
JAHRE = range(1900, 2200)


def regelmodule() -> list[Path]:
    """Every module of the rule tree."""
    pakete = [*sorted(WURZEL.glob("contrib/wbs*/src")), WURZEL / "contrib" / "mietrueckstaende" / "src"]
    kern = [WURZEL / "core" / "src" / "fachwerk" / name for name in ("regeln.py", "parameter.py")]
    return [datei for paket in pakete for datei in sorted(paket.rglob("*.py"))] + kern


def verstoesse(quelltext: str) -> Iterator[str]:
    """What a rule must not do, with its line."""
    for knoten in ast.walk(ast.parse(quelltext)):
        for text in (_zahl(knoten), _aufruf(knoten), _einfuhr(knoten), _vergleich(knoten), _auswahl(knoten)):
            if text:
                yield f"Zeile {getattr(knoten, 'lineno', 0)}: {text}"


def _zahl(knoten: ast.AST) -> str:
    return "float" if isinstance(knoten, ast.Constant) and isinstance(knoten.value, float) else ""


def _aufruf(knoten: ast.AST) -> str:
    if not isinstance(knoten, ast.Call):
        return ""
    name = getattr(knoten.func, "attr", None) or getattr(knoten.func, "id", "")
    return f"{name}()" if name in UHREN | DATEIEN | {"float"} else ""


def _einfuhr(knoten: ast.AST) -> str:
    namen = [alias.name for alias in knoten.names] if isinstance(knoten, ast.Import) else []
    namen += [knoten.module or ""] if isinstance(knoten, ast.ImportFrom) else []
    return next((f"import {name}" for name in namen if name.split(".")[0] in MODULE), "")


def _vergleich(knoten: ast.AST) -> str:
    """A comparison with a year, a fixed day or the code of a Land; also as one of several values."""
    if not isinstance(knoten, ast.Compare):
        return ""
    seiten = [teil for seite in (knoten.left, *knoten.comparators) for teil in _teile(seite)]
    return next((f"Vergleich mit {ast.unparse(s)}" for s in seiten if _ist_jahr(s) or _ist_tag(s) or _ist_land(s)), "")


def _teile(seite: ast.expr) -> list[ast.expr]:
    return list(seite.elts) if isinstance(seite, (ast.Tuple, ast.List, ast.Set)) else [seite]


def _ist_jahr(knoten: ast.expr) -> bool:
    return isinstance(knoten, ast.Constant) and type(knoten.value) is int and knoten.value in JAHRE


def _ist_tag(knoten: ast.expr) -> bool:
    return isinstance(knoten, ast.Call) and any(_ist_jahr(argument) for argument in knoten.args)


def _ist_land(knoten: ast.AST | None) -> bool:
    return isinstance(knoten, ast.Constant) and knoten.value in LAENDER


def _auswahl(knoten: ast.AST) -> str:
    """A table or a ``match`` by Land is a comparison, too."""
    if isinstance(knoten, ast.Dict) and any(_ist_land(schluessel) for schluessel in knoten.keys):
        return "Tabelle nach Land"
    return "match nach Land" if isinstance(knoten, ast.MatchValue) and _ist_land(knoten.value) else ""


def _name(datei: Path) -> str:
    return str(datei.relative_to(WURZEL))


def _familie(datei: Path) -> str:
    return f"{datei.parent.name}/{datei.stem.split('_')[0]}"


GEPRUEFT = [datei for datei in regelmodule() if _familie(datei) not in AUSGENOMMEN]


@pytest.mark.parametrize("datei", GEPRUEFT, ids=_name)
def test_a_module_of_rules_computes_from_data_alone(datei: Path) -> None:
    assert list(verstoesse(datei.read_text(encoding="utf-8"))) == []


def test_the_tree_is_there_and_every_exception_is_needed() -> None:
    staemme = {datei.stem for datei in GEPRUEFT}
    assert {"regeln", "berechnung", "grenzen", "einkommen", "empfehlung", "regelwerk"} <= staemme
    texte = {datei: datei.read_text(encoding="utf-8") for datei in regelmodule()}
    assert {_familie(datei) for datei, text in texte.items() if any(verstoesse(text))} == AUSGENOMMEN.keys()


@pytest.mark.parametrize(
    "quelltext",
    [
        "satz = 0.1",
        "betrag = float(wert)",
        "heute = date.today()",
        "jetzt = datetime.now()",
        "import time",
        "from urllib.request import urlopen",
        "with open(pfad) as datei: pass",
        "text = pfad.read_text()",
        "if stichtag.year >= 2022: pass",
        "if stichtag >= date(2022, 1, 1): pass",
        "if land == 'nw': pass",
        "if land in ('nw', 'by'): pass",
        "satz = {'nw': 12}[land]",
        "match land:\n    case 'nw': pass",
    ],
)
def test_what_a_rule_must_not_do_is_noticed(quelltext: str) -> None:
    assert list(verstoesse(quelltext))


@pytest.mark.parametrize("quelltext", ["satz = Decimal('0.1')", "LAND = Land('nw', __name__)", "jahre = tag.year - 18"])
def test_what_a_rule_may_do_is_left_alone(quelltext: str) -> None:
    assert not list(verstoesse(quelltext))
