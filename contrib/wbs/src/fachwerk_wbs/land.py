"""A Land's law as data: its own parameters, what it takes over from the federal act, its citations and offices.

A Land package has ``land.yaml`` and a folder ``parameter``; it offers ``LAND`` under the entry-point group
``fachwerk.wbs_land`` with its code as key. Everything is read once, on first use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fachwerk.errors import ContractError, NeedsHumanError
from fachwerk.regeln import Parameter, Regelwerk, lade_parameter, lies_yaml
from fachwerk_wbs import regelwerk as gemeinsam
from fachwerk_wbs.landpruefung import maengel

if TYPE_CHECKING:
    from fachwerk_wbs.landespaket import Hooks

GRUPPE = "fachwerk.wbs_land"

GRENZEN = ("grenze_1", "grenze_2", "grenze_weitere", "grenze_kind")
PFLICHT = (
    "arbeitnehmer_pauschbetrag",
    "versorgungs_pauschbetrag",
    "renten_pauschbetrag",
    "kapital_freibetrag",
    "pauschale_steuer",
    "pauschale_kranken",
    "pauschale_rente",
)
"""What the calculation asks every Land for; a value that is not known is written down as unknown."""

Thema = Literal[
    "einkommensgrenzen", "werbungskosten", "einkuenfte", "abzuege", "freibetraege", "unterhalt", "bescheinigung"
]


class Hinweis(BaseModel):
    """A sentence for the Prüfvermerk with its citation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    fundstelle: str
    beleg: Literal["A", "B"]
    wenn: tuple[dict[str, Any], ...] = ()


class Frage(BaseModel):
    """Something no single parameter says and somebody has to clear up; ``nachzusehen``: where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    nachzusehen: str


class Nachweisregel(BaseModel):
    """A proof, when it is asked for, and how a document may be recognised by its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    titel: str
    wenn: tuple[dict[str, Any], ...]
    muster: tuple[str, ...] = ()


