"""What people do with a held case: try again, or let it go on; each with a name, a time and a reason."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from fachwerk import eingriff
from fachwerk.eingriff import FREIGEBBAR, EingriffError
from fachwerk.errors import NeedsHumanError, OutcomeUnknownError, PermanentError
from fachwerk.modell import Befund, Schwere, Teil
from fachwerk.tabellen import ereignis, inhalt, zustellung
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

Bau = Callable[..., Welt]


def halte(welt: Welt) -> str:
    welt.format.fehler = NeedsHumanError("frage", "Was ist gemeint?")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["held"]
    return str(welt.der_vorgang().id)


def test_a_retry_runs_the_pure_part_again_in_a_new_branch_and_keeps_the_old(welt: Welt) -> None:
    kennung = halte(welt)
    welt.format.fehler = None
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    stand = welt.der_vorgang()
    assert (stand.status, stand.lauf, stand.grund, stand.hinweis, stand.gehalten_fuer) == ("ready", 2, "", "", "")
    welt.arbeite()
    assert [(zeile.lauf, zeile.name, zeile.code) for zeile in welt.betrieb.store.schritte(kennung)] == [
        (1, "receive", ""),
        (1, "map", "frage"),
        (2, "map", ""),
        (2, "validate", ""),
        (2, "decide", ""),
        (2, "merge", ""),
        (2, "render", ""),
        (2, "deliver", ""),
    ]


def test_who_did_it_when_and_why_is_audited_and_the_reason_is_content(welt: Welt) -> None:
    kennung = halte(welt)
    vorher = datetime.now(UTC)
    eingriff.wiederhole(welt.betrieb, kennung, "anna", "Frau Musterfrau hat angerufen")
    (zeile,) = (zeile for zeile in welt.zeilen(ereignis) if zeile.was == "wiederholt")
    assert (zeile.wer, zeile.code, zeile.kette) == ("anna", "frage", kennung)
    assert zeile.zeit.replace(tzinfo=UTC) >= vorher.replace(microsecond=0)
    with welt.betrieb.store.inhalt.oeffne(Teil(id=zeile.grund)) as strom:
        assert strom.read().decode() == "Frau Musterfrau hat angerufen"
    assert "Musterfrau" not in repr(welt.zeilen(ereignis))
    assert not any(b"Musterfrau" in zeile.daten for zeile in welt.zeilen(inhalt))
    assert welt.betrieb.store.pruefe_kette(kennung) is None


@pytest.mark.parametrize("status", ["ready", "done"])
def test_what_waits_for_nobody_cannot_be_repeated(welt: Welt, status: str) -> None:
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.rufe_ab()
    if status == "done":
        welt.arbeite()
    vorher = welt.zeilen(ereignis)
    kennung = welt.der_vorgang().id
    for tue in (
        lambda: eingriff.wiederhole(welt.betrieb, kennung, "anna"),
        lambda: eingriff.gib_frei(welt.betrieb, kennung, "anna", "weil"),
    ):
        with pytest.raises(EingriffError, match="nicht_gehalten"):
            tue()
    assert welt.zeilen(ereignis) == vorher


@pytest.mark.parametrize("grund", ["schadsoftware", "inhalt_unlesbar", "leistung_unbekannt", "route_keine", "frage"])
def test_some_reasons_nobody_can_overrule(welt: Welt, grund: str) -> None:
    welt.format.fehler = NeedsHumanError(grund, "?")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    with pytest.raises(EingriffError, match="nicht_freigebbar"):
        eingriff.gib_frei(welt.betrieb, welt.der_vorgang().id, "anna", "ich will")
    assert grund not in FREIGEBBAR
    assert welt.der_vorgang().status == "held"


def test_a_release_holds_for_its_reason_only(welt: Welt) -> None:
    welt.regeln.befunde = [Befund(code="zweifel", schwere=Schwere.SPERRE, text="Zweifel.")]
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    kennung = welt.der_vorgang().id
    welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("abgewiesen", "Nein.")))
    eingriff.gib_frei(welt.betrieb, kennung, "anna", "geprüft")
    welt.arbeite()
    assert (welt.der_vorgang().status, welt.der_vorgang().grund) == ("held", "abgewiesen")
    with pytest.raises(EingriffError, match="nicht_freigebbar"):
        eingriff.gib_frei(welt.betrieb, kennung, "anna", "geprüft")


def test_a_case_with_two_originals_of_one_id_goes_on_once_released(welt: Welt) -> None:
    for uuid in "12":
        welt.lege_ein("n-1", antrag_xml(uuid=uuid))
        welt.durchlauf()
    zweiter = welt.vorgaenge()[1]
    eingriff.gib_frei(welt.betrieb, zweiter.id, "anna", "Es sind zwei Anträge.")
    welt.arbeite()
    assert [zeile.status for zeile in welt.vorgaenge()] == ["done", "done"]
    assert len(welt.mit_schluessel.wirkungen) == 2


def test_a_release_of_one_delivery_does_not_free_another_whose_outcome_is_unknown(baue_welt: Bau) -> None:
    welt = baue_welt(
        ziel={"akte": "mit_abfrage", "amt": "ohne_schutz"}, route=[{"leistung": "*", "ziel": ["akte", "amt"]}]
    )
    unbekannt = OutcomeUnknownError("weg", "Keine Antwort.")
    welt.ohne_schutz.stoerungen.append(Stoerung(unbekannt, angekommen=True))
    welt.mit_abfrage.stoerungen.append(Stoerung(PermanentError("abgewiesen", "Nein.")))
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    welt.durchlauf()
    kennung = welt.der_vorgang().id
    eingriff.wiederhole(welt.betrieb, kennung, "anna")
    welt.arbeite()
    assert {zeile.ziel: zeile.status for zeile in welt.zeilen(zustellung)} == {"akte": "zugestellt", "amt": "gehalten"}
    assert (welt.der_vorgang().grund, len(welt.ohne_schutz.versuche)) == ("ausgang_unbekannt", 1)


def test_two_people_who_repeat_at_once_start_one_new_branch(welt: Welt) -> None:
    kennung = halte(welt)
    welt.format.fehler = None
    anfang = threading.Barrier(2)
    ausgang: list[str] = []

    def wiederhole(wer: str) -> None:
        anfang.wait(30)
        try:
            eingriff.wiederhole(welt.betrieb, kennung, wer)
            ausgang.append("getan")
        except EingriffError as fehler:
            ausgang.append(fehler.code)

    faeden = [threading.Thread(target=wiederhole, args=(wer,)) for wer in ("anna", "berta")]
    for faden in faeden:
        faden.start()
    for faden in faeden:
        faden.join(60)
    assert sorted(ausgang) == ["getan", "nicht_gehalten"]
    assert welt.der_vorgang().lauf == 2
    welt.arbeite()
    assert (welt.der_vorgang().status, len(welt.mit_schluessel.wirkungen)) == ("done", 1)
    assert welt.betrieb.store.pruefe_kette(kennung) is None


def test_an_unknown_case_is_a_lookup_error_and_changes_nothing(welt: Welt) -> None:
    with pytest.raises(LookupError):
        eingriff.wiederhole(welt.betrieb, "gibtesnicht", "anna")
    assert welt.zeilen(ereignis) == []
