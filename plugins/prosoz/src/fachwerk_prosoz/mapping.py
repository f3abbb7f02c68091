"""From the case to what may be handed over: original, documents, and one JSON with all a profile may name. Pure.

Which file gets which name, and which fact goes where, a profile says only when it is delivered: a resend reads the
profile as it is then.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from fachwerk.modell import Anlage, Antrag, Entscheidung, Person, Sendung, Teil, Ziel

ORIGINAL = "original"
ANLAGEN = "anlagen"
ANGABEN = "angaben.json"
_ORT = ZoneInfo("Europe/Berlin")


def sendung(antrag: Antrag, entscheidung: Entscheidung, ziel: Ziel) -> Sendung:
    """Nothing is made anew but the JSON; the documents keep the order of the message, each once."""
    dokumente = list(_dokumente(antrag))
    anlagen = [Anlage(pfad=ORIGINAL, teil=antrag.original)] if antrag.original else []
    anlagen += [Anlage(pfad=angaben["pfad"], teil=teil) for teil, angaben in dokumente]
    machen = partial(_als_json, antrag, entscheidung, [angaben for _, angaben in dokumente])
    angaben = Teil.entwurf(ANGABEN, "application/json", machen, "Angaben für das Profil")
    kopf = _kopf(antrag)
    name = f"{kopf['leistung']}_{kopf['tag']}_{kopf['nummer']}"
    return Sendung(ziel=ziel.name, bezeichnung=name, anlagen=(*anlagen, Anlage(pfad=ANGABEN, teil=angaben)))


def _dokumente(antrag: Antrag) -> Iterator[tuple[Teil, dict[str, Any]]]:
    """Documents, then attachments no document refers to; each part once, never the original itself."""
    gesehen: set[object] = {_gleich(antrag.original)} if antrag.original else set()
    paare = [(d.teil, d.name, d.typ) for d in antrag.dokumente if d.teil] + [(t, t.name, "") for t in antrag.anlagen]
    nummer = 0
    for teil, name, typ in paare:
        if _gleich(teil) in gesehen:
            continue
        gesehen.add(_gleich(teil))
        nummer += 1
        medientyp = teil.medientyp.partition(";")[0].strip().lower()
        yield (
            teil,
            {
                "pfad": f"{ANLAGEN}/{nummer:04d}",
                "nummer": nummer,
                "name": name or teil.name,
                "dateiname": teil.name or name,
                "typ": typ,
                "medientyp": medientyp,
            },
        )


def _gleich(teil: Teil | None) -> object:
    return (teil.id or id(teil)) if teil else None


def _als_json(antrag: Antrag, entscheidung: Entscheidung, dokumente: list[dict[str, Any]]) -> Iterator[bytes]:
    werte = angaben(antrag, entscheidung, dokumente)
    yield json.dumps(werte, ensure_ascii=True, sort_keys=True).encode() + b"\n"


def angaben(antrag: Antrag, entscheidung: Entscheidung, dokumente: list[dict[str, Any]]) -> dict[str, Any]:
    """All a profile may name, by dotted path; see the README for the words."""
    original = antrag.original
    return {
        "kopf": _kopf(antrag),
        "antrag": antrag.model_dump(mode="json", exclude={"original", "anlagen", "dokumente", "befunde", "fall"}),
        "fall": antrag.model_dump(mode="json", include={"fall"})["fall"] or {},
        "antragsteller": _antragsteller(antrag),
        "entscheidung": entscheidung.model_dump(
            mode="json", include={"empfehlung", "dringlichkeit", "frist", "einig", "stichtag"}
        ),
        "dokumente": dokumente,
        "original": {"medientyp": original.medientyp, "dateiname": original.name} if original else {},
    }


def _kopf(antrag: Antrag) -> dict[str, str]:
    """What may stand in a file name: no personal data."""
    tag = antrag.antragsdatum or antrag.empfangen.astimezone(_ORT).date()
    eingang: datetime = antrag.zugestellt or antrag.empfangen
    return {
        "leistung": re.sub(r"[^a-z0-9_]", "", antrag.leistung.lower())[:40] or "antrag",
        "leika": re.sub(r"[^0-9]", "", antrag.leika)[:20],
        "tag": tag.isoformat(),
        "eingang": eingang.astimezone(_ORT).strftime("%Y%m%dT%H%M%S"),
        "nummer": _nummer(antrag),
        "test": "ja" if antrag.test else "nein",
    }


def _nummer(antrag: Antrag) -> str:
    """Twelve hex digits of the UUID; where there is none, of a hash, because free text could name a person."""
    uuid = antrag.nachrichten_uuid.lower().replace("-", "")
    if re.fullmatch(r"[0-9a-f]{32}", uuid):
        return uuid[:12]
    inhalt = antrag.original.sha256 if antrag.original else None
    return (inhalt or hashlib.sha256(antrag.model_dump_json(exclude={"felder"}).encode()).hexdigest())[:12]


def _antragsteller(antrag: Antrag) -> dict[str, Any]:
    """The one person who applies; empty where the message does not say who."""
    gemeint = [person for person in antrag.personen if person.antragsteller]
    if not gemeint and len(antrag.personen) == 1:
        gemeint = list(antrag.personen)
    person: Person | None = gemeint[0] if len(gemeint) == 1 else None
    return person.model_dump(mode="json") if person else {}
