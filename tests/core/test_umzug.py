"""``fachwerk umzug``: everything arrives, nothing is done twice, and whatever is killed on the way goes on.

The oracle are the mailbox and the targets of the test, which stay while the database moves.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from fachwerk import audit, pausen, umzug, umzugskopie
from fachwerk.betrieb import Betrieb, pruefe_schema
from fachwerk.datenbank import oeffne_datenbank, schema_stand
from fachwerk.engine import Auftraege, lege_tabellen_an
from fachwerk.errors import ConfigError
from fachwerk.store import Store
from fachwerk.tabellen import ereignis, inhalt, konto, schritt, sitzung, vorgang, zustellung
from fachwerk.testkit.umzugsort import BUND, ZIELE, Abgebrochen, Umzugsort, stirb
from fachwerk.umzug import UmzugError

pytestmark = pytest.mark.postgresql


def abbild(ort: Umzugsort) -> str:
    return hashlib.sha256(ort.datei.read_bytes()).hexdigest()


# -- it arrives -------------------------------------------------------------------------------------------------------


def test_what_is_under_way_goes_on_at_the_new_place_exactly_once(umzugsort: Umzugsort) -> None:
    umzugsort.fuelle()
    hoechste = max(zeile.id for zeile in umzugsort.welt.zeilen(schritt))
    umzugsort.welt.schliesse()
    vorher = abbild(umzugsort)
    bericht = umzugsort.ziehe_um()
    assert abbild(umzugsort) == vorher
    assert bericht.staende == {"done": 1, "running": 1, "waiting": 1, "ready": 1}
    assert (bericht.zeilen["vorgang"], bericht.auftraege, bericht.brueche) == (4, 1 + 3 + 3, [])
    umzugsort.gehe_zu_ende()
    schritte = [zeile.id for zeile in umzugsort.welt.zeilen(schritt)]
    assert min(id_ for id_ in schritte if id_ > hoechste) == hoechste + 1
    assert [zeile.was for zeile in umzugsort.welt.zeilen(ereignis) if zeile.kette == "betrieb"] == ["umgezogen"]


def test_the_engine_has_a_job_for_each(umzugsort: Umzugsort, monkeypatch: pytest.MonkeyPatch) -> None:
    umzugsort.fuelle()
    monkeypatch.setattr(umzug, "lege_tabellen_an", lege_tabellen_an)
    _, zweiter, dritter, vierter = umzugsort.welt.vorgaenge()

    def mit_engine(_: sa.Engine) -> Betrieb:
        betrieb = umzugsort.am_ziel()
        betrieb.auftraege = Auftraege(betrieb.store.datenbank, geduldig=False)
        return betrieb

    umzug.ziehe_um(umzugsort.datei, umzugsort.nach, BUND, mit_engine, wer="erika")
    assert Auftraege(oeffne_datenbank(umzugsort.nach), geduldig=False).offene() == {
        f"linie:{vierter.id}:1",
        *(f"zustellung:{zweiter.id}:{ziel}:1:1" for ziel in ZIELE),
        *(f"zustellung:{dritter.id}:{ziel}:1:2" for ziel in ZIELE),
    }


def test_every_value_is_the_same_and_content_byte_by_byte(
    umzugsort: Umzugsort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for living sessions of the console; the accounts come along."""
    monkeypatch.setattr(umzugskopie, "_ZEILEN", 3)  # many pages
    umzugsort.fuelle()
    welt, zeit = umzugsort.welt, datetime(2026, 11, 1, tzinfo=UTC)
    pausen.halte_an(welt.betrieb, "ziel:akte", "erika", "Wartung")
    with welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(konto.insert().values(name="e", kennwort="x", rechte="[]", angelegt=zeit, fehlversuche=0))
        verbindung.execute(sitzung.insert().values(id="s", konto="e", csrf="c", angelegt=zeit, zuletzt=zeit))
    hier = {tabelle: _werte(umzugsort, tabelle) for tabelle in umzugskopie.tabellen() if tabelle is not ereignis}
    umzugsort.ziehe_um()
    umzugsort.gehe_hinueber()
    assert len(hier[inhalt]) > 8
    assert {tabelle: _werte(umzugsort, tabelle) for tabelle in hier} == hier
    assert (len(welt.zeilen(konto)), len(welt.zeilen(sitzung))) == (1, 0)


