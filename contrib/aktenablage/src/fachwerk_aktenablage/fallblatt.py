"""Reads a case file or a result of the rules (plain JSON of a published shape) into tables with German labels.

Known keys get their label and unit, unknown keys are made readable; nothing is left out, however deep it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fachwerk_aktenablage.gliederung import Absatz, Abschnitt, Block, Tabelle, Zwischentitel, angaben
from fachwerk_aktenablage.texte import anzeige, beschriftung, betrag, wort

_TIEFE = 12

LAENDER = {
    "bw": "Baden-Württemberg", "by": "Bayern", "be": "Berlin", "bb": "Brandenburg", "hb": "Bremen", "hh": "Hamburg",
    "he": "Hessen", "mv": "Mecklenburg-Vorpommern", "ni": "Niedersachsen", "nw": "Nordrhein-Westfalen",
    "rp": "Rheinland-Pfalz", "sl": "Saarland", "sn": "Sachsen", "st": "Sachsen-Anhalt", "sh": "Schleswig-Holstein",
    "th": "Thüringen",
}  # fmt: skip
WORTE = {
    "antragsteller": "Antragstellende Person", "ehegatte": "Ehegatte", "lebenspartner": "Lebenspartner",
    "partner": "Partner", "kind": "Kind", "angehoeriger": "Angehörige Person", "ungeborenes": "Ungeborenes Kind",
    "nichtselbstaendig": "Nichtselbständige Arbeit", "beamtenbezuege": "Beamtenbezüge", "rente": "Rente",
    "versorgungsbezuege": "Versorgungsbezüge", "selbstaendig": "Selbständige Arbeit", "gewerbe": "Gewerbebetrieb",
    "landforst": "Land- und Forstwirtschaft", "kapital": "Kapitalvermögen", "vermietung": "Vermietung und Verpachtung",
    "sonstige": "Sonstige Einkünfte", "steuerfrei": "Steuerfreie Einnahmen", "ex_ehegatte": "Früherer Ehegatte",
}  # fmt: skip
_NAMEN = {
    "stichtag": "Stichtag", "ehe_seit": "Ehe oder Lebenspartnerschaft seit", "alleinerziehend": "Alleinerziehend",
    "haushalt": "Haushalt", "geburtsdatum": "Geburtsdatum", "einkuenfte": "Einkünfte", "art": "Art",
    "betrag": "Betrag im Jahr", "werbungskosten": "Werbungskosten im Jahr", "zahlt": "Zahlt",
    "einkommensteuer": "Einkommensteuer", "kranken_pflegeversicherung": "Kranken- und Pflegeversicherung",
    "rentenversicherung": "Rentenversicherung", "grad_der_behinderung": "Grad der Behinderung",
    "pflegegrad": "Pflegegrad", "haeuslich_pflegebeduerftig": "Häuslich pflegebedürftig", "kindergeld": "Kindergeld",
    "unterhalt": "Unterhaltszahlungen", "an": "An", "titel": "Durch Titel oder Vereinbarung festgelegt",
    "staatsangehoerigkeit": "Staatsangehörigkeit", "aufenthaltstitel_bis": "Aufenthaltstitel gültig bis",
    "rollstuhl": "Auf den Rollstuhl angewiesen", "blind": "Blind", "vermoegen": "Vermögen",
    "foerderweg": "Förderweg", "wohnung": "Wohnung", "leistungsbezug": "Leistungsbezug",
    "einkommenszeitraum": "Einkommenszeitraum", "betreuungskosten": "Betreuungskosten",
    "geteiltes_sorgerecht": "Geteiltes Sorgerecht", "gesamteinkommen": "Gesamteinkommen", "stufen": "Stufen",
    "stufe": "Eingehaltene Stufe", "grenze": "Grenze", "eingehalten": "Eingehalten",
    "ermessen": "Nur nach Ermessen", "id": "Kennung", "empfehlung": "Empfehlung",
    "wohnflaeche_m2": "Angemessene Wohnfläche (m²)", "raeume": "Räume", "gueltig_monate": "Gültig (Monate)",
    "gebuehr": "Gebühr", "name": "Name", "rolle": "Rolle", "land": "Land",
    "erwerbsfaehig": "Erwerbsfähig", "altersrente": "Altersrente", "leistung_unterkunft": "Leistung für die Unterkunft",
    "einkommen_monat": "Einkommen im Monat", "miete": "Miete im Monat", "vermieter_iban": "IBAN des Vermieters",
    "rueckstand": "Rückstand", "monate": "Aus so vielen Monaten", "energie": "Energieschulden",
    "betriebskosten": "Betriebskostennachforderung", "kosten": "Mahn- und Gerichtskosten", "stand": "Stand vom",
    "gefahr": "Gefahr für die Wohnung", "mahnung": "Mahnung vom", "kuendigung": "Kündigung vom",
    "kuendigung_art": "Art der Kündigung", "kuendigung_zum": "Gekündigt zum", "raeumungsklage": "Räumungsklage",
    "klage_eingegangen": "Klage bei Gericht eingegangen", "klage_zugestellt": "Klage zugestellt",
    "termin": "Gerichtstermin", "urteil": "Räumungsurteil vom", "raeumungstermin": "Räumungstermin",
    "eigener_betrag": "Eigener Betrag", "vermieter_setzt_fort": "Vermieter setzt fort", "aussicht": "Aussicht",
    "miete_kuenftig_gesichert": "Künftige Miete gesichert", "verbleib_gewollt": "Verbleib gewollt",
    "frueher_uebernommen": "Schon früher übernommen", "frueher_uebernommen_am": "Früher übernommen am",
    "fruehere_kuendigung": "Frühere Kündigung vom", "zustaendig": "Zuständig",
    "schonfrist_ende": "Ende der Schonfrist", "schonfrist_ende_nach_193": "Ende der Schonfrist nach § 193 BGB",
    "schonfrist_hilft": "Zahlung in der Schonfrist hilft", "fehlend": "Fehlende Angaben",
    "ergaenzend": "Ergänzende Angaben",
}  # fmt: skip
_NAMEN_JE_LEISTUNG = {
    "mietrueckstaende": {"betrag": "Mietrückstand", "gesamt": "Gesamtmiete", "wohnflaeche_m2": "Wohnfläche (m²)"}
}
"""Where a word means another thing."""
_GELDFELDER = (
    "betrag", "werbungskosten", "gesamteinkommen", "grenze", "gebuehr", "betreuungskosten", "gesamt", "grundmiete",
    "nebenkosten", "heizkosten", "energie", "betriebskosten", "kosten", "einkommen_monat", "eigener_betrag",
    "vermoegen",
)  # fmt: skip
_GELD = dict.fromkeys(_GELDFELDER, betrag)
_HAUSHALT = frozenset({"haushalt", "ehe_seit", "alleinerziehend"})
_EINKOMMEN = frozenset(
    {"einkuenfte", "zahlt", "beitraege", "kindergeld", "betreuungskosten", "leistungsbezug", "einkommen_monat",
     "einkommenszeitraum", "unterhalt", "vermoegen", "leistung_unterkunft", "altersrente"}
)  # fmt: skip
_WOHNUNG = frozenset({"wohnung", "foerderweg", "miete", "rueckstand", "gefahr", "aussicht", "verbleib_gewollt"})
_EINZELN = {"haushalt": "Haushaltsmitglied"}
_ERWARTET = {
    "wbs": ("land", "stichtag", "ehe_seit", "alleinerziehend", "haushalt", "unterhalt"),
    "wbs.haushalt": ("rolle", "geburtsdatum", "einkuenfte", "zahlt", "grad_der_behinderung", "pflegegrad",
                     "haeuslich_pflegebeduerftig", "kindergeld"),
}  # fmt: skip
"""Keys that are shown as unknown where a case file of the Leistung lacks them."""


def fallabschnitte(fall: Mapping[str, Any], leistung: str) -> tuple[Abschnitt, ...]:
    """The case file as a clerk reads it: household, income, housing, and every fact that is none of these."""
    voll = _vervollstaendigt(fall, leistung)
    mitglieder: Sequence[Mapping[str, Any]] = voll["haushalt"] if _sind_abbildungen(voll.get("haushalt")) else ()
    personen = [_ohne(mitglied, _EINKOMMEN) for mitglied in mitglieder]
    haushalt = _nur(voll, _HAUSHALT) | ({"haushalt": personen} if personen else {})
    rest = _ohne(voll, _HAUSHALT | _EINKOMMEN | _WOHNUNG)
    abschnitte = (
        Abschnitt("Haushalt", tuple(_bloecke(haushalt, "", leistung, 0))),
        Abschnitt(
            "Einkommen und Vermögen",
            (*_einkommen(mitglieder, leistung), *_bloecke(_nur(voll, _EINKOMMEN), "", leistung, 0)),
        ),
        Abschnitt("Wohnung", tuple(_bloecke(_nur(voll, _WOHNUNG), "", leistung, 0))),
        Abschnitt("Weitere Angaben zum Fall", tuple(_bloecke(rest, "", leistung, 0))),
    )
    return tuple(abschnitt for abschnitt in abschnitte if abschnitt.bloecke)


def _einkommen(mitglieder: Sequence[Mapping[str, Any]], leistung: str) -> Iterator[Block]:
    """What each member earns and pays, under the number and name the household section gives."""
    for nummer, mitglied in enumerate(mitglieder, 1):
        if werte := _nur(mitglied, _EINKOMMEN):
            titel = f"{_EINZELN['haushalt']} {nummer}"
            yield Zwischentitel(_benannt(titel, mitglied))
            yield from _bloecke(werte, titel, leistung, 1)


def _vervollstaendigt(fall: Mapping[str, Any], leistung: str) -> dict[str, Any]:
    """The case file with what it lacks, so that what is unknown is seen."""
    voll = _ergaenzt(fall, leistung)
    if _sind_abbildungen(voll.get("haushalt")):
        voll["haushalt"] = [_ergaenzt(mitglied, f"{leistung}.haushalt") for mitglied in voll["haushalt"]]
    return voll


def _sind_abbildungen(wert: Any) -> bool:
    return isinstance(wert, list | tuple) and bool(wert) and all(isinstance(eintrag, Mapping) for eintrag in wert)


def _nur(werte: Mapping[str, Any], schluessel: frozenset[str]) -> dict[str, Any]:
    return {name: wert for name, wert in werte.items() if name in schluessel}


def _ohne(werte: Mapping[str, Any], schluessel: frozenset[str]) -> dict[str, Any]:
    return {name: wert for name, wert in werte.items() if name not in schluessel}


def feldname(feld: str) -> str:
    """The German label of one field."""
    return beschriftung(feld, _NAMEN)


def feldwert(feld: str, wert: Any) -> str:
    """Any value of a field on a few lines, however deep it is."""
    if isinstance(wert, Mapping):
        return ", ".join(f"{feldname(unten)}: {feldwert(unten, w)}" for unten, w in wert.items()) or "keine"
    if isinstance(wert, list | tuple):
        return "\n".join(feldwert(feld, eintrag) for eintrag in wert) or "keine"
    return _wert(feld, wert)


def ergebnisblatt(ergebnis: Mapping[str, Any]) -> tuple[Block, ...]:
    """The result of the rules without reason and open points, which have tables of their own."""
    werte = {k: v for k, v in ergebnis.items() if k not in ("begruendung", "offen", "empfehlung")}
    return tuple(_bloecke(werte, "", "", 0))


def _ergaenzt(werte: Mapping[str, Any], stelle: str) -> dict[str, Any]:
    """``werte`` with the expected keys it lacks, so that what is unknown is seen."""
    return {**werte, **{schluessel: None for schluessel in _ERWARTET.get(stelle, ()) if schluessel not in werte}}


def _bloecke(werte: Mapping[str, Any], ueber: str, leistung: str, tiefe: int) -> Iterator[Block]:
    einfach = [(schluessel, wert) for schluessel, wert in werte.items() if not _geschachtelt(wert)]
    if einfach:
        yield angaben([(_name(k, leistung), _wert(k, w)) for k, w in einfach])
    for schluessel, wert in werte.items():
        if _geschachtelt(wert):
            titel = " – ".join(filter(None, (ueber, _name(schluessel, leistung))))
            yield from _geschachtelte(schluessel, wert, titel, leistung, tiefe + 1)


def _name(schluessel: str, leistung: str) -> str:
    return _NAMEN_JE_LEISTUNG.get(leistung, {}).get(schluessel) or beschriftung(schluessel, _NAMEN)


def _geschachtelte(schluessel: str, wert: Any, titel: str, leistung: str, tiefe: int) -> Iterator[Block]:
    if tiefe > _TIEFE:
        yield from (Zwischentitel(titel), Absatz(wort(repr(wert))))
    elif isinstance(wert, Mapping):
        yield Zwischentitel(titel)
        yield from _bloecke(wert, titel, leistung, tiefe)
    elif not all(isinstance(eintrag, Mapping) for eintrag in wert):
        yield Zwischentitel(titel)
        yield angaben([(str(n), _wert(schluessel, eintrag)) for n, eintrag in enumerate(wert, 1)])
    elif tabelle := _flache_tabelle(wert):
        yield from (Zwischentitel(titel), tabelle)
    else:
        for nummer, eintrag in enumerate(wert, 1):
            einzeln = f"{_EINZELN.get(schluessel, titel)} {nummer}"
            yield from _eintrag(eintrag, einzeln, leistung, tiefe)


def _eintrag(eintrag: Mapping[str, Any], titel: str, leistung: str, tiefe: int) -> Iterator[Block]:
    """One member of a list, e.g. one person of the household, named where it has a name."""
    yield Zwischentitel(_benannt(titel, eintrag))
    yield from _bloecke(eintrag, titel, leistung, tiefe)


def _benannt(titel: str, eintrag: Mapping[str, Any]) -> str:
    name = eintrag.get("name")
    return f"{titel}: {wort(name)}" if isinstance(name, str) and name else titel


def _flache_tabelle(eintraege: Sequence[Mapping[str, Any]]) -> Tabelle | None:
    """Entries with the same few simple keys make one table; others do not."""
    spalten = list(dict.fromkeys(schluessel for eintrag in eintraege for schluessel in eintrag))
    einfach = not any(_geschachtelt(wert) for eintrag in eintraege for wert in eintrag.values())
    if not einfach or not 2 <= len(spalten) <= 5:
        return None
    return Tabelle(
        kopf=tuple(beschriftung(spalte, _NAMEN) for spalte in spalten),
        zeilen=tuple(tuple(_wert(spalte, eintrag.get(spalte)) for spalte in spalten) for eintrag in eintraege),
        anteile=(1,) * len(spalten),
    )


def _geschachtelt(wert: Any) -> bool:
    return isinstance(wert, Mapping | list | tuple) and len(wert) > 0


def _wert(schluessel: str, wert: Any) -> str:
    if isinstance(wert, Mapping | list | tuple):
        return "keine" if not wert else wort(repr(wert))
    if isinstance(wert, str) and schluessel in _WERTEWORTE:
        return _WERTEWORTE[schluessel].get(wert, wort(wert))
    return anzeige(schluessel, wert, _FORMEN)


_FORMEN: dict[str, Callable[[Any], str]] = dict(_GELD)
_WERTEWORTE = {
    "land": LAENDER, "rolle": WORTE, "art": WORTE, "an": WORTE,
    "leistungsbezug": {"sgb2": "SGB II", "sgb12": "SGB XII", "asylblg": "AsylbLG", "keiner": "keiner"},
    "kuendigung_art": {"fristlos_und_ordentlich": "fristlos, hilfsweise ordentlich"},
    "zustaendig": {"jobcenter": "Jobcenter", "sozialamt": "Sozialamt"},
    "schonfrist_hilft": {"zu_pruefen": "zu prüfen", "teilweise": "nur gegen die fristlose Kündigung"},
}  # fmt: skip
