"""A Kanal or Ziel that somebody paused does nothing until somebody resumes it, and loses nothing meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fachwerk import alarm, kanalprobe, pausen
from fachwerk.lage import kanalliste, kanalzeile, zielliste, zielzeile
from fachwerk.store import BETRIEB
from fachwerk.tabellen import ereignis, zustellung
from fachwerk.testkit.mitspieler import Stufenziel
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.zustellung import _Versuch

AKTE, POSTFACH = "ziel:akte", "kanal:postfach"


def lege_ein(welt: Welt, anzahl: int = 1) -> None:
    for nummer in range(anzahl):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))


def staende(welt: Welt) -> set[str]:
    return {f"{zeile.status} {zeile.grund}".strip() for zeile in welt.vorgaenge()}


def test_a_paused_ziel_gets_nothing_and_its_cases_wait_until_it_is_resumed(welt: Welt) -> None:
    pausen.halte_an(welt.betrieb, AKTE, "lena", "Umzug des Servers")
    lege_ein(welt, 3)
    welt.durchlauf()
    welt.vergehe(hours=30)
    welt.arbeite()
    assert (staende(welt), welt.mit_schluessel.versuche) == ({"waiting ziel_pausiert"}, [])
    assert pausen.setze_fort(welt.betrieb, AKTE, "lena") == 3
    welt.arbeite()
    assert staende(welt) == {"done"}
    assert len(welt.mit_schluessel.versuche) == 3


def test_a_pause_that_ends_while_a_delivery_is_about_to_wait_is_not_missed(
    welt: Welt, monkeypatch: pytest.MonkeyPatch
) -> None:
    pausen.halte_an(welt.betrieb, AKTE, "lena", "kurz")
    lege_ein(welt)
    warte = _Versuch._warte_auf_fortsetzung

    def wird_ueberholt(versuch: _Versuch, zeile: object) -> None:
        monkeypatch.undo()
        pausen.setze_fort(welt.betrieb, AKTE, "lena")
        warte(versuch, zeile)

    monkeypatch.setattr(_Versuch, "_warte_auf_fortsetzung", wird_ueberholt)
    welt.durchlauf()
    assert staende(welt) == {"done"}


def test_an_attempt_whose_outcome_is_unknown_is_asked_for_after_the_pause_not_repeated(
    baue_welt: Callable[..., Welt],
) -> None:
    welt = baue_welt(ziel={"akte": "mit_abfrage"})
    lege_ein(welt)
    welt.rufe_ab()
    welt.arbeite()
    with welt.betrieb.store.transaktion("test") as verbindung:  # as if the process had died behind the hand-over
        werte = {"status": "absicht", "absicht_von": "toter-prozess"}
        verbindung.execute(zustellung.update().values(**werte))
        zeile = welt.zeilen(zustellung)[0]
        welt.betrieb.reihe_zustellung_ein(
            verbindung, zeile.vorgang_id, "akte", zeile.fassung, zeile.versuch, marke="wieder"
        )
    pausen.halte_an(welt.betrieb, AKTE, "lena", "Wiederanlauf")
    welt.arbeite()
    assert welt.zeilen(zustellung)[0].status == "wartet"
    pausen.setze_fort(welt.betrieb, AKTE, "lena")
    welt.arbeite()
    assert staende(welt) == {"done"}
    assert len(welt.mit_abfrage.versuche) == 1


def test_a_paused_kanal_is_not_polled_and_the_messages_stay_where_they_are(welt: Welt) -> None:
    pausen.halte_an(welt.betrieb, POSTFACH, "lena", "Wartung beim Betreiber")
    lege_ein(welt)
    assert kanalprobe.rufe_ab(welt.betrieb, "postfach", kanalprobe.TAKT) == 0
    assert kanalprobe.rufe_ab(welt.betrieb, "postfach") == 0
    assert welt.vorgaenge() == []
    pausen.setze_fort(welt.betrieb, POSTFACH, "lena")
    assert kanalprobe.rufe_ab(welt.betrieb, "postfach") == 1


def test_no_receipt_is_asked_for_while_a_ziel_is_paused(uebergeben: Welt, amt: Stufenziel) -> None:
    pausen.halte_an(uebergeben.betrieb, AKTE, "lena", "Ruhe")
    vorher = len(amt.fragen)
    uebergeben.vergehe(hours=3)
    uebergeben.arbeite()
    assert len(amt.fragen) == vorher
    pausen.setze_fort(uebergeben.betrieb, AKTE, "lena")
    uebergeben.vergehe(hours=8)
    uebergeben.arbeite()
    assert len(amt.fragen) > vorher


def test_lists_say_who_paused_since_when_and_the_audit_why(welt: Welt) -> None:
    for gegenstand in (AKTE, POSTFACH):
        pausen.halte_an(welt.betrieb, gegenstand, "lena", "geheim")
    (ziel,), (kanal,) = zielliste(welt.betrieb), kanalliste(welt.betrieb)
    for text in (zielzeile(ziel)[-1], kanalzeile(kanal)[-1]):
        assert text.startswith("VON HAND ANGEHALTEN seit")
        assert text.endswith("durch lena")
    vermerkt = [(z.was, z.code, z.grund is not None) for z in welt.zeilen(ereignis) if z.kette == BETRIEB]
    assert vermerkt == [("pausiert", AKTE, True), ("pausiert", POSTFACH, True)]
    assert alarm.offene(welt.betrieb.store) == []


def test_what_is_paused_cannot_be_paused_again_and_what_is_not_cannot_be_resumed(welt: Welt) -> None:
    with pytest.raises(pausen.PauseError, match="nicht angehalten"):
        pausen.setze_fort(welt.betrieb, AKTE, "lena")
    pausen.halte_an(welt.betrieb, AKTE, "lena", "Grund")
    with pytest.raises(pausen.PauseError, match="schon angehalten"):
        pausen.halte_an(welt.betrieb, AKTE, "lena", "Grund")
    for gegenstand in ("ziel:gibtesnicht", "kanal:akte"):
        with pytest.raises(pausen.PauseError, match=r"steht nicht in fachwerk\.toml"):
            pausen.halte_an(welt.betrieb, gegenstand, "lena", "Grund")


def test_a_pause_survives_a_restart(welt: Welt) -> None:
    pausen.halte_an(welt.betrieb, AKTE, "lena", "Grund")
    welt.neuer_prozess()
    lege_ein(welt)
    welt.durchlauf()
    assert staende(welt) == {"waiting ziel_pausiert"}
