"""Turning values into words a person reads: cleaned, German, and honest about what is unknown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

UNBEKANNT = "nicht angegeben"
ORTSZEIT = ZoneInfo("Europe/Berlin")
_UNSICHTBAR = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ud800-\uf8ff\ufdd0-\ufdef\ufeff\ufffe\uffff"
    + "".join(f"{chr(ebene + 0xFFFE)}{chr(ebene + 0xFFFF)}" for ebene in range(0x10000, 0x110000, 0x10000))
    + "\U000f0000-\U0010ffff]"
)
"""Control, private-use, surrogate and noncharacters, and controls of writing direction: they hide or disguise."""

_ISO_DATUM = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_GELD = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,2})?")
_ZWEISTELLIG = re.compile(r"-?[0-9]{1,15}\.[0-9]{2}")
_DEUTSCH = str.maketrans(",.", ".,")


def bereinigt(text: str) -> str:
    """``text`` in NFC without control, private-use, surrogate and direction characters; tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    if _UNSICHTBAR.search(text) or "\u2028" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").replace("\u2028", "\n")
        text = _UNSICHTBAR.sub("", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def oder_unbekannt(text: str) -> str:
    """The cleaned text, or that nothing was said."""
    return bereinigt(text).strip() or UNBEKANNT


def datum(wert: date | None) -> str:
    """``01.03.2025``."""
    return f"{wert:%d.%m.%Y}" if wert else UNBEKANNT


def zeitpunkt(wert: datetime | None) -> str:
    """``01.03.2025, 14:05:09 Uhr (MEZ)`` in German local time."""
    if wert is None:
        return UNBEKANNT
    ort = wert.astimezone(ORTSZEIT)
    return f"{ort:%d.%m.%Y, %H:%M:%S} Uhr ({'MESZ' if ort.dst() else 'MEZ'})"


def ortsdatum(wert: datetime) -> date:
    """The German calendar day of a point in time."""
    return wert.astimezone(ORTSZEIT).date()


def ja_nein(wert: bool | None) -> str:
    """``ja``, ``nein`` or unknown."""
    return UNBEKANNT if wert is None else ("ja" if wert else "nein")


def zahl(wert: Any) -> str:
    """A number with two decimals in German notation (``33.136,00``); anything else as it is."""
    text = str(wert)
    if not _ZWEISTELLIG.fullmatch(text):
        return wort(wert)
    return f"{Decimal(text):,.2f}".translate(_DEUTSCH)


def betrag(wert: Any) -> str:
    """Money as ``33.136,00 EUR``; anything that is no plain number stays as it was sent."""
    text = str(wert)
    if isinstance(wert, bool) or not _GELD.fullmatch(text):
        return wort(wert)
    return f"{Decimal(text):,.2f}".translate(_DEUTSCH) + " EUR"


def groesse(laenge: int | None) -> str:
    """The size of a file, decimal."""
    if laenge is None:
        return UNBEKANNT
    if laenge < 1000:
        return f"{laenge} Byte"
    teiler, einheit = (1000, "kB") if laenge < 999_950 else (1_000_000, "MB")
    wert = laenge / teiler
    return f"{wert:.0f} {einheit}" if wert >= 100 else f"{wert:.1f} {einheit}".replace(".", ",")


def wort(wert: Any) -> str:
    """Any single value as text: dates German, truth values as words, everything else as it is."""
    if wert is None or wert == "":
        return UNBEKANNT
    if isinstance(wert, bool):
        return ja_nein(wert)
    if isinstance(wert, datetime):
        return zeitpunkt(wert)
    if isinstance(wert, date):
        return datum(wert)
    text = str(wert)
    if treffer := _ISO_DATUM.fullmatch(text):
        return ".".join(reversed(treffer.groups()))
    return oder_unbekannt(text)


def beschriftung(schluessel: str, bekannt: dict[str, str]) -> str:
    """The German label of a key; an unknown key is made readable, never dropped."""
    if schluessel in bekannt:
        return bekannt[schluessel]
    lesbar = bereinigt(schluessel).replace("_", " ").strip()
    return lesbar[:1].upper() + lesbar[1:] or "(ohne Namen)"


def anzeige(schluessel: str, wert: Any, formen: dict[str, Callable[[Any], str]]) -> str:
    """``wert`` in the form its key asks for."""
    return UNBEKANNT if wert is None else formen.get(schluessel, wort)(wert)
