"""The household on one day: who counts, who is a child, and the properties that conditions ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fachwerk.regeln import Luecke, Rechnung
from fachwerk_wbs.bedingungen import Wahr
from fachwerk_wbs.fall import PAARROLLEN, Art, Fall, Person, Rolle
from fachwerk_wbs.mitglieder import mitglieder_von
from fachwerk_wbs.staaten import ist_eu, staaten_von

VERDIENST = frozenset({Art.NICHTSELBSTAENDIG, Art.BEAMTENBEZUEGE})


def alter(person: Person, stichtag: date) -> int | None:
    """Completed years on ``stichtag``; None: date of birth unknown, or not born yet."""
    geboren = person.geburtsdatum
    if geboren is None or person.rolle is Rolle.UNGEBORENES:
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
    def schwerbehinderte(self) -> int:
        """Members with a degree of disability of at least 50, as far as stated."""
        return sum((p.grad_der_behinderung or 0) >= 50 for p in self.mitglieder)

    @property
    def schluessel(self) -> str:
        """Key of a household table: 2A1K is two adults and one child."""
        return f"{self.personen - self.kinder}A" + (f"{self.kinder}K" if self.kinder else "")


def zaehle(fall: Fall, rechnung: Rechnung) -> Haushalt:
    """Count the household as the law of the Land has it on the day of ``rechnung``."""
    stichtag = rechnung.stichtag
    mitglieder, sperrend = mitglieder_von(fall, rechnung)
    guenstig = tuple(_kindschaft(p) for p in mitglieder if ist_kind(p, stichtag) is None)
    kinder = sum(ist_kind(p, stichtag) is True for p in mitglieder)
    return Haushalt(mitglieder, kinder, _merkmale(fall, mitglieder, kinder, stichtag), sperrend, guenstig)


def _kindschaft(person: Person) -> Luecke:
    text = f"{person.name}: Ob Kindergeld gezahlt wird oder das Kind unter 18 ist, fehlt (Kinderzuschlag zur Grenze)."
    return Luecke(f"kind_{person.name}", "angabe", text, "§ 32 Abs. 1 bis 5 EStG")


def _merkmale(fall: Fall, mitglieder: tuple[Person, ...], kinder: int, stichtag: date) -> dict[str, Any]:
    partner = next((p for p in mitglieder if p.rolle in PAARROLLEN), None)
    jahre = [alter(p, stichtag) for p in (fall.antragsteller, partner) if p is not None]
    return {
        "personen": len(mitglieder),
        "kinder": kinder,
        "paar": partner.rolle.value if partner else "keines",
        "paar_alter": None if None in jahre else max(j for j in jahre if j is not None),
        "ehejahre": _ehejahre(fall.ehe_seit, stichtag),
        "alleinerziehend": False if partner else fall.alleinerziehend,
        "erwerbstaetig": _erwerbstaetig(fall.antragsteller),
        "unterhalt": None if fall.unterhalt is None else bool(fall.unterhalt),
        "ungeborenes": any(p.rolle is Rolle.UNGEBORENES for p in fall.haushalt),
        "gdbs": tuple(p.grad_der_behinderung for p in mitglieder if p.rolle is not Rolle.UNGEBORENES),
        "betreuungskosten": _betreuungskosten(fall),
        "leistungsbezug": fall.leistungsbezug.value if fall.leistungsbezug else None,
        "eu": ist_eu(staaten_von(fall)),
    }


def _ehejahre(seit: date | None, stichtag: date) -> int | None:
    """Calendar years since the year of the wedding; None: unknown, or the wedding is still to come."""
    return None if seit is None or seit > stichtag else stichtag.year - seit.year


def _betreuungskosten(fall: Fall) -> Wahr:
    """Whether somebody pays for childcare; silence is no answer, a zero is."""
    betraege = [b for b in (fall.betreuungskosten, *(p.betreuungskosten for p in fall.haushalt)) if b is not None]
    return any(betraege) if betraege else None


def _erwerbstaetig(person: Person) -> Wahr:
    if person.erwerbstaetig is not None:
        return person.erwerbstaetig
    return True if any(e.art in VERDIENST and e.betrag > 0 for e in person.einkuenfte or ()) else None


def merkmale_von(person: Person, haushalt: Haushalt, stichtag: date) -> dict[str, Any]:
    """Everything conditions may ask about ``person``; None is unknown."""
    haeuslich = False if person.pflegegrad == 0 else person.haeuslich_pflegebeduerftig
    einkuenfte = person.einkuenfte
    bezug = person.leistungsbezug
    return {
        **haushalt.merkmale,
        "leistungsbezug": bezug.value if bezug else haushalt.merkmale.get("leistungsbezug"),
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
