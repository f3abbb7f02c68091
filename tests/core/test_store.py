"""The store: journalled values come back as they were, and the audit shows what was done to it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk.errors import PermanentError
from fachwerk.modell import Antrag, Befund, Eingang, GehaltenFuer, Schwere, Teil, utc
from fachwerk.schluessel import Schluesselbund, neuer_schluessel
from fachwerk.store import BETRIEB, Schrittangabe, Store
from fachwerk.tabellen import ereignis, inhalt, schritt, vorgang

ZEIT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@pytest.fixture
def store(datenbank: sa.Engine) -> Store:
    neuer = Store(datenbank, Schluesselbund(neuer_schluessel()))
    lege_vorgang_an(neuer, "v1")
    return neuer


def lege_vorgang_an(store: Store, kennung: str, status: str = "ready", **werte: Any) -> None:
    with store.transaktion("test") as verbindung:
        store.inhalt.lege_fall_an(verbindung, kennung)
        grund = {"kanal": "k", "status": status, "angelegt": ZEIT, "geaendert": ZEIT} | werte
        verbindung.execute(vorgang.insert().values(id=kennung, **grund))


def schreibe(store: Store, name: str, wert: Any, *, lauf: int = 1, code: str = "", versuch: int = 0) -> str | None:
    with store.transaktion("test") as verbindung:
        angabe = Schrittangabe(name, ZEIT, versuch=versuch, code=code)
        return store.schreibe_schritt(verbindung, "v1", lauf, angabe, wert)


def vermerke(store: Store, was: str, kette: str = "v1", grund: str | None = None) -> None:
    with store.transaktion("test") as verbindung:
        store.vermerke(verbindung, kette, "anna", was, "code", grund)


# -- columns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stunden", [-11, 0, 1, 2, 13])
def test_a_time_is_kept_and_compared_as_what_it_is_in_whatever_zone_it_was_written(store: Store, stunden: int) -> None:
    dort = timezone(timedelta(hours=stunden))
    lege_vorgang_an(store, "v2", angelegt=ZEIT.astimezone(dort))
    angelegt = vorgang.c.angelegt
    with store.lesend() as verbindung:
        (zeit,) = verbindung.scalars(sa.select(angelegt).where(vorgang.c.id == "v2"))
        gleich = sa.select(vorgang.c.id).where(angelegt.between(ZEIT.astimezone(dort), ZEIT)).order_by(vorgang.c.id)
        assert list(verbindung.scalars(gleich)) == ["v1", "v2"]
    assert utc(zeit) == ZEIT


# -- the journal ------------------------------------------------------------------------------------------------------


def test_a_value_comes_back_as_it_was_and_its_parts_can_be_read(store: Store) -> None:
    teil = store.inhalt.schreibe_vorlaeufig("v1", [b"<antrag/>"], "ä.xml", "application/xml")
    eingang = Eingang(kanal="k", nachricht_id="n", empfangen=ZEIT, teile=(teil,), metadaten={"Absender": "Müller"})
    gelesen = store.lies_wert(Eingang, schreibe(store, "receive", eingang) or "")
    assert gelesen == eingang
    assert b"".join(gelesen.teile[0].bytes_strom()) == b"<antrag/>"


def test_a_list_of_values_comes_back_in_its_order_also_an_empty_one(store: Store) -> None:
    befunde = tuple(Befund(code=f"b{nummer}", schwere=Schwere.HINWEIS, text="ß") for nummer in (2, 1, 3))
    assert store.lies_liste(Befund, schreibe(store, "validate", befunde) or "") == befunde
    assert store.lies_liste(Befund, schreibe(store, "validate", (), lauf=2) or "") == ()


def test_every_value_says_by_which_schema_it_is_written(store: Store) -> None:
    kennung = schreibe(store, "map", Antrag(leistung="wbs", empfangen=ZEIT)) or ""
    with store.inhalt.oeffne(Teil(id=kennung)) as strom:
        huelle = json.load(strom)
    assert set(huelle) == {"schema", "wert"}
    assert huelle["schema"] == 1


def test_no_word_of_a_value_stands_in_the_database(store: Store) -> None:
    schreibe(store, "map", Antrag(leistung="wbs", empfangen=ZEIT, felder={"name": "KANARIENVOGEL"}))
    vermerke(store, "freigegeben", grund="KANARIENVOGEL")
    with store.lesend() as verbindung:
        zeilen = [repr(verbindung.execute(sa.select(tabelle)).all()) for tabelle in (schritt, ereignis, inhalt)]
    assert "KANARIENVOGEL" not in "".join(zeilen)


def test_the_newest_output_of_a_step_is_found_but_never_that_of_a_failed_attempt(store: Store) -> None:
    erster = schreibe(store, "map", Antrag(leistung="wbs", empfangen=ZEIT))
    zweiter = schreibe(store, "map", Antrag(leistung="wbs", empfangen=ZEIT), lauf=2)
    schreibe(store, "map", (Befund(code="x", schwere=Schwere.FEHLER, text="!"),), lauf=3, code="frage")
    assert store.ausgabe("v1", "map") == zweiter
    assert store.ausgabe("v1", "map", lauf=1) == erster
    assert store.ausgabe("v1", "map", lauf=3) is None
    assert store.ausgabe("v1", "render") is None
    assert (store.ist_getan("v1", "map", 2), store.ist_getan("v1", "map", 3)) == (True, False)


def test_the_same_step_cannot_be_journalled_twice(store: Store) -> None:
    schreibe(store, "map", None)
    with pytest.raises(sa.exc.IntegrityError):
        schreibe(store, "map", None)
    schreibe(store, "map", None, versuch=1)
    assert [(zeile.name, zeile.versuch) for zeile in store.schritte("v1")] == [("map", 0), ("map", 1)]


def test_a_shredded_value_says_that_it_was_deleted(store: Store) -> None:
    kennung = schreibe(store, "map", Antrag(leistung="wbs", empfangen=ZEIT)) or ""
    store.inhalt.schreddere("v1")
    with pytest.raises(PermanentError):
        store.lies_wert(Antrag, kennung)


# -- cases ------------------------------------------------------------------------------------------------------------


def test_cases_are_counted_by_state(store: Store) -> None:
    for nummer, status in enumerate(("ready", "held", "held", "done")):
        lege_vorgang_an(store, f"w{nummer}", status)
    assert store.anzahlen() == {"ready": 2, "held": 2, "done": 1}


def test_due_is_what_can_go_on_now(store: Store) -> None:
    jetzt = datetime.now(UTC)
    lege_vorgang_an(store, "laeuft", "running")
    lege_vorgang_an(store, "gleich", "waiting", wartet_bis=jetzt - timedelta(seconds=1))
    lege_vorgang_an(store, "spaeter", "waiting", wartet_bis=jetzt + timedelta(hours=1))
    for status in ("held", "done", "forwarded", "returned"):
        lege_vorgang_an(store, status, status)
    assert store.faellig() == 3


def test_a_case_is_found_by_the_first_characters_of_its_id(store: Store) -> None:
    lege_vorgang_an(store, "abc1")
    lege_vorgang_an(store, "abc2")
    assert store.finde_vorgang("abc1") == ["abc1"]
    assert sorted(store.finde_vorgang("abc")) == ["abc1", "abc2"]
    assert store.finde_vorgang("%") == []
    with pytest.raises(LookupError):
        store.vorgang("abc")


def test_holding_a_case_shows_for_whom_and_why_and_is_audited(store: Store) -> None:
    with store.transaktion("test") as verbindung:
        store.halte(verbindung, "v1", "frage", "Bitte klären.", GehaltenFuer.BETRIEB)
    zeile = store.vorgang("v1")
    assert (zeile.status, zeile.grund, zeile.hinweis, zeile.gehalten_fuer) == (
        "held",
        "frage",
        "Bitte klären.",
        "betrieb",
    )
    assert store.ist_vermerkt("v1", "gehalten", "frage")


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def scheitere() -> None:
        with store.transaktion("test") as verbindung:
            store.halte(verbindung, "v1", "frage", "", GehaltenFuer.BETRIEB)
            store.schreibe_schritt(verbindung, "v1", 1, Schrittangabe("map", ZEIT), Antrag(leistung="", empfangen=ZEIT))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        scheitere()
    assert (store.vorgang("v1").status, store.schritte("v1")) == ("ready", [])
    assert store.pruefe_kette("v1") is None


# -- the audit --------------------------------------------------------------------------------------------------------


@pytest.fixture
def kette(store: Store) -> Store:
    for nummer in range(5):
        vermerke(store, f"tat{nummer}", grund="weil" if nummer == 2 else None)
        vermerke(store, f"anderes{nummer}", kette="andere")
    return store


def aendere(store: Store, anweisung: Any) -> None:
    with store.datenbank.begin() as verbindung:
        verbindung.execute(anweisung)


def hier(nummer: int) -> tuple[Any, ...]:
    return ereignis.c.kette == "v1", ereignis.c.nr == nummer


def test_an_untouched_chain_is_whole(kette: Store) -> None:
    assert kette.pruefe_kette("v1") is None
    assert kette.pruefe_kette("andere") is None


@pytest.mark.parametrize(
    "werte",
    [{"wer": "berta"}, {"was": "nichts"}, {"code": ""}, {"grund": "x"}, {"zeit": ZEIT}, {"wer": "annatat3", "was": ""}],
)
def test_a_changed_line_is_found(kette: Store, werte: dict[str, Any]) -> None:
    aendere(kette, ereignis.update().where(*hier(4)).values(**werte))
    assert kette.pruefe_kette("v1") == 4
    assert kette.pruefe_kette("andere") is None


@pytest.mark.parametrize(("fehlt", "gefunden"), [(1, 2), (3, 4)])
def test_a_line_cut_out_is_found(kette: Store, fehlt: int, gefunden: int) -> None:
    aendere(kette, ereignis.delete().where(*hier(fehlt)))
    assert kette.pruefe_kette("v1") == gefunden


def test_a_line_cut_out_and_the_rest_renumbered_is_found(kette: Store) -> None:
    aendere(kette, ereignis.delete().where(*hier(3)))
    for nummer in (4, 5):
        aendere(kette, ereignis.update().where(*hier(nummer)).values(nr=nummer - 1))
    assert kette.pruefe_kette("v1") == 3


def test_an_inserted_line_is_found_even_with_the_seal_of_another(kette: Store) -> None:
    with kette.lesend() as verbindung:
        letzte = verbindung.execute(sa.select(ereignis).where(*hier(5))).one()._mapping
    aendere(kette, ereignis.insert().values({**letzte, "nr": 6}))
    assert kette.pruefe_kette("v1") == 6


def test_two_lines_exchanged_are_found(kette: Store) -> None:
    for von, nach in ((2, 99), (3, 2), (99, 3)):
        aendere(kette, ereignis.update().where(*hier(von)).values(nr=nach))
    assert kette.pruefe_kette("v1") == 2


def test_text_moved_from_one_field_to_its_neighbour_is_found(store: Store) -> None:
    with store.transaktion("test") as verbindung:
        store.vermerke(verbindung, "v1", "anna|b", "tat")
    aendere(store, ereignis.update().where(*hier(1)).values(wer="anna", was="b|tat"))
    assert store.pruefe_kette("v1") == 1


def test_a_line_of_one_case_does_not_fit_into_the_chain_of_another(kette: Store) -> None:
    aendere(kette, ereignis.delete().where(*hier(5)))
    aendere(kette, ereignis.update().where(ereignis.c.kette == "andere", ereignis.c.nr == 5).values(kette="v1"))
    assert kette.pruefe_kette("v1") == 5


def test_another_site_key_fits_no_line(kette: Store) -> None:
    andere = Store(kette.datenbank, Schluesselbund(neuer_schluessel()))
    assert andere.pruefe_kette("v1") == 1


@pytest.mark.parametrize("kettenname", ["v1", BETRIEB])
def test_lines_written_at_once_all_find_their_place(store: Store, kettenname: str) -> None:
    fehler: list[BaseException] = []

    def schreibe_viele(wer: int) -> None:
        for nummer in range(5):
            try:
                vermerke(store, f"tat-{wer}-{nummer}", kette=kettenname)
            except Exception as ausnahme:
                fehler.append(ausnahme)

    faeden = [threading.Thread(target=schreibe_viele, args=(wer,)) for wer in range(4)]
    for faden in faeden:
        faden.start()
    for faden in faeden:
        faden.join(60)
    assert fehler == []
    with store.lesend() as verbindung:
        nummern = verbindung.execute(sa.select(ereignis.c.nr).where(ereignis.c.kette == kettenname)).scalars()
        assert sorted(nummern) == list(range(1, 21))
    assert store.pruefe_kette(kettenname) is None
