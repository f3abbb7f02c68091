"""File names from the patterns of a profile: plain ASCII, one path segment each, safe on every system. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from fachwerk import dateinamen as kern
from fachwerk.dateinamen import ENDUNG_JE_MEDIENTYP
from fachwerk.errors import PermanentError

LAENGSTER = 120
"""Characters of one segment, so that folder and name stay below the 260 of a Windows path."""

LAENGSTER_WERT = 40
_HARMLOS = frozenset(ENDUNG_JE_MEDIENTYP.values()) | {"jpeg", "tiff", "p7s", "p7m"}


def kurzschluessel(schluessel: str, lauf: int = 0) -> str:
    """Sixteen hex digits that stand for a delivery key; every new hand-over after a rejection has its own."""
    text = f"{schluessel}#{lauf}" if lauf else schluessel
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def endung(medientyp: str, dateiname: str) -> str:
    """An extension nobody executes by a double click: of the media type, else of the name if harmless, else bin."""
    if medientyp.partition(";")[0].strip().lower() in ENDUNG_JE_MEDIENTYP:
        return ENDUNG_JE_MEDIENTYP[medientyp.partition(";")[0].strip().lower()]
    eigene = dateiname.rpartition(".")[2].lower()
    return eigene if eigene in _HARMLOS else "bin"


def wort(text: str, laenge: int = LAENGSTER_WERT) -> str:
    """A value as part of a file name: letters, digits, ``-`` and ``_`` only; never empty."""
    grundform = kern.in_ascii(text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9_-]+", "_", grundform).strip("_")[:laenge].rstrip("_") or "x"


def fuelle(muster: str, werte: Mapping[str, str]) -> str:
    """A name out of a pattern; ``stamm`` and ``endung`` go in as they are, everything else is made safe.

    Raises ``PermanentError`` where what comes out cannot be a file name on every system.
    """
    fertig = {"stamm", "endung", "schluessel", "tag"}
    name = re.sub(r"\{([a-z_]+)\}", lambda m: _wert(m.group(1), werte, fertig), muster)
    if not all(ist_sicher(stueck) for stueck in name.split("/")):
        text = "Aus einem Namensmuster des Profils entsteht kein gültiger Dateiname (zu lang oder nicht erlaubt)."
        raise PermanentError("prosoz.name_unzulaessig", f"{text} Bitte das Profil berichtigen.", {"muster": muster})
    return name


def _wert(name: str, werte: Mapping[str, str], fertig: set[str]) -> str:
    return werte[name] if name in fertig else wort(werte.get(name, ""))


def ist_sicher(stueck: str) -> bool:
    """Whether this segment can be a file name on Windows, Linux and macOS."""
    return kern.ist_sicher(stueck, LAENGSTER)


def kopfwerte(angaben: Mapping[str, Any], schluessel: str, lauf: int) -> dict[str, str]:
    """The values of the placeholders of ``stamm``; persons only matter where the profile allows them."""
    person = angaben.get("antragsteller") or {}
    name = person.get("name") or {}
    return {
        **{feld: str(angaben["kopf"][feld]) for feld in ("leistung", "leika", "tag", "eingang", "nummer")},
        "schluessel": kurzschluessel(schluessel, lauf),
        "familienname": str(name.get("familienname") or ""),
        "vorname": str(name.get("vorname") or ""),
        "geburtsdatum": str(person.get("geburtsdatum") or ""),
    }
