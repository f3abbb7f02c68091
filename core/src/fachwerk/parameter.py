"""Dated parameters of the law: YAML per topic, each value with its citation, grade and source.

A parameter is a list of versions; each holds until the next begins. What is not known is said so: ``wert: null``,
grade ``C`` and a day inside an undated window all become :class:`Unbekannt`, which never decides. Numbers are
:class:`~decimal.Decimal`; a float never comes into being.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

import yaml

from fachwerk.errors import ContractError

Beleg = Literal["A", "B", "C", ""]
"""Grade of evidence: A official text seen, B secondary source, C unverified; empty where none is needed."""

BELEGE: tuple[Beleg, ...] = ("", "A", "B", "C")


def schwaecherer(*belege: Beleg) -> Beleg:
    """The weakest of several grades: a chain is as good as its worst link."""
    return belege[0] if len(belege) == 1 else max(belege, key=BELEGE.index, default="")


@dataclass(frozen=True, slots=True)
class Luecke:
    """Something nobody knows: a value of the law (``recht``) or a fact of the case (``angabe``).

    ``text`` is German and says what is missing and where to look; ``fundstelle`` cites the provision.
    """

    name: str
    art: Literal["recht", "angabe"]
    text: str
    fundstelle: str = ""


@dataclass(frozen=True, slots=True)
class Unbekannt:
    """In place of a value: it propagates through every rule and so never decides.

    ``vorlaeufig`` is a figure that may be printed (grade C, undated), never used for a recommendation.
    """

    luecken: tuple[Luecke, ...]
    vorlaeufig: Any = None


@dataclass(frozen=True, slots=True)
class Fassung:
    """One version of a parameter. ``ab`` None: undated, with the window (``nicht_vor``, ``spaetestens``].

    ``nicht_vor`` is the last day for which the version before is still evidenced, ``spaetestens`` the first day
    for which this one is; both None marks an older version of unknown date, which never holds.
    """

    ab: date | None
    wert: Any
    fundstelle: str
    beleg: Beleg
    quelle: str
    ende: bool = False
    nicht_vor: date | None = None
    spaetestens: date | None = None
    anmerkung: str = ""

    @property
    def beginn(self) -> date | None:
        """First day on which the version certainly holds; None: no such day is known."""
        return self.ab or self.spaetestens


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named value of the law through time; ``merkmale`` are properties that do not change with a version."""

    name: str
    titel: str
    einheit: str
    geprueft_am: date
    fassungen: tuple[Fassung, ...]
    merkmale: Mapping[str, Any] = field(default_factory=dict)

    def fassung_am(self, stichtag: date) -> Fassung | Unbekannt | None:
        """The version that holds on ``stichtag``; None: the parameter does not exist (not yet, or ended)."""
        gilt: Fassung | None = None
        for fassung in self.fassungen:
            beginn = fassung.beginn
            if beginn is None or beginn <= stichtag:
                gilt = fassung
                continue
            if fassung.ab is None and stichtag > (fassung.nicht_vor or date.min):
                return self._im_fenster(gilt, fassung)
            break
        if gilt is None or gilt.ende:
            return None
        return self._unbekannt(gilt) or gilt

    def vor_beginn(self, stichtag: date) -> bool:
        """Whether the day lies before everything evidenced: nobody has seen whether the value existed then.

        A first version that is an undated ``ende`` says that it did not.
        """
        return stichtag < (self.fassungen[0].beginn or date.min) and self.fassung_am(stichtag) is None

    def aenderungstage(self) -> Iterator[date]:
        """Every day on which something changes or a window opens or closes."""
        for fassung in self.fassungen:
            yield from (tag for tag in (fassung.ab, fassung.nicht_vor, fassung.spaetestens) if tag)

    def hoechstens(self, beleg: Beleg, fundstelle: str = "") -> Parameter:
        """The same parameter as taken over by a Land on evidence no better than ``beleg``."""
        fassungen = tuple(
            replace(f, beleg=schwaecherer(f.beleg, beleg), fundstelle=fundstelle or f.fundstelle)
            for f in self.fassungen
        )
        return replace(self, fassungen=fassungen)

    def _im_fenster(self, alt: Fassung | None, neu: Fassung) -> Unbekannt:
        """Old or new, nobody knows; where nothing came before, the new figure may be printed."""
        von = f"nach dem {neu.nicht_vor:%d.%m.%Y}" if neu.nicht_vor else "zu einem unbekannten Tag"
        text = (
            f"{self.titel}: Wann die neue Fassung in Kraft trat, ist nicht belegt ({von}, spätestens am "
            f"{neu.spaetestens:%d.%m.%Y}). Bisher: {_text(alt.wert) if alt else 'unbekannt'}; neu: {_text(neu.wert)}. "
            f"Nachzusehen im Verkündungsblatt: {neu.fundstelle}."
        )
        return Unbekannt(
            (Luecke(self.name, "recht", text, neu.fundstelle),), None if alt and not alt.ende else neu.wert
        )

    def _unbekannt(self, fassung: Fassung) -> Unbekannt | None:
        if fassung.wert is None:
            grund = "der Wert ist nicht belegt"
        elif fassung.beleg == "C":
            grund = f"der Wert {_text(fassung.wert)} ist nur eine ungeprüfte Annahme (Beleg C)"
        elif fassung.beginn is None:
            grund = f"die Fassung mit dem Wert {_text(fassung.wert)} ist ohne Datum überliefert"
        else:
            return None
        text = f"{self.titel}: {grund}. Nachzusehen: {fassung.fundstelle} (bisher gesehen: {fassung.quelle})."
        return Unbekannt((Luecke(self.name, "recht", text, fassung.fundstelle),), fassung.wert)


