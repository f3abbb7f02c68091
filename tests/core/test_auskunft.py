"""What commands and console tell about cases: everything but content."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from fachwerk.auskunft import ueberfaelligtext, vorgangsauskunft, vorgangsliste, vorgangstext
from fachwerk.errors import PermanentError, RetryableError
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]

ZUGESTELLT = datetime(2026, 3, 2, 7, 15, tzinfo=UTC)


def test_a_case_is_told_with_receipt_journal_deliveries_and_quittungen(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"), zugestellt=ZUGESTELLT)
    welt.durchlauf()
    auskunft = vorgangsauskunft(welt.betrieb.store, welt.der_vorgang().id)
    assert auskunft["status"] == "done"
    assert (auskunft["leistung"], auskunft["leika"], auskunft["land"]) == ("wbs", "", "mv")
    assert (auskunft["eingang"]["nachricht_id"], auskunft["nachrichten_uuid"]) == ("n-1", "u-1")
    assert auskunft["eingang"]["zugestellt"] == ZUGESTELLT.isoformat()
    assert [eintrag["name"] for eintrag in auskunft["journal"]] == [name for name, _ in welt.journal()]
    assert [(eintrag["ziel"], eintrag["status"]) for eintrag in auskunft["zustellungen"]] == [("akte", "zugestellt")]
    assert [(eintrag["ziel"], eintrag["stufe"]) for eintrag in auskunft["quittungen"]] == [("akte", "uebergeben")]
    assert json.loads(json.dumps(auskunft)) == auskunft


def test_all_times_carry_their_zone(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"), zugestellt=ZUGESTELLT)
    welt.durchlauf()
    auskunft = vorgangsauskunft(welt.betrieb.store, welt.der_vorgang().id)
    zeiten = [auskunft["angelegt"]] if "angelegt" in auskunft else []
    zeiten += [auskunft["eingang"][feld] for feld in ("empfangen", "zugestellt", "bestaetigt")]
    zeiten += [eintrag[feld] for eintrag in auskunft["journal"] for feld in ("beginn", "ende")]
    assert all(datetime.fromisoformat(zeit).utcoffset() is not None for zeit in zeiten)


def test_no_word_of_the_application_is_told(welt: Welt) -> None:
    welt.format.felder = {"name": "KANARIENVOGEL"}
    welt.mit_schluessel.stoerungen.append(Stoerung(KeyError("KANARIENVOGEL")))
    welt.lege_ein("KEINE-n-1", antrag_xml(uuid="1", name="KANARIENVOGEL"), ("KANARIENVOGEL.pdf", "text/plain", b"x"))
    welt.durchlauf()
    store, kennung = welt.betrieb.store, welt.der_vorgang().id
    auskunft = vorgangsauskunft(store, kennung)
    assert "KANARIENVOGEL" not in json.dumps([auskunft, vorgangsliste(store)]) + vorgangstext(auskunft)


def test_the_list_shows_the_newest_first_and_can_be_limited(welt: Welt) -> None:
    for nummer in range(4):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=str(nummer)) if nummer else b"<fremd/>")
    welt.durchlauf()
    store = welt.betrieb.store
    alle = [zeile.id for zeile in welt.vorgaenge()]
    assert [eintrag["vorgang_id"] for eintrag in vorgangsliste(store)] == alle[::-1]
    assert [eintrag["vorgang_id"] for eintrag in vorgangsliste(store, grenze=2)] == alle[:1:-1]
    gehalten = vorgangsliste(store, ["held", "waiting"])
    assert [(eintrag["vorgang_id"], eintrag["grund"]) for eintrag in gehalten] == [(alle[0], "format_unbekannt")]


def test_the_text_says_why_a_case_is_held_and_what_to_do(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("abgewiesen", "Bitte das Aktenzeichen prüfen.")))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    welt.durchlauf()
    text = vorgangstext(vorgangsauskunft(welt.betrieb.store, welt.der_vorgang().id))
    assert "held für technik: abgewiesen" in text
    assert "Bitte das Aktenzeichen prüfen." in text
    assert "akte             Fassung 1  gehalten  Versuch 1  abgewiesen" in text


def test_the_text_says_until_when_a_case_waits_and_for_what(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(RetryableError("nicht_da", "Das Ziel ist nicht erreichbar.")))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    welt.durchlauf()
    auskunft = vorgangsauskunft(welt.betrieb.store, welt.der_vorgang().id)
    text = vorgangstext(auskunft)
    assert f"waiting bis {auskunft['wartet_bis'][:19]}: nicht_da" in text
    assert "Das Ziel ist nicht erreichbar." in text


def test_a_duplicate_names_the_first_case(welt: Welt) -> None:
    for nummer in range(2):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid="1"))
    welt.durchlauf()
    erster, zweiter = welt.vorgaenge()
    text = vorgangstext(vorgangsauskunft(welt.betrieb.store, zweiter.id))
    assert f"Doppelsendung von {erster.id}" in text
    assert "Noch keine Zustellung" in text


def test_an_open_receipt_is_shown_with_the_time_of_the_next_question(uebergeben: Welt) -> None:
    auskunft = vorgangsauskunft(uebergeben.betrieb.store, uebergeben.der_vorgang().id)
    (lieferung,), (beleg,) = auskunft["zustellungen"], auskunft["quittungen"]
    assert lieferung["frage_faellig"] > beleg["zeit"]
    assert f"nächste Frage nach der Quittung {lieferung['frage_faellig'][:19]}" in vorgangstext(auskunft)


def test_what_is_expected_is_shown_and_what_is_overdue_stands_out(uebergeben: Welt) -> None:
    store, kennung = uebergeben.betrieb.store, uebergeben.der_vorgang().id
    (lieferung,) = vorgangsauskunft(store, kennung)["zustellungen"]
    assert (lieferung["erwartet"], lieferung["ueberfaellig"]) == ("technisch_bestaetigt", False)
    assert f"technisch bestätigt erwartet bis {lieferung['erwartet_bis'][:19]}" in vorgangstext(
        vorgangsauskunft(store, kennung)
    )
    uebergeben.vergehe(hours=25)
    text = vorgangstext(vorgangsauskunft(store, kennung))
    assert "technisch bestätigt ÜBERFÄLLIG seit" in text


def test_the_list_marks_what_is_overdue_and_can_show_only_that_the_oldest_first(uebergeben: Welt) -> None:
    store = uebergeben.betrieb.store
    erster = uebergeben.der_vorgang().id
    assert [zeile["ueberfaellig"] for zeile in vorgangsliste(store)] == [[]]
    assert vorgangsliste(store, nur_ueberfaellige=True) == []
    uebergeben.vergehe(hours=4)
    for nummer in (2, 3):
        uebergeben.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
        uebergeben.durchlauf()
        uebergeben.vergehe(hours=11)
    zeilen = vorgangsliste(store, nur_ueberfaellige=True)
    assert [zeile["vorgang_id"] for zeile in zeilen] == [erster]
    (zu_spaet,) = zeilen[0]["ueberfaellig"]
    assert (zu_spaet["ziel"], zu_spaet["stufe"]) == ("akte", "technisch_bestaetigt")
    assert ueberfaelligtext(zeilen[0]) == "überfällig: akte (technisch bestätigt)"
    uebergeben.vergehe(hours=4)
    zweiter = [zeile["vorgang_id"] for zeile in vorgangsliste(store)][1]
    assert [zeile["vorgang_id"] for zeile in vorgangsliste(store, nur_ueberfaellige=True)] == [erster, zweiter]
    assert len(vorgangsliste(store, nur_ueberfaellige=True, grenze=1)) == 1
    assert vorgangsliste(store, ["held"], nur_ueberfaellige=True) == []
