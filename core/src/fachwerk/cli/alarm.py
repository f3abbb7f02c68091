"""``fachwerk alarm …``: what is open, and whether anybody would hear of it."""

from __future__ import annotations

from pathlib import Path

import click

KOPF = ("Seit", "Anlass", "Betrifft", "Was ist und was zu tun ist")


@click.group("alarm")
def befehl() -> None:
    """Offene Alarme zeigen, und den Versand ausprobieren."""


@befehl.command("list")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def liste(konfig: Path | None, als_json: bool) -> None:
    """Zeigt die offenen Alarme, den ältesten zuerst."""
    from fachwerk import alarm
    from fachwerk.alarmgruende import zeile_als_text
    from fachwerk.betrieb import offener_store
    from fachwerk.cli.ausgabe import json_aus, tabelle
    from fachwerk.lage import zeit_text
    from fachwerk.modell import utc

    with offener_store(konfig) as store:
        zeilen = alarm.offene(store)
    if als_json:
        weitere = [{"anzahl": zeile.anzahl, "zuletzt": utc(zeile.zuletzt).isoformat()} for zeile in zeilen]
        json_aus([zeile_als_text(zeile) | mehr for zeile, mehr in zip(zeilen, weitere, strict=True)])
    elif zeilen:
        worte = [alarm.WORT.get(zeile.anlass, zeile.anlass) for zeile in zeilen]
        texte = [
            (zeit_text(zeile.seit), wort, zeile.gegenstand, f"{zeile.hinweis} [{zeile.code}]")
            for zeile, wort in zip(zeilen, worte, strict=True)
        ]
        click.echo(tabelle(KOPF, texte))
    else:
        click.echo("Es ist kein Alarm offen.")


@befehl.command("test")
@click.pass_obj
def probe(konfig: Path | None) -> None:
    """Schickt über jeden eingerichteten Weg eine Probemeldung und sagt, ob sie angenommen wurde."""
    import uuid
    from datetime import UTC, datetime

    from fachwerk import meldewege, settings
    from fachwerk.errors import ConfigError, FachwerkError

    einstellungen = settings.lade(konfig)
    wege = meldewege.wege(einstellungen)
    if not wege:
        text = "In [alarm] steht kein Weg: mail mit smtp, oder webhook."
        raise ConfigError("alarm_keiner", text, schluessel="alarm")
    jetzt, gescheitert = datetime.now(UTC), 0
    for weg in wege:
        try:
            meldewege.sende(einstellungen, weg, uuid.uuid4().hex, jetzt, [_probemeldung(jetzt.isoformat())])
            click.echo(f"{meldewege.WORT[weg]}: angenommen. Bitte nachsehen, ob die Probe auch ankommt.")
        except FachwerkError as fehler:
            gescheitert += 1
            click.echo(f"{meldewege.WORT[weg]}: {fehler.hint} [{fehler.code}]", err=True)
    if gescheitert:
        raise SystemExit(1)


def _probemeldung(zeit: str) -> dict[str, str]:
    return {
        "art": "probe",
        "anlass": "probe",
        "wort": "Probe",
        "gegenstand": "fachwerk",
        "code": "probe",
        "hinweis": "Diese Meldung wurde mit „fachwerk alarm test“ geschickt. Es ist nichts zu tun.",
        "seit": zeit,
    }
