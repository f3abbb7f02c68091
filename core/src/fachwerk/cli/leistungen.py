"""``fachwerk leistungen …``: the catalogue of services."""

from __future__ import annotations

import click

UNBEKANNT = "unbekannt"


@click.group("leistungen")
def befehl() -> None:
    """Zeigt den Leistungskatalog."""


@befehl.command("list")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
def liste(als_json: bool) -> None:
    """Zeigt alle Leistungen mit ihren Nummern; „unbekannt“ heißt: keine zugängliche Quelle nennt sie."""
    from fachwerk.cli.ausgabe import json_aus, tabelle
    from fachwerk.cli.auskunft import leistung_zeile
    from fachwerk.katalog import leistungen

    zeilen = [leistung_zeile(leistung) for leistung in leistungen()]
    if als_json:
        json_aus(zeilen)
        return
    text = [
        (z["wort"], z["ozg"] or UNBEKANNT, _kurz(z["leika"]), _kurz(z["dvdv_praefixe"]), z["titel"]) for z in zeilen
    ]
    click.echo(tabelle(("Wort", "OZG", "LeiKa", "DVDV", "Titel"), text))


def _kurz(werte: list[str] | None) -> str:
    """The first value, and how many more there are."""
    if not werte:
        return UNBEKANNT
    return werte[0] if len(werte) == 1 else f"{werte[0]} (+{len(werte) - 1})"
