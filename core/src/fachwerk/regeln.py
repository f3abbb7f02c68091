"""Dated rules: small pure functions of scalars, resolved by argument name, with a trace of every value.

A rule names with :func:`regel` what it computes, since when and on what provision; its argument names are what it
depends on: other rules, parameters (:mod:`fachwerk.parameter`) or facts of the case. :func:`loese` returns the
wanted values and, as trace, every value they rest on with its citation. What is :class:`Unbekannt` stays so.
"""

from __future__ import annotations

import calendar
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from fachwerk.errors import ContractError
from fachwerk.modell import OffenerPunkt, Rechenschritt, dezimal_text
from fachwerk.parameter import (
    Beleg,
    Fassung,
    Luecke,
    Parameter,
    Unbekannt,
    lade_parameter,
    lies_yaml,
    schwaecherer,
)

__all__ = [
    "Ergebnis",
    "Gewertet",
    "Luecke",
    "Parameter",
    "Rechnung",
    "Regel",
    "Regelwerk",
    "Schritt",
    "Unbekannt",
    "lade_parameter",
    "lies_yaml",
    "loese",
    "luecke",
    "monate_spaeter",
    "regel",
    "schwaecherer",
    "summiere",
    "wende_an",
    "wert_text",
]

F = TypeVar("F", bound=Callable[..., Any])

Stand = Fassung | Unbekannt | None
"""What holds on a day: a version, something nobody knows, or nothing."""

GEMERKT = 20_000
"""Versions remembered at a time: all parameters of a Land on more than a hundred days."""


@dataclass(frozen=True, slots=True)
class Regel:
    """One version of a rule, in force from ``ab`` to ``bis`` (both inclusive, None: open)."""

    name: str
    ab: date | None
    bis: date | None
    fundstelle: str
    funktion: Callable[..., Any] | None
    argumente: tuple[str, ...] = ()
    grund: str = ""


class Gewertet(NamedTuple):
    """A value that comes from another calculation, with the grade and gaps it brings along."""

    wert: Any
    beleg: Beleg = ""


class Schritt(NamedTuple):
    """One line of the trace. ``wert`` may be :class:`Unbekannt`."""

    name: str
    wert: Any
    fundstelle: str
    beleg: Beleg
    titel: str = ""
    einheit: str = ""

    def zeile(self, vor: str = "", titel: str = "", einheit: str = "") -> Rechenschritt:
        """The line as it is journalled and printed; ``vor`` names whose line it is.

        ``titel`` and ``einheit`` are for a step that has none of its own, the result of a rule.
        """
        geld = isinstance(self.wert, Decimal) and (self.einheit or einheit).startswith("EUR")
        wert = dezimal_text(self.wert) if geld else wert_text(self.wert)
        name = f"{vor}{self.titel or titel or self.name}"
        return Rechenschritt(name=name, wert=wert, fundstelle=self.fundstelle, beleg=self.beleg)


@dataclass(frozen=True, slots=True)
class Ergebnis:
    """What :func:`loese` found: wanted values, the trace in the order of calculation, and the gaps."""

    werte: Mapping[str, Any]
    trace: tuple[Schritt, ...]

    @property
    def luecken(self) -> tuple[Luecke, ...]:
        """Each gap once, in the order in which it was met."""
        return tuple(dict.fromkeys(lu for s in self.trace if isinstance(s.wert, Unbekannt) for lu in s.wert.luecken))

    @property
    def offen(self) -> tuple[OffenerPunkt, ...]:
        """The gaps as points a person has to clear up."""
        return tuple(
            OffenerPunkt(code=f"{lu.art}_unbekannt", text=lu.text, fundstelle=lu.fundstelle) for lu in self.luecken
        )

    def traegt_ablehnung(self) -> bool:
        """A refusal needs every value to be known and of grade A."""
        return not any(isinstance(s.wert, Unbekannt) or s.beleg in ("B", "C") for s in self.trace)


