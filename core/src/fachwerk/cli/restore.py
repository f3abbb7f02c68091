"""``fachwerk restore``: a backup becomes the database again, and the mirror gives what came after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fachwerk.cli.person import benutzer

if TYPE_CHECKING:
    from fachwerk.einspielung import Bericht

_ORDNER = click.Path(file_okay=False, path_type=Path)


@click.command("restore")
@click.argument("sicherung", required=False, type=_ORDNER)
@click.option("--spiegel", type=_ORDNER, metavar="PFAD", help="Der Spiegel (Vorgabe: [sicherung].spiegel).")
@click.option("--ohne-spiegel", is_flag=True, help="Es gibt keinen: Was nach der Sicherung kam, ist dann verloren.")
@click.option("--nur-spiegel", is_flag=True, help="Nur aus dem Spiegel nachholen, was die Datenbank nicht kennt.")
@click.option("--ersetze", is_flag=True, help="Eine vorhandene SQLite-Datenbank zur Seite legen.")
@click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
@click.option("--grund", default="", help="Warum (wird verschlüsselt vermerkt).")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def befehl(
    konfig: Path | None,
    sicherung: Path | None,
    spiegel: Path | None,
    ohne_spiegel: bool,
    nur_spiegel: bool,
    ersetze: bool,
    wer: str,
    grund: str,
    als_json: bool,
) -> int:
    """Stellt SICHERUNG (ein Ordner von „fachwerk backup“) wieder her und holt aus dem Spiegel, was danach kam.

    Alle Dienste vorher beenden. Danach ist jedes Ziel angehalten: Was seit der Sicherung übergeben wurde, weiß die
    Datenbank nicht. Beim Fortsetzen („fachwerk ziel resume“) wird das Ziel gefragt, oder der Vorgang wird gehalten.
    """
    from fachwerk import einspielung
    from fachwerk.betrieb import oeffne_betrieb
    from fachwerk.cli.ausgabe import fortschritt, json_aus
    from fachwerk.engine import lege_tabellen_an

    if bool(sicherung) == nur_spiegel:
        raise click.UsageError("Bitte entweder eine SICHERUNG nennen oder --nur-spiegel.")
    quelle = _spiegel(konfig, spiegel, ohne_spiegel)
    wer = wer or benutzer()
    alte = _stelle_her(konfig, sicherung, wer, grund, ersetze) if sicherung else []
    betrieb = oeffne_betrieb(konfig)
    try:
        lege_tabellen_an(betrieb.store.datenbank)
        with fortschritt("Vorgänge aus dem Spiegel") as zeige:
            bericht = einspielung.nimm_auf(betrieb, quelle, wer, zeige)
    finally:
        betrieb.schliesse()
    if als_json:
        json_aus({**vars(bericht), "beiseite": [str(pfad) for pfad in alte]})
    else:
        _berichte(bericht, alte, quelle)
    return 1 if bericht.unbrauchbar or bericht.doppelte else 0


def _spiegel(konfig: Path | None, angabe: Path | None, ohne: bool) -> Path | None:
    """Where the mirror is; None only if somebody says that there is none."""
    from fachwerk import settings

    if ohne:
        return None
    einstellungen = settings.lade(konfig)
    eingetragen = einstellungen.sicherung.spiegel
    quelle = angabe or (einstellungen.pfad(eingetragen) if eingetragen else None)
    if quelle is None or not quelle.is_dir():
        was = f"Der Spiegel {quelle} ist nicht da." if quelle else "Es ist kein Spiegel eingetragen."
        raise click.UsageError(
            f"{was} Ohne ihn fehlt, was nach der Sicherung kam und im Postfach schon geschlossen ist. Bitte --spiegel "
            "nennen, oder mit --ohne-spiegel bestätigen, dass es keinen gibt."
        )
    return quelle


def _stelle_her(konfig: Path | None, ordner: Path, wer: str, grund: str, ersetze: bool) -> list[Path]:
    from fachwerk import settings, sicherung, wiederherstellung
    from fachwerk.cli.ausgabe import fortschritt
    from fachwerk.plugins import lade
    from fachwerk.schluessel import Schluesselbund

    einstellungen = settings.lade(konfig)
    settings.aufbau(einstellungen, lade(settings.plugins_der_konfiguration(einstellungen)))
    bund = Schluesselbund.aus_datei(einstellungen.schluesselpfad)
    with fortschritt("Dateien geprüft") as zeige:
        gelesen = sicherung.lies(ordner, zeige)
    url = settings.datenbank_url(einstellungen)
    return wiederherstellung.stelle_her(url, gelesen, bund, einstellungen.ziel, wer=wer, grund=grund, ersetze=ersetze)


def _berichte(bericht: Bericht, alte: list[Path], quelle: Path | None) -> None:
    for pfad in alte:
        click.echo(f"Beiseite gelegt: {pfad}")
    if quelle is None:
        click.echo("Ohne Spiegel: Was nach der Sicherung kam, fehlt, soweit es nicht mehr im Postfach liegt.")
    else:
        click.echo(f"Aus dem Spiegel: {bericht.neu} Vorgänge nachgeholt, {bericht.bekannt} waren schon da.")
    if bericht.unbrauchbar:
        click.echo(f"{len(bericht.unbrauchbar)} Kopien sind nicht zu gebrauchen, diese Vorgänge fehlen:")
        for zeile in bericht.unbrauchbar:
            click.echo(f"  {zeile}")
    if bericht.vergessen:
        click.echo(f"{bericht.vergessen} Vorgänge wurden erneut gelöscht: Das war nach der Sicherung angeordnet.")
    if bericht.doppelte:
        click.echo(f"{bericht.doppelte} Vorgänge mit gleichem Inhalt sind gehalten: bitte im Ziel nachsehen.")
    click.echo(
        "Jedes Ziel ist angehalten. Ist es erreichbar: „fachwerk ziel resume NAME“; „fachwerk check“ zeigt, was ruht."
    )
