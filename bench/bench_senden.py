"""Sending one message with a large attachment over mutual TLS, against a raw httpx upload of the same bytes.

Sending is the real thing: the part lies encrypted in the content store on SQLite and is read, decrypted and streamed
out by the plugin's client as MTOM. The raw upload sends the same bytes with plain httpx. Beside it zeep's own path
(base64 inside the envelope, all in memory) and, where it is installed, the public client xta-tool (a whole process, its
start included). The mailbox is the same for all; its share is in every figure.

Bounds, judged at 100 MiB and above: at most 5 times as long; resident memory grows by at most 40 MiB at any size.
``--gross`` adds 1 GiB, ``--mib 10 100`` takes other sizes.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from feld import (
    LESER,
    PORTAL,
    SAAT,
    Anhang,
    Feld,
    XtaTool,
    gemessen,
    im_kind,
    kopfzeile,
    maschine,
    roh_sende,
    simulator,
    zeile,
)

from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.demo.versand import plattform
from fachwerk.empfangsinhalt import Empfangsinhalt
from fachwerk.inhalt import Inhaltsspeicher
from fachwerk.protokoll import einrichten
from fachwerk.schluessel import Schluesselbund, neuer_schluessel

GRENZE_VERHAELTNIS = 5.0
GRENZE_SPEICHER_MIB = 40.0
ZEEP_HOECHSTENS_MIB = 10
AMTLICH = Path(__file__).resolve().parents[2] / "shared" / "standards" / "xta211" / "XTA.wsdl"
NAMEN = {"roh": "httpx", "fachwerk": "Fachwerk, aus SQLite", "zeep": "zeep, base64"}

Sende = Callable[[str, Anhang], None]
"""Sends a message of the portal under an id."""


def neue_kennung(feld: Feld) -> str:
    with plattform(feld.urls, Path(feld.pki)) as client:
        return client.new_id()


# -- in a process of its own ----------------------------------------------------------------------------------------


def kind(auftrag: dict[str, Any]) -> list[dict[str, float]]:
    """One way, measured ``laeufe`` times, the raw upload beside each."""
    feld, anhang = Feld(**auftrag["feld"]), Anhang(auftrag["mib"])
    wege = {"roh": _roh, "fachwerk": _fachwerk, "zeep": _zeep}
    ergebnisse = []
    for groesse in [Anhang(min(8, anhang.mib)), *[anhang] * auftrag["laeufe"]]:  # the first only warms up
        with wege[auftrag["weg"]](feld, groesse) as sende:
            roh = roh_sende(feld, neue_kennung(feld), LESER["fremd"], groesse)
            kennung = neue_kennung(feld)
            with gemessen() as ergebnis:
                sende(kennung, groesse)
            ergebnisse.append(ergebnis | {"roh": roh})
    return ergebnisse[1:]


@contextmanager
def _roh(feld: Feld, _anhang: Anhang) -> Iterator[Sende]:
    yield lambda kennung, anhang: (roh_sende(feld, kennung, LESER["fremd"], anhang), None)[1]


@contextmanager
def _fachwerk(feld: Feld, anhang: Anhang) -> Iterator[Sende]:
    """The plugin's client, with the attachment in the content store of an installation."""
    from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei

    with tempfile.TemporaryDirectory(prefix="bench-senden-") as ordner, plattform(feld.urls, Path(feld.pki)) as client:
        datenbank = oeffne_datenbank(f"sqlite:///{ordner}/fachwerk.db")
        aktualisiere(datenbank)
        inhalt = Empfangsinhalt(datenbank, Inhaltsspeicher(datenbank, Schluesselbund(neuer_schluessel())))
        teile = [
            inhalt.schreibe([b"<antrag/>"], "antrag.xml", "application/xml"),
            inhalt.schreibe(anhang.stuecke(), "anhang.bin", "application/octet-stream"),
        ]

        def sende(kennung: str, _anhang: Anhang) -> None:
            metadaten = Metadaten(
                nachricht_id=kennung,
                autor=Partei(PORTAL),
                leser=Partei(LESER["fremd"]),
                szenario=Listenwert("BENCH"),
                nachrichtentyp=Listenwert("a", "urn:de:payloadSchema:elementName", "1.0"),
                payload_schema="urn:a",
            )
            client.send(metadaten, teile)

        yield sende
        datenbank.dispose()


