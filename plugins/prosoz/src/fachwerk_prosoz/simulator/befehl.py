"""``fachwerk simulator prosoz``: both partners as commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from fachwerk.errors import ConfigError
from fachwerk.haltesignal import Haltesignal

P = ParamSpec("P")
R = TypeVar("R")
_ORDNER = click.option("--ordner", type=click.Path(path_type=Path), required=True, help="Hier liegt alles.")
_LAUNE = click.option("--temperament", default="", help="Laune; ohne Angabe gilt temperament.json im Ordner.")
_ANZAHL = click.option("--anzahl", type=click.IntRange(1), help="So oft gilt die Laune, danach wieder „normal“.")


def erklaert(befehl: Callable[P, R]) -> Callable[P, R]:
    """End with code 3 and a German sentence where the user can do something about it."""

    @wraps(befehl)
    def aufruf(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return befehl(*args, **kwargs)
        except ConfigError as fehler:
            click.echo(str(fehler), err=True)
            raise click.exceptions.Exit(3) from fehler

    return aufruf


@click.group()
def prosoz() -> None:
    """Erfundene Gegenstellen für das Ziel „prosoz“: ein Ablageordner oder ein SOAP-Dienst. Nur für Testdaten."""


@prosoz.command()
@_ORDNER
@click.option("--profil", default="beispiel", show_default=True, help="YAML-Datei des Profils.")
@click.option("--takt", default=1.0, show_default=True, type=click.FloatRange(0.05), help="Sekunden je Runde.")
@click.option("--einmal", is_flag=True, help="Nur eine Runde.")
@_LAUNE
@_ANZAHL
@erklaert
def ordner(ordner: Path, profil: str, takt: float, einmal: bool, temperament: str, anzahl: int | None) -> None:
    """Nimmt Fälle aus dem Ordner und schreibt Rückmeldungen, wie das Profil sie beschreibt.

    Launen: normal, langsam, stumm, ablehnend, halb, spurlos, doppelt, steht.
    """
    from fachwerk_prosoz.simulator.ordner import simulator

    partner = simulator(ordner, profil)
    if temperament:
        partner.launen.setze(temperament, anzahl)
    click.echo(
        f'[ziel.prosoz]\nplugin = "prosoz"\nweg = "ordner"\nprofil = "{profil}"\nverzeichnis = "{partner.basis}"'
    )
    ende = Haltesignal.horche()
    while True:
        for stamm in partner.runde():
            click.echo(f"bearbeitet: {stamm}")
        if einmal or ende.warte(takt):
            return


@prosoz.command()
@_ORDNER
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0: ein freier Port.")
@click.option("--mehrfach", is_flag=True, help="Derselbe Schlüssel legt jedes Mal einen neuen Fall an.")
@_LAUNE
@_ANZAHL
@erklaert
def soap(ordner: Path, host: str, port: int, mehrfach: bool, temperament: str, anzahl: int | None) -> None:
    """SOAP-Dienst mit erfundener WSDL, HTTPS mit Clientzertifikat; legt Zertifikate und WSDL im Ordner an.

    Launen: normal, langsam, haengt, halb, vorher_tot, http503, unverstaendlich, doctype, ablehnend, ueberlastet,
    ungueltig, rueckfrage, gesperrt, schon_da, fault.
    """
    from fachwerk_prosoz.simulator.soap import SoapSimulator

    ende = Haltesignal.horche()
    partner = SoapSimulator(ordner, host=host, port=port, eindeutig=not mehrfach)
    if temperament:
        partner.launen.setze(temperament, anzahl)
    with partner:
        zeilen = [f'{name} = "{wert}"' for name, wert in partner.einstellungen().items()]
        click.echo("\n".join(['[ziel.prosoz]\nplugin = "prosoz"', *zeilen]))
        ende.warte_darauf()
    click.echo(f"Simulator beendet. Fälle, Zertifikate und WSDL bleiben in {partner.ordner}.")


@prosoz.command()
@_ORDNER
@erklaert
def stand(ordner: Path) -> None:
    """Was die Gegenstelle in diesem Ordner übernommen hat, jede Übernahme eine Zeile, Doppeltes gekennzeichnet."""
    from fachwerk_prosoz.simulator.ablauf import Faelle

    dateien = [datei for datei in (ordner / "faelle.jsonl", ordner / ".simulator" / "faelle.jsonl") if datei.exists()]
    gesehen: set[str] = set()
    for fall in (fall for datei in dateien for fall in Faelle(datei).alle()):
        doppelt = "  DOPPELT" if fall["schluessel"] in gesehen else ""
        gesehen.add(fall["schluessel"])
        click.echo(f"{fall['fallnummer']}  {fall['schluessel']}{doppelt}")
    click.echo(f"{len(gesehen)} Fälle")
