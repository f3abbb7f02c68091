"""The SHA-256 of every file that exists of the pinned packages: ``pruefsummen.py ORDNER`` prints ``pruefsummen.txt``.

For every platform and Python, wheels and sources, without addresses, so that ``pip install --require-hashes`` can tell
whether what it got, from wherever, is what was looked at when the versions were pinned. The tool that asks the index is
installed in an environment of its own in the folder. Ends with 4 where it or the index cannot be reached.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

WURZEL = Path(__file__).resolve().parents[1]
DATEI = WURZEL / "pruefsummen.txt"
UV = "uv==0.13.9"
NICHT_GESCHRIEBEN = 4
_FORM = "--generate-hashes --no-annotate --no-header --no-cache --system-certs"
_KOPF = re.compile(r"([a-z0-9][a-z0-9.-]*)==([^\s\\]+)")
_SUMME = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def lies(text: str) -> dict[str, tuple[str, ...]]:
    """``name==version`` → its sums; ``ValueError`` for anything in the file that is neither."""
    summen: dict[str, list[str]] = {}
    for zeile in text.replace("\\\n", " ").splitlines():
        kopf, *teile = zeile.split() or [""]
        if not kopf or kopf.startswith("#"):
            continue
        treffer = [_SUMME.fullmatch(teil) for teil in teile]
        if not _KOPF.fullmatch(kopf) or not treffer or not all(treffer):
            raise ValueError(zeile[:200])
        summen[kopf] = [eines[1] for eines in treffer if eines]
    return {kopf: tuple(werte) for kopf, werte in summen.items()}


def als_text(summen: Mapping[str, Collection[str]]) -> str:
    """As pip reads it, one sum a line, so that a change shows what it changes."""
    return "".join(f"{kopf}{''.join(_zeilen(werte))}\n" for kopf, werte in summen.items())


def _zeilen(werte: Collection[str]) -> Iterator[str]:
    return (f" \\\n    --hash=sha256:{wert}" for wert in werte)


def auswahl(fassungen: Collection[str]) -> str:
    """Those lines of ``pruefsummen.txt``; ``KeyError`` for a version that nobody pinned."""
    alle = lies(DATEI.read_text(encoding="utf-8"))
    return als_text({fassung: alle[fassung] for fassung in sorted(fassungen)})


def frage(ordner: Path) -> str | None:
    """What the index says about the versions in ``constraints.txt``, or None where nobody answers."""
    python = ordner / "umgebung/bin/python"
    if not python.exists():
        venv.create(ordner / "umgebung", with_pip=True)
    ergebnis = ordner / "pruefsummen.txt"
    holen = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", UV]
    fragen = [str(python), "-m", "uv", "pip", "compile", "-q", "--no-deps", "--python", sys.executable, *_FORM.split()]
    for befehl in (holen, [*fragen, "-o", str(ergebnis), str(WURZEL / "constraints.txt")]):
        lauf = subprocess.run(befehl, capture_output=True, text=True, cwd=ordner)  # noqa: S603
        if lauf.returncode:
            print((lauf.stderr.strip().splitlines() or ["keine Antwort"])[-1][:300], file=sys.stderr)
            return None
    return ergebnis.read_text(encoding="utf-8")


def main(ordner: Path) -> int:
    """Ask and print."""
    ordner.mkdir(parents=True, exist_ok=True)
    (ordner / "pruefsummen.txt").unlink(missing_ok=True)
    if (text := frage(ordner.resolve())) is None:
        print("NICHT GESCHRIEBEN: Das Paketverzeichnis hat die Prüfsummen nicht genannt.", file=sys.stderr)
        return NICHT_GESCHRIEBEN
    print("# Geschrieben von `make constraints`: jede Datei, die es von den festgeschriebenen Fassungen gibt.")
    print(als_text(lies(text)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
