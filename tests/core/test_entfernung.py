"""Deleting outside of the database: marked with the commit that makes it due, done after it, until it is done."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from fachwerk import alarm, aufbewahrung, polling
from fachwerk.entfernung import merke_faellige, raeume
from fachwerk.errors import ConfigErrors, RetryableError
from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Art, Idempotenz, Manifest, Ziel
from fachwerk.plugins import Plugins
from fachwerk.tabellen import entfernung, ereignis, vorgang, zustellung
from fachwerk.testkit.mitspieler import Auskunftsziel
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]
JETZT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPAETER = JETZT + timedelta(days=400)


class Ordnereinstellungen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    aufbewahren_tage: int | None = None


@dataclass(eq=False)
class Ordnerziel(Auskunftsziel):
    """A target that deletes when it is asked; ``waehrend_vergessen`` is called in the middle of it."""

    vergessen: list[str] = field(default_factory=list)
    waehrend_vergessen: Callable[[], None] | None = None

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest(
            name=self.name,
            version="1.0",
            arten=frozenset({Art.ZIEL}),
            idempotenz=self.idempotenz,
            einstellungen={Art.ZIEL: Ordnereinstellungen},
        )

    @hookimpl
    def forget(self, ziel: Ziel, schluessel: str, host: Any) -> None:
        if self.waehrend_vergessen is not None:
            self.waehrend_vergessen()
        self.vergessen.append(schluessel)


@pytest.fixture
def ordnerziel() -> Ordnerziel:
    return Ordnerziel("ordnerziel", Idempotenz.SCHLUESSEL)


@pytest.fixture
def welt(baue_welt: Bau, ordnerziel: Ordnerziel, tmp_path: Path) -> Welt:
    return baue_welt(
        plugins={"ordnerziel": ordnerziel},
        ziel={"akte": {"plugin": "ordnerziel", "aufbewahren_tage": 90}},
        sicherung={"spiegel": str(tmp_path / "spiegel")},
    )


def fertiger(welt: Welt, nachricht: str = "n-1") -> str:
    """A delivered case."""
    welt.lege_ein(nachricht, antrag_xml(uuid=nachricht))
    assert "done" in welt.durchlauf()
    return str(welt.der_vorgang().id)


def tritt_ein(welt: Welt, tage: float) -> int:
    """The retention job as it runs, ``tage`` after now."""
    jetzt = datetime.now(UTC) + timedelta(days=tage)
    merke_faellige(welt.betrieb, jetzt)
    return raeume(welt.betrieb, jetzt)


def offene(welt: Welt) -> list[tuple[str, str]]:
    return [(z.ort, z.code) for z in welt.zeilen(entfernung) if z.erledigt is None]


def was(welt: Welt) -> list[tuple[str, str]]:
    return [(z.was, z.code) for z in welt.zeilen(ereignis) if z.was == "entfernt"]


def test_a_folder_goes_once_after_the_days_of_its_target_and_this_is_on_record(
    welt: Welt, ordnerziel: Ordnerziel
) -> None:
    kennung = fertiger(welt)
    assert tritt_ein(welt, 89) == 0
    assert tritt_ein(welt, 91) == 1
    assert tritt_ein(welt, 92) == 0
    assert ordnerziel.vergessen == [f"{kennung}:akte:1"]
    assert was(welt) == [("entfernt", "ziel:akte")]
    assert offene(welt) == []


def test_without_the_key_nothing_goes(baue_welt: Bau, ordnerziel: Ordnerziel) -> None:
    welt = baue_welt(plugins={"ordnerziel": ordnerziel}, ziel={"akte": {"plugin": "ordnerziel"}})
    fertiger(welt)
    assert tritt_ein(welt, 4000) == 0
    assert ordnerziel.vergessen == []


def test_a_target_that_promises_days_and_cannot_delete_is_refused_at_the_start() -> None:
    class Verspricht(Ordnerziel):
        forget = None  # type: ignore[assignment]

    with pytest.raises(ConfigErrors, match="forget"):
        Plugins.aus_modulen({"ordnerziel": Verspricht("ordnerziel", Idempotenz.SCHLUESSEL)})


@pytest.mark.parametrize("status", ["held", "waiting", "running", "ready"])
def test_the_folder_of_an_unfinished_case_stays_however_old(welt: Welt, ordnerziel: Ordnerziel, status: str) -> None:
    fertiger(welt)
    with welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(vorgang.update().values(status=status))
    assert tritt_ein(welt, 4000) == 0
    assert ordnerziel.vergessen == []


def test_a_case_that_goes_on_between_mark_and_deletion_keeps_its_folder_until_it_is_finished_again(
    welt: Welt, ordnerziel: Ordnerziel
) -> None:
    fertiger(welt)
    jetzt = datetime.now(UTC) + timedelta(days=91)
    merke_faellige(welt.betrieb, jetzt)
    with welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(vorgang.update().values(status="running"))
    assert raeume(welt.betrieb, jetzt) == 0
    assert (ordnerziel.vergessen, offene(welt)) == ([], [])
    with welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(vorgang.update().values(status="done"))
    assert tritt_ein(welt, 92) == 1


def test_a_folder_that_was_delivered_anew_after_its_deletion_is_kept_as_long_again(
    welt: Welt, ordnerziel: Ordnerziel
) -> None:
    fertiger(welt)
    assert tritt_ein(welt, 91) == 1
    neu = datetime.now(UTC) + timedelta(days=100)
    with welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(zustellung.update().values(seit=neu))
        verbindung.execute(vorgang.update().values(geaendert=neu))
    assert tritt_ein(welt, 180) == 0
    assert tritt_ein(welt, 191) == 1
    assert len(ordnerziel.vergessen) == 2


def test_a_drive_that_is_gone_is_tried_again_with_growing_pauses_and_alarms_after_a_day(
    welt: Welt, ordnerziel: Ordnerziel
) -> None:
    fertiger(welt)

    def weg() -> None:
        raise RetryableError("ablage.fehlt", "Das Laufwerk fehlt.")

    ordnerziel.waehrend_vergessen = weg
    versucht = [tritt_ein(welt, 91 + stunde / 24) for stunde in range(0, 50)]
    assert sum(versucht) == 0
    [zeile] = welt.zeilen(entfernung)
    assert 5 <= zeile.versuche <= 7
    [offener] = alarm.offene(welt.betrieb.store)
    assert (offener.anlass, offener.gegenstand, offener.code) == ("aufbewahrung", "ziel:akte", "ablage.fehlt")
    assert "Laufwerk" in offener.hinweis
    ordnerziel.waehrend_vergessen = None
    assert tritt_ein(welt, 95) == 1
    assert alarm.offene(welt.betrieb.store) == []


def test_a_place_that_fails_three_times_in_a_row_delays_no_other(welt: Welt, ordnerziel: Ordnerziel) -> None:
    for nummer in range(5):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=str(nummer)))
    welt.durchlauf()
    gefragt: list[int] = []

    def weg() -> None:
        gefragt.append(1)
        raise RetryableError("ablage.fehlt", "Das Laufwerk fehlt.")

    ordnerziel.waehrend_vergessen = weg
    jetzt = datetime.now(UTC) + timedelta(days=91)
    assert aufbewahrung.loesche_faellige(welt.betrieb, jetzt) == 5
    merke_faellige(welt.betrieb, jetzt)
    assert raeume(welt.betrieb, jetzt) == 5, "the five copies in the mirror"
    assert len(gefragt) == 3


def test_a_repetition_while_the_folder_is_being_deleted_is_told_and_not_lost_in_silence(
    welt: Welt, ordnerziel: Ordnerziel
) -> None:
    kennung = fertiger(welt)

    def jemand_wiederholt() -> None:
        with welt.betrieb.store.datenbank.begin() as verbindung:
            verbindung.execute(zustellung.update().values(seit=datetime.now(UTC) + timedelta(days=92)))

    ordnerziel.waehrend_vergessen = jemand_wiederholt
    assert tritt_ein(welt, 91) == 1
    [offener] = alarm.offene(welt.betrieb.store)
    assert (offener.gegenstand, offener.code) == (f"vorgang:{kennung}", "entfernt_bei_uebergabe")
    assert "resend" in offener.hinweis


# -- the mirror -----------------------------------------------------------------------------------------------------


def kopien(tmp_path: Path) -> list[str]:
    return sorted(pfad.name for pfad in (tmp_path / "spiegel").rglob("*") if pfad.is_file())


def test_no_lock_is_held_while_the_second_volume_works(
    welt: Welt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kennung = fertiger(welt)
    jetzt = datetime.now(UTC) + timedelta(days=91)
    assert aufbewahrung.loesche_faellige(welt.betrieb, jetzt) == 1
    assert kopien(tmp_path) == [f"{kennung}.eingang"]
    echt = os.unlink

    def langsam(pfad: Any, *mehr: Any, **namen: Any) -> None:
        if str(pfad).endswith(".eingang"):
            with welt.betrieb.store.transaktion("nebenher") as verbindung:
                verbindung.execute(vorgang.update().values(hinweis="jemand anderes schreibt"))
        echt(pfad, *mehr, **namen)

    monkeypatch.setattr(os, "unlink", langsam)
    assert raeume(welt.betrieb, jetzt) == 1
    assert kopien(tmp_path) == []
    assert welt.der_vorgang().hinweis == "jemand anderes schreibt"


def test_what_an_interrupted_write_left_of_the_case_goes_too_and_of_others_stays(welt: Welt, tmp_path: Path) -> None:
    kennung = fertiger(welt)
    rest = tmp_path / "spiegel" / kennung[:2] / f"{kennung}.0123.neu"
    rest.write_bytes(b"angefangen")
    fremd = rest.with_name("anderer.eingang")
    fremd.write_bytes(b"bleibt")
    jetzt = datetime.now(UTC) + timedelta(days=91)
    aufbewahrung.loesche_faellige(welt.betrieb, jetzt)
    raeume(welt.betrieb, jetzt)
    assert kopien(tmp_path) == ["anderer.eingang"]


def test_an_unmounted_mirror_is_not_taken_for_an_empty_one(welt: Welt, tmp_path: Path) -> None:
    kennung = fertiger(welt)
    jetzt = datetime.now(UTC) + timedelta(days=91)
    aufbewahrung.loesche_faellige(welt.betrieb, jetzt)
    (tmp_path / "spiegel").rename(tmp_path / "abgehaengt")
    assert raeume(welt.betrieb, jetzt) == 0
    (tmp_path / "spiegel").mkdir()
    assert raeume(welt.betrieb, jetzt + timedelta(hours=3)) == 0
    assert offene(welt) == [("spiegel", "spiegel_nicht_loeschbar")]
    (tmp_path / "spiegel").rmdir()
    (tmp_path / "abgehaengt").rename(tmp_path / "spiegel")
    assert kopien(tmp_path) == [f"{kennung}.eingang"]
    assert raeume(welt.betrieb, jetzt + timedelta(days=1)) == 1
    assert kopien(tmp_path) == []


def test_a_mirror_copy_of_a_case_whose_content_is_there_is_never_deleted(welt: Welt, tmp_path: Path) -> None:
    kennung = fertiger(welt)
    with welt.betrieb.store.datenbank.begin() as verbindung:
        werte = {"vorgang_id": kennung, "ort": "spiegel", "fassung": 0, "versuche": 0, "code": ""}
        verbindung.execute(entfernung.insert().values(**werte, seit=JETZT, naechster=JETZT))
    assert raeume(welt.betrieb, SPAETER) == 0
    assert kopien(tmp_path) == [f"{kennung}.eingang"]
    assert welt.zeilen(entfernung) == []


@pytest.mark.parametrize("stelle", ["vor", "nach"])
def test_killed_before_or_after_the_deletion_the_next_process_goes_on(
    ordnerziel: Ordnerziel, tmp_path: Path, sqlite_url: str, stelle: str
) -> None:
    """SIGKILL to a forked child at the deletion of the mirror's copy, which the commit before has marked."""
    welt = Welt(
        sqlite_url,
        tmp_path,
        plugins={"ordnerziel": ordnerziel},
        ziel={"akte": {"plugin": "ordnerziel", "aufbewahren_tage": 90}},
        sicherung={"spiegel": str(tmp_path / "spiegel")},
    )
    kennung = fertiger(welt)
    welt.betrieb.store.datenbank.dispose()
    if (kind := os.fork()) == 0:
        _raeume_und_stirb(welt, stelle)
    _, ende = os.waitpid(kind, 0)
    assert os.WTERMSIG(ende) == signal.SIGKILL
    assert kopien(tmp_path) == ([f"{kennung}.eingang"] if stelle == "vor" else [])
    assert offene(welt) == [("spiegel", "")]
    assert raeume(welt.betrieb, datetime.now(UTC) + timedelta(days=92)) == 1
    assert kopien(tmp_path) == []
    assert was(welt) == [("entfernt", "spiegel")]
    welt.schliesse()


