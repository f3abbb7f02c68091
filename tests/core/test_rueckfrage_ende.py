"""Where questions for receipts lead to nothing: contradictions, cases that went another way, jobs that got lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fachwerk import alarm, eingriff, rueckfrage
from fachwerk.errors import ContractError, NeedsHumanError
from fachwerk.modell import GehaltenFuer, Stufe
from fachwerk.tabellen import quittung, vorgang
from fachwerk.testkit.mitspieler import Stufenziel
from fachwerk.testkit.welt import Welt

Frage = Callable[..., None]
Faellig = Callable[[Welt], datetime | None]

UEBERGEBEN, BESTAETIGT, UEBERNOMMEN = Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN


def stufen(welt: Welt) -> set[str]:
    return {zeile.stufe for zeile in welt.zeilen(quittung)}


def quittungsschritte(welt: Welt) -> list[tuple[str, str]]:
    return [eintrag for eintrag in welt.journal() if eintrag[0] == "quittung"]


# -- a target that does not know what it took -------------------------------------------------------------------------


def test_within_the_first_hour_a_target_need_not_know_yet(uebergeben: Welt, amt: Stufenziel, frage: Frage) -> None:
    amt.antworten.extend([None, None, UEBERNOMMEN])
    frage(uebergeben, 3)
    assert (uebergeben.der_vorgang().status, "uebernommen" in stufen(uebergeben)) == ("done", True)


def test_after_an_hour_a_contradiction_is_held_and_a_release_sends_again(
    uebergeben: Welt, amt: Stufenziel, frage: Frage, naechste_frage: Faellig
) -> None:
    amt.antworten.extend([None, None])
    frage(uebergeben)
    uebergeben.vergehe(hours=1)
    uebergeben.arbeite()
    fall = uebergeben.der_vorgang()
    assert (fall.status, fall.grund, fall.gehalten_fuer) == ("held", "quittung_widerspruch", "betrieb")
    eingriff.gib_frei(uebergeben.betrieb, fall.id, "anna", "Beim Empfänger ist nichts da.")
    amt.zuletzt = UEBERGEBEN
    uebergeben.arbeite()
    assert amt.versuche == [f"{fall.id}:akte:1"] * 2
    assert (uebergeben.der_vorgang().status, len(amt.fragen)) == ("done", 2)
    assert naechste_frage(uebergeben) is not None


def test_a_repetition_of_a_contradiction_asks_before_it_sends(uebergeben: Welt, amt: Stufenziel) -> None:
    amt.antworten.extend([None, BESTAETIGT])
    uebergeben.vergehe(hours=2)
    uebergeben.arbeite()
    assert uebergeben.der_vorgang().grund == "quittung_widerspruch"
    eingriff.wiederhole(uebergeben.betrieb, uebergeben.der_vorgang().id, "anna")
    uebergeben.arbeite()
    assert (uebergeben.der_vorgang().status, len(amt.versuche)) == ("done", 1)
    assert stufen(uebergeben) == {"technisch_bestaetigt"}


def test_a_target_that_cannot_tell_is_asked_again_before_a_repetition_sends_and_a_release_sends(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    unklar = NeedsHumanError("ausgang_unbekannt", "Bitte dort nachsehen.", fuer=GehaltenFuer.BETRIEB)
    amt.antworten.extend([unklar, unklar])
    frage(uebergeben)
    kennung = uebergeben.der_vorgang().id
    eingriff.wiederhole(uebergeben.betrieb, kennung, "anna")
    uebergeben.arbeite()
    assert (uebergeben.der_vorgang().grund, len(amt.versuche), len(amt.fragen)) == ("ausgang_unbekannt", 1, 2)
    eingriff.gib_frei(uebergeben.betrieb, kennung, "anna", "Dort ist nichts.")
    uebergeben.arbeite()
    assert (uebergeben.der_vorgang().status, len(amt.versuche), len(amt.fragen)) == ("done", 2, 2)


def test_a_target_that_forgets_what_it_had_confirmed_contradicts_nothing(
    uebergeben: Welt, amt: Stufenziel, frage: Frage, naechste_frage: Faellig
) -> None:
    amt.antworten.extend([BESTAETIGT, None])
    frage(uebergeben)
    uebergeben.vergehe(days=2)
    uebergeben.arbeite()
    assert (uebergeben.der_vorgang().status, len(amt.fragen)) == ("done", 2)
    assert naechste_frage(uebergeben) is not None


# -- quietly over -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("werte", [{"status": "returned"}, {"fassung": 2}])
def test_a_case_that_went_another_way_is_not_asked_for(
    uebergeben: Welt, amt: Stufenziel, werte: dict[str, object], frage: Frage, naechste_frage: Faellig
) -> None:
    with uebergeben.betrieb.store.transaktion("probe") as verbindung:
        verbindung.execute(vorgang.update().values(**werte))
    frage(uebergeben)
    assert (amt.fragen, naechste_frage(uebergeben)) == ([], None)
    assert alarm.offene(uebergeben.betrieb.store) == []


def test_a_question_repeated_after_a_crash_counts_once(uebergeben: Welt, amt: Stufenziel) -> None:
    amt.antworten.extend([BESTAETIGT, BESTAETIGT])
    uebergeben.vergehe(seconds=61)
    auftrag = uebergeben.auftraege.naechster()
    for _ in range(2):
        rueckfrage.frage_nach(uebergeben.betrieb, *auftrag.argumente.split("\n"))
    assert (len(quittungsschritte(uebergeben)), len(amt.fragen)) == (1, 1)


def test_of_two_nodes_that_ask_at_the_same_moment_one_writes_the_answer(uebergeben: Welt, amt: Stufenziel) -> None:
    nachbar = uebergeben.nachbar()
    amt.antworten.extend([BESTAETIGT, BESTAETIGT])
    uebergeben.vergehe(seconds=61)
    argumente = uebergeben.auftraege.naechster().argumente.split("\n")

    def auch_der_nachbar(schluessel: str) -> None:
        amt.waehrend_frage = None
        rueckfrage.frage_nach(nachbar.betrieb, *argumente)

    amt.waehrend_frage = auch_der_nachbar
    rueckfrage.frage_nach(uebergeben.betrieb, *argumente)
    assert (len(amt.fragen), len(quittungsschritte(uebergeben))) == (2, 1)
    nachbar.schliesse()


def test_a_question_without_a_job_gets_a_new_one(uebergeben: Welt, amt: Stufenziel) -> None:
    uebergeben.auftraege.loesche(uebergeben.auftraege.offene())
    uebergeben.vergehe(minutes=5)
    assert uebergeben.arbeite() == 0
    for _ in range(2):
        rueckfrage.belebe(uebergeben.betrieb, datetime.now(UTC) - timedelta(minutes=1))
    (kennung,) = uebergeben.auftraege.offene()
    assert kennung.count(":") == 5, "a mark behind its name, by which it was known the second time"
    uebergeben.arbeite()
    assert len(amt.fragen) == 1


def test_a_question_that_kills_its_process_is_given_up_with_an_alarm(
    uebergeben: Welt, amt: Stufenziel, naechste_frage: Faellig
) -> None:
    kennung = uebergeben.der_vorgang().id
    for _ in range(2):
        rueckfrage.gib_auf(uebergeben.betrieb, kennung, "akte", 1, "absturz_wiederholt", "Bitte melden.")
    assert naechste_frage(uebergeben) is None
    assert [(zeile.code, zeile.anzahl) for zeile in alarm.offene(uebergeben.betrieb.store)] == [
        ("absturz_wiederholt", 1)
    ]
    uebergeben.vergehe(seconds=61)
    uebergeben.arbeite()
    assert amt.fragen == []


def test_a_broken_contract_of_the_question_is_no_reason_to_doubt_the_delivery(
    uebergeben: Welt, amt: Stufenziel, frage: Frage, naechste_frage: Faellig
) -> None:
    amt.antworten.append(ContractError("kaputt", "Das Plugin ist kaputt."))
    frage(uebergeben)
    assert uebergeben.der_vorgang().status == "done"
    assert naechste_frage(uebergeben) is not None