def _werte(ort: Umzugsort, tabelle: sa.Table) -> set[tuple[object, ...]]:
    return {tuple(map(umzugskopie._mit_zone, zeile)) for zeile in ort.welt.zeilen(tabelle)}


# -- it may be killed -------------------------------------------------------------------------------------------------


def test_a_move_that_dies_again_and_again_goes_on(umzugsort: Umzugsort, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt gets four pages further and dies before the next; the last has nothing left to copy."""
    umzugsort.fuelle()
    umzugsort.welt.schliesse()
    echt, migriere, erlaubt, versuche = umzugskopie._kopiere_seite, umzug.aktualisiere, [1] * 4, 1

    def eine_seite(*argumente: object) -> int:
        if not erlaubt:
            raise Abgebrochen
        erlaubt.pop()
        return echt(*argumente)  # type: ignore[arg-type]

    monkeypatch.setattr(umzugskopie, "_kopiere_seite", eine_seite)
    monkeypatch.setattr(umzug, "aktualisiere", lambda ziel: migriere(ziel) if versuche == 1 else None)
    with pytest.raises(Abgebrochen):
        umzugsort.ziehe_um()
    ziel = oeffne_datenbank(umzugsort.nach)
    while schema_stand(ziel) == "umzug":
        erlaubt.extend([1] * 4)
        versuche += 1
        with suppress(Abgebrochen):
            umzugsort.ziehe_um()
    ziel.dispose()
    assert versuche > len(umzugskopie.tabellen()) / 4
    umzugsort.gehe_zu_ende()


STURZ = """
import os, signal, sys
from pathlib import Path
from fachwerk import umzug, umzugskopie
from fachwerk.schluessel import Schluesselbund
datei, nach, ort = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def toete(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if ort == "mitten_in_der_seite":
    echt, seiten = umzugskopie._schreibe_seite, []
    def schreibe(verbindung, tabelle, zeilen):
        echt(verbindung, tabelle, zeilen)
        seiten.append(tabelle.name)
        if len(seiten) == 4: toete()
    umzugskopie._schreibe_seite = schreibe
else:
    umzug.reihe_alles_ein = toete
umzug.lege_tabellen_an = lambda ziel: None
umzug.ziehe_um(datei, nach, Schluesselbund(bytes(range(32))), lambda ziel: None, wer="erika")
"""


def test_a_killed_move_keeps_everybody_away_until_it_is_at_its_end(umzugsort: Umzugsort) -> None:
    umzugsort.fuelle()
    umzugsort.welt.schliesse()
    for stelle in ("mitten_in_der_seite", "vor_den_auftraegen"):
        befehl = [sys.executable, "-c", STURZ, str(umzugsort.datei), umzugsort.nach, stelle]
        assert subprocess.run(befehl, check=False, env=dict(os.environ)).returncode == -signal.SIGKILL
        for url in (umzugsort.welt._url, umzugsort.nach):
            with pytest.raises(ConfigError, match="datenbank_umzug"):
                pruefe_schema(oeffne_datenbank(url), anlegen=True)
    umzugsort.ziehe_um()
    umzugsort.gehe_zu_ende()


def test_death_between_the_sign_and_the_last_commit_is_mended_by_the_same_command(
    umzugsort: Umzugsort, monkeypatch: pytest.MonkeyPatch
) -> None:
    umzugsort.fuelle()
    with monkeypatch.context() as tod:
        tod.setattr(umzug._Umzug, "_gib_frei", stirb)
        with pytest.raises(Abgebrochen):
            umzugsort.ziehe_um()
    assert schema_stand(oeffne_datenbank(umzugsort.welt._url)) == "umgezogen"
    assert schema_stand(oeffne_datenbank(umzugsort.nach)) == "umzug"
    assert umzugsort.ziehe_um().war_fertig
    umzugsort.gehe_zu_ende()
    assert umzugsort.ziehe_um().war_fertig


# -- it is checked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "aenderung",
    [
        inhalt.update().where(inhalt.c.nr == 0).values(daten=b"anders"),
        vorgang.update().values(hinweis="anders"),
        zustellung.delete().where(zustellung.c.ziel == "blind"),
    ],
    ids=["inhalt", "vorgang", "zustellung"],
)
def test_what_differs_is_found(umzugsort: Umzugsort, aenderung: sa.Update) -> None:
    umzugsort.fuelle()
    datenbank = umzugsort.welt.betrieb.store.datenbank
    tabelle: sa.Table = aenderung.table  # type: ignore[assignment]
    vorher = umzugskopie.summe(datenbank, tabelle)
    assert umzugskopie.summe(datenbank, tabelle) == vorher
    with datenbank.begin() as verbindung:
        assert verbindung.execute(aenderung).rowcount
    assert umzugskopie.summe(datenbank, tabelle) != vorher


def test_what_arrives_otherwise_is_named_and_nobody_may_work_with_it(
    umzugsort: Umzugsort, monkeypatch: pytest.MonkeyPatch
) -> None:
    umzugsort.fuelle()
    echt = umzugskopie.kopiere

    def kopiere(quelle: sa.Engine, ziel: sa.Engine, fortschritt: Callable[[int], object]) -> None:
        echt(quelle, ziel, fortschritt)
        with ziel.begin() as verbindung:
            verbindung.execute(inhalt.update().where(inhalt.c.nr == 0).values(daten=b"anders"))

    monkeypatch.setattr(umzugskopie, "kopiere", kopiere)
    with pytest.raises(UmzugError, match="umzug_abweichung") as fehler:
        umzugsort.ziehe_um()
    assert "inhalt" in fehler.value.hint
    with pytest.raises(ConfigError, match="datenbank_umzug"):
        pruefe_schema(umzugsort.am_ziel().store.datenbank, anlegen=True)


def test_a_chain_that_was_broken_before_comes_along_and_is_named(umzugsort: Umzugsort) -> None:
    umzugsort.fuelle()
    with umzugsort.welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(ereignis.update().where(ereignis.c.was == "zugestellt").values(wer="niemand"))
    davor = audit.pruefe(umzugsort.welt.betrieb.store).brueche
    assert davor
    assert umzugsort.ziehe_um().brueche == davor


@pytest.mark.lang
def test_content_of_any_size_needs_the_same_memory(umzugsort: Umzugsort) -> None:
    """A file with 400 MB of content moves in a process that may grow by 100 MB."""
    store = Store(umzugsort.welt.betrieb.store.datenbank, BUND)
    with store.transaktion("test") as verbindung:
        store.inhalt.lege_fall_an(verbindung, "fall")
    store.inhalt.schreibe_vorlaeufig("fall", (os.urandom(1 << 20) for _ in range(400)))
    umzugsort.welt.schliesse()
    programm = (
        "import resource, sys; from pathlib import Path; from fachwerk import umzug\n"
        "from fachwerk.schluessel import Schluesselbund; import psycopg, dbos, alembic.command\n"
        "from unittest import mock; umzug.reihe_alles_ein = lambda betrieb: 0\n"
        "vorher = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "bund = Schluesselbund(bytes(range(32)))\n"
        "umzug.ziehe_um(Path(sys.argv[1]), sys.argv[2], bund, lambda ziel: mock.Mock(), wer='erika')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - vorher)"
    )
    befehl = [sys.executable, "-c", programm, str(umzugsort.datei), umzugsort.nach]
    lauf = subprocess.run(befehl, check=True, stdout=subprocess.PIPE, text=True)
    assert int(lauf.stdout) < 100_000
