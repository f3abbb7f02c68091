"""The overview: whose numbers it shows, that they add up, and that no question of it reads the cases one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from fachwerk import alarm
from fachwerk.konsole import lagebild
from fachwerk.konsole.bild import balkenbild, stufe_ueber
from fachwerk.modell import Vorgangstand
from fachwerk.store import Store
from fachwerk.tabellen import vorgang, zustellung
from fachwerk.tagesbild import GRUPPEN, Tag, beginn, tagesbild
from fachwerk.testkit.welt import antrag_xml

NeuesPult = Callable[..., Any]


def mit_zwei_postfaechern(pult: NeuesPult, *rechte: str) -> Any:
    hier = pult(*rechte, kanal={"postfach": {"plugin": "postfach"}, "nebenan": {"plugin": "postfach"}})
    for nr in range(3):
        hier.welt.lege_ein(f"n-{nr}", antrag_xml(uuid=f"u-{nr}"), kanal="postfach" if nr else "nebenan")
    hier.welt.rufe_ab("nebenan")
    hier.welt.durchlauf()
    return hier


def setze(pult: Any, kanal: str, **werte: Any) -> None:
    with pult.store.transaktion("test") as verbindung:
        verbindung.execute(vorgang.update().where(vorgang.c.kanal == kanal).values(**werte))


def bilanz(seite: str) -> list[int]:
    zeile = re.search(r'<p class="bilanz">(.*?)</p>', seite, re.DOTALL)
    assert zeile
    return [int(zahl) for zahl in re.findall(r"<strong>(\d+)</strong>", zeile[1])]


def test_die_bilanz_von_heute_geht_auf(pult: NeuesPult) -> None:
    hier = mit_zwei_postfaechern(pult, "betrieb")
    setze(hier, "nebenan", status="held", gehalten_fuer="technik")
    seite = hier.hole("/").text
    assert bilanz(seite) == [3, 2, 0, 1, 0]
    assert "3 in 30 Tagen, davon 2 zugestellt" in seite
    assert 'href="/vorgaenge?status=held&amp;fuer=technik"><span class="zahl">1</span>' in seite


def test_es_zaehlt_nur_was_die_person_sehen_darf(pult: NeuesPult) -> None:
    hier = mit_zwei_postfaechern(pult, "betrieb:nebenan")
    setze(hier, "postfach", status="held", gehalten_fuer="technik")
    with hier.store.transaktion("test") as verbindung:
        alarm.melde(verbindung, alarm.KANAL_STEHT, "kanal:postfach", "code_a", "Hinweis auf ein fremdes Postfach")
    seite = hier.hole("/").text
    assert bilanz(seite) == [1, 1, 0, 0, 0]
    assert "fremdes Postfach" not in seite
    assert ">postfach<" not in seite
    assert 'fuer=technik"><span class="zahl">0</span>' in seite


def test_ein_alarm_zu_einer_zustellung_fuehrt_zum_vorgang(pult: NeuesPult) -> None:
    hier = mit_zwei_postfaechern(pult, "betrieb:postfach")
    mit, ohne = kennungen(hier)
    with hier.store.transaktion("test") as verbindung:
        for kennung in (mit, ohne):
            alarm.melde(verbindung, alarm.QUITTUNG_FEHLT, alarm.der_zustellung(kennung, "akte"), "code", "fehlt")
    seite = hier.hole("/").text
    assert f'href="/vorgang/{mit}"' in seite
    assert ohne not in seite


def test_ueberfaellige_stehen_in_der_liste_und_nur_die_eigenen(pult: NeuesPult) -> None:
    hier = mit_zwei_postfaechern(pult, "betrieb:nebenan")
    _, eigener = kennungen(hier)
    with hier.store.transaktion("test") as verbindung:
        verbindung.execute(zustellung.update().values(erwartet="uebernommen", erwartet_bis=beginn(date(2026, 1, 1))))
    assert 'ueberfaellig=1"><span class="zahl">1</span>' in hier.hole("/").text
    liste = hier.hole("/vorgaenge?ueberfaellig=1&status=held").text
    assert re.findall(r'href="/vorgang/(\w+)"', liste) == [eigener]


def kennungen(pult: Any) -> tuple[str, str]:
    with pult.store.lesend() as verbindung:
        zeilen = {zeile.kanal: zeile.id for zeile in verbindung.execute(sa.select(vorgang.c.kanal, vorgang.c.id))}
    return zeilen["postfach"], zeilen["nebenan"]


def test_jeder_zustand_gehoert_zu_genau_einer_gruppe() -> None:
    assert sorted(stand for staende in GRUPPEN.values() for stand in staende) == sorted(Vorgangstand)


@pytest.mark.parametrize("tag", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 7, 1)])
def test_ein_tag_ist_ein_deutscher_tag_auch_bei_der_umstellung_der_uhr(pult: NeuesPult, tag: date) -> None:
    hier = mit_zwei_postfaechern(pult)
    mitternacht = datetime(tag.year, tag.month, tag.day, tzinfo=ZoneInfo("Europe/Berlin"))
    setze(hier, "postfach", angelegt=mitternacht.astimezone(ZoneInfo("UTC")))
    setze(hier, "nebenan", angelegt=beginn(tag) - timedelta(seconds=1))
    vorher, heute = tagesbild(hier.store, bis=tag, tage=2)
    assert (vorher.tag, vorher.eingegangen, heute.tag, heute.eingegangen) == (tag - timedelta(days=1), 1, tag, 2)
    assert [t.eingegangen for t in tagesbild(hier.store, ["nebenan"], bis=tag, tage=2)] == [1, 0]
    assert [t.eingegangen for t in tagesbild(hier.store, [], bis=tag, tage=2)] == [0, 0]


def test_die_balken_stehen_uebereinander_und_im_bild() -> None:
    bild = balkenbild([Tag(date(2026, 3, 1)), Tag(date(2026, 3, 2), zugestellt=3, gehalten=1)])
    unten, oben = bild.balken
    assert (unten.gruppe, oben.gruppe) == ("zugestellt", "gehalten")
    assert oben.y + oben.hoehe == pytest.approx(unten.y, abs=0.2)
    assert unten.hoehe == pytest.approx(3 * oben.hoehe, abs=0.5)
    assert oben.y >= 0
    assert [stufe_ueber(zahl) for zahl in (0, 2, 3, 5, 11, 400, 401)] == [2, 2, 4, 10, 20, 400, 1000]


def test_jede_zahl_kommt_aus_einem_index(pult: NeuesPult) -> None:
    store = pult().store
    for kanaele in (None, ("k", "l")):
        schritte = plaene(store, lambda kanaele=kanaele: alle_zahlen(store, kanaele))
        gelesen = [s for s in schritte if s.startswith(("SCAN vorgang", "SEARCH vorgang", "SCAN zust", "SEARCH zust"))]
        assert gelesen
        assert [schritt for schritt in gelesen if "INDEX" not in schritt] == []
        tage = plaene(store, lambda kanaele=kanaele: tagesbild(store, kanaele))
        assert {s for s in tage if "vorgang" in s and "COVERING INDEX" not in s} == set()


def alle_zahlen(store: Store, kanaele: lagebild.Kanaele) -> None:
    lagebild.gehalten_fuer(store, kanaele)
    lagebild.anzahl(store, lagebild.IN_ARBEIT, kanaele)
    lagebild.ueberfaellige(store, kanaele)
    lagebild.ueberfaellige_vorgaenge(store, kanaele)


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
    return gefunden
