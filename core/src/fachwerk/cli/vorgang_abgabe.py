"""``fachwerk vorgang forward|return|replay``: what a person does with a case that is not (only) for us."""

from __future__ import annotations

from pathlib import Path

import click

_WER = click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")


@click.command("forward")
@click.argument("kennung")
@click.option("--ziel", required=True, help="Ziel aus fachwerk.toml, an das abgegeben wird.")
@click.option("--grund", required=True, help="Warum; steht in der Abgabenachricht (Inhalt des Vorgangs).")
@_WER
@click.option("--probe", is_flag=True, help="Nur die Abgabenachricht zeigen; nichts abgeben.")
@click.pass_obj
def gib_ab(konfig: Path | None, kennung: str, ziel: str, grund: str, wer: str, probe: bool) -> None:
    """Gibt einen Vorgang an die zuständige Stelle ab (SGB I § 16 Abs. 2).

    Hinaus geht die Nachricht unverändert, wie sie kam, mit einer Abgabenachricht, die den Tag des ersten Eingangs
    nennt. „forwarded“ ist der Vorgang erst, wenn das Ziel den Empfang quittiert hat.
    """
    from fachwerk import abgabe
    from fachwerk.cli.person import benutzer
    from fachwerk.cli.vorgangswahl import geoeffneter_betrieb, volle_kennung

    with geoeffneter_betrieb(konfig) as betrieb:
        vorgang_id = volle_kennung(betrieb.store, kennung)
        fertig = abgabe.bereite_vor(betrieb, vorgang_id, ziel, wer=wer or benutzer(), grund=grund)
        if probe:
            click.echo(fertig.nachricht)
            click.echo("Nur angesehen, nichts abgegeben.")
            return
        abgabe.gib_ab(betrieb, fertig)
    click.echo(f"Vorgang {vorgang_id[:12]} geht an „{ziel}“, sobald der Dienst läuft (oder mit „fachwerk poll“).")


@click.command("return")
@click.argument("kennung")
@click.option("--wie", default="", help="Wie der Absender es erfährt, etwa „Brief vom 3. März“ (Inhalt des Vorgangs).")
@click.option("--grund", default="", help="Warum; steht im Schreiben an den Absender (Inhalt des Vorgangs).")
@_WER
@click.option(
    "--ordner", type=click.Path(file_okay=False, path_type=Path), help="Wohin das Schreiben geht; sonst auf den Schirm."
)
@click.pass_obj
def gib_zurueck(konfig: Path | None, kennung: str, wie: str, grund: str, wer: str, ordner: Path | None) -> None:
    """Gibt einen gehaltenen Vorgang an den Absender zurück und schreibt ihm den Brief dazu.

    Der Brief nennt den Tag des Eingangs, die Kennungen und den Grund; er liegt als Text und als Mail im Vorgang. Ohne
    --wie und --grund wird der Brief eines schon zurückgegebenen Vorgangs noch einmal geschrieben.
    """
    from fachwerk import rueckgabe
    from fachwerk.cli.person import benutzer
    from fachwerk.cli.vorgangswahl import geoeffneter_betrieb, volle_kennung

    with geoeffneter_betrieb(konfig) as betrieb:
        vorgang_id = volle_kennung(betrieb.store, kennung)
        if wie or grund:
            rueckgabe.gib_zurueck(betrieb, vorgang_id, wer=wer or benutzer(), wie=wie, grund=grund)
        dateien = rueckgabe.schreiben(betrieb.store, vorgang_id)
    if ordner is None:
        click.echo(dateien[rueckgabe.TEXT].decode())
    for pfad in rueckgabe.lege_ab(ordner, vorgang_id, dateien) if ordner else ():
        click.echo(f"Geschrieben: {pfad}")
    click.echo(f"Vorgang {vorgang_id[:12]} ist zurückgegeben. Das Schreiben bitte absenden; Fachwerk sendet es nicht.")


@click.command("replay")
@click.argument("kennung")
@_WER
@click.option("--probe", is_flag=True, help="Nur zeigen; nicht im Journal festhalten.")
@click.option("--werte", is_flag=True, help="Auch die Werte zeigen (Inhalt des Vorgangs).")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def rechne_noch_einmal(konfig: Path | None, kennung: str, wer: str, probe: bool, werte: bool, als_json: bool) -> None:
    """Rechnet einen Vorgang mit den heutigen Plugins noch einmal und zeigt, was anders wäre.

    Zugestellt wird nichts, und am Vorgang ändert sich nichts; im Journal steht der Lauf als „replay“.
    """
    from fachwerk import wiederlauf
    from fachwerk.cli import vergleichstext
    from fachwerk.cli.ausgabe import json_aus
    from fachwerk.cli.person import benutzer
    from fachwerk.cli.vorgangswahl import geoeffneter_betrieb, volle_kennung

    with geoeffneter_betrieb(konfig) as betrieb:
        vergleich = wiederlauf.vergleiche(betrieb, volle_kennung(betrieb.store, kennung))
        if not probe:
            wiederlauf.vermerke(betrieb, vergleich, wer or benutzer())
    if als_json:
        json_aus(vergleichstext.als_daten(vergleich, werte=werte))
    else:
        click.echo(vergleichstext.als_text(vergleich, werte=werte))


BEFEHLE = (gib_ab, gib_zurueck, rechne_noch_einmal)
