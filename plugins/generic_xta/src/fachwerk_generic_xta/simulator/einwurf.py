"""Sends files into the running simulator, over real mTLS with the client of this plugin."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fachwerk.errors import ConfigError
from fachwerk.modell import Teil
from fachwerk.transport import Verbindung
from fachwerk_generic_xta.client import Adressen, XtaClient, verbinde
from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei
from fachwerk_generic_xta.simulator.steuerung import steuere

STUECK = 1 << 20
_SZENARIEN = ("urn:de:xta:codeliste:business.scenario", "3")


@dataclass(frozen=True)
class Einwurf:
    """What is sent, by which account, to whom."""

    dateien: tuple[Path, ...]
    konto: str
    leser: str
    dienst: str
    nachrichtentyp: str
    typliste: str
    schema: str
    szenario: str
    betreff: str = ""
    autor: str | None = None
    test: bool = True
    anzahl: int = 1
    direkt: bool = False
    nicht_vor: datetime | None = None
    gueltig_bis: datetime | None = None


def wirf_ein(ordner: Path, einwurf: Einwurf) -> Iterator[str]:
    """Send, and name each message as it is accepted. Nothing is sent if a file is not readable."""
    for datei in einwurf.dateien:
        if not datei.is_file():
            raise _falsch(f"Die Datei {datei} gibt es nicht.")
    stand = _stand(ordner)
    konto = stand["konten"].get(einwurf.konto)
    if konto is None:
        raise _falsch(f"Das Konto {einwurf.konto} gibt es nicht. Es gibt: {', '.join(stand['konten'])}.")
    autor = einwurf.autor or konto["kennungen"][0]
    return _lege_ab(ordner, einwurf, autor) if einwurf.direkt else _sende(ordner, stand, einwurf, autor)


def medientyp(name: str) -> str:
    """The media type a file name suggests."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _sende(ordner: Path, stand: dict[str, Any], einwurf: Einwurf, autor: str) -> Iterator[str]:
    urls, pki = stand["urls"], ordner / "pki"
    zertifikat, schluessel = pki / f"{einwurf.konto}.crt", pki / f"{einwurf.konto}.key"
    verbindung = Verbindung(zertifikat=zertifikat, privatschluessel=schluessel, ca=pki / "ca.crt")
    adressen = Adressen(verwaltung=urls["management"], postfach=urls["msgbox"], versand=urls["send"])
    with verbinde(adressen, Partei(autor), verbindung) as client:
        for _ in range(einwurf.anzahl):
            yield _sende_eine(client, einwurf, autor)


def _sende_eine(client: XtaClient, einwurf: Einwurf, autor: str) -> str:
    kennung = client.new_id()
    metadaten = Metadaten(
        nachricht_id=kennung,
        autor=Partei(autor),
        leser=Partei(einwurf.leser),
        dienst=einwurf.dienst,
        szenario=Listenwert(einwurf.szenario, *_SZENARIEN),
        nachrichtentyp=Listenwert(einwurf.nachrichtentyp, einwurf.typliste, "1.0"),
        payload_schema=einwurf.schema,
        betreff=einwurf.betreff,
        test=einwurf.test,
        erstellt=datetime.now(UTC),
        nicht_vor=einwurf.nicht_vor and einwurf.nicht_vor.astimezone(UTC),
        gueltig_bis=einwurf.gueltig_bis and einwurf.gueltig_bis.date(),
    )
    client.send(metadaten, [_teil(datei) for datei in einwurf.dateien])
    return kennung


def _lege_ab(ordner: Path, einwurf: Einwurf, autor: str) -> Iterator[str]:
    teile = [
        {"inhalt": base64.b64encode(d.read_bytes()).decode(), "medientyp": medientyp(d.name), "name": d.name}
        for d in einwurf.dateien
    ]
    auftrag = {
        "leser": einwurf.leser,
        "autor": autor,
        "anzahl": einwurf.anzahl,
        "dienst": einwurf.dienst,
        "typ": einwurf.nachrichtentyp,
        "typliste": einwurf.typliste,
        "schema": einwurf.schema,
        "szenario": einwurf.szenario,
        "test": einwurf.test,
        "teile": teile,
    }
    stand = steuere(ordner, {"fuellen": auftrag})
    yield f"{stand['gefuellt']} Nachrichten ins Postfach {einwurf.leser} gelegt"


def _teil(datei: Path) -> Teil:
    def stuecke() -> Iterator[bytes]:
        with datei.open("rb") as strom:
            while stueck := strom.read(STUECK):
                yield stueck

    teil = Teil.entwurf(datei.name, medientyp(datei.name), stuecke)
    return teil.model_copy(update={"laenge": datei.stat().st_size})


def _stand(ordner: Path) -> dict[str, Any]:
    try:
        stand: dict[str, Any] = json.loads((ordner / "simulator.json").read_bytes())
    except (OSError, ValueError) as fehler:
        raise ConfigError(
            "simulator.aus",
            f"In {ordner} läuft kein Simulator. Erst starten: fachwerk simulator xta --ordner {ordner}",
        ) from fehler
    return stand


def _falsch(text: str) -> ConfigError:
    return ConfigError("simulator.senden", text)
