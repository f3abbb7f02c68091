"""The standing test of assets, where a Land has one: asked for, compared with the limit, never refused by a machine."""

from __future__ import annotations

from decimal import Decimal

from fachwerk.regeln import Gewertet, Luecke, Rechnung, Unbekannt, summiere, wende_an
from fachwerk_wbs.fall import Fall
from fachwerk_wbs.zellen import lies_tabelle

NAME = "vermoegensgrenze"


def pruefe_vermoegen(fall: Fall, personen: int, rechnung: Rechnung) -> tuple[Luecke, ...]:
    """What the assets leave open; nothing where there is no test, no sign of assets, or the limit is kept."""
    if not rechnung.gilt(NAME) or fall.vermoegen == 0:
        return ()
    parameter, fundstelle = rechnung.regelwerk.parameter[NAME], rechnung.fundstelle(NAME)
    if fall.vermoegen is None:
        frage = Luecke(NAME, "angabe", "Angaben zum Vermögen des Haushalts fehlen (auch „keines“).", fundstelle)
        return () if parameter.merkmale.get("nur_bei_anhaltspunkten") else (frage,)
    grenze = _grenze(personen, rechnung).wert
    if isinstance(grenze, Unbekannt):
        return grenze.luecken
    text = f"Das angegebene Vermögen liegt über der Grenze von {grenze} EUR: Ist es anzurechnen?"
    return () if fall.vermoegen <= grenze else (Luecke(NAME, "recht", text, fundstelle),)


def _grenze(personen: int, rechnung: Rechnung) -> Gewertet:
    """The amount of the first person plus that of each further one; only the cells this household needs."""
    tabelle = lies_tabelle(NAME, rechnung)
    if tabelle is None:
        return rechnung.gewertet(NAME)
    teile = []
    for name, anzahl in (("p1", 1), ("weitere", personen - 1)):
        if anzahl:
            zelle = tabelle.zelle(name)
            rechnung.merke(tabelle.schritt(name, zelle))
            teile.append(wende_an(lambda betrag, mal=Decimal(anzahl): betrag * mal, zelle))
    return summiere(teile)