def _raeume_und_stirb(welt: Welt, stelle: str) -> None:
    echt = os.unlink

    def stirb(pfad: Any, *mehr: Any, **namen: Any) -> None:
        if not str(pfad).endswith(".eingang"):
            return echt(pfad, *mehr, **namen)
        if stelle == "nach":
            echt(pfad)
        os.kill(os.getpid(), signal.SIGKILL)

    os.unlink = stirb  # type: ignore[assignment]
    jetzt = datetime.now(UTC) + timedelta(days=91)
    aufbewahrung.loesche_faellige(welt.betrieb, jetzt)
    raeume(welt.betrieb, jetzt)
    os._exit(0)


def test_the_hourly_sweep_does_all_of_it(
    welt: Welt, ordnerziel: Ordnerziel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kennung = fertiger(welt)
    alt = datetime.now(UTC) - timedelta(days=91)
    with welt.betrieb.store.datenbank.begin() as verbindung:
        verbindung.execute(vorgang.update().values(geaendert=alt))
        verbindung.execute(sa.update(zustellung).values(seit=alt))
    monkeypatch.setattr(welt.betrieb.auftraege, "raeume_auf", lambda vor: 0, raising=False)
    polling.raeume_auf(welt.betrieb)
    assert ordnerziel.vergessen == [f"{kennung}:akte:1"]
    assert kopien(tmp_path) == []
    assert offene(welt) == []
