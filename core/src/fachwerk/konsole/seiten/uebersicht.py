"""The first page: what is to be done now."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from fachwerk.konsole.zugang import Anfrage, geschuetzt


@dataclass(frozen=True)
class Kachel:
    """A number with its title; ``art`` (``gut``, ``warn``, ``schlecht``) colours its edge."""

    zahl: str
    titel: str
    verweis: str = ""
    art: str = ""


def zeige(anfrage: Anfrage) -> Response:
    """The numbers of all cases."""
    anzahlen = anfrage.betrieb.store.anzahlen()
    gehalten = anzahlen.get("held", 0)
    kacheln = [
        Kachel(str(gehalten), "gehalten", "/vorgaenge?status=held", "schlecht" if gehalten else "gut"),
        Kachel(str(anzahlen.get("waiting", 0)), "warten", "/vorgaenge?status=waiting"),
        Kachel(str(anzahlen.get("ready", 0) + anzahlen.get("running", 0)), "in Arbeit", "/vorgaenge?status=running"),
        Kachel(str(anzahlen.get("done", 0)), "zugestellt", "/vorgaenge?status=done"),
    ]
    return anfrage.seite("uebersicht.html", "Übersicht", kacheln=kacheln)


ROUTEN = [Route("/", geschuetzt(zeige), methods=["GET"])]
