"""Facts of a person laid over the case file of a message: pure, the same for every Leistung.

Mappings are merged deeply. Members of ``haushalt`` are found by ``name`` (case and spacing do not matter) or by ``nr``,
their position from 1; unknown names are new members, ``entfernen: true`` takes a member out. Every other list, such as
the incomes, is replaced as a whole. ``null`` makes a fact unknown. What is not mentioned stays as it was.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Aenderung, Antrag, Ergaenzung

HAUSHALT = "haushalt"
NAME, NR, ENTFERNEN = "name", "nr", "entfernen"


def ergaenze(antrag: Antrag, ergaenzungen: Iterable[Ergaenzung]) -> Antrag:
    """``antrag`` with the facts of all ``ergaenzungen``, oldest first.

    A mapping stays unconfirmed as long as one fact rests on it that no person has stated; a person who compared the
    whole mapped case with the original confirms it, if the message still maps to that same case.
    Raises ``NeedsHumanError`` as :func:`verschmelze`.
    """
    stand = _Stand(dict(antrag.fall or {}), dict(antrag.fall_herkunft))
    annahmen, fertige, abdruck = antrag.fall_annahmen, list(antrag.ergaenzungen), fingerabdruck(antrag)
    for ergaenzung in ergaenzungen:
        stand = _verschmelze(stand, ergaenzung.angaben)
        if ergaenzung.bestaetigt == abdruck:
            annahmen, stand.herkunft = (), {}
        fertige.append(ergaenzung.model_copy(update={"aenderungen": tuple(stand.aenderungen)}))
    if antrag.fall_herkunft:
        annahmen = tuple(annahme for annahme in annahmen if annahme in stand.herkunft.values())
    return antrag.model_copy(
        update={
            "fall": stand.fall if fertige else antrag.fall,
            "fall_annahmen": annahmen,
            "fall_herkunft": stand.herkunft,
            "ergaenzungen": tuple(fertige),
        }
    )


def fingerabdruck(antrag: Antrag) -> str:
    """Names the case file exactly as the message was mapped."""
    text = json.dumps(antrag.fall, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def verschmelze(fall: Mapping[str, Any], angaben: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Aenderung, ...]]:
    """``fall`` with ``angaben`` laid over it, and every fact stated with what stood there before.

    Raises ``NeedsHumanError`` (``ergaenzung_person_unklar``, ``ergaenzung_haushalt``) where it is not certain who is
    meant.
    """
    stand = _verschmelze(_Stand(dict(fall), {}), angaben)
    return stand.fall, tuple(stand.aenderungen)


@dataclass
class _Stand:
    """The case file, which of its facts rest on which assumption, and what the last merge did."""

    fall: dict[str, Any]
    herkunft: dict[str, str]
    aenderungen: list[Aenderung] = field(default_factory=list)


def _verschmelze(stand: _Stand, angaben: Mapping[str, Any]) -> _Stand:
    neu = _Stand(stand.fall, dict(stand.herkunft))
    rest = {schluessel: wert for schluessel, wert in angaben.items() if schluessel != HAUSHALT}
    neu.fall = _lege_darueber(neu, stand.fall, rest, "", "")
    if HAUSHALT in angaben:
        _haushalt(neu, stand.fall.get(HAUSHALT), angaben[HAUSHALT])
    return neu


def _lege_darueber(
    stand: _Stand, alt: Mapping[str, Any], neu: Mapping[str, Any], pfad: str, person: str
) -> dict[str, Any]:
    ergebnis = dict(alt)
    for schluessel, wert in neu.items():
        ort = f"{pfad}.{schluessel}" if pfad else schluessel
        vorher = alt.get(schluessel)
        if isinstance(wert, Mapping):
            if not _sagt_etwas(wert):
                continue
            unten = vorher if isinstance(vorher, Mapping) else {}
            ergebnis[schluessel] = _lege_darueber(stand, unten, wert, ort, person)
            continue
        _vermerke(stand, ort, person, vorher, wert)
        if wert is None:
            ergebnis.pop(schluessel, None)
        else:
            ergebnis[schluessel] = wert
    return ergebnis


def _sagt_etwas(wert: Any) -> bool:
    return any(map(_sagt_etwas, wert.values())) if isinstance(wert, Mapping) else True


def _vermerke(stand: _Stand, ort: str, person: str, vorher: Any, nachher: Any) -> None:
    stand.aenderungen.append(Aenderung(pfad=ort, person=person, vorher=vorher, nachher=nachher))
    for pfad in [pfad for pfad in stand.herkunft if pfad == ort or pfad.startswith(f"{ort}.")]:
        del stand.herkunft[pfad]


# -- the household ------------------------------------------------------------------------------------------------


def _haushalt(stand: _Stand, alt: Any, neu: Any) -> None:
    """Members one by one; ``stand.fall`` gets a new list."""
    if (
        not isinstance(neu, Sequence)
        or isinstance(neu, str)
        or not all(isinstance(eintrag, Mapping) for eintrag in neu)
    ):
        raise _fehler("ergaenzung_haushalt", "„haushalt“ muss eine Liste von Personen mit „name“ sein.")
    mitglieder: list[Any] = list(alt) if isinstance(alt, Sequence) and not isinstance(alt, str) else []
    gemeint = _wen(mitglieder, neu)
    weg = []
    for stelle, eintrag in zip(gemeint, neu, strict=True):
        if eintrag.get(ENTFERNEN) is True:
            weg += [] if stelle is None else [stelle]
            continue
        if stelle is None:
            mitglieder.append({})
            stelle = len(mitglieder) - 1
        mitglieder[stelle] = _mitglied(stand, mitglieder[stelle], eintrag, stelle)
    stand.fall = {**stand.fall, HAUSHALT: mitglieder}
    for stelle in sorted(weg, reverse=True):
        _entferne(stand, mitglieder, stelle)


def _mitglied(stand: _Stand, alt: Any, eintrag: Mapping[str, Any], stelle: int) -> dict[str, Any]:
    bisher = alt if isinstance(alt, Mapping) else {}
    neu = {schluessel: wert for schluessel, wert in eintrag.items() if schluessel not in (NR, ENTFERNEN)}
    name = str(neu.get(NAME) or "") if NR in eintrag or not bisher else ""
    name = name or _name(bisher)
    if NR not in eintrag and bisher:  # the name said who is meant; its spelling in the message stays
        neu.pop(NAME, None)
    return _lege_darueber(stand, bisher, neu, f"{HAUSHALT}.{stelle}", name)


def _entferne(stand: _Stand, mitglieder: list[Any], stelle: int) -> None:
    """Take a member out; the paths of those behind move up."""
    wer = mitglieder.pop(stelle)
    _vermerke(stand, f"{HAUSHALT}.{stelle}", _name(wer), wer, None)
    stand.herkunft = {_aufgerueckt(pfad, stelle): annahme for pfad, annahme in stand.herkunft.items()}


def _aufgerueckt(pfad: str, entfernt: int) -> str:
    teile = pfad.split(".")
    if len(teile) > 1 and teile[0] == HAUSHALT and teile[1].isdecimal() and int(teile[1]) > entfernt:
        teile[1] = str(int(teile[1]) - 1)
    return ".".join(teile)


def _wen(mitglieder: list[Any], neu: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """Which member each entry means, None: a new one. Nobody is guessed."""
    gemeint = [_stelle(mitglieder, eintrag, nummer) for nummer, eintrag in enumerate(neu, 1)]
    bekannte = [stelle for stelle in gemeint if stelle is not None]
    neue = [_schlicht(eintrag.get(NAME)) for eintrag, stelle in zip(neu, gemeint, strict=True) if stelle is None]
    if len(set(bekannte)) < len(bekannte) or len(set(neue)) < len(neue):
        raise _fehler(
            "ergaenzung_person_unklar", "Zwei Einträge unter „haushalt“ meinen dieselbe Person. Bitte zusammenfassen."
        )
    return gemeint


def _stelle(mitglieder: list[Any], eintrag: Mapping[str, Any], nummer: int) -> int | None:
    if NR in eintrag:
        return _nach_nummer(mitglieder, eintrag, nummer)
    gesucht = _schlicht(eintrag.get(NAME))
    if not gesucht:
        text = (
            f"Der {nummer}. Eintrag unter „haushalt“ nennt weder „name“ noch „nr“; so ist nicht klar, wer gemeint ist."
        )
        raise _fehler("ergaenzung_person_unklar", text)
    treffer = [i for i, wer in enumerate(mitglieder) if _schlicht(_name(wer)) == gesucht]
    if len(treffer) > 1:
        text = (
            f"Den Namen im {nummer}. Eintrag unter „haushalt“ tragen mehrere Personen. Bitte mit „nr“ sagen, welche "
            "gemeint ist (1 ist die erste im Antrag)."
        )
        raise _fehler("ergaenzung_person_unklar", text)
    return treffer[0] if treffer else None


def _nach_nummer(mitglieder: list[Any], eintrag: Mapping[str, Any], nummer: int) -> int:
    nr = eintrag[NR]
    gueltig = isinstance(nr, int) and not isinstance(nr, bool) and 1 <= nr <= len(mitglieder)
    if not gueltig or ENTFERNEN in eintrag:
        text = (
            f"„nr“ im {nummer}. Eintrag unter „haushalt“ muss eine Zahl von 1 bis {len(mitglieder)} sein; entfernt "
            "wird nur, wer mit „name“ genannt ist."
        )
        raise _fehler("ergaenzung_person_unklar", text)
    return int(nr) - 1


def _name(wer: Any) -> str:
    return str(wer.get(NAME) or "") if isinstance(wer, Mapping) else ""


def _schlicht(name: Any) -> str:
    """For comparing names: composed characters, no case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", str(name or "")).casefold().split())


def _fehler(code: str, text: str) -> NeedsHumanError:
    return NeedsHumanError(code, text)
