"""The balance: mailboxes, store and Ziele compared, with none of the code that is being checked.

The folders of the mailboxes say what was sent and closed, the database (read with plain SQL) what was stored and what
became of it, the folders and journals of the Ziele what really lies there. Nothing here counts along; it looks
afterwards.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fachwerk.demo import ankunft
from fachwerk.demo.ankunft import Ankunft
from fachwerk.demo.beispiele import EMPFAENGER
from fachwerk.sqlite import sqlite_treiber

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

    def __post_init__(self) -> None:
        self._nachrichten: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for zeile in self.zeilen:
            self._nachrichten[zeile["nachricht_id"]].append(zeile)

    def je_nachricht(self, nachricht_id: str) -> list[dict[str, Any]]:
        return self._nachrichten.get(nachricht_id, [])


class _Ablage:
    """All hand-overs, found by what they hold and by their names: a day of a Land is too much to look through."""

    def __init__(self, ankuenfte: Sequence[Ankunft]) -> None:
        self.alle = ankuenfte
        self._nach_summe: dict[str, list[Ankunft]] = defaultdict(list)
        self._nach_namen: dict[str, list[Ankunft]] = defaultdict(list)
        for eine in ankuenfte:
            for summe in {eine.original} if eine.original else eine.summen:
                self._nach_summe[summe].append(eine)
            for name in {eine.name, *eine.auch}:
                self._nach_namen[name].append(eine)

    def der_nachricht(self, teile: Sequence[str]) -> list[Ankunft]:
        """The hand-overs of the message with these parts."""
        moegliche = [eine for teil in dict.fromkeys(teile) for eine in self._nach_summe.get(teil, [])]
        return [eine for eine in dict.fromkeys(moegliche) if eine.traegt(list(teile))]

    def der_quittungen(self, quittungen: Iterable[dict[str, Any]]) -> list[Ankunft]:
        """The hand-overs of which these receipts speak."""
        genannte = ((q["ziel"], eine) for q in quittungen for eine in self._nach_namen.get(q["kennung"], []))
        return list(dict.fromkeys(eine for ziel, eine in genannte if eine.ziel in ("", ziel)))


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


def ziehe_demo(ordner: Path, datenbank: Path | str = "", auch: Sequence[Ankunft] = ()) -> Bilanz:
    """Compare everything a demo in ``ordner`` left: both mailboxes, the database and all Ziele.

    ``datenbank`` is the address of a PostgreSQL database where it is not the file of the demo, ``auch`` what lies in
    further Ziele.
    """
    klaerung = list(ankunft.akten(ankunft.KLAERUNG, ordner / "ausgang" / "klaerung"))
    ablage = [*ankunft.alle(ordner, EMPFAENGER), *auch]
    return _vergleiche(_boten(ordner), _lies(datenbank or ordner / "fachwerk.db"), ablage, klaerung)


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
    boten: Mapping[str, _Bote], speicher: _Speicher, ankuenfte: Sequence[Ankunft], klaerung: Sequence[Ankunft]
) -> Bilanz:
    zeilen, ablage, alles = speicher.zeilen, _Ablage(ankuenfte), _Ablage([*ankuenfte, *klaerung])
    maengel = [mangel for kennung, bote in boten.items() for mangel in _pruefe(kennung, bote, speicher, ablage)]
    maengel += _pruefe_doppelsendungen(zeilen, boten)
    falsche = list(_falsche(boten, ankuenfte))
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
        ziele=dict(sorted(Counter(eine.ziel for eine in ankuenfte if eine.ziel).items())),
        gruende=dict(sorted(Counter(zeile["grund"] for zeile in zeilen if _ende(zeile) == "gehalten").items())),
        vorgaenge=[_zeile(kennung, bote, speicher, alles) for kennung, bote in boten.items()],
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
    treiber = sqlite_treiber()
    verbindung = treiber.connect(f"{Path(datei).resolve().as_uri()}?mode=ro", uri=True)
    verbindung.row_factory = treiber.Row
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


def _zeile(nachricht_id: str, bote: _Bote, speicher: _Speicher, ablage: _Ablage) -> dict[str, str]:
    zeile = next(iter(speicher.je_nachricht(nachricht_id)), {})
    einmal = not zeile.get("doppelt_zu")
    dort = next(iter(ablage.der_nachricht(bote.teile)), None) if zeile and einmal else None
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


def _pruefe(nachricht_id: str, bote: _Bote, speicher: _Speicher, ablage: _Ablage) -> list[str]:
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


def _pruefe_ankunft(kurz: str, bote: _Bote, quittungen: Iterable[dict[str, Any]], ablage: _Ablage) -> list[str]:
    """A delivered case lies where its receipts say, and all of it."""
    dort = ablage.der_quittungen(quittungen)
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


def _doppelte(boten: Mapping[str, _Bote], speicher: _Speicher, ablage: _Ablage) -> int:
    """Hand-overs that no case accounts for, or that hold the same original as another one."""
    quittiert = Counter(eine for fall in speicher.quittungen.values() for eine in ablage.der_quittungen(fall))
    erste = {bote.teile[0] for bote in boten.values() if bote.teile}
    originale = Counter(eine.original or _original(erste, eine) for eine in ablage.alle)
    return sum(quittiert[eine] != 1 for eine in ablage.alle) + sum(anzahl - 1 for anzahl in originale.values())


def _original(erste: Collection[str], eine: Ankunft) -> str:
    """The hash of the message that was handed over, or a name of its own where nobody sent it."""
    return next((summe for summe in sorted(eine.summen) if summe in erste), eine.name)


def _falsche(boten: Mapping[str, _Bote], ablage: Sequence[Ankunft]) -> Iterable[str]:
    """Hand-overs in a Ziel where the message does not belong, or of nothing that was sent."""
    nach_teil: dict[str, list[tuple[str, _Bote]]] = defaultdict(list)
    for kennung, bote in boten.items():
        for teil in dict.fromkeys(bote.teile):
            nach_teil[teil].append((kennung, bote))
    for eine in ablage:
        moegliche = [paar for summe in ({eine.original} if eine.original else eine.summen) for paar in nach_teil[summe]]
        gemeint = [(kennung, bote) for kennung, bote in moegliche if eine.traegt(bote.teile)]
        if any(bote.soll in (None, eine.ziel) for _, bote in gemeint) or not eine.ziel:
            continue
        wer = _kurz(gemeint[0][0]) if gemeint else "eine Nachricht, die niemand gesendet hat,"
        wohin = f"gehört nach „{gemeint[0][1].soll}“" if gemeint and gemeint[0][1].soll else "gehört in kein Ziel"
        yield f"falsch zugestellt: {wer} liegt in „{eine.ziel}“ und {wohin}"
