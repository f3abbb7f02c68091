"""The balance: mailbox, store and folders compared, with none of the code that is being checked.

The mailbox's folder says what was sent and closed, the database (read with plain SQL) what was stored and what
became of it, the case folders what really lies there. Nothing here counts along; it looks afterwards.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Bilanz:
    """What was found. ``vorgaenge`` has one line per message sent; ``maengel`` says what does not add up."""

    gesendet: int
    geschlossen: int
    gespeichert: int
    zugestellt: int
    weitergeleitet: int
    zurueckgegeben: int
    gehalten: int
    doppelsendungen: int
    verloren: int
    doppelt: int
    vorgaenge: list[dict[str, str]]
    maengel: list[str]

    @property
    def geht_auf(self) -> bool:
        """Sent = closed = stored = the sum of all ends, nothing lost, nothing twice."""
        enden = self.zugestellt + self.weitergeleitet + self.zurueckgegeben + self.gehalten + self.doppelsendungen
        gleich = self.gesendet == self.geschlossen == self.gespeichert == enden
        return gleich and not (self.verloren or self.doppelt or self.maengel)

    def als_json(self) -> dict[str, Any]:
        """The published shape of ``fachwerk demo --json``."""
        werte = dict(self.__dict__)
        if not werte["maengel"]:
            del werte["maengel"]
        return werte


@dataclass(frozen=True)
class _Akte:
    """A case folder: the hash of the original message in it, and those of all files below it."""

    original: str
    dateien: frozenset[str]


def ziehe(postfach: Path, datenbank: Path | str, akten: Path, nur: Collection[str] | None = None) -> Bilanz:
    """Compare the simulator's folder, the database and the folder of the cases.

    ``datenbank`` is a SQLite file or the address of a PostgreSQL database; ``nur`` are the ids of the messages that
    were sent to this installation, where the mailbox also serves others.
    """
    boten = {kennung: bote for kennung, bote in _postfach(postfach).items() if nur is None or kennung in nur}
    zeilen = _sqlite(datenbank) if isinstance(datenbank, Path) else _postgresql(datenbank)
    ablage = _akten(akten)
    vorgaenge, maengel = [], []
    for nachricht_id, (geschlossen, summen) in boten.items():
        eigene = [zeile for zeile in zeilen if zeile["nachricht_id"] == nachricht_id]
        vorgaenge.append(_zeile(nachricht_id, eigene, ablage))
        maengel += _pruefe(nachricht_id, geschlossen, summen, eigene, ablage)
    maengel += _pruefe_doppelsendungen(zeilen, boten)
    ende = Counter(_ende(zeile) for zeile in zeilen)
    doppelt = _doppelte(zeilen, ablage)
    return Bilanz(
        gesendet=len(boten),
        geschlossen=sum(geschlossen for geschlossen, _ in boten.values()),
        gespeichert=len(zeilen),
        zugestellt=ende["zugestellt"],
        weitergeleitet=ende["weitergeleitet"],
        zurueckgegeben=ende["zurueckgegeben"],
        gehalten=ende["gehalten"],
        doppelsendungen=ende["doppelsendung"],
        verloren=sum(1 for mangel in maengel if mangel.startswith("verloren")),
        doppelt=doppelt,
        vorgaenge=vorgaenge,
        maengel=maengel,
    )


def _postfach(ordner: Path) -> dict[str, tuple[bool, list[str]]]:
    """Of every message ever accepted: whether it was closed, and the hashes of its parts."""
    boten = {}
    for datei in sorted(ordner.glob("nachrichten/*/nachricht.json")):
        werte = json.loads(datei.read_text(encoding="utf-8"))
        boten[werte["id"]] = (
            (datei.parent / "geschlossen.json").exists(),
            [teil["sha256"] for teil in werte["teile"]],
        )
    return boten


_FRAGE = (
    "SELECT e.nachricht_id, e.bestaetigt, v.id, v.status, v.grund, v.leistung, v.land, v.empfehlung,"
    " v.doppelt_zu, (SELECT {sammle}(q.kennung, ' ') FROM quittung q WHERE q.vorgang_id = v.id)"
    " AS kennungen, (SELECT {sammle}(t.sha256, ' ') FROM teil t WHERE t.vorgang_id = v.id"
    " AND t.stuecke = (SELECT count(*) FROM inhalt i WHERE i.teil_id = t.id)) AS summen"
    " FROM eingang e JOIN vorgang v ON v.id = e.vorgang_id ORDER BY v.angelegt"
)


def _sqlite(datei: Path) -> list[dict[str, Any]]:
    verbindung = sqlite3.connect(f"file:{datei}?mode=ro", uri=True)
    verbindung.row_factory = sqlite3.Row
    try:
        return [dict(zeile) for zeile in verbindung.execute(_FRAGE.format(sammle="group_concat"))]
    finally:
        verbindung.close()


def _postgresql(adresse: str) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(adresse.replace("+psycopg", ""), row_factory=dict_row) as verbindung:
        return list(verbindung.execute(_FRAGE.format(sammle="string_agg").encode()))


def _akten(ordner: Path) -> dict[str, _Akte]:
    """Every visible case folder."""
    akten = {}
    for pfad in sorted(ordner.iterdir()) if ordner.is_dir() else []:
        original = next(iter(sorted(pfad.glob("original.*"))), None)
        if pfad.is_dir() and not pfad.name.startswith(".") and original is not None:
            dateien = frozenset(_summe(datei) for datei in pfad.rglob("*") if datei.is_file())
            akten[pfad.name] = _Akte(_summe(original), dateien)
    return akten


def _summe(datei: Path) -> str:
    with datei.open("rb") as strom:
        return hashlib.file_digest(strom, "sha256").hexdigest()


def _ende(zeile: dict[str, Any]) -> str:
    if zeile["doppelt_zu"]:
        return "doppelsendung"
    enden = {
        "done": "zugestellt",
        "forwarded": "weitergeleitet",
        "returned": "zurueckgegeben",
        "held": "gehalten",
        "waiting": "wartet",
    }
    return enden.get(zeile["status"], "in_arbeit")


def _zeile(nachricht_id: str, eigene: list[dict[str, Any]], ablage: dict[str, _Akte]) -> dict[str, str]:
    zeile = eigene[0] if eigene else {}
    kennungen = (zeile.get("kennungen") or "").split()
    grund = zeile.get("grund") or ""
    return {
        "nachricht_id": nachricht_id,
        "leistung": zeile.get("leistung", ""),
        "land": zeile.get("land", ""),
        "empfehlung": zeile.get("empfehlung", ""),
        "status": zeile.get("status", "verloren"),
        "grund": grund,
        "ziel": next((kennung for kennung in kennungen if kennung in ablage), ""),
    }


def _pruefe(
    nachricht_id: str, geschlossen: bool, summen: list[str], eigene: list[dict[str, Any]], ablage: dict[str, _Akte]
) -> list[str]:
    """What is wrong with one message."""
    kurz = nachricht_id.rpartition(":")[2][:8]
    if not eigene:
        return [f"verloren: {kurz} ist {'geschlossen, aber nicht' if geschlossen else 'weder'} gespeichert"]
    (zeile, *weitere) = eigene
    maengel = [f"{kurz} ist mehrmals gespeichert"] if weitere else []
    if fehlend := set(summen) - set((zeile["summen"] or "").split()):
        maengel.append(f"verloren: {kurz} ist unvollständig gespeichert ({len(fehlend)} Teile fehlen)")
    if not geschlossen:
        maengel.append(f"{kurz} liegt noch im Postfach")
    if _ende(zeile) == "zugestellt":
        akten = [ablage[name] for name in (zeile["kennungen"] or "").split() if name in ablage]
        if not any(akte.original in summen for akte in akten):
            maengel.append(f"verloren: {kurz} gilt als zugestellt, aber die Akte fehlt oder ist eine andere")
        elif not any(akte.dateien.issuperset(summen) for akte in akten):
            maengel.append(f"verloren: {kurz} ist zugestellt, aber in der Akte fehlt ein Teil der Nachricht")
    return maengel


def _pruefe_doppelsendungen(zeilen: list[dict[str, Any]], boten: dict[str, tuple[bool, list[str]]]) -> list[str]:
    """A message linked to another case is lost if that case holds other content, or is itself only a link."""
    faelle = {zeile["id"]: zeile for zeile in zeilen}
    maengel = []
    for zeile in zeilen:
        if not zeile["doppelt_zu"]:
            continue
        erster = faelle.get(zeile["doppelt_zu"])
        if (
            erster is None
            or erster["doppelt_zu"]
            or boten.get(erster["nachricht_id"], (False, []))[1] != boten.get(zeile["nachricht_id"], (False, []))[1]
        ):
            kurz = zeile["nachricht_id"].rpartition(":")[2][:8]
            maengel.append(f"verloren: {kurz} gilt als Doppelsendung, aber der andere Vorgang hat anderen Inhalt")
    return maengel


def _doppelte(zeilen: list[dict[str, Any]], ablage: dict[str, _Akte]) -> int:
    """Case folders that no case accounts for, or that hold the same original as another one."""
    quittiert = Counter(kennung for zeile in zeilen for kennung in (zeile["kennungen"] or "").split())
    ueberzaehlig = sum(1 for name in ablage if quittiert[name] != 1)
    originale = Counter(akte.original for akte in ablage.values())
    return ueberzaehlig + sum(anzahl - 1 for anzahl in originale.values())
