"""What really lies in a store and in a mailbox, read with none of the code that wrote it.

The store is read by plain SQL and decrypted here once more, by its documented layout: the site key wraps the key of
a case, AES-256-GCM with case, part, number and last-chunk flag as additional data. The mailbox is the folder of the
simulator. :func:`vergleiche` holds both against what the sender says it has sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fachwerk.sqlite import sqlite_treiber


@dataclass(frozen=True)
class Gespeichert:
    """One stored message: its id, whether the store knows it closed, and SHA-256 of its parts in their order."""

    nachricht_id: str
    vorgang_id: str
    bestaetigt: bool
    teile: tuple[str, ...]


def vergleiche(
    datenbank: str, schluesseldatei: Path, postfach: Path, gesendet: Mapping[str, Sequence[str]]
) -> list[str]:
    """Everything that is not as it should be; empty: each message once, whole, closed on both sides.

    ``gesendet`` maps message ids to the SHA-256 of their parts, ``postfach`` is the simulator's folder.
    """
    maengel: list[str] = []
    je_id: dict[str, list[Gespeichert]] = {}
    with _verbunden(datenbank) as frage:
        for eine in _lies(frage, base64.b64decode(schluesseldatei.read_bytes()), maengel):
            je_id.setdefault(eine.nachricht_id, []).append(eine)
    maengel += [f"nie gesendet: {kennung}" for kennung in je_id.keys() - gesendet.keys()]
    for kennung, teile in gesendet.items():
        maengel += [f"{kennung}: {mangel}" for mangel in _maengel(je_id.get(kennung, []), teile)]
        if not (postfach / "nachrichten" / kennung.rpartition(":")[2].lower() / "geschlossen.json").exists():
            maengel.append(f"{kennung}: im Postfach nicht geschlossen")
    return maengel


def _maengel(gespeicherte: list[Gespeichert], teile: Sequence[str]) -> Iterator[str]:
    if len(gespeicherte) != 1:
        yield f"{len(gespeicherte)} Mal gespeichert"
    for eine in gespeicherte:
        if list(eine.teile) != list(teile):
            yield f"andere Teile als gesendet ({len(eine.teile)} statt {len(teile)}, oder anderer Inhalt)"
        if not eine.bestaetigt:
            yield "gespeichert, aber nicht als geschlossen vermerkt"


def _lies(frage: Any, hauptschluessel: bytes, maengel: list[str]) -> Iterator[Gespeichert]:
    """All stored messages; content that cannot be read whole goes to ``maengel``."""
    huelle = AESGCM(hauptschluessel)
    schluessel = {fall: _entpacke(huelle, fall, bytes(roh)) for fall, roh in frage(_FALLSCHLUESSEL)}
    for nachricht_id, fall, bestaetigt, ausgabe in frage(_EINGAENGE):
        try:
            eingang = json.loads(_klartext(frage, schluessel[fall], fall, ausgabe))["wert"]
            teile = tuple(_summe(frage, schluessel[fall], fall, teil["id"]) for teil in eingang["teile"])
        except (InvalidTag, LookupError, ValueError) as fehler:
            maengel.append(f"{nachricht_id}: nicht vollständig lesbar ({type(fehler).__name__})")
            continue
        yield Gespeichert(nachricht_id, fall, bool(bestaetigt), teile)


_FALLSCHLUESSEL = "SELECT vorgang_id, schluessel FROM fallschluessel"
_EINGAENGE = (
    "SELECT e.nachricht_id, e.vorgang_id, e.bestaetigt IS NOT NULL, s.ausgabe FROM eingang e"
    " JOIN schritt s ON s.vorgang_id = e.vorgang_id AND s.name = 'receive' ORDER BY e.empfangen"
)


def _entpacke(huelle: AESGCM, fall: str, roh: bytes) -> bytes:
    return huelle.decrypt(roh[:12], roh[12:], fall.encode())


def _stuecke(frage: Any, schluessel: bytes, fall: str, teil: str) -> Iterator[bytes]:
    """The chunks of a claimed part in the clear; an error unless all of them are there, the last one marked so."""
    [(anzahl, beansprucht)] = frage(f"SELECT stuecke, beansprucht FROM teil WHERE id = '{teil}'")  # noqa: S608
    zeilen = frage(f"SELECT nr, daten FROM inhalt WHERE teil_id = '{teil}' ORDER BY nr")  # noqa: S608
    if not beansprucht or [nr for nr, _ in zeilen] != list(range(anzahl)):
        raise LookupError(teil)
    for nr, daten in zeilen:
        roh, letztes = bytes(daten), int(nr == anzahl - 1)
        yield AESGCM(schluessel).decrypt(roh[:12], roh[12:], f"{fall}|{teil}|{nr}|{letztes}".encode())


def _klartext(frage: Any, schluessel: bytes, fall: str, teil: str) -> bytes:
    return b"".join(_stuecke(frage, schluessel, fall, teil))


def _summe(frage: Any, schluessel: bytes, fall: str, teil: str) -> str:
    """SHA-256 of what comes out, which also has to be what the store says of it."""
    summe, laenge = hashlib.sha256(), 0
    for stueck in _stuecke(frage, schluessel, fall, teil):
        summe.update(stueck)
        laenge += len(stueck)
    if frage(f"SELECT sha256, laenge FROM teil WHERE id = '{teil}'") != [(summe.hexdigest(), laenge)]:  # noqa: S608
        raise ValueError(teil)
    return summe.hexdigest()


@contextmanager
def _verbunden(datenbank: str) -> Iterator[Any]:
    """A function that answers SQL with a list of tuples, on either kind of database; it cannot write."""
    if datenbank.startswith("sqlite"):
        verbindung: Any = sqlite_treiber().connect(f"file:{datenbank.partition(':///')[2]}?mode=ro", uri=True)
    else:
        import psycopg

        verbindung = psycopg.connect(datenbank.replace("+psycopg", ""), connect_timeout=5)
        verbindung.read_only = True
    try:
        yield lambda sql: [tuple(zeile) for zeile in verbindung.execute(sql).fetchall()]
    finally:
        verbindung.close()
