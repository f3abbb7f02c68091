"""What a person does with a case in the console: seen before, done once, audited with the name, only with the right."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk.hookspecs import hookimpl
from fachwerk.modell import Art, Empfehlung, Manifest, OffenerPunkt, Votum
from fachwerk.tabellen import ereignis, vorgang
from fachwerk.testkit.welt import antrag_xml

NeuesPult = Callable[..., Any]
BOESE = "<script>alert(1)</script>"
ZWEI_ZIELE = {"akte": "mit_schluessel", "amt": "ohne_schutz"}


class Fallregeln:
    """Asks for ``einkommen`` and grants with it."""

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest(name="fallregeln", version="1", arten=frozenset({Art.REGELN}))

    @hookimpl
    def decide(self, antrag: Any, befunde: Any, stichtag: Any) -> Votum:
        fall = antrag.fall or {}
        if fremd := sorted(set(fall) - {"einkommen", "notiz", "haushalt"}):
            offen = tuple(OffenerPunkt(code="welt.fall_unlesbar", text=f"{feld}: gibt es nicht") for feld in fremd)
            return Votum(empfehlung=Empfehlung.VORLEGEN, offen=offen)
        if "einkommen" in fall:
            return Votum(empfehlung=Empfehlung.BEWILLIGEN)
        fehlt = OffenerPunkt(code="welt.fehlt", text=f"Einkommen fehlt {BOESE}", fundstelle="§ 1", person="Ada")
        return Votum(empfehlung=Empfehlung.NACHFORDERN, offen=(fehlt,))


def mit_fall(pult: NeuesPult, *rechte: str, **welt: Any) -> tuple[Any, str]:
    hier = pult(*rechte, ziel=ZWEI_ZIELE, plugins={"fallregeln": Fallregeln()}, **welt)
    hier.welt.regeln.votum = None
    hier.welt.format.fall = {"haushalt": [{"name": f"Ada {BOESE}"}]}
    hier.welt.lege_ein("n-1", antrag_xml(uuid="u-1"))
    hier.welt.durchlauf()
    return hier, hier.welt.der_vorgang().id


def halte(pult: Any, grund: str = "befund_sperrt") -> None:
    with pult.store.transaktion("test") as verbindung:
        verbindung.execute(vorgang.update().values(status="held", grund=grund, gehalten_fuer="sachbearbeitung"))


def lege_beiseite(pult: Any) -> None:
    """As if it had never been delivered: held at receipt."""
    from fachwerk.tabellen import quittung, zustellung

    with pult.store.transaktion("test") as verbindung:
        for tabelle in (quittung, zustellung):
            verbindung.execute(tabelle.delete())


def getan(pult: Any, kennung: str) -> list[tuple[str, str]]:
    frage = sa.select(ereignis.c.wer, ereignis.c.was).where(ereignis.c.kette == kennung).order_by(ereignis.c.nr)
    with pult.store.lesend() as verbindung:
        return [(z.wer, z.was) for z in verbindung.execute(frage) if z.wer == "lena" and z.was != "eingesehen"]


def test_eine_abgabe_zeigt_erst_das_schreiben_und_geht_dann_hinaus(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten")
    ort = f"/vorgang/{kennung}/abgeben"
    assert "was Fachwerk" not in hier.hole(ort).text
    angesehen = hier.handle(ort, ziel="amt", grund=f"Nicht zuständig {BOESE}").text
    assert "Abgabe eines Antrags an die zuständige Stelle" in angesehen
    assert BOESE not in angesehen
    assert getan(hier, kennung) == []
    antwort = hier.handle(ort, ziel="amt", grund="Nicht zuständig", bestaetigt="1")
    assert antwort.headers["location"] == f"/vorgang/{kennung}?getan=abgegeben"
    hier.welt.arbeite()
    assert hier.welt.der_vorgang().status == "forwarded"
    assert getan(hier, kennung) == [("lena", "abgegeben")]


@pytest.mark.parametrize(("ziel", "grund"), [("amt", " "), ("gibtsnicht", "weil"), ("", "weil")])
def test_ohne_ziel_oder_begruendung_geht_nichts_hinaus(pult: NeuesPult, ziel: str, grund: str) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten")
    antwort = hier.handle(f"/vorgang/{kennung}/abgeben", ziel=ziel, grund=grund, bestaetigt="1")
    assert (antwort.status_code, hier.welt.der_vorgang().status) == (409, "done")


def test_nur_ein_gehaltener_vorgang_wird_zurueckgegeben_und_das_schreiben_liegt_bei(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten")
    ort = f"/vorgang/{kennung}/zurueckgeben"
    assert "kann nicht zurückgegeben werden" in hier.hole(ort).text
    assert hier.handle(ort, wie="Brief", grund="falsche Stelle").status_code == 409
    lege_beiseite(hier)
    halte(hier)
    assert hier.handle(ort, wie="Brief", grund="falsche Stelle").status_code == 303
    assert (hier.welt.der_vorgang().status, getan(hier, kennung)) == ("returned", [("lena", "zurueckgegeben")])
    seite = hier.hole(f"/vorgang/{kennung}").text
    verweis = re.search(rf"/vorgang/{kennung}/schreiben/[\w.]+txt", seite)
    assert verweis
    brief = hier.hole(verweis[0])
    assert "falsche Stelle" in brief.text
    assert brief.headers["content-disposition"].startswith("attachment")
    assert hier.hole(f"/vorgang/{kennung}/schreiben/fachwerk.key").status_code == 404


def test_nachgesendet_wird_mit_begruendung_und_bei_unsicherem_ziel_nur_nach_rueckfrage(pult: NeuesPult) -> None:
    for ziel, bestaetigt in (("akte", {}), ("amt", {"nicht_angekommen": "1"})):
        hier, kennung = mit_fall(pult, "betrieb", route=[{"leistung": "*", "ziel": ziel}])
        ort = f"/vorgang/{kennung}/nachsenden"
        assert ("Beim Empfänger erfragt" in hier.hole(ort).text) is bool(bestaetigt)
        if bestaetigt:
            assert hier.handle(ort, ziel=ziel, grund="verloren").status_code == 409
        assert hier.handle(ort, ziel=ziel, grund=" ", **bestaetigt).status_code == 409
        assert hier.handle(ort, ziel=ziel, grund="verloren", **bestaetigt).status_code == 303
        assert ("lena", "nachgesendet") in getan(hier, kennung)


def test_noch_einmal_rechnen_zeigt_was_anders_waere_und_aendert_nichts(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "einsicht")
    ort = f"/vorgang/{kennung}/vergleich"
    assert "Zugestellt wird nichts" in hier.hole(ort).text
    assert getan(hier, kennung) == []
    assert "Kein Unterschied" in hier.handle(ort).text
    hier.welt.format.fall = {"einkommen": BOESE}
    seite = hier.handle(ort).text
    assert "Was heute anders wäre" in seite
    assert "bewilligen" in seite
    assert BOESE not in seite
    assert (hier.welt.der_vorgang().status, hier.welt.der_vorgang().empfehlung) == ("done", "nachfordern")
    assert getan(hier, kennung) == [("lena", "replay")] * 2


def test_eine_ergaenzung_wird_erst_angesehen_und_dann_neue_fassung(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten")
    ort = f"/vorgang/{kennung}/ergaenzen"
    formular = hier.hole(ort).text
    assert "# offen: Ada – Einkommen fehlt" in formular
    assert "#   - name: Ada" in formular
    assert BOESE not in formular
    vorschau = hier.handle(ort, angaben="# Notiz\neinkommen: 12000", woher="Anruf").text
    assert "<strong>bewilligen</strong>" in vorschau
    assert (hier.welt.der_vorgang().fassung, getan(hier, kennung)) == (1, [])
    lauf = re.search(r'name="lauf" value="(\d+)"', vorschau)
    assert lauf
    felder = {"angaben": "einkommen: 12000", "woher": "Anruf", "uebernehmen": "1"}
    assert hier.handle(ort, lauf="0", **felder).status_code == 409
    assert hier.handle(ort, lauf=lauf[1], **felder).status_code == 303
    hier.welt.arbeite()
    assert (hier.welt.der_vorgang().fassung, hier.welt.der_vorgang().empfehlung) == (2, "bewilligen")
    assert getan(hier, kennung) == [("lena", "ergaenzt")]


@pytest.mark.parametrize("angaben", ["", "# nur Notizen", "a: [", "!!python/object:os.system x", "gibtsnicht: 1"])
def test_was_nicht_zu_lesen_ist_wird_gesagt_und_nichts_geht_verloren(pult: NeuesPult, angaben: str) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten")
    antwort = hier.handle(f"/vorgang/{kennung}/ergaenzen", angaben=angaben, woher=f"Anruf {BOESE}", uebernehmen="1")
    assert (antwort.status_code, hier.welt.der_vorgang().fassung) == (409, 1)
    assert 'role="alert"' in antwort.text
    assert "Anruf &lt;script&gt;" in antwort.text


SEITEN = {
    "abgeben": {"ziel": "amt", "grund": "weil", "bestaetigt": "1"},
    "zurueckgeben": {"wie": "Brief", "grund": "weil"},
    "ergaenzen": {"angaben": "einkommen: 1", "woher": "Anruf", "uebernehmen": "1", "lauf": "1"},
    "nachsenden": {"ziel": "akte", "grund": "weil"},
    "vergleich": {},
}
DARF = {
    ("betrieb",): {"nachsenden"},
    ("einsicht",): {"vergleich"},
    ("verwalten",): {"nachsenden"},
    ("bearbeiten:anderer", "einsicht"): {"vergleich"},
}


@pytest.mark.parametrize("rechte", DARF, ids="-".join)
def test_wer_das_recht_nicht_hat_sieht_und_tut_es_nicht(pult: NeuesPult, rechte: tuple[str, ...]) -> None:
    hier, kennung = mit_fall(pult, *rechte)
    vorgangsseite = hier.hole(f"/vorgang/{kennung}").text
    for ort in SEITEN.keys() - DARF[rechte]:
        assert hier.hole(f"/vorgang/{kennung}/{ort}").status_code == 403
        assert hier.handle(f"/vorgang/{kennung}/{ort}", **SEITEN[ort]).status_code == 403
        assert f"/{ort}" not in vorgangsseite
    for ort in DARF[rechte]:
        assert hier.hole(f"/vorgang/{kennung}/{ort}").status_code == 200
    assert getan(hier, kennung) == []


def test_ohne_token_und_auf_fremden_kanaelen_geschieht_nichts(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten")
    for ort, felder in SEITEN.items():
        assert hier.sende(f"/vorgang/{kennung}/{ort}", **felder).status_code == 403
    hier.lege_konto_an("bearbeiten:anderer", name="udo")
    hier.melde_an("udo")
    for ort, felder in SEITEN.items():
        assert hier.handle(f"/vorgang/{kennung}/{ort}", **felder).status_code == 404
    assert getan(hier, kennung) == []


def test_angeboten_wird_nur_was_gehen_kann(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten")
    orte = {ort: f'href="/vorgang/{kennung}/{ort}"' for ort in SEITEN}
    seite = hier.hole(f"/vorgang/{kennung}").text
    assert {ort for ort, verweis in orte.items() if verweis in seite} == SEITEN.keys() - {"zurueckgeben"}
    halte(hier, "schadsoftware")
    seite = hier.hole(f"/vorgang/{kennung}").text
    assert {ort for ort, verweis in orte.items() if verweis in seite} == {"zurueckgeben", "nachsenden"}
    for ort in ("abgeben", "ergaenzen", "vergleich"):
        assert hier.handle(f"/vorgang/{kennung}/{ort}", **SEITEN[ort]).status_code == 409


def test_was_nicht_gelesen_wurde_wird_nicht_zum_ergaenzen_angeboten(pult: NeuesPult) -> None:
    hier = pult("bearbeiten")
    hier.welt.lege_ein("n-1", b"<unbekannt/>")
    assert hier.welt.durchlauf() == ["held"]
    kennung = hier.welt.der_vorgang().id
    assert f"/vorgang/{kennung}/ergaenzen" not in hier.hole(f"/vorgang/{kennung}").text
    antwort = hier.handle(f"/vorgang/{kennung}/ergaenzen", **SEITEN["ergaenzen"])
    assert (antwort.status_code, "ergaenzung_ohne_antrag" in antwort.text) == (409, True)


def test_nach_einer_ablehnung_fuehrt_ein_verweis_zum_vorgang_zurueck(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten")
    antwort = hier.handle(f"/vorgang/{kennung}/zurueckgeben", wie="Brief", grund="weil")
    assert f'<a href="/vorgang/{kennung}">Zum Vorgang</a>' in antwort.text
