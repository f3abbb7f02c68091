"""The database is deleted under load and comes back from an older backup and the mirror, as real processes do it.

The oracle is the file of a target that takes everything twice, and what the mailbox says it has sent: every message
stands there exactly once, under the key of a case the restored database knows.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fachwerk import sicherung
from fachwerk.datenbank import oeffne_datenbank
from fachwerk.demo import prozesse
from fachwerk.schluessel import Schluesselbund, lies_schluesseldatei
from fachwerk.store import Store
from fachwerk.testkit.postgres import PostgresServer
from fachwerk.testkit.standort import Standort

ABFRAGE = '[ziel.akte]\nplugin = "testziel_abfrage"\ngleichzeitig = 2\n'
GEDULD_S = 120.0


class Unglueck:
    """A site that works, loses its database and gets it back."""

    def __init__(self, standort: Standort, anzahl: int, anhang: int) -> None:
        self.standort, self._anzahl, self._anhang = standort, anzahl, anhang
        self._buch = standort.ordner / "zugestellt-akte.txt"

    def zugestellt(self) -> list[str]:
        return self._buch.read_text().splitlines() if self._buch.exists() else []

    def sichere(self) -> Path:
        """As another process would, while the service works."""
        datenbank = oeffne_datenbank(self.standort.datenbank)
        bund = Schluesselbund(lies_schluesseldatei(self.standort.schluesseldatei))
        ordner = sicherung.sichere(Store(datenbank, bund), self.standort.ordner / "sicherung").ordner
        datenbank.dispose()
        return ordner

    def arbeite_bis_zum_tod(self) -> Path:
        """Under load: some before the backup, some after it, some in the middle of it all when the process dies."""
        drittel = self._anzahl // 3
        with self.standort.dienst() as dienst:
            self.standort.sende(drittel, self._anhang)
            self.warte(lambda: len(self.zugestellt()) >= drittel // 2, dienst)
            gesichert = self.sichere()
            bisher = len(self.zugestellt())
            self.standort.sende(drittel, self._anhang)
            self.warte(lambda: len(self.zugestellt()) > bisher, dienst)
            self.standort.sende(self._anzahl - 2 * drittel, self._anhang)
            self.warte(lambda: len(self.zugestellt()) > max(bisher, drittel), dienst)
            dienst.kill()
            dienst.wait(GEDULD_S)
        return gesichert

    def warte(self, bis: Callable[[], bool], dienst: subprocess.Popen[bytes]) -> None:
        prozesse.warte(bis, "Zustellungen", dienst, geduld_s=GEDULD_S)

    def befehl(self, *angaben: str) -> int:
        befehl = ["fachwerk", "--konfig", str(self.standort.konfig), *angaben]
        return prozesse.starte(befehl, self.standort.protokoll("befehle")).wait(GEDULD_S)

    def maengel(self) -> list[str]:
        """What is lost, twice, or left undone."""
        schluessel = self.zugestellt()
        faelle = dict(self.standort.frage("SELECT vorgang_id, nachricht_id FROM eingang"))
        angekommen = [str(faelle.get(eintrag.split(":")[0], f"unbekannt {eintrag}")) for eintrag in schluessel]
        maengel = [f"zweimal: {eine}" for eine in set(angekommen) if angekommen.count(eine) > 1]
        maengel += [f"verloren: {eine}" for eine in set(self.standort.gesendet) - set(angekommen)]
        maengel += [f"nie gesendet: {eine}" for eine in set(angekommen) - set(self.standort.gesendet)]
        offene = "SELECT id, status, grund FROM vorgang WHERE status <> 'done'"
        return maengel + [f"offen: {zeile}" for zeile in self.standort.frage(offene)]


def stelle_her(unglueck: Unglueck, gesichert: Path) -> None:
    """Restore, look that nothing moves before somebody says so, and go on."""
    assert unglueck.befehl("restore", str(gesichert), "--wer", "erika", "--grund", "Platte defekt") == 0
    assert unglueck.standort.frage("SELECT gegenstand FROM pause") == [("ziel:akte",)]
    vorher = unglueck.zugestellt()
    assert unglueck.befehl("poll", "--json") == 0
    assert unglueck.zugestellt() == vorher
    assert unglueck.befehl("ziel", "resume", "akte", "--wer", "erika") == 0
    assert unglueck.befehl("poll", "--json") == 0


def loesche_datei(standort: Standort) -> None:
    datei = Path(standort.datenbank.partition(":///")[2])
    for neben in ("", "-wal", "-shm"):
        datei.with_name(datei.name + neben).unlink(missing_ok=True)


def test_the_database_is_deleted_under_load_and_nothing_is_lost_or_delivered_twice(
    neuer_standort: Callable[..., Standort], sqlite_url: str
) -> None:
    unglueck = Unglueck(neuer_standort(sqlite_url, ziele=ABFRAGE), anzahl=9, anhang=1000)
    gesichert = unglueck.arbeite_bis_zum_tod()
    loesche_datei(unglueck.standort)
    stelle_her(unglueck, gesichert)
    assert unglueck.maengel() == []
    manifest = json.loads((gesichert / "manifest.json").read_text())
    assert manifest["anzahlen"]["vorgang"] < len(unglueck.standort.gesendet)


@pytest.mark.lang
@pytest.mark.parametrize("anhang", [1000, 2_500_000])
def test_the_same_with_many_messages_on_sqlite(
    neuer_standort: Callable[..., Standort], sqlite_url: str, anhang: int
) -> None:
    unglueck = Unglueck(neuer_standort(sqlite_url, ziele=ABFRAGE), anzahl=60, anhang=anhang)
    gesichert = unglueck.arbeite_bis_zum_tod()
    loesche_datei(unglueck.standort)
    stelle_her(unglueck, gesichert)
    assert unglueck.maengel() == []


@pytest.mark.lang
@pytest.mark.postgresql
@pytest.mark.parametrize("anhang", [1000, 2_500_000])
def test_the_same_with_many_messages_on_postgresql(
    neuer_standort: Callable[..., Standort], eigener_postgres: PostgresServer, anhang: int
) -> None:
    unglueck = Unglueck(neuer_standort(eigener_postgres.neue_datenbank(), ziele=ABFRAGE), anzahl=60, anhang=anhang)
    gesichert = unglueck.arbeite_bis_zum_tod()
    unglueck.standort.datenbank = eigener_postgres.neue_datenbank()
    unglueck.standort.konfig = unglueck.standort.schreibe_konfig()
    stelle_her(unglueck, gesichert)
    assert unglueck.maengel() == []
