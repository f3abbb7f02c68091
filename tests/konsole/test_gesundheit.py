"""What machines may ask without login: is it alive, does it work, and numbers for those who may see them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fachwerk import alarm, kennzahlen
from fachwerk.errors import PermanentError
from fachwerk.kennzahlen import Kennzahlen, als_text
from fachwerk.konsole import gesundheit
from fachwerk.konsole.gesundheit import Gemerkt
from fachwerk.tabellen import vorgang
from fachwerk.testkit.mitspieler import Stoerung
from fachwerk.testkit.welt import Welt, antrag_xml

NeuesPult = Callable[..., Any]

TAFEL = Path(__file__).resolve().parents[2] / "betrieb/grafana-fachwerk.json"
ZEILE = re.compile(r'fachwerk_[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? -?\d+(\.\d+)?')


def von(pult: Any, rechner: str, basis: str = "http://127.0.0.1") -> TestClient:
    """The same console, asked from another address."""
    return TestClient(pult.client.app, base_url=basis, client=(rechner, 50_000), follow_redirects=False)


def werte(text: str) -> dict[str, float]:
    zeilen = [zeile for zeile in text.splitlines() if not zeile.startswith("#")]
    return {name: float(wert) for name, _, wert in (zeile.rpartition(" ") for zeile in zeilen)}


def gefuellt(welt: Welt) -> Welt:
    """A delivered case and one that is held, polled with success, and an alarm."""
    for nummer in (1, 2):
        welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
        welt.durchlauf()
        welt.mit_schluessel.stoerungen.append(Stoerung(PermanentError("nein", "Nein.")))
    with welt.betrieb.store.transaktion("probe") as verbindung:
        alarm.melde(verbindung, alarm.KREIS_OFFEN, "ziel:akte", "nicht_da", "")
    return welt


# -- alive and ready --------------------------------------------------------------------------------------------------


def test_ob_der_prozess_lebt_erfaehrt_jeder_unter_jedem_namen(pult: NeuesPult) -> None:
    hier = pult()
    antwort = hier.hole("/healthz", host="10.1.2.3:8443")
    assert (antwort.status_code, antwort.text) == (200, "ok\n")
    assert hier.hole("/", host="10.1.2.3:8443").status_code == 421


def test_bereit_ist_wer_einen_platz_haelt_und_dessen_wache_geht(pult: NeuesPult) -> None:
    hier = pult()
    bereit = hier.client.app.state.gesundheit.bereit

    def frage() -> tuple[int, str]:
        bereit._antwort = None
        antwort = hier.hole("/readyz")
        return antwort.status_code, antwort.text.strip()

    assert frage() == (503, "ohne_platz")
    hier.welt.lebe()
    assert frage() == (200, "bereit")
    hier.welt.vergehe(minutes=2)
    assert frage() == (503, "wache_steht")


def test_eine_datenbank_die_weg_ist_oder_nicht_passt_steht_als_code_da(pult: NeuesPult, tmp_path: Path) -> None:
    hier = pult()
    with hier.store.datenbank.begin() as verbindung:
        verbindung.exec_driver_sql("UPDATE fachwerk_schema SET version_num = '9999'")
    assert hier.hole("/readyz").text == "datenbank_fremd\n"
    hier.client.app.state.gesundheit.bereit._antwort = None
    hier.store.datenbank.dispose()
    (tmp_path / "0.db").unlink()
    (tmp_path / "0.db").mkdir()
    assert hier.hole("/readyz").text == "datenbank_nicht_erreichbar\n"


def test_wer_oft_fragt_beschaeftigt_die_datenbank_nicht_und_wird_nicht_gebremst(pult: NeuesPult) -> None:
    hier, fragen = pult(), []
    hier.welt.lebe()
    gesundheit = hier.client.app.state.gesundheit
    gesundheit.bereit = Gemerkt(lambda: fragen.append(1) or (), 2.0, lambda: 0.0)
    assert {hier.hole("/readyz").status_code for _ in range(130)} == {200}
    assert len(fragen) == 1


def test_eine_gemerkte_antwort_gilt_nur_eine_weile() -> None:
    zeit, antworten = [0.0], iter("ab")
    gemerkt = Gemerkt(lambda: next(antworten), 2.0, lambda: zeit[0])
    assert [gemerkt.hole(), gemerkt.hole()] == ["a", "a"]
    zeit[0] = 2.0
    assert gemerkt.hole() == "b"


# -- who may see numbers ----------------------------------------------------------------------------------------------


def test_metriken_gibt_es_ohne_schluessel_nur_auf_diesem_rechner_und_nicht_durch_einen_proxy(pult: NeuesPult) -> None:
    hier = pult(konsole={"namen": ["fachwerk.example"]})
    assert von(hier, "127.0.0.1").get("/metrics").status_code == 200
    assert von(hier, "10.0.0.7", "http://fachwerk.example").get("/metrics").status_code == 403
    assert von(hier, "127.0.0.1", "http://fachwerk.example").get("/metrics").status_code == 403
    assert von(hier, "127.0.0.1").get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 403


def test_hinter_einem_proxy_der_anmeldet_braucht_es_immer_den_schluessel(pult: NeuesPult) -> None:
    assert von(pult(konsole={"anmeldung": "proxy"}), "127.0.0.1").get("/metrics").status_code == 403


def test_mit_schluessel_gibt_es_sie_ueberall_und_ohne_ihn_nirgends(
    pult: NeuesPult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRIKEN", "vier-rote-Dachziegel")
    hier = pult(konsole={"metriken_schluessel": "env:METRIKEN"})
    fern = von(hier, "10.0.0.7")
    richtig = {"Authorization": "Bearer vier-rote-Dachziegel"}
    assert fern.get("/metrics", headers=richtig).status_code == 200
    for falsch in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer vier-rote"}):
        assert von(hier, "127.0.0.1").get("/metrics", headers=falsch).status_code == 403
    monkeypatch.delenv("METRIKEN")
    assert fern.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403


# -- the numbers ------------------------------------------------------------------------------------------------------


def test_die_metriken_sagen_was_die_datenbank_weiss_und_keinen_inhalt(pult: NeuesPult) -> None:
    hier = pult(sicherung={"spiegel": "spiegel"})
    gefuellt(hier.welt)
    hier.welt.lebe()
    antwort = von(hier, "127.0.0.1").get("/metrics")
    assert antwort.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert [
        z for z in antwort.text.splitlines() if not (z.startswith(("# HELP ", "# TYPE ")) or ZEILE.fullmatch(z))
    ] == []
    zahlen = werte(antwort.text)
    assert zahlen['fachwerk_vorgaenge{status="done"}'] == 1
    assert zahlen['fachwerk_vorgaenge{status="held"}'] == 1
    assert zahlen['fachwerk_vorgaenge_gehalten{fuer="technik"}'] == 1
    assert zahlen['fachwerk_zustellungen_gehalten{ziel="akte"}'] == 1
    assert zahlen['fachwerk_zustellungen_wartend{ziel="akte"}'] == 0
    assert zahlen['fachwerk_alarme_offen{anlass="kreis_offen"}'] == 1
    assert zahlen['fachwerk_alarme_offen{anlass="bilanz"}'] == 0
    assert zahlen['fachwerk_abruf_alter_sekunden{kanal="postfach"}'] < 3600
    assert zahlen["fachwerk_datenbank_bytes"] > 0
    assert zahlen['fachwerk_platz_frei_bytes{ort="datenbank"}'] > 0
    assert any(name.startswith("fachwerk_herzschlag_alter_sekunden{") for name in zahlen)
    (gehalten,) = [zeile.id for zeile in hier.welt.vorgaenge() if zeile.status == "held"]
    assert gehalten not in antwort.text


def test_zaehler_beginnen_bei_null_und_zaehlen_jede_zeile_einmal(pult: NeuesPult) -> None:
    hier = pult()
    gefuellt(hier.welt)
    zahlen = Kennzahlen(hier.welt.betrieb)

    def zaehler() -> dict[str, float]:
        return {name: wert for name, wert in werte(als_text(zahlen.sammle())).items() if "_total" in name}

    assert zaehler() == {}
    hier.welt.mit_schluessel.stoerungen.clear()
    hier.welt.lege_ein("n-3", antrag_xml(uuid="u-3"))
    hier.welt.durchlauf()
    assert zaehler() == {}, "what is so young may still be overtaken"
    hier.welt.vergehe(minutes=1)
    erwartet = {
        'fachwerk_abrufe_total{ergebnis="gut",kanal="postfach"}': 1,
        'fachwerk_zustellungen_total{ergebnis="gut",ziel="akte"}': 1,
    }
    assert [zaehler(), zaehler()] == [erwartet, erwartet]


def test_gezaehlt_wird_nicht_weiter_als_noetig(pult: NeuesPult, monkeypatch: pytest.MonkeyPatch) -> None:
    hier = pult()
    gefuellt(hier.welt)
    monkeypatch.setattr(kennzahlen, "HOECHSTENS", 1)
    with hier.store.transaktion("probe") as verbindung:
        verbindung.execute(vorgang.update().values(status="done"))
    assert werte(als_text(Kennzahlen(hier.welt.betrieb).sammle()))['fachwerk_vorgaenge{status="done"}'] == 1


def test_namen_mit_anfuehrungszeichen_zerbrechen_das_format_nicht() -> None:
    eine = kennzahlen.Kennzahl("x", "gauge", "Probe.", [({"a": 'b"c\\d\ne'}, 1)])
    assert als_text([eine]).splitlines()[-1] == 'fachwerk_x{a="b\\"c\\\\d\\ne"} 1'


def test_die_tafel_fuer_grafana_nennt_nur_kennzahlen_die_es_gibt_und_fast_alle(pult: NeuesPult) -> None:
    gibt_es = {f"fachwerk_{eine.name}" for eine in Kennzahlen(pult().welt.betrieb).sammle()}
    tafel = json.loads(TAFEL.read_text(encoding="utf-8"))
    fragen = [ziel["expr"] for feld in tafel["panels"] for ziel in feld.get("targets", ())]
    genannt = {name for frage in fragen for name in re.findall(r"fachwerk_[a-z_]+", frage)}
    assert genannt - gibt_es == set()
    assert gibt_es - genannt == set()
    nummern = [feld["id"] for feld in tafel["panels"]]
    assert len(nummern) == len(set(nummern))
    assert tafel["title"] == "Fachwerk"


def test_eine_datenbank_die_nur_schweigt_laesst_niemanden_warten(
    pult: NeuesPult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gesundheit, "GEDULD_S", 0.05)
    hier, schweigt = pult(), threading.Event()
    hier.client.app.state.gesundheit.bereit = Gemerkt(lambda: schweigt.wait(60) or (), 2.0)
    antwort = hier.hole("/readyz")
    schweigt.set()
    assert (antwort.status_code, antwort.text) == (503, "datenbank_antwortet_nicht\n")
