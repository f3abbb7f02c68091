"""The household on one day: who counts, who is a child, and the properties that conditions ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fachwerk.regeln import Luecke, Rechnung, Unbekannt
from fachwerk_wbs.bedingungen import Wahr
from fachwerk_wbs.fall import Art, Fall, Person, Rolle

VERDIENST = frozenset({Art.NICHTSELBSTAENDIG, Art.BEAMTENBEZUEGE})


def alter(person: Person, stichtag: date) -> int | None:
    """Completed years on ``stichtag``; None: date of birth unknown."""
    geboren = person.geburtsdatum
    if geboren is None:
        return None
    return stichtag.year - geboren.year - ((stichtag.month, stichtag.day) < (geboren.month, geboren.day))


def ist_kind(person: Person, stichtag: date) -> Wahr:
    """Whether a person is a child within § 32 Abs. 1 bis 5 EStG; from 18 on Kindergeld is the evidence."""
    if person.rolle is Rolle.UNGEBORENES:
        return True
    if person.rolle not in (Rolle.KIND, Rolle.ANGEHOERIGER):
        return False
    if person.kindergeld:
        return True
    jahre = alter(person, stichtag)
    if person.rolle is Rolle.KIND and jahre is not None and jahre < 18:
        return True
    if person.kindergeld is False:
        return None if jahre is None and person.rolle is Rolle.KIND else False
    return False if jahre is not None and jahre >= 25 and person.rolle is Rolle.ANGEHOERIGER else None


@dataclass(frozen=True, slots=True)
class Haushalt:
    """Numbers of the household. ``sperrend`` gaps hold up any decision, ``guenstig`` ones could only help."""

    mitglieder: tuple[Person, ...]
    kinder: int
    merkmale: Mapping[str, Any]
    sperrend: tuple[Luecke, ...]
    guenstig: tuple[Luecke, ...]

    @property
    def personen(self) -> int:
        """Members that count."""
        return len(self.mitglieder)

    @property
    def schluessel(self) -> str:
        """Key of a household table: 2A1K is two adults and one child."""
        return f"{self.personen - self.kinder}A" + (f"{self.kinder}K" if self.kinder else "")


def zaehle(fall: Fall, rechnung: Rechnung) -> Haushalt:
    """Count the household as the law of the Land has it on the day of ``rechnung``."""
    stichtag = rechnung.stichtag
    ungeboren, sperrend = _ungeborene(fall, rechnung)
    mitglieder = tuple(p for p in fall.haushalt if p.rolle is not Rolle.UNGEBORENES) + ungeboren
    sperrend += _geteilte(fall, rechnung)
    guenstig = tuple(_kindschaft(p) for p in mitglieder if ist_kind(p, stichtag) is None)
    kinder = sum(ist_kind(p, stichtag) is True for p in mitglieder)
    return Haushalt(mitglieder, kinder, _merkmale(fall, mitglieder, kinder, stichtag), sperrend, guenstig)


def _ungeborene(fall: Fall, rechnung: Rechnung) -> tuple[tuple[Person, ...], tuple[Luecke, ...]]:
    erwartet = tuple(p for p in fall.haushalt if p.rolle is Rolle.UNGEBORENES)
    if not erwartet:
        return (), ()
    return _nach_recht(rechnung, "ungeborene_zaehlen", erwartet, "ob ein erwartetes Kind schon zum Haushalt zählt")


def _geteilte(fall: Fall, rechnung: Rechnung) -> tuple[Luecke, ...]:
    geteilt = tuple(p for p in fall.haushalt if p.geteiltes_sorgerecht)
    if not geteilt:
        return ()
    return _nach_recht(rechnung, "geteiltes_sorgerecht_zaehlt", geteilt, "ob ein Kind in beiden Haushalten zählt")[1]


def _nach_recht(
    rechnung: Rechnung, name: str, personen: tuple[Person, ...], frage: str
) -> tuple[tuple[Person, ...], tuple[Luecke, ...]]:
    if not rechnung.gilt(name):
        text = f"Im Regelpaket ist nicht belegt, {frage}. Bitte nach dem Recht des Landes entscheiden."
        return (), (Luecke(name, "recht", text, "§ 18 WoFG und Landesrecht"),)
    wert = rechnung.hole(name)
    if isinstance(wert, Unbekannt):
        return (), wert.luecken
    return (personen, ()) if wert else ((), ())


def _kindschaft(person: Person) -> Luecke:
    text = f"{person.name}: Ob Kindergeld gezahlt wird oder das Kind unter 18 ist, fehlt (Kinderzuschlag zur Grenze)."
    return Luecke(f"kind_{person.name}", "angabe", text, "§ 32 Abs. 1 bis 5 EStG")


def _merkmale(fall: Fall, mitglieder: tuple[Person, ...], kinder: int, stichtag: date) -> dict[str, Any]:
    partner = fall.partner
    jahre = [alter(p, stichtag) for p in (fall.antragsteller, partner) if p is not None]
    return {
        "personen": len(mitglieder),
        "kinder": kinder,
        "paar": partner.rolle.value if partner else "keines",
        "paar_alter": None if None in jahre else max(j for j in jahre if j is not None),
        "ehejahre": None if fall.ehe_seit is None else stichtag.year - fall.ehe_seit.year,
        "alleinerziehend": False if partner else fall.alleinerziehend,
        "erwerbstaetig": _erwerbstaetig(fall.antragsteller),
        "unterhalt": None if fall.unterhalt is None else bool(fall.unterhalt),
        "ungeborenes": any(p.rolle is Rolle.UNGEBORENES for p in fall.haushalt),
    }


def _erwerbstaetig(person: Person) -> Wahr:
    if person.erwerbstaetig is not None:
        return person.erwerbstaetig
    return True if any(e.art in VERDIENST and e.betrag > 0 for e in person.einkuenfte or ()) else None


def merkmale_von(person: Person, haushalt: Haushalt, stichtag: date) -> dict[str, Any]:
    """Everything conditions may ask about ``person``; None is unknown."""
    haeuslich = False if person.pflegegrad == 0 else person.haeuslich_pflegebeduerftig
    einkuenfte = person.einkuenfte
    return {
        **haushalt.merkmale,
        "gdb": person.grad_der_behinderung,
        "pflegegrad": person.pflegegrad,
        "haeuslich": haeuslich,
        "alter": alter(person, stichtag),
        "kindergeld": person.kindergeld,
        "kind": ist_kind(person, stichtag),
        "rolle": person.rolle.value,
        "eigenes_einkommen": None if einkuenfte is None else any(e.betrag > 0 for e in einkuenfte),
        "rollstuhl": person.rollstuhl,
        "blind": person.blind,
        "ausbildung": person.ausbildung,
        "arten": None if einkuenfte is None else frozenset(e.art.value for e in einkuenfte),
        "unterarten": None if einkuenfte is None else frozenset(e.unterart.value for e in einkuenfte if e.unterart),
    }
