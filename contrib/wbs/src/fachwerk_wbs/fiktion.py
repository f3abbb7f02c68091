"""Where the law takes the limit for kept without looking at the income: all members receive a listed benefit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fachwerk.regeln import Luecke, Rechnung, Unbekannt
from fachwerk_wbs.bedingungen import Wahr, alle
from fachwerk_wbs.fall import Fall, Leistungsbezug, Person, Rolle
from fachwerk_wbs.grenzen import Stufengrenze
from fachwerk_wbs.haushalt import Haushalt, ist_kind

NAME = "gilt_als_eingehalten"


def als_eingehalten(
    fall: Fall, haushalt: Haushalt, stufen: Sequence[Stufengrenze], rechnung: Rechnung
) -> tuple[list[Stufengrenze], tuple[Luecke, ...]]:
    """The tiers, the lowest of them marked as kept where the law says so, and what is not known about that."""
    if not rechnung.gilt(NAME):
        return list(stufen), ()
    antworten = [_bezieht(person, fall, rechnung) for person in haushalt.mitglieder]
    alle_beziehen = alle(antworten)
    if not alle_beziehen:
        return list(stufen), (_frage(rechnung),) if alle_beziehen is None and True in antworten else ()
    wert = rechnung.hole(NAME)
    if isinstance(wert, Unbekannt):
        return list(stufen), wert.luecken
    return (_fingiert(stufen) if wert else list(stufen)), ()


def _bezieht(person: Person, fall: Fall, rechnung: Rechnung) -> Wahr:
    bezug = person.leistungsbezug or _vom_haushalt(person, fall, rechnung)
    leistungen = rechnung.regelwerk.parameter[NAME].merkmale["leistungen"]
    return None if bezug is None else bezug.value in leistungen


def _vom_haushalt(person: Person, fall: Fall, rechnung: Rechnung) -> Leistungsbezug | None:
    """Applicant and children share what is stated for the household; any other adult has to be asked."""
    mit = person.rolle in (Rolle.ANTRAGSTELLER, Rolle.KIND) or ist_kind(person, rechnung.stichtag) is True
    return fall.leistungsbezug if mit else None


def _fingiert(stufen: Sequence[Stufengrenze]) -> list[Stufengrenze]:
    waehlbar = (s for s in stufen if s.von_rechts_wegen and not s.merkmal("nur_foerderweg"))
    unterste = next(waehlbar, None)
    return [replace(s, fingiert=True) if s is unterste else s for s in stufen]


def _frage(rechnung: Rechnung) -> Luecke:
    parameter = rechnung.regelwerk.parameter[NAME]
    text = f"{parameter.titel}: Es fehlt, ob jedes Mitglied eine dieser Leistungen bezieht."
    return Luecke(NAME, "angabe", text, rechnung.fundstelle(NAME))
