"""``fachwerk audit …``: prove that nobody has touched what was noted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fachwerk.audit import Pruefung


@click.group("audit")
def befehl() -> None:
    """Die Ereignisketten nachprüfen."""


@befehl.command("verify")
@click.option(
    "--koepfe",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="ORDNER",
    help="Auch gegen die täglich hinausgeschriebenen Köpfe prüfen (Vorgabe: [audit].ordner).",
)
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def pruefe(konfig: Path | None, koepfe: Path | None, als_json: bool) -> int:
    """Prüft jede Zeile jeder Kette; Exit-Code 1, wenn eine verändert, entfernt oder verschoben wurde."""
    from fachwerk import audit
    from fachwerk.betrieb import oeffne_betrieb
    from fachwerk.cli.ausgabe import fortschritt, json_aus

    betrieb = oeffne_betrieb(konfig)
    try:
        ordner = koepfe or _ordner(betrieb.einstellungen.audit.ordner, betrieb.einstellungen.ordner)
        bekannte = list(audit.lies_koepfe(betrieb.store, ordner)) if ordner else []
        with fortschritt("Zeilen geprüft") as zeige:
            ergebnis = audit.pruefe(betrieb.store, bekannte, zeige)
    finally:
        betrieb.schliesse()
    if als_json:
        brueche = [{"kette": b.kette, "nr": b.nr, "art": b.art, "text": b.text} for b in ergebnis.brueche]
        zahlen = {"ketten": ergebnis.ketten, "zeilen": ergebnis.zeilen, "koepfe": ergebnis.koepfe}
        json_aus(zahlen | {"brueche": brueche})
    else:
        _berichte(ergebnis, ordner)
    return 1 if ergebnis.brueche else 0


def _berichte(ergebnis: Pruefung, ordner: Path | None) -> None:
    click.echo(f"{ergebnis.zeilen} Zeilen in {ergebnis.ketten} Ketten geprüft.")
    if ordner is None:
        click.echo("Ob am Ende einer Kette etwas abgeschnitten wurde, zeigen erst die Köpfe ([audit].ordner).")
    else:
        click.echo(f"{ergebnis.koepfe} hinausgeschriebene Köpfe verglichen ({ordner}).")
    for bruch in ergebnis.brueche:
        click.echo(f"  {bruch.text}")
    click.echo("Die Ketten sind unversehrt." if not ergebnis.brueche else f"{len(ergebnis.brueche)} Brüche.")


def _ordner(angabe: str, basis: Path) -> Path | None:
    return basis / angabe if angabe and (basis / angabe).is_dir() else None
