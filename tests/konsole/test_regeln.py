"""Pages that plugins add: only of loaded ones, every word escaped, no picture that is more than shapes and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from fachwerk.errors import ContractError
from fachwerk.konsole import beitraege
from fachwerk.konsole.beitrag import Auswahl, Beitrag, Bild, Inhalt, Tabelle, Text
from fachwerk.konsole.seiten import regeln

NeuesPult = Callable[..., Any]
BOESE = "<script>alert(1)</script>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Bild</title>{}</svg>'


def seite(frage: Mapping[str, str]) -> Inhalt:
    wort = frage.get("wort", "")
    tabelle = Tabelle(f"T {wort}", ("A", "B"), ((wort, "2"),), zahlen=(1,))
    teile = (Text(wort, f"U {wort}"), tabelle, Bild(SVG.format("<rect width='3' height='3' fill='#123456'/>")))
    return Inhalt(teile, (Auswahl("wort", "Wort", (("x", "X"), (wort, wort)), wort),))


@pytest.fixture
def mit_seite(pult: NeuesPult, monkeypatch: pytest.MonkeyPatch) -> Any:
    probe = {"regelwerk": (Beitrag("probe", "Eine Probe", "Zum Ansehen", seite),)}
    monkeypatch.setattr(regeln, "geladene", lambda namen: probe)
    return pult("betrieb")


def test_die_seite_eines_plugins_steht_unter_den_regeln(mit_seite: Any) -> None:
    assert 'href="/regeln/regelwerk/probe"' in mit_seite.hole("/regeln").text
    antwort = mit_seite.hole("/regeln/regelwerk/probe?wort=x")
    assert antwort.status_code == 200
    assert '<rect width="3" height="3" fill="#123456"/>' in antwort.text
    assert '<option value="x" selected>' in antwort.text


def test_kein_wort_wird_zu_html(mit_seite: Any) -> None:
    assert BOESE not in mit_seite.hole(f"/regeln/regelwerk/probe?wort={BOESE}").text


@pytest.mark.parametrize("ort", ["regelwerk/anderes", "postfach/probe", "gibtsnicht/probe", "regelwerk/probe%00"])
def test_eine_seite_die_es_nicht_gibt_ist_nicht_gefunden(mit_seite: Any, ort: str) -> None:
    assert mit_seite.hole(f"/regeln/{ort}").status_code == 404


def test_ohne_anmeldung_ist_auch_von_regeln_nichts_zu_sehen(pult: NeuesPult) -> None:
    for ort in ("/regeln", "/regeln/wbs/grenzen"):
        assert pult("betrieb", angemeldet=False).hole(ort).status_code == 303


@pytest.mark.parametrize(
    "inneres",
    [
        BOESE,
        "<style>a{}</style>",
        "<rect style='fill:red'/>",
        "<rect onload='x()'/>",
        "<a href='https://example.org'><text>x</text></a>",
        "<image href='https://example.org/x.png'/>",
        "<use href='#a'/>",
        "<foreignObject/>",
        "<rect fill='url(https://example.org/x)'/>",
        "<rect xmlns:x='http://www.w3.org/1999/xlink' x:href='#a'/>",
        "<?xml-stylesheet href='x.css'?>",
        "<p xmlns='http://www.w3.org/1999/xhtml'>x</p>",
    ],
)
def test_ein_bild_ist_nichts_als_formen_und_worte(inneres: str) -> None:
    with pytest.raises(ContractError) as fehler:
        beitraege.sicheres_svg(SVG.format(inneres))
    assert fehler.value.code == "konsole_bild"


@pytest.mark.parametrize("svg", ["", "kein XML", "<html/>", '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;")])
def test_was_kein_bild_ist_wird_nicht_gezeigt(svg: str) -> None:
    with pytest.raises(ContractError):
        beitraege.sicheres_svg(svg)


def test_nur_geladene_plugins_tragen_bei_und_eines_das_nicht_geht_fehlt_nur_selbst() -> None:
    def punkt(name: str, seiten: object) -> Any:
        return SimpleNamespace(name=name, load=lambda: SimpleNamespace(SEITEN=seiten))

    gut = (Beitrag("probe", "P", "B", seite),)
    kaputt = EntryPoint("kaputt", "gibt_es_nicht", beitraege.GRUPPE)
    punkte = [punkt("gut", gut), punkt("fremd", gut), punkt("falsch", ["keine Seite"]), kaputt]
    assert beitraege.lade(["gut", "falsch", "kaputt"], punkte) == {"gut": gut}


@pytest.mark.parametrize("pfad", ["", "Grenzen", "a/b", "..", "a b", "ä", "-a"])
def test_ein_pfad_ist_ein_wort(pfad: str) -> None:
    with pytest.raises(ValueError, match="no word of a path"):
        Beitrag(pfad, "T", "B", seite)


def test_eine_tabelle_hat_ueberall_gleich_viele_zellen() -> None:
    with pytest.raises(ValueError, match="as many cells"):
        Tabelle("T", ("A", "B"), (("1",),))
