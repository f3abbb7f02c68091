"""Message → case file of a Leistung, following the mapping files of ``abbildung/``: data, versioned, correctable.

An entry says which path gives which fact. ``annahme`` names the mapping it belongs to where the element names are
not public: a decision may rest on it only where the site has confirmed that mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from fachwerk.modell import Befund, Schwere
from fachwerk.xml import XmlFehler, datum, pfad_von
from fachwerk_xsozial_basis.baum import alle, text
from fachwerk_xsozial_basis.nachricht import ja_nein

Art = Literal["text", "datum", "ja_nein", "betrag", "ganzzahl", "name"]
HAUSHALT = "haushalt"
"""The one list whose members are persons, each fact of which a person may state on its own."""
_IN_LISTE = "-"
_HOECHSTENS = 100


class Eintrag(BaseModel):
    """One fact: ``feld`` (dots nest) from the first of ``pfade`` that has a value; or a list of entries.

    Of a list every element at every path is one item; ``reihenfolge`` is the path of the number it is sorted by,
    ``leer_wenn`` that of the explicit statement that there is none. ``werte`` are the only values taken over.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feld: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)?$")
    pfade: tuple[str, ...]
    art: Art = "text"
    werte: tuple[str, ...] = ()
    annahme: str = ""
    reihenfolge: str = ""
    leer_wenn: str = ""
    liste: tuple[Eintrag, ...] = ()


