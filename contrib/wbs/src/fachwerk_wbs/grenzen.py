"""Limits: of the household, and of every tier; as amounts, factors, own tables or household tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fachwerk.regeln import (
    Gewertet,
    Luecke,
    Parameter,
    Rechnung,
    Schritt,
    Unbekannt,
    schwaecherer,
    summiere,
    wende_an,
)
from fachwerk_wbs.fall import Person, Rolle
from fachwerk_wbs.haushalt import Haushalt
from fachwerk_wbs.haushaltsgrenze import Haushaltsgrenze
from fachwerk_wbs.land import Land
from fachwerk_wbs.regelwerk import NULL, gerundet
from fachwerk_wbs.zellen import Tabelle, lies_tabelle


@dataclass(frozen=True, slots=True)
class Stufengrenze:
    """The limit of one tier, and whether an income keeps it (None: unknown).

    ``fingiert``: the limit counts as kept by law, whatever the income.
    """

    id: str
    parameter: Parameter
    grenze: Gewertet
    schritte: tuple[Schritt, ...]
    vermoegen: bool = False
    fingiert: bool = False

    def merkmal(self, name: str) -> bool:
        """A property of the tier that never changes: ``ermessen``, ``nicht_wbs``, ``nur_foerderweg``."""
        return bool(self.parameter.merkmale.get(name, False))

    @property
    def von_rechts_wegen(self) -> bool:
        """Whether a certificate is due where this tier is kept: no discretion, no other paper."""
        return not self.merkmal("ermessen") and not self.merkmal("nicht_wbs")

    @property
    def titel(self) -> str:
        """What the tier is called."""
        return self.parameter.titel

    @property
    def zur_ansicht(self) -> Decimal | None:
        """The limit as it may be printed."""
        wert = self.grenze.wert
        ansicht: Decimal | None = wert.vorlaeufig if isinstance(wert, Unbekannt) else wert
        return ansicht

    @property
    def gesichert(self) -> bool:
        """Whether the limit may decide."""
        return not isinstance(self.grenze.wert, Unbekannt)

    @property
    def luecken(self) -> tuple[Luecke, ...]:
        """What is not known about the limit."""
        return self.grenze.wert.luecken if isinstance(self.grenze.wert, Unbekannt) else ()

    @property
    def fundstelle(self) -> str:
        """Citation of the tier's version on the day."""
        return next((s.fundstelle for s in self.schritte if s.name == self.parameter.name), "")

    def eingehalten(self, einkommen: Any) -> bool | None:
        """Whether ``einkommen`` does not exceed the limit, or that does not matter."""
        if self.fingiert:
            return True
        if isinstance(einkommen, Unbekannt) or isinstance(self.grenze.wert, Unbekannt):
            return None
        return bool(einkommen <= self.grenze.wert)


def grenzen_fuer(land: Land, stichtag: date, personen: int, kinder: int) -> list[Stufengrenze]:
    """All tiers for a household of this size (``personen`` includes the children), ascending."""
    mitglieder = tuple(Person(name=str(i), rolle=Rolle.ANGEHOERIGER) for i in range(personen))
    haushalt = Haushalt(mitglieder, kinder, {}, (), ())
    return stufengrenzen(haushalt, land, Rechnung(land.regelwerk, {}, stichtag))


def stufengrenzen(haushalt: Haushalt, land: Land, rechnung: Rechnung) -> list[Stufengrenze]:
    """All tiers in force, ascending; the lines of the household's own limit go into ``rechnung``."""
    eingaben = {"personen": haushalt.personen, "kinder": haushalt.kinder, "schwerbehinderte": haushalt.schwerbehinderte}
    eigene = Rechnung(land.regelwerk, eingaben, rechnung.stichtag)
    grundlage = _Grundlage(haushalt, land, eigene)
    stufen = [grundlage.stufe(p) for p in land.stufen if eigene.gilt(p.name)]
    for schritt in eigene.schritte:
        rechnung.merke(schritt)
    return sorted(stufen, key=lambda s: Decimal("Infinity") if s.zur_ansicht is None else s.zur_ansicht)


