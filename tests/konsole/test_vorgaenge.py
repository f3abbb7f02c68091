"""The list of cases and the page of one: who sees what, what a look leaves behind, and what hostile content can do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk.konsole import xmlansicht
from fachwerk.konsole.seiten.vorgang import dateiname
from fachwerk.tabellen import ereignis, vorgang, zustellung
from fachwerk.testkit.welt import antrag_xml
from fachwerk.vorgangssuche import Suche, finde

NeuesPult = Callable[..., Any]
BOESE = "<script>alert(1)</script>"


def mit_fall(pult: NeuesPult, *rechte: str, uuid: str = "u-1", **welt: Any) -> tuple[Any, str]:
    hier = pult(*rechte, **welt)
    hier.welt.lege_ein("n-1", antrag_xml(uuid=uuid), (f"{BOESE}.pdf", "text/html", b"<script>alert(2)</script>"))
    hier.welt.durchlauf()
    return hier, hier.welt.der_vorgang().id


def eingesehen(pult: Any, kennung: str) -> list[tuple[str, str]]:
    frage = sa.select(ereignis.c.wer, ereignis.c.code).where(
        ereignis.c.kette == kennung, ereignis.c.was == "eingesehen"
    )
    with pult.store.lesend() as verbindung:
        return [tuple(zeile) for zeile in verbindung.execute(frage)]


@pytest.mark.parametrize("rechte", [("betrieb",), ("betrieb", "bearbeiten:anderer")], ids="-".join)
def test_wer_betreibt_sieht_zustand_und_journal_aber_keinen_inhalt(pult: NeuesPult, rechte: tuple[str, ...]) -> None:
    hier, kennung = mit_fall(pult, *rechte)
    seite = hier.hole(f"/vorgang/{kennung}")
    assert (seite.status_code, "Inhalt ansehen" in seite.text) == (200, False)
    for pfad in ("inhalt", "original", "teil/x"):
        assert hier.hole(f"/vorgang/{kennung}/{pfad}").status_code == 403
    assert eingesehen(hier, kennung) == []


def test_jeder_blick_in_den_inhalt_ist_vermerkt(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "einsicht")
    assert hier.hole(f"/vorgang/{kennung}").status_code == 200
    assert eingesehen(hier, kennung) == []
    inhalt = hier.hole(f"/vorgang/{kennung}/inhalt")
    hier.hole(f"/vorgang/{kennung}/original")
    teil = re.search(rf"/vorgang/{kennung}/teil/(\w+)", inhalt.text)
    assert teil
    hier.hole(teil[0])
    assert eingesehen(hier, kennung) == [("lena", "inhalt"), ("lena", "original"), ("lena", f"teil {teil[1]}")]
    assert hier.store.pruefe_kette(kennung) is None


def test_was_der_absender_schreibt_wird_nie_zu_html(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "einsicht", uuid=BOESE.replace("<", "&lt;").replace(">", "&gt;"))
    for pfad in ("", "/inhalt", "/original", "/original?form=roh"):
        assert BOESE not in hier.hole(f"/vorgang/{kennung}{pfad}").text
    assert BOESE not in hier.hole(f"/vorgaenge?q={BOESE}&kanal={BOESE}").text


def test_eine_anlage_wird_heruntergeladen_und_nie_im_browser_gezeigt(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "einsicht")
    teile = re.findall(rf"/vorgang/{kennung}/teil/\w+", hier.hole(f"/vorgang/{kennung}/inhalt").text)
    antwort = next(a for a in map(hier.hole, teile) if a.content == b"<script>alert(2)</script>")
    assert antwort.headers["content-type"] == "application/octet-stream"
    assert antwort.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert "sandbox" in antwort.headers["content-security-policy"]


def test_was_die_virenpruefung_gemeldet_hat_gibt_die_konsole_nicht_heraus(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "einsicht")
    teil = re.search(rf"/vorgang/{kennung}/teil/\w+", hier.hole(f"/vorgang/{kennung}/inhalt").text)
    assert teil
    with hier.store.transaktion("test") as verbindung:
        verbindung.execute(vorgang.update().values(status="held", grund="schadsoftware"))
    assert hier.hole(teil[0]).status_code == 409


def test_ein_teil_eines_anderen_vorgangs_ist_ueber_diesen_nicht_zu_haben(pult: NeuesPult) -> None:
    hier, erster = mit_fall(pult, "einsicht")
    teil = re.search(r"/teil/(\w+)", hier.hole(f"/vorgang/{erster}/inhalt").text)
    hier.welt.lege_ein("n-2", antrag_xml(uuid="u-2"))
    hier.welt.durchlauf()
    (zweiter,) = [zeile.id for zeile in hier.welt.vorgaenge() if zeile.id != erster]
    assert teil
    assert hier.hole(f"/vorgang/{zweiter}/teil/{teil[1]}").status_code == 404


def test_ein_vorgang_eines_kanals_ohne_recht_ist_wie_keiner(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "bearbeiten:anderer")
    assert kennung[:12] not in hier.hole("/vorgaenge").text
    assert f"/vorgang/{kennung}" not in hier.hole(f"/vorgaenge?q={kennung}").text
    for pfad in ("", "/inhalt", "/original"):
        assert hier.hole(f"/vorgang/{kennung}{pfad}").status_code == 404
    assert hier.handle(f"/vorgang/{kennung}/wiederhole").status_code == 404


def test_freigeben_darf_nur_wer_bearbeitet_und_nur_mit_grund(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "betrieb")
    with hier.store.transaktion("test") as verbindung:
        gehalten = {"status": "held", "grund": "weiterleiten", "gehalten_fuer": "sachbearbeitung"}
        verbindung.execute(vorgang.update().values(**gehalten))
    assert hier.handle(f"/vorgang/{kennung}/gib-frei", grund="geprüft").status_code == 403
    hier.lege_konto_an("bearbeiten", name="mara")
    hier.melde_an("mara")
    assert hier.handle(f"/vorgang/{kennung}/gib-frei", grund="").status_code == 409
    assert hier.handle(f"/vorgang/{kennung}/gib-frei", grund="geprüft").status_code == 303
    assert "geprüft" in hier.hole(f"/vorgang/{kennung}").text


def test_was_im_ziel_gefunden_wurde_gilt_als_uebergeben_und_nur_mit_grund(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "betrieb")
    with hier.store.transaktion("test") as verbindung:
        offen = {"status": "gehalten", "code": "ausgang_unbekannt", "absicht_von": "p"}
        verbindung.execute(zustellung.update().values(**offen))
        verbindung.execute(vorgang.update().values(status="held", grund="ausgang_unbekannt", gehalten_fuer="betrieb"))
    weg = f"/vorgang/{kennung}/angekommen?ziel=akte"
    assert "angekommen?ziel=akte" not in hier.hole(f"/vorgang/{kennung}").text
    assert hier.handle(weg, grund="liegt da").status_code == 403
    hier.lege_konto_an("bearbeiten", name="mara")
    hier.melde_an("mara")
    assert f'action="{weg}"' in hier.hole(f"/vorgang/{kennung}").text
    assert hier.handle(weg, grund="").status_code == 409
    assert hier.handle(weg, grund="Liegt in der Akte.").status_code == 303
    seite = hier.hole(f"/vorgang/{kennung}").text
    assert ("Liegt in der Akte." in seite, "angekommen?ziel" in seite) == (True, False)
    assert hier.welt.der_vorgang().status == "done"


def test_unsinnige_filter_zeigen_eine_liste_und_keinen_fehler(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "betrieb")
    for frage in ("status=gibtsnicht", "von=gestern&bis=31.02.2026", "vor=unsinn", "vor=2026-01-01~", "q=%00%ff"):
        assert hier.hole(f"/vorgaenge?{frage}").status_code == 200
    assert kennung[:12] in hier.hole("/vorgaenge?von=unsinn").text


@pytest.mark.parametrize(
    ("name", "sicher"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\\b\\c.pdf", "c.pdf"),
        ("x\r\ny: z", "x__y_ z"),
        ("", "datei"),
        ("...", "datei"),
    ],
)
def test_ein_dateiname_ist_nie_ein_pfad(name: str, sicher: str) -> None:
    assert dateiname(name) == sicher


def test_xml_wird_eingerueckt_und_boeses_nicht_aufgeloest() -> None:
    assert xmlansicht.lesbar(b"<a><b>1</b></a>") == "<a>\n  <b>1</b>\n</a>"
    assert "DOCTYPE" in xmlansicht.lesbar(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')
    assert "kein lesbares XML" in xmlansicht.lesbar(b"<a><b></a>")
    assert "5000 Zeichen" in xmlansicht.lesbar(b"<a>" + b"x" * 5000 + b"</a>")


# -- search -----------------------------------------------------------------------------------------------------------


def test_die_suche_blaettert_durch_alle_ohne_eine_doppelt_zu_zeigen(pult: NeuesPult) -> None:
    hier = pult()
    for nummer in range(7):
        hier.welt.lege_ein(f"n-{nummer}", antrag_xml(uuid=f"u-{nummer}"))
    hier.welt.durchlauf()
    gesehen, vor = [], None
    while True:
        zeilen, vor = finde(hier.store, Suche(vor=vor), 3)
        gesehen += [zeile.id for zeile in zeilen]
        if vor is None:
            break
    assert sorted(gesehen) == sorted(zeile.id for zeile in hier.welt.vorgaenge())
    assert len(set(gesehen)) == 7


def test_gefunden_wird_nach_anfang_der_kennung_nach_nachricht_und_nach_uuid(pult: NeuesPult) -> None:
    hier, kennung = mit_fall(pult, "betrieb")
    for text in (kennung[:8], kennung[:8].upper(), "n-1", "u-1"):
        assert [zeile.id for zeile in finde(hier.store, Suche(text=text))[0]] == [kennung]
    assert finde(hier.store, Suche(text="u-"))[0] == []
    assert finde(hier.store, Suche(text=kennung, kanaele=("anderer",)))[0] == []
