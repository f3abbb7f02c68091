"""``fachwerk check``: the preflight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fachwerk.vorpruefung import Meldung


@click.command("check")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def befehl(konfig: Path | None, als_json: bool) -> None:
    """Prüft Konfiguration, Plugins, Verbindungen, Ordner und Datenbank und nennt alles auf einmal.

    Ausgang: 0 in Ordnung, 1 Warnungen, 3 Fehler.
    """
    from fachwerk.cli.ausgabe import json_aus
    from fachwerk.vorpruefung import ausgang, pruefe

    meldungen = pruefe(konfig)
    code = ausgang(meldungen)
    if als_json:
        json_aus({"ok": code == 0, "befunde": [_json(meldung) for meldung in meldungen]})
    else:
        click.echo(_text(meldungen))
    raise SystemExit(code)


def _json(meldung: Meldung) -> dict[str, Any]:
    return {"code": meldung.code, "schwere": meldung.schwere.value, "text": meldung.text, "ort": meldung.ort}


def _text(meldungen: list[Meldung]) -> str:
    from fachwerk.cli.ausgabe import tabelle
    from fachwerk.modell import Schwere
    from fachwerk.vorpruefung import FEHLER

    fehler = sum(meldung.schwere in FEHLER for meldung in meldungen)
    warnungen = sum(meldung.schwere is Schwere.WARNUNG for meldung in meldungen)
    schluss = f"{fehler} Fehler, {_zahl(warnungen, 'Warnung', 'Warnungen')}." if fehler or warnungen else "In Ordnung."
    if not meldungen:
        return schluss
    zeilen = [(_wort(meldung), meldung.ort or "–", meldung.text) for meldung in meldungen]
    return f"{tabelle(('', 'Wo', 'Was'), zeilen)}\n\n{schluss}"


def _wort(meldung: Meldung) -> str:
    from fachwerk.modell import Schwere

    return {Schwere.HINWEIS: "Hinweis", Schwere.WARNUNG: "WARNUNG"}.get(meldung.schwere, "FEHLER")


def _zahl(anzahl: int, eins: str, viele: str) -> str:
    return f"{anzahl} {eins if anzahl == 1 else viele}"
