"""``fachwerk wbs pruefe`` and ``fachwerk wbs grenzen``: compute a case file, or print the limits of a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from fachwerk.errors import FachwerkError
from fachwerk.modell import dezimal_text
from fachwerk_wbs.ausgabe import ergebnis_text, grenzen_text
from fachwerk_wbs.befehle_bild import chronik, vergleiche
from fachwerk_wbs.befehle_pflege import faelle, luecken
from fachwerk_wbs.berechnung import berechne
from fachwerk_wbs.eingaben import ALS_JSON, Bedienfehler, Tag, drucke_json, lies_falldatei
from fachwerk_wbs.grenzen import Stufengrenze, grenzen_fuer
from fachwerk_wbs.land import finde_land


@click.command("pruefe")
@click.argument("falldatei", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@ALS_JSON
def pruefe(falldatei: Path, als_json: bool) -> None:
    """Einen Fall (YAML) nach dem Recht seines Landes berechnen."""
    fall = lies_falldatei(falldatei)
    try:
        land = finde_land(fall.land)
        ergebnis = berechne(fall, land, fall.stichtag or date.today())
    except FachwerkError as fehler:
        raise Bedienfehler(fehler.hint) from None
    if als_json:
        drucke_json(ergebnis.als_json())
    else:
        click.echo(ergebnis_text(ergebnis, land.kopf.name))


@click.command("grenzen")
@click.option("--land", "code", required=True, help="Kürzel des Landes, zum Beispiel nw.")
@click.option("--stichtag", type=Tag(), required=True, help="Tag, dessen Recht gilt.")
@click.option("--personen", type=click.IntRange(1, 40), required=True, help="Personen mit Kindern.")
@click.option("--kinder", type=click.IntRange(0, 39), default=0, show_default=True, help="Davon Kinder.")
@ALS_JSON
def grenzen(code: str, stichtag: date, personen: int, kinder: int, als_json: bool) -> None:
    """Die Einkommensgrenzen aller Stufen für eine Haushaltsgröße."""
    if kinder > personen:
        raise click.UsageError("--personen zählt die Kinder mit: Es können nicht mehr Kinder als Personen sein.")
    try:
        land = finde_land(code)
        stufen = grenzen_fuer(land, stichtag, personen, kinder)
    except FachwerkError as fehler:
        raise Bedienfehler(fehler.hint) from None
    kopf = {"land": code, "stichtag": stichtag.isoformat(), "personen": personen, "kinder": kinder}
    zeilen = [_stufe(stufe) for stufe in stufen]
    if als_json:
        drucke_json({**kopf, "stufen": zeilen})
    else:
        click.echo(grenzen_text(land.kopf.name, kopf, zeilen))


def _stufe(stufe: Stufengrenze) -> dict[str, Any]:
    ansicht: Decimal | None = stufe.zur_ansicht
    return {
        "id": stufe.id,
        "titel": stufe.titel,
        "grenze": None if ansicht is None else dezimal_text(ansicht),
        "ermessen": stufe.merkmal("ermessen"),
        "gesichert": stufe.gesichert,
        "fundstelle": stufe.fundstelle,
        "beleg": stufe.grenze.beleg,
        "offen": [luecke.text for luecke in stufe.luecken],
    }


BEFEHLE = (pruefe, grenzen, vergleiche, chronik, luecken, faelle)
