"""Kanäle and Ziele in the console: their state, and pausing them for those who look after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fachwerk import alarm, pausen

NeuesPult = Callable[..., Any]


def pausierte(pult: Any) -> list[str]:
    return [eine.gegenstand for eine in pausen.alle(pult.store.datenbank)]


def test_wer_betreibt_haelt_ein_ziel_an_und_setzt_es_fort(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    antwort = hier.handle("/ziel/akte/halte-an", grund="Umzug")
    assert (antwort.status_code, antwort.headers["location"]) == (303, "/ziele?getan=angehalten")
    assert pausierte(hier) == ["ziel:akte"]
    assert "von Hand angehalten</span> seit" in hier.hole("/ziele?getan=angehalten").text
    hier.handle("/ziel/akte/setze-fort")
    assert pausierte(hier) == []


def test_ohne_begruendung_wird_nicht_angehalten(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    antwort = hier.handle("/kanal/postfach/halte-an", grund=" ")
    assert (antwort.status_code, pausierte(hier)) == (409, [])
    assert "Bitte begründen" in antwort.text


def test_wer_nur_einsieht_oder_nur_einen_anderen_kanal_betreibt_haelt_nichts_an(pult: NeuesPult) -> None:
    for rechte in (("einsicht",), ("betrieb:anderer",)):
        hier = pult(*rechte)
        for pfad in ("/kanal/postfach/halte-an", "/ziel/akte/halte-an"):
            assert hier.handle(pfad, grund="weil").status_code == 403
        assert pausierte(hier) == []


def test_kanaele_ohne_recht_und_alarme_fremder_vorgaenge_sind_nicht_zu_sehen(pult: NeuesPult) -> None:
    hier = pult("betrieb:anderer")
    with hier.store.transaktion("test") as verbindung:
        alarm.melde(verbindung, alarm.KANAL_STEHT, "kanal:postfach", "code_a", "Hinweis auf ein fremdes Postfach")
        alarm.melde(verbindung, alarm.QUITTUNG_FEHLT, "vorgang:abc", "code_b", "Hinweis auf einen fremden Vorgang")
    assert "postfach" not in hier.hole("/kanaele").text
    assert "fremde" not in hier.hole("/alarme").text


def test_wer_alles_sieht_sieht_die_alarme_mit_verweis(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    with hier.store.transaktion("test") as verbindung:
        alarm.melde(verbindung, alarm.KANAL_STEHT, "kanal:postfach", "konto_gesperrt", "Das Konto ist gesperrt.")
    seite = hier.hole("/alarme").text
    assert "Das Konto ist gesperrt." in seite
    assert '<a href="/kanaele">kanal:postfach</a>' in seite
