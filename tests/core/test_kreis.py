"""A broken route pauses its Ziel with an alarm; a bounded fault and a rejection are about the case alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fachwerk import alarm, eingriff, kreis
from fachwerk.errors import FachwerkError, NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import Befund, GehaltenFuer, Schwere, utc
from fachwerk.tabellen import zielstand
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

GESPERRT = NeedsHumanError("konto", "Das Konto ist gesperrt.", fuer=GehaltenFuer.BETRIEB, routenfehler=True)
WEG = RetryableError("weg", "Das Ziel ist nicht erreichbar.")
BEGRENZT = RetryableError("zustellfehler", "Nicht zustellbar.", routenfehler=False, hoechstens=3)


def uebergib(welt: Welt, *fehler: FachwerkError, faelle: int = 1) -> None:
    """Let ``faelle`` new cases arrive and the next attempts end with ``fehler``."""
    welt.mit_schluessel.stoerungen.extend(map(Stoerung, fehler))
    for _ in range(faelle):
        nummer = len(welt.vorgaenge()) + len(welt.postfach.inhalt.get("postfach", {}))
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
    welt.durchlauf()


def staende(welt: Welt) -> list[str]:
    return sorted(f"{zeile.status} {zeile.grund}".strip() for zeile in welt.vorgaenge())


def offene(welt: Welt) -> list[tuple[str, str, str, int]]:
    return [(z.anlass, z.gegenstand, z.code, z.anzahl) for z in alarm.offene(welt.betrieb.store)]


def bis_zur_probe(welt: Welt) -> int:
    """Minutes until the circuit lets a probe through; then work again."""
    (stand,) = welt.zeilen(zielstand)
    rest = utc(stand.offen_bis) - datetime.now(UTC)
    welt.vergehe(seconds=rest.total_seconds() + 1)
    welt.arbeite()
    return round(rest.total_seconds() / 60)


# -- a route only a person can mend -----------------------------------------------------------------------------------


def test_a_locked_account_opens_the_circuit_at_once_and_the_cases_wait_instead_of_being_held(welt: Welt) -> None:
    uebergib(welt, GESPERRT, faelle=3)
    assert staende(welt) == ["waiting konto", "waiting kreis_offen", "waiting kreis_offen"]
    assert len(welt.mit_schluessel.versuche) == 1
    assert offene(welt) == [("kreis_offen", "ziel:akte", "konto", 1)]


def test_probes_of_a_locked_account_come_less_and_less_often_and_the_first_success_gives_the_all_clear(
    welt: Welt,
) -> None:
    uebergib(welt, *[GESPERRT] * 6)
    assert [bis_zur_probe(welt) for _ in range(6)] == [5, 10, 20, 40, 60, 60]
    assert staende(welt) == ["done"]
    assert (offene(welt), welt.zeilen(zielstand)[0].fehler_in_folge) == ([], 0)


def test_a_probe_is_one_case_however_many_wait(welt: Welt) -> None:
    uebergib(welt, GESPERRT, GESPERRT, faelle=5)
    bis_zur_probe(welt)
    assert len(welt.mit_schluessel.versuche) == 2
    assert offene(welt) == [("kreis_offen", "ziel:akte", "konto", 2)]


def test_two_attempts_of_the_same_moment_double_the_pause_only_once(welt: Welt) -> None:
    for _ in range(2):
        kreis.zaehle(welt.betrieb, "akte", GESPERRT)
    (stand,) = welt.zeilen(zielstand)
    assert (stand.fehler_in_folge, offene(welt)[0][3]) == (kreis.KREIS_AB, 1)
    assert utc(stand.offen_bis) - datetime.now(UTC) <= timedelta(minutes=5)


def test_a_route_that_stays_broken_for_two_days_holds_its_cases_for_the_betrieb(welt: Welt) -> None:
    uebergib(welt, NeedsHumanError("konto", "Gesperrt.", routenfehler=True))
    welt.mit_schluessel.stoerungen.append(Stoerung(GESPERRT))
    welt.vergehe(hours=49)
    welt.arbeite()
    assert staende(welt) == ["held konto"]
    assert welt.der_vorgang().gehalten_fuer == "betrieb"


def test_a_person_who_repeats_probes_a_stopped_route_at_once(welt: Welt) -> None:
    uebergib(welt, GESPERRT)
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert (staende(welt), offene(welt)) == (["done"], [])


def test_a_question_to_a_person_about_one_case_stops_nobody_else(welt: Welt) -> None:
    uebergib(welt, NeedsHumanError("aktenzeichen", "Zu welchem Aktenzeichen?"), faelle=2)
    assert staende(welt) == ["done", "held aktenzeichen"]
    assert offene(welt) == []


# -- the ordinary circuit ---------------------------------------------------------------------------------------------


def test_the_fifth_route_fault_raises_an_alarm_and_the_next_success_its_all_clear(welt: Welt) -> None:
    uebergib(welt, *[WEG] * 4, faelle=4)
    assert offene(welt) == []
    uebergib(welt, WEG)
    assert offene(welt) == [("kreis_offen", "ziel:akte", "weg", 1)]
    assert bis_zur_probe(welt) == 5
    assert (set(staende(welt)), offene(welt)) == ({"done"}, [])


def test_the_alarm_of_a_circuit_says_what_the_preflight_of_the_target_finds(welt: Welt) -> None:
    text = "Ein Proxy bricht die Verbindung auf."
    welt.mit_schluessel.pruefbefunde = [Befund(code="tls_aufgebrochen", schwere=Schwere.SPERRE, text=text)]
    uebergib(welt, GESPERRT)
    (offen,) = alarm.offene(welt.betrieb.store)
    assert (offen.code, offen.hinweis, offen.anzahl) == ("tls_aufgebrochen", text, 1)
    assert staende(welt) == ["waiting konto"]


# -- bounded attempts -------------------------------------------------------------------------------------------------


def test_a_bounded_fault_is_held_after_so_many_attempts_with_its_code(welt: Welt) -> None:
    uebergib(welt, *[BEGRENZT] * 3)
    for _ in range(3):
        welt.vergehe(hours=1)
        welt.arbeite()
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.gehalten_fuer) == ("held", "zustellfehler", "technik")
    assert len(welt.mit_schluessel.versuche) == 3


def test_other_faults_in_between_do_not_count_towards_the_bound(welt: Welt) -> None:
    anderer = RetryableError("belegt", "Belegt.", routenfehler=False)
    uebergib(welt, BEGRENZT, anderer, anderer, BEGRENZT, anderer)
    for _ in range(5):
        welt.vergehe(hours=1)
        welt.arbeite()
    assert staende(welt) == ["done"]


def test_after_a_person_repeated_it_the_attempts_count_anew(welt: Welt) -> None:
    uebergib(welt, *[BEGRENZT] * 5)
    for _ in range(2):
        welt.vergehe(hours=1)
        welt.arbeite()
    assert staende(welt) == ["held zustellfehler"]
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert staende(welt) == ["waiting zustellfehler"]


def test_a_bound_of_one_is_no_repetition_at_all(welt: Welt) -> None:
    uebergib(welt, RetryableError("einmal", "Nur einmal.", hoechstens=1))
    assert staende(welt) == ["held einmal"]


# -- signs of life ----------------------------------------------------------------------------------------------------

ABGELEHNT = PermanentError("abgelehnt", "Dieser Antrag nicht.", vom_ziel=True)


@pytest.mark.parametrize("absage", [ABGELEHNT, NeedsHumanError("klaeren", "Was soll gelten?", vom_ziel=True)])
def test_faults_of_the_route_between_refusals_of_the_ziel_are_not_in_a_row(welt: Welt, absage: FachwerkError) -> None:
    uebergib(welt, *[WEG] * 4, absage, *[WEG] * 4, faelle=9)
    assert (welt.zeilen(zielstand)[0].fehler_in_folge, offene(welt)) == (4, [])


def test_a_refusal_that_the_plugin_itself_finds_says_nothing_about_the_route(welt: Welt) -> None:
    uebergib(welt, *[WEG] * 4, PermanentError("zu_gross", "Zu groß."), WEG, faelle=6)
    assert offene(welt) == [("kreis_offen", "ziel:akte", "weg", 1)]


def test_a_probe_that_the_ziel_refuses_gives_the_all_clear(welt: Welt) -> None:
    uebergib(welt, *[WEG] * 5, ABGELEHNT, faelle=5)
    welt.vergehe(minutes=6)
    welt.arbeite()
    assert (staende(welt), offene(welt)) == ([*["done"] * 4, "held abgelehnt"], [])


def test_a_service_that_is_not_booked_stays_an_alarm_though_the_refusal_came_from_the_ziel(welt: Welt) -> None:
    uebergib(welt, PermanentError("xta.9013", "Nicht frei.", {"alarm": "dienst"}, vom_ziel=True))
    assert offene(welt) == [("dienst", "ziel:akte", "xta.9013", 1)]


# -- what a plugin wants to be told to somebody -----------------------------------------------------------------------


def test_malware_in_a_sendung_is_held_and_raises_a_security_alarm_for_the_case(welt: Welt) -> None:
    befund = Befund(code="schadsoftware", schwere=Schwere.SPERRE, text="Anlage 2")
    fehler = PermanentError("xta.9060", "Schadsoftware gemeldet.", {"alarm": "sicherheit"}, befunde=(befund,))
    uebergib(welt, fehler)
    kennung = welt.der_vorgang().id
    assert staende(welt) == ["held xta.9060"]
    assert offene(welt) == [("sicherheit", f"vorgang:{kennung}", "xta.9060", 1)]
    ausgabe = welt.betrieb.store.schritte(kennung)[-1].ausgabe
    assert ausgabe is not None
    assert welt.betrieb.store.lies_liste(Befund, ausgabe) == (befund,)
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    assert offene(welt) == []


def test_a_service_that_is_not_booked_raises_one_alarm_for_the_ziel_until_something_arrives(welt: Welt) -> None:
    fehler = PermanentError("xta.9013", "Der Dienst ist nicht freigeschaltet.", {"alarm": "dienst"})
    uebergib(welt, fehler, fehler, faelle=2)
    assert staende(welt) == ["held xta.9013"] * 2
    assert offene(welt) == [("dienst", "ziel:akte", "xta.9013", 2)]
    uebergib(welt)
    assert offene(welt) == []


@pytest.mark.parametrize("angabe", [{}, {"alarm": ""}, {"alarm": "unfug"}])
def test_an_ordinary_rejection_raises_no_alarm(welt: Welt, angabe: dict[str, str]) -> None:
    uebergib(welt, PermanentError("abgewiesen", "Nein.", angabe))
    assert (staende(welt), offene(welt)) == (["held abgewiesen"], [])
