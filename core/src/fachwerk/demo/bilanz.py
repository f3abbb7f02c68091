"""The balance: mailboxes, store and Ziele compared, with none of the code that is being checked.

The folders of the mailboxes say what was sent and closed, the database (read with plain SQL) what was stored and what
became of it, the folders and journals of the Ziele what really lies there. Nothing here counts along; it looks
afterwards.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fachwerk.demo import ankunft
from fachwerk.demo.ankunft import Ankunft
from fachwerk.demo.beispiele import EMPFAENGER

STUFEN = ("uebergeben", "technisch_bestaetigt", "uebernommen")


@dataclass(frozen=True)
class Bilanz:
    """What was found. ``vorgaenge`` has one line per message sent; ``maengel`` says what does not add up.

    ``ziele`` counts what lies in each Ziel, ``gruende`` the held cases by reason; ``offene_quittungen`` are delivered
    cases whose Ziel may still say more.
    """

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
    falsch_zugestellt: int
    offene_quittungen: int
    ziele: dict[str, int]
    gruende: dict[str, int]
    vorgaenge: list[dict[str, str]]
    maengel: list[str]

    @property
    def geht_auf(self) -> bool:
        """Sent = closed = stored = the sum of all ends, nothing lost, nothing twice, nothing in the wrong Ziel."""
        enden = self.zugestellt + self.weitergeleitet + self.zurueckgegeben + self.gehalten + self.doppelsendungen
        gleich = self.gesendet == self.geschlossen == self.gespeichert == enden
        return gleich and not (self.verloren or self.doppelt or self.falsch_zugestellt or self.maengel)

    def als_json(self) -> dict[str, Any]:
        """The published shape of ``fachwerk demo --json``."""
        werte = dict(self.__dict__)
        if not werte["maengel"]:
            del werte["maengel"]
        return werte


@dataclass(frozen=True)
class _Bote:
    """A message ever sent: whether it was closed, the hashes of its parts, and where it belongs (None: not said)."""

    geschlossen: bool
    teile: list[str]
    soll: str | None = None


@dataclass
class _Speicher:
    """What the database says: the cases, and the receipts of each."""

    zeilen: list[dict[str, Any]]
    quittungen: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def je_nachricht(self, nachricht_id: str) -> list[dict[str, Any]]:
        return [zeile for zeile in self.zeilen if zeile["nachricht_id"] == nachricht_id]


def ziehe(postfach: Path, datenbank: Path | str, akten: Path, nur: Collection[str] | None = None) -> Bilanz:
    """Compare the XTA simulator's folder, the database and the folder of the cases.

    ``datenbank`` is a SQLite file or the address of a PostgreSQL database; ``nur`` are the ids of the messages that
    were sent to this installation, where the mailbox also serves others.
    """
    boten = {
        werte["id"]: _Bote(werte["geschlossen"], [teil["sha256"] for teil in werte["teile"]])
        for werte in ankunft.angenommene(postfach)
        if nur is None or werte["id"] in nur
    }
    return _vergleiche(boten, _lies(datenbank), list(ankunft.akten("", akten)), [])


def ziehe_demo(ordner: Path) -> Bilanz:
    """Compare everything a demo in ``ordner`` left: both mailboxes, the database and all Ziele."""
    klaerung = list(ankunft.akten(ankunft.KLAERUNG, ordner / "ausgang" / "klaerung"))
    return _vergleiche(_boten(ordner), _lies(ordner / "fachwerk.db"), ankunft.alle(ordner, EMPFAENGER), klaerung)


def _boten(ordner: Path) -> dict[str, _Bote]:
    """What the sender says it sent, and what the XTA server says it accepted for us."""
    buch = {zeile["nachricht_id"]: zeile for zeile in json.loads((ordner / "gesendet.json").read_text("utf-8"))}
    angenommen = {w["id"]: w for w in ankunft.angenommene(ordner / "postfach") if w["leser"] != EMPFAENGER}
    offene = ankunft.exportierte(ordner / "comvibilia")
    boten = {}
    for kennung, zeile in buch.items():
        bote = angenommen.pop(kennung, None)
        teile = [teil["sha256"] for teil in bote["teile"]] if bote else zeile["teile"]
        zu = bote["geschlossen"] if bote else not any(zeile["teile"][0] in summen for summen in offene)
        boten[kennung] = _Bote(bool(zu), teile, zeile["ziel"])
    rest = {kennung: [teil["sha256"] for teil in bote["teile"]] for kennung, bote in angenommen.items()}
    return boten | {kennung: _Bote(angenommen[kennung]["geschlossen"], teile) for kennung, teile in rest.items()}


def _vergleiche(
    boten: Mapping[str, _Bote], speicher: _Speicher, ablage: Sequence[Ankunft], klaerung: Sequence[Ankunft]
) -> Bilanz:
    zeilen = speicher.zeilen
    maengel = [mangel for kennung, bote in boten.items() for mangel in _pruefe(kennung, bote, speicher, ablage)]
    maengel += _pruefe_doppelsendungen(zeilen, boten)
    falsche = list(_falsche(boten, ablage))
    ende = Counter(_ende(zeile) for zeile in zeilen)
    return Bilanz(
        gesendet=len(boten),
        geschlossen=sum(bote.geschlossen for bote in boten.values()),
        gespeichert=len(zeilen),
        zugestellt=ende["zugestellt"],
        weitergeleitet=ende["weitergeleitet"],
        zurueckgegeben=ende["zurueckgegeben"],
        gehalten=ende["gehalten"],
        doppelsendungen=ende["doppelsendung"],
        verloren=sum(1 for mangel in maengel if mangel.startswith("verloren")),
        doppelt=_doppelte(boten, speicher, ablage),
        falsch_zugestellt=len(falsche),
        offene_quittungen=sum(1 for zeile in zeilen if zeile["gefragt"]),
        ziele=dict(sorted(Counter(eine.ziel for eine in ablage if eine.ziel).items())),
        gruende=dict(sorted(Counter(zeile["grund"] for zeile in zeilen if _ende(zeile) == "gehalten").items())),
        vorgaenge=[_zeile(kennung, bote, speicher, (*ablage, *klaerung)) for kennung, bote in boten.items()],
        maengel=maengel + falsche,
    )


# -- the database ------------------------------------------------------------------------------------------------

_FRAGE = (
    "SELECT e.nachricht_id, e.bestaetigt, v.id, v.kanal, v.status, v.grund, v.leistung, v.land, v.empfehlung,"
    " v.doppelt_zu, (SELECT {sammle}(t.sha256, ' ') FROM teil t WHERE t.vorgang_id = v.id"
    " AND t.stuecke = (SELECT count(*) FROM inhalt i WHERE i.teil_id = t.id)) AS summen,"
    " (SELECT count(*) FROM zustellung z WHERE z.vorgang_id = v.id AND z.frage_faellig IS NOT NULL) AS gefragt"
    " FROM eingang e JOIN vorgang v ON v.id = e.vorgang_id ORDER BY v.angelegt"
)
_QUITTUNGEN = "SELECT vorgang_id, ziel, stufe, kennung FROM quittung"


def _lies(datenbank: Path | str) -> _Speicher:
    lies, sammle = (_sqlite, "group_concat") if isinstance(datenbank, Path) else (_postgresql, "string_agg")
    zeilen, quittungen = lies(datenbank, _FRAGE.format(sammle=sammle), _QUITTUNGEN)
    speicher = _Speicher(zeilen)
    for quittung in quittungen:
        speicher.quittungen[quittung["vorgang_id"]].append(quittung)
    return speicher


def _sqlite(datei: Path | str, *fragen: str) -> list[list[dict[str, Any]]]:
    verbindung = sqlite3.connect(f"{Path(datei).resolve().as_uri()}?mode=ro", uri=True)
    verbindung.row_factory = sqlite3.Row
    try:
        return [[dict(zeile) for zeile in verbindung.execute(frage)] for frage in fragen]
    finally:
        verbindung.close()


def _postgresql(adresse: Path | str, *fragen: str) -> list[list[dict[str, Any]]]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(str(adresse).replace("+psycopg", ""), row_factory=dict_row) as verbindung:
        return [list(verbindung.execute(frage.encode())) for frage in fragen]


# -- one message -------------------------------------------------------------------------------------------------


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


def _zeile(nachricht_id: str, bote: _Bote, speicher: _Speicher, ablage: Sequence[Ankunft]) -> dict[str, str]:
    zeile = next(iter(speicher.je_nachricht(nachricht_id)), {})
    einmal = not zeile.get("doppelt_zu")
    dort = next((eine for eine in ablage if eine.traegt(bote.teile)), None) if zeile and einmal else None
    stufen = [q["stufe"] for q in speicher.quittungen[zeile.get("id", "")] if q["ziel"] != ankunft.KLAERUNG]
    return {
        "nachricht_id": nachricht_id,
        "kanal": zeile.get("kanal", ""),
        "leistung": zeile.get("leistung", ""),
        "land": zeile.get("land", ""),
        "empfehlung": zeile.get("empfehlung", ""),
        "status": zeile.get("status", "verloren"),
        "grund": zeile.get("grund") or "",
        "an": dort.ziel if dort else "",
        "ziel": dort.name if dort and dort.ziel != ankunft.KLAERUNG else "",
        "stufe": max(stufen, key=STUFEN.index, default="") if einmal else "",
    }


def _pruefe(nachricht_id: str, bote: _Bote, speicher: _Speicher, ablage: Sequence[Ankunft]) -> list[str]:
    """What is wrong with one message."""
    kurz = _kurz(nachricht_id)
    eigene = speicher.je_nachricht(nachricht_id)
    if not eigene:
        zustand = "geschlossen, aber nicht" if bote.geschlossen else "weder geschlossen noch"
        return [f"verloren: {kurz} ist {zustand} gespeichert"]
    (zeile, *weitere) = eigene
    maengel = [f"{kurz} ist mehrmals gespeichert"] if weitere else []
    if fehlend := set(bote.teile) - set((zeile["summen"] or "").split()):
        maengel.append(f"verloren: {kurz} ist unvollständig gespeichert ({len(fehlend)} Teile fehlen)")
    if not bote.geschlossen:
        maengel.append(f"{kurz} liegt noch im Postfach")
    if _ende(zeile) == "zugestellt":
        maengel += _pruefe_ankunft(kurz, bote, speicher.quittungen[zeile["id"]], ablage)
    return maengel


def _pruefe_ankunft(
    kurz: str, bote: _Bote, quittungen: Iterable[dict[str, Any]], ablage: Sequence[Ankunft]
) -> list[str]:
    """A delivered case lies where its receipts say, and all of it."""
    dort = [eine for eine in ablage if any(eine.heisst(q["ziel"], q["kennung"]) for q in quittungen)]
    if not any(eine.traegt(bote.teile) for eine in dort):
        return [f"verloren: {kurz} gilt als zugestellt, aber im Ziel fehlt der Fall oder ist ein anderer"]
    if not any(eine.summen.issuperset(bote.teile) for eine in dort):
        return [f"verloren: {kurz} ist zugestellt, aber im Ziel fehlt ein Teil der Nachricht"]
    return []


def _pruefe_doppelsendungen(zeilen: list[dict[str, Any]], boten: Mapping[str, _Bote]) -> list[str]:
    """A message linked to another case is lost if that case holds other content, or is itself only a link."""
    faelle = {zeile["id"]: zeile for zeile in zeilen}
    maengel = []
    for zeile in zeilen:
        if not zeile["doppelt_zu"]:
            continue
        erster = faelle.get(zeile["doppelt_zu"])
        if erster is None or erster["doppelt_zu"] or _teile(boten, erster) != _teile(boten, zeile):
            kurz = _kurz(zeile["nachricht_id"])
            maengel.append(f"verloren: {kurz} gilt als Doppelsendung, aber der andere Vorgang hat anderen Inhalt")
    return maengel


def _teile(boten: Mapping[str, _Bote], zeile: dict[str, Any]) -> list[str]:
    bote = boten.get(zeile["nachricht_id"])
    return bote.teile if bote else []


def _kurz(nachricht_id: str) -> str:
    return nachricht_id.rpartition(":")[2][:8]


# -- one Ziel ----------------------------------------------------------------------------------------------------


def _doppelte(boten: Mapping[str, _Bote], speicher: _Speicher, ablage: Sequence[Ankunft]) -> int:
    """Hand-overs that no case accounts for, or that hold the same original as another one."""
    je_fall = list(speicher.quittungen.values())
    quittiert = [sum(any(eine.heisst(q["ziel"], q["kennung"]) for q in fall) for fall in je_fall) for eine in ablage]
    originale = Counter(eine.original or _original(boten, eine) for eine in ablage)
    return sum(anzahl != 1 for anzahl in quittiert) + sum(anzahl - 1 for anzahl in originale.values())


def _original(boten: Mapping[str, _Bote], eine: Ankunft) -> str:
    return next((bote.teile[0] for bote in boten.values() if eine.traegt(bote.teile)), eine.name)


def _falsche(boten: Mapping[str, _Bote], ablage: Sequence[Ankunft]) -> Iterable[str]:
    """Hand-overs in a Ziel where the message does not belong, or of nothing that was sent."""
    for eine in ablage:
        gemeint = [(kennung, bote) for kennung, bote in boten.items() if eine.traegt(bote.teile)]
        if any(bote.soll in (None, eine.ziel) for _, bote in gemeint) or not eine.ziel:
            continue
        wer = _kurz(gemeint[0][0]) if gemeint else "eine Nachricht, die niemand gesendet hat,"
        wohin = f"gehört nach „{gemeint[0][1].soll}“" if gemeint and gemeint[0][1].soll else "gehört in kein Ziel"
        yield f"falsch zugestellt: {wer} liegt in „{eine.ziel}“ und {wohin}"
