"""Each question of the search runs along an index, in the order it shows; how many cases there are does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.schluessel import Schluesselbund
from fachwerk.store import Store
from fachwerk.vorgangssuche import Suche, finde, zaehle

ZEIT = datetime(2026, 3, 2, tzinfo=UTC)
FRAGEN = {
    "alle": Suche(),
    "held": Suche(status=("held",)),
    "held_leistung_land": Suche(status=("held",), leistung="wbs", land="nw"),
    "done_leistung": Suche(status=("done",), leistung="wbs"),
    "leistung": Suche(leistung="wbs"),
    "land": Suche(land="nw"),
    "kanal": Suche(kanal="k"),
    "kanal_held": Suche(kanal="k", status=("held",)),
    "kanaele": Suche(kanaele=("k", "l")),
    "fuer": Suche(fuer="technik"),
    "grund": Suche(grund="weiterleiten"),
    "dringende": Suche(dringend=True),
    "dringende_gehaltene": Suche(dringend=True, status=("held",)),
    "zeit": Suche(von=ZEIT, bis=ZEIT),
    "naechste_seite": Suche(vor=(ZEIT, "abc")),
    "kennung": Suche(text="abc"),
    "kennung_je_kanal": Suche(text="abc", kanaele=("k",)),
}
ZAHLEN = {"gehaltene": (("held",), {}), "zugestellte": (("done",), {}), "je_kanal": (("held",), {"kanal": "k"})}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    datenbank = oeffne_datenbank(f"sqlite:///{tmp_path_factory.mktemp('suche')}/s.db")
    aktualisiere(datenbank)
    yield Store(datenbank, Schluesselbund(bytes(32)))
    datenbank.dispose()


def plaene(store: Store, frage: Any) -> list[str]:
    """What SQLite is going to do for each SELECT that ``frage`` sends."""
    gefunden: list[str] = []

    def merke(verbindung: Any, _cursor: Any, text: str, werte: Any, *_: Any) -> None:
        roh = verbindung.connection.driver_connection
        gefunden.extend(zeile[3] for zeile in roh.execute(f"EXPLAIN QUERY PLAN {text}", werte))

    event.listen(store.datenbank, "before_cursor_execute", merke)
    try:
        frage()
    finally:
        event.remove(store.datenbank, "before_cursor_execute", merke)
    return [schritt for schritt in gefunden if not schritt.startswith("LIST SUBQUERY")]


@pytest.mark.parametrize("name", FRAGEN)
def test_a_page_is_read_along_an_index_and_never_sorted(store: Store, name: str) -> None:
    schritte = plaene(store, lambda: finde(store, FRAGEN[name]))
    assert schritte
    assert [s for s in schritte if s.startswith(("SCAN", "SEARCH")) and "INDEX" not in s] == []
    assert "USE TEMP B-TREE FOR ORDER BY" not in schritte  # ties within one moment may be sorted


@pytest.mark.parametrize("name", ZAHLEN)
def test_counting_stops_at_its_bound_and_follows_an_index(store: Store, name: str) -> None:
    status, spalten = ZAHLEN[name]
    schritte = [s for s in plaene(store, lambda: zaehle(store, status, **spalten)) if "vorgang" in s]
    assert schritte
    assert [schritt for schritt in schritte if "INDEX" not in schritt] == []


def test_nothing_finished_is_urgent(store: Store) -> None:
    assert finde(store, Suche(dringend=True, status=("done",))) == ([], None)


def test_the_same_search_works_on_postgresql_too(datenbank: sa.Engine) -> None:
    for suche in FRAGEN.values():
        assert finde(Store(datenbank, Schluesselbund(bytes(32))), suche) == ([], None)
