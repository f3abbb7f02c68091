"""Runs the contract tests of an installed plugin in a process of their own and judges what came of it.

The tests are found through the entry-point group ``fachwerk.konformitaet`` (key: the plugin, value: a module with its
``Test…`` classes), or in files that are named.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata, util
from pathlib import Path
from typing import Any, TextIO

from fachwerk.errors import ConfigError
from fachwerk.modell import Art, Manifest

GRUPPE = "fachwerk.konformitaet"
FRIST_S = 1800
VERTRAEGE = {Art.ZIEL: "AdapterContract", Art.KANAL: "KanalContract", Art.REGELN: "RegelContract"}
"""Which contract a plugin of a kind is held to."""

ART = {Art.ZIEL: "Ziel", Art.KANAL: "Kanal", Art.REGELN: "Regelwerk", Art.FORMAT: "Format"}
EIGENE = " (eigene Prüfung des Herstellers)"
AUTARK = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
"""What an installed extension of pytest could change, and nothing written beside the tested package."""

_RANG = ("bestanden", "entfaellt", "nicht_geprueft", "ausgenommen", "gescheitert")


@dataclass(frozen=True)
class Pruefung:
    """One standard test over all its parameters; ``gruende`` say why where it did not simply pass.

    ``faelle`` counts those that were tried, ``entfallen`` those that do not exist for this plugin.
    """

    klasse: str
    vertrag: str
    test: str
    text: str
    ausgang: str
    faelle: int
    gruende: tuple[str, ...] = ()
    entfallen: int = 0


@dataclass(frozen=True)
class Weg:
    """One contract class as the sheet speaks of it: what it is called, and what the other side was."""

    klasse: str
    titel: str = ""
    gegen: str = ""


@dataclass(frozen=True)
class Ergebnis:
    """Everything the sheet says. ``fingerabdruck`` is the SHA-256 over the files of the package, ``pruefwerk`` the one
    over the kit; ``tests`` says where the contract classes come from.
    """

    manifest: Manifest
    verteilung: str
    fingerabdruck: str
    pruefungen: tuple[Pruefung, ...]
    fehler: tuple[str, ...] = ()
    ungeprueft: tuple[str, ...] = field(default=())
    wege: tuple[Weg, ...] = ()
    pruefwerk: str = ""
    tests: str = ""

    def mit(self, *ausgaenge: str) -> list[Pruefung]:
        """The tests that ended in one of these ways."""
        return [pruefung for pruefung in self.pruefungen if pruefung.ausgang in ausgaenge]

    @property
    def code(self) -> int:
        """0 all kept, 1 with exceptions or gaps, 3 the contract is broken."""
        if self.fehler or self.mit("gescheitert"):
            return 3
        return 1 if self.ungeprueft or self.mit("ausgenommen", "nicht_geprueft") else 0

    @property
    def urteil(self) -> str:
        """One word for the sheet."""
        return {0: "bestanden", 1: "mit Einschränkungen bestanden", 3: "nicht bestanden"}[self.code]


def pruefe(name: str, dateien: Sequence[Path] = (), fortschritt: TextIO | None = None) -> Ergebnis:
    """Run all contract tests of the plugin ``name``. Raises ``ConfigError`` where there are none."""
    from fachwerk.plugins import lade

    manifest = lade([name], nur=[name]).manifest(name)
    roh = _laufe(name, list(dateien) or _module(name), fortschritt)
    if not roh["klassen"] and not roh["sammelfehler"]:
        raise _keine_tests(name)
    pruefungen = tuple(_pruefungen(roh))
    verteilung, ort = _herkunft(name)
    return Ergebnis(
        manifest,
        verteilung,
        _fingerabdruck(ort),
        pruefungen,
        tuple(roh["sammelfehler"]),
        tuple(_luecken(manifest, roh)),
        tuple(Weg(klasse, a["titel"], a["gegen"]) for klasse, a in roh["klassen"].items()),
        _fingerabdruck(Path(__file__).parent),
        _tests_aus(name, dateien),
    )


def _tests_aus(name: str, dateien: Sequence[Path]) -> str:
    if not dateien:
        return f"mitgeliefert ({', '.join(p.module for p in metadata.entry_points(group=GRUPPE, name=name))})"
    genannt = (f"{datei.name} (SHA-256 {hashlib.sha256(datei.read_bytes()).hexdigest()})" for datei in dateien)
    return f"NICHT mitgeliefert, sondern mit --tests genannt: {', '.join(genannt)}"


def _module(name: str) -> list[Path]:
    orte = []
    for punkt in metadata.entry_points(group=GRUPPE, name=name):
        gefunden = util.find_spec(punkt.module)
        if gefunden is None or gefunden.origin is None:
            text = f"Das Plugin „{name}“ nennt {punkt.module} als Vertragstests, aber das Modul gibt es nicht."
            raise ConfigError("konformitaet_modul", text, schluessel=GRUPPE)
        orte.append(Path(gefunden.origin))
    if not orte:
        raise _keine_tests(name)
    return orte


def _keine_tests(name: str) -> ConfigError:
    return ConfigError(
        "konformitaet_keine_tests",
        f"Das Plugin „{name}“ bringt keine Vertragstests mit (Eintrittspunkt {GRUPPE}). Beim Hersteller nachfragen, "
        "oder mit --tests eine Datei nennen, in der sie stehen.",
        schluessel=GRUPPE,
    )


def _laufe(name: str, dateien: list[Path], fortschritt: TextIO | None) -> dict[str, Any]:
    if util.find_spec("pytest") is None:
        text = "Für die Vertragstests fehlt pytest. Bitte installieren: python -m pip install 'fachwerk[testkit]'"
        raise ConfigError("konformitaet_pytest", text)
    with tempfile.TemporaryDirectory(prefix="fachwerk-") as ordner:
        bericht = Path(ordner, "bericht.json")
        umgebung = {**os.environ, **AUTARK, "FACHWERK_TEST_PLUGIN": name, "FACHWERK_TEST_BERICHT": str(bericht)}
        for fremd in ("FACHWERK_TEST_GOLDEN", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            umgebung.pop(fremd, None)
        befehl, ausgabe = [*_befehl(Path(ordner)), *map(str, dateien)], fortschritt or subprocess.DEVNULL
        lauf = subprocess.run(befehl, env=umgebung, stdout=ausgabe, stderr=ausgabe, timeout=FRIST_S)  # noqa: S603
        if not bericht.exists():
            text = (
                f"Die Vertragstests von „{name}“ kamen nicht zu einem Ergebnis (pytest endete mit {lauf.returncode})."
            )
            raise ConfigError("konformitaet_abbruch", text)
        ergebnis: dict[str, Any] = json.loads(bericht.read_text(encoding="utf-8"))
        return ergebnis


def _befehl(ordner: Path) -> list[str]:
    """pytest without anything that could choose or change tests: no options of others, no conftest, no extensions."""
    leer = ordner / "pytest.ini"
    leer.write_text("[pytest]\n", encoding="utf-8")
    befehl = [sys.executable, "-m", "pytest", "-p", "fachwerk.testkit.pytest_plugin", "-p", "fachwerk.testkit.bericht"]
    befehl += ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--show-capture=no", "--tb=no"]
    return [*befehl, "--noconftest", f"-c{leer}", f"--rootdir={ordner}", f"--basetemp={ordner}/lauf"]


def _pruefungen(roh: dict[str, Any]) -> list[Pruefung]:
    """Every standard test of every class, also one that never ran."""
    alle = []
    for klasse, angaben in roh["klassen"].items():
        for test, soll in {**angaben["tests"], **angaben["eigene"]}.items():
            laeufe = [lauf for lauf in roh["laeufe"] if (lauf["klasse"], lauf["test"]) == (klasse, test)]
            text = f"{soll['text']}{EIGENE if test in angaben['eigene'] else ''}"
            pruefung = Pruefung(klasse, angaben["vertrag"], test, text, "gescheitert", len(laeufe))
            alle.append(_zusammen(pruefung, laeufe, soll["faelle"]))
    return alle


def _zusammen(pruefung: Pruefung, laeufe: list[dict[str, str]], soll: int) -> Pruefung:
    if not laeufe:
        return replace(pruefung, gruende=("Der Test ist nicht gelaufen.",))
    if len(laeufe) < soll:
        return replace(pruefung, gruende=(f"Nur {len(laeufe)} von {soll} Fällen sind gelaufen.",))
    schlimmste = max((lauf["ausgang"] for lauf in laeufe), key=_RANG.index)
    if schlimmste == "entfaellt" and any(lauf["ausgang"] == "bestanden" for lauf in laeufe):
        schlimmste = "bestanden"
    gruende = tuple(dict.fromkeys(_grund(lauf) for lauf in laeufe if lauf["grund"]))
    entfallen = sum(lauf["ausgang"] == "entfaellt" for lauf in laeufe)
    versucht = len(laeufe) - entfallen
    return replace(pruefung, ausgang=schlimmste, faelle=versucht, gruende=gruende, entfallen=entfallen)


def _grund(lauf: dict[str, str]) -> str:
    return f"{lauf['fall']}: {lauf['grund']}" if lauf["fall"] and lauf["ausgang"] == "gescheitert" else lauf["grund"]


def _luecken(manifest: Manifest, roh: dict[str, Any]) -> list[str]:
    """Kinds of the plugin that no test class speaks for."""
    geprueft = {angaben["vertrag"] for angaben in roh["klassen"].values()}
    gemeint = [(art, vertrag) for art, vertrag in VERTRAEGE.items() if art in manifest.arten]
    luecken = [
        f"das Plugin als {ART.get(art, art.value)} (keine Klasse von {v})" for art, v in gemeint if v not in geprueft
    ]
    andere = sorted(art.value for art in manifest.arten - VERTRAEGE.keys())
    return luecken + [f"das Plugin als {art} (eigene Tests des Herstellers)" for art in andere]


def _herkunft(name: str) -> tuple[str, Path | None]:
    for punkt in metadata.entry_points(group="fachwerk", name=name):
        gefunden = util.find_spec(punkt.module)
        ort = Path(gefunden.origin).parent if gefunden is not None and gefunden.origin else None
        return (punkt.dist.name if punkt.dist else punkt.module), ort
    return name, None


def grundlagen(verteilung: str) -> list[str]:
    """Name and version of the other distributions of this family that the package rests on."""
    try:
        verlangt = metadata.requires(verteilung) or []
    except metadata.PackageNotFoundError:
        return []
    namen = sorted({treffer.group() for angabe in verlangt if (treffer := re.match(r"fachwerk-[a-z0-9-]+", angabe))})
    return [f"{name} {metadata.version(name)}" for name in namen]


def _fingerabdruck(ort: Path | None) -> str:
    """So that a sheet belongs to exactly this code."""
    summe = hashlib.sha256()
    for pfad in sorted(ort.rglob("*")) if ort else ():
        if pfad.is_file() and "__pycache__" not in pfad.parts:
            summe.update(pfad.relative_to(ort or pfad).as_posix().encode() + b"\0" + pfad.read_bytes())
    return summe.hexdigest()