def _text(wert: Any) -> str:
    if isinstance(wert, bool):
        return "ja" if wert else "nein"
    if isinstance(wert, Mapping):
        return ", ".join(f"{name}: {_text(zeile)}" for name, zeile in wert.items())
    if isinstance(wert, list):
        return " oder ".join(map(_text, wert))
    return "unbekannt" if wert is None else str(wert)


TIEFSTE, MEISTE = 100, 500_000
"""Levels of a YAML document, and values in it, each counted as often as it is referred to."""

_FUEHRENDE_NULL = re.compile(r"[-+]?0_*[0-9]")

STELLEN = 1000
"""Digits of a number, written out: of 1.0e+999999999 whoever asks for its whole part has no end."""


class _StrengerLeser(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without floats, without implicit dates, without duplicate keys and without end."""

    _tiefe = 0

    def descend_resolver(self, oben: Any, stelle: Any) -> None:
        """Called before each node; deeper ones would overflow the stack of the process. Paths are not resolved."""
        self._tiefe += 1
        if self._tiefe > TIEFSTE:
            raise yaml.constructor.ConstructorError(None, None, f"tiefer als {TIEFSTE} Ebenen geschachtelt")

    def ascend_resolver(self) -> None:
        """Called after each node."""
        self._tiefe -= 1


def _pruefe_umfang(knoten: yaml.Node | None) -> None:
    """A few references to references to lists are billions of values; one to itself has no end."""
    gemerkt: dict[int, tuple[int, int]] = {}

    def umfang(stelle: yaml.Node) -> tuple[int, int]:
        if id(stelle) not in gemerkt:
            gemerkt[id(stelle)] = (MEISTE + 1, 0)  # met again before it is known: it refers to itself
            innen = [umfang(unten) for unten in _darunter(stelle)]
            gemerkt[id(stelle)] = 1 + sum(u[0] for u in innen), 1 + max((u[1] for u in innen), default=0)
        return gemerkt[id(stelle)]

    if knoten is not None and (umfang(knoten)[0] > MEISTE or umfang(knoten)[1] > TIEFSTE):
        raise yaml.constructor.ConstructorError(None, None, "zu viele Werte, oder Verweise im Kreis", knoten.start_mark)


def _darunter(knoten: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(knoten, yaml.MappingNode):
        yield from (teil for paar in knoten.value for teil in paar)
    elif isinstance(knoten, yaml.SequenceNode):
        yield from knoten.value


def _mapping(leser: Any, knoten: yaml.Node, deep: bool = False) -> dict[Any, Any]:
    if not isinstance(knoten, yaml.MappingNode):  # it only claims to be one
        raise yaml.constructor.ConstructorError(None, None, "hier stehen keine Schlüssel", knoten.start_mark)
    if not all(isinstance(k, yaml.ScalarNode) for k, _ in knoten.value):
        raise yaml.constructor.ConstructorError(None, None, "ein Schlüssel ist kein einfaches Wort", knoten.start_mark)
    schluessel = [leser.construct_object(k, deep=True) for k, _ in knoten.value]
    doppelt = {str(k) for k, anzahl in Counter(schluessel).items() if anzahl > 1}
    if doppelt:
        raise yaml.constructor.ConstructorError(
            None, None, f"doppelter Schlüssel: {', '.join(sorted(doppelt))}", knoten.start_mark
        )
    werte = [leser.construct_object(v, deep=True) for _, v in knoten.value]
    return dict(zip(schluessel, werte, strict=True))


def _dezimal(leser: Any, knoten: yaml.Node) -> Decimal:
    geschrieben = leser.construct_scalar(knoten)
    if _FUEHRENDE_NULL.match(geschrieben):  # a code or a postal code; a number would lose what it begins with
        text = "eine Zahl, die mit 0 beginnt; Kennungen gehören in Anführungszeichen"
        raise yaml.constructor.ConstructorError(None, None, text, knoten.start_mark)
    try:
        zahl = Decimal(geschrieben.replace("_", ""))
    except InvalidOperation:
        zahl = Decimal("NaN")
    if not zahl.is_finite():  # Decimal also takes the words nan, snan and inf
        raise yaml.constructor.ConstructorError(None, None, "keine Dezimalzahl", knoten.start_mark)
    if abs(zahl.adjusted()) >= STELLEN:
        text = f"eine Zahl mit mehr als {STELLEN} Stellen"
        raise yaml.constructor.ConstructorError(None, None, text, knoten.start_mark)
    return zahl


def _wahrheit(leser: Any, knoten: yaml.ScalarNode) -> bool:
    if (wert := leser.bool_values.get(str(knoten.value).lower())) is None:
        raise yaml.constructor.ConstructorError(None, None, "weder ja noch nein", knoten.start_mark)
    return bool(wert)


def _unvorgesehen(leser: Any, knoten: yaml.Node) -> None:
    text = "eine Auszeichnung mit ! ist hier nicht vorgesehen"
    raise yaml.constructor.ConstructorError(None, None, text, knoten.start_mark)


_StrengerLeser.yaml_constructors = {
    tag: bauer
    for tag, bauer in _StrengerLeser.yaml_constructors.items()
    if tag in {f"tag:yaml.org,2002:{art}" for art in ("null", "str", "seq")}
}
_StrengerLeser.add_constructor(None, _unvorgesehen)
_StrengerLeser.add_constructor("tag:yaml.org,2002:map", _mapping)
_StrengerLeser.add_constructor("tag:yaml.org,2002:bool", _wahrheit)
_StrengerLeser.add_constructor("tag:yaml.org,2002:int", _dezimal)
_StrengerLeser.add_constructor("tag:yaml.org,2002:float", _dezimal)
_StrengerLeser.yaml_implicit_resolvers = {
    zeichen: [(tag, muster) for tag, muster in liste if tag != "tag:yaml.org,2002:timestamp"]
    for zeichen, liste in _StrengerLeser.yaml_implicit_resolvers.items()
}


def lies_yaml(text: str, name: str = "") -> Any:
    """Read one YAML document: numbers as Decimal, dates as text, duplicate keys refused.

    Raises ``ContractError`` with the place of the mistake; content of the file is not repeated.
    """
    try:
        return _gebaut(_StrengerLeser(text), mit_verweisen="*" in text)
    except yaml.MarkedYAMLError as fehler:
        ort = f"Zeile {fehler.problem_mark.line + 1}" if fehler.problem_mark else "unbekannte Zeile"
        raise ContractError(
            "yaml", f"{name or 'YAML'}, {ort}: {fehler.problem}. Bitte die Datei berichtigen."
        ) from None
    except yaml.YAMLError:
        raise ContractError("yaml", f"{name or 'YAML'} ist kein lesbares YAML (Zeichen oder Kodierung).") from None


def _gebaut(leser: Any, *, mit_verweisen: bool) -> Any:
    try:
        knoten = leser.get_single_node()
        if mit_verweisen:
            _pruefe_umfang(knoten)
        return None if knoten is None else leser.construct_document(knoten)
    finally:
        leser.dispose()


def lade_parameter(quelle: str | Path | Traversable) -> dict[str, Parameter]:
    """Load all parameters of a package (``"fachwerk_wbs_nw"``: its folder ``parameter``), a folder or one file.

    Raises ``ContractError`` for what the schema refuses, a name defined twice, and versions out of order.
    """
    ergebnis: dict[str, Parameter] = {}
    for datei in _dateien(quelle):
        for name, roh in _gelesen(datei).items():
            if name in ergebnis:
                raise ContractError("parameter_doppelt", f"Der Parameter {name} steht in zwei Dateien ({datei.name}).")
            ergebnis[name] = _parameter(name, roh, datei.name)
    return ergebnis


def _dateien(quelle: str | Path | Traversable) -> list[Traversable]:
    ort = resources.files(quelle) / "parameter" if isinstance(quelle, str) else quelle
    if ort.is_file():
        return [ort]
    dateien = (
        sorted((d for d in ort.iterdir() if d.name.endswith(".yaml")), key=lambda d: d.name) if ort.is_dir() else []
    )
    if not dateien:
        raise ContractError("parameter_fehlen", f"Keine Parameterdateien (*.yaml) in {ort}.")
    return dateien


def _gelesen(datei: Traversable) -> dict[str, Any]:
    try:
        roh = lies_yaml(datei.read_text(encoding="utf-8"), datei.name)
    except UnicodeDecodeError:
        raise ContractError("parameter_schema", f"{datei.name} ist kein Text in UTF-8. Bitte neu speichern.") from None
    fehler = next(iter(_pruefer().iter_errors(roh)), None)
    if fehler is not None:
        ort = "/".join(str(stelle) for stelle in fehler.absolute_path) or "Wurzel"
        regel = f"entspricht nicht dem Parameterschema ({fehler.validator})"
        raise ContractError("parameter_schema", f"{datei.name}, {ort}: {regel}.")
    return dict(roh)


@lru_cache(maxsize=1)
def _pruefer() -> Any:
    from jsonschema import Draft202012Validator

    schema = resources.files("fachwerk") / "daten" / "parameter.schema.json"
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _parameter(name: str, roh: Mapping[str, Any], datei: str) -> Parameter:
    fassungen = tuple(_fassung(f, f"{datei}: {name}") for f in roh["fassungen"])
    _pruefe_folge(fassungen, f"{datei}: {name}")
    tag = _tag(roh["geprueft_am"], f"{datei}: {name}")
    assert tag is not None  # noqa: S101  the schema requires it
    return Parameter(name, roh["titel"], roh["einheit"], tag, fassungen, roh.get("merkmale", {}))


def _fassung(roh: Mapping[str, Any], ort: str) -> Fassung:
    quelle = roh["quelle"]
    return Fassung(
        ab=_tag(roh["ab"], ort),
        wert=roh.get("wert"),
        fundstelle=roh["fundstelle"],
        beleg=roh.get("beleg") or "",
        quelle=quelle if isinstance(quelle, str) else "; ".join(quelle),
        ende=roh.get("ende", False),
        nicht_vor=_tag(roh.get("nicht_vor"), ort),
        spaetestens=_tag(roh.get("spaetestens"), ort),
        anmerkung=roh.get("anmerkung", ""),
    )


def _tag(text: str | None, ort: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ContractError("parameter_datum", f"{ort}: {text} ist kein Kalendertag.") from None


def _pruefe_folge(fassungen: tuple[Fassung, ...], ort: str) -> None:
    """Undated older versions first, then strictly ascending; a window must not reach behind its predecessor."""
    zuletzt: date | None = None
    for fassung in fassungen:
        beginn = fassung.beginn
        if beginn is None and (zuletzt is not None or fassung.nicht_vor is not None):
            raise ContractError("parameter_folge", f"{ort}: Eine Fassung ohne Datum steht vor allen datierten.")
        if beginn is not None and zuletzt is not None and beginn <= zuletzt:
            raise ContractError("parameter_folge", f"{ort}: Die Fassungen überschneiden sich am {beginn.isoformat()}.")
        if fassung.nicht_vor and beginn and not (zuletzt or date.min) <= fassung.nicht_vor < beginn:
            raise ContractError("parameter_folge", f"{ort}: Das Fenster vor dem {beginn} ist widersprüchlich.")
        zuletzt = beginn or zuletzt
