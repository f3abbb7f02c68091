"""``pause`` and ``resume`` below ``fachwerk kanal`` and ``fachwerk ziel``: the same for both."""

from __future__ import annotations

from pathlib import Path

import click

from fachwerk.cli.person import benutzer


def ergaenze(gruppe: click.Group, art: str, titel: str) -> None:
    """Add both commands to ``gruppe``; ``art`` is ``kanal`` or ``ziel``."""

    @gruppe.command("pause", help=f"Hält {titel} an, bis jemand fortsetzt; was schon läuft, läuft zu Ende.")
    @click.argument("name")
    @click.option("--grund", required=True, help="Warum (wird verschlüsselt vermerkt).")
    @click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
    @click.pass_obj
    def halte_an(konfig: Path | None, name: str, grund: str, wer: str) -> None:
        from fachwerk import pausen
        from fachwerk.betrieb import oeffne_betrieb

        betrieb = oeffne_betrieb(konfig)
        try:
            pausen.halte_an(betrieb, f"{art}:{name}", wer or benutzer(), grund)
        finally:
            betrieb.schliesse()
        click.echo(f"Angehalten: {name}. Weiter geht es mit „fachwerk {art} resume {name}“.")

    @gruppe.command("resume", help=f"Setzt {titel} fort; was gewartet hat, geht sofort weiter.")
    @click.argument("name")
    @click.option("--grund", default="", help="Warum (wird verschlüsselt vermerkt).")
    @click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
    @click.pass_obj
    def setze_fort(konfig: Path | None, name: str, grund: str, wer: str) -> None:
        from fachwerk import pausen
        from fachwerk.betrieb import oeffne_betrieb

        betrieb = oeffne_betrieb(konfig)
        try:
            geweckt = pausen.setze_fort(betrieb, f"{art}:{name}", wer or benutzer(), grund)
        finally:
            betrieb.schliesse()
        wartende = f" {geweckt} wartende Zustellungen gehen weiter." if geweckt else ""
        click.echo(f"Fortgesetzt: {name}.{wartende}")
