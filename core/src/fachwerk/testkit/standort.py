"""A whole site on loopback for tests of the system: mailbox of the simulator, virus scanner, configuration, folders.

Everything that works at a site is a real process (``fachwerk run``, ``fachwerk poll``); the site only sets the scene
and looks at it afterwards, with the balance of the demo.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fachwerk.anlegen import schreibe_schluessel
from fachwerk.demo import prozesse
from fachwerk.demo.ablauf import kanal_toml
from fachwerk.demo.beispiele import Anhang, Beispiel
from fachwerk.demo.bilanz import Bilanz, ziehe
from fachwerk.demo.versand import plattform, sende
from fachwerk.sqlite import sqlite_treiber

PLATTFORM = "sozialplattform"
AKTE = '[ziel.akte]\nplugin = "aktenablage"\nverzeichnis = "akten"\n'


@dataclass
class Postamt:
    """A running simulator with accounts ``amt-1`` … ``amt-n``; every site of a test takes one."""

    ordner: Path
    anzahl: int = 12
    urls: dict[str, str] = field(default_factory=dict)
    prozess: subprocess.Popen[bytes] | None = None
    _vergeben: int = 0

    @contextmanager
    def laufend(self) -> Iterator[None]:
        """The simulator for as long as the block lasts; a second block starts it again on the same folder."""
        konten: dict[str, Any] = {f"amt-{n}": {"kennungen": [_leser(n)]} for n in range(1, self.anzahl + 1)}
        konten[PLATTFORM] = {"kennungen": ["sop:050000100099"]}
        with prozesse.simulator(self.ordner, konten, self.ordner.with_suffix(".log")) as (prozess, urls):
            self.prozess, self.urls = prozess, urls
            yield

    def konto(self) -> int:
        """The number of an account nobody has yet."""
        self._vergeben += 1
        assert self._vergeben <= self.anzahl, "this simulator has no more accounts"
        return self._vergeben

    def stimme(self, **launen: dict[str, Any] | list[dict[str, Any]]) -> None:
        """Set the temperament: ``stimme(close={"art": "http", "http": 503, "mal": None})``; nothing: be good.

        A list orders several faults for one operation.
        """
        datei = self.ordner / "temperament.json"
        neu = datei.with_suffix(".neu")
        neu.write_text(json.dumps(launen), encoding="utf-8")
        neu.replace(datei)


def _leser(nummer: int) -> str:
    return f"wbs:0511100000{nummer:02d}"


@dataclass
class Standort:
    """One installation: a folder with ``fachwerk.toml``, a mailbox of ``postamt``, a database."""

    ordner: Path
    postamt: Postamt
    datenbank: str
    clamd: str = ""
    ziele: str = AKTE
    ziel: str = "akte"
    zusatz: str = ""
    plugins: Sequence[str] = ()
    arbeiter: int = 8
    takt: str = "1s"
    gesendet: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ordner.mkdir(parents=True, exist_ok=True)
        self.konto = self.postamt.konto()
        schreibe_schluessel(self.schluesseldatei)
        self.konfig = self.schreibe_konfig()

    @property
    def leser(self) -> str:
        """To whom messages for this site are addressed."""
        return _leser(self.konto)

    @property
    def schluesseldatei(self) -> Path:
        """Where the site key lies."""
        return self.ordner / "fachwerk.key"

    @property
    def akten(self) -> Path:
        """Where the case folders lie."""
        return self.ordner / "akten"

    def schreibe_konfig(self, knoten: str = "") -> Path:
        """A configuration of this site; every node of it gets its own file with its own name."""
        pfad = self.ordner / f"fachwerk{'-' + knoten if knoten else ''}.toml"
        kanal = kanal_toml(f"amt-{self.konto}", "nw", self.postamt.urls, str(self.postamt.ordner / "pki"))
        kanal = kanal.replace('takt = "1m"', f'takt = "{self.takt}"')
        pruefung = f'[virenpruefung]\nart = "clamd"\nadresse = "{self.clamd}"\n' if self.clamd else ""
        pfad.write_text(
            f'[fachwerk]\ndatenbank = "{self.datenbank}"\nplugins = {json.dumps(list(self.plugins))}\n'
            f'knoten = "{knoten}"\narbeiter = {self.arbeiter}\n'
            f"{kanal}\n"
            '[format.xsozial_basis]\nbestaetigt = ["projektprofil-1"]\n'
            f'{self.ziele}\n[[route]]\nleistung = "*"\nziel = "{self.ziel}"\nzustand = "live"\n'
            f'[sicherung]\nspiegel = "spiegel"\n{pruefung}{self.zusatz}',
            encoding="utf-8",
        )
        return pfad

    # -- what the world does ------------------------------------------------------------------------------------

    def sende(self, anzahl: int = 1, anhang: int = 0) -> list[str]:
        """Send ``anzahl`` applications of invented people, each with an attachment of ``anhang`` bytes; their ids."""
        return list(self.sende_beispiele(self._beispiel(anhang) for _ in range(anzahl)))

    def sende_beispiele(self, beispiele: Iterable[Beispiel]) -> Iterator[str]:
        """Send them over one connection; the id of each as soon as it is sent."""
        with plattform(self.postamt.urls, self.postamt.ordner / "pki") as client:
            for beispiel in beispiele:
                nachricht_id = sende(client, beispiel).nachricht_id
                self.gesendet.append(nachricht_id)
                yield nachricht_id

    def sende_xml(self, xml: bytes) -> str:
        """Send ``xml`` as it is, without attachments; its id."""
        (nachricht_id,) = self.sende_beispiele([Beispiel("", self.leser, xml)])
        return nachricht_id

    def antrag(self) -> bytes:
        """A new application of invented people for the office of this site."""
        from fachwerk_xsozial_basis.erzeuger import nachricht

        kennung, leser = str(uuid.uuid4()), self.leser
        return nachricht("wbs", None, leser=leser, uuid=kennung, vorgangs_id=kennung, seed=len(self.gesendet))

    def _beispiel(self, anhang: int) -> Beispiel:
        pdf = b"%PDF-1.4\n%" + uuid.uuid4().bytes + bytes(anhang)
        anhaenge = (Anhang("anhang_0001.pdf", "application/pdf", pdf),) if anhang else ()
        return Beispiel("", self.leser, self.antrag(), anhaenge)

    # -- who works here -----------------------------------------------------------------------------------------

    @contextmanager
    def dienst(self, knoten: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """``fachwerk run`` for as long as the block lasts (stopped by SIGTERM, if it still runs)."""
        befehl = ["fachwerk", "--konfig", str(self.schreibe_konfig(knoten)), "run"]
        with prozesse.laufend(befehl, self.protokoll(knoten)) as prozess:
            yield prozess

    def poll(self) -> int:
        """``fachwerk poll`` as a process of its own; its exit code."""
        befehl = ["fachwerk", "--konfig", str(self.konfig), "poll", "--json"]
        return prozesse.starte(befehl, self.protokoll("poll")).wait(4 * prozesse.GEDULD_S)

    def ist_fertig(self) -> bool:
        """Whether every case that was sent is done and its message closed: a worker may be done before the poll is."""
        frage = (
            "SELECT count(*) FROM eingang JOIN vorgang ON vorgang.id = eingang.vorgang_id"
            " WHERE eingang.bestaetigt IS NOT NULL AND vorgang.status = 'done'"
        )
        return bool(self.frage(frage)[0][0] == len(self.gesendet))

    def protokoll(self, knoten: str = "") -> Path:
        """Where a process of this site writes what it has to say."""
        return self.ordner / f"protokoll{'-' + knoten if knoten else ''}.log"

    # -- looking at it ------------------------------------------------------------------------------------------

    def frage(self, sql: str) -> list[tuple[Any, ...]]:
        """Plain SQL, read only, on either kind of database."""
        if self.datenbank.startswith("sqlite"):
            verbindung: Any = sqlite_treiber().connect(f"file:{self.datenbank.partition(':///')[2]}?mode=ro", uri=True)
        else:
            import psycopg

            verbindung = psycopg.connect(self.datenbank.replace("+psycopg", ""), connect_timeout=5)
        try:
            return [tuple(zeile) for zeile in verbindung.execute(sql).fetchall()]
        finally:
            verbindung.close()

    def auftraege(self) -> dict[str, int]:
        """How many jobs the engine's own table holds in which state."""
        schema = "" if self.datenbank.startswith("sqlite") else "dbos."
        zeilen = self.frage(f"SELECT status, count(*) FROM {schema}workflow_status GROUP BY status")  # noqa: S608
        return {str(status): int(anzahl) for status, anzahl in zeilen}

    def bilanz(self) -> Bilanz:
        """Mailbox, store and case folders compared."""
        datenbank: Path | str = self.datenbank
        if self.datenbank.startswith("sqlite"):
            datenbank = Path(self.datenbank.partition(":///")[2])
        return ziehe(self.postamt.ordner, datenbank, self.akten, set(self.gesendet))

    def maengel(self) -> list[str]:
        """Everything that is not as it should be when all work is done; empty: nothing lost, nothing twice."""
        bilanz = self.bilanz()
        maengel = list(bilanz.maengel)
        if not bilanz.geht_auf:
            maengel.append(f"die Bilanz geht nicht auf: {bilanz.als_json() | {'vorgaenge': '…'}}")
        maengel += [
            f"Rest einer Übergabe: {pfad.name}" for pfad in self.akten.glob(".*") if pfad.name.startswith((".neu-",))
        ]
        ids = [zeile[0] for zeile in self.frage("SELECT id FROM vorgang")]
        maengel += [f"ohne Spiegel: {i}" for i in ids if not (self.ordner / f"spiegel/{i[:2]}/{i}.eingang").exists()]
        return maengel
