"""Everything a Land's package is checked for: as a list for ``fachwerk wbs faelle``, as test class for its tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from fachwerk.errors import ContractError, FachwerkError
from fachwerk.modell import Empfehlung
from fachwerk.testkit.regeln import Regelfall, antrag, maengel_parameter
from fachwerk_wbs.grenzfaelle import grenzproben, tagesproben
from fachwerk_wbs.land import Land
from fachwerk_wbs.musterfaelle import Haushaltstyp, Musterfall, musterfaelle
from fachwerk_wbs.musterhaushalte import alleinstehend, familie

if TYPE_CHECKING:
    from fachwerk_wbs.landvertrag import LandContract as LandContract

MINDESTENS = 8
"""Hand-calculated cases every Land has."""


@dataclass(slots=True)
class Pruefung:
    """What was checked and what differs; ``fehlend`` is what a complete Land would still need."""

    land: Land
    musterfaelle: int = 0
    grenzfaelle: int = 0
    tagesfaelle: int = 0
    abweichungen: list[str] = field(default_factory=list)
    fehlend: list[str] = field(default_factory=list)

    def als_json(self) -> dict[str, Any]:
        """The published form."""
        zahlen = {name: getattr(self, name) for name in ("musterfaelle", "grenzfaelle", "tagesfaelle")}
        return {"land": self.land.code, **zahlen, "abweichungen": self.abweichungen, "fehlend": self.fehlend}


def pruefe_land(land: Land, heute: date) -> Pruefung:
    """All shipped and all generated cases of ``land``.

    Raises ``FachwerkError`` if its data cannot be read at all.
    """
    pruefung = Pruefung(land)
    pruefung.abweichungen += maengel_parameter(land.parameter, heute)
    faelle = lies_musterfaelle(land)
    pruefung.musterfaelle = len(faelle)
    pruefung.abweichungen += [text for fall in faelle for text in abweichungen(fall, land)]
    for art, proben in (("grenzfaelle", grenzproben(land)), ("tagesfaelle", tagesproben(land))):
        liste = list(proben)
        setattr(pruefung, art, len(liste))
        pruefung.abweichungen += [f"{probe.name}: {probe.mangel}" for probe in liste if probe.mangel]
    pruefung.fehlend += fehlende_faelle(faelle)
    return pruefung


def lies_musterfaelle(land: Land) -> list[Musterfall]:
    """The shipped cases. Raises ``FachwerkError`` that names the file's mistake."""
    try:
        return musterfaelle(land)
    except ValidationError as fehler:
        ort = ".".join(str(t) for t in fehler.errors()[0]["loc"])
        text = f"{land.paket}/faelle: Ein Fall ist nicht lesbar, {ort} ist so nicht vorgesehen."
        raise ContractError("wbs_faelle", text) from None
    except (FileNotFoundError, NotADirectoryError):
        raise ContractError("wbs_faelle", f"{land.paket}: Der Ordner faelle fehlt.") from None


def abweichungen(fall: Musterfall, land: Land) -> list[str]:
    """Where a shipped case and its calculation differ, one line per field."""
    try:
        verschieden = fall.abweichungen(land)
    except KeyError as fehler:
        return [f"„{fall.name}“: erwartet nennt das Feld {fehler}, das es im Ergebnis nicht gibt."]
    except FachwerkError as fehler:
        return [f"„{fall.name}“: {fehler.hint}"]
    except ValueError:
        return [f"„{fall.name}“: Der Fall nennt keinen Stichtag."]
    zeilen = [f"{name} erwartet {_text(soll)}, gerechnet {_text(ist)}" for name, (soll, ist) in verschieden.items()]
    return [f"„{fall.name}“: {zeile}." for zeile in zeilen]


def _text(wert: Any) -> str:
    if wert is None or wert == []:
        return "nichts"
    return {True: "ja", False: "nein"}[wert] if isinstance(wert, bool) else str(wert)


def fehlende_faelle(faelle: Sequence[Musterfall]) -> list[str]:
    """What the list of cases lacks: number, types of household, calculations, days in two versions."""
    fehlt = []
    gerechnet = [fall for fall in faelle if fall.rechnung.strip()]
    if len(gerechnet) < MINDESTENS:
        fehlt.append(f"Nur {len(gerechnet)} von {MINDESTENS} Fällen haben eine ausgeschriebene Rechnung (rechnung).")
    typen = {fall.haushaltstyp for fall in faelle}
    fehlt += [f"Es fehlt ein Fall mit haushaltstyp: {typ}." for typ in get_args(Haushaltstyp) if typ not in typen]
    return fehlt


def regelfaelle(land: Land) -> Iterator[Regelfall]:
    """Applications as the line would hand them over; invented law never recommends more than ``vorlegen``."""
    erwartet = Empfehlung.VORLEGEN if land.kopf.erfunden else None
    for fall in lies_musterfaelle(land):
        tag = _stichtag(fall)
        yield Regelfall(fall.name, antrag("wbs", land.code, dict(fall.fall)), tag, erwartet)
    tage = land.aenderungstage()
    for art, haushalt in (("Eine Person", alleinstehend), ("Ein Paar mit zwei Kindern", familie)):
        roh = haushalt(land.code, tage[-1]).model_dump(mode="json", exclude_none=True)
        yield Regelfall(art, antrag("wbs", land.code, roh), tage[-1], erwartet)


def _stichtag(fall: Musterfall) -> date:
    try:
        return date.fromisoformat(str(fall.fall.get("stichtag")))
    except ValueError:
        raise ContractError("wbs_faelle", f"„{fall.name}“: Der Fall nennt keinen Stichtag (JJJJ-MM-TT).") from None


def __getattr__(name: str) -> Any:
    """The test class needs pytest; the command does not."""
    if name != "LandContract":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fachwerk_wbs.landvertrag import LandContract

    return LandContract
