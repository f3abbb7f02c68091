"""The calculation in the few lines a person checks it by: per member, then the household, its limit, the tiers.

Parameters and steps in between are left to the full reason; every line keeps its citation and the grade of what it
rests on. The shape is plain JSON, part of the result of a Votum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fachwerk.modell import Rechenschritt, dezimal_text
from fachwerk_wbs.ergebnis import Ergebnis, Stufenergebnis
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.land import Land
from fachwerk_wbs.regelwerk import TITEL
from fachwerk_wbs.schreibweise import betrag, zahl

EINKUENFTE = frozenset({"Einkünfte", *(titel for name, titel in TITEL.items() if name.startswith("einkuenfte_"))})
ABZUEGE = frozenset(titel for name, titel in TITEL.items() if name.startswith(("abzug_", "freiwillig_")))
GRENZEN = frozenset(
    titel for name, titel in TITEL.items() if name.startswith(("haushaltsgrenze_", "kinderzuschlag", "behinderten"))
)
STAND = {True: "eingehalten", False: "nicht eingehalten", None: "offen"}
_ABZUG, _FUER = "Abzüge: ", "Abzug für "


Zeile = dict[str, str]


@dataclass
class _Gruppe:
    """Lines of one member, or of the household."""

    name: str
    zeilen: list[Zeile] = field(default_factory=list)


def rechenweg(fall: Fall, ergebnis: Ergebnis, land: Land) -> list[dict[str, Any]]:
    """The short calculation of ``ergebnis``; every group has at least one line."""
    je_person, gemeinsam = _geteilt(ergebnis.begruendung, [wer.name for wer in fall.haushalt])
    gruppen = [_Gruppe(name, _person(zeilen)) for name, zeilen in je_person.items()]
    gruppen.append(_Gruppe("Haushalt", _haushalt(gemeinsam)))
    gruppen.append(_Gruppe("Grenze", _grenze(gemeinsam, ergebnis, land)))
    return [{"gruppe": gruppe.name, "zeilen": gruppe.zeilen} for gruppe in gruppen if gruppe.zeilen]


def _zeile(schritt: Rechenschritt, name: str = "", wert: str = "") -> Zeile:
    return {
        "name": name or schritt.name,
        "wert": wert or schritt.wert,
        "fundstelle": schritt.fundstelle,
        "beleg": schritt.beleg,
    }


def _geteilt(
    begruendung: Iterable[Rechenschritt], namen: Sequence[str]
) -> tuple[dict[str, list[tuple[str, Rechenschritt]]], list[Rechenschritt]]:
    """The lines of each member with their name without its own, and those of nobody."""
    je_person: dict[str, list[tuple[str, Rechenschritt]]] = {name: [] for name in namen}
    gemeinsam: list[Rechenschritt] = []
    vorn = [(f"{name}: ", zeilen) for name, zeilen in sorted(je_person.items(), key=lambda p: len(p[0]), reverse=True)]
    for schritt in begruendung:
        for anfang, zeilen in vorn:
            if schritt.name.startswith(anfang):
                zeilen.append((schritt.name[len(anfang) :], schritt))
                break
        else:
            gemeinsam.append(schritt)
    return je_person, gemeinsam


def _person(schritte: Iterable[tuple[str, Rechenschritt]]) -> list[Zeile]:
    zeilen: list[Zeile] = []
    abzuege: list[Zeile] = []
    for name, schritt in schritte:
        if name in ABZUEGE:
            abzuege.append(_zeile(schritt, name))
        elif name in EINKUENFTE:
            zeilen.append(_zeile(schritt, name))
        elif name == TITEL["jahreseinkommen"]:
            zeilen += [*_zusammen(abzuege), _zeile(schritt, name)]
    return zeilen


def _zusammen(abzuege: list[Zeile]) -> list[Zeile]:
    """All deductions of a member in one line; one that is no number stays a line of its own."""
    if not all(_ist_betrag(abzug["wert"]) for abzug in abzuege):
        return abzuege
    wirksam = [abzug for abzug in abzuege if Decimal(abzug["wert"])]
    if not wirksam:
        return []
    text = ", ".join(f"{abzug['name'].removeprefix(_FUER)} {betrag(abzug['wert'])}" for abzug in wirksam)
    return [
        {
            "name": _ABZUG + text,
            "wert": dezimal_text(-sum((Decimal(abzug["wert"]) for abzug in wirksam), Decimal(0))),
            "fundstelle": "; ".join(dict.fromkeys(abzug["fundstelle"] for abzug in wirksam)),
            "beleg": max(abzug["beleg"] for abzug in wirksam),
        }
    ]


def _haushalt(schritte: list[Rechenschritt]) -> list[Zeile]:
    """Allowances and maintenance, then the total income."""
    zeilen: list[Zeile] = []
    for schritt in schritte:
        if schritt.name == TITEL["gesamteinkommen"]:
            return [*zeilen, _zeile(schritt)]
        minus = f"-{schritt.wert}" if _ist_betrag(schritt.wert) and Decimal(schritt.wert) > 0 else ""
        zeilen.append(_zeile(schritt, wert=minus))
    return []


def _grenze(schritte: list[Rechenschritt], ergebnis: Ergebnis, land: Land) -> list[Zeile]:
    zeilen = [_zeile(schritt) for schritt in schritte if schritt.name in GRENZEN]
    titel = {stufe.name.removeprefix("stufe_"): stufe.titel for stufe in land.stufen}
    je_titel = {schritt.name: schritt for schritt in schritte}
    for stufe in _gezeigte(ergebnis):
        name = titel.get(stufe.id, stufe.id)
        belegt = je_titel.get(f"{name}: {TITEL['stufengrenze']}") or je_titel.get(name)
        zeilen.append(
            {
                "name": f"{name}{_faktor(je_titel.get(name))}: {STAND[stufe.eingehalten]}",
                "wert": stufe.grenze or "unbekannt",
                "fundstelle": belegt.fundstelle if belegt else "",
                "beleg": belegt.beleg if belegt else "",
            }
        )
    return zeilen


def _gezeigte(ergebnis: Ergebnis) -> list[Stufenergebnis]:
    """Up to the tier that is kept; all of them where none is."""
    if ergebnis.stufe is None:
        return list(ergebnis.stufen)
    stelle = next(nr for nr, stufe in enumerate(ergebnis.stufen) if stufe.id == ergebnis.stufe)
    return list(ergebnis.stufen[: stelle + 1])


def _faktor(schritt: Rechenschritt | None) -> str:
    """By what the limit of the household is multiplied for a tier; nothing where it is taken as it is."""
    if schritt is None or not _ist_betrag(schritt.wert) or Decimal(schritt.wert) == 1:
        return ""
    return f" (× {zahl(schritt.wert)})"


def _ist_betrag(wert: str) -> bool:
    vorn, punkt, hinten = wert.removeprefix("-").partition(".")
    return vorn.isdecimal() and (not punkt or hinten.isdecimal())
