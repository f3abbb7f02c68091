"""``fachwerk vorgang …``: look at cases and act on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from fachwerk.cli import vorgang_abgabe, vorgang_daten, vorgang_nachsendung
from fachwerk.cli.vorgangswahl import geoeffneter_betrieb as _betrieb
from fachwerk.cli.vorgangswahl import volle_kennung as _kennung

ZUSTAENDE = ("ready", "running", "waiting", "held", "done", "forwarded", "returned")
"""As in :class:`fachwerk.modell.Vorgangstand`, which is heavy to import (a test compares)."""


@click.group("vorgang")
def befehl() -> None:
    """Vorgänge ansehen und wieder in Gang bringen."""


for weiterer in (*vorgang_abgabe.BEFEHLE, *vorgang_nachsendung.BEFEHLE, *vorgang_daten.BEFEHLE):
    befehl.add_command(weiterer)


@befehl.command("list")
@click.option(
    "--status", "status", multiple=True, type=click.Choice(ZUSTAENDE), help="Nur diese Zustände (mehrfach möglich)."
)
@click.option("--dringlich", is_flag=True, help="Nur was sofort oder mit hoher Dringlichkeit zu tun ist.")
@click.option("--ueberfaellig", is_flag=True, help="Nur was nicht in der erwarteten Zeit ankam oder bestätigt wurde.")
@click.option("--grenze", default=50, show_default=True, type=click.IntRange(1), help="Höchstens so viele.")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def liste(
    konfig: Path | None, status: tuple[str, ...], dringlich: bool, ueberfaellig: bool, grenze: int, als_json: bool
) -> None:
    """Zeigt die neuesten Vorgänge, davor die dringenden, die noch nicht fertig sind.

    Mit --ueberfaellig stattdessen die, von denen am längsten eine Übergabe oder Quittung aussteht.
    """
    from fachwerk.auskunft import vorgangsliste
    from fachwerk.betrieb import offener_store

    with offener_store(konfig) as store:
        zeilen = vorgangsliste(store, status, grenze, dringlich, ueberfaellig)
    if als_json:
        click.echo(json.dumps(zeilen, ensure_ascii=False))
        return
    _tabelle(zeilen)


def _tabelle(zeilen: list[dict[str, Any]]) -> None:
    from fachwerk.auskunft import dringlichkeitstext, ueberfaelligtext

    click.echo(
        f"{'Vorgang':<14}{'Eingang (UTC)':<18}{'Leistung':<19}{'Land':<6}{'Empfehlung':<14}{'Dringlich':<23}"
        f"{'Status':<11}Grund"
    )
    for z in zeilen:
        grund = "  ".join(filter(None, [z["grund"], ueberfaelligtext(z)]))
        click.echo(
            f"{z['vorgang_id'][:12]:<14}{z['angelegt'][:16].replace('T', ' '):<18}{z['leistung'] or '?':<19}"
            f"{z['land'] or '?':<6}{z['empfehlung'] or '-':<14}{dringlichkeitstext(z):<23}{z['status']:<11}{grund}"
        )
    if not zeilen:
        click.echo("Keine Vorgänge.")


@befehl.command("show")
@click.argument("kennung")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def zeige(konfig: Path | None, kennung: str, als_json: bool) -> None:
    """Zeigt einen Vorgang: Zustand, Journal, Zustellungen, Quittungen (keine Inhalte)."""
    from fachwerk.auskunft import vorgangsauskunft, vorgangstext
    from fachwerk.betrieb import offener_store

    with offener_store(konfig) as store:
        auskunft = vorgangsauskunft(store, _kennung(store, kennung))
    if als_json:
        click.echo(json.dumps(auskunft, ensure_ascii=False))
    else:
        click.echo(vorgangstext(auskunft))


@befehl.command("retry")
@click.argument("kennung")
@click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
@click.option("--grund", default="", help="Warum (wird als Inhalt des Vorgangs gespeichert).")
@click.pass_obj
def wiederhole(konfig: Path | None, kennung: str, wer: str, grund: str) -> None:
    """Versucht den Schritt noch einmal, an dem ein Vorgang hängt; fragt nach einer überfälligen Quittung."""
    from fachwerk import eingriff

    with _betrieb(konfig) as betrieb:
        vorgang_id = _kennung(betrieb.store, kennung)
        eingriff.wiederhole(betrieb, vorgang_id, wer or _benutzer(), grund)
    click.echo(f"Vorgang {vorgang_id[:12]} wird erneut bearbeitet, sobald der Dienst läuft (oder mit „fachwerk poll“).")


@befehl.command("release")
@click.argument("kennung")
@click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
@click.option("--grund", required=True, help="Warum der Vorgang trotzdem weiterlaufen soll, oder wo er gefunden wurde.")
@click.option("--angekommen", is_flag=True, help="Im Ziel gefunden: Er gilt als übergeben, nichts wird gesendet.")
@click.option("--ziel", default="", help="Wo, wenn bei mehreren Zielen offen ist, ob etwas ankam.")
@click.pass_obj
def gib_frei(konfig: Path | None, kennung: str, wer: str, grund: str, angekommen: bool, ziel: str) -> None:
    """Lässt einen gehaltenen Vorgang trotz des Haltegrunds weiterlaufen; beendet das Warten auf eine Quittung.

    Ist offen, ob eine Übergabe ankam, wird erneut übergeben; mit --angekommen gilt sie als angekommen.
    """
    from fachwerk import eingriff

    with _betrieb(konfig) as betrieb:
        vorgang_id = _kennung(betrieb.store, kennung)
        if angekommen:
            wo = eingriff.melde_angekommen(betrieb, vorgang_id, wer or _benutzer(), grund, ziel)
            click.echo(f"Vorgang {vorgang_id[:12]} gilt bei „{wo}“ als übergeben; gesendet wurde nichts.")
            return
        eingriff.gib_frei(betrieb, vorgang_id, wer or _benutzer(), grund, ziel)
    click.echo(f"Vorgang {vorgang_id[:12]} ist freigegeben und läuft weiter, sobald der Dienst läuft.")


@befehl.command("ergaenze")
@click.argument("kennung")
@click.argument("falldatei", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
@click.option("--woher", default="", help="Woher die Angaben stammen, etwa „Anruf“ (Inhalt des Vorgangs).")
@click.option("--bestaetigt", is_flag=True, help="Die gelesenen Angaben sind mit dem Original verglichen.")
@click.option("--probe", is_flag=True, help="Nur zeigen, was empfohlen würde; nichts speichern.")
@click.pass_obj
def ergaenze(
    konfig: Path | None, kennung: str, falldatei: Path | None, wer: str, woher: str, bestaetigt: bool, probe: bool
) -> None:
    """Ergänzt fehlende Angaben aus FALLDATEI (YAML) und lässt den Vorgang als neue Fassung weiterlaufen.

    Die Datei enthält nur, was zu ergänzen ist, in der Form der Falldatei der Leistung. Personen unter „haushalt“
    werden am „name“ erkannt (oder mit „nr“ an ihrer Stelle im Antrag); ein neuer Name ist eine weitere Person,
    „entfernen: true“ nimmt eine heraus. Listen wie „einkuenfte“ werden als Ganzes ersetzt, eine leere Angabe gilt
    als unbekannt. Was die Datei nicht nennt, bleibt.
    """
    from fachwerk import nachtrag

    angaben = nachtrag.lies_angaben(falldatei.read_bytes()) if falldatei else {}
    with _betrieb(konfig) as betrieb:
        vorgang_id = _kennung(betrieb.store, kennung)
        wer = wer or _benutzer()
        vorschau = nachtrag.probiere(betrieb, vorgang_id, angaben, wer=wer, woher=woher, bestaetigt=bestaetigt)
        click.echo(nachtrag.vorschautext(vorschau))
        if probe:
            click.echo("Nur angesehen, nichts geändert.")
            return
        fassung = nachtrag.uebernimm(betrieb, vorschau)
    click.echo(f"Vorgang {vorgang_id[:12]} läuft als Fassung {fassung} weiter, sobald der Dienst läuft.")


def _benutzer() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unbekannt"
