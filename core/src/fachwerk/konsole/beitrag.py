"""What a plugin may add to the console: pages of words, tables and pictures, without anything of a case.

An entry point of the group ``fachwerk.konsole``, named like the plugin, points to a module with ``SEITEN``, a tuple of
:class:`Beitrag`. The console escapes every word and checks every picture; a plugin writes no HTML, and needs nothing
of the console but this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

GRUPPE = "fachwerk.konsole"
"""Entry-point group."""

_PFAD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


@dataclass(frozen=True)
class Text:
    """A paragraph; with ``ueberschrift`` also a heading before it."""

    text: str = ""
    ueberschrift: str = ""


@dataclass(frozen=True)
class Tabelle:
    """Rows of words below ``spalten``; ``zahlen`` are the columns (from 0) that are set to the right."""

    titel: str
    spalten: tuple[str, ...]
    zeilen: tuple[tuple[str, ...], ...]
    zahlen: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if any(len(zeile) != len(self.spalten) for zeile in self.zeilen):
            raise ValueError("Every row of a Tabelle has as many cells as there are columns.")


@dataclass(frozen=True)
class Bild:
    """A picture as SVG with title and description in it; only shapes and words, no styles, links or scripts."""

    svg: str


@dataclass(frozen=True)
class Auswahl:
    """A choice above the page, sent as parameter ``name``: ``moeglich`` are pairs of value and word."""

    name: str
    titel: str
    moeglich: tuple[tuple[str, str], ...]
    gewaehlt: str = ""


@dataclass(frozen=True)
class Inhalt:
    """A page: its choices, and what follows."""

    teile: tuple[Text | Tabelle | Bild, ...]
    auswahl: tuple[Auswahl, ...] = ()


@dataclass(frozen=True)
class Beitrag:
    """A page at ``/regeln/PLUGIN/pfad``.

    ``seite`` gets the parameters of the address, at most 200 characters each and chosen by whoever is logged in; it
    reads no case and no clock but the day. What it raises of :class:`fachwerk.errors.FachwerkError` is shown.
    """

    pfad: str
    titel: str
    beschreibung: str
    seite: Callable[[Mapping[str, str]], Inhalt]

    def __post_init__(self) -> None:
        if not _PFAD.fullmatch(self.pfad):
            raise ValueError(f"{self.pfad!r} is no word of a path: small letters, digits and single hyphens.")