@contextmanager
def _zeep(feld: Feld, anhang: Anhang) -> Iterator[Sende]:
    """zeep as its documentation shows it: the content as bytes in its hands."""
    import requests
    import zeep

    sitzung = requests.Session()
    sitzung.trust_env, sitzung.verify = False, f"{feld.pki}/ca.crt"
    sitzung.cert = (f"{feld.pki}/sozialplattform.crt", f"{feld.pki}/sozialplattform.key")
    client = zeep.Client(str(AMTLICH), transport=zeep.Transport(session=sitzung))
    dienst = client.create_service("{http://xoev.de/transport/xta/211}sendXTAHttpsBinding", feld.urls["send"])
    kopf = client.get_element("{http://www.osci.eu/ws/2014/10/transport}MessageMetaData")

    def sende(kennung: str, anhang: Anhang) -> None:
        liste = {"listURI": "urn:a", "listVersionID": "1", "code": "BENCH"}
        metadaten = kopf(
            DeliveryAttributes={},
            Originators={"Author": {"Identifier": {"_value_1": PORTAL, "type": "xoev"}}},
            Destinations={"Reader": {"Identifier": {"_value_1": LESER["fremd"], "type": "xoev"}}},
            MsgIdentification={"MessageID": kennung},
            Qualifier={
                "Service": "urn:a",
                "BusinessScenario": {"Defined": liste},
                "MessageType": liste | {"payloadSchema": "urn:a"},
            },
        )
        gross = {"_value_1": b"".join(anhang.stuecke()), "contentType": "application/octet-stream"}
        klein = {"_value_1": b"<antrag/>", "contentType": "application/xml"}
        dienst.sendMessage(ContentContainer={"Message": klein, "Attachment": [gross]}, _soapheaders=[metadaten])

    yield sende


# -- the whole measurement ------------------------------------------------------------------------------------------


def miss(feld: Feld, ordner: Path, mib: int) -> bool:
    """All ways at one size; whether the bounds hold."""
    laeufe, haelt = 1 if mib >= 1024 else 3, True
    for weg in ("roh", "fachwerk", "zeep"):
        if weg == "zeep" and (mib > ZEEP_HOECHSTENS_MIB or not AMTLICH.is_file()):
            continue
        grenzen = (GRENZE_VERHAELTNIS, GRENZE_SPEICHER_MIB) if weg == "fachwerk" else ()
        ergebnisse = im_kind(__file__, weg, feld, mib=mib, laeufe=laeufe)
        haelt &= zeile(mib, NAMEN[weg], ergebnisse, "gesendet", *grenzen)
    if programm := XtaTool.finde():
        laufzeiten = [_xta_tool(programm, feld, ordner, mib) for _ in range(laeufe)]
        zeile(mib, "xta-tool send (Programm)", laufzeiten, "gesendet")
    return haelt


def _xta_tool(programm: str, feld: Feld, ordner: Path, mib: int) -> dict[str, float]:
    """Growth is what its peak is above that of a command that sends nothing."""
    anhang, tool = Anhang(mib), XtaTool(programm, feld, "sozialplattform", ordner)
    with tempfile.TemporaryDirectory(dir=ordner) as name, (Path(name) / "gross.bin").open("wb") as datei:
        datei.writelines(anhang.stuecke())
        datei.flush()
        (Path(name) / "antrag.xml").write_bytes(b"<antrag/>")
        (Path(name) / "xta-message.yaml").write_text(
            "metadata:\n  service: urn:a\n  businessScenario: {code: BENCH, listUri: urn:a, listVersionId: '1'}\n"
            "  messageType: {code: a}\n  messageTypePayloadSchema: urn:a\n"
            f"  author: {{value: '{PORTAL}'}}\n  reader: {{value: '{LESER['fremd']}'}}\n"
            "message: {fileName: antrag.xml, content: ./antrag.xml, contentType: application/xml}\n"
            "attachments:\n- {fileName: gross.bin, content: ./gross.bin, contentType: application/octet-stream}\n",
            encoding="utf-8",
        )
        roh = roh_sende(feld, neue_kennung(feld), LESER["fremd"], anhang)
        leer = tool("show-config")["mib"]
        lauf = tool("send", "new", name)
    return {"s": lauf["s"], "roh": roh, "mib": lauf["mib"] - leer}


def main() -> int:
    """Measure, print, and judge by the medians."""
    angaben = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    angaben.add_argument("--mib", type=int, nargs="+", default=[1, 10, 100])
    angaben.add_argument("--gross", action="store_true", help="also 1 GiB")
    angaben.add_argument("--kind", help=argparse.SUPPRESS)
    gesagt = angaben.parse_args()
    einrichten(stufe=logging.ERROR)
    if gesagt.kind:
        print(json.dumps(kind(json.loads(gesagt.kind))))
        return 0
    groessen = gesagt.mib + ([1024] if gesagt.gross else [])
    with tempfile.TemporaryDirectory(prefix="bench-senden-") as name, simulator(Path(name), max(groessen)) as feld:
        maschine(Path(name), feld)
        print(f"Anhang aus Zufall (Saat {SAAT}); je Weg ein eigener Prozess, Median aus drei Läufen (1 GiB: einer)")
        kopfzeile()
        haelt = [miss(feld, Path(name), mib) for mib in groessen]
    for fehlt, was in ((not AMTLICH.is_file(), "zeep"), (XtaTool.finde() is None, "xta-tool")):
        if fehlt:
            print(f"NICHT GEMESSEN mit {was}: nicht da")
    return 0 if all(haelt) else 1


if __name__ == "__main__":
    sys.exit(main())
