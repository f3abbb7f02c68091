"""Receiving one message with a large attachment over mutual TLS, against a raw httpx download of the same bytes.

Receiving is the real thing: the plugin's client lists, fetches, and streams into the content store (hashed, cut,
encrypted, committed with case and job), then closes the message in the mailbox. The raw download asks the same mailbox
for the same message with plain httpx and throws the bytes away. Bounds (design, section 13): at most 5 times as long
on SQLite; resident memory grows by at most 40 MiB, whatever the size. ``--mib 1024`` takes a larger attachment.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import platform
import random
import sqlite3
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from fachwerk.abruf import rufe_ab
from fachwerk.anlegen import schreibe_schluessel
from fachwerk.betrieb import Betrieb, oeffne_betrieb
from fachwerk.demo.ablauf import kanal_toml
from fachwerk.demo.prozesse import laufend, warte_auf_json
from fachwerk.demo.versand import plattform
from fachwerk.dienst import Dienst
from fachwerk.modell import Eingang, Teil
from fachwerk.protokoll import einrichten
from fachwerk_generic_xta.codec import Adressen
from fachwerk_generic_xta.codec211 import Codec211
from fachwerk_generic_xta.mehrteilig import neue_grenze, schreibe_teile
from fachwerk_generic_xta.nachricht import Listenwert, Metadaten, Partei
from fachwerk_xsozial_basis.erzeuger import nachricht

MIB = 1024 * 1024
LAEUFE = 3
GRENZE_VERHAELTNIS = 5.0
GRENZE_SPEICHER_MIB = 40.0
SAAT = 20261121
LESER = "wbs:051110000000"
ABSENDER = "sop:050000100099"


@dataclass(frozen=True)
class Anhang:
    """``mib`` MiB that no compression makes smaller; never in memory as a whole."""

    mib: int

    def stuecke(self) -> Iterator[bytes]:
        """The same bytes every time."""
        zufall = random.Random(SAAT)  # noqa: S311  content of a measurement
        muster = zufall.randbytes(MIB - 8)
        return (nummer.to_bytes(8, "big") + muster for nummer in range(self.mib))

    def sha256(self) -> str:
        """What the store must have counted in the end."""
        summe = hashlib.sha256()
        for stueck in self.stuecke():
            summe.update(stueck)
        return summe.hexdigest()


@dataclass(frozen=True)
class Lauf:
    """Seconds of both ways and the growth of resident memory while receiving."""

    roh_s: float
    empfang_s: float
    wachstum_mib: float

    @property
    def verhaeltnis(self) -> float:
        return self.empfang_s / self.roh_s


def sende(urls: dict[str, str], pki: Path, anhang: Anhang) -> str:
    """One message into the mailbox, as the portal would; returns its id."""
    xml = nachricht("wbs", None, leser=LESER, seed=SAAT)
    gross = Teil.entwurf("anhang_0001.bin", "application/octet-stream", anhang.stuecke)
    with plattform(urls, pki) as client:
        metadaten = Metadaten(
            nachricht_id=client.new_id(),
            autor=Partei(ABSENDER),
            leser=Partei(LESER),
            szenario=Listenwert("XSOZIALES_BASIS"),
            nachrichtentyp=Listenwert("vorgang.transportieren.1000001", "urn:de:payloadSchema:elementName", "1.0"),
            payload_schema="urn:xoev-de:d-nrw:standard:xsozialbasis",
        )
        client.send(metadaten, [Teil.entwurf("xsozial.xml", "application/xml", lambda: [xml]), gross])
    return metadaten.nachricht_id


def lade_roh(url: str, pki: Path, nachricht_id: str, mindestens: int) -> float:
    """Seconds for asking for the message and reading the answer to its end, connection included."""
    kontext = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    kontext.load_cert_chain(pki / "amt.crt", pki / "amt.key")
    anfrage = Codec211(Adressen(url, url), Partei("*")).hole(nachricht_id)
    art, koerper = schreibe_teile(anfrage.umschlag, anfrage.aktion, [], neue_grenze())
    kopf = {"Content-Type": art, "SOAPAction": anfrage.aktion, "Accept-Encoding": "identity"}
    daten = b"".join(koerper)
    beginn = time.perf_counter()
    with (
        httpx.Client(verify=kontext, timeout=120) as http,
        http.stream("POST", url, content=daten, headers=kopf) as antwort,
    ):
        gelesen = sum(len(stueck) for stueck in antwort.iter_bytes())
    dauer = time.perf_counter() - beginn
    assert gelesen > mindestens, "the raw download did not bring the attachment"
    return dauer


def empfange(betrieb: Betrieb) -> tuple[float, float]:
    """Seconds for one poll that takes in one message, and the growth of resident memory (MiB) during it."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    vorher = speicher("VmRSS")
    beginn = time.perf_counter()
    neu = rufe_ab(betrieb, "amt")
    dauer = time.perf_counter() - beginn
    assert neu == 1, f"{neu} messages instead of one"
    return dauer, speicher("VmHWM") - vorher


