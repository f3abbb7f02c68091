"""What the case file does not say, by person, in words the Sachbearbeitung can send on to the citizen.

Reads the raw case file, because one that cannot be computed with yet is exactly the one to ask about. It asks at once
for everything that may count, so that nobody is asked twice; whether it counts, the calculation knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

PAARE = ("ehegatte", "lebenspartner")
VERDIENST = ("nichtselbstaendig", "beamtenbezuege")
HAUSHALT = "Haushalt"


@dataclass(frozen=True, slots=True)
class Nachfrage:
    """What is missing of one person, or of the household as a whole."""

    person: str
    angaben: tuple[str, ...]

    def als_json(self) -> dict[str, Any]:
        """As it stands in the result of a Votum."""
        return {"person": self.person, "angaben": list(self.angaben)}


def nachfragen(fall: Mapping[str, Any], stichtag: date, weitere: Sequence[str] = ()) -> tuple[Nachfrage, ...]:
    """All missing facts of ``fall``; persons in the order of the household, the household itself last.

    ``weitere`` are asked of the household besides.
    """
    mitglieder = mitglieder_in(fall)
    je_person = [Nachfrage(_name(wer, nr), tuple(_person(wer, stichtag))) for nr, wer in enumerate(mitglieder, 1)]
    gemeinsam = Nachfrage(HAUSHALT, (*_haushalt(fall, mitglieder), *weitere))
    return tuple(frage for frage in (*je_person, gemeinsam) if frage.angaben)


def mitglieder_in(fall: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The members of a raw case file; empty where one of them is no mapping."""
    mitglieder = _liste(fall.get("haushalt"))
    return mitglieder if all(isinstance(wer, Mapping) for wer in mitglieder) else []


def _name(wer: Mapping[str, Any], nr: int) -> str:
    return str(wer.get("name") or f"{nr}. Person")[:200]


def _person(wer: Mapping[str, Any], stichtag: date) -> Iterator[str]:
    if wer.get("rolle") == "ungeborenes":
        yield from () if wer.get("geburtsdatum") else ("voraussichtlicher Tag der Geburt",)
        return
    jahre = _alter(wer.get("geburtsdatum"), stichtag)
    for text, fehlt in _FRAGEN:
        if fehlt(wer, jahre):
            yield text


def _fehlt(feld: str) -> Callable[[Mapping[str, Any], int | None], bool]:
    return lambda wer, jahre: wer.get(feld) is None


def _zahlt(feld: str) -> Callable[[Mapping[str, Any], int | None], bool]:
    """Only who has an income can be asked what is paid on it."""
    return lambda wer, jahre: bool(wer.get("einkuenfte")) and _mapping(wer.get("zahlt")).get(feld) is None


def _ohne_einkuenfte(wer: Mapping[str, Any], jahre: int | None) -> bool:
    return wer.get("einkuenfte") is None and not (_ist_kind(wer) and jahre is not None and jahre < 16)


def _ohne_kindergeld(wer: Mapping[str, Any], jahre: int | None) -> bool:
    return wer.get("kindergeld") is None and _ist_kind(wer) and (jahre is None or jahre >= 16)


def _ohne_pflegeort(wer: Mapping[str, Any], jahre: int | None) -> bool:
    return bool(wer.get("pflegegrad")) and wer.get("haeuslich_pflegebeduerftig") is None


def _ohne_art(wer: Mapping[str, Any], jahre: int | None) -> bool:
    posten = [e for e in _liste(wer.get("einkuenfte")) if isinstance(e, Mapping)]
    return any(e.get("art") is None or (e["art"] == "steuerfrei" and e.get("unterart") is None) for e in posten)


def _ohne_betrag(wer: Mapping[str, Any], jahre: int | None) -> bool:
    return any(isinstance(e, Mapping) and e.get("betrag") is None for e in _liste(wer.get("einkuenfte")))


_FRAGEN: tuple[tuple[str, Callable[[Mapping[str, Any], int | None], bool]], ...] = (
    ("Vor- und Familienname", _fehlt("name")),
    ("in welchem Verhältnis die Person zur antragstellenden Person steht", _fehlt("rolle")),
    ("Geburtsdatum", _fehlt("geburtsdatum")),
    ("alle Einkünfte der letzten zwölf Monate mit Art und Betrag, oder dass es keine gibt", _ohne_einkuenfte),
    ("welche Art von Einkünften oder Leistungen das ist", _ohne_art),
    ("wie hoch die Einkünfte in den letzten zwölf Monaten waren", _ohne_betrag),
    ("ob Einkommensteuer (Lohnsteuer) gezahlt wird", _zahlt("einkommensteuer")),
    ("ob Beiträge zur Kranken- und Pflegeversicherung gezahlt werden", _zahlt("kranken_pflegeversicherung")),
    ("ob Beiträge zur Rentenversicherung gezahlt werden", _zahlt("rentenversicherung")),
    ("Grad der Behinderung, oder dass keiner festgestellt ist", _fehlt("grad_der_behinderung")),
    ("Pflegegrad, oder dass keiner festgestellt ist", _fehlt("pflegegrad")),
    ("ob die Pflege zu Hause geschieht", _ohne_pflegeort),
    ("ob für das Kind Kindergeld gezahlt wird", _ohne_kindergeld),
)


def _haushalt(fall: Mapping[str, Any], mitglieder: list[Mapping[str, Any]]) -> Iterator[str]:
    rollen = [wer.get("rolle") for wer in mitglieder]
    if not mitglieder:
        yield "wer zum Haushalt gehört, mit Namen und Geburtsdaten"
    elif "antragsteller" not in rollen:
        yield "wer den Antrag stellt"
    if any(rolle in PAARE for rolle in rollen) and fall.get("ehe_seit") is None:
        yield "seit wann die Ehe oder Lebenspartnerschaft besteht"
    if "kind" in rollen and not {*PAARE, "partner"} & {*rollen} and fall.get("alleinerziehend") is None:
        yield "ob die antragstellende Person allein erzieht"
    if fall.get("unterhalt") is None:
        yield "ob gesetzlicher Unterhalt gezahlt wird, an wen und wie viel im Jahr, oder dass keiner gezahlt wird"


def _ist_kind(wer: Mapping[str, Any]) -> bool:
    return wer.get("rolle") in ("kind", "angehoeriger")


def _liste(wert: Any) -> list[Any]:
    return list(wert) if isinstance(wert, list | tuple) else []


def _mapping(wert: Any) -> Mapping[str, Any]:
    return wert if isinstance(wert, Mapping) else {}


def _alter(geboren: Any, stichtag: date) -> int | None:
    try:
        tag = geboren if isinstance(geboren, date) else date.fromisoformat(str(geboren))
    except ValueError:
        return None
    return stichtag.year - tag.year - ((stichtag.month, stichtag.day) < (tag.month, tag.day))
