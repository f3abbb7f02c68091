"""How a replay is shown: a table for people, plain data for machines; values only where somebody asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fachwerk.cli.ausgabe import tabelle

if TYPE_CHECKING:
    from fachwerk.wiederlauf import Lauf, Unterschied, Vergleich

_OFFENE = frozenset({"plugin", "ablauf"})
"""Parts whose values are versions and codes."""


def als_daten(vergleich: Vergleich, *, werte: bool) -> dict[str, Any]:
    """``gleich``, both runs in short, and the differences."""
    return {
        "vorgang_id": vergleich.vorgang_id,
        "gleich": not vergleich.unterschiede,
        "damals": _lauf(vergleich.damals),
        "heute": _lauf(vergleich.heute),
        "unterschiede": [_daten(unterschied, werte) for unterschied in vergleich.unterschiede],
    }


def als_text(vergleich: Vergleich, *, werte: bool) -> str:
    """The same as a table."""
    kopf = f"Vorgang {vergleich.vorgang_id[:12]}, heute gerechnet: {_kurz(vergleich.heute)}"
    if not vergleich.unterschiede:
        return f"{kopf}\nKein Unterschied zum gespeicherten Lauf."
    zeilen = [_zeile(unterschied, werte) for unterschied in vergleich.unterschiede]
    hinweis = "" if werte else "\nWerte zeigt --werte."
    return f"{kopf}\n{tabelle(('Teil', 'Damals', 'Heute', 'Was'), zeilen)}{hinweis}"


def _lauf(lauf: Lauf) -> dict[str, Any]:
    empfehlung = lauf.entscheidung.empfehlung.value if lauf.entscheidung else ""
    return {"plugins": lauf.plugins, "empfehlung": empfehlung, "gehalten": lauf.gehalten}


def _kurz(lauf: Lauf) -> str:
    return f"gehalten ({lauf.gehalten})" if lauf.entscheidung is None else str(_lauf(lauf)["empfehlung"])


def _daten(unterschied: Unterschied, werte: bool) -> dict[str, Any]:
    daten: dict[str, Any] = {"teil": unterschied.teil, "pfad": unterschied.pfad, "art": _art(unterschied)}
    if werte or unterschied.teil in _OFFENE:
        daten |= {"vorher": unterschied.vorher, "nachher": unterschied.nachher}
    return daten


def _zeile(unterschied: Unterschied, werte: bool) -> tuple[str, str, str, str]:
    if werte or unterschied.teil in _OFFENE:
        links, rechts = unterschied.vorher or "–", unterschied.nachher or "–"
    else:
        links, rechts = "" if unterschied.vorher is None else "•", _art(unterschied)
    return unterschied.teil, links, rechts, unterschied.pfad


def _art(unterschied: Unterschied) -> str:
    if unterschied.vorher is None:
        return "neu"
    return "fehlt" if unterschied.nachher is None else "anders"
