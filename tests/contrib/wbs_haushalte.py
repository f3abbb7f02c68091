"""Invented households with complete facts, and what the WBS rules make of them."""

from __future__ import annotations

from typing import Any

from fachwerk_wbs import Ergebnis, berechne, finde_land, lies_fall

HEUTE = "2026-11-21"
ZAHLT = {"einkommensteuer": True, "kranken_pflegeversicherung": True, "rentenversicherung": True}


def person(name: str, rolle: str, *einkuenfte: dict[str, Any], **angaben: Any) -> dict[str, Any]:
    """A member with complete facts; ``angaben`` replace them."""
    grund = {"name": name, "rolle": rolle, "geburtsdatum": "1980-05-01", "einkuenfte": list(einkuenfte)}
    gesund = {"grad_der_behinderung": 0, "pflegegrad": 0, "haeuslich_pflegebeduerftig": False}
    return {**grund, **gesund, "zahlt": ZAHLT, "kindergeld": False, **angaben}


def lohn(betrag: object, **angaben: Any) -> dict[str, Any]:
    return {"art": "nichtselbstaendig", "betrag": betrag, **angaben}


def fall(*haushalt: dict[str, Any], land: str = "nw", **angaben: Any) -> dict[str, Any]:
    kopf = {"land": land, "stichtag": HEUTE, "unterhalt": [], "alleinerziehend": False}
    return {**kopf, "haushalt": list(haushalt), **angaben}


def single(betrag: object, **angaben: Any) -> dict[str, Any]:
    return fall(person("A", "antragsteller", lohn(betrag)), **angaben)


def familie(betrag: object, **angaben: Any) -> dict[str, Any]:
    kinder = [person(k, "kind", geburtsdatum="2015-01-01", kindergeld=True) for k in ("C", "D")]
    paar = (person("A", "antragsteller", lohn(betrag)), person("B", "ehegatte"))
    return fall(*paar, *kinder, **{"ehe_seit": "2008-01-01", **angaben})


def rechne(roh: dict[str, Any]) -> Ergebnis:
    gelesen = lies_fall(roh)
    return berechne(gelesen, finde_land(gelesen.land))


def texte(ergebnis: Ergebnis) -> str:
    return " | ".join(punkt.text for punkt in ergebnis.offen)
