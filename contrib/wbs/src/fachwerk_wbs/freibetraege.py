"""Allowances and maintenance: taken off the sum of the household as far as facts and law are known.

Whatever is unknown here could only lower the income. So it is collected as ``guenstig`` and matters only if the
household does not keep the lowest limit anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fachwerk.parameter import Fassung
from fachwerk.regeln import Gewertet, Luecke, Parameter, Rechnung, Unbekannt, summiere
from fachwerk_wbs.bedingungen import Wahr, alle, erfuellt
from fachwerk_wbs.einkommen import Personeneinkommen
from fachwerk_wbs.fall import Fall, Rolle, Unterhalt
from fachwerk_wbs.haushalt import Haushalt, merkmale_von
from fachwerk_wbs.land import Land
from fachwerk_wbs.regelwerk import NULL

ANGABEN = {
    "gdb": "Grad der Behinderung",
    "pflegegrad": "Pflegegrad",
    "haeuslich": "häusliche Pflege",
    "alter": "Geburtsdatum",
    "paar_alter": "Geburtsdaten beider Partner",
    "ehejahre": "Tag der Eheschließung",
    "kindergeld": "Kindergeld",
    "kind": "Kindergeld oder Geburtsdatum",
    "alleinerziehend": "ob allein mit Kindern gewohnt wird",
    "erwerbstaetig": "ob wegen Arbeit oder Ausbildung außer Haus",
    "eigenes_einkommen": "eigenes Einkommen",
    "leistungsbezug": "Bezug von Leistungen",
    "betreuungskosten": "Kosten der Kinderbetreuung",
    "gdbs": "Grad der Behinderung aller Mitglieder",
}


_Lage = tuple[Personeneinkommen | None, dict[str, Any], str]


@dataclass(slots=True)
class Abzuege:
    """Allowances and maintenance; ``guenstig`` names what could lower the income further."""

    freibetraege: list[Gewertet] = field(default_factory=list)
    unterhalt: list[Gewertet] = field(default_factory=list)
    guenstig: list[Luecke] = field(default_factory=list)

    def summen(self) -> dict[str, Gewertet]:
        """Both sums as inputs of the rule ``gesamteinkommen``."""
        return {"summe_freibetraege": summiere(self.freibetraege), "summe_unterhalt": summiere(self.unterhalt)}


def ermittle(
    fall: Fall, haushalt: Haushalt, personen: Sequence[Personeneinkommen], land: Land, rechnung: Rechnung
) -> Abzuege:
    """All allowances and maintenance of the household on the day of ``rechnung``."""
    abzuege = Abzuege()
    lagen = _lagen(haushalt, personen, rechnung)
    for freibetraege in _gruppen(land, rechnung):
        for einkommen, merkmale, wer in _betroffene(freibetraege[0], haushalt, lagen):
            _waehle(abzuege, freibetraege, einkommen, merkmale, wer, rechnung)
    _unterhalte(abzuege, fall, land, rechnung)
    _betreuungskosten(abzuege, fall)
    return abzuege


def _gruppen(land: Land, rechnung: Rechnung) -> Iterable[list[Parameter]]:
    """Allowances in force, or before anybody has seen them; those of one ``gruppe`` exclude each other."""
    gruppen: dict[str, list[Parameter]] = {}
    for parameter in land.freibetraege:
        if rechnung.gilt(parameter.name) or parameter.vor_beginn(rechnung.stichtag):
            gruppen.setdefault(parameter.merkmale.get("gruppe", parameter.name), []).append(parameter)
    return gruppen.values()


def _lagen(haushalt: Haushalt, personen: Sequence[Personeneinkommen], rechnung: Rechnung) -> list[_Lage]:
    """Every member with the properties conditions ask for, worked out once."""
    geborene = (e for e in personen if e.person.rolle is not Rolle.UNGEBORENES)
    return [(e, merkmale_von(e.person, haushalt, rechnung.stichtag), f"{e.person.name}: ") for e in geborene]


def _betroffene(parameter: Parameter, haushalt: Haushalt, lagen: list[_Lage]) -> Iterable[_Lage]:
    je = parameter.merkmale["je"]
    if je == "haushalt":
        return [(None, dict(haushalt.merkmale), "")]
    return lagen if je == "person" else [lage for lage in lagen if lage[1]["kind"] is not False]


def _waehle(
    abzuege: Abzuege,
    freibetraege: list[Parameter],
    einkommen: Personeneinkommen | None,
    merkmale: dict[str, Any],
    wer: str,
    rechnung: Rechnung,
) -> None:
    """Take the highest allowance that certainly applies; remember those that perhaps do and are higher."""
    antworten = [(p, _steht_zu(p, merkmale)) for p in freibetraege]
    sichere = [p for p, antwort in antworten if antwort and _betrag(p, rechnung) is not None]
    bester = max(sichere, key=lambda p: _betrag(p, rechnung) or NULL, default=None)
    gewaehrt = NULL
    if bester is not None:
        betrag = _gedeckelt(bester, einkommen, rechnung.gewertet(bester.name))
        abzuege.freibetraege.append(betrag)
        gewaehrt = _betrag(bester, rechnung) or NULL
    for parameter, antwort in antworten:
        hoehe = _betrag(parameter, rechnung)
        if (antwort is None and (hoehe is None or hoehe > gewaehrt)) or (antwort and hoehe is None):
            abzuege.guenstig.append(_moeglich(parameter, antwort is None, merkmale, wer, rechnung))


def _steht_zu(parameter: Parameter, merkmale: dict[str, Any]) -> Wahr:
    antwort = erfuellt(parameter.merkmale["wenn"], merkmale)
    return alle((merkmale["kind"], antwort)) if parameter.merkmale["je"] == "kind" else antwort


def _betrag(parameter: Parameter, rechnung: Rechnung) -> Decimal | None:
    fassung = rechnung.stand(parameter.name)
    return fassung.wert if isinstance(fassung, Fassung) else None


def _gedeckelt(parameter: Parameter, einkommen: Personeneinkommen | None, betrag: Gewertet) -> Gewertet:
    if parameter.merkmale.get("deckel") != "einkommen" or einkommen is None:
        return betrag
    eigenes = einkommen.betrag
    return eigenes if isinstance(eigenes.wert, Unbekannt) or eigenes.wert < betrag.wert else betrag


def _moeglich(parameter: Parameter, unklar: bool, merkmale: dict[str, Any], wer: str, rechnung: Rechnung) -> Luecke:
    fundstelle = rechnung.fundstelle(parameter.name)
    if not unklar or any("unbestimmt" in b for b in parameter.merkmale["wenn"]):
        text = f"{wer}{parameter.titel} kommt in Betracht; Höhe oder Voraussetzungen sind im Regelpaket nicht belegt."
        return Luecke(parameter.name, "recht", text, fundstelle)
    fehlend = [ANGABEN[name] for name in ANGABEN if _gefragt(name, parameter) and _fehlt(merkmale.get(name))]
    betrag = _betrag(parameter, rechnung)
    hoehe = f" (bis {betrag} EUR)" if betrag is not None else ""
    text = f"{wer}{parameter.titel}{hoehe} kommt in Betracht; es fehlt: {', '.join(fehlend) or 'die Voraussetzung'}."
    return Luecke(parameter.name, "angabe", text, fundstelle)


def _fehlt(merkmal: Any) -> bool:
    return merkmal is None or (isinstance(merkmal, tuple) and None in merkmal)


def _gefragt(name: str, parameter: Parameter) -> bool:
    worte = {wort for bedingung in parameter.merkmale["wenn"] for wort in bedingung}
    worte |= {"kind"} if parameter.merkmale["je"] == "kind" else set()
    stamm = {"ehejahre": "ehejahre_bis", "paar_alter": "paar_unter", "gdbs": "hoechster_gdb_ab"}.get(name, name)
    return any(wort == stamm or wort in (f"{stamm}_ab", f"{stamm}_unter") for wort in worte)


def _unterhalte(abzuege: Abzuege, fall: Fall, land: Land, rechnung: Rechnung) -> None:
    if fall.unterhalt is None:
        text = "Ob Unterhalt gezahlt wird (an wen, wie viel, mit Titel), fehlt."
        fundstelle = land.kopf.fundstellen.get("unterhalt", "§ 24 Abs. 2 WoFG")
        abzuege.guenstig.append(Luecke("unterhalt", "angabe", text, fundstelle))
    for unterhalt in fall.unterhalt or ():
        abzuege.unterhalt.append(_absetzbar(abzuege, unterhalt, land, rechnung))


def _absetzbar(abzuege: Abzuege, unterhalt: Unterhalt, land: Land, rechnung: Rechnung) -> Gewertet:
    name = "unterhalt_mit_titel" if unterhalt.titel else f"unterhalt_{unterhalt.an}"
    if name not in land.parameter or not rechnung.gilt(name):
        text = "Unterhaltsleistungen sind absetzbar, in welcher Höhe ist im Regelpaket nicht belegt."
        abzuege.guenstig.append(Luecke(name, "recht", text, land.kopf.fundstellen.get("unterhalt", "Landesrecht")))
        return Gewertet(NULL)
    grenze = rechnung.gewertet(name)
    if isinstance(grenze.wert, Unbekannt):
        abzuege.guenstig += grenze.wert.luecken
        return Gewertet(NULL)
    if unterhalt.titel:
        return Gewertet(unterhalt.betrag * grenze.wert, grenze.beleg)
    if unterhalt.titel is None and unterhalt.betrag > grenze.wert:
        text = f"Unterhalt: Gibt es einen Titel über mehr als {grenze.wert} EUR? Die Angabe fehlt."
        abzuege.guenstig.append(Luecke(name, "angabe", text, rechnung.fundstelle(name)))
    return Gewertet(min(unterhalt.betrag, grenze.wert), grenze.beleg)


def _betreuungskosten(abzuege: Abzuege, fall: Fall) -> None:
    if fall.betreuungskosten or any(p.betreuungskosten for p in fall.haushalt):
        text = "Kinderbetreuungskosten mindern die Einkünfte; der absetzbare Teil ist von Hand zu prüfen."
        fundstelle = "§ 2 Abs. 5a, § 10 Abs. 1 Nr. 5 EStG"
        abzuege.guenstig.append(Luecke("betreuungskosten", "recht", text, fundstelle))
