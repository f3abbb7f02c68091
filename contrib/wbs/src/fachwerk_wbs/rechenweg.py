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


@dataclass
class _Gruppe:
    """Lines of one member, or of the household."""

    name: str
    zeilen: list[Rechenschritt] = field(default_factory=list)
    abzuege: list[Rechenschritt] = field(default_factory=list)

    def als_json(self) -> dict[str, Any]:
        return {"gruppe": self.name, "zeilen": [zeile.model_dump(mode="json") for zeile in self.zeilen]}


def rechenweg(fall: Fall, ergebnis: Ergebnis, land: Land) -> list[dict[str, Any]]:
    """The short calculation of ``ergebnis``; every group has at least one line."""
    je_person, gemeinsam = _geteilt(ergebnis.begruendung, [wer.name for wer in fall.haushalt])
    gruppen = [_person(name, zeilen) for name, zeilen in je_person.items()]
    gruppen.append(_haushalt(gemeinsam))
    gruppen.append(_grenze(gemeinsam, ergebnis, land))
    return [gruppe.als_json() for gruppe in gruppen if gruppe.zeilen]


def _geteilt(
    begruendung: Iterable[Rechenschritt], namen: Sequence[str]
) -> tuple[dict[str, list[Rechenschritt]], list[Rechenschritt]]:
    """The lines of each member, without its name, and those of nobody."""
    je_person: dict[str, list[Rechenschritt]] = {name: [] for name in namen}
    gemeinsam: list[Rechenschritt] = []
    nach_laenge = sorted(je_person, key=len, reverse=True)
    for schritt in begruendung:
        wem = next((name for name in nach_laenge if schritt.name.startswith(f"{name}: ")), None)
        if wem is None:
            gemeinsam.append(schritt)
        else:
            je_person[wem].append(schritt.model_copy(update={"name": schritt.name[len(wem) + 2 :]}))
    return je_person, gemeinsam


def _person(name: str, schritte: Iterable[Rechenschritt]) -> _Gruppe:
    gruppe = _Gruppe(name)
    for schritt in schritte:
        if schritt.name in ABZUEGE:
            gruppe.abzuege.append(schritt)
        elif schritt.name in EINKUENFTE:
            gruppe.zeilen.append(schritt)
        elif schritt.name == TITEL["jahreseinkommen"]:
            gruppe.zeilen += [*_zusammen(gruppe.abzuege), schritt]
    return gruppe


def _zusammen(abzuege: list[Rechenschritt]) -> list[Rechenschritt]:
    """All deductions of a member in one line; one that is no number stays a line of its own."""
    if not all(_ist_betrag(abzug.wert) for abzug in abzuege):
        return abzuege
    wirksam = [abzug for abzug in abzuege if Decimal(abzug.wert)]
    if not wirksam:
        return []
    text = ", ".join(f"{abzug.name.removeprefix(_FUER)} {betrag(abzug.wert)}" for abzug in wirksam)
    return [
        Rechenschritt(
            name=_ABZUG + text,
            wert=dezimal_text(-sum((Decimal(abzug.wert) for abzug in wirksam), Decimal(0))),
            fundstelle="; ".join(dict.fromkeys(abzug.fundstelle for abzug in wirksam)),
            beleg=max(abzug.beleg for abzug in wirksam),
        )
    ]


def _haushalt(schritte: list[Rechenschritt]) -> _Gruppe:
    """Allowances and maintenance, then the total income."""
    gruppe = _Gruppe("Haushalt")
    for schritt in schritte:
        summe = schritt.name == TITEL["gesamteinkommen"]
        minus = f"-{schritt.wert}" if not summe and _ist_betrag(schritt.wert) and Decimal(schritt.wert) > 0 else ""
        gruppe.zeilen.append(schritt.model_copy(update={"wert": minus}) if minus else schritt)
        if summe:
            return gruppe
    return _Gruppe("Haushalt")


def _grenze(schritte: list[Rechenschritt], ergebnis: Ergebnis, land: Land) -> _Gruppe:
    zeilen = [schritt for schritt in schritte if schritt.name in GRENZEN]
    titel = {stufe.name.removeprefix("stufe_"): stufe.titel for stufe in land.stufen}
    je_titel = {schritt.name: schritt for schritt in schritte}
    for stufe in _gezeigte(ergebnis):
        name = titel.get(stufe.id, stufe.id)
        belegt = je_titel.get(f"{name}: {TITEL['stufengrenze']}") or je_titel.get(name)
        zeilen.append(
            Rechenschritt(
                name=f"{name}{_faktor(je_titel.get(name))}: {STAND[stufe.eingehalten]}",
                wert=stufe.grenze or "unbekannt",
                fundstelle=belegt.fundstelle if belegt else "",
                beleg=belegt.beleg if belegt else "",
            )
        )
    return _Gruppe("Grenze", zeilen)


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