def regel(name: str, ab: date | None = None, bis: date | None = None, *, fundstelle: str) -> Callable[[F], F]:
    """Mark a pure function as the rule ``name``; two versions are two functions with adjoining dates."""

    def markiere(funktion: F) -> F:
        argumente = tuple(inspect.signature(funktion).parameters)
        funktion.__dict__["regel"] = Regel(name, ab, bis, fundstelle, funktion, argumente)
        return funktion

    return markiere


def luecke(name: str, ab: date | None, bis: date | None, *, grund: str, fundstelle: str = "") -> Regel:
    """Declare that from ``ab`` to ``bis`` nobody knows the rule ``name``: the value is Unbekannt there."""
    return Regel(name, ab, bis, fundstelle, None, grund=grund)


@dataclass(frozen=True)
class Regelwerk:
    """Rules and parameters that are resolved together; checked when it is built.

    ``fundstellen`` replaces a rule's citation: the same calculation rests on another provision in each Land.
    """

    regeln: Mapping[str, tuple[Regel, ...]]
    parameter: Mapping[str, Parameter]
    fundstellen: Mapping[str, str] = field(default_factory=dict)
    _gemerkt: dict[tuple[str, date], Stand] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def aus(
        cls,
        regeln: Iterable[Any],
        parameter: Mapping[str, Parameter] | None = None,
        fundstellen: Mapping[str, str] | None = None,
    ) -> Regelwerk:
        """Build from modules, marked functions and declared gaps.

        Raises ``ContractError`` for overlapping versions, an undeclared gap, or a rule named like a parameter.
        """
        nach_name: dict[str, list[Regel]] = {}
        for gefunden in _gefundene(regeln):
            nach_name.setdefault(gefunden.name, []).append(gefunden)
        geordnet = {name: _geordnet(name, fassungen) for name, fassungen in nach_name.items()}
        doppelt = sorted(geordnet.keys() & (parameter or {}).keys())
        if doppelt:
            raise ContractError("regel_doppelt", f"Als Regel und als Parameter definiert: {', '.join(doppelt)}.")
        return cls(geordnet, dict(parameter or {}), dict(fundstellen or {}))

    def regel_am(self, name: str, stichtag: date) -> Regel | None:
        """The version of rule ``name`` in force on ``stichtag``."""
        for kandidat in self.regeln.get(name, ()):
            if (kandidat.ab or date.min) <= stichtag <= (kandidat.bis or date.max):
                return kandidat
        return None

    def stand(self, name: str, stichtag: date) -> Stand:
        """The version of parameter ``name`` on ``stichtag``; None: there is none. Remembered: many cases, few days."""
        if (name, stichtag) not in self._gemerkt:
            if len(self._gemerkt) >= GEMERKT:
                self._gemerkt.clear()
            parameter = self.parameter.get(name)
            self._gemerkt[name, stichtag] = parameter.fassung_am(stichtag) if parameter else None
        return self._gemerkt[name, stichtag]

    def aenderungstage(self) -> tuple[date, ...]:
        """Every day on which a rule or parameter changes, ascending."""
        tage = {tag for p in self.parameter.values() for tag in p.aenderungstage()}
        tage |= {r.ab for fassungen in self.regeln.values() for r in fassungen if r.ab}
        return tuple(sorted(tage))


def _gefundene(quellen: Iterable[Any]) -> Iterable[Regel]:
    for quelle in quellen:
        if isinstance(quelle, Regel):
            yield quelle
        elif isinstance(gefunden := getattr(quelle, "regel", None), Regel):
            yield gefunden
        elif inspect.ismodule(quelle):
            yield from _gefundene(v for v in vars(quelle).values() if _ist_regel(v))


def _ist_regel(wert: Any) -> bool:
    return isinstance(wert, Regel) or isinstance(getattr(wert, "__dict__", {}).get("regel"), Regel)


