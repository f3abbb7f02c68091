"""Calculate a case once more with today's plugins and show what would be different; nothing is delivered."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from fachwerk import wiederlauf
from fachwerk.konsole import fallinhalt
from fachwerk.konsole.seiten.vorgang import fall
from fachwerk.konsole.zugang import Anfrage, geschuetzt
from fachwerk.rechte import Recht

HOECHSTENS = 1_000
"""So many differences are shown."""


def zeige(anfrage: Anfrage) -> Response:
    """What would happen."""
    zeile = _einzusehen(anfrage)
    werte = {"fall": zeile, "vergleich": None, "weitere": 0}
    return anfrage.seite("vergleich.html", f"Vorgang {zeile.id[:12]} noch einmal rechnen", **werte)


def rechne(anfrage: Anfrage) -> Response:
    """Both runs side by side; the run stands in the journal, and who wanted it in the audit chain."""
    zeile = _einzusehen(anfrage)
    vergleich = wiederlauf.vergleiche(anfrage.betrieb, zeile.id)
    fallinhalt.vermerke_einsicht(anfrage.betrieb.store, zeile.id, anfrage.person.name, "vergleich")
    wiederlauf.vermerke(anfrage.betrieb, vergleich, anfrage.person.name)
    werte = {
        "fall": zeile,
        "vergleich": vergleich,
        "unterschiede": vergleich.unterschiede[:HOECHSTENS],
        "weitere": max(len(vergleich.unterschiede) - HOECHSTENS, 0),
    }
    return anfrage.seite("vergleich.html", f"Vorgang {zeile.id[:12]} noch einmal gerechnet", **werte)


def _einzusehen(anfrage: Anfrage) -> Any:
    zeile = fall(anfrage)
    anfrage.verlange(Recht.EINSICHT, zeile.kanal)
    return zeile


ROUTEN = [
    Route("/vorgang/{id}/vergleich", geschuetzt(zeige, Recht.EINSICHT), methods=["GET"]),
    Route("/vorgang/{id}/vergleich", geschuetzt(rechne, Recht.EINSICHT), methods=["POST"]),
]
