"""``fachwerk simulator xta``: the server as a command, and the two that talk to a running one."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from fachwerk.errors import ConfigError, StepError
from fachwerk.haltesignal import Haltesignal

if TYPE_CHECKING:
    from fachwerk_generic_xta.simulator.server import XtaSimulator

P = ParamSpec("P")
R = TypeVar("R")
_ORDNER = click.option("--ordner", type=click.Path(path_type=Path), help="Hier liegt alles, was der Simulator braucht.")


def erklaert(befehl: Callable[P, R]) -> Callable[P, R]:
    """End with code 3 and a German sentence where the user can do something about it."""

    @wraps(befehl)
    def aufruf(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return befehl(*args, **kwargs)
        except (ConfigError, StepError) as fehler:
            click.echo(str(fehler), err=True)
            raise click.exceptions.Exit(3) from fehler

    return aufruf


def pruefe_ordner(ordner: Path | None) -> Path:
    """``--ordner`` is needed, but not by the word itself, which also carries the other commands."""
    if ordner is None:
        raise ConfigError("simulator.ordner", "Es fehlt --ordner: der Ordner, in dem der Simulator alles ablegt.")
    if ordner.exists() and not ordner.is_dir():
        raise ConfigError("simulator.ordner", f"{ordner} ist eine Datei. Mit --ordner einen Ordner angeben.")
    return ordner


@click.group(invoke_without_command=True)
@_ORDNER
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0: ein freier Port.")
@click.option("--konten", type=click.Path(path_type=Path), help="Konten als JSON statt konten.json im Ordner.")
@click.option("--host", default="localhost", show_default=True, help="Name oder Adresse, auf der gelauscht wird.")
@click.option("--groessengrenze", default=40_000_000, show_default=True, type=click.IntRange(1), help="In Bytes.")
@click.option("--listenlaenge", default=100, show_default=True, type=click.IntRange(1), help="Einträge je Seite.")
@click.option("--streng", is_flag=True, help="Schema, WS-Addressing und MsgBoxRequestID genau prüfen.")
@click.option("--nur-neue", is_flag=True, help="Abgerufenes ohne newEntry=false nicht mehr auflisten.")
@click.option("--inhalt-behalten", is_flag=True, help="Inhalte geschlossener Nachrichten nicht löschen.")
@click.option("--virenpruefung", is_flag=True, help="Die Testdatei der Virenscanner (EICAR) ablehnen (9060).")
@click.option("--mtom", default="immer", show_default=True, type=click.Choice(["immer", "auto", "nie"]))
@click.option("--gestueckelt", is_flag=True, help="Antworten gestückelt statt mit Content-Length senden.")
@click.pass_context
def xta(kontext: click.Context, /, **werte: Any) -> None:
    """XTA-Server zum Ausprobieren (Webservice 2.1.1, HTTPS mit Clientzertifikat).

    Legt im Ordner eine eigene CA, Zertifikate je Konto und die Postfächer an und läuft, bis er beendet wird.
    Nur für Testdaten.
    """
    if kontext.invoked_subcommand is None:
        laufe(**werte)


@erklaert
def laufe(ordner: Path | None, port: int, konten: Path | None, host: str, **verhalten: Any) -> None:
    """Run the server until a signal comes."""
    from fachwerk_generic_xta.simulator.betrieb import Einstellungen
    from fachwerk_generic_xta.simulator.server import XtaSimulator

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    ordner = pruefe_ordner(ordner)
    ende = Haltesignal.horche()
    rohe_konten = _uebernimm_konten(ordner, konten)
    einstellungen = Einstellungen(**verhalten)
    with XtaSimulator(ordner, rohe_konten, host=host, port=port, einstellungen=einstellungen) as simulator:
        click.echo(beschreibe(simulator))
        ende.warte_darauf()
    click.echo(f"Simulator beendet. Nachrichten, Zertifikate und Protokoll bleiben in {ordner}.")


@xta.command()
@click.argument("auftrag", metavar="JSON")
@_ORDNER
@erklaert
def steuern(auftrag: str, ordner: Path | None) -> None:
    """Dem laufenden Simulator etwas auftragen: Fehler einspielen, Konten sperren, Berichte, Postfächer füllen.

    JSON ist der Auftrag selbst, eine Datei oder „-“ (Standardeingabe).
    """
    from fachwerk_generic_xta.simulator.steuerung import steuere

    for zeile in _stand_in_worten(steuere(pruefe_ordner(ordner), _lies_auftrag(auftrag))):
        click.echo(zeile)


@xta.command()
@click.argument("dateien", metavar="DATEI…", nargs=-1, required=True, type=click.Path(path_type=Path))
@_ORDNER
@click.option("--von", "konto", required=True, help="Konto, das sendet (sein Zertifikat).")
@click.option("--an", "leser", required=True, help="Kennung des Lesers.")
@click.option("--als", "autor", help="Kennung des Autors; sonst die erste des Kontos.")
@click.option("--dienst", default="urn:fachwerk:simulator:dienst", show_default=True, help="Dienst (URI).")
@click.option("--nachrichtentyp", default="test.nachricht.1", show_default=True)
@click.option("--typliste", default="urn:de:payloadSchema:elementName", show_default=True, help="listURI dazu.")
@click.option("--schema", default="urn:fachwerk:simulator:nachricht", show_default=True, help="payloadSchema dazu.")
@click.option("--szenario", default="TEST_DATA", show_default=True)
@click.option("--betreff", default="")
@click.option("--test/--echt", default=True, show_default=True, help="Testkennzeichen der Nachricht.")
@click.option("--anzahl", default=1, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--direkt", is_flag=True, help="Ohne HTTPS ins Postfach legen: für viele Nachrichten auf einmal.")
@click.option("--nicht-vor", type=click.DateTime(), help="NotBefore.")
@click.option("--gueltig-bis", type=click.DateTime(["%Y-%m-%d"]), help="ObsoleteAfter.")
@erklaert
def senden(dateien: tuple[Path, ...], ordner: Path | None, **werte: Any) -> None:
    """Nachrichten in den laufenden Simulator senden: die erste Datei ist die Nachricht, die weiteren sind Anlagen."""
    from fachwerk_generic_xta.simulator.einwurf import Einwurf, wirf_ein

    einwurf = Einwurf(dateien=dateien, **werte)
    for kennung in wirf_ein(pruefe_ordner(ordner), einwurf):
        click.echo(kennung)


def beschreibe(simulator: XtaSimulator) -> str:
    """Addresses and a ready-to-paste block of ``fachwerk.toml`` for the first account that is not locked."""
    urls = simulator.urls
    konto = next((konto for konto in simulator.konten.values() if not konto.gesperrt), None)
    zeilen = [f"XTA-Simulator in {simulator.ordner}", *(f"  {name:<11}{url}" for name, url in urls.items())]
    zeilen += [f"  Konten     {', '.join(simulator.konten)} (Zertifikate in {simulator.pki})"]
    zeilen += [f"  Protokoll  {simulator.ordner / 'anfragen.log'}", "  Beenden    Strg-C"]
    if konto is None:
        return "\n".join(zeilen)
    zugang = simulator.zugang(konto.name)
    werte = {
        "plugin": "generic_xta",
        "takt": "1m",
        "management_url": urls["management"],
        "msgbox_url": urls["msgbox"],
        "send_url": urls["send"],
        "zertifikat": str(zugang.zertifikat),
        "privatschluessel": str(zugang.privatschluessel),
        "ca": str(zugang.ca),
        "kennung": konto.kennungen[0] if len(konto.kennungen) == 1 else "*",
    }
    block = [f"[kanal.{konto.name.replace('.', '-')}]", *(f"{name} = {_toml(wert)}" for name, wert in werte.items())]
    return "\n".join([*zeilen, "", "# für fachwerk.toml:", *block])


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _uebernimm_konten(ordner: Path, konten: Path | None) -> dict[str, object] | None:
    """Accounts from the option count for this run; a folder without its own file keeps them for the next."""
    if konten is None:
        return None
    from fachwerk_generic_xta.simulator.konten import lies_konten

    lies_konten(konten)
    roh: dict[str, object] = json.loads(konten.read_text(encoding="utf-8"))
    ordner.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (ordner / "konten.json").exists():
        (ordner / "konten.json").write_text(json.dumps(roh, ensure_ascii=False, indent=2), encoding="utf-8")
    return roh


def _lies_auftrag(auftrag: str) -> Any:
    text, woher = auftrag, "Der Auftrag"
    if auftrag == "-":
        text = sys.stdin.read()
    elif not auftrag.lstrip().startswith(("{", "[")):
        woher = auftrag
        try:
            text = Path(auftrag).read_text(encoding="utf-8")
        except OSError as fehler:
            raise _kein_auftrag(f"{auftrag} ist weder JSON noch eine lesbare Datei.") from fehler
    try:
        return json.loads(text)
    except ValueError as fehler:
        raise _kein_auftrag(f"{woher} ist kein JSON ({fehler}).") from fehler


def _kein_auftrag(text: str) -> ConfigError:
    from fachwerk_generic_xta.simulator.steuerung import WORTE

    worte = "\n".join(f"  {wort:<15} {was}" for wort, was in WORTE.items())
    return ConfigError("simulator.steuerung", f"{text} Erwartet wird ein JSON-Objekt mit diesen Worten:\n{worte}")


def _stand_in_worten(stand: dict[str, Any]) -> list[str]:
    zeilen = [f"{stand['gefuellt']} Nachrichten ins Postfach gelegt"] if "gefuellt" in stand else []
    zeilen += ["Störungen:"] + [f"  {_regel_in_worten(regel)}" for regel in stand["regeln"] or []]
    if not stand["regeln"]:
        zeilen[-1] = "Störungen: keine"
    zeilen += [
        f"Konto {name}: {', '.join(konto['kennungen'])}; {konto['wartend']} wartend{'; gesperrt' * konto['gesperrt']}"
        for name, konto in stand["konten"].items()
    ]
    return [*zeilen, f"TLS: {stand['tls']}"]


def _regel_in_worten(regel: dict[str, Any]) -> str:
    rest = "immer" if regel["rest"] is None else f"noch {regel['rest']} mal"
    weitere = [
        f"{name}={wert}" for name, wert in regel.items() if name not in ("vorgang", "vorgaenge", "mal", "rest", "art")
    ]
    return ", ".join([f"{regel['vorgang']}: {regel['art']}", *weitere, rest])
