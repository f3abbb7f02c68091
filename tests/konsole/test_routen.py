"""Routes, connection and plugins in the console: who sees them, who sets a route, and what stands in a sheet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from fachwerk import routenstand
from fachwerk.anbindung.frist import heute
from fachwerk.routen import Zustand
from fachwerk.testkit.welt import antrag_xml

NeuesPult = Callable[..., Any]
BOESE = "<script>alert(1)</script>"


def zustand(pult: Any) -> Zustand:
    return routenstand.heutige(pult.welt.betrieb)[0].zustand


def test_wer_verwaltet_stellt_eine_route_um_und_nimmt_es_zurueck(pult: NeuesPult) -> None:
    hier = pult("verwalten")
    antwort = hier.handle("/routen/1", zustand="pausiert", grund=f"Umzug {BOESE}", bis=f"{heute() + timedelta(9)}")
    assert (antwort.headers["location"], zustand(hier)) == ("/routen?getan=umgestellt", Zustand.PAUSIERT)
    seite = hier.hole("/routen").text
    assert "durch lena" in seite
    assert "Umzug &lt;script&gt;" in seite
    assert BOESE not in seite
    assert "route zustand" in hier.hole("/protokoll").text
    hier.handle("/routen/1", zustand="konfiguriert", grund="wieder da")
    assert zustand(hier) is Zustand.LIVE


def test_was_die_route_hielt_laeuft_auf_wunsch_weiter(pult: NeuesPult) -> None:
    hier = pult("verwalten")
    hier.handle("/routen/1", zustand="pausiert", grund="Umzug")
    hier.welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    assert hier.welt.durchlauf() == ["held"]
    hier.handle("/routen/1", zustand="live", grund="fertig", nachholen="1")
    assert hier.welt.durchlauf() == ["done"]


@pytest.mark.parametrize(
    "felder",
    [
        {"zustand": "pausiert", "grund": " "},
        {"zustand": "erfunden", "grund": "weil"},
        {"zustand": "", "grund": "weil"},
        {"zustand": "pausiert", "grund": "weil", "ab": "morgen"},
        {"zustand": "live", "grund": "weil", "bis": "2999-01-01"},
        {"zustand": "pausiert", "grund": "weil", "bis": "2001-01-01"},
    ],
    ids=lambda felder: "-".join(map(str, felder.values())),
)
def test_was_nicht_gelten_kann_aendert_nichts(pult: NeuesPult, felder: dict[str, str]) -> None:
    hier = pult("verwalten")
    assert (hier.handle("/routen/1", **felder).status_code, zustand(hier)) == (409, Zustand.LIVE)


@pytest.mark.parametrize("recht", ["betrieb", "einsicht", "bearbeiten", "verwalten:postfach"])
def test_nur_wer_alles_verwaltet_stellt_um(pult: NeuesPult, recht: str) -> None:
    hier = pult(recht)
    assert "<summary>Umstellen" not in hier.hole("/routen").text
    assert hier.handle("/routen/1", zustand="pausiert", grund="weil").status_code == 403
    assert zustand(hier) is Zustand.LIVE


def test_eine_route_die_es_nicht_gibt_wird_nicht_umgestellt(pult: NeuesPult) -> None:
    hier = pult("verwalten")
    for nummer in ("0", "2", "x", "1%20"):
        assert hier.handle(f"/routen/{nummer}", zustand="pausiert", grund="weil").status_code == 404


def test_die_route_eines_fremden_kanals_ist_nicht_zu_sehen(pult: NeuesPult) -> None:
    route = [{"leistung": "wbs", "ziel": "akte", "kanal": "postfach", "name": "geheim"}]
    hier = pult("betrieb:anderer", route=route)
    assert "geheim" not in hier.hole("/routen").text


def test_die_anbindung_nennt_jede_leistung_und_was_niemand_weiss(pult: NeuesPult) -> None:
    from fachwerk import katalog
    from fachwerk.anbindung.stufen import Anbindungsstufe, vermerke

    hier = pult("betrieb")
    tag = date(2026, 1, 2)
    vermerke(hier.store, "wbs", Anbindungsstufe.BESTAETIGT, tag, heute(), wer="test")
    seite = hier.hole("/anbindung").text
    assert "Bestätigung erhalten am 02.01.2026" in seite
    assert all(leistung.wort in seite for leistung in katalog.leistungen())
    assert "unbekannt" in seite


def test_das_blatt_einer_erweiterung_steht_als_text_da_und_nur_ihres(pult: NeuesPult) -> None:
    hier = pult("betrieb", konsole={"blaetter": "blaetter"})
    version = hier.welt.plugins.version("mit_schluessel")
    ordner = hier.welt.betrieb.einstellungen.pfad("blaetter")
    ordner.mkdir()
    (ordner / f"konformitaet-mit_schluessel-{version}.md").write_text(f"bestanden {BOESE}")
    (ordner / "konformitaet-mit_abfrage-0.0.0.md").write_text("eine andere Version")
    seite = hier.hole("/erweiterungen/mit_schluessel").text
    assert "bestanden &lt;script&gt;" in seite
    assert "eine andere Version" not in hier.hole("/erweiterungen/mit_abfrage").text
    liste = hier.hole("/erweiterungen").text
    assert liste.count("Blatt hinterlegt</td>") == len(hier.welt.plugins.namen)
    assert liste.count("kein Blatt hinterlegt</td>") == len(hier.welt.plugins.namen) - 1


def test_ohne_ordner_sagt_die_seite_wo_das_blatt_hingehoert(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    assert "[konsole] blaetter" in hier.hole("/erweiterungen/mit_schluessel").text
    for name in ("gibtsnicht", "..%2f..%2ffachwerk", "mit_schluessel%00"):
        assert hier.hole(f"/erweiterungen/{name}").status_code == 404
