"""States of routes that a command has set: kept in the database, stronger than ``fachwerk.toml``, never written there.

Each is a row of its own and stays as history; of those of a Route that have begun, the latest holds. An empty state
gives the Route back to the configuration. Nothing begins or ends by itself after ``bis``: a person says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fachwerk.anbindung.frist import heute
from fachwerk.errors import ConfigError, ConfigErrors, FachwerkError
from fachwerk.modell import utc
from fachwerk.routen import ALLE, Route, Zustand, pruefe_routen
from fachwerk.store import BETRIEB
from fachwerk.tabellen import routenstand

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

_ALLE_STAENDE = sa.select(routenstand).order_by(routenstand.c.route, routenstand.c.nr)

WIE_KONFIGURIERT = "konfiguriert"
"""Instead of a state: from now on the configuration holds again."""


class RoutenstandError(FachwerkError):
    """This state cannot be given to this Route."""


@dataclass(frozen=True)
class Vorgabe:
    """What a person wants of a Route: ``zustand`` None gives it back to the configuration.

    ``ab`` is the first day (None: at once), ``bis`` the last, both local dates.
    """

    zustand: Zustand | None
    grund: str
    ab: date | None = None
    bis: date | None = None


@dataclass(frozen=True)
class Stand:
    """A row: what holds for the Route of this :attr:`Route.kennung` from ``vorgabe.ab`` on."""

    route: str
    nr: int
    vorgabe: Vorgabe
    wer: str
    seit: datetime

    def hat_begonnen(self, tag: date) -> bool:
        """Whether it holds on ``tag``, unless a later one does."""
        return self.vorgabe.ab is None or self.vorgabe.ab <= tag


def lies(verbindung: sa.Connection) -> list[Stand]:
    """All rows, per Route in the order in which they were set."""
    zeilen = verbindung.execute(_ALLE_STAENDE)
    return [
        Stand(
            zeile.route,
            zeile.nr,
            Vorgabe(Zustand(zeile.zustand) if zeile.zustand else None, zeile.grund, zeile.ab, zeile.bis),
            zeile.wer,
            utc(zeile.seit),
        )
        for zeile in zeilen
    ]


def geltende(staende: Iterable[Stand], tag: date) -> dict[str, Stand]:
    """By Route what holds on ``tag``; routes given back to the configuration are not among them."""
    letzte = {stand.route: stand for stand in staende if stand.hat_begonnen(tag)}
    return {route: stand for route, stand in letzte.items() if stand.vorgabe.zustand is not None}


def kommende(staende: Iterable[Stand], tag: date) -> dict[str, Stand]:
    """By Route what was set last, if it has not begun on ``tag``."""
    letzte = {stand.route: stand for stand in staende}
    return {route: stand for route, stand in letzte.items() if not stand.hat_begonnen(tag)}


def ueberlagere(routen: Sequence[Route], staende: Iterable[Stand], tag: date) -> tuple[Route, ...]:
    """``routen`` of the configuration with the states that hold on ``tag``, in their order."""
    gelten = geltende(staende, tag)
    gemeint = {kennung: _gemeinte(routen, kennung) for kennung in gelten}
    return tuple(
        _mit(route, gelten[route.kennung]) if route in gemeint.get(route.kennung, []) else route for route in routen
    )


def heutige(betrieb: Betrieb) -> tuple[Route, ...]:
    """The routes as they hold today, in every process of the installation at once."""
    with betrieb.store.lesend() as verbindung:
        staende = lies(verbindung)
    return ueberlagere(betrieb.routen, staende, heute()) if staende else tuple(betrieb.routen)


def _mit(route: Route, stand: Stand) -> Route:
    vorgabe = stand.vorgabe
    return route.model_copy(update={"zustand": vorgabe.zustand, "grund": vorgabe.grund, "bis": vorgabe.bis})


def _gemeinte(routen: Sequence[Route], kennung: str) -> list[Route]:
    """The routes of the configuration with this name; if one is in service, that one (a planned twin may stand by)."""
    gleiche = [route for route in routen if route.kennung == kennung]
    return [route for route in gleiche if route.im_dienst] or gleiche


def finde(routen: Sequence[Route], leistung: str, name: str = "") -> Route:
    """The one Route of the configuration for ``leistung`` (a word), or the one of this name or number.

    Raises ``RoutenstandError`` with what there is to choose from: nobody is to stop a Route by mistake.
    """
    passend = [route for route in routen if route.wort == leistung and name in ("", route.name, str(route.nummer))]
    dienst = [route for route in passend if route.im_dienst] or passend
    if len(dienst) == 1:
        return dienst[0]
    if dienst:
        auswahl = ", ".join(f"{route.nummer} ({route.kennung}, {route.zustand.value})" for route in dienst)
        text = f"Für „{leistung}“ gibt es mehrere Routen: {auswahl}. Bitte eine mit --route NUMMER nennen."
        raise RoutenstandError("route_mehrere", text)
    if leistung != ALLE and any(route.leistung == ALLE for route in routen) and not name:
        text = (
            f"„{leistung}“ hat keine eigene Route, sondern läuft über die Route „*“ aller übrigen Leistungen. Bitte in "
            "fachwerk.toml eine eigene [[route]] dafür ergänzen und den Dienst neu starten; nur sie ruht dann."
        )
        raise RoutenstandError("route_nur_stern", text)
    mit = f" mit dem Namen oder der Nummer „{name}“" if name else ""
    raise RoutenstandError("route_unbekannt", f"In fachwerk.toml steht keine Route für „{leistung}“{mit}.")


def pruefe(betrieb: Betrieb, route: Route, vorgabe: Vorgabe, tag: date) -> None:
    """Refuse what cannot hold: a last day before the first, a Route not told apart, two that match a case."""
    if vorgabe.bis and vorgabe.bis < (vorgabe.ab or tag):
        raise RoutenstandError("route_frist", f"Der letzte Tag {vorgabe.bis:%d.%m.%Y} liegt vor dem ersten.")
    gleiche = [andere for andere in _gemeinte(betrieb.routen, route.kennung) if andere is not route]
    if gleiche:
        text = (
            f"Die Routen {route.nummer} und {gleiche[0].nummer} unterscheiden sich in fachwerk.toml nur im Zustand; "
            "ein gesetzter gälte nicht sicher für die gemeinte. Bitte eine davon streichen oder genauer fassen."
        )
        raise RoutenstandError("route_zwilling", text)
    with betrieb.store.lesend() as verbindung:
        staende = lies(verbindung)
    beginn = max(vorgabe.ab or tag, tag)
    kuenftig = [*staende, Stand(route.kennung, 1 + len(staende), vorgabe, "", datetime.now(UTC))]
    alt = {str(problem) for problem in _probleme(betrieb, ueberlagere(betrieb.routen, staende, beginn))}
    neue = [p for p in _probleme(betrieb, ueberlagere(betrieb.routen, kuenftig, beginn)) if str(p) not in alt]
    if neue:
        raise ConfigErrors(neue)


def _probleme(betrieb: Betrieb, routen: Sequence[Route]) -> list[ConfigError]:
    return pruefe_routen(routen, betrieb.kanaele, betrieb.ziele)


def setze(betrieb: Betrieb, route: Route, vorgabe: Vorgabe, wer: str) -> None:
    """Give ``route`` of the configuration a state, audited with the reason; it holds for the next case."""
    pruefe(betrieb, route, vorgabe, heute())
    wort = vorgabe.zustand.value if vorgabe.zustand else WIE_KONFIGURIERT
    with betrieb.store.transaktion("routenstand") as verbindung:
        betrieb.store.vermerke(
            verbindung, BETRIEB, wer, "route_zustand", f"{route.kennung}: {wort}"[:200], vorgabe.grund
        )
        bisher = sa.select(sa.func.max(routenstand.c.nr)).where(routenstand.c.route == route.kennung)
        verbindung.execute(
            routenstand.insert().values(
                route=route.kennung,
                nr=(verbindung.execute(bisher).scalar_one() or 0) + 1,
                zustand=vorgabe.zustand.value if vorgabe.zustand else "",
                ab=vorgabe.ab,
                bis=vorgabe.bis,
                grund=vorgabe.grund,
                wer=wer,
                seit=datetime.now(UTC),
            )
        )
