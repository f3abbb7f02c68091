"""A Kanal that only a person can mend stops with the reason in plain words, and is probed with patience."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import structlog.testing

from fachwerk import alarm, kanalprobe
from fachwerk.errors import ContractError, FachwerkError, NeedsHumanError, RetryableError
from fachwerk.kanalprobe import HAND, TAKT
from fachwerk.modell import Befund, GehaltenFuer, Schwere, utc
from fachwerk.tabellen import alarm as alarme
from fachwerk.tabellen import kanal_lauf, kanalstand
from fachwerk.testkit.welt import Welt, antrag_xml

GESPERRT = NeedsHumanError("xta.9011", "Das Konto ist gesperrt.", fuer=GehaltenFuer.BETRIEB, routenfehler=True)
WEG = RetryableError("transport.nicht_erreichbar", "Die Gegenstelle ist nicht erreichbar.")
FREMD = Befund(
    code="xta.tls_aufgebrochen", schwere=Schwere.SPERRE, text="Ein Proxy bricht die Verbindung auf (Prüf-CA Musterow)."
)
ABGELAUFEN = Befund(code="xta.zertifikat", schwere=Schwere.SPERRE, text="Unser Zertifikat ist abgelaufen.")
FALSCH = Befund(code="kennung", schwere=Schwere.FEHLER, text="Die Kennung ist nicht eingetragen.")
BALD = Befund(code="laufzeit", schwere=Schwere.WARNUNG, text="Das Zertifikat läuft bald ab.")


def rufe_ab(welt: Welt, *fehler: FachwerkError, anlass: str = TAKT) -> int | str:
    """One poll that ends with ``fehler``; how many were new, or the code that was raised."""
    welt.postfach.stoerung_beim_oeffnen.extend(fehler)
    try:
        return kanalprobe.rufe_ab(welt.betrieb, "postfach", anlass)
    except FachwerkError as gefallen:
        return gefallen.code


def offene(welt: Welt) -> list[tuple[str, str, str, int]]:
    return [(zeile.anlass, zeile.code, zeile.hinweis, zeile.anzahl) for zeile in alarm.offene(welt.betrieb.store)]


def bis_zur_probe(welt: Welt) -> timedelta:
    """How long it still is; then let that time pass."""
    (stand,) = welt.zeilen(kanalstand)
    rest = utc(stand.naechste_probe) - datetime.now(UTC)
    welt.vergehe(seconds=rest.total_seconds() + 1)
    return rest


# -- stopped ----------------------------------------------------------------------------------------------------------


def test_a_locked_account_stops_the_kanal_and_the_alarm_says_what_check_finds(welt: Welt) -> None:
    welt.postfach.pruefbefunde = [BALD, FREMD, ABGELAUFEN]
    assert rufe_ab(welt, GESPERRT) == "xta.9011"
    hinweis = "Ein Proxy bricht die Verbindung auf (Prüf-CA Musterow). Unser Zertifikat ist abgelaufen."
    assert offene(welt) == [("kanal_steht", "xta.tls_aufgebrochen", hinweis, 1)]
    (stand,) = welt.zeilen(kanalstand)
    assert (stand.code, stand.hinweis) == ("xta.tls_aufgebrochen", hinweis)
    assert stand.angehalten_seit is not None


@pytest.mark.parametrize(
    ("befunde", "code"),
    [([], "xta.9011"), ([BALD], "xta.9011"), ([BALD, FALSCH], "kennung"), ([FALSCH, FREMD], FREMD.code)],
)
def test_what_check_does_not_find_is_said_with_the_words_of_the_error(
    welt: Welt, befunde: list[Befund], code: str
) -> None:
    welt.postfach.pruefbefunde = befunde
    rufe_ab(welt, GESPERRT)
    assert offene(welt)[0][1] == code


def test_also_an_acknowledgement_that_needs_a_person_stops_the_kanal(welt: Welt) -> None:
    welt.postfach.stoerung_beim_bestaetigen.append(GESPERRT)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert rufe_ab(welt) == "xta.9011"
    assert [eintrag[0] for eintrag in offene(welt)] == ["kanal_steht"]
    assert len(welt.vorgaenge()) == 1


def test_before_the_next_probe_a_timed_poll_does_not_even_touch_the_mailbox(welt: Welt) -> None:
    rufe_ab(welt, GESPERRT)
    laeufe, pruefungen = len(welt.zeilen(kanal_lauf)), welt.postfach.pruefungen
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.vergehe(minutes=4)
    assert rufe_ab(welt) == 0
    assert (len(welt.zeilen(kanal_lauf)), welt.postfach.pruefungen) == (laeufe, pruefungen)


def test_probes_come_less_and_less_often_and_only_check_while_it_finds_something(welt: Welt) -> None:
    welt.postfach.pruefbefunde = [ABGELAUFEN]
    rufe_ab(welt, GESPERRT)
    laeufe = len(welt.zeilen(kanal_lauf))
    pausen = []
    for _ in range(6):
        pausen.append(round(bis_zur_probe(welt).total_seconds() / 60))
        assert rufe_ab(welt) == 0
    assert pausen == [5, 10, 20, 40, 60, 60]
    assert len(welt.zeilen(kanal_lauf)) == laeufe
    assert [(eintrag[0], eintrag[3]) for eintrag in offene(welt)] == [("kanal_steht", 7)]


def test_a_probe_that_finds_another_reason_tells_the_new_one(welt: Welt) -> None:
    welt.postfach.pruefbefunde = [ABGELAUFEN]
    rufe_ab(welt, GESPERRT)
    bis_zur_probe(welt)
    welt.postfach.pruefbefunde = [FREMD]
    rufe_ab(welt)
    assert [eintrag[1:3] for eintrag in offene(welt)] == [(FREMD.code, FREMD.text)]


def test_when_the_cause_is_gone_the_probe_polls_and_gives_the_all_clear(welt: Welt) -> None:
    rufe_ab(welt, GESPERRT)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    bis_zur_probe(welt)
    assert rufe_ab(welt) == 1
    (stand,) = welt.zeilen(kanalstand)
    assert (stand.angehalten_seit, stand.naechste_probe, stand.fehler_in_folge, stand.code) == (None, None, 0, "")
    assert offene(welt) == []
    assert [zeile.behoben is not None for zeile in welt.zeilen(alarme)] == [True]
    welt.lege_ein("n-2", antrag_xml(uuid="2"))
    assert rufe_ab(welt) == 1


def test_a_probe_whose_poll_fails_in_any_way_leaves_it_stopped(welt: Welt) -> None:
    rufe_ab(welt, GESPERRT)
    bis_zur_probe(welt)
    assert rufe_ab(welt, WEG) == WEG.code
    assert [eintrag[:2] for eintrag in offene(welt)] == [("kanal_steht", WEG.code)]
    assert round(bis_zur_probe(welt).total_seconds() / 60) == 10


def test_a_person_always_tries_and_so_gives_the_all_clear_at_once(welt: Welt) -> None:
    rufe_ab(welt, GESPERRT)
    assert rufe_ab(welt, GESPERRT, anlass=HAND) == "xta.9011"
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert rufe_ab(welt, anlass=HAND) == 1
    assert offene(welt) == []


def test_a_service_that_was_restarted_probes_at_once_what_was_stopped(welt: Welt) -> None:
    rufe_ab(welt, GESPERRT)
    rufe_ab(welt, GESPERRT, anlass=HAND)
    kanalprobe.probiere_bald(welt.betrieb)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert rufe_ab(welt) == 1


def test_a_check_that_is_broken_itself_does_not_keep_the_mailbox_closed(
    welt: Welt, monkeypatch: pytest.MonkeyPatch
) -> None:
    rufe_ab(welt, GESPERRT)
    bis_zur_probe(welt)
    rufe = welt.betrieb.plugins.rufe

    def kaputt(name: str, hook: str, **angaben: object) -> object:
        if hook == "check":
            raise ContractError("plugin_ausnahme", "Das Plugin ist gescheitert.")
        return rufe(name, hook, **angaben)

    monkeypatch.setattr(type(welt.betrieb.plugins), "rufe", staticmethod(kaputt))
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert rufe_ab(welt) == 1


def test_one_stopped_kanal_does_not_stop_another(baue_welt: object) -> None:
    kanal = {"postfach": {"plugin": "postfach"}, "zweites": {"plugin": "postfach"}}
    welt: Welt = baue_welt(kanal=kanal)  # type: ignore[operator]
    rufe_ab(welt, GESPERRT)
    welt.lege_ein("n-1", antrag_xml(uuid="1"), kanal="zweites")
    assert kanalprobe.rufe_ab(welt.betrieb, "zweites", TAKT) == 1


# -- disturbed --------------------------------------------------------------------------------------------------------


def test_the_third_failure_in_a_row_raises_an_alarm_with_the_diagnosis_and_polls_go_on(welt: Welt) -> None:
    welt.postfach.pruefbefunde = [FREMD]
    for erwartet in (0, 0, 1, 1):
        assert rufe_ab(welt, WEG) == WEG.code
        assert len(offene(welt)) == erwartet
    assert offene(welt) == [("kanal_gestoert", FREMD.code, FREMD.text, 2)]
    assert len(welt.zeilen(kanal_lauf)) == 4
    rufe_ab(welt)
    assert offene(welt) == []


def test_two_failures_and_a_success_in_between_raise_nothing(welt: Welt) -> None:
    for fehler in ([WEG], [WEG], [], [WEG], [WEG], []):
        rufe_ab(welt, *fehler)
    assert welt.zeilen(alarme) == []


def test_a_disturbed_kanal_that_then_needs_a_person_has_one_alarm_not_two(welt: Welt) -> None:
    for _ in range(3):
        rufe_ab(welt, WEG)
    rufe_ab(welt, GESPERRT)
    assert [eintrag[0] for eintrag in offene(welt)] == ["kanal_steht"]


def test_a_poll_that_goes_well_writes_nothing_about_the_kanal(welt: Welt) -> None:
    assert rufe_ab(welt) == 0
    assert welt.zeilen(kanalstand) == []


# -- the log ----------------------------------------------------------------------------------------------------------


def test_an_alarm_is_one_error_in_the_log_and_its_end_one_line_whatever_comes_between(welt: Welt) -> None:
    with structlog.testing.capture_logs() as eintraege:
        rufe_ab(welt, GESPERRT)
        for _ in range(3):
            rufe_ab(welt, GESPERRT, anlass=HAND)
        rufe_ab(welt, anlass=HAND)
    alarmzeilen = [(e["event"], e["log_level"], e["gegenstand"]) for e in eintraege if e["event"].startswith("alarm")]
    assert alarmzeilen == [("alarm", "error", "kanal:postfach"), ("alarm_behoben", "info", "kanal:postfach")]


def test_malware_that_the_mailbox_reports_is_told_at_once_and_until_a_poll_finds_none(welt: Welt) -> None:
    fund = {"alarm": "sicherheit"}
    assert rufe_ab(welt, RetryableError("abruf_unvollstaendig", "Eine Nachricht liegt noch dort.", fund)) != 0
    assert [eintrag[:2] for eintrag in offene(welt)] == [("sicherheit", "abruf_unvollstaendig")]
    assert rufe_ab(welt) == 0
    assert offene(welt) == []


# -- polls that end their process --------------------------------------------------------------------------------------


def brich_ab(welt: Welt, anzahl: int, neu: int = 0) -> None:
    """As if so many polls had killed their process, each after it had stored ``neu`` messages."""
    with welt.betrieb.store.transaktion("test") as verbindung:
        for _ in range(anzahl):
            verbindung.execute(kanal_lauf.insert().values(kanal="postfach", beginn=datetime.now(UTC), neu=neu))


def test_a_poll_that_ends_its_process_again_and_again_leaves_the_others_time(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    brich_ab(welt, kanalprobe.BEENDET_AB)
    assert [rufe_ab(welt), rufe_ab(welt)] == [0, 0]
    assert welt.vorgaenge() == []
    [(anlass, code, hinweis, anzahl)] = offene(welt)
    assert (anlass, code, anzahl) == ("kanal_gestoert", "abruf_beendet_prozess", 1)
    assert "5 Abrufe nacheinander endeten mit ihrem Prozess, ohne dass einer etwas gebracht hat" in hinweis


def test_a_kanal_whose_polls_are_cut_short_but_bring_something_does_not_wait(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    brich_ab(welt, kanalprobe.BEENDET_AB - 1)
    brich_ab(welt, 1, neu=40)
    brich_ab(welt, 1)
    assert rufe_ab(welt) == 1
    assert offene(welt) == []


def test_what_a_poll_has_stored_is_known_before_it_ends(welt: Welt, monkeypatch: pytest.MonkeyPatch) -> None:
    gezaehlt = []

    def sieh_nach(_vorgang: str, schritt: str) -> None:
        if schritt == "receive":
            gezaehlt.extend((lauf.neu, lauf.ende) for lauf in welt.zeilen(kanal_lauf))

    monkeypatch.setattr(welt.betrieb, "melde_schritt", sieh_nach)
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.lege_ein("n-2", antrag_xml(uuid="2"))
    assert rufe_ab(welt) == 2
    assert gezaehlt == [(1, None), (2, None)]


def test_after_the_pause_it_is_tried_again_and_when_it_goes_well_all_is_well(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    brich_ab(welt, kanalprobe.BEENDET_AB)
    assert rufe_ab(welt) == 0
    welt.vergehe(seconds=kanalprobe.ERSTE_PAUSE.total_seconds() + 1)
    assert rufe_ab(welt) == 1
    assert offene(welt) == []
    welt.lege_ein("n-2", antrag_xml(uuid="2"))
    assert rufe_ab(welt) == 1


@pytest.mark.parametrize(("mehr", "pause_min"), [(0, 5), (1, 10), (2, 20), (4, 60), (9, 60)])
def test_each_further_end_doubles_the_pause_up_to_an_hour(welt: Welt, mehr: int, pause_min: int) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    brich_ab(welt, kanalprobe.BEENDET_AB + mehr)
    welt.vergehe(minutes=pause_min, seconds=-10)
    assert rufe_ab(welt) == 0
    welt.vergehe(seconds=20)
    assert rufe_ab(welt) == 1


def test_a_person_may_always_try_and_single_ends_of_a_process_delay_nothing(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    brich_ab(welt, kanalprobe.BEENDET_AB - 1)
    assert rufe_ab(welt) == 1
    welt.lege_ein("n-2", antrag_xml(uuid="2"))
    brich_ab(welt, kanalprobe.BEENDET_AB)
    assert rufe_ab(welt, anlass=HAND) == 1
