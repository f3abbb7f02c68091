"""From Antrag to Sendung: pure, so the same application gives the same bytes, today and in ten years."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from fachwerk.modell import Anlage, Antrag, Entscheidung, Sendung, Teil, Ziel

FALL = "fall.json"
_ENDUNG = {
    "application/pdf": "pdf",
    "application/xml": "xml",
    "text/xml": "xml",
    "image/png": "png",
    "image/jpeg": "jpg",
    "text/plain": "txt",
}


def sendung(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """The case as JSON, then original and attachments under names of our own: those of the sender are data."""
    dateien = list(_dateien(antrag))
    fall = Teil.entwurf(FALL, "application/json", partial(_fall, antrag, entscheidung, dateien), "Der Fall als Daten")
    return Sendung(
        ziel=ziel.name,
        bezeichnung=bezeichnung(antrag),
        anlagen=(Anlage(pfad=FALL, teil=fall), *dateien),
        metadaten={"leistung": antrag.leistung, "test": "ja" if antrag.test else "nein"},
    )


def bezeichnung(antrag: Antrag) -> str:
    """``wbs-1a2b3c4d5e6f``: a hash, because what the sender calls the case could name a person."""
    kern = (
        antrag.nachrichten_uuid or (antrag.original.sha256 if antrag.original else "") or antrag.empfangen.isoformat()
    )
    return f"{antrag.leistung}-{hashlib.sha256(kern.encode()).hexdigest()[:12]}"


def _dateien(antrag: Antrag) -> Iterator[Anlage]:
    """The original and every part once, in the order of the message."""
    gesehen = set()
    if antrag.original is not None:
        gesehen.add(antrag.original.id)
        yield Anlage(pfad=f"original{_endung(antrag.original)}", teil=antrag.original)
    nummer = 0
    for teil in (*(dokument.teil for dokument in antrag.dokumente), *antrag.anlagen):
        if teil is not None and teil.id not in gesehen:
            gesehen.add(teil.id)
            nummer += 1
            yield Anlage(pfad=f"anlagen/{nummer:03d}{_endung(teil)}", teil=teil)


def _endung(teil: Teil) -> str:
    endung = _ENDUNG.get(teil.medientyp.partition(";")[0].strip().lower())
    return f".{endung}" if endung else ".bin"


def _fall(antrag: Antrag, entscheidung: Entscheidung, dateien: list[Anlage]) -> Iterator[bytes]:
    yield json.dumps(_als_daten(antrag, entscheidung, dateien), ensure_ascii=True, indent=1).encode() + b"\n"


def _als_daten(antrag: Antrag, entscheidung: Entscheidung, dateien: list[Anlage]) -> dict[str, Any]:
    """What the Fachverfahren wants to know; every leaf of the message goes along, so that nothing is dropped."""
    kopf = antrag.model_dump(mode="json", include={"leistung", "leika", "land", "ags", "antragsdatum", "empfangen"})
    personen = [person.model_dump(mode="json", exclude_defaults=True) for person in antrag.personen]
    return {
        "schema": 1,
        **kopf,
        "personen": personen,
        "felder": antrag.felder,
        "empfehlung": entscheidung.empfehlung.value,
        "frist": entscheidung.frist and entscheidung.frist.isoformat(),
        "offen": [punkt.model_dump(mode="json") for punkt in entscheidung.offen],
        "dateien": [{"pfad": d.pfad, "name": d.teil.name, "medientyp": d.teil.medientyp} for d in dateien],
    }
