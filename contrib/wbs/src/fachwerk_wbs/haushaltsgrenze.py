"""The limit of the household before any tier: a row of a table, amounts times an index, or amounts per person."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from fachwerk.regeln import Gewertet, Luecke, Rechnung, Schritt, Unbekannt, summiere, wende_an
from fachwerk_wbs.fall import Rolle
from fachwerk_wbs.haushalt import Haushalt
from fachwerk_wbs.land import Land
from fachwerk_wbs.regelwerk import NULL, gerundet
from fachwerk_wbs.zellen import lies_tabelle, unbekannt

TABELLE, INDEX = "haushaltstabelle", "haushaltsindex"
BEHINDERUNG = "grenze_je_schwerbehindert"


def offene_behinderung(haushalt: Haushalt, rechnung: Rechnung) -> tuple[Luecke, ...]:
    """A disability nobody stated, or a supplement nobody has seen, could raise the limit where a Land has one."""
    if haushalt.personen == 1 or not rechnung.gilt(BEHINDERUNG):
        return ()
    zuschlag = rechnung.regelwerk.parameter[BEHINDERUNG].fassung_am(rechnung.stichtag)
    unbelegt = zuschlag.luecken if haushalt.schwerbehinderte and isinstance(zuschlag, Unbekannt) else ()
    offen = [p for p in haushalt.mitglieder if p.rolle is not Rolle.UNGEBORENES and p.grad_der_behinderung is None]
    if not offen:
        return unbelegt
    text = f"Der Grad der Behinderung fehlt ({', '.join(p.name for p in offen)}); davon hängt die Grenze ab."
    return (Luecke(BEHINDERUNG, "angabe", text, rechnung.fundstelle(BEHINDERUNG)), *unbelegt)


class Haushaltsgrenze:
    """Limit of the household and supplement, worked out once and only if a tier needs them."""

    def __init__(self, haushalt: Haushalt, land: Land, rechnung: Rechnung) -> None:
        self.haushalt = haushalt
        self.land = land
        self.rechnung = rechnung
        self._grenze: tuple[Gewertet, Gewertet] | None = None

    def grenze(self) -> tuple[Gewertet, Gewertet]:
        """Limit of the household without, and the supplement for children and severely disabled members."""
        if self._grenze is None:
            ganz = self._aus_tabelle() or self._nach_index()
            self._grenze = (ganz, Gewertet(NULL)) if ganz else (self._nach_personen(), self._zuschlag())
        return self._grenze

    def _aus_tabelle(self) -> Gewertet | None:
        """The row of the household; None: no table, or no such row and an index to go by."""
        if not self.rechnung.gilt(TABELLE):
            return None
        tabelle = lies_tabelle(TABELLE, self.rechnung)
        if tabelle is None:
            return self.rechnung.gewertet(TABELLE)
        zeile = self.haushalt.schluessel
        if zeile not in tabelle.werte and self.rechnung.gilt(INDEX):
            return None
        zelle = tabelle.zelle(zeile)
        self.rechnung.merke(tabelle.schritt(zeile, zelle))
        return zelle

    def _nach_index(self) -> Gewertet | None:
        """Statutory amount times index, rounded, plus the supplement of this size; None: there is no index."""
        if not self.rechnung.gilt(INDEX):
            return None
        index = self.rechnung.gewertet(INDEX)
        zahlen = index.wert.vorlaeufig if isinstance(index.wert, Unbekannt) else index.wert
        if zahlen is None:
            return index
        grund = summiere((self._nach_personen(), self._kinder()))
        enden = [wende_an(partial(self._indiziert, zahlen, ende), grund) for ende in ("von", "bis")]
        grenze = self._einig(*enden)
        ergebnis = wende_an(lambda _, wert: wert, index, grenze)
        fundstelle = next(s.fundstelle for s in self.rechnung.schritte if s.name == INDEX)
        self.rechnung.merke(Schritt("haushaltsgrenze_index", ergebnis.wert, fundstelle, ergebnis.beleg))
        return ergebnis

    def _indiziert(self, index: Mapping[str, Any], ende: str, grund: Decimal) -> Decimal:
        zuschlag: Decimal = index.get("zuschlag", {}).get(str(self.haushalt.personen), NULL)
        return gerundet(grund * index[ende], index["schritt"], index["richtung"]) + zuschlag

    def _einig(self, unten: Gewertet, oben: Gewertet) -> Gewertet:
        """The limit if both ends of the index agree on it, else two candidates."""
        if isinstance(unten.wert, Unbekannt) or unten.wert == oben.wert:
            return unten
        parameter = self.land.parameter[INDEX]
        zeile = f"{parameter.titel}, Haushalt {self.haushalt.schluessel}"
        kandidaten = [f"{betrag:f}" for betrag in (unten.wert, oben.wert)]
        return Gewertet(unbekannt(INDEX, zeile, kandidaten, self.rechnung.fundstelle(INDEX)), unten.beleg)

    def _nach_personen(self) -> Gewertet:
        groesse = {1: "1", 2: "2"}.get(self.haushalt.personen, "mehr")
        return self.rechnung.gewertet(f"haushaltsgrenze_{groesse}")

    def _kinder(self) -> Gewertet:
        return self.rechnung.gewertet("kinderzuschlag") if self.haushalt.kinder else Gewertet(NULL)

    def _zuschlag(self) -> Gewertet:
        return summiere((self._kinder(), self._behinderte()))

    def _behinderte(self) -> Gewertet:
        """Zero where nobody has seen the amount: it could only raise the limit (:func:`offene_behinderung`)."""
        if self.haushalt.personen == 1 or not self.haushalt.schwerbehinderte or not self.rechnung.gilt(BEHINDERUNG):
            return Gewertet(NULL)
        zuschlag = self.rechnung.gewertet("behindertenzuschlag")
        return Gewertet(NULL) if isinstance(zuschlag.wert, Unbekannt) else zuschlag
