"""``fachwerk vorgang resend``: hand over once more, one case or many, the many only after a look."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fachwerk.betrieb import Betrieb
    from fachwerk.nachsendung import Auswahl, Plan

STUFEN = ("uebergeben", "technisch_bestaetigt", "uebernommen")
ZUSTAENDE = ("running", "waiting", "held", "done", "forwarded")
"""States in which a case can have deliveries."""

_ZEIT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
_WEGE = {
    "wiederholen": "wird übergeben; das Ziel erkennt die Kennung und nimmt es höchstens einmal",
    "fragen": "das Ziel wird gefragt; was es hat, wird nur vermerkt, sonst wird übergeben",
    "senden": "wird übergeben, weil beim Empfänger nichts angekommen ist",
}


@click.command("resend")
@click.argument("kennung", required=False)
@click.option("--ziel", required=True, help="An dieses Ziel.")
@click.option("--grund", default="", help="Warum (wird als Inhalt des Vorgangs gespeichert); nötig, um zu senden.")
@click.option("--wer", default="", help="Wer handelt; sonst der angemeldete Benutzer.")
@click.option("--nicht-angekommen", is_flag=True, help="Beim Empfänger erfragt: Dort ist nichts angekommen.")
@click.option("--probe", is_flag=True, help="Mit KENNUNG: nur zeigen, was geschähe.")
@click.option("--status", multiple=True, type=click.Choice(ZUSTAENDE), help="Nur diese Zustände (mehrfach möglich).")
@click.option("--leistung", default="", help="Nur diese Leistung (Wort oder LeiKa-ID).")
@click.option(
    "--seit",
    type=_ZEIT,
    metavar="ZEIT",
    help="Nur Zustellungen, die seither begannen (JJJJ-MM-TT oder JJJJ-MM-TT HH:MM).",
)
@click.option("--bis", type=_ZEIT, metavar="ZEIT", help="Nur Zustellungen, die vorher begannen; ein Tag zählt mit.")
@click.option("--stufe", type=click.Choice(STUFEN), help="Nur was genau bis hierher bestätigt ist.")
@click.option("--ueberfaellig", is_flag=True, help="Nur was überfällig ist.")
@click.option("--grenze", default=1000, show_default=True, type=click.IntRange(1), help="Höchstens so viele.")
@click.option("--ausfuehren", is_flag=True, help="Ohne KENNUNG: tun, was sonst nur gezeigt wird.")
@click.option("--erwartet-anzahl", type=click.IntRange(0), help="Nur, wenn es genau so viele sind (wie in der Probe).")
@click.option("--json", "als_json", is_flag=True, help="Ein JSON-Dokument auf der Standardausgabe.")
@click.pass_obj
def sende_nach(konfig: Path | None, /, kennung: str | None, als_json: bool, **angaben: Any) -> None:
    """Übergibt Zugestelltes noch einmal, mit derselben Kennung und der heutigen Einrichtung des Ziels.

    Mit KENNUNG einen Vorgang. Ohne KENNUNG alle, die zur Auswahl passen: erst als Probe, mit --ausfuehren wirklich.
    Kann das Ziel Wiederholungen erkennen, geht es sofort; kann es gefragt werden, wird erst gefragt; sonst nur mit
    --nicht-angekommen.
    """
    from fachwerk.cli.vorgangswahl import geoeffneter_betrieb

    _pruefe(kennung, angaben)
    with geoeffneter_betrieb(konfig) as betrieb:
        plaene, getan = (_einen if kennung else _viele)(betrieb, kennung or "", angaben)
    if als_json:
        _zeige_json(plaene, getan, angaben["ziel"])
    else:
        click.echo(_text(plaene, getan, len(plaene) == 1 and bool(kennung)))
    if getan and not kennung and any(plan.weg is None for plan in plaene):
        raise SystemExit(1)


_NUR_VIELE = ("status", "leistung", "seit", "bis", "stufe", "ueberfaellig", "ausfuehren")


def _pruefe(kennung: str | None, angaben: dict[str, Any]) -> None:
    """What does not go together is a usage error, before anything is opened."""
    if kennung and (fremd := [name for name in _NUR_VIELE if angaben[name]] or angaben["erwartet_anzahl"] is not None):
        name = fremd[0] if isinstance(fremd, list) else "erwartet-anzahl"
        raise click.UsageError(f"--{name} wählt unter vielen aus; mit KENNUNG ist der Vorgang schon gewählt.")
    if not kennung and angaben["probe"]:
        raise click.UsageError("Ohne KENNUNG ist es immer eine Probe; --ausfuehren sendet.")
    if (angaben["ausfuehren"] or (kennung and not angaben["probe"])) and not angaben["grund"].strip():
        raise click.UsageError("Bitte mit --grund sagen, warum erneut übergeben wird.")


def _einen(betrieb: Betrieb, kennung: str, angaben: dict[str, Any]) -> tuple[list[Plan], bool]:
    from fachwerk import nachsendung
    from fachwerk.cli.person import benutzer
    from fachwerk.cli.vorgangswahl import volle_kennung

    vorgang_id, ziel = volle_kennung(betrieb.store, kennung), angaben["ziel"]
    nicht_da = angaben["nicht_angekommen"]
    if angaben["probe"]:
        return [nachsendung.sieh_nach(betrieb, vorgang_id, ziel, nicht_angekommen=nicht_da)], False
    wer, grund = angaben["wer"] or benutzer(), angaben["grund"]
    plan = nachsendung.sende_nach(betrieb, vorgang_id, ziel, wer=wer, grund=grund, nicht_angekommen=nicht_da)
    return [plan], True


def _viele(betrieb: Betrieb, _: str, angaben: dict[str, Any]) -> tuple[list[Plan], bool]:
    from fachwerk import nachsendung
    from fachwerk.cli.person import benutzer
    from fachwerk.zulaessigkeit import nein

    nicht_da = angaben["nicht_angekommen"]
    plaene = nachsendung.plane(betrieb, _auswahl(angaben), nicht_angekommen=nicht_da)
    anzahl = sum(plan.weg is not None for plan in plaene)
    if angaben["erwartet_anzahl"] not in (None, anzahl):
        text = f"Es sind jetzt {anzahl} Zustellungen, erwartet waren {angaben['erwartet_anzahl']}. Nichts gesendet."
        raise nein("nachsendung_anzahl", text)
    if not angaben["ausfuehren"]:
        return plaene, False
    with _balken(len(plaene)) as melde:
        getan = nachsendung.fuehre_aus(
            betrieb,
            plaene,
            wer=angaben["wer"] or benutzer(),
            grund=angaben["grund"],
            nicht_angekommen=nicht_da,
            melde=melde,
        )
        return list(getan), True


@contextmanager
def _balken(anzahl: int) -> Iterator[Callable[[], None]]:
    """What to call after each; at a terminal it moves a bar."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=anzahl, label="Übergeben", file=sys.stderr) as balken:
        yield lambda: balken.update(1)


