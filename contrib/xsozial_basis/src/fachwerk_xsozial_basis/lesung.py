"""A message as Fachwerk reads it, for people and programs: as much as can be read, and findings for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from fachwerk import katalog
from fachwerk.errors import NeedsHumanError, StepError
from fachwerk.modell import Antrag, Befund, Eingang, Schwere
from fachwerk.xml import XmlFehler
from fachwerk_xsozial_basis.mapping import FORMAT, VERSIONEN, antrag_aus, kopf_befunde, teile_auf
from fachwerk_xsozial_basis.nachricht import Nachricht, lies_nachricht
from fachwerk_xsozial_basis.pruefung import pruefe_antrag

_KOPF = (
    "format",
    "format_version",
    "nachrichten_uuid",
    "vorgangs_id",
    "erstellt",
    "leser",
    "leser_name",
    "autor",
    "autor_name",
    "produkt",
    "dienstkennung",
    "vorgangstyp",
    "antragsdatum",
    "test",
    "leika",
    "land",
    "ags",
)


@dataclass(frozen=True)
class Lesung:
    """What was read and what was found; ``leistung`` is empty where nobody may guess it."""

    antrag: Antrag | None
    befunde: tuple[Befund, ...]
    leistung: str = ""


def lies_eingang(eingang: Eingang, stichtag: date) -> Lesung:
    """Read as ``map`` and ``validate`` do, but turn what would hold the case into findings and show the rest."""
    try:
        antrag = antrag_aus(eingang)
    except NeedsHumanError as offen:
        return _soweit_lesbar(eingang, stichtag, offen)
    return Lesung(antrag, (*antrag.befunde, *_geprueft(antrag, stichtag)), antrag.leistung)


def _soweit_lesbar(eingang: Eingang, stichtag: date, offen: NeedsHumanError) -> Lesung:
    befund = Befund(code=offen.code, schwere=Schwere.SPERRE, text=offen.frage)
    try:
        teile = teile_auf(eingang)
        if teile.xml is None:
            return Lesung(None, (befund,))
        nachricht = lies_nachricht(teile.xml)
    except StepError:
        return Lesung(None, (befund,))
    antrag = _ohne_leistung(eingang, nachricht, teile.version)
    befunde = (befund, *nachricht.befunde, *kopf_befunde(nachricht, teile.version))
    return Lesung(antrag, (*befunde, *_geprueft(antrag, stichtag)))


def _ohne_leistung(eingang: Eingang, nachricht: Nachricht, version: str) -> Antrag:
    kopf = nachricht.kopf
    return Antrag(
        leistung="",
        format=FORMAT,
        format_version=version,
        land=katalog.land_aus_kennung(kopf.leser),
        ags=katalog.ziffern_aus_kennung(kopf.leser),
        nachrichten_uuid=kopf.uuid,
        vorgangs_id=nachricht.vorgangs_id,
        erstellt=kopf.erstellt,
        leser=kopf.leser,
        leser_name=kopf.leser_name,
        autor=kopf.autor,
        autor_name=kopf.autor_name,
        produkt=kopf.produkt,
        dienstkennung=kopf.dienstkennung,
        vorgangstyp=nachricht.vorgangstyp,
        antragsdatum=nachricht.antragsdatum,
        empfangen=eingang.empfangen,
        test=kopf.test,
        personen=nachricht.personen,
        dritte=nachricht.dritte,
        dokumente=nachricht.dokumente,
        felder=nachricht.felder,
        original=eingang.teile[0] if version in VERSIONEN else None,
    )


def _geprueft(antrag: Antrag, stichtag: date) -> list[Befund]:
    try:
        return pruefe_antrag(antrag, stichtag)
    except XmlFehler as fehler:
        return [Befund(code=fehler.code, schwere=Schwere.FEHLER, text=fehler.hint)]


def als_json(lesung: Lesung) -> dict[str, Any]:
    """The published shape: kopf, leistung, personen, dritte, dokumente, felder, befunde."""
    befunde = [befund.model_dump(mode="json", exclude={"quelle"}) for befund in lesung.befunde]
    if lesung.antrag is None:
        leer: dict[str, Any] = {"kopf": {}, "leistung": None, "personen": [], "dritte": [], "dokumente": []}
        return {**leer, "felder": {}, "befunde": befunde}
    werte = lesung.antrag.model_dump(mode="json")
    return {
        "kopf": {schluessel: werte[schluessel] for schluessel in _KOPF},
        "leistung": lesung.leistung or None,
        "personen": werte["personen"],
        "dritte": werte["dritte"],
        "dokumente": [_dokument(dokument) for dokument in werte["dokumente"]],
        "felder": werte["felder"],
        "befunde": befunde,
    }


def _dokument(dokument: dict[str, Any]) -> dict[str, Any]:
    teil = dokument["teil"] or {}
    return {
        "id": dokument["id"],
        "name": dokument["name"],
        "typ": dokument["typ"],
        "medientyp": teil.get("medientyp"),
        "groesse": teil.get("laenge"),
    }


def als_text(lesung: Lesung) -> Iterator[str]:
    """The same for people, line by line."""
    werte = als_json(lesung)
    yield f"Leistung:   {werte['leistung'] or 'nicht bestimmt'}"
    for schluessel, wert in werte["kopf"].items():
        if wert not in ("", None, False):
            yield f"  {schluessel:<18}{wert}"
    for titel, liste in (("Personen", werte["personen"]), ("Dritte", werte["dritte"])):
        yield from _abschnitt(titel, [_beteiligt(wer) for wer in liste])
    yield from _abschnitt("Dokumente", [_zeile(dokument) for dokument in werte["dokumente"]])
    yield from _abschnitt("Felder", [f"{pfad} = {wert}" for pfad, wert in werte["felder"].items()])
    befunde = [f"[{b['schwere']}] {b['code']}: {b['text']} {b['pfad']}".rstrip() for b in werte["befunde"]]
    yield from _abschnitt("Befunde", befunde)


def _abschnitt(titel: str, zeilen: list[str]) -> Iterator[str]:
    yield ""
    yield f"{titel} ({len(zeilen)})"
    yield from (f"  {zeile}" for zeile in zeilen)


def _beteiligt(wer: dict[str, Any]) -> str:
    name = " ".join(wer["name"][teil] for teil in ("titel", "vorname", "familienname") if wer["name"][teil])
    orte = (f"{o['strasse']} {o['hausnummer']}, {o['postleitzahl']} {o['wohnort']}" for o in wer["anschriften"])
    teile = [wer["id"], name, wer.get("organisation", ""), wer["geburtsdatum"] or "", *orte]
    return " | ".join(teil for teil in teile if teil)


def _zeile(dokument: dict[str, Any]) -> str:
    groesse = "ohne Inhalt" if dokument["groesse"] is None else f"{dokument['groesse']} Bytes"
    return " | ".join(filter(None, (dokument["id"], dokument["name"], dokument["medientyp"], groesse)))
