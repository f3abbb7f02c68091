"""What it blocks when a parameter of a Land is not known: nobody is decided, some households, a refusal, a line."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["THEMEN", "Gewicht", "haushalte", "nur_bescheinigung", "reichweite", "thema_haushalte"]


class Gewicht(StrEnum):
    """How much hangs on a gap, heaviest first."""

    NIE = "nie"
    HAUSHALTE = "haushalte"
    FRAGE = "frage"
    BESCHEINIGUNG = "bescheinigung"
    ABLEHNUNG = "ablehnung"


_BESCHEINIGUNG = {
    "wohnflaeche": "die Wohnfläche",
    "raeume": "die Zahl der Räume",
    "mehrbedarf_": "der Mehrbedarf an Wohnraum",
    "gueltig_monate": "die Geltungsdauer",
    "gebuehr": "die Gebühr",
    "personengruppe_": "die Personengruppe",
}
"""Parameter, or beginning of its name → what the draft of the certificate does not say without it."""

_VORAB = ("mindestalter", "aufenthaltstitel_monate")

_HAUSHALTE = {
    "grenze_1": "Haushalte mit einer Person",
    "grenze_2": "Haushalte ab zwei Personen",
    "grenze_weitere": "Haushalte ab drei Personen",
    "grenze_kind": "Haushalte mit Kindern",
    "grenze_je_schwerbehindert": "Haushalte ab zwei Personen mit schwerbehinderten Mitgliedern",
    "haushaltsindex": "Haushalte, die in der Tabelle des Landes nicht vorkommen",
    "kindzuschlag_skaliert": "Haushalte mit Kindern in Stufen über der niedrigsten",
    "gilt_als_eingehalten": "Haushalte, in denen alle eine Sozialleistung beziehen",
    "vermoegensgrenze": "Haushalte mit Angaben zum Vermögen",
    "vermoegenspruefung_": "Haushalte, die erst diese Stufe einhalten",
    "ungeborene_zaehlen": "Haushalte, die ein Kind erwarten",
    "geteiltes_sorgerecht_zaehlt": "Haushalte mit Kindern im Wechselmodell",
    "nicht_verwandte_zaehlen": "Haushalte mit nicht verwandten Personen",
    "baldiger_einzug_zaehlt": "Haushalte, in die bald jemand einzieht",
    "baldiger_auszug_mindert": "Haushalte, aus denen bald jemand auszieht",
    "aufenthaltstitel_monate": "Haushalte von Personen ohne Staatsangehörigkeit der EU",
    "arbeitnehmer_pauschbetrag": "Haushalte mit Arbeitslohn oder Beamtenbezügen",
    "versorgungs_pauschbetrag": "Haushalte mit Versorgungsbezügen",
    "renten_pauschbetrag": "Haushalte mit Renten",
    "kapital_freibetrag": "Haushalte mit Kapitalerträgen",
    "pauschale_steuer": "alle Haushalte, in denen jemand Steuern vom Einkommen zahlt",
    "pauschale_kranken": "alle Haushalte, in denen jemand Beiträge zur Krankenversicherung zahlt",
    "pauschale_rente": "alle Haushalte, in denen jemand Beiträge zur Rentenversicherung zahlt",
    "steuerabzug_nur_steuerpflichtig": "Haushalte mit steuerfreien Einnahmen",
    "freiwillig_": "Haushalte mit freiwilligen Beiträgen zur Vorsorge",
    "nicht_angerechnet_": "Haushalte mit solchen Einnahmen",
    "anteil_": "Haushalte mit solchen steuerfreien Einnahmen",
    "freibetrag_": "Haushalte, die ohne diesen Freibetrag die niedrigste Grenze überschreiten",
    "unterhalt_": "Haushalte, die Unterhalt zahlen und ohne dessen Abzug die niedrigste Grenze überschreiten",
    "einkommenszeitraum": "Haushalte, deren Einkommen sich geändert hat",
}
"""Parameter, or beginning of its name → the households that cannot be decided without it."""

THEMEN = {
    "ungeborene_zaehlen": "ob ein erwartetes Kind schon zum Haushalt zählt",
    "geteiltes_sorgerecht_zaehlt": "ob ein Kind im Wechselmodell in beiden Haushalten zählt",
    "nicht_verwandte_zaehlen": "ob nicht verwandte Personen zum Haushalt zählen",
    "baldiger_einzug_zaehlt": "ob zählt, wer bald einzieht",
    "baldiger_auszug_mindert": "ob noch zählt, wer bald auszieht",
    "aufenthaltstitel_monate": "wie lange ein Aufenthaltstitel noch gelten muss",
    "mindestalter": "ab welchem Alter jemand allein den Antrag stellen kann",
    "freibetrag_": "welche Freibeträge es gibt",
    "unterhalt_": "bis zu welcher Höhe Unterhalt abgesetzt wird",
    "anteil_": "welche steuerfreien Einnahmen zählen",
    "wohnflaeche|raeume": "welche Wohnungsgröße angemessen ist",
    "gueltig_monate": "wie lange der Schein gilt",
    "gebuehr": "welche Gebühr erhoben wird",
}
"""What every Land has a provision for; without the parameter the calculation stops at such a household."""

_BUND = {
    "einkommensgrenzen": "alle Haushalte",
    "werbungskosten": "Haushalte mit Arbeitslohn, Bezügen, Renten oder Kapitalerträgen",
    "einkuenfte": "Haushalte mit steuerfreien Einnahmen",
    "abzuege": "alle Haushalte, in denen jemand Steuern oder Beiträge zahlt",
    "freibetraege": "Haushalte, die ohne Freibetrag die niedrigste Grenze überschreiten",
    "unterhalt": "Haushalte, die Unterhalt zahlen und ohne dessen Abzug die niedrigste Grenze überschreiten",
    "bescheinigung": "der Entwurf des Scheins",
}


def nur_bescheinigung(name: str) -> bool:
    """Whether the parameter decides nothing: it appears on the certificate only."""
    return name.startswith(tuple(_BESCHEINIGUNG)) or name == "mindestalter"


def ohne_ablehnung(name: str) -> str:
    """What grade B of parameter ``name`` prevents; empty: nothing, no refusal rests on it."""
    if nur_bescheinigung(name) or name in _VORAB:
        return ""
    if name.startswith(("freibetrag_", "unterhalt_", "anteil_", "nicht_angerechnet_", "freiwillig_")):
        return "lehnt nicht ab: Haushalte, auf die das zutrifft"
    return f"lehnt nicht ab: {haushalte(name) or 'alle Haushalte'}"


def auf_dem_schein(name: str) -> str:
    """What is missing although the case is decided."""
    if name == "mindestalter":
        return "entscheidet trotzdem; das Alter wird nicht geprüft"
    was = next(text for wort, text in _BESCHEINIGUNG.items() if name.startswith(wort))
    return f"entscheidet trotzdem; auf dem Entwurf fehlt {was}"


def haushalte(name: str) -> str:
    """The households that need parameter ``name``; empty: every household does."""
    passend = [wort for wort in _HAUSHALTE if name == wort or (wort.endswith("_") and name.startswith(wort))]
    return _HAUSHALTE[passend[0]] if passend else ""


_REIHENFOLGE = (
    "stufe_",
    "haushaltstabelle",
    "haushaltsindex",
    "rundung_",
    "grenze_",
    "pauschale_",
    "kindzuschlag_",
    "arbeitnehmer_",
    "renten_",
    "versorgungs_",
    "kapital_",
    "freibetrag_",
    "unterhalt_",
    "nicht_angerechnet_",
    "anteil_",
    "bund.",
)
"""Topics by the number of households that need them, as far as one can say without statistics."""


def reichweite(name: str) -> int:
    """Where a gap stands in its group: what nearly everybody needs comes first."""
    return next((i for i, anfang in enumerate(_REIHENFOLGE) if name.startswith(anfang)), len(_REIHENFOLGE))


def thema_haushalte(thema: str) -> str:
    """The households that need a federal topic."""
    return _BUND[thema]
