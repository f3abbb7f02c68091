"""The Leistungskatalog: which service a message is about, and which Land it belongs to.

The catalogue is data (``daten/leistungskatalog.yaml``). A message carries no LeiKa id, so the service follows from
four witnesses; silent ones do not count, a contradiction or silence of all is a question for a person. Routing
stands in :mod:`fachwerk.routen` and is offered here as well.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fachwerk.errors import NeedsHumanError
from fachwerk.modell import GehaltenFuer
from fachwerk.routen import Route, pruefe_routen, waehle_route

__all__ = [
    "LAENDER",
    "Anbindung",
    "Leistung",
    "Route",
    "land_aus_kennung",
    "land_des_falls",
    "leistung",
    "leistung_fuer",
    "leistungen",
    "pruefe_routen",
    "waehle_route",
]

LAENDER: dict[str, str] = {
    "01": "sh",
    "02": "hh",
    "03": "ni",
    "04": "hb",
    "05": "nw",
    "06": "he",
    "07": "rp",
    "08": "bw",
    "09": "by",
    "10": "sl",
    "11": "be",
    "12": "bb",
    "13": "mv",
    "14": "sn",
    "15": "st",
    "16": "th",
}
"""Land of the first two digits of the official municipality key."""

_KENNUNG = re.compile(r"(?:([a-z]{3}):)?(\d{12})", re.ASCII | re.IGNORECASE)
_PRAEFIX = re.compile(r"([a-z]{3}):.*", re.ASCII | re.IGNORECASE | re.DOTALL)

Beleg = Literal["A", "B", "C"]


class _Fest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Nummer(_Fest):
    """An id with the grade of its source (A official or observed, B secondary)."""

    id: str = Field(pattern=r"^\d+$")
    beleg: Beleg


class Merkmal(_Fest):
    """A value or pattern by which a witness recognises the service; grade C never decides alone."""

    wert: str
    beleg: Beleg


class LeikaNummern(_Fest):
    """``eigene`` are ids of the service itself, ``eltern`` those of the groups above it; None is unknown."""

    eigene: tuple[Nummer, ...] | None
    eltern: tuple[Nummer, ...] | None


class Anbindung(_Fest):
    """What the information letters say about connecting the service; ``seit`` is year and month."""

    seit: str
    x_standard: str
    transport: str
    fachverfahren: tuple[str, ...]
    pilotkommunen: tuple[str, ...]
    zustaendige_stelle: str


class Leistung(_Fest):
    """One service of the catalogue. None is unknown, never "none"."""

    wort: str = Field(pattern=r"^[a-z_]+$")
    titel: str
    ozg: Nummer | None
    leika: LeikaNummern
    rechtsgrundlage: str | None
    dvdv_praefixe: tuple[Merkmal, ...] | None
    dienstkennung: tuple[Merkmal, ...] | None
    vorgangstyp: tuple[Merkmal, ...] | None
    produkt: tuple[Merkmal, ...] | None
    anbindung: Anbindung | None

    @property
    def ozg_id(self) -> str | None:
        """The OZG id, None where unknown."""
        return self.ozg.id if self.ozg else None

    @property
    def leika_ids(self) -> tuple[str, ...]:
        """All LeiKa ids that name this service, its own before those of the groups above it."""
        return tuple(nummer.id for nummer in (self.leika.eigene or ()) + (self.leika.eltern or ()))

    @property
    def sichere_leika(self) -> str:
        """The LeiKa id if exactly one is possible and officially known, else empty."""
        eigene = self.leika.eigene or ()
        return eigene[0].id if len(eigene) == 1 and eigene[0].beleg == "A" else ""


@cache
def leistungen() -> tuple[Leistung, ...]:
    """All services in the order of the catalogue. Treat as frozen."""
    import yaml

    lader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = resources.files("fachwerk").joinpath("daten/leistungskatalog.yaml").read_text(encoding="utf-8")
    inhalt = yaml.load(text, Loader=lader)  # noqa: S506  a safe loader, the C one where it exists
    return tuple(Leistung.model_validate(eintrag) for eintrag in inhalt["leistungen"])


@cache
def _verzeichnis() -> dict[str, Leistung]:
    return {name: eintrag for eintrag in leistungen() for name in (eintrag.wort, *eintrag.leika_ids)}


def leistung(wort_oder_leika: str) -> Leistung | None:
    """The service with this word or any of its LeiKa ids (own or parent), None if the catalogue has none."""
    return _verzeichnis().get(wort_oder_leika.strip())


def leistung_fuer(kennung: str = "", dienstkennung: str = "", vorgangstyp: str = "", produkt: str = "") -> Leistung:
    """The service of a message from its four witnesses, surrounding white space ignored.

    ``kennung`` is that of the leser (or of the Kanal, if only a PDF came). Raises ``NeedsHumanError``
    ``leistung_widerspruch`` or ``leistung_unbekannt``.
    """
    aussagen = {
        "kennung": _zeugen("dvdv_praefixe", _praefix(kennung)),
        "dienstkennung": _zeugen("dienstkennung", dienstkennung),
        "vorgangstyp": _zeugen("vorgangstyp", vorgangstyp),
        "produkt": _zeugen("produkt", produkt),
    }
    genannt = {wort for aussage in aussagen.values() for wort in aussage}
    if len(genannt) > 1:
        raise _widerspruch(aussagen)
    sicher = {wort for aussage in aussagen.values() for wort, beleg in aussage.items() if beleg != "C"}
    if not sicher:
        raise _unbekannte_leistung(genannt)
    return _verzeichnis()[sicher.pop()]


def _praefix(kennung: str) -> str:
    treffer = _PRAEFIX.fullmatch(kennung.strip())
    return treffer.group(1).lower() if treffer else ""


def _zeugen(feld: str, aussage: str) -> dict[str, str]:
    """Words of the services that one witness names, each with the best grade."""
    text = aussage.strip()
    gefunden: dict[str, str] = {}
    for eintrag in leistungen() if text else ():
        belege = [merkmal.beleg for merkmal in getattr(eintrag, feld) or () if _passt(feld, merkmal.wert, text)]
        if belege:
            gefunden[eintrag.wort] = min(belege)
    return gefunden


def _passt(feld: str, wert: str, text: str) -> bool:
    if feld in ("dienstkennung", "produkt"):
        return re.fullmatch(wert, text, re.IGNORECASE) is not None
    return wert == text


def _widerspruch(aussagen: dict[str, dict[str, str]]) -> NeedsHumanError:
    teile = [f"{zeuge} → {', '.join(sorted(aussage))}" for zeuge, aussage in aussagen.items() if aussage]
    return NeedsHumanError(
        "leistung_widerspruch",
        f"Die Nachricht nennt verschiedene Leistungen ({'; '.join(teile)}). Um welche geht es?",
        {"zeugen": " ".join(zeuge for zeuge, aussage in aussagen.items() if aussage)},
    )


def _unbekannte_leistung(vermutet: set[str]) -> NeedsHumanError:
    zusatz = f" Vermutet, aber nicht belegt: {', '.join(sorted(vermutet))}." if vermutet else ""
    return NeedsHumanError(
        "leistung_unbekannt",
        f"Aus der Nachricht geht nicht sicher hervor, um welche Leistung es geht.{zusatz} Welche ist es?",
        {"vermutet": " ".join(sorted(vermutet))},
    )


def ziffern_aus_kennung(kennung: str) -> str:
    """The 12 digits of ``wbs:130030000000`` (with or without prefix), empty if it is not of that form."""
    treffer = _KENNUNG.fullmatch(kennung.strip())
    return treffer.group(2) if treffer else ""


def land_aus_kennung(kennung: str) -> str:
    """Land of the first two digits after the prefix; empty where the kennung does not say."""
    return LAENDER.get(ziffern_aus_kennung(kennung)[:2], "")


def land_des_falls(kanal_land: str, kennung: str, fachwerk_land: str) -> str:
    """Land of a case: the Kanal's, else that of the kennung, else the site's; empty if nobody says.

    What the configuration says of the case (the Kanal if it says anything, else the site) and what the kennung
    says must agree: otherwise ``NeedsHumanError`` ``land_widerspruch`` for the Betrieb.
    """
    konfiguriert, genannt = kanal_land or fachwerk_land, land_aus_kennung(kennung)
    if konfiguriert and genannt and konfiguriert != genannt:
        wer = "der Kanal" if kanal_land else "[fachwerk].land"
        raise NeedsHumanError(
            "land_widerspruch",
            f"Die Nachricht richtet sich an eine Stelle in „{genannt}“, {wer} sagt „{konfiguriert}“. "
            "Ist sie hier richtig? Gehört sie hierher, am Kanal den Schlüssel land setzen oder berichtigen.",
            {"kennung_land": genannt, "konfiguration_land": konfiguriert},
            fuer=GehaltenFuer.BETRIEB,
        )
    return konfiguriert or genannt
