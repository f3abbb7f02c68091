"""Many small messages in a mailbox, taken in by one poll: list, fetch, store, commit, close, one after the other.

The peer is what no order can go below: per message its download and one smallest request on one kept-alive httpx
connection, and one fsync, measured in the same run. Bound: a poll takes at most 8 times as long on SQLite.
The messages have an XML of 25 kB and a PDF of 10 kB; ``--anzahl`` takes another number of them.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_empfang import richte_ein
from blatt import Zeile, halte_fest, zahl
from feld import LESER, PORTAL, Feld, gemessen, im_kind, lade, leitung, maschine, pruefe_konto, simulator
from umfeld import postgres

from fachwerk.abruf import rufe_ab
from fachwerk.demo.versand import plattform
from fachwerk.modell import Teil
from fachwerk.protokoll import einrichten

GRENZE = 8.0


def fuelle(feld: Feld, leser: str, anzahl: int) -> list[str]:
    """Messages for ``leser``, sent by the portal on one connection; returns their ids."""
    from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei

    teile = [
        Teil.entwurf("xsozial.xml", "application/xml", lambda: [b"<antrag/>" * 2800]),
        Teil.entwurf("anlage.pdf", "application/pdf", lambda: [b"%PDF-1.4\n" + bytes(10_000)]),
    ]
    kennungen = []
    with plattform(feld.urls, Path(feld.pki)) as client:
        for _ in range(anzahl):
            metadaten = Metadaten(
                nachricht_id=client.new_id(),
                autor=Partei(PORTAL),
                leser=Partei(leser),
                szenario=Listenwert("XSOZIALES_BASIS"),
                nachrichtentyp=Listenwert("a", "urn:de:payloadSchema:elementName", "1.0"),
                payload_schema="urn:a",
            )
            client.send(metadaten, teile)
            kennungen.append(metadaten.nachricht_id)
    return kennungen


def kind(auftrag: dict[str, Any]) -> list[dict[str, float]]:
    """One poll of a mailbox with ``anzahl`` messages, and processor time a message (milliseconds)."""
    feld, konto, anzahl = Feld(**auftrag["feld"]), auftrag["weg"], auftrag["anzahl"]
    with tempfile.TemporaryDirectory(prefix="bench-postfach-") as name:
        betrieb = richte_ein(Path(name), feld, konto, auftrag["url"])
        fuelle(feld, LESER[konto], 3)
        rufe_ab(betrieb, konto)
        untergrenze = _untergrenze(feld, konto, fuelle(feld, LESER[konto], anzahl), Path(name))
        cpu = time.process_time()
        with gemessen() as ergebnis:
            neu = rufe_ab(betrieb, konto)
        cpu = time.process_time() - cpu
        betrieb.schliesse()
    if neu != anzahl:
        raise SystemExit(f"{neu} messages instead of {anzahl}")
    return [ergebnis | {"roh": untergrenze, "cpu_ms": cpu / anzahl * 1000}]


def _untergrenze(feld: Feld, konto: str, kennungen: list[str], ordner: Path) -> float:
    """Seconds for the download, a smallest request and one fsync a message, with nothing else around them."""
    beginn = time.perf_counter()
    with leitung(feld, konto) as http, (ordner / "fsync").open("wb") as datei:
        for kennung in kennungen:
            lade(feld, http, kennung, 1)
            pruefe_konto(feld, http)
            datei.write(bytes(4096))
            datei.flush()
            os.fsync(datei.fileno())
    return time.perf_counter() - beginn


def main() -> int:
    """Measure, print, and judge."""
    angaben = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    angaben.add_argument("--anzahl", type=int, default=300)
    angaben.add_argument("--kind", help=argparse.SUPPRESS)
    gesagt = angaben.parse_args()
    einrichten(stufe=logging.ERROR)
    if gesagt.kind:
        print(json.dumps(kind(json.loads(gesagt.kind))))
        return 0
    verhaeltnis = {}
    with (
        tempfile.TemporaryDirectory(prefix="bench-postfach-") as name,
        simulator(Path(name), 40) as feld,
        postgres() as server,
    ):
        maschine(Path(name), feld)
        for weg in ("sqlite", "postgresql") if server else ("sqlite",):
            url = server.neue_datenbank() if server and weg == "postgresql" else ""
            (lauf,) = im_kind(__file__, weg, feld, anzahl=gesagt.anzahl, url=url)
            verhaeltnis[weg] = lauf["s"] / lauf["roh"]
            print(
                f"{weg:<11} {gesagt.anzahl / lauf['s']:6.1f} Nachrichten/s, {lauf['cpu_ms']:5.1f} ms Rechenzeit je "
                f"Nachricht, {verhaeltnis[weg]:5.2f} × Untergrenze, Speicher {lauf['mib']:+.1f} MiB",
                flush=True,
            )
            halte_fest(
                Zeile(
                    "xta",
                    f"{gesagt.anzahl} kleine Nachrichten empfangen, {weg}",
                    verhaeltnis[weg],
                    gegen="Abruf, kleinste Anfrage und ein fsync",
                    grenze=GRENZE if weg == "sqlite" else None,
                    dazu=f"{zahl(gesagt.anzahl / lauf['s'])} in der Sekunde, {zahl(lauf['cpu_ms'])} ms Rechenzeit",
                )
            )
    gehalten = verhaeltnis["sqlite"] <= GRENZE
    print(f"Grenze {GRENZE:.0f} (SQLite): {'gehalten' if gehalten else 'GEBROCHEN'}")
    return 0 if gehalten else 1


if __name__ == "__main__":
    sys.exit(main())
