"""Invented households with complete facts, to ask every Land the same question. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fachwerk_wbs.fall import Fall

WENIG = Decimal(14000)
"""Gross pay a year far below the lowest limit of any household in any Land."""


def alleinstehend(land: str, stichtag: date, brutto: Decimal = WENIG) -> Fall:
    """One employee who lives alone."""
    return _fall(land, stichtag, [_person("A", "antragsteller", 45, stichtag, [_lohn(brutto)], zahlt=True)])


def familie(land: str, stichtag: date, brutto: Decimal = WENIG) -> Fall:
    """A couple, married for long, with two children; one of the parents is an employee."""
    eltern = [
        _person("A", "antragsteller", 45, stichtag, [_lohn(brutto)], zahlt=True),
        _person("B", "ehegatte", 44, stichtag, []),
    ]
    kinder = [_person(name, "kind", 10, stichtag, [], kindergeld=True) for name in ("C", "D")]
    return _fall(land, stichtag, eltern + kinder, ehe_seit=date(stichtag.year - 20, 6, 1))


def mit_einkommen(land: str, stichtag: date, personen: int, kinder: int, betrag: Decimal) -> Fall:
    """A household whose only income is a profit of ``betrag``, from which no lump sum is taken.

    The adults are the applicant and grown-up relatives, so that no allowance for couples comes in.
    """
    erwachsene = [_person("A", "antragsteller", 45, stichtag, [{"art": "selbstaendig", "betrag": betrag}])]
    for nummer in range(1, personen - kinder):
        erwachsene.append(_person(f"E{nummer}", "angehoeriger", 50, stichtag, []))
    juengere = [_person(f"K{i}", "kind", 10, stichtag, [], kindergeld=True) for i in range(1, kinder + 1)]
    return _fall(land, stichtag, erwachsene + juengere)


def _fall(land: str, stichtag: date, haushalt: list[dict[str, Any]], **angaben: Any) -> Fall:
    kopf = {"land": land, "stichtag": stichtag, "unterhalt": [], "alleinerziehend": False, "leistungsbezug": "keiner"}
    return Fall.model_validate({**kopf, "staatsangehoerigkeit": ["de"], "haushalt": haushalt, **angaben})


def _lohn(betrag: Decimal) -> dict[str, Any]:
    return {"art": "nichtselbstaendig", "betrag": betrag}


def _person(
    name: str, rolle: str, alter: int, stichtag: date, einkuenfte: list[dict[str, Any]], **angaben: Any
) -> dict[str, Any]:
    zahlt = bool(angaben.pop("zahlt", False))
    zahlungen = dict.fromkeys(("einkommensteuer", "kranken_pflegeversicherung", "rentenversicherung"), zahlt)
    grund = {"geburtsdatum": date(stichtag.year - alter, 1, 1), "einkuenfte": einkuenfte, "zahlt": zahlungen}
    gesund = {"grad_der_behinderung": 0, "pflegegrad": 0, "haeuslich_pflegebeduerftig": False}
    return {"name": name, "rolle": rolle, "kindergeld": False, **grund, **gesund, **angaben}