def _geordnet(name: str, fassungen: Sequence[Regel]) -> tuple[Regel, ...]:
    folge = sorted(fassungen, key=lambda r: r.ab or date.min)
    for alt, neu in pairwise(folge):
        if alt.bis is None or neu.ab is None or neu.ab <= alt.bis:
            raise ContractError("regel_ueberschneidung", f"Zwei Fassungen der Regel {name} gelten am selben Tag.")
        if neu.ab != alt.bis + timedelta(days=1):
            raise ContractError(
                "regel_luecke",
                f"Regel {name}: zwischen {alt.bis} und {neu.ab} fehlt eine Fassung oder eine Lücke mit Grund.",
            )
    return tuple(folge)


class Rechnung:
    """One calculation on one day: resolves lazily, each name once, and remembers every step.

    ``eingaben`` (facts, :class:`Gewertet` values, :class:`Unbekannt`) come before rules and parameters of that name.
    """

    def __init__(self, regelwerk: Regelwerk, eingaben: Mapping[str, Any], stichtag: date) -> None:
        self.regelwerk = regelwerk
        self.stichtag = stichtag
        self._eingaben = eingaben
        self._gewertet: dict[str, Gewertet] = {}
        self._offen: list[str] = []
        self.schritte: list[Schritt] = []

    def hole(self, name: str) -> Any:
        """The value of ``name``, or Unbekannt. Raises ``ContractError`` for a name nobody defines, or a circle."""
        return self.gewertet(name).wert

    def gewertet(self, name: str) -> Gewertet:
        """The value of ``name`` with the grade of the weakest value it rests on."""
        if (fertig := self._gewertet.get(name)) is not None:
            return fertig
        if name in self._offen:
            raise ContractError("regel_kreis", f"Die Regeln verweisen im Kreis: {' → '.join((*self._offen, name))}.")
        self._offen.append(name)
        try:
            ergebnis = self._gewertet[name] = self._berechne(name)
        finally:
            self._offen.pop()
        return ergebnis

    def gilt(self, name: str) -> bool:
        """Whether parameter ``name`` exists on the day (known or not)."""
        return self.stand(name) is not None

    def stand(self, name: str) -> Stand:
        """The version of parameter ``name`` on the day."""
        return self.regelwerk.stand(name, self.stichtag)

    def fundstelle(self, name: str) -> str:
        """Citation of the version of parameter ``name`` on the day; where none is certain, of the newest."""
        fassung = self.stand(name)
        return (fassung if isinstance(fassung, Fassung) else self.regelwerk.parameter[name].fassungen[-1]).fundstelle

    def merke(self, schritt: Schritt) -> None:
        """Add a line of another calculation, or a remark, to the trace."""
        self.schritte.append(schritt)

    def _berechne(self, name: str) -> Gewertet:
        if name in self._eingaben:
            eingabe = self._eingaben[name]
            eingegeben = eingabe if isinstance(eingabe, Gewertet) else Gewertet(eingabe)
            if isinstance(eingegeben.wert, Unbekannt):
                self.merke(Schritt(name, eingegeben.wert, eingegeben.wert.luecken[0].fundstelle, ""))
            return eingegeben
        if (parameter := self.regelwerk.parameter.get(name)) is not None:
            return self._lies(parameter)
        if name not in self.regelwerk.regeln:
            raise ContractError("regel_unbekannt", f"Weder Angabe noch Parameter noch Regel: {name}.")
        return self._wende_an(name)

    def _lies(self, parameter: Parameter) -> Gewertet:
        gefunden = self.stand(parameter.name)
        if isinstance(gefunden, Fassung):
            kopf = (parameter.name, gefunden.wert, gefunden.fundstelle, gefunden.beleg)
            self.merke(Schritt(*kopf, parameter.titel, parameter.einheit))
            return Gewertet(gefunden.wert, gefunden.beleg)
        unbekannt = gefunden or _keine_fassung(parameter, self.stichtag)
        self.merke(Schritt(parameter.name, unbekannt, unbekannt.luecken[0].fundstelle, "", parameter.titel))
        return Gewertet(unbekannt)

    def _wende_an(self, name: str) -> Gewertet:
        version = self.regelwerk.regel_am(name, self.stichtag)
        if version is None or version.funktion is None:
            unbekannt = _keine_regel(name, version, self.stichtag)
            self.merke(Schritt(name, unbekannt, unbekannt.luecken[0].fundstelle, ""))
            return Gewertet(unbekannt)
        argumente = [self.gewertet(argument) for argument in version.argumente]
        ergebnis = _angewendet(version.funktion, [a.wert for a in argumente])
        beleg = schwaecherer(*(a.beleg for a in argumente))
        self.merke(Schritt(name, ergebnis, self.regelwerk.fundstellen.get(name, version.fundstelle), beleg))
        return Gewertet(ergebnis, beleg)


