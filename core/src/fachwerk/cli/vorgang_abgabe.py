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


BEFEHLE = (gib_ab,)
