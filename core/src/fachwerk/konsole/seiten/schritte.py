"""The steps of a case one by one: what each gave, and where two runs differ. For those who may see content."""

from __future__ import annotations

from itertools import islice
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from fachwerk.konsole import fallinhalt, schrittinhalt
from fachwerk.konsole.seiten.vorgang import fall
from fachwerk.konsole.zugang import Anfrage, NichtGefunden, geschuetzt
from fachwerk.rechte import Recht

HOECHSTENS = 1_000
"""So many differences are shown."""


def zeige(anfrage: Anfrage) -> Response:
    """One step: who did it, how long it took, and its output."""
    zeile, schritte = _journal(anfrage)
    nr = anfrage.pfad("nr")
    schritt = next((s for s in schritte if str(s.id) == nr), None)
    if schritt is None:
        raise NichtGefunden
    _vermerke(anfrage, zeile, f"schritt {schritt.name}")
    ausgabe = schrittinhalt.lies(anfrage.betrieb.store, schritt.ausgabe) if schritt.ausgabe else None
    ort = schritte.index(schritt)
    werte = {
        "fall": zeile,
        "schritt": schritt,
        "ausgabe": ausgabe,
        "davor": schritte[ort - 1] if ort else None,
        "danach": schritte[ort + 1] if ort + 1 < len(schritte) else None,
    }
    return anfrage.seite("schritt.html", f"Schritt {schritt.name} von {zeile.id[:12]}", **werte)


def vergleiche(anfrage: Anfrage) -> Response:
    """Two runs of the case side by side (``a`` and ``b``; without them the last two)."""
    zeile, schritte = _journal(anfrage)
    laeufe = sorted({schritt.lauf for schritt in schritte})
    a, b = _lauf(anfrage, "a", laeufe[-2:][0] if laeufe else 1), _lauf(anfrage, "b", laeufe[-1] if laeufe else 1)
    _vermerke(anfrage, zeile, f"laeufe {a} {b}")
    alle = schrittinhalt.vergleiche(anfrage.betrieb.store, _von(schritte, a), _von(schritte, b))
    gefunden = list(islice(alle, HOECHSTENS + 1))
    werte = {"fall": zeile, "laeufe": laeufe, "a": a, "b": b, "unterschiede": gefunden[:HOECHSTENS]}
    return anfrage.seite("laeufe.html", f"Läufe von {zeile.id[:12]}", gekuerzt=len(gefunden) > HOECHSTENS, **werte)


def _lauf(anfrage: Anfrage, name: str, sonst: int) -> int:
    text = anfrage.frage(name)
    return int(text) if text.isdecimal() and len(text) < 7 else sonst


def _von(schritte: list[Any], lauf: int) -> dict[str, Any]:
    """By step and Ziel the last row of a run."""
    return {f"{s.name} {s.ziel}".strip(): s for s in schritte if s.lauf == lauf}


def _journal(anfrage: Anfrage) -> tuple[Any, list[Any]]:
    zeile = fall(anfrage, Recht.EINSICHT)
    return zeile, anfrage.betrieb.store.schritte(zeile.id)


def _vermerke(anfrage: Anfrage, zeile: Any, was: str) -> None:
    fallinhalt.vermerke_einsicht(anfrage.betrieb.store, zeile.id, anfrage.person.name, was)


ROUTEN = [
    Route("/vorgang/{id}/schritt/{nr}", geschuetzt(zeige, Recht.EINSICHT), methods=["GET"]),
    Route("/vorgang/{id}/laeufe", geschuetzt(vergleiche, Recht.EINSICHT), methods=["GET"]),
]
