"""``fachwerk schluessel …``: change the site key while the service works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from fachwerk.cli.person import benutzer

if TYPE_CHECKING:
    from fachwerk.spiegel import Spiegel
    from fachwerk.store import Store

_WER = click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")


class _Ort(NamedTuple):
    store: Store
    pfad: Path
    spiegel: Spiegel | None
    sicherungen: Path | None


@click.group("schluessel")
def befehl() -> None:
    """Den Hauptschlüssel im laufenden Betrieb wechseln."""


@befehl.command("stand")
@click.pass_obj
def stand(konfig: Path | None) -> None:
    """Zeigt, welcher Schlüssel wie viel verschließt: in der Datenbank, im Spiegel und in den Sicherungen."""
    from fachwerk import schluesselwechsel

    with _ort(konfig) as ort:
        wie = schluesselwechsel.stand(*ort)
    for nummer, kennung in enumerate(wie.kennungen):
        rolle = "wartet" if kennung == wie.wartet else "alt" if nummer else "in Gebrauch"
        click.echo(
            f"{kennung}  {rolle:<12} Datenbank {wie.datenbank[kennung]}, Spiegel {wie.spiegel[kennung]}, "
            f"Sicherungen {wie.sicherungen[kennung]}"
        )
    if fremde := (wie.datenbank + wie.spiegel)[""]:
        click.echo(f"{fremde} Schlüssel von Vorgängen öffnet keiner davon.")


@befehl.command("neu")
@_WER
@click.pass_obj
def neu(konfig: Path | None, wer: str) -> None:
    """Legt einen neuen Hauptschlüssel in die Schlüsseldatei, zunächst nur bereit."""
    from fachwerk import schluesselwechsel

    with _ort(konfig) as ort:
        kennung = schluesselwechsel.lege_neuen_an(ort.store, ort.pfad, wer or benutzer())
    click.echo(
        f"Der Schlüssel {kennung} liegt in {ort.pfad} bereit. Jetzt die Datei getrennt sichern und auf jeden Knoten"
    )
    click.echo("kopieren; dann „fachwerk schluessel wechsle“.")


@befehl.command("wechsle")
@_WER
@click.pass_obj
def wechsle(konfig: Path | None, wer: str) -> None:
    """Nimmt den neuen Schlüssel in Gebrauch und verschließt damit alles neu; der Dienst läuft weiter."""
    from fachwerk import schluesselwechsel
    from fachwerk.cli.ausgabe import fortschritt

    with _ort(konfig) as ort, fortschritt("Schlüssel neu verschlossen") as zeige:
        anzahl = schluesselwechsel.wechsle(ort.store, ort.pfad, ort.spiegel, wer or benutzer(), zeige)
    click.echo(
        f"{anzahl} Schlüssel neu verschlossen. Die Datei auf jeden Knoten kopieren, den Befehl wiederholen, bis es 0"
    )
    click.echo("sind; dann „fachwerk schluessel entferne“.")


@befehl.command("entferne")
@click.option("--trotz-sicherungen", is_flag=True, help="Auch wenn Sicherungen den alten Schlüssel noch brauchen.")
@_WER
@click.pass_obj
def entferne(konfig: Path | None, trotz_sicherungen: bool, wer: str) -> None:
    """Nimmt alte Schlüssel aus der Datei, sobald nichts sie mehr braucht."""
    from fachwerk import schluesselwechsel

    with _ort(konfig) as ort:
        alte = schluesselwechsel.entferne_alte(*ort, wer or benutzer(), trotzdem=trotz_sicherungen)
    click.echo(f"Entfernt: {', '.join(alte)}." if alte else "Es gab keinen alten Schlüssel.")


@contextmanager
def _ort(konfig: Path | None) -> Iterator[_Ort]:
    from fachwerk import settings
    from fachwerk.betrieb import offener_store
    from fachwerk.spiegel import Spiegel

    e = settings.lade(konfig)
    spiegel = Spiegel(e.pfad(e.sicherung.spiegel)) if e.sicherung.spiegel else None
    sicherungen = e.pfad(e.sicherung.ordner) if e.sicherung.ordner else None
    with offener_store(konfig) as store:
        yield _Ort(store, e.schluesselpfad, spiegel, sicherungen)
