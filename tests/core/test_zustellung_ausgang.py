"""A delivery whose outcome nobody knows: asked for, or held; never repeated blindly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fachwerk import eingriff, zustellung
from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError, RetryableError
from fachwerk.tabellen import knoten
from fachwerk.tabellen import zustellung as zustellung_tabelle
from fachwerk.testkit.mitspieler import Stoerung, Zielsystem
from fachwerk.testkit.welt import Absturz, Welt, antrag_xml
from fachwerk.vertraeglichkeit import KNOTEN_TOT_NACH

Bau = Callable[..., Welt]


def ein_ziel(baue_welt: Bau, plugin: str) -> tuple[Welt, Zielsystem]:
    welt = baue_welt(ziel={"akte": plugin})
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    welt.rufe_ab()
    ziel: Zielsystem = getattr(welt, plugin)
    return welt, ziel


def stirb(welt: Welt, *, angekommen: bool, ziel: Zielsystem) -> None:
    """The process dies during the delivery and another takes its place."""
    ziel.stoerungen.append(Stoerung(Absturz(), angekommen))
    with pytest.raises(Absturz):
        welt.arbeite()
    welt.neuer_prozess()


UNBEKANNT = OutcomeUnknownError("verbindung_weg", "Keine Antwort nach dem Senden.")
SPAETER = RetryableError("nicht_da", "Das Ziel ist nicht erreichbar.")


# -- sent, but no answer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("angekommen", [True, False])
def test_a_target_that_recognises_the_key_is_simply_given_it_again(baue_welt: Bau, angekommen: bool) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_schluessel")
    ziel.stoerungen.append(Stoerung(UNBEKANNT, angekommen))
    welt.arbeite()
    assert welt.der_vorgang().status == "waiting"
    welt.vergehe(minutes=1)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.wirkungen)) == ("done", 1)
    assert len(set(ziel.versuche)) == 1


def test_a_target_that_can_be_asked_is_asked_and_not_given_it_twice(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_abfrage")
    ziel.stoerungen.append(Stoerung(UNBEKANNT, angekommen=True))
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.versuche), ziel.fragen) == ("done", 1, ziel.versuche)


def test_a_target_that_says_it_has_nothing_is_given_it_again(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_abfrage")
    ziel.stoerungen.append(Stoerung(UNBEKANNT))
    welt.arbeite()
    assert welt.der_vorgang().status == "waiting"
    welt.vergehe(minutes=1)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.versuche), len(ziel.wirkungen)) == ("done", 2, 1)


def test_a_target_that_can_do_neither_holds_the_case_for_a_person(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "ohne_schutz")
    ziel.stoerungen.append(Stoerung(UNBEKANNT, angekommen=True))
    welt.arbeite()
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.gehalten_fuer) == ("held", "ausgang_unbekannt", "betrieb")
    assert welt.journal()[-1] == ("deliver", "ausgang_unbekannt")


def test_trying_again_does_not_resend_what_may_have_arrived_only_a_release_does(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "ohne_schutz")
    ziel.stoerungen.append(Stoerung(UNBEKANNT))
    welt.arbeite()
    kennung = welt.der_vorgang().id
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().grund, len(ziel.versuche)) == ("ausgang_unbekannt", 1)
    eingriff.gib_frei(welt.betrieb, kennung, "anna", "im Fachverfahren nachgesehen: nicht da")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.versuche), len(ziel.wirkungen)) == ("done", 2, 1)


def test_a_target_that_says_itself_that_it_cannot_know_is_not_sent_to_again_by_a_retry(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "ohne_schutz")
    ziel.stoerungen.append(Stoerung(NeedsHumanError("ausgang_unbekannt", "Bitte nachsehen."), angekommen=True))
    welt.arbeite()
    kennung = welt.der_vorgang().id
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund, len(ziel.versuche)) == ("held", "ausgang_unbekannt", 1)
    eingriff.melde_angekommen(welt.betrieb, kennung, "anna", "gefunden")
    assert (welt.der_vorgang().status, len(ziel.wirkungen)) == ("done", 1)


def test_a_question_that_stays_unanswered_keeps_the_outcome_unknown(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_abfrage")
    ziel.stoerungen.append(Stoerung(UNBEKANNT, angekommen=True))
    ziel.fragestoerungen.extend([SPAETER, SPAETER])
    for _ in range(3):
        welt.arbeite()
        welt.vergehe(hours=1)
    assert (welt.der_vorgang().status, len(ziel.versuche), len(ziel.wirkungen)) == ("done", 1, 1)


def test_a_question_that_fails_for_good_is_asked_again_after_a_retry_before_anything_is_sent(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_abfrage")
    ziel.stoerungen.append(Stoerung(UNBEKANNT, angekommen=True))
    ziel.fragestoerungen.append(PermanentError("abfrage_kaputt", "Die Abfrage geht nicht."))
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "abfrage_kaputt")
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.wirkungen)) == ("done", 1)


def test_a_refusal_found_after_a_crash_is_an_answer_and_a_retry_sends_anew(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_abfrage")
    stirb(welt, angekommen=False, ziel=ziel)
    ziel.fragestoerungen.append(NeedsHumanError("ziel.abgelehnt", "Das Ziel hat den Fall abgelehnt."))
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "ziel.abgelehnt")
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.fragen), len(ziel.wirkungen)) == ("done", 1, 1)


# -- the plugin broke in the middle -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("plugin", "ende", "grund"), [("mit_abfrage", "done", ""), ("mit_schluessel", "done", "")])
def test_an_exception_nobody_expected_may_have_come_after_sending(
    baue_welt: Bau, plugin: str, ende: str, grund: str
) -> None:
    welt, ziel = ein_ziel(baue_welt, plugin)
    ziel.stoerungen.append(Stoerung(KeyError("Musterfrau"), angekommen=True))
    welt.arbeite()
    stand = welt.der_vorgang()
    assert (stand.status, stand.gehalten_fuer, stand.grund) == ("held", "technik", "plugin_ausnahme")
    assert "Musterfrau" not in stand.hinweis
    eingriff.wiederhole(welt.betrieb, stand.id, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund, len(ziel.wirkungen)) == (ende, grund, 1)


def test_an_exception_of_an_unprotected_target_is_not_repeated_by_a_retry(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "ohne_schutz")
    ziel.stoerungen.append(Stoerung(KeyError("x"), angekommen=True))
    welt.arbeite()
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().grund, len(ziel.versuche)) == ("ausgang_unbekannt", 1)


# -- the process died in the middle -----------------------------------------------------------------------------------


@pytest.mark.parametrize("angekommen", [True, False])
@pytest.mark.parametrize("plugin", ["mit_schluessel", "mit_abfrage"])
def test_after_a_crash_the_delivery_is_completed_exactly_once(baue_welt: Bau, plugin: str, angekommen: bool) -> None:
    welt, ziel = ein_ziel(baue_welt, plugin)
    stirb(welt, angekommen=angekommen, ziel=ziel)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.wirkungen)) == ("done", 1)
    assert len(set(ziel.versuche)) == 1


@pytest.mark.parametrize("angekommen", [True, False])
def test_after_a_crash_nothing_is_sent_to_a_target_that_cannot_tell(baue_welt: Bau, angekommen: bool) -> None:
    welt, ziel = ein_ziel(baue_welt, "ohne_schutz")
    stirb(welt, angekommen=angekommen, ziel=ziel)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "ausgang_unbekannt")
    assert len(ziel.versuche) == 1


def test_after_a_crash_a_target_that_cannot_be_asked_yet_is_not_sent_to_blindly(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_abfrage")
    stirb(welt, angekommen=True, ziel=ziel)
    ziel.fragestoerungen.append(SPAETER)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("waiting", "nicht_da")
    welt.vergehe(minutes=5)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.versuche), len(ziel.wirkungen)) == ("done", 1, 1)


# -- somebody else is at it -------------------------------------------------------------------------------------------


def test_an_attempt_of_another_living_process_is_left_to_it(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_abfrage")
    nachbar = welt.nachbar()

    def waehrend(schluessel: str) -> None:
        ziel.waehrend = None
        nachbar_vorher = list(ziel.versuche)
        zustellung.stelle_zu(nachbar.betrieb, schluessel.split(":")[0], "akte", "1", "1")
        assert (ziel.versuche, ziel.fragen) == (nachbar_vorher, [])

    ziel.waehrend = waehrend
    welt.lebe()
    welt.arbeite()
    nachbar.schliesse()
    assert (welt.der_vorgang().status, len(ziel.wirkungen)) == ("done", 1)


def test_the_same_job_twice_in_one_process_sends_once(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_abfrage")

    def waehrend(schluessel: str) -> None:
        ziel.waehrend = None
        zustellung.stelle_zu(welt.betrieb, schluessel.split(":")[0], "akte", "1", "1")

    ziel.waehrend = waehrend
    welt.arbeite()
    assert (welt.der_vorgang().status, len(ziel.versuche), len(ziel.wirkungen)) == ("done", 1, 1)


@pytest.mark.parametrize("fehler", [None, PermanentError("nie", "Geht nicht."), SPAETER, KeyError("x")])
def test_what_a_process_given_up_for_dead_reports_later_changes_nothing(
    baue_welt: Bau, fehler: Exception | None
) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_schluessel")
    nachbar = welt.nachbar()

    def waehrend(schluessel: str) -> None:
        ziel.waehrend = None
        zustellung.stelle_zu(nachbar.betrieb, schluessel.split(":")[0], "akte", "1", "1")
        assert welt.der_vorgang().status == "done"
        if fehler is not None:
            ziel.stoerungen.append(Stoerung(fehler))

    ziel.waehrend = waehrend
    welt.arbeite()
    nachbar.schliesse()
    assert (welt.der_vorgang().status, len(ziel.wirkungen)) == ("done", 1)
    assert [name for name, _ in welt.journal()].count("deliver") == 1
    assert [zeile.status for zeile in welt.zeilen(zustellung_tabelle)] == ["zugestellt"]


def test_a_process_is_dead_when_its_heartbeat_is_old(baue_welt: Bau) -> None:
    welt, ziel = ein_ziel(baue_welt, "mit_schluessel")
    ziel.stoerungen.append(Stoerung(Absturz()))
    welt.lebe()
    with pytest.raises(Absturz):
        welt.arbeite()
    welt.neuer_prozess()
    (schlag,) = welt.zeilen(knoten)
    assert schlag.prozess != welt.betrieb.store.prozess
    zustellung.stelle_zu(welt.betrieb, welt.der_vorgang().id, "akte", "1", "1")
    assert (welt.der_vorgang().status, len(ziel.versuche)) == ("running", 1)
    welt.vergehe(seconds=KNOTEN_TOT_NACH.total_seconds() + 1)
    zustellung.stelle_zu(welt.betrieb, welt.der_vorgang().id, "akte", "1", "1")
    assert (welt.der_vorgang().status, len(ziel.wirkungen)) == ("done", 1)
