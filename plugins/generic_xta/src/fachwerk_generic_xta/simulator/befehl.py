"""``fachwerk simulator xta``: the server as a command."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from fachwerk.errors import ConfigError

if TYPE_CHECKING:
    from fachwerk_generic_xta.simulator.server import XtaSimulator


@click.command()
@click.option("--ordner", required=True, type=click.Path(file_okay=False, path_type=Path), help="Hier liegt alles.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0: ein freier Port.")
@click.option("--konten", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Konten als JSON.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse, auf der gelauscht wird.")
@click.option("--groessengrenze", default=40_000_000, show_default=True, type=click.IntRange(1), help="In Bytes.")
@click.option("--streng", is_flag=True, help="Unbekannte MsgBoxRequestID und fehlenden Author ablehnen.")
@click.option("--nur-neue", is_flag=True, help="Abgerufenes ohne newEntry=false nicht mehr auflisten.")
@click.option("--inhalt-behalten", is_flag=True, help="Inhalte geschlossener Nachrichten nicht löschen.")
@click.option("--virenpruefung", is_flag=True, help="Die Testdatei der Virenscanner (EICAR) ablehnen (9060).")
def xta(
    ordner: Path,
    port: int,
    konten: Path | None,
    host: str,
    groessengrenze: int,
    streng: bool,
    nur_neue: bool,
    inhalt_behalten: bool,
    virenpruefung: bool,
) -> None:
    """XTA-Server zum Ausprobieren (Webservice 2.1.1, HTTPS mit Clientzertifikat).

    Legt im Ordner eine eigene CA, Zertifikate je Konto und die Postfächer an und läuft, bis er beendet wird.
    Nur für Testdaten.
    """
    from fachwerk_generic_xta.simulator.betrieb import Einstellungen
    from fachwerk_generic_xta.simulator.server import XtaSimulator

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    ende = _warte_auf_signal()
    einstellungen = Einstellungen(
        groessengrenze=groessengrenze,
        streng=streng,
        nur_neue=nur_neue,
        inhalt_behalten=inhalt_behalten,
        virenpruefung=virenpruefung,
    )
    try:
        rohe_konten = _uebernimm_konten(ordner, konten)
        with XtaSimulator(ordner, rohe_konten, host=host, port=port, einstellungen=einstellungen) as simulator:
            click.echo(beschreibe(simulator))
            ende.wait()
    except ConfigError as fehler:
        click.echo(str(fehler), err=True)
        raise click.exceptions.Exit(3) from fehler


def beschreibe(simulator: XtaSimulator) -> str:
    """Addresses and a ready-to-paste block of ``fachwerk.toml`` for the first account that is not locked."""
    urls = simulator.urls
    konto = next((konto for konto in simulator.konten.values() if not konto.gesperrt), None)
    zeilen = [f"XTA-Simulator in {simulator.ordner}", *(f"  {name:<11}{url}" for name, url in urls.items())]
    zeilen += [f"  Konten     {', '.join(simulator.konten)} (Zertifikate in {simulator.pki})"]
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


def _warte_auf_signal() -> threading.Event:
    ende = threading.Event()

    def beende(nummer: int, rahmen: FrameType | None) -> None:
        ende.set()

    for nummer in (signal.SIGTERM, signal.SIGINT):
        signal.signal(nummer, beende)
    return ende
