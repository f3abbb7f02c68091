"""Pure: what lies in the case folder. Same Antrag and Entscheidung, same bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic_core import to_json

from fachwerk.modell import Anlage, Antrag, Entscheidung, Sendung, Teil, Ziel
from fachwerk_aktenablage.antragsbild import antragsbild
from fachwerk_aktenablage.dateinamen import MAX_LAENGE, sichere_namen, sicherer_name
from fachwerk_aktenablage.entwurfsbild import entwurfsbild
from fachwerk_aktenablage.gliederung import Schriftstueck
from fachwerk_aktenablage.seite import WBS_ENTWURF, Akte, Datei, index_html
from fachwerk_aktenablage.settings import Zieleinstellungen
from fachwerk_aktenablage.texte import ortsdatum
from fachwerk_aktenablage.vermerkbild import vermerkbild
from fachwerk_aktenablage.vermerkdaten import vermerkdaten

ANLAGEN = "anlagen"
PDF = "application/pdf"
JSON = "application/json"


def sendung(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """Original, attachments under safe names, the two readable PDFs, the page to read it all, and the summary."""
    einstellungen = Zieleinstellungen.model_validate(ziel.einstellungen)
    name = bezeichnung(antrag)
    eingaenge = [*_original(antrag), *_anlagen(antrag)]
    logo = einstellungen.logo
    bild = antragsbild(antrag, einstellungen.behoerde, name, _dokumentdateien(antrag, eingaenge), eingaenge)
    blatt = replace(bild, logo=logo)
    vermerk = replace(vermerkbild(antrag, entscheidung, einstellungen.behoerde, name), logo=logo)
    entwurf = entwurfsbild(antrag, entscheidung, einstellungen.behoerde, name)
    entwurf = entwurf and replace(entwurf, logo=logo)
    akte = Akte(blatt, vermerk, tuple(eingaenge), entwurf)
    anlagen = [Anlage(pfad=datei.pfad, teil=datei.teil) for datei in eingaenge]
    erzeugt = [
        Teil.entwurf("antrag.pdf", PDF, partial(_pdf, blatt, antrag), "Lesbarer Antrag"),
        Teil.entwurf("pruefvermerk.pdf", PDF, partial(_pdf, vermerk, antrag), "Prüfvermerk"),
        Teil.entwurf("pruefvermerk.json", JSON, partial(_vermerkdaten, antrag, entscheidung), "Prüfvermerk als Daten"),
        *([Teil.entwurf(WBS_ENTWURF, PDF, partial(_pdf, entwurf, antrag), "Entwurf")] if entwurf else []),
        Teil.entwurf("index.html", "text/html", partial(_seite, akte), "Akte zum Lesen"),
        Teil.entwurf("vorgang.json", JSON, partial(_json, antrag, entscheidung, eingaenge), "Übersicht"),
    ]
    anlagen += [Anlage(pfad=teil.name, teil=teil) for teil in erzeugt]
    return Sendung(ziel=ziel.name, bezeichnung=name, anlagen=tuple(anlagen))


def bezeichnung(antrag: Antrag) -> str:
    """``wbs_2026-03-02_1a2b3c4d5e6f``: Leistung, day, and a number that is no personal data.

    With ``_ergaenzt-1`` where a person added facts, so that nobody takes the older folder for the newer one.
    """
    tag = antrag.antragsdatum or ortsdatum(antrag.empfangen)
    ergaenzt = f"_ergaenzt-{len(antrag.ergaenzungen)}" if antrag.ergaenzungen else ""
    return f"{sicherer_name(antrag.leistung, laenge=20)}_{tag:%Y-%m-%d}_{_nummer(antrag)}{ergaenzt}"


def _nummer(antrag: Antrag) -> str:
    """Twelve hex digits of the UUID; where there is none, of a hash, because free text could name a person."""
    uuid = antrag.nachrichten_uuid.lower().replace("-", "")
    if re.fullmatch(r"[0-9a-f]{32}", uuid):
        return uuid[:12]
    if antrag.nachrichten_uuid:
        return hashlib.sha256(antrag.nachrichten_uuid.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    if antrag.original and antrag.original.sha256:
        return antrag.original.sha256[:12]
    return hashlib.sha256(antrag.model_dump_json(exclude={"felder"}).encode()).hexdigest()[:12]


def _original(antrag: Antrag) -> Iterator[Datei]:
    """``original`` with the extension of its media type, else with that of its name."""
    if antrag.original:
        _, punkt, endung = antrag.original.name.rpartition(".")
        pfad = sicherer_name("original", antrag.original.medientyp)
        if pfad == "original":
            pfad = sicherer_name(f"original{punkt}{endung if punkt else ''}")
        yield Datei(pfad, antrag.original, "Nachricht im Original", antrag.original.name)


def _anlagen(antrag: Antrag) -> Iterator[Datei]:
    """Documents in the order of the message, then attachments that no document refers to; each part once."""
    teile: dict[object, tuple[Teil, str]] = {}
    for dokument in antrag.dokumente:
        if dokument.teil:
            teile.setdefault(_gleich(dokument.teil), (dokument.teil, dokument.teil.name or dokument.name))
    for anlage in antrag.anlagen:
        teile.setdefault(_gleich(anlage), (anlage, anlage.name))
    if antrag.original:
        teile.pop(_gleich(antrag.original), None)
    stellen = max(2, len(str(len(teile))))
    namen = sichere_namen(((name, teil.medientyp) for teil, name in teile.values()), MAX_LAENGE - stellen - 1)
    for nummer, ((teil, original), name) in enumerate(zip(teile.values(), namen, strict=True), 1):
        yield Datei(f"{ANLAGEN}/{nummer:0{stellen}d}_{name}", teil, "Anlage", original)


def _gleich(teil: Teil) -> object:
    return teil.id or id(teil)


def _dokumentdateien(antrag: Antrag, dateien: list[Datei]) -> dict[int, str]:
    pfade = {_gleich(datei.teil): datei.pfad for datei in dateien}
    return {
        nummer: pfade[_gleich(dokument.teil)]
        for nummer, dokument in enumerate(antrag.dokumente)
        if dokument.teil and _gleich(dokument.teil) in pfade
    }


def _pdf(schriftstueck: Schriftstueck, antrag: Antrag) -> Iterator[bytes]:
    from fachwerk_aktenablage.pdf import als_pdf

    yield als_pdf(schriftstueck, antrag.empfangen)


def _seite(akte: Akte) -> Iterator[bytes]:
    yield index_html(akte).encode("utf-8")


def _vermerkdaten(antrag: Antrag, entscheidung: Entscheidung) -> Iterator[bytes]:
    yield to_json(vermerkdaten(antrag, entscheidung), ensure_ascii=True, indent=1) + b"\n"


def _json(antrag: Antrag, entscheidung: Entscheidung, dateien: list[Datei]) -> Iterator[bytes]:
    yield to_json(_uebersicht(antrag, entscheidung, dateien), ensure_ascii=True, indent=1) + b"\n"


def _uebersicht(antrag: Antrag, entscheidung: Entscheidung, dateien: list[Datei]) -> dict[str, Any]:
    """For machines that read the folder: ids, times and files, no content of the application."""
    kopf = antrag.model_dump(
        mode="json",
        include={"leistung", "leika", "format", "format_version", "land", "ags", "nachrichten_uuid", "vorgangs_id",
                 "antragsdatum", "empfangen", "zugestellt", "test"},
    )  # fmt: skip
    return {
        "schema": 1,
        **kopf,
        "empfehlung": entscheidung.empfehlung.value,
        "dringlichkeit": entscheidung.dringlichkeit.value,
        "frist": entscheidung.frist and entscheidung.frist.isoformat(),
        "stichtag": entscheidung.stichtag.isoformat(),
        "dateien": [
            {"pfad": datei.pfad, "originalname": datei.originalname, "medientyp": datei.teil.medientyp,
             "laenge": datei.teil.laenge, "sha256": datei.teil.sha256}
            for datei in dateien
        ],
    }  # fmt: skip