def _auswahl(angaben: dict[str, Any]) -> Auswahl:
    from fachwerk.katalog import leistung
    from fachwerk.modell import Stufe
    from fachwerk.nachsendung import Auswahl

    wort = angaben["leistung"]
    if wort and (eintrag := leistung(wort)) is None:
        raise click.UsageError("Diese Leistung steht nicht im Katalog („fachwerk leistungen list“ zeigt ihn).")
    return Auswahl(
        ziel=angaben["ziel"],
        status=angaben["status"],
        leistung=eintrag.wort if wort and eintrag else "",
        seit=_zeit(angaben["seit"]),
        bis=_zeit(angaben["bis"], ende=True),
        stufe=Stufe(angaben["stufe"]) if angaben["stufe"] else None,
        ueberfaellig=angaben["ueberfaellig"],
        grenze=angaben["grenze"],
    )


def _zeit(zeit: datetime | None, *, ende: bool = False) -> datetime | None:
    """German time; a whole day as end includes itself."""
    from fachwerk.lage import ZEITZONE

    if zeit is None:
        return None
    ganzer_tag = ende and (zeit.hour, zeit.minute) == (0, 0)
    return (zeit + timedelta(days=1) if ganzer_tag else zeit).replace(tzinfo=ZEITZONE)


def _zeige_json(plaene: Sequence[Plan], getan: bool, ziel: str) -> None:
    from fachwerk.cli.ausgabe import json_aus

    moeglich = sum(plan.weg is not None for plan in plaene)
    kopf = {"ziel": ziel, "ausgefuehrt": getan, "moeglich": moeglich, "abgelehnt": len(plaene) - moeglich}
    json_aus({**kopf, "vorgaenge": [plan.als_json() for plan in plaene]})


def _text(plaene: Sequence[Plan], getan: bool, einer: bool) -> str:
    from fachwerk.cli.ausgabe import tabelle

    if not plaene:
        return "Dazu passt keine Zustellung."
    zeilen = [(plan.vorgang_id[:12], str(plan.fassung), _was(plan)) for plan in plaene]
    moeglich = sum(plan.weg is not None for plan in plaene)
    return (
        f"{tabelle(('Vorgang', 'Fassung', 'Was geschieht'), zeilen)}\n\n{_schluss(moeglich, len(plaene), getan, einer)}"
    )


def _was(plan: Plan) -> str:
    return _WEGE[plan.weg.value] if plan.weg else f"NICHT: {plan.hinweis} [{plan.code}]"


def _schluss(moeglich: int, alle: int, getan: bool, einer: bool) -> str:
    anzahl = f"{moeglich} von {alle} Zustellungen"
    if getan:
        return f"{anzahl} werden bearbeitet, sobald der Dienst läuft (oder mit „fachwerk poll“)."
    womit = "ohne --probe" if einer else f"mit --ausfuehren (--erwartet-anzahl {moeglich} sichert diese Anzahl)"
    return f"Nur angesehen, nichts geändert. {anzahl} würden bearbeitet: {womit}."


BEFEHLE = (sende_nach,)
