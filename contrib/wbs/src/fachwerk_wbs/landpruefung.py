"""What a Land writes down must be something the calculation reads: a misspelt name or word is refused when it loads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from fachwerk.parameter import Parameter
from fachwerk_wbs.bedingungen import PRUEFUNGEN
from fachwerk_wbs.fall import Einkunft, Leistungsbezug, Unterart, UnterhaltAn
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
STUFE = frozenset({"p1", "p2", "weitere", "kind"})
ZEILE = re.compile(r"[1-9][0-9]*A([1-9][0-9]*K)?")


def maengel(parameter: Mapping[str, Parameter], bedingungen: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Every mistake in the parameters, and in further conditions (where they stand, and what they say)."""
    for name, einer in parameter.items():
        yield from (f"{name}: {mangel}" for mangel in _maengel_von(einer))
        if "wenn" in einer.merkmale:
            yield from _woerter(name, einer.merkmale["wenn"])
    for ort, wenn in bedingungen:
        yield from _woerter(ort, wenn)


def _woerter(ort: str, wenn: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for wort in sorted({wort for bedingung in wenn for wort in bedingung} - PRUEFUNGEN.keys()):
        yield f"{ort}: die Bedingung {wort} gibt es nicht"


def _maengel_von(parameter: Parameter) -> Iterator[str]:
    name, merkmale = parameter.name, parameter.merkmale
    if name not in NAMEN | ABGELEITET and not name.startswith(FAMILIEN):
        yield "diesen Parameter liest niemand (Schreibweise prüfen)"
    if name.startswith(MIT_BEDINGUNG) and not merkmale.get("wenn"):
        yield "das Merkmal wenn fehlt"
    if name.startswith("freibetrag_") and merkmale.get("je") not in ("person", "kind", "haushalt"):
        yield "das Merkmal je ist person, kind oder haushalt"
    if merkmale.get("verbindung", "oder") not in ("oder", "und"):
        yield "das Merkmal verbindung ist oder oder und"
    if "art" in merkmale and merkmale["art"] not in ARTEN:
        yield f"das Merkmal art ist eines von {', '.join(ARTEN)}"
    if "ohne" in merkmale and (merkmale["ohne"] not in Einkunft.model_fields or "angabe" not in merkmale):
        yield "das Merkmal ohne nennt ein Feld der Einkunft und braucht angabe"
    yield from _leistungen(parameter)
    for fassung in parameter.fassungen:
        yield from _wert(name, fassung.wert)


def _leistungen(parameter: Parameter) -> Iterator[str]:
    merkmale = parameter.merkmale
    if parameter.name == "gilt_als_eingehalten" and not merkmale.get("leistungen"):
        yield "das Merkmal leistungen fehlt"
    genannt = {*merkmale.get("leistungen", ()), *merkmale.get("befreit", ())}
    if fremd := sorted(map(str, genannt - set(Leistungsbezug))):
        yield f"die Leistung {', '.join(fremd)} gibt es nicht"


def _wert(name: str, wert: Any) -> Iterator[str]:
    """The shape of one value: keys and cells of a table, parts of a rounding or an index."""
    if name in ("rundung_grenze", "haushaltsindex") and isinstance(wert, dict):
        yield from _rundung(name, wert)
    elif isinstance(wert, dict):
        yield from (f"die Zelle {zeile} ist keine" for zeile, zelle in wert.items() if not _ist_zelle(zelle))
        if name.startswith("stufe_") and wert.keys() != STUFE:
            yield "die Tabelle einer Stufe hat p1, p2, weitere und kind"
        if name == "haushaltstabelle" and not all(ZEILE.fullmatch(str(zeile)) for zeile in wert):
            yield "eine Zeile heißt wie 1A oder 2A1K"
    elif (
        name in ("haushaltstabelle", "vermoegensgrenze", "wohnflaeche", "raeume", "rundung_grenze") and wert is not None
    ):
        yield "der Wert ist eine Tabelle oder null"


def _rundung(name: str, wert: Mapping[str, Any]) -> Iterator[str]:
    if wert.get("richtung") not in RICHTUNG or not isinstance(wert.get("schritt"), Decimal):
        yield f"gebraucht werden schritt und richtung ({', '.join(RICHTUNG)})"
    von, bis = wert.get("von"), wert.get("bis")
    if name == "haushaltsindex" and not (isinstance(von, Decimal) and isinstance(bis, Decimal) and von <= bis):
        yield "von und bis sind Zahlen, von die kleinere"


def _ist_zelle(zelle: Any) -> bool:
    if isinstance(zelle, dict):
        return zelle.keys() <= {"wert", "beleg"} and "wert" in zelle and _ist_zelle(zelle["wert"])
    return zelle is None or isinstance(zelle, Decimal) or (isinstance(zelle, list) and len(zelle) > 1)