class Abbildung(BaseModel):
    """A mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(alias="schema")
    name: str
    titel: str
    leistung: str
    eintraege: tuple[Eintrag, ...]


@cache
def abbildungen() -> Mapping[str, Abbildung]:
    """The mapping of each Leistung, by its word."""
    import yaml

    lader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    gelesen = {}
    for datei in resources.files(__package__).joinpath("abbildung").iterdir():
        if datei.name.endswith(".yaml"):
            inhalt = yaml.load(datei.read_text(encoding="utf-8"), Loader=lader)  # noqa: S506  a safe loader
            abbildung = Abbildung.model_validate(inhalt)
            gelesen[abbildung.leistung] = abbildung
    return gelesen


class Falldaten(NamedTuple):
    """A case file; ``herkunft`` says which of its facts (dotted path) rest on which assumption."""

    fall: dict[str, Any] | None = None
    annahmen: tuple[str, ...] = ()
    herkunft: Mapping[str, str] = MappingProxyType({})
    befunde: tuple[Befund, ...] = ()


def fall_aus(wurzel: etree._Element, leistung: str, grunddaten: Mapping[str, Any]) -> Falldaten:
    """Case file of ``leistung``, what it rests on, and findings; no case file where the Leistung has no mapping.

    What the message does not say is left out of the case file: absent is unknown.
    """
    abbildung = abbildungen().get(leistung)
    if abbildung is None:
        return Falldaten()
    lesung = _Lesung()
    fall = {**grunddaten, **lesung.lies(wurzel, abbildung.eintraege)}
    return Falldaten(fall, tuple(sorted(lesung.annahmen)), lesung.herkunft, tuple(lesung.befunde))


class _Lesung:
    """One application of a mapping: gathers the assumptions used and what could not be read."""

    def __init__(self) -> None:
        self.annahmen: set[str] = set()
        self.herkunft: dict[str, str] = {}
        self.befunde: list[Befund] = []

    def lies(self, knoten: etree._Element, eintraege: tuple[Eintrag, ...], ueber: str = "") -> dict[str, Any]:
        """The facts of ``knoten``; ``ueber`` is the path they have in the case file, ``-`` inside of a list."""
        werte: dict[str, Any] = {}
        for eintrag in eintraege:
            wert = self._liste(knoten, eintrag, ueber) if eintrag.liste else self._wert(knoten, eintrag)
            if wert is None:
                continue
            self._vermerke(eintrag, ueber)
            oben, _, unten = eintrag.feld.partition(".")
            if unten:
                werte.setdefault(oben, {})[unten] = wert
            else:
                werte[oben] = wert
        return werte

    def _vermerke(self, eintrag: Eintrag, ueber: str) -> None:
        if eintrag.annahme:
            self.annahmen.add(eintrag.annahme)
        if eintrag.annahme and ueber != _IN_LISTE and eintrag.feld != HAUSHALT:
            self.herkunft[f"{ueber}{eintrag.feld}"] = eintrag.annahme

    def _mitglied(self, stelle: etree._Element, eintrag: Eintrag, nr: int) -> dict[str, Any]:
        """A member of the household: that it is one at all is what the assumption of its role says."""
        if eintrag.annahme:
            self.herkunft[f"{HAUSHALT}.{nr}.rolle"] = eintrag.annahme
        return self.lies(stelle, eintrag.liste, f"{HAUSHALT}.{nr}.")

    def _liste(self, knoten: etree._Element, eintrag: Eintrag, ueber: str) -> list[dict[str, Any]] | None:
        stellen = [stelle for pfad in eintrag.pfade for stelle in alle(knoten, pfad)]
        nummern = [text(stelle, eintrag.reihenfolge) if eintrag.reihenfolge else "" for stelle in stellen]
        if stellen and all(nummer.isdecimal() for nummer in nummern):
            reihe = sorted(range(len(stellen)), key=lambda i: int(nummern[i][:9]))
            stellen = [stellen[i] for i in reihe]
        if stellen and not ueber and eintrag.feld == HAUSHALT:
            return [self._mitglied(stelle, eintrag, nr) for nr, stelle in enumerate(stellen)]
        if stellen:
            return [self.lies(stelle, eintrag.liste, _IN_LISTE) for stelle in stellen]
        leer = eintrag.leer_wenn and text(knoten, eintrag.leer_wenn) in ("true", "1")
        return [] if leer else None

    def _wert(self, knoten: etree._Element, eintrag: Eintrag) -> Any:
        """The value; one that contradicts itself or cannot be read is unknown, and reported."""
        for pfad in eintrag.pfade:
            stellen = alle(knoten, pfad)
            rohe = {roh for stelle in stellen if (roh := _roh(stelle, eintrag.art))}
            if len(rohe) > 1:
                return self._melde("wert_mehrdeutig", "Dieser Wert kommt mehrfach verschieden vor.", stellen[0])
            if rohe:
                return self._verstehe(rohe.pop(), eintrag, stellen[0])
        return None

    def _verstehe(self, roh: str, eintrag: Eintrag, stelle: etree._Element) -> Any:
        if eintrag.werte and roh not in eintrag.werte:
            return self._melde("wert_unbekannt", "Diesen Wert kennt die Abbildung nicht.", stelle)
        try:
            return _LESARTEN[eintrag.art](roh)
        except (XmlFehler, ValueError, InvalidOperation):
            return self._melde("wert_unlesbar", "Dieser Wert hat nicht die vorgesehene Form.", stelle)

    def _melde(self, code: str, was: str, stelle: etree._Element) -> None:
        if len(self.befunde) < _HOECHSTENS:
            hinweis = f"{was} Er gilt als unbekannt; bitte im Original nachsehen."
            self.befunde.append(Befund(code=code, schwere=Schwere.WARNUNG, text=hinweis, pfad=pfad_von(stelle)))


def _roh(stelle: etree._Element, art: Art) -> str:
    """The trimmed text of a leaf; of a name its parts, first name first."""
    if art == "name":
        teile = (text(stelle, "vorname/name", "vorname"), text(stelle, "familienname/name", "familienname"))
        return " ".join(" ".join(teile).split())
    return "" if len(stelle) else (stelle.text or "").strip()


def _betrag(roh: str) -> str:
    """Money as decimal text with at least two places, exact; anything but an xs:decimal raises."""
    wert = Decimal(roh)
    exponent = wert.as_tuple().exponent
    if not isinstance(exponent, int) or "e" in roh.lower() or not roh.isascii() or "_" in roh:
        raise ValueError("kein Betrag")
    return f"{wert:.2f}" if exponent >= -2 else f"{wert:f}"


def _ganzzahl(roh: str) -> int:
    if not (roh.isascii() and roh.removeprefix("-").isdecimal()) or len(roh) > 12:
        raise ValueError("keine ganze Zahl")
    return int(roh)


_LESARTEN: dict[str, Callable[[str], Any]] = {
    "text": str,
    "name": str,
    "datum": lambda roh: datum(roh).isoformat(),
    "ja_nein": ja_nein,
    "betrag": _betrag,
    "ganzzahl": _ganzzahl,
}
