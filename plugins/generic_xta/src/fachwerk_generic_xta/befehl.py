"""``fachwerk x generic-xta``: look at a mailbox or a sent message without touching the line. Nothing is ever closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fachwerk.errors import ConfigError, NeedsHumanError, StepError
from fachwerk.modell import Kanal, Schwere, Ziel

if TYPE_CHECKING:
    from fachwerk.wirt import Wirt

_JSON = click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
_NAME = click.argument("name", metavar="KANAL|ZIEL")


def melde_an(cli: click.Group) -> None:
    """Add the commands to the group of this plugin."""
    for befehl in (check, liste, report, lookup):
        cli.add_command(befehl)


@click.command("check")
@_NAME
@_JSON
@click.pass_obj
def check(konfig: Path | None, name: str, als_json: bool) -> None:
    """Prüft Zertifikat, Verbindung, Konto und Dienst eines Kanals oder Ziels.

    Ausgang: 0 in Ordnung, 1 Warnungen, 3 Fehler.
    """
    from fachwerk_generic_xta.auskunft import befunde_json, befunde_text
    from fachwerk_generic_xta.pruefung import pruefe

    with _stelle(konfig, name) as (stelle, wirt):
        befunde = pruefe(stelle, wirt)
    _zeige(befunde_json(befunde) if als_json else befunde_text(befunde))
    schweren = {befund.schwere for befund in befunde}
    raise SystemExit(3 if schweren & {Schwere.SPERRE, Schwere.FEHLER} else 1 if Schwere.WARNUNG in schweren else 0)


@click.command("list")
@click.argument("name", metavar="KANAL")
@click.option("--anzahl", type=click.IntRange(1, 1000), default=50, show_default=True, help="Höchstens so viele.")
@click.option("--alle", is_flag=True, help="Auch schon Abgerufenes, das nie geschlossen wurde.")
@_JSON
@click.pass_obj
def liste(konfig: Path | None, name: str, anzahl: int, alle: bool, als_json: bool) -> None:
    """Zeigt, was im Postfach wartet, ohne es abzuholen oder zu schließen."""
    from fachwerk_generic_xta import anschluss
    from fachwerk_generic_xta.auskunft import liste_json, liste_text

    with _stelle(konfig, name) as (stelle, wirt):
        if not anschluss.angaben(stelle)[0].msgbox_url:
            raise ConfigError("xta.kein_postfach", f"„{name}“ hat keine „msgbox_url“ und also kein Postfach.")
        seite = anschluss.client(stelle, wirt).list(anzahl, neue=False if alle else None)
    _zeige(liste_json(seite) if als_json else liste_text(seite))


@click.command("report")
@_NAME
@click.argument("kennung", metavar="NACHRICHT")
@_JSON
@click.pass_obj
def report(konfig: Path | None, name: str, kennung: str, als_json: bool) -> None:
    """Zeigt den Transportbericht einer gesendeten Nachricht (die Kennung steht an der Quittung des Vorgangs)."""
    from fachwerk_generic_xta import anschluss
    from fachwerk_generic_xta.auskunft import bericht_json, bericht_text

    with _stelle(konfig, name) as (stelle, wirt):
        bericht = anschluss.client(stelle, wirt).report(kennung)
    _zeige(bericht_json(bericht) if als_json else bericht_text(bericht))


@click.command("lookup")
@_NAME
@click.argument("leser")
@click.argument("dienst")
@click.option("--typ", default="xoev", show_default=True, help="Art der Kennung des Lesers.")
@click.option("--kategorie", default="", help="Behördenkategorie des Lesers.")
@_JSON
@click.pass_obj
def lookup(konfig: Path | None, name: str, leser: str, dienst: str, typ: str, kategorie: str, als_json: bool) -> None:
    """Fragt das Verzeichnis, ob LESER den DIENST (eine URI) annimmt."""
    from fachwerk_generic_xta import anschluss
    from fachwerk_generic_xta.auskunft import dienste_json, dienste_text
    from fachwerk_generic_xta.nachricht import Dienstfrage, Partei

    with _stelle(konfig, name) as (stelle, wirt):
        auskunft = anschluss.client(stelle, wirt).lookup([Dienstfrage(Partei(leser, typ, kategorie), dienst)])
    _zeige(dienste_json(auskunft) if als_json else dienste_text(auskunft))


@contextmanager
def _stelle(konfig: Path | None, name: str) -> Iterator[tuple[Kanal | Ziel, Wirt]]:
    """The configured Kanal or Ziel; neither the database nor the site key is needed. Faults become German lines."""
    from fachwerk import settings
    from fachwerk.plugins import lade
    from fachwerk.wirt import Wirt

    einstellungen, _ = settings.lade_soweit(konfig)
    bau, probleme = settings.aufbau_soweit(einstellungen, lade({"generic_xta"}, nur={"generic_xta"}))
    wirt = Wirt("generic_xta", einstellungen.ordner)
    try:
        yield _finde(bau.kanaele | bau.ziele, einstellungen, name, probleme), wirt
    except StepError as fehler:
        text = fehler.frage if isinstance(fehler, NeedsHumanError) else fehler.hint
        raise _Auskunftsfehler(f"{text} [{fehler.code}]") from None
    finally:
        wirt.schliesse()


def _finde(stellen: dict[str, Any], einstellungen: Any, name: str, probleme: list[ConfigError]) -> Kanal | Ziel:
    if name in stellen:
        gefunden: Kanal | Ziel = stellen[name]
        return gefunden
    for problem in probleme:
        if f".{name}." in problem.details.get("schluessel", ""):
            raise problem
    abschnitte = [*einstellungen.kanal.items(), *einstellungen.ziel.items()]
    eigene = sorted(kennung for kennung, abschnitt in abschnitte if abschnitt.plugin == "generic_xta")
    da = f"Es gibt: {', '.join(eigene)}." if eigene else "Keines ist eingerichtet."
    raise ConfigError("xta.name_falsch", f"Einen Kanal oder ein Ziel „{name}“ mit generic_xta gibt es nicht. {da}")


class _Auskunftsfehler(click.ClickException):
    """The server did not answer, or said no; exit code 1."""

    def show(self, file: Any = None) -> None:
        """Say it in German."""
        click.echo(f"Fehler: {self.message}", err=True)


def _zeige(was: dict[str, Any] | str) -> None:
    from fachwerk.cli.ausgabe import json_aus

    if isinstance(was, str):
        click.echo(was)
    else:
        json_aus(was)
