"""The journal step by step: the output for those with the right, noted as a look, and two runs side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from fachwerk.konsole import schrittinhalt
from fachwerk.tabellen import ereignis
from fachwerk.testkit.welt import antrag_xml

NeuesPult = Callable[..., Any]
BOESE = "<script>alert(1)</script>"
JSON = st.recursive(
    st.text(max_size=5) | st.integers() | st.none(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
)


def mit_fall(pult: NeuesPult, *rechte: str) -> tuple[Any, str, list[str]]:
    hier = pult(*rechte)
    hier.welt.lege_ein("n-1", antrag_xml(uuid=BOESE.replace("<", "&lt;").replace(">", "&gt;")))
    hier.welt.durchlauf()
    kennung = hier.welt.der_vorgang().id
    return hier, kennung, [str(schritt.id) for schritt in hier.store.schritte(kennung)]


def test_jeder_schritt_ist_vom_journal_aus_zu_sehen_und_der_blick_ist_vermerkt(pult: NeuesPult) -> None:
    hier, kennung, nummern = mit_fall(pult, "einsicht")
    verweise = re.findall(rf"/vorgang/{kennung}/schritt/(\d+)", hier.hole(f"/vorgang/{kennung}").text)
    assert verweise == nummern
    for nummer in nummern:
        antwort = hier.hole(f"/vorgang/{kennung}/schritt/{nummer}")
        assert (antwort.status_code, BOESE in antwort.text) == (200, False)
    frage = sa.select(ereignis.c.code).where(ereignis.c.kette == kennung, ereignis.c.was == "eingesehen")
    with hier.store.lesend() as verbindung:
        vermerkt = list(verbindung.execute(frage).scalars())
    assert len(vermerkt) == len(nummern)
    assert "schritt map" in vermerkt


def test_ohne_einsicht_gibt_es_weder_ergebnis_noch_verweis(pult: NeuesPult) -> None:
    hier, kennung, nummern = mit_fall(pult, "betrieb")
    assert "/schritt/" not in hier.hole(f"/vorgang/{kennung}").text
    for ort in (f"schritt/{nummern[0]}", "laeufe"):
        assert hier.hole(f"/vorgang/{kennung}/{ort}").status_code == 403


@pytest.mark.parametrize("nummer", ["0", "99999", "x", "-1", "%00"])
def test_einen_schritt_den_der_vorgang_nicht_hat_gibt_es_nicht(pult: NeuesPult, nummer: str) -> None:
    hier, kennung, _ = mit_fall(pult, "einsicht")
    assert hier.hole(f"/vorgang/{kennung}/schritt/{nummer}").status_code == 404


def test_der_schritt_eines_anderen_vorgangs_ist_hier_nicht_zu_sehen(pult: NeuesPult) -> None:
    hier, erster, nummern = mit_fall(pult, "einsicht")
    hier.welt.lege_ein("n-2", antrag_xml(uuid="u-2"))
    hier.welt.durchlauf()
    zweiter = next(zeile.id for zeile in hier.welt.vorgaenge() if zeile.id != erster)
    assert hier.hole(f"/vorgang/{zweiter}/schritt/{nummern[0]}").status_code == 404


def test_nach_der_loeschung_ist_kein_ergebnis_mehr_zu_sehen(pult: NeuesPult) -> None:
    hier, kennung, nummern = mit_fall(pult, "einsicht")
    hier.store.inhalt.schreddere(kennung)
    assert hier.hole(f"/vorgang/{kennung}/schritt/{nummern[0]}").status_code == 409


def test_zwei_laeufe_nebeneinander_zeigen_nur_was_anders_ist(pult: NeuesPult) -> None:
    from fachwerk.modell import Rechenschritt
    from fachwerk.store import Schrittangabe

    hier, kennung, _ = mit_fall(pult, "einsicht")
    zeit = hier.welt.der_vorgang().angelegt
    with hier.store.transaktion("test") as verbindung:
        for lauf, wert in ((7, "alt"), (8, f"neu {BOESE}")):
            schritt = Rechenschritt(name="gleich", wert=wert)
            hier.store.schreibe_schritt(verbindung, kennung, lauf, Schrittangabe("probe", zeit), schritt)
    seite = hier.hole(f"/vorgang/{kennung}/laeufe").text
    assert "Was in Lauf 8 anders ist als in Lauf 7" in seite
    assert ">alt</td>" in seite
    assert "neu &lt;script&gt;" in seite
    assert "gleich</td>" not in seite
    assert "Kein Unterschied" in hier.hole(f"/vorgang/{kennung}/laeufe?a=7&b=7").text
    assert hier.hole(f"/vorgang/{kennung}/laeufe?a=x&b=99999999999999").status_code == 200


def test_ein_grosses_ergebnis_wird_nur_angefangen(pult: NeuesPult, monkeypatch: pytest.MonkeyPatch) -> None:
    hier, kennung, nummern = mit_fall(pult, "einsicht")
    monkeypatch.setattr(schrittinhalt, "GELESEN_HOECHSTENS", 10)
    assert "gezeigt wird nur sein Anfang" in hier.hole(f"/vorgang/{kennung}/schritt/{nummern[0]}").text


@given(JSON)
def test_blaetter_verlieren_keine_angabe(wert: Any) -> None:
    assert len(list(schrittinhalt.blaetter(wert))) == zaehle(wert)


def zaehle(wert: Any) -> int:
    if isinstance(wert, dict | list):
        return sum(zaehle(unten) for unten in (wert.values() if isinstance(wert, dict) else wert))
    return int(wert not in (None, ""))
