"""How amounts, days and paragraphs are written for people in Germany."""

from __future__ import annotations

import re
import textwrap
from datetime import date
from decimal import Decimal

BREITE = 100
"""Columns of everything that is printed for reading."""

_DEUTSCH = str.maketrans(",.", ".,")


def betrag(wert: Decimal | str | None) -> str:
    """``23540.00`` as ``23.540,00``; None is ``offen``."""
    return "offen" if wert is None else f"{Decimal(wert):,.2f}".translate(_DEUTSCH)


def euro(wert: Decimal | str | None) -> str:
    """The amount with its unit; None is ``unbekannt``."""
    return "unbekannt" if wert is None else f"{betrag(wert)} EUR"


def ganze_euro(wert: Decimal | str) -> str:
    """For labels in a picture: ``20.419,84`` stays, ``23.540,00`` becomes ``23.540``."""
    return betrag(wert).removesuffix(",00")


def tag(wert: date | None) -> str:
    """A day as TT.MM.JJJJ; None is empty."""
    return f"{wert:%d.%m.%Y}" if wert else ""


def zahl(text: str) -> str:
    """A number in a text of the calculation as Germans write it; other text stays."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return text
    ganz, _, nach = text.partition(".")
    return f"{Decimal(ganz):,}".translate(_DEUTSCH) + (f",{nach}" if nach else "")


def absatz(text: str, vor: str = "", weiter: str | None = None) -> list[str]:
    """``text`` wrapped to the width, ``vor`` before the first line, ``weiter`` before the others."""
    folgend = " " * len(vor) if weiter is None else weiter
    umbruch = textwrap.TextWrapper(BREITE, initial_indent=vor, subsequent_indent=folgend, break_on_hyphens=False)
    gebunden = re.sub(r"(§§?|Abs\.|Nr\.|Satz|Beleg|S\.|v\.|i\.|d\.) ", "\\1\N{NO-BREAK SPACE}", text)
    return [zeile.replace("\N{NO-BREAK SPACE}", " ") for zeile in umbruch.wrap(gebunden)] or [vor.rstrip()]
