"""``fachwerk umzug``: from a SQLite file to a PostgreSQL server, with everything that is under way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fachwerk.cli.person import benutzer

if TYPE_CHECKING:
    from fachwerk.settings import Einstellungen
    from fachwerk.umzug import Umzugsbericht


@click.command("umzug")
@click.option("--nach", default="", metavar="ADRESSE", help="postgresql+psycopg://…, oder env:NAME, oder datei:PFAD.")
@click.option(
    "--von",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PFAD",
    help="Die SQLite-Datei (Vorgabe: [fachwerk].datenbank).",
)
@click.option("--abbrechen", is_flag=True, help="Einen nicht beendeten Umzug aufgeben; die Datei arbeitet weiter.")
@click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def befehl(konfig: Path | None, nach: str, von: Path | None, abbrechen: bool, wer: str, als_json: bool) -> int:
    """Zieht von der SQLite-Datei in eine leere PostgreSQL-Datenbank um und prüft, dass alles angekommen ist.

    Den Dienst vorher beenden. Die Datei wird nur gelesen und gilt danach als umgezogen. Wird der Umzug unterbrochen,
    denselben Befehl noch einmal: Er geht weiter, wo er war.
    """
    from fachwerk import settings, umzug

    einstellungen = settings.lade(konfig)
    datei = von or _datei(einstellungen)
    if abbrechen:
        umzug.brich_ab(datei)
        click.echo(f"Abgebrochen. An {datei} kann wieder gearbeitet werden; die begonnene Datenbank bitte löschen.")
        return 0
    if not nach:
        raise click.UsageError("Wohin? Bitte --nach postgresql+psycopg://… nennen (eine leere Datenbank).")
    if nach.startswith(("env:", "datei:")):
        nach = settings.secret(nach, einstellungen.ordner)
    bericht = _ziehe_um(einstellungen, datei, nach, wer or benutzer())
    if als_json:
        _als_json(bericht)
    else:
        _berichte(bericht, datei)
    return 1 if bericht.brueche else 0


def _datei(einstellungen: Einstellungen) -> Path:
    """The SQLite file of the configuration."""
    from fachwerk import settings

    vor, _, rest = settings.datenbank_url(einstellungen).partition(":///")
    if not vor.startswith("sqlite") or rest.startswith((":memory:", "file:")):
        raise click.UsageError("[fachwerk].datenbank nennt keine SQLite-Datei. Bitte mit --von PFAD nennen.")
    return Path(rest.partition("?")[0])


def _ziehe_um(einstellungen: Einstellungen, datei: Path, nach: str, wer: str) -> Umzugsbericht:
    from fachwerk import audit, settings, umzug
    from fachwerk.betrieb import Betrieb
    from fachwerk.cli.ausgabe import fortschritt
    from fachwerk.datenbank import oeffne_lesend
    from fachwerk.plugins import lade
    from fachwerk.schluessel import Schluesselbund
    from fachwerk.store import Store

    plugins = lade(settings.plugins_der_konfiguration(einstellungen))
    aufbau = settings.aufbau(einstellungen, plugins)
    bund = Schluesselbund.aus_datei(einstellungen.schluesselpfad)
    ordner = einstellungen.audit.ordner
    koepfe = list(audit.lies_koepfe(Store(oeffne_lesend(datei), bund), einstellungen.pfad(ordner))) if ordner else []
    with fortschritt("Zeilen übertragen") as zeige:
        return umzug.ziehe_um(
            datei,
            nach,
            bund,
            lambda ziel: Betrieb(einstellungen, plugins, aufbau, ziel),
            wer=wer,
            koepfe=koepfe,
            fortschritt=zeige,
        )


def _als_json(bericht: Umzugsbericht) -> None:
    from fachwerk.cli.ausgabe import json_aus

    json_aus(vars(bericht) | {"brueche": [vars(bruch) for bruch in bericht.brueche]})


def _berichte(bericht: Umzugsbericht, datei: Path) -> None:
    from fachwerk import umzugszeichen

    if bericht.war_fertig:
        click.echo("Der Umzug war schon zu Ende.")
    else:
        staende = ", ".join(f"{anzahl} {status}" for status, anzahl in sorted(bericht.staende.items()))
        click.echo(f"Umgezogen: {sum(bericht.staende.values())} Vorgänge ({staende or 'keine'}).")
        click.echo(f"  {sum(bericht.zeilen.values())} Zeilen in {len(bericht.zeilen)} Tabellen, alle verglichen.")
        click.echo(f"  {bericht.ereignisse} Zeilen in {bericht.ketten} Ereignisketten geprüft.")
        click.echo(f"  {bericht.auftraege} Aufträge wieder eingereiht.")
    for bruch in bericht.brueche:
        click.echo(f"  Schon vorher gebrochen: {bruch.text}")
    click.echo(
        "Jetzt auf jedem Rechner in fachwerk.toml unter [fachwerk] eintragen (*** ist das Kennwort; es kann auch in "
        f'der Umgebungsvariablen FACHWERK_DATENBANK stehen):\n  datenbank = "{bericht.nach}"\n'
        "Dann: fachwerk check, fachwerk audit verify, fachwerk bilanz, und fachwerk run."
    )
    click.echo(
        f"{datei} bleibt, wie sie ist; {umzugszeichen.pfad(datei).name} daneben sorgt dafür, dass niemand mehr an ihr "
        "arbeitet. Nach der ersten Sicherung am neuen Ort die Datei löschen: Sie enthält alle Inhalte."
    )
