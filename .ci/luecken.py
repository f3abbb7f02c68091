"""Known vulnerabilities in what a site gets: ``luecken.py ORDNER`` asks pip-audit, in an environment of its own there.

Ends with 0 if every package was looked up and nothing is known, with 1 if something is known, with 4 if the question
could not be answered. It never says „nothing found“ for a package nobody looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lieferung import lieferung

PIP_AUDIT = "pip-audit==2.10.1"
NICHT_GEPRUEFT = 4


def bewerte(gefragt: Sequence[str], antwort: dict[str, Any] | None) -> tuple[int, str]:
    """Exit code and text for the answer of pip-audit; None: there is none."""
    if antwort is None:
        return (
            NICHT_GEPRUEFT,
            "NICHT GEPRÜFT: keine Daten über Schwachstellen erreichbar. Das heißt nicht, dass es keine gibt.",
        )
    pakete = {f"{paket['name']}=={paket.get('version', '?')}": paket for paket in antwort["dependencies"]}
    funde = [
        f"{name}: {luecke['id']} (behoben in {', '.join(luecke['fix_versions']) or 'keiner Fassung'})"
        for name, paket in pakete.items()
        for luecke in paket.get("vulns", ())
    ]
    geprueft = {name for name, paket in pakete.items() if "skip_reason" not in paket}
    offen = sorted(set(gefragt) - geprueft)
    zeilen = [
        f"{len(geprueft & set(gefragt))} von {len(gefragt)} Paketen nachgesehen, {len(funde)} Schwachstellen bekannt",
        *funde,
    ]
    zeilen += [f"NICHT GEPRÜFT: {', '.join(offen)}"] if offen else []
    return 1 if funde else NICHT_GEPRUEFT if offen else 0, "\n".join(zeilen)


def frage(ordner: Path, gefragt: Sequence[str]) -> dict[str, Any] | None:
    """What pip-audit answers, or None where it or its data cannot be had."""
    python = ordner / "umgebung/bin/python"
    if not python.exists():
        venv.create(ordner / "umgebung", with_pip=True)
    liste, antwort = ordner / "pakete.txt", ordner / "antwort.json"
    liste.write_text("\n".join(gefragt) + "\n", encoding="utf-8")
    antwort.unlink(missing_ok=True)
    holen = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", PIP_AUDIT]
    fragen = [
        str(python),
        "-m",
        "pip_audit",
        "-r",
        str(liste),
        "--no-deps",
        "--disable-pip",
        "-s",
        "osv",
        "--timeout",
        "20",
    ]
    for befehl in (holen, [*fragen, "-f", "json", "-o", str(antwort)]):
        lauf = subprocess.run(befehl, capture_output=True, text=True)  # noqa: S603
        if lauf.returncode and not antwort.exists():
            print((lauf.stderr.strip().splitlines() or ["keine Antwort"])[-1][:300], file=sys.stderr)
            return None
    return dict(json.loads(antwort.read_text(encoding="utf-8")))


def main(ordner: Path) -> int:
    """Ask and say it."""
    ordner.mkdir(parents=True, exist_ok=True)
    fremde = [
        f"{name}=={paket.version}" for name, (paket, _) in lieferung().items() if name.split("-")[0] != "fachwerk"
    ]
    ausgang, text = bewerte(fremde, frage(ordner, fremde))
    print(text)
    return ausgang


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
