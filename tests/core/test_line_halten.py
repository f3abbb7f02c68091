"""What holds a case, for whom, and what does not; the same application twice is one case."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from fachwerk import eingriff
from fachwerk.errors import NeedsHumanError
from fachwerk.modell import Befund, Empfehlung, Schwere, Votum
from fachwerk.testkit.mitspieler import Regelwerk
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]

SPERRE = Befund(code="minderjaehrig", schwere=Schwere.SPERRE, text="Antragsteller ist ein Kind.")
ZWEI_KANAELE = {"postfach": {"plugin": "postfach"}, "zweites": {"plugin": "postfach"}}


def stand(welt: Welt) -> tuple[str, str, str]:
    zeile = welt.der_vorgang()
    return zeile.status, zeile.grund, zeile.gehalten_fuer


# -- reasons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inhalt", "grund", "fuer"),
    [
        (b"<fremd xmlns='urn:unbekannt:9.9.9'/>", "format_unbekannt", "betrieb"),
        (b"<welt", "inhalt_unlesbar", "sachbearbeitung"),
        (b"\x00\x01\x02", "inhalt_unlesbar", "sachbearbeitung"),
        (b"<!DOCTYPE welt [<!ENTITY a 'b'>]><welt/>", "inhalt_doctype", "sachbearbeitung"),
        (antrag_xml(leser="xyz:130030000000"), "leistung_unbekannt", "sachbearbeitung"),
        (antrag_xml(leser="wbs:080000000000"), "land_widerspruch", "betrieb"),
    ],
)
def test_what_nobody_may_guess_is_held_with_the_original(welt: Welt, inhalt: bytes, grund: str, fuer: str) -> None:
    welt.lege_ein("n-1", inhalt)
    welt.durchlauf()
    assert stand(welt) == ("held", grund, fuer)
    assert welt.journal()[-1][1] == grund
    assert welt.mit_schluessel.versuche == []
    teile = welt.betrieb.store.lies_wert(_eingang(), _ausgabe(welt)).teile
    assert b"".join(teile[0].bytes_strom()) == inhalt


def _eingang() -> Any:
    from fachwerk.modell import Eingang

    return Eingang


def _ausgabe(welt: Welt) -> str:
    return welt.betrieb.store.ausgabe(welt.der_vorgang().id, "receive") or ""


def test_a_land_that_nobody_says_is_not_guessed(baue_welt: Bau) -> None:
    welt = baue_welt(fachwerk={"land": ""})
    welt.format.fehler = None
    welt.lege_ein("n-1", antrag_xml(leser="wbs:unbekannte-stelle"))
    welt.durchlauf()
    assert stand(welt) == ("held", "land_unbekannt", "betrieb")
    assert welt.der_vorgang().leistung == "wbs"


def test_a_leser_that_names_no_land_is_not_silently_replaced_by_that_of_the_mailbox(baue_welt: Bau) -> None:
    welt = baue_welt(fachwerk={"land": ""}, kanal={"postfach": {"plugin": "postfach", "kennung": "wbs:080000000000"}})
    welt.lege_ein("n-1", antrag_xml(leser="wbs:stelle"))
    welt.durchlauf()
    assert stand(welt)[1] == "land_unbekannt"


@pytest.mark.parametrize(
    ("route", "grund"),
    [
        ([{"leistung": "mietrueckstaende", "ziel": "akte"}], "route_keine"),
        ([{"leistung": "wbs", "ziel": "akte", "land": "by"}], "route_keine"),
        ([{"leistung": "wbs", "ziel": "akte", "zustand": "geplant"}], "route_keine"),
        ([{"leistung": "wbs", "ziel": "akte", "zustand": "beendet"}], "route_keine"),
        ([{"leistung": "wbs", "ziel": "akte", "zustand": "test"}], "route_keine"),
        ([{"leistung": "wbs", "ziel": "akte", "zustand": "pausiert"}], "route_ruht"),
        ([{"leistung": "wbs", "ziel": "akte", "zustand": "austritt"}], "route_ruht"),
    ],
)
def test_without_exactly_one_live_route_a_case_is_held_for_the_betrieb(
    baue_welt: Bau, route: list[dict[str, str]], grund: str
) -> None:
    welt = baue_welt(route=route)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    assert stand(welt) == ("held", grund, "betrieb")
    assert welt.postfach.bestaetigt == [("postfach", "n-1")]
    assert welt.mit_schluessel.versuche == []


def test_several_matching_routes_hold_a_case(welt: Welt) -> None:
    (route,) = welt.betrieb.routen
    welt.betrieb.routen = (route, route.model_copy(update={"nummer": 2}))
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    assert stand(welt) == ("held", "route_mehrere", "betrieb")


def test_a_case_held_for_its_route_goes_on_once_the_configuration_is_right(baue_welt: Bau) -> None:
    welt = baue_welt(route=[{"leistung": "wbs", "ziel": "akte", "zustand": "pausiert"}])
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    welt.neuer_prozess(route=[{"leistung": "wbs", "ziel": "akte"}])
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert stand(welt) == ("done", "", "")
    assert {zeile.lauf for zeile in welt.betrieb.store.schritte(welt.der_vorgang().id)} == {1, 2}


@pytest.mark.parametrize("wie", ["eingang", "antrag"])
def test_a_test_message_never_reaches_a_live_target(welt: Welt, wie: str) -> None:
    xml = antrag_xml(uuid="1", test="ja") if wie == "antrag" else antrag_xml(uuid="1")
    welt.lege_ein("n-1", xml, test=wie == "eingang")
    welt.durchlauf()
    assert stand(welt) == ("held", "route_keine", "betrieb")
    assert welt.mit_schluessel.versuche == []


def test_a_test_message_takes_the_test_route_and_only_that(baue_welt: Bau) -> None:
    welt = baue_welt(
        ziel={"akte": "mit_schluessel", "probe": "mit_abfrage"},
        route=[{"leistung": "wbs", "ziel": "akte"}, {"leistung": "wbs", "ziel": "probe", "zustand": "test"}],
    )
    welt.lege_ein("n-1", antrag_xml(uuid="1"), test=True)
    welt.lege_ein("n-2", antrag_xml(uuid="2"))
    assert welt.durchlauf() == ["done", "done"]
    assert (len(welt.mit_schluessel.wirkungen), len(welt.mit_abfrage.wirkungen)) == (1, 1)
    assert [zeile.test for zeile in welt.vorgaenge()] == [True, False]


def test_what_the_format_asks_is_held_for_whom_it_asks(welt: Welt) -> None:
    welt.format.fehler = NeedsHumanError("zwei_antraege", "Welcher der beiden Anträge gilt?")
    welt.lege_ein("n-1", antrag_xml())
    welt.durchlauf()
    assert stand(welt) == ("held", "zwei_antraege", "sachbearbeitung")


# -- recommendations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "empfehlung", [Empfehlung.BEWILLIGEN, Empfehlung.ABLEHNEN, Empfehlung.NACHFORDERN, Empfehlung.VORLEGEN]
)
def test_a_recommendation_never_holds_a_case(welt: Welt, empfehlung: Empfehlung) -> None:
    welt.regeln.votum = Votum(empfehlung=empfehlung)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["done"]
    assert welt.der_vorgang().empfehlung == empfehlung.value
    assert welt.mit_schluessel.wirkungen[0].dateien["vermerk.txt"].startswith(empfehlung.value.encode())


@pytest.mark.parametrize("anderes", [None, Votum(empfehlung=Empfehlung.ABLEHNEN)])
def test_without_a_common_vote_the_office_gets_the_case_to_decide(baue_welt: Bau, anderes: Votum | None) -> None:
    welt = baue_welt(plugins={"zweitregel": Regelwerk("zweitregel", votum=anderes)})
    welt.regeln.votum = None if anderes is None else Votum(empfehlung=Empfehlung.BEWILLIGEN)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["done"]
    assert welt.der_vorgang().empfehlung == "vorlegen"


@pytest.mark.parametrize(
    ("grund", "voten", "befunde"),
    [
        ("weiterleiten", Votum(empfehlung=Empfehlung.WEITERLEITEN, weiterleiten_an="Stadt Nebenan"), []),
        ("befund_sperrt", Votum(empfehlung=Empfehlung.BEWILLIGEN), [SPERRE]),
    ],
)
def test_a_person_can_let_a_case_go_on_with_a_reason(
    welt: Welt, grund: str, voten: Votum, befunde: list[Befund]
) -> None:
    welt.regeln.votum, welt.regeln.befunde = voten, befunde
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    assert stand(welt) == ("held", grund, "sachbearbeitung")
    kennung = welt.der_vorgang().id
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert stand(welt)[1] == grund
    eingriff.gib_frei(welt.betrieb, kennung, "anna", "am Telefon geklärt")
    welt.arbeite()
    assert stand(welt) == ("done", "", "")
    assert len(welt.mit_schluessel.wirkungen) == 1


def test_a_route_may_hold_from_a_lower_severity_on(baue_welt: Bau) -> None:
    welt = baue_welt(route=[{"leistung": "*", "ziel": "akte", "sperre_ab": "fehler"}])
    welt.regeln.befunde = [Befund(code="summe", schwere=Schwere.FEHLER, text="Die Summe stimmt nicht.")]
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    assert stand(welt)[1] == "befund_sperrt"


# -- the same application twice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kanal", ["postfach", "zweites"])
def test_the_same_application_in_a_second_message_is_linked_and_not_delivered_again(baue_welt: Bau, kanal: str) -> None:
    welt = baue_welt(kanal=ZWEI_KANAELE)
    xml = antrag_xml(uuid="ABC-1")
    welt.lege_ein("n-1", xml)
    welt.durchlauf()
    welt.lege_ein("n-2", xml, kanal=kanal)
    welt.rufe_ab(kanal)
    welt.arbeite()
    erster, zweiter = welt.vorgaenge()
    assert (zweiter.status, zweiter.grund, zweiter.doppelt_zu) == ("done", "doppelsendung", erster.id)
    assert len(welt.mit_schluessel.wirkungen) == 1
    assert [name for name, _ in welt.journal(zweiter.id)] == ["receive", "map", "validate", "decide", "merge"]


def test_the_same_id_with_other_content_is_held_until_a_person_decides(welt: Welt) -> None:
    for nummer, produkt in enumerate(("eins", "zwei")):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid="abc-1", produkt=produkt))
    assert welt.durchlauf() == ["done", "held"]
    zweiter = welt.vorgaenge()[1]
    assert (zweiter.grund, zweiter.gehalten_fuer) == ("doppelsendung_abweichend", "sachbearbeitung")
    eingriff.gib_frei(welt.betrieb, zweiter.id, "anna", "Berichtigung des ersten")
    welt.arbeite()
    assert welt.vorgaenge()[1].status == "done"
    assert len(welt.mit_schluessel.wirkungen) == 2


def test_upper_and_lower_case_of_the_uuid_make_no_difference(welt: Welt) -> None:
    xml = antrag_xml(uuid="abc-1")
    welt.lege_ein("n-1", xml)
    welt.lege_ein("n-2", xml.replace(b"abc-1", b"ABC-1"))
    welt.durchlauf()
    assert welt.vorgaenge()[1].grund == "doppelsendung_abweichend"


def test_messages_for_two_offices_or_without_uuid_are_never_taken_for_one(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.lege_ein("n-2", antrag_xml(uuid="1", leser="wbs:130030000001"))
    welt.lege_ein("n-3", antrag_xml(uuid=""))
    welt.lege_ein("n-4", antrag_xml(uuid=""))
    assert welt.durchlauf() == ["done"] * 4
    assert len(welt.mit_schluessel.wirkungen) == 4


def test_a_case_run_again_is_not_its_own_duplicate(welt: Welt) -> None:
    welt.mit_schluessel.renderfehler = ValueError("x")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["held"]
    welt.mit_schluessel.renderfehler = None
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert stand(welt) == ("done", "", "")


def test_two_of_the_same_processed_at_once_are_delivered_once(welt: Welt) -> None:
    for nummer in range(4):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid="1"))
    welt.rufe_ab()
    from fachwerk import line

    anfang = threading.Barrier(4)
    fehler: list[BaseException] = []

    def bearbeite(kennung: str) -> None:
        anfang.wait(30)
        try:
            line.bearbeite(welt.betrieb, kennung)
        except Exception as ausnahme:
            fehler.append(ausnahme)

    faeden = [threading.Thread(target=bearbeite, args=(zeile.id,)) for zeile in welt.vorgaenge()]
    for faden in faeden:
        faden.start()
    for faden in faeden:
        faden.join(60)
    welt.arbeite()
    assert fehler == []
    assert [zeile.status for zeile in welt.vorgaenge()] == ["done"] * 4
    erster = {zeile.doppelt_zu for zeile in welt.vorgaenge()} - {""}
    assert len(erster) == 1
    assert len(welt.mit_schluessel.wirkungen) == 1
