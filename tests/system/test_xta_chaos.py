"""Many messages, every fault the simulator can make, and a client that is killed again and again at random.

What is compared at the end is what the sender sent, the folder of the mailbox, and the store as an oracle outside
of all our processes reads and decrypts it. The seed of a run is printed; ``FACHWERK_TEST_SAMEN`` repeats it.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fachwerk.demo import prozesse
from fachwerk.demo.beispiele import Anhang, Beispiel
from fachwerk.testkit.absturz import Absturzbank
from fachwerk.testkit.orakel import vergleiche
from fachwerk.testkit.standort import Postamt, Standort
from fachwerk_generic_xta.simulator.launen import ARTEN

NeuerStandort = Callable[..., Standort]

GEDULD_S = 600.0
EINFACHES_ZIEL = '[ziel.akte]\nplugin = "testziel_abfrage"\ngleichzeitig = 4\n'
KLEINE_ANHAENGE = (0, 1, 700, 65_536, 1_048_576, 1_048_577)
GROSSE_ANHAENGE = (*KLEINE_ANHAENGE, 2_500_000, 5_000_000)
"""Bytes: nothing, odd ends, exactly one chunk, one byte more, several."""

NUR_MIT_TEILEN = {"abgeschnitten", "ohne_teil", "falsche_cid", "doppelte_cid", "falsche_groesse"}
"""Faults of the content, which only ``getMessage`` has."""

WORTE: dict[str, dict[str, Any]] = {
    "fehler": {"fehler": "9030"},
    "http": {"http": 503},
    "langsam": {"sekunden": 0.3},
    "tropfend": {"bytes_je_sekunde": 3_000_000},
}
"""What an order of this kind has to say. Only what passes by itself: a locked account waits for a person."""


@dataclass(frozen=True)
class Umfang:
    """How much of everything; ``wahrscheinlichkeit`` is that of each kind of fault at each call."""

    nachrichten: int
    abschuesse: int
    anhaenge: tuple[int, ...]
    wahrscheinlichkeit: float = 0.01


KLEIN = Umfang(60, 3, KLEINE_ANHAENGE)
VOLL = Umfang(500, 10, GROSSE_ANHAENGE)


def launen(konto: str, umfang: Umfang, samen: int) -> dict[str, list[dict[str, Any]]]:
    """Each kind of fault once at a fixed call, and at any with a small probability; for one account alone."""
    je_vorgang: dict[str, list[dict[str, Any]]] = {"getMessage": [], "getStatusList": [], "close": []}
    for nummer, art in enumerate(ARTEN):
        eine = {"art": art, "konto": konto, **WORTE.get(art, {})}
        je_vorgang["getMessage"].append(eine | {"ab": nummer + 1})
        for vorgang, regeln in je_vorgang.items():
            if vorgang == "getMessage" or art not in NUR_MIT_TEILEN:
                samen += 1
                regeln.append(eine | {"mal": None, "wahrscheinlichkeit": umfang.wahrscheinlichkeit, "samen": samen})
    for vorgang, ab in (("close", 2), ("close", 9), ("getMessage", 7)):
        je_vorgang[vorgang].insert(0, {"art": "fehler", "fehler": "9070", "konto": konto, "ab": ab})
    return je_vorgang


class Absender(threading.Thread):
    """Sends messages beside all else and remembers, for each id, the sums of the parts it sent."""

    def __init__(self, standort: Standort, umfang: Umfang, zufall: random.Random) -> None:
        super().__init__(name="absender")
        self._standort, self._umfang, self._zufall = standort, umfang, zufall
        self.gesendet: dict[str, list[str]] = {}

    def run(self) -> None:
        """Send them all; a failure shows in what is missing at the end."""
        for kennung in self._standort.sende_beispiele(self._beispiele()):
            inhalte = [self._letztes.xml, *(anhang.inhalt for anhang in self._letztes.anhaenge)]
            self.gesendet[kennung] = [hashlib.sha256(inhalt).hexdigest() for inhalt in inhalte]

    def _beispiele(self) -> Iterator[Beispiel]:
        """One at a time, so that no two lie in memory."""
        for _ in range(self._umfang.nachrichten):
            self._letztes = self._beispiel()
            yield self._letztes

    def _beispiel(self) -> Beispiel:
        groessen = self._zufall.choices(self._umfang.anhaenge, k=self._zufall.randint(0, 3))
        anhaenge = [
            Anhang(f"anhang_{nr:04d}.pdf", "application/pdf", self._zufall.randbytes(groesse))
            for nr, groesse in enumerate(groessen, 1)
        ]
        return Beispiel("", self._standort.leser, self._standort.antrag(), tuple(anhaenge))


@dataclass
class Klient:
    """The nodes of a site, of which now this and now that one is killed and started again."""

    standort: Standort
    namen: Sequence[str]
    kulisse: ExitStack
    zufall: random.Random
    prozesse: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def starte(self, name: str) -> None:
        self.prozesse[name] = self.kulisse.enter_context(self.standort.dienst(name))

    def zahl(self, sql: str) -> int:
        """0 where there is no table yet."""
        try:
            return int(self.standort.frage(sql)[0][0])
        except Exception:
            return 0

    def warte(self, sql: str, auf: int) -> None:
        prozesse.warte(lambda: self.zahl(sql) >= auf, f"{auf} bei: {sql}", geduld_s=GEDULD_S)

    def erschiesse(self, ab: int) -> str:
        """SIGKILL for one of the nodes, a random moment after ``ab`` messages are stored; starts it again."""
        self.warte(GESPEICHERT, ab)
        threading.Event().wait(self.zufall.uniform(0, 0.4))
        name = self.zufall.choice(self.namen)
        self.prozesse[name].kill()
        assert self.prozesse[name].wait() == -signal.SIGKILL
        bei = self.zahl(GESPEICHERT)
        self.starte(name)
        return f"{name or 'run'} bei {bei}"

    def beende(self) -> list[int]:
        """Exit codes of all nodes, told to stop."""
        for prozess in self.prozesse.values():
            prozess.terminate()
        return [prozess.wait(prozesse.GEDULD_S) for prozess in self.prozesse.values()]


GESPEICHERT = "SELECT count(*) FROM eingang"
GESCHLOSSEN = "SELECT count(*) FROM eingang WHERE bestaetigt IS NOT NULL"
FERTIG = "SELECT count(*) FROM vorgang WHERE status = 'done'"


def chaos(standort: Standort, umfang: Umfang, knoten: Sequence[str]) -> None:
    """Send, disturb, kill, wait until all is done, and compare."""
    samen = int(os.environ.get("FACHWERK_TEST_SAMEN") or random.SystemRandom().randrange(10**6))
    zufall, beginn = random.Random(samen), time.monotonic()
    print(f"FACHWERK_TEST_SAMEN={samen}")  # noqa: T201  shown where the test fails, or with -s
    standort.postamt.stimme(**launen(f"amt-{standort.konto}", umfang, samen))
    grenzen = sorted(zufall.sample(range(1, umfang.nachrichten - 5), umfang.abschuesse))
    absender = Absender(standort, umfang, random.Random(samen))
    with ExitStack() as kulisse:
        klient = Klient(standort, knoten, kulisse, zufall)
        absender.start()
        kulisse.callback(absender.join)
        for name in knoten:
            klient.starte(name)
        abschuesse = [klient.erschiesse(grenze) for grenze in grenzen]
        for sql in (GESPEICHERT, GESCHLOSSEN, FERTIG):
            klient.warte(sql, umfang.nachrichten)
        assert klient.beende() == [0] * len(knoten)
    stoerungen = gestoerte(standort.postamt.ordner)
    dauer, anzahl = time.monotonic() - beginn, sum(stoerungen.values())
    print(f"{dauer:.0f} s; SIGKILL: {', '.join(abschuesse)}; {anzahl} Störungen: {dict(stoerungen)}")  # noqa: T201
    assert len(absender.gesendet) == umfang.nachrichten
    assert set(ARTEN) <= set(stoerungen), "a kind of fault never struck"
    assert vergleiche(standort.datenbank, standort.schluesseldatei, standort.postamt.ordner, absender.gesendet) == []
    assert standort.frage("SELECT DISTINCT grund, doppelt_zu FROM vorgang") == [("", "")]
    zustellungen = Counter((standort.ordner / "zugestellt-akte.txt").read_text().split())
    assert set(zustellungen.values()) == {1}
    assert len(zustellungen) == umfang.nachrichten


def gestoerte(postfach: Path) -> Counter[str]:
    """How often each kind of fault struck, as the request log of the simulator says."""
    zeilen = (postfach / "anfragen.log").read_text(encoding="utf-8").splitlines()
    return Counter(re.split(r"[ ,(]", zeile.rpartition("Störung: ")[2])[0] for zeile in zeilen if "Störung: " in zeile)


@pytest.fixture
def mache(neuer_standort: NeuerStandort, eigenes_postamt: Postamt) -> Iterator[Callable[[str], Standort]]:
    """Makes the site, at a simulator of its own."""
    with eigenes_postamt.laufend():
        yield lambda url: neuer_standort(url, postamt=eigenes_postamt, ziele=EINFACHES_ZIEL)


KNOTEN = {"sqlite": ("",), "postgresql": ("eins", "zwei")}


def test_every_message_arrives_once_and_whole_whatever_goes_wrong(
    mache: Callable[[str], Standort], datenbank_url: str
) -> None:
    chaos(mache(datenbank_url), KLEIN, KNOTEN[datenbank_url.partition("+")[0].partition(":")[0]])


@pytest.mark.lang
def test_five_hundred_messages_arrive_once_and_whole_whatever_goes_wrong(
    mache: Callable[[str], Standort], datenbank_url: str
) -> None:
    chaos(mache(datenbank_url), VOLL, KNOTEN[datenbank_url.partition("+")[0].partition(":")[0]])


# -- the oracle itself -------------------------------------------------------------------------------------------


TATEN: dict[str, tuple[str, str]] = {
    "chunk": ("DELETE FROM inhalt WHERE nr = 1", "nicht vollständig lesbar"),
    "claim": ("UPDATE teil SET beansprucht = 0", "nicht vollständig lesbar"),
    "sum": ("UPDATE teil SET sha256 = 'x' WHERE laenge > 1000000", "nicht vollständig lesbar"),
    "swap": ("UPDATE inhalt SET daten = (SELECT daten FROM inhalt i WHERE i.nr = 1) WHERE nr = 0", "nicht vollständig"),
    "case": ("DELETE FROM eingang WHERE rowid = 1", "0 Mal gespeichert"),
    "close": ("UPDATE eingang SET bestaetigt = NULL", "nicht als geschlossen vermerkt"),
}


def test_the_oracle_finds_what_is_planted(
    bank: Absturzbank, neuer_standort: NeuerStandort, sqlite_url: str, tmp_path: Path
) -> None:
    standort = neuer_standort(sqlite_url, ziele=EINFACHES_ZIEL)
    absender = Absender(standort, Umfang(3, 0, (1_048_577,)), random.Random(4))  # seed 4: attachments, too
    absender.run()
    assert bank.laufe(standort.konfig).code == 0
    gesendet, postfach = absender.gesendet, tmp_path / "postfach"
    assert max(len(summen) for summen in gesendet.values()) > 1
    for kennung in gesendet:
        ordner = Path("nachrichten") / kennung.rpartition(":")[2]
        shutil.copytree(standort.postamt.ordner / ordner, postfach / ordner)

    def finde(datenbank: str = sqlite_url, gesendet: dict[str, list[str]] = gesendet) -> str:
        return "\n".join(vergleiche(datenbank, standort.schluesseldatei, postfach, gesendet))

    assert finde() == ""
    for name, (tat, mangel) in TATEN.items():
        kopie = tmp_path / f"{name}.db"
        with sqlite3.connect(kopie) as verbindung, sqlite3.connect(sqlite_url.partition(":///")[2]) as quelle:
            quelle.backup(verbindung)
            verbindung.execute("PRAGMA foreign_keys = OFF")
            assert verbindung.execute(tat).rowcount > 0
        assert mangel in finde(f"sqlite:///{kopie}"), name
    assert "0 Mal gespeichert" in finde(gesendet=gesendet | {"urn:de:xta:messageid:x:1": []})
    erste = next(iter(gesendet))
    assert "andere Teile" in finde(gesendet=gesendet | {erste: [*gesendet[erste], "x"]})
    assert "nie gesendet" in finde(gesendet={k: v for k, v in gesendet.items() if k != erste})
    next(postfach.glob("nachrichten/*/geschlossen.json")).unlink()
    assert "im Postfach nicht geschlossen" in finde()
