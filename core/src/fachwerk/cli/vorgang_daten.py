"""``fachwerk vorgang export|forget``: give out everything about a case, or delete its content on purpose."""

from __future__ import annotations

from pathlib import Path

import click

_WER = click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")


@click.command("export")
@click.argument("kennung", required=False)
@click.option("--nach", type=click.Path(path_type=Path), help="Ordner oder neue Datei (.zip), wohin alles geht.")
@click.option("--grund", default="", help="Warum, etwa „Auskunft nach Art. 15 DSGVO“ (Inhalt des Vorgangs).")
@_WER
@click.option(
    "--pruefe",
    "zu_pruefen",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="DATEI.zip",
    help="Stattdessen eine Ausfuhr prüfen: Ist sie ganz und unverändert?",
)
@click.pass_obj
def fuehre_aus(
    konfig: Path | None, kennung: str | None, nach: Path | None, grund: str, wer: str, zu_pruefen: Path | None
) -> int:
    """Schreibt alles über einen Vorgang in ein ZIP: Original, Journal, Übergaben, Quittungen, Ereignisse, Prüfsummen.

    Das ZIP enthält den Antrag im Klartext. Die Ausfuhr steht als Einsicht in den Ereignissen des Vorgangs.
    """
    if zu_pruefen is not None:
        return _pruefe(zu_pruefen)
    if not kennung or nach is None:
        raise click.UsageError("Bitte den Vorgang und --nach nennen, oder --pruefe DATEI.zip.")
    from fachwerk import ausfuhr
    from fachwerk.cli.person import benutzer
    from fachwerk.cli.vorgangswahl import geoeffneter_betrieb, volle_kennung

    with geoeffneter_betrieb(konfig) as betrieb:
        vorgang_id = volle_kennung(betrieb.store, kennung)
        fertig = ausfuhr.fuehre_aus(betrieb, vorgang_id, nach, wer=wer or benutzer(), grund=grund)
    click.echo(f"{fertig.pfad}: {fertig.dateien} Dateien, im Klartext. SHA-256 von manifest.json: {fertig.sha256}")
    if not fertig.mit_inhalt:
        click.echo("Der Inhalt dieses Vorgangs ist gelöscht; ausgegeben ist, was bleibt.")
    return 0


def _pruefe(datei: Path) -> int:
    from fachwerk import ausfuhr

    maengel = ausfuhr.pruefe(datei)
    for mangel in maengel:
        click.echo(mangel)
    click.echo(f"{datei.name} ist {'NICHT ' if maengel else ''}ganz und unverändert.")
    return 1 if maengel else 0


@click.command("forget")
@click.argument("kennung")
@click.option("--grund", required=True, help="Warum, etwa „Antrag nach Art. 17 DSGVO“ (wird verschlüsselt vermerkt).")
@click.option("--zwang", is_flag=True, help="Auch einen Vorgang löschen, der noch nicht fertig ist.")
@_WER
@click.pass_obj
def vergiss(konfig: Path | None, kennung: str, grund: str, zwang: bool, wer: str) -> int:
    """Löscht den Inhalt eines Vorgangs endgültig; Kennungen, Codes, Zeiten und die Ereignisse bleiben.

    Gelöscht wird auch die Kopie im Spiegel und, was das Ziel selbst löschen kann. Ältere Sicherungen enthalten ihn
    noch, bis sie selbst gelöscht sind.
    """
    from fachwerk import vergessen
    from fachwerk.cli.person import benutzer
    from fachwerk.cli.vorgangswahl import geoeffneter_betrieb, volle_kennung

    with geoeffneter_betrieb(konfig) as betrieb:
        vorgang_id = volle_kennung(betrieb.store, kennung)
        ergebnis = vergessen.vergiss(betrieb, vorgang_id, wer=wer or benutzer(), grund=grund, zwang=zwang)
    war = "war schon gelöscht" if ergebnis.schon else "ist gelöscht"
    click.echo(f"Der Inhalt von Vorgang {vorgang_id[:12]} {war}.")
    for ort in ergebnis.ausstehend:
        click.echo(f"Noch zu löschen: {ort}. Der Dienst versucht es, bis es gelingt.")
    return 1 if ergebnis.ausstehend else 0


BEFEHLE = (fuehre_aus, vergiss)
