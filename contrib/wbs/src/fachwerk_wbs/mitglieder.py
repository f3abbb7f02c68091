"""Who counts in the household: expected children, people who join or leave soon, and who is no relative.

Each is a question the law of the Land answers. Where it does not, the question is a gap that holds up the decision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from fachwerk.regeln import Luecke, Rechnung, Unbekannt, monate_spaeter
from fachwerk_wbs.fall import Fall, Person, Rolle

LANDESRECHT = "§ 18 WoFG und Landesrecht"


@dataclass(frozen=True, slots=True)
class Frage:
    """A question about some members; ``tag``: the field with the day that must not be too far off."""

    name: str
    betrifft: Callable[[Person, date], bool]
    text: str
    tag: str = ""
    mindert: bool = False


FRAGEN = (
    Frage(
        "ungeborene_zaehlen",
        lambda person, _: person.rolle is Rolle.UNGEBORENES,
        "ob ein erwartetes Kind schon zum Haushalt zählt",
        tag="geburtsdatum",
    ),
    Frage(
        "nicht_verwandte_zaehlen",
        lambda person, _: person.rolle is Rolle.MITBEWOHNER,
        "ob zum Haushalt zählt, wer nicht verwandt ist",
    ),
    Frage(
        "baldiger_einzug_zaehlt",
        lambda person, stichtag: person.einzug_am is not None and person.einzug_am > stichtag,
        "ob schon zum Haushalt zählt, wer bald einzieht",
        tag="einzug_am",
    ),
    Frage(
        "baldiger_auszug_mindert",
        lambda person, stichtag: person.auszug_am is not None and person.auszug_am > stichtag,
        "ob noch zum Haushalt zählt, wer bald auszieht",
        tag="auszug_am",
        mindert=True,
    ),
)


def mitglieder_von(fall: Fall, rechnung: Rechnung) -> tuple[tuple[Person, ...], tuple[Luecke, ...]]:
    """The members that count on the day of ``rechnung``, and what is not known about that."""
    bleiben: list[Person] = []
    luecken: list[Luecke] = []
    for person in fall.haushalt:
        antworten = [_zaehlt(person, frage, rechnung) for frage in _fragen_zu(person, rechnung.stichtag)]
        if not _ausgezogen(person, rechnung.stichtag) and all(zaehlt for zaehlt, _ in antworten):
            bleiben.append(person)
        luecken += [luecke for _, offen in antworten for luecke in offen]
    return tuple(bleiben), tuple(dict.fromkeys((*luecken, *_geteiltes_sorgerecht(fall, rechnung))))


def _fragen_zu(person: Person, stichtag: date) -> list[Frage]:
    if person.rolle is Rolle.ANTRAGSTELLER:
        return []
    return [frage for frage in FRAGEN if frage.betrifft(person, stichtag)]


def _ausgezogen(person: Person, stichtag: date) -> bool:
    fort = person.auszug_am is not None and person.auszug_am <= stichtag
    return fort and person.rolle is not Rolle.ANTRAGSTELLER


def _zaehlt(person: Person, frage: Frage, rechnung: Rechnung) -> tuple[bool, tuple[Luecke, ...]]:
    """Whether ``person`` counts by this question; without an answer as if the law said nothing special."""
    trifft = nach_recht(rechnung, frage.name, frage.text)
    monate = rechnung.regelwerk.parameter[frage.name].merkmale.get("innerhalb_monate") if trifft is True else None
    if monate is not None and frage.tag:
        tag: date | None = getattr(person, frage.tag)
        if tag is None:
            return frage.mindert, (_ohne_tag(person, frage),)
        trifft = tag <= monate_spaeter(rechnung.stichtag, int(monate))
    if isinstance(trifft, Unbekannt):
        return frage.mindert, trifft.luecken
    return trifft is not frage.mindert, ()


def nach_recht(rechnung: Rechnung, name: str, frage: str) -> bool | Unbekannt:
    """What the law of the Land answers; a gap where the package has no such parameter."""
    if rechnung.gilt(name):
        wert = rechnung.hole(name)
        return wert if isinstance(wert, Unbekannt) else bool(wert)
    text = f"Im Regelpaket ist nicht belegt, {frage}. Bitte nach dem Recht des Landes entscheiden."
    return Unbekannt((Luecke(name, "recht", text, LANDESRECHT),))


def _ohne_tag(person: Person, frage: Frage) -> Luecke:
    text = f"{person.name}: Der errechnete Tag der Geburt fehlt ({frage.text})."
    return Luecke(f"{frage.name}_{person.name}", "angabe", text, LANDESRECHT)


def _geteiltes_sorgerecht(fall: Fall, rechnung: Rechnung) -> tuple[Luecke, ...]:
    """A child of two households counts in both, or somebody has to say in which."""
    name = "geteiltes_sorgerecht_zaehlt"
    if not any(person.geteiltes_sorgerecht for person in fall.haushalt):
        return ()
    zaehlt = nach_recht(rechnung, name, "ob ein Kind in beiden Haushalten zählt")
    if isinstance(zaehlt, Unbekannt):
        return zaehlt.luecken
    text = "Ein Kind, das in zwei Haushalten lebt, zählt nur in einem: Bitte prüfen, in welchem."
    return () if zaehlt else (Luecke(name, "recht", text, LANDESRECHT),)
