"""Limits: of the household, and of every tier; as amounts, factors, own tables or household tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fachwerk.regeln import Gewertet, Luecke, Parameter, Rechnung, Schritt, Unbekannt, schwaecherer, summiere
from fachwerk_wbs.fall import Person, Rolle
from fachwerk_wbs.haushalt import Haushalt
from fachwerk_wbs.land import Land
from fachwerk_wbs.regelwerk import NULL, gerundet


@dataclass(frozen=True, slots=True)
class Stufengrenze:
    """The limit of one tier, and whether an income keeps it (None: unknown)."""

    id: str
    parameter: Parameter
    grenze: Gewertet
    schritte: tuple[Schritt, ...]
    vermoegen: bool = False

    def merkmal(self, name: str) -> bool:
        """A property of the tier that never changes: ``ermessen``, ``nicht_wbs``."""
        return bool(self.parameter.merkmale.get(name, False))

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
        """Whether ``einkommen`` does not exceed the limit."""
        if isinstance(einkommen, Unbekannt) or isinstance(self.grenze.wert, Unbekannt):
            return None
        return bool(einkommen <= self.grenze.wert)


def grenzen_fuer(land: Land, stichtag: date, personen: int, kinder: int) -> list[Stufengrenze]:
    """All tiers for a household of this size (``personen`` includes the children), ascending."""
    mitglieder = tuple(Person(name=str(i), rolle=Rolle.ANGEHOERIGER) for i in range(personen))
    haushalt = Haushalt(mitglieder, kinder, {}, (), ())
    return stufengrenzen(haushalt, 0, land, Rechnung(land.regelwerk, {}, stichtag))


def stufengrenzen(haushalt: Haushalt, schwerbehinderte: int, land: Land, rechnung: Rechnung) -> list[Stufengrenze]:
    """All tiers in force, ascending; the lines of the household's own limit go into ``rechnung``."""
    eingaben = {"personen": haushalt.personen, "kinder": haushalt.kinder, "schwerbehinderte": schwerbehinderte}
    eigene = Rechnung(land.regelwerk, eingaben, rechnung.stichtag)
    grundlage = _Grundlage(haushalt, land, eigene)
    stufen = [grundlage.stufe(p) for p in land.stufen if eigene.gilt(p.name)]
    for schritt in eigene.schritte:
        rechnung.merke(schritt)
    return sorted(stufen, key=lambda s: Decimal("Infinity") if s.zur_ansicht is None else s.zur_ansicht)


class _Grundlage:
    """Limit of the household and supplement, worked out once and only if a tier needs them."""

    def __init__(self, haushalt: Haushalt, land: Land, rechnung: Rechnung) -> None:
        self.haushalt = haushalt
        self.land = land
        self.rechnung = rechnung
        self._grenze: tuple[Gewertet, Gewertet] | None = None

    def stufe(self, parameter: Parameter) -> Stufengrenze:
        """Work out one tier."""
        eigene = Rechnung(self.land.regelwerk, {}, self.rechnung.stichtag)
        wert = eigene.gewertet(parameter.name)
        if isinstance(wert.wert, Mapping):
            grenze = self._aus_tabelle(wert)
        else:
            grenze = self._aus_faktor(parameter, wert, eigene)
        grenze = _runde(grenze, self.rechnung)
        kennung = parameter.name.removeprefix("stufe_")
        vermoegen = self._vermoegenspruefung(kennung, eigene)
        return Stufengrenze(kennung, parameter, grenze, tuple(eigene.schritte), vermoegen)

    def _vermoegenspruefung(self, kennung: str, eigene: Rechnung) -> bool:
        name = f"vermoegenspruefung_{kennung}"
        return eigene.gilt(name) and eigene.hole(name) is not False

    def _aus_tabelle(self, tabelle: Gewertet) -> Gewertet:
        """A tier with amounts of its own, no factor."""
        werte = tabelle.wert
        personen, kinder = self.haushalt.personen, self.haushalt.kinder
        teile = [werte["p1" if personen == 1 else "p2"]]
        teile += [_mal(werte["weitere"], personen - 2)] if personen > 2 else []
        teile += [_mal(werte["kind"], kinder)] if kinder else []
        if None in teile:
            text = "Für diese Haushaltsgröße ist der Betrag der Stufe nicht belegt."
            return Gewertet(Unbekannt((Luecke("stufe", "recht", text),)))
        return Gewertet(sum(teile, NULL), tabelle.beleg)

    def _aus_faktor(self, parameter: Parameter, faktor: Gewertet, eigene: Rechnung) -> Gewertet:
        haushaltsgrenze, zuschlag = self.grenze()
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
        return Gewertet(Unbekannt((Luecke(name, "recht", text, parameter.fassungen[-1].fundstelle),), True))

    def grenze(self) -> tuple[Gewertet, Gewertet]:
        """Limit of the household without and the supplement for children and severely disabled members."""
        if self._grenze is None:
            tabelle = self._haushaltstabelle()
            self._grenze = (tabelle, Gewertet(NULL)) if tabelle else (self._nach_personen(), self._zuschlag())
        return self._grenze

    def _haushaltstabelle(self) -> Gewertet | None:
        name = "haushaltstabelle"
        if name not in self.land.parameter or not self.rechnung.gilt(name):
            return None
        tabelle = self.rechnung.gewertet(name)
        if isinstance(tabelle.wert, Unbekannt):
            return tabelle
        zeile = tabelle.wert.get(self.haushalt.schluessel)
        if isinstance(zeile, Decimal):
            return Gewertet(zeile, tabelle.beleg)
        kandidaten = f" (in Betracht: {', '.join(map(str, zeile))})" if isinstance(zeile, list) else ""
        text = f"Für den Haushalt {self.haushalt.schluessel} ist die Grenze der Tabelle nicht belegt{kandidaten}."
        fundstelle = self.land.parameter[name].fassungen[-1].fundstelle
        return Gewertet(Unbekannt((Luecke(name, "recht", text, fundstelle),)))

    def _nach_personen(self) -> Gewertet:
        groesse = {1: "1", 2: "2"}.get(self.haushalt.personen, "mehr")
        return self.rechnung.gewertet(f"haushaltsgrenze_{groesse}")

    def _zuschlag(self) -> Gewertet:
        teile = [self.rechnung.gewertet("kinderzuschlag")] if self.haushalt.kinder else []
        name = "grenze_je_schwerbehindert"
        if name in self.land.parameter and self.rechnung.gilt(name) and self.haushalt.personen > 1:
            teile.append(self.rechnung.gewertet("behindertenzuschlag"))
        return summiere(teile)


def _mal(betrag: Decimal | None, anzahl: int) -> Decimal | None:
    return None if betrag is None else betrag * anzahl


def _mit_vorbehalt(grenze: Gewertet, skaliert: Gewertet) -> Gewertet:
    if isinstance(skaliert.wert, Unbekannt) and not isinstance(grenze.wert, Unbekannt):
        return Gewertet(Unbekannt(skaliert.wert.luecken, grenze.wert), grenze.beleg)
    return Gewertet(grenze.wert, schwaecherer(grenze.beleg, skaliert.beleg))


def _runde(grenze: Gewertet, rechnung: Rechnung) -> Gewertet:
    name = "rundung_grenze"
    if not rechnung.gilt(name) or isinstance(grenze.wert, Unbekannt):
        return grenze
    regel = rechnung.hole(name)
    return Gewertet(gerundet(grenze.wert, regel["schritt"], regel["richtung"]), grenze.beleg)
