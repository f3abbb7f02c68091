"""Income of one person: positive per kind, flat or proven Werbungskosten, lump sums for what is actually paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fachwerk.regeln import Gewertet, Luecke, Parameter, Rechnung, Schritt, Unbekannt, summiere, wende_an
from fachwerk_wbs.bedingungen import erfuellt
from fachwerk_wbs.fall import Art, Einkunft, Person, Rolle
from fachwerk_wbs.haushalt import Haushalt, alter, merkmale_von
from fachwerk_wbs.land import Land
from fachwerk_wbs.regelwerk import NULL

GRUPPEN: dict[str, frozenset[Art]] = {
    "arbeit": frozenset({Art.NICHTSELBSTAENDIG, Art.BEAMTENBEZUEGE}),
    "versorgung": frozenset({Art.VERSORGUNGSBEZUEGE}),
    "rente": frozenset({Art.RENTE}),
    "kapital": frozenset({Art.KAPITAL}),
}
GEWINN = (Art.SELBSTAENDIG, Art.GEWERBE, Art.LANDFORST)
UEBERSCHUSS = (Art.VERMIETUNG, Art.SONSTIGE)
ZAHLUNGEN = {
    "steuer": ("einkommensteuer", "Steuern vom Einkommen"),
    "kranken": ("kranken_pflegeversicherung", "Beiträge zur Kranken- und Pflegeversicherung"),
    "rente": ("rentenversicherung", "Beiträge zur Rentenversicherung"),
}


@dataclass(slots=True)
class Personeneinkommen:
    """What one person brings into the sum, with the lines that explain it."""

    person: Person
    betrag: Gewertet = field(default_factory=lambda: Gewertet(NULL))
    schritte: list[Schritt] = field(default_factory=list)
    guenstig: list[Luecke] = field(default_factory=list)


def berechne_person(person: Person, haushalt: Haushalt, land: Land, rechnung: Rechnung) -> Personeneinkommen:
    """The yearly income of ``person``; unknown facts make it Unbekannt and name what is missing."""
    ergebnis = Personeneinkommen(person)
    if person.rolle is Rolle.UNGEBORENES:
        return ergebnis
    if person.einkuenfte is None:
        return _ohne_angabe(ergebnis, rechnung)
    einkuenfte = _anrechenbare(ergebnis, haushalt, land, rechnung)
    if einkuenfte:
        _rechne(ergebnis, einkuenfte, land, rechnung)
    return ergebnis


def _ohne_angabe(ergebnis: Personeneinkommen, rechnung: Rechnung) -> Personeneinkommen:
    """No statement: a child under 16 is taken to have no income, for everybody else it is missing."""
    person = ergebnis.person
    jahre = alter(person, rechnung.stichtag)
    if person.rolle in (Rolle.KIND, Rolle.ANGEHOERIGER) and jahre is not None and jahre < 16:
        return ergebnis
    text = f"{person.name}: Angaben zum Einkommen fehlen (auch „keine Einkünfte“ ist anzugeben)."
    ergebnis.betrag = Gewertet(_fehlt(f"einkuenfte_{person.name}", text, "§ 21 WoFG"))
    ergebnis.schritte.append(Schritt("einkuenfte", ergebnis.betrag.wert, "§ 21 WoFG", "", "Einkünfte"))
    return ergebnis


def _fehlt(name: str, text: str, fundstelle: str) -> Unbekannt:
    return Unbekannt((Luecke(name, "angabe", text, fundstelle),))


def _anrechenbare(
    ergebnis: Personeneinkommen, haushalt: Haushalt, land: Land, rechnung: Rechnung
) -> tuple[Einkunft, ...]:
    person = ergebnis.person
    merkmale = merkmale_von(person, haushalt, rechnung.stichtag)
    bleibt = []
    for einkunft in person.einkuenfte or ():
        eigen = {**merkmale, "art": einkunft.art.value}
        if einkunft.ausbildung is not None or einkunft.art is not Art.NICHTSELBSTAENDIG:
            eigen["ausbildung"] = bool(einkunft.ausbildung)
        if not _ausgenommen(ergebnis, eigen, land, rechnung):
            bleibt.append(einkunft)
    return tuple(bleibt)


def _ausgenommen(ergebnis: Personeneinkommen, merkmale: dict[str, Any], land: Land, rechnung: Rechnung) -> bool:
    for ausnahme in land.ausnahmen:
        vor_beginn = ausnahme.vor_beginn(rechnung.stichtag)
        antwort = erfuellt(ausnahme.merkmale["wenn"], merkmale) if vor_beginn or rechnung.gilt(ausnahme.name) else False
        if antwort is None:
            ergebnis.guenstig.append(_offene_ausnahme(ausnahme, ergebnis.person, rechnung))
        elif antwort:
            wert = rechnung.hole(ausnahme.name)
            if isinstance(wert, Unbekannt):
                ergebnis.guenstig += wert.luecken
            elif wert:
                return True
    return False


def _offene_ausnahme(ausnahme: Parameter, person: Person, rechnung: Rechnung) -> Luecke:
    unbestimmt = any("unbestimmt" in bedingung for bedingung in ausnahme.merkmale["wenn"])
    text = f"{person.name}: {ausnahme.titel}? Ob das zutrifft, {'ist nicht belegt' if unbestimmt else 'fehlt'}."
    fundstelle = rechnung.fundstelle(ausnahme.name)
    return Luecke(ausnahme.name, "recht" if unbestimmt else "angabe", text, fundstelle)


def _rechne(ergebnis: Personeneinkommen, einkuenfte: tuple[Einkunft, ...], land: Land, aussen: Rechnung) -> None:
    rechnung = Rechnung(land.regelwerk, _eingaben(ergebnis, einkuenfte, land, aussen), aussen.stichtag)
    gruppen = [name for name, arten in GRUPPEN.items() if any(e.art in arten for e in einkuenfte)]
    gruppen += ["gewinn"] if any(e.art in GEWINN for e in einkuenfte) else []
    gruppen += ["ueberschuss"] if any(e.art in UEBERSCHUSS for e in einkuenfte) else []
    steuerpflichtig = summiere(rechnung.gewertet(f"einkuenfte_{name}") for name in gruppen)
    frei = any(e.art is Art.STEUERFREI for e in einkuenfte)
    steuerfrei = rechnung.gewertet("einkuenfte_steuerfrei") if frei else Gewertet(NULL)
    summe = summiere((steuerpflichtig, steuerfrei))
    basis = _steuerbasis(summe, steuerpflichtig, rechnung) if frei else summe
    _ziehe_ab(ergebnis, summe, basis, land, rechnung)


def _steuerbasis(summe: Gewertet, steuerpflichtig: Gewertet, rechnung: Rechnung) -> Gewertet:
    """What the lump sum for taxes is taken from where there is untaxed income, too."""
    name = "steuerabzug_nur_steuerpflichtig"
    nur = rechnung.gewertet(name) if rechnung.gilt(name) else Gewertet(False)
    return wende_an(lambda ohne, alles, teil: teil if ohne else alles, nur, summe, steuerpflichtig)


def _eingaben(
    ergebnis: Personeneinkommen, einkuenfte: tuple[Einkunft, ...], land: Land, aussen: Rechnung
) -> dict[str, Any]:
    eingaben: dict[str, Any] = {
        "gewinne": _je_art(einkuenfte, GEWINN),
        "ueberschuesse": _je_art(einkuenfte, UEBERSCHUSS),
    }
    for name, arten in GRUPPEN.items():
        eigene = [e for e in einkuenfte if e.art in arten]
        eingaben[f"brutto_{name}"] = sum((e.betrag for e in eigene), NULL)
        nachgewiesen = [e.werbungskosten for e in eigene if e.werbungskosten is not None]
        if nachgewiesen:
            eingaben[f"werbungskosten_{name}"] = sum(nachgewiesen, NULL)
            _unter_pauschale(ergebnis, name, sum(nachgewiesen, NULL), land, aussen)
    if any(e.art is Art.STEUERFREI for e in einkuenfte):
        eingaben["steuerfreie_betraege"] = _steuerfrei(ergebnis, einkuenfte, land, aussen)
    return eingaben


def _je_art(einkuenfte: tuple[Einkunft, ...], arten: Iterable[Art]) -> Decimal:
    """The sum of what is positive per kind: no loss of one kind reduces another."""
    je_art = ([e.betrag - (e.werbungskosten or NULL) for e in einkuenfte if e.art is art] for art in arten)
    return sum((max(NULL, sum(betraege, NULL)) for betraege in je_art), NULL)


PAUSCHALEN = {"arbeit": "arbeitnehmer_pauschbetrag", "versorgung": "versorgungs_pauschbetrag"}


def _unter_pauschale(ergebnis: Personeneinkommen, gruppe: str, betrag: Decimal, land: Land, aussen: Rechnung) -> None:
    pauschale = getattr(aussen.stand(PAUSCHALEN.get(gruppe, "")), "wert", None)
    if pauschale is not None and betrag < pauschale:
        text = f"{ergebnis.person.name}: Die Werbungskosten liegen unter dem Pauschbetrag ({pauschale} EUR)."
        ergebnis.guenstig.append(Luecke(f"werbungskosten_{gruppe}", "recht", text, "§ 9a EStG"))


def _steuerfrei(
    ergebnis: Personeneinkommen, einkuenfte: tuple[Einkunft, ...], land: Land, aussen: Rechnung
) -> Gewertet:
    teile = [_steuerfreier_teil(ergebnis, e, land, aussen) for e in einkuenfte if e.art is Art.STEUERFREI]
    return summiere(teile)


def _steuerfreier_teil(ergebnis: Personeneinkommen, einkunft: Einkunft, land: Land, aussen: Rechnung) -> Gewertet:
    betrag = max(NULL, einkunft.betrag - (einkunft.werbungskosten or NULL))
    name = f"anteil_{einkunft.unterart}" if einkunft.unterart else ""
    parameter = land.parameter.get(name)
    if parameter is None:
        ergebnis.guenstig.append(_ohne_regel(ergebnis.person, einkunft))
        return Gewertet(betrag)
    abzug: Decimal | None = NULL
    if (feld := parameter.merkmale.get("ohne")) is not None:
        abzug = getattr(einkunft, feld)
    if abzug is None:
        text = f"{ergebnis.person.name}: Es fehlt: {parameter.merkmale['angabe']}."
        return Gewertet(_fehlt(name, text, aussen.fundstelle(name)))
    rest = max(NULL, betrag - abzug)
    return wende_an(lambda anteil: rest * anteil, aussen.gewertet(name))


def _ohne_regel(person: Person, einkunft: Einkunft) -> Luecke:
    """Tax-free income counts in full as long as nobody says which it is, or the package does not know its rule."""
    if einkunft.unterart is None:
        text = f"{person.name}: Welche steuerfreie Einnahme es ist, fehlt; angesetzt ist sie in voller Höhe."
        return Luecke("steuerfrei", "angabe", text, "§ 21 Abs. 2 WoFG")
    text = f"{person.name}: Zu welchem Teil {einkunft.unterart} zählt, ist nicht belegt; angesetzt ist alles."
    return Luecke(f"anteil_{einkunft.unterart}", "recht", text, "§ 21 Abs. 2 WoFG und Landesrecht")


def _ziehe_ab(ergebnis: Personeneinkommen, summe: Gewertet, basis: Gewertet, land: Land, innen: Rechnung) -> None:
    eingaben: dict[str, Any] = {"summe_einkuenfte": summe, "basis_steuer": basis}
    for name in ("kranken", "rente"):
        eingaben[f"beitrag_{name}"] = getattr(ergebnis.person.beitraege, ZAHLUNGEN[name][0])
    rechnung = Rechnung(land.regelwerk, eingaben, innen.stichtag)
    if summe.wert != NULL:
        eingaben["summe_abzuege"] = summiere(_abzug(ergebnis, name, rechnung) for name in ZAHLUNGEN)
    else:
        eingaben["summe_abzuege"] = NULL
    ergebnis.betrag = rechnung.gewertet("jahreseinkommen")
    ergebnis.schritte += [*innen.schritte, *rechnung.schritte]


def _abzug(ergebnis: Personeneinkommen, name: str, rechnung: Rechnung) -> Gewertet:
    person, (feld, text) = ergebnis.person, ZAHLUNGEN[name]
    zahlt: bool | None = getattr(person.zahlt, feld)
    if zahlt:
        return rechnung.gewertet(f"abzug_{name}")
    if zahlt is None and rechnung.hole(f"pauschale_{name}") == NULL:
        return Gewertet(NULL)
    if zahlt is None:
        frage = f"{person.name}: Ob {text} gezahlt werden, fehlt (pauschaler Abzug)."
        return Gewertet(_fehlt(f"zahlt_{person.name}_{feld}", frage, "§ 23 WoFG"))
    if name == "steuer" or getattr(person.beitraege, feld) is None:
        return Gewertet(NULL)
    return rechnung.gewertet(f"abzug_{name}" if _voll(ergebnis, name, rechnung) else f"freiwillig_{name}")


def _voll(ergebnis: Personeneinkommen, name: str, rechnung: Rechnung) -> bool:
    """Whether comparable contributions open the whole lump sum; unknown, they count as paid and might count more."""
    voll = f"freiwillig_{name}_voll"
    ganz = rechnung.hole(voll) if rechnung.gilt(voll) else False
    if isinstance(ganz, Unbekannt):
        ergebnis.guenstig += ganz.luecken
    return ganz is True
