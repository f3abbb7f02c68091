"""What the applicant must fulfil besides the income: age, and a stay that is not only temporary."""

from __future__ import annotations

from fachwerk.regeln import Luecke, Rechnung, Unbekannt, monate_spaeter
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.haushalt import alter
from fachwerk_wbs.staaten import ist_eu, staaten_von

__all__ = ["ist_eu", "pruefe", "staaten_von"]


def pruefe(fall: Fall, rechnung: Rechnung) -> tuple[Luecke, ...]:
    """What stands against a decision or is missing for it; empty: nothing does."""
    return _mindestalter(fall, rechnung) + _aufenthalt(fall, rechnung)


def _mindestalter(fall: Fall, rechnung: Rechnung) -> tuple[Luecke, ...]:
    parameter = rechnung.regelwerk.parameter.get("mindestalter")
    if parameter is None or not rechnung.gilt("mindestalter"):
        return ()
    fundstelle = rechnung.fundstelle("mindestalter")
    jahre = alter(fall.antragsteller, rechnung.stichtag)
    if jahre is None:
        return (Luecke("geburtsdatum", "angabe", "Das Geburtsdatum der antragstellenden Person fehlt.", fundstelle),)
    grenze = rechnung.hole("mindestalter")
    if isinstance(grenze, Unbekannt) or jahre >= grenze:
        return ()
    text = "Die antragstellende Person ist nicht volljährig: Einverständnis der Sorgeberechtigten prüfen."
    return (Luecke("mindestalter", "recht", text, fundstelle),)


def _aufenthalt(fall: Fall, rechnung: Rechnung) -> tuple[Luecke, ...]:
    staaten = staaten_von(fall)
    eu = ist_eu(staaten)
    if not staaten or eu:
        return ()
    bis = fall.antragsteller.aufenthaltstitel_bis or fall.aufenthaltstitel_bis
    monate, fundstelle = _verlangt(rechnung)
    if bis is None and eu is False:
        return (Luecke("aufenthaltstitel", "angabe", "Es fehlt, bis wann der Aufenthaltstitel gilt.", fundstelle),)
    if bis is None:
        text = "Die Staatsangehörigkeit ist nicht einzuordnen; außerhalb der EU kommt es auf den Aufenthaltstitel an."
        return (Luecke("staatsangehoerigkeit", "recht", text, fundstelle),)
    if monate is None or bis < monate_spaeter(rechnung.stichtag, monate):
        text = f"Der Aufenthaltstitel gilt bis {bis:%d.%m.%Y}: Ist der Aufenthalt nicht nur vorübergehend?"
        return (Luecke("aufenthaltstitel", "recht", text, fundstelle),)
    return ()


def _verlangt(rechnung: Rechnung) -> tuple[int | None, str]:
    name = "aufenthaltstitel_monate"
    if not rechnung.gilt(name):
        return None, "§ 27 Abs. 2 Satz 2 WoFG"
    wert = rechnung.hole(name)
    fundstelle = rechnung.fundstelle(name)
    return (None if isinstance(wert, Unbekannt) else int(wert)), fundstelle
