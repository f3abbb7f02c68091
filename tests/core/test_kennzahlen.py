"""What the watch and the metrics ask of the database costs the same however many cases there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk import alarmwache
from fachwerk.errors import PermanentError
from fachwerk.kennzahlen import Kennzahlen, als_text
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml


@pytest.fixture
def datenbank_url(sqlite_url: str) -> str:
    """SQLite says in words what it is going to do."""
    return sqlite_url


TEILINDIZES = ("ix_eingang_unbestaetigt", "ix_vorgang_gehalten_seit", "uq_alarm_offen")
GROSSE = ("vorgang", "eingang", "zustellung", "schritt", "kanal_lauf", "quittung", "alarm")


def test_no_question_of_the_watch_or_the_metrics_reads_through_a_table_that_grows(welt: Welt) -> None:
    """With a million cases both take well under a tenth of a second; that is measured, this is why."""
    plan: list[str] = []

    def merke(verbindung: Any, _cursor: Any, text: str, werte: Any, *_: Any) -> None:
        if text.lstrip().startswith("SELECT"):
            roh = verbindung.connection.driver_connection
            plan.extend(zeile[3] for zeile in roh.execute(f"EXPLAIN QUERY PLAN {text}", werte))

    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("nein", "Nein.")))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["held"]
    sa.event.listen(welt.betrieb.store.datenbank, "before_cursor_execute", merke)
    assert alarmwache.gehe(welt.betrieb)
    Kennzahlen(welt.betrieb).sammle()
    sa.event.remove(welt.betrieb.store.datenbank, "before_cursor_execute", merke)
    gelesen = [schritt for schritt in plan if schritt.startswith(tuple(f"SCAN {name}" for name in GROSSE))]
    assert len(plan) > 40
    assert [schritt for schritt in gelesen if not schritt.endswith(TEILINDIZES)] == []


@pytest.mark.postgresql
def test_postgresql_gives_the_same_numbers(postgres_url: str, tmp_path: Path) -> None:
    welt = Welt(postgres_url, tmp_path / "welt")
    zahlen = Kennzahlen(welt.betrieb)
    zahlen.sammle()
    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("nein", "Nein.")))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["held"]
    welt.vergehe(minutes=1)
    zeilen = als_text(zahlen.sammle()).splitlines()
    for zeile in (
        'fachwerk_vorgaenge{status="held"} 1',
        'fachwerk_vorgaenge_gehalten{fuer="technik"} 1',
        'fachwerk_zustellungen_total{ergebnis="fehler",ziel="akte"} 1',
        'fachwerk_abrufe_total{ergebnis="gut",kanal="postfach"} 1',
    ):
        assert zeile in zeilen
    welt.schliesse()
