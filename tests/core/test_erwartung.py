"""What should come of a delivery and does not: one alarm, at the right time, by one node, until it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from fachwerk import alarm, eingriff, erwartung, klaerung, kreis, pausen
from fachwerk.aufbewahrung import loesche_faellige
from fachwerk.datenbank import aktualisiere, oeffne_datenbank
from fachwerk.errors import NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import GehaltenFuer, Stufe, utc
from fachwerk.tabellen import ereignis, vorgang, zustellung
from fachwerk.testkit.mitspieler import Stoerung, Stufenziel
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]
Frage = Callable[..., None]

UEBERGEBEN, BESTAETIGT, UEBERNOMMEN = Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN
GESPERRT = NeedsHumanError("konto", "Das Konto ist gesperrt.", fuer=GehaltenFuer.BETRIEB, routenfehler=True)


def offene(welt: Welt) -> list[tuple[str, str, str, int]]:
    zeilen = alarm.offene(welt.betrieb.store)
    return [(zeile.anlass, zeile.gegenstand.rpartition(":")[2], zeile.code, zeile.anzahl) for zeile in zeilen]


def erwartet(welt: Welt) -> tuple[str, float | None]:
    """The stage, and hours from now until it is overdue."""
    (zeile,) = welt.zeilen(zustellung)
    bis = zeile.erwartet_bis
    return zeile.erwartet, None if bis is None else round((utc(bis) - datetime.now(UTC)) / timedelta(hours=1), 1)


FEHLT = [("quittung_fehlt", "akte", "quittung_ueberfaellig", 1)]


# -- what is expected -------------------------------------------------------------------------------------------------


def test_the_number_of_the_question_for_the_office_is_the_same_here_and_there() -> None:
    assert klaerung.FASSUNG == erwartung.KLAERUNG


def test_the_hand_over_is_expected_first_then_each_receipt_counted_from_the_hand_over(
    baue_welt: Bau, amt: Stufenziel, frage: Frage
) -> None:
    ziel = {"akte": {"plugin": "amt", "erwartet": {"uebergeben": "2h", "uebernommen": "5d"}}}
    welt = baue_welt(plugins={"amt": amt}, ziel=ziel)
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    amt.stoerungen.append(Stoerung(RetryableError("nicht_da", "Nicht da.")))
    assert welt.durchlauf() == ["waiting"]
    assert erwartet(welt) == ("uebergeben", 2.0)
    welt.vergehe(hours=1)
    welt.arbeite()
    assert erwartet(welt) == ("technisch_bestaetigt", 24.0)
    welt.vergehe(hours=3)
    amt.antworten.extend([BESTAETIGT, UEBERNOMMEN])
    frage(welt)
    assert erwartet(welt) == ("uebernommen", 5 * 24 - 3.0)
    frage(welt)
    assert erwartet(welt) == ("", None)


def test_nothing_is_expected_of_a_ziel_that_can_say_no_more(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["done"]
    assert erwartet(welt) == ("", None)
    welt.vergehe(days=99)
    assert (erwartung.mahne(welt.betrieb), offene(welt)) == (0, [])


# -- the alarm --------------------------------------------------------------------------------------------------------


def test_an_overdue_receipt_raises_one_alarm_whoever_looks_however_often(uebergeben: Welt) -> None:
    nachbar = uebergeben.nachbar()
    uebergeben.vergehe(hours=23)
    assert (erwartung.mahne(uebergeben.betrieb), offene(uebergeben)) == (0, [])
    uebergeben.vergehe(hours=2)
    (gesehen,) = erwartung._faellige(nachbar.betrieb)
    assert erwartung.mahne(uebergeben.betrieb) == 1
    assert not erwartung._mahne(nachbar.betrieb, gesehen)
    uebergeben.neuer_prozess()
    assert [erwartung.mahne(eine.betrieb) for eine in (uebergeben, nachbar)] == [0, 0]
    assert offene(uebergeben) == FEHLT
    (zeile,) = alarm.offene(uebergeben.betrieb.store)
    assert "„technisch bestätigt“" in zeile.hinweis
    nachbar.schliesse()


@pytest.mark.parametrize("stufe", [BESTAETIGT, UEBERNOMMEN])
def test_the_stage_or_a_higher_one_ends_the_alarm(
    uebergeben: Welt, amt: Stufenziel, frage: Frage, stufe: Stufe
) -> None:
    uebergeben.vergehe(hours=25)
    erwartung.mahne(uebergeben.betrieb)
    amt.antworten.append(stufe)
    frage(uebergeben)
    assert offene(uebergeben) == []
    assert erwartet(uebergeben)[0] == ("uebernommen" if stufe is BESTAETIGT else "")


def test_the_next_stage_can_be_overdue_at_once_but_only_one_alarm_is_open(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    uebergeben.vergehe(days=4)
    erwartung.mahne(uebergeben.betrieb)
    amt.antworten.append(BESTAETIGT)
    frage(uebergeben)
    assert (erwartung.mahne(uebergeben.betrieb), offene(uebergeben)) == (1, FEHLT)


def test_a_rejection_ends_the_alarm_because_the_case_is_held(uebergeben: Welt, amt: Stufenziel, frage: Frage) -> None:
    uebergeben.vergehe(hours=25)
    erwartung.mahne(uebergeben.betrieb)
    amt.antworten.append(PermanentError("abgelehnt", "Abgelehnt."))
    frage(uebergeben)
    assert (uebergeben.der_vorgang().status, offene(uebergeben), erwartet(uebergeben)) == ("held", [], ("", None))


def test_a_hand_over_that_takes_too_long_raises_an_alarm_until_it_is_done(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(RetryableError("nicht_da", "Nicht da.")))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["waiting"]
    welt.vergehe(hours=5)
    assert (erwartung.mahne(welt.betrieb), offene(welt)) == (1, FEHLT)
    welt.arbeite()
    assert (welt.der_vorgang().status, offene(welt)) == ("done", [])


def test_what_is_held_is_reported_as_held_and_not_as_overdue(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("nein", "Nein.")))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["held"]
    welt.vergehe(days=9)
    assert (erwartung.mahne(welt.betrieb), offene(welt)) == (0, [])


def test_a_paused_ziel_has_one_alarm_of_its_own_until_it_works_again(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    kreis.zaehle(uebergeben.betrieb, "akte", GESPERRT)
    uebergeben.vergehe(hours=25)
    assert (erwartung.mahne(uebergeben.betrieb), [zeile[0] for zeile in offene(uebergeben)]) == (0, ["kreis_offen"])
    frage(uebergeben)
    assert (erwartung.mahne(uebergeben.betrieb), offene(uebergeben)) == (1, FEHLT)


def test_what_waits_for_a_ziel_that_a_person_paused_is_overdue_but_raises_no_alarm_until_it_goes_on(
    uebergeben: Welt,
) -> None:
    pausen.halte_an(uebergeben.betrieb, "ziel:akte", "anna", "Umzug")
    uebergeben.vergehe(hours=25)
    assert erwartung.mahne(uebergeben.betrieb) == 0
    with uebergeben.betrieb.store.lesend() as verbindung:
        assert erwartung.anzahlen(verbindung)["akte"][0] == 1
    pausen.setze_fort(uebergeben.betrieb, "ziel:akte", "anna")
    assert erwartung.mahne(uebergeben.betrieb) == 1


def test_what_is_just_being_asked_is_not_reported_before_the_answer(uebergeben: Welt) -> None:
    uebergeben.vergehe(hours=25)
    with uebergeben.betrieb.store.transaktion("probe") as verbindung:
        verbindung.execute(zustellung.update().values(frage_faellig=datetime.now(UTC) - timedelta(minutes=1)))
    assert erwartung.mahne(uebergeben.betrieb) == 0
    uebergeben.vergehe(minutes=20)
    assert erwartung.mahne(uebergeben.betrieb) == 1


@pytest.mark.parametrize("werte", [{"status": "returned"}, {"fassung": 2}])
def test_a_case_that_goes_another_way_takes_its_alarm_along(uebergeben: Welt, werte: dict[str, object]) -> None:
    uebergeben.vergehe(hours=25)
    erwartung.mahne(uebergeben.betrieb)
    with uebergeben.betrieb.store.transaktion("probe") as verbindung:
        verbindung.execute(vorgang.update().values(**werte))
    assert (erwartung.mahne(uebergeben.betrieb), offene(uebergeben)) == (0, [])


def test_what_the_ziel_cannot_give_any_more_is_not_missed(uebergeben: Welt) -> None:
    uebergeben.neuer_prozess(ziel={"akte": {"plugin": "mit_abfrage"}})
    uebergeben.vergehe(hours=25)
    assert (erwartung.mahne(uebergeben.betrieb), offene(uebergeben)) == (0, [])
    assert erwartet(uebergeben) == ("", None)


def test_after_a_month_the_same_alarm_says_that_nobody_asks_any_more(uebergeben: Welt, frage: Frage) -> None:
    uebergeben.vergehe(hours=25)
    erwartung.mahne(uebergeben.betrieb)
    uebergeben.vergehe(days=30)
    frage(uebergeben)
    erwartung.mahne(uebergeben.betrieb)
    assert offene(uebergeben) == [("quittung_fehlt", "akte", "quittung_fehlt", 2)]


def test_the_end_of_the_content_is_the_end_of_the_alarm(uebergeben: Welt, frage: Frage) -> None:
    uebergeben.vergehe(days=31)
    frage(uebergeben)
    uebergeben.vergehe(days=31)
    assert loesche_faellige(uebergeben.betrieb, datetime.now(UTC)) == 1
    erwartung.mahne(uebergeben.betrieb)
    assert (offene(uebergeben), erwartet(uebergeben)) == ([], ("", None))


# -- people -----------------------------------------------------------------------------------------------------------


def test_a_retry_asks_at_once_and_begins_to_wait_anew(uebergeben: Welt, amt: Stufenziel) -> None:
    uebergeben.vergehe(hours=25)
    erwartung.mahne(uebergeben.betrieb)
    eingriff.wiederhole(uebergeben.betrieb, uebergeben.der_vorgang().id, "anna")
    assert (offene(uebergeben), erwartet(uebergeben)) == ([], ("technisch_bestaetigt", 24.0))
    uebergeben.arbeite()
    assert (len(amt.versuche), len(amt.fragen)) == (1, 1)
    uebergeben.vergehe(hours=25)
    assert erwartung.mahne(uebergeben.betrieb) == 1


def test_a_release_ends_the_waiting_for_good_with_a_name_and_a_reason(uebergeben: Welt, amt: Stufenziel) -> None:
    uebergeben.vergehe(hours=25)
    erwartung.mahne(uebergeben.betrieb)
    kennung = uebergeben.der_vorgang().id
    eingriff.gib_frei(uebergeben.betrieb, kennung, "anna", "Das Amt hat angerufen: Es ist da.")
    uebergeben.vergehe(days=9)
    uebergeben.arbeite()
    assert (erwartung.mahne(uebergeben.betrieb), offene(uebergeben), amt.fragen) == (0, [], [])
    assert ("anna", "freigegeben", "quittung_fehlt") in [(e.wer, e.was, e.code) for e in uebergeben.zeilen(ereignis)]
    assert uebergeben.der_vorgang().status == "done"
    with pytest.raises(eingriff.EingriffError, match="nicht_gehalten"):
        eingriff.gib_frei(uebergeben.betrieb, kennung, "anna", "Noch einmal.")


def test_what_a_person_does_about_one_ziel_leaves_the_alarm_of_another(baue_welt: Bau, amt: Stufenziel) -> None:
    route = [{"leistung": "*", "ziel": ["akte", "amt"]}]
    welt = baue_welt(plugins={"amt": amt}, ziel={"akte": "mit_schluessel", "amt": "amt"}, route=route)
    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("nein", "Nein.")))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["held"]
    welt.vergehe(hours=25)
    assert erwartung.mahne(welt.betrieb) == 1
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    erwartung.mahne(welt.betrieb)
    assert offene(welt) == [("quittung_fehlt", "amt", "quittung_ueberfaellig", 1)]


def test_what_is_overdue_is_found_along_its_index_and_not_by_reading_every_delivery(sqlite_url: str) -> None:
    datenbank = oeffne_datenbank(sqlite_url)
    aktualisiere(datenbank)
    frage = sa.select(zustellung.c.ziel).where(*erwartung.ist_ueberfaellig(datetime.now(UTC)))
    with datenbank.connect() as verbindung:
        text = str(frage.compile(verbindung, compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(zeile[3]) for zeile in verbindung.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
    assert "ix_zustellung_erwartet_bis" in plan
    datenbank.dispose()
