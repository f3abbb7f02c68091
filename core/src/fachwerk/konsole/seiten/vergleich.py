"""Calculate a case once more with today's plugins and show what would be different; nothing is delivered."""

from __future__ import annotations

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
    zeile = fall(anfrage, Recht.EINSICHT)
    werte = {"fall": zeile, "vergleich": None, "weitere": 0}
    return anfrage.seite("vergleich.html", f"Vorgang {zeile.id[:12]} noch einmal rechnen", **werte)


def rechne(anfrage: Anfrage) -> Response:
    """Both runs side by side; the run stands in the journal, and who wanted it in the audit chain."""
    zeile = fall(anfrage, Recht.EINSICHT)
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


ROUTEN = [
    Route("/vorgang/{id}/vergleich", geschuetzt(zeige, Recht.EINSICHT), methods=["GET"]),
    Route("/vorgang/{id}/vergleich", geschuetzt(rechne, Recht.EINSICHT), methods=["POST"]),
]
