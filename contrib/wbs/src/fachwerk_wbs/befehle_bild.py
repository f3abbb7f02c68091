"""``fachwerk wbs vergleiche`` and ``chronik``: tables for reading, pictures as SVG."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from fachwerk.errors import FachwerkError
from fachwerk_wbs.eingaben import ALS_JSON, Bedienfehler, Tag, drucke_json, lies_falldatei
from fachwerk_wbs.land import finde_land, laender

SVG = click.option(
    "--svg", "bilddatei", type=click.Path(dir_okay=False, path_type=Path), help="Dazu ein Bild in diese Datei (SVG)."
)


@click.command("vergleiche", short_help="Derselbe Haushalt in allen Ländern, als Tabelle und Bild.")
@click.argument("falldatei", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--stichtag", type=Tag(), help="Tag, dessen Recht gilt (Vorgabe: der des Falls, sonst heute).")
@SVG
@ALS_JSON
def vergleiche(falldatei: Path, stichtag: date | None, bilddatei: Path | None, als_json: bool) -> None:
    """Denselben Haushalt in allen installierten Ländern berechnen, als Tabelle und als Bild."""
    from fachwerk_wbs.ausgabe_vergleich import vergleich_text
    from fachwerk_wbs.bild_vergleich import vergleichsbild
    from fachwerk_wbs.vergleich import vergleiche as vergleiche_

    fall = lies_falldatei(falldatei)
    am = stichtag or fall.stichtag or date.today()
    zeilen = vergleiche_(fall, [finde_land(code) for code in laender()], am)
    nach_namen = sorted(zeilen, key=lambda zeile: zeile.name)
    if bilddatei is not None:
        titel = f"Ein Haushalt mit {_anzahl(len(fall.haushalt))} in {len(zeilen)} Ländern"
        _schreibe(bilddatei, vergleichsbild(nach_namen, am, titel))
    if als_json:
        drucke_json({"stichtag": am.isoformat(), "laender": [zeile.als_json() for zeile in zeilen]})
    else:
        click.echo(vergleich_text(nach_namen, am))
        _nenne(bilddatei)


@click.command("chronik", short_help="Die Grenzen eines Landes im Lauf der Zeit, auch als Bild.")
@click.option("--land", "code", required=True, help="Kürzel des Landes, zum Beispiel nw.")
@click.option("--personen", type=click.IntRange(1, 40), default=1, show_default=True, help="Personen mit Kindern.")
@click.option("--kinder", type=click.IntRange(0, 39), default=0, show_default=True, help="Davon Kinder.")
@SVG
@ALS_JSON
def chronik(code: str, personen: int, kinder: int, bilddatei: Path | None, als_json: bool) -> None:
    """Die Einkommensgrenzen eines Landes im Lauf der Zeit, als Liste und als Bild."""
    from fachwerk_wbs.ausgabe_vergleich import chronik_text
    from fachwerk_wbs.bild_chronik import chronikbild
    from fachwerk_wbs.chronik import verlaeufe

    if kinder > personen:
        raise click.UsageError("--personen zählt die Kinder mit: Es können nicht mehr Kinder als Personen sein.")
    try:
        land = finde_land(code)
        gefunden = verlaeufe(land, personen, kinder)
    except FachwerkError as fehler:
        raise Bedienfehler(fehler.hint) from None
    haushalt = ("eine Person" if personen == 1 else _anzahl(personen)) + _davon(kinder)
    if bilddatei is not None:
        titel = f"{land.kopf.name}: Einkommensgrenzen für {haushalt}"
        _schreibe(bilddatei, chronikbild(gefunden, titel, date.today()))
    if als_json:
        kopf = {"land": code, "personen": personen, "kinder": kinder}
        drucke_json({**kopf, "stufen": [verlauf.als_json() for verlauf in gefunden]})
    else:
        click.echo(chronik_text(land.kopf.name, haushalt, gefunden))
        _nenne(bilddatei)


def _anzahl(personen: int) -> str:
    return "einer Person" if personen == 1 else f"{personen} Personen"


def _davon(kinder: int) -> str:
    return f", davon {kinder} {'Kind' if kinder == 1 else 'Kinder'}" if kinder else ""


def _schreibe(datei: Path, svg: str) -> None:
    try:
        datei.write_text(svg, encoding="utf-8")
    except OSError as fehler:
        raise Bedienfehler(f"Das Bild {datei} lässt sich nicht schreiben: {fehler.strerror}.") from None


def _nenne(bilddatei: Path | None) -> None:
    if bilddatei is not None:
        click.echo(f"\nBild geschrieben: {bilddatei}")
