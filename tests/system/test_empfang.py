"""Receiving while the world misbehaves: two nodes at once, a mailbox that will not close, one that goes away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fachwerk import abruf
from fachwerk.betrieb import oeffne_betrieb
from fachwerk.demo import prozesse
from fachwerk.testkit.absturz import Absturzbank
from fachwerk.testkit.standort import Postamt, Standort

NeuerStandort = Callable[..., Standort]


def poll(bank: Absturzbank, standort: Standort) -> int | None:
    """The exit code of a poll; None if it did not come to an end."""
    return bank.laufe(standort.konfig).endcode


def test_a_message_that_two_nodes_store_at_the_same_moment_is_one_case(
    bank: Absturzbank, neuer_standort: NeuerStandort, datenbank_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standort = neuer_standort(datenbank_url)
    assert poll(bank, standort) == 0
    standort.sende(anhang=1_200_000)
    echt, beide = abruf._finde, threading.Barrier(2)
    gesehen = iter((True, True))
    gleichzeitig = datenbank_url.startswith("postgresql")  # SQLite lets only one of them look

    def finde(*argumente: Any) -> Any:
        zeilen = echt(*argumente)
        if gleichzeitig and not zeilen and next(gesehen, False):
            beide.wait(60)
        return zeilen

    knoten = [oeffne_betrieb(standort.konfig) for _ in range(2)]
    kanal = next(iter(knoten[0].kanaele))
    monkeypatch.setattr(abruf, "_finde", finde)
    monkeypatch.setattr(abruf._Runde, "_ist_gespeichert", lambda *_: False)
    with ThreadPoolExecutor(2) as faeden:
        neu = list(faeden.map(lambda betrieb: abruf.rufe_ab(betrieb, kanal), knoten))
    for betrieb in knoten:
        betrieb.schliesse()
    assert sorted(neu) == [0, 1]
    assert standort.frage("SELECT count(DISTINCT vorgang_id) FROM teil") == [(1,)]
    assert poll(bank, standort) == 0
    assert standort.maengel() == []


@pytest.mark.parametrize(
    "laune", [{"art": "http", "http": 503}, {"art": "abbruch_nach_senden"}, {"art": "abbruch_vorher"}]
)
def test_a_mailbox_that_will_not_close_for_a_while_gets_its_answer_later(
    bank: Absturzbank, neuer_standort: NeuerStandort, sqlite_url: str, eigenes_postamt: Postamt, laune: dict[str, Any]
) -> None:
    with eigenes_postamt.laufend():
        standort = neuer_standort(sqlite_url, postamt=eigenes_postamt)
        standort.sende(3, anhang=1000)
        eigenes_postamt.stimme(close=laune | {"mal": None})
        assert poll(bank, standort) == 0, "nobody has to do anything: it goes on by itself"
        assert standort.frage("SELECT count(*) FROM vorgang WHERE status = 'done'") == [(3,)]
        assert poll(bank, standort) == 0
        eigenes_postamt.stimme()
        assert poll(bank, standort) == 0
        assert standort.maengel() == []
        assert standort.frage("SELECT count(*) FROM eingang WHERE bestaetigt IS NULL") == [(0,)]


def test_a_mailbox_that_goes_away_in_the_middle_of_a_page_hides_nothing(
    bank: Absturzbank, neuer_standort: NeuerStandort, datenbank_url: str, eigenes_postamt: Postamt
) -> None:
    with eigenes_postamt.laufend():
        standort = neuer_standort(datenbank_url, postamt=eigenes_postamt)
        assert poll(bank, standort) == 0
        standort.sende(5, anhang=2_000_000)
        eigenes_postamt.stimme(getMessage={"art": "tropfend", "bytes_je_sekunde": 800_000, "mal": None})
        befehl = ["fachwerk", "--konfig", str(standort.konfig), "poll"]
        with prozesse.laufend(befehl, standort.protokoll("poll")) as abrufer:
            gespeichert = "SELECT count(*) FROM eingang"
            prozesse.warte(lambda: standort.frage(gespeichert)[0][0] >= 2, "zwei Nachrichten", abrufer)
            assert eigenes_postamt.prozess is not None
            eigenes_postamt.prozess.kill()
            assert abrufer.wait(prozesse.GEDULD_S) in (0, 1, 3)
        assert 2 <= standort.frage(gespeichert)[0][0] < 5, "it went away while a message was on its way"
    eigenes_postamt.stimme()
    with eigenes_postamt.laufend():
        standort.schreibe_konfig()
        assert poll(bank, standort) == 0
        assert standort.maengel() == []
