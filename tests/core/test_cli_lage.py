"""What an operator sees of stopped Kanäle, paused Ziele and open alarms: ``kanal list``, ``ziel list``, ``check``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from fachwerk import alarm, cli, erwartung, kanalprobe
from fachwerk.errors import FachwerkError, NeedsHumanError
from fachwerk.lage import zeit_text
from fachwerk.modell import Befund, GehaltenFuer, Idempotenz, Schwere
from fachwerk.testkit.mitspieler import Stoerung, Stufenziel
from fachwerk.testkit.welt import Auftragsbuch, Welt, antrag_xml

Tippe = Callable[..., tuple[object, str]]

KONFIG = """
[fachwerk]
datenbank = "{url}"
land = "mv"
[kanal.postfach]
plugin = "postfach"
[ziel.akte]
plugin = "amt"
[[route]]
leistung = "*"
ziel = "akte"
"""
GESPERRT = NeedsHumanError("konto", "Das Konto ist gesperrt.", fuer=GehaltenFuer.BETRIEB, routenfehler=True)
ABGELAUFEN = Befund(code="zertifikat", schwere=Schwere.SPERRE, text="Unser Zertifikat ist abgelaufen.")


@pytest.fixture
def amt() -> Stufenziel:
    return Stufenziel("amt", Idempotenz.ABFRAGE)


@pytest.fixture
def welt(baue_welt: Callable[..., Welt], amt: Stufenziel) -> Welt:
    return baue_welt(plugins={"amt": amt}, ziel={"akte": "amt"})


@pytest.fixture
def tippe(
    welt: Welt,
    tmp_path: Path,
    datenbank_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Tippe:
    """Exit code and stdout of ``fachwerk --konfig … WORTE`` at the installation of the world."""
    konfig = tmp_path / "welt" / "fachwerk.toml"
    konfig.write_text(KONFIG.format(url=datenbank_url), encoding="utf-8")
    monkeypatch.setattr("fachwerk.betrieb.lade", lambda namen, **_: welt.plugins)
    monkeypatch.setattr("fachwerk.vorpruefung.lade_soweit", lambda namen: (welt.plugins, []))
    monkeypatch.setattr("fachwerk.engine.Auftraege", Auftragsbuch)
    monkeypatch.setenv("COLUMNS", "400")

    def eingeben(*worte: str) -> tuple[object, str]:
        capsys.readouterr()
        try:
            code: object = cli.starte(["--konfig", str(konfig), *worte])
        except SystemExit as ende:
            code = ende.code
        return code, capsys.readouterr().out

    return eingeben


def halte_an(welt: Welt) -> None:
    welt.postfach.pruefbefunde = [ABGELAUFEN]
    welt.postfach.stoerung_beim_oeffnen.append(GESPERRT)
    with pytest.raises(FachwerkError):
        kanalprobe.rufe_ab(welt.betrieb, "postfach")


def uebergib(welt: Welt, amt: Stufenziel, *stoerungen: Stoerung) -> None:
    amt.stoerungen.extend(stoerungen)
    welt.lege_ein(f"n-{len(amt.versuche)}", antrag_xml(uuid=f"u-{len(amt.versuche)}"))
    welt.durchlauf()


# -- kanal list -------------------------------------------------------------------------------------------------------


def test_a_kanal_nobody_polled_yet_says_so(tippe: Tippe) -> None:
    code, aus = tippe("kanal", "list")
    assert (code, aus.splitlines()[1].split()) == (0, ["postfach", "postfach", "–", "noch", "nie", "abgerufen"])


def test_the_list_of_kanaele_shows_the_last_poll_and_why_one_is_stopped(welt: Welt, tippe: Tippe) -> None:
    welt.rufe_ab()
    assert tippe("kanal", "list")[1].splitlines()[1].endswith("in Ordnung")
    halte_an(welt)
    code, aus = tippe("kanal", "list")
    assert code == 0
    assert "ANGEHALTEN seit" in aus
    assert "nächste Probe" in aus
    assert "Unser Zertifikat ist abgelaufen. [zertifikat]" in aus
    (eintrag,) = json.loads(tippe("kanal", "list", "--json")[1])
    assert (eintrag["kanal"], eintrag["grund"], eintrag["fehler_in_folge"]) == ("postfach", "zertifikat", 1)
    assert eintrag["letzter_abruf"] < eintrag["angehalten_seit"] < eintrag["naechste_probe"]


# -- ziel list --------------------------------------------------------------------------------------------------------


def test_the_list_of_ziele_counts_who_waits_and_whose_receipt_is_open(
    welt: Welt, amt: Stufenziel, tippe: Tippe
) -> None:
    uebergib(welt, amt)
    assert tippe("ziel", "list")[1].splitlines()[1].split() == ["akte", "amt", "0", "0", "1", "0", "in", "Ordnung"]
    uebergib(welt, amt, Stoerung(GESPERRT))
    code, aus = tippe("ziel", "list")
    assert (code, aus.splitlines()[1].split()[:5]) == (0, ["akte", "amt", "1", "0", "1"])
    assert "RUHT seit" in aus
    assert "Das Konto ist gesperrt. [konto]" in aus
    (eintrag,) = json.loads(tippe("ziel", "list", "--json")[1])
    assert (eintrag["kreis"], eintrag["grund"], eintrag["wartend"]) == ("offen", "konto", 1)
    assert eintrag["naechste_probe"] is not None


def test_the_list_of_ziele_and_check_tell_per_ziel_how_much_is_overdue_and_since_when(
    welt: Welt, amt: Stufenziel, tippe: Tippe
) -> None:
    uebergib(welt, amt)
    welt.vergehe(hours=2)
    uebergib(welt, amt)
    (eintrag,) = json.loads(tippe("ziel", "list", "--json")[1])
    assert (eintrag["ueberfaellig"], eintrag["ueberfaellig_seit"]) == (0, None)
    assert eintrag["erwartet"] == {"uebergeben": 4 * 3600, "technisch_bestaetigt": 86400, "uebernommen": 3 * 86400}
    welt.vergehe(hours=25)
    (eintrag,) = json.loads(tippe("ziel", "list", "--json")[1])
    assert (eintrag["ueberfaellig"], eintrag["offene_quittungen"]) == (2, 2)
    seit = zeit_text(datetime.fromisoformat(eintrag["ueberfaellig_seit"]))
    assert f" 2 seit {seit} " in tippe("ziel", "list")[1]
    erwartung.mahne(welt.betrieb)
    (meldung,) = alarme(tippe("check", "--json")[1])
    assert meldung[:2] == ("quittung_fehlt", "ziel.akte")
    assert meldung[2].startswith(f"2 Zustellungen sind überfällig, die älteste seit {seit}: ")
    aus = tippe("vorgang", "list", "--ueberfaellig")[1]
    assert aus.count("überfällig: akte (technisch bestätigt)") == 2


# -- check ------------------------------------------------------------------------------------------------------------


def alarme(aus: str) -> list[tuple[str, str, str]]:
    anlaesse = {alarm.KANAL_STEHT, alarm.KREIS_OFFEN, alarm.SICHERHEIT, alarm.QUITTUNG_FEHLT}
    return [(b["code"], b["ort"], b["text"]) for b in json.loads(aus)["befunde"] if b["code"] in anlaesse]


def test_check_lists_open_alarms_with_since_when_how_often_and_the_next_probe(
    welt: Welt, amt: Stufenziel, tippe: Tippe
) -> None:
    for _ in range(3):
        halte_an(welt)
    uebergib(welt, amt, Stoerung(GESPERRT))
    (kanal, kreis) = alarme(tippe("check", "--json")[1])
    assert kanal[:2] == ("kanal_steht", "kanal.postfach")
    assert kreis[:2] == ("kreis_offen", "ziel.akte")
    assert kanal[2].startswith("Angehalten seit ")
    assert ", 3-mal, zuletzt " in kanal[2]
    assert "Unser Zertifikat ist abgelaufen. [zertifikat] Nächste Probe: " in kanal[2]
    assert "mal, zuletzt" not in kreis[2]


def test_check_says_nothing_more_when_the_cause_is_gone(welt: Welt, tippe: Tippe) -> None:
    halte_an(welt)
    kanalprobe.rufe_ab(welt.betrieb, "postfach")
    assert alarme(tippe("check", "--json")[1]) == []
