"""Nobody gets past the door of the console who should not, and who gets in stays no longer than allowed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk import konten
from fachwerk.konsole.app import sicherer_ort
from fachwerk.konsole.drossel import Drossel
from fachwerk.rechte import Erteilt, Person, Recht
from fachwerk.store import BETRIEB
from fachwerk.tabellen import ereignis, konto, sitzung

NeuesPult = Callable[..., Any]


def test_ohne_anmeldung_fuehrt_jede_seite_zur_anmeldung(pult: NeuesPult) -> None:
    antwort = pult().hole("/?a=1")
    assert (antwort.status_code, antwort.headers["location"]) == (303, "/anmeldung?weiter=/%3Fa%3D1")


def test_wer_sich_anmeldet_kommt_auf_die_gewuenschte_seite_und_beides_ist_vermerkt(pult: NeuesPult) -> None:
    hier = pult("betrieb", angemeldet=False)
    antwort = hier.melde_an(weiter="/?a=1")
    assert (antwort.status_code, antwort.headers["location"]) == (303, "/?a=1")
    assert {"httponly", "samesite=strict"} <= set(antwort.headers["set-cookie"].lower().split("; "))
    assert hier.hole("/").status_code == 200
    hier.handle("/abmeldung")
    assert hier.hole("/").status_code == 303
    frage = sa.select(ereignis.c.wer, ereignis.c.was).where(ereignis.c.kette == BETRIEB).order_by(ereignis.c.nr)
    with hier.store.lesend() as verbindung:
        vermerkt = [tuple(zeile) for zeile in verbindung.execute(frage)]
    assert vermerkt == [("test", "konto_angelegt"), ("lena", "angemeldet"), ("lena", "abgemeldet")]


def test_ob_name_oder_kennwort_falsch_war_erfaehrt_niemand(pult: NeuesPult) -> None:
    hier = pult("betrieb", angemeldet=False)
    for name, kennwort in (("lena", "falsch"), ("niemand", "vier rote Dachziegel"), ("", "")):
        antwort = hier.melde_an(name, kennwort)
        assert (antwort.status_code, "set-cookie" in antwort.headers) == (401, False)
        assert "Name oder Kennwort stimmen nicht." in antwort.text


def test_nach_fuenf_falschen_kennworten_hilft_auch_das_richtige_erst_einmal_nicht(pult: NeuesPult) -> None:
    hier = pult("betrieb", angemeldet=False)
    for _ in range(konten.FREIE_VERSUCHE):
        hier.melde_an(kennwort="falsch")
    assert "gesperrt" in hier.melde_an().text
    hier.welt.vergehe(minutes=2)
    assert hier.melde_an().status_code == 303


def test_ein_rechner_der_kennworte_durchprobiert_wird_gebremst(pult: NeuesPult) -> None:
    hier = pult("betrieb", angemeldet=False)
    hier.client.app.state.konsole.anmeldebremse = Drossel(10, 10, lambda: 0.0)
    assert [hier.melde_an(f"name{nr}").status_code for nr in range(12)] == [401] * 10 + [429] * 2


def test_ein_formular_ohne_das_richtige_zeichen_der_sitzung_aendert_nichts(pult: NeuesPult) -> None:
    hier = pult("verwalten")
    for falsch in ({}, {"csrf": "falsch"}):
        assert hier.sende("/abmeldung", **falsch).status_code == 403
    assert hier.hole("/").status_code == 200


def test_ein_formular_von_einer_fremden_seite_wird_abgewiesen(pult: NeuesPult) -> None:
    hier = pult("verwalten")
    zeichen = hier.csrf
    fremde = ({"Origin": "https://boese.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})
    assert [hier.sende("/abmeldung", kopf, csrf=zeichen).status_code for kopf in fremde] == [403, 403, 403]
    assert hier.hole("/").status_code == 200


def test_unter_fremdem_namen_antwortet_die_konsole_nicht(pult: NeuesPult) -> None:
    hier = pult(konsole={"listen": "127.0.0.1:8443", "namen": ["fachwerk.musterow.example"]})
    assert hier.hole("/anmeldung", Host="boese.example").status_code == 421
    assert hier.hole("/anmeldung", Host="fachwerk.musterow.example:8443").status_code == 200


@pytest.mark.parametrize(("spalte", "alter"), [("zuletzt", timedelta(minutes=31)), ("angelegt", timedelta(hours=11))])
def test_eine_sitzung_endet_durch_ruhe_und_auf_jeden_fall_nach_einigen_stunden(
    pult: NeuesPult, spalte: str, alter: timedelta
) -> None:
    hier = pult("betrieb")
    with hier.store.transaktion("test") as verbindung:
        frueher = getattr(verbindung.execute(sa.select(sitzung)).one(), spalte) - alter
        verbindung.execute(sitzung.update().values({spalte: frueher}))
    assert hier.hole("/").status_code == 303


def test_mit_dem_konto_enden_seine_sitzungen(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    konten.entferne(hier.store, "lena", "test")
    assert hier.hole("/").status_code == 303


def test_in_der_datenbank_steht_weder_kennwort_noch_das_zeichen_des_browsers(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    with hier.store.lesend() as verbindung:
        zeilen = [*verbindung.execute(sa.select(konto)), *verbindung.execute(sa.select(sitzung))]
    gespeichert = " ".join(str(wert) for zeile in zeilen for wert in zeile)
    assert "Dachziegel" not in gespeichert
    assert hier.client.cookies["fachwerk"] not in gespeichert


def test_jede_antwort_verbietet_fremde_inhalte_und_das_einrahmen(pult: NeuesPult) -> None:
    hier = pult()
    for pfad in ("/anmeldung", "/gibt-es-nicht", "/statisch/konsole.css", "/"):
        kopf = hier.hole(pfad).headers
        assert "default-src 'none'" in kopf["content-security-policy"]
        assert (kopf["x-content-type-options"], kopf["x-frame-options"]) == ("nosniff", "DENY")


def test_nur_der_vorgeschaltete_server_darf_sagen_wer_angemeldet_ist(pult: NeuesPult) -> None:
    hier = pult("betrieb", angemeldet=False, konsole={"anmeldung": "proxy", "proxy_adressen": ["testclient"]})
    wer = "X-Remote-User"
    assert hier.hole("/", **{wer: "lena"}).status_code == 200
    assert hier.hole("/", **{wer: "fremde"}).status_code == 303
    assert hier.hole("/").status_code == 303
    assert hier.client.get("/", headers=[(wer, "lena"), (wer, "lena")]).status_code == 303
    assert hier.melde_an().status_code == 429
    fern = pult("betrieb", angemeldet=False, konsole={"anmeldung": "proxy", "proxy_adressen": ["192.0.2.1"]})
    assert fern.hole("/", **{wer: "lena"}).status_code == 303
    assert "vorgeschalteter Server" in fern.hole("/anmeldung").text


@pytest.mark.parametrize("weiter", ["https://boese.example/", "//boese.example", "/\\boese.example", "boese", "/a\rb"])
def test_nach_der_anmeldung_geht_es_nie_auf_eine_fremde_seite(weiter: str) -> None:
    assert sicherer_ort(weiter) == "/"


def test_wer_verwaltet_oder_betreibt_sieht_darum_noch_keine_inhalte() -> None:
    for recht in (Recht.BETRIEB, Recht.VERWALTEN):
        assert not Person("p", (Erteilt(recht),)).darf(Recht.EINSICHT)
    assert Person("p", (Erteilt(Recht.BEARBEITEN, "a"),)).darf(Recht.EINSICHT, "a")
    assert not Person("p", (Erteilt(Recht.BEARBEITEN, "a"),)).darf(Recht.EINSICHT, "b")


def test_ein_recht_fuer_einen_kanal_zeigt_nur_dessen_vorgaenge() -> None:
    assert Person("p", (Erteilt(Recht.EINSICHT, "b"),)).kanaele(("a", "b", "c")) == ("b",)
    assert Person("p", (Erteilt(Recht.BETRIEB),)).kanaele(("a", "b")) == ("a", "b")
    assert not Person("p", (Erteilt(Recht.VERWALTEN, "b"),)).darf_ueberall(Recht.VERWALTEN)


def test_ein_schwaches_kennwort_wird_nicht_genommen(pult: NeuesPult) -> None:
    store = pult().store
    for kennwort in ("kurz", "aaaaaaaaaaaaaaaa", "lena-ist-lang-genug", "x" * 2000):
        with pytest.raises(konten.KontoError, match="Zeichen"):
            konten.lege_an(store, "lena", kennwort, [Erteilt(Recht.BETRIEB)], "test")


def test_die_bremse_laesst_nach_und_nach_wieder_durch() -> None:
    uhr = [0.0]
    bremse = Drossel(2, 60, lambda: uhr[0])
    assert [bremse.laesst_durch("a") for _ in range(3)] == [True, True, False]
    assert bremse.laesst_durch("b")
    uhr[0] = 1.0
    assert [bremse.laesst_durch("a") for _ in range(2)] == [True, False]


def test_wo_nichts_ist_bleibt_die_navigation_aber_nur_fuer_angemeldete(pult: NeuesPult) -> None:
    hier = pult("betrieb")
    antwort = hier.hole("/gibtsnicht")
    assert (antwort.status_code, "Hauptmenü" in antwort.text) == (404, True)
    hier.client.cookies.clear()
    assert "Hauptmenü" not in hier.hole("/gibtsnicht").text
