"""What is held for the Sachbearbeitung goes to the office as original and question; the case stays held."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from fachwerk import eingriff, klaerung
from fachwerk.errors import NeedsHumanError, PermanentError, RetryableError
from fachwerk.modell import Befund, Empfehlung, Schwere, Votum
from fachwerk.tabellen import ereignis, zustellung
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.viren import Fund

Bau = Callable[..., Welt]

FRAGE = NeedsHumanError("zwei_antraege", "Welcher der beiden Anträge gilt?")


class Pruefer:
    """A scanner that knows one word."""

    def pruefe(self, strom: Iterable[bytes]) -> Fund | None:
        return Fund("Testfund") if b"EICAR" in b"".join(strom) else None

    def erreichbar(self) -> None:
        """Always."""


@pytest.fixture
def welt(baue_welt: Bau) -> Welt:
    return baue_welt(ziel={"akte": "mit_schluessel", "klaerstelle": "mit_abfrage"}, klaerung={"ziel": "klaerstelle"})


def halte(welt: Welt, nachricht_id: str = "n-1") -> str:
    welt.format.fehler = FRAGE
    welt.lege_ein(nachricht_id, antrag_xml(uuid="1"), ("a.pdf", "application/pdf", b"%PDF a"))
    welt.durchlauf()
    return str(welt.vorgaenge()[-1].id)


def test_the_office_gets_original_documents_and_question_and_the_case_stays_held(welt: Welt) -> None:
    kennung = halte(welt)
    (lieferung,) = welt.mit_abfrage.wirkungen
    assert lieferung.schluessel == f"{kennung}:klaerstelle:0"
    assert lieferung.dateien["0-teil"] == antrag_xml(uuid="1")
    assert lieferung.dateien["1-teil"] == b"%PDF a"
    assert lieferung.dateien["vermerk.txt"].decode() == "vorlegen\nWelcher der beiden Anträge gilt?"
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.fassung) == ("held", "zwei_antraege", 1)
    assert welt.mit_schluessel.versuche == []
    assert [name for name, _ in welt.journal()] == ["receive", "map", "klaerung", "deliver"]


def test_it_is_told_once_however_often_the_case_is_held(welt: Welt) -> None:
    kennung = halte(welt)
    for _ in range(2):
        eingriff.wiederhole(welt.betrieb, kennung, "anna")
        welt.arbeite()
        klaerung.klaere(welt.betrieb, kennung)
    assert len(welt.mit_abfrage.versuche) == 1
    welt.format.fehler = None
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


def test_what_is_understood_so_far_goes_along(welt: Welt) -> None:
    welt.regeln.votum = Votum(empfehlung=Empfehlung.WEITERLEITEN, weiterleiten_an="Nachbarstadt")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.empfehlung) == ("held", "weiterleiten", "weiterleiten")
    text = welt.mit_abfrage.wirkungen[0].dateien["vermerk.txt"].decode()
    assert text.startswith("vorlegen\nNach der Vorprüfung ist eine andere Stelle zuständig.")


def test_the_findings_that_led_to_the_question_go_along(welt: Welt) -> None:
    befund = Befund(code="widerspruch", schwere=Schwere.FEHLER, text="Zwei Geburtsdaten.")
    welt.format.fehler = NeedsHumanError("widerspruch", "Welches gilt?", befunde=(befund,))
    welt.lege_ein("n-1", antrag_xml())
    welt.durchlauf()
    text = welt.mit_abfrage.wirkungen[0].dateien["vermerk.txt"].decode()
    assert text == "vorlegen\nWelches gilt?\nwiderspruch: Zwei Geburtsdaten."


@pytest.mark.parametrize(
    ("inhalt", "grund"), [(b"<fremd/>", "format_unbekannt"), (antrag_xml(leser="wbs:080000000000"), "land_widerspruch")]
)
def test_what_is_held_for_the_betrieb_is_not_sent_to_the_office(welt: Welt, inhalt: bytes, grund: str) -> None:
    welt.lege_ein("n-1", inhalt)
    welt.durchlauf()
    assert (welt.der_vorgang().grund, welt.mit_abfrage.versuche) == (grund, [])


def test_without_a_klaerung_in_the_configuration_nothing_is_sent(baue_welt: Bau) -> None:
    welt = baue_welt()
    halte(welt)
    assert (welt.der_vorgang().status, welt.zeilen(zustellung)) == ("held", [])


def test_a_test_message_never_goes_there(welt: Welt) -> None:
    welt.format.fehler = FRAGE
    welt.lege_ein("n-1", antrag_xml(), test=True)
    welt.durchlauf()
    assert (welt.der_vorgang().status, welt.mit_abfrage.versuche) == ("held", [])


@pytest.mark.parametrize("verseucht", [False, True])
def test_a_message_held_at_receipt_is_scanned_before_it_goes_there(welt: Welt, verseucht: bool) -> None:
    welt.betrieb.pruefer = Pruefer()
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    welt.lege_ein("n-1", antrag_xml(uuid="2", produkt="EICAR" if verseucht else ""))
    welt.durchlauf()
    assert welt.vorgaenge()[1].grund == "nachricht_id_abweichend"
    assert len(welt.mit_abfrage.wirkungen) == (0 if verseucht else 1)
    codes = {zeile.code for zeile in welt.zeilen(ereignis) if zeile.was == "klaerung_gescheitert"}
    assert codes == ({"schadsoftware"} if verseucht else set())


def test_an_office_that_cannot_be_reached_gets_it_later(welt: Welt) -> None:
    welt.mit_abfrage.stoerungen.append(Stoerung(RetryableError("nicht_da", "Nicht da.")))
    halte(welt)
    assert welt.der_vorgang().grund == "zwei_antraege"
    assert welt.betrieb.store.faellig() == 0
    welt.vergehe(hours=1)
    assert welt.betrieb.store.faellig() == 1
    welt.arbeite()
    assert (len(welt.mit_abfrage.wirkungen), welt.der_vorgang().grund) == (1, "zwei_antraege")


def test_an_office_that_refuses_it_does_not_change_why_the_case_is_held(welt: Welt) -> None:
    welt.mit_abfrage.stoerungen.append(Stoerung(PermanentError("abgewiesen", "Nein.")))
    halte(welt)
    stand = welt.der_vorgang()
    assert (stand.status, stand.grund, stand.gehalten_fuer) == ("held", "zwei_antraege", "sachbearbeitung")
    assert [(zeile.fassung, zeile.status) for zeile in welt.zeilen(zustellung)] == [(0, "gehalten")]


def test_a_rendering_that_breaks_leaves_the_case_held_and_says_so(welt: Welt) -> None:
    welt.mit_abfrage.renderfehler = ValueError("Musterfrau")
    halte(welt)
    assert (welt.der_vorgang().grund, welt.zeilen(zustellung)) == ("zwei_antraege", [])
    assert ("klaerung_gescheitert", "plugin_ausnahme") in [(z.was, z.code) for z in welt.zeilen(ereignis)]


def test_a_question_of_the_target_reaches_the_office_too(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(NeedsHumanError("aktenzeichen", "Zu welchem Aktenzeichen?")))
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    (lieferung,) = welt.mit_abfrage.wirkungen
    assert b"Aktenzeichen" in lieferung.dateien["vermerk.txt"]
    assert welt.der_vorgang().status == "held"
    eingriff.wiederhole(welt.betrieb, welt.der_vorgang().id, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)


def test_if_a_person_was_faster_nothing_is_sent(welt: Welt) -> None:
    welt.format.fehler = FRAGE
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    from fachwerk import line

    kennung = welt.der_vorgang().id
    line.bearbeite(welt.betrieb, kennung)
    welt.format.fehler = None
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.mit_abfrage.versuche) == ("done", [])
