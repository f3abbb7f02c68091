"""The pages of the Wohnberechtigungsschein: for every Land, whatever stands in the address, and safe to show."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fachwerk.konsole.beitraege import sicheres_svg
from fachwerk.konsole.beitrag import Bild, Tabelle
from fachwerk_wbs.konsole import SEITEN, grenzen, luecken, werte
from fachwerk_wbs.land import finde_land, laender


def test_jedes_land_hat_bild_tabelle_luecken_und_werte() -> None:
    for code in laender():
        bild, tabelle = grenzen({"land": code, "personen": "4", "kinder": "2"}).teile
        assert isinstance(bild, Bild)
        assert "<title" in sicheres_svg(bild.svg)
        assert isinstance(tabelle, Tabelle)
        assert tabelle.zeilen
        alle = [teil for teil in werte({"land": code}).teile if isinstance(teil, Tabelle)]
        assert len(alle[0].zeilen) >= len(finde_land(code).parameter)
        assert luecken({"land": code}).auswahl[0].gewaehlt == code


def test_zu_jedem_wert_steht_seine_fundstelle() -> None:
    [tabelle] = [teil for teil in werte({"land": "nw"}).teile if isinstance(teil, Tabelle)]
    assert all(zeile[-1] for zeile in tabelle.zeilen)
    assert {zeile[-2] for zeile in tabelle.zeilen if zeile[2] not in ("endet", "nicht belegt")} <= {"A", "B", "C"}


def test_im_bild_bleiben_die_farben_der_linien() -> None:
    bild = grenzen({"land": "nw"}).teile[0]
    assert isinstance(bild, Bild)
    assert 'stroke="#0b3d78"' in bild.svg
    assert 'fill="url(#schraffur)"' in bild.svg
    assert "style" not in bild.svg
    assert "class=" not in bild.svg


@settings(max_examples=10)
@given(st.dictionaries(st.sampled_from(["land", "personen", "kinder"]), st.text(max_size=6) | st.just("²"), max_size=3))
def test_was_auch_immer_in_der_adresse_steht_es_kommt_eine_seite(frage: dict[str, str]) -> None:
    for beitrag in SEITEN:
        assert beitrag.seite(frage).teile
