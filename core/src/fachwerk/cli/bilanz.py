"""``fachwerk bilanz``: the reconciliation of a day."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fachwerk.abgleich import Kanalbilanz, Tagesbilanz


@click.command("bilanz")
@click.option("--tag", type=click.DateTime(["%Y-%m-%d"]), help="Welcher Tag (Vorgabe: heute).")
@click.option("--ziele", "frage_ziele", is_flag=True, help="Auch jedes Ziel fragen, ob es hat, was es angenommen hat.")
@click.option("--ohne-postfach", is_flag=True, help="Die Postfächer nicht fragen.")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def befehl(konfig: Path | None, tag: datetime | None, frage_ziele: bool, ohne_postfach: bool, als_json: bool) -> int:
    """Vergleicht, was an einem Tag kam, mit dem, was daraus wurde. Exit-Code 1, wenn etwas nicht aufgeht."""
    from fachwerk import abgleich
    from fachwerk.betrieb import oeffne_betrieb
    from fachwerk.cli.ausgabe import json_aus
    from fachwerk.lage import ZEITZONE

    wann = tag.date() if tag else datetime.now(ZEITZONE).date()
    betrieb = oeffne_betrieb(konfig)
    try:
        bilanz = abgleich.ziehe(betrieb, wann, frage_postfaecher=not ohne_postfach, frage_ziele=frage_ziele)
    finally:
        betrieb.schliesse()
    if als_json:
        json_aus(bilanz.als_json())
    else:
        _berichte(bilanz, wann)
    return 0 if bilanz.geht_auf else 1


def _berichte(bilanz: Tagesbilanz, tag: date) -> None:
    from fachwerk.cli.ausgabe import tabelle

    kopf = ("Kanal", "Empfangen", "Bestätigt", "Im Postfach", "Verbleib")
    click.echo(f"Bilanz vom {tag:%d.%m.%Y}")
    click.echo(tabelle(kopf, [_zeile(kanal) for kanal in bilanz.kanaele]))
    if bilanz.gefragte_ziele:
        click.echo(f"{bilanz.gefragte_ziele} Zustellungen bei ihren Zielen nachgefragt.")
    for luecke in bilanz.luecken[:100]:
        click.echo(f"  {luecke.text} [{luecke.code}]")
    if len(bilanz.luecken) > 100:
        click.echo(f"  … und {len(bilanz.luecken) - 100} weitere (--json nennt die Anzahl).")
    click.echo("Die Bilanz geht auf." if bilanz.geht_auf else "Die Bilanz geht NICHT auf.")


def _zeile(kanal: Kanalbilanz) -> tuple[str, str, str, str, str]:
    from fachwerk.abgleich import VERBLEIB

    im_postfach = kanal.warum or ("–" if kanal.wartend is None else f"{kanal.wartend} wartend")
    verbleib = ", ".join(f"{anzahl} {VERBLEIB.get(wo, wo)}" for wo, anzahl in sorted(kanal.verbleib.items()))
    return kanal.kanal, str(kanal.empfangen), str(kanal.bestaetigt), im_postfach, verbleib or "–"