def speicher(zeile: str) -> float:
    """A figure of /proc/self/status in MiB: ``VmRSS`` now, ``VmHWM`` the highest since it was reset."""
    stand = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(z.split()[1]) for z in stand.splitlines() if z.startswith(f"{zeile}:")) / 1024


def pruefe_gespeichert(betrieb: Betrieb, sha256: str) -> None:
    """What was measured is really there, whole and readable."""
    neuester = betrieb.store.liste((), 1)[0].id
    ausgabe = betrieb.store.ausgabe(neuester, "receive")
    assert ausgabe is not None
    teile = betrieb.store.lies_wert(Eingang, ausgabe).teile
    summe = hashlib.sha256()
    for stueck in max(teile, key=lambda teil: teil.laenge or 0).bytes_strom():
        summe.update(stueck)
    assert summe.hexdigest() == sha256, "the stored attachment is not the one that was sent"


def richte_ein(ordner: Path, urls: dict[str, str], pki: Path) -> Betrieb:
    """An installation with a mailbox and a SQLite database in ``ordner``; no worker touches what was received."""
    schreibe_schluessel(ordner / "fachwerk.key")
    akte = '[ziel.akte]\nplugin = "aktenablage"\nverzeichnis = "akte"\n[[route]]\nleistung = "*"\nziel = "akte"\n'
    (ordner / "fachwerk.toml").write_text(f"{kanal_toml('amt', 'nw', urls, str(pki))}\n{akte}", encoding="utf-8")
    betrieb = oeffne_betrieb(ordner / "fachwerk.toml", anlegen=True)
    dienst = Dienst(betrieb)  # once, so that the engine has made its tables
    dienst.starte(ruft_ab=False)
    dienst.stoppe()
    return betrieb


def miss(ordner: Path, mib: int) -> list[Lauf]:
    """All runs against one simulator; a small message first, so that nothing is loaded or set up while measuring."""
    konten, anhang = ordner / "konten.json", Anhang(mib)
    angaben = {"amt": {"kennungen": [LESER]}, "sozialplattform": {"kennungen": [ABSENDER]}}
    konten.write_text(json.dumps({"konten": angaben}), encoding="utf-8")
    post, pki, sha256 = ordner / "post", ordner / "post" / "pki", anhang.sha256()
    befehl = ["fachwerk", "simulator", "xta", "--ordner", str(post), "--konten", str(konten)]
    befehl += ["--groessengrenze", str((mib + 16) * MIB)]
    laeufe = []
    with laufend(befehl, ordner / "simulator.log") as prozess:
        urls: dict[str, str] = warte_auf_json(post / "simulator.json", "XTA-Simulator", prozess)["urls"]  # type: ignore[assignment]
        betrieb = richte_ein(ordner, urls, pki)
        sende(urls, pki, Anhang(8))
        empfange(betrieb)
        for _ in range(LAEUFE):
            kennung = sende(urls, pki, anhang)
            roh_s = lade_roh(urls["msgbox"], pki, kennung, mib * MIB)
            laeufe.append(Lauf(roh_s, *empfange(betrieb)))
            pruefe_gespeichert(betrieb, sha256)
        betrieb.schliesse()
    return laeufe


def main() -> int:
    """Measure, print, and judge by the medians."""
    angaben = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    angaben.add_argument("--mib", type=int, default=100)
    mib = angaben.parse_args().mib
    einrichten(stufe=logging.WARNING)
    print(f"{platform.machine()}, {os.cpu_count()} Kerne, Python {platform.python_version()}")
    print(f"SQLite {sqlite3.sqlite_version}, XTA-Simulator als eigener Prozess, mTLS auf Loopback")
    print(f"Anhang {mib} MiB aus Zufall (Saat {SAAT}), {LAEUFE} Läufe")
    with tempfile.TemporaryDirectory(prefix="bench-empfang-") as ordner:
        laeufe = miss(Path(ordner), mib)
    for nummer, lauf in enumerate(laeufe, 1):
        print(
            f"  Lauf {nummer}: roh {lauf.roh_s:.2f} s ({mib / lauf.roh_s:.0f} MiB/s), "
            f"empfangen {lauf.empfang_s:.2f} s ({mib / lauf.empfang_s:.0f} MiB/s), "
            f"Verhältnis {lauf.verhaeltnis:.2f}, Speicher +{lauf.wachstum_mib:.1f} MiB"
        )
    verhaeltnis = statistics.median(lauf.verhaeltnis for lauf in laeufe)
    wachstum = max(lauf.wachstum_mib for lauf in laeufe)
    print(f"Verhältnis (Median) {verhaeltnis:.2f}, Grenze {GRENZE_VERHAELTNIS:.0f}")
    print(f"Speicher (Höchstwert) +{wachstum:.1f} MiB, Grenze {GRENZE_SPEICHER_MIB:.0f}")
    urteile = {"Verhältnis": verhaeltnis > GRENZE_VERHAELTNIS, "Speicher": wachstum > GRENZE_SPEICHER_MIB}
    gebrochen = [was for was, zu_viel in urteile.items() if zu_viel]
    if gebrochen:
        print(f"GRENZE GEBROCHEN: {', '.join(gebrochen)}")
    return 1 if gebrochen else 0


if __name__ == "__main__":
    sys.exit(main())
