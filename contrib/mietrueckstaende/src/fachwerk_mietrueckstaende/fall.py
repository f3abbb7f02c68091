"""The case file of an application for rent arrears. Money in EUR, dates are days, absent is unknown and not false."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Betrag = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class _Angaben(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Leistungsbezug(StrEnum):
    """Running benefit: it decides which office is competent."""

    SGB2 = "sgb2"
    SGB12 = "sgb12"
    KEINER = "keiner"
    ASYLBLG = "asylblg"


class Person(_Angaben):
    """A member of the household."""

    name: str = ""
    rolle: str = ""
    geburtsdatum: date | None = None


class Miete(_Angaben):
    """The rent a month and its parts."""

    gesamt: Betrag | None = None
    grundmiete: Betrag | None = None
    nebenkosten: Betrag | None = None
    heizkosten: Betrag | None = None
    beginn: date | None = None
    vermieter: str = ""


class Rueckstand(_Angaben):
    """What is owed: rent, the number of months it stems from, and arrears of energy."""

    betrag: Betrag | None = None
    monate: Annotated[int, Field(ge=0)] | None = None
    energie: Betrag | None = None


class Gefahr(_Angaben):
    """How far the loss of the flat has come. ``klage_zugestellt``: service of the action, so it is pending."""

    mahnung: date | None = None
    kuendigung: date | None = None
    kuendigung_art: Literal["fristlos", "ordentlich"] | None = None
    raeumungsklage: bool | None = None
    klage_zugestellt: date | None = None
    gericht: str = ""
    aktenzeichen: str = ""
    termin: date | None = None
    raeumungstermin: date | None = None


class Fall(_Angaben):
    """The whole case; published as ``daten/fall.schema.json``."""

    land: str = ""
    stichtag: date | None = None
    leistungsbezug: Leistungsbezug | None = None
    erwerbsfaehig: bool | None = None
    altersrente: bool | None = None
    haushalt: tuple[Person, ...] = ()
    miete: Miete = Miete()
    rueckstand: Rueckstand = Rueckstand()
    gefahr: Gefahr = Gefahr()
    frueher_uebernommen: bool | None = None
    verbleib_gewollt: bool | None = None
