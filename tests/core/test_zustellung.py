"""Deliver: once, again later, or held; each Ziel for itself, and a broken route pauses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from fachwerk import eingriff, kreis, zustellung
from fachwerk.errors import NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import GehaltenFuer, Quittung, utc
from fachwerk.tabellen import quittung, schritt, zielstand
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]

WEG = Stoerung(RetryableError("nicht_da", "Das Ziel ist nicht erreichbar."))
EIGENHEIT = Stoerung(RetryableError("belegt", "Dieser Fall ist dort gerade offen.", routenfehler=False))
NIE = Stoerung(PermanentError("abgewiesen", "Das Ziel nimmt diese Sendung nicht."))


def lege_ein_und_rufe_ab(welt: Welt, *nummern: int) -> None:
    for nummer in nummern:
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
    welt.rufe_ab()


def wartezeit(welt: Welt) -> float:
    return (utc(welt.der_vorgang().wartet_bis) - datetime.now(UTC)).total_seconds()


# -- success ----------------------------------------------------------------------------------------------------------


def test_a_delivered_case_is_done_with_a_quittung_and_its_key(welt: Welt) -> None:
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    stand = welt.der_vorgang()
    (beleg,) = welt.zeilen(quittung)
    assert (stand.status, beleg.ziel, beleg.fassung, beleg.stufe) == ("done", "akte", 1, "uebergeben")
    assert welt.mit_schluessel.versuche == [f"{stand.id}:akte:1"]


def test_the_quittung_is_in_the_journal_as_the_target_gave_it(welt: Welt) -> None:
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    kennung = welt.der_vorgang().id
    ausgabe = welt.betrieb.store.ausgabe(kennung, "deliver")
    assert ausgabe is not None
    antwort = welt.betrieb.store.lies_wert(Quittung, ausgabe)
    assert (antwort.ziel, antwort.schluessel) == ("akte", f"{kennung}:akte:1")


def test_a_delivered_case_is_not_delivered_by_any_further_job(welt: Welt) -> None:
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    for versuch in "123":
        zustellung.stelle_zu(welt.betrieb, welt.der_vorgang().id, "akte", "1", versuch)
    assert len(welt.mit_schluessel.versuche) == 1


def test_a_job_for_a_delivery_that_does_not_exist_does_nothing(welt: Welt) -> None:
    zustellung.stelle_zu(welt.betrieb, "gibtesnicht", "akte", "1", "1")
    assert welt.mit_schluessel.versuche == []


# -- later ------------------------------------------------------------------------------------------------------------


@given(versuch=st.integers(1, 5000), zufall=st.floats(0, 1))
def test_a_pause_lies_between_half_and_all_of_what_doubles_up_to_an_hour(versuch: int, zufall: float) -> None:
    grenze = min(30 * 2 ** min(versuch - 1, 50), 3600)
    assert grenze / 2 <= zustellung.pause(versuch, zufall) <= grenze
    assert zustellung.pause(versuch, zufall) <= zustellung.pause(versuch + 1, zufall)


def test_an_unreachable_target_gets_the_case_later_under_the_same_key(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.extend([WEG, WEG])
    lege_ein_und_rufe_ab(welt, 1)
    pausen = []
    for _ in range(2):
        welt.arbeite()
        assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("waiting", "nicht_da")
        pausen.append(wartezeit(welt))
        welt.vergehe(seconds=pausen[-1] + 1)
    welt.arbeite()
    assert 14 < pausen[0] <= 30
    assert 29 < pausen[1] <= 60
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.versuche)) == ("done", 3)
    assert len(set(welt.mit_schluessel.versuche)) == 1
    assert [eintrag for eintrag in welt.journal() if eintrag[0] == "deliver"] == [
        ("deliver", "nicht_da"),
        ("deliver", "nicht_da"),
        ("deliver", ""),
    ]


def test_nothing_happens_before_the_pause_is_over(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(WEG)
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    assert welt.arbeite() == 0
    assert welt.betrieb.store.faellig() == 0


def test_a_target_that_says_when_is_asked_then(welt: Welt) -> None:
    fehler = RetryableError("wartung", "Wartung bis 18 Uhr.", retry_after=7200)
    welt.mit_schluessel.stoerungen.append(Stoerung(fehler))
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    assert 7190 < wartezeit(welt) <= 7200


def test_after_two_days_a_person_is_told(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.extend([EIGENHEIT, EIGENHEIT])
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    welt.vergehe(hours=49)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "belegt")
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.mit_schluessel.stoerungen.append(EIGENHEIT)
    welt.arbeite()
    assert welt.der_vorgang().status == "waiting"  # the two days begin anew


def test_the_old_pause_does_not_send_again_what_a_person_repeated_meanwhile(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.extend([WEG, EIGENHEIT])
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    zustellung.stelle_zu(welt.betrieb, welt.der_vorgang().id, "akte", "1", "2")  # the job of the first pause
    assert (welt.der_vorgang().grund, len(welt.mit_schluessel.versuche)) == ("belegt", 2)
    welt.vergehe(hours=1)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


# -- held -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fehler", "fuer"),
    [
        (PermanentError("abgewiesen", "Nein."), "technik"),
        (NeedsHumanError("aktenzeichen", "Zu welchem Aktenzeichen?"), "sachbearbeitung"),
        (NeedsHumanError("konto", "Ist das Konto gesperrt?", fuer=GehaltenFuer.BETRIEB), "betrieb"),
        (ZeroDivisionError("Musterfrau"), "technik"),
    ],
)
def test_what_the_machine_cannot_solve_is_held_for_the_right_one(welt: Welt, fehler: Exception, fuer: str) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(fehler))
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().gehalten_fuer) == ("held", fuer)
    assert "Musterfrau" not in repr(welt.zeilen(schritt)) + repr(welt.vorgaenge())


def test_of_two_ziele_only_the_one_that_failed_is_repeated(baue_welt: Bau) -> None:
    welt = baue_welt(
        ziel={"akte": "mit_abfrage", "amt": "ohne_schutz"}, route=[{"leistung": "*", "ziel": ["akte", "amt"]}]
    )
    welt.ohne_schutz.stoerungen.append(NIE)
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund) == ("held", "abgewiesen")
    assert welt.mit_abfrage.angekommen == [f"{stand.id}:akte:1"]
    eingriff.wiederhole(welt.betrieb, stand.id, "anna")
    welt.arbeite()
    assert welt.der_vorgang().status == "done"
    assert (len(welt.mit_abfrage.versuche), len(welt.ohne_schutz.versuche)) == (1, 2)


def test_a_case_with_one_ziel_waiting_and_one_done_waits(baue_welt: Bau) -> None:
    welt = baue_welt(
        ziel={"akte": "mit_abfrage", "amt": "ohne_schutz"}, route=[{"leistung": "*", "ziel": ["akte", "amt"]}]
    )
    welt.ohne_schutz.stoerungen.append(EIGENHEIT)
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("waiting", "belegt")
    welt.vergehe(hours=1)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_abfrage.versuche)) == ("done", 1)


def test_a_ziel_that_is_no_longer_configured_holds_until_it_is_back(baue_welt: Bau) -> None:
    welt = baue_welt(ziel={"akte": "mit_schluessel", "amt": "mit_abfrage"})
    lege_ein_und_rufe_ab(welt, 1)
    welt.auftraege.erledige(welt.auftraege.naechster().nr)  # work below, job by job
    from fachwerk import line

    line.bearbeite(welt.betrieb, welt.der_vorgang().id)
    welt.neuer_prozess(ziel={"amt": {"plugin": "mit_abfrage"}}, route=[{"leistung": "*", "ziel": "amt"}])
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "ziel_fehlt")
    for _ in range(2):
        eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
        welt.arbeite()
        assert welt.der_vorgang().grund == "ziel_fehlt"
    welt.neuer_prozess(ziel={"akte": {"plugin": "mit_schluessel"}}, route=[{"leistung": "*", "ziel": "akte"}])
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


def test_what_one_plugin_rendered_is_not_handed_to_another(baue_welt: Bau) -> None:
    welt = baue_welt()
    welt.mit_schluessel.stoerungen.append(WEG)
    lege_ein_und_rufe_ab(welt, 1)
    welt.arbeite()
    welt.neuer_prozess(ziel={"akte": {"plugin": "ohne_schutz"}})
    welt.vergehe(hours=1)
    welt.arbeite()
    assert (welt.der_vorgang().grund, welt.ohne_schutz.versuche) == ("ziel_plugin_anders", [])


# -- the circuit ------------------------------------------------------------------------------------------------------


def test_five_route_faults_in_a_row_let_all_cases_of_the_ziel_wait_untried(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.extend([WEG] * 5)
    lege_ein_und_rufe_ab(welt, *range(8))
    welt.arbeite()
    assert len(welt.mit_schluessel.versuche) == 5
    assert sorted(zeile.grund for zeile in welt.vorgaenge()) == ["kreis_offen"] * 3 + ["nicht_da"] * 5
    welt.vergehe(seconds=kreis.KREIS_PAUSE.total_seconds() + 1)
    welt.arbeite()
    assert {zeile.status for zeile in welt.vorgaenge()} == {"done"}
    assert len(welt.mit_schluessel.wirkungen) == 8
    (stand,) = welt.zeilen(zielstand)
    assert (stand.fehler_in_folge, stand.offen_bis) == (0, None)


def test_a_probe_that_fails_opens_the_circuit_again_after_one_attempt(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.extend([WEG] * 6)
    lege_ein_und_rufe_ab(welt, *range(6))
    welt.arbeite()
    welt.vergehe(seconds=kreis.KREIS_PAUSE.total_seconds() + 1)
    welt.arbeite()
    assert len(welt.mit_schluessel.versuche) == 6
    assert "done" not in {zeile.status for zeile in welt.vorgaenge()}


def test_a_success_in_between_and_faults_of_single_cases_open_nothing(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.extend([WEG] * 4)
    lege_ein_und_rufe_ab(welt, *range(5))
    welt.arbeite()
    assert [zeile.fehler_in_folge for zeile in welt.zeilen(zielstand)] == [0]
    welt.mit_schluessel.stoerungen.extend([EIGENHEIT] * 6)
    lege_ein_und_rufe_ab(welt, *range(10, 16))
    welt.arbeite()
    assert [zeile.fehler_in_folge for zeile in welt.zeilen(zielstand)] == [0]


def test_a_person_who_repeats_probes_at_once(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.extend([WEG] * 5)
    lege_ein_und_rufe_ab(welt, *range(5))
    welt.arbeite()
    eingriff.wiederhole(welt.betrieb, welt.vorgaenge()[0].id, "anna")
    welt.arbeite()
    assert welt.vorgaenge()[0].status == "done"


def test_the_circuit_of_one_ziel_does_not_stop_another(baue_welt: Bau) -> None:
    welt = baue_welt(
        ziel={"akte": "mit_abfrage", "amt": "ohne_schutz"}, route=[{"leistung": "*", "ziel": ["akte", "amt"]}]
    )
    welt.ohne_schutz.stoerungen.extend([WEG] * 9)
    lege_ein_und_rufe_ab(welt, *range(7))
    welt.arbeite()
    assert len(welt.mit_abfrage.wirkungen) == 7
    with welt.betrieb.store.lesend() as verbindung:
        offen = verbindung.execute(sa.select(zielstand.c.ziel).where(zielstand.c.offen_bis.is_not(None))).scalars()
        assert list(offen) == ["amt"]
