"""No line of an audit chain can be changed, removed or moved without being found where it stood."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fachwerk import audit
from fachwerk.schluessel import Schluesselbund
from fachwerk.store import BETRIEB, Store
from fachwerk.tabellen import METADATA, ereignis, vorgang

ZEIT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
LAENGE = 6
HEUTE = date(2026, 11, 22)


@pytest.fixture
def store(datenbank: sa.Engine) -> Store:
    return fuelle(Store(datenbank, Schluesselbund(bytes(range(32)))))


def fuelle(store: Store) -> Store:
    """Two cases and the installation, each with a chain of six lines."""
    with store.transaktion("test") as verbindung:
        for kennung in ("v1", "v2"):
            store.inhalt.lege_fall_an(verbindung, kennung)
            werte = {"kanal": "k", "status": "ready", "angelegt": ZEIT, "geaendert": ZEIT}
            verbindung.execute(vorgang.insert().values(id=kennung, **werte))
        for nummer in range(LAENGE):
            for kette in ("v1", "v2", BETRIEB):
                store.vermerke(verbindung, kette, "lena", f"tat{nummer}")
    return store


def brueche(store: Store, koepfe: Any = ()) -> list[tuple[str, int, str]]:
    return [(bruch.kette, bruch.nr, bruch.art) for bruch in audit.pruefe(store, koepfe).brueche]


def aendere(store: Store, anweisung: Any) -> None:
    with store.datenbank.begin() as verbindung:
        verbindung.execute(anweisung)


def zeile(kette: str, nummer: int) -> tuple[Any, ...]:
    return ereignis.c.kette == kette, ereignis.c.nr == nummer


def test_untouched_chains_are_whole_and_counted(store: Store) -> None:
    ergebnis = audit.pruefe(store)
    assert (ergebnis.ketten, ergebnis.zeilen, ergebnis.brueche) == (3, 3 * LAENGE, [])


def test_a_whole_chain_that_is_gone_is_found_because_its_case_is_there(store: Store) -> None:
    aendere(store, ereignis.delete().where(ereignis.c.kette == "v2"))
    assert brueche(store) == [("v2", 1, "kette_fehlt")]


def test_a_cut_tail_shows_by_the_heads_that_left_the_database(store: Store, tmp_path: Path) -> None:
    audit.schreibe_koepfe(store, tmp_path, HEUTE)
    aendere(store, ereignis.delete().where(ereignis.c.kette == "v1", ereignis.c.nr > 4))
    assert brueche(store) == []
    assert brueche(store, audit.lies_koepfe(store, tmp_path)) == [("v1", LAENGE, "abgeschnitten")]


def test_a_chain_that_grew_still_holds_its_earlier_heads(store: Store, tmp_path: Path) -> None:
    audit.schreibe_koepfe(store, tmp_path, HEUTE)
    with store.transaktion("test") as verbindung:
        store.vermerke(verbindung, "v1", "lena", "noch etwas")
    assert brueche(store, audit.lies_koepfe(store, tmp_path)) == []


def test_heads_are_written_once_a_day_and_a_changed_file_is_refused(store: Store, tmp_path: Path) -> None:
    datei = audit.schreibe_koepfe(store, tmp_path, HEUTE)
    assert datei is not None
    assert audit.schreibe_koepfe(store, tmp_path, HEUTE) is None
    for falsch in (datei.read_text().replace(f'"nr": {LAENGE}', '"nr": 1'), "", "{}\n", "unsinn"):
        datei.write_text(falsch)
        with pytest.raises(audit.AuditError, match=datei.name):
            list(audit.lies_koepfe(store, tmp_path))


def test_a_chain_forged_with_another_key_does_not_pass(store: Store) -> None:
    fremd = Store(store.datenbank, Schluesselbund(bytes(32)))
    with fremd.transaktion("test") as verbindung:
        fremd.vermerke(verbindung, "v1", "lena", "nie geschehen")
    assert brueche(store) == [("v1", LAENGE + 1, "geaendert")]


# -- any single change ------------------------------------------------------------------------------------------------


def loesche(store: Store, nr: int) -> tuple[int, str]:
    aendere(store, ereignis.delete().where(*zeile("v1", nr)))
    return nr, "fehlt"


def aendere_feld(feld: str, wert: Any) -> Callable[[Store, int], tuple[int, str]]:
    def tat(store: Store, nr: int) -> tuple[int, str]:
        aendere(store, ereignis.update().where(*zeile("v1", nr)).values({feld: wert}))
        return nr, "geaendert"

    return tat


def tausche(store: Store, nr: int) -> tuple[int, str]:
    """Two neighbours change places, seals and all."""
    for von, nach in ((nr, 99), (nr + 1, nr), (99, nr + 1)):
        aendere(store, ereignis.update().where(*zeile("v1", von)).values(nr=nach))
    return nr, "geaendert"


TATEN = [loesche, tausche, aendere_feld("wer", "x"), aendere_feld("was", "x"), aendere_feld("code", "x")]
TATEN += [aendere_feld("zeit", ZEIT), aendere_feld("grund", "x"), aendere_feld("siegel", "0" * 64)]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tat=st.sampled_from(TATEN), nr=st.integers(1, LAENGE - 1))
def test_any_single_change_is_found_at_its_place(tat: Callable[[Store, int], tuple[int, str]], nr: int) -> None:
    datenbank = sa.create_engine("sqlite://")
    METADATA.create_all(datenbank)
    store = fuelle(Store(datenbank, Schluesselbund(bytes(range(32)))))
    wo, art = tat(store, nr)
    assert brueche(store)[0] == ("v1", wo, art)
    datenbank.dispose()
