"""What a killed process leaves behind is taken up at once, and nobody waits for somebody else's trouble."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from fachwerk.betrieb import Betrieb
from fachwerk.datenbank import oeffne_datenbank
from fachwerk.dienst import Dienst
from fachwerk.engine import Auftraege
from fachwerk.tabellen import zustellung
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Absturz, Welt, antrag_xml

Bau = Callable[..., Welt]


@pytest.fixture
def dienst(dienst: Dienst) -> Dienst:
    """Just started."""
    dienst._gestartet = datetime.now(UTC)
    return dienst


def stirb_beim_zustellen(welt: Welt) -> None:
    """The intent is committed, the job is begun, the process ends."""
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    welt.mit_schluessel.stoerungen.append(Stoerung(Absturz()))
    with pytest.raises(Absturz):
        welt.arbeite()
    welt.neuer_prozess()


def test_an_interrupted_delivery_that_finds_the_mirror_away_goes_on_when_it_is_back(
    baue_welt: Bau, tmp_path: Path
) -> None:
    spiegel = tmp_path / "spiegel"
    welt = baue_welt(sicherung={"spiegel": str(spiegel)})
    stirb_beim_zustellen(welt)
    spiegel.rename(tmp_path / "weg")
    spiegel.write_text("kein Ordner")
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.zeilen(zustellung)[0].code) == ("waiting", "spiegel_nicht_beschreibbar")
    spiegel.unlink()
    (tmp_path / "weg").rename(spiegel)
    welt.vergehe(minutes=1)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


@pytest.mark.parametrize("stelle", ["linie", "zustellung"])
def test_what_a_predecessor_left_without_a_job_is_found_at_the_first_look(
    welt: Welt, dienst: Dienst, stelle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fachwerk.dienst.SUCHE_S", 0.0)

    def verliere() -> None:
        welt.auftraege.loesche(welt.auftraege.offene())
        welt.vergehe(seconds=2)
        dienst._platz.schlage()

    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    if stelle == "zustellung":
        auftrag = welt.auftraege.naechster()
        welt._aufgaben()[auftrag.aufgabe](welt.betrieb, *auftrag.argumente.split("\n"))
    verliere()
    dienst.wache()
    assert len(welt.auftraege.offene()) == 1
    verliere()
    dienst.wache()
    assert welt.auftraege.offene() == set(), "later it may be about to get one"


def test_lost_jobs_are_looked_for_now_and_then_because_on_a_busy_day_many_wait(
    welt: Welt, dienst: Dienst, monkeypatch: pytest.MonkeyPatch
) -> None:
    jetzt, gelesen = [1000.0], list[float]()
    monkeypatch.setattr("fachwerk.dienst.time.monotonic", lambda: jetzt[0])
    monkeypatch.setattr(welt.auftraege, "offene", lambda: gelesen.append(jetzt[0]) or set())
    for schritt in (0, 3, 3, 3, 3, 3, 3, 3, 3):
        jetzt[0] += schritt
        welt.lege_ein(f"n-{jetzt[0]}", antrag_xml(uuid=f"{jetzt[0]}"))
        welt.rufe_ab()
        welt.vergehe(days=1)
        dienst._platz.schlage()
        dienst.wache()
    assert gelesen == [1000, 1021]


def test_the_watch_takes_up_what_the_engine_only_believes_to_run_here(
    welt: Welt, dienst: Dienst, monkeypatch: pytest.MonkeyPatch
) -> None:
    gefragt: list[tuple[str, object]] = []
    monkeypatch.setattr(welt.auftraege, "nimm_auf", lambda *angaben: gefragt.append(angaben) or 1)
    dienst._engine = engine = SimpleNamespace(verlassene=lambda _: ())  # type: ignore[assignment]
    dienst.wache()
    assert gefragt == [(dienst._platz.name, engine.verlassene)]


def test_a_look_at_the_jobs_fails_at_once_where_the_database_is_away(welt: Welt) -> None:
    """It is repeated every few seconds; waiting inside would keep a node silent long after the database is back."""
    auftraege = Betrieb.auftraege.func(welt.betrieb)  # type: ignore[attr-defined]
    assert auftraege._client._sys_db._retry_connection_errors is False
    auftraege.schliesse()
    weg = oeffne_datenbank("postgresql+psycopg://niemand@127.0.0.1:9/weg")
    with pytest.raises(sa.exc.OperationalError):
        Auftraege(weg, geduldig=False).offene()
    weg.dispose()


def test_who_was_away_itself_does_not_take_the_others_for_dead(
    welt: Welt, dienst: Dienst, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away: nobody could say that it lives, and everybody's last word is equally old."""
    jetzt, geurteilt = [1000.0], list[float]()
    monkeypatch.setattr("fachwerk.dienst.time.monotonic", lambda: jetzt[0])
    monkeypatch.setattr(welt.auftraege, "uebernimm", lambda *_: geurteilt.append(jetzt[0]) or 0)
    for schritt in (3, 3, 20, 3, 3, 3, 3, 3, 3):
        jetzt[0] += schritt
        dienst.wache()
    assert geurteilt == [1003, 1006, 1041, 1044]
