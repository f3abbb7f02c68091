"""``fachwerk wbs luecken`` and ``faelle``: what a Land's maintainer works with."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from fachwerk.errors import FachwerkError
from fachwerk_wbs.ausgabe_pflege import faelle_text, luecken_text
from fachwerk_wbs.eingaben import ALS_JSON, Bedienfehler, Tag, drucke_json
from fachwerk_wbs.land import Land, finde_land, laender
from fachwerk_wbs.landesordner import lies_ordner
from fachwerk_wbs.luecken import fehlstellen, fruehere, nur_luecken


@click.command("luecken", short_help="Arbeitsliste: was nicht belegt ist, und was daran hängt.")
@click.option("--land", "code", help="Kürzel des Landes, zum Beispiel nw (Vorgabe: alle).")
@click.option("--stichtag", type=Tag(), help="Tag, dessen Recht gilt (Vorgabe: heute).")
@click.option("--tabelle", "als_tabelle", is_flag=True, help="Nur die Tabelle der Abdeckung aller Länder (Markdown).")
@ALS_JSON
def luecken(code: str | None, stichtag: date | None, als_tabelle: bool, als_json: bool) -> None:
    """Arbeitsliste: was im Regelpaket eines Landes nicht belegt ist, und was daran hängt."""
    tag = stichtag or date.today()
    gewaehlte = _gewaehlte(code)
    if als_tabelle:
        from fachwerk_wbs.abdeckung import tabelle

        click.echo(tabelle(gewaehlte, tag), nl=False)
        return
    listen = [(land, fehlstellen(land, tag), fruehere(land, tag)) for land in gewaehlte]
    if als_json:
        drucke_json({"stichtag": tag.isoformat(), "laender": [_als_json(*zeile) for zeile in listen]})
        return
    click.echo("\n\n".join(luecken_text(land, tag, liste, davor) for land, liste, davor in listen))


def _gewaehlte(code: str | None) -> list[Land]:
    return [_land(kuerzel) for kuerzel in ([code] if code else laender())]


def _land(kuerzel: str) -> Land:
    """The Land with its data read; what is wrong with them is said at once."""
    try:
        land = finde_land(kuerzel)
        _ = land.kopf, land.parameter
    except FachwerkError as fehler:
        raise Bedienfehler(fehler.hint) from None
    return land


def _als_json(land: Land, liste: list[Any], davor: int) -> dict[str, Any]:
    kopf = {"land": land.code, "name": land.kopf.name, "rechtsstand": land.kopf.rechtsstand}
    anzahl = {"anzahl": len(nur_luecken(liste)), "fruehere": davor}
    return {**kopf, **anzahl, "luecken": [stelle.als_json() for stelle in liste]}


@click.command("faelle", short_help="Rechnet alle Fälle eines Landes und sagt, was abweicht.")
@click.option("--land", "code", help="Kürzel des Landes, zum Beispiel nw (Vorgabe: alle).")
@click.option(
    "--ordner",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Ordner mit einem Regelpaket, das nicht installiert ist.",
)
@ALS_JSON
def faelle(code: str | None, ordner: Path | None, als_json: bool) -> None:
    """Alle mitgelieferten und alle erzeugten Fälle eines Landes rechnen und sagen, was abweicht (Exitcode 1)."""
    from fachwerk_wbs.landestest import pruefe_land

    if code and ordner:
        raise click.UsageError("Entweder --land oder --ordner, nicht beides.")
    pruefungen = []
    try:
        for land in [lies_ordner(ordner)] if ordner else _gewaehlte(code):
            pruefungen.append(pruefe_land(land, date.today()))
            if not als_json:
                click.echo(faelle_text(pruefungen[-1]))
    except FachwerkError as fehler:
        raise Bedienfehler(fehler.hint) from None
    if als_json:
        drucke_json([pruefung.als_json() for pruefung in pruefungen])
    if any(pruefung.abweichungen for pruefung in pruefungen):
        raise click.exceptions.Exit(1)