class Landkopf(BaseModel):
    """``land.yaml``. ``bund``: federal topics that hold here, and how well that is evidenced.

    ``erfunden`` marks invented law: an example, left out of every comparison, which never decides an application.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z]{2}$")
    name: str
    rechtsstand: str
    erfunden: bool = False
    bund: dict[Thema, Literal["A", "B", "C"]] = Field(default_factory=dict)
    fundstellen: dict[str, str] = Field(default_factory=dict)
    zustaendig: Hinweis
    hinweise: tuple[Hinweis, ...] = ()
    nachweise: dict[str, Nachweisregel] = Field(default_factory=dict)
    offen: tuple[Frage, ...] = ()


@dataclass(frozen=True)
class Land:
    """The rules of one Land; ``paket`` is the package that carries them, or ``ordner`` that package as a folder."""

    code: str
    paket: str
    ordner: Path | None = None

    @property
    def wurzel(self) -> Traversable:
        """Where ``land.yaml``, ``parameter`` and ``faelle`` are."""
        return self.ordner or resources.files(self.paket)

    @cached_property
    def kopf(self) -> Landkopf:
        """Name, citations, offices."""
        datei = self.wurzel / "land.yaml"
        try:
            kopf = Landkopf.model_validate(lies_yaml(datei.read_text(encoding="utf-8"), f"{self.paket}/land.yaml"))
        except ValidationError as fehler:
            ort = ".".join(str(t) for t in fehler.errors()[0]["loc"])
            raise ContractError("wbs_land", f"{self.paket}/land.yaml, {ort}: so nicht vorgesehen.") from None
        if kopf.code != self.code:
            raise ContractError("wbs_land", f"{self.paket}/land.yaml gilt für {kopf.code}, nicht für {self.code}.")
        return kopf

    @cached_property
    def eigene(self) -> Mapping[str, Parameter]:
        """The parameters of the Land's own files."""
        return lade_parameter(self.wurzel / "parameter")

    @cached_property
    def parameter(self) -> Mapping[str, Parameter]:
        """Federal parameters as far as taken over, the Land's own before them."""
        bund = {
            name: p.hoechstens(beleg)
            for thema, beleg in self.kopf.bund.items()
            for name, p in bundesparameter(thema).items()
        }
        alle = bund | dict(self.eigene)
        pflicht = PFLICHT if "haushaltstabelle" in alle else PFLICHT + GRENZEN
        if fehlend := [name for name in pflicht if name not in alle]:
            text = f"{self.paket}: Es fehlen die Parameter {', '.join(fehlend)} (unbekannt: wert: null)."
            raise ContractError("wbs_land", text)
        if mangel := next(maengel(alle, self._bedingungen()), None):
            raise ContractError("wbs_land", f"{self.paket}: {mangel}.")
        return alle

    def _bedingungen(self) -> Iterator[tuple[str, Any]]:
        """Conditions outside the parameters, and where they stand."""
        yield from ((f"hinweise/{nummer}", hinweis.wenn) for nummer, hinweis in enumerate(self.kopf.hinweise))
        yield from ((f"nachweise/{name}", regel.wenn) for name, regel in self.kopf.nachweise.items())

    @cached_property
    def regelwerk(self) -> Regelwerk:
        """The shared rules with this Land's parameters and citations."""
        return Regelwerk.aus([gemeinsam], self.parameter, self.kopf.fundstellen)

    @cached_property
    def nachweise(self) -> Mapping[str, Nachweisregel]:
        """The shared list of proofs, the Land's own added or put in their place."""
        return {**_nachweise(), **self.kopf.nachweise}

    @cached_property
    def stufen(self) -> tuple[Parameter, ...]:
        """All tiers in the order of the file."""
        return tuple(p for name, p in self.parameter.items() if name.startswith("stufe_"))

    @cached_property
    def freibetraege(self) -> tuple[Parameter, ...]:
        """All allowances."""
        return tuple(p for name, p in self.parameter.items() if name.startswith("freibetrag_"))

    @cached_property
    def titel(self) -> Mapping[str, str]:
        """What the parameters are called."""
        return {name: parameter.titel for name, parameter in self.parameter.items()}

    @cached_property
    def ausnahmen(self) -> tuple[Parameter, ...]:
        """Incomes that do not count here."""
        return tuple(p for name, p in self.parameter.items() if name.startswith("nicht_angerechnet_"))

    def hooks(self, version: str, name: str = "") -> Hooks:
        """``manifest`` and ``decide`` of the package, in this order; ``name`` is the plugin's (else wbs_<code>)."""
        from fachwerk_wbs.landespaket import hooks_fuer

        return hooks_fuer(self, version, name or f"wbs_{self.code}")

    def aenderungstage(self) -> tuple[date, ...]:
        """Every day on which the law of this Land changes, as far as it is written down here."""
        return self.regelwerk.aenderungstage()


@cache
def bundesparameter(thema: str) -> Mapping[str, Parameter]:
    """The federal parameters of one topic."""
    return lade_parameter(resources.files("fachwerk_wbs") / "parameter" / f"{thema}.yaml")


@lru_cache(maxsize=1)
def _nachweise() -> Mapping[str, Nachweisregel]:
    datei = resources.files("fachwerk_wbs") / "daten" / "nachweise.yaml"
    roh = lies_yaml(datei.read_text(encoding="utf-8"), "nachweise.yaml")
    return {name: Nachweisregel.model_validate(regel) for name, regel in roh.items()}


def laender() -> tuple[str, ...]:
    """Codes of all installed Länder, invented ones left out."""
    return tuple(sorted({punkt.name for punkt in entry_points(group=GRUPPE) if not _ist_erfunden(punkt)}))


def _ist_erfunden(punkt: EntryPoint) -> bool:
    """A package that cannot be read counts as real: whoever uses it shall hear what is wrong with it."""
    try:
        return bool(punkt.load().kopf.erfunden)
    except (ImportError, AttributeError, OSError, ContractError):
        return False


def finde_land(code: str) -> Land:
    """The rules of the Land ``code``. Raises ``NeedsHumanError`` if no package is installed for it."""
    for punkt in entry_points(group=GRUPPE, name=code):
        land: Land = punkt.load()
        return land
    vorhanden = ", ".join(laender()) or "keines"
    raise NeedsHumanError(
        "wbs_land_fehlt",
        f"kein Regelpaket für das Land {code!r} installiert (installiert: {vorhanden}). Bitte fachwerk-wbs-{code} "
        "installieren oder das Kürzel prüfen.",
    )
