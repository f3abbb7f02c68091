"""Conditions of allowances, proofs and exceptions as data, with three answers: yes, no, and nobody knows.

A condition is a mapping (all must hold); a list of conditions needs one that holds. ``unbestimmt`` is the
condition of which the text was not seen: it never says yes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Wahr = bool | None
"""True, False, or None: unknown."""

Merkmale = Mapping[str, Any]


def alle(antworten: Iterable[Wahr]) -> Wahr:
    """And: one no is enough, else one unknown is."""
    ergebnis: Wahr = True
    for antwort in antworten:
        if antwort is False:
            return False
        ergebnis = ergebnis if antwort else None
    return ergebnis


def eine(antworten: Iterable[Wahr]) -> Wahr:
    """Or: one yes is enough, else one unknown is."""
    ergebnis: Wahr = False
    for antwort in antworten:
        if antwort:
            return True
        ergebnis = None if antwort is None else ergebnis
    return ergebnis


def _ab(feld: str) -> Callable[[Merkmale, Any], Wahr]:
    return lambda m, grenze: None if m.get(feld) is None else m[feld] >= grenze


def _unter(feld: str) -> Callable[[Merkmale, Any], Wahr]:
    return lambda m, grenze: None if m.get(feld) is None else m[feld] < grenze


def _bis(feld: str) -> Callable[[Merkmale, Any], Wahr]:
    return lambda m, grenze: None if m.get(feld) is None else m[feld] <= grenze


def _gleich(feld: str) -> Callable[[Merkmale, Any], Wahr]:
    return lambda m, soll: None if m.get(feld) is None else m[feld] == soll


def _in(feld: str) -> Callable[[Merkmale, Any], Wahr]:
    return lambda m, werte: None if m.get(feld) is None else m[feld] in werte


def _enthaelt(feld: str) -> Callable[[Merkmale, Any], Wahr]:
    return lambda m, werte: None if m.get(feld) is None else not m[feld].isdisjoint(werte)


def _hoechster_ab(feld: str) -> Callable[[Merkmale, Any], Wahr]:
    """Whether one of several values reaches the bound; an unknown one could."""
    return lambda m, grenze: eine(None if wert is None else wert >= grenze for wert in m.get(feld, ()))


PRUEFUNGEN: dict[str, Callable[[Merkmale, Any], Wahr]] = {
    "immer": lambda m, soll: bool(soll),
    "unbestimmt": lambda m, grund: None,
    "gdb_ab": _ab("gdb"),
    "gdb_unter": _unter("gdb"),
    "pflegegrad": _in("pflegegrad"),
    "haeuslich": _gleich("haeuslich"),
    "alter_ab": _ab("alter"),
    "alter_unter": _unter("alter"),
    "kindergeld": _gleich("kindergeld"),
    "kind": _gleich("kind"),
    "rolle": _in("rolle"),
    "eigenes_einkommen": _gleich("eigenes_einkommen"),
    "rollstuhl": _gleich("rollstuhl"),
    "blind": _gleich("blind"),
    "ausbildung": _gleich("ausbildung"),
    "art": _in("art"),
    "arten": _enthaelt("arten"),
    "unterarten": _enthaelt("unterarten"),
    "eu": _gleich("eu"),
    "personen": _gleich("personen"),
    "personen_ab": _ab("personen"),
    "kinder_ab": _ab("kinder"),
    "paar": _in("paar"),
    "paar_unter": _unter("paar_alter"),
    "ehejahre_bis": _bis("ehejahre"),
    "alleinerziehend": _gleich("alleinerziehend"),
    "erwerbstaetig": _gleich("erwerbstaetig"),
    "unterhalt": _gleich("unterhalt"),
    "ungeborenes": _gleich("ungeborenes"),
    "leistungsbezug": _in("leistungsbezug"),
    "hoechster_gdb_ab": _hoechster_ab("gdbs"),
    "betreuungskosten": _gleich("betreuungskosten"),
}


def erfuellt(wenn: Mapping[str, Any] | Iterable[Mapping[str, Any]], merkmale: Merkmale) -> Wahr:
    """Whether one of the conditions holds for ``merkmale``. Raises ``KeyError`` for a word nobody knows."""
    ergebnis: Wahr = False
    for bedingung in (wenn,) if isinstance(wenn, Mapping) else wenn:
        antwort = _trifft_zu(bedingung, merkmale)
        if antwort:
            return True
        ergebnis = None if antwort is None else ergebnis
    return ergebnis


def _trifft_zu(bedingung: Mapping[str, Any], merkmale: Merkmale) -> Wahr:
    """Whether all words hold; written out, because a decision asks this a hundred times."""
    ergebnis: Wahr = True
    for wort, soll in bedingung.items():
        antwort = PRUEFUNGEN[wort](merkmale, soll)
        if antwort is False:
            return False
        ergebnis = ergebnis if antwort else None
    return ergebnis
