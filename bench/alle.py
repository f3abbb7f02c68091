"""Runs every measurement of this folder and gathers what they held fast: ``alle.py [--blatt DATEI] [NAME …]``.

One after the other, each as a process of its own; a broken bound stops nothing and is told at the end. Ends with 1 if
one is broken or a measurement failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from blatt import UMGEBUNG, lies, tabelle

HIER = Path(__file__).parent


def main() -> int:
    """Run, gather, print the table."""
    angaben = argparse.ArgumentParser(description=__doc__)
    angaben.add_argument("--blatt", type=Path, default=HIER.parent / "build/leistung.jsonl")
    angaben.add_argument("namen", nargs="*", help="nur diese Messungen, ohne bench_ und .py")
    gesagt = angaben.parse_args()
    messungen = sorted(
        pfad for pfad in HIER.glob("bench_*.py") if not gesagt.namen or pfad.stem.removeprefix("bench_") in gesagt.namen
    )
    gesagt.blatt.parent.mkdir(parents=True, exist_ok=True)
    gesagt.blatt.write_text("", encoding="utf-8")
    gescheitert = []
    for messung in messungen:
        print(f"== {messung.stem}", flush=True)
        beginn = time.monotonic()
        umgebung = {**os.environ, UMGEBUNG: str(gesagt.blatt.resolve())}
        if subprocess.run([sys.executable, str(messung)], env=umgebung).returncode:  # noqa: S603  our own scripts
            gescheitert.append(messung.stem)
        print(f"   ({time.monotonic() - beginn:.0f} s)", flush=True)
    zeilen = lies(gesagt.blatt)
    print("\n".join(["", *tabelle(zeilen), ""]))
    gerissen = [zeile.was for zeile in zeilen if not zeile.haelt]
    print(f"{len(zeilen)} Werte in {gesagt.blatt}; Grenzen gerissen: {'; '.join(gerissen) or 'keine'}")
    if gescheitert:
        print(f"Mit Fehler beendet: {', '.join(gescheitert)}")
    return 1 if gerissen or gescheitert else 0


if __name__ == "__main__":
    sys.exit(main())
