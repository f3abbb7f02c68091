"""A person has found at the target what was sent without an answer: it counts as handed over, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fachwerk import alarm, eingriff, erwartung, nachsendung
from fachwerk.auskunft import vorgangsauskunft, vorgangstext
from fachwerk.eingriff import EingriffError
from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError
from fachwerk.modell import Teil
from fachwerk.tabellen import ereignis, quittung, zustellung
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]
UNBEKANNT = OutcomeUnknownError("verbindung_weg", "Keine Antwort nach dem Senden.")
ZWEI = {"ziel": {"akte": "ohne_schutz", "amt": "ohne_schutz"}, "route": [{"leistung": "*", "ziel": ["akte", "amt"]}]}


def an_zwei_zielen_unklar(baue_welt: Bau) -> tuple[Welt, str]:
    """A case sent to two such targets without an answer; it arrived at one of them."""
    welt = baue_welt(**ZWEI)
    welt.ohne_schutz.stoerungen += [Stoerung(UNBEKANNT, angekommen=True), Stoerung(UNBEKANNT)]
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    return welt, str(welt.der_vorgang().id)


@pytest.fixture
def unklar(baue_welt: Bau) -> Welt:
    """A case that was sent to a target that can neither be asked nor recognise it again, and nobody answered."""
    welt = baue_welt(ziel={"akte": "ohne_schutz"})
    welt.ohne_schutz.stoerungen.append(Stoerung(UNBEKANNT, angekommen=True))
    welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    welt.durchlauf()
    assert welt.der_vorgang().grund == "ausgang_unbekannt"
    return welt


def test_what_a_person_found_there_counts_as_handed_over_and_is_not_sent_again(unklar: Welt) -> None:
    kennung = unklar.der_vorgang().id
    assert eingriff.melde_angekommen(unklar.betrieb, kennung, "anna", "In der Akte gefunden.") == "akte"
    unklar.arbeite()
    fall = unklar.der_vorgang()
    assert (fall.status, fall.grund, fall.hinweis, fall.gehalten_fuer) == ("done", "", "", "")
    assert (len(unklar.ohne_schutz.versuche), len(unklar.ohne_schutz.wirkungen)) == (1, 1)
    assert [(zeile.ziel, zeile.stufe) for zeile in unklar.zeilen(quittung)] == [("akte", "uebergeben")]
    assert unklar.journal()[-1] == ("angekommen", "")
    assert alarm.offene(unklar.betrieb.store) == []


def test_who_found_it_and_how_is_audited_and_the_words_are_content(unklar: Welt) -> None:
    kennung = unklar.der_vorgang().id
    eingriff.melde_angekommen(unklar.betrieb, kennung, "anna", "Frau Musterfrau liegt in der Akte")
    (zeile,) = (zeile for zeile in unklar.zeilen(ereignis) if zeile.was == "angekommen")
    assert (zeile.wer, zeile.code, zeile.kette) == ("anna", "akte", kennung)
    with unklar.betrieb.store.inhalt.oeffne(Teil(id=zeile.grund)) as strom:
        assert strom.read().decode() == "Frau Musterfrau liegt in der Akte"
    assert "Musterfrau" not in repr(unklar.zeilen(ereignis))
    assert unklar.betrieb.store.pruefe_kette(kennung) is None


def test_it_is_said_once_and_for_a_held_case_only(unklar: Welt) -> None:
    kennung = unklar.der_vorgang().id
    eingriff.melde_angekommen(unklar.betrieb, kennung, "anna", "gefunden")
    vorher = unklar.zeilen(ereignis)
    with pytest.raises(EingriffError, match="nicht_gehalten"):
        eingriff.melde_angekommen(unklar.betrieb, kennung, "berta", "auch gefunden")
    assert unklar.zeilen(ereignis) == vorher


def test_a_delivery_that_certainly_did_not_arrive_cannot_be_said_to_be_there(welt: Welt) -> None:
    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("abgewiesen", "Nein.")))
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    with pytest.raises(EingriffError, match="ankunft_nicht_offen"):
        eingriff.melde_angekommen(welt.betrieb, welt.der_vorgang().id, "anna", "gefunden")
    assert welt.der_vorgang().status == "held"


def test_a_case_that_was_never_sent_cannot_be_said_to_be_there(welt: Welt) -> None:
    welt.format.fehler = NeedsHumanError("frage", "Was ist gemeint?")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    with pytest.raises(EingriffError, match="ankunft_nicht_offen"):
        eingriff.melde_angekommen(welt.betrieb, welt.der_vorgang().id, "anna", "gefunden")


def test_of_two_targets_a_person_says_which_and_the_other_is_sent_again_when_released(baue_welt: Bau) -> None:
    welt, kennung = an_zwei_zielen_unklar(baue_welt)
    with pytest.raises(EingriffError, match=r"ankunft_mehrere.*akte, amt"):
        eingriff.melde_angekommen(welt.betrieb, kennung, "anna", "gefunden")
    with pytest.raises(EingriffError, match="ankunft_nicht_offen"):
        eingriff.melde_angekommen(welt.betrieb, kennung, "anna", "gefunden", "woanders")
    (da,) = (lieferung.ziel for lieferung in welt.ohne_schutz.wirkungen)
    eingriff.melde_angekommen(welt.betrieb, kennung, "anna", "gefunden", da)
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "ausgang_unbekannt")
    eingriff.gib_frei(welt.betrieb, kennung, "anna", "Dort ist nichts.")
    welt.arbeite()
    assert welt.der_vorgang().status == "done"
    assert sorted(lieferung.ziel for lieferung in welt.ohne_schutz.wirkungen) == ["akte", "amt"]


def test_a_release_names_which_of_two_targets_has_nothing_and_leaves_the_other_alone(baue_welt: Bau) -> None:
    welt, kennung = an_zwei_zielen_unklar(baue_welt)
    (da,) = (lieferung.ziel for lieferung in welt.ohne_schutz.wirkungen)
    (fehlt,) = {"akte", "amt"} - {da}
    with pytest.raises(EingriffError, match=r"ankunft_mehrere.*akte, amt"):
        eingriff.gib_frei(welt.betrieb, kennung, "anna", "Dort ist nichts.")
    with pytest.raises(EingriffError, match="ankunft_nicht_offen"):
        eingriff.gib_frei(welt.betrieb, kennung, "anna", "Dort ist nichts.", "woanders")
    eingriff.gib_frei(welt.betrieb, kennung, "anna", "Dort ist nichts.", fehlt)
    welt.arbeite()
    assert {zeile.ziel: zeile.status for zeile in welt.zeilen(zustellung)} == {da: "gehalten", fehlt: "zugestellt"}
    assert (welt.der_vorgang().status, len(welt.ohne_schutz.versuche)) == ("held", 3)
    eingriff.melde_angekommen(welt.betrieb, kennung, "anna", "gefunden")
    assert (welt.der_vorgang().status, len(welt.ohne_schutz.wirkungen)) == ("done", 2)


def test_a_question_that_failed_for_good_leaves_it_open_too(baue_welt: Bau) -> None:
    welt = baue_welt(ziel={"akte": "mit_abfrage"})
    welt.mit_abfrage.stoerungen.append(Stoerung(UNBEKANNT, angekommen=True))
    welt.mit_abfrage.fragestoerungen.append(PermanentError("abfrage_kaputt", "Die Abfrage geht nicht."))
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    assert welt.der_vorgang().grund == "abfrage_kaputt"
    eingriff.melde_angekommen(welt.betrieb, welt.der_vorgang().id, "anna", "gefunden")
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_abfrage.wirkungen)) == ("done", 1)


def test_nobody_waits_or_asks_for_anything_more(unklar: Welt) -> None:
    eingriff.melde_angekommen(unklar.betrieb, unklar.der_vorgang().id, "anna", "gefunden")
    (zeile,) = unklar.zeilen(zustellung)
    assert (zeile.status, zeile.absicht_von, zeile.erwartet, zeile.frage_faellig) == ("zugestellt", "", "", None)
    unklar.vergehe(days=40)
    erwartung.mahne(unklar.betrieb)
    unklar.arbeite()
    assert alarm.offene(unklar.betrieb.store) == []


def test_it_can_be_handed_over_once_more_later_like_any_other(baue_welt: Bau) -> None:
    welt = baue_welt(ziel={"akte": "mit_abfrage"})
    welt.mit_abfrage.stoerungen.append(Stoerung(UNBEKANNT, angekommen=True))
    welt.mit_abfrage.fragestoerungen.append(PermanentError("abfrage_kaputt", "Die Abfrage geht nicht."))
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    kennung = welt.der_vorgang().id
    eingriff.melde_angekommen(welt.betrieb, kennung, "anna", "gefunden")
    nachsendung.sende_nach(welt.betrieb, kennung, "akte", wer="anna", grund="Amt meldet Verlust.")
    welt.arbeite()
    welt.vergehe(hours=2)
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_abfrage.wirkungen)) == ("done", 1)


def test_the_state_says_of_which_delivery_the_outcome_is_open(unklar: Welt) -> None:
    store, kennung = unklar.betrieb.store, unklar.der_vorgang().id
    auskunft = vorgangsauskunft(store, kennung)
    assert [eine["ausgang_offen"] for eine in auskunft["zustellungen"]] == [True]
    assert "ob sie ankam, ist offen" in vorgangstext(auskunft)
    eingriff.melde_angekommen(unklar.betrieb, kennung, "anna", "gefunden")
    assert [eine["ausgang_offen"] for eine in vorgangsauskunft(store, kennung)["zustellungen"]] == [False]
