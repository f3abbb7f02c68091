"""``fachwerk anbindung …``: letters, deadlines and progress of a connection, and the states of routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb

ZUSTAENDE = ("geplant", "test", "live", "pausiert", "austritt", "beendet", "konfiguriert")
"""As in :class:`fachwerk.routen.Zustand`, and :data:`fachwerk.routenstand.WIE_KONFIGURIERT` (a test compares)."""

STUFEN = ("gesendet", "bestaetigt", "unterlagen", "geprueft_fachaufsicht", "geprueft_ksv", "test", "live")
"""As in :class:`fachwerk.anbindung.stufen.Anbindungsstufe` (a test compares)."""

KOPF = ("Leistung", "Stufe", "Route", "Was bekannt ist")

_leistung = click.option("--leistung", required=True, metavar="WORT", help="Wort oder LeiKa-Nummer des Katalogs.")
_json = click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
_ordner = click.option("--ordner", default="", metavar="PFAD", help="Wohin die Schreiben kommen (Vorgabe: anbindung).")
_ersetzen = click.option("--ersetzen", is_flag=True, help="Schreiben, die dort schon liegen, neu schreiben.")
_wer = click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
_route = click.option("--route", default="", metavar="NAME", help="Name oder Nummer der Route, wenn es mehrere gibt.")


class Tag(click.ParamType[date]):
    """A local date; German and ISO notation are both taken."""

    name = "JJJJ-MM-TT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """``2027-01-31`` or ``31.01.2027``."""
        for form in ("%Y-%m-%d", "%d.%m.%Y"):
            try:
                return datetime.strptime(str(value), form).date()
            except ValueError:
                continue
        self.fail(f"„{value}“ ist kein Datum (2027-01-31 oder 31.01.2027).", param, ctx)


TAG = Tag()


@click.group("anbindung")
def befehl() -> None:
    """Anbindung an die Sozialplattform: Schreiben, Fristen, Stand, Zustand der Routen."""


@contextmanager
def _betrieb(konfig: Path | None) -> Iterator[Betrieb]:
    from fachwerk.betrieb import oeffne_betrieb

    betrieb = oeffne_betrieb(konfig, anlegen=True)
    try:
        yield betrieb
    finally:
        betrieb.schliesse()


def _zeige(ergebnis: dict[str, Any], als_json: bool, text: Callable[[dict[str, Any]], str]) -> None:
    from fachwerk.cli.ausgabe import json_aus

    if als_json:
        json_aus(ergebnis)
    else:
        click.echo(text(ergebnis))


@befehl.command("interesse")
@_leistung
@click.option("--ab", type=TAG, help="Ab wann nachgenutzt werden soll (sonst [anbindung].ab).")
@_ordner
@_ersetzen
@_json
@click.pass_obj
def interesse(konfig: Path | None, leistung: str, ab: date | None, ordner: str, ersetzen: bool, als_json: bool) -> None:
    """Schreibt die Interessensbekundung an die koordinierende Stelle des Landes, im vorgeschriebenen Wortlaut.

    Sie erklärt auch, dass die Nachnutzungsbedingungen akzeptiert werden. Gesendet wird nichts.
    """
    from fachwerk import settings
    from fachwerk.anbindung.vorgehen import Wohin, bekunde
    from fachwerk.cli.anbindungstext import interesse_text

    ergebnis = bekunde(settings.lade(konfig), leistung, ab, Wohin(ordner, ersetzen))
    _zeige(ergebnis, als_json, interesse_text)


@befehl.command("abmelden")
@_leistung
@click.option("--art", required=True, type=click.Choice(["dauerhaft", "temporaer"]), help="Für immer oder auf Zeit.")
@click.option("--zugang", type=TAG, help="dauerhaft: Tag, an dem das Schreiben beim MiK ankommt (Vorgabe: heute).")
@click.option("--zustellen-bis", type=TAG, help="dauerhaft: bis dahin weiter zustellen (sonst ab sofort halten).")
@click.option("--ab", type=TAG, help="temporaer: erster Tag (Vorgabe: heute).")
@click.option("--bis", type=TAG, help="temporaer: voraussichtlich letzter Tag.")
@click.option("--grund", default="", help="Begründung; temporaer: steht auch im Schreiben und ist Pflicht.")
@_route
@click.option("--nur-schreiben", is_flag=True, help="Den Zustand der Route nicht ändern.")
@_wer
@_ordner
@_ersetzen
@_json
@click.pass_obj
def abmelden(konfig: Path | None, /, als_json: bool, **angaben: Any) -> None:
    """Schreibt die Abmeldung an den MiK, rechnet die Frist, nennt die Pflichten und setzt den Zustand der Route.

    Danach werden eingehende Anträge weiter abgerufen und gespeichert, aber gehalten.
    """
    from fachwerk.cli.anbindungstext import abmelde_text

    _zeige(_melde_ab(konfig, **angaben), als_json, abmelde_text)


def _melde_ab(
    konfig: Path | None, leistung: str, nur_schreiben: bool, ordner: str, ersetzen: bool, **angaben: Any
) -> dict[str, Any]:
    from fachwerk import settings
    from fachwerk.anbindung.vorgehen import Wohin, dienst, melde_ab, schreibe_abmeldung, vorgabe
    from fachwerk.cli.person import benutzer

    gesucht, abmeldung, wohin = dienst(leistung), _abmeldung(**angaben), Wohin(ordner, ersetzen)
    if nur_schreiben:
        return schreibe_abmeldung(settings.lade(konfig), gesucht, abmeldung, wohin)
    wunsch = vorgabe(abmeldung, angaben["grund"], angaben["zustellen_bis"])
    with _betrieb(konfig) as betrieb:
        return melde_ab(betrieb, gesucht, abmeldung, wunsch, angaben["route"], angaben["wer"] or benutzer(), wohin)


def _abmeldung(art: str, **angaben: Any) -> Any:
    """What was asked for; options that do not belong to it are refused, not ignored."""
    from fachwerk.anbindung.frist import heute
    from fachwerk.anbindung.schreiben import dauerhafte, temporaere

    fremde = {"dauerhaft": ("ab", "bis"), "temporaer": ("zugang", "zustellen_bis")}[art]
    if falsch := [f"--{name.replace('_', '-')}" for name in fremde if angaben[name] is not None]:
        raise click.UsageError(f"{', '.join(falsch)} gehört nicht zu --art {art}.")
    if art == "dauerhaft":
        return dauerhafte(angaben["zugang"] or heute())
    if angaben["bis"] is None:
        raise click.UsageError("Eine temporäre Abmeldung braucht eine Dauer: --bis JJJJ-MM-TT.")
    return temporaere(angaben["ab"] or heute(), angaben["bis"], angaben["grund"])


@befehl.command("status")
@_json
@click.pass_obj
def status(konfig: Path | None, als_json: bool) -> None:
    """Zeigt jede Leistung des Katalogs: Stufe, Route, X-Standard, Transport, Pilotkommunen, Fachverfahren.

    „unbekannt“ heißt: niemand hat es vermerkt, oder keine zugängliche Quelle sagt es.
    """
    from fachwerk import settings
    from fachwerk.anbindung.frist import heute
    from fachwerk.anbindung.stufen import bild, uebersicht
    from fachwerk.cli.anbindungstext import status_zeile
    from fachwerk.cli.ausgabe import json_aus, tabelle
    from fachwerk.katalog import leistungen

    einstellungen = settings.lade(konfig)
    zeilen = uebersicht(leistungen(), einstellungen.routen, bild(einstellungen), heute())
    if als_json:
        json_aus(zeilen)
    else:
        click.echo(tabelle(KOPF, [*map(status_zeile, zeilen)]))


@befehl.command("vermerke")
@click.argument("stufe", type=click.Choice(STUFEN))
@_leistung
@click.option("--am", type=TAG, help="Wann sie erreicht wurde (Vorgabe: heute).")
@click.option("--grund", default="", help="Was dazu zu sagen ist (bleibt im Protokoll).")
@click.option("--zuruecknehmen", is_flag=True, help="Einen irrtümlichen Vermerk löschen.")
@_wer
@click.pass_obj
def vermerke(
    konfig: Path | None, stufe: str, leistung: str, am: date | None, grund: str, zuruecknehmen: bool, wer: str
) -> None:
    """Vermerkt, dass die Anbindung einer Leistung STUFE erreicht hat."""
    from fachwerk.anbindung import stufen
    from fachwerk.anbindung.frist import heute
    from fachwerk.anbindung.vorgehen import dienst
    from fachwerk.cli.person import benutzer

    gesucht, erreicht, tag = dienst(leistung), stufen.Anbindungsstufe(stufe), am or heute()
    with _betrieb(konfig) as betrieb:
        if zuruecknehmen:
            stufen.nimm_zurueck(betrieb.store, gesucht.wort, erreicht, wer=wer or benutzer(), grund=grund)
            click.echo(f"{gesucht.titel}: „{stufen.TITEL[erreicht]}“ ist nicht mehr vermerkt.")
            return
        stufen.vermerke(betrieb.store, gesucht.wort, erreicht, tag, heute(), wer=wer or benutzer(), grund=grund)
    click.echo(f"{gesucht.titel}: {stufen.TITEL[erreicht]} am {tag:%d.%m.%Y}.")


@befehl.command("zustand")
@click.argument("zustand", type=click.Choice(ZUSTAENDE))
@_leistung
@click.option("--grund", required=True, help="Warum (bleibt im Protokoll).")
@click.option("--ab", type=TAG, help="Erster Tag (Vorgabe: ab sofort).")
@click.option("--bis", type=TAG, help="Letzter Tag, zu pausiert und austritt; danach wird nur erinnert.")
@_route
@click.option("--nachholen", is_flag=True, help="Vorgänge weiterlaufen lassen, die wegen der Route gehalten werden.")
@_wer
@_json
@click.pass_obj
def zustand(konfig: Path | None, /, zustand: str, leistung: str, als_json: bool, **angaben: Any) -> None:
    """Setzt den ZUSTAND einer Route; er gewinnt gegen fachwerk.toml, bis „konfiguriert“ ihn zurücknimmt."""
    from fachwerk.anbindung.vorgehen import hole_nach, stelle_um
    from fachwerk.cli.anbindungstext import zustand_text
    from fachwerk.cli.person import benutzer

    wer = angaben["wer"] or benutzer()
    wunsch = _wunsch(zustand, angaben["grund"], angaben["ab"], angaben["bis"])
    with _betrieb(konfig) as betrieb:
        ergebnis = stelle_um(betrieb, leistung, wunsch, angaben["route"], wer)
        ergebnis["nachgeholt"] = hole_nach(betrieb, leistung, wer, angaben["grund"]) if angaben["nachholen"] else 0
    _zeige(ergebnis, als_json, zustand_text)


def _wunsch(zustand: str, grund: str, ab: date | None, bis: date | None) -> Any:
    from fachwerk.routen import Zustand
    from fachwerk.routenstand import WIE_KONFIGURIERT, Vorgabe

    if bis is not None and zustand not in ("pausiert", "austritt"):
        raise click.UsageError(f"--bis gehört zu pausiert und austritt, nicht zu {zustand}.")
    return Vorgabe(None if zustand == WIE_KONFIGURIERT else Zustand(zustand), grund, ab=ab, bis=bis)
