"""What the measurements of the XTA route share: a simulator, raw httpx beside it, child processes, and the machine.

Every measurement runs in a process of its own, so that no one finds warm caches or grown memory of another. Memory is
what the resident size grew by at most while the thing was done (from /proc, so Linux only).
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import httpx
import umfeld
from blatt import Zeile, halte_fest, zahl

from fachwerk.demo.prozesse import laufend, warte_auf_json

MIB = 1024 * 1024
SAAT = 20261121
PORTAL = "sop:050000100099"
LESER = {weg: f"wbs:05111000000{nr}" for nr, weg in enumerate(("sqlite", "postgresql", "fremd"))}
"""Account and party of each way, so that a poll finds only its own message."""

_RAEUME = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "w": "http://www.w3.org/2005/08/addressing",
    "x": "http://xoev.de/transport/xta/211",
    "m": "http://www.osci.eu/ws/2014/10/transport",
    "o": "http://www.osci.eu/ws/2008/05/transport",
    "i": "http://www.w3.org/2004/08/xop/include",
}
_AUTHOR = '<m:Author><m:Identifier type="xoev">*</m:Identifier></m:Author>'
_SENDEN = "http://www.xta.de/XTA/SendMessage"
_PRUEFEN = "http://www.xta.de/XTA/CheckAccountActive"
_HOLEN = "http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/MsgBoxFetchRequest"


@dataclass(frozen=True)
class Anhang:
    """``mib`` MiB that no compression makes smaller; never in memory as a whole."""

    mib: int

    @property
    def laenge(self) -> int:
        return self.mib * MIB

    def stuecke(self) -> Iterator[bytes]:
        """The same bytes every time."""
        muster = random.Random(SAAT).randbytes(MIB - 8)  # noqa: S311  content of a measurement
        return (nummer.to_bytes(8, "big") + muster for nummer in range(self.mib))

    def sha256(self) -> str:
        summe = hashlib.sha256()
        for stueck in self.stuecke():
            summe.update(stueck)
        return summe.hexdigest()


@dataclass(frozen=True)
class Feld:
    """Where the simulator of this run is: its addresses and certificates."""

    urls: dict[str, str]
    pki: str

    def tls(self, konto: str) -> ssl.SSLContext:
        kontext = ssl.create_default_context(cafile=f"{self.pki}/ca.crt")
        kontext.load_cert_chain(f"{self.pki}/{konto}.crt", f"{self.pki}/{konto}.key")
        return kontext


@contextmanager
def simulator(ordner: Path, groesste_mib: int) -> Iterator[Feld]:
    """The XTA simulator as a process, with a mailbox for each way and the portal that sends."""
    konten = {konto: {"kennungen": [kennung]} for konto, kennung in (LESER | {"sozialplattform": PORTAL}).items()}
    datei, post = ordner / "konten.json", ordner / "post"
    datei.write_text(json.dumps({"konten": konten}), encoding="utf-8")
    befehl = ["fachwerk", "simulator", "xta", "--ordner", str(post), "--konten", str(datei)]
    befehl += ["--groessengrenze", str((groesste_mib + 16) * MIB)]
    with laufend(befehl, ordner / "simulator.log") as prozess:
        stand: Any = warte_auf_json(post / "simulator.json", "XTA-Simulator", prozess)
        yield Feld(stand["urls"], str(post / "pki"))


# -- raw httpx: the same requests with nothing around them ----------------------------------------------------------


def leitung(feld: Feld, konto: str) -> httpx.Client:
    """A connection with the certificate of ``konto``; belongs to the caller."""
    return httpx.Client(verify=feld.tls(konto), timeout=300, trust_env=False)


def roh_hole(feld: Feld, konto: str, nachricht_id: str, mindestens: int) -> float:
    """Seconds for asking for a message and reading the answer to its end, connection included."""
    beginn = time.perf_counter()
    with leitung(feld, konto) as http:
        lade(feld, http, nachricht_id, mindestens)
    return time.perf_counter() - beginn


def pruefe_konto(feld: Feld, http: httpx.Client) -> None:
    """The smallest request there is: checkAccountActive."""
    url = feld.urls["management"]
    with _anfrage(http, url, _PRUEFEN, _umschlag(url, _PRUEFEN, _AUTHOR, "")) as antwort:
        antwort.read()
    antwort.raise_for_status()


def lade(feld: Feld, http: httpx.Client, nachricht_id: str, mindestens: int) -> None:
    """getMessage, and throw the bytes away."""
    wahl = f"<o:MsgSelector><w:MessageID>{escape(nachricht_id)}</w:MessageID></o:MsgSelector>"
    rumpf = f'<o:MsgBoxFetchRequest MsgPart="Envelope">{wahl}</o:MsgBoxFetchRequest>'
    umschlag = _umschlag(feld.urls["msgbox"], _HOLEN, _AUTHOR, rumpf)
    with _anfrage(http, feld.urls["msgbox"], _HOLEN, umschlag) as antwort:
        gelesen = sum(len(stueck) for stueck in antwort.iter_bytes())
    if antwort.status_code != 200 or gelesen < mindestens:
        raise SystemExit(f"the raw download did not bring the message: HTTP {antwort.status_code}, {gelesen} bytes")


def roh_sende(feld: Feld, nachricht_id: str, leser: str, anhang: Anhang) -> float:
    """Seconds for sending a message of one small and one large part, until the answer is there."""
    teil = '<x:{0} contentType="application/octet-stream"><i:Include href="cid:{0}@bench"/></x:{0}>'
    inhalt = f"<x:ContentContainer>{teil.format('Message')}{teil.format('Attachment')}</x:ContentContainer>"
    rumpf = f"<x:GenericContentContainer>{inhalt}</x:GenericContentContainer>"
    umschlag = _umschlag(feld.urls["send"], _SENDEN, _metadaten(nachricht_id, leser), rumpf)
    beginn = time.perf_counter()
    with (
        leitung(feld, "sozialplattform") as http,
        _anfrage(http, feld.urls["send"], _SENDEN, umschlag, anhang) as antwort,
    ):
        antwort.read()
    dauer = time.perf_counter() - beginn
    if antwort.status_code != 200:
        raise SystemExit(f"the raw upload was refused: HTTP {antwort.status_code} {antwort.text[-600:]}")
    return dauer


@contextmanager
def _anfrage(
    http: httpx.Client, url: str, aktion: str, umschlag: bytes, anhang: Anhang | None = None
) -> Iterator[httpx.Response]:
    grenze = f"uuid:{uuid.uuid4()}"
    art = f'application/soap+xml; action=\\"{aktion}\\"'
    kopf = {
        "Content-Type": f'multipart/related; type="application/xop+xml"; boundary="{grenze}"; start="<wurzel@bench>"; '
        f'start-info="{art}"',
        "SOAPAction": aktion,
        "Accept-Encoding": "identity",
    }
    vorne = _mime(grenze, f'application/xop+xml; charset=UTF-8; type="{art}"', "wurzel@bench", umschlag)
    if anhang:
        vorne += _mime(grenze, "application/octet-stream", "Message@bench", b"<nachricht/>")
        vorne += _mime(grenze, "application/octet-stream", "Attachment@bench", b"", ende=b"")
    hinten = (b"\r\n" if anhang else b"") + f"--{grenze}--".encode()
    kopf["Content-Length"] = str(len(vorne) + (anhang.laenge if anhang else 0) + len(hinten))

    def koerper() -> Iterator[bytes]:
        yield vorne
        if anhang:
            yield from anhang.stuecke()
        yield hinten

    with http.stream("POST", url, content=koerper(), headers=kopf) as antwort:
        yield antwort


def _mime(grenze: str, art: str, kennung: str, inhalt: bytes, ende: bytes = b"\r\n") -> bytes:
    zeilen = (
        f"--{grenze}\r\nContent-Type: {art}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{kennung}>\r\n\r\n"
    )
    return zeilen.encode() + inhalt + ende


def _umschlag(url: str, aktion: str, kopf: str, rumpf: str) -> bytes:
    raeume = " ".join(f'xmlns:{praefix}="{raum}"' for praefix, raum in _RAEUME.items())
    wsa = f"<w:Action>{aktion}</w:Action><w:MessageID>urn:uuid:{uuid.uuid4()}</w:MessageID><w:To>{escape(url)}</w:To>"
    return f"<s:Envelope {raeume}><s:Header>{wsa}{kopf}</s:Header><s:Body>{rumpf}</s:Body></s:Envelope>".encode()


def _metadaten(nachricht_id: str, leser: str) -> str:
    def partei(rolle: str, kennung: str) -> str:
        return f'<m:{rolle}><m:Identifier type="xoev">{kennung}</m:Identifier></m:{rolle}>'

    code = '<m:Defined listURI="urn:a" listVersionID="1"><code>BENCH</code></m:Defined>'
    art = '<m:MessageType listURI="urn:a" listVersionID="1" payloadSchema="urn:a"><code>a</code></m:MessageType>'
    return (
        '<m:MessageMetaData TestMsg="true"><m:DeliveryAttributes/>'
        f"<m:Originators>{partei('Author', PORTAL)}</m:Originators>"
        f"<m:Destinations>{partei('Reader', leser)}</m:Destinations>"
        f"<m:MsgIdentification><w:MessageID>{escape(nachricht_id)}</w:MessageID></m:MsgIdentification>"
        f"<m:Qualifier><m:Service>urn:a</m:Service><m:BusinessScenario>{code}</m:BusinessScenario>{art}</m:Qualifier>"
        "</m:MessageMetaData>"
    )


# -- processes ------------------------------------------------------------------------------------------------------


def speicher(zeile: str) -> float:
    """A figure of /proc/self/status in MiB: ``VmRSS`` now, ``VmHWM`` the highest since it was reset."""
    stand = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(z.split()[1]) for z in stand.splitlines() if z.startswith(f"{zeile}:")) / 1024


@contextmanager
def gemessen() -> Iterator[dict[str, float]]:
    """Seconds (``s``) of the block and how far resident memory grew in it (``mib``)."""
    ergebnis: dict[str, float] = {}
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    vorher, beginn = speicher("VmRSS"), time.perf_counter()
    yield ergebnis
    ergebnis |= {"s": time.perf_counter() - beginn, "mib": speicher("VmHWM") - vorher}


def im_kind(skript: str, weg: str, feld: Feld, **angaben: Any) -> list[dict[str, float]]:
    """``weg`` of ``skript`` in a process of its own; what it printed as JSON, one entry per run."""
    auftrag = json.dumps({"weg": weg, "feld": asdict(feld), **angaben})
    befehl = [sys.executable, skript, "--kind", auftrag]
    lauf = subprocess.run(befehl, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  this very script
    ergebnis: list[dict[str, float]] = json.loads(lauf.stdout.splitlines()[-1])
    return ergebnis


_DAZWISCHEN = """
import json, resource, subprocess, sys, time
beginn = time.perf_counter()
lauf = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
s = time.perf_counter() - beginn
kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
json.dump({"code": lauf.returncode, "aus": lauf.stdout.decode(), "s": s, "mib": kib / 1024}, sys.stdout)
"""


class XtaTool:
    """The public client, where FACHWERK_TEST_XTA_TOOL or PATH has it: run as a program, its start included."""

    def __init__(self, programm: str, feld: Feld, konto: str, ordner: Path) -> None:
        self._befehl = [programm, "-c", str(ordner / f"{konto}.toml")]
        adresse = feld.urls["msgbox"].partition("/services/")[0]
        (ordner / f"{konto}.toml").write_text(
            f'base-url = "{adresse}"\ncafile = "{feld.pki}/ca.crt"\ncertfile = "{feld.pki}/{konto}.crt"\n'
            f'keyfile = "{feld.pki}/{konto}.key"\n',
            encoding="utf-8",
        )

    @staticmethod
    def finde() -> str | None:
        return shutil.which(os.environ.get("FACHWERK_TEST_XTA_TOOL") or "xta")

    def __call__(self, *worte: str) -> dict[str, Any]:
        """Seconds and peak memory of the whole process."""
        befehl = [sys.executable, "-S", "-c", _DAZWISCHEN, *self._befehl, *worte]
        lauf = subprocess.run(befehl, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  what the user named
        ergebnis: dict[str, Any] = json.loads(lauf.stdout)
        if ergebnis["code"]:
            raise SystemExit(f"xta-tool failed: {worte[0]}")
        return ergebnis


# -- the machine and the table --------------------------------------------------------------------------------------


def maschine(ordner: Path, feld: Feld) -> None:
    """Print what this machine can do with nothing of ours in between, and how busy it is."""
    print(umfeld.maschine(ssl.OPENSSL_VERSION))
    print(f"{umfeld.last(alle=True)} (1, 5, 15 Minuten; über 0,5 misst die anderen mit)")
    print(
        f"TLS auf Loopback {_tls_durchsatz(feld):.0f} MiB/s, SHA-256 {hash_durchsatz():.0f} MiB/s, "
        f"Platte {schreiben(ordner):.0f} MiB/s mit fsync am Ende, {fsyncs(ordner):.0f} fsync/s zu 4 KiB"
    )


def _tls_durchsatz(feld: Feld, mib: int = 200) -> float:
    kontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    kontext.load_cert_chain(f"{feld.pki}/server.crt", f"{feld.pki}/server.key")
    hier, dort = socket.socketpair()

    def liefere() -> None:
        with kontext.wrap_socket(dort, server_side=True) as leitung:
            block = bytes(MIB)
            for _ in range(mib):
                leitung.sendall(block)

    faden = threading.Thread(target=liefere)
    faden.start()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(f"{feld.pki}/ca.crt")
    puffer, offen = bytearray(MIB), mib * MIB
    with client.wrap_socket(hier) as leitung:
        beginn = time.perf_counter()
        while offen > 0:
            offen -= leitung.recv_into(puffer)
        dauer = time.perf_counter() - beginn
    faden.join()
    return mib / dauer


def hash_durchsatz(mib: int = 100) -> float:
    """MiB a second of SHA-256 on one core."""
    summe, block, beginn = hashlib.sha256(), bytes(MIB), time.perf_counter()
    for _ in range(mib):
        summe.update(block)
    return mib / (time.perf_counter() - beginn)


def schreiben(ordner: Path, mib: int = 200) -> float:
    """MiB a second written to one file in ``ordner`` and fsynced at the end."""
    block, beginn = os.urandom(MIB), time.perf_counter()
    with tempfile.TemporaryFile(dir=ordner) as datei:
        for _ in range(mib):
            datei.write(block)
        datei.flush()
        os.fsync(datei.fileno())
    return mib / (time.perf_counter() - beginn)


def fsyncs(ordner: Path, anzahl: int = 100) -> float:
    """Durable writes of 4 KiB a second."""
    beginn = time.perf_counter()
    with tempfile.TemporaryFile(dir=ordner) as datei:
        for _ in range(anzahl):
            datei.write(bytes(4096))
            datei.flush()
            os.fsync(datei.fileno())
    return anzahl / (time.perf_counter() - beginn)


def kopfzeile() -> None:
    print(f"{'Größe':>9}  {'Weg':<38} {'s':>8} {'MiB/s':>7} {'× roh':>6} {'Speicher':>11}")


def zeile(
    mib: int, weg: str, laeufe: Sequence[dict[str, float]], richtung: str, grenze: float = 0, speicher: float = 0
) -> bool:
    """Print the medians of the runs beside raw httpx; whether the bounds hold (a ratio only from 100 MiB on)."""
    s = statistics.median(lauf["s"] for lauf in laeufe)
    verhaeltnis = statistics.median(lauf["s"] / lauf["roh"] for lauf in laeufe)
    wachstum = max(lauf["mib"] for lauf in laeufe)
    print(f"{mib:>5} MiB  {weg:<38} {s:8.2f} {mib / s:7.0f} {verhaeltnis:6.2f} {wachstum:+7.1f} MiB", flush=True)
    was, dazu = f"{mib} MiB {richtung}, {weg}", f"{zahl(s)} s, {zahl(mib / s)} MiB/s"
    zeiten = Zeile(
        "xta", was, verhaeltnis, gegen="httpx roh", grenze=grenze if mib >= 100 and grenze else None, dazu=dazu
    )
    groesse = Zeile("xta", f"{was}: Speicher mehr", wachstum, "MiB", grenze=speicher or None)
    if mib in (10, 100, 1024) and weg.split(",")[0] != "httpx":
        halte_fest(zeiten)
        halte_fest(groesse)
    for eine in (zeiten, groesse):
        if not eine.haelt:
            print(f"GRENZE GEBROCHEN: {eine.was} {eine.wert:.2f}, höchstens {eine.grenze:.0f}")
    return zeiten.haelt and groesse.haelt
