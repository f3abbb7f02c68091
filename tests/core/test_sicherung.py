"""Backups: whole or not there, taken while others write, without the site key, daily by one node."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fachwerk import alarm, sicherung, sicherungslauf
from fachwerk.platz import versuche_sperre
from fachwerk.sicherung import SicherungError
from fachwerk.tabellen import vorgang
from fachwerk.testkit.welt import SCHLUESSEL, Welt, antrag_xml

Bau = Callable[..., Welt]


def test_a_backup_says_what_it_holds_and_proves_every_byte(welt: Welt, tmp_path: Path) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    neue = sicherung.sichere(welt.betrieb.store, tmp_path / "ziel")
    gelesen = sicherung.lies(neue.ordner)
    assert gelesen == neue
    assert gelesen.manifest["anzahlen"]["vorgang"] == 1
    assert gelesen.manifest["hauptschluessel"] == welt.betrieb.store.bund.kennung
    assert [ordner.name for ordner in (tmp_path / "ziel").iterdir()] == [neue.ordner.name]


def test_it_shows_one_moment_although_somebody_is_writing(welt: Welt, tmp_path: Path) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    with welt.betrieb.store.transaktion("test") as verbindung:
        verbindung.execute(vorgang.update().values(hinweis="noch nicht festgeschrieben"))
        neue = sicherung.sichere(welt.betrieb.store, tmp_path / "ziel")
    assert neue.manifest["anzahlen"]["vorgang"] == 1


def test_it_holds_neither_the_site_key_nor_content_in_the_clear(welt: Welt, tmp_path: Path) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="KANARIENVOGEL"))
    welt.rufe_ab()
    neue = sicherung.sichere(welt.betrieb.store, tmp_path / "ziel")
    schluessel = (tmp_path / "welt" / "fachwerk.key").read_bytes().strip()
    for datei in neue.ordner.iterdir():
        inhalt = datei.read_bytes()
        assert not [geheim for geheim in (b"KANARIENVOGEL", SCHLUESSEL, schluessel) if geheim in inhalt]


@pytest.mark.parametrize("eingriff", ["gekuerzt", "geaendert", "entfernt", "manifest", "fremder_pfad"])
def test_a_backup_that_was_touched_is_refused(welt: Welt, tmp_path: Path, eingriff: str) -> None:
    neue = sicherung.sichere(welt.betrieb.store, tmp_path / "ziel")
    datei = neue.ordner / neue.manifest["dateien"][0]["name"]
    inhalt = datei.read_bytes()
    if eingriff == "gekuerzt":
        datei.write_bytes(inhalt[:-1])
    elif eingriff == "geaendert":
        datei.write_bytes(bytes([inhalt[0] ^ 1]) + inhalt[1:])
    elif eingriff == "entfernt":
        datei.unlink()
    elif eingriff == "manifest":
        (neue.ordner / sicherung.MANIFEST).write_text("{}")
    else:
        manifest = neue.manifest | {"dateien": [{"name": "../welt/fachwerk.key", "laenge": 1, "sha256": ""}]}
        (neue.ordner / sicherung.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(SicherungError, match=r"sicherung_(beschaedigt|unbekannt)"):
        sicherung.lies(neue.ordner)


def test_what_cannot_be_written_leaves_nothing_behind(
    welt: Welt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def voll(griff: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fachwerk.ablage.os.fsync", voll)
    with pytest.raises(SicherungError, match="sicherung_gescheitert"):
        sicherung.sichere(welt.betrieb.store, tmp_path)
    monkeypatch.undo()
    assert not [pfad for pfad in tmp_path.iterdir() if pfad.name.startswith((".neu", "fachwerk-"))]


def test_only_the_newest_stay_and_rests_of_killed_attempts_go(welt: Welt, tmp_path: Path) -> None:
    ziel = tmp_path / "ziel"
    namen = [sicherung.sichere(welt.betrieb.store, ziel).ordner.name for _ in range(3)]
    (ziel / ".neu-abgestuerzt").mkdir()
    (ziel / "eigenes").mkdir()
    assert sicherung.raeume(ziel, 2) == 1
    assert sorted(pfad.name for pfad in ziel.iterdir()) == ["eigenes", *namen[1:]]


# -- the daily backup -------------------------------------------------------------------------------------------------


@pytest.fixture
def taegliche(baue_welt: Bau, tmp_path: Path) -> Welt:
    return baue_welt(sicherung={"ordner": str(tmp_path / "ziel"), "behalten": 2})


def test_the_service_makes_one_backup_a_day_and_no_second(taegliche: Welt, tmp_path: Path) -> None:
    assert sicherungslauf.sichere_faellige(taegliche.betrieb)
    assert not sicherungslauf.sichere_faellige(taegliche.betrieb)
    assert sicherungslauf.ueberfaellig(taegliche.betrieb, datetime.now(UTC)) == ""
    assert len(sicherung.alle(tmp_path / "ziel")) == 1


def test_while_another_node_makes_it_nobody_else_does(taegliche: Welt) -> None:
    sperre = versuche_sperre(taegliche.betrieb.store.datenbank, "sicherung")
    assert sperre is not None
    assert not sicherungslauf.sichere_faellige(taegliche.betrieb)
    sperre.loese()
    assert sicherungslauf.sichere_faellige(taegliche.betrieb)


def test_a_failed_one_is_an_alarm_until_one_succeeds(taegliche: Welt, tmp_path: Path) -> None:
    (tmp_path / "ziel").write_text("eine Datei, wo der Ordner sein soll")
    assert not sicherungslauf.sichere_faellige(taegliche.betrieb)
    (offener,) = alarm.offene(taegliche.betrieb.store)
    assert (offener.anlass, offener.code) == (sicherungslauf.ANLASS, "sicherung_gescheitert")
    alarm.behebe_verschwundene(taegliche.betrieb)
    assert alarm.offene(taegliche.betrieb.store)
    (tmp_path / "ziel").unlink()
    assert sicherungslauf.sichere_faellige(taegliche.betrieb)
    assert alarm.offene(taegliche.betrieb.store) == []


def test_the_watch_learns_of_a_backup_that_is_missing(taegliche: Welt) -> None:
    jetzt = datetime.now(UTC)
    assert "noch keine" in sicherungslauf.ueberfaellig(taegliche.betrieb, jetzt)
    sicherungslauf.sichere_faellige(taegliche.betrieb)
    assert "die letzte ist vom" in sicherungslauf.ueberfaellig(taegliche.betrieb, jetzt + timedelta(days=3))


def test_without_a_folder_nothing_is_done_and_nobody_is_bothered(welt: Welt) -> None:
    assert not sicherungslauf.sichere_faellige(welt.betrieb)
    assert sicherungslauf.ueberfaellig(welt.betrieb, datetime.now(UTC)) == ""


def test_the_copy_of_sqlite_is_a_whole_database(sqlite_url: str, tmp_path: Path) -> None:
    welt = Welt(sqlite_url, tmp_path / "welt")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    kopie = sicherung.sichere(welt.betrieb.store, tmp_path / "ziel").ordner / "fachwerk.db"
    welt.schliesse()
    with sa.create_engine(f"sqlite:///{kopie}").connect() as verbindung:
        assert verbindung.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
