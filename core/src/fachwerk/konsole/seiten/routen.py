"""The routes as they hold today, their states set by those who manage, and how far the connection has come."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response
from starlette.routing import Route as Pfad

from fachwerk import katalog, routenstand
from fachwerk.anbindung import stufen
from fachwerk.anbindung.frist import heute
from fachwerk.anbindung.vorgehen import hole_nach
from fachwerk.konsole.zugang import Anfrage, NichtGefunden, geschuetzt
from fachwerk.rechte import Recht
from fachwerk.routen import Route, Zustand
from fachwerk.routenstand import WIE_KONFIGURIERT, RoutenstandError, Vorgabe

WAS: dict[str, str] = {
    "live": "stellt zu",
    "test": "nimmt nur Testnachrichten",
    "geplant": "noch nicht im Dienst",
    "pausiert": "ruht, Vorgänge werden gehalten",
    "austritt": "Abmeldung läuft, Vorgänge werden gehalten",
    "beendet": "nicht mehr im Dienst, Vorgänge werden gehalten",
    WIE_KONFIGURIERT: "wie in fachwerk.toml",
}
MIT_BIS = (Zustand.PAUSIERT, Zustand.AUSTRITT)


def zeige(anfrage: Anfrage) -> Response:
    """The routes of the Kanäle the person may see."""
    betrieb, tag = anfrage.betrieb, heute()
    with betrieb.store.lesend() as verbindung:
        staende = routenstand.lies(verbindung)
    gelten, kommen = routenstand.geltende(staende, tag), routenstand.kommende(staende, tag)
    zeilen = [
        {
            "route": jetzt,
            "gesetzt": gelten.get(datei.kennung) if jetzt is not datei else None,
            "danach": kommen.get(datei.kennung),
        }
        for datei, jetzt in zip(betrieb.routen, routenstand.ueberlagere(betrieb.routen, staende, tag), strict=True)
        if _sichtbar(anfrage, datei)
    ]
    darf = anfrage.person.darf_ueberall(Recht.VERWALTEN)
    return anfrage.seite("routen.html", "Routen", zeilen=zeilen, was=WAS, darf=darf)


def setze(anfrage: Anfrage) -> Response:
    """Give a Route another state; with ``nachholen`` what it held goes on."""
    route = next((eine for eine in anfrage.betrieb.routen if str(eine.nummer) == anfrage.pfad("nummer")), None)
    if route is None:
        raise NichtGefunden
    vorgabe = _vorgabe(anfrage)
    routenstand.setze(anfrage.betrieb, route, vorgabe, anfrage.person.name)
    if anfrage.feld("nachholen"):
        hole_nach(anfrage.betrieb, route.wort, anfrage.person.name, vorgabe.grund)
    return anfrage.weiter("/routen", "umgestellt")


def zeige_anbindung(anfrage: Anfrage) -> Response:
    """Every service of the catalogue: the step that was noted, and what sources say of it."""
    with anfrage.betrieb.store.lesend() as verbindung:
        bild = stufen.Bild(tuple(routenstand.lies(verbindung)), stufen.lies(verbindung))
    routen = [route for route in anfrage.betrieb.routen if _sichtbar(anfrage, route)]
    zeilen = stufen.uebersicht(katalog.leistungen(), routen, bild, heute())
    worte = {stufe.value: titel for stufe, titel in stufen.TITEL.items()}
    return anfrage.seite("anbindung.html", "Anbindung", zeilen=zeilen, worte=worte, unbekannt=stufen.UNBEKANNT)


def _sichtbar(anfrage: Anfrage, route: Route) -> bool:
    return not route.kanal or anfrage.sieht_alle_kanaele or route.kanal in anfrage.kanaele


def _vorgabe(anfrage: Anfrage) -> Vorgabe:
    wort = anfrage.feld("zustand")
    if wort not in WAS:
        raise RoutenstandError("route_unbekannt", "Bitte einen der angebotenen Zustände wählen.")
    grund = anfrage.begruendung("warum die Route umgestellt wird")
    zustand = None if wort == WIE_KONFIGURIERT else Zustand(wort)
    bis = _tag(anfrage, "bis")
    if bis is not None and zustand not in MIT_BIS:
        raise RoutenstandError("route_frist", "Ein letzter Tag gehört nur zu „pausiert“ und „austritt“.")
    return Vorgabe(zustand, grund, ab=_tag(anfrage, "ab"), bis=bis)


def _tag(anfrage: Anfrage, name: str) -> date | None:
    if not (text := anfrage.feld(name)):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RoutenstandError("route_frist", "Ein Tag wird als JJJJ-MM-TT geschrieben.") from None


ROUTEN: list[Any] = [
    Pfad("/routen", geschuetzt(zeige), methods=["GET"]),
    Pfad("/routen/{nummer}", geschuetzt(setze, Recht.VERWALTEN, ueberall=True), methods=["POST"]),
    Pfad("/anbindung", geschuetzt(zeige_anbindung), methods=["GET"]),
]
