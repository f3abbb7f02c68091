"""The case file of a Wohnberechtigungsschein, as a person writes it or a format plugin maps it.

Amounts are EUR a year, dates are days, an absent field is unknown and not false. The shape is published as
``daten/fall.schema.json``.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

from fachwerk.errors import NeedsHumanError
from fachwerk.regeln import lies_yaml

Betrag = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
Positiv = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


def _auch_einzeln(wert: Any) -> Any:
    return (wert,) if isinstance(wert, str) else wert


EIN_STAAT_ODER_MEHRERE = {"anyOf": [{"type": "string"}, {"items": {"type": "string"}, "type": "array"}]}
Staaten = Annotated[tuple[str, ...], BeforeValidator(_auch_einzeln), WithJsonSchema(EIN_STAAT_ODER_MEHRERE)]


class Rolle(StrEnum):
    """What a member is to the applicant; ``ungeborenes`` is an expected child, ``mitbewohner`` no relative."""

    ANTRAGSTELLER = "antragsteller"
    EHEGATTE = "ehegatte"
    LEBENSPARTNER = "lebenspartner"
    PARTNER = "partner"
    KIND = "kind"
    ANGEHOERIGER = "angehoeriger"
    UNGEBORENES = "ungeborenes"
    MITBEWOHNER = "mitbewohner"


PAARROLLEN = (Rolle.EHEGATTE, Rolle.LEBENSPARTNER, Rolle.PARTNER)


class Art(StrEnum):
    """Kind of income. ``betrag`` is gross pay or pension, profit (Gewinn), or surplus of letting."""

    NICHTSELBSTAENDIG = "nichtselbstaendig"
    BEAMTENBEZUEGE = "beamtenbezuege"
    RENTE = "rente"
    VERSORGUNGSBEZUEGE = "versorgungsbezuege"
    SELBSTAENDIG = "selbstaendig"
    GEWERBE = "gewerbe"
    LANDFORST = "landforst"
    KAPITAL = "kapital"
    VERMIETUNG = "vermietung"
    SONSTIGE = "sonstige"
    STEUERFREI = "steuerfrei"


class Unterart(StrEnum):
    """Kinds of tax-free income that count all the same (§ 21 Abs. 2 WoFG)."""

    LOHNERSATZ = "lohnersatz"
    ELTERNGELD = "elterngeld"
    ZUSCHLAEGE = "zuschlaege"
    MINIJOB_PAUSCHAL = "minijob_pauschal"
    ABFINDUNG = "abfindung"
    UNTERHALT = "unterhalt"
    UNTERHALTSVORSCHUSS = "unterhaltsvorschuss"
    AUSBILDUNGSFOERDERUNG = "ausbildungsfoerderung"
    GRADUIERTENFOERDERUNG = "graduiertenfoerderung"
    BUERGERGELD = "buergergeld"
    HILFE_ZUM_LEBENSUNTERHALT = "hilfe_zum_lebensunterhalt"
    GRUNDSICHERUNG = "grundsicherung"
    ASYLBLG = "asylblg"
    AUSLAND = "ausland"


class UnterhaltAn(StrEnum):
    """Who receives maintenance (§ 24 Abs. 2 WoFG)."""

    EX_EHEGATTE = "ex_ehegatte"
    GETRENNTER_EHEGATTE = "getrennter_ehegatte"
    AUSWAERTS_IN_AUSBILDUNG = "auswaerts_in_ausbildung"
    KIND_WECHSELMODELL = "kind_wechselmodell"
    SONSTIGE = "sonstige"


class Leistungsbezug(StrEnum):
    """Running benefit of the household or of one person.

    ``sgb12`` is the general word where the notice does not say which of its two benefits it is. ``uebergangsgeld``
    and ``verletztengeld``: at the level of the Bürgergeld.
    """

    SGB2 = "sgb2"
    SGB12 = "sgb12"
    GRUNDSICHERUNG = "grundsicherung"
    HILFE_ZUM_LEBENSUNTERHALT = "hilfe_zum_lebensunterhalt"
    ASYLBLG = "asylblg"
    WOHNGELD = "wohngeld"
    UEBERGANGSGELD = "uebergangsgeld"
    VERLETZTENGELD = "verletztengeld"
    KEINER = "keiner"


class _Angaben(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Einkunft(_Angaben):
    """One income; ``werbungskosten`` absent means the flat amount. ``wohnkosten``: housing share of a benefit."""

    art: Art
    betrag: Betrag
    werbungskosten: Positiv | None = None
    unterart: Unterart | None = None
    wohnkosten: Positiv | None = None
    freibetrag: Positiv | None = None
    ausbildung: bool | None = None


class Zahlungen(_Angaben):
    """What the person actually pays: each opens its own lump-sum deduction."""

    einkommensteuer: bool | None = None
    kranken_pflegeversicherung: bool | None = None
    rentenversicherung: bool | None = None


class Beitraege(_Angaben):
    """Voluntary or private contributions a year, where no compulsory ones are paid (§ 23 Abs. 2 WoFG)."""

    kranken_pflegeversicherung: Positiv | None = None
    rentenversicherung: Positiv | None = None


class Person(_Angaben):
    """A member of the household. ``einzug_am``/``auszug_am``: the day on which it joins or leaves.

    ``leistungsbezug``: its own benefit, where that is not the household's. The date of birth of an expected child is
    the computed one.
    """

    name: str = Field(min_length=1, max_length=200)
    rolle: Rolle
    geburtsdatum: date | None = None
    einkuenfte: tuple[Einkunft, ...] | None = None
    zahlt: Zahlungen = Zahlungen()
    beitraege: Beitraege = Beitraege()
    grad_der_behinderung: Annotated[int, Field(ge=0, le=100)] | None = None
    pflegegrad: Annotated[int, Field(ge=0, le=5)] | None = None
    haeuslich_pflegebeduerftig: bool | None = None
    kindergeld: bool | None = None
    ausbildung: bool | None = None
    erwerbstaetig: bool | None = None
    geteiltes_sorgerecht: bool | None = None
    betreuungskosten: Positiv | None = None
    rollstuhl: bool | None = None
    blind: bool | None = None
    leistungsbezug: Leistungsbezug | None = None
    einzug_am: date | None = None
    auszug_am: date | None = None
    staatsangehoerigkeit: Staaten | None = None
    aufenthaltstitel_bis: date | None = None


class Unterhalt(_Angaben):
    """Maintenance paid a year; ``titel``: up to this amount notarised, titled or by notice."""

    an: UnterhaltAn
    betrag: Positiv
    titel: bool | None = None


class Zeitraum(_Angaben):
    """Period the incomes belong to."""

    von: date
    bis: date


class Fall(_Angaben):
    """The whole case. ``stichtag`` absent: the day of the decision."""

    land: str = Field(pattern=r"^[a-z]{2}$")
    stichtag: date | None = None
    ehe_seit: date | None = None
    alleinerziehend: bool | None = None
    haushalt: tuple[Person, ...] = Field(min_length=1, max_length=40)
    unterhalt: tuple[Unterhalt, ...] | None = None
    leistungsbezug: Leistungsbezug | None = None
    vermoegen: Positiv | None = None
    foerderweg: str | None = None
    wohnung: dict[str, Any] | None = None
    einkommenszeitraum: Zeitraum | None = None
    betreuungskosten: Positiv | None = None
    haerte: bool | None = None
    staatsangehoerigkeit: Staaten | None = None
    aufenthaltstitel_bis: date | None = None

    @model_validator(mode="after")
    def _ein_antragsteller(self) -> Self:
        if sum(p.rolle is Rolle.ANTRAGSTELLER for p in self.haushalt) != 1:
            raise ValueError("genau eine Person muss die Rolle antragsteller haben")
        if sum(p.rolle in PAARROLLEN for p in self.haushalt) > 1:
            raise ValueError("höchstens eine Person darf ehegatte, lebenspartner oder partner sein")
        return self

    @property
    def antragsteller(self) -> Person:
        """The person who applies."""
        return next(p for p in self.haushalt if p.rolle is Rolle.ANTRAGSTELLER)

    @property
    def partner(self) -> Person | None:
        """Spouse or partner, if there is one."""
        return next((p for p in self.haushalt if p.rolle in PAARROLLEN), None)


def lies_fall(inhalt: str | dict[str, Any], name: str = "Falldatei") -> Fall:
    """Read a case from YAML text or a mapping.

    Raises ``NeedsHumanError`` that lists every mistake with its path, without repeating values.
    """
    roh = lies_yaml(inhalt, name) if isinstance(inhalt, str) else inhalt
    if not isinstance(roh, dict):
        raise NeedsHumanError("wbs_fall", f"{name}: Erwartet werden Angaben wie land, stichtag und haushalt.")
    try:
        return Fall.model_validate(roh)
    except ValidationError as fehler:
        maengel = "\n".join(f"  {ort}: {text}" for ort, text in maengel_von(fehler))
        raise NeedsHumanError("wbs_fall", f"{name} ist so nicht auswertbar:\n{maengel}") from None


MAENGEL = {
    "missing": "die Angabe fehlt",
    "extra_forbidden": "dieses Feld gibt es nicht (Schreibweise prüfen)",
    "enum": "dieser Wert ist nicht vorgesehen",
    "string_pattern_mismatch": "erwartet wird ein Kürzel aus zwei kleinen Buchstaben",
    "greater_than_equal": "der Wert ist zu klein",
    "less_than_equal": "der Wert ist zu groß",
    "too_short": "mindestens ein Eintrag ist nötig",
    "bool_parsing": "erwartet wird true oder false",
}


def maengel_von(fehler: ValidationError) -> list[tuple[str, str]]:
    """Path and German text of every mistake; never the value."""
    return [(".".join(str(t) for t in m["loc"]) or "Fall", _mangel(m)) for m in fehler.errors(include_url=False)]


def _mangel(mangel: Any) -> str:
    art: str = mangel["type"]
    if art == "value_error":
        return str(mangel["ctx"]["error"])
    if art.startswith("date"):
        return "erwartet wird ein Datum (JJJJ-MM-TT)"
    if art.startswith("decimal"):
        return "erwartet wird ein Betrag in Euro mit höchstens zwei Nachkommastellen"
    erlaubt = f", möglich: {mangel['ctx']['expected']}" if art == "enum" else ""
    return MAENGEL.get(art, "der Wert ist ungültig") + erlaubt.replace(" or ", " oder ")
