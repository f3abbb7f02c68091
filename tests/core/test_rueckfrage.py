"""Receipts are followed until the last stage: asked for with growing pauses, durable, by one, and never in a hurry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fachwerk import alarm, eingriff, rueckfrage
from fachwerk.aufbewahrung import loesche_faellige
from fachwerk.errors import (
    FachwerkError,
    NeedsHumanError,
    OutcomeUnknownError,
    PermanentError,
    RetryableError,
)
from fachwerk.modell import Befund, GehaltenFuer, Quittung, Schwere, Stufe
from fachwerk.tabellen import ereignis, quittung, zustellung
from fachwerk.testkit.mitspieler import Stoerung, Stufenziel
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]
Frage = Callable[..., None]
Faellig = Callable[[Welt], datetime | None]

UEBERGEBEN, BESTAETIGT, UEBERNOMMEN = Stufe.UEBERGEBEN, Stufe.TECHNISCH_BESTAETIGT, Stufe.UEBERNOMMEN
BEFUND = Befund(code="bericht.gelb", schwere=Schwere.WARNUNG, text="Der Empfänger war erst spät zu erreichen.")
GESPERRT = NeedsHumanError("konto", "Das Konto ist gesperrt.", fuer=GehaltenFuer.BETRIEB, routenfehler=True)


def stufen(welt: Welt) -> set[str]:
    return {zeile.stufe for zeile in welt.zeilen(quittung)}


def quittungsschritte(welt: Welt) -> list[tuple[str, str]]:
    return [eintrag for eintrag in welt.journal() if eintrag[0] == "quittung"]


# -- higher stages ----------------------------------------------------------------------------------------------------


def test_a_higher_stage_becomes_a_quittung_a_step_of_the_journal_and_an_event(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    amt.antworten.append(BESTAETIGT)
    amt.befunde = (BEFUND,)
    frage(uebergeben)
    assert stufen(uebergeben) == {"uebergeben", "technisch_bestaetigt"}
    assert {zeile.kennung for zeile in uebergeben.zeilen(quittung)} == {"id-1"}
    assert quittungsschritte(uebergeben) == [("quittung", "")]
    kennung = uebergeben.der_vorgang().id
    gelesen = uebergeben.betrieb.store.lies_wert(Quittung, uebergeben.betrieb.store.ausgabe(kennung, "quittung") or "")
    assert (gelesen.stufe, gelesen.befunde) == (BESTAETIGT, (BEFUND,))
    assert ("quittung", "technisch_bestaetigt") in [(e.was, e.code) for e in uebergeben.zeilen(ereignis)]
    assert uebergeben.beobachter.schritte[-1] == (kennung, "quittung")


def test_the_last_stage_ends_the_questions(
    uebergeben: Welt, amt: Stufenziel, frage: Frage, naechste_frage: Faellig
) -> None:
    amt.antworten.extend([UEBERGEBEN, BESTAETIGT, UEBERNOMMEN])
    frage(uebergeben, 3)
    assert stufen(uebergeben) == {"uebergeben", "technisch_bestaetigt", "uebernommen"}
    assert naechste_frage(uebergeben) is None
    uebergeben.vergehe(days=40)
    assert uebergeben.arbeite() == 0
    assert len(amt.fragen) == 3
    assert alarm.offene(uebergeben.betrieb.store) == []


def test_a_stage_that_was_left_out_is_not_missed(
    uebergeben: Welt, amt: Stufenziel, frage: Frage, naechste_frage: Faellig
) -> None:
    amt.antworten.append(UEBERNOMMEN)
    frage(uebergeben)
    assert stufen(uebergeben) == {"uebergeben", "uebernommen"}
    assert naechste_frage(uebergeben) is None


def test_a_target_that_answers_less_than_before_takes_nothing_back(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    amt.antworten.extend([BESTAETIGT, UEBERGEBEN])
    frage(uebergeben, 2)
    assert "technisch_bestaetigt" in stufen(uebergeben)
    assert (uebergeben.der_vorgang().status, len(quittungsschritte(uebergeben))) == ("done", 1)


def test_a_target_without_further_stages_is_not_asked(baue_welt: Bau, naechste_frage: Faellig) -> None:
    welt = baue_welt(ziel={"akte": "mit_abfrage"})
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["done"]
    assert naechste_frage(welt) is None
    assert [zeile.kennung for zeile in welt.auftraege.alle() if zeile.aufgabe == "frage_nach"] == []


# -- when -------------------------------------------------------------------------------------------------------------


@given(alter=st.floats(0, 40 * 86400), zufall=st.floats(0, 1))
def test_a_pause_lies_between_half_and_all_of_the_age_but_never_under_half_a_minute(
    alter: float, zufall: float
) -> None:
    grenze = min(max(alter, 60), 6 * 3600)
    sekunden = rueckfrage.pause(timedelta(seconds=alter), zufall).total_seconds()
    assert grenze / 2 - 0.001 <= sekunden <= grenze + 0.001


def test_the_first_question_comes_when_the_section_of_the_ziel_says(
    baue_welt: Bau, amt: Stufenziel, naechste_frage: Faellig
) -> None:
    welt = baue_welt(plugins={"amt": amt}, ziel={"akte": {"plugin": "amt", "nachfrage": "2h"}})
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    vorher = datetime.now(UTC)
    assert welt.durchlauf() == ["done"]
    faellig = naechste_frage(welt)
    assert faellig is not None
    assert timedelta(hours=1) <= faellig - vorher <= timedelta(hours=2, minutes=1)


@pytest.mark.parametrize(("alter_min", "hoechstens_min"), [(10, 12), (120, 122), (1440, 360), (29 * 1440, 360)])
def test_the_longer_ago_the_hand_over_the_longer_the_pause(
    uebergeben: Welt, amt: Stufenziel, alter_min: int, hoechstens_min: int, naechste_frage: Faellig
) -> None:
    uebergeben.vergehe(minutes=alter_min)
    uebergeben.arbeite()
    faellig = naechste_frage(uebergeben)
    assert faellig is not None
    assert min(alter_min, 360) * 30 - 5 < (faellig - datetime.now(UTC)).total_seconds() <= hoechstens_min * 60
    assert len(amt.fragen) == 1


def test_a_month_after_the_hand_over_nobody_is_asked_any_more_but_somebody_is_told(
    uebergeben: Welt, amt: Stufenziel, naechste_frage: Faellig
) -> None:
    uebergeben.vergehe(days=29)
    uebergeben.arbeite()
    assert alarm.offene(uebergeben.betrieb.store) == []
    uebergeben.vergehe(days=1)
    uebergeben.arbeite()
    assert (naechste_frage(uebergeben), len(amt.fragen)) == (None, 2)
    assert (uebergeben.der_vorgang().status, stufen(uebergeben)) == ("done", {"uebergeben"})
    (offen,) = alarm.offene(uebergeben.betrieb.store)
    assert (offen.anlass, offen.gegenstand) == ("quittung_fehlt", f"vorgang:{uebergeben.der_vorgang().id}:akte")
    assert "30 Tagen" in offen.hinweis


def test_after_the_alarm_a_person_can_have_it_asked_once_more_without_sending_again(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    uebergeben.vergehe(days=31)
    frage(uebergeben)
    kennung = uebergeben.der_vorgang().id
    assert [zeile.anlass for zeile in alarm.offene(uebergeben.betrieb.store)] == ["quittung_fehlt"]
    amt.antworten.append(UEBERNOMMEN)
    eingriff.wiederhole(uebergeben.betrieb, kennung, "anna")
    uebergeben.arbeite()
    assert "uebernommen" in stufen(uebergeben)
    assert (len(amt.versuche), alarm.offene(uebergeben.betrieb.store)) == (1, [])
    with pytest.raises(eingriff.EingriffError, match="nicht_gehalten"):
        eingriff.wiederhole(uebergeben.betrieb, kennung, "anna")


def test_a_question_that_is_not_due_yet_is_nobodys_hurry(uebergeben: Welt, amt: Stufenziel) -> None:
    assert uebergeben.betrieb.store.faellig() == 0
    assert rueckfrage.faellige(uebergeben.betrieb) == []
    assert (uebergeben.arbeite(), amt.fragen) == (0, [])
    uebergeben.vergehe(seconds=61)
    assert [zeile.vorgang_id for zeile in rueckfrage.faellige(uebergeben.betrieb)] == [uebergeben.der_vorgang().id]


def test_a_due_question_of_a_ziel_nobody_has_any_more_keeps_no_round_waiting(uebergeben: Welt) -> None:
    uebergeben.vergehe(seconds=61)
    uebergeben.neuer_prozess(ziel={"anderes": {"plugin": "amt"}}, route=[{"leistung": "*", "ziel": "anderes"}])
    assert rueckfrage.faellige(uebergeben.betrieb) == []


def test_what_is_asked_for_is_kept_from_being_deleted(uebergeben: Welt, amt: Stufenziel, frage: Frage) -> None:
    uebergeben.vergehe(days=60)
    assert loesche_faellige(uebergeben.betrieb, datetime.now(UTC)) == 0
    amt.antworten.append(UEBERNOMMEN)
    frage(uebergeben)
    assert loesche_faellige(uebergeben.betrieb, datetime.now(UTC)) == 1


# -- faults of the question -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fehler",
    [
        RetryableError("nicht_da", "Nicht erreichbar."),
        OutcomeUnknownError("antwort_fehlt", "Keine Antwort."),
        ZeroDivisionError("Musterfrau"),
    ],
)
def test_a_question_that_fails_is_asked_again_and_stops_no_delivery(
    uebergeben: Welt, amt: Stufenziel, fehler: Exception, frage: Frage
) -> None:
    amt.antworten.extend([fehler] * 7 + [UEBERNOMMEN])
    frage(uebergeben, 7)
    assert (uebergeben.der_vorgang().status, stufen(uebergeben)) == ("done", {"uebergeben"})
    assert alarm.offene(uebergeben.betrieb.store) == []
    uebergeben.lege_ein("n-2", antrag_xml(uuid="u-2"))
    uebergeben.rufe_ab()
    uebergeben.arbeite()
    assert len(amt.wirkungen) == 2


def test_a_target_that_says_when_is_not_asked_earlier(
    uebergeben: Welt, amt: Stufenziel, frage: Frage, naechste_frage: Faellig
) -> None:
    amt.antworten.append(RetryableError("wartung", "Wartung.", retry_after=7200))
    frage(uebergeben)
    faellig = naechste_frage(uebergeben)
    assert faellig is not None
    assert faellig - datetime.now(UTC) > timedelta(minutes=119)


def test_a_broken_route_found_by_a_question_opens_the_circuit_and_is_asked_later(
    uebergeben: Welt, amt: Stufenziel, frage: Frage, naechste_frage: Faellig
) -> None:
    amt.antworten.extend([GESPERRT, BESTAETIGT])
    frage(uebergeben)
    assert [(zeile.anlass, zeile.gegenstand) for zeile in alarm.offene(uebergeben.betrieb.store)] == [
        ("kreis_offen", "ziel:akte")
    ]
    assert uebergeben.der_vorgang().status == "done"
    faellig = naechste_frage(uebergeben)
    assert faellig is not None
    assert faellig - datetime.now(UTC) > timedelta(minutes=4)
    frage(uebergeben)
    assert "technisch_bestaetigt" in stufen(uebergeben)


def test_an_answer_gives_the_all_clear_where_no_delivery_waits_that_could(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    amt.antworten.extend([GESPERRT, UEBERGEBEN])
    frage(uebergeben, 2)
    assert alarm.offene(uebergeben.betrieb.store) == []


def test_an_answer_closes_no_circuit_that_a_waiting_delivery_will_probe(uebergeben: Welt, amt: Stufenziel) -> None:
    weg = RetryableError("sendeport_weg", "Nicht erreichbar.", retry_after=86_400)
    amt.stoerungen.extend([Stoerung(weg)] * 5)
    for nummer in range(2, 7):
        uebergeben.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
    uebergeben.durchlauf()
    uebergeben.vergehe(minutes=6)
    uebergeben.arbeite()
    assert amt.fragen != []
    assert [zeile.anlass for zeile in alarm.offene(uebergeben.betrieb.store)] == ["kreis_offen"]


def test_while_the_circuit_is_open_nothing_is_asked(uebergeben: Welt, amt: Stufenziel) -> None:
    amt.stoerungen.append(Stoerung(GESPERRT))
    uebergeben.lege_ein("n-2", antrag_xml(uuid="u-2"))
    uebergeben.rufe_ab()
    uebergeben.arbeite()
    uebergeben.vergehe(seconds=61)
    uebergeben.arbeite()
    assert amt.fragen == []
    uebergeben.vergehe(seconds=300)
    uebergeben.arbeite()
    assert amt.fragen != []


@pytest.mark.parametrize(
    ("fehler", "fuer"),
    [
        (PermanentError("abgewiesen", "Der Empfänger weist die Sendung ab."), "technik"),
        (NeedsHumanError("rueckgabe", "Zu welchem Aktenzeichen?", befunde=(BEFUND,)), "sachbearbeitung"),
        (NeedsHumanError("bericht_rot", "Kritischer Fehler.", fuer=GehaltenFuer.BETRIEB, befunde=(BEFUND,)), "betrieb"),
    ],
)
def test_a_rejection_makes_the_done_case_a_held_one_with_what_the_target_said(
    uebergeben: Welt, amt: Stufenziel, fehler: FachwerkError, fuer: str, frage: Frage
) -> None:
    amt.antworten.append(fehler)  # type: ignore[arg-type]
    frage(uebergeben)
    fall = uebergeben.der_vorgang()
    (lieferung,) = uebergeben.zeilen(zustellung)
    assert (fall.status, fall.grund, fall.gehalten_fuer) == ("held", fehler.code, fuer)
    assert (lieferung.status, lieferung.code, lieferung.frage_faellig) == ("gehalten", fehler.code, None)
    assert quittungsschritte(uebergeben) == [("quittung", fehler.code)]
    ausgabe = uebergeben.betrieb.store.schritte(fall.id)[-1].ausgabe
    befunde = uebergeben.betrieb.store.lies_liste(Befund, ausgabe) if ausgabe else ()
    assert befunde == getattr(fehler, "befunde", ())
    uebergeben.vergehe(days=2)
    assert uebergeben.arbeite() == 0


def test_the_question_of_a_rejection_goes_to_the_office_like_any_other(
    baue_welt: Bau, amt: Stufenziel, frage: Frage
) -> None:
    klaerung = {"ziel": "buero"}
    welt = baue_welt(plugins={"amt": amt}, ziel={"akte": "amt", "buero": "mit_schluessel"}, klaerung=klaerung)
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert welt.durchlauf() == ["done"]
    amt.antworten.append(NeedsHumanError("rueckgabe", "Zu welchem Aktenzeichen?"))
    frage(welt)
    (vermerk,) = [lieferung.dateien["vermerk.txt"] for lieferung in welt.mit_schluessel.wirkungen]
    assert "Zu welchem Aktenzeichen?" in vermerk.decode()


def test_a_rejected_case_is_delivered_again_under_the_same_key_and_followed_anew(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    amt.antworten.extend([BESTAETIGT, PermanentError("abgewiesen", "Nein.")])
    frage(uebergeben, 2)
    kennung = uebergeben.der_vorgang().id
    eingriff.wiederhole(uebergeben.betrieb, kennung, "anna")
    uebergeben.arbeite()
    assert amt.versuche == [f"{kennung}:akte:1"] * 2
    assert (uebergeben.der_vorgang().status, stufen(uebergeben)) == ("done", {"uebergeben"})
    amt.antworten.extend([BESTAETIGT, UEBERNOMMEN])
    frage(uebergeben, 2)
    assert stufen(uebergeben) == {"uebergeben", "technisch_bestaetigt", "uebernommen"}
    assert [code for _, code in quittungsschritte(uebergeben)] == ["", "abgewiesen", "", ""]


def test_a_security_code_raises_an_alarm_for_the_case_until_somebody_repeats_it(
    uebergeben: Welt, amt: Stufenziel, frage: Frage
) -> None:
    amt.antworten.append(PermanentError("schad", "Schadsoftware gemeldet.", {"alarm": "sicherheit"}))
    frage(uebergeben)
    kennung = uebergeben.der_vorgang().id
    assert [(zeile.anlass, zeile.gegenstand, zeile.code) for zeile in alarm.offene(uebergeben.betrieb.store)] == [
        ("sicherheit", f"vorgang:{kennung}", "schad")
    ]
    eingriff.wiederhole(uebergeben.betrieb, kennung, "anna")
    assert alarm.offene(uebergeben.betrieb.store) == []
