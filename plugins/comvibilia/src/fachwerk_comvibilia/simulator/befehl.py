"""``fachwerk simulator comvibilia``: the other side as a command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fachwerk.haltesignal import Haltesignal


@click.group(invoke_without_command=True)
@click.option(
    "--ordner", required=True, type=click.Path(file_okay=False, path_type=Path), help="Ordner der Gegenstelle."
)
@click.option("--profil", "angabe", default="ordner", show_default=True, help="Mitgeliefertes Profil oder Pfad.")
@click.option(
    "--schritte",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Schreibt jede Datei in so vielen Stücken.",
)
@click.option("--ohne-marke", is_flag=True, help="Vergisst die Markierung.")
@click.option("--gleiche-namen", is_flag=True, help="Nennt jeden Export gleich.")
@click.option("--holt-nicht", is_flag=True, help="Lässt den Importordner liegen.")
@click.option(
    "--quittung",
    default="uebernommen",
    show_default=True,
    type=click.Choice(["uebernommen", "angenommen", "abgelehnt", "unverstaendlich", "keine"]),
)
@click.option("--quittung-nach", default=0, show_default=True, type=click.IntRange(0, 1000), help="Runden bis dahin.")
@click.option("--quittung-anzahl", default=1, show_default=True, type=click.IntRange(1, 100), help="So oft dieselbe.")
@click.option("--laufwerk-weg-nach", type=click.IntRange(0), help="Trennt das Laufwerk nach so vielen Runden.")
@click.option("--takt", default=1.0, show_default=True, type=click.FloatRange(0.05, 3600), help="Sekunden je Runde.")
@click.option("--runden", default=0, show_default=True, type=click.IntRange(0), help="0: bis er beendet wird.")
@click.pass_context
def comvibilia(kontext: click.Context, /, ordner: Path, angabe: str, takt: float, runden: int, **launen: Any) -> None:
    """Spielt die Gegenstelle der Ordnerübergabe: export/, import/ und quittungen/ im Ordner.

    Das ist nicht COM Vibilia, sondern eine Gegenstelle nach Layoutprofil. Nur für Testdaten.
    """
    from fachwerk_comvibilia.profil import lade
    from fachwerk_comvibilia.simulator import ComVibilia, Temperament

    kontext.obj = ComVibilia(ordner, lade(angabe, Path.cwd()), Temperament(**launen))
    if kontext.invoked_subcommand is None:
        _laufe(kontext.obj, takt, runden)


@comvibilia.command()
@click.argument("xml", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("anlagen", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--nachricht-id", default="", help="Kennung in den Metadaten; ohne sie bildet Fachwerk eine.")
@click.option("--name", default="", help="Name des Ordners oder Stamms.")
@click.option("--test", is_flag=True, help="Als Test kennzeichnen.")
@click.pass_obj
def ablegen(gegenstelle: Any, xml: Path, anlagen: tuple[Path, ...], nachricht_id: str, name: str, test: bool) -> None:
    """Legt eine Nachricht in den Exportordner."""
    from fachwerk_comvibilia.simulator import Nachricht

    dateien = [(anlage.name, anlage.read_bytes()) for anlage in anlagen]
    gegenstelle.lege_ab(Nachricht(xml.read_bytes(), dateien, nachricht_id, name or xml.stem, test))
    for _ in range(gegenstelle.temperament.schritte * (len(dateien) + 2)):
        gegenstelle.runde()
    click.echo(f"Abgelegt in {gegenstelle.export}.")


def _laufe(gegenstelle: Any, takt: float, runden: int) -> None:
    ende = Haltesignal.horche()
    click.echo(
        f"Export: {gegenstelle.export}\nImport: {gegenstelle.importordner}\nQuittungen: {gegenstelle.quittungen}"
    )
    gesehen = 0
    while True:
        gegenstelle.runde()
        for eine in gegenstelle.uebergeben[gesehen:]:
            click.echo(f"Übernommen: {eine.name} ({len(eine.dateien)} Dateien)")
        gesehen = len(gegenstelle.uebergeben)
        if (runden and gegenstelle.runden >= runden) or ende.warte(takt):
            return