class _Grundlage:
    """What the tiers of one household have in common."""

    def __init__(self, haushalt: Haushalt, land: Land, rechnung: Rechnung) -> None:
        self.haushalt = haushalt
        self.land = land
        self.rechnung = rechnung
        self.haushaltsgrenze = Haushaltsgrenze(haushalt, land, rechnung)

    def stufe(self, parameter: Parameter) -> Stufengrenze:
        """Work out one tier."""
        eigene = Rechnung(self.land.regelwerk, {}, self.rechnung.stichtag)
        tabelle = lies_tabelle(parameter.name, eigene)
        grenze = self._aus_tabelle(tabelle, eigene) if tabelle else self._aus_faktor(parameter, eigene)
        grenze = _runde(grenze, self.rechnung)
        kennung = parameter.name.removeprefix("stufe_")
        vermoegen = self._vermoegenspruefung(kennung, eigene)
        return Stufengrenze(kennung, parameter, grenze, tuple(eigene.schritte), vermoegen)

    def _vermoegenspruefung(self, kennung: str, eigene: Rechnung) -> bool:
        name = f"vermoegenspruefung_{kennung}"
        return eigene.gilt(name) and eigene.hole(name) is not False

    def _aus_tabelle(self, tabelle: Tabelle, eigene: Rechnung) -> Gewertet:
        """A tier with amounts of its own, no factor: only the cells this household needs."""
        personen = self.haushalt.personen
        mengen = {"p1" if personen == 1 else "p2": 1, "weitere": max(0, personen - 2), "kind": self.haushalt.kinder}
        teile = []
        for name, anzahl in ((n, a) for n, a in mengen.items() if a):
            zelle = tabelle.zelle(name)
            eigene.merke(tabelle.schritt(name, zelle))
            teile.append(zelle if anzahl == 1 else wende_an(lambda betrag, mal=anzahl: betrag * mal, zelle))
        grenze = summiere(teile)
        eigene.merke(Schritt("stufengrenze", grenze.wert, tabelle.fundstelle, grenze.beleg))
        return grenze

    def _aus_faktor(self, parameter: Parameter, eigene: Rechnung) -> Gewertet:
        faktor = eigene.gewertet(parameter.name)
        haushaltsgrenze, zuschlag = self.haushaltsgrenze.grenze()
        eingaben = {"haushaltsgrenze": haushaltsgrenze, "zuschlag": zuschlag, "faktor": faktor}
        rechnung = Rechnung(self.land.regelwerk, eingaben, eigene.stichtag)
        skaliert = self._skaliert(parameter, faktor, zuschlag, eigene)
        regel = "stufengrenze_fest" if skaliert.wert is False else "stufengrenze"
        grenze = rechnung.gewertet(regel)
        for schritt in rechnung.schritte[-1:]:
            eigene.merke(schritt)
        return _mit_vorbehalt(grenze, skaliert)

    def _skaliert(self, parameter: Parameter, faktor: Gewertet, zuschlag: Gewertet, eigene: Rechnung) -> Gewertet:
        """Whether the factor applies to the supplement, too; without supplement or factor it does not matter."""
        if parameter.merkmale.get("kind_fest"):
            return Gewertet(False)
        if zuschlag.wert == NULL or faktor.wert == 1:
            return Gewertet(True)
        name = "kindzuschlag_skaliert"
        if name in self.land.parameter and eigene.gilt(name):
            return eigene.gewertet(name)
        text = "Ob der Kinderzuschlag mit der Stufe steigt, ist im Regelpaket nicht belegt."
        return Gewertet(Unbekannt((Luecke(name, "recht", text, eigene.fundstelle(parameter.name)),), True))


def _mit_vorbehalt(grenze: Gewertet, skaliert: Gewertet) -> Gewertet:
    if isinstance(skaliert.wert, Unbekannt) and not isinstance(grenze.wert, Unbekannt):
        return Gewertet(Unbekannt(skaliert.wert.luecken, grenze.wert), grenze.beleg)
    return Gewertet(grenze.wert, schwaecherer(grenze.beleg, skaliert.beleg))


def _runde(grenze: Gewertet, rechnung: Rechnung) -> Gewertet:
    if not rechnung.gilt("rundung_grenze"):
        return grenze
    regel = rechnung.gewertet("rundung_grenze")
    return wende_an(lambda wert, art: gerundet(wert, art["schritt"], art["richtung"]), grenze, regel)
