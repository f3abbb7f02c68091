"""The part of the preflight about states of routes: what holds, who set it, which last day is near or over."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy.exc import SQLAlchemyError

from fachwerk.anbindung.frist import ORTSZEIT
from fachwerk.anbindung.stufen import Bild, bild
from fachwerk.errors import FachwerkError
from fachwerk.modell import Kanal, Schwere
from fachwerk.routen import Route, Zustand, pruefe_routen
from fachwerk.routenstand import geltende, kommende, ueberlagere
from fachwerk.settings import Einstellungen
from fachwerk.vorpruefung import Meldung

NAH = timedelta(days=14)
"""So long before the last day of a pause or a leave it is announced."""


def gespeichert(einstellungen: Einstellungen) -> Bild:
    """What commands have set; nothing where the database cannot say (why, is reported with the database)."""
    try:
        return bild(einstellungen)
    except (FachwerkError, SQLAlchemyError, ImportError, OSError):
        return Bild()


def routenmeldungen(
    routen: Sequence[Route], kanaele: Mapping[str, Kanal], ziele: Collection[str], stand: Bild, tag: date
) -> Iterator[Meldung]:
    """All findings about the states of ``routen``, which are those of the configuration."""
    heutige = ueberlagere(routen, stand.staende, tag)
    for datei, heute in zip(routen, heutige, strict=True):
        yield from _zustand(datei, heute, stand, tag)
        yield from frist(heute, tag)
    yield from _verwaiste(routen, stand, tag)
    yield from _gemischte_ziele(heutige)
    yield from _widersprueche(routen, heutige, kanaele, ziele)


def _zustand(datei: Route, heute: Route, stand: Bild, tag: date) -> Iterator[Meldung]:
    ort = f"route[{heute.nummer}]"
    if datei is not heute:
        gesetzt = geltende(stand.staende, tag)[datei.kennung]
        seit = f"{gesetzt.seit.astimezone(ORTSZEIT):%d.%m.%Y}"
        text = (
            f"Die Route {heute.bezeichnung} ist „{heute.zustand.value}“: von {gesetzt.wer} gesetzt am {seit}; in "
            f"fachwerk.toml steht „{datei.zustand.value}“. Zurück dorthin: „fachwerk anbindung zustand konfiguriert“."
        )
        yield Meldung("route_zustand_befehl", Schwere.HINWEIS, text, ort)
    elif heute.zustand is not Zustand.LIVE:
        text = f"Die Route {heute.bezeichnung} ist „{heute.zustand.value}“."
        yield Meldung("route_zustand", Schwere.HINWEIS, text, ort)
    kommt = kommende(stand.staende, tag).get(datei.kennung)
    if kommt is not None and kommt.vorgabe.ab is not None:
        wort = kommt.vorgabe.zustand.value if kommt.vorgabe.zustand else datei.zustand.value
        text = f"Die Route {heute.bezeichnung} wird ab {kommt.vorgabe.ab:%d.%m.%Y} „{wort}“ (von {kommt.wer} gesetzt)."
        yield Meldung("route_zustand_kommt", Schwere.HINWEIS, text, ort)


def frist(route: Route, tag: date) -> Iterator[Meldung]:
    """Nothing happens by itself on the last day, so a person is told before and after."""
    ort = f"route[{route.nummer}].bis"
    if route.bis is None or route.bis - tag > NAH:
        return
    was = "wieder auf „live“" if route.zustand is Zustand.PAUSIERT else "auf „beendet“"
    rat = (
        ""
        if route.zustand not in (Zustand.PAUSIERT, Zustand.AUSTRITT)
        else (
            f" Von selbst ändert sich nichts, ihre Anträge bleiben gehalten: Bitte rechtzeitig {was} setzen "
            "(„fachwerk anbindung zustand“) oder die Frist verlängern."
        )
    )
    if route.bis < tag:
        text = f"Die Frist der Route {route.bezeichnung} ist seit {route.bis:%d.%m.%Y} vorbei. Zustand anpassen.{rat}"
        yield Meldung("route_frist", Schwere.WARNUNG, text, ort)
    else:
        text = f"Die Frist der Route {route.bezeichnung} läuft am {route.bis:%d.%m.%Y} ab.{rat}"
        yield Meldung("route_frist_nah", Schwere.WARNUNG, text, ort)


def _verwaiste(routen: Sequence[Route], stand: Bild, tag: date) -> Iterator[Meldung]:
    """A state whose Route is gone, mostly because its kanal, land, ags or format was edited: it holds no more."""
    bekannte = {route.kennung for route in routen}
    for kennung, gesetzt in sorted((geltende(stand.staende, tag) | kommende(stand.staende, tag)).items()):
        if kennung not in bekannte:
            zustand = gesetzt.vorgabe.zustand
            text = (
                f"Für „{kennung}“ wurde „{zustand.value if zustand else 'konfiguriert'}“ gesetzt, in fachwerk.toml "
                "gibt es diese Route aber nicht mehr (kanal, land, ags oder format geändert?). Er wirkt nicht mehr; "
                "bei Bedarf für die neue Route setzen."
            )
            yield Meldung("route_zustand_verwaist", Schwere.WARNUNG, text, "route")


def _gemischte_ziele(routen: Sequence[Route]) -> Iterator[Meldung]:
    """A Ziel of a test Route that real applications reach as well is a live target for test messages."""
    echte = {ziel: r for r in routen if r.im_dienst and not r.test for ziel in r.ziele}
    for route in routen:
        for ziel in (ziel for ziel in route.ziele if route.test and ziel in echte):
            text = (
                f"Die Testroute {route.bezeichnung} und die Route {echte[ziel].bezeichnung} führen beide zum Ziel "
                f"„{ziel}“: Dort lägen Testnachrichten neben echten Anträgen. Der Testroute ein eigenes Ziel geben."
            )
            yield Meldung("ziel_test_und_echt", Schwere.WARNUNG, text, f"route[{route.nummer}].ziel")


def _widersprueche(
    routen: Sequence[Route], heutige: Sequence[Route], kanaele: Mapping[str, Kanal], ziele: Collection[str]
) -> Iterator[Meldung]:
    """Routes that only match the same case because of a state set by a command; those of the file are known."""
    bekannt = {str(fund) for fund in pruefe_routen(routen, kanaele, ziele)}
    for fund in pruefe_routen(heutige, kanaele, ziele):
        if str(fund) not in bekannt:
            text = f"{fund.hint} Der Zustand einer davon ist durch einen Befehl gesetzt."
            yield Meldung(fund.code, Schwere.FEHLER, text, fund.details["schluessel"])
