"""What became of the cases of a day: the same question holds on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from fachwerk.konsole import lagebild
from fachwerk.schluessel import Schluesselbund
from fachwerk.store import Store
from fachwerk.tabellen import vorgang
from fachwerk.tagesbild import beginn, tagesbild


def test_a_case_counts_on_its_day_and_in_its_group(datenbank: sa.Engine) -> None:
    store = Store(datenbank, Schluesselbund(bytes(32)))
    heute = tagesbild(store, tage=1)[0].tag
    faelle: list[dict[str, Any]] = [
        {"id": "a", "kanal": "k", "status": "done", "angelegt": beginn(heute)},
        {"id": "b", "kanal": "l", "status": "held", "angelegt": beginn(heute) - timedelta(microseconds=1)},
        {"id": "c", "kanal": "k", "status": "returned", "angelegt": beginn(heute - timedelta(days=1))},
    ]
    with store.transaktion("test") as verbindung:
        for fall in faelle:
            verbindung.execute(vorgang.insert().values(geaendert=fall["angelegt"], **fall))
    gestern, jetzt = tagesbild(store, tage=2)
    assert (gestern.gehalten, gestern.abgegeben, gestern.eingegangen) == (1, 1, 2)
    assert (jetzt.zugestellt, jetzt.eingegangen) == (1, 1)
    assert [tag.eingegangen for tag in tagesbild(store, ["k"], tage=2)] == [1, 1]
    assert lagebild.gehalten_fuer(store, ["l"])[""] == 1
    assert lagebild.ueberfaellige(store, ["k"]) == 0
