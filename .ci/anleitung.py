"""Types docs/adapter.md as a newcomer would: ``anleitung.py ORDNER`` writes and runs every block, in its order, there.

A block whose first line is a comment with a file name becomes that file; of a console block every line runs, in one
shell, and the first that fails ends everything. ``--eingerichtet`` leaves out the set-up and installs a copy by its
metadata only (the environment is there, and ``PYTHONPATH`` names the sources): for the tests, which need no network.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

SEITE = Path(__file__).resolve().parents[1] / "docs" / "adapter.md"
_BLOCK = re.compile(r"^```(console|python|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_DATEI = re.compile(r"# (\S+\.(?:py|toml))\n")


def drehbuch(text: str, *, eingerichtet: bool) -> str:
    """The page as one shell script."""
    return "\n".join(["set -e", *_zeilen(text, eingerichtet=eingerichtet)]) + "\n"


def _zeilen(text: str, *, eingerichtet: bool) -> Iterator[str]:
    for sprache, block in _BLOCK.findall(text):
        if sprache == "console":
            befehle = [zeile.removeprefix("$ ") for zeile in block.splitlines() if zeile.startswith("$ ")]
            if not (eingerichtet and any("-m venv" in befehl for befehl in befehle)):
                yield from _befehle(befehle, eingerichtet=eingerichtet)
        elif datei := _DATEI.match(block):
            yield f"cat > {shlex.quote(datei[1])} <<'ENDE-DER-DATEI'\n{block}ENDE-DER-DATEI"


def _befehle(befehle: list[str], *, eingerichtet: bool) -> Iterator[str]:
    for befehl in befehle:
        yield f"echo {shlex.quote('$ ' + befehl)}"
        if eingerichtet and "pip install" in befehl:
            befehl = f"python {shlex.quote(__file__)} --statt-pip {befehl.split()[-1]}"
        yield befehl


def statt_pip(projekt: Path) -> None:
    """The metadata of an installed distribution beside its sources."""
    angaben = tomllib.loads((projekt / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ort = projekt / "src" / f"{angaben['name'].replace('-', '_')}-{angaben['version']}.dist-info"
    ort.mkdir()
    kopf = f"Metadata-Version: 2.1\nName: {angaben['name']}\nVersion: {angaben['version']}\n"
    (ort / "METADATA").write_text(kopf, encoding="utf-8")
    punkte = "".join(
        f"[{gruppe}]\n" + "".join(f"{name} = {wert}\n" for name, wert in eintraege.items())
        for gruppe, eintraege in angaben["entry-points"].items()
    )
    (ort / "entry_points.txt").write_text(punkte, encoding="utf-8")


def main(argumente: list[str]) -> int:
    """Run the page in the folder that is named; the exit code of the shell."""
    if argumente[:1] == ["--statt-pip"]:
        statt_pip(Path(argumente[1]))
        return 0
    text = drehbuch(SEITE.read_text(encoding="utf-8"), eingerichtet="--eingerichtet" in argumente)
    return subprocess.run(["bash", "-c", text], cwd=argumente[0]).returncode  # noqa: S603, S607


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
