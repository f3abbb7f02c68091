"""Synthetic messages in the Projektprofil: an invented case file written as a message, with the traps of real ones.

The traps are those seen in real messages: zones behind dates, white space around dvdvDienstkennung and inside the
base64, the whole house number in one element, empty elements, documents of one name, adults only as third parties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from random import Random
from typing import Any
from uuid import UUID

from lxml import etree

from fachwerk_xsozial_basis.bausteine import Schreiber
from fachwerk_xsozial_basis.erfunden import KENNUNGEN, haushalt
from fachwerk_xsozial_basis.mapping import VERSIONEN, WURZEL
from fachwerk_xsozial_basis.pdf import kleines_pdf
from fachwerk_xsozial_basis.schemas import HERSTELLER

PRODUKT = "Fachwerk-Erzeuger"
"""Every ``produkt`` of the generator begins so; a site confirms the Projektprofil for ``Fachwerk-Erzeuger.*`` only."""

TITEL = {"wbs": "Wohnberechtigungsschein", "mietrueckstaende": "Übernahme von Mietrückständen"}
_VORGANGSTYP = {"wbs": "990001", "mietrueckstaende": "990002"}
_DVDV = "urn:xoev-de:kosit:codeliste:verzeichnisdienst"
_MEZ = timezone(timedelta(hours=1))


@dataclass(frozen=True)
class Beigabe:
    """A further document; without ``inhalt`` it is only named, and its content expected as an attachment."""

    name: str
    inhalt: bytes | None = None
    medientyp: str = "application/pdf"
    typ: str = "7010"


@dataclass(frozen=True)
class Beispiel:
    """A message with the case file it was made from; ``anhaenge`` travel beside the XML."""

    dateiname: str
    leistung: str
    version: str
    fall: dict[str, Any]
    xml: bytes
    anhaenge: tuple[tuple[str, bytes], ...] = ()


def antrags_pdf(leistung: str, nummer: str = "") -> bytes:
    """The invented application as a PDF."""
    zeilen = [f"Antrag: {TITEL[leistung]}", "Erfundene Angaben, kein echter Antrag.", nummer, "Erzeugt von Fachwerk."]
    return kleines_pdf([zeile for zeile in zeilen if zeile])


def nachricht(
    leistung: str = "wbs",
    fall: Mapping[str, Any] | None = None,
    *,
    version: str = "2.4.0",
    leser: str | None = None,
    leser_name: str = "Hansestadt Musterow",
    uuid: str | None = None,
    vorgangs_id: str | None = None,
    erstellt: datetime | None = None,
    antragsdatum: date | None = None,
    produkt: str | None = None,
    hersteller: str = HERSTELLER,
    dienstkennung: str | None = None,
    vorgangstyp: str | None = None,
    mit_pdf: bool = True,
    dokumente: Sequence[Beigabe] = (),
    test: bool = False,
    erwachsene_als_dritte: bool = False,
    seed: int = 0,
) -> bytes:
    """One message for ``fall`` (None: an invented household drawn from ``seed``); same arguments, same bytes.

    What ``fall`` leaves out is left out of the message. ``land`` of the case file is not written: a message says it
    by ``leser`` only. Unknown ``version`` values are written as given, so that a reader can be tested with them.
    """
    zufall = Random(f"{seed}/{leistung}")  # noqa: S311  invented data, no secret
    leser = leser or KENNUNGEN[leistung]
    gegeben = dict(fall) if fall is not None else haushalt(zufall, leistung, leser)
    tag = antragsdatum or date.fromisoformat(str(gegeben.get("stichtag") or "2025-11-20"))
    schreiber = Schreiber(version, zufall)
    vorgang = vorgangs_id or _uuid(zufall)
    wurzel = schreiber.wurzel(
        WURZEL,
        produkt=produkt or f"{PRODUKT}: {TITEL[leistung]}",
        produkthersteller=hersteller,
        produktversion="Projektprofil 1",
        standard="XSozial-basis",
        **({"test": "true"} if test else {}),
        version=version,
    )
    zeit = erstellt or datetime.combine(tag, time(10, 15, 30, 123456), _MEZ)
    dienst = dienstkennung if dienstkennung is not None else _dienstkennung(version, leser)
    _schreibe_kopf(schreiber, wurzel, leser, leser_name, dienst, uuid=uuid or _uuid(zufall), erstellt=zeit)
    inhalt = schreiber.kind(wurzel, "xsozial")
    schreiber.wert(schreiber.kind(inhalt, "identifikationVorgang"), "vorgangsID", vorgang)
    schreiber.vorgang(inhalt, leistung, gegeben, tag, vorgangstyp or _VORGANGSTYP[leistung], erwachsene_als_dritte)
    eigene = [Beigabe("Antrag.pdf", antrags_pdf(leistung, f"Vorgang {vorgang}"), typ="1010")] if mit_pdf else []
    for nummer, beigabe in enumerate([*eigene, *dokumente], 1):
        schreiber.dokument(inhalt, nummer, beigabe.name, beigabe.inhalt, beigabe.medientyp, beigabe.typ)
    etree.indent(wurzel)
    return etree.tostring(wurzel, encoding="UTF-8", xml_declaration=True, standalone=True)


def _dienstkennung(version: str, leser: str) -> str:
    praefix = leser.partition(":")[0].upper()
    raum = f"https://portalverbund.d-nrw.de/efa/XSozial-basis/Version_{version.replace('.', '_')}"
    return f"\n        {raum}/XSoz{version.replace('.', '')}-{praefix}-BEA-SOP2{praefix}.wsdl\n      "


def _schreibe_kopf(
    schreiber: Schreiber,
    wurzel: etree._Element,
    leser: str,
    leser_name: str,
    dienstkennung: str,
    *,
    uuid: str,
    erstellt: datetime,
) -> None:
    """The head: all of it in no namespace."""
    kopf = schreiber.frei(wurzel, "nachrichtenkopf.g2g")
    kennzeichen = schreiber.frei(kopf, "identifikation.nachricht")
    schreiber.frei(kennzeichen, "nachrichtenUUID", uuid)
    schreiber.frei(schreiber.frei(kennzeichen, "nachrichtentyp"), "code", "1000001")
    schreiber.frei(kennzeichen, "erstellungszeitpunkt", erstellt.isoformat())
    for rolle, kennung, name in (("leser", leser, leser_name), ("autor", "sop:050000100099", "Sozialplattform")):
        stelle = schreiber.frei(kopf, rolle)
        verzeichnis = schreiber.frei(stelle, "verzeichnisdienst", listURI=_DVDV, listVersionID="3")
        schreiber.frei(verzeichnis, "code", "DVDV")
        schreiber.frei(stelle, "kennung", kennung)
        schreiber.frei(stelle, "name", name)
    if dienstkennung:
        schreiber.frei(kopf, "dvdvDienstkennung", dienstkennung)


def _uuid(zufall: Random) -> str:
    return str(UUID(int=zufall.getrandbits(128), version=4))


def stapel(seed: int, anzahl: int, leistung: str = "") -> list[Beispiel]:
    """``anzahl`` invented messages that between them have every trap; same seed, same messages."""
    return [_beispiel(seed, nummer, leistung) for nummer in range(anzahl)]


def _beispiel(seed: int, nummer: int, leistung: str) -> Beispiel:
    zufall = Random(f"{seed}#{nummer}")  # noqa: S311  invented data, no secret
    wort = leistung or zufall.choice(tuple(TITEL))
    fall = haushalt(zufall, wort)
    beigaben, anhaenge = _beigaben(zufall)
    version = VERSIONEN[nummer % len(VERSIONEN)]
    xml = nachricht(
        wort,
        fall,
        version=version,
        dokumente=beigaben,
        erwachsene_als_dritte=zufall.random() < 0.3,
        seed=zufall.getrandbits(32),
    )
    return Beispiel(f"{nummer + 1:04d}-{wort}-{version}.xml", wort, version, fall, xml, anhaenge)


def _beigaben(zufall: Random) -> tuple[list[Beigabe], tuple[tuple[str, bytes], ...]]:
    """Sometimes two documents of one name, sometimes an attachment beside the XML that the XML names."""
    beigaben: list[Beigabe] = []
    if zufall.random() < 0.4:
        beigaben += [Beigabe("Nachweis.pdf", kleines_pdf([f"Erfundener Nachweis {teil}"])) for teil in (1, 2)]
    if zufall.random() < 0.4:
        return [*beigaben, Beigabe("anhang_0001.pdf")], (("anhang_0001.pdf", kleines_pdf(["Erfundener Anhang"])),)
    return beigaben, ()
