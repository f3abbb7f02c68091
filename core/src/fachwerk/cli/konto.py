"""``fachwerk konto …``: the accounts of the console."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fachwerk.cli.person import benutzer

if TYPE_CHECKING:
    from fachwerk.rechte import Erteilt
    from fachwerk.store import Store


@click.group("konto")
def befehl() -> None:
    """Konten der Konsole anlegen, zeigen und entfernen."""


@befehl.command("add")
@click.argument("name")
@click.option("--recht", "rechte", multiple=True, required=True, metavar="RECHT[:KANAL]", help="Mehrfach möglich.")
@click.option("--kennwort-von-stdin", is_flag=True, help="Das Kennwort ist die erste Zeile der Standardeingabe.")
@click.pass_obj
def lege_an(konfig: Path | None, name: str, rechte: tuple[str, ...], kennwort_von_stdin: bool) -> None:
    """Legt ein Konto an und fragt nach seinem Kennwort.

    \b
    Rechte, je Kanal (RECHT:KANAL) oder für alle (RECHT):
      betrieb     Kennungen und Zustände, wiederholen, anhalten; keine Inhalte
      einsicht    dazu die Inhalte der Vorgänge; jeder Blick wird vermerkt
      bearbeiten  wie einsicht, dazu freigeben, ergänzen, abgeben, zurückgeben
      verwalten   wie betrieb, dazu Konten und das Protokoll; keine Inhalte
    """
    from fachwerk import konten

    erteilt = [_recht(text) for text in rechte]
    with _store(konfig, anlegen=True) as store:
        konten.pruefe_name(name)
        kennwort = _kennwort(von_stdin=kennwort_von_stdin)
        konten.lege_an(store, name, kennwort, erteilt, benutzer())
    click.echo(f"Das Konto „{name}“ ist angelegt.")


@befehl.command("list")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def zeige(konfig: Path | None, als_json: bool) -> None:
    """Zeigt die Konten mit ihren Rechten."""
    from fachwerk import konten

    with _store(konfig) as store:
        zeilen = konten.liste(store)
    if als_json:
        click.echo(json.dumps(zeilen, ensure_ascii=False))
        return
    for zeile in zeilen:
        gesperrt = f"   gesperrt bis {zeile['gesperrt_bis'][:16]} UTC" if zeile["gesperrt_bis"] else ""
        click.echo(f"{zeile['konto']:<24}{', '.join(zeile['rechte'])}{gesperrt}")
    if not zeilen:
        click.echo("Es gibt noch kein Konto: fachwerk konto add NAME --recht verwalten")


@befehl.command("remove")
@click.argument("name")
@click.pass_obj
def entferne(konfig: Path | None, name: str) -> None:
    """Entfernt ein Konto; wer damit angemeldet ist, ist es nicht mehr."""
    from fachwerk import konten

    with _store(konfig) as store:
        konten.entferne(store, name, benutzer())
    click.echo(f"Das Konto „{name}“ ist entfernt.")


def _recht(text: str) -> Erteilt:
    from fachwerk.rechte import Erteilt

    try:
        return Erteilt.aus(text)
    except ValueError as fehler:
        raise click.BadParameter(str(fehler), param_hint="--recht") from None


def _kennwort(*, von_stdin: bool) -> str:
    if von_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    kennwort: str = click.prompt("Kennwort", hide_input=True, confirmation_prompt="Kennwort noch einmal")
    return kennwort


@contextmanager
def _store(konfig: Path | None, *, anlegen: bool = False) -> Iterator[Store]:
    from fachwerk.betrieb import oeffne_betrieb

    betrieb = oeffne_betrieb(konfig, anlegen=anlegen)
    try:
        yield betrieb.store
    finally:
        betrieb.schliesse()
