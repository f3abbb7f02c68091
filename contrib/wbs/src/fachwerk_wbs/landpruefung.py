"""What a Land writes down must be something the calculation reads: a misspelt name or word is refused when it loads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fachwerk.parameter import BELEGE, Parameter
from fachwerk_wbs.fall import Leistungsbezug, Unterart, UnterhaltAn
from fachwerk_wbs.landform import ZAHLEN, form_von, ist_zahl, maengel_der_bedingung, maengel_der_merkmale
from fachwerk_wbs.regelwerk import RICHTUNG
from fachwerk_wbs.zeitraum import ARTEN

# fmt: off
NAMEN = frozenset({
    "grenze_1", "grenze_2", "grenze_weitere", "grenze_kind", "grenze_je_schwerbehindert", "haushaltstabelle",
    "haushaltsindex", "kindzuschlag_skaliert", "rundung_grenze", "gilt_als_eingehalten", "vermoegensgrenze",
    "ungeborene_zaehlen", "geteiltes_sorgerecht_zaehlt", "nicht_verwandte_zaehlen", "baldiger_einzug_zaehlt",
    "baldiger_auszug_mindert", "mindestalter", "aufenthaltstitel_monate", "arbeitnehmer_pauschbetrag",
    "versorgungs_pauschbetrag", "renten_pauschbetrag", "kapital_freibetrag", "pauschale_steuer", "pauschale_kranken",
    "pauschale_rente", "freiwillig_kranken_voll", "freiwillig_rente_voll", "steuerabzug_nur_steuerpflichtig",
    "einkommenszeitraum", "unterhalt_mit_titel", "wohnflaeche", "raeume", "wohnflaeche_toleranz", "gueltig_monate",
    "gebuehr",
})
# fmt: on
FAMILIEN = ("stufe_", "freibetrag_", "nicht_angerechnet_", "personengruppe_", "mehrbedarf_", "vermoegenspruefung_")
MIT_BEDINGUNG = ("freibetrag_", "nicht_angerechnet_", "personengruppe_", "mehrbedarf_")
ABGELEITET = frozenset({f"anteil_{art}" for art in Unterart} | {f"unterhalt_{an}" for an in UnterhaltAn})
ABZIEHBAR = ("werbungskosten", "freibetrag", "wohnkosten")
"""Fields of an income that a share may leave out."""

STUFE = frozenset({"p1", "p2", "weitere", "kind"})
ZEILEN = {
    "haushaltstabelle": (re.compile(r"[1-9][0-9]?A([1-9][0-9]?K)?"), "wie 1A oder 2A1K"),
    "vermoegensgrenze": (re.compile(r"p1|weitere"), "p1 oder weitere"),
    "wohnflaeche": (re.compile(r"[1-9][0-9]?|weitere"), "wie '1' (in Anführungszeichen) oder weitere"),
    "raeume": (re.compile(r"[1-9][0-9]?|weitere"), "wie '1' (in Anführungszeichen) oder weitere"),
}
"""How the rows of a table are called."""


def maengel(parameter: Mapping[str, Parameter], bedingungen: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Every mistake in the parameters, and in further conditions (where they stand, and what they say)."""
    for name, einer in parameter.items():
        yield from (f"{name}: {mangel}" for mangel in _maengel_von(einer))
        yield from _woerter(name, einer.merkmale.get("wenn", ()))
    for ort, wenn in bedingungen:
        yield from _woerter(ort, wenn)


def _woerter(ort: str, wenn: Iterable[Mapping[Any, Any]]) -> Iterator[str]:
    for bedingung in wenn:
        yield from (f"{ort}: {mangel}" for mangel in maengel_der_bedingung(bedingung))


