"""Breaks text into lines of a given width. Own code, because a library that measures every prefix is too slow here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_NACH = frozenset("-/._,;:)]}›@&=?+")
"""A long word is broken after one of these where there is one, else anywhere."""

_KURZ = 4

_TRENNBAR = re.compile("(?<!§) ")
"""A paragraph sign stays with its number."""


def umbrich(text: str, platz: float, breiten: Mapping[str, float]) -> list[str]:
    """Lines no wider than ``platz`` (same unit as ``breiten``); a single character may be wider, never lost.

    The space at which a line was broken stays at its end, so that copied and spoken text keeps its words apart.
    """
    if "\n" not in text:
        return _absatz(text, platz, breiten)
    return [zeile for absatz in text.split("\n") for zeile in _absatz(absatz, platz, breiten)]


def _absatz(absatz: str, platz: float, breiten: Mapping[str, float]) -> list[str]:
    if _breite(absatz, breiten) <= platz:
        return [absatz]
    zeilen: list[str] = []
    zeile, belegt = "", 0.0
    for wort in _TRENNBAR.split(absatz):
        breite = _breite(wort, breiten)
        if zeile and belegt + breiten[" "] + breite <= platz:
            zeile, belegt = f"{zeile} {wort}", belegt + breiten[" "] + breite
            continue
        if zeile:
            zeilen.append(f"{zeile} ")
        *volle, zeile = _zerteilt(wort, platz, breiten) if breite > platz else [wort]
        zeilen += volle
        belegt = _breite(zeile, breiten)
    return [*zeilen, zeile]


def _zerteilt(wort: str, platz: float, breiten: Mapping[str, float]) -> list[str]:
    """A word that is wider than a line, in pieces; linear in its length."""
    stuecke: list[str] = []
    anfang, stelle, belegt, bruch = 0, 0, 0.0, 0
    while stelle < len(wort):
        breite = breiten[wort[stelle]]
        if belegt + breite > platz and stelle > anfang and not unicodedata.combining(wort[stelle]):
            ende = bruch if bruch > anfang + (stelle - anfang) // 2 else stelle
            stuecke.append(wort[anfang:ende])
            anfang = stelle = ende
            belegt, bruch = 0.0, 0
            continue
        belegt += breite
        stelle += 1
        if wort[stelle - 1] in _NACH:
            bruch = stelle
    return _ohne_rest([*stuecke, wort[anfang:]])


def _ohne_rest(stuecke: list[str]) -> list[str]:
    """No line of one or two lonely letters: the line before gives some away, if it was broken anywhere."""
    *vorn, letztes = stuecke
    if not vorn or len(letztes) >= _KURZ or len(vorn[-1]) < 3 * _KURZ or vorn[-1][-1] in _NACH:
        return stuecke
    schnitt = len(vorn[-1]) - _KURZ + len(letztes)
    while schnitt > _KURZ and unicodedata.combining(vorn[-1][schnitt]):
        schnitt -= 1
    return [*vorn[:-1], vorn[-1][:schnitt], vorn[-1][schnitt:] + letztes]


def _breite(text: str, breiten: Mapping[str, float]) -> float:
    return sum(map(breiten.__getitem__, text))