def _angewendet(funktion: Callable[..., Any], werte: list[Any]) -> Any:
    """Apply a rule; with unknown arguments only provisionally, and the result is unknown, too."""
    unbekannte = [w for w in werte if isinstance(w, Unbekannt)]
    if not unbekannte:
        return funktion(*werte)
    luecken = tuple(dict.fromkeys(lu for u in unbekannte for lu in u.luecken))
    zur_ansicht = [w.vorlaeufig if isinstance(w, Unbekannt) else w for w in werte]
    return Unbekannt(luecken, None if any(w is None for w in zur_ansicht) else funktion(*zur_ansicht))


def _keine_fassung(parameter: Parameter, stichtag: date) -> Unbekannt:
    erste = parameter.fassungen[0]
    text = (
        f"{parameter.titel}: am {stichtag:%d.%m.%Y} ist keine geltende Fassung belegt. Nachzusehen: {erste.fundstelle}."
    )
    return Unbekannt((Luecke(parameter.name, "recht", text, erste.fundstelle),))


def _keine_regel(name: str, version: Regel | None, stichtag: date) -> Unbekannt:
    grund = version.grund if version else f"für den {stichtag:%d.%m.%Y} ist keine Fassung der Regel belegt"
    return Unbekannt((Luecke(name, "recht", f"{name}: {grund}.", version.fundstelle if version else ""),))


def loese(regelwerk: Regelwerk, ziele: Iterable[str], eingaben: Mapping[str, Any], stichtag: date) -> Ergebnis:
    """Resolve ``ziele`` on ``stichtag`` from the facts ``eingaben``; value and trace."""
    rechnung = Rechnung(regelwerk, eingaben, stichtag)
    werte = {ziel: rechnung.hole(ziel) for ziel in ziele}
    return Ergebnis(werte, tuple(rechnung.schritte))


def wert_text(wert: Any) -> str:
    """A value as text: Decimal exact, truth as ja/nein, a provisional figure marked as such."""
    if isinstance(wert, Unbekannt):
        return "unbekannt" if wert.vorlaeufig is None else f"unbekannt (vorläufig {wert_text(wert.vorlaeufig)})"
    if isinstance(wert, bool):
        return "ja" if wert else "nein"
    if isinstance(wert, Decimal):
        return f"{wert:f}"
    if isinstance(wert, Mapping):
        return ", ".join(f"{name}: {wert_text(zeile)}" for name, zeile in wert.items())
    return "–" if wert is None else str(wert)


def wende_an(funktion: Callable[..., Any], *werte: Gewertet) -> Gewertet:
    """``funktion`` of values: as weak as the weakest of them, unknown (with a provisional figure) if one is."""
    return Gewertet(_angewendet(funktion, [w.wert for w in werte]), schwaecherer(*(w.beleg for w in werte)))


def summiere(teile: Iterable[Gewertet]) -> Gewertet:
    """The sum of amounts: as weak as its weakest part, unknown if one part is."""
    return wende_an(lambda *betraege: sum(betraege, Decimal(0)), *teile)


def monate_spaeter(tag: date, monate: int) -> date:
    """The same day ``monate`` months later, or the last day of that month (BGB § 188 Abs. 2 und 3).

    Beyond the calendar it is the last or first day there is: papers without end are dated 9999-12-31.
    """
    jahr, monat = divmod(tag.year * 12 + tag.month - 1 + monate, 12)
    if not date.min.year <= jahr <= date.max.year:
        return date.max if monate > 0 else date.min
    return date(jahr, monat + 1, min(tag.day, calendar.monthrange(jahr, monat + 1)[1]))
