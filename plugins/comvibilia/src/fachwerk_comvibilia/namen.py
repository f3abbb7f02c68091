"""Safe file names out of hostile ones, and paths that stay below 260 characters. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from fachwerk.ablage import LAENGSTER_PFAD as MAX_PFAD
from fachwerk.dateinamen import gekuerzt, in_ascii, ist_geraet, verglichen

__all__ = [
    "MAX_NAME",
    "MAX_PFAD",
    "anzeigbar",
    "frei",
    "gekuerzt",
    "kurz",
    "sicherer_name",
    "vergleichbar",
    "verglichen",
]

MAX_NAME = 80


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
    sauber = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9._-]+", "_", in_ascii(letzter))).strip("._-")
    stamm, punkt, endung = sauber.rpartition(".")
    if not punkt or not re.fullmatch(r"[A-Za-z0-9]{1,10}", endung):
        stamm, endung = sauber, ""
    stamm = re.sub(r"_{2,}", "_", stamm.replace(".", "_")).strip("_-") or ersatz
    if ist_geraet(stamm):
        stamm += "_datei"
    schluss = f".{endung}" if endung else ""
    return (stamm[: laenge - len(schluss)].rstrip("_-") or ersatz) + schluss


def frei(name: str, vergeben: set[str], platz: int = MAX_NAME) -> str:
    """``name``, or with a number where it is taken; ``vergeben`` holds names as ``verglichen`` gives them."""
    kandidat, nummer = gekuerzt(name, platz), 1
    while verglichen(kandidat) in vergeben:
        nummer += 1
        stamm, punkt, endung = gekuerzt(name, platz - 1 - len(str(nummer))).rpartition(".")
        kandidat = f"{stamm}-{nummer}.{endung}" if punkt and stamm else f"{endung}-{nummer}"
    return kandidat
