"""The rules: which are loaded, and the pages they add about themselves. No case stands behind any of it."""

from __future__ import annotations

from functools import cache

from starlette.responses import Response
from starlette.routing import Route

from fachwerk.konsole import beitraege
from fachwerk.konsole.beitrag import Beitrag, Bild, Inhalt, Tabelle, Text
from fachwerk.konsole.zugang import Anfrage, NichtGefunden, geschuetzt
from fachwerk.modell import Art


@cache
def geladene(namen: tuple[str, ...]) -> dict[str, tuple[Beitrag, ...]]:
    """The pages of the plugins of these names; what is installed does not change while the console runs."""
    return beitraege.lade(namen)


def zeige(anfrage: Anfrage) -> Response:
    """The loaded rules and their pages."""
    plugins = anfrage.betrieb.plugins
    regeln = [plugins.manifest(name) for name in plugins.mit_art(Art.REGELN)]
    seiten = geladene(plugins.namen)
    titel = {name: plugins.manifest(name).titel or name for name in seiten}
    return anfrage.seite("regeln.html", "Regeln", regeln=regeln, beitraege=seiten, titel_von=titel)


def zeige_seite(anfrage: Anfrage) -> Response:
    """A page of a plugin, every word escaped and every picture checked."""
    name, seiten = anfrage.pfad("plugin"), geladene(anfrage.betrieb.plugins.namen)
    beitrag = beitraege.finde(seiten, name, anfrage.pfad("pfad"))
    if beitrag is None:
        raise NichtGefunden
    frage = {schluessel[:50]: anfrage.frage(schluessel) for schluessel in list(anfrage.request.query_params)[:20]}
    inhalt = beitrag.seite(frage)
    return anfrage.seite(
        "regelseite.html",
        beitrag.titel,
        plugin=name,
        geschwister=seiten[name],
        beitrag=beitrag,
        inhalt=inhalt,
        teile=_teile(inhalt),
    )


def _teile(inhalt: Inhalt) -> list[tuple[str, object]]:
    """Each part with the word by which the template knows it."""
    gefunden: list[tuple[str, object]] = []
    for teil in inhalt.teile:
        if isinstance(teil, Bild):
            gefunden.append(("bild", beitraege.sicheres_svg(teil.svg)))
        elif isinstance(teil, Text | Tabelle):
            gefunden.append(("text" if isinstance(teil, Text) else "tabelle", teil))
    return gefunden


ROUTEN = [
    Route("/regeln", geschuetzt(zeige), methods=["GET"]),
    Route("/regeln/{plugin}/{pfad}", geschuetzt(zeige_seite), methods=["GET"]),
]
