"""Geometry of the pictures: bars as numbers for the template; colours and words are its business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fachwerk.tagesbild import GRUPPEN, Tag

BREITE, HOEHE, RAND_LINKS, RAND_RECHTS, RAND_UNTEN, RAND_OBEN = 940, 260, 76, 34, 44, 24
_JEDER = 5
"""Every so many days one is named below its bar."""


@dataclass(frozen=True)
class Balken:
    """A rectangle of one group on one day."""

    x: float
    y: float
    breite: float
    hoehe: float
    gruppe: str
    text: str


@dataclass(frozen=True)
class Marke:
    """A word at the axis and where it stands."""

    ort: float
    text: str


@dataclass(frozen=True)
class Balkenbild:
    """Stacked bars, one per day, with marks at both axes."""

    balken: tuple[Balken, ...]
    tage: tuple[Marke, ...]
    werte: tuple[Marke, ...]
    breite: int = BREITE
    hoehe: int = HOEHE
    links: int = RAND_LINKS
    grund: int = HOEHE - RAND_UNTEN


def balkenbild(tage: Sequence[Tag]) -> Balkenbild:
    """One bar per day; its height is what came in, its parts are what has become of it."""
    oben = stufe_ueber(max((tag.eingegangen for tag in tage), default=0))
    hoehe, schritt = HOEHE - RAND_UNTEN - RAND_OBEN, (BREITE - RAND_LINKS - RAND_RECHTS) / max(len(tage), 1)
    balken: list[Balken] = []
    for nr, tag in enumerate(tage):
        boden = float(HOEHE - RAND_UNTEN)
        for gruppe in GRUPPEN:
            if anzahl := getattr(tag, gruppe):
                hoch = anzahl / oben * hoehe
                boden -= hoch
                x = RAND_LINKS + nr * schritt + schritt * 0.12
                text = f"{tag.tag:%d.%m.}: {anzahl} {gruppe}"
                balken.append(
                    Balken(round(x, 1), round(boden, 1), round(schritt * 0.76, 1), round(hoch, 1), gruppe, text)
                )
    mitte = RAND_LINKS + schritt / 2
    letzte = len(tage) - 1
    marken = tuple(
        Marke(round(mitte + nr * schritt, 1), f"{tag.tag:%d.%m.}")
        for nr, tag in enumerate(tage)
        if (letzte - nr) % _JEDER == 0
    )
    werte = tuple(Marke(round(HOEHE - RAND_UNTEN - teil / 2 * hoehe, 1), _zahl(oben * teil / 2)) for teil in (0, 1, 2))
    return Balkenbild(tuple(balken), marken, werte)


def stufe_ueber(groesste: int) -> int:
    """The next round number that is at least as large and even: 2, 4, 10, 20, 40, 100 …"""
    zehner = 1
    while True:
        for mal in (2, 4, 10):
            if mal * zehner >= groesste:
                return mal * zehner
        zehner *= 10


def _zahl(wert: float) -> str:
    return f"{wert:,.0f}".replace(",", ".")
