"""The limits of a Land through time, for one size of household. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fachwerk.modell import dezimal_text
from fachwerk_wbs.grenzen import Stufengrenze, grenzen_fuer
from fachwerk_wbs.land import Land
from fachwerk_wbs.luecken import art_am, gueltige

TAG = timedelta(days=1)
GRUNDLAGEN = ("haushaltstabelle", "haushaltsindex", "grenze_1", "grenze_2", "grenze_weitere", "grenze_kind")


@dataclass(frozen=True, slots=True)
class Abschnitt:
    """A period in which nothing about a limit changes; ``art`` says why it does not decide (empty: it does)."""

    von: date | None
    bis: date | None
    grenze: Decimal | None
    gesichert: bool
    art: str
    beleg: str
    fundstelle: str
    offen: tuple[str, ...] = ()

    def als_json(self) -> dict[str, Any]:
        """Days as ISO text, money as text with two decimals."""
        return {
            "von": self.von.isoformat() if self.von else None,
            "bis": self.bis.isoformat() if self.bis else None,
            "grenze": None if self.grenze is None else dezimal_text(self.grenze),
            "gesichert": self.gesichert,
            "art": self.art,
            "beleg": self.beleg or None,
            "fundstelle": self.fundstelle,
            "offen": list(self.offen),
        }


@dataclass(frozen=True, slots=True)
class Verlauf:
    """One tier through time, its periods ascending; between two periods it did not exist."""

    id: str
    titel: str
    ermessen: bool
    abschnitte: tuple[Abschnitt, ...]

    def als_json(self) -> dict[str, Any]:
        """The published form."""
        abschnitte = [abschnitt.als_json() for abschnitt in self.abschnitte]
        return {"id": self.id, "titel": self.titel, "ermessen": self.ermessen, "abschnitte": abschnitte}


def verlaeufe(land: Land, personen: int, kinder: int) -> list[Verlauf]:
    """Every tier that ever was, in the order of the file."""
    tage = stuetztage(land)
    ende = dict(zip(tage, [tag - TAG for tag in tage[1:]] + [None], strict=True))
    je_tag = {tag: {s.id: s for s in grenzen_fuer(land, tag, personen, kinder)} for tag in tage}
    gefunden = []
    for parameter in land.stufen:
        kennung = parameter.name.removeprefix("stufe_")
        roh = [_abschnitt(land, je_tag[t][kennung], t, ende[t], personen, kinder) for t in tage if kennung in je_tag[t]]
        if roh:
            ermessen = bool(parameter.merkmale.get("ermessen"))
            gefunden.append(Verlauf(kennung, parameter.titel, ermessen, _zusammengelegt(roh)))
    return gefunden


def stuetztage(land: Land) -> list[date]:
    """Every day on which a limit may change, and the day on which a window opens."""
    relevant = [p for name, p in land.parameter.items() if name.startswith(("stufe_", "grenze_", "haushalts"))]
    relevant += [land.parameter[n] for n in ("kindzuschlag_skaliert", "rundung_grenze") if n in land.parameter]
    tage = {tag for p in relevant for f in p.fassungen for tag in (f.ab, f.spaetestens) if tag}
    tage |= {f.nicht_vor + TAG for p in relevant for f in p.fassungen if f.nicht_vor}
    return sorted(tage)


def _abschnitt(land: Land, stufe: Stufengrenze, von: date, bis: date | None, personen: int, kinder: int) -> Abschnitt:
    arten = [art_am(land.parameter[lu.name], von) for lu in stufe.luecken if lu.name in land.parameter]
    art = next((a for a in arten if a), "" if stufe.gesichert else "wert_unbekannt")
    fundstelle = "; ".join(_fundstellen(land, stufe, von, personen, kinder))
    texte = tuple(luecke.text for luecke in stufe.luecken)
    beleg = stufe.grenze.beleg if stufe.gesichert else ""
    return Abschnitt(von, bis, stufe.zur_ansicht, stufe.gesichert, art, beleg, fundstelle, texte)


def _fundstellen(land: Land, stufe: Stufengrenze, tag: date, personen: int, kinder: int) -> list[str]:
    """Where the tier and the amounts below it come from, each provision once."""
    namen = [stufe.parameter.name]
    if not isinstance(stufe.parameter.fassungen[-1].wert, dict):
        groesse = "grenze_1" if personen == 1 else "grenze_2"
        passend = [n for n in GRUNDLAGEN if n in (groesse, "haushaltstabelle", "haushaltsindex")]
        namen = [n for n in passend if n in land.parameter] + namen
    gueltig = [gueltige(land.parameter[name], tag) for name in namen]
    stellen = list(dict.fromkeys(g[0].fundstelle for g in gueltig if g)) or [stufe.fundstelle]
    return [s for s in stellen if not any(s != andere and andere.startswith(s) for andere in stellen)]


def _zusammengelegt(roh: list[Abschnitt]) -> tuple[Abschnitt, ...]:
    """Neighbours without a difference become one period."""
    gelegt: list[Abschnitt] = []
    for abschnitt in roh:
        letzter = gelegt[-1] if gelegt else None
        if letzter and letzter.bis and letzter.bis + TAG == abschnitt.von and _gleich(letzter, abschnitt):
            gelegt[-1] = replace(letzter, bis=abschnitt.bis)
        else:
            gelegt.append(abschnitt)
    return tuple(gelegt)


def _gleich(eins: Abschnitt, zwei: Abschnitt) -> bool:
    felder = ("grenze", "gesichert", "art", "beleg", "fundstelle")
    return all(getattr(eins, feld) == getattr(zwei, feld) for feld in felder)
