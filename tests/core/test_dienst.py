"""The service's watch: what broke is held where it broke, what lost its job gets a new one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest
from structlog.testing import capture_logs

from fachwerk import alarm, eingriff, line
from fachwerk.dienst import VERWAIST_NACH, Dienst
from fachwerk.engine import Engine
from fachwerk.errors import ConfigError, PermanentError, RetryableError
from fachwerk.platz import Platz
from fachwerk.tabellen import zustellung
from fachwerk.testkit.mitspieler import Stoerung, Stufenziel
from fachwerk.testkit.welt import Absturz, Welt, antrag_xml

Bau = Callable[..., Welt]


def bis_zur_zustellung(welt: Welt) -> str:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    kennung = str(welt.der_vorgang().id)
    line.bearbeite(welt.betrieb, kennung)
    return kennung


# -- jobs that broke --------------------------------------------------------------------------------------------------


def test_a_case_whose_job_broke_is_held_for_technik_without_any_text_of_the_exception(
    welt: Welt, dienst: Dienst
) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    dienst._nach_absturz("bearbeite", (welt.der_vorgang().id,), "ZeroDivisionError")
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.gehalten_fuer) == ("held", "interner_fehler", "technik")
    eingriff.wiederhole(welt.betrieb, stand.id, "anna")
    welt.arbeite()
    assert welt.der_vorgang().status == "done"


def test_a_case_that_went_on_is_not_held_by_a_late_report(welt: Welt, dienst: Dienst) -> None:
    bis_zur_zustellung(welt)
    welt.arbeite()
    kennung = welt.der_vorgang().id
    dienst._nach_absturz("bearbeite", (kennung,), "ZeroDivisionError")
    dienst._nach_absturz("stelle_zu", (kennung, "akte", "1", "1"), "ZeroDivisionError")
    assert welt.der_vorgang().status == "done"


def test_a_broken_delivery_is_held_itself_and_goes_on_after_a_retry(welt: Welt, dienst: Dienst) -> None:
    kennung = bis_zur_zustellung(welt)
    dienst._nach_absturz("stelle_zu", (kennung, "akte", "1", "1"), "ZeroDivisionError")
    assert (welt.der_vorgang().status, welt.zeilen(zustellung)[0].status) == ("held", "gehalten")
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


def test_a_delivery_that_broke_after_sending_is_not_sent_again_by_a_retry(baue_welt: Bau) -> None:
    welt = baue_welt(ziel={"akte": "ohne_schutz"})
    kennung = bis_zur_zustellung(welt)
    welt.ohne_schutz.stoerungen.append(Stoerung(Absturz(), angekommen=True))
    with pytest.raises(Absturz):
        welt.arbeite()
    Dienst(welt.betrieb)._nach_absturz("stelle_zu", (kennung, "akte", "1", "1"), "IntegrityError")
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "interner_fehler")
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().grund, len(welt.ohne_schutz.versuche)) == ("ausgang_unbekannt", 1)


def test_a_poll_that_fails_is_said_with_what_helps(welt: Welt, dienst: Dienst) -> None:
    welt.postfach.stoerung_beim_oeffnen.extend([RetryableError("besetzt", "Besetzt."), PermanentError("konto", "Weg.")])
    dienst._rufe_ab("postfach")
    assert (dienst.fehler["postfach"].text, dienst.fehler["postfach"].vergeht) == ("besetzt: Besetzt.", True)
    dienst._rufe_ab("postfach")
    assert dienst.fehler["postfach"].vergeht is False
    dienst._rufe_ab("postfach")
    assert dienst.fehler == {}
    dienst._nach_absturz("rufe_ab", ("postfach",), "OSError")
    assert dienst.fehler["postfach"].text == "interner Fehler (OSError)"


# -- jobs that kill their process -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stelle", ["linie", "zustellung"])
def test_a_job_that_keeps_killing_its_process_is_stopped_and_its_case_held(
    welt: Welt, dienst: Dienst, stelle: str
) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    if stelle == "zustellung":
        line.bearbeite(welt.betrieb, welt.der_vorgang().id)
        welt.auftraege.erledige(welt.auftraege.naechster().nr)
    (kennung,) = (name for name in welt.auftraege.offene() if name.startswith(stelle))
    welt.auftraege.toedliche.add(kennung)
    dienst.wache()
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.gehalten_fuer) == ("held", "absturz_wiederholt", "technik")
    assert kennung not in {zeile.kennung for zeile in welt.auftraege.alle()}


# -- jobs that are lost -----------------------------------------------------------------------------------------------


def verliere_auftraege(welt: Welt) -> None:
    welt.auftraege.loesche(welt.auftraege.offene())
    welt.vergehe(seconds=VERWAIST_NACH.total_seconds() + 40)
    welt.lebe()


@pytest.mark.parametrize("stelle", ["ready", "running", "waiting", "absicht", "held"])
def test_a_case_without_a_job_is_found_and_goes_on(baue_welt: Bau, stelle: str) -> None:
    welt = baue_welt(
        ziel={"akte": "mit_abfrage", "amt": "mit_schluessel"}, route=[{"leistung": "*", "ziel": ["akte", "amt"]}]
    )
    dienst = Dienst(welt.betrieb)
    dienst._platz.nimm()
    if stelle == "ready":
        welt.lege_ein("n-1", antrag_xml(uuid="1"))
        welt.rufe_ab()
    else:
        bis_zur_zustellung(welt)
        welt.auftraege.erledige(welt.auftraege.naechster().nr)
    if stelle == "waiting":
        welt.mit_abfrage.stoerungen.append(Stoerung(RetryableError("nicht_da", "Nicht da.")))
        welt.arbeite()
    elif stelle == "absicht":
        welt.mit_abfrage.stoerungen.append(Stoerung(Absturz(), angekommen=True))
        with pytest.raises(Absturz):
            welt.arbeite()
    elif stelle == "held":
        welt.mit_abfrage.stoerungen.append(Stoerung(PermanentError("nie", "Nie.")))
        welt.auftraege.loesche([name for name in welt.auftraege.offene() if ":amt:" in name])
        welt.arbeite()
    verliere_auftraege(welt)
    assert welt.betrieb.store.faellig() == 1
    dienst.wache()
    welt.arbeite()
    ende = "held" if stelle == "held" else "done"
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == (ende, 1)
    assert len(welt.mit_abfrage.wirkungen) == (0 if stelle == "held" else 1)
    assert welt.betrieb.store.faellig() == 0
    dienst._platz.verlasse()


def test_a_case_with_a_job_gets_no_second_one_however_old_it_is(welt: Welt, dienst: Dienst) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    welt.vergehe(days=1)
    vorher = welt.auftraege.offene()
    dienst._platz.schlage()
    dienst.wache()
    assert welt.auftraege.offene() == vorher


def test_a_held_case_is_left_to_the_person_it_waits_for(welt: Welt, dienst: Dienst) -> None:
    welt.lege_ein("n-1", b"<fremd/>")
    assert welt.durchlauf() == ["held"]
    welt.vergehe(days=3)
    dienst.wache()
    assert (welt.auftraege.offene(), welt.betrieb.store.faellig()) == (set(), 0)


@pytest.mark.parametrize("unbeendete", [0, 1])
def test_a_delivery_that_does_not_end_keeps_the_slot_until_its_process_ends(
    welt: Welt, dienst: Dienst, unbeendete: int
) -> None:
    """Or another node would deliver beside a thread that may still come through."""
    dienst._engine = cast(Engine, SimpleNamespace(stoppe=lambda _: unbeendete))
    dienst.stoppe()
    nachfolger = Platz(welt.betrieb.store.datenbank, "p2")
    assert (nachfolger.nimm() == dienst._platz.name) == (not unbeendete)
    nachfolger.verlasse()


def test_a_process_that_lost_its_slot_touches_nothing(
    welt: Welt, dienst: Dienst, monkeypatch: pytest.MonkeyPatch
) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    verliere_auftraege(welt)
    monkeypatch.setattr(dienst._platz, "schlage", lambda: False)
    dienst.wache()
    assert welt.auftraege.offene() == set()


# -- questions for receipts -------------------------------------------------------------------------------------------


def nachfragender(welt: Welt) -> Dienst:
    neuer = Dienst(welt.betrieb)
    neuer._platz.nimm()
    return neuer


def test_a_question_that_broke_is_given_up_with_an_alarm_and_the_case_stays_done(uebergeben: Welt) -> None:
    kennung = uebergeben.der_vorgang().id
    Dienst(uebergeben.betrieb)._nach_absturz("frage_nach", (kennung, "akte", "1", "1"), "ZeroDivisionError")
    assert uebergeben.der_vorgang().status == "done"
    assert [(z.anlass, z.code) for z in alarm.offene(uebergeben.betrieb.store)] == [
        ("quittung_fehlt", "interner_fehler")
    ]
    assert uebergeben.zeilen(zustellung)[0].frage_faellig is None


def test_a_question_that_killed_its_process_too_often_is_given_up_with_an_alarm(uebergeben: Welt) -> None:
    kennung = uebergeben.der_vorgang().id
    Dienst(uebergeben.betrieb)._halte_abstuerzenden(f"frage:{kennung}:akte:1:1:w5", kennung)
    assert [z.code for z in alarm.offene(uebergeben.betrieb.store)] == ["absturz_wiederholt"]
    assert uebergeben.der_vorgang().status == "done"


def test_the_watch_finds_a_question_whose_job_got_lost(uebergeben: Welt, amt: Stufenziel) -> None:
    waechter = nachfragender(uebergeben)
    uebergeben.auftraege.loesche(uebergeben.auftraege.offene())
    uebergeben.vergehe(seconds=61 + VERWAIST_NACH.total_seconds())
    waechter._platz.schlage()
    waechter.wache()
    uebergeben.arbeite()
    waechter._platz.verlasse()
    assert len(amt.fragen) == 1


def test_a_round_has_something_to_do_while_a_question_is_due(uebergeben: Welt) -> None:
    dienst = Dienst(uebergeben.betrieb)
    assert not dienst._ist_faellig()
    uebergeben.vergehe(seconds=61)
    assert dienst._ist_faellig()
    uebergeben.arbeite()
    assert not dienst._ist_faellig()


def test_a_pooler_that_begins_to_hand_sessions_on_is_named_by_the_watch(
    dienst: Dienst, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verweigere() -> bool:
        raise ConfigError("datenbank_sitzung_geteilt", "PgBouncer nicht im Modus session.")

    monkeypatch.setattr(dienst._platz, "schlage", verweigere)
    with capture_logs() as zeilen:
        dienst.wache()
    gesagt = [(zeile["event"], zeile["platz"], zeile["grund"]) for zeile in zeilen]
    assert gesagt == [("platz_verloren", dienst._platz.name, "datenbank_sitzung_geteilt")]
