"""A case is calculated once more with today's plugins: nothing is delivered, and every difference is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from fachwerk import aufbewahrung, nachtrag, wiederlauf
from fachwerk.cli import vergleichstext, vorgang
from fachwerk.eingriff import EingriffError
from fachwerk.errors import NeedsHumanError, PermanentError
from fachwerk.modell import Befund, Dringlichkeit, Empfehlung, OffenerPunkt, Rechenschritt, Schwere, Votum
from fachwerk.tabellen import ereignis, zustellung
from fachwerk.testkit.welt import Welt, antrag_xml
from fachwerk.viren import Fund

Bau = Callable[..., Welt]
EINKOMMEN = Rechenschritt(name="Gesamteinkommen", wert="20419.84", fundstelle="§ 20 WoFG")


class Pruefer:
    """A scanner that knows one word."""

    def pruefe(self, strom: Iterable[bytes]) -> Fund | None:
        return Fund("Testfund") if b"EICAR" in b"".join(strom) else None

    def erreichbar(self) -> None:
        """Always."""


@pytest.fixture
def datenbank_url(sqlite_url: str) -> str:
    """One database is enough here: that both keep what is committed, the kills in tests/system show."""
    return sqlite_url


@pytest.fixture
def gerechnet(welt: Welt) -> Welt:
    """One delivered case with a figure."""
    welt.regeln.votum = Votum(empfehlung=Empfehlung.BEWILLIGEN, begruendung=(EINKOMMEN,), ergebnis={"stufe": "A"})
    welt.lege_ein("n-1", antrag_xml(uuid="1", produkt="wbs"), ("a.pdf", "application/pdf", b"%PDF a"))
    assert welt.durchlauf() == ["done"]
    return welt


def vergleiche(welt: Welt) -> wiederlauf.Vergleich:
    return wiederlauf.vergleiche(welt.betrieb, welt.der_vorgang().id)


def pfade(vergleich: wiederlauf.Vergleich) -> set[tuple[str, str]]:
    return {(unterschied.teil, unterschied.pfad) for unterschied in vergleich.unterschiede}


def test_the_same_plugins_give_the_same_result(gerechnet: Welt) -> None:
    vergleich = vergleiche(gerechnet)
    assert vergleich.unterschiede == ()
    assert vergleich.heute.entscheidung == vergleich.damals.entscheidung is not None
    assert vergleich.heute.sendungen == vergleich.damals.sendungen != {}
    assert "Kein Unterschied" in vergleichstext.als_text(vergleich, werte=False)


def test_what_the_rules_say_differently_today_is_named(gerechnet: Welt) -> None:
    neu = EINKOMMEN.model_copy(update={"wert": "21000.00"})
    punkt = OffenerPunkt(code="grenze", text="Knapp an der Grenze.")
    gerechnet.regeln.votum = Votum(
        empfehlung=Empfehlung.VORLEGEN, dringlichkeit=Dringlichkeit.HOCH, begruendung=(neu,), offen=(punkt,)
    )
    gerechnet.regeln.befunde = [Befund(code="frist", schwere=Schwere.WARNUNG, text="Bald.")]
    assert pfade(vergleiche(gerechnet)) == {
        ("ablauf", "empfehlung"),
        ("ablauf", "dringlichkeit"),
        ("befund", "regelwerk:frist:"),
        ("ergebnis", "regelwerk:Gesamteinkommen"),
        ("ergebnis", "regelwerk:ergebnis.stufe"),
        ("ergebnis", "offen:grenze"),
        ("sendung akte", "vermerk.txt"),
    }


def test_what_is_read_differently_today_is_named_by_its_path(gerechnet: Welt) -> None:
    gerechnet.format.felder = {"neu/feld": "ja"}
    gerechnet.format.fall = {"haushalt": [{"name": "Mücke"}]}
    assert {("angabe", "felder.neu/feld"), ("angabe", "fall.haushalt.0.name")} <= pfade(vergleiche(gerechnet))


def test_another_version_of_a_plugin_is_named(gerechnet: Welt, monkeypatch: pytest.MonkeyPatch) -> None:
    klasse, echt = type(gerechnet.plugins), type(gerechnet.plugins).version
    monkeypatch.setattr(klasse, "version", lambda self, name: "9.9" if name == "regelwerk" else echt(self, name))
    (unterschied,) = vergleiche(gerechnet).unterschiede
    assert (unterschied.teil, unterschied.pfad, unterschied.vorher, unterschied.nachher) == (
        "plugin",
        "regelwerk",
        "2026.11.0",
        "9.9",
    )


def test_nothing_is_delivered_and_the_case_stays_as_it_is(gerechnet: Welt) -> None:
    vorher = (gerechnet.der_vorgang(), gerechnet.zeilen(zustellung), len(gerechnet.mit_schluessel.versuche))
    gerechnet.regeln.votum = Votum(empfehlung=Empfehlung.WEITERLEITEN)
    vergleich = vergleiche(gerechnet)
    for _ in range(2):
        wiederlauf.vermerke(gerechnet.betrieb, vergleich, "anna")
    assert gerechnet.arbeite() == 0
    assert (gerechnet.der_vorgang(), gerechnet.zeilen(zustellung), len(gerechnet.mit_schluessel.versuche)) == vorher
    assert gerechnet.journal()[-2:] == [("replay", ""), ("replay", "")]
    zeilen = [(zeile.wer, zeile.code) for zeile in gerechnet.zeilen(ereignis) if zeile.was == "replay"]
    assert zeilen == [("anna", "abweichend")] * 2
    assert pfade(vergleiche(gerechnet)) == pfade(vergleich), "a replay is no run that a later one is compared with"


def test_a_run_that_stops_today_is_compared_with_one_that_did_not(gerechnet: Welt) -> None:
    gerechnet.format.fehler = NeedsHumanError("version_unbekannt", "Welche Version gilt?")
    vergleich = vergleiche(gerechnet)
    assert vergleich.heute.gehalten == "version_unbekannt"
    assert ("ablauf", "gehalten") in pfade(vergleich)
    wiederlauf.vermerke(gerechnet.betrieb, vergleich, "anna")
    assert gerechnet.journal()[-1] == ("replay", "version_unbekannt")


def test_a_case_that_was_held_shows_what_would_come_of_it_today(welt: Welt) -> None:
    welt.format.fehler = NeedsHumanError("version_unbekannt", "Welche Version gilt?")
    welt.lege_ein("n-1", antrag_xml(uuid="1"))
    assert welt.durchlauf() == ["held"]
    assert vergleiche(welt).unterschiede == ()
    welt.format.fehler = None
    vergleich = vergleiche(welt)
    assert vergleich.heute.entscheidung is not None
    assert {("ablauf", "gehalten"), ("ablauf", "empfehlung")} <= pfade(vergleich)
    assert welt.der_vorgang().status == "held"


def test_what_a_person_added_counts_today_as_it_did_then(gerechnet: Welt) -> None:
    gerechnet.format.fall = {"haerte": False}
    kennung = gerechnet.der_vorgang().id
    vorschau = nachtrag.probiere(gerechnet.betrieb, kennung, {"haerte": True}, wer="anna", woher="Anruf")
    nachtrag.uebernimm(gerechnet.betrieb, vorschau)
    gerechnet.arbeite()
    vergleich = vergleiche(gerechnet)
    assert vergleich.heute.antrag is not None
    assert vergleich.heute.antrag.fall == {"haerte": True}
    assert pfade(vergleich) == set()


def test_values_are_shown_only_to_who_asks_for_them(gerechnet: Welt) -> None:
    gerechnet.regeln.votum = Votum(
        empfehlung=Empfehlung.BEWILLIGEN, begruendung=(EINKOMMEN.model_copy(update={"wert": "21000.00"}),)
    )
    vergleich = vergleiche(gerechnet)
    ohne = vergleichstext.als_text(vergleich, werte=False) + json.dumps(
        vergleichstext.als_daten(vergleich, werte=False)
    )
    assert "Gesamteinkommen" in ohne
    assert not any(zahl in ohne for zahl in ("20419.84", "21000.00"))
    mit = vergleichstext.als_text(vergleich, werte=True)
    assert "20419.84" in mit
    assert "21000.00" in mit


def test_malware_is_not_opened_again(welt: Welt) -> None:
    welt.betrieb.pruefer = Pruefer()
    welt.lege_ein("n-1", antrag_xml(produkt="EICAR"))
    assert welt.durchlauf() == ["held"]
    with pytest.raises(EingriffError, match="vorgang_schadsoftware"):
        vergleiche(welt)


def test_a_case_nobody_has_calculated_yet_is_refused(welt: Welt) -> None:
    welt.lege_ein("n-1", antrag_xml())
    welt.rufe_ab()
    with pytest.raises(EingriffError, match="noch_in_arbeit"):
        vergleiche(welt)


def test_without_content_there_is_nothing_to_calculate(gerechnet: Welt) -> None:
    vergleich = vergleiche(gerechnet)
    gerechnet.vergehe(days=31)
    assert aufbewahrung.loesche_faellige(gerechnet.betrieb, datetime.now(UTC)) == 1
    with pytest.raises(PermanentError, match="inhalt_geloescht"):
        vergleiche(gerechnet)
    with pytest.raises(PermanentError, match="inhalt_geloescht"):
        wiederlauf.vermerke(gerechnet.betrieb, vergleich, "anna")


@pytest.mark.parametrize("probe", [True, False])
def test_the_command_compares_and_keeps_it_unless_it_only_looks(
    gerechnet: Welt, monkeypatch: pytest.MonkeyPatch, probe: bool
) -> None:
    monkeypatch.setattr("fachwerk.betrieb.oeffne_betrieb", lambda konfig: gerechnet.betrieb)
    monkeypatch.setattr(gerechnet.betrieb, "schliesse", lambda: None)
    gerechnet.regeln.votum = Votum(empfehlung=Empfehlung.VORLEGEN)
    kennung = gerechnet.der_vorgang().id
    angaben = ["replay", kennung[:10], "--json", *(["--probe"] if probe else [])]
    lauf = CliRunner().invoke(vorgang.befehl, angaben)
    assert lauf.exit_code == 0, lauf.output
    daten = json.loads(lauf.output)
    assert (daten["vorgang_id"], daten["gleich"], daten["heute"]["empfehlung"]) == (kennung, False, "vorlegen")
    assert {"teil": "ablauf", "pfad": "empfehlung", "art": "anders", "vorher": "bewilligen", "nachher": "vorlegen"} in (
        daten["unterschiede"]
    )
    assert (gerechnet.journal()[-1][0] == "replay") is not probe
