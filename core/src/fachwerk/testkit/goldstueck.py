"""Golden files: what an adapter renders for the invented application, kept beside its tests and compared byte for byte.

``FACHWERK_TEST_GOLDEN=schreibe`` writes them; look at the difference before it is committed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from pathlib import Path
from typing import Any

from fachwerk.modell import Sendung

SCHREIBE = "FACHWERK_TEST_GOLDEN"
_STROM = re.compile(rb"/FlateDecode(.*?)stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_LAGE = re.compile(rb"/Length \d+|/ID\s*\[[^]]*\]|startxref\s+\d+|\d{10} \d{5} [nf]")


def fingerabdruck(sendung: Sendung) -> dict[str, Any]:
    """Names, words and the SHA-256 of every part of ``sendung``, as JSON fields."""
    return {
        "bezeichnung": sendung.bezeichnung,
        "metadaten": dict(sorted(sendung.metadaten.items())),
        "anlagen": [
            {"pfad": anlage.pfad, "medientyp": anlage.teil.medientyp, "laenge": len(inhalt), "sha256": _sha(inhalt)}
            for anlage in sendung.anlagen
            for inhalt in [vergleichbar(b"".join(anlage.teil.bytes_strom()))]
        ],
    }


def vergleichbar(inhalt: bytes) -> bytes:
    """``inhalt`` itself; a PDF unpacked, without lengths and places: it does not matter which zlib packed it."""
    return _LAGE.sub(b"", _STROM.sub(_ausgepackt, inhalt)) if inhalt.startswith(b"%PDF-") else inhalt


def _ausgepackt(treffer: re.Match[bytes]) -> bytes:
    merkmale, daten = treffer.groups()
    if b"/XRef" in merkmale:
        return b""
    try:
        return bytes(merkmale) + zlib.decompress(daten)
    except zlib.error:
        return treffer.group()


def _sha(inhalt: bytes) -> str:
    return hashlib.sha256(inhalt).hexdigest()


def vergleiche(sendung: Sendung, datei: Path) -> str:
    """What differs from the golden ``datei``, as a German sentence; empty: nothing. Writes it where that is ordered."""
    ist = json.dumps(fingerabdruck(sendung), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get(SCHREIBE) == "schreibe":
        datei.parent.mkdir(parents=True, exist_ok=True)
        datei.write_text(ist, encoding="utf-8")
        return ""
    if not datei.exists():
        return f"Die goldene Datei {datei.name} fehlt. Einmal mit {SCHREIBE}=schreibe laufen lassen und ansehen."
    soll = datei.read_text(encoding="utf-8")
    if soll == ist:
        return ""
    anders = sorted(set(soll.splitlines()) ^ set(ist.splitlines()))
    return f"Die Sendung gleicht {datei.name} nicht mehr: {' '.join(zeile.strip() for zeile in anders[:6])}"
