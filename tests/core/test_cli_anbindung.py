"""``fachwerk anbindung``: from the first letter to the leave, at one installation, in this process."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fachwerk.anbindung.frist import ende_der_nutzung, heute
from fachwerk.anbindung.stufen import Anbindungsstufe, Bild, bild, stand, uebersicht
from fachwerk.betrieb import oeffne_betrieb
from fachwerk.cli import anbindung, starte
from fachwerk.katalog import leistungen
from fachwerk.routen import Zustand
from fachwerk.routenstand import WIE_KONFIGURIERT
from fachwerk.store import BETRIEB
from fachwerk.vorpruefung import pruefe

KONFIG = """
[fachwerk]
land = "mv"
[ziel.akte]
plugin = "aktenablage"
verzeichnis = "akte"
[[route]]
leistung = "wbs"
ziel = "akte"
[[route]]
leistung = "*"
ziel = "akte"
[klaerung]
ziel = "akte"
[anbindung]
zustaendige_stelle = "Hansestadt Musterow, Wohngeldstelle"
kontakt = "Erika Muster, it@musterow.example"
signatur = "Hansestadt Musterow"
ab = 2027-01-01
mik_mail = "mik@land.example"
"""

Rufe = Callable[..., Any]


@pytest.fixture
def ordner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("FACHWERK_")]:
        monkeypatch.delenv(name)
    (tmp_path / "fachwerk.toml").write_text(KONFIG, encoding="utf-8")
    (tmp_path / "fachwerk.key").write_bytes(base64.b64encode(bytes(32)))
    (tmp_path / "fachwerk.key").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rufe(ordner: Path, capsys: pytest.CaptureFixture[str]) -> Rufe:
    """Run ``fachwerk anbindung …``; JSON where asked for, else what was printed; another exit code than 0 as pair."""

    def aufruf(*worte: str) -> Any:
        code = starte(["anbindung", *worte])
        ausgabe = capsys.readouterr()
        if code:
            return code, ausgabe.err
        return json.loads(ausgabe.out) if "--json" in worte else ausgabe.out

    return aufruf


def dienst(zeilen: list[dict[str, Any]], wort: str = "wbs") -> dict[str, Any]:
    return next(zeile for zeile in zeilen if zeile["wort"] == wort)


def codes(ordner: Path) -> dict[str, str]:
    return {meldung.code: meldung.text for meldung in pruefe(ordner / "fachwerk.toml")}


def test_the_words_of_the_command_are_those_of_the_types() -> None:
    assert set(anbindung.ZUSTAENDE) == {*Zustand, WIE_KONFIGURIERT}
    assert tuple(Anbindungsstufe) == anbindung.STUFEN


def test_interest_is_written_before_there_is_any_database(rufe: Rufe, ordner: Path) -> None:
    ergebnis = rufe("interesse", "--leistung", "wbs", "--json")
    assert [Path(datei).suffix for datei in ergebnis["dateien"]] == [".txt", ".eml", ".pdf"]
    assert "ab dem 01.01.2027" in (ordner / "anbindung/interessensbekundung_wbs.txt").read_text(encoding="utf-8")
    assert not (ordner / "fachwerk.db").exists()
    assert rufe("interesse", "--leistung", "wbs")[0] == 1  # what may have been sent is not written over
    text = rufe("interesse", "--leistung", "wbs", "--ab", "31.03.2027", "--ersetzen")
    assert "vermerke gesendet --leistung wbs" in text
    assert "ab dem 31.03.2027" in (ordner / "anbindung/interessensbekundung_wbs.txt").read_text(encoding="utf-8")


def test_status_says_unknown_for_what_no_source_says_and_nobody_noted(rufe: Rufe) -> None:
    zeilen = rufe("status", "--json")
    assert [zeile["wort"] for zeile in zeilen] == [eintrag.wort for eintrag in leistungen()]
    wbs, miete, entschaedigung = (
        dienst(zeilen),
        dienst(zeilen, "mietrueckstaende"),
        dienst(zeilen, "soziale_entschaedigung"),
    )
    assert (wbs["pilotkommunen"], wbs["verfuegbar_seit"]) == (["Hansestadt Rostock"], "2024-08")
    assert (wbs["x_standard"], wbs["transport"]) == ("XSozial-basis 2.2", "OSCI XTA / OSCI-Postfach")
    assert wbs["fachverfahren"] == []  # known: there is none
    assert miete["fachverfahren"] == ["Prosoz", "Lämmerzahl (lediglich via Governikus COM Vibilia)"]
    assert {entschaedigung[name] for name in ("stufe", "x_standard", "transport", "fachverfahren", "ozg", "leika")} == {
        "unbekannt"
    }
    assert {zeile["stufe"] for zeile in zeilen} == {"unbekannt"}
    assert (wbs["routen"][0]["route"], miete["routen"][0]["route"]) == ("wbs", "*")
    assert "unbekannt" in rufe("status")


def test_steps_are_noted_replaced_and_taken_back_and_audited(rufe: Rufe, ordner: Path) -> None:
    rufe("vermerke", "gesendet", "--leistung", "99107022012000", "--am", "2026-10-01", "--wer", "erika")
    rufe("vermerke", "unterlagen", "--leistung", "wbs", "--am", "02.11.2026", "--grund", "per Mail", "--wer", "erika")
    wbs = dienst(rufe("status", "--json"))
    assert (wbs["stufe"], wbs["stufen"]["gesendet"], wbs["stufen"]["bestaetigt"]) == (
        "unterlagen",
        "2026-10-01",
        "unbekannt",
    )
    rufe("vermerke", "unterlagen", "--leistung", "wbs", "--zuruecknehmen", "--wer", "erika")
    assert dienst(rufe("status", "--json"))["stufe"] == "gesendet"
    assert rufe("vermerke", "test", "--leistung", "wbs", "--zuruecknehmen")[0] == 1
    morgen = (heute() + timedelta(days=1)).isoformat()
    assert "anbindung_zukunft" in rufe("vermerke", "live", "--leistung", "wbs", "--am", morgen)[1]
    betrieb = oeffne_betrieb(ordner / "fachwerk.toml")
    assert betrieb.store.ist_vermerkt(BETRIEB, "anbindung_stufe", "wbs: unterlagen 2026-11-02")
    assert betrieb.store.ist_vermerkt(BETRIEB, "anbindung_stufe", "wbs: unterlagen zurückgenommen")
    assert betrieb.store.pruefe_kette(BETRIEB) is None
    betrieb.schliesse()


def test_where_a_service_is_follows_from_the_latest_day_then_from_the_usual_order() -> None:
    tag = date(2026, 11, 1)
    assert stand({}) is None
    assert stand({Anbindungsstufe.GESENDET: tag, Anbindungsstufe.BESTAETIGT: tag}) is Anbindungsstufe.BESTAETIGT
    assert stand({Anbindungsstufe.LIVE: tag, Anbindungsstufe.TEST: tag + timedelta(days=1)}) is Anbindungsstufe.TEST


def test_a_permanent_leave_writes_computes_and_holds_until_a_person_ends_it(rufe: Rufe, ordner: Path) -> None:
    zugang = heute()
    ende = ende_der_nutzung(zugang)
    ergebnis = rufe("abmelden", "--leistung", "wbs", "--art", "dauerhaft", "--zugang", zugang.isoformat(), "--json")
    assert (ergebnis["ende"], ergebnis["beginn"]) == (ende.isoformat(), zugang.isoformat())
    bis = {"ab": None, "bis": ende.isoformat()}
    assert ergebnis["route"] == {"route": "wbs", "nummer": 1, "zustand": "austritt", **bis}
    assert any("TFF" in pflicht["text"] for pflicht in ergebnis["pflichten"])
    assert f"{ende:%d.%m.%Y}" in (ordner / "anbindung/abmeldung_wbs_dauerhaft.txt").read_text(encoding="utf-8")
    [route] = dienst(rufe("status", "--json"))["routen"]
    assert (route["zustand"], route["bis"], route["gesetzt"]) == ("austritt", ende.isoformat(), "befehl")
    assert (ordner / "fachwerk.toml").read_text(encoding="utf-8") == KONFIG
    gefunden = codes(ordner)
    assert "in fachwerk.toml steht „live“" in gefunden["route_zustand_befehl"]
    rufe("zustand", "beendet", "--leistung", "wbs", "--grund", "entkoppelt")
    assert dienst(rufe("status", "--json"))["routen"][0]["zustand"] == "beendet"


def test_a_leave_can_go_on_delivering_until_the_day_of_decoupling(rufe: Rufe, ordner: Path) -> None:
    bis = heute() + timedelta(days=20)
    anfang = ("abmelden", "--leistung", "wbs", "--art", "dauerhaft")
    ergebnis = rufe(*anfang, "--zustellen-bis", bis.isoformat(), "--json")
    ab = (bis + timedelta(days=1)).isoformat()
    assert (ergebnis["ende"], ergebnis["route"]["ab"]) == (ende_der_nutzung(heute()).isoformat(), ab)
    [route] = dienst(rufe("status", "--json"))["routen"]
    assert (route["zustand"], route["danach"]) == ("live", {"zustand": "austritt", "ab": ab})
    assert "route_zustand_kommt" in codes(ordner)
    text = rufe(*anfang, "--ersetzen")
    assert "ACHTUNG: Die Nutzung endet erst am" in text
    assert "anbindung_zustellen_bis" in rufe(*anfang, "--zustellen-bis", "2099-01-01", "--ersetzen")[1]


def test_a_break_pauses_until_a_person_lets_it_go_on_and_check_warns_before(rufe: Rufe, ordner: Path) -> None:
    bis = heute() + timedelta(days=7)
    anfang = ("abmelden", "--leistung", "wbs", "--art", "temporaer", "--grund", "Umzug")
    ergebnis = rufe(*anfang, "--bis", bis.isoformat(), "--json")
    assert (ergebnis["ende"], ergebnis["frist"], ergebnis["route"]["zustand"]) == (None, None, "pausiert")
    assert any("Seite der Behörde" in pflicht["text"] for pflicht in ergebnis["pflichten"])
    assert "Von selbst ändert sich nichts" in codes(ordner)["route_frist_nah"]
    assert "ab sofort „live“" in rufe("zustand", "live", "--leistung", "wbs", "--grund", "wieder da")
    assert "route_frist_nah" not in codes(ordner)


@pytest.mark.parametrize(
    ("worte", "sagt"),
    [
        (("--art", "temporaer", "--grund", "Umzug"), "--bis"),
        (("--art", "temporaer", "--bis", "2099-01-01"), "anbindung_grund"),
        (("--art", "dauerhaft", "--bis", "2099-01-01"), "--bis gehört nicht zu --art dauerhaft"),
        (("--art", "temporaer", "--zugang", "2026-01-01"), "--zugang gehört nicht zu --art temporaer"),
        (("--art", "dauerhaft", "--zugang", "31.02.2027"), "kein Datum"),
    ],
)
def test_what_does_not_fit_together_changes_and_writes_nothing(
    rufe: Rufe, ordner: Path, worte: tuple[str, ...], sagt: str
) -> None:
    code, fehler = rufe("abmelden", "--leistung", "wbs", *worte)
    assert code in (1, 2)
    assert sagt in fehler
    assert not (ordner / "anbindung").exists()


def test_a_service_that_only_the_star_carries_is_not_stopped_and_nothing_is_written(rufe: Rufe, ordner: Path) -> None:
    wort = ("--leistung", "mietrueckstaende")
    code, fehler = rufe("abmelden", *wort, "--art", "dauerhaft")
    assert (code, "route_nur_stern" in fehler) == (1, True)
    assert not (ordner / "anbindung").exists()
    assert "route" not in rufe("abmelden", *wort, "--art", "dauerhaft", "--nur-schreiben", "--json")
    assert (ordner / "anbindung/abmeldung_mietrueckstaende_dauerhaft.eml").exists()


def test_a_missing_key_says_which_where_and_whom_to_ask(rufe: Rufe, ordner: Path) -> None:
    (ordner / "fachwerk.toml").write_text(KONFIG.replace('mik_mail = "mik@land.example"', ""), encoding="utf-8")
    code, fehler = rufe("abmelden", "--leistung", "wbs", "--art", "dauerhaft")
    assert code == 3
    for stueck in ("anbindung.mik_mail", "fachwerk.toml", "FACHWERK_ANBINDUNG__MIK_MAIL", "ozg@ego-mv.de"):
        assert stueck in fehler


def test_a_state_whose_route_is_gone_and_a_shared_target_of_a_test_are_warned_of(rufe: Rufe, ordner: Path) -> None:
    rufe("zustand", "pausiert", "--leistung", "wbs", "--grund", "Umzug")
    test = KONFIG.replace('leistung = "wbs"', 'leistung = "wbs"\nland = "mv"\nzustand = "test"')
    (ordner / "fachwerk.toml").write_text(test, encoding="utf-8")
    gefunden = codes(ordner)
    assert "Für „wbs“ wurde „pausiert“ gesetzt" in gefunden["route_zustand_verwaist"]
    assert "„akte“" in gefunden["ziel_test_und_echt"]


def test_the_overview_needs_no_database_and_no_route(rufe: Rufe, ordner: Path) -> None:
    from fachwerk.settings import lade

    assert bild(lade(ordner / "fachwerk.toml")) == Bild()
    assert dienst(uebersicht(leistungen(), (), Bild(), heute()))["routen"] == []


def test_a_database_that_cannot_be_read_is_not_taken_for_one_that_knows_nothing(rufe: Rufe, ordner: Path) -> None:
    rufe("vermerke", "gesendet", "--leistung", "wbs")
    with sa.create_engine(f"sqlite:///{ordner / 'fachwerk.db'}").begin() as verbindung:
        verbindung.execute(sa.text("UPDATE fachwerk_schema SET version_num = '0001'"))
    code, fehler = rufe("status")
    assert (code, "datenbank_alt" in fehler) == (3, True)
    assert "datenbank_alt" in codes(ordner)