def _maengel_von(parameter: Parameter) -> Iterator[str]:
    """The form first: what follows relies on it."""
    name, merkmale = parameter.name, parameter.merkmale
    if name not in NAMEN | ABGELEITET and not name.startswith(FAMILIEN):
        yield "diesen Parameter liest niemand (Schreibweise prüfen)"
    if ungeformt := list(maengel_der_merkmale(merkmale)):
        yield from ungeformt
        return
    if name.startswith(MIT_BEDINGUNG) and not merkmale.get("wenn"):
        yield "das Merkmal wenn fehlt"
    if name.startswith("freibetrag_") and merkmale.get("je") not in ("person", "kind", "haushalt"):
        yield "das Merkmal je ist person, kind oder haushalt"
    if merkmale.get("verbindung", "oder") not in ("oder", "und"):
        yield "das Merkmal verbindung ist oder oder und"
    if "art" in merkmale and merkmale["art"] not in ARTEN:
        yield f"das Merkmal art ist eines von {', '.join(ARTEN)}"
    if "ohne" in merkmale and (merkmale["ohne"] not in ABZIEHBAR or "angabe" not in merkmale):
        yield "das Merkmal ohne nennt ein Feld der Einkunft und braucht angabe"
    yield from _leistungen(parameter)
    for fassung in parameter.fassungen:
        yield from _wert(name, fassung.wert)


def _leistungen(parameter: Parameter) -> Iterator[str]:
    merkmale = parameter.merkmale
    if parameter.name == "gilt_als_eingehalten" and not merkmale.get("leistungen"):
        yield "das Merkmal leistungen fehlt"
    genannt = {*merkmale.get("leistungen", ()), *merkmale.get("befreit", ())}
    if fremd := sorted(genannt - set(Leistungsbezug)):
        yield f"die Leistung {', '.join(fremd)} gibt es nicht"


def _wert(name: str, wert: Any) -> Iterator[str]:
    """The shape of one value: keys and cells of a table, parts of a rounding or an index."""
    if wert is None:
        return
    if name in ("rundung_grenze", "haushaltsindex"):
        yield from _rundung(name, wert) if isinstance(wert, dict) else (_TABELLE,)
    elif name in ZEILEN or (name.startswith("stufe_") and isinstance(wert, dict)):
        yield from _tabelle(name, wert) if isinstance(wert, dict) else (_TABELLE,)
    elif not (form := form_von(name)).passt(wert):
        yield f"der Wert ist {form.erwartet} oder null"


_TABELLE = "der Wert ist eine Tabelle oder null"


def _tabelle(name: str, wert: Mapping[Any, Any]) -> Iterator[str]:
    yield from (f"die Zelle {zeile} ist keine" for zeile, zelle in wert.items() if not _ist_zelle(zelle))
    if name.startswith("stufe_"):
        if wert.keys() != STUFE:
            yield "die Tabelle einer Stufe hat p1, p2, weitere und kind"
    elif not all(isinstance(zeile, str) and ZEILEN[name][0].fullmatch(zeile) for zeile in wert):
        yield f"eine Zeile heißt {ZEILEN[name][1]}"


def _rundung(name: str, wert: Mapping[Any, Any]) -> Iterator[str]:
    if not (wert.get("richtung") in list(RICHTUNG) and ist_zahl(wert.get("schritt")) and wert["schritt"] > 0):
        yield f"gebraucht werden schritt und richtung (über 0; {', '.join(RICHTUNG)})"
    if name == "rundung_grenze":
        return
    von, bis, zuschlag = wert.get("von"), wert.get("bis"), wert.get("zuschlag", {})
    if not (ist_zahl(von) and ist_zahl(bis) and von <= bis):
        yield "von und bis sind Zahlen, von die kleinere"
    if not (isinstance(zuschlag, dict) and all(map(ist_zahl, zuschlag.values()))):
        yield "zuschlag nennt zu Personenzahlen Beträge"


def _ist_zelle(zelle: Any) -> bool:
    """An amount, an amount with a grade of its own, several candidates, or null."""
    if isinstance(zelle, dict):
        bekannt = zelle.keys() <= {"wert", "beleg"} and "wert" in zelle and not isinstance(zelle["wert"], dict)
        return bekannt and zelle.get("beleg") in (None, *BELEGE) and _ist_zelle(zelle["wert"])
    return zelle is None or ist_zahl(zelle) or (ZAHLEN.passt(zelle) and len(zelle) > 1)
