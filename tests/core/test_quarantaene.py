"""Quarantine: who was beside a crash is not blamed, who causes them is stopped, and no restart resets the count."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from fachwerk.quarantaene import HOECHSTENS, Quarantaene
from fachwerk.schluessel import Schluesselbund, neuer_schluessel
from fachwerk.store import Store
from fachwerk.tabellen import vorgang
from fachwerk.testkit.welt import Absturz

AUFTRAG = "linie:v1:1"


@pytest.fixture
def store(datenbank: sa.Engine) -> Store:
    neuer = Store(datenbank, Schluesselbund(neuer_schluessel()))
    jetzt = datetime.now(UTC)
    with neuer.transaktion("test") as verbindung:
        for kennung in ("v1", "v2", "v3"):
            werte = {"id": kennung, "kanal": "k", "status": "ready", "angelegt": jetzt, "geaendert": jetzt}
            verbindung.execute(vorgang.insert().values(**werte))
    return neuer


def stirb() -> None:
    raise Absturz


def sterbe(quarantaene: Quarantaene, kennung: str = AUFTRAG) -> None:
    with pytest.raises(Absturz):
        quarantaene.fuehre_aus(kennung, "v1", stirb)


def test_a_job_that_was_never_interrupted_leaves_no_trace(store: Store) -> None:
    getan: list[str] = []
    assert Quarantaene(store).fuehre_aus(AUFTRAG, "v1", lambda: getan.append("x"))
    assert getan == ["x"]
    assert not store.ist_vermerkt("v1", "wiederanlauf", AUFTRAG)


def test_a_job_that_ends_its_process_again_and_again_is_not_begun_once_more(store: Store) -> None:
    for _ in range(HOECHSTENS):
        nachfolger = Quarantaene(store)
        nachfolger.melde([(AUFTRAG, "v1")])
        sterbe(nachfolger)
    letzter = Quarantaene(store)
    letzter.melde([(AUFTRAG, "v1")])
    assert letzter.fuehre_aus(AUFTRAG, "v1", stirb) is False
    assert letzter.fuehre_aus("linie:v1:2", "v1", lambda: None), "a new branch of the journal begins anew"


def test_being_interrupted_without_being_begun_counts_for_nothing(store: Store) -> None:
    quarantaene = Quarantaene(store)
    for _ in range(3 * HOECHSTENS):
        quarantaene.melde([(AUFTRAG, "v1"), ("abruf:postfach:1", "postfach")])
    assert quarantaene.fuehre_aus(AUFTRAG, "v1", lambda: None)
    assert not store.ist_vermerkt("postfach", "unterbrochen", "abruf:postfach:1")


def test_who_was_interrupted_once_waits_for_nobody(store: Store) -> None:
    quarantaene = Quarantaene(store)
    quarantaene.melde([(AUFTRAG, "v1"), ("linie:v2:1", "v2")])
    getan: list[str] = []

    def erster() -> None:
        assert quarantaene.fuehre_aus("linie:v2:1", "v2", lambda: getan.append("v2"))
        getan.append("v1")

    assert quarantaene.fuehre_aus(AUFTRAG, "v1", erster)
    assert getan == ["v2", "v1"], "the second one was done while the first one was at work"


def zweimal_unterbrochen(store: Store) -> Quarantaene:
    """``v1`` and ``v2`` were begun anew and have ended with their process once more."""
    for kennung in ("v1", "v2"):
        nachfolger = Quarantaene(store)
        nachfolger.melde([(f"linie:{kennung}:1", kennung)])
        with pytest.raises(Absturz):
            nachfolger.fuehre_aus(f"linie:{kennung}:1", kennung, stirb)
    return Quarantaene(store)


def test_who_was_interrupted_again_runs_alone_among_such(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fachwerk.quarantaene.GEDULD_S", 30.0)
    quarantaene = zweimal_unterbrochen(store)
    laeuft, weiter, zweiter = threading.Event(), threading.Event(), threading.Event()

    def erster() -> None:
        laeuft.set()
        assert weiter.wait(30)

    faeden = [starte(lambda: quarantaene.fuehre_aus(AUFTRAG, "v1", erster))]
    assert laeuft.wait(30)
    faeden.append(starte(lambda: quarantaene.fuehre_aus("linie:v2:1", "v2", zweiter.set)))
    assert quarantaene.fuehre_aus("linie:v3:1", "v3", lambda: None), "who was not interrupted waits for nobody"
    assert not zweiter.is_set()
    weiter.set()
    assert zweiter.wait(30)
    for faden in faeden:
        faden.join(30)


def test_nobody_waits_without_end_for_one_who_hangs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fachwerk.quarantaene.GEDULD_S", 0.01)
    quarantaene, getan = zweimal_unterbrochen(store), []

    def haengt() -> None:
        assert quarantaene.fuehre_aus("linie:v2:1", "v2", lambda: getan.append("v2"))

    assert quarantaene.fuehre_aus(AUFTRAG, "v1", haengt)
    assert getan == ["v2"]
    assert quarantaene._anlaeufe("v2", "linie:v2:1") == 2, "it is counted all the same"


def starte(tu: Callable[[], object]) -> threading.Thread:
    faden = threading.Thread(target=tu)
    faden.start()
    return faden
