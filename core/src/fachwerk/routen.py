"""Routing: exactly one Route matches a case, and that this is so is proven before the first message.

Routes are compared on finite dimensions (Leistung, Kanal, Land, ags prefix, format, test or not), so two routes
overlap if and only if they meet on each of them. Routes that are only planned or already ended take part in nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from fachwerk.errors import ConfigError, NeedsHumanError
from fachwerk.konfigfehler import meinten_sie, problem
from fachwerk.modell import GehaltenFuer, Kanal, Schwere, Wert

ALLE = "*"
"""A Route for every Leistung that no other Route names."""


class Zustand(StrEnum):
    """State of a Route (design, section 12); only ``live`` and ``test`` deliver, ``pausiert`` and ``austritt`` hold."""

    GEPLANT = "geplant"
    TEST = "test"
    LIVE = "live"
    PAUSIERT = "pausiert"
    AUSTRITT = "austritt"
    BEENDET = "beendet"


class Route(Wert):
    """Where the cases of one Leistung go. Empty ``kanal``, ``land``, ``ags``, ``format`` match everything.

    ``leistung`` is a word of the catalogue, any of its LeiKa ids, or ``*``; ``nummer`` counts from 1 in the order
    of the file; ``sperre_ab`` is the severity of a Befund from which a case is held. ``grund`` and ``bis`` (last day)
    go with ``pausiert`` and ``austritt``; nothing begins again by itself after ``bis``.
    """

    leistung: str
    kanal: str = ""
    land: str = ""
    ags: str = ""
    format: str = ""
    ziele: tuple[str, ...]
    zustand: Zustand = Zustand.LIVE
    grund: str = ""
    bis: date | None = None
    sperre_ab: Schwere = Schwere.SPERRE
    name: str = ""
    nummer: int = 0

    @model_validator(mode="after")
    def _hat_ziel(self) -> Self:
        if not self.ziele:
            raise ValueError("Eine Route braucht mindestens ein Ziel.")
        return self

    @property
    def wort(self) -> str:
        """The word of the Leistung, ``*``, or the text as it stands if the catalogue does not know it."""
        from fachwerk.katalog import leistung

        bekannt = leistung(self.leistung)
        return bekannt.wort if bekannt else self.leistung.strip()

    @property
    def bezeichnung(self) -> str:
        """How people are told which Route is meant: its name, else its place in the file."""
        return f"„{self.name}“" if self.name else f"Nr. {self.nummer}"

    @property
    def kennung(self) -> str:
        """What the Route is for, in one line: what a command sets for it holds as long as this stays the same."""
        orte = {"kanal": self.kanal, "land": self.land, "ags": self.ags, "format": self.format}
        teile = [self.wort, *(f"{name}={wert}" for name, wert in orte.items() if wert), "test" if self.test else ""]
        return " ".join(teil for teil in teile if teil)

    @property
    def im_dienst(self) -> bool:
        """False while planned and after the end."""
        return self.zustand not in (Zustand.GEPLANT, Zustand.BEENDET)

    @property
    def test(self) -> bool:
        """True for the only routes that test messages may take."""
        return self.zustand is Zustand.TEST


def waehle_route(
    routen: Sequence[Route],
    *,
    kanal: str,
    leistung: str,
    land: str,
    ags: str,
    format: str,  # noqa: A002  the configuration's word
    test: bool = False,
) -> Route:
    """The one Route of a case; a test message takes only test routes, any other message only other routes.

    Raises ``NeedsHumanError`` for the Betrieb: ``route_keine`` or ``route_mehrere``.
    """
    dienst = [route for route in routen if route.im_dienst and route.test == test]
    wort, benannt = _wort(leistung), _benannte(routen, test)
    passend = [
        route
        for route in dienst
        if wort in _woerter(route, benannt, {wort})
        and route.kanal in ("", kanal)
        and route.land in ("", land)
        and route.format in ("", format)
        and ags.startswith(route.ags)
    ]
    if len(passend) != 1:
        angaben = {"kanal": kanal, "leistung": wort, "land": land, "ags": ags, "format": format}
        raise _keine(routen, angaben, test) if not passend else _mehrere(passend, angaben)
    return passend[0]


def pruefe_routen(
    routen: Sequence[Route],
    kanaele: Mapping[str, Kanal],
    ziele: Collection[str],
    formate: Collection[str] | None = None,
) -> list[ConfigError]:
    """Every problem of the routes: unknown names, and each pair that could match the same case.

    ``formate`` are the names of the format plugins; None leaves them unchecked.
    """
    probleme = [fund for route in routen for fund in _namen(route.nummer - 1, route, kanaele, ziele, formate)]
    return probleme + list(_ueberschneidungen(routen, kanaele))


def _wort(leistung: str) -> str:
    from fachwerk.katalog import leistung as suche

    bekannt = suche(leistung)
    return bekannt.wort if bekannt else leistung.strip()


def _benannte(routen: Sequence[Route], test: bool) -> set[str]:
    """The words that a ``*`` leaves to others. Also an ended Route keeps its own: what still comes is held.

    A Leistung that was left on purpose would else go on under the next best Route, without anybody having decided so.
    """
    genannt = [route for route in routen if route.leistung != ALLE]
    return {
        route.wort
        for route in genannt
        if (route.im_dienst and route.test == test) or (route.zustand is Zustand.BEENDET and not test)
    }


def _woerter(route: Route, benannt: set[str], alle: set[str]) -> set[str]:
    """The words of ``alle`` that ``route`` stands for; ``benannt`` are those that routes name."""
    return alle - benannt if route.leistung == ALLE else {route.wort} & alle


def _keine(routen: Sequence[Route], angaben: dict[str, str], test: bool) -> NeedsHumanError:
    ruhend = [route for route in routen if not route.im_dienst and route.wort == angaben["leistung"]]
    zusatz = "".join(f" Route {route.bezeichnung} ist {route.zustand.value}." for route in ruhend)
    art = "Testnachricht" if test else "Nachricht"
    rat = ' mit zustand = "test"' if test else ""
    return NeedsHumanError(
        "route_keine",
        f"Für diese {art} passt keine Route ({_liste(angaben)}).{zusatz} "
        f"In fachwerk.toml eine [[route]]{rat} ergänzen.",
        angaben,
        fuer=GehaltenFuer.BETRIEB,
    )


def _mehrere(passend: Sequence[Route], angaben: dict[str, str]) -> NeedsHumanError:
    namen = ", ".join(route.bezeichnung for route in passend)
    return NeedsHumanError(
        "route_mehrere",
        f"Für diese Nachricht passen mehrere Routen: {namen} ({_liste(angaben)}). Genau eine darf passen.",
        {**angaben, "routen": " ".join(str(route.nummer) for route in passend)},
        fuer=GehaltenFuer.BETRIEB,
    )


def _liste(angaben: dict[str, str]) -> str:
    return ", ".join(f"{name}: {wert or '–'}" for name, wert in angaben.items())


def _namen(
    stelle: int,
    route: Route,
    kanaele: Mapping[str, Kanal],
    ziele: Collection[str],
    formate: Collection[str] | None,
) -> Iterator[ConfigError]:
    from fachwerk.katalog import LAENDER, leistung, leistungen

    if route.leistung != ALLE and leistung(route.leistung) is None:
        rat = meinten_sie(route.leistung, [eintrag.wort for eintrag in leistungen()])
        text = f"Die Leistung „{route.leistung}“ steht nicht im Leistungskatalog.{rat}"
        yield problem("leistung_unbekannt", text, ("route", stelle, "leistung"))
    if route.kanal and route.kanal not in kanaele:
        text = f"Den Kanal „{route.kanal}“ gibt es nicht.{meinten_sie(route.kanal, kanaele)}"
        yield problem("kanal_unbekannt", text, ("route", stelle, "kanal"))
    if route.land and route.land not in LAENDER.values():
        yield problem("land_unbekannt", f"Das Land „{route.land}“ gibt es nicht.", ("route", stelle, "land"))
    if formate is not None and route.format and route.format not in formate:
        text = f"Das Format „{route.format}“ liest keines der geladenen Plugins.{meinten_sie(route.format, formate)}"
        yield problem("format_unbekannt", text, ("route", stelle, "format"))
    for ziel in route.ziele:
        if ziel not in ziele:
            text = f"Das Ziel „{ziel}“ gibt es nicht.{meinten_sie(ziel, ziele)}"
            yield problem("ziel_unbekannt", text, ("route", stelle, "ziel"))
    if len(set(route.ziele)) < len(route.ziele):
        yield problem("ziel_doppelt", "Ein Ziel ist mehrfach genannt.", ("route", stelle, "ziel"))


def _ueberschneidungen(routen: Sequence[Route], kanaele: Mapping[str, Kanal]) -> Iterator[ConfigError]:
    for stelle, spaetere in enumerate(routen):
        for fruehere in routen[:stelle]:
            if _treffen_sich(fruehere, spaetere, routen, kanaele):
                text = (
                    f"Die Routen {fruehere.bezeichnung} und {spaetere.bezeichnung} können auf denselben Fall passen. "
                    "Mit kanal, land, ags oder format unterscheiden, oder eine davon streichen."
                )
                yield problem("route_mehrere", text, ("route", spaetere.nummer - 1))


def _treffen_sich(a: Route, b: Route, routen: Sequence[Route], kanaele: Mapping[str, Kanal]) -> bool:
    """Whether a case exists that both match."""
    if not (a.im_dienst and b.im_dienst and a.test == b.test):
        return False
    dienst = [route for route in routen if route.im_dienst and route.test == a.test]
    woerter, benannt = _alle_woerter(dienst), _benannte(routen, a.test)
    return (
        bool(_woerter(a, benannt, woerter) & _woerter(b, benannt, woerter))
        and _vereinbar(a.kanal, b.kanal)
        and _vereinbar(a.format, b.format)
        and (a.ags.startswith(b.ags) or b.ags.startswith(a.ags))
        and len(_laender(a, kanaele) | _laender(b, kanaele)) <= 1
    )


def _alle_woerter(dienst: Sequence[Route]) -> set[str]:
    from fachwerk.katalog import leistungen

    return {eintrag.wort for eintrag in leistungen()} | {route.wort for route in dienst if route.leistung != ALLE}


def _vereinbar(a: str, b: str) -> bool:
    return a == b or not a or not b


def _laender(route: Route, kanaele: Mapping[str, Kanal]) -> set[str]:
    """Lands a case must have to match; a contradiction between Kanal and ags is held before routing."""
    from fachwerk.katalog import LAENDER

    kanal = kanaele.get(route.kanal)
    genannt = {route.land, kanal.land if kanal else "", LAENDER.get(route.ags[:2], "")}
    return genannt - {""}
