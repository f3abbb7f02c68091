"""The case file of an application for rent arrears. Money in EUR, dates are days, absent is unknown and not false."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Betrag = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
Saldo = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
"""An amount that may be below zero; whether that makes sense is checked, not refused."""

Kuendigungsart = Literal["fristlos", "ordentlich", "fristlos_und_ordentlich"]


class _Angaben(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Leistungsbezug(StrEnum):
    """Running benefit: it decides which office is competent."""

    SGB2 = "sgb2"
    SGB12 = "sgb12"
    KEINER = "keiner"
    ASYLBLG = "asylblg"


class Person(_Angaben):
    """A member of the household; ``einkommen_monat`` is net a month, all kinds together."""

    name: str = ""
    rolle: str = ""
    geburtsdatum: date | None = None
    einkommen_monat: Betrag | None = None


class Miete(_Angaben):
    """The rent a month and its parts, and whom it is paid to."""

    gesamt: Betrag | None = None
    grundmiete: Betrag | None = None
    nebenkosten: Betrag | None = None
    heizkosten: Betrag | None = None
    wohnflaeche_m2: Betrag | None = None
    beginn: date | None = None
    vermieter: str = ""
    vermieter_iban: str = ""


class Rueckstand(_Angaben):
    """What is owed: rent (``betrag``) and the number of months it stems from; what is no rent stands apart.

    ``betriebskosten``: from a yearly bill; ``kosten``: reminders, lawyer, court; ``stand``: day of the statement.
    """

    betrag: Saldo | None = None
    monate: Annotated[int, Field(ge=0)] | None = None
    energie: Betrag | None = None
    betriebskosten: Betrag | None = None
    kosten: Betrag | None = None
    stand: date | None = None


class Gefahr(_Angaben):
    """How far the loss of the flat has come. ``klage_zugestellt``: service of the action, so it is pending.

    ``kuendigung_zum``: end of the tenancy by an ordinary termination; ``klage_eingegangen``: filed with the court, as
    the court tells the office (§ 22 Abs. 9 SGB II, § 36 Abs. 2 SGB XII); ``termin``: hearing.
    """

    mahnung: date | None = None
    kuendigung: date | None = None
    kuendigung_art: Kuendigungsart | None = None
    kuendigung_zum: date | None = None
    raeumungsklage: bool | None = None
    klage_eingegangen: date | None = None
    klage_zugestellt: date | None = None
    gericht: str = ""
    aktenzeichen: str = ""
    termin: date | None = None
    urteil: date | None = None
    raeumungstermin: date | None = None


class Selbsthilfe(_Angaben):
    """Why it came to this, and what the household tries itself; ``eigener_betrag``: what it can pay at once."""

    ursache: str = ""
    raten_angefragt: bool | None = None
    raten_abgelehnt: bool | None = None
    eigener_betrag: Betrag | None = None
    vermoegen: Betrag | None = None


class Aussicht(_Angaben):
    """Whether a takeover would keep the flat. ``direktzahlung``: rent is to be paid to the landlord directly."""

    vermieter_setzt_fort: bool | None = None
    miete_kuenftig_gesichert: bool | None = None
    direktzahlung: bool | None = None
    andere_wohnung: bool | None = None


class Fall(_Angaben):
    """The whole case; published as ``daten/fall.schema.json``.

    ``leistung_unterkunft``: the running benefit covers housing. ``frueher_uebernommen_am``: day of an earlier
    takeover; ``fruehere_kuendigung``: the termination that it undid.
    """

    land: str = ""
    stichtag: date | None = None
    leistungsbezug: Leistungsbezug | None = None
    leistung_unterkunft: bool | None = None
    erwerbsfaehig: bool | None = None
    altersrente: bool | None = None
    haushalt: tuple[Person, ...] = ()
    miete: Miete = Miete()
    rueckstand: Rueckstand = Rueckstand()
    gefahr: Gefahr = Gefahr()
    selbsthilfe: Selbsthilfe = Selbsthilfe()
    aussicht: Aussicht = Aussicht()
    frueher_uebernommen: bool | None = None
    frueher_uebernommen_am: date | None = None
    fruehere_kuendigung: date | None = None
    verbleib_gewollt: bool | None = None


def lies_fall(roh: Mapping[str, Any]) -> tuple[Fall, tuple[str, ...]]:
    """The case as far as it can be read, and the places that cannot: an unreadable rent must not hide a deadline."""
    rest, orte = deepcopy(dict(roh)), set[str]()
    while True:
        try:
            return Fall.model_validate(rest), tuple(sorted(orte))
        except ValidationError as fehler:
            stellen = sorted((m["loc"] for m in fehler.errors(include_url=False)), key=str, reverse=True)
            neue = {".".join(map(str, stelle)) for stelle in stellen}
            if neue <= orte:  # nothing more can be taken out
                return Fall(), tuple(sorted(orte))
            orte |= neue
            for stelle in stellen:
                _entferne(rest, stelle)


def _entferne(werte: Any, stelle: tuple[int | str, ...]) -> None:
    """Take out what stands at ``stelle``, or as near to it as there is anything."""
    for schritt in stelle[:-1]:
        werte = werte[schritt]
    if isinstance(werte, dict):
        werte.pop(stelle[-1], None)
    elif isinstance(werte, list) and isinstance(stelle[-1], int) and stelle[-1] < len(werte):
        werte[stelle[-1]] = {}
