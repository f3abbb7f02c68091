"""Receiving one message with a large attachment over mutual TLS, against a raw httpx download of the same bytes.

Receiving is the real thing: the plugin's client lists, fetches, and streams into the content store (hashed, cut,
encrypted, committed with case and job), then closes the message in the mailbox. The raw download asks the same mailbox
for the same message with plain httpx and throws the bytes away. Beside it zeep's own path and, where it is installed,
the public client xta-tool (a whole process, its start included; it neither fsyncs nor encrypts).

Bounds (design, section 13), judged at 100 MiB and above: at most 5 times as long on SQLite and 9 times on PostgreSQL;
resident memory grows by at most 40 MiB, whatever the size. ``--gross`` adds 1 GiB, ``--mib 10 100`` takes other sizes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feld import (
    LESER,
    PORTAL,
    Anhang,
    Feld,
    XtaTool,
    gemessen,
    im_kind,
    kopfzeile,
    maschine,
    roh_hole,
    simulator,
    zeile,
)
from umfeld import postgres

from fachwerk.abruf import rufe_ab
from fachwerk.anlegen import schreibe_schluessel
from fachwerk.betrieb import Betrieb, oeffne_betrieb
from fachwerk.demo.ablauf import kanal_toml
from fachwerk.demo.versand import plattform
from fachwerk.dienst import Dienst
from fachwerk.modell import Eingang, Teil
from fachwerk.protokoll import einrichten
from fachwerk.testkit.postgres import PostgresServer

GRENZEN = {"sqlite": 5.0, "postgresql": 9.0}
GRENZE_SPEICHER_MIB = 40.0
ZEEP_HOECHSTENS_MIB = 10
AMTLICH = Path(__file__).resolve().parents[2] / "shared" / "standards" / "xta211" / "XTA.wsdl"
"""zeep needs the official description, which may not be shipped; without it zeep is not measured."""

NAMEN = {"roh": "httpx, verworfen", "sqlite": "Fachwerk, SQLite", "postgresql": "Fachwerk, PostgreSQL", "zeep": "zeep"}


def sende(feld: Feld, leser: str, anhang: Anhang) -> str:
    """One message into the mailbox of ``leser``, as the portal would; returns its id."""
    from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei

    gross = Teil.entwurf("anhang_0001.bin", "application/octet-stream", anhang.stuecke)
    with plattform(feld.urls, Path(feld.pki)) as client:
        metadaten = Metadaten(
            nachricht_id=client.new_id(),
            autor=Partei(PORTAL),
            leser=Partei(leser),
            szenario=Listenwert("XSOZIALES_BASIS"),
            nachrichtentyp=Listenwert("vorgang.transportieren.1000001", "urn:de:payloadSchema:elementName", "1.0"),
            payload_schema="urn:xoev-de:d-nrw:standard:xsozialbasis",
        )
        client.send(metadaten, [Teil.entwurf("xsozial.xml", "application/xml", lambda: [b"<antrag/>"]), gross])
    return metadaten.nachricht_id


# -- in a process of its own ----------------------------------------------------------------------------------------


def kind(auftrag: dict[str, Any]) -> list[dict[str, float]]:
    """One way, measured ``laeufe`` times, the raw download beside each."""
    feld, anhang, weg = Feld(**auftrag["feld"]), Anhang(auftrag["mib"]), auftrag["weg"]
    wege = {"roh": _roh, "zeep": _zeep}
    with wege.get(weg, _fachwerk)(feld, auftrag) as hole:
        ergebnisse = []
        konto = weg if weg in LESER else "fremd"
        for groesse in [Anhang(min(8, anhang.mib)), *[anhang] * auftrag["laeufe"]]:  # the first only warms up
            kennung = sende(feld, LESER[konto], groesse)
            roh = roh_hole(feld, konto, kennung, groesse.laenge)
            with gemessen() as ergebnis:
                pruefe = hole(kennung, groesse)
            pruefe()
            ergebnisse.append(ergebnis | {"roh": roh})
    return ergebnisse[1:]


@contextmanager
def _roh(feld: Feld, auftrag: dict[str, Any]) -> Iterator[Any]:
    def hole(kennung: str, anhang: Anhang) -> Any:
        roh_hole(feld, "fremd", kennung, anhang.laenge)
        return lambda: None

    yield hole


@contextmanager
def _fachwerk(feld: Feld, auftrag: dict[str, Any]) -> Iterator[Any]:
    """An installation with a mailbox; no worker touches what was received."""
    with tempfile.TemporaryDirectory(prefix="bench-empfang-") as name:
        betrieb = richte_ein(Path(name), feld, auftrag["weg"], auftrag["url"])

        def hole(_kennung: str, anhang: Anhang) -> Any:
            neu = rufe_ab(betrieb, auftrag["weg"])
            return lambda: _pruefe(betrieb, neu, anhang)

        yield hole
        betrieb.schliesse()


def richte_ein(ordner: Path, feld: Feld, konto: str, url: str) -> Betrieb:
    """An installation in ``ordner`` with the mailbox of ``konto``, on SQLite unless ``url`` says otherwise."""
    schreibe_schluessel(ordner / "fachwerk.key")
    kanal = kanal_toml(konto, "nw", feld.urls, feld.pki)
    akte = '[ziel.akte]\nplugin = "aktenablage"\nverzeichnis = "akte"\n[[route]]\nleistung = "*"\nziel = "akte"\n'
    datenbank = f"[fachwerk]\ndatenbank = {json.dumps(url)}\n" if url else ""
    (ordner / "fachwerk.toml").write_text(f"{datenbank}{kanal}\n{akte}", encoding="utf-8")
    betrieb = oeffne_betrieb(ordner / "fachwerk.toml", anlegen=True)
    dienst = Dienst(betrieb)  # once, so that the engine has made its tables
    dienst.starte(ruft_ab=False)
    dienst.stoppe()
    return betrieb


def _pruefe(betrieb: Betrieb, neu: int, anhang: Anhang) -> None:
    """What was measured is really there, whole and readable."""
    ausgabe = betrieb.store.ausgabe(betrieb.store.liste((), 1)[0].id, "receive")
    teile = betrieb.store.lies_wert(Eingang, ausgabe or "").teile
    summe = hashlib.sha256()
    for stueck in max(teile, key=lambda teil: teil.laenge or 0).bytes_strom():
        summe.update(stueck)
    if neu != 1 or summe.hexdigest() != anhang.sha256():
        raise SystemExit(f"{neu} messages, and the stored attachment is not the one that was sent")


@contextmanager
def _zeep(feld: Feld, auftrag: dict[str, Any]) -> Iterator[Any]:
    """zeep as its documentation shows it."""
    import requests
    import zeep

    sitzung = requests.Session()
    sitzung.trust_env, sitzung.verify = False, f"{feld.pki}/ca.crt"
    sitzung.cert = (f"{feld.pki}/fremd.crt", f"{feld.pki}/fremd.key")
    transport = zeep.Transport(session=sitzung)
    client = zeep.Client(str(AMTLICH), transport=transport, settings=zeep.Settings(xml_huge_tree=True))
    dienst = client.create_service("{http://xoev.de/transport/xta/211}msgBoxHttpsBinding", feld.urls["msgbox"])
    autor = client.get_element("{http://www.osci.eu/ws/2014/10/transport}Author")
    kopf = [autor(Identifier={"_value_1": LESER["fremd"], "type": "xoev"})]

    def hole(kennung: str, anhang: Anhang) -> Any:
        geholt = dienst.getMessage(MsgSelector={"MessageID": [kennung]}, _soapheaders=kopf)
        inhalt = geholt.body.ContentContainer.Attachment[0]._value_1

        def pruefe() -> None:
            if hashlib.sha256(inhalt).hexdigest() != anhang.sha256():
                raise SystemExit("zeep brought something else")

        return pruefe

    yield hole


# -- the whole measurement ------------------------------------------------------------------------------------------


@dataclass
class Messreihe:
    """All ways at all sizes against one simulator; ``haelt`` is False once a bound did not hold."""

    feld: Feld
    ordner: Path
    postgres: PostgresServer | None
    haelt: bool = True

    def miss(self, mib: int) -> None:
        laeufe = 1 if mib >= 1024 else 3
        fehlt = {"postgresql": self.postgres is None, "zeep": mib > ZEEP_HOECHSTENS_MIB or not AMTLICH.is_file()}
        for weg in ("roh", *GRENZEN, "zeep"):
            if fehlt.get(weg):
                continue
            url = self.postgres.neue_datenbank() if weg == "postgresql" and self.postgres else ""
            ergebnisse = im_kind(__file__, weg, self.feld, mib=mib, laeufe=laeufe, url=url)
            grenzen = (GRENZEN[weg], GRENZE_SPEICHER_MIB) if weg in GRENZEN else ()
            self.haelt &= zeile(mib, NAMEN[weg], ergebnisse, "empfangen", *grenzen)
        if programm := XtaTool.finde():
            zeile(mib, "xta-tool get (Programm)", [self._xta_tool(programm, mib) for _ in range(laeufe)], "empfangen")

    def _xta_tool(self, programm: str, mib: int) -> dict[str, float]:
        """Growth is what its peak is above that of a command that fetches nothing."""
        anhang, tool = Anhang(mib), XtaTool(programm, self.feld, "fremd", self.ordner)
        kennung = sende(self.feld, LESER["fremd"], anhang)
        roh = roh_hole(self.feld, "fremd", kennung, anhang.laenge)
        leer = tool("show-config")["mib"]
        with tempfile.TemporaryDirectory(dir=self.ordner) as ziel:
            lauf = tool("get", kennung, ziel)
            if (Path(ziel) / "anhang_0001.bin").stat().st_size != anhang.laenge:
                raise SystemExit("xta-tool brought something else")
        tool("close", kennung)
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
    with (
        tempfile.TemporaryDirectory(prefix="bench-empfang-") as name,
        simulator(Path(name), max(groessen)) as feld,
        postgres() as server,
    ):
        maschine(Path(name), feld)
        print(f"SQLite {sqlite3.sqlite_version}; je Weg ein eigener Prozess, Median aus drei Läufen (1 GiB: einer)")
        kopfzeile()
        reihe = Messreihe(feld, Path(name), server)
        for mib in groessen:
            reihe.miss(mib)
    if not AMTLICH.is_file():
        print(f"NICHT GEMESSEN mit zeep: {AMTLICH} fehlt")
    if XtaTool.finde() is None:
        print("NICHT GEMESSEN mit xta-tool: nicht installiert (FACHWERK_TEST_XTA_TOOL=…/bin/xta)")
    return 0 if reihe.haelt else 1


if __name__ == "__main__":
    sys.exit(main())
