"""Of what form each thing is that a Land writes down: a word where the calculation reads a list is a mistake.

What nobody knows (``null``) is a value of every form; a property or a condition always says something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeGuard

GROESSTE = 12
"""A number is below ten to the power of this, and says nothing finer than its reciprocal."""


class Form(NamedTuple):
    """Whether a value has the form, and how to say in German what is expected."""

    passt: Callable[[Any], bool]
    erwartet: str


def ist_zahl(wert: Any) -> TypeGuard[Decimal]:
    """A number the calculation can count with; no yes, no word, no 1.0e+999999999."""
    return isinstance(wert, Decimal) and wert.is_finite() and abs(wert.adjusted()) <= GROESSTE


def _liste_von(passt: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda wert: isinstance(wert, list) and all(map(passt, wert))


def _ist_text(wert: Any) -> bool:
    return isinstance(wert, str)


def _ist_wahr(wert: Any) -> bool:
    return isinstance(wert, bool)


ZAHL = Form(ist_zahl, "eine Zahl (unter einer Billion)")
WAHR = Form(_ist_wahr, "true oder false")
TEXT = Form(_ist_text, "Text (mit Komma oder Doppelpunkt darin in Anführungszeichen)")
WORTE = Form(_liste_von(_ist_text), "eine Liste von Wörtern")
ZAHLEN = Form(_liste_von(ist_zahl), "eine Liste von Zahlen")
RAHMEN = Form(lambda wert: ZAHLEN.passt(wert) and len(wert) == 2, "eine Liste aus zwei Zahlen")
BEDINGUNGEN = Form(_liste_von(lambda eine: isinstance(eine, dict)), "eine Liste von Bedingungen")
_WAHR_ODER_OFFEN = Form(lambda wert: _ist_wahr(wert) or wert == "unbekannt", "true, false oder unbekannt")

MERKMALE = {
    **dict.fromkeys(("ermessen", "kind_fest", "nicht_wbs", "nur_bei_anhaltspunkten", "nur_foerderweg"), WAHR),
    **dict.fromkeys(("angabe", "art", "deckel", "fuer", "gruppe", "hinweis", "je", "ohne", "verbindung"), TEXT),
    **dict.fromkeys(("befreit", "leistungen"), WORTE),
    "innerhalb_monate": ZAHL,
    "rahmen": RAHMEN,
    "wenn": BEDINGUNGEN,
}
"""All properties anybody reads (LANDESDATEN.md)."""

# fmt: off
WORT = {
    **dict.fromkeys((
        "immer", "haeuslich", "kindergeld", "kind", "rollstuhl", "blind", "ausbildung", "eu", "alleinerziehend",
        "erwerbstaetig", "unterhalt", "ungeborenes", "betreuungskosten",
    ), WAHR),
    **dict.fromkeys((
        "gdb_ab", "gdb_unter", "alter_ab", "alter_unter", "personen", "personen_ab", "kinder_ab", "paar_unter",
        "ehejahre_bis", "hoechster_gdb_ab",
    ), ZAHL),
    **dict.fromkeys(("rolle", "art", "arten", "unterarten", "paar", "leistungsbezug"), WORTE),
    "pflegegrad": ZAHLEN,
    "eigenes_einkommen": _WAHR_ODER_OFFEN,
    "unbestimmt": TEXT,
}
"""What each word of a condition is compared with."""

JA_NEIN = (
    "personengruppe_", "vermoegenspruefung_", "nicht_angerechnet_", "kindzuschlag_skaliert", "gilt_als_eingehalten",
    "ungeborene_zaehlen", "geteiltes_sorgerecht_zaehlt", "nicht_verwandte_zaehlen", "baldiger_einzug_zaehlt",
    "baldiger_auszug_mindert", "freiwillig_kranken_voll", "freiwillig_rente_voll", "steuerabzug_nur_steuerpflichtig",
)
"""Beginnings of the names of parameters that are true or false."""
# fmt: on


def form_von(name: str) -> Form:
    """The form of a value of parameter ``name`` that is no table."""
    if name == "einkommenszeitraum":
        return TEXT
    return WAHR if name.startswith(JA_NEIN) else ZAHL


def maengel_der_merkmale(merkmale: Mapping[Any, Any]) -> Iterator[str]:
    """Every property nobody reads, or of another form than it is read in."""
    for name, wert in merkmale.items():
        if (form := MERKMALE.get(name)) is None:
            yield f"das Merkmal {name} liest niemand (Schreibweise prüfen, Text mit Komma in Anführungszeichen)"
        elif not form.passt(wert):
            yield f"das Merkmal {name} ist {form.erwartet}"


def maengel_der_bedingung(bedingung: Mapping[Any, Any]) -> Iterator[str]:
    """Every word nobody knows, or that is compared with something of another form."""
    for wort, soll in sorted(bedingung.items(), key=lambda paar: str(paar[0])):
        if (form := WORT.get(wort)) is None:
            yield f"die Bedingung {wort} gibt es nicht"
        elif not form.passt(soll):
            yield f"die Bedingung {wort} braucht {form.erwartet}"
