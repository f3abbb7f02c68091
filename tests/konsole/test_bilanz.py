"""The balance of a day in the console: seen by those who look after everything, with a way to what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fachwerk.tabellen import zustellung
from fachwerk.testkit.welt import antrag_xml

NeuesPult = Callable[..., Any]


def test_ein_tag_der_aufgeht_sagt_es_und_einer_der_nicht_aufgeht_nennt_den_vorgang(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    hier.welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    hier.welt.durchlauf()
    assert "Die Bilanz geht auf" in hier.hole("/bilanz").text
    with hier.store.transaktion("test") as verbindung:
        verbindung.execute(zustellung.update().values(status="offen"))
    seite = hier.hole("/bilanz").text
    assert "geht nicht auf: 1 Lücke" in seite
    assert f'href="/vorgang/{hier.welt.der_vorgang().id}"' in seite


def test_nur_wer_alles_betreibt_sieht_sie(pult: NeuesPult) -> None:
    for rechte in (("einsicht",), ("betrieb:anderer",)):
        assert pult(*rechte).hole("/bilanz").status_code == 403
    assert pult("verwalten").hole("/bilanz").status_code == 200


def test_ein_unsinniger_oder_kuenftiger_tag_ist_heute(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    heute = hier.hole("/bilanz").text
    for tag in ("gestern", "2026-13-01", "2999-01-01"):
        assert hier.hole(f"/bilanz?tag={tag}").text == heute
