"""Safe file names out of hostile ones, and paths that stay below 260 characters. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_PFAD = 259
"""Characters of a path that Windows takes without further ado."""

MAX_NAME = 80
_UMSCHRIFT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS", "ł": "l", "Ł": "L"}
)
_GERAETE = re.compile(r"(con|prn|aux|nul|clock|com\d|lpt\d)", re.ASCII | re.IGNORECASE)


def kurz(text: str, stellen: int = 16) -> str:
    """Hex digits that stand for ``text`` (also for one with bytes that are no text)."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:stellen]


def anzeigbar(name: str) -> str:
    """``name`` as text that every database and every JSON takes: no broken characters, no control characters."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(zeichen) in ("Cc", "Cs") else zeichen for zeichen in text)


def vergleichbar(pfad: str) -> str:
    """The last segment as two lists of files agree on it: no case, no form of umlauts, no white space around."""
    letzter = anzeigbar(pfad).replace("\\", "/").rsplit("/", 1)[-1]
    return unicodedata.normalize("NFC", " ".join(letzter.split())).casefold()


def sicherer_name(name: str, ersatz: str = "datei", laenge: int = MAX_NAME) -> str:
    """One path segment of plain ASCII, valid on every system, at most ``laenge`` (20 or more) characters.

    Applying it twice changes nothing.
    """
    letzter = re.split(r"[/\\]", anzeigbar(name).rstrip("/\\ "))[-1]
    umschrift = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", letzter).translate(_UMSCHRIFT))
    grund = "".join(zeichen for zeichen in umschrift if not unicodedata.combining(zeichen))
    sauber = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9._-]+", "_", grund)).strip("._-")
    stamm, punkt, endung = sauber.rpartition(".")
    if not punkt or not re.fullmatch(r"[A-Za-z0-9]{1,10}", endung):
        stamm, endung = sauber, ""
    stamm = re.sub(r"_{2,}", "_", stamm.replace(".", "_")).strip("_-") or ersatz
    if _GERAETE.fullmatch(stamm):
        stamm += "_datei"
    schluss = f".{endung}" if endung else ""
    return (stamm[: laenge - len(schluss)].rstrip("_-") or ersatz) + schluss


def gekuerzt(name: str, platz: int) -> str:
    """``name`` in at most ``platz`` characters; what is cut off is stood for by a hash, the extension stays."""
    if len(name) <= platz:
        return name
    stamm, punkt, endung = name.rpartition(".")
    schluss = f".{endung}" if punkt and stamm and len(endung) <= 10 else ""
    marke = f"~{kurz(name, 8)}"
    return name[: max(platz - len(marke) - len(schluss), 1)] + marke + schluss


def verglichen(name: str) -> str:
    """What two names have in common that no folder need keep apart: neither case nor the form of umlauts counts."""
    return unicodedata.normalize("NFC", name).casefold()


def frei(name: str, vergeben: set[str], platz: int = MAX_NAME) -> str:
    """``name``, or with a number where it is taken; ``vergeben`` holds names as :func:`verglichen` gives them."""
    kandidat, nummer = gekuerzt(name, platz), 1
    while verglichen(kandidat) in vergeben:
        nummer += 1
        stamm, punkt, endung = gekuerzt(name, platz - 1 - len(str(nummer))).rpartition(".")
        kandidat = f"{stamm}-{nummer}.{endung}" if punkt and stamm else f"{endung}-{nummer}"
    return kandidat
